"""Dirty cells and rows, of the kinds that exports of billing systems bring, each one written down in a ledger."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

import numpy as np
from attrs import evolve, frozen

from kommres.columns.arrow import require_arrow
from kommres.errors import UsageError
from kommres.synth.dice import MILLION, Dice

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from decimal import Decimal

    import pyarrow as pa

    from kommres.synth.profile import Flaw, Profile
    from kommres.synth.tables import Made
    from kommres.synth.town import Town
    from kommres.synth.window import Span

#: Latin letters and the Cyrillic ones that look like them
_ALIKE: Final = dict(zip("ABCEHKMOPTXaceopxy", "АВСЕНКМОРТХасеорху", strict=True))
#: where a cell falls into two fields: written as a comma outside of quotes
TEAR: Final = "\0"
_REMARKS: Final = ("н/д", "нет данных", "#N/A", "см. акт", "-")
_IMPOSSIBLE: Final = ("02-31", "04-31", "13-01", "00-10")


@frozen(kw_only=True)
class Spoiled:
    """A line of the ledger.

    ``id``: the row, or the account that an event belongs to. ``code``: what refuses it, if it is used.
    """

    month: str
    table: str
    id: str
    column: str
    kind: str
    clean: str
    dirty: str
    code: str


class Dirt:
    """Spoils rows of some accounts; takes the profile's flaws in turn, so that each kind comes up soon.

    Parameters
    ----------
    profile
        Which columns get which flaws.
    share
        Share of accounts with a flaw.
    seed
        Seed of the city.
    month
        Span of the tables.
    """

    def __init__(self, profile: Profile, share: Decimal, seed: int, month: Span) -> None:
        self._flaws = deque(profile.dirt)
        self._millionths = int(share * MILLION)
        self._few = profile.spoiled_building
        self._seed = seed
        self._month = month

    def spoil(self, town: Town, ids: pa.Array, tables: dict[str, Made]) -> list[Spoiled]:
        """Spoil rows of a town in place (and add some); return what was done. ``ids``: of the buildings."""
        if not self._millionths or not self._flaws:
            return []
        dice = Dice(town.accounts, self._seed, "dirt", self._month.number)
        chosen = np.flatnonzero(dice.chance(self._millionths))
        luck = dice.below(1 << 31)
        sheets = {name: _Sheet(made) for name, made in tables.items()}
        sizes, houses = np.diff(town.bounds), town.houses
        done: list[Spoiled] = []
        touched: set[tuple[str, int]] = set()
        for flat in chosen.tolist():
            house = int(houses[flat])
            if ("house", house) in touched:
                continue
            alone = ("flats of", house) not in touched and sizes[house] <= self._few
            for place, flaw in enumerate(self._flaws):
                # A flaw of the building hits everybody in it: only small ones get it, and nothing else with it.
                if flaw.table_of_buildings and not alone:
                    continue
                owner = house if flaw.table_of_buildings else flat
                name = ids[house].as_py() if flaw.table_of_buildings else str(town.accounts[flat])
                if spoiled := self._apply(flaw, owner, name, sheets[flaw.table], _Luck(int(luck[flat]))):
                    touched.add(("house" if flaw.table_of_buildings else "flats of", house))
                    done.append(spoiled)
                    del self._flaws[place]
                    self._flaws.append(flaw)
                    break
        tables.update({name: sheet.made() for name, sheet in sheets.items()})
        return done

    def _apply(self, flaw: Flaw, owner: int, name: str, sheet: _Sheet, luck: _Luck) -> Spoiled | None:
        for row in sheet.rows(owner):
            if any((sheet.cell(column, row) or "") not in allowed for column, allowed in flaw.where.items()):
                continue
            clean = dirty = sheet.cell(flaw.column, row)
            if flaw.kind == "twice":
                sheet.twice.append(row)
            else:
                dirty = CELLS[flaw.kind](clean, luck)
                if dirty == clean:
                    continue
                sheet.spoiled.setdefault(flaw.column, {})[row] = dirty
            return Spoiled(
                month=str(self._month),
                table=flaw.table,
                id=name,
                column=flaw.column,
                kind=flaw.kind,
                clean=clean,
                dirty=dirty.replace(TEAR, ","),
                code=flaw.code,
            )
        return None


class _Luck:
    """A few draws for one cell."""

    def __init__(self, seed: int) -> None:
        self._dice = Dice(np.array([seed]), "luck")

    def between(self, low: int, high: int) -> int:
        return int(self._dice.between(low, high)[0])

    def one_of(self, values: Sequence[str]) -> str:
        return values[int(self._dice.below(len(values))[0])]


class _Sheet:
    """A table that gets other cells and rows. ``spoiled``: column -> row -> text; ``twice``: rows that stand twice."""

    def __init__(self, made: Made) -> None:
        self._made = made
        self.spoiled: dict[str, dict[int, str]] = {}
        self.twice: list[int] = []

    def rows(self, owner: int) -> range:
        first, end = np.searchsorted(self._made.owners, [owner, owner + 1])
        return range(int(first), int(end))

    def cell(self, column: str, row: int) -> str:
        return self._made.columns[column][row].as_py() or ""

    def made(self) -> Made:
        pa = require_arrow()
        columns, owners = dict(self._made.columns), self._made.owners
        for name, cells in self.spoiled.items():
            rows = sorted(cells)
            mask = np.zeros(len(owners), np.bool_)
            mask[rows] = True
            texts = pa.array([cells[row] or None for row in rows], "string")
            columns[name] = pa.compute.replace_with_mask(columns[name], pa.array(mask), texts)
        if self.twice:
            order = np.sort(np.concatenate([np.arange(len(owners)), self.twice]))
            owners = owners[order]
            columns = {name: cells.take(pa.array(order)) for name, cells in columns.items()}
        return evolve(self._made, owners=owners, columns=columns)


def check_dirt(profile: Profile, place: str) -> None:
    """Refuse a profile whose flaws name no table, column or kind. Raises :class:`UsageError` (U0401)."""
    for number, flaw in enumerate(profile.dirt, start=1):
        columns = tuple(profile.tables.get(flaw.table, {}).get("columns", ()))
        if not columns:
            found, known = f"table {flaw.table!r}", tuple(profile.tables)
        elif strange := {flaw.column, flaw.owner, *flaw.where} - set(columns):
            found, known = f"column {min(strange)!r} of {flaw.table}", columns
        elif flaw.kind not in KINDS:
            found, known = f"kind {flaw.kind!r}", KINDS
        else:
            continue
        raise UsageError(
            found,
            code="U0401",
            where=f"{place} [[dirt]] {number}",
            why=f"there are {', '.join(known)}",
            todo="correct the profile of the city",
        )


# --- kinds of flaws: an unchanged cell means that the flaw does not fit it ------------------------------------


def _comma(clean: str, _dice: _Luck) -> str:
    return clean.replace(".", ",")


def _torn(clean: str, _dice: _Luck) -> str:
    # A decimal comma without quotes: the line gets one field more than the head.
    return clean.replace(".", TEAR)


def _thousands(clean: str, dice: _Luck) -> str:
    whole, dot, rest = clean.partition(".")
    return f"{dice.between(1, 9)}{dice.one_of((' ', ',', chr(0xA0)))}{whole:0>3}{dot}{rest}" if clean else clean


def _negative(clean: str, _dice: _Luck) -> str:
    return f"-{clean}" if clean.strip("0.") else clean


def _remark(clean: str, dice: _Luck) -> str:
    return dice.one_of(_REMARKS) if clean else clean


def _blank(_clean: str, _dice: _Luck) -> str:
    return ""


def _huge(clean: str, dice: _Luck) -> str:
    return f"{dice.between(1, 9)}{'9' * 9}" if clean else clean


def _precise(clean: str, dice: _Luck) -> str:
    return f"{clean}{'' if '.' in clean else '.'}{dice.between(1001, 9998) // 10 * 10 + 7}" if clean else clean


def _power(clean: str, _dice: _Luck) -> str:
    return f"{clean}E+" if clean else clean


def _backwards(clean: str, dice: _Luck) -> str:
    whole = clean.partition(".")[0]
    return f"{int(whole) * dice.between(1, 8) // 10}.000" if len(whole) > 2 else clean


def _impossible_date(clean: str, dice: _Luck) -> str:
    return f"{clean[:4]}-{dice.one_of(_IMPOSSIBLE)}" if clean else clean


def _dotted_date(clean: str, _dice: _Luck) -> str:
    return ".".join(reversed(clean.split("-")))


def _future_date(clean: str, dice: _Luck) -> str:
    return f"2{dice.between(1, 9)}{clean[2:]}" if clean else clean


def _alike(clean: str, _dice: _Luck) -> str:
    for latin, cyrillic in _ALIKE.items():
        if latin in clean:
            return clean.replace(latin, cyrillic, 1)
    return clean


def _unknown(clean: str, dice: _Luck) -> str:
    return dice.one_of(("unknown_place", "elsewhere", "?", "Без названия")) if clean else clean


def _orphan(clean: str, dice: _Luck) -> str:
    return f"{clean[:4]}9{dice.between(10_000, 99_999)}" if clean else clean


CELLS: Final[dict[str, Callable[[str, _Luck], str]]] = {
    "comma": _comma,
    "torn": _torn,
    "thousands": _thousands,
    "negative": _negative,
    "remark": _remark,
    "blank": _blank,
    "huge": _huge,
    "precise": _precise,
    "power": _power,
    "backwards": _backwards,
    "impossible date": _impossible_date,
    "dotted date": _dotted_date,
    "future date": _future_date,
    "alike": _alike,
    "unknown": _unknown,
    "orphan": _orphan,
}
KINDS: Final = (*CELLS, "twice")
