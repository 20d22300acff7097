"""What holds between values: parts of a month or of an interval that add up, parts no greater than their whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from attrs import evolve, frozen

from kommres.dsl.bound.nodes import Event, Grid, Input
from kommres.dsl.plan.nodes import Gather, Op
from kommres.dsl.plan.ranges import Range, exactly, hull, whole
from kommres.dsl.plan.sources import MONTH_SECONDS, intervals

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from fractions import Fraction

    from kommres.dsl.plan.nodes import DefinitionPlan, SourcePlan, Step
    from kommres.dsl.plan.roundings import Rounding

ZERO = exactly(0)
#: The weight of a slice; the weight of an interval is known by the slot that holds it.
SLICE = -1


@frozen
class Weighed:
    """A value ``weight * rate + error``. Weights add up to a known total: slices to the month, intervals to the period.

    ``weight`` is :data:`SLICE` (in months) or the slot of an interval (in days or seconds).
    """

    weight: int
    rate: Range
    error: Range

    def times(self, other: Range) -> Weighed:
        """Multiply by a value."""
        return Weighed(self.weight, self.rate * other, self.error * other)

    def over(self, other: Range) -> Weighed:
        """Divide by a value."""
        return Weighed(self.weight, self.rate.over(other), self.error.over(other))

    def rounded(self, rounding: Rounding) -> Weighed:
        """Round."""
        low, high = rounding.error
        if rounding.counts:
            return self.over(exactly(rounding.step)).off(low / rounding.step, high / rounding.step)
        return self.off(low, high)

    def off(self, low: Fraction, high: Fraction) -> Weighed:
        """Add an error."""
        return evolve(self, error=self.error + Range(low, high))

    def total(self, weights: Range, pieces: Range) -> Range:
        """Return the sum over all pieces, which have these weights together and are so many."""
        rate, error = self.rate, self.error
        low, high = hull((rate * weights, ZERO)), hull((error * pieces, ZERO))
        if weights.constant is not None:
            low = rate * weights
        return ZERO if low is None or high is None else low + high


def joined(parts: Sequence[tuple[Weighed | None, Range]]) -> Weighed | None:
    """Return the weighed value of a choice; a branch without a weight is one only if it is zero."""
    weighed = [w for w, _ in parts if w is not None]
    if not weighed or any(w is None and r.constant != 0 for w, r in parts):
        return None
    if any(w.weight != weighed[0].weight for w in weighed):
        return None
    zero = [ZERO] if len(weighed) < len(parts) else []
    rate, error = hull([*(w.rate for w in weighed), *zero]), hull([*(w.error for w in weighed), *zero])
    return None if rate is None or error is None else Weighed(weighed[0].weight, rate, error)


def summed(parts: Sequence[tuple[int, Weighed | None, Range]]) -> Weighed | None:
    """Return the weighed value of a sum of terms, each with its sign."""
    weighed = [w for _, w, _ in parts if w is not None]
    if not weighed or any(w.weight != weighed[0].weight for w in weighed):
        return None
    rate, error = ZERO, ZERO
    for sign, part, found in parts:
        rates = ZERO if part is None else part.rate
        errors = found if part is None else part.error
        rate, error = rate + (rates if sign > 0 else -rates), error + (errors if sign > 0 else -errors)
    return Weighed(weighed[0].weight, rate, error)


# --- intervals -----------------------------------------------------------------------------------------------


@frozen
class Lengths:
    """What is known of the intervals in a slot: ``ordered`` (never empty), ``clipped`` to the period, ``apart``."""

    ordered: bool
    clipped: bool
    apart: bool
    seconds: bool

    @property
    def most(self) -> int:
        """The longest interval inside a period, and the most that intervals apart have together."""
        return MONTH_SECONDS if self.seconds else 31


Binders: TypeAlias = dict[int, "list[SourcePlan]"]


def binders(steps: Sequence[Step]) -> Binders:
    """Return the sources that fill each slot of a definition."""
    found: Binders = {}
    for step in steps:
        if isinstance(step.data, Gather):
            for slot, source in step.data.binders:
                found.setdefault(slot, []).append(source)
    return found


def chain(source: SourcePlan) -> list[SourcePlan]:
    """Return a source and what it draws from, the outermost function first."""
    found = [source]
    while found[-1].of is not None:
        found.append(found[-1].of)
    return found


def event_of(source: SourcePlan) -> Event | None:
    """Return the event that a source draws from."""
    data = chain(source)[-1].data
    return data if isinstance(data, Event) else None


def lengths(sources: Sequence[SourcePlan]) -> Lengths | None:
    """Return what holds of the intervals of all of these sources; None where some are no intervals."""
    found = [_lengths(source) for source in sources]
    known = [one for one in found if one is not None]
    if len(known) < len(found) or not known:
        return None
    return Lengths(
        all(k.ordered for k in known),
        all(k.clipped for k in known),
        all(k.apart for k in known),
        any(k.seconds for k in known),
    )


def _lengths(source: SourcePlan) -> Lengths | None:
    event = event_of(source)
    if event is None or not event.interval:
        return None
    functions = [one.kind for one in chain(source)[:-1]]
    clipped = any(one.kind == "clip" and not one.args for one in chain(source))
    # Rows of a function stay apart under those that only cut; merged by fields, rows of different fields may overlap.
    apart = False
    for kind in reversed(functions):
        apart = kind in {"union", "worst", "apart"} or (apart and kind != "merge")
    return Lengths(bool(functions), clipped, apart, event.interval == "instant")


def length_slot(step: Step, steps: Sequence[Step]) -> int | None:
    """Return the slot of the interval whose length a step is, ``to - from``."""
    if step.op is not Op.ADD or len(step.args) != 2:
        return None
    found: dict[str, tuple[int, int]] = {}
    signs = step.data if isinstance(step.data, tuple) else ()
    for sign, number in zip(signs, step.args, strict=True):
        term = steps[number]
        if term.op is not Op.FIELD or not isinstance(term.data, tuple):
            return None
        slot, name = term.data
        found[name] = (sign, slot)
    end, start = found.get("to"), found.get("from")
    if end is None or start is None or end[0] < 0 or start[0] > 0 or end[1] != start[1]:
        return None
    return end[1]


def items(gather: Gather, most: int) -> tuple[Range, bool]:
    """Return how many combinations an aggregate goes through, and whether that rests on the assumption ``most``."""
    product, assumed = 1, False
    for _, source in gather.binders:
        times = _times(source)
        if times is not None:
            product *= times
            continue
        data = source.data
        if source.kind == "members" and isinstance(data, tuple):
            product *= len(data)
        elif source.kind == "months" and isinstance(data, tuple):
            count, take = data
            product *= count if take is None else min(count, take)
        else:
            assumed = True
    return whole(0, most if assumed else product), assumed


def _times(source: SourcePlan) -> int | None:
    """Return the most intervals or days that a source gives; None for other sources."""
    parts = chain(source)
    data = parts[-1].data
    if parts[-1].kind == "days" and isinstance(data, tuple):
        return _DAYS[data]
    if not isinstance(data, Grid):
        return None
    most = intervals(data, day=any(part.kind == "on" for part in parts)).hi
    return None if most is None else int(most)


#: (span, day or month) -> how many there are at most
_DAYS = {("month", "day"): 31, ("year", "day"): 366, ("month", "month"): 1, ("year", "month"): 12}


# --- parts and wholes ----------------------------------------------------------------------------------------

#: What is added up by a rule: an input, or a rule by its number.
Part: TypeAlias = "Input | int"


def parts_of(definition: DefinitionPlan, ranges: Sequence[Range | None]) -> Part | None:
    """Return what a definition adds up over all children of its row, if it does nothing else and it is never negative.

    No child's part is more than the sum then.
    """
    if len(definition.alternatives) != 1 or definition.rule.keys:
        return None
    (alternative,) = definition.alternatives
    gather = definition.steps[alternative.body].data
    if not isinstance(gather, Gather) or gather.function != "sum" or gather.where is not None or gather.value is None:
        return None
    if len(gather.binders) != 1 or alternative.conditions or alternative.suppressions:
        return None
    ((slot, source),) = gather.binders
    found = ranges[gather.value]
    if source.kind != "children" or source.slot or source.up or found is None or not found.is_positive:
        return None
    part = part_of(definition.steps[gather.value], slot)
    return part[0] if part is not None else None


def part_of(step: Step, slot: int | None = None) -> tuple[Part, int] | None:
    """Return what a step reads of the row in its slot in the month of the evaluation, and the slot."""
    if step.op not in {Op.INPUT, Op.RULE} or step.args or not isinstance(step.data, tuple):
        return None
    what, own, up, months = step.data
    if up or months is not None or (slot is not None and own != slot):
        return None
    return what, own


def is_part(part: Step, divisor: Step, parts: Callable[[int], Part | None]) -> bool:
    """Whether a step reads a part of what another step adds up over the same row and its siblings.

    ``parts`` says what a definition adds up.
    """
    found = part_of(part)
    if found is None or divisor.op is not Op.RULE or divisor.args or not isinstance(divisor.data, tuple):
        return False
    number, slot, up, months = divisor.data
    return months is None and up > 0 and slot == found[1] and parts(number) == found[0]
