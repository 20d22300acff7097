"""Rows of a range of roots, built from the tables: what the interpreter reads."""

from __future__ import annotations

from functools import partial
from itertools import pairwise, product
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from kommres.columns import tree
from kommres.columns.arrow import require_arrow
from kommres.columns.cells import column_texts
from kommres.columns.reader import read_cell
from kommres.columns.series import SeriesReader
from kommres.columns.values import Cell, Lines, lay_out
from kommres.dsl.backends.machine import TIME_ZONE
from kommres.dsl.backends.rows import Bad, EventRow, InputKey, Row
from kommres.dsl.bound.nodes import Event, Rule
from kommres.dsl.lookalike import nearest_hint, skeleton

if TYPE_CHECKING:
    from kommres.columns.ingest import Dataset
    from kommres.columns.schema import Column
    from kommres.columns.tree import EntityOrder, Places
    from kommres.period import Month

NO_ID_NAME: Final = "(no id)"
PAST_MONTHS: Final = 36  # as far as rules can look back

_NONE: Final = np.zeros(0, np.int64)
_Known: TypeAlias = dict[str, dict[int, Row]]  # rows by entity and rank

_KNOWN_TEXTS: Final = 100_000
SEARCHED: Final = 200_000  # ids among which one that looks like a missing one is sought


class Rows:
    """Builds rows of a data set for the charges of a month. A text that was read before is not read again."""

    def __init__(self, data: Dataset, month: Month) -> None:
        self._data = data
        self._month = month
        self._known: dict[tuple[str, str, str], dict[str, Cell]] = {}
        self._skeletons: dict[str, dict[str, str]] = {}
        self._of_series: dict[str, SeriesReader] = {}

    def trees(self, root: str, start: int, stop: int) -> list[Row]:
        """Return the root rows of ranks ``start .. stop`` with everything below them."""
        return self._build(root, np.arange(start, stop))

    def standing(self, picked: dict[str, Places]) -> dict[str, list[Row]]:
        """Return some rows of entities with everything below them, under their parents.

        Other rows below those parents are built when they are asked for. ``picked``: ranks by entity, each in ascending
        order; they stand under few enough roots to be held together.
        """
        wanted = {entity: ranks for entity, ranks in picked.items() if len(ranks)}
        above: dict[str, list[Places]] = {}
        for entity, ranks in wanted.items():
            below, found = entity, ranks
            while (parent := self._data.schemas[below].parent) is not None:
                found = np.unique(np.searchsorted(self._data.entities[below].offsets, found, side="right") - 1)
                above.setdefault(parent, []).append(found)
                below = parent
        known: _Known = {entity: {} for entity in self._data.entities}
        for entity in self._data.entities:  # parents come first
            over = np.unique(np.concatenate(above[entity])) if entity in above else _NONE
            alone = np.setdiff1d(over, wanted.get(entity, _NONE), assume_unique=True)
            self._stand(entity, alone, known, bare=True)
            self._stand(entity, wanted.get(entity, _NONE), known)
        return {entity: [known[entity][rank] for rank in ranks.tolist()] for entity, ranks in wanted.items()}

    def alone(self, entity: str, ranks: Places) -> list[Row]:
        """Return rows without values and without anything below them; those that cannot be used say why."""
        order = self._data.entities[entity]
        return self._blank(entity, order, order.order[ranks])

    def strays(self, entity: str, start: int, stop: int) -> list[Row]:
        """Return rows that stand under no usable parent; each has its problem and nothing else."""
        order = self._data.entities[entity]
        return self._blank(entity, order, order.strays[start:stop])

    def find(self, entity: str, id_: str) -> Row | None:
        """Return the row with an id, under its parents and with all rows of its tree; None if there is none.

        A stray comes alone, with its problem.
        """
        pa = require_arrow()
        data, order = self._data, self._data.entities[entity]
        place = pa.compute.index(order.ids, pa.scalar(id_, order.ids.type)).as_py()
        if place < 0:
            return None
        rank = int(order.rank[place])
        if rank < 0:
            return self._blank(entity, order, np.array([place], np.int64))[0]
        root = entity
        while (parent := data.schemas[root].parent) is not None:
            rank = int(np.searchsorted(data.entities[root].offsets, rank, side="right")) - 1
            root = parent
        (top,) = self.trees(root, rank, rank + 1)
        return next(row for row in top.descendants(entity) if row.id == id_)

    # --- entities --------------------------------------------------------------------------------------------

    def _build(
        self, entity: str, ranks: Places, zones: list[str] | None = None, known: _Known | None = None
    ) -> list[Row]:
        """Build rows with everything below them; ``zones``: time zone of each, that of the row itself for a root."""
        rows, zones = self._bare(entity, ranks, zones)
        for child in self._data.children(entity):
            members, offsets = _below(self._data.entities[child].offsets, ranks)
            below = self._build(child, members, _spread(zones, offsets), known)
            for row, (first, last) in zip(rows, pairwise(offsets.tolist()), strict=True):
                row.children[child] = below[first:last]
                for item in row.children[child]:
                    item.parent = row
        if known is not None:
            known[entity].update(zip(ranks.tolist(), rows, strict=True))
        return rows

    def _stand(self, entity: str, ranks: Places, known: _Known, *, bare: bool = False) -> None:
        """Build the rows that are not known yet, under their known parents; bare ones grow children when asked."""
        new = np.array([rank for rank in ranks.tolist() if rank not in known[entity]], np.int64)
        if not len(new):
            return
        parent = self._data.schemas[entity].parent
        parents: list[Row] = []
        if parent is not None:
            over = np.searchsorted(self._data.entities[entity].offsets, new, side="right") - 1
            parents = [known[parent][rank] for rank in over.tolist()]
        zones = [_zone(_top(row)) for row in parents] if parents else None
        if bare:
            rows, zones = self._bare(entity, new, zones)
            for rank, row, zone in zip(new.tolist(), rows, zones, strict=True):
                known[entity][rank] = row
                row.grow = partial(self._grown, entity, rank, row, zone, known)
        else:
            rows = self._build(entity, new, zones, known)
        for row, above in zip(rows, parents, strict=False):
            row.parent = above

    def _grown(self, entity: str, rank: int, row: Row, zone: str, known: _Known) -> dict[str, list[Row]]:
        """Return the children of a row; those that are known already are the same objects."""
        children: dict[str, list[Row]] = {}
        for child in self._data.children(entity):
            first, last = self._data.entities[child].offsets[rank : rank + 2].tolist()
            new = np.array([place for place in range(first, last) if place not in known[child]], np.int64)
            for item in self._build(child, new, [zone] * len(new), known):
                item.parent = row
            children[child] = [known[child][place] for place in range(first, last)]
        return children

    def _bare(self, entity: str, ranks: Places, zones: list[str] | None) -> tuple[list[Row], list[str]]:
        """Build rows without what stands below them; return them with their time zones."""
        data, order = self._data, self._data.entities[entity]
        places = order.order[ranks]
        rows = self._blank(entity, order, places)
        for column in data.schemas[entity].columns:
            if column.role == "input" and not _is_instant(column):
                self._inputs(entity, column, places, rows, None)
        if zones is None:
            zones = [_zone(row) for row in rows]
        for column in data.schemas[entity].columns:
            if column.role == "input" and _is_instant(column):
                self._inputs(entity, column, places, rows, zones)
        for name in data.owned_by(entity):
            owned = data.owned[name]
            members, offsets = _below(owned.offsets, ranks)
            if data.schemas[name].kind == "event":
                self._events(name, owned.order[members], offsets, rows, zones)
            elif data.schemas[name].kind == "series":
                self._series(name).read(owned.order[members], offsets, rows, zones)
            else:
                self._values(name, owned.order[members], offsets, rows, zones)
        return rows, zones

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
                    problem = Bad(
                        "D0503", f"there is no {parent} {above}{self.hint(str(parent), str(above))}", str(parent)
                    )
            problems.append(problem)
        return problems

    def hint(self, entity: str, id_: str) -> str:
        """Say which id of an entity looks like one that is not there (letters of another alphabet, blanks, case)."""
        twin = self._seen(entity).get(skeleton(id_))
        return nearest_hint(id_, [twin]) if twin is not None else ""

    def _seen(self, entity: str) -> dict[str, str]:
        if entity not in self._skeletons:
            known = self._data.searched.get(entity)
            ids = (self._data.entities[entity].ids if known is None else known).drop_null()
            searched = sorted(ids.to_pylist(), reverse=True) if len(ids) <= SEARCHED else []
            self._skeletons[entity] = {skeleton(known): known for known in searched}
        return self._skeletons[entity]

    def _inputs(self, entity: str, column: Column, places: Places, rows: list[Row], zones: list[str] | None) -> None:
        cells = self._cells(entity, column, places, zones)
        if cells is None or column.declared is None:
            return
        key: InputKey = (column.declared.name, column.keys)
        for row, cell in zip(rows, cells, strict=True):
            if cell is not None:
                row.values[key] = cell

    # --- events ----------------------------------------------------------------------------------------------

    def _events(self, name: str, places: Places, offsets: Places, rows: list[Row], zones: list[str]) -> None:
        data, schema = self._data, self._data.schemas[name]
        events = [EventRow(values={}) for _ in places]
        for column in schema.columns:
            if column.role == "id" and (cells := data.column(name, column.name, places)) is not None:
                for event, id_ in zip(events, tree.id_texts(cells).to_pylist(), strict=True):
                    event.id = id_ or ""
            elif (
                column.role == "field"
                and (values := self._cells(name, column, places, _spread(zones, offsets))) is not None
            ):
                for event, value in zip(events, values, strict=True):
                    if value is not None:
                        event.values[column.name] = value
        for event, reason in zip(events, data.problems(name, places), strict=True):
            if reason is not None:
                event.values = {c.name: Bad("D0506", reason, c.name) for c in schema.columns if c.role == "field"}
        if isinstance(schema.declared, Event) and schema.declared.interval:
            for event in events:
                _check_interval(event)
        for row, (first, last) in zip(rows, pairwise(offsets.tolist()), strict=True):
            # Equal results for any order of the supplied rows, messages included.
            row.events[name] = sorted(events[first:last], key=_event_order) if last - first > 1 else events[first:last]

    # --- values by days and months ---------------------------------------------------------------------------

    def _values(self, name: str, places: Places, offsets: Places, rows: list[Row], zones: list[str]) -> None:
        data, schema = self._data, self._data.schemas[name]
        if not len(places):
            return
        blank: list[Cell] = [None] * len(places)
        by_role = {column.role: column for column in schema.columns if column.role != "key"}
        keys = [column for column in schema.columns if column.role == "key"]
        members = [self._cells(name, column, places) or blank for column in keys]
        days = (self._cells(name, by_role["from"], places) if "from" in by_role else None) or blank
        months = (self._cells(name, by_role["month"], places) if "month" in by_role else None) or blank
        values = self._cells(name, by_role["value"], places, _spread(zones, offsets)) or blank
        lines = Lines(
            problems=data.problems(name, places),
            keys=list(zip(*members, strict=True)) if members else [()] * len(places),
            days=days,
            months=months,
            values=values,
        )
        item = schema.declared
        every = list(product(*(column.enum.members for column in keys if column.enum is not None)))
        window = range(self._month.number - PAST_MONTHS, self._month.number)
        for row, (first, last) in zip(rows, pairwise(offsets.tolist()), strict=True):
            if last > first:
                # Closed results of charges go by the full name: two modules may charge under one name.
                lay_out(row, item.id if isinstance(item, Rule) else item.name, lines, range(first, last), every, window)

    def _series(self, name: str) -> SeriesReader:
        found = self._of_series.get(name)
        if found is None:
            found = self._of_series[name] = SeriesReader(self._data, name, self._month)
        return found

    # --- cells -----------------------------------------------------------------------------------------------

    def _cells(self, table: str, column: Column, places: Places, zones: list[str] | None = None) -> list[Cell] | None:
        """Read cells of a column; None where the table has no such column.

        ``zones``: time zone of each row, for instants.
        """
        data = self._data.column(table, column.name, places)
        if data is None:
            return None
        words, codes = column_texts(data, column)
        if zones is None or not _is_instant(column):
            cells = self._read(table, column, words, "")
            return [cells[code] for code in codes]
        by_zone = {zone: self._read(table, column, words, zone) for zone in set(zones)}
        return [by_zone[zone][code] for zone, code in zip(zones, codes, strict=True)]

    def _read(self, table: str, column: Column, words: list[str | None], zone: str) -> list[Cell]:
        known = self._known.setdefault((table, column.name, zone), {})
        if len(known) > _KNOWN_TEXTS:
            known.clear()
        for word in words:
            if word is not None and word not in known:
                known[word] = read_cell(word, column, zone)
        return [None if word is None else known[word] for word in words]


def _top(row: Row) -> Row:
    while row.parent is not None:
        row = row.parent
    return row


def _is_instant(column: Column) -> bool:
    return column.declared is not None and column.declared.type.kind == "instant"


def _zone(root: Row) -> str:
    zone = root.values.get(TIME_ZONE)
    return zone if isinstance(zone, str) else ""


def _below(offsets: Places, ranks: Places) -> tuple[Places, Places]:
    """Return the ranks of what belongs to some rows, and where those of each row begin among them."""
    counts = offsets[ranks + 1] - offsets[ranks]
    begins = np.concatenate([[0], np.cumsum(counts)])
    return np.repeat(offsets[ranks] - begins[:-1], counts) + np.arange(begins[-1]), begins


def _spread(zones: list[str], offsets: Places) -> list[str]:
    """Repeat what rows have for each row below them."""
    return [
        zone for zone, (first, last) in zip(zones, pairwise(offsets.tolist()), strict=True) for _ in range(last - first)
    ]


def _check_interval(event: EventRow) -> None:
    start, end = event.values.get("from"), event.values.get("to")
    if isinstance(start, int) and isinstance(end, int) and start > end:
        event.values["to"] = Bad("D0107", "the event ends before it begins", "to")


def _event_order(event: EventRow) -> tuple[str, str]:
    return event.id, repr(sorted(event.values.items(), key=lambda item: item[0]))
