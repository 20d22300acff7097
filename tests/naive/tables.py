"""Look-ups through all rows for one day: what later editions said, then the row that began last. Slow and obvious."""

from collections.abc import Sequence

from kommres.dsl.bound.nodes import ParamRow


def look_up(rows: Sequence[ParamRow], key: object, day: int, known_at: int | None) -> object | None:
    """The value of a key on a day, None where nothing is said."""
    said = [
        r for r in rows if r.keys == (key,) and (known_at is None or r.known_from is None or r.known_from <= known_at)
    ]
    while said:
        edition = max(r.known_from or -1 for r in said)
        latest = [r for r in said if (r.known_from or -1) == edition]
        if day >= min(r.start for r in latest):
            begun = [r for r in latest if r.start <= day]
            row = max(begun, key=lambda r: r.start)
            return row.value if row.until is None or day < row.until else None
        # Before its first day the newest edition says nothing, so the ones before it hold.
        said = [r for r in said if r not in latest]
    return None


def tiers(brackets: Sequence[tuple[int, int | None, int]], volume: int) -> int:
    """Unit by unit: each unit of the volume at the price of the bracket that it falls into."""
    total = 0
    for unit in range(volume):
        low, _, price = next(b for b in brackets if b[0] <= unit and (b[1] is None or unit < b[1]))
        assert low <= unit
        total += price
    return total
