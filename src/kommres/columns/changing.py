"""Values that begin inside the month and values of past months, from the lines of a value table, a column at a time.

What :func:`kommres.columns.values.lay_out` does for one row, for all rows of a batch: a line of which one cannot tell
where it belongs spoils all values that it might be; of two different values from one day, or of one month, none can be
used.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Final

import numpy as np
from attrs import evolve

from kommres.columns.files import RAGGED
from kommres.columns.picking import Pick
from kommres.columns.rows import PAST_MONTHS
from kommres.dsl.backends.kernels.batch import Changes, Coding, Column, Past
from kommres.dsl.bound.nodes import Rule
from kommres.dsl.plan.sources import LAST_DAY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from kommres.columns.coder import Coder, Coders
    from kommres.columns.ingest import Dataset
    from kommres.columns.schema import TableSchema
    from kommres.columns.tree import Places
    from kommres.columns.zoning import Zones
    from kommres.dsl.backends.kernels.batch import Cells
    from kommres.dsl.backends.rows import InputKey
    from kommres.period import Month

_DAY: Final = Coding(kind="date", low=1, high=LAST_DAY, optional=True)
_MONTH: Final = Coding(kind="number", low=0, high=12 * 10_000, optional=True)


class ValueLines:
    """Reads the value table of an input, or of the closed results of a charge.

    Parameters
    ----------
    data
        The tables.
    schema
        That of the value table.
    now
        How values that begin on a day are coded; None where the month's are not read.
    then
        How values of past months are coded; None where they are not read.
    coders
        Of the data set.
    outside
        Whether values that begin before or after the month are read.
    """

    def __init__(
        self,
        data: Dataset,
        schema: TableSchema,
        now: Coding | None,
        then: Coding | None,
        coders: Coders,
        *,
        outside: bool = False,
    ) -> None:
        self._outside = outside
        self._order = data.owned[schema.name]
        self._table = data.tables[schema.name].table
        keyed = [(column, column.enum.members) for column in schema.columns if column.enum is not None]
        self._keys = [
            coders.of(
                schema.name, column, Coding(kind="enum", low=0, high=len(members) - 1, optional=True, members=members)
            )
            for column, members in keyed
        ]
        name = (
            schema.declared.id if isinstance(schema.declared, Rule) else schema.name.removeprefix(f"{schema.entity}.")
        )
        self._every: list[InputKey] = [(name, members) for members in product(*(members for _, members in keyed))]
        self._now = now
        # A line without a value says nothing, whether or not there must be one.
        self._then = None if then is None else evolve(then, optional=True)
        self._value, self._past, self._day, self._month = [
            coders.of(schema.name, column, kind)
            if column is not None and kind is not None and column.name in self._table.column_names
            else None
            for column, kind in (
                (schema.column("value"), now),
                (schema.column("value"), self._then),
                (schema.column("from"), _DAY),
                (schema.column("month"), _MONTH),
            )
        ]

    @property
    def has_instants(self) -> bool:
        """Whether values depend on time zones."""
        return any(coding is not None and coding.kind == "instant" for coding in (self._now, self._then))

    def put(
        self,
        columns: dict[InputKey, Column],
        past: dict[InputKey, Past],
        start: int,
        stop: int,
        month: Month,
        zones: Zones,
    ) -> None:
        """Write into columns what holds in a month, and what was supplied for past months.

        Parameters
        ----------
        columns
            What the entity's own table says; it holds until the first given day.
        past
            Gets the values of past months.
        start, stop
            Ranks of the rows.
        month
            Whose first day and inner days count.
        zones
            Of the rows.
        """
        offsets = self._order.offsets[start : stop + 1]
        pick = Pick.of(self._order.order[offsets[0] : offsets[-1]])
        if not len(pick.places):
            return
        counts = np.diff(offsets)
        owner = np.repeat(np.arange(stop - start), counts)
        zones = zones.spread(counts)
        key, sound = self._key(pick, zones)
        day, month_ = self._cells(self._day, pick, zones, _DAY), self._cells(self._month, pick, zones, _MONTH)
        misplaced = ~sound | (day == _DAY.unusable) | (month_ == _MONTH.unusable)
        misplaced |= (day == _DAY.absent) == (month_ == _MONTH.absent)
        spoiled = np.zeros((stop - start, len(self._every)), np.bool_)
        spoiled[owner[misplaced & sound], key[misplaced & sound]] = True
        spoiled[owner[misplaced & ~sound]] = True
        usable = ~misplaced & ~spoiled[owner, key]
        if self._now is not None:
            rows = np.flatnonzero(usable & (day != _DAY.absent))
            values = self._some(self._value, pick, zones, rows, self._now)
            parts = _in_order(owner[rows], key[rows], day[rows], values, self._now.unusable)
            for number, every in enumerate(self._every):
                here = [part[parts[1] == number] for part in parts]
                columns[every] = self._column(self._now, columns.get(every), here, spoiled[:, number], month)
        if self._then is not None:
            rows = np.flatnonzero(usable & (month_ != _MONTH.absent))
            values = self._some(self._past, pick, zones, rows, self._then)
            parts = _in_order(owner[rows], key[rows], month_[rows], values, self._then.unusable)
            for number, every in enumerate(self._every):
                here = [part[(parts[1] == number) & (parts[3] != self._then.absent)] for part in parts]
                found = _past(self._then, here, spoiled[:, number], month)
                if len(found.months):
                    past[every] = found

    def _some(self, coder: Coder | None, pick: Pick, zones: Zones, rows: Places, coding: Coding) -> Cells:
        if len(rows) < len(pick.places):
            pick, zones = pick.only(rows), zones.only(rows)
        return self._cells(coder, pick, zones, coding)

    def _cells(self, coder: Coder | None, pick: Pick, zones: Zones, coding: Coding) -> Cells:
        if coder is None:
            return np.full(len(pick.places), coding.absent if coding.optional else coding.unusable, coding.dtype)
        return coder.codes(pick.cells(self._table.column(coder.column.name)), zones)

    def _key(self, pick: Pick, zones: Zones) -> tuple[Places, NDArray[np.bool_]]:
        """Return which combination of members each line is about, and whether one can tell."""
        key = np.zeros(len(pick.places), np.int64)
        sound = np.ones(len(pick.places), np.bool_)
        for coder in self._keys:
            codes = self._cells(coder, pick, zones, coder.coding)
            sound &= codes >= 0
            key = key * len(coder.coding.members) + codes
        if RAGGED in self._table.column_names:
            sound &= pick.cells(self._table.column(RAGGED)).is_null().to_numpy(zero_copy_only=False)
        return np.where(sound, key, 0), sound

    def _column(
        self, coding: Coding, held: Column | None, lines: Sequence[Cells], spoiled: NDArray[np.bool_], month: Month
    ) -> Column:
        owner, _, day, values = lines
        if held is None:
            first = np.full(len(spoiled), coding.absent if coding.optional else coding.unusable)
            held = Column(values=first.astype(coding.dtype))
        found = np.where(spoiled, coding.unusable, held.values).astype(coding.dtype)
        always = _ever(found.copy(), owner, day, values, month) if self._outside else None
        before = day <= month.start
        # Of several lines of a row the last one stays.
        found[owner[before]] = values[before]
        inside = ~before & (day < month.end)
        if not inside.any():
            return Column(values=found, always=always)
        changes = _changes(len(spoiled), owner[inside], day[inside], values[inside].astype(coding.dtype))
        return Column(values=found, changes=changes, always=always)


def _changes(count: int, owner: Places, day: Cells, values: Cells) -> Changes:
    counts = np.bincount(owner, minlength=count)
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return Changes(offsets=offsets, days=day.astype(np.int32), values=values)


def _ever(first: Cells, owner: Places, day: Cells, values: Cells, month: Month) -> Changes | None:
    """Return all values of rows of which one begins before or after the month; ``first``: what holds before any."""
    moves = np.zeros(len(first), np.bool_)
    moves[owner[(day <= month.start) | (day >= month.end)]] = True
    rows = np.flatnonzero(moves)
    if not len(rows):
        return None
    lines = moves[owner]
    owners = np.concatenate([rows, owner[lines]])
    order = np.argsort(owners, kind="stable")  # what holds first stands first
    days = np.concatenate([np.ones(len(rows), day.dtype), day[lines]])[order]
    cells = np.concatenate([first[rows], values[lines].astype(first.dtype)])[order]
    return _changes(len(first), owners[order], days, cells)


def _past(coding: Coding, lines: Sequence[Cells], spoiled: NDArray[np.bool_], month: Month) -> Past:
    """Return the values of past months; no month of a spoiled row can be used."""
    owner, _, months, values = lines
    lost = np.flatnonzero(spoiled)
    if len(lost):
        owner = np.concatenate([owner, np.repeat(lost, PAST_MONTHS)])
        window = np.arange(month.number - PAST_MONTHS, month.number)
        months = np.concatenate([months, np.tile(window, len(lost))])
        values = np.concatenate([values, np.full(len(lost) * PAST_MONTHS, coding.unusable)])
        order = np.argsort(owner, kind="stable")
        owner, months, values = owner[order], months[order], values[order]
    counts = np.bincount(owner, minlength=len(spoiled))
    return Past(
        offsets=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        months=months.astype(np.int32),
        values=values.astype(coding.dtype),
    )


def _in_order(owner: Places, key: Places, day: Cells, values: Cells, unusable: int) -> list[Cells]:
    """Sort lines by row, key and day or month; of one day there is one line, unusable where several differ."""
    above = (owner[1:] > owner[:-1]) | ((owner[1:] == owner[:-1]) & (key[1:] > key[:-1]))
    if not (above | ((owner[1:] == owner[:-1]) & (key[1:] == key[:-1]) & (day[1:] >= day[:-1]))).all():
        order = np.lexsort((day, key, owner))
        owner, key, day, values = (part[order] for part in (owner, key, day, values))
    again = (owner[1:] == owner[:-1]) & (key[1:] == key[:-1]) & (day[1:] == day[:-1])
    if again.any():
        first = np.flatnonzero(np.insert(~again, 0, np.True_))
        low, high = np.minimum.reduceat(values, first), np.maximum.reduceat(values, first)
        owner, key, day = owner[first], key[first], day[first]
        values = np.where(low == high, low, unusable)
    return [owner, key, day, values]
