"""Where a definition may change inside the month, for one row: fixed days, changes of inputs, edges of intervals."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from attrs import define, field

from kommres.dsl.backends.kernels.graph import BOOL, INT, Node
from kommres.dsl.backends.kernels.moments import Moments
from kommres.dsl.backends.kernels.numbers import NotCompiled
from kommres.dsl.backends.kernels.zoning import BEFORE
from kommres.dsl.bound.nodes import Entity, Event, Input
from kommres.dsl.plan.nodes import Op
from kommres.dsl.plan.payload import payload

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kommres.dsl.backends.cutting import Cutter
    from kommres.dsl.backends.kernels.builder import Builder
    from kommres.dsl.backends.kernels.scope import RowAt, Scope, Term
    from kommres.dsl.backends.tables import Table
    from kommres.dsl.rules.nodes import Cuts


@define(eq=False)
class Pieces:
    """``after`` gives the end of the piece that begins on a day. ``bad``: whether the pieces are not a kernel's."""

    builder: Builder
    fixed: tuple[int, ...]
    changes: list[tuple[Node, Node, Node]] = field(factory=list)  # offsets, days, place
    intervals: list[_Edges] = field(factory=list)
    bad: Node | None = None

    def after(self, day: Node) -> Node:
        """Return the first day after a day on which something may change."""
        graph, end = self.builder.graph, self.builder.end
        for fixed in self.fixed:
            at = graph.int(fixed)
            end = graph.node(INT, "({1} if {0} < {1} < {2} else {2})", day, at, end)
        for offsets, days, place in self.changes:
            end = graph.node(INT, "next_change({0}, {1}, {2}, {3}, {4})", offsets, days, place, day, end)
        for edges in self.intervals:
            end = edges.after(day, end)
        return end


class _Edges:
    """Beginnings and ends of the intervals of an event, of which the rows belong to a row or to rows below it."""

    def __init__(self, builder: Builder, row: RowAt, event: Event) -> None:
        entity = event.entity.name
        self._builder = builder
        self._row = row
        self._offsets = builder.argument("event offsets", entity, event.name)
        self._edges = tuple(builder.argument("event", entity, event.name, name) for name in ("from", "to"))
        self._moments = Moments(builder, row) if event.interval == "instant" else None
        self._below = entity if entity != row.entity else None

    def after(self, day: Node, end: Node) -> Node:
        """Return the first day after a day on which one begins or ends, ``end`` at the latest."""
        graph, args = self._builder.graph, (self._offsets, *self._edges, self._row.place)
        if self._moments is None:
            return graph.node(INT, "next_edge({0}, {1}, {2}, {3}, {4}, {5})", *args, day, end)
        code = "next_local_edge({0}, {1}, {2}, {3}, {4}, {5}, {6}, {7}, {8})"
        return graph.node(INT, code, *args, self._moments.table(), self._moments.base, self._moments.zero, day, end)

    def any_below(self, start: Node, end: Node) -> Node:
        """Return whether one of any row below begins or ends inside a span of days."""
        builder, graph = self._builder, self._builder.graph
        first, last = builder.below(self._row, self._below or self._row.entity)
        if self._moments is not None:
            start = graph.node(INT, "({0} - 1)", self._moments.of(start))
            end = self._moments.of(end)
        code = "any_edge({0}, {1}, {2}, {3}, {4}, {5}, {6})"
        return graph.node(BOOL, code, self._offsets, *self._edges, first, last, start, end)

    @property
    def lost(self) -> Node | None:
        """Whether they cannot be told because nothing is known of the time zone."""
        if self._moments is None:
            return None
        builder, graph = self._builder, self._builder.graph
        first, last = builder.below(self._row, self._below or self._row.entity)
        some = graph.node(BOOL, "any_of({0}, {1}, {2})", self._offsets, first, last)
        return graph.both(some, self._moments.lost)


def pieces_of(builder: Builder, cutter: Cutter, cuts: Cuts, row: RowAt, *, below: bool) -> Pieces | None:
    """Return the pieces of the month for a row; None where it is one piece whatever the data are.

    ``below``: whether what changes on rows below the own one or an ancestor counts.

    Raises :class:`NotCompiled` where every day may differ.
    """
    if cutter.daily:
        raise NotCompiled("every day may differ")
    graph = builder.graph
    found = Pieces(builder, tuple(day for day in cutter.fixed[1:]))
    for declared, up in cuts.own:
        at = builder.above(row, up)
        for key in _keys(declared):
            if (at.entity, key) in builder.layout.varying:
                offsets, days, _ = builder.changes(at.entity, key)
                found.changes.append((offsets, days, at.place))
    for event, up in cuts.events:
        at = builder.above(row, up)
        if isinstance(event, Event):
            found.intervals.append(_Edges(builder, at, event))
    bad: list[Node | None] = [edges.lost for edges in found.intervals]
    for item, up in [*((item, 0) for item in cuts.below), *cuts.around] if below else []:
        for key in _keys(item):
            if (item.entity.name, key) in builder.layout.varying:
                offsets, _, _ = builder.changes(item.entity.name, key)
                bad.append(_any_below(builder, row, up, item.entity, offsets))
    for event, up in [*((e, 0) for e in cuts.events_below), *cuts.events_around] if below else []:
        if isinstance(event, Event):
            edges = _Edges(builder, builder.above(row, up), event)
            bad += [edges.any_below(builder.start, builder.end), edges.lost]
    found.bad = graph.either(*bad)
    if not found.fixed and not found.changes and not found.intervals and found.bad is None:
        return None
    return found


def moved(builder: Builder, scope: Scope, past: Term, *steps: int) -> Node | None:
    """Return whether something changes inside a past month for steps of a definition. Raises :class:`NotCompiled`.

    An input has one value there.
    """
    if past.visited:
        if scope.when.day is not past.start:
            raise NotCompiled("slices of a past month on some day of it")
        return _dated(builder, past, _tables(builder, scope, steps), ())
    if scope.definition is None:
        return None
    cuts = scope.definition.cuts
    if cuts.daily:
        raise NotCompiled("every day may differ")
    graph = builder.graph
    tables = [table for table in builder.machine.tables if table.param in cuts.params]
    found = [_dated(builder, past, tables, cuts.days)]
    for event, up in cuts.events:
        if isinstance(event, Event):
            edges = _Edges(builder, builder.above(scope.row, up), event)
            _reached(builder, event, past)
            edge = edges.after(past.start, past.end)
            found += [graph.node(BOOL, "({0} < {1})", edge, past.end), edges.lost]
    for event, up in [*((e, 0) for e in cuts.events_below), *cuts.events_around]:
        if isinstance(event, Event):
            edges = _Edges(builder, builder.above(scope.row, up), event)
            _reached(builder, event, past)
            found += [edges.any_below(past.start, past.end), edges.lost]
    return graph.either(*found)


def _dated(builder: Builder, past: Term, tables: Iterable[Table], days: Iterable[int]) -> Node | None:
    """Return whether a table changes inside a past month, or one of some days lies there."""
    first, last = builder.window(past)
    known = {day for day in days if first < day < last}
    known.update(day for table in tables for day in table.changes(first, last))
    if not known:
        return None
    array = builder.constant(("days", *sorted(known)), lambda: np.array(sorted(known), np.int64))
    return builder.graph.node(BOOL, "any_within({0}, {1}, {2})", array, past.start, past.end)


def _tables(builder: Builder, scope: Scope, steps: Sequence[int]) -> list[Table]:
    """Return the tables that steps look up on the current day. Raises :class:`NotCompiled` for what else may change."""
    found, waiting, seen = [], list(steps), set(steps)
    while waiting:
        step = scope.steps[waiting.pop()]
        match step.op:
            case Op.PARAM if not payload(step)[1]:
                found.append(builder.machine.tables[payload(step)[0]])
            case Op.TIERS | Op.TABLE:
                found.append(builder.machine.tables[payload(step)[0]])
            case Op.RULE if builder.machine.computation(payload(step)[0]).varies:
                raise NotCompiled("slices of a past month in which a rule may change")
            case Op.PERIOD if payload(step)[0] == "day":
                raise NotCompiled("every day may differ")
            case Op.AGGREGATE:
                raise NotCompiled("slices of a past month with an aggregate inside")
        waiting += [a for a in step.args if a not in seen]
        seen.update(step.args)
    return found


def _reached(builder: Builder, event: Event, past: Term) -> None:
    """Raise :class:`NotCompiled` where local days of a past month are not known."""
    if event.interval == "instant" and builder.window(past)[0] < builder.machine.term.start - BEFORE:
        raise NotCompiled("pieces cut by moments too long ago")


def _any_below(builder: Builder, row: RowAt, up: int, entity: Entity, offsets: Node) -> Node:
    first, last = builder.below(builder.above(row, up), entity.name)
    return builder.graph.node(BOOL, "any_of({0}, {1}, {2})", offsets, first, last)


def _keys(declared: Input) -> list[tuple[str, tuple[str, ...]]]:
    return [(declared.name, members) for members in product(*(enum.members for enum in declared.keys))]
