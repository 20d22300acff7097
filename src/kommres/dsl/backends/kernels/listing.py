"""Pieces of a row's events that functions of intervals make together, listed in scratch arrays of a kernel.

A list is made by calls that fill arrays and return how many pieces there are. They are values like all others, so each
list has arrays of its own, each call takes the count of the one before it, and all of them depend on everything that
one of them depends on: they stand in the same loop, and no list is made over one that is still read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from kommres.dsl.backends.kernels.batch import OPEN
from kommres.dsl.backends.kernels.graph import BOOL, INT, Node
from kommres.dsl.backends.kernels.moments import Moments
from kommres.dsl.backends.kernels.numbers import NotCompiled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kommres.dsl.backends.kernels.batch import Coding
    from kommres.dsl.backends.kernels.builder import Builder
    from kommres.dsl.backends.kernels.scope import RowAt
    from kommres.dsl.bound.nodes import Event

#: So many pieces a function may make of one, as far as there is room for.
_MORE = {"worst": 2, "daily": 1 << 12, "split": 1 << 13}
_MINUTES = 1440


@frozen
class Cut:
    """A function of intervals with what it takes.

    ``low`` and ``high``: bounds of `clip` and of the day of `covering`; ``minutes``: the window of `daily` and `split`.
    """

    kind: str
    low: Node | None = None
    high: Node | None = None
    by: tuple[str, ...] = ()
    minutes: tuple[int, int] = (0, 0)


@frozen
class Listed:
    """A list of pieces: its arrays, how many there are, and whether the row is not a kernel's."""

    start: Node
    end: Node
    origin: Node
    count: Node
    bad: Node | None


class Listing:
    """Makes the list of a row's events; ``first`` and ``last`` are their places in the table of the event."""

    def __init__(
        self, builder: Builder, event: Event, row: RowAt, first: Node, last: Node, cuts: Sequence[Cut]
    ) -> None:
        self.builder = builder
        self.event = event
        self.row = row
        self.first = first
        self.last = last
        self.cuts = cuts
        self._bad: list[Node | None] = []
        self._site = 0
        self._more = 1
        self._needs: list[Node] = []

    def listed(self) -> Listed:
        """Return the list. Raises :class:`NotCompiled`."""
        key = (self.event.entity.name, self.event.name, self.row, self.first, self.last, *self.cuts)
        found = self.builder.listed.get(key)
        if found is None:
            self._site = len(self.builder.listed)
            found = self.builder.listed[key] = self._made()
        return found

    def _made(self) -> Listed:
        graph, event = self.builder.graph, self.event
        self._more = 1
        for cut in self.cuts:
            self._more = min(self._more * _MORE.get(cut.kind, 1), 1 << 20)
        zoned = any(cut.kind in {"daily", "split"} for cut in self.cuts)
        moments = Moments(self.builder, self.row) if zoned else None
        self._needs = [self.first, self.last, *(n for c in self.cuts for n in (c.low, c.high) if n is not None)]
        if moments is not None:
            self._needs.append(moments.base)
        fields = self.builder.layout.events[self.row.entity][event.name]
        here, there = self._arrays("one"), self._arrays("other")
        starts, ends = (self.builder.argument("event", self.row.entity, event.name, name) for name in ("from", "to"))
        codes = fields["from"].low, min(fields["from"].high, fields["to"].high), fields["to"].absent, OPEN
        count = self._refusing("gathered", starts, ends, self.first, self.last, *map(graph.int, codes), *here)
        kept: frozenset[str] | None = None
        for cut in self.cuts:
            match cut.kind:
                case "clip" | "covering" if cut.low is not None and cut.high is not None:
                    name = "clipped" if cut.kind == "clip" else "covering"
                    count = self._call(name, *here, count, cut.low, cut.high)
                case "union":
                    count, kept = self._call("united", *here, count), frozenset()
                case "merge":
                    count = self._merged(cut, here, count, kept)
                    kept = frozenset(cut.by) if kept is None else kept & frozenset(cut.by)
                case "worst" if kept is not None and cut.by[0] not in kept:  # nothing to judge by
                    count = self._call("ordered", *here, count)
                    self._bad.append(graph.node(BOOL, "({0} > 0)", count))
                case "worst":
                    count = self._refusing("worst", *here, count, self._ranks(cut.by[0]), *there)
                    here, there = there, here
                case "apart":
                    count = self._refusing("apart", *here, count)
                case "daily" | "split" if moments is not None:
                    count = self._call("ordered", *here, count)
                    window = moments.table(), *map(moments.table, _window(*cut.minutes)), moments.base, moments.days
                    both = graph.int(int(cut.kind == "split"))
                    count = self._refusing("windows", *here, count, *window, both, *there)
                    here, there = there, here
                case _:
                    raise NotCompiled(f"`{cut.kind}`")
        return Listed(*here, count, graph.either(*self._bad))

    def _arrays(self, which: str) -> tuple[Node, Node, Node]:
        start, end, origin = (self._scratch(f"{which} {role}") for role in ("start", "end", "origin"))
        return start, end, origin

    def _scratch(self, role: str) -> Node:
        return self.builder.argument("scratch", self._site, role, self.row.entity, self.event.name, self._more)

    def _call(self, name: str, *args: Node) -> Node:
        """Return what a call gives: it stands where all calls of the list stand."""
        text = ", ".join(f"{{{place}}}" for place in range(len(args)))
        return self.builder.graph.node(INT, f"{name}({text})", *args, *self._needs)

    def _refusing(self, name: str, *args: Node) -> Node:
        """Return what a call gives that may find that the row is not a kernel's."""
        count = self._call(name, *args)
        self._bad.append(self.builder.graph.node(BOOL, "({0} < 0)", count))
        return count

    # keys ------------------------------------------------------------------------------------------------

    def _merged(self, cut: Cut, here: tuple[Node, Node, Node], count: Node, kept: frozenset[str] | None) -> Node:
        start, end, origin = here
        group = self._scratch("group")
        count = self._call("ordered", *here, count)
        count = self._call("together", group, count)
        for name in cut.by:
            if kept is None or name in kept:
                cells, coding = self._keys(name)
                self._readable(cells, coding.absent if coding.optional else coding.low, coding.high)
                count = self._call("grouped", group, origin, count, cells)
        return self._call("merged", start, end, origin, group, count)

    def _ranks(self, name: str) -> Node:
        cells, coding = self._keys(name)
        if coding.kind == "id" or tuple(sorted(coding.members)) != coding.members:
            raise NotCompiled(f"`worst` by {name}, whose codes are not in the order of its values")
        self._readable(cells, coding.low, coding.high)
        return cells

    def _keys(self, name: str) -> tuple[Node, Coding]:
        """Return the cells of a field by event row."""
        if name in {"from", "to"} or (name == "inside" and any(cut.kind == "split" for cut in self.cuts)):
            raise NotCompiled(f"events told apart by {name}, which their pieces do not share")
        coding = self.builder.layout.events[self.row.entity][self.event.name].get(name)
        if coding is None:
            raise NotCompiled(f"{self.event.name}.{name} needs more than 64 bits")
        return self.builder.argument("event", self.row.entity, self.event.name, name), coding

    def _readable(self, cells: Node, low: int, high: int) -> None:
        graph = self.builder.graph
        bounds = self.first, self.last, graph.int(low), graph.int(high)
        self._bad.append(graph.node(BOOL, "(not readable({0}, {1}, {2}, {3}, {4}))", cells, *bounds))


def _window(first: int, last: int) -> tuple[int, int]:
    """Return when a daily window opens and closes, in minutes after the same midnight."""
    return first, last if last > first else last + _MINUTES
