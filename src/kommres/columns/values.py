"""Values that change by days or lie in past months: lines of a value table laid out for one row of an entity."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from attrs import frozen

from kommres.dsl.backends.rows import Bad, Plain, Row, Steps

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence  # noqa: TC004 - only in annotations

Cell: TypeAlias = Plain | Bad | None
Keys: TypeAlias = tuple[str, ...]


@frozen(kw_only=True)
class Lines:
    """Lines of a value table, column by column.

    ``days``: first day of each value; ``months``: number of its past month; a sound line has one of the two.
    ``problems``: why a whole line cannot be read.
    """

    problems: Sequence[str | None]
    keys: Sequence[tuple[Cell, ...]]
    days: Sequence[Cell]
    months: Sequence[Cell]
    values: Sequence[Cell]

    def misplaced(self, at: int) -> Bad | None:
        """Say why one cannot tell to which key, day or month the value of a line belongs; None where one can."""
        problem, keys, day, month = self.problems[at], self.keys[at], self.days[at], self.months[at]
        if problem is not None:
            return Bad("D0506", problem, "")
        for cell in (*keys, day, month):
            if isinstance(cell, Bad):
                return cell
        if None in keys:
            return Bad("D0505", "a key of the value is missing", "")
        if (day is None) == (month is None):
            return Bad("D0505", f"{'neither' if day is None else 'both'} a first day and a past month given", "from")
        return None

    def members(self, at: int, every: Sequence[Keys]) -> Sequence[Keys]:
        """Return the keys that a line may be of: all there are where one cannot tell."""
        keys = tuple([cell for cell in self.keys[at] if isinstance(cell, str)])
        return [keys] if self.problems[at] is None and len(keys) == len(self.keys[at]) else every


def lay_out(row: Row, name: str, lines: Lines, places: range, every: Sequence[Keys], window: Iterable[int]) -> None:
    """Give a row its values of one input.

    A line of which one cannot tell where it belongs spoils all values that it might be; any other only its own.

    Parameters
    ----------
    row
        Gets the values. A value that it has already holds until the first given day.
    name
        The input, or the charge whose closed results are given.
    lines, places
        Lines, and which of them are the row's.
    every
        All members that key the input.
    window
        Numbers of the past months that can be read.
    """
    changes: dict[Keys, dict[int, Cell]] = {}
    past: dict[Keys, dict[int, Cell]] = {}
    spoiled: dict[Keys, Bad] = {}
    for at in places:
        misplaced = lines.misplaced(at)
        day, month = lines.days[at], lines.months[at]
        for keys in lines.members(at, every):
            if misplaced is not None:
                # The order of lines must not show, so of several reasons the first in order of words is told.
                told = spoiled.get(keys, misplaced)
                spoiled[keys] = min(told, misplaced, key=lambda bad: (bad.code, bad.message, bad.field))
            elif isinstance(day, int):
                _put(changes.setdefault(keys, {}), day, lines.values[at], "from the same day")
            elif isinstance(month, int):
                _put(past.setdefault(keys, {}), month, lines.values[at], "of the same month")
    for keys, by_day in changes.items():
        first = row.values.get((name, keys))
        days = sorted(by_day)
        if first is None or isinstance(first, Steps):
            row.values[name, keys] = Steps(tuple(days), tuple([by_day[day] for day in days]))
        else:
            row.values[name, keys] = Steps((None, *days), (first, *(by_day[day] for day in days)))
    for keys, by_month in past.items():
        row.history[name, keys] = {month: cell for month, cell in sorted(by_month.items()) if cell is not None}
    for keys, bad in spoiled.items():
        row.values[name, keys] = bad
        row.history[name, keys] = dict.fromkeys(window, bad)


def _put(cells: dict[int, Cell], at: int, value: Cell, what: str) -> None:
    if at in cells and cells[at] != value:
        value = Bad("D0505", f"two values {what}", "value")
    cells[at] = value
