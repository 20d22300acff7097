"""Data of a run: tables opened, checked, and sorted under their roots."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from attrs import field, frozen

from kommres.columns import tree
from kommres.columns.arrow import require_arrow
from kommres.columns.cells import column_texts
from kommres.columns.check import check_tables
from kommres.columns.files import RAGGED, SourceTable, read_file, table_files
from kommres.columns.memory import read_object
from kommres.columns.schema import TableSchema, schema_of
from kommres.columns.tree import EntityOrder, OwnedOrder, Places
from kommres.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kommres.dsl.plan.nodes import Plan

_LABEL = 160  # letters of a row's content in a message


@frozen(kw_only=True, eq=False)
class Dataset:
    """All tables of a run.

    ``entities``: order by entity name, parents first. ``owned``: order by name of event and value tables. ``location``
    is the folder as given. ``searched``: entity -> ids among which one that looks like a missing one is sought, where
    those are not the ids of its table.
    """

    schemas: Mapping[str, TableSchema]
    tables: Mapping[str, SourceTable]
    entities: Mapping[str, EntityOrder]
    owned: Mapping[str, OwnedOrder]
    warnings: tuple[str, ...]
    location: str | None
    searched: Mapping[str, pa.Array] = field(factory=dict)

    @property
    def roots(self) -> tuple[str, ...]:
        """Entities without a parent."""
        return tuple(name for name in self.entities if self.schemas[name].parent is None)

    def children(self, entity: str) -> tuple[str, ...]:
        """Entities directly below one."""
        return tuple(name for name in self.entities if self.schemas[name].parent == entity)

    def owned_by(self, entity: str) -> tuple[str, ...]:
        """Names of event and value tables of an entity."""
        return tuple(name for name in self.owned if self.schemas[name].entity == entity)

    def column(self, table: str, name: str, places: Places) -> pa.Array | None:
        """Return cells of a column; None where the table has no such column."""
        data = self.tables[table].table
        if name not in data.column_names:
            return None
        taken = data.column(name).take(require_arrow().array(places))
        return taken.combine_chunks()

    def labels(self, table: str, places: Places) -> list[str]:
        """Say what rows hold, to find them by: ``building=17, residents=2``. Does not depend on the order of rows."""
        return _labels(self.schemas[table], self.tables[table], places)

    def problems(self, table: str, places: Places) -> list[str | None]:
        """Say what is wrong with lines of a file that have not as many fields as the head; None for sound lines."""
        ragged = self.column(table, RAGGED, places)
        return [None] * len(places) if ragged is None else ragged.to_pylist()


def _labels(schema: TableSchema, source: SourceTable, places: Places) -> list[str]:
    parts: list[list[str]] = [[] for _ in places]
    for column in schema.columns:
        if column.name in source.table.column_names:
            cells = source.table.column(column.name).take(require_arrow().array(places)).combine_chunks()
            words, codes = column_texts(cells, column)
            for part, code in zip(parts, codes, strict=True):
                if (word := words[code]) is not None:
                    part.append(f"{column.name}={word.strip()}")
    lines = (", ".join(part) or "all cells are empty" for part in parts)
    return [line if len(line) <= _LABEL else f"{line[: _LABEL - 1]}…" for line in lines]


def open_data(plan: Plan, data: str | Path | Mapping[str, object]) -> Dataset:
    """Open the data of a run.

    Parameters
    ----------
    plan
        What will be computed.
    data
        A folder, or table name -> table (see :func:`kommres.columns.memory.read_object`).

    Raises
    ------
    DataError
        Where a table or a column as a whole cannot be used.
    """
    schemas = {schema.name: schema for schema in schema_of(plan)}
    tables = {source.name: source for source in _sources(data)}
    warnings = check_tables(schemas.values(), tables)
    read = {name: _slim(schemas[name], tables[name]) for name in schemas if name in tables}
    for name, schema in schemas.items():
        if schema.kind == "entity" and name not in read:
            read[name] = empty_table(schema)
    entities: dict[str, EntityOrder] = {}
    for name, schema in schemas.items():
        if schema.kind == "entity":
            entities[name] = _entity_order(schema, read[name], entities)
    owned = {
        name: _owned_order(schema, read[name], entities)
        for name, schema in schemas.items()
        if schema.kind != "entity" and name in read
    }
    return Dataset(
        schemas=schemas,
        tables=read,
        entities=entities,
        owned=owned,
        warnings=warnings,
        location=None if isinstance(data, Mapping) else str(data),
    )


def _sources(data: str | Path | Mapping[str, object]) -> Iterator[SourceTable]:
    if isinstance(data, Mapping):
        for name in sorted(data):
            yield read_object(name, data[name])
    elif isinstance(data, str | Path):
        for name, path in table_files(Path(data)).items():
            yield read_file(name, path)
    else:
        raise UsageError(
            f"data is a {type(data).__name__}",
            code="U0302",
            todo="pass a folder, or a mapping of table name -> table",
        )


def _slim(schema: TableSchema, source: SourceTable) -> SourceTable:
    """Keep the columns that the rules know."""
    kept = [name for name in source.table.column_names if name in schema.names or name == RAGGED]
    return SourceTable(
        name=source.name, source=source.source, digest=source.digest, table=source.table.select(kept).combine_chunks()
    )


def empty_table(schema: TableSchema) -> SourceTable:
    """Return a table without rows for one that was not supplied."""
    pa = require_arrow()
    table = pa.table({column.name: pa.array([], pa.string()) for column in schema.columns})
    return SourceTable(name=schema.name, source="", digest="", table=table)


def _entity_order(schema: TableSchema, source: SourceTable, above: Mapping[str, EntityOrder]) -> EntityOrder:
    ids = _ids(source, "id")
    parent = above[schema.parent] if schema.parent is not None else None
    parents = _ids(source, schema.parent) if schema.parent is not None else None
    return tree.order_entity(ids, _ragged(source), ties_of(schema, source, ids), parents, parent)


def _owned_order(schema: TableSchema, source: SourceTable, above: Mapping[str, EntityOrder]) -> OwnedOrder:
    return tree.order_owned(_ids(source, schema.entity), above[schema.entity])


def _ids(source: SourceTable, column: str) -> pa.Array:
    pa = require_arrow()
    return tree.id_texts(pa.concat_arrays(source.table.column(column).chunks or [pa.array([], pa.string())]))


def _ragged(source: SourceTable) -> NDArray[np.bool_]:
    if RAGGED not in source.table.column_names:
        return np.zeros(source.table.num_rows, np.bool_)
    ragged: NDArray[np.bool_] = source.table.column(RAGGED).is_valid().to_numpy()
    return ragged


def ties_of(schema: TableSchema, source: SourceTable, ids: pa.Array) -> Places:
    """Number the rows without an id by their content: nothing else tells them apart. All others have 0."""
    ties = np.zeros(len(ids), np.int64)
    nameless = np.flatnonzero(ids.is_null().to_numpy(zero_copy_only=False))
    if len(nameless):
        labels = _labels(schema, source, nameless)
        rank = {label: number for number, label in enumerate(sorted(set(labels)))}
        ties[nameless] = [rank[label] for label in labels]
    return ties
