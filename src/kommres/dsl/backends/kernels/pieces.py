"""Interval algebra inside kernels: what :mod:`kommres.dsl.backends.intervals` does, on arrays.

A list of n pieces stands in the first n places of three arrays: ``start`` and ``end`` (half-open) and ``origin``, twice
the index of the event row whose other fields a piece has, and one more inside a daily window (:mod:`.local`); -1 where
it has none. Helpers change the arrays and return the new n, or -1 where the row is the interpreter's. They do not judge
keys: rows with one that is missing (:func:`readable`) are the interpreter's, too. They keep to what :mod:`.lowering`
can read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from kommres.dsl.backends.kernels.emit import Flat

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Places: TypeAlias = NDArray[np.int64]
    Cells: TypeAlias = NDArray[np.signedinteger[Any]]


@Flat
def gathered(
    starts: Cells,
    ends: Cells,
    first: int,
    last: int,
    low: int,
    high: int,
    absent: int,
    never: int,
    start: Places,
    end: Places,
    origin: Places,
) -> int:
    """Take the intervals of the event rows ``first .. last``; -1 where one of them cannot be read, or room is short.

    What lies outside ``low .. high`` cannot be read. What has no end (``absent``) ends at ``never``.
    """
    if last - first > start.size:
        return -1
    for j in range(first, last):
        a, b = starts[j], ends[j]
        if b > high:
            return -1
        if b == absent:
            b = never
        if a < low or b < a:
            return -1
        start[j - first], end[j - first], origin[j - first] = a, b, 2 * j
    return last - first


@Flat
def readable(cells: Cells, first: int, last: int, low: int, high: int) -> bool:
    """Whether all of some cells lie in ``low .. high``."""
    found = True
    for j in range(first, last):
        found &= low <= cells[j] <= high
    return found


@Flat
def ordered(start: Places, end: Places, origin: Places, n: int) -> int:
    """Drop empty pieces and sort by beginning, then end; equal ones keep their order. The others begin with this."""
    kept = 0
    for i in range(n):
        a, b, row = start[i], end[i], origin[i]
        if a < b:
            at = kept
            while at > 0 and (start[at - 1] > a or (start[at - 1] == a and end[at - 1] > b)):
                start[at], end[at], origin[at] = start[at - 1], end[at - 1], origin[at - 1]
                at -= 1
            start[at], end[at], origin[at] = a, b, row
            kept += 1
    return kept


@Flat
def clipped(start: Places, end: Places, origin: Places, n: int, low: int, high: int) -> int:
    """Keep what lies in ``low .. high``."""
    n = ordered(start, end, origin, n)
    kept = 0
    for i in range(n):
        a, b = max(start[i], low), min(end[i], high)
        if a < b:
            start[kept], end[kept], origin[kept] = a, b, origin[i]
            kept += 1
    return kept


@Flat
def united(start: Places, end: Places, origin: Places, n: int) -> int:
    """Merge what overlaps or touches. The pieces have no other fields."""
    n = ordered(start, end, origin, n)
    kept = 0
    for i in range(n):
        if kept > 0 and start[i] <= end[kept - 1]:
            end[kept - 1] = max(end[kept - 1], end[i])
        else:
            start[kept], end[kept] = start[i], end[i]
            kept += 1
    for i in range(kept):
        origin[i] = -1
    return kept


@Flat
def together(group: Places, n: int) -> int:
    """Put all pieces into one group."""
    for i in range(n):
        group[i] = 0
    return n


@Flat
def grouped(group: Places, origin: Places, n: int, keys: Cells) -> int:
    """Part groups by a key: ``group[i]`` becomes the first place with the same group and key.

    Call it for each key of :func:`merged` after :func:`together`; ``keys`` are by event row.
    """
    i = n - 1
    while i >= 0:
        at = group[i]
        while group[at] != group[i] or keys[origin[at] // 2] != keys[origin[i] // 2]:
            at += 1
        group[i] = at
        i -= 1
    return n


@Flat
def merged(start: Places, end: Places, origin: Places, group: Places, n: int) -> int:
    """Merge what overlaps or touches and is of one group. The pieces come from :func:`ordered`, groups are places.

    ``origin`` is a row of the group: only the fields that made it are meant.
    """
    kept = 0
    for i in range(n):
        a, b, row, g = start[i], end[i], origin[i], group[i]
        at = kept - 1
        while at >= 0 and group[at] != g:
            at -= 1
        if at >= 0 and a <= end[at]:
            end[at] = max(end[at], b)
        else:
            start[kept], end[kept], origin[kept], group[kept] = a, b, row, g
            kept += 1
    for i in range(kept):
        a, b, row, g = start[i], end[i], origin[i], group[i]
        at = i
        while at > 0:
            p, q = start[at - 1], end[at - 1]
            if not (p > a or (p == a and (q > b or (q == b and group[at - 1] > g)))):
                break
            start[at], end[at], origin[at], group[at] = p, q, origin[at - 1], group[at - 1]
            at -= 1
        start[at], end[at], origin[at], group[at] = a, b, row, g
    return kept


@Flat
def by_key(start: Places, end: Places, origin: Places, n: int, keys: Cells) -> int:
    """Sort by key, the greatest first; equal ones keep their order."""
    for i in range(n):
        a, b, row = start[i], end[i], origin[i]
        at = i
        while at > 0 and keys[origin[at - 1] // 2] < keys[row // 2]:
            start[at], end[at], origin[at] = start[at - 1], end[at - 1], origin[at - 1]
            at -= 1
        start[at], end[at], origin[at] = a, b, row
    return n


@Flat
def worst(
    start: Places,
    end: Places,
    origin: Places,
    n: int,
    keys: Cells,
    to_start: Places,
    to_end: Places,
    to_origin: Places,
) -> int:
    """Give each overlap to the greatest key, of equals to the piece that begins first; ``keys`` are by event row.

    The result stands in the arrays ``to_``. They need ``2 * n - 1`` places at most; -1 is returned if they have fewer.
    """
    n = ordered(start, end, origin, n)
    n = by_key(start, end, origin, n, keys)
    kept = 0
    for i in range(n):
        at, b, row = start[i], end[i], origin[i]
        place = 0
        while at < b:
            while place < kept and to_end[place] <= at:
                place += 1
            until = min(b, to_start[place]) if place < kept else b
            if at < until:
                if kept == to_start.size:
                    return -1
                j = kept
                while j > place:
                    to_start[j], to_end[j], to_origin[j] = to_start[j - 1], to_end[j - 1], to_origin[j - 1]
                    j -= 1
                to_start[place], to_end[place], to_origin[place] = at, until, row
                kept += 1
                at = until
            else:
                at = to_end[place]
    return kept


@Flat
def overlapping(start: Places, end: Places, n: int) -> bool:
    """Whether two of some pieces from :func:`ordered` overlap."""
    latest = start[0] if n > 0 else 0
    for i in range(n):
        if start[i] < latest:
            return True
        latest = max(latest, end[i])
    return False


@Flat
def covering(start: Places, end: Places, origin: Places, n: int, low: int, high: int) -> int:
    """Keep the pieces that hold all of ``low .. high`` (a day), in the order they have."""
    kept = 0
    for i in range(n):
        if start[i] <= low and high <= end[i] and start[i] < end[i]:
            start[kept], end[kept], origin[kept] = start[i], end[i], origin[i]
            kept += 1
    return kept


@Flat
def apart(start: Places, end: Places, origin: Places, n: int) -> int:
    """Put pieces in order; -1 where two of them overlap."""
    n = ordered(start, end, origin, n)
    return -1 if overlapping(start, end, n) else n
