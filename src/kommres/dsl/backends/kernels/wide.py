"""Roundings of a quotient ``N / D`` on machine words, exact under the conditions of :mod:`kommres.dsl.plan.tiers`.

A helper takes ``n`` (N itself, or N modulo 2^64), ``f`` (the floating-point estimate of N) and ``d`` (D > 0), and
returns the whole number near N / D. Why that is exact:

1. The result of a mode changes at points that are 1 apart: at ``m + 1/2`` in the modes that go to the nearest number,
   at ``m`` in the others, m whole. The estimate ``x = f / d`` is less than ``E <= 1/2`` away from N / D (E counts five
   roundings more than N and D have, the code below makes four), and some point is ``1/2`` away from x at most.
   Therefore N / D lies less than 1 away from that point, between its neighbours, and the side decides.
2. The side is the sign of ``t = N - m * D``, or of ``t = 2 * (N - m * D) - D`` where the point is ``m + 1/2``. As
   ``abs(t) < 2 * D <= 2^62``, t fits a machine word: computed modulo 2^64 and read with its sign it is exact.

   ========= ========================== ===================== ==========================
   mode      t < 0                      t = 0                 t > 0
   ========= ========================== ===================== ==========================
   half_up   m                          away from 0           m + 1
   half_even m                          the even one          m + 1
   floor     m - 1                      m                     m
   ceiling   m                          m                     m + 1
   down      m - 1 if m > 0, else m     m                     m + 1 if m < 0, else m
   up        m - 1 if m <= 0, else m    m                     m + 1 if m >= 0, else m
   ========= ========================== ===================== ==========================

3. ``E <= 1/2`` bounds x by 2^50, where adding 1.5 * 2^52 is ``rint`` and leaves the whole number in the low bits.
   Nothing is converted, so there is no conversion that could fail: any input, also infinite or NaN, gives some number.
   All sums and products wrap around. A helper may be computed for rows that do not use it.

Where D is a literal the quotient is taken as a product with its inverse.

Wide divisors (``rest_far``, also of more than 64 bits; ``d`` is D modulo 2^64): where x is farther from the point than
``off``, a number not below E, it lies on the side of N / D. Else ``abs(t) < 4 * off * D``, and ``off * D <= 2^60``
makes t fit a machine word again.

Great quotients (``rest_twice``): the first whole number, below 2^62, is off by ``E + 1`` at most, and
``(E + 1) * D <= 2^62`` makes the rest exact. The rest over D is estimated to within ``4 * 2^-53 * (E + 1)``, less than
1/2 as long as ``E + 1 <= 2^49``, and is rounded as above. Only a numerator whose terms cancel nearly wholly has a
greater E.
"""

from __future__ import annotations

from typing import Final

from llvmlite import ir

from kommres.dsl.backends.kernels.emit import F64, FLOAT, I64, INT, UINT, Helper, helper, whole

_SHIFT: Final = 1.5 * 2.0**52
_SHIFT_BITS: Final = 0x4338_0000_0000_0000
_HALF: Final = ir.Constant(F64, 0.5)


def is_half(mode: str) -> bool:
    """Whether a mode goes to the nearest number."""
    return mode.startswith("half")


def point(build: ir.IRBuilder, mode: str, x: ir.Value) -> tuple[ir.Value, ir.Value]:
    """Return m of the point next to ``x``, for ``abs(x) <= 2^51``, and how far x lies above the point."""
    x = build.fsub(x, _HALF) if is_half(mode) else x
    moved = build.fadd(x, ir.Constant(F64, _SHIFT))
    m = build.sub(build.bitcast(moved, I64), ir.Constant(I64, _SHIFT_BITS))
    return m, build.fsub(x, build.fsub(moved, ir.Constant(F64, _SHIFT)))


def side(build: ir.IRBuilder, mode: str, n: ir.Value, m: ir.Value, d: ir.Value) -> ir.Value:
    """Return t; ``n``, ``m`` and ``d`` are of one width."""
    rest = build.sub(n, build.mul(m, d))
    return build.sub(build.add(rest, rest), d) if is_half(mode) else rest


def settled(build: ir.IRBuilder, mode: str, m: ir.Value, t: ir.Value) -> ir.Value:
    """Return the rounded quotient from ``m`` (64 bits) and ``t`` (of any width)."""
    zero, none = ir.Constant(I64, 0), ir.Constant(t.type, 0)
    above, under = build.icmp_signed(">", t, none), build.icmp_signed("<", t, none)
    match mode:
        case "half_up_pos" if t.type == I64:  # the shift gives -1 where t < 0
            return build.add(build.add(m, ir.Constant(I64, 1)), build.ashr(t, ir.Constant(I64, 63)))
        case "half_up_pos":
            above, under = build.icmp_signed(">=", t, none), None
        case "half_up":
            least = build.lshr(m, ir.Constant(I64, 63))  # 1 where m < 0
            above, under = build.icmp_signed(">=", t, _widened(build, least, t)), None
        case "half_even":
            least = build.xor(build.and_(m, ir.Constant(I64, 1)), ir.Constant(I64, 1))  # 1 where m is even
            above, under = build.icmp_signed(">=", t, _widened(build, least, t)), None
        case "ceiling":
            under = None
        case "floor":
            above = None
        case "down":
            above = build.and_(above, build.icmp_signed("<", m, zero))
            under = build.and_(under, build.icmp_signed(">", m, zero))
        case "up":
            above = build.and_(above, build.icmp_signed(">=", m, zero))
            under = build.and_(under, build.icmp_signed("<=", m, zero))
    if above is not None:
        m = build.add(m, build.zext(above, I64))
    return m if under is None else build.sub(m, build.zext(under, I64))


def _widened(build: ir.IRBuilder, a: ir.Value, like: ir.Value) -> ir.Value:
    return a if like.type == a.type else build.zext(a, like.type)


def nearer(build: ir.IRBuilder, t: ir.Value, above: ir.Value, off: ir.Value) -> ir.Value:
    """Return t, or a number with the sign of ``above`` where the estimate is ``off`` away from the point at least."""
    size = build.bitcast(build.and_(build.bitcast(above, I64), ir.Constant(I64, (1 << 63) - 1)), F64)
    return build.select(build.fcmp_ordered(">", size, off), build.bitcast(above, I64), t)


def _over(build: ir.IRBuilder, f: ir.Value, d: ir.Value) -> ir.Value:
    """Estimate ``f / d``. As d > 0 it is converted without sign, which more processors do quickly."""
    if isinstance(d, ir.Constant) and d.constant > 0:
        return build.fmul(f, ir.Constant(F64, 1.0 / d.constant))
    return build.fdiv(f, build.uitofp(d, F64))


def _rest(mode: str) -> Helper:
    """Make the helper of tier T1: ``(n: uint64, f: float64, d: int64) -> int64``."""

    def write(build: ir.IRBuilder, n: ir.Value, f: ir.Value, d: ir.Value) -> ir.Value:
        m, _ = point(build, mode, _over(build, f, d))
        return settled(build, mode, m, side(build, mode, n, m, d))

    return helper(f"rest_{mode}", INT, (UINT, FLOAT, INT), write)


def _rest_far(mode: str) -> Helper:
    """Make the helper for wide divisors: ``(n: uint64, f: float64, d: uint64, fd: float64, off: float64) -> int64``."""

    def write(build: ir.IRBuilder, n: ir.Value, f: ir.Value, d: ir.Value, fd: ir.Value, off: ir.Value) -> ir.Value:
        m, above = point(build, mode, build.fdiv(f, fd))
        return settled(build, mode, m, nearer(build, side(build, mode, n, m, d), above, off))

    takes = (UINT, FLOAT, UINT, FLOAT, FLOAT)
    return helper(f"rest_far_{mode}", INT, takes, write)


def _rest_twice(mode: str) -> Helper:
    """Make the helper of tier T1+: ``(n: uint64, f: float64, d: int64) -> int64``."""

    def write(build: ir.IRBuilder, n: ir.Value, f: ir.Value, d: ir.Value) -> ir.Value:
        first = whole(build, _over(build, f, d))
        rest = build.sub(n, build.mul(first, d))
        m, _ = point(build, mode, _over(build, build.sitofp(rest, F64), d))
        return settled(build, mode, build.add(first, m), side(build, mode, rest, m, d))

    return helper(f"rest_twice_{mode}", INT, (UINT, FLOAT, INT), write)


def _word(mode: str) -> Helper:
    """Make the helper of tier T0: ``(n: int64, d: int64) -> int64``."""

    def write(build: ir.IRBuilder, n: ir.Value, d: ir.Value) -> ir.Value:
        f = build.uitofp(n, F64) if mode == "half_up_pos" else build.sitofp(n, F64)
        m, _ = point(build, mode, _over(build, f, d))
        return settled(build, mode, m, side(build, mode, n, m, d))

    return helper(f"word_{mode}", INT, (INT, INT), write)


# T0. `half_up_pos`, here and below: for N that is never below zero.
word_half_up = _word("half_up")
word_half_up_pos = _word("half_up_pos")
word_half_even = _word("half_even")
word_up = _word("up")
word_down = _word("down")
word_ceiling = _word("ceiling")
word_floor = _word("floor")

# T1
rest_half_up = _rest("half_up")
rest_half_up_pos = _rest("half_up_pos")
rest_half_even = _rest("half_even")
rest_up = _rest("up")
rest_down = _rest("down")
rest_ceiling = _rest("ceiling")
rest_floor = _rest("floor")

# T1+
rest_twice_half_up = _rest_twice("half_up")
rest_twice_half_up_pos = _rest_twice("half_up_pos")
rest_twice_half_even = _rest_twice("half_even")
rest_twice_up = _rest_twice("up")
rest_twice_down = _rest_twice("down")
rest_twice_ceiling = _rest_twice("ceiling")
rest_twice_floor = _rest_twice("floor")

# T1 with a wide divisor
rest_far_half_up = _rest_far("half_up")
rest_far_half_up_pos = _rest_far("half_up_pos")
rest_far_half_even = _rest_far("half_even")
rest_far_up = _rest_far("up")
rest_far_down = _rest_far("down")
rest_far_ceiling = _rest_far("ceiling")
rest_far_floor = _rest_far("floor")
