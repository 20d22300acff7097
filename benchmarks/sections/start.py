"""What a process pays before its first charge: importing, checking rules, compiling, loading compiled rules again."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.contest import significant
from benchmarks.outcome import Outcome

RULES = Path(__file__).resolve().parent.parent / "rules"
HEAVY = ("numpy", "numba", "pyarrow", "lark", "pendulum", "click", "rich")
IMPORT = f"""
import sys, time
start = time.perf_counter_ns()
import kommres
spent = time.perf_counter_ns() - start
import json
print(json.dumps([spent, [name for name in {HEAVY!r} if name in sys.modules]]))
"""


def measure(*, quick: bool) -> Outcome:
    """Measure by turns of fresh processes."""
    turns = 1 if quick else 9
    kept = int(not quick)  # the first turn fills the file cache
    imports = [_import() for _ in range(3 if quick else 21)][1:]
    checks = [_check() for _ in range(1 if quick else 6)][kept:]
    cold, cached = [], []
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(turns):
            cold.append(_first_charge(Path(folder) / str(turn)))
            cached.append(_first_charge(Path(folder) / str(turn)))
    figures = {
        "import.kommres_ms": median(imports) / 1e6,
        "check.all_rules_s": median(checks),
        "compile.cold_s": median(cold[kept:]),
        "compile.cached_s": median(cached[kept:]),
    }
    return Outcome(figures={key: significant(value) for key, value in figures.items()})


def _import() -> int:
    done = subprocess.run([sys.executable, "-c", IMPORT], check=True, capture_output=True, text=True)
    spent, heavy = json.loads(done.stdout)
    if heavy:
        raise SystemExit(f"import kommres loads {', '.join(heavy)}")
    return int(spent)


def _check() -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-m", "kommres", "check"], check=True, capture_output=True)
    return time.perf_counter() - start


def _first_charge(cache: Path) -> float:
    """Return what a fresh process spends from loaded rules to charged rows."""
    command = [sys.executable, "-m", "benchmarks.first_charge", str(RULES / "bill.kmr"), str(cache)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return float(done.stdout)
