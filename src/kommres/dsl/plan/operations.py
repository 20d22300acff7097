"""What each operation does to ranges and quotients."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor
from typing import TYPE_CHECKING

from attrs import evolve

from kommres.dsl.plan import sources
from kommres.dsl.plan.forms import (
    Form,
    Leaf,
    Missing,
    Shape,
    const,
    fitted,
    leaf,
    on_grid,
    product,
    quotient,
    scaled,
    selected,
    total,
)
from kommres.dsl.plan.nodes import Op
from kommres.dsl.plan.payload import payload
from kommres.dsl.plan.ranges import Range, exactly, greatest, hull, least, whole
from kommres.dsl.plan.relations import (
    SLICE,
    ZERO,
    Weighed,
    event_of,
    is_part,
    joined,
    length_slot,
    lengths,
    summed,
)
from kommres.dsl.plan.roundings import rounding_of
from kommres.dsl.plan.sums import aggregate, mean_days, over_slices, tiers
from kommres.dsl.plan.tiers import compared_bits, prove_round
from kommres.dsl.plan.walk import NUMERIC, Walk

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kommres.dsl.plan.facts import Facts
    from kommres.dsl.plan.nodes import Step
    from kommres.dsl.plan.roundings import Rounding

#: Days of the month of the evaluation.
_IN_MONTH = (("month", "day"), ("month", "month"))
_SHARE = Range(Fraction(), Fraction(1))


# --- references ----------------------------------------------------------------------------------------------


def _const(walk: Walk, number: int, step: Step) -> None:
    value = step.data
    if isinstance(value, bool) or not isinstance(value, int | Fraction):
        return
    form = Form(above=const(value.numerator), scale=value.denominator, mass=abs(Fraction(value)))
    walk.put(number, exactly(value), form)


def _input(walk: Walk, number: int, step: Step) -> None:
    if step.kind in NUMERIC:
        found, kind = sources.declared(payload(step)[0], walk.known.assumed, payload(step)[0].id)
        walk.guard(number, kind, found)
        walk.put(number, found, None)


def _series(walk: Walk, number: int, step: Step) -> None:
    if step.kind not in NUMERIC:
        return
    series, slot, *_ = payload(step)
    if slot is None:
        walk.put(number, sources.hull_of(sources.hours(series, walk.known.overrides)), None)
        return
    found, kind = sources.declared(series, walk.known.assumed, series.id)
    walk.guard(number, kind, found)
    walk.put(number, found, None)


def _interval(walk: Walk, number: int, step: Step) -> None:
    del step
    walk.put(number, sources.INSTANT, None)


def _var(walk: Walk, number: int, step: Step) -> None:
    if step.kind != "date":
        return
    drawn = walk.binders.get(payload(step), [])
    month = bool(drawn) and all(source.data in _IN_MONTH for source in drawn)
    walk.put(number, sources.DATE.counted(0, 30) if month else sources.DATE, None)


def _field(walk: Walk, number: int, step: Step) -> None:
    if step.kind not in NUMERIC:
        return
    slot, name = payload(step)
    drawn = walk.binders.get(slot, [])
    events = [event for event in map(event_of, drawn) if event is not None]
    ranges = [
        sources.declared(one, walk.known.assumed, f"{event.id}.{name}")
        for event in events
        if (one := event.field(name)) is not None
    ]
    if not ranges or len(events) < len(drawn):
        return
    found = hull(r for r, _ in ranges)
    if found is None:
        return
    kind = "assumed" if any(kind == "assumed" for _, kind in ranges) else "declared"
    walk.guard(number, kind, found)
    held = lengths(drawn)
    if step.kind == "date" and name in {"from", "to"} and held is not None and held.clipped and not walk.in_months:
        found = found.counted(0, 31)
    walk.put(number, found, None)


def _rule(walk: Walk, number: int, step: Step) -> None:
    outcome = walk.known.outcomes.get(payload(step)[0])
    if outcome is None or outcome.range is None or step.kind not in NUMERIC:
        return
    found = outcome.range if payload(step)[3] is None else outcome.range.undated
    walk.put(number, found, selected(number, [outcome.shape], found))


def _charged(walk: Walk, number: int, step: Step) -> None:
    if step.kind in NUMERIC:
        found = sources.supplied(walk.known.assumed)
        walk.guard(number, "assumed", found)
        walk.put(number, found, None)


def _param(walk: Walk, number: int, step: Step) -> None:
    if step.kind not in NUMERIC:
        return
    position, has_on, _ = payload(step)
    keys = step.args[:-1] if has_on else step.args
    values = walk.rows(position, keys, walk.places.of(number))
    walk.put(number, sources.hull_of(values), None)


def _period(walk: Walk, number: int, step: Step) -> None:
    member, months = payload(step)
    walk.put(number, sources.period(member, past=months is not None), None)


def _slice(walk: Walk, number: int, step: Step) -> None:
    places = walk.places.slices[number]
    longest = 31 if places.month else 1
    for over in places.over:
        longest = max(longest, walk.span(over))
    if not places.month and not places.over:
        longest = sources.LAST_DAY
    in_month = places.month and not places.over
    if in_month and walk.known.assumed.still and step.data == "months":
        walk.put(number, exactly(1), Form(above=const(1), mass=Fraction(1)))
        return
    match step.data:
        case "months":
            found = Range(Fraction(1, 31), Fraction(1) if in_month else Fraction(longest, 28), sources.MONTHS_GRID)
            form = Form(
                above=leaf(Leaf(number, "above"), 1, 31),
                below=leaf(Leaf(number, "below"), 28, 31),
                mass=Fraction(1),
            )
            walk.put(number, found, form if in_month else None, Weighed(SLICE, exactly(1), ZERO))
        case "days":
            walk.put(number, whole(1, longest), None, Weighed(SLICE, whole(28, 31), ZERO))
        case _:
            walk.put(number, sources.DATE, None)


# --- arithmetic ----------------------------------------------------------------------------------------------


def _scale(walk: Walk, number: int, step: Step) -> None:
    args = walk.arguments(number)
    if args is None:
        return
    factor: Fraction = payload(step)
    shape = walk.shape_of(step.args[0], walk.places.of(number))
    weighed = walk.weighed[step.args[0]]
    walk.put(
        number,
        args[0].times(factor),
        scaled(shape, factor) if isinstance(shape, Form) else shape,
        None if weighed is None else weighed.times(exactly(factor)),
    )


def _add(walk: Walk, number: int, step: Step) -> None:
    args = walk.arguments(number)
    if args is None:
        return
    signs: Sequence[int] = payload(step)
    found = exactly(0)
    for sign, part in zip(signs, args, strict=True):
        found = found + (part if sign > 0 else -part)
    dated = [sign for sign, a in zip(signs, step.args, strict=True) if walk.steps[a].kind != "number"]
    weighed = None
    if dated:
        found = _moved(walk, step, args, found, timed=sum(dated))
        slot = length_slot(step, walk.steps)
        held = lengths(walk.binders.get(slot, [])) if slot is not None else None
        if slot is not None and held is not None and held.ordered:
            found = found.within(whole(1, held.most if held.clipped else None))
            weighed = Weighed(slot, exactly(1), ZERO)
    else:
        parts = zip(signs, (walk.weighed[a] for a in step.args), args, strict=True)
        weighed = summed(list(parts))
    forms = walk.forms(step.args, walk.places.of(number))
    walk.put(number, found, forms if isinstance(forms, Missing) else total(forms, signs), weighed)


def _moved(walk: Walk, step: Step, args: Sequence[Range], found: Range, *, timed: int) -> Range:
    """Use what is known of dates: their distance from the first day of the month, and the ends of the calendar."""
    low: int | None = 0
    high: int | None = 0
    for sign, number, part in zip(payload(step), step.args, args, strict=True):
        first, last = part.since
        if walk.steps[number].kind == "number":
            first = None if part.lo is None else floor(part.lo)
            last = None if part.hi is None else ceil(part.hi)
        if sign < 0:
            first, last = (None if last is None else -last), (None if first is None else -first)
        low = None if low is None or first is None else low + first
        high = None if high is None or last is None else high + last
    if timed == 0:
        return found.within(whole(low, high)) if all(walk.steps[a].kind != "instant" for a in step.args) else found
    whole_days = evolve(found, grid=1)
    return whole_days.within(sources.DATE).counted(low, high) if step.kind == "date" else whole_days


def _mul(walk: Walk, number: int, step: Step) -> None:
    args = walk.arguments(number)
    if args is None:
        return
    found = exactly(1)
    for part in args:
        found = found * part
    if len(step.args) == 2 and step.args[0] == step.args[1]:
        found = found.within(Range(Fraction()))
    weights = [walk.weighed[a] for a in step.args]
    heavy = [n for n, w in enumerate(weights) if w is not None]
    weighed = weights[heavy[0]] if len(heavy) == 1 else None
    for n, part in enumerate(args):
        if weighed is not None and n != heavy[0]:
            weighed = weighed.times(part)
    forms = walk.forms(step.args, walk.places.of(number))
    walk.put(number, found, forms if isinstance(forms, Missing) else product(forms), weighed)


def _div(walk: Walk, number: int, step: Step) -> None:
    args = walk.arguments(number)
    if args is None or args[1].constant == 0:
        return
    above, by = args
    found = above.over(by)
    related = _related(walk, number, step, by)
    if related is not None:
        found = found.within(related)
    if args[1].constant is None:
        walk.guard(number, "divisor", by.without_zero())
    weighed = walk.weighed[step.args[0]]
    walk.put(
        number,
        found,
        _quotient(walk, number, step, by),
        None if weighed is None or walk.weighed[step.args[1]] is not None else weighed.over(by),
    )


def _quotient(walk: Walk, number: int, step: Step, by: Range) -> Shape:
    forms = walk.forms(step.args, walk.places.of(number))
    if isinstance(forms, Missing):
        return forms
    return quotient(forms[0], forms[1], by)


def _related(walk: Walk, number: int, step: Step, by: Range) -> Range | None:
    """Return the range of a quotient one of whose factors is a part of the divisor."""
    factors = _factors(walk, step.args[0])
    divisor = walk.steps[step.args[1]]
    part = next((f for f in factors if is_part(walk.steps[f], divisor, walk.known.part)), None)
    if part is None or not by.is_positive:
        return None
    found = _SHARE
    facts = walk.places.of(number)
    for factor in factors:
        if factor != part:
            other = walk.range_of(factor, facts)
            found = found * (other or Range())
    return found


def _factors(walk: Walk, number: int) -> list[int]:
    step = walk.steps[number]
    if step.op is not Op.MUL:
        return [number]
    return [f for a in step.args for f in _factors(walk, a)]


# --- choices -------------------------------------------------------------------------------------------------


def _compare(walk: Walk, number: int, step: Step) -> None:
    if any(walk.steps[a].kind not in NUMERIC for a in step.args):
        return
    facts = walk.places.of(number)
    walk.comparisons[number] = compared_bits(*(walk.shape_of(a, facts) for a in step.args))


def _if(walk: Walk, number: int, step: Step) -> None:
    condition, then, otherwise = step.args
    facts = walk.places.of(number)
    _choose(walk, number, [(then, facts | {(condition, True)}), (otherwise, facts | {(condition, False)})])


def _else(walk: Walk, number: int, step: Step) -> None:
    facts = walk.places.of(number)
    _choose(walk, number, [(a, facts) for a in step.args])


def _edge(walk: Walk, number: int, step: Step) -> None:
    # What is known where the step stands holds for the day itself, not for an edge of the month.
    _choose(walk, number, [(step.args[0], walk.places.of(step.args[0]))])


def _choose(walk: Walk, number: int, branches: Sequence[tuple[int, Facts]]) -> None:
    reached = [(a, facts, found) for a, facts in branches if (found := walk.range_of(a, facts)) is not None]
    found = hull(r for _, _, r in reached)
    if found is None:
        return
    shapes = [walk.shape_of(a, facts) for a, facts, _ in reached]
    shape = selected(number, shapes, found, partial=walk.known.assumed.partial)
    walk.put(number, found, shape, joined([(walk.weighed[a], r) for a, _, r in reached]))


# --- functions -----------------------------------------------------------------------------------------------


def _call(walk: Walk, number: int, step: Step) -> None:
    args = walk.arguments(number)
    if args is None or step.kind not in NUMERIC:
        return
    size = args[1].constant if len(args) > 1 else Fraction(1)
    rounding = rounding_of(step, size)
    function = payload(step)[0]
    if rounding is not None:
        found, shape = _rounded(walk, number, rounding, args[0])
        walk.rounds.append(prove_round(number, rounding, shape, found, walk.names))
        weighed = walk.weighed[step.args[0]]
        walk.put(number, found.rounded(rounding), None, None if weighed is None else weighed.rounded(rounding))
        return
    if function == "share":
        _share(walk, number, step, args)
        return
    dates = sources.calls(function, args, args[0].since)
    if dates is not None:
        walk.put(number, dates, None)
        return
    match function:
        case "min":
            found = least(args)
        case "max":
            found = greatest(args)
        case "clamp":
            found = least([greatest(args[:2]), args[2]])
        case "abs":
            found = args[0].size()
        case "days_between" | "full_days_between":
            found = sources.difference(args[1], args[0])
            if function == "full_days_between":
                found = greatest([whole(0, 0), found + exactly(-1)])
            walk.put(number, found, None)
            return
        case _:
            return
    forms = walk.forms(step.args, walk.places.of(number))
    if isinstance(forms, Missing):
        walk.put(number, found, forms)
        return
    if function == "abs":
        forms = [forms[0], total(forms, (-1,))]
    elif step.kind == "number":
        walk.comparisons[number] = max(compared_bits(a, b) or 0 for a in forms for b in forms)
    walk.put(number, found, selected(number, forms, found))


def _rounded(walk: Walk, number: int, rounding: Rounding, found: Range) -> tuple[Range, Shape]:
    """Return what is rounded; where a word may not hold the result, no more than is assumed of results of rules."""
    shape = walk.shape_of(walk.steps[number].args[0], walk.places.of(number))
    held = on_grid(number, found.rounded(rounding), "it")
    if isinstance(held, Form) or isinstance(shape, Missing) or not walk.known.assumed.partial:
        return found, shape
    most = Fraction(walk.known.assumed.result)
    limit = Range(-most, most)
    walk.guard(number, "rounded", limit)
    found = found.within(limit)
    # The test of each row is about the terms, so it bounds the mass as well as the value.
    return found, fitted(evolve(shape, mass=most if shape.mass is None else min(shape.mass, most)), found)


def _function(walk: Walk, number: int, step: Step) -> None:
    if walk.arguments(number) is None:
        return
    function = payload(step)
    found, kind = sources.declared(function, walk.known.assumed, function.id)
    walk.guard(number, kind, found)
    walk.put(number, found, None)


def _share(walk: Walk, number: int, step: Step, args: Sequence[Range]) -> None:
    part, by = args
    walk.guard(number, "share", by.without_zero())
    facts = walk.places.of(number)
    walk.comparisons[number] = compared_bits(*(walk.shape_of(a, facts) for a in step.args))
    positive = part.above(Fraction()), by.above(Fraction())
    if positive[0] is None or positive[1] is None or by.constant == 0:
        return
    walk.put(number, positive[0].over(positive[1]).within(_SHARE), _quotient(walk, number, step, positive[1]))


OPERATIONS: dict[Op, Callable[[Walk, int, Step], None]] = {
    Op.CONST: _const,
    Op.INPUT: _input,
    Op.FIELD: _field,
    Op.SERIES: _series,
    Op.INTERVAL: _interval,
    Op.VAR: _var,
    Op.RULE: _rule,
    Op.CHARGED: _charged,
    Op.PARAM: _param,
    Op.PERIOD: _period,
    Op.SLICE: _slice,
    Op.SCALE: _scale,
    Op.ADD: _add,
    Op.MUL: _mul,
    Op.DIV: _div,
    Op.COMPARE: _compare,
    Op.IF: _if,
    Op.ELSE: _else,
    Op.EDGE: _edge,
    Op.CALL: _call,
    Op.FUNCTION: _function,
    Op.TIERS: tiers,
    Op.MEAN_DAYS: mean_days,
    Op.OVER_SLICES: over_slices,
    Op.AGGREGATE: aggregate,
}
