"""Quotients in their lowest terms, and sums of quotients whatever their divisors: two words in one number of 128 bits.

The high half is the upper part, the low half the lower one, which is above zero; 1 is a sum of nothing. What
needs more than it may is 0 as a whole, and stays so: the row is the interpreter's.
"""

from __future__ import annotations

from llvmlite import ir

from kommres.dsl.backends.kernels.emit import I64, I128, INT, WIDE, helper
from kommres.dsl.backends.kernels.words import divided, greatest_common, halvings

_I, _W = INT, WIDE
_ONE, _NONE = ir.Constant(I64, 1), ir.Constant(I128, 0)


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


#: ``(above, below, most, deepest)``, numbers of 128 bits: the same quotient in its lowest terms; 0 where ``below`` is
#: not above zero, the upper part is beyond ``most`` or the lower one beyond ``deepest``, both below 2^62.
quotient_reduced = helper("quotient_reduced", _W, (_W, _W, _I, _I), _reduced)
#: ``(total, above, below, most, deepest)``, below > 0: the sum of both quotients; 0 where its upper part is beyond
#: ``most`` or its lower part beyond ``deepest``. Parts below 2^62, ``above`` and ``below`` words.
quotient_plus = helper("quotient_plus", _W, (_W, _I, _I, _I, _I), _plus)
quotient_top = helper("quotient_top", _I, (_W,), _top)
quotient_bottom = helper("quotient_bottom", _I, (_W,), lambda build, total: build.trunc(total, I64))
