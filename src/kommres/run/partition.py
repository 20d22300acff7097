"""How a run is cut: parts that are worked on at a time, and chunks of parts that become row groups of the result.

Chunks depend on the data alone, so that files do not depend on how a run was cut into parts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from attrs import frozen

from kommres.columns.schema import weight_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kommres.columns.ingest import Dataset
    from kommres.columns.tree import Places

#: rows of data, of all tables together, that become row groups of their own; a list of values counts as many
CHUNK_ROWS: Final = 131_072


@frozen(kw_only=True)
class Part:
    """``kind``: trees (ranks of a root entity), strays (rows without a usable parent), loose (without an owner).

    ``last``: a chunk ends with it.
    """

    kind: str
    table: str
    start: int
    stop: int
    last: bool


def parts_of(data: Dataset, batch_rows: int, chunk_rows: int | None = None) -> Iterator[Part]:
    """Cut a data set into parts of about ``batch_rows`` rows. The parts follow each other in the order of results."""
    chunk_rows = chunk_rows or CHUNK_ROWS
    for root in data.roots:
        yield from parts_of_trees(root, tree_starts(data, root), batch_rows, chunk_rows)
    yield from parts_without_trees(data, batch_rows, chunk_rows)


def parts_of_trees(root: str, starts: Places, batch_rows: int, chunk_rows: int | None = None) -> Iterator[Part]:
    """Cut trees. ``starts``: from :func:`tree_starts`."""
    return _cut("trees", root, starts, batch_rows, chunk_rows or CHUNK_ROWS)


def in_whole_chunks(starts: Places) -> int:
    """Return how many roots, from the first on, make whole chunks, whatever follows them."""
    end = 0
    for start, stop in cuts(starts, CHUNK_ROWS):
        end = stop if starts[stop] - starts[start] >= CHUNK_ROWS else start
    return end


def parts_without_trees(data: Dataset, batch_rows: int, chunk_rows: int | None = None) -> Iterator[Part]:
    """Cut what stands under no root."""
    chunk_rows = chunk_rows or CHUNK_ROWS
    for entity, order in data.entities.items():
        yield from _cut("strays", entity, np.arange(len(order.strays) + 1), batch_rows, chunk_rows)
    for name, owned in data.owned.items():
        for part in _cut("loose", name, owned.groups, batch_rows, chunk_rows):
            start, stop = int(owned.groups[part.start]), int(owned.groups[part.stop])
            yield Part(kind="loose", table=name, start=start, stop=stop, last=part.last)


def tree_starts(data: Dataset, root: str) -> Places:
    """Return how many rows, of all tables, stand before each root row and everything below it."""
    starts = np.zeros(len(data.entities[root].order) + 1, np.int64)
    for bounds in _bounds(data, root):
        starts += bounds
    return starts


def cuts(starts: Places, rows: int) -> Iterator[tuple[int, int]]:
    """Cut groups into ranges of at most so many rows, at least a group each; ``starts[i]``: rows before group i."""
    groups, start = len(starts) - 1, 0
    while start < groups:
        wanted = int(np.searchsorted(starts, starts[start] + rows, side="right")) - 1
        stop = min(max(wanted, start + 1), groups)
        yield start, stop
        start = stop


def _bounds(data: Dataset, root: str) -> Iterator[Places]:
    """Yield, for an entity and all below it, the rank at which the rows of each root begin."""
    waiting = [(root, np.arange(len(data.entities[root].order) + 1))]
    while waiting:
        entity, bounds = waiting.pop()
        yield bounds
        for name in data.owned_by(entity):
            yield data.owned[name].offsets[bounds] * weight_of(data.schemas[name], data.tables[name].table.column_names)
        waiting.extend((child, data.entities[child].offsets[bounds]) for child in data.children(entity))


def _cut(kind: str, table: str, starts: Places, batch_rows: int, chunk_rows: int) -> Iterator[Part]:
    for first, end in cuts(starts, chunk_rows):
        for start, stop in cuts(starts[first : end + 1], batch_rows):
            yield Part(kind=kind, table=table, start=first + start, stop=first + stop, last=first + stop == end)
