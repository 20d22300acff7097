"""One cell of text as a value of its column, by the readers of the language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kommres.dsl.backends.rows import Bad
from kommres.dsl.backends.zones import Zone
from kommres.dsl.bound.nodes import EventField, Input, Series, Type
from kommres.dsl.reading import read_declared, read_value
from kommres.errors import UsageError
from kommres.period import Month

if TYPE_CHECKING:
    from kommres.columns.schema import Column
    from kommres.columns.values import Cell

_DATE: Final = Type(kind="date")


def read_cell(text: str, column: Column, zone: str = "") -> Cell:
    """Read a cell.

    Parameters
    ----------
    text
        What stands there, not blank.
    column
        Says what should stand there.
    zone
        IANA name of the time zone of instants without an offset; UTC if empty.
    """
    declared = column.declared
    match column.role:
        case "month":
            return _month(text, column.name)
        case "from":
            return read_value(text, _DATE, name=column.name)
        case "key":
            return read_value(text, Type(kind="enum", enum=column.enum), name=column.name)
    try:
        place = Zone.named(zone)
    except ValueError:
        return Bad("D0102", f"{column.name} cannot be read: there is no time zone {zone!r}", column.name)
    match declared:
        case Input():
            return read_value(
                text,
                declared.type,
                # Of a keyed input the column says which of its values it is.
                name=column.name if column.role == "input" else declared.name,
                low=declared.low,
                high=declared.high,
                step=declared.step,
                zone=place,
            )
        case Series():
            return read_value(
                text, declared.type, name=declared.name, low=declared.low, high=declared.high, step=declared.step
            )
        case EventField():
            return read_declared(text, declared, place)
        case None:
            return text.strip()
        case _:
            return read_value(text, declared.type, name=column.name, zone=place)


def _month(text: str, name: str) -> int | Bad:
    month = text.strip().removesuffix("-01") if text.strip().count("-") > 1 else text
    try:
        return Month.parse(month).number
    except UsageError:
        return Bad("D0102", f"{name} is {text.strip()!r}, which is not a month: write it as 2026-01", name)
