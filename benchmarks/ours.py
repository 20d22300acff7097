"""The engine of this library in contests: compiled from a rule file, called on arrays that are there already."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from attrs import frozen
from benchmarks.batches import rows_of
from benchmarks.chain import Chain
from benchmarks.workloads import MONTH

import kommres
from kommres.dsl.backends.interpreter import Interpreter
from kommres.dsl.backends.kernels.batch import Layout
from kommres.dsl.backends.kernels.kernels import Kernels
from kommres.period import Month

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from concurrent.futures import ThreadPoolExecutor

    from benchmarks.workloads import Cells

    from kommres.dsl.backends.kernels.batch import Batch

RULES: Final = Path(__file__).resolve().parent / "rules"
#: rows of a chunk that a thread takes
CHUNK: Final = 1 << 17


@frozen(kw_only=True, eq=False)
class Ours:
    """The charges of one entity of a benchmark rule. Kernels charge all rows: none is left to the interpreter."""

    chain: Chain
    layout: Layout
    interpreter: Interpreter

    @classmethod
    def of(
        cls, rule: str, batch: Batch, entity: str, *, options: Mapping[str, str] | None = None, month: str = MONTH
    ) -> Ours:
        """Compile a rule file for a batch."""
        program = kommres.load(RULES / f"{rule}.kmr")
        period = Month.parse(month)
        kernels = Kernels(program.plan, period, options=options, few=0)
        chain = Chain.of(kernels, batch, entity)
        if left := int(chain.left().sum()):
            raise SystemExit(f"{left} of {chain.rows} rows of {rule}.kmr are left to the interpreter: {kernels.report}")
        interpreter = Interpreter(program.plan, period, options=options)
        return cls(chain=chain, layout=kernels.layout, interpreter=interpreter)

    @property
    def rows(self) -> int:
        """Rows of the entity."""
        return self.chain.rows

    @property
    def outputs(self) -> list[Cells]:
        """The arrays that kernels write."""
        return self.chain.outputs

    def work(self) -> None:
        """Charge all rows on one thread."""
        self.chain.work()

    def amounts(self) -> list[Cells]:
        """Return the amounts of each charge in kopecks."""
        return self.chain.kopecks()

    def on(self, pool: ThreadPoolExecutor) -> Callable[[], object]:
        """Return a call that charges all rows in chunks on the threads of a pool; for one kernel over one table."""
        (link,) = (*self.chain.firsts, *self.chain.seconds)
        pieces = [
            [value[start : start + CHUNK] if np.size(value) == self.rows else value for value in link.arguments]
            for start in range(0, self.rows, CHUNK)
        ]
        return partial(_all, pool, link.function, pieces)

    def differing(self, count: int) -> tuple[int, int]:
        """Return how many of so many rows the interpreter charges otherwise, and how many rows were compared."""
        self.work()
        places = np.random.default_rng(1).choice(self.rows, min(count, self.rows), replace=False).tolist()
        rows = rows_of(self.chain.batch, self.layout, self.chain.entity, places)
        wrong = 0
        for row, lines in zip(rows, self.chain.lines(places), strict=True):
            result = self.interpreter.account(row)
            wrong += bool(result.refusals) or lines != {line.charge: line.amount for line in result.lines}
        return wrong, len(rows)


def _all(pool: ThreadPoolExecutor, function: Callable[..., object], pieces: list[list[Any]]) -> None:
    for _ in pool.map(lambda arguments: function(*arguments), pieces):
        pass
