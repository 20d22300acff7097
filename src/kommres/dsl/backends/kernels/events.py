"""Loops over the events of a row, cut to the month or asked whether they cover a day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kommres.dsl.backends.kernels.batch import OPEN
from kommres.dsl.backends.kernels.gathering import Leg, Walk, event_source
from kommres.dsl.backends.kernels.graph import BOOL, INT, Node
from kommres.dsl.backends.kernels.numbers import NotCompiled
from kommres.dsl.backends.kernels.reading import row_of
from kommres.dsl.backends.kernels.scope import EventAt
from kommres.dsl.backends.kernels.slicing import scope_inside

if TYPE_CHECKING:
    from kommres.dsl.backends.kernels.builder import Builder
    from kommres.dsl.plan.nodes import SourcePlan

#: Functions of intervals of dates that keep each row for itself.
_COMPILED = frozenset({"clip", "covering"})


def bound_events(builder: Builder, walk: Walk, leg: Leg, slot: int, source: SourcePlan) -> Leg:
    """Return a leg with the loop over the events of a source. Raises :class:`NotCompiled`."""
    functions, rows, event = event_source(source)
    scope, graph = leg.scope, builder.graph
    base = row_of(scope, rows.slot, rows.up)
    offsets = builder.argument("event offsets", base.entity, event.name)
    first = graph.node(INT, "first_of({0}, {1})", offsets, base.place)
    last = graph.node(INT, "last_of({0}, {1})", offsets, base.place)
    loop = graph.loop("for {name} in range({0}, {1})", first, last, inside=scope_inside(scope))
    place = builder.named(loop)
    held = EventAt(base.entity, event.name, place)
    inner = Leg(scope, [*leg.loops, loop], leg.test, leg.bad)
    if not functions:
        inner.scope = scope.inside({slot: held})
        return inner
    if any(function.kind not in _COMPILED for function in functions) or event.interval != "date":
        # Rows without such events are nevertheless a kernel's.
        builder.note(scope.definition, scope.steps[walk.number], f"{functions[-1].kind} of {event.name}")
        some = graph.node(BOOL, "({0} < {1})", first, last)
        none = graph.loop("for {name} in range({0}, {0})", first, inside=scope_inside(scope))
        place = builder.named(none)
        inner = scope.inside({slot: EventAt(base.entity, event.name, place, {})})
        return Leg(inner, [*leg.loops, none], graph.false, graph.either(leg.bad, _seen(leg, some)))
    start, end, wrong = _bounds(builder, held)
    inner.bad = graph.either(inner.bad, _seen(inner, wrong))
    fields = {}
    for function in functions:
        match function.kind:
            case "clip" if not function.args:
                start = graph.node(INT, "max({0}, {1})", start, scope.term.start)
                end = graph.node(INT, "min({0}, {1})", end, scope.term.end)
                fields = {"from": start, "to": end}
                inner.test = graph.both(inner.test or graph.true, graph.node(BOOL, "({0} < {1})", start, end))
            case "covering":
                code = "(({0} <= {2}) & ({2} < {1}))"
                inner.test = graph.both(inner.test or graph.true, graph.node(BOOL, code, start, end, scope.when.day))
            case _:
                raise NotCompiled(f"`{function.kind}` with bounds")
    inner.scope = scope.inside({slot: EventAt(base.entity, event.name, place, fields)})
    return inner


def _seen(leg: Leg, wrong: Node | None) -> Node | None:
    graph = leg.scope.graph
    if wrong is None:
        return None
    return leg.folded(graph.false, lambda before: graph.either(before, wrong) or graph.false)


def _bounds(builder: Builder, held: EventAt) -> tuple[Node, Node, Node]:
    """Return the bounds of an interval, open ends far away, and whether they cannot be read."""
    graph = builder.graph
    fields = builder.layout.events[held.entity][held.event]
    start, end = (
        graph.node(INT, "int64({0}[{1}])", builder.argument("event", held.entity, held.event, name), held.place)
        for name in ("from", "to")
    )
    low, high, absent = fields["from"].low, fields["from"].high, fields["to"].absent
    wrong = graph.node(BOOL, "(({0} < {1}) | ({0} > {2}))", start, graph.int(low), graph.int(high))
    unread = graph.node(BOOL, "(({0} < {1}) | ({0} > {2}))", end, graph.int(absent), graph.int(fields["to"].high))
    closed = graph.node(INT, "({1} if {0} == {2} else {0})", end, graph.int(OPEN), graph.int(absent))
    wrong = graph.either(wrong, unread) or graph.false
    return start, closed, wrong
