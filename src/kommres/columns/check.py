"""Do the supplied tables fit the program? Everything found wrong with tables and columns is said at once."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from attrs import frozen

from kommres.columns.arrow import require_arrow
from kommres.columns.files import RAGGED, TRAILING, SourceTable
from kommres.dsl.bound.nodes import Input
from kommres.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import pyarrow as pa

    from kommres.columns.schema import Column, TableSchema

_ALIKE: Final = 0.8


@frozen(kw_only=True)
class Finding:
    """A finding about the data as a whole. ``fatal``: no run can start before it is put right."""

    code: str
    where: str
    text: str
    todo: str = ""
    fatal: bool = True

    def __str__(self) -> str:
        return f"{self.where}: {self.text}" + (f"; {self.todo}" if self.todo else "")


def check_tables(schemas: Iterable[TableSchema], tables: Mapping[str, SourceTable]) -> tuple[str, ...]:
    """Compare tables with what a program reads and return the warnings.

    Raises :class:`DataError` that names everything fatal: a missing table of accounts or of what they belong to
    (D0011), a missing column other than an input's (D0012), a name
    that looks like a mistyped one (D0013), a column of a type that cannot be read without loss (D0014).
    """
    known = {schema.name: schema for schema in schemas}
    findings = list(_tables(known, tables))
    for name, schema in known.items():
        if name in tables:
            findings.extend(_columns(schema, tables[name], tables))
    fatal = [finding for finding in findings if finding.fatal]
    if fatal:
        text = str(fatal[0]) if len(fatal) == 1 else "".join(f"\n  {finding}" for finding in fatal)
        raise DataError(
            text if len(fatal) == 1 else f"the data do not fit the rules: {len(fatal)} findings{text}",
            code=fatal[0].code,
            findings=tuple(fatal),
        )
    return tuple(str(finding) for finding in findings)


def _tables(known: Mapping[str, TableSchema], tables: Mapping[str, SourceTable]) -> Iterator[Finding]:
    missing = [name for name in known if name not in tables]
    mistyped: set[str] = set()
    for name in tables:
        if name in known:
            continue
        where = _place(name, tables[name])
        like = _alike(name, missing)
        if like is not None:
            mistyped.add(like)
            yield Finding(code="D0013", where=where, text=f"there is no table {name}", todo=f"did you mean {like}?")
        else:
            yield Finding(code="D0013", where=where, text="not read: the rules know no such table", fatal=False)
    for name in missing:
        schema = known[name]
        if schema.required and name not in mistyped:
            yield Finding(
                code="D0011",
                where=name,
                text="the table is missing",
                todo="supply it (with its head only, if there are no rows)",
            )
        elif schema.kind != "values":
            yield Finding(code="D0011", where=name, text="no such table, so there are no rows of it", fatal=False)


def _place(name: str, table: SourceTable) -> str:
    """Return what a table is called in messages: its file, or its name where it came from memory."""
    return name if table.source == "memory" else table.source


def _columns(schema: TableSchema, source: SourceTable, tables: Mapping[str, SourceTable]) -> Iterator[Finding]:
    where, present = _place(schema.name, source), set(source.table.column_names)
    absent = [column.name for column in schema.columns if column.name not in present]
    mistyped: set[str] = set()
    for name in source.table.column_names:
        if name in schema.names or name in {RAGGED, TRAILING}:
            continue
        like = _alike(name, absent)
        if like is not None:
            mistyped.add(like)
            yield Finding(code="D0013", where=where, text=f"there is no column {name}", todo=f"did you mean {like}?")
        else:
            yield Finding(code="D0013", where=where, text=f"the column {name} is not read", fatal=False)
    if schema.kind == "series":
        yield from _of_series(schema, present, where)
    for column in schema.columns:
        if column.name in present:
            if text := _unreadable(column, source.table.schema.field(column.name).type):
                yield Finding(code="D0014", where=f"{where}, column {column.name}", text=text)
        elif column.name not in mistyped and _needed(column, schema, tables):
            yield Finding(
                code="D0012",
                where=where,
                text=f"the column {column.name} is missing ({column.type}{f', {column.unit}' if column.unit else ''})",
                todo="what needs it is refused" if column.role == "input" else "supply it",
                fatal=column.role != "input",
            )


def _of_series(schema: TableSchema, present: set[str], where: str) -> Iterator[Finding]:
    """A series stands in lines of an interval each, or in lists: in one way, and whole."""
    edge = next(column.name for column in schema.columns if column.role == "edge")
    if "values" in present and "value" in present:
        yield Finding(
            code="D0013",
            where=where,
            text="there are both a column value and a column values",
            todo=f"keep {edge} and value (a line an interval), or values (a list a row)",
        )
    elif "values" not in present and not {"value", edge} <= present:
        yield Finding(
            code="D0012",
            where=where,
            text=f"the columns {edge} and value are missing, and so is values",
            todo=f"supply {edge} and value (a line an interval), or values (a list of all intervals a row)",
        )


def _needed(column: Column, schema: TableSchema, tables: Mapping[str, SourceTable]) -> bool:
    item = column.declared
    if not column.required:
        return False
    return not (isinstance(item, Input) and item.varies and f"{schema.name}.{item.name}" in tables)


def _alike(name: str, candidates: Iterable[str]) -> str | None:
    folded = {candidate.casefold(): candidate for candidate in candidates}
    found = get_close_matches(name.strip().casefold(), list(folded), n=1, cutoff=_ALIKE)
    return folded[found[0]] if found else None


def _unreadable(column: Column, arrow: pa.DataType) -> str | None:
    """Say why a column of an Arrow type cannot be read as what it should hold; None where it can."""
    types = require_arrow().types
    if column.role == "values":
        if not (types.is_list(arrow) or types.is_large_list(arrow) or types.is_fixed_size_list(arrow)):
            return f"it holds {arrow}, which is no list of values"
        arrow = arrow.value_type
    if types.is_dictionary(arrow):
        arrow = arrow.value_type
    if types.is_null(arrow) or types.is_string(arrow) or types.is_large_string(arrow) or types.is_string_view(arrow):
        return None
    kind = (
        column.declared.type.kind
        if column.declared is not None
        else {"from": "date", "month": "date", "edge": "instant"}.get(column.role, "id")
    )
    if types.is_floating(arrow):
        return _float(column, kind)
    whole = types.is_integer(arrow)
    fits = {
        "number": whole or types.is_decimal(arrow),
        "id": whole or (types.is_decimal(arrow) and arrow.scale == 0),
        "enum": whole,
        "yes_no": types.is_boolean(arrow),
        "date": types.is_date(arrow) or types.is_timestamp(arrow),
        "instant": types.is_timestamp(arrow),
    }[kind]
    return None if fits else f"it holds {arrow}, which cannot be read as {column.type}"


def _float(column: Column, kind: str) -> str | None:
    if kind != "number":
        return f"it holds binary floating point, which cannot be read as {column.type}; write it as text"
    if getattr(column.declared, "step", None) is not None:
        return None
    return (
        "it holds binary floating point, and most decimal fractions (0.1, say) cannot be written so. "
        f"Write the column as decimal, integer or text, or declare a step for {column.name} in the rules"
    )
