"""Holds kernels against the interpreter on programs and rows that no test has seen, for as long as it is told.

    python tools/fuzz.py --seconds 60

Exit code 0 where all is equal, 1 where it is not: the smallest case that was found is printed with its seed. The same
seed makes the same cases.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from random import SystemRandom
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parent.parent


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare until the time is over, or until something differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60, help="how long (default: 60)")
    parser.add_argument("--seed", type=int, help="where to begin (default: anywhere)")
    parser.add_argument("--shrink", type=float, default=120, help="seconds for making a case smaller (default: 120)")
    chosen = parser.parse_args(arguments)
    seed = SystemRandom().randrange(10**9) if chosen.seed is None else chosen.seed
    print(f"seed {seed}; the same cases again: python tools/fuzz.py --seed {seed} --seconds {chosen.seconds:g}")
    try:
        return _fuzz(seed, chosen.seconds, chosen.shrink)
    except KeyboardInterrupt:
        print("\nstopped by Ctrl-C; nothing differed until then", file=sys.stderr)
        return 130


def _fuzz(seed: int, seconds: float, shrink: float) -> int:
    sys.path.insert(0, str(ROOT))
    from tests.kernel_cases import Tally
    from tests.kernel_draws import failing, smallest, turns

    started, told, tally = time.monotonic(), 0.0, Tally()
    for cases, (kind, case_seed) in enumerate(turns(seed), 1):
        case = failing(kind, case_seed, tally)
        if case is not None:
            print(f"{kind}, seed {case_seed}: interpreter and kernels differ; making the case smaller", flush=True)
            print(smallest(case, shrink))
            return 1
        spent = time.monotonic() - started
        if spent - told > 10 or spent > seconds:
            told = spent
            lines, ties = sum(tally.lines.values()), sum(tally.ties.values())
            print(
                f"{spent:6.0f} s  {cases} cases, {tally.rows} rows, {lines} lines, {ties} on ties,"
                f" {tally.share:.1%} left to the interpreter",
                flush=True,
            )
        if spent > seconds:
            break
    return 0


if __name__ == "__main__":
    sys.exit(main())
