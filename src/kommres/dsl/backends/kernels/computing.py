"""Steps that compute: arithmetic, comparisons, conditions, choices between values, functions, roundings."""

from __future__ import annotations

from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING

from attrs import evolve

from kommres.dsl.backends.kernels.graph import BOOL, FLOAT, INT, TERMS, WIDE, Branch, Node, Status
from kommres.dsl.backends.kernels.lowest import (
    OVER,
    PLUS,
    TIMES,
    against,
    compared,
    constant,
    halves,
    joined,
    merged,
    rounded,
)
from kommres.dsl.backends.kernels.numbers import NotCompiled, is_exact
from kommres.dsl.backends.kernels.scope import Made, Scope, is_number
from kommres.dsl.plan.forms import Form, Leaf, const, mul
from kommres.dsl.plan.nodes import Op
from kommres.dsl.plan.payload import payload
from kommres.dsl.plan.roundings import rounding_of
from kommres.dsl.plan.sources import LAST_DAY
from kommres.dsl.plan.tiers import Tier

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kommres.dsl.backends.kernels.graph import Graph, Kind
    from kommres.dsl.plan.roundings import Rounding

_SIGNS = {"=": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


# --- arithmetic ----------------------------------------------------------------------------------------------


def _scale(scope: Scope, number: int) -> Made:
    (value,) = scope.steps[number].args

    def lowest() -> Node:
        factor = constant(scope, payload(scope.steps[number]))
        return scope.graph.node(WIDE, TIMES, scope.lowest(value), factor)

    return Made(scope.need(value), lowest=lowest)


def _mul(scope: Scope, number: int) -> Made:
    args = scope.steps[number].args
    return Made(scope.need(*args), lowest=lambda: joined(scope, TIMES, args))


def _add(scope: Scope, number: int) -> Made:
    step = scope.steps[number]
    status = scope.need(*step.args)
    if step.kind == "number":
        return Made(status, lowest=lambda: joined(scope, PLUS, step.args, payload(step)))
    form = scope.form(number)
    if form.scale != 1 or not form.is_whole:
        raise NotCompiled("a date that moves by parts of a day")
    word = scope.numbers.of(form.above, INT)
    if step.kind == "date":
        graph = scope.graph
        outside = graph.node(BOOL, "(({0} < 1) | ({0} > {1}))", word, graph.int(LAST_DAY))
        status = Status(miss=status.miss, bad=graph.either(status.bad, outside))
    return Made(status, node=word)


def _div(scope: Scope, number: int) -> Made:
    above, below = scope.steps[number].args
    status = scope.need(above, below)
    zero, lost = _zero(scope, below)
    status = Status(miss=scope.graph.either(status.miss, zero), bad=scope.graph.either(status.bad, lost))
    return Made(status, lowest=lambda: joined(scope, OVER, (above, below)))


# --- conditions ----------------------------------------------------------------------------------------------


def _compare(scope: Scope, number: int) -> Made:
    left, right = scope.steps[number].args
    sign = _SIGNS[payload(scope.steps[number])]
    status = scope.need(left, right)
    graph = scope.graph
    if is_number(scope.steps[left]):
        node, lost = compared(scope, left, sign, right)
        if lost is not None:
            status = evolve(status, bad=graph.either(status.bad, graph.both(_there(graph, status), lost)))
        return Made(status, node=node)
    if scope.steps[left].kind == "yes_no":
        return Made(status, node=graph.node(BOOL, f"({{0}} {sign} {{1}})", scope.holds(left), scope.holds(right)))
    texts = scope.made(left).text, scope.made(right).text
    if None not in texts:
        return Made(node=graph.true if (texts[0] == texts[1]) == (sign == "==") else graph.false)
    members = scope.members(left, right)
    code = f"({{0}} {sign} {{1}})"
    return Made(status, node=graph.node(BOOL, code, scope.code(left, members), scope.code(right, members)))


def _joined(scope: Scope, number: int) -> Made:
    """Write `and` and `or`: a later part is looked at only where the earlier ones leave the question open."""
    graph, step = scope.graph, scope.steps[number]
    everything = step.op is Op.AND
    value: Node | None = None
    bad: Node | None = None
    miss: Node | None = None
    for part in step.args:
        status, held = scope.need(part), scope.holds(part)
        if value is None:
            value, bad, miss = held, status.bad, status.miss
            continue
        goes_on = value if everything else graph.negated(value)
        bad = graph.either(bad, graph.both(goes_on, status.bad))
        miss = graph.either(miss, graph.both(goes_on, status.miss))
        both = graph.both(value, held) if everything else graph.either(value, held)
        value = graph.false if both is None else both
    if value is None:
        raise NotCompiled("a condition without parts")
    return Made(Status(miss=miss, bad=bad), node=value)


def _not(scope: Scope, number: int) -> Made:
    (part,) = scope.steps[number].args
    return Made(scope.need(part), node=scope.graph.negated(scope.holds(part)))


def _has(scope: Scope, number: int) -> Made:
    status = scope.status(scope.steps[number].args[0])
    graph = scope.graph
    value = graph.true if status.absent is None else graph.negated(status.absent)
    return Made(Status(miss=status.miss, bad=status.bad), node=value)


# --- choices -------------------------------------------------------------------------------------------------


def _if(scope: Scope, number: int) -> Made:
    condition, then, otherwise = scope.steps[number].args
    return chosen(scope, number, scope.holds(condition), scope.need(condition), then, otherwise)


def _else(scope: Scope, number: int) -> Made:
    value, fallback = scope.steps[number].args
    graph, status = scope.graph, scope.status(value)
    missing = graph.either(status.absent, status.miss)
    if missing is None:
        return _as(scope, value)
    test = graph.negated(missing)
    # A row with a value that cannot be used is left, whatever else misses.
    return chosen(scope, number, test, Status(bad=status.bad), value, fallback, sure=Status())


def _as(scope: Scope, value: int) -> Made:
    """Return what another step comes to."""
    made = scope.made(value)
    if made.node is not None or made.text is not None:
        return made
    return Made(
        made.status, part=lambda leaf, kind: side_part(scope, value, leaf, kind), lowest=lambda: scope.lowest(value)
    )


def chosen(
    scope: Scope,
    number: int,
    test: Node,
    asked: Status,
    then: int,
    otherwise: int,
    sure: Status | None = None,
) -> Made:
    """Return one of two steps; ``sure`` is the status of the first where it is known to be there."""
    branch = Branch(test)
    one = scope.status(then) if sure is None else sure
    other = scope.status(otherwise)
    graph = scope.graph
    status = Status(
        absent=graph.choose_maybe(branch, one.absent, other.absent),
        miss=graph.either(asked.miss, graph.choose_maybe(branch, one.miss, other.miss)),
        bad=graph.either(asked.bad, graph.choose_maybe(branch, one.bad, other.bad)),
    )
    return valued(scope, number, status, [then, otherwise], lambda one, other: graph.choose(branch, one, other))


def valued(
    scope: Scope, number: int, status: Status, sides: Sequence[int], merge: Callable[[Node, Node], Node]
) -> Made:
    """Return the value of one of two steps, put together by ``merge``."""
    step = scope.steps[number]
    if step.kind == "yes_no":
        return Made(status, node=merge(*(scope.holds(side) for side in sides)))
    if step.kind in {"enum", "id"}:
        members = scope.members(*sides) if step.kind == "enum" else None
        return Made(status, node=merge(*(scope.code(side, members) for side in sides)), members=members)

    def part(leaf: Leaf, kind: Kind) -> Node:
        return merge(*(side_part(scope, side, leaf, kind) for side in sides))

    return Made(status, part=part, lowest=merged(scope, sides, merge))


def side_part(scope: Scope, side: int, leaf: Leaf, kind: Kind) -> Node:
    """Return what one of several values gives to their common leaf; nothing where no kernel computes it."""
    shape = scope.proof.shapes[side]
    if not isinstance(shape, Form) or leaf.scale % shape.scale:
        return scope.numbers.turned(scope.graph.int(1 if leaf.part == "below" else 0), kind)
    return scope.top(shape, leaf, kind)


# --- functions -----------------------------------------------------------------------------------------------


def _call(scope: Scope, number: int) -> Made:
    step = scope.steps[number]
    function, _, calendar = payload(step)
    status = scope.need(*step.args)
    if function == "share":
        return _share(scope, number)
    size = _constant(scope, step.args[1]) if len(step.args) > 1 else None
    if rounding_of(step, size if len(step.args) > 1 else _ONE) is not None:
        return _round(scope, number, status)
    graph = scope.graph
    if function in {"min", "max"}:
        return _extreme(scope, number, status, ["<" if function == "min" else ">"] * (len(step.args) - 1))
    if function == "clamp":
        return _extreme(scope, number, status, [">", "<"])
    if function == "abs":
        return _abs(scope, number, status)
    if function in _DATES:
        code = _DATES[function]
        if function == "month_end":
            status = evolve(status, bad=graph.either(status.bad, _in_last_month(scope, step.args[0])))
        return Made(status, node=graph.node(INT, code, *(scope.word(a) for a in step.args)))
    if function == "next_working_day" and calendar is not None:
        return scope.builder.tables.working_day(scope, status, calendar, scope.word(step.args[0]))
    raise NotCompiled(f"`{function}` with a step that is no constant" if size is None else f"`{function}`")


_ONE = Fraction(1)
_YEAR = 365
_DATES = {
    "days_between": "({1} - {0})",
    "full_days_between": "max(int64(0), {1} - {0} - 1)",
    "months_since": "months_since({0}, {1})",
    "month_start": "month_start({0})",
    "month_end": "month_end({0})",
    "day_of_week": "day_of_week({0})",
    "year": "year_of({0})",
    "month": "month_of({0})",
}


def _in_last_month(scope: Scope, number: int) -> Node | None:
    """Return whether a day lies in the month behind which the calendar ends; None where it is one near the run's."""
    since = scope.proof.ranges[number]
    if since is not None and since.since[1] is not None and since.since[1] < _YEAR:
        return None
    return scope.graph.node(BOOL, "({0} > {1})", scope.word(number), scope.graph.int(LAST_DAY - 31))


def _constant(scope: Scope, number: int) -> Fraction | None:
    found = scope.proof.ranges[number]
    return None if found is None else found.constant


def _round(scope: Scope, number: int, status: Status) -> Made:
    proof = next(p for p in scope.proof.rounds if p.step == number)
    if proof.tier is Tier.INTERPRETER and proof.numerator is not None:
        return _round_lowest(scope, number, status, proof.rounding)
    count = scope.numbers.rounded(proof)
    form = scope.form(number)
    size = proof.rounding.step * form.scale
    if proof.rounding.counts:
        size = size / proof.rounding.step
    if size.denominator != 1:
        raise NotCompiled("a rounding to no whole number of steps")
    for guard in scope.proof.guards:
        if guard.step == number and guard.kind == "rounded" and guard.range.hi is not None:
            beyond = too_much(scope, scope.form(scope.steps[number].args[0]), guard.range.hi)
            status = evolve(status, bad=scope.graph.either(status.bad, beyond))
    word = count if size == 1 else scope.graph.node(INT, "({0} * {1})", count, scope.graph.int(size.numerator))
    return Made(status, node=word, scale=form.scale)


def _round_lowest(scope: Scope, number: int, status: Status, rounding: Rounding) -> Made:
    """Round what is too wide for any arithmetic, in the rows in which it is narrow enough in its lowest terms."""
    graph, form = scope.graph, scope.form(number)
    guards = [g.range.hi for g in scope.proof.guards if g.step == number and g.kind == "rounded"]
    most = guards[0] if guards else None
    count, lost = rounded(scope, scope.steps[number].args[0], rounding.step, rounding.mode, most)
    size = form.scale if rounding.counts else rounding.step * form.scale
    if size != int(size):
        raise NotCompiled("a rounding to no whole number of steps")
    bad = lost.bad if status.miss is None else graph.both(_there(graph, status), lost.bad)
    word = count if size == 1 else graph.node(INT, "({0} * {1})", count, graph.int(int(size)))
    return Made(evolve(status, bad=graph.either(status.bad, bad)), node=word, scale=form.scale)


def _there(graph: Graph, status: Status) -> Node:
    """Return whether nothing misses."""
    return graph.true if status.miss is None else graph.negated(status.miss)


def _extreme(scope: Scope, number: int, status: Status, signs: Sequence[str]) -> Made:
    """Return one of several values, gone through in order: one takes the place of the best so far by its sign to it.

    Of two that are equal it is the earlier one.
    """
    graph, sides = scope.graph, list(scope.steps[number].args)
    if len(sides) == 1:
        return _as(scope, sides[0])
    takes: list[Node] = []  # whether a value takes the place of the best of those before it

    words = _in_one_step(scope, sides)
    if words is not None:
        return Made(status, part=lambda leaf, kind: _best(scope, sides, signs, words, leaf, kind))

    lost: list[Node | None] = []

    def better(one: int, other: int, sign: str) -> Node:
        test, unsure = compared(scope, sides[one], sign, sides[other])
        lost.append(unsure)
        return test

    for one, sign in enumerate(signs, start=1):
        test = better(one, 0, sign)
        for other in range(1, one):
            test = graph.select(takes[other - 1], better(one, other, sign), test)
        takes.append(test)

    def best(read: Callable[[int], Node]) -> Node:
        found = read(sides[0])
        for side, test in zip(sides[1:], takes, strict=True):
            found = graph.select(test, read(side), found)
        return found

    unsure = graph.both(_there(graph, status), graph.either(*lost))
    return Made(
        evolve(status, bad=graph.either(status.bad, unsure)),
        part=lambda leaf, kind: best(lambda side: side_part(scope, side, leaf, kind)),
        lowest=lambda: best(scope.lowest),
    )


def _in_one_step(scope: Scope, sides: Sequence[int]) -> list[Node] | None:
    """Return several values as words that compare as they do; None where that takes more than a word."""
    forms = [scope.form(side) for side in sides]
    scale = lcm(*(form.scale for form in forms))
    parts = [mul(const(scale // form.scale), form.above) for form in forms]
    if not all(form.is_whole for form in forms) or not all(part.fits for part in parts):
        return None
    return [scope.numbers.of(part, INT) for part in parts]


def _best(
    scope: Scope, sides: Sequence[int], signs: Sequence[str], words: Sequence[Node], leaf: Leaf, kind: Kind
) -> Node:
    """Return what the best of several values gives to their common leaf."""
    graph = scope.graph
    best, found = words[0], side_part(scope, sides[0], leaf, kind)
    for side, word, sign in zip(sides[1:], words[1:], signs, strict=True):
        test = graph.node(BOOL, f"({{0}} {sign} {{1}})", word, best)
        best = graph.select(test, word, best)
        found = graph.select(test, side_part(scope, side, leaf, kind), found)
    return found


def _abs(scope: Scope, number: int, status: Status) -> Made:
    (value,) = scope.steps[number].args
    form, graph = scope.form(value), scope.graph
    negative, lost = against(scope, value, "<", Fraction())
    positive = graph.negated(negative)
    codes = {"i": "(-{0})", "u": "(uint64(0) - {0})", "f": "(-{0})", "w": "wide_neg({0})", "t": "{0}"}

    def part(leaf: Leaf, kind: Kind) -> Node:
        found = scope.top(form, leaf, kind)
        if leaf.part == "below":
            return found
        return graph.select(positive, found, graph.node(found.kind, codes[kind], found))

    return Made(
        evolve(status, bad=graph.either(status.bad, graph.both(_there(graph, status), lost))),
        part=part,
        lowest=lambda: graph.node(WIDE, "quotient_abs({0})", scope.lowest(value)),
    )


def _share(scope: Scope, number: int) -> Made:
    part, whole = scope.steps[number].args
    status = scope.need(part, whole)
    graph = scope.graph
    negative, unsure = against(scope, part, "<", Fraction())
    more, lost = compared(scope, part, ">", whole)
    zero, gone = _zero(scope, whole)
    return Made(
        Status(miss=graph.either(status.miss, zero), bad=graph.either(status.bad, negative, more, unsure, lost, gone)),
        lowest=lambda: joined(scope, OVER, (part, whole)),
    )


def _zero(scope: Scope, number: int) -> tuple[Node | None, Node | None]:
    """Return whether a divisor is zero, and whether that cannot be said; None where it cannot be so."""
    divisor = scope.form(number).above
    if divisor.lo > 0 or divisor.hi < 0:
        return None, None
    if not is_exact(divisor):
        top, _, lost = halves(scope, scope.lowest(number))
        return scope.graph.node(BOOL, "({0} == 0)", top), lost
    node, kind = scope.numbers.exact(divisor)
    return scope.graph.node(BOOL, "({0} == 0)" if kind == INT else "wide_is_zero({0})", node), None


def too_much(scope: Scope, form: Form, most: Fraction) -> Node | None:
    """Return whether the absolute terms of a quotient may add up to more than was assumed."""
    graph, numbers = scope.graph, scope.numbers
    if form.bound <= most:
        return None
    if form.is_whole and form.above.fits:
        end = int(most * form.scale)
        word = numbers.of(form.above, INT)
        if form.above.lo >= 0:
            return graph.node(BOOL, "({0} > {1})", word, graph.int(end))
        return graph.node(BOOL, "(({0} > {1}) | ({0} < {2}))", word, graph.int(end), graph.int(-end))
    below = numbers.of(form.below, FLOAT)
    # The estimate is off by far less than this margin.
    limit = graph.plain(FLOAT, repr(float(most * form.scale) * (1 - 2.0**-20)))
    return graph.node(BOOL, "(not ({0} <= {1} * {2}))", numbers.of(form.above, TERMS), below, limit)


COMPUTING: dict[Op, Callable[[Scope, int], Made]] = {
    Op.SCALE: _scale,
    Op.ADD: _add,
    Op.MUL: _mul,
    Op.DIV: _div,
    Op.COMPARE: _compare,
    Op.AND: _joined,
    Op.OR: _joined,
    Op.NOT: _not,
    Op.HAS: _has,
    Op.IF: _if,
    Op.ELSE: _else,
    Op.CALL: _call,
}
