"""Charges of whole batches: kernels in order, with arrays of results between them."""

from __future__ import annotations

import warnings
from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import evolve, frozen

from kommres.collecting import undisturbed
from kommres.dsl.backends.kernels.batch import LEFT, NOTHING, Batch, Charged, Lines, Names, Shown, Table
from kommres.dsl.backends.kernels.binding import Binding
from kommres.dsl.backends.kernels.builder import Argument, Note
from kommres.dsl.backends.kernels.cache import Kernel, NotLowered, compiled, prepare
from kommres.dsl.backends.kernels.drawing import Drawing, Drawn, Written, drawn
from kommres.dsl.backends.kernels.filling import Filler
from kommres.dsl.backends.kernels.fitting import refuse_misfits
from kommres.dsl.backends.kernels.hoisting import DAYS, LOST, WIDTH
from kommres.dsl.backends.kernels.hours import Hours
from kommres.dsl.backends.kernels.kept import kept
from kommres.dsl.backends.kernels.layout import layout_of
from kommres.dsl.backends.kernels.merging import merged
from kommres.dsl.backends.kernels.numbers import NotCompiled
from kommres.dsl.backends.kernels.proved import key_of, prove
from kommres.dsl.backends.kernels.store import KernelWarning
from kommres.dsl.backends.machine import Machine
from kommres.dsl.plan.proofs import Assumptions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from kommres.dsl.bound.nodes import Param, Value
    from kommres.dsl.plan.nodes import Plan
    from kommres.period import Month

#: What kernels take for granted where rules declare nothing. Rows outside are the interpreter's.
ASSUMED = Assumptions(items=10_000, number=100_000, grid=100_000, result=1_000_000)


class Kernels:
    """Charges a program in machine code for one month.

    Safe for several threads at once.

    Parameters
    ----------
    plan
        The compiled program.
    month
        The period.
    known_at
        Day number: values of tables that became known later do not exist. None: all are known.
    options
        Choices of legal reading by option id or unique name.
    overrides
        ``(parameter, keys or None, value)``: replace look-ups of these keys, or all of them.
    assumed
        What holds of supplied numbers that declare no range or step. Rows outside are left to the interpreter.
    charges
        Ids of the charges to compute; by default all.
    cache
        Folder of compiled kernels; by default the user's.
    still
        There are kernels of their own for rows on which nothing changes inside the month. Without them there is less
        to compile, and rows take longer.
    quick
        Machine code is made in half the time, and rows take about twice as long.
    few
        Kernels for rows on which something changes inside the month are made after so many such rows. Changes speed,
        never the result.

    Raises
    ------
    UsageError
        For an unknown option or choice (U0102, U0103).
    """

    def __init__(
        self,
        plan: Plan,
        month: Month,
        *,
        known_at: int | None = None,
        options: Mapping[str, str] | None = None,
        overrides: Sequence[tuple[Param, tuple[object, ...] | None, Value]] = (),
        assumed: Assumptions = ASSUMED,
        charges: Sequence[str] | None = None,
        cache: Path | None = None,
        still: bool = True,
        quick: bool = False,
        few: int = 3_000,
    ) -> None:
        self._machine = Machine(plan, month, known_at=known_at, options=options or {}, overrides=overrides, hook=None)
        self._assumed = assumed
        self.layout = layout_of(plan, assumed)
        self.names = Names()
        self._hours = Hours(self._machine, self.layout, self.names)
        self._numbers = None if charges is None else tuple([c.number for c in plan.charges if c.id in set(charges)])
        self._known_at = known_at
        self._options = tuple(sorted((options or {}).items()))
        self._overrides = overrides
        self._cache = cache
        self._quick = quick
        self._filler = Filler(self._machine, self.names)
        self._binding = Binding(self._machine, self.layout, self.names, self._hours, self._filler, items=assumed.items)
        self._lock = Lock()
        self._slow: set[str] = set()  # entities with a kernel that has no machine code
        self._few = few
        self._waiting = 0
        first = self._make(still=still)
        self._still: _Made | None = first if still else None
        self._sliced: _Made | None = None if still else first
        self.drawn = first.kernels
        #: tables of sums that they read
        self.sums = first.sums
        #: what the first kernels do not compute
        self.report: tuple[Note, ...] = first.notes

    def _make(self, *, still: bool) -> _Made:
        drawing = self._drawn(evolve(self._assumed, still=still, partial=True))
        functions = tuple(self._compiled(kernel) for kernel in drawing.kernels)
        sums = {path: self._span_sums(filler) for kernel in drawing.kernels for path, filler in kernel.spans.items()}
        return _Made(kernels=drawing.kernels, notes=drawing.notes, functions=functions, sums=sums)

    def _drawn(self, assumed: Assumptions) -> Drawing:
        machine = self._machine

        def draw() -> Drawing:
            with undisturbed():
                proofs = prove(machine.plan, assumed, overrides=self._overrides)
                return drawn(machine, proofs, self.layout, self.names, self._hours, self._numbers)

        if assumed.still or assumed.inputs or self._overrides:
            return draw()
        key = key_of(assumed), self._known_at, self._options, self._numbers
        drawing = kept(machine.plan, key, self.names, draw)
        try:
            for kernel in drawing.kernels:
                for recipe in kernel.recipes:
                    self._filler.array(recipe)
        except NotCompiled:  # a value that no kernel can hold, which is not there in other months
            return draw()
        return drawing

    def _compiled(self, kernel: Drawn) -> Kernel:
        return compiled(kernel.text, "kernel", quick=self._quick, folder=self._cache)

    def _span_sums(self, filler: Drawn) -> NDArray[np.int64]:
        """Return the sums for all pairs of days, narrow if they can be; all are lost where no kernel can be made."""
        sums = np.full((DAYS + 1) * WIDTH, LOST, np.int64)
        function = self._compiled(filler)
        with suppress(NotLowered):
            function(*self._binding.arguments(Batch(tables={}), filler, {}, {filler.outputs[0].name: sums}))
        return sums.astype(np.int32) if sums.min() >= LOST and sums.max() < -LOST else sums

    def _for_left(self, rows: int) -> _Made | None:
        """Return the kernels for rows on which something changes, once there were enough of them to be worth it."""
        with self._lock:
            self._waiting += rows
            if self._sliced is None and self._waiting > self._few:
                self._sliced = self._make(still=False)
            return self._sliced

    def charge(self, batch: Batch) -> dict[str, Charged]:
        """Charge all rows of a batch, by entity. Rows that are ``left`` are the interpreter's.

        Raises :class:`ValueError` where arrays of the batch do not fit each other.
        """
        refuse_misfits(batch)
        found: dict[str, Charged] = {}
        spoiled = _spoiled(batch, self._assumed.items)
        if self._still is None:
            rows = {kernel.entity: _sound(batch, kernel.entity, spoiled) for kernel in self.drawn if kernel.charges}
        else:
            found = self._run(self._still, batch, {}, spoiled)
            rows = {
                entity: np.flatnonzero(one.left & ~spoiled[entity] if entity in spoiled else one.left)
                for entity, one in found.items()
            }
        left = sum(len(places) for places in rows.values())
        sliced = self._for_left(left) if left or self._still is None else None
        if sliced is not None:
            for entity, again in self._run(sliced, batch, rows, spoiled).items():
                found[entity] = merged(found[entity], again, rows[entity]) if entity in found else again
        return found

    def _run(
        self,
        made: _Made,
        batch: Batch,
        rows: Mapping[str, NDArray[np.int64]],
        spoiled: Mapping[str, NDArray[np.bool_]],
    ) -> dict[str, Charged]:
        """Run kernels in order, over some ``rows`` of those that charge; rows that are ``spoiled`` are left."""
        found: dict[str, Charged] = {}
        stored: dict[tuple[object, ...], NDArray[Any]] = {}
        calls: list[tuple[Drawn, Kernel, dict[str, NDArray[Any]], list[object]]] = []
        for kernel, function in zip(made.kernels, made.functions, strict=True):
            table = batch.tables.get(kernel.entity) or Table(entity=kernel.entity, count=0)
            outputs: dict[str, NDArray[Any]] = {o.name: np.empty(table.count, str(o.path[0])) for o in kernel.outputs}
            given = {("rows", entity): places for entity, places in rows.items()} | stored | made.sums
            calls.append((kernel, function, outputs, self._binding.arguments(batch, kernel, given, outputs)))
            stored |= {o.path[1:]: outputs[o.name] for o in kernel.outputs if o.path[1] == "stored"}
        prepare([(function, arguments) for _, function, _, arguments in calls])
        for kernel, function, outputs, arguments in calls:
            try:
                function(*arguments)
            except NotLowered as error:
                self._leave_all(kernel, outputs, error)
            if kernel.charges:
                found[kernel.entity] = _charged(kernel, outputs, spoiled)
        return found

    def _leave_all(self, kernel: Drawn, outputs: Mapping[str, NDArray[Any]], error: NotLowered) -> None:
        """Leave all rows of a kernel to the interpreter, with one warning."""
        for output in kernel.outputs:
            outputs[output.name].fill(LEFT if output.path[-1] == "above" or output.path[1] == "amount" else 0)
        if kernel.entity not in self._slow:
            self._slow.add(kernel.entity)
            warnings.warn(
                f"rows of {kernel.entity} are charged without kernels: {error}. What to do: nothing, amounts are the"
                " same; please report it.",
                KernelWarning,
                stacklevel=2,
            )

    def bound(self, batch: Batch, kernel: Drawn, outputs: Mapping[str, NDArray[Any]]) -> list[object]:
        """Return the arguments of a kernel that reads no results of others, for a batch."""
        return self._binding.arguments(batch, kernel, self.sums, outputs)


@frozen(kw_only=True, eq=False)
class _Made:
    """Kernels in the order in which they run."""

    kernels: tuple[Drawn, ...]
    notes: tuple[Note, ...]
    functions: tuple[Kernel, ...]
    sums: dict[tuple[object, ...], Any]  # arrays


def _sound(batch: Batch, entity: str, spoiled: Mapping[str, NDArray[np.bool_]]) -> NDArray[np.int64]:
    """Return the rows of an entity that can be used."""
    flags, table = spoiled.get(entity), batch.tables.get(entity)
    return np.arange(0 if table is None else table.count) if flags is None else np.flatnonzero(~flags)


def _charged(kernel: Drawn, outputs: Mapping[str, NDArray[Any]], spoiled: Mapping[str, NDArray[np.bool_]]) -> Charged:
    flags = spoiled.get(kernel.entity)
    left = None
    for charge in kernel.charges:
        if flags is not None:
            outputs[charge.amount.name][flags] = LEFT
        here = outputs[charge.amount.name] == LEFT
        left = here if left is None else np.logical_or(left, here, out=left)
    lines = tuple(_lines(charge, outputs) for charge in kernel.charges)
    return Charged(
        entity=kernel.entity, left=np.zeros(0, np.uint8) if left is None else left.view(np.uint8), lines=lines
    )


def _lines(charge: Written, outputs: Mapping[str, NDArray[Any]]) -> Lines:
    amount = outputs[charge.amount.name]

    def shown(arguments: tuple[Argument, Argument, Argument] | None) -> Shown | None:
        if arguments is None:
            return None
        given, above, below = (outputs[a.name] for a in arguments)
        return Shown(given=given, above=above, below=below)

    return Lines(
        charge=charge.plan,
        present=(amount > NOTHING).view(np.uint8),
        amount=amount,
        scale=charge.scale,
        winner=outputs[charge.winner.name] if isinstance(charge.winner, Argument) else charge.winner,
        volume=shown(charge.volume),
        price=shown(charge.price),
        options=tuple(
            (name, choices, outputs[how.name] if isinstance(how, Argument) else how)
            for name, choices, how in charge.options
        ),
    )


def _spoiled(batch: Batch, items: int) -> dict[str, NDArray[np.bool_]]:
    """Return the rows that cannot be used, and those of trees that are too large, with all below them."""
    found = _crowded(batch, items) if any(table.count > items for table in batch.tables.values()) else {}
    if not found and all(table.usable is None or table.usable.all() for table in batch.tables.values()):
        return {}
    waiting = [table for table in batch.tables.values() if table.parent is None]
    while waiting:
        table = waiting.pop()
        flags = found.setdefault(table.entity, np.zeros(table.count, np.bool_))
        if table.usable is not None:
            flags |= table.usable == 0
        for child in table.children:
            below = batch.tables[child]
            found[child] = flags[below.parent] if below.parent is not None else np.zeros(below.count, np.bool_)
            waiting.append(below)
    return found


def _crowded(batch: Batch, items: int) -> dict[str, NDArray[np.bool_]]:
    """Return the roots below which more rows of one entity stand than was assumed."""
    found: dict[str, NDArray[np.bool_]] = {}
    for root in batch.tables.values():
        if root.parent is not None:
            continue
        flags = np.zeros(root.count, np.bool_)
        waiting = [(root, np.arange(root.count + 1))]
        while waiting:
            table, bounds = waiting.pop()
            for child, offsets in table.children.items():
                flags |= np.diff(offsets[bounds]) > items
                waiting.append((batch.tables[child], offsets[bounds]))
        if flags.any():
            found[root.entity] = flags
    return found
