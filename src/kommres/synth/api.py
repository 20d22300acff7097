"""Make a synthetic city: one data folder a month."""

from __future__ import annotations

import csv
import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from decimal import Decimal, InvalidOperation
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import BinaryIO, Final, TypeAlias

import attrs
from attrs import frozen

from kommres.errors import UsageError
from kommres.period import Month
from kommres.synth.dirt import Dirt, Spoiled, check_dirt
from kommres.synth.profile import Profile, read_profile
from kommres.synth.tables import View, check_tables, table_of
from kommres.synth.texts import csv_of
from kommres.synth.town import towns
from kommres.synth.window import Span

Source: TypeAlias = str | os.PathLike[str] | Traversable
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
    profile: Source | Sequence[Source] = (),
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
        TOML file that says what the city is made of, or several that say it together; by default those that the
        installed packs and plugins bring.
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
    sources = _sources(profile) or default_profile()
    city = read_profile(*sources)
    place = ", ".join(map(str, sources))
    check_tables(city, place)
    check_dirt(city, place)
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


def default_profile() -> tuple[Traversable, ...]:
    """Return the profile that packs and plugins bring, in parts. Raises :class:`UsageError` (U0401)."""
    from kommres import plugins

    packs = sorted(files("kommres.packs").iterdir(), key=lambda pack: pack.name)
    places = [place for pack in packs if (place := pack / "synth" / "city.toml").is_file()]
    parts = [spec.city for spec in plugins.load().values() if spec.city is not None]
    if places and parts:
        return (*places, *parts)
    raise UsageError(
        "no profile of a city",
        code="U0401",
        why="a pack says who lives where, and each resource plugin what its services need",
        todo="install a resource plugin, or say --profile FILE",
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
    spoiled: list[Spoiled] = []
    with ExitStack() as stack:
        opened = {
            (month, name): _open(stack, draft, month, name, profile) for month in months for name in profile.tables
        }
        dirt = {month: Dirt(profile, share, seed, month) for month in months}
        for town in towns(profile, accounts, seed, months):
            count += len(town.bounds) - 1
            for month in months:
                view = View(town=town, profile=profile, seed=seed, month=month, at=town.window.index(month))
                made = {name: table_of(view, name) for name in profile.tables}
                spoiled += dirt[month].spoil(town, view.ids, made)
                for name, table in made.items():
                    rows[name] += len(table.owners)
                    opened[month, name].write(csv_of(table.columns))
            done += len(town.accounts)
            if progress is not None:
                progress(done)
    flaws.update(flaw.kind for flaw in spoiled)
    with (draft / LEDGER).open("w", encoding="utf-8", newline="") as file:
        ledger = csv.DictWriter(file, [part.name for part in attrs.fields(Spoiled)], lineterminator="\n")
        ledger.writeheader()
        ledger.writerows(attrs.asdict(flaw) for flaw in spoiled)
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


def _open(stack: ExitStack, draft: Path, month: Span, name: str, profile: Profile) -> BinaryIO:
    folder = draft / str(month)
    folder.mkdir(exist_ok=True)
    file = stack.enter_context((folder / f"{name}.csv").open("wb"))
    file.write((",".join(profile.tables[name]["columns"]) + "\n").encode())
    return file


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


def _sources(profile: Source | Sequence[Source]) -> tuple[Traversable, ...]:
    several = [profile] if isinstance(profile, str | os.PathLike | Traversable) else profile
    return tuple(Path(source) if isinstance(source, str | os.PathLike) else source for source in several)


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
