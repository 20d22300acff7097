"""What a step sees while it is computed: rows, the current day, the current slice and the current month."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any, TypeAlias

from attrs import frozen

from kommres.period import Month


@frozen(eq=False)
class Term:
    """A calendar month with its days counted once: ``start .. end`` (exclusive), ``number`` as in :class:`Month`."""

    number: int
    start: int
    end: int
    days: int

    @classmethod
    def of(cls, month: Month) -> Term:
        """Count the days of a month."""
        return cls(month.number, month.start, month.end, month.end - month.start)

    def __str__(self) -> str:
        return str(Month(self.number))


class Frame:
    """One evaluation of a definition. Closures read it; binders and slices change it and put it back.

    ``rows``: by slot, a row, an event row, a member of an enumeration or a month number. ``day``: the current day.
    ``start``/``end``: the current slice inside ``sum over slices``. ``term``: the current month; ``base``: the month
    that the evaluation belongs to.
    """

    __slots__ = ("base", "day", "end", "rows", "start", "term")

    def __init__(self, rows: list[Any], day: int, term: Term) -> None:
        self.rows = rows
        self.day = day
        self.term = self.base = term
        self.start = day
        self.end = day


#: What a step gives: a value, or the row or event row that a variable holds.
Datum: TypeAlias = Any
Evaluate: TypeAlias = Callable[[Frame], Datum]
Number: TypeAlias = int | Fraction


def plain(value: Number) -> Number:
    """Return a whole fraction as ``int``: equal, and faster in what follows."""
    return value.numerator if value.denominator == 1 else value
