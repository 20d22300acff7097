"""Rows of a range of roots, built from the tables: what the interpreter reads."""

from __future__ import annotations

from itertools import pairwise, product
from typing import TYPE_CHECKING, Final

import numpy as np

from kommres.columns import tree
from kommres.columns.cells import texts
from kommres.columns.reader import read_cell
from kommres.columns.values import Cell, Line, lay_out
from kommres.dsl.backends.rows import Bad, EventRow, InputKey, Row
from kommres.dsl.bound.nodes import Event, Rule
from kommres.dsl.lookalike import nearest_hint, skeleton

if TYPE_CHECKING:
    from kommres.columns.schema import Column
    from kommres.period import Month
    from kommres.columns.ingest import Dataset
    from kommres.columns.tree import EntityOrder, Places

NO_ID_NAME: Final = "(no id)"
PAST_MONTHS: Final = 36  # as far as rules can look back

_KNOWN_TEXTS: Final = 100_000


class Rows:
    """Builds rows of a data set for the charges of a month. A text that was read before is not read again."""

    def __init__(self, data: Dataset, month: Month) -> None:
        self._data = data
        self._month = month
        self._known: dict[str, dict[str, Cell]] = {}
        self._skeletons: dict[str, dict[str, str]] = {}

    def trees(self, root: str, start: int, stop: int) -> list[Row]:
        """Return the root rows of ranks ``start .. stop`` with everything below them."""
        return self._build(root, start, stop)

    def strays(self, entity: str, start: int, stop: int) -> list[Row]:
        """Return rows that stand under no usable parent; each has its problem and nothing else."""
        order = self._data.entities[entity]
        return self._blank(entity, order, order.strays[start:stop])

    # --- entities --------------------------------------------------------------------------------------------

    def _build(self, entity: str, start: int, stop: int) -> list[Row]:
        data, order = self._data, self._data.entities[entity]
        places = order.order[start:stop]
        rows = self._blank(entity, order, places)
        for column in data.schemas[entity].columns:
            if column.role == "input":
                self._inputs(entity, column, places, rows)
        for name in data.owned_by(entity):
            offsets = data.owned[name].offsets[start : stop + 1]
            if data.schemas[name].kind == "event":
                self._events(name, offsets, rows)
            else:
                self._values(name, offsets, rows)
        for child in data.children(entity):
            offsets = data.entities[child].offsets[start : stop + 1]
            below = self._build(child, int(offsets[0]), int(offsets[-1]))
            for row, (first, last) in zip(rows, pairwise((offsets - offsets[0]).tolist()), strict=True):
                row.children[child] = below[first:last]
                for item in row.children[child]:
                    item.parent = row
        return rows

    def _blank(self, entity: str, order: EntityOrder, places: Places) -> list[Row]:
        ids = order.ids.take(places).to_pylist()
        rows = [Row(entity=entity, id=id_ or NO_ID_NAME) for id_ in ids]
        wrong = np.flatnonzero(order.flags[places])
        if len(wrong):
            for index, problem in zip(wrong.tolist(), self._problems(entity, places[wrong]), strict=True):
                rows[index].problem = problem
        return rows

    def _problems(self, entity: str, places: Places) -> list[Bad]:
        data, order = self._data, self._data.entities[entity]
        ids = order.ids.take(places).to_pylist()
        parent = data.schemas[entity].parent
        cells = data.column(entity, parent, places) if parent else None
        parents = tree.id_texts(cells).to_pylist() if cells is not None else [None] * len(places)
        reasons, labels = data.problems(entity, places), data.labels(entity, places)
        problems = []
        for flag, id_, above, reason, label in zip(
            order.flags[places].tolist(), ids, parents, reasons, labels, strict=True
        ):
            match flag:
                case tree.NO_ID:
                    problem = Bad("D0501", f"the row has no id ({label})", "id")
                case tree.TWICE:
                    problem = Bad("D0502", f"the id {id_} stands more than once in {entity}", "id")
                case tree.RAGGED_LINE:
                    problem = Bad("D0506", f"{reason} ({label})", "")
                case tree.LOST_PARENT:
                    problem = Bad("D0503", f"the row of {parent} {above} cannot be used", str(parent))
                case _ if above is None:
                    problem = Bad("D0503", f"no {parent} is given", str(parent))
                case _:
                    problem = Bad("D0503", f"there is no {parent} {above}{self._hint(str(parent), str(above))}", str(parent))
            problems.append(problem)
        return problems

    def _hint(self, entity: str, id_: str) -> str:
        """Say which id looks like a missing one; only letters of another alphabet are worth a search through all ids."""
        if id_.isascii():
            return ""
        if entity not in self._skeletons:
            ids = self._data.entities[entity].ids.drop_null().to_pylist()
            self._skeletons[entity] = {skeleton(known): known for known in ids}
        twin = self._skeletons[entity].get(skeleton(id_))
        return nearest_hint(id_, [twin]) if twin is not None else ""

    def _inputs(self, entity: str, column: Column, places: Places, rows: list[Row]) -> None:
        cells = self._cells(entity, column, places)
        if cells is None or column.declared is None:
            return
        key: InputKey = (column.declared.name, column.keys)
        for row, cell in zip(rows, cells, strict=True):
            if cell is not None:
                row.values[key] = cell

    # --- events ----------------------------------------------------------------------------------------------

    def _events(self, name: str, offsets: Places, rows: list[Row]) -> None:
        data, schema = self._data, self._data.schemas[name]
        places = data.owned[name].order[offsets[0] : offsets[-1]]
        events = [EventRow(values={}) for _ in places]
        for column in schema.columns:
            if column.role == "id" and (cells := data.column(name, column.name, places)) is not None:
                for event, id_ in zip(events, tree.id_texts(cells).to_pylist(), strict=True):
                    event.id = id_ or ""
            elif column.role == "field" and (values := self._cells(name, column, places)) is not None:
                for event, value in zip(events, values, strict=True):
                    if value is not None:
                        event.values[column.name] = value
        for event, reason in zip(events, data.problems(name, places), strict=True):
            if reason is not None:
                event.values = {c.name: Bad("D0506", reason, c.name) for c in schema.columns if c.role == "field"}
        if isinstance(schema.declared, Event) and schema.declared.interval:
            for event in events:
                _check_interval(event)
        for row, (first, last) in zip(rows, pairwise((offsets - offsets[0]).tolist()), strict=True):
            # Equal results for any order of the supplied rows, messages included.
            row.events[name] = sorted(events[first:last], key=_event_order) if last - first > 1 else events[first:last]

    # --- values by days and months ---------------------------------------------------------------------------

    def _values(self, name: str, offsets: Places, rows: list[Row]) -> None:
        data, schema = self._data, self._data.schemas[name]
        places = data.owned[name].order[offsets[0] : offsets[-1]]
        if not len(places):
            return
        blank: list[Cell] = [None] * len(places)
        by_role = {column.role: column for column in schema.columns if column.role != "key"}
        keys = [column for column in schema.columns if column.role == "key"]
        members = [self._cells(name, column, places) or blank for column in keys]
        days = (self._cells(name, by_role["from"], places) if "from" in by_role else None) or blank
        months = (self._cells(name, by_role["month"], places) if "month" in by_role else None) or blank
        values = self._cells(name, by_role["value"], places) or blank
        lines = [
            Line(problem=reason, keys=tuple(cells[i] for cells in members), day=days[i], month=months[i], value=values[i])
            for i, reason in enumerate(data.problems(name, places))
        ]
        item = schema.declared
        every = list(product(*(column.enum.members for column in keys if column.enum is not None)))
        window = range(self._month.number - PAST_MONTHS, self._month.number)
        for row, (first, last) in zip(rows, pairwise((offsets - offsets[0]).tolist()), strict=True):
            if last > first:
                # Closed results of charges go by the full name: two modules may charge under one name.
                lay_out(row, item.id if isinstance(item, Rule) else item.name, lines[first:last], every, window)

    # --- cells -----------------------------------------------------------------------------------------------

    def _cells(self, table: str, column: Column, places: Places) -> list[Cell] | None:
        """Read cells of a column; None where the table has no such column."""
        data = self._data.column(table, column.name, places)
        if data is None:
            return None
        words, codes = texts(data, getattr(column.declared, "step", None))
        known = self._known.setdefault(f"{table}/{column.name}", {})
        if len(known) > _KNOWN_TEXTS:
            known.clear()
        for word in words:
            if word is not None and word not in known:
                known[word] = read_cell(word, column)
        cells = [None if word is None else known[word] for word in words]
        return [cells[code] for code in codes]


def _check_interval(event: EventRow) -> None:
    start, end = event.values.get("from"), event.values.get("to")
    if isinstance(start, int) and isinstance(end, int) and start > end:
        event.values["to"] = Bad("D0107", "the event ends before it begins", "to")


def _event_order(event: EventRow) -> tuple[str, str]:
    return event.id, repr(sorted(event.values.items(), key=lambda item: item[0]))
