"""The engine of this library in contests: compiled from a rule file, called on arrays that are there already."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from attrs import frozen
from benchmarks.batches import rows_of
from benchmarks.workloads import MONTH, Cells

import kommres
from kommres.dsl.backends.interpreter import Interpreter
from kommres.dsl.backends.kernels.batch import Batch
from kommres.dsl.backends.kernels.builder import NOTHING
from kommres.dsl.backends.kernels.cache import compiled
from kommres.dsl.backends.kernels.drawing import Drawn
from kommres.dsl.backends.kernels.kernels import Kernels
from kommres.period import Month

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor


RULES: Final = Path(__file__).resolve().parent / "rules"
#: rows of a chunk that a thread takes
CHUNK: Final = 1 << 17


@frozen(kw_only=True, eq=False)
class Ours:
    """The charges of one entity of a benchmark rule, one kernel. Outputs are allocated once, as touch has them."""

    entity: str
    batch: Batch
    kernels: Kernels
    interpreter: Interpreter
    drawn: Drawn
    function: Callable[..., object]
    results: Mapping[str, Cells]

    @classmethod
    def of(cls, rule: str, batch: Batch, entity: str, options: Mapping[str, str] | None = None) -> Ours:
        """Compile a rule file for a batch."""
        program = kommres.load(RULES / f"{rule}.kmr")
        month = Month.parse(MONTH)
        kernels = Kernels(program.plan, month, options=options)
        if kernels.report or len(kernels.drawn) != 1:
            raise SystemExit(f"{rule}.kmr is not compiled as one kernel: {kernels.report}")
        drawn = kernels.drawn[0]
        count = batch.tables[entity].count
        return cls(
            entity=entity,
            batch=batch,
            kernels=kernels,
            interpreter=Interpreter(program.plan, month, options=options),
            drawn=drawn,
            function=compiled(drawn.text, "kernel"),
            results={output.name: np.zeros(count, str(output.path[0])) for output in drawn.outputs},
        )

    @property
    def rows(self) -> int:
        """Rows of the entity."""
        return self.batch.tables[self.entity].count

    @property
    def outputs(self) -> list[Cells]:
        """The arrays that the kernel writes."""
        return list(self.results.values())

    def work(self) -> None:
        """Charge all rows on one thread."""
        self.function(*self.arguments())

    def arguments(self) -> list[Any]:
        """Return what the kernel is called with."""
        return self.kernels.bound(self.batch, self.drawn, self.results)

    def on(self, pool: ThreadPoolExecutor) -> Callable[[], object]:
        """Return a call that charges all rows in chunks, on the threads of a pool; for a table without others."""
        cut = [isinstance(argument, np.ndarray) and argument.size == self.rows for argument in self.arguments()]
        pieces = [
            [value[start : start + CHUNK] if rows else value for value, rows in zip(self.arguments(), cut, strict=True)]
            for start in range(0, self.rows, CHUNK)
        ]
        return partial(_all, pool, self.function, pieces)

    def amounts(self) -> list[Cells]:
        """Return the amounts of each line in kopecks; rows without a line have 0."""
        found = [(self.results[charge.amount.name], charge.scale) for charge in self.drawn.charges]
        return [np.where(amount > NOTHING, amount, 0) * (100 // scale) for amount, scale in found]

    def differing(self, count: int) -> tuple[int, int]:
        """Return how many of so many rows the interpreter charges otherwise, and how many rows were compared."""
        self.work()
        places = np.random.default_rng(1).choice(self.rows, min(count, self.rows), replace=False)
        rows = rows_of(self.batch, self.kernels.layout, self.entity, places)
        wrong = 0
        for place, row in zip(places, rows, strict=True):
            result = self.interpreter.account(row)
            right = {line.charge: line.amount for line in result.lines}
            wrong += bool(result.refusals) or self._lines(place) != right
        return wrong, len(rows)

    def _lines(self, place: int) -> dict[str, Fraction]:
        """Return the lines of a row."""
        found = {
            charge.plan.id: (int(self.results[charge.amount.name][place]), charge) for charge in self.drawn.charges
        }
        return {name: Fraction(cell, charge.scale) for name, (cell, charge) in found.items() if cell != NOTHING}


def _all(pool: ThreadPoolExecutor, function: Callable[..., object], pieces: list[list[Any]]) -> None:
    for _ in pool.map(lambda arguments: function(*arguments), pieces):
        pass
