"""Whether the arrays of a batch fit each other: kernels read them without looking at their ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sized

    from kommres.dsl.backends.kernels.batch import Batch, Offsets, Table


def refuse_misfits(batch: Batch) -> None:
    """Raise :class:`ValueError` where an array is not as long as those beside it, or offsets lead beyond its end."""
    for entity, table in batch.tables.items():
        for what, count, expected in _lengths(batch, table):
            if count != expected:
                raise ValueError(
                    f"batch of {entity}: {what} has {count} entries where {expected} are needed. Arrays of a table are"
                    " as long as it has rows, and offsets end where what they lead to ends."
                )


def _lengths(batch: Batch, table: Table) -> Iterator[tuple[str, int, int]]:
    """Yield what an array is, how long it is and how long it has to be."""
    rows = table.count
    for name, flags in (("usable", table.usable), ("parent", table.parent)):
        if flags is not None:
            yield name, len(flags), rows
    for child, offsets in table.children.items():
        below = batch.tables.get(child)
        yield from _reaching(f"children {child}", offsets, rows, range(0 if below is None else below.count))
    for key, column in table.columns.items():
        yield f"input {key[0]}", len(column.values), rows
        for name, changes in (("changes", column.changes), ("all values", column.always)):
            if changes is not None:
                yield from _reaching(f"{name} of {key[0]}", changes.offsets, rows, changes.days, changes.values)
    for key, past in table.past.items():
        yield from _reaching(f"past of {key[0]}", past.offsets, rows, past.months, past.values)
    for name, events in table.events.items():
        yield from _reaching(f"event {name}", events.offsets, rows, *events.fields.values())
    for name, cells in table.series.items():
        yield f"series {name}", len(cells), rows


def _reaching(what: str, offsets: Offsets, rows: int, *arrays: Sized) -> Iterator[tuple[str, int, int]]:
    if not len(offsets):  # nothing belongs to any row
        return
    yield f"{what} (offsets)", len(offsets), rows + 1
    for array in arrays:
        yield what, len(array), int(offsets[-1])
