"""Quotients in their lowest terms, and sums of quotients whatever their divisors: two words in one number of 128 bits.

The high half is the upper part, the low half the lower one, which is above zero; 1 is a sum of nothing. What
needs more than it may is 0 as a whole, and stays so: the row is the interpreter's.
"""

from __future__ import annotations

from llvmlite import ir

from kommres.dsl.backends.kernels.emit import I64, I128, INT, WIDE, Helper, helper
from kommres.dsl.backends.kernels.words import divided, greatest_common, halvings

_I, _W = INT, WIDE
_ZERO, _ONE, _NONE = ir.Constant(I64, 0), ir.Constant(I64, 1), ir.Constant(I128, 0)
#: No part of a quotient is greater.
_MOST = ir.Constant(I64, (1 << 62) - 1)


def _top(build: ir.IRBuilder, total: ir.Value) -> ir.Value:
    return build.trunc(build.lshr(total, ir.Constant(I128, 64)), I64)


def _both(build: ir.IRBuilder, top: ir.Value, bottom: ir.Value) -> ir.Value:
    high = build.shl(build.zext(top, I128), ir.Constant(I128, 64))
    return build.or_(high, build.zext(bottom, I128))


def _product(build: ir.IRBuilder, a: ir.Value, b: ir.Value) -> ir.Value:
    return build.mul(build.sext(a, I128), build.sext(b, I128))


def _beyond(build: ir.IRBuilder, a: ir.Value, most: ir.Value) -> ir.Value:
    most = build.sext(most, I128)
    least = build.sub(_NONE, most)
    return build.or_(build.icmp_signed(">", a, most), build.icmp_signed("<", a, least))


def _exactly(build: ir.IRBuilder, a: ir.Value, odd: ir.Value, twos: ir.Value) -> ir.Value:
    """Divide by a divisor of a number: what an odd number is multiplied with to give 1 modulo 2^128 divides by it."""
    inverse = odd  # right in the last three bits, then in twice as many with each turn
    for _ in range(6):
        inverse = build.mul(inverse, build.sub(ir.Constant(I128, 2), build.mul(odd, inverse)))
    return build.mul(build.ashr(a, twos), inverse)


def _reduced(build: ir.IRBuilder, above: ir.Value, below: ir.Value, most: ir.Value, deepest: ir.Value) -> ir.Value:
    one = ir.Constant(I128, 1)
    lost = build.icmp_signed("<", below, one)
    below = build.select(lost, one, below)
    common = greatest_common(build, above, below)
    twos = halvings(build, common)
    odd = build.lshr(common, twos)
    upper, lower = (_exactly(build, each, odd, twos) for each in (above, below))
    lost = build.or_(lost, build.or_(_beyond(build, upper, most), _beyond(build, lower, deepest)))
    return build.select(lost, _NONE, _both(build, build.trunc(upper, I64), build.trunc(lower, I64)))


def _plus(
    build: ir.IRBuilder,
    total: ir.Value,
    above: ir.Value,
    below: ir.Value,
    most: ir.Value,
    deepest: ir.Value,
) -> ir.Value:
    over, under = _top(build, total), build.trunc(total, I64)
    lost = build.or_(
        build.icmp_signed("<", under, _ONE),
        build.icmp_signed("<", below, _ONE),
    )
    # Garbage in, garbage that is thrown away; the divisors must not be zero on the way.
    under, below = (build.select(lost, _ONE, each) for each in (under, below))
    common = greatest_common(build, under, below)
    mine, theirs = (divided(build, each, common)[0] for each in (under, below))
    upper = build.add(_product(build, over, theirs), _product(build, above, mine))
    return build.select(lost, _NONE, _reduced(build, upper, _product(build, mine, below), most, deepest))


def _bottom(build: ir.IRBuilder, total: ir.Value) -> ir.Value:
    return build.trunc(total, I64)


def _within(build: ir.IRBuilder, total: ir.Value, most: ir.Value, deepest: ir.Value) -> ir.Value:
    over, under = _top(build, total), _bottom(build, total)
    less = build.icmp_signed("<", over, build.sub(_ZERO, most))
    lost = build.or_(build.icmp_signed(">", over, most), build.or_(less, build.icmp_signed(">", under, deepest)))
    return build.select(lost, _NONE, total)


def _none_of(build: ir.IRBuilder, *quotients: ir.Value) -> ir.Value:
    """Return whether one of some quotients is none."""
    tests = [build.icmp_signed("<", _bottom(build, each), _ONE) for each in quotients]
    found = tests[0]
    for test in tests[1:]:
        found = build.or_(found, test)
    return found


def _shortened(build: ir.IRBuilder, a: ir.Value, b: ir.Value) -> tuple[ir.Value, ir.Value]:
    """Return two numbers, the second one above zero, over their greatest common divisor."""
    common = greatest_common(build, a, b)
    return divided(build, a, common)[0], divided(build, b, common)[0]


def _multiplied(
    build: ir.IRBuilder, lost: ir.Value, one: tuple[ir.Value, ir.Value], other: tuple[ir.Value, ir.Value]
) -> ir.Value:
    """Multiply two quotients in their lowest terms: what is common to a top and the other bottom goes before."""
    (over, under), (above, below) = one, other
    under, below = (build.select(lost, _ONE, each) for each in (under, below))
    over, below = _shortened(build, over, below)
    above, under = _shortened(build, above, under)
    upper, lower = _product(build, over, above), _product(build, under, below)
    lost = build.or_(lost, build.or_(_beyond(build, upper, _MOST), _beyond(build, lower, _MOST)))
    return build.select(lost, _NONE, _both(build, build.trunc(upper, I64), build.trunc(lower, I64)))


def _times(build: ir.IRBuilder, one: ir.Value, other: ir.Value) -> ir.Value:
    parts = [(_top(build, each), _bottom(build, each)) for each in (one, other)]
    return _multiplied(build, _none_of(build, one, other), parts[0], parts[1])


def _over(build: ir.IRBuilder, one: ir.Value, other: ir.Value) -> ir.Value:
    top, bottom = _top(build, other), _bottom(build, other)
    minus, zero = (build.icmp_signed(sign, top, _ZERO) for sign in ("<", "=="))
    size = build.select(minus, build.sub(_ZERO, top), top)
    # Whoever asks for something over zero is told that it misses, so it may be anything.
    turned = build.select(zero, _ZERO, build.select(minus, build.sub(_ZERO, bottom), bottom))
    parts = _top(build, one), _bottom(build, one)
    return _multiplied(build, _none_of(build, one, other), parts, (turned, build.select(zero, _ONE, size)))


def _added(build: ir.IRBuilder, one: ir.Value, other: ir.Value) -> ir.Value:
    return _plus(build, one, _top(build, other), _bottom(build, other), _MOST, _MOST)


def _turned(build: ir.IRBuilder, total: ir.Value) -> ir.Value:
    return _both(build, build.sub(_ZERO, _top(build, total)), _bottom(build, total))


def _size(build: ir.IRBuilder, total: ir.Value) -> ir.Value:
    return build.select(build.icmp_signed("<", total, _NONE), _turned(build, total), total)


def _compared(build: ir.IRBuilder, one: ir.Value, other: ir.Value) -> ir.Value:
    left = _product(build, _top(build, one), _bottom(build, other))
    right = _product(build, _top(build, other), _bottom(build, one))
    more, less = build.icmp_signed(">", left, right), build.icmp_signed("<", left, right)
    return build.sub(build.zext(more, I64), build.zext(less, I64))


def _round(mode: str) -> Helper:
    """Make the helper that gives the whole number near a quotient."""

    def write(build: ir.IRBuilder, total: ir.Value) -> ir.Value:
        top, bottom = _top(build, total), _bottom(build, total)
        least, rest = divided(build, top, bottom)
        minus = build.icmp_signed("<", top, _ZERO)
        some = build.icmp_signed(">", rest, _ZERO)
        side = build.sub(build.add(rest, rest), bottom)
        beyond, tie = build.icmp_signed(">", side, _ZERO), build.icmp_signed("==", side, _ZERO)
        match mode:
            case "floor":
                return least
            case "ceiling":
                more = some
            case "down":
                more = build.and_(some, minus)
            case "up":
                more = build.and_(some, build.not_(minus))
            case "half_up":
                more = build.or_(beyond, build.and_(tie, build.not_(minus)))
            case _:
                more = build.or_(beyond, build.and_(tie, build.trunc(least, ir.IntType(1))))
        return build.add(least, build.zext(more, I64))

    return helper(f"quotient_{mode}", _I, (_W,), write)


#: ``(above, below, most, deepest)``, numbers of 128 bits: the same quotient in its lowest terms; 0 where ``below`` is
#: not above zero, the upper part is beyond ``most`` or the lower one beyond ``deepest``, both below 2^62.
quotient_reduced = helper("quotient_reduced", _W, (_W, _W, _I, _I), _reduced)
#: ``(total, above, below, most, deepest)``, below > 0: the sum of both quotients; 0 where its upper part is beyond
#: ``most`` or its lower part beyond ``deepest``. Parts below 2^62, ``above`` and ``below`` words.
quotient_plus = helper("quotient_plus", _W, (_W, _I, _I, _I, _I), _plus)
quotient_top = helper("quotient_top", _I, (_W,), _top)
quotient_bottom = helper("quotient_bottom", _I, (_W,), _bottom)

#: Of quotients in their lowest terms with parts below 2^62: the same in its lowest terms, 0 where there is none.
quotient_times = helper("quotient_times", _W, (_W, _W), _times)
quotient_over = helper("quotient_over", _W, (_W, _W), _over)  # over zero: any
quotient_add = helper("quotient_add", _W, (_W, _W), _added)
quotient_neg = helper("quotient_neg", _W, (_W,), _turned)
quotient_abs = helper("quotient_abs", _W, (_W,), _size)
#: ``(total, most, deepest)``: the quotient, 0 where its upper part is beyond ``most`` or its lower one ``deepest``.
quotient_within = helper("quotient_within", _W, (_W, _I, _I), _within)
#: -1, 0 or 1 as the first is less than, equal to or greater than the second.
quotient_compare = helper("quotient_compare", _I, (_W, _W), _compared)
quotient_half_up = _round("half_up")
quotient_half_even = _round("half_even")
quotient_up = _round("up")
quotient_down = _round("down")
quotient_ceiling = _round("ceiling")
quotient_floor = _round("floor")
