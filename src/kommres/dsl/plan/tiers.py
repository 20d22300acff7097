"""Which arithmetic can take a rounding exactly: the conditions stand here and nowhere else.

A rounding is a whole number near ``N / D``. A machine estimates the quotient in floating point, takes the exact rest
``N - q * D`` modulo a power of two, and corrects ``q`` by one. With ``k`` roundings on the longest path of the estimate
(numerator, divisor and five more), ``u = 2^-53`` and ``Q`` the bound of the sum of N's absolute terms over D, the
estimate is off by ``E <= k * u * Q`` at most.

====  =====================================================  ================================================
tier  holds where                                            arithmetic
====  =====================================================  ================================================
T0    N fits 63 bits and sign, D <= 2^61, E <= 1/2           64-bit integers
T1    D <= 2^61, E <= 1/2                                    rests modulo 2^64 beside the estimate
T1w   E <= 1/2, E * D <= 2^60                                the same, of D too: a rest and an estimate
T1+   (E + 1) * D <= 2^62, E + 1 <= 2^49, quotient < 2^62    T1 with a second correction
T2    D <= 2^125, E <= 1/2                                   rests modulo 2^128
T2+   (E + 1) * D <= 2^126, E + 1 <= 2^49, quotient < 2^62   T2 with a second correction
====  =====================================================  ================================================

The second correction is about a rest over D, whose estimate is off by ``4 * u * (E + 1)``: with a greater E, where the
terms of N cancel almost wholly, it would be no better than the first.

All other roundings are the interpreter's. Except in T1w, ``D`` is exact and its floating-point value is taken from that
exact number. Parts of N, and in T1w of D, that fit a machine word are computed exactly before they enter the estimate.
"""

from __future__ import annotations

from enum import StrEnum
from fractions import Fraction
from math import floor, gcd
from typing import TYPE_CHECKING

from attrs import field, frozen

from kommres.dsl.plan.forms import Leaf, Missing, Shape, Whole, const, mul, scaled
from kommres.dsl.plan.roundings import Rounding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kommres.dsl.plan.ranges import Range


#: Far below what a 64-bit floating-point number holds.
_MOST_BITS = 1000
#: The first of two corrections must come as near as this.
_MOST_OFF = 2**49


class Tier(StrEnum):
    """Arithmetic that a rounding needs, the fastest first."""

    WORD = "T0"
    REST = "T1"
    REST_FAR = "T1w"
    REST_TWICE = "T1+"
    WIDE = "T2"
    WIDE_TWICE = "T2+"
    INTERPRETER = "interpreter"


@frozen(kw_only=True)
class RoundProof:
    """What is proved of one step that rounds: it is the whole number near ``numerator / denominator``.

    ``terms``: bound of the sum of the numerator's absolute terms; ``quotient``: bound of the result's absolute value,
    in steps of the rounding; ``off``: bound of the estimate's error, in those steps. Numbers and parts are None where
    there is no such quotient. ``why`` says for people which condition decided, ``advice`` what would bring a rounding
    of the interpreter into a tier.
    """

    step: int
    rounding: Rounding
    tier: Tier
    numerator: Whole | None = field(default=None, repr=False)
    denominator: Whole | None = field(default=None, repr=False)
    terms: int | None = None
    numerator_bits: int | None = None
    denominator_bits: int | None = None
    quotient: int | None = None
    off: Fraction | None = field(default=None, repr=False)
    positive: bool = False  # the numerator is never below zero
    why: str = ""
    advice: str = ""


def prove_round(step: int, rounding: Rounding, shape: Shape, found: Range, names: Sequence[str]) -> RoundProof:
    """Choose the tier of a rounding.

    Parameters
    ----------
    step
        Its number.
    rounding
        How it rounds.
    shape
        What is rounded, as a quotient of whole numbers.
    found
        The range of what is rounded.
    names
        What each step of the definition is called, for the advice.
    """
    if isinstance(shape, Missing):
        return RoundProof(step=step, rounding=rounding, tier=Tier.INTERPRETER, why=shape.why, advice=shape.advice)
    form = scaled(shape, 1 / rounding.step)
    above, below = form.above, mul(const(form.scale), form.below)
    most = Fraction(above.most, below.lo) if found.most is None else found.most / rounding.step
    off = (above.roundings + below.roundings + 5) * form.bound / 2**53
    tier, why = _tier(above, below, off, most)
    return RoundProof(
        step=step,
        rounding=rounding,
        tier=tier,
        numerator=above,
        denominator=below,
        terms=above.terms,
        numerator_bits=above.terms.bit_length(),
        denominator_bits=below.hi.bit_length(),
        quotient=floor(most) + 1,
        off=off,
        positive=above.lo >= 0,
        why=why,
        advice="" if tier is not Tier.INTERPRETER else _advice(above, below, names, near=most + 1 < 2**62),
    )


def _tier(above: Whole, below: Whole, off: Fraction, most: Fraction) -> tuple[Tier, str]:
    once, twice, near = off <= Fraction(1, 2), off + 1 <= _MOST_OFF, most + 1 < 2**62
    small = below.hi
    if max(part.most for one in (above, below) for part in _parts(one)).bit_length() > _MOST_BITS:
        return Tier.INTERPRETER, f"a part of it may have more than {_MOST_BITS} bits"
    if above.fits and small <= 2**61 and once:
        return Tier.WORD, "the numerator fits a machine word"
    if small <= 2**61 and once:
        return Tier.REST, "the divisor fits a machine word and the estimate is off by half at most"
    if below.steady and once and off * small <= 2**60:
        return Tier.REST_FAR, "the divisor needs more than 61 bits and the estimate is close"
    if (off + 1) * small <= 2**62 and twice and near:
        return Tier.REST_TWICE, "the quotient is too great for one correction"
    if small <= 2**125 and once:
        return Tier.WIDE, "the divisor needs more than 61 bits"
    if (off + 1) * small <= 2**126 and twice and near:
        return Tier.WIDE_TWICE, "the divisor needs more than 61 bits and the quotient more than one correction"
    if not near:
        return Tier.INTERPRETER, f"the result may have {(floor(most) + 1).bit_length()} bits, 62 is the most"
    if not twice:
        return Tier.INTERPRETER, f"terms of {above.terms.bit_length()} bits may cancel almost wholly in the numerator"
    return Tier.INTERPRETER, (
        f"numerator {above.terms.bit_length()} bits, divisor {below.hi.bit_length()} bits,"
        f" quotient {(floor(most) + 1).bit_length()} bits"
    )


def _advice(above: Whole, below: Whole, names: Sequence[str], *, near: bool) -> str:
    """Say what to narrow: the greatest factor of a quotient that is too great, the finest part of a divisor."""
    tops = [(leaf, leaf.data) for leaf in _leaves(above) if isinstance(leaf.data, Leaf)]
    if not near:
        if not tops:
            return ""
        top, data = max(tops, key=lambda pair: Fraction(pair[0].most, pair[1].scale))
        most = floor(Fraction(top.most, data.scale))
        return f"declare a narrower range for `{names[data.step]}`, which may be {_rough(most)}"
    parts = [(data.scale.bit_length(), data) for _, data in tops]
    parts += [(leaf.most.bit_length(), leaf.data) for leaf in _leaves(below) if isinstance(leaf.data, Leaf)]
    if not parts:
        return ""
    bits, data = max(parts, key=lambda pair: pair[0])
    if data.part == "value" and data in [data for _, data in tops]:
        return f"declare a coarser step for `{names[data.step]}`, or round it first: it is in steps of 1/{data.scale}"
    return f"round `{names[data.step]}` first: it is a quotient whose divisor has {bits} bits"


def _rough(value: int) -> str:
    return str(value) if value < 10**9 else f"10^{len(str(value)) - 1}"


def _leaves(part: Whole) -> list[Whole]:
    return [one for one in _parts(part) if one.op == "leaf"]


def _parts(part: Whole) -> list[Whole]:
    """Return a number and all that it is made of."""
    found: dict[int, Whole] = {}
    waiting = [part]
    while waiting:
        one = waiting.pop()
        if id(one) not in found:
            found[id(one)] = one
            waiting += one.args
    return list(found.values())


def compared_bits(left: Shape, right: Shape) -> int | None:
    """Return the bits of both sides of a comparison, multiplied out; None where one of them has no such form."""
    if isinstance(left, Missing) or isinstance(right, Missing):
        return None
    common = gcd(left.scale, right.scale)
    one = left.above.most * right.below.hi * (right.scale // common)
    other = right.above.most * left.below.hi * (left.scale // common)
    return max(one, other).bit_length()
