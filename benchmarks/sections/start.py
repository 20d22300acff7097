"""What a process pays before its first charge: importing, checking rules, compiling, loading compiled rules again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from attrs import frozen
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
    with tempfile.TemporaryDirectory() as folder:
        fresh = Fresh(folder=Path(folder))
        # The first turn fills the file cache and writes bytecode.
        imports = [fresh.imports() for _ in range(3 if quick else 21)][1:]
        checks = [fresh.check() for _ in range(2 if quick else 5)][1:]
        charges = [fresh.charges(str(turn)) for turn in range(2 if quick else 10)][1:]
    figures = {
        "import.kommres_ms": median(imports) / 1e6,
        "check.all_rules_s": median(checks),
        "compile.cold_s": median(cold for cold, _ in charges),
        "compile.cached_s": median(cached for _, cached in charges),
    }
    return Outcome(figures={key: significant(value) for key, value in figures.items()})


@frozen(kw_only=True)
class Fresh:
    """Fresh processes with a ``folder`` for what they keep; they find bytecode, as those of an installed package do."""

    folder: Path

    def imports(self) -> int:
        """Return the nanoseconds of an import."""
        spent, heavy = json.loads(self._run("-c", IMPORT))
        if heavy:
            raise SystemExit(f"import kommres loads {', '.join(heavy)}")
        return int(spent)

    def check(self) -> float:
        """Return what checking all installed rules takes."""
        start = time.perf_counter()
        self._run("-m", "kommres", "check")
        return time.perf_counter() - start

    def charges(self, cache: str) -> tuple[float, float]:
        """Return what it takes from loaded rules to charged rows, without and with kernels in the cache."""
        arguments = "-m", "benchmarks.first_charge", str(RULES / "bill.kmr"), str(self.folder / cache)
        return float(self._run(*arguments)), float(self._run(*arguments))

    def _run(self, *arguments: str) -> str:
        environment = dict(os.environ)
        if environment.pop("PYTHONDONTWRITEBYTECODE", ""):
            environment["PYTHONPYCACHEPREFIX"] = str(self.folder / "bytecode")
        command = [sys.executable, *arguments]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment).stdout
