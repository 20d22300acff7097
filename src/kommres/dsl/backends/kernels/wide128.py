"""Whole numbers of 128 bits inside kernels, and the roundings that need them.

They live in registers only: neither arguments nor results of a kernel. Sums and products wrap around at 2^128. There is
no division on purpose: it would call a function that the machine code does not find.

The roundings are those of :mod:`.wide` with rests modulo 2^128; they hold for D up to 2^125 (``wide_round``) and
``(E + 1) * D <= 2^126`` (``wide_round_twice``).
"""

from __future__ import annotations

from typing import Final

from llvmlite import ir

from kommres.dsl.backends.kernels.emit import F64, FLOAT, I64, I128, INT, UINT, WIDE, YES_NO, Helper, helper, whole
from kommres.dsl.backends.kernels.wide import point, settled, side

_I, _U, _F, _B = INT, UINT, FLOAT, YES_NO
_ZERO: Final = ir.Constant(I128, 0)


def _extended(build: ir.IRBuilder, a: ir.Value) -> ir.Value:
    return build.sext(a, I128)


def _joined(build: ir.IRBuilder, high: ir.Value, low: ir.Value) -> ir.Value:
    return build.or_(build.shl(build.sext(high, I128), ir.Constant(I128, 64)), build.zext(low, I128))


def _size(build: ir.IRBuilder, a: ir.Value) -> ir.Value:
    return build.select(build.icmp_signed("<", a, _ZERO), build.sub(_ZERO, a), a)


def _float_of_positive(build: ir.IRBuilder, a: ir.Value) -> ir.Value:
    """Convert a number that is not negative, with two roundings at most; there are instructions for 64 bits only."""
    high = build.uitofp(build.trunc(build.lshr(a, ir.Constant(I128, 64)), I64), F64)
    low = build.uitofp(build.trunc(a, I64), F64)
    return build.fadd(build.fmul(high, ir.Constant(F64, 2.0**64)), low)


def _float(build: ir.IRBuilder, a: ir.Value) -> ir.Value:
    """Convert the size, then the sign: the halves of a small negative number would cancel."""
    size = _float_of_positive(build, _size(build, a))
    return build.select(build.icmp_signed("<", a, _ZERO), build.fneg(size), size)


def _compared(build: ir.IRBuilder, a: ir.Value, b: ir.Value) -> ir.Value:
    more, less = build.icmp_signed(">", a, b), build.icmp_signed("<", a, b)
    return build.sub(build.zext(more, I64), build.zext(less, I64))


def _product(build: ir.IRBuilder, a: ir.Value, b: ir.Value) -> ir.Value:
    return build.mul(build.sext(a, I128), build.sext(b, I128))


def _ratios(build: ir.IRBuilder, a: ir.Value, b: ir.Value, c: ir.Value, d: ir.Value) -> ir.Value:
    return _compared(build, _product(build, a, d), _product(build, c, b))


def _fits(build: ir.IRBuilder, a: ir.Value, b: ir.Value) -> ir.Value:
    """Compare an estimate, which is off by some parts in 2^53, with half of what fits."""
    sizes = [_float_of_positive(build, _size(build, each)) for each in (a, b)]
    return build.fcmp_ordered("<", build.fmul(*sizes), ir.Constant(F64, 2.0**126))


def _least(build: ir.IRBuilder, a: ir.Value, b: ir.Value) -> ir.Value:
    return build.select(build.icmp_signed("<", b, a), b, a)


def _greatest(build: ir.IRBuilder, a: ir.Value, b: ir.Value) -> ir.Value:
    return build.select(build.icmp_signed(">", b, a), b, a)


wide = helper("wide", WIDE, (_I,), _extended)
wide_of = helper("wide_of", WIDE, (_I, _U), _joined)  # high half, low half
wide_rest = helper("wide_rest", _U, (WIDE,), lambda build, a: build.trunc(a, I64))
wide_word = helper("wide_word", _I, (WIDE,), lambda build, a: build.trunc(a, I64))
wide_float = helper("wide_float", _F, (WIDE,), _float)

wide_add = helper("wide_add", WIDE, (WIDE, WIDE), lambda build, a, b: build.add(a, b))
wide_sub = helper("wide_sub", WIDE, (WIDE, WIDE), lambda build, a, b: build.sub(a, b))
wide_neg = helper("wide_neg", WIDE, (WIDE,), lambda build, a: build.sub(_ZERO, a))
wide_abs = helper("wide_abs", WIDE, (WIDE,), _size)
wide_mul = helper("wide_mul", WIDE, (WIDE, WIDE), lambda build, a, b: build.mul(a, b))
wide_product = helper("wide_product", WIDE, (_I, _I), _product)
wide_times = helper("wide_times", WIDE, (WIDE, _I), lambda build, a, b: build.mul(a, build.sext(b, I128)))
wide_min = helper("wide_min", WIDE, (WIDE, WIDE), _least)
wide_max = helper("wide_max", WIDE, (WIDE, WIDE), _greatest)

wide_compare = helper("wide_compare", _I, (WIDE, WIDE), _compared)
wide_eq = helper("wide_eq", _B, (WIDE, WIDE), lambda build, a, b: build.icmp_signed("==", a, b))
wide_ne = helper("wide_ne", _B, (WIDE, WIDE), lambda build, a, b: build.icmp_signed("!=", a, b))
wide_lt = helper("wide_lt", _B, (WIDE, WIDE), lambda build, a, b: build.icmp_signed("<", a, b))
wide_le = helper("wide_le", _B, (WIDE, WIDE), lambda build, a, b: build.icmp_signed("<=", a, b))
wide_gt = helper("wide_gt", _B, (WIDE, WIDE), lambda build, a, b: build.icmp_signed(">", a, b))
wide_ge = helper("wide_ge", _B, (WIDE, WIDE), lambda build, a, b: build.icmp_signed(">=", a, b))
#: Whether a product does not wrap around. False for some that would just fit.
wide_fits = helper("wide_fits", _B, (WIDE, WIDE), _fits)
wide_is_zero = helper("wide_is_zero", _B, (WIDE,), lambda build, a: build.icmp_signed("==", a, _ZERO))
wide_not_negative = helper("wide_not_negative", _B, (WIDE,), lambda build, a: build.icmp_signed(">=", a, _ZERO))
#: ``(a, b, c, d)``, b > 0 and d > 0: -1, 0 or 1 as a / b is less than, equal to or greater than c / d.
compare_ratios = helper("compare_ratios", _I, (_I, _I, _I, _I), _ratios)
wide_select = helper("wide_select", WIDE, (_B, WIDE, WIDE), lambda build, c, a, b: build.select(c, a, b))


def _round(mode: str) -> Helper:
    """Make the helper of tier T2: ``(n: wide, f: float64, d: wide) -> int64``."""

    def write(build: ir.IRBuilder, n: ir.Value, f: ir.Value, d: ir.Value) -> ir.Value:
        m, _ = point(build, mode, build.fdiv(f, _float_of_positive(build, d)))
        return settled(build, mode, m, side(build, mode, n, build.sext(m, I128), d))

    return helper(f"wide_round_{mode}", _I, (WIDE, _F, WIDE), write)


def _round_twice(mode: str) -> Helper:
    """Make the helper of tier T2+: ``(n: wide, f: float64, d: wide) -> int64``."""

    def write(build: ir.IRBuilder, n: ir.Value, f: ir.Value, d: ir.Value) -> ir.Value:
        divisor = _float_of_positive(build, d)
        first = whole(build, build.fdiv(f, divisor))
        rest = build.sub(n, build.mul(build.sext(first, I128), d))
        m, _ = point(build, mode, build.fdiv(_float(build, rest), divisor))
        return settled(build, mode, build.add(first, m), side(build, mode, rest, build.sext(m, I128), d))

    return helper(f"wide_round_twice_{mode}", _I, (WIDE, _F, WIDE), write)


# T2
wide_round_half_up = _round("half_up")
wide_round_half_up_pos = _round("half_up_pos")
wide_round_half_even = _round("half_even")
wide_round_up = _round("up")
wide_round_down = _round("down")
wide_round_ceiling = _round("ceiling")
wide_round_floor = _round("floor")

# T2+
wide_round_twice_half_up = _round_twice("half_up")
wide_round_twice_half_up_pos = _round_twice("half_up_pos")
wide_round_twice_half_even = _round_twice("half_even")
wide_round_twice_up = _round_twice("up")
wide_round_twice_down = _round_twice("down")
wide_round_twice_ceiling = _round_twice("ceiling")
wide_round_twice_floor = _round_twice("floor")
