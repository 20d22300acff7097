"""What a step is computed in: rows, the current day, the current slice and the current month."""

from __future__ import annotations

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


@frozen(eq=False)
class Frame:
    """What a hook sees of an evaluation.

    ``rows``: by slot, a row, an event row, a member of an enumeration, a month number, a day number or an
    :class:`~kommres.dsl.backends.grids.Interval`; None where the slot holds
    nothing now. ``day``: the current day. ``start``/``end``: the current slice inside ``sum over slices``. ``term``:
    the current month.
    """

    rows: tuple[Any, ...]
    day: int
    start: int
    end: int
    term: Term


#: What a step gives: a value, or the row or event row that a variable holds.
Datum: TypeAlias = Any
Number: TypeAlias = int | Fraction


def plain(value: Number) -> Number:
    """Return a whole fraction as ``int``: equal, and faster in what follows."""
    return value.numerator if value.denominator == 1 else value
