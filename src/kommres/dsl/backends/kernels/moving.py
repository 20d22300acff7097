"""What changes inside a month, read by generated text: values of a row by days, and where a piece of the month ends."""

from __future__ import annotations

from kommres.dsl.backends.kernels.days import month_end, month_start
from kommres.dsl.backends.kernels.emit import Flat
from kommres.dsl.backends.kernels.wide128 import wide, wide_eq, wide_le, wide_product


@Flat
def changed(first, offsets, days, values, place, day):  # type: ignore[no-untyped-def]
    """Return what holds on a day: the last change until then, else what held first."""
    if offsets.size:
        for j in range(offsets[place], offsets[place + 1]):
            if days[j] > day:
                break
            first = values[j]
    return first


@Flat
def ever(first, offsets, days, values, all_offsets, all_days, all_values, place, day):  # type: ignore[no-untyped-def]
    """Return what holds on a day that may lie outside the month; of rows that change there all values are known."""
    if all_offsets.size:
        if all_offsets[place] < all_offsets[place + 1]:
            return changed(all_values[all_offsets[place]], all_offsets, all_days, all_values, place, day)
    return changed(first, offsets, days, values, place, day)


@Flat
def next_day(days, base, day, end):  # type: ignore[no-untyped-def]
    """Return the first day after ``day`` that lies a known number of days after ``base``, ``end`` at the latest."""
    for j in range(days.size):
        if base + days[j] > day:
            return min(end, base + days[j])
    return end


@Flat
def months_in(start, end, scale):  # type: ignore[no-untyped-def]
    """Return how many months some days are, each a part of its month, in steps of 1/``scale``; 0 of no days."""
    total = 0
    while start < end:
        first, after = month_start(start), month_end(start)
        total += (min(end, after) - start) * (scale // max(1, after - first))
        start = max(after, start + 1)
    return total


@Flat
def in_month(offsets, months, values, place, number, nothing):  # type: ignore[no-untyped-def]
    """Return what was supplied for a month, which is the only one of its number; ``nothing`` where nothing was."""
    if offsets.size:
        last = offsets[place + 1] - 1
        if offsets[place] <= last:
            # Where no month is missing it stands there; else after it.
            j = max(offsets[place], last - (months[last] - number))
            while j <= last:
                if months[j] >= number:
                    break
                j += 1
            if j <= last and months[j] == number:
                return values[j]
    return nothing


@Flat
def since_first(offsets, months, place, number):  # type: ignore[no-untyped-def]
    """Return how many months before one the first lies of which something was supplied; 0 where there is none."""
    if offsets.size > 0 and offsets[place] < offsets[place + 1]:
        return max(0, number - months[offsets[place]])
    return 0


@Flat
def next_change(offsets, days, first, last, day, end):  # type: ignore[no-untyped-def]
    """Return the first day after ``day`` on which a value of some rows changes, ``end`` at the latest."""
    if offsets.size:
        for j in range(offsets[first], offsets[last]):
            if day < days[j] < end:
                end = days[j]
    return end


@Flat
def next_edge(offsets, starts, ends, first, last, day, end):  # type: ignore[no-untyped-def]
    """Return the first day after ``day`` on which an interval of some rows begins or ends, ``end`` at the latest."""
    if offsets.size:
        for j in range(offsets[first], offsets[last]):
            if day < starts[j] < end:
                end = starts[j]
            if day < ends[j] < end:
                end = ends[j]
    return end


@Flat
def any_of(offsets, first, last) -> bool:  # type: ignore[no-untyped-def]
    """Return whether anything belongs to the rows ``first .. last``."""
    return offsets.size > 0 and offsets[first] != offsets[last]  # type: ignore[no-any-return]


@Flat
def any_within(days, start, end) -> bool:  # type: ignore[no-untyped-def]
    """Return whether one of some days lies after the first day of a span and before its end."""
    found = False
    for j in range(days.size):
        found |= start < days[j] < end
    return found


@Flat
def holding(lows, highs, first, last, value):  # type: ignore[no-untyped-def]
    """Return the place of the first bracket that holds a value; -1 where none does."""
    for j in range(first, last):
        if lows[j] <= value <= highs[j]:
            return j
    return -1


@Flat
def holding_quotient(lows, highs, first, last, above, below):  # type: ignore[no-untyped-def]
    """Return the place of the first bracket that holds a quotient; -1 where none does."""
    found = -1
    for j in range(first, last):
        over = wide(above)
        inside = wide_le(wide_product(lows[j], below), over) and wide_le(over, wide_product(highs[j], below))
        if inside and found < 0:
            found = j
    return found


@Flat
def in_force(days, day):  # type: ignore[no-untyped-def]
    """Return how many of some sorted days have come by a day."""
    count = 0
    for j in range(days.size):
        if days[j] > day:
            break
        count += 1
    return count


@Flat
def first_of(offsets, place):  # type: ignore[no-untyped-def]
    """Return the first place of what belongs to a row."""
    return offsets[place] if offsets.size else 0


@Flat
def last_of(offsets, place):  # type: ignore[no-untyped-def]
    """Return the place after the last one of what belongs to a row."""
    return offsets[place + 1] if offsets.size else 0


@Flat
def place_of(places, code):  # type: ignore[no-untyped-def]
    """Return the place of a code among known ones, -1 for others."""
    return places[code] if 0 <= code < places.size else -1


@Flat
def same_quotient(above, below, over, under) -> bool:  # type: ignore[no-untyped-def]
    """Return whether two quotients are equal."""
    return wide_eq(wide_product(above, under), wide_product(over, below))  # type: ignore[no-any-return]


@Flat
def any_lost(usable, first, last) -> bool:  # type: ignore[no-untyped-def]
    """Return whether one of some rows cannot be used as a whole."""
    if usable.size:
        for j in range(first, last):
            if usable[j] == 0:
                return True
    return False


@Flat
def streamed(cell):  # type: ignore[no-untyped-def]
    """Return a cell; it says that such cells are read one after the other, see :mod:`.ahead`."""
    return cell
