"""Dirty cells and rows, of the kinds that exports of billing systems bring, each one written down in a ledger."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from attrs import frozen

from kommres.errors import UsageError
from kommres.synth.dice import MILLION, Dice

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal

    from kommres.synth.city import Building
    from kommres.synth.profile import Flaw, Profile
    from kommres.synth.tables import Cells
    from kommres.synth.window import Span

#: Latin letters and the Cyrillic ones that look like them
_ALIKE: Final = dict(zip("ABCEHKMOPTXaceopxy", "АВСЕНКМОРТХасеорху", strict=True))
#: where a cell falls into two fields
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
        self._dice = Dice(seed, "dirt", str(month))
        self._month = month

    def spoil(self, building: Building, rows: list[tuple[str, Cells]]) -> list[Spoiled]:
        """Spoil rows of a building in place (and add some); return what was done."""
        chosen = [flat.id for flat in building.flats if self._flaws and self._dice.chance(self._millionths)]
        done: list[Spoiled] = []
        touched: set[str] = set()
        for account in chosen:
            if building.id in touched:
                break
            for place, flaw in enumerate(self._flaws):
                # A flaw of the building hits everybody in it: only small ones get it, and nothing else with it.
                if flaw.table_of_buildings and (touched or len(building.flats) > self._few):
                    continue
                owner = building.id if flaw.table_of_buildings else account
                if spoiled := self._apply(flaw, owner, rows):
                    touched.add(owner)
                    done.append(spoiled)
                    del self._flaws[place]
                    self._flaws.append(flaw)
                    break
        return done

    def _apply(self, flaw: Flaw, owner: str, rows: list[tuple[str, Cells]]) -> Spoiled | None:
        for table, cells in rows:
            if table != flaw.table or cells[flaw.owner] != owner:
                continue
            if any(cells[name] not in allowed for name, allowed in flaw.where.items()):
                continue
            clean = dirty = cells[flaw.column]
            if flaw.kind == "twice":
                rows.append((table, dict(cells)))
            else:
                dirty = CELLS[flaw.kind](clean, self._dice)
                if dirty == clean:
                    continue
                cells[flaw.column] = dirty
            return Spoiled(
                month=str(self._month),
                table=table,
                id=owner,
                column=flaw.column,
                kind=flaw.kind,
                clean=clean,
                dirty=dirty.replace(TEAR, ","),
                code=flaw.code,
            )
        return None


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


def _comma(clean: str, _dice: Dice) -> str:
    return clean.replace(".", ",")


def _torn(clean: str, _dice: Dice) -> str:
    # A decimal comma without quotes: the line gets one field more than the head.
    return clean.replace(".", TEAR)


def _thousands(clean: str, dice: Dice) -> str:
    whole, dot, rest = clean.partition(".")
    return f"{dice.between(1, 9)}{dice.one_of((' ', ',', chr(0xA0)))}{whole:0>3}{dot}{rest}" if clean else clean


def _negative(clean: str, _dice: Dice) -> str:
    return f"-{clean}" if clean.strip("0.") else clean


def _remark(clean: str, dice: Dice) -> str:
    return dice.one_of(_REMARKS) if clean else clean


def _blank(_clean: str, _dice: Dice) -> str:
    return ""


def _huge(clean: str, dice: Dice) -> str:
    return f"{dice.between(1, 9)}{'9' * 9}" if clean else clean


def _precise(clean: str, dice: Dice) -> str:
    return f"{clean}{'' if '.' in clean else '.'}{dice.between(1001, 9998) // 10 * 10 + 7}" if clean else clean


def _power(clean: str, _dice: Dice) -> str:
    return f"{clean}E+" if clean else clean


def _backwards(clean: str, dice: Dice) -> str:
    whole = clean.partition(".")[0]
    return f"{int(whole) * dice.between(1, 8) // 10}.000" if len(whole) > 2 else clean


def _impossible_date(clean: str, dice: Dice) -> str:
    return f"{clean[:4]}-{dice.one_of(_IMPOSSIBLE)}" if clean else clean


def _dotted_date(clean: str, _dice: Dice) -> str:
    return ".".join(reversed(clean.split("-")))


def _future_date(clean: str, dice: Dice) -> str:
    return f"2{dice.between(1, 9)}{clean[2:]}" if clean else clean


def _alike(clean: str, _dice: Dice) -> str:
    for latin, cyrillic in _ALIKE.items():
        if latin in clean:
            return clean.replace(latin, cyrillic, 1)
    return clean


def _unknown(clean: str, dice: Dice) -> str:
    return dice.one_of(("unknown_place", "elsewhere", "?", "Без названия")) if clean else clean


def _orphan(clean: str, dice: Dice) -> str:
    return f"{clean[:4]}9{dice.between(10_000, 99_999)}" if clean else clean


CELLS: Final[dict[str, Callable[[str, Dice], str]]] = {
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
