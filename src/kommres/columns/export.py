"""Results as tables: how many digits amounts need, quarantine, and the files of both."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Final

from attrs import astuple, frozen

from kommres.columns.arrow import require_arrow
from kommres.columns.lines import charge_schema, with_dictionaries
from kommres.columns.parquet import ROW_GROUP, Stitching, encoded
from kommres.dsl.plan.nodes import Gather, Op
from kommres.dsl.plan.payload import payload
from kommres.dsl.quantity import decimals

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import pyarrow as pa

    from kommres.columns.lines import Kinds
    from kommres.dsl.plan.nodes import DefinitionPlan, Plan, Step

#: columns whose values seldom repeat
_PLAIN: Final = ("account", "volume", "amount")
_AMOUNT_DIGITS: Final = 2  # at least
_ROUNDING: Final = frozenset({"round", "floor", "ceil", "whole"})


@frozen(kw_only=True, order=True)
class Refused:
    """A row of the quarantine.

    ``account`` and ``service`` are empty where a row of a table was set aside that belongs to no account; ``row`` is
    empty where it has no id.
    """

    table: str
    row: str
    account: str
    service: str
    field: str
    code: str
    message: str
    caused_by: str


def amount_digits(plan: Plan) -> int:
    """Return how many digits after the point amounts need: those of their finest rounding, at least two."""
    definitions = {definition.number: definition for definition in plan.definitions}
    money = {str(charge.rule.type.unit) for charge in plan.charges}
    waiting = [(charge, way.body) for charge in plan.charges for way in charge.alternatives]
    seen: set[tuple[int, int]] = set()
    found = _AMOUNT_DIGITS
    while waiting:
        definition, number = waiting.pop()
        if (definition.number, number) in seen:
            continue
        seen.add((definition.number, number))
        step = definition.steps[number]
        if step.unit not in money:
            continue
        digits = _rounded(definition, step)
        if digits is not None:
            found = max(found, digits)
        elif step.op is Op.RULE:
            below = definitions[payload(step)[0]]
            waiting += [(below, way.body) for way in below.alternatives]
        elif isinstance(step.data, Gather):
            waiting += [(definition, step.data.value)] if step.data.value is not None else []
        else:
            waiting += [(definition, argument) for argument in step.args]
    return found


def _rounded(definition: DefinitionPlan, step: Step) -> int | None:
    """Return the digits of a step that rounds or is a number; None for any other."""
    if step.op is Op.CONST and isinstance(step.data, int | Fraction):
        return decimals(step.data) or 0
    if step.op is not Op.CALL or payload(step)[0] not in _ROUNDING or len(step.args) < 2:
        return None
    finest = definition.steps[step.args[1]]
    if finest.op is Op.CONST and isinstance(finest.data, int | Fraction):
        return decimals(finest.data) or 0
    return None


# --- quarantine ----------------------------------------------------------------------------------------------


def refused_schema() -> pa.Schema:
    """Return the columns of ``quarantine.parquet``."""
    pa = require_arrow()
    return pa.schema([pa.field(item.name, pa.string(), nullable=False) for item in Refused.__attrs_attrs__])


def refused_batch(rows: Sequence[Refused]) -> pa.RecordBatch:
    """Write quarantine rows as Arrow."""
    pa = require_arrow()
    schema = refused_schema()
    cells = [astuple(row) for row in rows]
    columns = list(zip(*cells, strict=True)) or [()] * len(schema)
    return pa.record_batch([pa.array(column, pa.string()) for column in columns], schema=schema)


# --- files ---------------------------------------------------------------------------------------------------


def charges_file(coded: pa.Table, kinds: Kinds, digits: int) -> memoryview:
    """Return coded lines as a file of charges, its row groups final."""
    return encoded(with_dictionaries(coded, kinds, digits), plain=_PLAIN, statistics=("account",))


def no_charges_file(digits: int) -> memoryview:
    """Return a file of charges without rows."""
    return encoded(charge_schema(digits).empty_table())


def refused_file(batches: Iterable[pa.RecordBatch]) -> Iterator[bytes | memoryview]:
    """Yield the bytes of a file of quarantine rows."""
    empty = encoded(refused_schema().empty_table())
    stitching = Stitching()
    yield empty[: stitching.size]
    for table in _regrouped(batches):
        yield stitching.take(encoded(table, statistics=table.column_names))
    yield stitching.ending(empty)


def _regrouped(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Cut a stream of quarantine rows into tables of :data:`ROW_GROUP` rows; the last one may be shorter."""
    pa = require_arrow()
    waiting: list[pa.RecordBatch] = []  # type: ignore[name-defined]
    rows = 0
    for batch in batches:
        waiting.append(batch)
        rows += batch.num_rows
        while rows >= ROW_GROUP:
            table = pa.Table.from_batches(waiting)
            yield table.slice(0, ROW_GROUP).combine_chunks()
            waiting = table.slice(ROW_GROUP).to_batches()
            rows -= ROW_GROUP
    if rows:
        yield pa.Table.from_batches(waiting).combine_chunks()
