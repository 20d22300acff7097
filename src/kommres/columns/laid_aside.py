"""Rows that were met in files and stand in no tree: kept until it is certain that they belong nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np
from attrs import define, field

from kommres.columns import tree
from kommres.columns.arrow import require_arrow
from kommres.columns.clustered import ids_as_text
from kommres.columns.feeds import TableFile
from kommres.columns.files import SourceTable
from kommres.columns.ingest import Dataset, empty_table, ties_of
from kommres.columns.rows import SEARCHED
from kommres.columns.schema import ID, TableSchema
from kommres.columns.tree import EntityOrder, Flags

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa  # noqa: TC004 - loaded when it is needed


#: more rows than that are not laid aside
_MOST: Final = 1_000_000


class NotClustered(Exception):  # noqa: N818 - a finding, not an error
    """Rows do not stand in the order of results, so that they must be sorted. ``table``: where that was seen."""

    def __init__(self, table: str) -> None:
        super().__init__(f"rows of {table} do not follow the rows that they belong to")
        self.table = table


class NotClusteredYet(NotClustered):
    """Rows have to be read once more, with what is known of their ids by now."""


@define(eq=False)
class LaidAside:
    """Rows by table. ``schemas``: of all tables, parents first; ``files``: those that are there."""

    schemas: Mapping[str, TableSchema]
    files: Mapping[str, TableFile]
    _tables: dict[str, list[pa.Table]] = field(factory=dict)
    _flags: dict[str, list[Flags]] = field(factory=dict)
    _twice: dict[str, list[pa.Array]] = field(factory=dict)
    _rows: int = 0

    def put(self, name: str, table: pa.Table, flags: Flags | None = None) -> None:
        """Lay rows aside. ``flags``: what is wrong with them, as far as that is known."""
        if not table.num_rows:
            return
        self._rows += table.num_rows
        if self._rows > _MOST:
            raise NotClustered(name)
        # Copied, so that a few rows do not hold the batches that they stand in.
        self._tables.setdefault(name, []).append(table.take(require_arrow().array(np.arange(table.num_rows))))
        self._flags.setdefault(name, []).append(np.zeros(table.num_rows, np.int8) if flags is None else flags)

    def note_twice(self, entity: str, ids: pa.Array) -> None:
        """Remember ids that stand more than once."""
        if len(ids):
            self._twice.setdefault(entity, []).append(ids.unique())

    def data(self, twice: Mapping[str, set[str]], location: str | None) -> Dataset:
        """Return all these rows as a data set without trees.

        Parameters
        ----------
        twice
            Ids of each entity that stand more than once.
        location
            The folder as given.

        Raises
        ------
        NotClustered
            Where one of the rows belongs to a row that is in a tree.
        """
        tables = {
            name: self._source(schema)
            for name, schema in self.schemas.items()
            if name in self.files or schema.kind == "entity"
        }
        entities: dict[str, EntityOrder] = {}
        owned: dict[str, tree.OwnedOrder] = {}
        asked: dict[str, list[pa.Array]] = {}
        for name, source in tables.items():
            schema = self.schemas[name]
            if schema.kind == "entity":
                above = entities[schema.parent] if schema.parent is not None else None
                entities[name] = self._order(schema, source, above, twice.get(name, set()))
            owner = schema.parent if schema.kind == "entity" else schema.entity
            if owner is not None:
                owners = ids_as_text(source.table.column(owner))
                asked.setdefault(owner, []).append(owners)
                if schema.kind != "entity":
                    owned[name] = tree.order_owned(owners, entities[owner])
        for entity, owners_of in asked.items():
            self._refuse_known(entity, require_arrow().concat_arrays(owners_of), entities[entity].ids)
        return Dataset(
            schemas=self.schemas,
            tables=tables,
            entities=entities,
            owned=owned,
            warnings=(),
            location=location,
            searched={name: self._searched(name) for name in entities},
        )

    def _source(self, schema: TableSchema) -> SourceTable:
        held = self._tables.get(schema.name)
        if held:
            table = require_arrow().concat_tables(held).combine_chunks()
        elif schema.name in self.files:
            table = self.files[schema.name].columns(schema).empty_table()
        else:
            return empty_table(schema)
        return SourceTable(name=schema.name, source="", digest="", table=table)

    def _order(
        self, schema: TableSchema, source: SourceTable, above: EntityOrder | None, twice: set[str]
    ) -> EntityOrder:
        pa = require_arrow()
        ids = ids_as_text(source.table.column(ID))
        parents = None if schema.parent is None else ids_as_text(source.table.column(schema.parent))
        order = tree.order_entity(ids, np.zeros(len(ids), np.bool_), ties_of(schema, source, ids), parents, above)
        many = pa.concat_arrays([pa.array(sorted(twice), ids.type), *self._twice.get(schema.name, [])]).unique()
        known = np.concatenate([np.zeros(0, np.int8), *self._flags.get(schema.name, [])])
        flags = np.where(known != tree.SOUND, known, order.flags)
        flags[pa.compute.is_in(ids, value_set=many).to_numpy(zero_copy_only=False)] = tree.TWICE
        return EntityOrder(
            # What stands more than once is known, too, though its rows stand in trees.
            ids=pa.concat_arrays([ids, many]),
            order=order.order,
            rank=np.full(len(ids) + len(many), -1, np.int64),
            offsets=order.offsets,
            flags=np.concatenate([flags, np.full(len(many), tree.TWICE, np.int8)]),
            strays=order.strays,
        )

    def _refuse_known(self, entity: str, owners: pa.Array, laid_aside: pa.Array) -> None:
        """Raise :class:`NotClustered` where an owner is there and is not laid aside."""
        pa = require_arrow()
        unknown = owners.drop_null().unique()
        unknown = unknown.filter(pa.compute.invert(pa.compute.is_in(unknown, value_set=laid_aside)))
        if not len(unknown):
            return
        for ids in self.ids(entity):
            if pa.compute.any(pa.compute.is_in(ids, value_set=unknown)).as_py():
                raise NotClustered(entity)

    def ids(self, entity: str) -> Iterator[pa.Array]:
        """Read the ids of an entity, as text, once more."""
        if entity in self.files:
            pa = require_arrow()
            for batch in self.files[entity].batches([ID]):
                yield ids_as_text(pa.chunked_array([batch.column(0)]))

    def _searched(self, entity: str) -> pa.Array:
        """Return the ids among which one that looks like a missing one is sought; none where there are too many."""
        pa = require_arrow()
        found: list[pa.Array] = [pa.array([], pa.large_string())]  # type: ignore[name-defined]
        for ids in self.ids(entity):
            found.append(ids.drop_null())
            if sum(map(len, found)) > SEARCHED:
                return found[0]
        return pa.concat_arrays(found)
