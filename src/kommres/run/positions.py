"""Where the rows of trees stand in results: a row first, then everything below it, child entity by child entity."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from kommres.columns.tree import Places

if TYPE_CHECKING:
    from kommres.columns.ingest import Dataset


@frozen(kw_only=True, eq=False)
class Span:
    """Rows of an entity that stand under a range of roots.

    ``first``, ``end``: their ranks. ``bounds``: rank of the first row of each root, one more than roots. ``places``: of
    each row among the rows of all entities.
    """

    entity: str
    first: int
    end: int
    bounds: Places
    places: Places


def spans_of(data: Dataset, root: str, start: int, stop: int) -> dict[str, Span]:
    """Return where the rows under the roots of ranks ``start .. stop`` stand, by entity, parents first."""
    bounds = {root: np.arange(start, stop + 1)}
    below: dict[str, tuple[str, ...]] = {}
    waiting = [root]
    while waiting:
        entity = waiting.pop(0)
        below[entity] = data.children(entity)
        for child in below[entity]:
            bounds[child] = data.entities[child].offsets[bounds[entity]]
            waiting.append(child)
    sizes = _sizes(data, bounds, below)
    places = {root: _before(sizes[root])[:-1]}
    for entity, children in below.items():
        following = places[entity] + 1
        for child in children:
            offsets = _offsets(data, child, bounds[entity])
            before = _before(sizes[child])
            counts = np.diff(offsets)
            places[child] = np.repeat(following - before[offsets[:-1]], counts) + before[:-1]
            following = following + before[offsets[1:]] - before[offsets[:-1]]
    return {
        entity: Span(
            entity=entity,
            first=int(bounds[entity][0]),
            end=int(bounds[entity][-1]),
            bounds=bounds[entity],
            places=places[entity],
        )
        for entity in below
    }


def _sizes(data: Dataset, bounds: dict[str, Places], below: dict[str, tuple[str, ...]]) -> dict[str, Places]:
    """Return the number of rows of each row's tree, itself included."""
    sizes: dict[str, Places] = {}
    for entity in reversed(below):
        size = np.ones(int(bounds[entity][-1] - bounds[entity][0]), np.int64)
        for child in below[entity]:
            before = _before(sizes[child])
            offsets = _offsets(data, child, bounds[entity])
            size += before[offsets[1:]] - before[offsets[:-1]]
        sizes[entity] = size
    return sizes


def _offsets(data: Dataset, child: str, bounds: Places) -> Places:
    """Return where the rows of each parent in a range begin, counted from the first of them."""
    offsets = data.entities[child].offsets[int(bounds[0]) : int(bounds[-1]) + 1]
    counted: Places = offsets - offsets[0]
    return counted


def _before(sizes: Places) -> Places:
    return np.concatenate([[0], np.cumsum(sizes)])
