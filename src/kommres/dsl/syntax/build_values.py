"""Text of terminals to values: numbers, dates, times, quoted texts."""

from __future__ import annotations

import datetime as dt
import re
from fractions import Fraction

_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_INSTANT = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d):(\d\d)(?::(\d\d))?(Z|[+-]\d\d:\d\d)?")


def number(text: str) -> Fraction:
    """Return the exact value of a decimal literal; ``_`` between digits is skipped."""
    return Fraction(text.replace("_", ""))


def quoted(text: str) -> str:
    """Return what a quoted text says."""
    body = text[1:-1]
    return _ESCAPE.sub(lambda m: "\n" if m.group(1) == "n" else m.group(1), body) if "\\" in body else body


def date(text: str) -> dt.date | None:
    """Return the date, or None where the calendar has no such day."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


def month(text: str) -> tuple[int, int] | None:
    """Year and month, or None."""
    year, number_of_month = int(text[:4]), int(text[5:7])
    return (year, number_of_month) if year >= 1 and 1 <= number_of_month <= 12 else None


def time(text: str) -> int | None:
    """Minutes after midnight; 24:00 is the end of the day."""
    hours, minutes = int(text[:2]), int(text[3:5])
    total = hours * 60 + minutes
    return total if minutes < 60 and total <= 1440 else None


def instant(text: str) -> tuple[dt.datetime, int | None] | None:
    """Wall-clock time and the written offset in minutes, or None where there is no such time."""
    match = _INSTANT.fullmatch(text)
    if match is None:
        return None
    day, hours, minutes, seconds, offset = match.groups()
    try:
        value = dt.datetime.fromisoformat(f"{day}T{hours}:{minutes}:{seconds or '00'}")
    except ValueError:
        return None
    if offset is None:
        return value, None
    if offset == "Z":
        return value, 0
    away = int(offset[1:3]) * 60 + int(offset[4:6])
    if away > 14 * 60 or int(offset[4:6]) >= 60:
        return None
    return value, -away if offset[0] == "-" else away
