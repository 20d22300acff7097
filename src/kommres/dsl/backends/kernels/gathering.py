"""Aggregates: loops over children and events, members one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, evolve, field

from kommres.dsl.backends.kernels.graph import BOOL, INT, SHORT, WIDE, Branch, Node, Status
from kommres.dsl.backends.kernels.legs import Leg, outside
from kommres.dsl.backends.kernels.lowest import PLUS
from kommres.dsl.backends.kernels.numbers import NotCompiled
from kommres.dsl.backends.kernels.past import furthest
from kommres.dsl.backends.kernels.reading import row_of
from kommres.dsl.backends.kernels.scope import Made, Member, RowAt, Scope, Term, When
from kommres.dsl.backends.kernels.short import FURTHEST
from kommres.dsl.backends.kernels.slicing import is_of_any, quotient_of, words_of
from kommres.dsl.backends.kernels.times import bound_times
from kommres.dsl.backends.kernels.turning import on_grid, scope_inside
from kommres.dsl.bound.nodes import Event
from kommres.dsl.plan.facts import has_days
from kommres.dsl.plan.forms import Form, Leaf
from kommres.dsl.plan.nodes import Gather, Op, SourcePlan

if TYPE_CHECKING:
    from collections.abc import Callable

    from kommres.dsl.backends.kernels.graph import Kind


@define(eq=False)
class Walk:
    """All combinations that an aggregate goes through."""

    scope: Scope
    gather: Gather
    number: int
    legs: list[Leg] = field(factory=list)
    _folds: dict[object, Node] = field(factory=dict)

    def begin(self) -> None:
        """Make the loops."""
        legs = [Leg(self.scope)]
        # Members first: each of them has loops of its own.
        for slot, source in sorted(self.gather.binders, key=lambda binder: binder[1].kind != "members"):
            legs = [new for leg in legs for new in self._bound(leg, slot, source)]
        where = self.gather.where
        for leg in legs:
            if where is not None:
                status = leg.scope.need(where)
                graph = self.scope.graph
                wrong = graph.either(status.bad, status.miss)
                self._spoiled(leg, wrong)
                leg.test = graph.both(leg.test or graph.true, leg.scope.holds(where)) or graph.false
        self.legs = legs

    def _bound(self, leg: Leg, slot: int, source: SourcePlan) -> list[Leg]:
        scope, graph = leg.scope, self.scope.graph
        if source.kind == "members" and isinstance(source.data, tuple):
            return [
                Leg(scope.inside({slot: Member(member)}), [*leg.loops], leg.test, leg.bad) for member in source.data
            ]
        builder = scope.builder
        if source.kind == "children":
            base = row_of(scope, source.slot, source.up)
            first, last = builder.below(base, str(source.data))
            loop = graph.loop("for {name} in range({0}, {1})", first, last, inside=scope_inside(scope))
            place = builder.named(loop)
            row = RowAt(str(source.data), place)
            if builder.ancestors(row.entity)[0] == base.entity:
                builder.stands_below(row, base)
            inner = scope.inside({slot: row})
            usable = builder.argument("usable", str(source.data))
            lost = graph.node(BOOL, "any_lost({0}, {1}, {2})", usable, first, last)
            return [Leg(inner, [*leg.loops, loop], leg.test, graph.either(leg.bad, outside(leg, lost)))]
        if source.kind == "months":
            return [self._past(leg, source)]
        if has_days(source):
            bound = bound_times(scope, slot, source, scope_inside(scope))
            bad = graph.either(leg.bad, None if bound.bad is None else outside(leg, bound.bad))
            test = bound.test if leg.test is None else graph.both(leg.test, bound.test or graph.true)
            return [Leg(bound.scope, [*leg.loops, bound.loop], test, bad, bound.stretch)]
        return [builder.events(self, leg, slot, source)]

    def _past(self, leg: Leg, source: SourcePlan) -> Leg:
        """Go through the months before the one of the aggregate, the newest first."""
        graph, builder = self.scope.graph, leg.scope.builder
        if not isinstance(source.data, tuple):
            raise NotCompiled("past months without a number")
        count, take = source.data
        before = self.scope.term
        last = graph.int(count)
        if source.where is not None:
            last = furthest(leg.scope, source.where, before, last)
        loop = graph.loop("for {name} in range({0})", last, inside=scope_inside(leg.scope))
        number = graph.node(INT, "({0} - 1 - {1})", before.number, builder.named(loop))
        start, end = (graph.node(INT, "first_day({0})", n) for n in (number, graph.node(INT, "({0} + 1)", number)))
        term = Term(number, start, end, back=before.back + count, visited=True)
        inner = leg.scope.inside(when=When(start, start, end, whole=True, past=term))
        found = Leg(inner, [*leg.loops, loop], leg.test, leg.bad)
        holds = graph.true
        if source.where is not None:
            status, holds = inner.need(source.where), inner.holds(source.where)
            self._spoiled(found, graph.either(status.bad, status.miss))
            found.test = graph.both(found.test or graph.true, holds) or graph.false
        if take is not None:
            taken = graph.carry(loop, graph.int(0))
            taken.following = graph.node(INT, "({0} + int64({1}))", taken.current, holds)
            loop.last = graph.node(BOOL, "({0} >= {1})", taken.following, graph.int(take))
        return found

    def _spoiled(self, leg: Leg, wrong: Node | None) -> None:
        """Note that an item cannot be judged: the row is the interpreter's."""
        if wrong is None:
            return
        leg.bad = self.scope.graph.either(leg.bad, leg.any(wrong, coarse=True))

    # folding ---------------------------------------------------------------------------------------------

    def fold(self, key: object, first: Node, step: Callable[[Scope, Node], Node]) -> Node:
        """Carry a value through all combinations, one leg after the other."""
        found = self._folds.get(key)
        if found is None:
            found = first
            for leg in self.legs:
                found = leg.folded(found, lambda before, leg=leg: step(leg.scope, before))  # type: ignore[misc]
            self._folds[key] = found
        return found

    def joined(self, key: object, first: Node, code: str, item: Callable[[Scope], Node], neutral: Node) -> Node:
        """Join items of all combinations; one that does not count is ``neutral``."""
        found = self._folds.get(key)
        if found is None:
            found = first
            for leg in self.legs:
                found = leg.joined(found, code, item(leg.scope), neutral)
            self._folds[key] = found
        return found

    def status(self, *needed: int | None) -> Status:
        """Return the status of what needs some steps of every item."""
        graph = self.scope.graph
        numbers = [n for n in needed if n is not None]

        def seen(which: str) -> Node | None:
            found = [(leg, getattr(leg.scope.need(*numbers), which)) for leg in self.legs]
            key = which, *numbers
            if key not in self._folds and any(wrong is not None for _, wrong in found):
                seen_ = [leg.any(wrong, coarse=which == "bad") for leg, wrong in found if wrong is not None]
                self._folds[key] = graph.either(*seen_) or graph.false
            return self._folds.get(key)

        bad = graph.either(seen("bad"), *(leg.bad for leg in self.legs), self._too_many())
        return Status(miss=seen("miss"), bad=bad)

    def _too_many(self) -> Node | None:
        """Return whether several sources give more items than was assumed; one alone is asked where it is bound."""
        binders = self.gather.binders
        if len(binders) == 1 or all(source.kind in {"members", "months"} for _, source in binders):
            return None
        graph, most = self.scope.graph, self.scope.builder.proofs.assumptions.items
        return graph.node(BOOL, "({0} > {1})", self.count(), graph.int(most))

    def count(self) -> Node:
        """Return the number of items."""
        found = self._folds.get("count")
        if found is None:
            found = self.scope.graph.int(0)
            for leg in self.legs:
                found = leg.count(found)
            self._folds["count"] = found
        return found


def _aggregate(scope: Scope, number: int) -> Made:
    gather = scope.steps[number].data
    if not isinstance(gather, Gather):
        raise NotCompiled("an aggregate of nothing")
    walk = Walk(scope, gather, number)
    walk.begin()
    return _FOLDS[gather.function](walk, number)


def _count(walk: Walk, _number: int) -> Made:
    return Made(walk.status(), node=walk.count())


def _value(walk: Walk) -> int:
    if walk.gather.value is None:
        raise NotCompiled("an aggregate without a value")
    return walk.gather.value


def _addend(scope: Scope, value: int, leaf: Leaf, kind: Kind, *, over_one: bool) -> Node:
    form = scope.form(value)
    if form.is_whole or over_one:
        return scope.top(form, leaf, kind)
    return scope.numbers.turned(on_grid(scope, form, leaf.scale), kind)


def _sum(walk: Walk, number: int) -> Made:
    value, scope = _value(walk), walk.scope
    above = scope.form(number).above
    if above.lo == above.hi == 0:  # the proof knows no sum of something
        some = scope.graph.node(BOOL, "({0} > 0)", walk.count())
        status = walk.status()
        return Made(evolve(status, bad=scope.graph.either(status.bad, some)), node=scope.graph.int(0))
    status = walk.status(value)
    if is_of_any(scope.form(number)):
        return _of_any(walk, number, status)
    # All over one divisor, or each on the grid.
    return Made(
        status,
        part=lambda leaf, kind: _added(walk, scope, value, leaf, kind, over_one=leaf.part == "above"),
        lowest=lambda: _lowest(walk, value),
    )


def _lowest(walk: Walk, value: int) -> Node:
    """Return a sum in its lowest terms, item by item."""
    graph, nothing = walk.scope.graph, walk.scope.numbers.turned(walk.scope.graph.int(1), WIDE)
    return walk.fold("lowest", nothing, lambda inner, before: graph.node(WIDE, PLUS, before, inner.lowest(value)))


def _of_any(walk: Walk, number: int, status: Status) -> Made:
    """Return a sum of quotients whatever their divisors."""
    value, scope, graph = _value(walk), walk.scope, walk.scope.graph
    found = scope.form(number)
    bounds = graph.int(found.above.most), graph.int(found.below.hi)
    code = "quotient_plus({0}, {1}, {2}, {3}, {4})"
    total = walk.fold(
        "quotient",
        scope.numbers.turned(graph.int(1), WIDE),
        lambda inner, before: graph.node(WIDE, code, before, *words_of(inner, value)[:2], *bounds),
    )
    wrong = [(leg, words_of(leg.scope, value)[2]) for leg in walk.legs]
    return quotient_of(scope, total, status, graph.either(*(leg.any(lost) for leg, lost in wrong if lost is not None)))


def _added(walk: Walk, scope: Scope, value: int, leaf: Leaf, kind: Kind, *, over_one: bool = False) -> Node:
    code = "wide_add({0}, {1})" if kind == "w" else "({0} + {1})"
    first = scope.numbers.turned(scope.graph.int(0), kind)
    return walk.joined(
        ("sum", leaf.scale, kind),
        first,
        code,
        lambda inner: _addend(inner, value, leaf, kind, over_one=over_one),
        first,
    )


def _mean(walk: Walk, _number: int) -> Made:
    value, scope = _value(walk), walk.scope
    status, count = walk.status(value), walk.count()
    none = scope.graph.node(BOOL, "({0} == 0)", count)

    def part(leaf: Leaf, kind: Kind) -> Node:
        if leaf.part == "below":
            return scope.numbers.turned(count, kind)
        return _added(walk, scope, value, leaf, kind)

    return Made(evolve(status, absent=none), part=part)


def _extreme(sign: str) -> Callable[[Walk, int], Made]:
    def best(walk: Walk, number: int) -> Made:
        value, scope = _value(walk), walk.scope
        step, graph = scope.steps[value], scope.graph
        if step.kind not in {"number", "date", "instant"}:
            raise NotCompiled("the least or greatest of what is no number")
        status, count = walk.status(value), walk.count()
        none = graph.node(BOOL, "({0} == 0)", count)
        form = scope.form(number)
        if not form.is_whole or not form.above.fits:
            raise NotCompiled("the least or greatest quotient of several rows")
        leaf = Leaf(number, "value", form.scale)
        if form.above.most < FURTHEST and all(leg.stretch is not None for leg in walk.legs):
            first = graph.plain(SHORT, f"short({FURTHEST if sign == 'min' else -FURTHEST})")
            best_ = walk.joined(
                (sign, form.scale),
                first,
                f"short_{sign}({{0}}, {{1}})",
                lambda inner: graph.node(SHORT, "short({0})", inner.top(inner.form(value), leaf, INT)),
                first,
            )
            return Made(evolve(status, absent=none), node=graph.node(INT, "long({0})", best_), scale=form.scale)
        start = graph.int((1 << 63) - 1 if sign == "min" else -(1 << 62))
        found = walk.joined(
            (sign, form.scale),
            start,
            f"{sign}({{0}}, {{1}})",
            lambda inner: inner.top(inner.form(value), leaf, INT),
            start,
        )
        return Made(evolve(status, absent=none), node=found, scale=form.scale)

    return best


#: How the search for an item that decides ended.
_DECIDED, _MISSED, _SPOILT = 1, 2, 3


def _any(walk: Walk, _number: int) -> Made:
    return _quantified(walk, everything=False)


def _all(walk: Walk, _number: int) -> Made:
    return _quantified(walk, everything=True)


def _quantified(walk: Walk, *, everything: bool) -> Made:
    """Say whether a condition holds for any or all items; one that decides stops the search, so later ones may fail."""
    value, graph = _value(walk), walk.scope.graph
    first = graph.true if everything else graph.false
    # The interpreter has another order of the items.
    shuffled = len(walk.legs) > 1 and len(walk.gather.binders) > 1
    shuffled = shuffled or any(_reordered(source) for _, source in walk.gather.binders)
    if shuffled or all(leg.scope.need(value).sure for leg in walk.legs):

        def held(scope: Scope, before: Node) -> Node:
            found = graph.both(before, scope.holds(value)) if everything else graph.either(before, scope.holds(value))
            return found or graph.false

        status = walk.status(value)
        return Made(Status(bad=graph.either(status.bad, status.miss)), node=walk.fold("held", first, held))

    def ended(scope: Scope, before: Node) -> Node:
        status, holds = scope.need(value), scope.holds(value)
        found = graph.select(graph.negated(holds) if everything else holds, graph.int(_DECIDED), graph.int(0))
        for condition, how in ((status.miss, _MISSED), (status.bad, _SPOILT)):
            found = found if condition is None else graph.select(condition, graph.int(how), found)
        return graph.choose(Branch(graph.node(BOOL, "({0} == 0)", before)), found, before)

    how = walk.fold("ended", graph.int(0), ended)
    missed = graph.node(BOOL, "({0} == {1})", how, graph.int(_MISSED))
    spoilt = graph.node(BOOL, "({0} == {1})", how, graph.int(_SPOILT))
    decided = graph.node(BOOL, "({0} == {1})", how, graph.int(_DECIDED))
    status = Status(miss=missed, bad=graph.either(walk.status().bad, spoilt))
    return Made(status, node=graph.negated(decided) if everything else decided)


def _edge(sign: str) -> Callable[[Walk, int], Made]:
    def edge(walk: Walk, number: int) -> Made:
        """Find the place, then read the value of the one item that has it."""
        by, scope, graph = walk.gather.by, walk.scope, walk.scope.graph
        value = _value(walk)
        if by is None or len(walk.legs) != 1 or scope.steps[by].kind not in {"number", "date", "instant"}:
            raise NotCompiled("the first or last of several sources")
        (leg,) = walk.legs
        status, count = walk.status(by), walk.count()
        form = leg.scope.form(by)
        if not form.is_whole or not form.above.fits:
            raise NotCompiled("the first or last by a quotient")
        start = graph.int((1 << 63) - 1 if sign == "<" else -(1 << 62))
        place = leg.scope.numbers.of(form.above, INT)
        best = walk.fold(
            "place",
            start,
            lambda _, before: graph.node(INT, f"{'min' if sign == '<' else 'max'}({{0}}, {{1}})", before, place),
        )
        chosen = graph.node(BOOL, "({0} == {1})", place, best)
        again = Walk(scope, walk.gather, number)
        again.begin()
        (other,) = again.legs
        where = other.scope.numbers.of(other.scope.form(by).above, INT)
        chosen = graph.node(BOOL, "({0} == {1})", where, best)
        other.test = graph.both(other.test or graph.true, chosen)
        tied = graph.node(BOOL, "({0} > 1)", again.count())
        each = other.scope.status(value)
        parts = {
            which: again.fold(which, graph.false, lambda _, __, node=node: node)  # type: ignore[misc]
            for which, node in (("absent", each.absent), ("miss", each.miss), ("bad", each.bad))
            if node is not None
        }
        none = graph.node(BOOL, "({0} == 0)", count)
        whole = Status(
            absent=graph.either(none, parts.get("absent")),
            miss=graph.either(status.miss, parts.get("miss")),
            bad=graph.either(status.bad, parts.get("bad"), tied),
        )
        return _kept(again, number, value, whole)

    return edge


def _kept(walk: Walk, number: int, value: int, status: Status) -> Made:
    scope, graph = walk.scope, walk.scope.graph
    step = scope.steps[value]
    if step.kind == "yes_no":
        return Made(status, node=walk.fold("kept", graph.false, lambda inner, _: inner.holds(value)))
    if step.kind in {"enum", "id"}:
        members = walk.legs[0].scope.members(value) if step.kind == "enum" else None
        node = walk.fold("kept", graph.int(0), lambda inner, _: inner.code(value, members))
        return Made(status, node=node, members=members)
    scope.form(number)

    def part(leaf: Leaf, kind: Kind) -> Node:
        first = scope.numbers.turned(graph.int(1 if leaf.part == "below" else 0), kind)

        def read(inner: Scope, _before: Node) -> Node:
            form = inner.proof.shapes[value]
            if not isinstance(form, Form):
                raise NotCompiled("a value without a quotient")
            return inner.top(form, leaf, kind)

        return walk.fold(("kept", leaf, kind), first, read)

    return Made(status, part=part)


_FOLDS: dict[str, Callable[[Walk, int], Made]] = {
    "count": _count,
    "sum": _sum,
    "mean": _mean,
    "min": _extreme("min"),
    "max": _extreme("max"),
    "any": _any,
    "all": _all,
    "first": _edge("<"),
    "last": _edge(">"),
}

GATHERING = {Op.AGGREGATE: _aggregate}


def event_source(source: SourcePlan) -> tuple[list[SourcePlan], SourcePlan, Event]:
    """Return the interval functions of a source, the innermost first, the source of rows, and the event."""
    functions = []
    at = source
    while at.of is not None:
        functions.append(at)
        at = at.of
    event = at.data
    if at.kind != "events" or not isinstance(event, Event):
        raise NotCompiled(f"a source of {at.kind}")
    return functions[::-1], at, event


def _reordered(source: SourcePlan) -> bool:
    """Whether pieces of events come in another order than the interpreter's: `clip` in a loop does not sort them."""
    kinds = []
    at = source
    while at.of is not None:
        kinds.append(at.kind)
        at = at.of
    if at.kind != "events":
        return False
    sorted_by = next((kind for kind in kinds if kind not in {"clip", "covering"}), "")
    return "clip" in kinds[: kinds.index(sorted_by) if sorted_by else None] and sorted_by in {"", "daily", "split"}
