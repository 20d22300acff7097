"""When local days begin in the time zones of a run, as tables for kernels."""

from __future__ import annotations

import datetime as dt
from threading import Lock
from typing import TYPE_CHECKING, Final

import numpy as np

from kommres.dsl.backends.machine import TIME_ZONE
from kommres.dsl.backends.zones import Zone
from kommres.dsl.plan.sources import LAST_DAY

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kommres.dsl.backends.kernels.batch import Batch, Layout, Names

#: How many days before the month a table begins, and how many it has. Rows that need others are the interpreter's.
BEFORE: Final = 3_700
DAYS: Final = 4_500
_MINUTES: Final = 1_440
#: Offsets from UTC are shorter than this, and windows of a day end before it.
_MARGIN: Final = 3


class LocalTimes:
    """Tables of the moments at which times of the day come, for all zones seen so far. Safe for several threads.

    ``start``: the first day of the month.
    """

    def __init__(self, start: int, layout: Layout, names: Names) -> None:
        self._first = start - BEFORE
        self._layout = layout
        self._names = names
        self._lock = Lock()
        self._bases: dict[str, int] = {}
        self._zones: list[Zone] = []
        self._tables: dict[int, NDArray[np.int64]] = {}
        self.base("UTC")

    def base(self, name: str) -> int:
        """Return where a zone begins in all tables; -1 where it is none that they can hold."""
        with self._lock:
            found = self._bases.get(name)
            if found is None:
                found = self._bases[name] = self._begun(name)
            return found

    def _begun(self, name: str) -> int:
        if self._first <= _MARGIN or self._first + DAYS + _MARGIN > LAST_DAY:
            return -1
        try:
            zone = Zone.named(name)
        except ValueError:
            return -1
        if self._goes_back(zone):
            return -1
        self._zones.append(zone)
        return (len(self._zones) - 1) * DAYS

    def _goes_back(self, zone: Zone) -> bool:
        """Whether clocks are put back over a midnight: two days have a part of each other then."""
        for day in range(self._first, self._first + DAYS) if zone is not Zone.UTC else ():
            midnight = dt.datetime.combine(dt.date.fromordinal(day), dt.time())
            if zone.unclear(midnight) == "comes twice":
                first = zone.instant(day)
                if any(zone.day(first + minute * 60) < day for minute in range(_MINUTES)):
                    return True
        return False

    def table(self, minutes: int) -> NDArray[np.int64]:
        """Return the moments of a time of each local day: minutes after midnight, from 1440 on later days."""
        with self._lock:
            found = self._tables.get(minutes)
            known = 0 if found is None else len(found) // DAYS
            if found is None or known < len(self._zones):
                days = range(self._first, self._first + DAYS)
                more = [zone.instant(day, minutes) for zone in self._zones[known:] for day in days]
                before = np.zeros(0, np.int64) if found is None else found
                found = self._tables[minutes] = np.concatenate([before, np.array(more, np.int64)])
            return found

    def see(self, batch: Batch) -> None:
        """Take in the zones of a batch: tables hold them from now on."""
        for table in batch.tables.values():
            if table.parent is None:
                self.bases(batch, table.entity)

    def bases(self, batch: Batch, root: str) -> NDArray[np.int64]:
        """Return for each row of a root entity where its zone begins."""
        table = batch.tables.get(root)
        column = None if table is None else table.columns.get(TIME_ZONE)
        if table is None or column is None:
            return np.full(0 if table is None else table.count, self.base("UTC"), np.int64)
        coding = self._layout.inputs[root][TIME_ZONE]
        if coding.kind != "id" or (root, TIME_ZONE) in self._layout.varying:
            return np.full(table.count, -1, np.int64)
        absent = coding.absent if coding.optional else None
        if table.count and (column.values == column.values[0]).all():
            return np.full(table.count, self._of_code(int(column.values[0]), absent=absent), np.int64)
        codes, places = np.unique(column.values, return_inverse=True)
        return np.array([self._of_code(int(code), absent=absent) for code in codes], np.int64)[places]

    def _of_code(self, code: int, *, absent: int | None) -> int:
        if code == absent:
            return self.base("UTC")
        return self.base(self._names.texts[code]) if 0 <= code < len(self._names.texts) else -1
