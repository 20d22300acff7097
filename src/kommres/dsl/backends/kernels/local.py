"""Local days and moments inside kernels, and daily windows, looked up in tables that :mod:`.zoning` makes.

A table holds the moments at which local days begin (or a time of the day comes), zone by zone, ``days`` of each.
``base`` is where a zone begins in it, below 0 for what is no zone; a day is known by its place after that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kommres.dsl.backends.kernels.emit import Flat

if TYPE_CHECKING:
    from kommres.dsl.backends.kernels.pieces import Places


@Flat
def moment_of(times: Places, base: int, place: int, days: int) -> int:
    """Return the moment of a local day; far before all others where the table does not hold it."""
    if base < 0 or place < 0 or place >= days:
        return -4611686018427387904
    return times[base + place]  # type: ignore[no-any-return] # a cell


@Flat
def local_day(midnights: Places, base: int, days: int, moment: int) -> int:
    """Return the place of the local day that a moment lies in; -1 where the table does not hold it."""
    if base < 0:
        return -1
    last = base + days - 1
    if moment < midnights[base] or moment >= midnights[last]:
        return -1
    at = min(last - 1, base + (moment - midnights[base]) // 86400)
    while midnights[at] > moment:
        at -= 1
    while midnights[at + 1] <= moment:
        at += 1
    return at - base  # type: ignore[no-any-return] # from cells


@Flat
def next_local_edge(
    offsets: Places,
    starts: Places,
    ends: Places,
    first: int,
    last: int,
    midnights: Places,
    base: int,
    zero: int,
    day: int,
    end: int,
) -> int:
    """Return the first day after ``day`` on which coverage of whole days may change, ``end`` at the latest.

    The table begins at the day ``zero`` and holds both days.
    """
    if base < 0 or offsets.size == 0:
        return end
    at = base - zero
    for j in range(offsets[first], offsets[last]):
        for side in range(2):
            moment = starts[j] if side == 0 else ends[j]
            if moment >= midnights[at + day]:
                found = day
                while found < end and midnights[at + found + 1] <= moment:
                    found += 1
                end = min(end, max(found, day + 1))
    return end


@Flat
def put(start: Places, end: Places, origin: Places, n: int, a: int, b: int, row: int) -> int:
    """Put a piece behind those that begin no later; -1 where there is no room for it, or it ends before it begins."""
    if n < 0 or n == start.size or b < a:
        return -1
    at = n
    while at > 0 and start[at - 1] > a:
        start[at], end[at], origin[at] = start[at - 1], end[at - 1], origin[at - 1]
        at -= 1
    start[at], end[at], origin[at] = a, b, row
    return n + 1


@Flat
def windows(
    start: Places,
    end: Places,
    origin: Places,
    n: int,
    midnights: Places,
    opening: Places,
    closing: Places,
    base: int,
    days: int,
    both: int,
    to_start: Places,
    to_end: Places,
    to_origin: Places,
) -> int:
    """Keep what lies in the daily windows of a zone; if ``both`` is 1, keep the rest, too, and mark what lies inside.

    The tables hold when each local day begins, and when its window opens and closes. The pieces come from
    :func:`.pieces.ordered`, the result stands in the arrays ``to_``. -1 where a piece has no end, or the tables do not
    hold its days.
    """
    kept = 0
    for i in range(n):
        a, b, row = start[i], end[i], origin[i]
        outside, inside = row, row
        if both == 1:
            outside = row // 2 * 2
            inside = outside + 1
        at = a
        day, last = local_day(midnights, base, days, a) - 1, local_day(midnights, base, days, b)
        if day < 0 or last < 0:
            return -1
        while day <= last:
            opens, closes = opening[base + day], closing[base + day]
            if opens < b and closes > a:
                opens, closes = max(opens, a), min(closes, b)
                if both == 1 and at < opens:
                    kept = put(to_start, to_end, to_origin, kept, at, opens, outside)
                kept = put(to_start, to_end, to_origin, kept, opens, closes, inside)
                at = closes
            day += 1
        if both == 1 and at < b:
            kept = put(to_start, to_end, to_origin, kept, at, b, outside)
        if kept < 0:
            return -1
    return kept
