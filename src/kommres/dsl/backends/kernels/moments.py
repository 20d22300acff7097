"""Local days as moments: nodes that look up the tables of time zones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kommres.dsl.backends.kernels.graph import BOOL, INT
from kommres.dsl.backends.kernels.zoning import BEFORE, DAYS

if TYPE_CHECKING:
    from kommres.dsl.backends.kernels.builder import Builder
    from kommres.dsl.backends.kernels.graph import Node
    from kommres.dsl.backends.kernels.scope import RowAt

#: What a table says of a day that it does not hold.
_LOST = -(1 << 62)


class Moments:
    """The time zone of a row: that of its root.

    ``base``: where it begins in tables. ``days``: how many days they hold of it, from the day ``zero`` on.
    """

    def __init__(self, builder: Builder, row: RowAt) -> None:
        self._graph = builder.graph
        self._builder = builder
        root = builder.root_of(row)
        self.base = self._graph.node(INT, "{0}[{1}]", builder.argument("local zones", root.entity), root.place)
        self.days = self._graph.int(DAYS)
        self.zero = self._graph.node(INT, "({0} - {1})", builder.start, self._graph.int(BEFORE))

    def table(self, minutes: int = 0) -> Node:
        """Return the table of a time of the day."""
        return self._builder.argument("local", minutes)

    def of(self, day: Node) -> Node:
        """Return when a local day begins."""
        place = self._graph.node(INT, "({0} - {1})", day, self.zero)
        return self._graph.node(INT, "moment_of({0}, {1}, {2}, {3})", self.table(), self.base, place, self.days)

    def unknown(self, *moments: Node) -> Node | None:
        """Return whether one of some moments from :meth:`of` is not known."""
        graph = self._graph
        return graph.either(*(graph.node(BOOL, "({0} == {1})", moment, graph.int(_LOST)) for moment in moments))

    @property
    def lost(self) -> Node:
        """Whether nothing is known of the zone."""
        return self._graph.node(BOOL, "({0} < 0)", self.base)
