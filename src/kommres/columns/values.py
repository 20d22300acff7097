"""Values that change by days or lie in past months: lines of a value table laid out for one row of an entity."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from attrs import frozen

from kommres.dsl.backends.rows import Bad, Plain, Row, Steps

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Cell: TypeAlias = Plain | Bad | None
Keys: TypeAlias = tuple[str, ...]


@frozen(kw_only=True)
class Line:
    """A line of a value table.

    ``day``: first day of the value; ``month``: number of its past month; a sound line has one of the two.

    ``problem``: why the whole line cannot be read.
    """

    problem: str | None
    keys: tuple[Cell, ...]
    day: Cell
    month: Cell
    value: Cell

    def misplaced(self) -> Bad | None:
        """Say why one cannot tell to which key, day or month the value belongs; None where one can."""
        if self.problem is not None:
            return Bad("D0506", self.problem, "")
        for cell in (*self.keys, self.day, self.month):
            if isinstance(cell, Bad):
                return cell
        if None in self.keys:
            return Bad("D0505", "a key of the value is missing", "")
        if (self.day is None) == (self.month is None):
            return Bad(
                "D0505", f"{'neither' if self.day is None else 'both'} a first day and a past month given", "from"
            )
        return None


def lay_out(row: Row, name: str, lines: Sequence[Line], every: Sequence[Keys], window: Iterable[int]) -> None:
    """Give a row its values of one input.

    A line of which one cannot tell where it belongs spoils all values that it might be; any other only its own.

    Parameters
    ----------
    row
        Gets the values. A value that it has already holds until the first given day.
    name
        The input, or the charge whose closed results are given.
    lines
        The row's lines.
    every
        All members that key the input.
    window
        Numbers of the past months that can be read.
    """
    changes: dict[Keys, dict[int, Cell]] = {}
    past: dict[Keys, dict[int, Cell]] = {}
    spoiled: dict[Keys, Bad] = {}
    for line in lines:
        misplaced = line.misplaced()
        sound = all(isinstance(cell, str) for cell in line.keys) and line.problem is None
        for keys in [tuple(map(str, line.keys))] if sound else every:
            if misplaced is not None:
                # The order of lines must not show, so of several reasons the first in order of words is told.
                told = spoiled.get(keys, misplaced)
                spoiled[keys] = min(told, misplaced, key=lambda bad: (bad.code, bad.message, bad.field))
            elif isinstance(line.day, int):
                _put(changes.setdefault(keys, {}), line.day, line.value, "from the same day")
            elif isinstance(line.month, int):
                _put(past.setdefault(keys, {}), line.month, line.value, "of the same month")
    for keys, by_day in changes.items():
        first = row.values.get((name, keys))
        days = sorted(by_day)
        if first is None or isinstance(first, Steps):
            row.values[name, keys] = Steps(tuple(days), tuple(by_day[day] for day in days))
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
