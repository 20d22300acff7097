"""Results as tables: charges and quarantine.

Amounts and finite decimals are exact; what has no end is kept beside as a fraction.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from attrs import astuple, frozen

from kommres.columns.arrow import require_arrow
from kommres.dsl.plan.nodes import Op
from kommres.dsl.quantity import decimals, exact

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import pyarrow as pa

    from kommres.dsl.plan.nodes import DefinitionPlan, Plan

Number: TypeAlias = int | Fraction

#: rows of a row group of a result file; fixed, so that files do not depend on how a run was cut into batches
ROW_GROUP: Final = 65_536
DIGITS: Final = 9  # after the point, of volumes and tariffs
PRECISION: Final = 38  # of 128-bit decimals
_TOO_MUCH: Final = 10**PRECISION
_AMOUNT_DIGITS: Final = 2  # at least
_ROUNDING: Final = frozenset({"round", "floor", "ceil", "whole"})


@frozen(kw_only=True)
class ChargeLine:
    """A line of a bill.

    ``amount`` is counted in its last digit. ``volume`` and ``tariff`` are None where the charge shows none; ``rule``
    names the alternative that was used.
    """

    entity: str
    account: str
    service: str
    line: str
    charge: str
    period: str
    volume: Number | None
    volume_unit: str
    tariff: Number | None
    tariff_unit: str
    amount: int
    unit: str
    rule: str
    options: str


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
    """Return how many digits after the point amounts need: those of the finest rounding of money, at least two."""
    units = {str(charge.rule.type.unit) for charge in plan.charges}
    return max([_AMOUNT_DIGITS, *(digits for d in plan.definitions for digits in _money_steps(d, units))])


def _money_steps(definition: DefinitionPlan, units: set[str]) -> Iterable[int]:
    for step in definition.steps:
        if step.op is Op.CALL and step.unit in units and len(step.args) > 1:
            function: str = step.data[0]  # type: ignore[index] # the payload of CALL
            finest = definition.steps[step.args[1]]
            if function in _ROUNDING and finest.op is Op.CONST and isinstance(finest.data, int | Fraction):
                yield decimals(finest.data) or 0


def scaled(value: Number, digits: int) -> int | None:
    """Return a value counted in its last digit, ``digits`` after the point; None where it cannot be written so.

    >>> scaled(Fraction(5, 4), 2), scaled(Fraction(1, 3), 2)
    (125, None)
    """
    whole, rest = divmod(10**digits, value.denominator)
    if rest:
        return None
    number = value.numerator * whole
    return number if -_TOO_MUCH < number < _TOO_MUCH else None


# --- tables --------------------------------------------------------------------------------------------------


def charge_schema(digits: int) -> pa.Schema:
    """Return the columns of ``charges.parquet``."""
    pa = require_arrow()
    text, number = pa.string(), pa.decimal128(PRECISION, DIGITS)
    required = {"nullable": False}
    return pa.schema(
        [
            *(
                pa.field(name, text, **required)
                for name in ("entity", "account", "service", "line", "charge", "period")
            ),
            pa.field("volume", number),
            pa.field("volume_exact", text),
            pa.field("volume_unit", text, **required),
            pa.field("tariff", number),
            pa.field("tariff_exact", text),
            pa.field("tariff_unit", text, **required),
            pa.field("amount", pa.decimal128(PRECISION, digits), **required),
            *(pa.field(name, text, **required) for name in ("unit", "rule", "options")),
        ]
    )


def refused_schema() -> pa.Schema:
    """Return the columns of ``quarantine.parquet``."""
    pa = require_arrow()
    return pa.schema([pa.field(item.name, pa.string(), nullable=False) for item in Refused.__attrs_attrs__])


def charge_batch(lines: Sequence[ChargeLine], digits: int) -> pa.RecordBatch:
    """Write lines as Arrow; the amounts must fit."""
    pa = require_arrow()
    columns: dict[str, list[Any]] = {}
    for name in (
        "entity",
        "account",
        "service",
        "line",
        "charge",
        "period",
        "volume_unit",
        "tariff_unit",
        "unit",
        "rule",
        "options",
    ):
        columns[name] = [getattr(line, name) for line in lines]
    for name in ("volume", "tariff"):
        pairs = [_shown(getattr(line, name)) for line in lines]
        columns[name] = [shown for shown, _ in pairs]
        columns[f"{name}_exact"] = [text for _, text in pairs]
    columns["amount"] = [_decimal(line.amount, digits) for line in lines]
    schema = charge_schema(digits)
    return pa.record_batch([pa.array(columns[item.name], item.type) for item in schema], schema=schema)


def refused_batch(rows: Sequence[Refused]) -> pa.RecordBatch:
    """Write quarantine rows as Arrow."""
    pa = require_arrow()
    schema = refused_schema()
    cells = [astuple(row) for row in rows]
    columns = list(zip(*cells, strict=True)) or [()] * len(schema)
    return pa.record_batch([pa.array(column, pa.string()) for column in columns], schema=schema)


def _decimal(scaled: int, digits: int) -> Decimal:
    return Decimal(f"{scaled}E-{digits}")


def _shown(value: Number | None) -> tuple[Decimal | None, str | None]:
    """Return a value as a decimal, and as exact text where the decimal is not the value."""
    if value is None:
        return None, None
    number = scaled(value, DIGITS)
    if number is not None:
        return _decimal(number, DIGITS), None
    above = 2 * abs(value.numerator) * 10**DIGITS + value.denominator
    half_up = above // (2 * value.denominator)
    if half_up >= _TOO_MUCH:
        return None, exact(value)
    return _decimal(half_up if value > 0 else -half_up, DIGITS), exact(value)


# --- files ---------------------------------------------------------------------------------------------------


def write_parquet(path: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> None:
    """Write batches as one file whose row groups do not depend on how the rows were batched."""
    pa = require_arrow()
    # Every setting on which bytes depend is said here, so that a new default of the library changes nothing.
    with pa.parquet.ParquetWriter(
        path,
        schema,
        version="2.6",
        compression="zstd",
        compression_level=3,
        use_dictionary=True,
        write_statistics=True,
        data_page_version="1.0",
        data_page_size=1 << 20,
        write_batch_size=1024,
        store_schema=True,
    ) as writer:
        for table in regrouped(schema, batches):
            writer.write_table(table, row_group_size=ROW_GROUP)


def regrouped(schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Iterable[pa.Table]:
    """Cut a stream of batches into tables of :data:`ROW_GROUP` rows; the last one may be shorter."""
    pa = require_arrow()
    waiting: list[Any] = []
    rows = 0
    for batch in batches:
        waiting.append(batch)
        rows += batch.num_rows
        while rows >= ROW_GROUP:
            table = pa.Table.from_batches(waiting, schema)
            yield table.slice(0, ROW_GROUP).combine_chunks()
            waiting = table.slice(ROW_GROUP).to_batches()
            rows -= ROW_GROUP
    if rows:
        yield pa.Table.from_batches(waiting, schema).combine_chunks()
