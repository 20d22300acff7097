"""What sums do to ranges and quotients: aggregates, sums over slices, means over days, tiers of a table."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor, lcm
from typing import TYPE_CHECKING, cast

from attrs import evolve

from kommres.dsl.plan.facts import has_days
from kommres.dsl.plan.forms import (
    WORD,
    Form,
    Leaf,
    Missing,
    Shape,
    Whole,
    fitted,
    in_lowest_terms,
    leaf,
    mul,
    selected,
)
from kommres.dsl.plan.nodes import Gather, Op
from kommres.dsl.plan.payload import payload
from kommres.dsl.plan.ranges import Range, exactly, hull, whole
from kommres.dsl.plan.relations import SLICE, items, lengths
from kommres.dsl.plan.sources import hull_of
from kommres.dsl.plan.walk import NUMERIC, Walk

if TYPE_CHECKING:
    from kommres.dsl.plan.nodes import Step

_DAYS = (28, 31)


def aggregate(walk: Walk, number: int, step: Step) -> None:
    """``sum of x for …`` and its like."""
    gather = cast("Gather", step.data)
    if step.kind not in NUMERIC:
        return
    count, assumed = items(gather, walk.known.assumed.items)
    if assumed:
        walk.guard(number, "items", count)
    if gather.function == "count":
        walk.put(number, count, None)
        return
    facts = walk.places.inside(gather, walk.places.of(number))
    if gather.where is not None:
        facts |= {(gather.where, True)}
    found = None if gather.value is None else walk.range_of(gather.value, facts)
    if found is None or gather.value is None:
        if gather.function == "sum":
            walk.put(number, exactly(0), None)
        return
    shape = walk.shape_of(gather.value, facts)
    match gather.function:
        case "sum":
            summed = _weighed_sum(walk, gather, gather.value, count, found)
            total = added(walk, number, shape, found, summed, count)
            if isinstance(total, Missing) and walk.known.assumed.partial:
                # Of nothing it is 0; rows with anything to add up are the interpreter's.
                total = Form(above=leaf(Leaf(number, "value"), 0, 0), mass=Fraction())
            walk.put(number, summed, total)
        case "mean":
            several = whole(1, None if count.hi is None else floor(count.hi))
            mean = Range(found.lo, found.hi, found.over(several).grid)
            walk.put(number, mean, _mean(number, shape, found, several))
        case _:
            past = any(source.kind == "months" for _, source in gather.binders)
            found = found.undated if past else found
            walk.put(number, found, selected(number, [shape], found))


def _weighed_sum(walk: Walk, gather: Gather, value: int, count: Range, found: Range) -> Range:
    """Return the range of a sum; of parts of intervals that lie apart in the period, no more than the period."""
    naive = hull((found * count, exactly(0))) or Range()
    weighed = walk.weighed[value]
    if weighed is None or len(gather.binders) != 1:
        return naive
    ((slot, source),) = gather.binders
    held = lengths([source])
    if weighed.weight != slot or held is None or not (held.apart and held.clipped):
        return naive
    most = held.most if count.hi is None else min(held.most, floor(count.hi))
    return naive.within(weighed.total(whole(0, held.most), whole(0, most)))


def added(walk: Walk, number: int, shape: Shape, found: Range, summed: Range, count: Range) -> Shape:
    """Return the quotient of a sum of many values: all over one divisor, or each on the grid, or of any divisors."""
    if isinstance(shape, Missing):
        return shape
    most = None if count.hi is None else floor(count.hi)
    if summed.lo is None or summed.hi is None or most is None:
        return Missing(f"`{walk.names[number]}` has an open end", "declare ranges for what it adds up")
    if shape.is_whole or _common(walk, number, shape.below):
        return _over_one(number, shape, found, summed, most)
    name, scale = walk.names[number], found.grid
    if scale is not None:
        lo, hi = ceil(summed.lo * scale), floor(summed.hi * scale)
        if max(abs(lo), abs(hi)) < WORD:
            return Form(above=leaf(Leaf(number, "value", scale), lo, hi), scale=scale)
    total = of_any(walk, number, summed)
    if total is not None:
        return total
    if scale is None:
        return Missing(
            f"`{name}` adds up quotients whose divisors differ", "round what is added up, or divide after adding up"
        )
    return Missing(f"`{name}` needs more than 63 bits as a whole number of 1/{scale}", "round what is added up")


def _over_one(number: int, shape: Form, found: Range, summed: Range, most: int) -> Form:
    """Return the sum of values over one divisor: that of their numerators."""
    scale, below = shape.scale, shape.below
    reach = [max(0, floor(end * scale * below.hi)) for end in (-(summed.lo or 0), summed.hi or 0)]
    lo, hi = max(-reach[0], min(0, shape.above.lo * most)), min(reach[1], max(0, shape.above.hi * most))
    terms = shape.above.terms * most
    top = leaf(
        Leaf(number, "value" if shape.is_whole else "above", scale),
        lo,
        hi,
        terms=terms,
        roundings=shape.above.roundings + most,
        steady=shape.above.steady and (found.is_positive or (-found).is_positive),
    )
    return Form(above=top, below=below, scale=scale, mass=None if top.fits else Fraction(terms, scale * below.lo))


def _common(walk: Walk, number: int, below: Whole) -> bool:
    """Whether a divisor is the same for all that a step adds up."""
    step = walk.steps[number]
    gather = step.data if isinstance(step.data, Gather) else None
    if gather is not None and any(source.kind == "months" or has_days(source) for _, source in gather.binders):
        return False
    bound = 0 if gather is None else sum({1 << slot for slot, _ in gather.binders})
    waiting = [below]
    while waiting:
        part = waiting.pop()
        waiting += part.args
        if not isinstance(part.data, Leaf):
            continue
        read = part.data.step
        if gather is None and walk.steps[read].op is Op.SLICE and part.data.part == "below":
            if step.op is not Op.OVER_SLICES or payload(step)[0]:
                return False  # a span may lie in several months
        elif walk.places.slots[read] & bound or (gather is None and walk.places.moving[read]):
            return False
    return True


#: Sums are often multiplied further: a divisor with more bits would need slower arithmetic there.
_DEEPEST = 1 << 40


def of_any(walk: Walk, number: int, summed: Range, days: int = 1, deepest: int = _DEEPEST) -> Form | None:
    """Return the quotient of a sum of quotients with different divisors, whose parts are assumed to be no greater.

    ``days``: what the divisor is multiplied with, at most.
    """
    return in_lowest_terms(number, summed, deepest, days) if walk.known.assumed.partial else None


def _mean(number: int, shape: Shape, found: Range, count: Range) -> Shape:
    """Return the quotient of a mean: the sum over the number of items."""
    if isinstance(shape, Missing):
        return shape
    scale = shape.scale if shape.is_whole else found.grid
    if scale is None:
        return Missing("it is the mean of quotients whose divisors differ", "round what the mean is of")
    if found.most is None or count.hi is None:
        return Missing("it is the mean of values with an open end", "declare a range for them")
    most = floor(count.hi)
    reach = floor(found.most * scale) * most
    if reach >= WORD:
        return Missing("the sum behind a mean needs more than 63 bits", "declare a narrower range for what it is of")
    return _quotient(number, scale, -reach, reach, (1, most), found)


def _quotient(number: int, scale: int, lo: int, hi: int, below: tuple[int, int], found: Range) -> Form:
    above = leaf(Leaf(number, "above", scale), lo, hi)
    divisor = leaf(Leaf(number, "below", scale), *below)
    return fitted(Form(above=above, below=divisor, scale=scale, mass=found.most), found)


def mean_days(walk: Walk, number: int, step: Step) -> None:
    """``mean over days x``: the sum of x times days over the days of the month."""
    value = step.args[0]
    facts = walk.places.of(value)
    found = walk.range_of(value, facts)
    if found is None:
        return
    if walk.known.assumed.still:
        walk.put(number, found, walk.shape_of(value, facts))
        return
    grid = found.over(whole(*_DAYS)).grid
    mean = Range(found.lo, found.hi, grid)
    walk.put(number, mean, _over_month(walk, number, walk.shape_of(value, facts), found))


def _over_month(walk: Walk, number: int, shape: Shape, found: Range) -> Shape:
    """Return the quotient of what is added up by days over the days of the month."""
    if isinstance(shape, Missing):
        return shape
    name = walk.names[number]
    if found.most is None:
        return Missing(f"`{name}` has an open end", "declare ranges for what it adds up")
    days = leaf(Leaf(number, "below", shape.scale), *_DAYS)
    summed = found * whole(0, _DAYS[1])
    if shape.is_whole or _common(walk, number, shape.below):
        total = _over_one(number, shape, found, summed, _DAYS[1])
        above = evolve(total.above, data=Leaf(number, "above", shape.scale))
        return fitted(Form(above=above, below=mul(shape.below, days), scale=shape.scale), found)
    if found.grid is not None:
        reach = floor(found.most * found.grid) * _DAYS[1]
        if reach < WORD:
            return _quotient(number, found.grid, -reach, reach, _DAYS, found)
    total_ = of_any(walk, number, found, _DAYS[1])
    return total_ or Missing(f"`{name}` adds up quotients whose divisors differ", "round what it adds up")


def over_slices(walk: Walk, number: int, step: Step) -> None:
    """``sum over slices x``: the weights of the slices of a month are 1 together, those of a span its length."""
    has_span, _ = payload(step)
    value = step.args[0]
    facts = walk.places.of(value)
    found = walk.range_of(value, facts)
    if found is None:
        return
    if walk.known.assumed.still and not has_span:
        walk.put(number, found, walk.shape_of(value, facts))
        return
    days = walk.span(number) if has_span else 31
    pieces = whole(0 if has_span else 1, days)
    summed = found * pieces
    weighed = walk.weighed[value]
    if weighed is not None and weighed.weight == SLICE:
        weights = Range(Fraction(), Fraction(days, 28)) if has_span else exactly(1)
        summed = summed.within(weighed.total(weights, pieces))
    walk.put(number, summed, added(walk, number, walk.shape_of(value, facts), found, summed, pieces))


def tiers(walk: Walk, number: int, step: Step) -> None:
    """``tiers(v, p[_])``: parts of ``v`` that add up to it, each times its value."""
    position, has_scale, bracket = payload(step)
    facts = walk.places.of(number)
    volume = walk.range_of(step.args[0], facts)
    scale = walk.range_of(step.args[1], facts) if has_scale else exactly(1)
    values = walk.rows(position, step.args[2 if has_scale else 1 :], facts, bracket=bracket)
    prices = hull_of(values)
    positive = None if volume is None else volume.above(Fraction())
    if positive is None or prices is None or scale is None:
        return
    bounds = _bounds(walk, position, bracket)
    limits = scale.times(Fraction(1, bounds)).grid
    grid = None if positive.grid is None or limits is None else lcm(positive.grid, limits)
    product = positive * prices
    found = Range(product.lo, product.hi, None if grid is None or prices.grid is None else grid * prices.grid)
    forms = walk.forms(step.args[: 2 if has_scale else 1], facts)
    if isinstance(forms, Missing):
        walk.put(number, found, forms)
        return
    walk.put(number, found, _tiered(walk, number, forms, found, bounds, prices.grid or 1))


def _tiered(walk: Walk, number: int, forms: list[Form], found: Range, bounds: int, prices: int) -> Shape:
    """Return the quotient of a sum over brackets: volume and bounds over one divisor, times the grid of the values."""
    name = walk.names[number]
    if found.most is None:
        return Missing(f"`{name}` has an open end", "declare ranges for what it reads")
    below = (1, 1)
    divisors = {id(form.below): form.below for form in forms if not form.is_whole}
    for divisor in divisors.values():
        below = below[0] * divisor.lo, below[1] * divisor.hi
    scale = lcm(*(form.scale * (bounds if place else 1) for place, form in enumerate(forms)), bounds) * prices
    reach = floor(found.most * scale) * below[1]
    if reach >= WORD:
        return Missing(
            f"`{name}` needs {reach.bit_length()} bits",
            f"declare narrower ranges or coarser steps for what `{name}` reads",
        )
    if below == (1, 1):
        lo, hi = (-reach, reach) if not found.is_positive else (0, reach)
        return Form(above=leaf(Leaf(number, "value", scale), lo, hi), scale=scale, mass=found.most)
    return _quotient(number, scale, -reach, reach, below, found)


def _bounds(walk: Walk, position: int, bracket: int) -> int:
    """Return the grid of the bounds of a table's brackets."""
    ends = [end for row in walk.known.plan.params[position].rows for end in _pair(row.keys[bracket])]
    return lcm(1, *(Fraction(end).denominator for end in ends))


def _pair(ends: object) -> list[int | Fraction]:
    return [end for end in ends if end is not None] if isinstance(ends, tuple) else []
