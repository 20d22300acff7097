"""Whole numbers of 64 bits inside kernels: division to the floor, greatest common divisors, numbers of floats."""

from __future__ import annotations

from typing import Final

from llvmlite import ir

from kommres.dsl.backends.kernels.emit import F64, FLOAT, I64, INT, helper, whole

_ZERO: Final = ir.Constant(I64, 0)
_ONE: Final = ir.Constant(I64, 1)


def divided(build: ir.IRBuilder, a: ir.Value, d: ir.Value) -> tuple[ir.Value, ir.Value]:
    """Return floor and rest. A divisor that is not above zero, in rows that do not use it, would end the process."""
    d = build.select(build.icmp_signed(">", d, _ZERO), d, _ONE)
    count = build.sdiv(a, d)
    rest = build.sub(a, build.mul(count, d))
    less = build.icmp_signed("<", rest, _ZERO)
    return build.sub(count, build.zext(less, I64)), build.add(rest, build.select(less, d, _ZERO))


def _size(build: ir.IRBuilder, a: ir.Value) -> ir.Value:
    zero = ir.Constant(a.type, 0)
    return build.select(build.icmp_signed("<", a, zero), build.sub(zero, a), a)


def halvings(build: ir.IRBuilder, a: ir.Value) -> ir.Value:
    """How often a number can be halved; some number below its bits for 0: shifts by all bits are not allowed."""
    count = build.cttz(a, ir.Constant(ir.IntType(1), 0))
    return build.and_(count, ir.Constant(a.type, a.type.width - 1))


def greatest_common(build: ir.IRBuilder, a: ir.Value, b: ir.Value) -> ir.Value:
    """Take out the twos, then subtract the smaller odd number from the greater one until nothing is left."""
    zero = ir.Constant(a.type, 0)
    a, b = _size(build, a), _size(build, b)
    none = build.icmp_unsigned("==", a, zero)
    one, other = build.select(none, b, a), build.select(none, a, b)
    twos = halvings(build, build.or_(one, other))
    one = build.lshr(one, halvings(build, one))
    before = build.block
    turn, after = build.append_basic_block("gcd.turn"), build.append_basic_block("gcd.after")
    build.cbranch(build.icmp_unsigned("==", other, zero), after, turn)
    build.position_at_end(turn)
    least, rest = build.phi(a.type), build.phi(a.type)
    odd = build.lshr(rest, halvings(build, rest))
    less = build.icmp_unsigned("<", odd, least)
    next_least = build.select(less, odd, least)
    next_rest = build.select(less, build.sub(least, odd), build.sub(odd, least))
    build.cbranch(build.icmp_unsigned("==", next_rest, zero), after, turn)
    build.position_at_end(after)
    found = build.phi(a.type)
    for phi, first, later in ((least, one, next_least), (rest, other, next_rest), (found, one, next_least)):
        phi.add_incoming(first, before)
        phi.add_incoming(later, turn)
    return build.shl(found, twos)


_I, _F = INT, FLOAT

#: ``(a, d)`` with d > 0: the greatest whole number not above a / d, and what is left of a.
floor_div = helper("floor_div", INT, (INT, INT), lambda build, a, d: divided(build, a, d)[0])
floor_mod = helper("floor_mod", INT, (INT, INT), lambda build, a, d: divided(build, a, d)[1])

#: Without the fraction, within -2^62 .. 2^62; what is no number gives -2^62.
to_int = helper("to_int", INT, (FLOAT,), whole)
#: Of a number that is never below zero; processors without AVX-512 do it several times faster than with sign.
to_float_pos = helper("to_float_pos", FLOAT, (INT,), lambda build, a: build.uitofp(a, F64))
#: 0 of two zeros. It must fit a word with sign: not both are 0 or -2^63.
gcd = helper("gcd", INT, (INT, INT), greatest_common)
