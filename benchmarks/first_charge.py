"""The first charge of a process: ``python -m benchmarks.first_charge RULES CACHE`` prints the seconds it took.

The clock starts when the rules are loaded, and stops when 1 000 rows are charged; numpy and numba come in between.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import kommres
from kommres.period import Month


def main(rules: str, cache: str) -> None:
    """Charge once."""
    program = kommres.load(rules)
    start = time.perf_counter()
    import numpy as np

    from kommres.dsl.backends.kernels.batch import Batch, Column, Table
    from kommres.dsl.backends.kernels.kernels import Kernels

    kernels = Kernels(program.plan, Month.parse("2026-01"), cache=Path(cache))
    rows = 1_000
    tables = {
        entity: Table(
            entity=entity,
            count=rows,
            parent=np.arange(rows) if parent else None,
            children={child: np.arange(rows + 1) for child in ("home",) if not parent},
            columns={
                key: Column(values=np.full(rows, coding.low, coding.dtype))
                for key, coding in kernels.layout.inputs[entity].items()
            },
        )
        for entity, parent in (("house", False), ("home", True))
    }
    charged = kernels.charge(Batch(tables=tables))
    spent = time.perf_counter() - start
    left = int(charged["home"].left.sum())
    if left or kernels.report:
        raise SystemExit(f"{left} of {rows} rows are left to the interpreter; {kernels.report}")
    print(spent)


if __name__ == "__main__":
    main(*sys.argv[1:])
