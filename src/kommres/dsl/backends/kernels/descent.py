"""The loop over the rows of an entity, inside of loops over the rows that they stand below.

What depends on a row above alone is so computed once for all rows below it, and its cells are read without their
places. Levels that nothing is read of have no loop.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from attrs import frozen

from kommres.dsl.backends.kernels.graph import INT, Effect, Loop, Node
from kommres.dsl.backends.kernels.placing import in_order
from kommres.dsl.backends.kernels.scope import RowAt

if TYPE_CHECKING:
    from kommres.dsl.backends.kernels.builder import Builder


@frozen(eq=False)
class _Level:
    row: RowAt
    loop: Loop


class Descent:
    """Goes through all rows of an entity in order, or through some of them.

    Parameters
    ----------
    builder
        Makes the kernel; learns which row stands above which.
    entity
        Whose rows.
    some
        Go through the rows whose places the kernel gets.
    """

    def __init__(self, builder: Builder, entity: str, *, some: bool) -> None:
        self._builder = builder
        graph = builder.graph
        self._above: list[_Level] = []  # the nearest last
        inside = None
        names = [] if some else builder.ancestors(entity)
        for number, name in enumerate(reversed(names), 1):
            loop = graph.loop("", inside=inside)
            self._above.append(_Level(RowAt(name, graph.of(loop, INT, f"g{number}")), loop))
            inside = loop.body
        self._loop = graph.loop("for k in range(count)", inside=inside)
        place = graph.of(self._loop, INT, "k")
        if some:
            place = graph.node(INT, "{0}[{1}]", builder.argument("rows", entity), place)
        self.row = RowAt(entity, place)
        levels = [*(level.row for level in self._above), self.row]
        for above, below in pairwise(levels):
            builder.stands_below(below, above)

    @property
    def effects(self) -> list[Effect]:
        """What is done with each row."""
        return self._loop.effects

    def finished(self) -> Loop:
        """Return the outermost loop, once all that is computed is known."""
        read = {id(item) for item in in_order(self._loop)}
        outer: _Level | None = None
        root = self._loop
        for level in (*(one for one in self._above if id(one.row.place) in read), _Level(self.row, self._loop)):
            loop = level.loop
            if outer is None:
                root = loop
                loop.inside = None
                if level.row is not self.row:
                    loop.head, loop.args = f"for {level.row.place.code} in range({{0}})", (self._count(level.row),)
            else:
                loop.inside = outer.loop.body
                outer.loop.inner = loop
                name = "k" if level.row is self.row else level.row.place.code
                loop.head = f"for {name} in range({{0}}, {{1}})"
                loop.args = self._builder.below(outer.row, level.row.entity)
            outer = level
        return root

    def _count(self, row: RowAt) -> Node:
        """Return how many rows the outermost level has."""
        builder = self._builder
        names = [self.row.entity, *builder.ancestors(self.row.entity)]
        offsets = builder.argument("children", row.entity, names[names.index(row.entity) - 1])
        return builder.graph.node(INT, "({0}.size - 1)", offsets)
