"""Values as quotients of whole numbers: what a machine computes in place of exact rationals, with bounds of each part.

A value is ``above / (below * scale)``: ``above`` and ``below`` are sums and products of scaled inputs, ``scale`` is a
number. A part whose value fits 63 bits is computed exactly in 64; of a wider one a machine holds the rest modulo a
power of two and a floating-point estimate, so three things are bounded beside its value: ``terms``, the sum of the
absolute values of its terms, ``roundings``, how often the estimate is rounded on its longest path, and whether terms
of different signs may cancel (``steady``: they may not).
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor, gcd, lcm
from typing import TYPE_CHECKING, TypeAlias

from attrs import evolve, field, frozen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kommres.dsl.plan.ranges import Range

#: What a signed machine word holds.
WORD = 1 << 63
#: Up to this a whole number is exact in a 64-bit floating-point number.
EXACT_FLOAT = 1 << 53


@frozen
class Leaf:
    """A value of a step that is read as it is.

    ``part``: ``value`` is the value x ``scale``; ``above`` and ``below`` are whole numbers whose quotient is that, and
    so are ``top`` and ``bottom``, in lowest terms or near them, of what is computed step by step.
    """

    step: int
    part: str
    scale: int = 1


@frozen(kw_only=True)
class Whole:
    """A whole number. ``op``: leaf, const, add, mul, neg, size (absolute value), sign (-1 or 1)."""

    op: str
    args: tuple[Whole, ...] = ()
    data: Leaf | int | None = None
    lo: int
    hi: int
    terms: int
    roundings: int
    steady: bool

    @property
    def most(self) -> int:
        """The greatest absolute value."""
        return max(abs(self.lo), abs(self.hi))

    @property
    def fits(self) -> bool:
        """Whether every value fits a signed 64-bit number."""
        return self.most < WORD


def _made(op: str, args: tuple[Whole, ...], lo: int, hi: int, terms: int, roundings: int, *, steady: bool) -> Whole:
    return _settled(
        Whole(op=op, args=args, lo=lo, hi=hi, terms=terms, roundings=roundings, steady=steady),
    )


def _settled(part: Whole) -> Whole:
    """Count a part that fits as one exact number: its estimate is rounded once, if at all."""
    if not part.fits:
        return evolve(part, terms=min(part.terms, part.most)) if part.steady else part
    return evolve(part, terms=part.most, roundings=int(part.most > EXACT_FLOAT), steady=True)


def const(value: int) -> Whole:
    """Return a constant."""
    return Whole(
        op="const",
        data=value,
        lo=value,
        hi=value,
        terms=abs(value),
        roundings=int(abs(value) > EXACT_FLOAT),
        steady=True,
    )


def leaf(data: Leaf, lo: int, hi: int, *, terms: int | None = None, roundings: int = 1, steady: bool = True) -> Whole:
    """Return a leaf; ``terms``, ``roundings`` and ``steady`` count where it does not fit a machine word."""
    most = max(abs(lo), abs(hi))
    return _settled(Whole(op="leaf", data=data, lo=lo, hi=hi, terms=terms or most, roundings=roundings, steady=steady))


ONE = const(1)


def add(parts: Sequence[Whole]) -> Whole:
    """Return a sum."""
    if len(parts) == 1:
        return parts[0]
    one_sided = all(p.lo >= 0 for p in parts) or all(p.hi <= 0 for p in parts)
    return _made(
        "add",
        tuple(parts),
        sum(p.lo for p in parts),
        sum(p.hi for p in parts),
        sum(p.terms for p in parts),
        max(p.roundings for p in parts) + len(parts) - 1,
        steady=one_sided and all(p.steady for p in parts),
    )


def mul(a: Whole, b: Whole) -> Whole:
    """Return a product; constants come first and are multiplied at once."""
    if b.op == "const":
        a, b = b, a
    if a.op == "const" and isinstance(a.data, int):
        if a.data == 1:
            return b
        if b.op == "const" and isinstance(b.data, int):
            return const(a.data * b.data)
        if b.op == "mul" and b.args[0].op == "const" and isinstance(b.args[0].data, int):
            return mul(const(a.data * b.args[0].data), b.args[1])
    elif b.op == "mul" and b.args[0].op == "const":
        return mul(b.args[0], mul(a, b.args[1]))
    elif a.op == "mul" and a.args[0].op == "const":
        return mul(a.args[0], mul(a.args[1], b))
    ends = [x * y for x in (a.lo, a.hi) for y in (b.lo, b.hi)]
    return _made(
        "mul",
        (a, b),
        min(ends),
        max(ends),
        a.terms * b.terms,
        a.roundings + b.roundings + 1,
        steady=a.steady and b.steady,
    )


def _neg(a: Whole) -> Whole:
    if a.op == "const" and isinstance(a.data, int):
        return const(-a.data)
    return _made("neg", (a,), -a.hi, -a.lo, a.terms, a.roundings, steady=a.steady)


def _over_constant(a: Whole, divisor: int) -> Whole:
    """Divide what has a constant factor."""
    if a.op == "const" and isinstance(a.data, int):
        return const(a.data // divisor)
    factor = a.args[0].data
    return mul(const(factor // divisor), a.args[1]) if isinstance(factor, int) else a


def _factor(a: Whole) -> int:
    """Return the constant factor of a part."""
    first = a.args[0] if a.op == "mul" else a
    return abs(first.data) if first.op == "const" and isinstance(first.data, int) else 1


@frozen(kw_only=True)
class Form:
    """A value as ``above / (below * scale)`` with ``below > 0``.

    ``mass``: bound of the sum of absolute terms over ``below * scale``, None where only the parts bound it.
    """

    above: Whole
    below: Whole = ONE
    scale: int = 1
    mass: Fraction | None = field(default=None, repr=False)

    @property
    def is_whole(self) -> bool:
        """Whether the divisor is a constant."""
        return self.below is ONE

    @property
    def bound(self) -> Fraction:
        """The sum of the absolute terms over the divisor, at most."""
        parts = Fraction(self.above.terms, self.below.lo * self.scale)
        return parts if self.mass is None else min(parts, self.mass)


@frozen
class Missing:
    """Why a value has no such form, and what would help."""

    why: str
    advice: str = ""


Shape: TypeAlias = Form | Missing


def fitted(form: Form, found: Range | None) -> Form:
    """Use what is known of the value: it bounds ``above``, and the mass where no terms cancel."""
    if found is None or found.most is None:
        return form
    above, below = form.above, form.below
    if form.is_whole:
        lo, hi = (found.lo or 0) * form.scale, (found.hi or 0) * form.scale
    else:
        reach = found.most * form.scale * below.hi
        lo, hi = (Fraction() if found.is_positive else -reach), reach
    low, high = max(above.lo, ceil(lo)), min(above.hi, floor(hi))
    if above.op != "const" and low <= high and (low, high) != (above.lo, above.hi):
        above = _settled(evolve(above, lo=low, hi=high))
    mass = form.mass
    if above.steady and below.steady:
        mass = found.most if mass is None else min(mass, found.most)
    return evolve(form, above=above, mass=mass)


def reduced(above: Whole, below: Whole, scale: int, mass: Fraction | None = None) -> Form:
    """Return a form with constants of the divisor in ``scale`` and no common constant factor."""
    constant = _factor(below)
    if constant > 1 or below.op == "const":
        below = ONE if below.op == "const" else _over_constant(below, constant)
        scale *= constant
    common = gcd(_factor(above), scale)
    if common > 1:
        above, scale = _over_constant(above, common), scale // common
    return Form(above=above, below=below, scale=scale, mass=mass)


def total(forms: Sequence[Form], signs: Sequence[int]) -> Form:
    """Return a sum with signs; terms over the same divisor are added first."""
    groups: list[tuple[Whole, list[Form]]] = []
    for form, sign in zip(forms, signs, strict=True):
        signed = form if sign > 0 else evolve(form, above=_neg(form.above))
        same = next((members for below, members in groups if _same(below, form.below)), None)
        if same is None:
            groups.append((form.below, [signed]))
        else:
            same.append(signed)
    scale = lcm(*(form.scale for form in forms))
    above, below = _aligned(groups[0][1], scale), groups[0][0]
    for other, members in groups[1:]:
        above = add((mul(above, other), mul(_aligned(members, scale), below)))
        below = mul(below, other)
    masses = [form.mass for form in forms]
    mass = sum((m for m in masses if m is not None), Fraction())
    usable = None not in masses and all(form.below.steady for form in forms)
    return reduced(above, below, scale, mass if usable else None)


def _aligned(forms: Sequence[Form], scale: int) -> Whole:
    return add([mul(const(scale // form.scale), form.above) for form in forms])


def _same(a: Whole, b: Whole) -> bool:
    return a is b or (a.op == "leaf" and b.op == "leaf" and a.data == b.data)


def product(forms: Sequence[Form]) -> Form:
    """Return a product."""
    found = forms[0]
    for form in forms[1:]:
        masses = found.mass, form.mass
        mass = None if masses[0] is None or masses[1] is None else masses[0] * masses[1]
        found = reduced(mul(found.above, form.above), mul(found.below, form.below), found.scale * form.scale, mass)
    return found


def scaled(form: Form, factor: Fraction) -> Form:
    """Return a multiple."""
    mass = None if form.mass is None else form.mass * abs(factor)
    return reduced(mul(const(factor.numerator), form.above), form.below, form.scale * factor.denominator, mass)


def quotient(form: Form, divisor: Form, by: Range) -> Form:
    """Return a quotient; ``by`` is the divisor's range without zero at its ends."""
    below, above = divisor.above, form.above
    if below.lo >= 0:
        below = below if below.lo > 0 or below.op == "const" else _settled(evolve(below, lo=1))
    elif below.hi <= 0:
        below, above = _neg(below if below.hi < 0 else _settled(evolve(below, hi=-1))), _neg(above)
    else:
        sign = _made("sign", (below,), -1, 1, 1, 0, steady=True)
        above = mul(sign, above)
        below = _made("size", (below,), 1, below.most, below.terms, below.roundings, steady=below.steady)
    known = form.mass is not None and by.inverse is not None and divisor.below.steady
    mass = (form.mass or 0) * (by.inverse or 0) if known else None
    above = mul(const(divisor.scale), mul(above, divisor.below))
    return reduced(above, mul(form.below, below), form.scale, None if mass is None else Fraction(mass))


def selected(step: int, shapes: Sequence[Shape], found: Range, *, partial: bool = False) -> Shape:
    """Return the form of a step that takes one of several values: leaves that hold any of them.

    ``partial``: those that have no form do not count, unless none has one.
    """
    forms = [shape for shape in shapes if isinstance(shape, Form)]
    if len(forms) < len(shapes) and not (partial and forms):
        return next(shape for shape in shapes if isinstance(shape, Missing))
    scale = lcm(*(form.scale for form in forms))
    tops = [mul(const(scale // form.scale), form.above) for form in forms]
    whole = all(form.is_whole for form in forms)
    above = leaf(
        Leaf(step, "value" if whole else "above", scale),
        min(t.lo for t in tops),
        max(t.hi for t in tops),
        terms=max(t.terms for t in tops),
        roundings=max(t.roundings for t in tops),
        steady=all(t.steady for t in tops),
    )
    masses = [form.mass for form in forms]
    mass = None if None in masses else max(m for m in masses if m is not None)
    if whole:
        return fitted(Form(above=above, scale=scale, mass=mass), found)
    bottoms = [form.below for form in forms]
    below = leaf(
        Leaf(step, "below", scale),
        min(b.lo for b in bottoms),
        max(b.hi for b in bottoms),
        terms=max(b.terms for b in bottoms),
        roundings=max(b.roundings for b in bottoms),
        steady=all(b.steady for b in bottoms),
    )
    return fitted(Form(above=above, below=below, scale=scale, mass=mass), found)


#: Bounds of both parts of a quotient in its lowest terms.
_TOP, _BOTTOM = (1 << 62) - 1, 1 << 56


def in_lowest_terms(step: int, found: Range, deepest: int = _BOTTOM, days: int = 1) -> Form | None:
    """Return a value in its lowest terms, whose parts are assumed to be no greater.

    ``days``: what the divisor, which is ``deepest`` at most, is multiplied with, at most.
    """
    if found.most is None:
        return None
    reach = min(_TOP, floor(found.most * deepest))
    above = leaf(Leaf(step, "top"), 0 if found.is_positive else -reach, reach)
    return Form(above=above, below=leaf(Leaf(step, "bottom"), 1, deepest * days), mass=found.most)


def on_grid(step: int, found: Range, what: str) -> Shape:
    """Return the form of a value that is read as a whole number of its grid."""
    if found.grid is None:
        return Missing(f"{what} has no known number of decimals", f"declare a step for {what}")
    if found.lo is None or found.hi is None:
        return Missing(f"{what} has an open end", f"declare a range for {what}")
    lo, hi = ceil(found.lo * found.grid), floor(found.hi * found.grid)
    if max(abs(lo), abs(hi)) >= WORD:
        return Missing(f"{what} needs more than 63 bits", f"declare a narrower range or a coarser step for {what}")
    return fitted(Form(above=leaf(Leaf(step, "value", found.grid), lo, hi), scale=found.grid, mass=found.most), found)
