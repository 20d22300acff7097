"""Whole numbers of 64 bits inside kernels: division to the floor, greatest common divisors, numbers of floats."""

from __future__ import annotations

from typing import Final

from llvmlite import ir
from numba import int64, njit, types, uint64

from kommres.dsl.backends.kernels.emit import F64, I64, helper, whole

_ZERO: Final = ir.Constant(I64, 0)
_ONE: Final = ir.Constant(I64, 1)


def _divided(build: ir.IRBuilder, a: ir.Value, d: ir.Value) -> tuple[ir.Value, ir.Value]:
    """Return floor and rest. A divisor that is not above zero, in rows that do not use it, would end the process."""
    d = build.select(build.icmp_signed(">", d, _ZERO), d, _ONE)
    count = build.sdiv(a, d)
    rest = build.sub(a, build.mul(count, d))
    less = build.icmp_signed("<", rest, _ZERO)
    return build.sub(count, build.zext(less, I64)), build.add(rest, build.select(less, d, _ZERO))


def _size(build: ir.IRBuilder, a: ir.Value) -> ir.Value:
    return build.select(build.icmp_signed("<", a, _ZERO), build.sub(_ZERO, a), a)


def _even(build: ir.IRBuilder, a: ir.Value) -> ir.Value:
    """How often a number other than 0 can be halved."""
    return build.cttz(a, ir.Constant(ir.IntType(1), 0))


_I, _U, _F = types.int64, types.uint64, types.float64

#: ``(a, d)`` with d > 0: the greatest whole number not above a / d, and what is left of a.
floor_div = helper("floor_div", _I, (_I, _I), lambda build, a, d: _divided(build, a, d)[0])
floor_mod = helper("floor_mod", _I, (_I, _I), lambda build, a, d: _divided(build, a, d)[1])

#: Without the fraction, within -2^62 .. 2^62; what is no number gives -2^62.
to_int = helper("to_int", _I, (_F,), whole)
#: Of a number that is never below zero; processors without AVX-512 do it several times faster than with sign.
to_float_pos = helper("to_float_pos", _F, (_I,), lambda build, a: build.uitofp(a, F64))

_size_of = helper("size_of", _U, (_I,), _size)
_halvings = helper("halvings", _U, (_U,), _even)


@njit(error_model="numpy", nogil=True)
def gcd(a, b):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Return the greatest common divisor, 0 of two zeros. It must fit a word with sign: not both 0 or -2^63."""
    one, other = _size_of(a), _size_of(b)
    if one == uint64(0):
        return int64(other)
    if other == uint64(0):
        return int64(one)
    twos = _halvings(one | other)
    one >>= _halvings(one)
    while other != uint64(0):
        other >>= _halvings(other)
        if one > other:
            one, other = other, one
        other -= one
    return int64(one << twos)
