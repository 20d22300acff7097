"""Make a synthetic city: one data folder a month."""

from __future__ import annotations

import csv
import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Final

import attrs
from attrs import frozen

from kommres.errors import UsageError
from kommres.period import Month
from kommres.synth.city import buildings
from kommres.synth.dirt import TEAR, Dirt, Spoiled, check_dirt
from kommres.synth.profile import Profile, read_profile
from kommres.synth.tables import Cells, check_tables, rows_of
from kommres.synth.window import Span

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

LEDGER: Final = "dirty.csv"
CARD: Final = "city.json"
_MOST: Final = 5_000_000


@frozen(kw_only=True)
class City:
    """A city on disk. ``rows``: table -> rows of all months; ``flaws``: kind -> dirty rows of all months."""

    folder: Path
    title: str
    seed: int
    accounts: int
    buildings: int
    months: tuple[str, ...]
    rows: Mapping[str, int]
    flaws: Mapping[str, int]

    def month(self, month: str | Month) -> Path:
        """Return the data folder of a month."""
        return self.folder / str(month)


def synthesize(
    out: str | os.PathLike[str],
    *,
    accounts: int = 20_000,
    seed: int = 1,
    months: Iterable[str | Month],
    dirty: Decimal | str | int = 0,
    profile: str | os.PathLike[str] | Traversable | None = None,
    overwrite: bool = False,
    progress: Callable[[int], None] | None = None,
) -> City:
    """Write a synthetic city: ``OUT/YYYY-MM/*.csv``, the ledger of dirty rows ``OUT/dirty.csv`` and ``OUT/city.json``.

    The bytes depend on the arguments alone. A later month goes on where an earlier one of the same call ended.

    Parameters
    ----------
    out
        Folder to make.
    accounts
        Flats and small houses.
    seed
        Another seed, another city.
    months
        Months, in any order.
    dirty
        Share of accounts with a dirty row, ``0`` to ``1``.
    profile
        TOML file that says what the city is made of; by default that of the only installed plugin that has one.
    overwrite
        Replace ``out`` if it is a synthetic city already.
    progress
        Called with the number of accounts written, now and then.

    Returns
    -------
    City
        What was written.

    Raises
    ------
    UsageError
        U0401 a wrong argument or profile; U0402 a folder that is already there.
    """
    wanted = tuple(sorted({month if isinstance(month, Month) else Month.parse(month) for month in months}))
    share = _checked(accounts, seed, wanted, dirty)
    source = _source(profile)
    city = read_profile(source)
    check_tables(city, str(source))
    check_dirt(city, str(source))
    target = Path(out)
    _vacant(target, overwrite=overwrite)
    target.parent.mkdir(parents=True, exist_ok=True)
    # Nobody sees a half-made city: it gets its name when it is whole, and Ctrl-C leaves nothing.
    draft = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        made = _write(draft, target, city, accounts, seed, tuple(map(Span.of, wanted)), share, progress)
        draft.chmod(0o777 & ~_umask())
        if target.exists():
            old = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
            target.rename(old / target.name)
            draft.rename(target)
            shutil.rmtree(old)
        else:
            draft.rename(target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return made


def read_city(folder: str | os.PathLike[str]) -> City | None:
    """Return what a folder holds, or None where no synthetic city stands in it."""
    path = Path(folder)
    try:
        card = json.loads((path / CARD).read_text("utf-8"))
        return City(folder=path, **{**card, "months": tuple(card["months"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def default_profile() -> Traversable:
    """Return the profile of the only installed plugin that has one. Raises :class:`UsageError` (U0401)."""
    from kommres import plugins

    found = {name: spec.city for name, spec in plugins.load().items() if spec.city is not None}
    if len(found) == 1:
        return next(iter(found.values()))
    raise UsageError(
        "no profile of a city" if not found else f"profiles of {', '.join(found)}",
        code="U0401",
        why="an installed resource plugin brings one, and exactly one is needed",
        todo="say which with --profile FILE" if found else "install a resource plugin, or say --profile FILE",
    )


# --- writing -------------------------------------------------------------------------------------------------


def _write(
    draft: Path,
    target: Path,
    profile: Profile,
    accounts: int,
    seed: int,
    months: tuple[Span, ...],
    share: Decimal,
    progress: Callable[[int], None] | None,
) -> City:
    rows: Counter[str] = Counter()
    flaws: Counter[str] = Counter()
    count = done = 0
    with ExitStack() as stack:
        tables = {
            (month, name): _Table(stack, draft, month, name, profile) for month in months for name in profile.tables
        }
        ledger = csv.DictWriter(
            stack.enter_context((draft / LEDGER).open("w", encoding="utf-8", newline="")),
            [part.name for part in attrs.fields(Spoiled)],
            lineterminator="\n",
        )
        ledger.writeheader()
        dirt = {month: Dirt(profile, share, seed, month) for month in months}
        for building in buildings(profile, accounts, seed, months):
            count += 1
            for month in months:
                made = list(rows_of(building, month, profile))
                for spoiled in dirt[month].spoil(building, made):
                    flaws[spoiled.kind] += 1
                    ledger.writerow(attrs.asdict(spoiled))
                for name, cells in made:
                    rows[name] += 1
                    tables[month, name].write(cells)
            done += len(building.flats)
            if progress is not None:
                progress(done)
    city = City(
        folder=target,
        title=profile.title,
        seed=seed,
        accounts=accounts,
        buildings=count,
        months=tuple(map(str, months)),
        rows={name: rows[name] for name in profile.tables},
        flaws=dict(sorted(flaws.items())),
    )
    card = attrs.asdict(city, filter=lambda part, _: part.name != "folder")
    (draft / CARD).write_text(json.dumps(card, ensure_ascii=False, indent=2) + "\n", "utf-8")
    return city


class _Table:
    def __init__(self, stack: ExitStack, draft: Path, month: Span, name: str, profile: Profile) -> None:
        folder = draft / str(month)
        folder.mkdir(exist_ok=True)
        file = stack.enter_context((folder / f"{name}.csv").open("w", encoding="utf-8", newline=""))
        self._columns = list(profile.tables[name]["columns"])
        self._writer = csv.writer(file, lineterminator="\n")
        self._writer.writerow(self._columns)

    def write(self, cells: Cells) -> None:
        line = [cells[column] for column in self._columns]
        if any(TEAR in cell for cell in line):
            line = [part for cell in line for part in cell.split(TEAR)]
        self._writer.writerow(line)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


# --- arguments -----------------------------------------------------------------------------------------------


def _checked(accounts: int, seed: int, months: tuple[Month, ...], dirty: Decimal | str | int) -> Decimal:
    if not 1 <= accounts <= _MOST:
        raise _wrong(f"accounts = {accounts}", f"a city has 1 to {_MOST} accounts", "choose a number between them")
    if seed < 0:
        raise _wrong(f"seed = {seed}", "a seed is not negative", "choose 0 or more")
    if not months:
        raise _wrong("no months", "a data folder belongs to a month", "name at least one, such as 2026-01")
    try:
        share = Decimal(dirty)
    except (InvalidOperation, TypeError, ValueError):
        share = Decimal("NaN")
    if not (share.is_finite() and 0 <= share <= 1):
        raise _wrong(f"dirty = {dirty}", "it is a share of the accounts", "choose 0 to 1, such as 0.03")
    return share


def _source(profile: str | os.PathLike[str] | Traversable | None) -> Traversable:
    if profile is None:
        return default_profile()
    return Path(profile) if isinstance(profile, str | os.PathLike) else profile


def _vacant(target: Path, *, overwrite: bool) -> None:
    if not target.exists() and not target.is_symlink():
        return
    if not overwrite:
        raise UsageError(
            f"{target} is already there",
            code="U0402",
            todo="choose another folder, or replace the city with --overwrite",
        )
    if target.is_symlink() or read_city(target) is None:
        raise UsageError(
            f"{target} is not a synthetic city",
            code="U0402",
            why=f"it has no readable {CARD}, so it may hold something else",
            todo="choose another folder",
        )


def _wrong(found: str, why: str, todo: str) -> UsageError:
    return UsageError(found, code="U0401", why=why, todo=todo)
