"""Interval algebra on event rows: half-open ``from .. to`` in day numbers or seconds; without ``to`` it has not ended.

Every function takes event rows and returns new ones in order of their ``from``; empty intervals drop out. Ends are kept
as they are, never rounded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kommres.dsl.backends.rows import Bad, EventRow
from kommres.dsl.backends.zones import DAY_SECONDS
from kommres.dsl.problems import DataProblem
from kommres.period import MOST_DAYS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from kommres.dsl.backends.frame import Datum
    from kommres.dsl.backends.zones import Zone

#: The end of what has not ended: later than any instant.
OPEN = 1 << 62

_END_MINUTES = 1440


def field_value(row: EventRow, name: str, event: str = "") -> Datum:
    """Return a field, None where it is missing. Raises :class:`DataProblem` where it could not be read."""
    value = row.values.get(name)
    if isinstance(value, Bad):
        raise DataProblem(value.code, value.message, row=row.id, field=f"{event}.{name}" if event else name)
    return value


def bounds(row: EventRow) -> tuple[int, int]:
    """Return ``from`` and ``to`` (or :data:`OPEN`). Raises :class:`DataProblem` (D0101, D0107)."""
    start, end = field_value(row, "from"), field_value(row, "to")
    if start is None:
        raise DataProblem("D0101", "the interval has no beginning", row=row.id, field="from")
    if end is None:
        return start, OPEN
    if end < start:
        raise DataProblem("D0107", "the interval ends before it begins", row=row.id, field="to")
    return start, end


def _piece(row: EventRow, start: int, end: int, **more: bool) -> EventRow:
    values = {**row.values, "from": start, "to": end, **more}
    if end == OPEN:
        del values["to"]
    return EventRow(values, row.id)


def _bare(start: int, end: int, **fields: Datum) -> EventRow:
    return _piece(EventRow(dict(fields)), start, end)


def _ordered(rows: Iterable[EventRow]) -> list[tuple[int, int, EventRow]]:
    """Return non-empty rows with their bounds, by beginning, then end; rows that are equal in both keep their order."""
    found = [(*bounds(row), row) for row in rows]
    return sorted((item for item in found if item[0] < item[1]), key=lambda item: item[:2])


def clip(rows: Iterable[EventRow], start: int, end: int) -> list[EventRow]:
    """Keep what lies in ``start .. end``."""
    cut = ((max(a, start), min(b, end), row) for a, b, row in _ordered(rows))
    return [_piece(row, a, b) for a, b, row in cut if a < b]


def union(rows: Iterable[EventRow]) -> list[EventRow]:
    """Merge what overlaps or touches; other fields are dropped."""
    return [_bare(a, b) for a, b in _joined((a, b) for a, b, _ in _ordered(rows))]


def _joined(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Merge spans that come in order of their beginning."""
    joined: list[tuple[int, int]] = []
    for start, end in spans:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def merge(rows: Iterable[EventRow], by: Sequence[str]) -> list[EventRow]:
    """Merge what overlaps or touches and is equal in the fields ``by``; other fields are dropped."""
    groups: dict[tuple[Any, ...], list[tuple[int, int]]] = {}
    for start, end, row in _ordered(rows):
        groups.setdefault(tuple(field_value(row, name) for name in by), []).append((start, end))
    merged = [(a, b, values) for values, spans in groups.items() for a, b in _joined(spans)]
    merged.sort(key=lambda item: item[:2])
    return [_bare(a, b, **{n: v for n, v in zip(by, values, strict=True) if v is not None}) for a, b, values in merged]


def _windows(start: int, end: int, first: int, last: int, zone: Zone) -> Iterable[tuple[int, int]]:
    """Yield the daily windows that touch ``start .. end``; ``last <= first`` means until the next day."""
    last = last if last > first else last + _END_MINUTES
    for day in range(zone.day(start) - 1, zone.day(end) + 1):
        opens, closes = zone.instant(day, first), zone.instant(day, last)
        if opens < end and closes > start:
            yield max(opens, start), min(closes, end)


def _countable(row: EventRow, start: int, end: int) -> None:
    """Raise :class:`DataProblem` (D0405, D0410) for an interval whose days cannot be gone through."""
    if end == OPEN:
        raise DataProblem("D0405", "the interval has no end yet; clip it to a period first", row=row.id, field="to")
    days = (end - start) // DAY_SECONDS
    if days > MOST_DAYS:
        found = f"the interval has {days} days, and {MOST_DAYS} are gone through at most; clip it to a period first"
        raise DataProblem("D0410", found, row=row.id, field="to")


def daily(rows: Iterable[EventRow], first: int, last: int, zone: Zone) -> list[EventRow]:
    """Keep the pieces inside the daily window; ``first``/``last`` in minutes after local midnight."""
    pieces: list[EventRow] = []
    for start, end, row in _ordered(rows):
        _countable(row, start, end)
        pieces.extend(_piece(row, a, b) for a, b in _windows(start, end, first, last, zone))
    return _by_start(pieces)


def split(rows: Iterable[EventRow], first: int, last: int, zone: Zone) -> list[EventRow]:
    """Cut at the edges of the daily window; the new field ``inside`` says on which side a piece lies."""
    pieces: list[EventRow] = []
    for start, end, row in _ordered(rows):
        _countable(row, start, end)
        at = start
        for a, b in _windows(start, end, first, last, zone):
            if at < a:
                pieces.append(_piece(row, at, a, inside=False))
            pieces.append(_piece(row, a, b, inside=True))
            at = b
        if at < end:
            pieces.append(_piece(row, at, end, inside=False))
    return _by_start(pieces)


def _by_start(rows: list[EventRow]) -> list[EventRow]:
    return sorted(rows, key=lambda row: row.values["from"])


def worst(rows: Iterable[EventRow], by: str) -> list[EventRow]:
    """Give each overlap to the row with the greatest ``by``; of equals, to the one that begins first."""
    ordered = _ordered(rows)
    for _, _, row in ordered:
        if field_value(row, by) is None:
            raise DataProblem("D0405", f"{by} is absent, so overlaps cannot be judged", row=row.id, field=by)
    taken: list[tuple[int, int]] = []
    pieces: list[EventRow] = []
    for start, end, row in sorted(ordered, key=lambda item: field_value(item[2], by), reverse=True):
        pieces.extend(_piece(row, a, b) for a, b in _outside(start, end, taken))
        taken = _joined(sorted([*taken, (start, end)]))
    return _by_start(pieces)


def _outside(start: int, end: int, taken: Sequence[tuple[int, int]]) -> Iterable[tuple[int, int]]:
    """Yield the parts of ``start .. end`` outside merged spans."""
    for a, b in taken:
        if b <= start:
            continue
        if a >= end:
            break
        if start < a:
            yield start, a
        start = max(start, b)
    if start < end:
        yield start, end


def apart(rows: Iterable[EventRow]) -> list[EventRow]:
    """Return the rows in order. Raises :class:`DataProblem` (D0404) where two overlap."""
    ordered = _ordered(rows)
    latest: tuple[int, EventRow] | None = None
    for start, end, row in ordered:
        if latest is not None and start < latest[0]:
            names = " and ".join(f'"{r.id}"' if r.id else "an unnamed one" for r in (latest[1], row))
            raise DataProblem("D0404", f"two intervals overlap: {names}", row=row.id, field="from")
        if latest is None or end > latest[0]:
            latest = (end, row)
    return [row for _, _, row in ordered]


def covering(rows: Iterable[EventRow], start: int, end: int) -> list[EventRow]:
    """Keep the rows that hold all of ``start .. end`` (a day)."""
    found = []
    for row in rows:
        first, last = bounds(row)
        if first <= start and end <= last and first < last:
            found.append(row)
    return found


def edges(rows: Iterable[EventRow], day_of: Callable[[int], int] | None) -> set[int]:
    """Return the days on which coverage of whole days may change; ``day_of`` turns instants into days.

    Rows that cannot be read have no edges: they refuse what reads them.
    """
    found: set[int] = set()
    for row in rows:
        for name in ("from", "to"):
            value = row.values.get(name)
            if isinstance(value, int):
                day = value if day_of is None else day_of(value)
                found.update((day,) if day_of is None else (day, day + 1))
    return found
