"""What is known where a step is computed: which conditions hold on every way to it, and what they say of its arguments.

A step may be read in several places, so of each only those conditions count that hold in all of them. A condition is
known of one frame: inside an aggregate it says nothing of the rows that the aggregate goes through, inside a sum over
slices nothing of what changes from day to day, in a past month nothing at all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from attrs import define, field, frozen

from kommres.dsl.plan.nodes import Gather, Op, SourcePlan, Step
from kommres.dsl.plan.payload import payload
from kommres.dsl.plan.ranges import Range, hull

if TYPE_CHECKING:
    from kommres.dsl.plan.nodes import DefinitionPlan

#: Steps that are conditions, with what they came to.
Facts: TypeAlias = frozenset[tuple[int, bool]]
NONE: Facts = frozenset()

#: Readers of a row that a slot holds, with the place of the slot in the payload.
_SLOT_AT = {Op.INPUT: 1, Op.RULE: 1, Op.CHARGED: 1, Op.OPTION: 1, Op.FIELD: 0, Op.INTERVAL: 0}
_OPPOSITE = {"=": "!=", "!=": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_TURNED = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


@frozen
class Slices:
    """Which sums over slices a step stands in: ``over`` are those with a span of their own, ``month`` means others."""

    month: bool = False
    over: frozenset[int] = frozenset()

    def __or__(self, other: Slices) -> Slices:
        return Slices(self.month or other.month, self.over | other.over)


@define
class Places:
    """For each step of a definition the facts that hold wherever it is computed, and the slices that it sees.

    ``moving``: whether its value may differ between days of the period; ``sliced``: whether it is about the slice.
    """

    steps: Sequence[Step]
    facts: list[Facts | None] = field(init=False)
    slices: list[Slices] = field(init=False)
    moving: list[bool] = field(init=False)
    sliced: list[bool] = field(init=False)
    slots: list[int] = field(init=False)
    conditions: list[int] = field(init=False)  # steps that a condition compares, as bits

    def __attrs_post_init__(self) -> None:
        self.facts = [None] * len(self.steps)
        self.slices = [Slices()] * len(self.steps)
        self.moving, self.sliced, self.slots, self.conditions = [], [], [], []
        for step in self.steps:
            below = range(0) if not step.args else step.args
            about_day = step.varies or (step.op is Op.PERIOD and payload(step)[0] == "day")
            self.sliced.append(step.op is Op.SLICE or any(self.sliced[a] for a in _outside(step)))
            own = about_day or self.sliced[-1]
            self.moving.append(own or any(self.moving[a] for a in on_its_day(step)))
            slots = _slot(step)
            for a in below:
                slots |= self.slots[a]
            self.slots.append(slots)
            about = 0
            if step.op is Op.COMPARE:
                about = 1 << step.args[0] | 1 << step.args[1]
            elif step.op in {Op.AND, Op.OR, Op.NOT}:
                for a in below:
                    about |= self.conditions[a]
            self.conditions.append(about)

    def of(self, number: int) -> Facts:
        """Return the facts that hold where a step is computed."""
        return self.facts[number] or NONE

    # walking up ------------------------------------------------------------------------------------------

    def reach(self, number: int, facts: Facts, slices: Slices | None = None) -> None:
        """Say that a step is computed under these facts, beside where it was known to be computed."""
        known = self.facts[number]
        self.facts[number] = facts if known is None else known & facts
        if slices is not None:
            self.slices[number] |= slices

    def spread(self) -> None:
        """Hand the facts of every step that is computed on to its arguments."""
        for number in reversed(range(len(self.steps))):
            if self.facts[number] is not None:
                self._hand_on(number, self.of(number), self.slices[number])

    def _hand_on(self, number: int, facts: Facts, slices: Slices) -> None:
        step = self.steps[number]
        match step.op:
            case Op.IF:
                condition, then, otherwise = step.args
                self.reach(condition, facts, slices)
                self.reach(then, facts | {(condition, True)}, slices)
                self.reach(otherwise, facts | {(condition, False)}, slices)
            case Op.AND | Op.OR:
                for a in step.args:
                    self.reach(a, facts, slices)
                    facts |= {(a, step.op is Op.AND)}
            case Op.EDGE:
                self.reach(step.args[0], self._steady(facts), slices)
            case Op.MEAN_DAYS:
                self.reach(step.args[0], self._steady(facts), Slices(month=True))
            case Op.OVER_SLICES:
                self._slices(number, step, facts, slices)
            case Op.AGGREGATE if isinstance(step.data, Gather):
                self._aggregate(step.data, facts, slices)
            case _:
                for a in step.args:
                    self.reach(a, facts, slices)

    def _slices(self, number: int, step: Step, facts: Facts, slices: Slices) -> None:
        has_span, _ = payload(step)
        value, *rest = step.args
        inner = Slices(over=frozenset({number})) if has_span else Slices(month=True)
        for a in rest[:2] if has_span else ():
            self.reach(a, facts, slices)
        for a in (value, *(rest[2:] if has_span else rest)):
            self.reach(a, self._steady(facts), inner)

    def _aggregate(self, gather: Gather, facts: Facts, slices: Slices) -> None:
        inner = self.inside(gather, facts)
        for _, source in gather.binders:
            for read in source_steps(source):
                self.reach(read, inner, slices)
        if gather.where is not None:
            self.reach(gather.where, inner, slices)
            inner |= {(gather.where, True)}
        for number in (gather.value, gather.by):
            if number is not None:
                self.reach(number, inner, slices)

    def inside(self, gather: Gather, facts: Facts) -> Facts:
        """Return what of some facts still holds of an aggregate's items."""
        if any(source.kind == "months" for _, source in gather.binders):
            return NONE
        if any(has_days(source) for _, source in gather.binders):
            facts = self._steady(facts)
        bound = 0
        for slot, _ in gather.binders:
            bound |= 1 << slot
        return frozenset(f for f in facts if not self.slots[f[0]] & bound)

    def _steady(self, facts: Facts) -> Facts:
        return frozenset(f for f in facts if not self.moving[f[0]])

    # reading ---------------------------------------------------------------------------------------------

    def narrowed(self, number: int, found: Range, facts: Facts, others: Callable[[int], Range | None]) -> Range | None:
        """Return what is left of a step's range under facts; None: it cannot come to be computed there.

        ``others`` gives the ranges of the steps with which it is compared, None where they are not known yet.
        """
        left: Range | None = found
        for condition, holds in facts:
            if left is not None and self.conditions[condition] >> number & 1:
                left = self._narrowed(number, left, condition, others, holds=holds)
        return left

    def _narrowed(
        self, number: int, found: Range, condition: int, others: Callable[[int], Range | None], *, holds: bool
    ) -> Range | None:
        step = self.steps[condition]
        match step.op:
            case Op.COMPARE:
                return _compared(number, found, step, others, holds=holds)
            case Op.NOT:
                return self._narrowed(number, found, step.args[0], others, holds=not holds)
            case Op.AND | Op.OR if (step.op is Op.AND) == holds:
                left: Range | None = found
                for a in step.args:
                    left = None if left is None else self._narrowed(number, left, a, others, holds=holds)
                return left
            case Op.AND | Op.OR:
                return hull(self._narrowed(number, found, a, others, holds=holds) for a in step.args)
            case _:
                return found

    def members(self, number: int, facts: Facts) -> frozenset[object] | None:
        """Return the constants that a key can be under facts; None where any is possible."""
        step = self.steps[number]
        if step.op is Op.CONST:
            return frozenset({step.data})
        found = [self._members(number, c, holds=holds) for c, holds in facts if self.conditions[c] >> number & 1]
        known = [m for m in found if m is not None]
        return frozenset.intersection(*known) if known else None

    def _members(self, number: int, condition: int, *, holds: bool) -> frozenset[object] | None:
        step = self.steps[condition]
        match step.op:
            case Op.COMPARE if holds and step.data == "=" and number in step.args:
                other = self.steps[step.args[1] if step.args[0] == number else step.args[0]]
                return frozenset({other.data}) if other.op is Op.CONST else None
            case Op.NOT:
                return self._members(number, step.args[0], holds=not holds)
            case Op.AND | Op.OR:
                parts = [self._members(number, a, holds=holds) for a in step.args]
                known = [m for m in parts if m is not None]
                if (step.op is Op.AND) == holds:
                    return frozenset.intersection(*known) if known else None
                return frozenset.union(*known) if len(known) == len(parts) else None
            case _:
                return None


def _compared(
    number: int, found: Range, step: Step, others: Callable[[int], Range | None], *, holds: bool
) -> Range | None:
    left, right = step.args
    if left == right or number not in step.args:
        return found
    other = others(right if number == left else left)
    if other is None:
        return found
    op = str(step.data) if holds else _OPPOSITE[str(step.data)]
    op = op if number == left else _TURNED[op]
    since_low, since_high = other.since
    narrow: Range | None = found
    if op == "!=":
        constant = other.constant
        if constant is not None and constant == found.lo:
            narrow = found.above(constant, out=True)
        if constant is not None and constant == found.hi and narrow is not None:
            narrow = narrow.below(constant, out=True)
        return narrow
    if op in {"=", ">", ">="}:
        narrow = found.above(other.lo, out=op == ">")
        narrow = None if narrow is None else narrow.counted(since_low, None)
    if op in {"=", "<", "<="} and narrow is not None:
        narrow = narrow.below(other.hi, out=op == "<")
        narrow = None if narrow is None else narrow.counted(None, since_high)
    return narrow


def has_days(source: SourcePlan) -> bool:
    """Whether behind a binder of this source the current day is that of its interval."""
    while source.of is not None:
        source = source.of
    return source.kind in {"intervals", "days"}


def source_steps(source: SourcePlan) -> tuple[int, ...]:
    """Return the steps that a source reads."""
    inner = () if source.of is None else source_steps(source.of)
    return (*inner, *source.args, *(() if source.where is None else (source.where,)))


def _outside(step: Step) -> Sequence[int]:
    """Return the arguments of a step that are computed on its day and in its slice."""
    match step.op:
        case Op.OVER_SLICES:
            return step.args[1:3] if payload(step)[0] else ()
        case Op.MEAN_DAYS:
            return ()
    return step.args


def on_its_day(step: Step) -> Sequence[int]:
    """Return what of the arguments is computed on a step's own day: edges, slices and intervals bind their own."""
    if step.op is Op.EDGE:
        return ()
    if isinstance(step.data, Gather) and any(has_days(source) for _, source in step.data.binders):
        return [number for _, source in step.data.binders for number in source_steps(source)]
    return _outside(step)


def _slot(step: Step) -> int:
    """Return the slot that a step reads, as a bit."""
    if step.op is Op.VAR:
        bit: int = 1 << payload(step)
        return bit
    if step.op is Op.SERIES:
        _, row, _, at, _ = payload(step)
        both: int = 1 << at | (0 if row is None else 1 << row)
        return both
    place = _SLOT_AT.get(step.op)
    read: int = 0 if place is None else 1 << payload(step)[place]
    return read


def roots(definition: DefinitionPlan) -> Places:
    """Find where the steps of a definition are computed, from its conditions and bodies on."""
    places = Places(definition.steps)
    always: Facts = NONE
    for number in (definition.applies, definition.when):
        if number is not None:
            places.reach(number, always)
        always |= _holding(definition, number)
    for number in (definition.volume, definition.price):
        if number is not None:
            places.reach(number, NONE)
    for index in definition.order:
        alternative = definition.alternatives[index]
        own = always
        for conditions in (alternative.conditions, *(s.conditions for s in alternative.suppressions)):
            own = always
            for number in conditions:
                places.reach(number, own)
                own |= {(number, True)}
        places.reach(alternative.body, body_facts(definition, index))
    places.spread()
    return places


def _holding(definition: DefinitionPlan, number: int | None) -> Facts:
    """Return that a condition of a definition holds; ``when`` is a charge's."""
    tested = number is not None and (number != definition.when or definition.rule.is_charge)
    return frozenset({(number, True)}) if tested and number is not None else NONE


def body_facts(definition: DefinitionPlan, index: int) -> Facts:
    """Return what holds where the body of an alternative is computed.

    Its own conditions; those of the definition; and no alternative that is tested before it holds.
    """
    facts = [*_holding(definition, definition.applies), *_holding(definition, definition.when)]
    facts += [(n, True) for n in definition.alternatives[index].conditions]
    for stronger in definition.order:
        if stronger == index:
            break
        other = definition.alternatives[stronger]
        if other.start is other.until is None and not other.suppressions and len(other.conditions) == 1:
            facts.append((other.conditions[0], False))
    return frozenset(facts)
