"""Months and half-open periods of days. Days are proleptic Gregorian day numbers (``date.toordinal()``)."""

from __future__ import annotations

import calendar
import datetime
import re
from typing import Final, Self

from attrs import frozen

from kommres.errors import UsageError

#: Days that are gone through one by one: a hundred years. A date like 9999-12-31 for "never" would mean millions.
MOST_DAYS: Final = 36_525

_MONTH = re.compile(r"(\d{4})-(\d{2})")
_HOW = "write a month as YYYY-MM, such as 2026-01"


@frozen(order=True)
class Month:
    """A calendar month. ``number`` counts months (``year * 12 + month - 1``), so months add and subtract as integers.

    >>> Month.parse("2026-02").days
    28
    """

    number: int

    @classmethod
    def of(cls, year: int, month: int) -> Self:
        """Return a month by year and number (1 to 12). Raises :class:`UsageError` (U0101)."""
        if not (1 <= month <= 12 and 1 <= year <= 9998):
            raise UsageError(f"{year}-{month:02} is not a month", code="U0101", todo=_HOW)
        return cls(year * 12 + month - 1)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``2026-01``. Raises :class:`UsageError` (U0101)."""
        match = _MONTH.fullmatch(text.strip()) if isinstance(text, str) else None
        if match is None:
            raise UsageError(f"{text!r} is not a month", code="U0101", todo=_HOW)
        return cls.of(int(match[1]), int(match[2]))

    @property
    def year(self) -> int:
        """Calendar year."""
        return self.number // 12

    @property
    def month(self) -> int:
        """Number in the year, 1 to 12."""
        return self.number % 12 + 1

    @property
    def start(self) -> int:
        """First day."""
        return datetime.date(self.year, self.month, 1).toordinal()

    @property
    def end(self) -> int:
        """First day of the next month; of the last one, 9999-12, the number after all dates."""
        return self.start + self.days

    @property
    def days(self) -> int:
        """Length [day]."""
        return calendar.monthrange(self.year, self.month)[1]

    def __add__(self, months: int) -> Month:
        return Month(self.number + months)

    def __str__(self) -> str:
        return f"{self.year:04}-{self.month:02}"


def month_of(day: int) -> Month:
    """The month that a day lies in."""
    date = datetime.date.fromordinal(day)
    return Month(date.year * 12 + date.month - 1)


@frozen(order=True)
class Period:
    """Days ``start .. end``, the end not included."""

    start: int
    end: int

    @property
    def days(self) -> int:
        """Length [day]."""
        return self.end - self.start
