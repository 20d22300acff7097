"""Local days and moments inside kernels, looked up in tables that :mod:`.zoning` makes.

A table holds the moments at which local days begin (or a time of the day comes), zone by zone, ``days`` of each.
``base`` is where a zone begins in it, below 0 for what is no zone; a day is known by its place after that.
"""

from __future__ import annotations

from kommres.dsl.backends.kernels.emit import Flat


@Flat
def moment_of(times, base, place, days):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN201
    """Return the moment of a local day; far before all others where the table does not hold it."""
    if base < 0 or place < 0 or place >= days:
        return -4611686018427387904
    return times[base + place]


@Flat
def local_day(midnights, base, days, moment):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN201
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
    return at - base


@Flat
def next_local_edge(offsets, starts, ends, place, midnights, base, zero, day, end):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN201, PLR0917
    """Return the first day after ``day`` on which coverage of whole days may change, ``end`` at the latest.

    The table begins at the day ``zero`` and holds both days.
    """
    if base < 0 or offsets.size == 0:
        return end
    at = base - zero
    for j in range(offsets[place], offsets[place + 1]):
        for side in range(2):
            moment = starts[j] if side == 0 else ends[j]
            if moment >= midnights[at + day]:
                found = day
                while found < end and midnights[at + found + 1] <= moment:
                    found += 1
                end = min(end, max(found, day + 1))
    return end
