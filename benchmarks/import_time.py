"""How long ``import kommres`` takes in a fresh process with a warm file cache, and that it loads nothing heavy."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from statistics import median

from report import write

TARGET_MS = 60
HEAVY = ("numpy", "numba", "pyarrow", "lark", "pendulum", "click", "rich")
PROBE = f"""
import sys, time
start = time.perf_counter_ns()
import kommres
spent = time.perf_counter_ns() - start
import json
print(json.dumps([spent, [name for name in {HEAVY!r} if name in sys.modules]]))
"""


def main() -> int:
    """Measure by turns: an empty process, a process that imports."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    imports: list[int] = []
    wholes: list[int] = []
    bares: list[int] = []
    loaded: set[str] = set()
    for turn in range(4 if quick else 21):
        bare, _ = _timed("pass")
        whole, out = _timed(PROBE)
        spent, heavy = json.loads(out)
        loaded.update(heavy)
        if turn:  # the first one warms the file cache
            imports.append(spent)
            wholes.append(whole)
            bares.append(bare)
    figures = {
        "import_ms": _ms(imports),
        "import_worst_ms": f"{max(imports) / 1e6:.1f}",
        "process_with_import_ms": _ms(wholes),
        "bare_process_ms": _ms(bares),
        "runs": len(imports),
        "heavy_modules_loaded": sorted(loaded),
    }
    met = median(imports) <= TARGET_MS * 1_000_000 and not loaded
    return write("import_time", figures, target=f"import <= {TARGET_MS} ms, nothing heavy loaded", met=met, quick=quick)


def _timed(code: str) -> tuple[int, str]:
    start = time.perf_counter_ns()
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return time.perf_counter_ns() - start, done.stdout


def _ms(spans: list[int]) -> str:
    return f"{median(spans) / 1e6:.1f}"


if __name__ == "__main__":
    sys.exit(main())
