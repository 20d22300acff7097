"""Whole trees from files, some at a time: for files whose rows stand in the order of results already.

Roots ascend by id, and the rows of every other table follow the rows that they belong to. What does not fit in there is
laid aside; in the end it must turn out to belong nowhere.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve, frozen

from kommres.columns import tree
from kommres.columns.arrow import require_arrow
from kommres.columns.clustered import Runs, ids_as_text, order_children, order_members, order_roots
from kommres.columns.feeds import Feed
from kommres.columns.files import SourceTable
from kommres.columns.ingest import Dataset, empty_table, ties_of
from kommres.columns.laid_aside import NotClustered, NotClusteredYet
from kommres.columns.schema import ID, weight_of
from kommres.columns.tree import EntityOrder, OwnedOrder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import pyarrow as pa  # noqa: TC004 - loaded when it is needed

    from kommres.columns.feeds import TableFile
    from kommres.columns.laid_aside import LaidAside
    from kommres.columns.schema import TableSchema
    from kommres.columns.tree import Places
    from kommres.columns.uniqueness import Passing

#: so many rows are read beyond the last one that belongs to a window, in case that those in between belong nowhere
AHEAD = 4_096


@frozen(kw_only=True, eq=False)
class Window:
    """Trees of a root. ``roots``: so many of them are to be used; the others come again in the next window."""

    data: Dataset
    roots: int


@frozen(kw_only=True, eq=False)
class _Taken:
    """Rows of a table that belong to a window.

    ``read``: so many first rows of the file were looked at; ``others``: those of them that belong to no row.
    """

    table: pa.Table
    read: int
    others: pa.Table
    order: EntityOrder | OwnedOrder


class Forest:
    """All trees of a root entity, in order.

    Parameters
    ----------
    schemas
        Its table and those of everything below it, parents first.
    files
        By name of table; tables may be missing.
    passing
        What is known of the ids of each entity.
    aside
        Takes the rows that belong to no tree, as far as one can see.

    Attributes
    ----------
    unusable
        By entity: rows of used trees that cannot be used as a whole.
    owned
        By event or value table: rows that belong to rows that were used, or to strays.
    """

    def __init__(
        self,
        schemas: Mapping[str, TableSchema],
        files: Mapping[str, TableFile],
        passing: Mapping[str, Passing],
        aside: LaidAside,
    ) -> None:
        self._schemas = schemas
        self._root = next(iter(schemas))
        self._rows = {name: file.rows for name, file in files.items() if name in schemas}
        self._weights = {name: weight_of(schemas[name], files[name].schema.names) for name in self._rows}
        self._passing = passing
        self._aside = aside
        self._last: str | None = None
        self._nameless: list[pa.Table] = []  # roots without ids come last
        self.unusable: Counter[str] = Counter()
        self.owned: Counter[str] = Counter()
        self._feeds = {
            name: Feed(files[name], schema, self._watch(schema)) for name, schema in schemas.items() if name in files
        }

    def _watch(self, schema: TableSchema) -> Callable[[pa.RecordBatch], None] | None:
        if schema.kind != "entity" or schema.parent is None:
            return None  # roots ascend
        passing = self._passing[schema.name]

        def watch(batch: pa.RecordBatch) -> None:
            if not passing.see(ids_as_text(require_arrow().chunked_array([batch.column(ID)]))):
                raise NotClusteredYet(schema.name)

        return watch

    def windows(self, rows: int, usable: Callable[[Dataset, bool], int]) -> Iterator[Window]:
        """Yield windows.

        Parameters
        ----------
        rows
            About so many, of all tables together, are in one.
        usable
            Says how many of the roots of a data set can be used now; it is told whether these are the last ones.

        Raises
        ------
        NotClustered
            Where rows do not stand in order.
        """
        wanted, last = rows, self._root not in self._feeds
        while not last:
            roots = self._roots(wanted)
            last = self._feeds[self._root].ended and roots.read == self._feeds[self._root].rows
            if last:
                roots = self._with_nameless(roots)
            taken = self._below(roots)
            data = self._data(taken)
            count = usable(data, last)
            if count:
                yield Window(data=data, roots=count)
            if count or not roots.table.num_rows:
                self._use(data, taken, count)
                wanted = rows
            else:
                wanted *= 2
        for name, feed in self._feeds.items():
            while feed.rows or not feed.ended:
                feed.fill(1)
                self._aside.put(name, feed.table())
                feed.replace(feed.rows, feed.table(0))

    # --- taking ----------------------------------------------------------------------------------------------

    def _roots(self, rows: int) -> _Taken:
        """Take the next roots, all those of one id together."""
        feed = self._feeds[self._root]
        whole = sum(count * self._weights[name] for name, count in self._rows.items())
        wanted = max(1, rows * max(self._rows[self._root], 1) // max(whole, 1))
        while True:
            feed.fill(wanted + 1)
            ids = ids_as_text(feed.table(wanted + 1).column(ID))
            count = min(wanted, len(ids))
            if len(ids) <= wanted or not ids[count - 1].is_valid or ids[count - 1] != ids[count]:
                break
            count = int(Runs.of(ids).starts[-1]) if len(Runs.of(ids).starts) > 1 else 0
            if count:
                break
            wanted *= 2
        table, ids = feed.table(count), ids.slice(0, count)
        others = table.slice(0, 0)
        if ids.null_count:
            missing = ids.is_null()
            others = table.filter(missing)
            table, ids = table.filter(require_arrow().compute.invert(missing)), ids.drop_null()
        order = self._order(self._schemas[self._root], table, ids)
        self._refuse_disorder(ids, order)
        return _Taken(table=table, read=count, others=others, order=order)

    def _with_nameless(self, roots: _Taken) -> _Taken:
        nameless = [*self._nameless, *([roots.others] if roots.others.num_rows else [])]
        if not nameless:
            return roots
        table = require_arrow().concat_tables([roots.table, *nameless])
        order = self._order(self._schemas[self._root], table, ids_as_text(table.column(ID)))
        return evolve(roots, table=table, others=table.slice(0, 0), order=order)

    def _refuse_disorder(self, ids: pa.Array, order: EntityOrder) -> None:
        compute = require_arrow().compute
        if not len(ids):
            return
        up = order.plain or compute.all(compute.less_equal(ids.slice(0, len(ids) - 1), ids.slice(1))).as_py()
        if not up or (self._last is not None and self._last >= ids[0].as_py()):
            raise NotClustered(self._root)

    def _below(self, roots: _Taken) -> dict[str, _Taken]:
        """Take what belongs to roots from all other tables."""
        taken = {self._root: roots}
        for name, schema in self._schemas.items():
            owner = schema.parent if schema.kind == "entity" else schema.entity
            if name == self._root or owner is None:
                continue
            above = taken[owner]
            if not isinstance(above.order, EntityOrder):
                continue
            if name in self._feeds:
                taken[name] = self._members(schema, owner, above.order)
            elif schema.kind == "entity":
                table = empty_table(schema).table
                ids = ids_as_text(table.column(ID))
                order = self._order(schema, table, ids, ids, above.order)
                taken[name] = _Taken(table=table, read=0, others=table, order=order)
        return taken

    def _members(self, schema: TableSchema, owner: str, above: EntityOrder) -> _Taken:
        """Take the rows that belong to some rows."""
        feed = self._feeds[schema.name]
        share = self._rows[schema.name] * len(above.ids) // max(self._rows.get(owner, 0), 1)
        ahead = max(1, AHEAD // self._weights[schema.name])
        feed.fill(share + share // 16 + ahead)
        while True:
            runs = Runs.of(ids_as_text(feed.table().column(owner)))
            places = runs.under(above)
            found = np.flatnonzero(places >= 0)
            mine = runs.first(int(found[-1]) + 1 if len(found) else 0)
            strange = int(mine.lengths[places[: len(mine.starts)] < 0].sum())
            if strange > ahead + (mine.rows - strange) // 4:
                raise NotClustered(schema.name)
            if feed.ended or runs.rows - mine.rows >= ahead:
                break
            feed.fill(feed.rows + 1)
        places = places[: len(mine.starts)]
        table, read = feed.table(mine.rows), mine.rows
        others = table.slice(0, 0)
        if len(found) < len(places):
            mask = require_arrow().array(np.repeat(places >= 0, mine.lengths))
            others = table.filter(require_arrow().compute.invert(mask))
            table = table.filter(mask)
            mine = Runs.of(ids_as_text(table.column(owner)))
            places = mine.under(above)
        return _Taken(
            table=table, read=read, others=others, order=self._order_below(schema, table, mine, places, above)
        )

    # --- order -----------------------------------------------------------------------------------------------

    def _order_below(
        self, schema: TableSchema, table: pa.Table, runs: Runs, places: Places, above: EntityOrder
    ) -> EntityOrder | OwnedOrder:
        if schema.kind != "entity":
            members = order_members(runs, places, above)
            return members or tree.order_owned(ids_as_text(table.column(schema.entity)), above)
        ids = ids_as_text(table.column(ID))
        twice = self._passing[schema.name].twice
        if not twice and (order := order_children(ids, runs, places, above)) is not None:
            return order
        return self._order(schema, table, ids, ids_as_text(table.column(str(schema.parent))), above)

    def _order(
        self,
        schema: TableSchema,
        table: pa.Table,
        ids: pa.Array,
        parents: pa.Array | None = None,
        above: EntityOrder | None = None,
    ) -> EntityOrder:
        if above is None and (order := order_roots(ids)) is not None:
            return order
        source = SourceTable(name=schema.name, source="", digest="", table=table)
        order = tree.order_entity(ids, np.zeros(len(ids), np.bool_), ties_of(schema, source, ids), parents, above)
        if above is not None and (twice := self._passing[schema.name].twice):
            pa = require_arrow()
            many = pa.compute.is_in(ids, value_set=pa.array(sorted(twice), ids.type))
            order.flags[many.to_numpy(zero_copy_only=False)] = tree.TWICE
        return order

    def _data(self, taken: Mapping[str, _Taken]) -> Dataset:
        return Dataset(
            schemas=self._schemas,
            tables={
                name: SourceTable(name=name, source="", digest="", table=item.table) for name, item in taken.items()
            },
            entities={name: item.order for name, item in taken.items() if isinstance(item.order, EntityOrder)},
            owned={name: item.order for name, item in taken.items() if isinstance(item.order, OwnedOrder)},
            warnings=(),
            location=None,
        )

    # --- using -----------------------------------------------------------------------------------------------

    def _use(self, data: Dataset, taken: Mapping[str, _Taken], roots: int) -> None:
        """Forget the first roots and what belongs to them; lay aside what belongs to none."""
        bounds = {self._root: roots}
        for name, item in taken.items():
            schema = self._schemas[name]
            if isinstance(item.order, EntityOrder):
                if schema.parent is not None:
                    bounds[name] = int(item.order.offsets[bounds[schema.parent]])
                self._use_entity(name, item, item.order, bounds[name])
            else:
                bound = int(item.order.offsets[bounds[schema.entity]])
                self.owned[name] += bound + item.order.following
                self._aside.put(name, item.table.take(require_arrow().array(item.order.loose)))
                self._aside.put(name, item.others)
                self._give_back(name, item, item.order.order[bound:])
        order = data.entities[self._root]
        named = roots - order.ids.null_count  # those without an id come last
        if named > 0:
            self._last = order.ids[int(order.order[named - 1])].as_py()

    def _use_entity(self, name: str, item: _Taken, order: EntityOrder, bound: int) -> None:
        pa = require_arrow()
        if name == self._root:
            if item.others.num_rows:
                self._nameless.append(item.others)
        else:
            self._aside.put(name, item.others)
        if not order.plain:
            self.unusable[name] += int(np.count_nonzero(order.flags[order.order[:bound]] != tree.SOUND))
            self._aside.put(name, item.table.take(pa.array(order.strays)), order.flags[order.strays])
            self._aside.note_twice(name, order.ids.filter(pa.array(order.flags == tree.TWICE)))
        self._give_back(name, item, order.order[bound:])

    def _give_back(self, name: str, item: _Taken, places: Places) -> None:
        """Return rows to their feed."""
        if name not in self._feeds:
            return
        first = int(places.min()) if len(places) else item.table.num_rows
        if first + len(places) == item.table.num_rows:
            rest = item.table.slice(first)
        else:
            rest = item.table.take(require_arrow().array(np.sort(places)))
        self._feeds[name].replace(item.read, rest)
