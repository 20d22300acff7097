"""From supplied cells to exact values: one reader for CSV text, Parquet, objects and JSON.

What cannot be read becomes :class:`Bad` with a reason, never an exception and never a guess. An empty cell is None.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from decimal import Decimal
from fractions import Fraction
from numbers import Integral
from typing import TYPE_CHECKING

from attrs import frozen

from kommres.dsl.backends.rows import Bad, Plain
from kommres.dsl.backends.zones import Zone
from kommres.dsl.bound.nodes import Type
from kommres.dsl.lookalike import nearest_hint
from kommres.dsl.quantity import exact

if TYPE_CHECKING:
    from kommres.dsl.bound.nodes import EventField, Input

#: Digits of a supplied number, zeros of its exponent included; more is no measurement.
MOST_DIGITS = 40
_NUMBER = re.compile(r"([+-]?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,4}))?", re.ASCII)
_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)
_OTHER_DAY = re.compile(r"(\d{1,2})[./](\d{1,2})[./](\d{4})", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.0+)?)?(Z|[+-]\d{2}:?\d{2})?", re.ASCII)
_WORDS = {"yes": True, "true": True, "да": True, "no": False, "false": False, "нет": False}


@frozen
class Unclear(Bad):
    """A local time that is two moments or none; ``instant`` is about when."""

    instant: int


def read_declared(raw: object, declared: Input | EventField, zone: Zone = Zone.UTC) -> Plain | Bad | None:
    """Read one value of an input, or of a field of an event."""
    return read_value(
        raw,
        declared.type,
        name=declared.name,
        low=declared.low,
        high=declared.high,
        step=declared.step,
        zone=zone,
    )


def read_value(
    raw: object,
    type_: Type,
    *,
    name: str,
    low: int | Fraction | None = None,
    high: int | Fraction | None = None,
    step: int | Fraction | None = None,
    zone: Zone = Zone.UTC,
) -> Plain | Bad | None:
    """Read a value of a type.

    Parameters
    ----------
    raw
        Text, int, Decimal, Fraction, float, bool, date or datetime; None and blank text mean "not supplied".
    type_
        Number, yes/no, date, instant, id or an enumeration.
    name
        Column or field, for the message.
    low, high, step
        Declared range (both ends included) and step of a number [its unit].
    zone
        Time zone of instants without an offset.

    Returns
    -------
    Number, day number, seconds, text or yes/no; None; or :class:`Bad` (D0102, D0103, D0104, D0105, D0107).
    """
    if raw is None or (isinstance(raw, str) and not raw.strip()):
        return None
    match type_.kind:
        case "number":
            value = _number(raw, name, step)
            return value if isinstance(value, Bad) else check_number(value, name=name, low=low, high=high, step=step)
        case "yes_no":
            return _yes_no(raw, name)
        case "date":
            return _date(raw, name)
        case "instant":
            return _instant(raw, name, zone)
        case "enum":
            return _member(raw, type_, name)
        case _:
            return _id(raw, name)


def read_moment(raw: object, name: str, zone: Zone) -> int | Bad | None:
    """Read an instant; a local time that there is not, or twice, because clocks change is :class:`Unclear` (D0107)."""
    found = read_value(raw, Type(kind="instant"), name=name, zone=zone)
    if not isinstance(found, int) or zone is Zone.UTC:
        return found if isinstance(found, int | Bad) else None
    wall = dt.datetime.fromisoformat(str(raw).strip())
    if wall.tzinfo is None and (why := zone.unclear(wall)):
        text = str(raw).strip()
        todo = "write its offset, such as +02:00"
        return Unclear(
            "D0107", f"{name} is {text}, a local time that {why} because the clocks change: {todo}", name, found
        )
    return found


def check_number(
    value: int | Fraction,
    *,
    name: str,
    low: int | Fraction | None,
    high: int | Fraction | None,
    step: int | Fraction | None,
) -> int | Fraction | Bad:
    """Return the number if it lies in the range and on the step, else :class:`Bad` (D0103, D0104)."""
    if (low is not None and value < low) or (high is not None and value > high):
        span = f"{'' if low is None else exact(low)}..{'' if high is None else exact(high)}"
        return Bad("D0103", f"{name} is {exact(value)}, outside its range {span}", name)
    # In whole numbers: fractions would take several times as long.
    if step is not None and value.numerator * step.denominator % (value.denominator * step.numerator):
        return Bad("D0104", f"{name} is {exact(value)}, which is no multiple of its step {exact(step)}", name)
    return value


def _unreadable(raw: object, name: str, wanted: str, hint: str = "") -> Bad:
    text = str(raw)
    shown = text if len(text) <= 60 else text[:57] + "…"
    return Bad("D0102", f"{name} is {shown!r}, which is not {wanted}{hint}", name)


# --- numbers -------------------------------------------------------------------------------------------------


def _number(raw: object, name: str, step: int | Fraction | None) -> int | Fraction | Bad:
    if isinstance(raw, bool):
        return _unreadable(raw, name, "a number")
    match raw:
        case int():
            value: int | Fraction = raw
        case Fraction():
            value = raw.numerator if raw.denominator == 1 else raw
        case Decimal():
            return _decimal_text(str(raw), name) if raw.is_finite() else _unreadable(raw, name, "a number")
        case float():
            return _float(raw, name, step)
        case str():
            return _decimal_text(raw.strip(), name)
        case Integral():  # a scalar of an array library
            value = int(raw)
        case _:
            return _unreadable(raw, name, "a number")
    if value.numerator.bit_length() > 4 * MOST_DIGITS or value.denominator.bit_length() > 4 * MOST_DIGITS:
        return Bad("D0102", f"{name} has more than {MOST_DIGITS} digits", name)
    return value


def _decimal_text(text: str, name: str) -> int | Fraction | Bad:
    match = _NUMBER.fullmatch(text)
    if match is None:
        return _unreadable(text, name, "a number", _number_hint(text))
    sign, whole, part, power = match[1], match[2], match[3] or "", int(match[4] or 0) - len(match[3] or "")
    if len(whole) + len(part) > MOST_DIGITS or abs(power) > MOST_DIGITS:
        return Bad("D0102", f"{name} has more than {MOST_DIGITS} digits", name)
    number = int(whole + part)
    if sign == "-":
        number = -number
    if power >= 0:
        return number * int(10**power)
    value = Fraction(number, 10**-power)
    return value.numerator if value.denominator == 1 else value


def _number_hint(text: str) -> str:
    if text.startswith("≈"):
        return ": so large a float stands for several multiples of the step; supply text, a decimal or an integer"
    squeezed = "".join(text.split()).replace("\N{MINUS SIGN}", "-").replace("_", "")
    dotted = squeezed.replace(",", ".")
    if "," in squeezed and dotted.count(".") == 1 and _NUMBER.fullmatch(dotted):
        return f": the decimal mark is a point, so write {dotted}"
    if squeezed != text and _NUMBER.fullmatch(squeezed):
        return f": write it without blanks and other signs, {squeezed}"
    if any(c.isalpha() for c in text) and any(c.isdigit() for c in text):
        return ": there are letters among the digits"
    return ""


def _float(raw: float, name: str, step: int | Fraction | None) -> int | Fraction | Bad:
    if not math.isfinite(raw):
        return _unreadable(raw, name, "a number")
    if step is None:
        return _unreadable(
            raw, name, "an exact number", ": it is a binary floating point number; supply text, a decimal or an integer"
        )
    count = round(Fraction(raw) / step)
    nearest = count * Fraction(step)
    if raw and step <= math.ulp(raw):
        return _unreadable(raw, name, "an exact number", ": so large a floating point number stands for several")
    # The float that is written for a multiple of the step is the one nearest to it, so this finds exactly those.
    if nearest.numerator / nearest.denominator != raw:
        return Bad("D0104", f"{name} is {raw!r}, which is no multiple of its step {exact(step)}", name)
    return nearest.numerator if nearest.denominator == 1 else nearest


# --- other kinds ---------------------------------------------------------------------------------------------


def _yes_no(raw: object, name: str) -> bool | Bad:
    if isinstance(raw, bool):
        return raw
    found = _WORDS.get(raw.strip().casefold()) if isinstance(raw, str) else None
    return _unreadable(raw, name, "yes or no") if found is None else found


def _date(raw: object, name: str) -> int | Bad:
    if isinstance(raw, dt.datetime):
        if raw.time() != dt.time():
            return _unreadable(raw, name, "a date", ": it has a time of day")
        return raw.toordinal()
    if isinstance(raw, dt.date):
        return raw.toordinal()
    text = raw.strip() if isinstance(raw, str) else ""
    match = _DAY.fullmatch(text)
    if match is None:
        return _unreadable(raw, name, "a date", _date_hint(text))
    try:
        return dt.date(int(match[1]), int(match[2]), int(match[3])).toordinal()
    except ValueError:
        return Bad("D0107", f"{name} is {text}, a day that does not exist", name)


def _date_hint(text: str) -> str:
    match = _OTHER_DAY.fullmatch(text)
    if match is None:
        return ": write it as 2026-01-31"
    return f": write the year first, {match[3]}-{int(match[2]):02}-{int(match[1]):02} if {match[1]} is the day"


def _instant(raw: object, name: str, zone: Zone) -> int | Bad:
    if isinstance(raw, dt.datetime):
        wall = raw
    elif isinstance(raw, str) and _INSTANT.fullmatch(raw.strip()):
        try:
            wall = dt.datetime.fromisoformat(raw.strip())
        except ValueError:
            return Bad("D0107", f"{name} is {raw.strip()}, a time that does not exist", name)
    else:
        return _unreadable(
            raw, name, "an instant", ": write it as 2026-01-31T10:30, with an offset such as +03:00 if needed"
        )
    if wall.microsecond:
        return _unreadable(raw, name, "an instant in whole seconds")
    return zone.of_wall(wall)


def _member(raw: object, type_: Type, name: str) -> str | Bad:
    members = type_.enum.members if type_.enum is not None else ()
    text = raw.strip() if isinstance(raw, str) else str(raw)
    if text in members:
        return text
    shown = text if len(text) <= 60 else text[:57] + "…"
    hint = nearest_hint(text, members) or f"; there are {', '.join(members[:12])}{', …' if len(members) > 12 else ''}"
    return Bad("D0105", f'{name} is "{shown}", which is not among the members of {type_}{hint}', name)


def _id(raw: object, name: str) -> str | Bad:
    match raw:
        case str():
            return raw.strip()
        case bool() | float():
            return _unreadable(raw, name, "an id", ": supply it as text")
        case int() | Integral():
            return str(int(raw))
        case Decimal() if raw == raw.to_integral_value():
            return str(int(raw))
        case _:
            return _unreadable(raw, name, "an id", ": supply it as text")
