"""Cells of some rows of a table: a slice where the rows stand side by side, else picked one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from kommres.columns.arrow import require_arrow
from kommres.columns.tree import Places

if TYPE_CHECKING:
    import pyarrow as pa


@frozen(eq=False)
class Pick:
    """Rows by their places in a table. ``first`` is set where they stand side by side in the order of the table."""

    places: Places
    first: int | None

    @classmethod
    def of(cls, places: Places) -> Pick:
        """Look whether the rows stand side by side."""
        count = len(places)
        together = count > 0 and int(places[-1]) - int(places[0]) == count - 1 and bool((np.diff(places) == 1).all())
        return cls(places, int(places[0]) if together else None)

    def only(self, rows: Places) -> Pick:
        """Return some of the rows."""
        return Pick(self.places[rows], None)

    def cells(self, column: pa.Array | pa.ChunkedArray) -> pa.Array:
        """Return the rows' cells of a column."""
        pa = require_arrow()
        if not isinstance(column, pa.ChunkedArray):
            return self._of(column)
        if column.num_chunks == 1:
            return self._of(column.chunk(0))
        if not len(self.places):
            return pa.nulls(0, column.type)
        if self.first is not None:
            return pa.concat_arrays(column.slice(self.first, len(self.places)).chunks)
        return self._of_chunks(column)

    def _of(self, column: pa.Array) -> pa.Array:
        if self.first is not None:
            return column.slice(self.first, len(self.places))
        return column.take(require_arrow().array(self.places))

    def _of_chunks(self, column: pa.ChunkedArray) -> pa.Array:
        """Pick from each chunk what lies in it: picking from all at once would copy the chunks."""
        pa = require_arrow()
        ends = np.cumsum([len(chunk) for chunk in column.chunks])
        chunk_of = np.searchsorted(ends, self.places, side="right")
        order = np.argsort(chunk_of, kind="stable")
        found = []
        for number in np.unique(chunk_of).tolist():
            inside = self.places[order][chunk_of[order] == number] - (ends[number] - len(column.chunk(number)))
            found.append(column.chunk(number).take(pa.array(inside)))
        back = np.empty(len(order), np.int64)
        back[order] = np.arange(len(order))
        return pa.concat_arrays(found).take(pa.array(back))
