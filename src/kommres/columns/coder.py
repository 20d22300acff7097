"""Cells of Arrow columns as whole numbers, a column at a time, without an object for each row.

What a cell means is said by :func:`kommres.columns.reader.read_cell` alone: it reads each different text once. Numbers,
days and truth values that Arrow holds as such are taken as they are where that is proven to give the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from attrs import define, field, frozen

from kommres.columns import typed
from kommres.columns.arrow import is_narrow_decimal, require_arrow
from kommres.columns.cells import column_texts
from kommres.columns.reader import read_cell
from kommres.columns.schema import Column
from kommres.dsl.backends.kernels.batch import Cells, Coding, Names
from kommres.dsl.backends.kernels.from_rows import code_of
from kommres.dsl.backends.zones import Zone

if TYPE_CHECKING:
    import pyarrow as pa  # noqa: TC004 - loaded when it is needed

    from kommres.columns.values import Cell
    from kommres.columns.zoning import Zones

#: Different texts that are remembered for a column.
_KNOWN: Final = 100_000
#: So few different numbers are read one by one.
_FEW: Final = 256
#: Plain decimals whose digits fit 64 bits.
_PLAIN: Final = r"\A-?[0-9]{1,12}(\.[0-9]{1,6})?\z"
_PLAIN_DIGITS: Final = 6


@frozen(kw_only=True, eq=False)
class _Held:
    """The codes of a dictionary, which is the same for all slices of a column."""

    values: pa.Array
    zone: str
    codes: Cells


@define(eq=False)
class Coder:
    """Codes the cells of a column. Several threads may use it at once."""

    column: Column
    coding: Coding
    names: Names
    #: codes by text and time zone
    _known: dict[tuple[str, str], int] = field(factory=dict)
    _held: _Held | None = None

    @property
    def blank(self) -> int:
        """The code of an empty cell."""
        return self.coding.absent if self.coding.optional else self.coding.unusable

    def codes(self, cells: pa.Array, zones: Zones) -> Cells:
        """Return the code of each cell.

        Parameters
        ----------
        cells
            Of the column; its type was found readable before.
        zones
            Time zone of each row, for instants.
        """
        zones = zones.of_column(self.column)
        if zones.at is not None:
            found = np.full(len(cells), self.blank, self.coding.dtype)
            for number, zone in enumerate(zones.names):
                rows = np.flatnonzero(zones.at == number)
                if len(rows):
                    found[rows] = self._coded(cells.take(require_arrow().array(rows)), zone)
            return found
        return self._coded(cells, zones.names[0])

    def _coded(self, cells: pa.Array, zone: str) -> Cells:
        pa = require_arrow()
        if pa.types.is_null(cells.type):
            return np.full(len(cells), self.blank, self.coding.dtype)
        taken = self._taken(cells, zone)
        if taken is None:
            return self._read(cells, zone)
        found, doubtful = taken
        if cells.null_count:
            missing = cells.is_null().to_numpy(zero_copy_only=False)
            found = np.where(missing, np.array(self.blank, found.dtype), found)
            doubtful = None if doubtful is None else doubtful & ~missing
        if doubtful is not None:
            rows = np.flatnonzero(doubtful)
            if len(rows):
                found[rows] = self._read(cells.take(pa.array(rows)), zone)
        return found

    # --- taken as they are -----------------------------------------------------------------------------------

    def _taken(self, cells: pa.Array, zone: str) -> typed.Taken | None:
        """Return codes without reading texts, and where they are doubtful; None where that cannot be."""
        types = require_arrow().types
        if self.column.role not in {"input", "field", "value", "values", "from"}:
            return None
        step = getattr(self.column.declared, "step", None)
        match self.coding.kind:
            case "number" if types.is_integer(cells.type):
                return typed.integers(cells, self.coding, step)
            case "number" if is_narrow_decimal(cells.type) and cells.type.scale >= 0:
                return typed.narrow_decimals(cells, self.coding, step)
            case "number" if types.is_decimal128(cells.type) and cells.type.scale >= 0:
                return typed.decimals(cells, self.coding, step)
            case "number" if step is not None and cells.type in typed.float_types():
                return typed.floats(cells, self.coding, step)
            case "yes_no" if types.is_boolean(cells.type):
                return cells.fill_null(fill_value=False).to_numpy(zero_copy_only=False).astype(np.int8), None
            case "date" if types.is_date(cells.type) or types.is_timestamp(cells.type):
                return typed.days(cells, self.coding)
            case "instant" if types.is_timestamp(cells.type):
                return typed.instants(cells, self.coding) if _in_utc(cells.type.tz, zone) else None
            case _:
                return None

    # --- read ------------------------------------------------------------------------------------------------

    def _read(self, cells: pa.Array, zone: str) -> Cells:
        """Read the different texts."""
        pa = require_arrow()
        encoded = cells
        if not pa.types.is_dictionary(cells.type):
            encoded = cells.dictionary_encode()
        elif len(cells.dictionary) > 2 * len(cells):  # most of them stand in other rows
            encoded = cells.cast(cells.type.value_type).dictionary_encode()
        codes = self._of_dictionary(encoded, zone)
        if encoded.null_count:
            missing = encoded.is_null().to_numpy(zero_copy_only=False)
            codes = np.append(codes, np.array(self.blank, codes.dtype))
            return codes[np.where(missing, len(codes) - 1, encoded.indices.fill_null(0).to_numpy())]
        found: Cells = codes[encoded.indices.to_numpy()]
        return found

    def _of_dictionary(self, encoded: pa.DictionaryArray, zone: str) -> Cells:
        """Return the codes of the values of a dictionary."""
        pa = require_arrow()
        distinct = encoded.dictionary
        held = self._held
        if held is not None and _same(held.values, distinct) and held.zone == zone:
            return held.codes
        is_text = pa.types.is_string(distinct.type) or pa.types.is_large_string(distinct.type)
        if self.coding.kind == "number" and is_text and len(distinct) > _FEW and self.column.role != "month":
            found = self._of_numbers(distinct)
        else:
            found = self._of_words(distinct, zone)
        self._held = _Held(values=distinct, zone=zone, codes=found)
        return found

    def _of_numbers(self, distinct: pa.Array) -> Cells:
        """Return the codes of many texts of numbers: plain decimals at once, all others one by one."""
        pa = require_arrow()
        plain = pa.compute.match_substring_regex(distinct, _PLAIN).fill_null(fill_value=False)
        cells = pa.compute.if_else(plain, distinct, pa.scalar("0", distinct.type)).cast(
            pa.decimal128(38, _PLAIN_DIGITS)
        )
        step = getattr(self.column.declared, "step", None)
        found, _ = typed.decimals(cells, self.coding, step)
        others = np.flatnonzero(~plain.to_numpy(zero_copy_only=False))
        if len(others):
            found[others] = self._of_words(distinct.take(pa.array(others)), "")
        return found

    def _of_words(self, distinct: pa.Array, zone: str) -> Cells:
        words, places = column_texts(distinct, self.column)
        codes = [self.blank if word is None else self._code(word, zone) for word in words]
        return np.array(codes, self.coding.dtype)[np.array(places, np.int64)]

    def _code(self, word: str, zone: str) -> int:
        known = self._known
        found = known.get((word, zone))
        if found is None:
            if len(known) > _KNOWN:
                known.clear()
            cell = read_cell(word, self.column, zone)
            found = known[word, zone] = code_of(cell, self.coding, self.names)
        return found


@frozen
class Coders:
    """Makes coders for a layout. A text that one of them has read is not read again by others of the same column."""

    names: Names
    _known: dict[tuple[str, str], dict[tuple[str, str], int]] = field(factory=dict)

    def of(self, table: str, column: Column, coding: Coding) -> Coder:
        """Return the coder of a column of a table."""
        return Coder(column, coding, self.names, self._known.setdefault((table, column.name), {}))


def read_cells(cells: pa.Array, column: Column, zones: Zones) -> list[Cell]:
    """Return cells as values, row by row: slow, for the few rows whose order hangs on what cannot be coded."""
    words, places = column_texts(cells, column)
    names = zones.of_column(column).of_rows(len(cells))
    return [
        None if (word := words[place]) is None else read_cell(word, column, zone)
        for place, zone in zip(places, names, strict=True)
    ]


def _same(one: pa.Array, other: pa.Array) -> bool:
    """Whether two arrays are the same piece of memory."""
    if len(one) != len(other) or one.offset != other.offset or one.type != other.type:
        return False
    pairs = zip(one.buffers(), other.buffers(), strict=True)
    return all((a is None) == (b is None) and (a is None or a.address == b.address) for a, b in pairs)


def _in_utc(tz: str | None, zone: str) -> bool:
    """Whether a timestamp counts from 1970 in UTC, once its time zone is known to exist."""
    if tz is None:
        return zone in {"", "UTC"}
    try:
        Zone.named(zone)
    except ValueError:
        return False
    return True
