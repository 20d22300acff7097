"""Exact arithmetic on ``int`` and ``Fraction``: sums, products, quotients, comparisons and rounding.

Python's fractions reduce after every operation. Products and quotients are therefore written as numerators times
numerators over denominators times denominators, reduced once; a product that is rounded is not reduced at all.
"""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from typing import TYPE_CHECKING

from kommres.dsl.backends.frame import Number, plain
from kommres.dsl.backends.tables import Miss
from kommres.dsl.backends.writing import Place, Text, Unit, Writer, over, payload
from kommres.dsl.plan.nodes import Op, Step
from kommres.dsl.problems import DataProblem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_LAST_DAY = dt.date.max.toordinal()
#: Python limits the length of a chain of operators, too.
_LONGEST_CHAIN = 50


# --- what generated functions call ---------------------------------------------------------------------------


def ratio(above: int, below: int) -> Number:
    """Return ``above / below``, as ``int`` where it is whole."""
    return Fraction(above, below) if above % below else above // below


def quotient(above: Number, below: Number) -> Number:
    """Divide exactly. Raises :class:`ZeroDivisionError`."""
    return ratio(above.numerator * below.denominator, above.denominator * below.numerator)


def divided(above: Number, below: Number, step: Step) -> Number:
    """Divide exactly. Raises :class:`Miss` (D0204) where the divisor is zero."""
    try:
        return quotient(above, below)
    except ZeroDivisionError:
        text = " ".join(step.span.text.split()) if step.span is not None else "a quotient"
        raise Miss("D0204", f"the divisor in `{text[:80]}` is zero") from None


def moved_date(x: Number) -> int:
    """Return a day that a sum gives. Raises :class:`DataProblem` (D0107)."""
    day = moved_instant(x)
    if not 1 <= day <= _LAST_DAY:
        raise DataProblem("D0107", "the date is outside the calendar")
    return day


def moved_instant(x: Number) -> int:
    """Return an instant that a sum gives. Raises :class:`DataProblem` (D0107)."""
    if x.denominator != 1:
        raise DataProblem("D0107", "a date moves by whole days only")
    return int(x)


# --- sums, products, quotients -------------------------------------------------------------------------------


def _add(unit: Unit, number: int, place: Place) -> Text:
    step = unit.steps[number]
    terms = unit.args(number, place)
    codes = [unit.present(term, number) for term in terms]
    code = _chain(list(zip(payload(step), codes, strict=True)))
    match step.kind:
        case "date":
            code = f"moved_date{code}"
        case "instant":
            code = f"moved_instant{code}"
    return over(code, *terms)


def _chain(terms: Sequence[tuple[int, str]]) -> str:
    """Return a sum of signed terms in parentheses."""
    if len(terms) > _LONGEST_CHAIN:
        size = -(-len(terms) // _LONGEST_CHAIN)
        return _chain([(1, _chain(terms[i : i + size])) for i in range(0, len(terms), size)])
    signed = "".join(f" {'+' if sign > 0 else '-'} {code}" for sign, code in terms)
    return f"({signed.removeprefix(' + ').lstrip()})"


def factors(unit: Unit, number: int, texts: Sequence[Text]) -> tuple[str, str]:
    """Return the codes of the numerator and of the denominator of a product; the numerator comes first."""
    above, below = [], []
    known = Fraction(1)
    for text in texts:
        if text.known and isinstance(text.value, int | Fraction):
            known *= text.value
            continue
        t = unit.temporary()
        above.append(f"({t} := {unit.present(text, number)}).numerator")
        below.append(f"{t}.denominator")
    above.append(unit.literal(known.numerator))
    below.append(unit.literal(known.denominator))
    return times(*above), times(*below)


def times(*codes: str) -> str:
    """Return the code of a product; factors 1 are left out."""
    return " * ".join([code for code in codes if code != "1"]) or "1"


def _mul(unit: Unit, number: int, place: Place) -> Text:
    return _product(unit, number, unit.args(number, place))


def _product(unit: Unit, number: int, texts: Sequence[Text]) -> Text:
    unknown = [text for text in texts if not (text.known and text.value == 1)]
    if len(unknown) == 1:
        return over(unit.present(unknown[0], number), unknown[0])
    if len(texts) > _LONGEST_CHAIN:
        size = -(-len(texts) // _LONGEST_CHAIN)
        return _product(unit, number, [_product(unit, number, texts[i : i + size]) for i in range(0, len(texts), size)])
    above, below = factors(unit, number, texts)
    return over(f"ratio({above}, {below})", *texts)


def _scale(unit: Unit, number: int, place: Place) -> Text:
    (text,) = unit.args(number, place)
    factor = payload(unit.steps[number])
    if factor == 1:
        return over(unit.present(text, number), text)
    above, below = factors(unit, number, [text, Text("", value=plain(factor))])
    return over(f"ratio({above}, {below})", text)


def _div(unit: Unit, number: int, place: Place) -> Text:
    above, below = unit.args(number, place)
    if below.known and isinstance(below.value, int | Fraction) and below.value:
        if below.value == 1:
            return over(unit.present(above, number), above)
        n, d = factors(unit, number, [above, Text("", value=1 / Fraction(below.value))])
        return over(f"ratio({n}, {d})", above)
    codes = [unit.present(text, number) for text in (above, below)]
    return over(f"divided({', '.join(codes)}, {unit.bind(unit.steps[number])})", above, below, misses=True)


# --- comparisons ---------------------------------------------------------------------------------------------

_SIGNS = {"=": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


def _compare(unit: Unit, number: int, place: Place) -> Text:
    step = unit.steps[number]
    left, right = unit.args(number, place)
    sign = _SIGNS[payload(step)]
    numeric = all(unit.steps[i].kind == "number" for i in step.args)
    if sign in {"==", "!="} or not numeric:
        return over(f"({unit.present(left, number)} {sign} {unit.present(right, number)})", left, right)
    # Fractions are slow to compare; their parts, crosswise, are not.
    one, other = unit.temporary(), unit.temporary()
    first = f"({one} := {unit.present(left, number)}).numerator"
    if right.known:
        above, below = right.value.numerator, right.value.denominator
        second = times(unit.literal(above), f"{one}.denominator") if above else "0"
        first = times(first, unit.literal(below))
    else:
        first = times(first, f"({other} := {unit.present(right, number)}).denominator")
        second = f"{other}.numerator * {one}.denominator"
    return over(f"({first} {sign} {second})", left, right)


# --- rounding ------------------------------------------------------------------------------------------------


def _half_up(n: int, d: int) -> int:
    return (2 * n + d) // (2 * d) if n >= 0 else -((d - 2 * n) // (2 * d))


def _half_even(n: int, d: int) -> int:
    whole, rest = divmod(n, d)
    return whole + (2 * rest > d or (2 * rest == d and whole % 2 == 1))


def _up(n: int, d: int) -> int:
    whole = -(-abs(n) // d)
    return whole if n >= 0 else -whole


def _down(n: int, d: int) -> int:
    whole = abs(n) // d
    return whole if n >= 0 else -whole


def _ceiling(n: int, d: int) -> int:
    return -(-n // d)


def _floor(n: int, d: int) -> int:
    return n // d


#: mode -> the whole number near ``n / d`` (d > 0)
MODES: dict[str, Callable[[int, int], int]] = {
    "half_up": _half_up,
    "half_even": _half_even,
    "up": _up,
    "down": _down,
    "ceiling": _ceiling,
    "floor": _floor,
}


def steps_of(x: Number, step: Number, mode: Callable[[int, int], int]) -> int:
    """Return how many steps ``x`` is, rounded. Raises :class:`Miss` (D0204) where the step is not positive."""
    if step.numerator <= 0:
        raise Miss("D0204", "the step to round to is not above zero")
    return mode(x.numerator * step.denominator, x.denominator * step.numerator)


def round_to(x: Number, step: Number, mode: Callable[[int, int], int]) -> Number:
    """Return the multiple of ``step`` near ``x``. Raises :class:`Miss` (D0204)."""
    return ratio(steps_of(x, step, mode) * step.numerator, step.denominator)


ARITHMETIC: dict[Op, Writer] = {
    Op.SCALE: _scale,
    Op.ADD: _add,
    Op.MUL: _mul,
    Op.DIV: _div,
    Op.COMPARE: _compare,
}
