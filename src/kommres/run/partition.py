"""How a run is cut into parts: ranges of roots with everything below them, then the rows that belong nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kommres.columns.ingest import Dataset
    from kommres.columns.tree import Places


@frozen(kw_only=True)
class Part:
    """``kind``: trees (ranks of a root entity), strays (rows without a usable parent), loose (without an owner)."""

    kind: str
    table: str
    start: int
    stop: int


def parts_of(data: Dataset, batch_rows: int) -> tuple[Part, ...]:
    """Cut a data set into parts of about ``batch_rows`` rows. The parts follow each other in the order of results."""
    return (*_trees(data, batch_rows), *_strays(data, batch_rows), *_loose(data, batch_rows))


def _trees(data: Dataset, batch_rows: int) -> Iterator[Part]:
    for root in data.roots:
        starts = np.zeros(len(data.entities[root].order) + 1, np.int64)
        for bounds in _bounds(data, root):
            starts += bounds
        yield from _cut("trees", root, starts, batch_rows)


def _bounds(data: Dataset, root: str) -> Iterator[Places]:
    """Yield, for an entity and all below it, the rank at which the rows of each root begin."""
    first = np.arange(len(data.entities[root].order) + 1)
    waiting = [(root, first)]
    while waiting:
        entity, bounds = waiting.pop()
        yield bounds
        for name in data.owned_by(entity):
            yield data.owned[name].offsets[bounds]
        waiting.extend((child, data.entities[child].offsets[bounds]) for child in data.children(entity))


def _strays(data: Dataset, batch_rows: int) -> Iterator[Part]:
    for entity, order in data.entities.items():
        yield from _cut("strays", entity, np.arange(len(order.strays) + 1), batch_rows)


def _loose(data: Dataset, batch_rows: int) -> Iterator[Part]:
    for name, order in data.owned.items():
        for part in _cut("loose", name, order.groups, batch_rows):
            yield Part(kind="loose", table=name, start=int(order.groups[part.start]), stop=int(order.groups[part.stop]))


def _cut(kind: str, table: str, starts: Places, batch_rows: int) -> Iterator[Part]:
    """Cut groups into ranges; ``starts[i]`` is the number of rows before group i."""
    groups, start = len(starts) - 1, 0
    while start < groups:
        wanted = int(np.searchsorted(starts, starts[start] + batch_rows, side="right")) - 1
        stop = min(max(wanted, start + 1), groups)
        yield Part(kind=kind, table=table, start=start, stop=stop)
        start = stop
