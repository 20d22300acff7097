"""The months of a city with their days counted once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from kommres.period import Month


@frozen
class Span:
    """A calendar month: days ``start .. end`` (exclusive); ``number`` and ``name`` as those of :class:`Month`."""

    number: int
    start: int
    end: int
    days: int
    name: str

    @classmethod
    def of(cls, month: Month) -> Span:
        """Count the days of a month."""
        return cls(month.number, month.start, month.end, month.days, str(month))

    def __str__(self) -> str:
        return self.name
