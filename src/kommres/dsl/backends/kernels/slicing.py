"""Sums over slices, means over days, edges of the month: pieces of the month on which nothing changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, evolve, field

from kommres.dsl.backends.kernels.graph import BOOL, INT, Block, Branch, Carried, Loop, Node, Status, innermost
from kommres.dsl.backends.kernels.numbers import NotCompiled
from kommres.dsl.backends.kernels.scope import Made, Member, Scope, When
from kommres.dsl.plan.forms import Form, Leaf, Whole, const, mul
from kommres.dsl.plan.nodes import Op
from kommres.dsl.plan.payload import payload

if TYPE_CHECKING:
    from collections.abc import Callable

    from kommres.dsl.backends.kernels.graph import Kind
    from kommres.dsl.backends.kernels.pieces_of import Pieces


@define(eq=False)
class Turns:
    """A loop over the pieces of the month for one row. None where the month is one piece for every row."""

    scope: Scope
    loop: Loop | None
    inner: Scope
    bad: Node | None
    _sums: dict[tuple[object, Kind], Node] = field(factory=dict)

    def summed(self, key: object, kind: Kind, value: Callable[[Scope], Node]) -> Node:
        """Return the sum over the pieces of what ``value`` gives in each."""
        if self.loop is None:
            return value(self.inner)
        found = self._sums.get((key, kind))
        if found is None:
            zero = self.scope.numbers.turned(self.scope.graph.int(0), kind)
            carried = self.scope.graph.carry(self.loop, zero)
            self._sums[key, kind] = found = carried.after
            code = "wide_add({0}, {1})" if kind == "w" else "({0} + {1})"
            carried.following = self.scope.graph.node(kind, code, carried.current, value(self.inner))
        return found

    def any(self, key: object, node: Node | None) -> Node | None:
        """Return whether a condition holds in some piece."""
        if self.loop is None or node is None:
            return node
        found = self._sums.get((key, BOOL))
        if found is None:
            carried = self.scope.graph.carry(self.loop, self.scope.graph.false)
            self._sums[key, BOOL] = found = carried.after
            carried.following = self.scope.graph.either(carried.current, node)
        return found

    def status(self, value: int) -> Status:
        """Return the status of a step that is needed in all pieces."""
        graph = self.scope.graph
        each = self.inner.need(value)
        bad = graph.either(self.bad, self.any((value, "bad"), each.bad))
        return Status(miss=self.any((value, "miss"), each.miss), bad=bad)


def turns(scope: Scope, value: int, names: tuple[int, ...] = ()) -> Turns:
    """Return the loop over the pieces of the month; neighbours on which no name changes are one piece."""
    graph, builder = scope.graph, scope.builder
    if builder.still or scope.when.past is not None:
        return Turns(scope, None, scope, builder.moves(scope, value, *names))
    pieces = builder.pieces(scope, value, *names)
    if pieces is None:
        return Turns(scope, None, scope.inside(when=When(builder.start, builder.start, builder.end, whole=True)), None)
    loop = graph.loop("while True", inside=scope_inside(scope))
    start = graph.carry(loop, builder.start)
    end, bad = _end_of(scope, pieces, loop, start, names)
    start.following = end
    loop.last = graph.node(BOOL, "({0} >= {1})", end, builder.end)
    inner = scope.inside(when=When(start.current, start.current, end))
    found = Turns(scope, loop, inner, None)
    found.bad = graph.either(pieces.bad, found.any("names", bad))
    return found


def scope_inside(scope: Scope) -> Block | None:
    """Return the loop in which a scope stands."""
    places = [slot.place.inside for slot in scope.slots.values() if not isinstance(slot, Member)]
    return innermost((*places, scope.when.day.inside, scope.when.end.inside))


def _end_of(
    scope: Scope, pieces: Pieces, loop: Loop, start: Carried, names: tuple[int, ...]
) -> tuple[Node, Node | None]:
    """Return the end of the piece that begins at ``start``, and whether that cannot be said."""
    graph, builder = scope.graph, scope.builder
    first = pieces.after(start.current)
    if not names:
        return first, None
    joining = graph.loop("while True", inside=loop.body)
    end = graph.carry(joining, first)
    over = graph.node(BOOL, "({0} >= {1})", end.current, builder.end)
    here = scope.inside(when=When(start.current, start.current, builder.end))
    there = scope.inside(when=When(end.current, end.current, builder.end))
    changes: Node | None = None
    unknown: Node | None = None
    for name in names:
        for side in (here, there):
            status = side.status(name)
            unknown = graph.either(unknown, status.absent, status.miss, status.bad)
        changes = graph.either(changes, _differs(here, there, name))
    unknown = graph.both(graph.negated(over), unknown)
    joining.stop = graph.either(over, changes, unknown)
    end.following = pieces.after(end.current)
    # The loop ends at the first neighbour of which it cannot be said whether it differs.
    bad = None
    if unknown is not None:
        bad = graph.carry(joining, graph.false)
        asked = graph.either(over, changes, unknown) or graph.false
        joining.stop = None
        joining.last = asked
        bad.following = unknown
        end.following = graph.select(asked, end.current, pieces.after(end.current))
    return end.after, None if bad is None else bad.after


def _differs(here: Scope, there: Scope, name: int) -> Node | None:
    graph, step = here.graph, here.steps[name]
    if step.kind == "yes_no":
        return graph.node(BOOL, "({0} != {1})", here.holds(name), there.holds(name))
    if step.kind in {"enum", "id"}:
        members = here.members(name)
        return graph.node(BOOL, "({0} != {1})", here.code(name, members), there.code(name, members))
    if step.op is Op.TABLE:
        return None
    form = here.form(name)
    if form.is_whole and form.above.fits:
        one, other = (side.numbers.of(form.above, INT) for side in (here, there))
        return None if one is other else graph.node(BOOL, "({0} != {1})", one, other)
    if not (form.above.fits and form.below.fits):
        raise NotCompiled("pieces told apart by a quotient of too many bits")
    parts = [side.numbers.of(part, INT) for side in (here, there) for part in (form.above, form.below)]
    return graph.node(BOOL, "(not same_quotient({0}, {1}, {2}, {3}))", *parts)


# --- steps ---------------------------------------------------------------------------------------------------


def _over_slices(scope: Scope, number: int) -> Made:
    has_span, _ = payload(scope.steps[number])
    value, *rest = scope.steps[number].args
    if has_span:
        return _span(scope, number, value, *rest[:2])
    months = turns(scope, value, tuple(rest))
    status = months.status(value)
    if scope.builder.still:
        return Made(status)
    if months.loop is None:
        # One piece: the value is the sum.
        return Made(status, part=lambda leaf, kind: _single(months.inner, value, leaf, kind))
    return Made(status, part=lambda leaf, kind: _sum_part(scope, months, value, leaf, kind))


def _span(scope: Scope, number: int, value: int, first: int, until: int) -> Made:
    """Return a sum over the slices of a span inside the month, on whose days nothing changes."""
    graph, builder = scope.graph, scope.builder
    if scope.when.past is not None:
        raise NotCompiled("a sum over slices of a span of days in a past month")
    if not builder.still:
        raise NotCompiled("a sum over slices of a span of days in which something changes")
    asked = scope.need(first, until)
    start, end = scope.word(first), scope.word(until)
    filled = Branch(graph.node(BOOL, "({0} < {1})", start, end))
    inner = scope.inside(when=When(builder.start, start, end))
    each = inner.need(value)
    outside = graph.node(BOOL, "(({0} < {1}) | ({2} > {3}))", start, builder.start, end, builder.end)
    wrong = graph.either(each.bad, outside, builder.moves(scope, value))
    status = Status(
        miss=graph.either(asked.miss, graph.choose_maybe(filled, each.miss, None)),
        bad=graph.either(asked.bad, graph.choose_maybe(filled, wrong, None)),
    )
    scope.form(number)

    def part(leaf: Leaf, kind: Kind) -> Node:
        nothing = scope.numbers.turned(graph.int(1 if leaf.part == "below" else 0), kind)
        return graph.choose(filled, _single(inner, value, leaf, kind), nothing)

    return Made(status, part=part)


def _single(scope: Scope, value: int, leaf: Leaf, kind: Kind) -> Node:
    form = scope.form(value)
    if form.is_whole or leaf.part != "value":
        return scope.top(form, leaf, kind)
    return scope.numbers.turned(on_grid(scope, form, leaf.scale), kind)


def _sum_part(scope: Scope, months: Turns, value: int, leaf: Leaf, kind: Kind) -> Node:
    form = scope.form(value)
    if leaf.part == "below":
        return scope.numbers.of(months.inner.form(value).below, kind)
    if form.is_whole or leaf.part == "above":
        return months.summed((value, leaf), kind, lambda inner: inner.top(form, leaf, kind))
    word = months.summed((value, leaf), INT, lambda inner: on_grid(inner, form, leaf.scale))
    return scope.numbers.turned(word, kind)


def on_grid(scope: Scope, form: Form, grid: int) -> Node:
    """Return a quotient that is a whole number of 1/``grid`` as that number."""
    above = mul(const(grid), form.above)
    below = mul(const(form.scale), form.below)
    if not above.fits or not below.fits:
        raise NotCompiled("a quotient on a grid that needs more than 63 bits")
    numbers = scope.numbers
    return scope.graph.node(INT, "floor_div({0}, {1})", numbers.of(above, INT), numbers.of(below, INT))


def _mean_days(scope: Scope, number: int) -> Made:
    (value,) = scope.steps[number].args
    month = turns(scope, value)
    builder = scope.builder
    if builder.still:
        return Made(month.status(value))

    def part(leaf: Leaf, kind: Kind) -> Node:
        if leaf.part == "below":
            return scope.numbers.turned(scope.days, kind)

        def weighed(inner: Scope) -> Node:
            form = inner.form(value)
            word = _word_at(inner, form, leaf.scale)
            days = (
                scope.days
                if inner.when.whole
                else inner.graph.node(INT, "({0} - {1})", inner.when.end, inner.when.start)
            )
            return inner.graph.node(INT, "({0} * {1})", word, days)

        return scope.numbers.turned(month.summed((value, leaf), INT, weighed), kind)

    return Made(month.status(value), part=part)


def _word_at(scope: Scope, form: Form, scale: int) -> Node:
    if form.is_whole:
        return scope.numbers.of(_times(form.above, scale, form.scale), INT)
    return on_grid(scope, form, scale)


def _times(above: Whole, scale: int, known: int) -> Whole:
    if scale % known:
        raise NotCompiled(f"steps of 1/{known} as steps of 1/{scale}")
    return mul(const(scale // known), above)


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
    return Made(made.status, part=lambda leaf, kind: inner.top(form, leaf, kind))


def _table(scope: Scope, number: int) -> Made:
    position, _ = payload(scope.steps[number])
    if not scope.builder.tables.still(position):
        raise NotCompiled("pieces told apart by the brackets of a table")
    return Made(node=scope.graph.int(0))


SLICING = {
    Op.OVER_SLICES: _over_slices,
    Op.MEAN_DAYS: _mean_days,
    Op.EDGE: _edge,
    Op.TABLE: _table,
}


@define(eq=False)
class Printed:
    """What a line shows: ``above / below`` where it is ``given``."""

    given: Node
    bad: Node | None
    above: Node
    below: Node


def shown(scope: Scope, step: int) -> Printed:
    """Return what a line shows of a step. Raises :class:`NotCompiled`.

    A value that is not the same in all pieces of the month is not shown.
    """
    graph, builder = scope.graph, scope.builder
    form = scope.form(step)
    if builder.still:
        status = scope.status(step)
        above, below, wide = _parts(scope, form)
        given = graph.true if status.absent is None else graph.negated(status.absent)
        moved = builder.moves(scope, step) if builder.by_day(scope.steps, step) else None
        return Printed(given, graph.either(status.bad, status.miss, moved, wide), above, below)
    pieces = builder.pieces(scope, step)
    first = scope.inside(when=When(builder.start, builder.start, builder.end, whole=True))
    above, below, wide = _parts(first, form)
    status = first.status(step)
    given = graph.true if status.absent is None else graph.negated(status.absent)
    bad = graph.either(status.bad, status.miss, wide)
    if pieces is not None and builder.by_day(scope.steps, step):
        loop = graph.loop("while True", inside=scope_inside(scope))
        day = graph.carry(loop, builder.start)
        same = graph.carry(loop, graph.true)
        wrong = graph.carry(loop, graph.false)
        there = scope.inside(when=When(day.current, builder.start, builder.end, whole=True))
        at, under, further = _parts(there, form)
        each = there.status(step)
        equal = graph.node(BOOL, "same_quotient({0}, {1}, {2}, {3})", above, below, at, under)
        held = graph.true if each.absent is None else graph.negated(each.absent)
        alike = graph.node(BOOL, "({0} == {1})", given, held)
        both = graph.both(given, held)
        kept = graph.both(alike, graph.either(graph.negated(both) if both is not None else graph.true, equal))
        same.following = graph.both(same.current, kept) or graph.false
        wrong.following = graph.either(wrong.current, each.bad, each.miss, further)
        following = pieces.after(day.current)
        day.following = following
        loop.last = graph.node(BOOL, "({0} >= {1})", following, builder.end)
        given = graph.both(given, same.after) or graph.false
        bad = graph.either(bad, wrong.after, pieces.bad)
    return Printed(given, bad, above, below)


def _parts(scope: Scope, form: Form) -> tuple[Node, Node, Node | None]:
    """Return both parts of a quotient as words, and whether they are none in a row."""
    above, one = _as_word(scope, form.above)
    below, other = _as_word(scope, mul(const(form.scale), form.below))
    return above, below, scope.graph.either(one, other)


def _as_word(scope: Scope, part: Whole) -> tuple[Node, Node | None]:
    if part.fits:
        return scope.numbers.of(part, INT), None
    node, _ = scope.numbers.exact(part)
    word = scope.graph.node(INT, "wide_word({0})", node)
    return word, scope.graph.node(BOOL, "wide_ne({0}, wide({1}))", node, word)
