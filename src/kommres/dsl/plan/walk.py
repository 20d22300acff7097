"""The walk over the steps of one definition: what is known of each, from what is known of its arguments."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import ceil, floor
from typing import TYPE_CHECKING

from attrs import define, evolve, field

from kommres.dsl.bound.nodes import Override
from kommres.dsl.plan.facts import Facts, Places
from kommres.dsl.plan.forms import Form, Missing, Shape, fitted, in_lowest_terms, on_grid
from kommres.dsl.plan.nodes import Op, Plan, Step
from kommres.dsl.plan.payload import payload
from kommres.dsl.plan.proofs import Assumptions, Guard
from kommres.dsl.plan.ranges import Range
from kommres.dsl.plan.relations import Binders, Part, Weighed, binders
from kommres.dsl.plan.sources import LAST_DAY, difference, table
from kommres.dsl.plan.tiers import RoundProof

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kommres.dsl.bound.nodes import Key, Param

#: Numbers with more bits are given up: a bound may grow with every rule that reads another.
_MOST_BITS = 1024
#: Quotients with more bits are not rounded, as they stand, by any arithmetic.
_ROUNDED_BITS = 190
#: Steps that join others, which are computed in lowest terms one after the other.
_JOINED = frozenset({Op.SCALE, Op.ADD, Op.MUL, Op.DIV, Op.IF, Op.ELSE, Op.EDGE, Op.CALL, Op.RULE})
#: Kinds of values that are whole numbers of days, seconds or of a unit.
NUMERIC = frozenset({"number", "date", "instant"})

NO_VALUE = Missing("it never has a value")


@define(kw_only=True)
class Outcome:
    """What other definitions know of a definition. ``part``: what it adds up over its children."""

    range: Range | None
    shape: Shape
    part: Part | None


@define(kw_only=True)
class Known:
    """What all walks share; ``outcomes`` grows definition by definition.

    ``elsewhere``: numbers of definitions that rows other than their own read.
    """

    plan: Plan
    assumed: Assumptions
    overrides: Sequence[Override] = ()
    elsewhere: frozenset[int] = frozenset()
    outcomes: dict[int, Outcome] = field(factory=dict)

    def part(self, number: int) -> Part | None:
        """Return what a definition adds up over its children."""
        outcome = self.outcomes.get(number)
        return None if outcome is None else outcome.part


@define(kw_only=True)
class Walk:
    """Fills ``ranges`` and ``shapes`` step by step.

    ``weighed``: parts of sums whose weights add up to a known total.
    """

    known: Known
    steps: Sequence[Step]
    places: Places
    ranges: list[Range | None] = field(init=False)
    shapes: list[Shape | None] = field(init=False)
    weighed: list[Weighed | None] = field(init=False)
    done: list[bool] = field(init=False)
    rounds: list[RoundProof] = field(factory=list)
    comparisons: dict[int, int | None] = field(factory=dict)
    guards: list[Guard] = field(factory=list)
    binders: Binders = field(init=False)
    in_months: bool = field(init=False)
    names: list[str] = field(init=False)

    def __attrs_post_init__(self) -> None:
        count = len(self.steps)
        self.ranges, self.shapes, self.weighed = [None] * count, [None] * count, [None] * count
        self.done = [False] * count
        self.binders = binders(self.steps)
        self.in_months = any(s.kind == "months" for found in self.binders.values() for s in found)
        self.names = [" ".join(s.span.text.split())[:60] if s.span is not None else s.op.value for s in self.steps]

    # running ---------------------------------------------------------------------------------------------

    def run(self, operations: dict[Op, Callable[[Walk, int, Step], None]]) -> None:
        """Go through all steps: constants first, then spans, which slices need, then the rest in order."""
        constants = [n for n, step in enumerate(self.steps) if step.op is Op.CONST]
        for number in (*constants, *self._spans(), *range(len(self.steps))):
            if not self.done[number]:
                step = self.steps[number]
                operations.get(step.op, _nothing)(self, number, step)
                self.done[number] = True

    def _spans(self) -> list[int]:
        """Return the steps that spans of sums over slices need, in order."""
        needed: set[int] = set()
        waiting = [a for s in self.steps if s.op is Op.OVER_SLICES and payload(s)[0] for a in s.args[1:3]]
        while waiting:
            number = waiting.pop()
            if number not in needed:
                needed.add(number)
                waiting += self.steps[number].args
        return sorted(needed)

    # reading ---------------------------------------------------------------------------------------------

    def range_of(self, number: int, facts: Facts) -> Range | None:
        """Return the range of a step where it is read under facts; None: it has no value there."""
        found = self.ranges[number]
        return None if found is None else self.places.narrowed(number, found, facts, self._other)

    def _other(self, number: int) -> Range | None:
        return self.ranges[number] if self.done[number] else None

    def shape_of(self, number: int, facts: Facts) -> Shape:
        """Return the quotient that a step is where it is read under facts."""
        shape, found = self.shapes[number], self.range_of(number, facts)
        if shape is None or found is None:
            return NO_VALUE
        return fitted(shape, found) if isinstance(shape, Form) else shape

    def arguments(self, number: int) -> list[Range] | None:
        """Return the ranges of a step's arguments where it reads them; None if one never has a value."""
        facts = self.places.of(number)
        found = [self.range_of(a, facts) for a in self.steps[number].args]
        known = [r for r in found if r is not None]
        return known if len(known) == len(found) else None

    def forms(self, numbers: Iterable[int], facts: Facts) -> list[Form] | Missing:
        """Return the quotients of some steps, or why one of them has none."""
        found: list[Form] = []
        for number in numbers:
            shape = self.shape_of(number, facts)
            if isinstance(shape, Missing):
                return shape
            found.append(shape)
        return found

    def span(self, number: int) -> int:
        """Return the most days that the span of a sum over slices has."""
        facts = self.places.of(number)
        start, end = (self.range_of(a, facts) for a in self.steps[number].args[1:3])
        if start is None or end is None:
            return LAST_DAY
        most = difference(end, start).hi
        return LAST_DAY if most is None else max(1, floor(most))

    def rows(self, position: int, keys: Sequence[int], facts: Facts, *, bracket: int | None = None) -> list[Fraction]:
        """Return the values that a look-up may give.

        ``keys`` are steps; at the place ``bracket`` the table has a key that the look-up leaves out.
        """
        param = self.known.plan.params[position]
        named = zip(keys, _named(param, bracket), strict=True)
        fits = [self._key(number, facts, bracket=key.bracket) for number, key in named]
        if bracket is not None:
            fits.insert(bracket, lambda _: True)
        return table(param, fits, self.known.overrides)

    def _key(self, number: int, facts: Facts, *, bracket: bool) -> Callable[[object], bool]:
        """Return a test of a key: whether the step that is looked up can be it."""
        members = self.places.members(number, facts)
        if not bracket:
            return lambda key: members is None or key in members
        found = self.range_of(number, facts) or Range()
        return lambda ends: _meets(found, ends)

    # writing ---------------------------------------------------------------------------------------------

    def put(self, number: int, found: Range | None, shape: Shape | None, weighed: Weighed | None = None) -> None:
        """Write down what is known of a step."""
        if found is None:
            return
        found = _bounded(found)
        if shape is None:
            shape = on_grid(number, found, f"`{self.names[number]}`")
        self.ranges[number] = found
        self.shapes[number] = self._held(number, fitted(shape, found), found) if isinstance(shape, Form) else shape
        self.weighed[number] = weighed

    def _held(self, number: int, form: Form, found: Range) -> Shape:
        """Give a quotient up whose parts are beyond any machine, and take it in its lowest terms where that helps."""
        bits = max(form.above.terms.bit_length(), form.below.hi.bit_length(), form.scale.bit_length())
        wide = max(bits, form.below.hi.bit_length() + form.scale.bit_length()) > _ROUNDED_BITS
        if wide and self.steps[number].op in _JOINED and self.known.assumed.partial:
            lowest = in_lowest_terms(number, found)
            if lowest is not None:
                return lowest
        if bits > _MOST_BITS // 2:
            return Missing(f"its quotient has parts of {bits} bits", "round intermediate values")
        return form

    def guard(self, number: int, kind: str, found: Range) -> None:
        """Write down a test of each row."""
        self.guards.append(Guard(step=number, kind=kind, range=found))


def _nothing(_walk: Walk, _number: int, _step: Step) -> None:
    """Leave a step out that is no number."""


def _named(param: Param, bracket: int | None) -> list[Key]:
    return [key for place, key in enumerate(param.keys) if place != bracket]


def _meets(found: Range, ends: object) -> bool:
    """Whether a bracket holds some value of a range."""
    low, high = ends if isinstance(ends, tuple) else (None, None)
    narrow = found if low is None else found.above(Fraction(low))
    return narrow is not None and (high is None or narrow.below(Fraction(high)) is not None)


def _bounded(found: Range) -> Range:
    """Open ends that are beyond any machine, and shorten long fractions outwards."""
    lo, hi = found.lo, found.hi
    if lo is not None and _long(lo):
        lo = None if lo.numerator.bit_length() - lo.denominator.bit_length() > _MOST_BITS // 2 else _cut(lo, floor)
    if hi is not None and _long(hi):
        hi = None if hi.numerator.bit_length() - hi.denominator.bit_length() > _MOST_BITS // 2 else _cut(hi, ceil)
    return evolve(found, lo=lo, hi=hi)


def _long(value: Fraction) -> bool:
    return value.numerator.bit_length() > _MOST_BITS or value.denominator.bit_length() > _MOST_BITS


def _cut(value: Fraction, towards: Callable[[Fraction], int]) -> Fraction:
    return Fraction(towards(value * (1 << 256)), 1 << 256)
