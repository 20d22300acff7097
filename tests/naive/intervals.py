"""Interval algebra unit by unit: sets of days (or seconds) instead of bounds. Slow and obvious."""

from collections.abc import Sequence

from kommres.dsl.backends.rows import EventRow

Piece = tuple[int, int, object]


def covered(rows: Sequence[EventRow]) -> set[int]:
    return {unit for row in rows for unit in range(row.values["from"], row.values["to"])}


def runs(units: set[int]) -> list[tuple[int, int]]:
    """Maximal runs of consecutive units."""
    found = []
    for unit in sorted(units):
        if unit - 1 not in units:
            start = unit
        if unit + 1 not in units:
            found.append((start, unit + 1))
    return found


def union(rows: Sequence[EventRow]) -> list[tuple[int, int]]:
    return runs(covered(rows))


def clip(rows: Sequence[EventRow], start: int, end: int) -> list[tuple[int, int]]:
    pieces = [runs(covered([row]) & set(range(start, end))) for row in rows]
    return sorted(piece for found in pieces for piece in found)


def merge(rows: Sequence[EventRow], name: str) -> list[Piece]:
    groups = {row.values[name] for row in rows}
    return sorted((a, b, g) for g in groups for a, b in union([r for r in rows if r.values[name] == g]))


def worst(rows: Sequence[EventRow], name: str) -> dict[int, object]:
    """Which value holds in each unit."""
    return {
        unit: max(row.values[name] for row in rows if row.values["from"] <= unit < row.values["to"])
        for unit in covered(rows)
    }


def in_window(second: int, first: int, last: int) -> bool:
    """Whether a second (UTC) lies in a daily window of minutes."""
    minute = second % 86400 // 60
    return first <= minute < last if first < last else minute >= first or minute < last


def overlap(rows: Sequence[EventRow]) -> bool:
    return len(covered(rows)) < sum(row.values["to"] - row.values["from"] for row in rows)
