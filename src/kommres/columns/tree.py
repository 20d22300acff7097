"""Whose row is whose: the rows of all tables sorted under their roots, so that roots own ranges.

Rows are counted twice: by their place in the supplied table, and by **rank**, their place in the order of id paths
(root id, ..., own id). Ranks do not depend on the order in which rows were supplied.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from kommres.columns.arrow import require_arrow

if TYPE_CHECKING:
    import pyarrow as pa  # noqa: TC004 - loaded when it is needed

Places = NDArray[np.int64]
Flags = NDArray[np.int8]

#: what is wrong with a row as a whole
SOUND: Final = 0
NO_ID: Final = 1
TWICE: Final = 2
RAGGED_LINE: Final = 3
NO_PARENT: Final = 4  # the parent's id is missing or unknown
LOST_PARENT: Final = 5  # the parent's row is there and cannot be used


@frozen(kw_only=True, eq=False)
class EntityOrder:
    """Rows of one entity table.

    ``ids``: text per place, null where there is none. ``order``: place by rank, for the rows that stand under a usable
    parent (roots: all). ``offsets``: rank of the first row of each parent rank (one more than parents; empty for
    roots). ``flags``: by place. ``strays``: places of rows without a usable parent. ``rank``: by place, -1 for strays.
    ``plain``: it is known that all rows are sound and stand in the order of their ranks.
    """

    ids: pa.Array
    order: Places
    rank: Places
    offsets: Places
    flags: Flags
    strays: Places
    plain: bool = False

    @property
    def rows(self) -> int:
        """Number of rows, all of them."""
        return len(self.ids)


@frozen(kw_only=True, eq=False)
class OwnedOrder:
    """Rows of an event or value table. ``order`` and ``offsets`` as in :class:`EntityOrder`, by the owner's rank.

    ``loose``: places of rows whose owner does not exist or cannot be told, by the owner's id; ``groups``: where in
    ``loose`` each other owner begins, and its length. ``following``: number of rows whose owner is there and is a
    stray.
    """

    order: Places
    offsets: Places
    loose: Places
    groups: Places
    following: int


def id_texts(column: pa.Array) -> pa.Array:
    """Return ids as trimmed text; empty ones are null."""
    pa = require_arrow()
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    texts = pa.compute.utf8_trim_whitespace(column.cast(pa.large_string()))
    return pa.compute.if_else(pa.compute.equal(texts, ""), pa.scalar(None, pa.large_string()), texts)


def order_entity(
    ids: pa.Array, ragged: NDArray[np.bool_], ties: Places, parents: pa.Array | None, above: EntityOrder | None
) -> EntityOrder:
    """Sort an entity table.

    Parameters
    ----------
    ids
        From :func:`id_texts`.
    ragged
        Lines of files that have not as many fields as the head; they are never charged.
    ties
        A number a row that sorts rows of equal ids by what else they hold.
    parents
        The parent's id of each row; None for roots.
    above
        The parent's table; None for roots.
    """
    flags = np.zeros(len(ids), np.int8)
    missing = ids.is_null().to_numpy(zero_copy_only=False)
    flags[ragged] = RAGGED_LINE
    flags[missing & ~ragged] = NO_ID
    flags[_twice(ids)] = TWICE
    if parents is None or above is None:
        parent_rank = np.zeros(len(ids), np.int64)
    else:
        place = owner_places(parents, above)
        found = place >= 0
        parent_rank = np.full(len(ids), -1, np.int64)
        usable = found.copy()
        usable[found] = above.flags[place[found]] == SOUND
        parent_rank[usable] = above.rank[place[usable]]
        flags[~usable & (flags == SOUND)] = LOST_PARENT
        flags[~found & (flags == LOST_PARENT) & ~known_ids(parents, above)] = NO_PARENT
    attached = np.flatnonzero(parent_rank >= 0)
    strays = np.flatnonzero(parent_rank < 0)
    by_id = _places_in_order(ids)
    order = attached[np.lexsort((ties[attached], by_id[attached], parent_rank[attached]))]
    rank = np.full(len(ids), -1, np.int64)
    rank[order] = np.arange(len(order))
    return EntityOrder(
        ids=ids,
        order=order,
        rank=rank,
        offsets=_offsets(parent_rank[order], above),
        flags=flags,
        strays=strays[np.lexsort((ties[strays], by_id[strays]))],
    )


def order_owned(owners: pa.Array, above: EntityOrder) -> OwnedOrder:
    """Sort an event or value table under the rows of its entity. Rows of one owner keep the order of the table."""
    place = owner_places(owners, above)
    owned = place >= 0
    rank = np.full(len(place), -1, np.int64)
    rank[owned] = above.rank[place[owned]]
    attached = np.flatnonzero(rank >= 0)
    order = attached[np.argsort(rank[attached], kind="stable")]
    loose = np.flatnonzero(~owned)
    owner = _places_in_order(owners)[loose]
    loose, owner = loose[np.argsort(owner, kind="stable")], np.sort(owner)
    return OwnedOrder(
        order=order,
        offsets=_offsets(rank[order], above),
        loose=loose,
        groups=np.concatenate([np.flatnonzero(np.diff(owner, prepend=-1)), [len(loose)]]),
        following=int(np.count_nonzero(owned & (rank < 0))),
    )


def owner_places(owners: pa.Array, above: EntityOrder) -> Places:
    """Return the place of each owner's row; -1 where there is no such row, or more than one."""
    pa = require_arrow()
    places = pa.compute.index_in(owners, value_set=above.ids, skip_nulls=True)
    found: Places = places.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    known = found >= 0
    found[known] = np.where(above.flags[found[known]] == TWICE, -1, found[known])
    return found


def known_ids(owners: pa.Array, above: EntityOrder) -> NDArray[np.bool_]:
    """Say which ids stand in a table at least once."""
    pa = require_arrow()
    known: NDArray[np.bool_] = pa.compute.is_in(owners, value_set=above.ids, skip_nulls=True).to_numpy(
        zero_copy_only=False
    )
    return known


def _twice(ids: pa.Array) -> NDArray[np.bool_]:
    encoded = ids.dictionary_encode()
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    counts = np.bincount(codes[codes >= 0], minlength=len(encoded.dictionary) or 1)
    twice: NDArray[np.bool_] = np.where(codes >= 0, counts[codes] > 1, False)
    return twice


def _places_in_order(ids: pa.Array) -> Places:
    """Return a number per row that sorts as its id does: by code points, missing ids last, equal ones equal."""
    pa = require_arrow()
    ranks: Places = pa.compute.rank(ids, sort_keys="ascending", tiebreaker="min").to_numpy()
    return ranks


def _offsets(parent_ranks: Places, above: EntityOrder | None) -> Places:
    if above is None:
        return np.zeros(0, np.int64)
    offsets: Places = np.searchsorted(parent_ranks, np.arange(len(above.order) + 1), side="left").astype(np.int64)
    return offsets
