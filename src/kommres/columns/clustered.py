"""Rows that already stand under their parents in the order of results: the same orders as sorting them gives.

Each function looks whether that is so and returns None where it is not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from kommres.columns import tree
from kommres.columns.arrow import require_arrow
from kommres.columns.tree import EntityOrder, OwnedOrder, Places

if TYPE_CHECKING:
    import pyarrow as pa  # noqa: TC004 - loaded when it is needed
    from numpy.typing import NDArray


@frozen(eq=False)
class Runs:
    """Rows of one owner side by side. ``starts``: where each run begins; ``owners``: whose it is; ``rows``: of all."""

    starts: Places
    owners: pa.Array
    rows: int

    @classmethod
    def of(cls, owners: pa.Array) -> Runs:
        """Find the runs."""
        pa = require_arrow()
        count = len(owners)
        if not count:
            return cls(np.zeros(0, np.int64), owners, 0)
        other = pa.compute.not_equal(owners.slice(0, count - 1), owners.slice(1))
        if other.null_count:  # a missing owner is a run of its own
            other = other.fill_null(True)
        starts = np.flatnonzero(np.concatenate([[True], other.to_numpy(zero_copy_only=False)]))
        return cls(starts, owners.take(pa.array(starts)), count)

    @property
    def lengths(self) -> Places:
        """How many rows each run has."""
        return np.diff(self.starts, append=self.rows)

    def under(self, above: EntityOrder) -> Places:
        """Return the place of each run's owner; -1 where there is none."""
        pa = require_arrow()
        found = pa.compute.index_in(self.owners, value_set=above.ids, skip_nulls=True)
        places: Places = found.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        return places

    def first(self, runs: int) -> Runs:
        """Return the first runs."""
        rows = int(self.starts[runs]) if runs < len(self.starts) else self.rows
        return Runs(self.starts[:runs], self.owners.slice(0, runs), rows)


def ids_as_text(column: pa.ChunkedArray) -> pa.Array:
    """Return what :func:`kommres.columns.tree.id_texts` does; quickly where there is nothing to trim."""
    pa = require_arrow()
    chunks = column.chunks or [pa.array([], column.type)]
    plain = pa.concat_arrays(chunks) if len(chunks) > 1 else chunks[0]
    if (pa.types.is_string(plain.type) or pa.types.is_large_string(plain.type)) and _bare(plain):
        return plain.cast(pa.large_string())
    return tree.id_texts(plain)


def order_roots(ids: pa.Array) -> EntityOrder | None:
    """Return the order of a table of roots whose ids ascend."""
    if ids.null_count or not ascends(ids).all():
        return None
    rows = np.arange(len(ids))
    return EntityOrder(
        ids=ids,
        order=rows,
        rank=rows,
        offsets=np.zeros(0, np.int64),
        flags=np.zeros(len(ids), np.int8),
        strays=np.zeros(0, np.int64),
        plain=True,
    )


def order_children(ids: pa.Array, runs: Runs, places: Places, above: EntityOrder) -> EntityOrder | None:
    """Return the order of a table whose parents ascend and, below each of them, the ids.

    Ids that stand below two parents are not looked for.

    Parameters
    ----------
    ids
        From :func:`ids_as_text`.
    runs
        Of their parents.
    places
        Of the parents, from :meth:`Runs.under`.
    above
        The parents' order.
    """
    offsets = _offsets(runs, places, above)
    if offsets is None or ids.null_count:
        return None
    up = ascends(ids)
    if not up.all():
        up[runs.starts[1:] - 1] = True
        if not up.all():
            return None
    rows = np.arange(len(ids))
    return EntityOrder(
        ids=ids,
        order=rows,
        rank=rows,
        offsets=offsets,
        flags=np.zeros(len(ids), np.int8),
        strays=np.zeros(0, np.int64),
        plain=True,
    )


def order_members(runs: Runs, places: Places, above: EntityOrder) -> OwnedOrder | None:
    """Return the order of an event or value table whose owners ascend."""
    offsets = _offsets(runs, places, above)
    if offsets is None:
        return None
    nobody = np.zeros(0, np.int64)
    return OwnedOrder(
        order=np.arange(runs.rows), offsets=offsets, loose=nobody, groups=np.zeros(1, np.int64), following=0
    )


def ascends(ids: pa.Array) -> NDArray[np.bool_]:
    """Say of each id but the last whether it comes before the next."""
    pa = require_arrow()
    count = max(len(ids) - 1, 0)
    found: NDArray[np.bool_] = pa.compute.less(ids.slice(0, count), ids.slice(1)).to_numpy(zero_copy_only=False)
    return found.copy()


def _offsets(runs: Runs, places: Places, above: EntityOrder) -> Places | None:
    """Return where the rows of each parent begin; None unless the parents are sound and ascend."""
    if (places < 0).any():
        return None
    ranks = above.rank[places]
    if (above.flags[places] != tree.SOUND).any() or (np.diff(ranks) <= 0).any():
        return None
    counts = np.zeros(len(above.order) + 1, np.int64)
    counts[ranks + 1] = runs.lengths
    offsets: Places = np.cumsum(counts)
    return offsets


def _bare(texts: pa.Array) -> bool:
    """Whether all texts are of visible ASCII letters only, and none is empty."""
    _, offsets, data = texts.buffers()
    if not len(texts):
        return True
    width = np.int32 if require_arrow().types.is_string(texts.type) else np.int64
    ends = np.frombuffer(offsets, width, len(texts) + 1, texts.offset * np.dtype(width).itemsize)
    if texts.null_count or data is None or (ends[1:] == ends[:-1]).any():
        return False
    letters = np.frombuffer(data, np.uint8)[ends[0] : ends[-1]]
    return bool(letters.min() > ord(" ") and letters.max() < 127)
