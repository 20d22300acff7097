"""Lines of bills on their way into tables: what many lines repeat is kept once, as a kind with a number."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from attrs import frozen

from kommres.columns.arrow import require_arrow
from kommres.columns.decimals import PRECISION, DecimalColumn, Number
from kommres.dsl.quantity import SHOWN_DIGITS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

_BEGINNING: Final = 4_096  # of a table: most kinds of lines occur there


class Kind(NamedTuple):
    """The texts that lines of one kind share."""

    entity: str
    service: str
    line: str
    charge: str
    period: str
    volume_unit: str
    tariff_unit: str
    unit: str
    rule: str
    options: str


class Kinds:
    """Numbers of kinds. A kind keeps its number for the whole run; several threads may ask at once."""

    def __init__(self) -> None:
        self.known: list[Kind] = []
        self._codes: dict[Kind, int] = {}
        self._lock = Lock()

    def code(self, kind: Kind) -> int:
        """Return the number of a kind; a new one if it was never seen."""
        found = self._codes.get(kind)
        if found is None:
            with self._lock:
                found = self._codes.setdefault(kind, len(self.known))
                if found == len(self.known):
                    self.known.append(kind)
        return found


@frozen(kw_only=True)
class ChargeLine:
    """A line of a bill.

    ``amount`` is counted in its last digit. ``volume`` and ``tariff`` are None where the charge shows none.
    """

    kind: Kind
    account: str
    volume: Number | None
    tariff: Number | None
    amount: int


def charge_schema(digits: int) -> pa.Schema:
    """Return the columns of ``charges.parquet``. ``digits``: after the point of amounts."""
    pa = require_arrow()
    text, number = pa.string(), pa.decimal128(PRECISION, SHOWN_DIGITS)
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


# --- lines with numbers of kinds -----------------------------------------------------------------------------


def coded_schema(digits: int) -> pa.Schema:
    """Return the columns of lines whose texts are numbers of kinds."""
    pa = require_arrow()
    kept = [field for field in charge_schema(digits) if field.name not in Kind._fields]
    return pa.schema([pa.field("kind", pa.int32(), nullable=False), *kept])


def coded_lines(
    kinds: NDArray[np.int32],
    accounts: pa.Array,
    volume: DecimalColumn,
    tariff: DecimalColumn,
    amount: DecimalColumn,
    digits: int,
) -> pa.Table:
    """Return lines as a table of :func:`coded_schema`."""
    pa = require_arrow()
    volumes, volume_texts = volume.arrays()
    tariffs, tariff_texts = tariff.arrays()
    cells = [pa.array(kinds), accounts, volumes, volume_texts, tariffs, tariff_texts, amount.arrays()[0]]
    return pa.table(cells, schema=coded_schema(digits))


def coded_from(lines: Sequence[ChargeLine], kinds: Kinds, digits: int) -> pa.Table:
    """Return lines that were computed one by one as a table of :func:`coded_schema`."""
    pa = require_arrow()
    volume, tariff = (DecimalColumn(len(lines), SHOWN_DIGITS) for _ in range(2))
    amount = DecimalColumn(len(lines), digits)
    for place, line in enumerate(lines):
        if line.volume is not None:
            volume.put_number(place, line.volume)
        if line.tariff is not None:
            tariff.put_number(place, line.tariff)
        amount.put_scaled(place, line.amount)
    codes = np.array([kinds.code(line.kind) for line in lines], np.int32)
    accounts = pa.array([line.account for line in lines], pa.string())
    return coded_lines(codes, accounts, volume, tariff, amount, digits)


# --- lines as results write them -----------------------------------------------------------------------------


def plain(coded: pa.Table, kinds: Kinds, digits: int) -> pa.Table:
    """Write out all texts: a table of :func:`charge_schema`."""
    spelled = with_dictionaries(coded, kinds, digits)
    return spelled.cast(charge_schema(digits))


def with_dictionaries(coded: pa.Table, kinds: Kinds, digits: int) -> pa.Table:
    """Write the texts of kinds as dictionaries that depend on nothing but the lines: in the order of first use."""
    pa = require_arrow()
    codes = coded.column("kind").to_numpy()
    order = _first_uses(codes, len(kinds.known))
    used = [kinds.known[code] for code in order]
    place = np.zeros(len(kinds.known), np.int32)
    indices: dict[tuple[int, ...], pa.Array] = {}  # type: ignore[name-defined] # few differ
    cells, fields = [], []
    for field in charge_schema(digits):
        if field.name not in Kind._fields:
            column = coded.column(field.name)
            cells.append(column.chunk(0) if column.num_chunks == 1 else column.combine_chunks())
            fields.append(field)
            continue
        texts = [getattr(kind, field.name) for kind in used]
        words = {text: number for number, text in enumerate(dict.fromkeys(texts))}
        pattern = tuple(words[text] for text in texts)
        if pattern not in indices:
            place[order] = pattern
            indices[pattern] = pa.array(place.take(codes) if len(words) > 1 else np.zeros(len(codes), np.int32))
        texts_of = pa.array(list(words), pa.string())
        cells.append(pa.DictionaryArray.from_arrays(indices[pattern], texts_of, safe=False))
        fields.append(pa.field(field.name, cells[-1].type, nullable=field.nullable))
    return pa.table(cells, schema=pa.schema(fields))


def joined(tables: Sequence[pa.Table], digits: int) -> pa.Table:
    """Put tables of coded lines together."""
    if len(tables) == 1:
        return tables[0]
    return require_arrow().concat_tables([coded_schema(digits).empty_table(), *tables]).combine_chunks()


def _first_uses(codes: NDArray[np.int32], known: int) -> NDArray[np.int64]:
    """Return the codes that occur, in the order in which they occur first."""
    used = np.flatnonzero(np.bincount(codes, minlength=known))
    first = np.full(known, -1, np.int64)
    for start, stop in ((0, _BEGINNING), (_BEGINNING, len(codes))):
        new = codes[start:stop]
        if len(np.flatnonzero(first[used] < 0)):
            there = np.full(known, -1, np.int64)
            there[new[::-1]] = np.arange(start + len(new) - 1, start - 1, -1)  # the last one that is written stays
            first = np.where(first >= 0, first, there)
    order: NDArray[np.int64] = used[np.argsort(first[used])]
    return order
