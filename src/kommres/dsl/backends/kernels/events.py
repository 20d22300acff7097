"""Loops over the events of a row: its rows, or the pieces that functions of intervals make of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from kommres.dsl.backends.kernels.batch import OPEN
from kommres.dsl.backends.kernels.emit import FEW
from kommres.dsl.backends.kernels.gathering import Walk, event_source
from kommres.dsl.backends.kernels.graph import BOOL, INT, Loop, Node, Status
from kommres.dsl.backends.kernels.legs import Leg
from kommres.dsl.backends.kernels.listing import Cut, Listing
from kommres.dsl.backends.kernels.moments import Moments
from kommres.dsl.backends.kernels.numbers import NotCompiled
from kommres.dsl.backends.kernels.reading import row_of
from kommres.dsl.backends.kernels.scope import EventAt, Made, RowAt, Scope
from kommres.dsl.backends.kernels.turning import scope_inside

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kommres.dsl.backends.kernels.builder import Builder
    from kommres.dsl.bound.nodes import Event
    from kommres.dsl.plan.nodes import SourcePlan

#: Functions that keep each piece for itself: the last ones of a source need no list.
_EACH = frozenset({"clip", "covering"})
#: What they leave has an end.
_ENDING = frozenset({"clip", "daily", "split"})


def bound_events(builder: Builder, walk: Walk, leg: Leg, slot: int, source: SourcePlan) -> Leg:
    """Return a leg with the loop over the events of a source.

    What no kernel cuts leaves the rows that have such events. Raises :class:`NotCompiled`.
    """
    functions, rows, event = event_source(source)
    row = row_of(leg.scope, rows.slot, rows.up)
    alone = len(walk.gather.binders) == 1
    try:
        return _Events(builder, leg, slot, event, row, functions, alone=alone).bound()
    except NotCompiled as why:
        builder.note(leg.scope.definition, leg.scope.steps[walk.number], f"{why} ({event.name})")
        return _Events(builder, leg, slot, event, row, (), alone=alone).nothing()


class _Events:
    """Binds a slot to the events of a row.

    ``alone``: no other source is gone through, so arguments of functions are not asked for where there are no events.
    """

    def __init__(
        self,
        builder: Builder,
        leg: Leg,
        slot: int,
        event: Event,
        row: RowAt,
        functions: Sequence[SourcePlan],
        *,
        alone: bool,
    ) -> None:
        self.builder = builder
        self.leg = leg
        self.slot = slot
        self.event = event
        self.row = row
        self.functions = functions
        self.alone = alone
        self._wrong: list[Node | None] = []
        graph = builder.graph
        offsets = self.builder.argument("event offsets", self.row.entity, self.event.name)
        self.first = graph.node(INT, "first_of({0}, {1})", offsets, self.row.place)
        self.last = graph.node(INT, "last_of({0}, {1})", offsets, self.row.place)

    @property
    def _some(self) -> Node:
        return self.builder.graph.node(BOOL, "({0} < {1})", self.first, self.last)

    def bound(self) -> Leg:
        """Return the leg with the loop."""
        graph, most = self.builder.graph, self.builder.proofs.assumptions.items
        self._wrong.append(graph.node(BOOL, "(({1} - {0}) > {2})", self.first, self.last, graph.int(most)))
        cuts = [self._cut(function) for function in self.functions]
        each = len(cuts)
        while each and cuts[each - 1].kind in _EACH:
            each -= 1
        return self._pieces(cuts[:each], cuts[each:]) if each else self._rows(cuts)

    def nothing(self) -> Leg:
        """Return a leg without events: a row that has some is the interpreter's."""
        graph = self.builder.graph
        none, place = self._loop("for {name} in range({0}, {0})", self.first)
        fields = {"inside": self.leg.scope.refused("yes_no")}
        inner = self.leg.scope.inside({self.slot: EventAt(self.row.entity, self.event.name, place, fields)})
        bad = graph.either(self.leg.bad, seen(self.leg, self._some))
        return Leg(inner, [*self.leg.loops, none], graph.false, bad)

    def _loop(self, head: str, *args: Node, kind: str = "j") -> tuple[Loop, Node]:
        loop = self.builder.graph.loop(head, *args, inside=scope_inside(self.leg.scope))
        return loop, self.builder.named(loop, kind)

    # functions -------------------------------------------------------------------------------------------

    def _cut(self, function: SourcePlan) -> Cut:
        """Return a function with its arguments; what is wrong with those counts where there are events."""
        scope, graph = self.leg.scope, self.builder.graph
        low: Node | None = None
        high: Node | None = None
        days = True
        match function.kind:
            case "clip" if function.args:
                status = scope.need(*function.args)
                self._asked(graph.either(status.bad, status.miss))
                low, high = (self._bound(scope, step) for step in function.args)
                days = False
            case "clip":
                low, high = scope.term.start, scope.term.end
            case "covering":
                low, high = scope.when.day, graph.node(INT, "({0} + 1)", scope.when.day)
            case "daily" | "split":
                first, last = (scope.steps[step].data for step in function.args)
                if not isinstance(first, int) or not isinstance(last, int):
                    raise NotCompiled(f"`{function.kind}` at times that are no constants")
                return Cut(function.kind, minutes=(first, last))
        if low is not None and high is not None and days and self.event.interval == "instant":
            low, high = self._moment(low), self._moment(high)
        return Cut(function.kind, low, high, function.by)

    def _bound(self, scope: Scope, step: int) -> Node:
        word = scope.word(step)
        if self.event.interval == "instant" and scope.steps[step].kind == "date":
            return self._moment(word)
        return word

    def _moment(self, day: Node) -> Node:
        moments = Moments(self.builder, self.row)
        found = moments.of(day)
        self._asked(moments.unknown(found))
        return found

    def _asked(self, wrong: Node | None) -> None:
        self._wrong.append(self.builder.graph.both(wrong, self._some) if self.alone else wrong)

    # loops -----------------------------------------------------------------------------------------------

    def _rows(self, cuts: list[Cut]) -> Leg:
        """Return the loop over rows, each cut for itself."""
        loop, place = self._loop("for {name} in range({0}, {1})", self.first, self.last, kind=FEW)
        held = EventAt(self.row.entity, self.event.name, place)
        inner = Leg(self.leg.scope, [*self.leg.loops, loop], self.leg.test, self._bad())
        if cuts:
            start, end, wrong = self._edges(held)
            inner.bad = self.builder.graph.either(inner.bad, seen(inner, wrong))
            held = EventAt(held.entity, held.event, place, self._kept(inner, cuts, start, end))
        inner.scope = self.leg.scope.inside({self.slot: held})
        return inner

    def _pieces(self, cuts: list[Cut], each: list[Cut]) -> Leg:
        """Return the loop over the pieces that functions list, each cut further for itself."""
        graph = self.builder.graph
        listed = Listing(self.builder, self.event, self.row, self.first, self.last, cuts).listed()
        self._wrong.append(listed.bad)
        loop, place = self._loop("for {name} in range({0})", listed.count)
        start, end, origin = (
            graph.node(INT, "{0}[{1}]", array, place) for array in (listed.start, listed.end, listed.origin)
        )
        inner = Leg(self.leg.scope, [*self.leg.loops, loop], self.leg.test, self._bad())
        fields = {**self._others(cuts, origin), **self._kept(inner, [*cuts, *each], start, end, len(cuts))}
        row = graph.node(INT, "({0} // 2)", origin)
        inner.scope = self.leg.scope.inside({self.slot: EventAt(self.row.entity, self.event.name, row, fields)})
        return inner

    def _bad(self) -> Node | None:
        graph = self.builder.graph
        return graph.either(self.leg.bad, seen(self.leg, graph.either(*self._wrong)))

    def _kept(self, leg: Leg, cuts: list[Cut], start: Node, end: Node, done: int = 0) -> dict[str, Made]:
        """Cut a piece by functions from ``done`` on; return its bounds, and let the leg test whether it counts."""
        graph = self.builder.graph
        for cut in cuts[done:]:
            if cut.low is None or cut.high is None:
                raise NotCompiled(f"`{cut.kind}`")
            if cut.kind == "clip":
                start = graph.node(INT, "max({0}, {1})", start, cut.low)
                end = graph.node(INT, "min({0}, {1})", end, cut.high)
                counts = graph.node(BOOL, "({0} < {1})", start, end)
            else:
                code = "(({0} <= {2}) & ({3} <= {1}) & ({0} < {1}))"
                counts = graph.node(BOOL, code, start, end, cut.low, cut.high)
            leg.test = graph.both(leg.test or graph.true, counts)
        if any(cut.kind in _ENDING for cut in cuts):
            return {"from": Made(node=start), "to": Made(node=end)}
        never = graph.node(BOOL, "({0} == {1})", end, graph.int(OPEN))
        to = self.event.field("to")
        optional = to is not None and to.type.optional
        status = Status(absent=never) if optional else Status(bad=never)
        return {"from": Made(node=start), "to": Made(status, node=end)}

    def _others(self, cuts: list[Cut], origin: Node) -> dict[str, Made]:
        """Return the fields that pieces have otherwise than their rows: those that are dropped, and the window's."""
        graph = self.builder.graph
        found: dict[str, Made] = {}
        for cut in cuts:
            if cut.kind == "split":
                found["inside"] = Made(node=graph.node(BOOL, "(({0} % 2) == 1)", origin))
            elif cut.kind in {"union", "merge"}:
                names = (*found, *(declared.name for declared in self.event.fields))
                found.update({name: self._dropped(name) for name in names if name not in cut.by})
        return found

    def _dropped(self, name: str) -> Made:
        """Return a field that pieces do not have."""
        declared, scope = self.event.field(name), self.leg.scope
        coding = self.builder.layout.events[self.row.entity][self.event.name].get(name)
        made = scope.refused("yes_no" if declared is None else declared.type.kind)
        if declared is not None and not declared.type.optional:
            return made
        status = Status(absent=self.builder.graph.true)
        return evolve(made, status=status, members=(coding.members or None) if coding is not None else None)

    def _edges(self, held: EventAt) -> tuple[Node, Node, Node]:
        """Return the bounds of a row's interval, open ends far away, and whether they cannot be read."""
        graph = self.builder.graph
        fields = self.builder.layout.events[held.entity][held.event]
        cells = (self.builder.argument("event", held.entity, held.event, name) for name in ("from", "to"))
        start, end = (graph.node(INT, "int64({0}[{1}])", array, held.place) for array in cells)
        low, high, absent = fields["from"].low, fields["from"].high, fields["to"].absent
        wrong = graph.node(BOOL, "(({0} < {1}) | ({0} > {2}))", start, graph.int(low), graph.int(high))
        unread = graph.node(BOOL, "(({0} < {1}) | ({0} > {2}))", end, graph.int(absent), graph.int(fields["to"].high))
        closed = graph.node(INT, "({1} if {0} == {2} else {0})", end, graph.int(OPEN), graph.int(absent))
        backwards = graph.node(BOOL, "({0} < {1})", closed, start)
        return start, closed, graph.either(wrong, unread, backwards) or graph.false


def seen(leg: Leg, wrong: Node | None) -> Node | None:
    """Return whether something is wrong in some turn of a leg's loops."""
    graph = leg.scope.graph
    if wrong is None:
        return None
    return leg.folded(graph.false, lambda before: graph.either(before, wrong) or graph.false)
