"""Items of an aggregate one after the other: loops in each other, and what is carried through them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, field

from kommres.dsl.backends.kernels.graph import BOOL, INT, SHORT, Branch, Loop, Node, atoms
from kommres.dsl.backends.kernels.numbers import NotCompiled
from kommres.dsl.backends.kernels.scope import Scope
from kommres.dsl.backends.kernels.times import Stretch, flag_of, flags, within

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kommres.dsl.backends.kernels.hours import Flag


@define(eq=False)
class Leg:
    """One combination of members of the loops of an aggregate: loops in each other, and what is asked inside.

    ``test``: which items count, None for all. ``bad``: whether the row is not a kernel's whatever the items are.
    ``stretch``: intervals that the innermost loop goes through.
    """

    scope: Scope
    loops: list[Loop] = field(factory=list)
    test: Node | None = None
    bad: Node | None = None
    stretch: Stretch | None = None

    def folded(self, first: Node, step: Callable[[Node], Node], *, coarse: bool = False) -> Node:
        """Carry a value through all loops; ``step`` gives what it becomes with an item."""
        graph = self.scope.graph
        carried = []
        for loop in self.loops:
            carried.append(graph.carry(loop, first))
            carried[-1].coarse = coarse
            first = carried[-1].current
        value = step(first)
        if self.test is not None:
            value = graph.choose(Branch(self.test), value, first)
        for one in reversed(carried):
            one.following = value
            value = one.after
        return value

    def joined(self, first: Node, code: str, item: Node, neutral: Node) -> Node:
        """Join items of all turns; an item that does not count is ``neutral``."""
        graph = self.scope.graph
        if self.stretch is None:
            return self.folded(first, lambda before: graph.node(first.kind, code, before, item))
        # No branch in a loop over intervals: LLVM takes many of them at once.
        masked = item if self.test is None else graph.select(self.test, item, neutral)
        return self._whatever().folded(first, lambda before: graph.node(first.kind, code, before, masked))

    def _whatever(self) -> Leg:
        return Leg(self.scope, self.loops)

    def any(self, wrong: Node, *, coarse: bool = False) -> Node:
        """Return whether a condition holds of an item that counts; ``coarse``: or of some other."""
        graph = self.scope.graph
        stretch = self.stretch
        if stretch is None:
            return self.folded(graph.false, lambda before: graph.either(before, wrong) or graph.false)
        rest = atoms(wrong, "|")
        quick, around = None, self._around()
        builder = self.scope.builder
        held = flags(builder, self._own_test(), stretch)
        if held is not None:
            known = [flag for atom in rest if (flag := flag_of(builder, atom, stretch)) is not None]
            rest = [atom for atom in rest if flag_of(builder, atom, stretch) is None]
            outer = [atom for atom in rest if not within(atom, stretch.loop)]
            rest = [atom for atom in rest if within(atom, stretch.loop)]
            if known:
                quick = graph.node(BOOL, "({0} > 0)", self._anywhere(held, known))
            if outer:
                some = graph.node(BOOL, "({0} > 0)", self._anywhere(held, []))
                quick = graph.either(quick, graph.both(some, graph.either(*outer)))
        found = graph.false if quick is None else outside(around, quick)
        limits = builder.limits
        for atom in rest:
            if id(atom) in limits:
                found = graph.either(found, self._beyond(*limits[id(atom)], coarse=coarse)) or graph.false
        slow = graph.either(*(atom for atom in rest if id(atom) not in limits))
        if slow is None:
            return found
        counted = slow if self.test is None else graph.both(self.test, slow) or graph.false
        seen = self._whatever().folded(
            graph.false, lambda before: graph.either(before, counted) or graph.false, coarse=coarse
        )
        return graph.either(found, seen) or graph.false

    def _beyond(self, cell: Node, low: int, high: int, *, coarse: bool) -> Node:
        """Return whether a narrow cell that counts lies outside its range: the one that is furthest from it does."""
        graph = self.scope.graph
        above = cell if low == 0 else graph.node(INT, "({0} - {1})", cell, graph.int(low))
        nothing = graph.plain(SHORT, "short(0)")
        item = graph.node(SHORT, "short({0})", above)
        masked = item if self.test is None else graph.select(self.test, item, nothing)
        furthest = self._whatever().folded(
            nothing, lambda before: graph.node(SHORT, "short_beyond({0}, {1})", before, masked), coarse=coarse
        )
        return graph.node(BOOL, "(long_pos({0}) > {1})", furthest, graph.int(high - low))

    def count(self, before: Node) -> Node:
        """Return a number and how many items there are."""
        graph = self.scope.graph
        held = None if self.stretch is None else flags(self.scope.builder, self._own_test(), self.stretch)
        if held is None:
            return self.joined(before, "({0} + {1})", graph.int(1), graph.int(0))
        number = self._anywhere(held, [])
        return self._around().folded(before, lambda found: graph.node(INT, "({0} + {1})", found, number))

    def _anywhere(self, held: Sequence[Flag], any_of: Sequence[Flag]) -> Node:
        """Return in how many intervals flags are set."""
        stretch, graph = self.stretch, self.scope.graph
        if stretch is None:
            raise NotCompiled("no intervals")
        if not held and not any_of:
            return graph.node(INT, "max(int64(0), {1} - {0})", stretch.first, stretch.last)
        return self.scope.builder.vectors.anywhere(stretch.zone, stretch.first, stretch.last, held, any_of)

    def _around(self) -> Leg:
        """Return the loops around the intervals, with what of the test does not depend on them."""
        outer = None if self.test is None else self._parts(own=False)
        return Leg(self.scope, self.loops[:-1], outer)

    def _own_test(self) -> Node | None:
        return None if self.test is None else self._parts(own=True)

    def _parts(self, *, own: bool) -> Node | None:
        found: Node | None = None
        graph = self.scope.graph
        for atom in atoms(self.test or graph.true, "&"):
            if self.stretch is not None and within(atom, self.stretch.loop) is own:
                found = atom if found is None else graph.both(found, atom)
        return found


def outside(leg: Leg, wrong: Node) -> Node:
    """Return whether a condition holds in some turn of the loops around."""
    graph = leg.scope.graph
    return leg.folded(graph.false, lambda before: graph.either(before, wrong) or graph.false)
