"""Series of a range of rows as blocks of cells, from lists of all intervals or from a line for each."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from kommres.columns.arrow import require_arrow
from kommres.columns.cells import texts
from kommres.columns.files import RAGGED
from kommres.columns.picking import Pick
from kommres.columns.schema import LIST
from kommres.columns.zoning import Zones
from kommres.dsl.backends.kernels.from_rows import grid_of
from kommres.dsl.backends.rows import Bad
from kommres.dsl.backends.zones import Zone
from kommres.dsl.bound.nodes import Series
from kommres.dsl.reading import Unclear, read_moment

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kommres.columns.coder import Coders
    from kommres.columns.ingest import Dataset
    from kommres.columns.schema import TableSchema
    from kommres.columns.tree import Places
    from kommres.dsl.backends.grids import Intervals
    from kommres.dsl.backends.kernels.batch import Cells, SeriesCoding
    from kommres.period import Month

_DAY: Final = 86_400
_KNOWN: Final = 200_000
#: What an instant comes to beside the place of an interval: it is of another month; it makes the row unusable.
_ELSEWHERE, _UNUSABLE = -1, -2


class SeriesCells:
    """Reads the table of a series.

    Parameters
    ----------
    data
        The tables.
    schema
        Of the series.
    coding
        How its cells are coded.
    coders
        Make coders of columns.
    """

    def __init__(self, data: Dataset, schema: TableSchema, coding: SeriesCoding, coders: Coders) -> None:
        assert isinstance(schema.declared, Series)  # noqa: S101 - of a table of this kind
        self._data = data
        self._name = schema.name
        self._series = schema.declared
        self._coding = coding
        self._order = data.owned[schema.name]
        self._table = data.tables[schema.name].table
        self._columns = {column.role: column for column in schema.columns}
        self._lists = LIST in self._table.column_names
        self._coder = coders.of(schema.name, self._columns[LIST if self._lists else "value"], coding.coding)
        self._places: dict[tuple[str, str], int] = {}

    def read(self, start: int, stop: int, month: Month, zones: Zones) -> Cells:
        """Return the cells of rows of ranks ``start .. stop``."""
        grids = [_grid(self._coding, month, name) for name in zones.names]
        at = np.zeros(stop - start, np.int64) if zones.at is None else zones.at
        counts = np.array([0 if grid is None else grid.count for grid in grids], np.int64)
        coding = self._coding.coding
        offsets = self._order.offsets[start : stop + 1]
        pick = Pick.of(self._order.order[offsets[0] : offsets[-1]])
        read = self._of_lists if self._lists else self._of_lines
        width = int(counts[np.unique(at)].max(initial=1))
        cells = read(pick, offsets - offsets[0], counts[at], width, grids, at, zones)
        if counts.min(initial=width) < width:
            cells[np.arange(width) >= counts[at][:, None]] = coding.unusable
        return cells

    def _nothing(self, rows: int, width: int) -> Cells:
        return np.full((rows, width), self._coding.coding.absent, self._coding.coding.dtype)

    # --- lists -----------------------------------------------------------------------------------------------

    def _of_lists(
        self,
        pick: Pick,
        offsets: Places,
        counts: NDArray[np.int64],
        width: int,
        _grids: list[Intervals | None],
        _at: NDArray[np.int64],
        _zones: Zones,
    ) -> Cells:
        pa = require_arrow()
        lists = pick.cells(self._table.column(LIST))
        if not pa.types.is_list(lists.type):
            lists = lists.cast(pa.list_(lists.type.value_type))
        lengths = pa.compute.list_value_length(lists).fill_null(-1).to_numpy(zero_copy_only=False)
        codes = self._coder.codes(lists.flatten(), Zones())
        lines = np.diff(offsets)
        if len(lengths) == len(counts) and (lines == 1).all() and (lengths == width).all() and (counts == width).all():
            return codes.reshape(len(counts), width)
        cells = self._nothing(len(counts), width)
        ends = np.cumsum(np.maximum(lengths, 0))
        for row, (first, last) in enumerate(pairwise(offsets.tolist())):
            if last == first or (last - first == 1 and lengths[first] < 0):
                continue
            if last - first > 1 or lengths[first] != counts[row]:
                cells[row] = self._coding.coding.unusable
            else:
                cells[row, : counts[row]] = codes[ends[first] - lengths[first] : ends[first]]
        return cells

    # --- lines -----------------------------------------------------------------------------------------------

    def _of_lines(
        self,
        pick: Pick,
        offsets: Places,
        counts: NDArray[np.int64],
        width: int,
        grids: list[Intervals | None],
        at: NDArray[np.int64],
        _zones: Zones,
    ) -> Cells:
        coding = self._coding.coding
        cells = self._nothing(len(counts), width)
        lines = np.diff(offsets)
        row_of = np.repeat(np.arange(len(counts)), lines)
        codes = self._coder.codes(pick.cells(self._table.column(self._columns["value"].name)), Zones())
        words, which = texts(pick.cells(self._table.column(self._columns["edge"].name)))
        word_of = np.array(which, np.int64)
        places = np.full(len(word_of), _ELSEWHERE, np.int64)
        off = np.zeros(len(word_of), np.bool_)
        zone_of = at[row_of]
        for number, grid in enumerate(grids):
            here = zone_of == number
            if grid is None or not here.any():
                continue
            known = np.array([self._place(word, grid) for word in words], np.int64)
            places[here] = known[word_of[here]]
        # A value inside an interval spoils that one.
        inside = places < _UNUSABLE
        places[inside] = _UNUSABLE - 1 - places[inside]
        off |= inside
        bad_rows = np.zeros(len(counts), np.bool_)
        bad_rows[row_of[places == _UNUSABLE]] = True
        if RAGGED in self._table.column_names:
            ragged = pick.cells(self._table.column(RAGGED)).is_valid().to_numpy(zero_copy_only=False)
            bad_rows[row_of[ragged]] = True
        held = places >= 0
        flat = row_of[held] * width + places[held]
        cells.reshape(-1)[flat] = codes[held]
        spoiled = flat[off[held]]
        if len(flat) and not (np.diff(flat) > 0).all():
            again, times = np.unique(flat, return_counts=True)
            spoiled = np.concatenate([spoiled, again[times > 1]])
        cells.reshape(-1)[spoiled] = coding.unusable
        cells[bad_rows] = coding.unusable
        return cells

    def _place(self, word: str | None, grid: Intervals) -> int:
        """Return the place of the interval that data name; below the codes of others, one inside which it lies."""
        key = "" if word is None else word, str(grid.zone)
        found = self._places.get(key)
        if found is None:
            if len(self._places) > _KNOWN:
                self._places.clear()
            found = self._places[key] = self._found(word, grid)
        return found

    def _found(self, word: str | None, grid: Intervals) -> int:
        if word is None:
            return _UNUSABLE
        name = self._columns["edge"].name
        moment = read_moment(word, name, grid.zone)
        if isinstance(moment, Unclear):
            near = range(grid.first - _DAY, grid.start(grid.count) + _DAY)
            return _UNUSABLE if moment.instant in near else _ELSEWHERE
        if moment is None or isinstance(moment, Bad):
            return _UNUSABLE
        start = moment if self._series.label == "start" else moment - grid.every
        at = grid.place(start)
        if not 0 <= at < grid.count:
            return _ELSEWHERE
        return at if start == grid.start(at) else _UNUSABLE - 1 - at


def _grid(coding: SeriesCoding, month: Month, zone: str) -> Intervals | None:
    try:
        return grid_of(coding, month, Zone.named(zone))
    except ValueError:
        return None
