"""Exact arithmetic on ``int`` and ``Fraction``: sums, products, quotients, comparisons and rounding.

An absent value (None) meets a ``TypeError`` of Python's arithmetic; it is turned into D0405 there, so that present
values pay nothing.
"""

from __future__ import annotations

import datetime as dt
import operator
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NoReturn

from kommres.dsl.backends.closures import Compiler, Scope, absent, payload
from kommres.dsl.backends.frame import Datum, Evaluate, Frame, Number, plain
from kommres.dsl.backends.tables import Miss
from kommres.dsl.plan.nodes import Op, Step
from kommres.dsl.problems import DataProblem

if TYPE_CHECKING:
    from collections.abc import Callable

_LAST_DAY = dt.date.max.toordinal()


def _refuse(error: TypeError, step: Step, *values: object) -> NoReturn:
    if any(v is None for v in values):
        absent(step)
    raise error


def _zero(step: Step) -> NoReturn:
    text = " ".join(step.span.text.split()) if step.span is not None else "a quotient"
    raise Miss("D0204", f"the divisor in `{text[:80]}` is zero")


def quotient(above: Number, below: Number) -> Number:
    """Divide exactly. Raises :class:`ZeroDivisionError`."""
    return plain(Fraction(above, below))


def _scale(scope: Scope, step: Step) -> Evaluate:
    (value,) = scope.args(step)
    factor = plain(payload(step))

    def scaled(f: Frame) -> Number:
        x = value(f)
        try:
            return plain(x * factor)
        except (TypeError, AttributeError):
            return absent(step)

    return scaled


def _add(scope: Scope, step: Step) -> Evaluate:
    terms = scope.args(step)
    signs: tuple[int, ...] = payload(step)
    run = _two_terms(terms, signs, step) if len(terms) == 2 and signs[0] > 0 else _many_terms(terms, signs, step)
    if step.kind not in {"date", "instant"}:
        return run

    dated = step.kind == "date"

    def moved(f: Frame) -> int:
        x = run(f)
        if x.denominator != 1:
            raise DataProblem("D0107", "a date moves by whole days only")
        if dated and not 1 <= x <= _LAST_DAY:
            raise DataProblem("D0107", "the date is outside the calendar")
        return int(x)

    return moved


def _two_terms(terms: list[Evaluate], signs: tuple[int, ...], step: Step) -> Evaluate:
    left, right = terms
    apply = operator.add if signs[1] > 0 else operator.sub

    def two(f: Frame) -> Datum:
        a, b = left(f), right(f)
        try:
            return apply(a, b)
        except TypeError as error:
            _refuse(error, step, a, b)

    return two


def _many_terms(terms: list[Evaluate], signs: tuple[int, ...], step: Step) -> Evaluate:
    signed = list(zip(signs, terms, strict=True))

    def many(f: Frame) -> Datum:
        total: Number = 0
        for sign, term in signed:
            x = term(f)
            try:
                total = total + x if sign > 0 else total - x
            except TypeError as error:
                _refuse(error, step, x)
        return total

    return many


def _mul(scope: Scope, step: Step) -> Evaluate:
    factors = scope.args(step)
    if len(factors) == 2:
        left, right = factors

        def two(f: Frame) -> Datum:
            a, b = left(f), right(f)
            if b.__class__ is int and b == 1 and a is not None:
                return a
            try:
                return a * b
            except TypeError as error:
                _refuse(error, step, a, b)

        return two
    first, *rest = factors

    def many(f: Frame) -> Datum:
        product = first(f)
        for factor in rest:
            x = factor(f)
            if x.__class__ is int and x == 1 and product is not None:
                continue
            try:
                product = product * x
            except TypeError as error:
                _refuse(error, step, product, x)
        return product

    return many


def _div(scope: Scope, step: Step) -> Evaluate:
    above, below = scope.args(step)
    if scope.constants.get(step.args[1]) == 1:
        return above

    def divided(f: Frame) -> Number:
        a, b = above(f), below(f)
        try:
            return quotient(a, b)
        except ZeroDivisionError:
            _zero(step)
        except TypeError as error:
            _refuse(error, step, a, b)

    return divided


def _equal(left: Evaluate, constant: object, step: Step) -> Evaluate:
    """Compare with a constant: the usual condition."""

    def equal(f: Frame) -> Datum:
        a = left(f)
        return absent(step) if a is None else a == constant

    return equal


_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def _compare(scope: Scope, step: Step) -> Evaluate:
    left, right = scope.args(step)
    holds = _ORDER[str(step.data)]
    second = step.args[1]
    if second in scope.constants and scope.hook is None:
        constant = scope.constants[second]
        if step.data == "=":
            return _equal(left, constant, step)

        def compared_with(f: Frame) -> bool:
            a = left(f)
            return absent(step) if a is None else holds(a, constant)

        return compared_with

    def compared(f: Frame) -> bool:
        a, b = left(f), right(f)
        return absent(step) if a is None or b is None else holds(a, b)

    return compared


# --- rounding ------------------------------------------------------------------------------------------------


def _half_up(n: int, d: int) -> int:
    whole = (2 * abs(n) + d) // (2 * d)
    return whole if n >= 0 else -whole


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
    count = steps_of(x, step, mode) * step.numerator
    below = step.denominator
    return count // below if count % below == 0 else Fraction(count, below)


ARITHMETIC: dict[Op, Compiler] = {
    Op.SCALE: _scale,
    Op.ADD: _add,
    Op.MUL: _mul,
    Op.DIV: _div,
    Op.COMPARE: _compare,
}
