"""Event rows of a range of rows as columns, in the order that the interpreter sees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from attrs import evolve

from kommres.columns import ordering, tree
from kommres.columns.coder import read_cells
from kommres.columns.files import RAGGED
from kommres.columns.picking import Pick
from kommres.columns.rows import _check_interval, _event_order
from kommres.dsl.backends.kernels.batch import Events
from kommres.dsl.backends.kernels.layout import coding_of
from kommres.dsl.backends.rows import Bad, EventRow
from kommres.dsl.bound.nodes import EventField
from kommres.dsl.plan.proofs import Assumptions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pyarrow as pa
    from numpy.typing import NDArray

    from kommres.columns.coder import Coders
    from kommres.columns.ingest import Dataset
    from kommres.columns.schema import Column, TableSchema
    from kommres.columns.tree import Places
    from kommres.columns.zoning import Zones
    from kommres.dsl.backends.kernels.batch import Cells, Coding

#: Numbers whose order can be told from codes, where kernels do not read them.
_WIDE: Final = Assumptions(number=10**8)


class EventRows:
    """Reads an event table.

    Parameters
    ----------
    data
        The tables.
    schema
        Of the event.
    fields
        What to read.
    coders
        Make coders of columns.
    ordered
        Whether their order counts.
    """

    def __init__(
        self, data: Dataset, schema: TableSchema, fields: Mapping[str, Coding], coders: Coders, *, ordered: bool
    ) -> None:
        self._data = data
        self._ordered = ordered
        self._schema = schema
        self._order = data.owned[schema.name]
        self._table = data.tables[schema.name].table
        self._is_interval = bool(getattr(schema.declared, "interval", ""))
        self._fields = fields
        declared = [column for column in schema.columns if column.role == "field"]
        self._given = sorted((c for c in declared if c.name in self._table.column_names), key=lambda c: c.name)
        self._coders = {c.name: coders.of(schema.name, c, fields[c.name]) for c in self._given if c.name in fields}
        self._others = {
            column.name: coders.of(schema.name, column, evolve(coding, optional=True))
            for column in self._given
            if column.name not in fields and isinstance(column.declared, EventField)
            if (coding := coding_of(column.declared, _WIDE, "")) is not None and coding.kind != "id"
        }

    @property
    def has_instants(self) -> bool:
        """Whether fields depend on time zones."""
        return any(c.declared is not None and c.declared.type.kind == "instant" for c in self._given)

    def read(self, start: int, stop: int, zones: Zones) -> Events:
        """Return the events of rows.

        Parameters
        ----------
        start, stop
            Ranks of the rows.
        zones
            Of the rows.
        """
        offsets = self._order.offsets[start : stop + 1]
        counts = np.diff(offsets)
        pick = Pick.of(self._order.order[offsets[0] : offsets[-1]])
        zones = zones.spread(counts)
        codes = {name: coder.codes(self._cells(coder.column, pick), zones) for name, coder in self._coders.items()}
        for name, coding in self._fields.items():
            if name not in codes:
                blank = coding.absent if coding.optional else coding.unusable
                codes[name] = np.full(len(pick.places), blank, coding.dtype)
        ragged = self._ragged(pick)
        backwards = self._backwards(codes)
        order = self._sorted(counts, pick, zones, codes, ragged | backwards)
        self._spoil(codes, ragged, backwards)
        if order is not None:
            codes = {name: found[order] for name, found in codes.items()}
        return Events(offsets=offsets - offsets[0], fields=codes)

    def _cells(self, column: Column, pick: Pick) -> pa.Array:
        return pick.cells(self._table.column(column.name))

    # --- what cannot be used ---------------------------------------------------------------------------------

    def _ragged(self, pick: Pick) -> NDArray[np.bool_]:
        if RAGGED not in self._table.column_names:
            return np.zeros(len(pick.places), np.bool_)
        found: NDArray[np.bool_] = pick.cells(self._table.column(RAGGED)).is_valid().to_numpy(zero_copy_only=False)
        return found

    def _backwards(self, codes: Mapping[str, Cells]) -> NDArray[np.bool_]:
        """Say which intervals end before they begin."""
        if not self._is_interval:
            return np.zeros(1, np.bool_)
        first, last = codes["from"], codes["to"]
        return (first >= self._fields["from"].low) & (last >= self._fields["to"].low) & (last < first)

    def _spoil(self, codes: Mapping[str, Cells], ragged: NDArray[np.bool_], backwards: NDArray[np.bool_]) -> None:
        if ragged.any():
            for name, found in codes.items():
                found[ragged] = self._fields[name].unusable
        if self._is_interval:
            first, last = codes["from"], codes["to"]
            broken = backwards | (first < self._fields["from"].low) | (last == self._fields["to"].unusable)
            if broken.any():
                first[broken] = self._fields["from"].unusable
                last[broken] = self._fields["to"].unusable

    # --- their order -----------------------------------------------------------------------------------------

    def _sorted(
        self, counts: Places, pick: Pick, zones: Zones, codes: Mapping[str, Cells], spoiled: NDArray[np.bool_]
    ) -> Places | None:
        """Return the order of the events; None to leave them in that of the table."""
        if not self._ordered or not len(counts) or int(counts.max()) < 2:
            return None
        owner = np.repeat(np.arange(len(counts)), counts)
        slow = np.zeros(len(counts), np.bool_)
        slow[owner[spoiled]] = True
        order = np.arange(len(owner))
        rows = np.flatnonzero(((counts > 1) & ~slow)[owner])
        order[rows] = rows[ordering.sort_groups(owner[rows], self._keys(rows, pick, zones, codes))]
        rows = np.flatnonzero(((counts > 1) & slow)[owner])
        if len(rows):
            order[rows] = rows[self._sorted_as_rows(owner[rows], pick.only(rows), zones.only(rows))]
        return order

    def _keys(
        self, rows: Places, pick: Pick, zones: Zones, codes: Mapping[str, Cells]
    ) -> list[Callable[[Places], ordering.Keys]]:
        def of_ids(some: Places) -> ordering.Keys:
            return ordering.of_ids(tree.id_texts(pick.only(rows[some]).cells(self._table.column("id"))))

        def of(column: Column) -> Callable[[Places], ordering.Keys]:
            def keys(some: Places) -> ordering.Keys:
                at = rows[some]
                cells, zoned = self._cells(column, pick.only(at)), zones.only(at)
                coder = self._coders.get(column.name) or self._others.get(column.name)
                if coder is not None:
                    found = codes[column.name][at] if column.name in codes else coder.codes(cells, zoned)
                    told = ordering.of_codes(found, coder.coding)
                    if told is not None:
                        return told
                return ordering.of_texts(cells, column, zoned)

            return keys

        return [*([of_ids] if self._has_labels else []), *(of(column) for column in self._given)]

    @property
    def _has_labels(self) -> bool:
        return self._schema.column("id") is not None and "id" in self._table.column_names

    def _sorted_as_rows(self, owner: Places, pick: Pick, zones: Zones) -> list[int]:
        """Sort events of which something cannot be read as a whole: its reason counts, too."""
        cells = {c.name: read_cells(self._cells(c, pick), c, zones) for c in self._given}
        ids = [None] * len(owner)
        if self._has_labels:
            ids = tree.id_texts(pick.cells(self._table.column("id"))).to_pylist()
        found = []
        for number, reason in enumerate(self._data.problems(self._schema.name, pick.places)):
            event = EventRow({name: cell for name, read in cells.items() if (cell := read[number]) is not None})
            event.id = ids[number] or ""
            if reason is not None:
                fields = [column.name for column in self._schema.columns if column.role == "field"]
                event.values = {name: Bad("D0506", reason, name) for name in fields}
            if self._is_interval:
                _check_interval(event)
            found.append((int(owner[number]), _event_order(event)))
        return sorted(range(len(found)), key=found.__getitem__)
