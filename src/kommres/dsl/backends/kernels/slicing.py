"""Sums over slices, means over days, edges of the month."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from kommres.dsl.backends.kernels.graph import INT, WIDE, Node, Status
from kommres.dsl.backends.kernels.hoisting import looked_up
from kommres.dsl.backends.kernels.lowest import halves, in_words
from kommres.dsl.backends.kernels.movers import in_month
from kommres.dsl.backends.kernels.numbers import MOST_WORD
from kommres.dsl.backends.kernels.scope import Made, Scope, When
from kommres.dsl.backends.kernels.turning import Turns, month_turns, on_grid, span_turns
from kommres.dsl.plan.forms import Form, Leaf
from kommres.dsl.plan.nodes import Op
from kommres.dsl.plan.payload import payload

if TYPE_CHECKING:
    from kommres.dsl.backends.kernels.graph import Kind

_MOST_DAYS = 31


def _over_slices(scope: Scope, number: int) -> Made:
    has_span, _ = payload(scope.steps[number])
    scope = _of_month(scope)
    value, *rest = scope.steps[number].args
    if not has_span:
        turns = month_turns(scope, number, tuple(rest))
        status = turns.status(value)
        if scope.builder.still:
            return Made(status, lowest=lambda: turns.inner.lowest(value))
        return _added(scope, number, turns, value, status)
    first, until, *names = rest
    near = in_month(scope.steps, number)
    found = looked_up(scope, number) if scope.builder.still and not near else None
    if found is not None:
        return found
    graph, asked = scope.graph, scope.need(first, until)
    start, end = scope.word(first), scope.word(until)
    if not near:  # days that cannot be read make no pieces
        end = graph.select(graph.either(asked.bad, asked.miss) or graph.false, start, end)
    turns = span_turns(scope, value, tuple(names), start, end, near=near)
    status = turns.status(value)
    status = Status(miss=graph.either(asked.miss, status.miss), bad=graph.either(asked.bad, status.bad))
    return _added(scope, number, turns, value, status)


def _added(scope: Scope, number: int, turns: Turns, value: int, status: Status) -> Made:
    """Return the sum over the pieces in the form that the proof found."""
    found, form = scope.form(number), turns.inner.form(value)
    if is_of_any(found):
        total = turns.quotient(value, lambda inner: words_of(inner, value)[:2], found.above.most, found.below.hi)
        return quotient_of(scope, total, status, turns.any((value, "word"), words_of(turns.inner, value)[2]))

    def part(leaf: Leaf, kind: Kind) -> Node:
        if form.is_whole or leaf.part == "above":
            return turns.summed((value, leaf), kind, lambda inner: inner.top(form, leaf, kind))
        word = turns.summed((value, leaf), INT, lambda inner: on_grid(inner, form, leaf.scale))
        return scope.numbers.turned(word, kind)

    return Made(status, part=part, lowest=lambda: turns.lowest(value))


def is_of_any(form: Form) -> bool:
    """Whether a sum is one of quotients whatever their divisors."""
    return isinstance(form.below.data, Leaf) and form.below.data.part == "bottom"


def words_of(scope: Scope, number: int, *, days: bool = False) -> tuple[Node, Node, Node | None]:
    """Return both parts of a quotient, ``days``: the upper one times those of the piece; and whether they are none."""
    most = MOST_WORD // _MOST_DAYS if days else MOST_WORD
    above, below, wrong = in_words(scope, scope.form(number), most, number)
    if days:
        above = scope.graph.node(INT, "({0} * {1})", above, _days(scope))
    return above, below, wrong


def quotient_of(scope: Scope, total: Node, status: Status, wrong: Node | None, days: Node | None = None) -> Made:
    """Return a sum of quotients, over some days."""
    graph = scope.graph
    top, bottom, lost = halves(scope, total)
    if days is not None:
        bottom = graph.node(INT, "({0} * {1})", bottom, days)
    return Made(
        evolve(status, bad=graph.either(status.bad, wrong, lost)),
        part=lambda leaf, kind: scope.numbers.turned(top if leaf.part == "top" else bottom, kind),
    )


def _mean_days(scope: Scope, number: int) -> Made:
    (value,) = scope.steps[number].args
    scope = _of_month(scope)
    turns = month_turns(scope, number)
    status = turns.status(value)
    if scope.builder.still:
        return Made(status, lowest=lambda: turns.inner.lowest(value))
    found, form = scope.form(number), turns.inner.form(value)
    if is_of_any(found):
        deepest = found.below.hi // _MOST_DAYS
        total = turns.quotient(value, lambda i: words_of(i, value, days=True)[:2], found.above.most, deepest)
        wrong = turns.any((value, "word"), words_of(turns.inner, value, days=True)[2])
        return quotient_of(scope, total, status, wrong, scope.days)
    gridded = not form.is_whole and isinstance(found.below.data, Leaf)

    def part(leaf: Leaf, kind: Kind) -> Node:
        if leaf.part == "below":
            return scope.numbers.turned(scope.days, kind)
        if gridded:
            word = turns.summed((value, leaf), INT, lambda inner: _weighed(inner, on_grid(inner, form, leaf.scale)))
            return scope.numbers.turned(word, kind)
        return turns.summed((value, leaf), kind, lambda inner: _weighed(inner, inner.top(form, leaf, kind)))

    return Made(status, part=part)


def _of_month(scope: Scope) -> Scope:
    """Return the scope of the month, of which slices are pieces wherever they are added up."""
    apart = scope.when.along is not None or scope.when.wide
    return scope.inside(when=scope.builder.month) if apart else scope


def _days(scope: Scope) -> Node:
    """Return how many days a piece has."""
    when = scope.when
    return scope.days if when.whole else scope.graph.node(INT, "({0} - {1})", when.end, when.start)


def _weighed(scope: Scope, node: Node) -> Node:
    days = scope.numbers.turned(_days(scope), node.kind)
    return scope.graph.node(node.kind, "wide_mul({0}, {1})" if node.kind == WIDE else "({0} * {1})", node, days)


def _edge(scope: Scope, number: int) -> Made:
    """Return a value on the first or the last day of the month."""
    (value,) = scope.steps[number].args
    builder = scope.builder
    first = payload(scope.steps[number]) == "start"
    past = scope.when.past
    if past is not None:
        day = past.start if first else scope.graph.node(INT, "({0} - 1)", past.end)
        return _as_in(scope.inside(when=evolve(scope.when, day=day)), value)
    moved = None if first or not builder.still else builder.moves(scope, value)
    still = builder.still or builder.pieces(scope, value) is None
    day = builder.start if first or still else builder.last
    inner = scope.inside(when=When(day, scope.when.start, scope.when.end, whole=scope.when.whole))
    made = _as_in(inner, value)
    if moved is None:
        return made
    return evolve(made, status=evolve(made.status, bad=scope.graph.either(made.status.bad, moved)))


def _as_in(inner: Scope, value: int) -> Made:
    """Return what a step comes to in a scope, for those outside of it."""
    made = inner.made(value)
    if made.node is not None or made.text is not None:
        return made
    form = inner.proof.shapes[value]
    if not isinstance(form, Form):
        return made
    return Made(made.status, part=lambda leaf, kind: inner.top(form, leaf, kind), lowest=lambda: inner.lowest(value))


def _table(scope: Scope, number: int) -> Made:
    """Return a number for the brackets in force."""
    position, _ = payload(scope.steps[number])
    keys = scope.steps[number].args
    return Made(scope.need(*keys), node=scope.builder.tables.version(scope, position, keys))


SLICING = {
    Op.OVER_SLICES: _over_slices,
    Op.MEAN_DAYS: _mean_days,
    Op.EDGE: _edge,
    Op.TABLE: _table,
}
