"""The arguments of kernels for a batch: its columns, arrays of the month, numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from kommres.dsl.backends.grids import span_days
from kommres.dsl.backends.kernels.zoning import LocalTimes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from kommres.dsl.backends.kernels.batch import Batch, Coding, Layout, Names
    from kommres.dsl.backends.kernels.builder import Argument
    from kommres.dsl.backends.kernels.drawing import Drawn
    from kommres.dsl.backends.kernels.filling import Filler
    from kommres.dsl.backends.kernels.hours import Hours
    from kommres.dsl.backends.machine import Machine

_NO_OFFSETS: Final = np.zeros(0, np.int64)
_NO_FLAGS: Final = np.zeros(0, np.uint8)
_NO_DAYS: Final = np.zeros(0, np.int32)


class Binding:
    """Finds the arguments of kernels. Safe for several threads.

    Parameters
    ----------
    machine
        The month.
    layout
        How cells are coded.
    names
        Codes of texts.
    hours
        What depends on time alone.
    filler
        Arrays of tables and days.
    items
        So many pieces a list of a row may have at most.
    """

    def __init__(
        self, machine: Machine, layout: Layout, names: Names, hours: Hours, filler: Filler, *, items: int
    ) -> None:
        self._term = machine.term
        self._layout = layout
        self._hours = hours
        self._filler = filler
        self._items = items
        self._local = LocalTimes(machine.term.start, layout, names)

    def arguments(
        self,
        batch: Batch,
        kernel: Drawn,
        given: Mapping[tuple[object, ...], NDArray[Any]],
        outputs: Mapping[str, NDArray[Any]],
    ) -> list[object]:
        """Return arrays and numbers in the order in which a kernel takes them.

        Parameters
        ----------
        batch
            Whole trees.
        kernel
            What will be called.
        given
            By path: places of the rows to charge, results of kernels that ran before, tables of sums.
        outputs
            By name: arrays that the kernel writes, one cell for each row of its entity.
        """
        # Time zones first: arrays of times have a row for each that was seen.
        zones = {a.path: self._hours.numbers(batch, str(a.path[1])) for a in kernel.arguments if a.path[0] == "zones"}
        return [self._bound(batch, argument, {**given, **zones}, outputs) for argument in kernel.arguments]

    def _bound(
        self,
        batch: Batch,
        argument: Argument,
        stored: Mapping[tuple[object, ...], NDArray[Any]],
        outputs: Mapping[str, NDArray[Any]],
    ) -> object:
        """Return the value of an argument for a batch."""
        if argument.name in outputs:
            return outputs[argument.name]
        path: Any = argument.path
        match path:
            case ("scalar", "number" | "start" | "end" as name):
                return getattr(self._term, name)
            case ("scalar", "year start" | "year end" as name):
                year = span_days("year", self._term)
                return year.start if name == "year start" else year.stop
            case ("hours", *key):
                return self._hours.array(tuple(key))
            case ("series" | "series rows" as what, entity, name):
                return self._series(batch, what, entity, name)
            case ("constant", recipe):
                return self._filler.array(recipe)
            case ("stored" | "rows" | "zones", *_) | ("constant", "span sums", *_):
                return stored[path]
            case ("cells", entity, key):
                coding = self._layout.inputs[entity][key]
                table = batch.tables.get(entity)
                column = None if table is None else table.columns.get(key)
                return _nothing(coding, 0 if table is None else table.count) if column is None else column.values
            case (
                "change offsets"
                | "change days"
                | "change values"
                | "always offsets"
                | "always days"
                | "always values" as what,
                entity,
                key,
            ):
                return self._change(batch, what, entity, key)
            case ("past offsets" | "past months" | "past values" as what, entity, key):
                return self._past(batch, what, entity, key)
            case ("scratch", _, _, entity, event, more):
                return np.empty(self._room(batch, entity, event, more), np.int64)
            case ("local zones", entity):
                return self._local.bases(batch, entity)
            case ("local", minutes):
                self._local.see(batch)
                return self._local.table(minutes)
            case ("usable", entity):
                usable = batch.tables[entity].usable
                return _NO_FLAGS if usable is None else usable
            case ("parent", entity):
                parent = batch.tables[entity].parent
                return _NO_OFFSETS if parent is None else parent
            case ("children", entity, child):
                return _children(batch, entity, child)
            case ("event offsets", entity, event):
                table = batch.tables.get(entity)
                events = None if table is None else table.events.get(event)
                return _NO_OFFSETS if events is None else events.offsets
            case ("event", entity, event, name):
                coding = self._layout.events[entity][event][name]
                table = batch.tables.get(entity)
                events = None if table is None else table.events.get(event)
                if events is None:
                    return np.zeros(0, coding.dtype)
                cells = events.fields.get(name)
                count = len(next(iter(events.fields.values()))) if events.fields else 0
                return _nothing(coding, count) if cells is None else cells
        raise ValueError(path)

    def _room(self, batch: Batch, entity: str, event: str, more: int) -> int:
        """Return how many pieces a list may have: ``more`` of each event of the row that has the most of them."""
        table = batch.tables.get(entity)
        events = None if table is None else table.events.get(event)
        if events is None or len(events.offsets) < 2:
            return 0
        return min(self._items, int(np.diff(events.offsets).max()) * more)

    def _change(self, batch: Batch, what: str, entity: str, key: Any) -> NDArray[Any]:  # noqa: ANN401 - an input's key
        coding = self._layout.inputs[entity][key]
        table = batch.tables.get(entity)
        column = None if table is None else table.columns.get(key)
        changes = None
        if column is not None:
            changes = column.changes if what.startswith("change") else column.always
        match what.rpartition(" ")[2]:
            case "offsets":
                return _NO_OFFSETS if changes is None else changes.offsets
            case "days":
                return _NO_DAYS if changes is None else changes.days
        return np.zeros(0, coding.dtype) if changes is None else changes.values

    def _series(self, batch: Batch, what: str, entity: str, name: str) -> object:
        """Return the cells of a series, or how many rows of them there are."""
        series = self._layout.series[entity][name]
        table = batch.tables.get(entity)
        cells = None if table is None else table.series.get(name)
        if what == "series rows":
            return 1 if cells is None else len(cells)
        if cells is None:
            width = max(1, int(self._hours.array(("count", series.grid)).max()))
            return np.full((1, width), series.coding.absent, series.coding.dtype)
        return cells

    def _past(self, batch: Batch, what: str, entity: str, key: Any) -> NDArray[Any]:  # noqa: ANN401 - an input's key
        table = batch.tables.get(entity)
        past = None if table is None else table.past.get(key)
        match what:
            case "past offsets":
                return _NO_OFFSETS if past is None else past.offsets
            case "past months":
                return _NO_DAYS if past is None else past.months
        return np.zeros(0, self._layout.past[entity][key].dtype) if past is None else past.values


def _children(batch: Batch, entity: str, child: str) -> NDArray[np.int64]:
    """Return which rows stand below each row. Raises ValueError where some stand below none: none would be charged."""
    table, below = batch.tables.get(entity), batch.tables.get(child)
    offsets = None if table is None else table.children.get(child)
    if offsets is None:
        offsets = np.zeros(1 if table is None else table.count + 1, np.int64)
    if below is not None and offsets[-1] != below.count:
        raise ValueError(
            f"{below.count} rows of {child}, but only {offsets[-1]} of them stand below rows of {entity}. What to do:"
            f" give the table of {entity} the offsets of all its children."
        )
    return offsets


def _nothing(coding: Coding, count: int) -> NDArray[Any]:
    """Return cells that hold nothing."""
    return np.full(count, coding.absent if coding.optional else coding.unusable, coding.dtype)
