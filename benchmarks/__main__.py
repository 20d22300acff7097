"""Run the suite: ``python -m benchmarks [--quick] [SECTION ...]``. Each section runs in a process of its own."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib import import_module
from pathlib import Path

from benchmarks import report
from benchmarks.outcome import Outcome

SECTIONS = ("start", "interpreter", "charge", "trees", "penalty", "hourly", "shipped", "stream", "micro")
LONGEST = "shipped"


def main() -> int:
    """Run sections and write the results; 1 where one fails, amounts differ or, on large data, a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small data: see that all works, judge no target")
    parser.add_argument("--into", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"{', '.join(SECTIONS)}; default: all")
    asked = parser.parse_args()
    if asked.into:
        import_module(f"benchmarks.sections.{asked.sections[0]}").measure(quick=asked.quick).write(asked.into)
        return 0
    start = time.perf_counter()
    outcome, failed = Outcome(), []
    names = asked.sections or SECTIONS
    # On small data nobody judges the figures: sections may disturb each other, the longest comes first.
    names = sorted(names, key=LONGEST.__ne__) if asked.quick else names
    with ThreadPoolExecutor(2 if asked.quick else 1) as lanes:
        for name, found in zip(names, lanes.map(partial(_section, quick=asked.quick), names), strict=True):
            failed += [name] if found is None else []
            outcome = outcome.joined(found or Outcome())
    found = report.results(
        outcome, _bandwidth(quick=asked.quick), quick=asked.quick, seconds=time.perf_counter() - start
    )
    print("\n".join(report.lines_of(found)))
    if not asked.sections:
        report.write(found)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return int(bool(failed) or outcome.mismatches > 0 or (bool(found["missed"]) and not asked.quick))


def _section(name: str, *, quick: bool) -> Outcome | None:
    """Run a section in a process of its own, so that it gives its memory back and warms nothing for others.

    None where it fails.
    """
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        into = Path(folder) / "outcome.json"
        command = [sys.executable, "-m", "benchmarks", name, "--into", str(into), *(["--quick"] if quick else [])]
        done = subprocess.run(command, check=False, cwd=report.HERE.parent)
        outcome = Outcome.read(into) if done.returncode == 0 else None
    print(f"{name}: {time.perf_counter() - start:.0f} s", flush=True)
    return outcome


def _bandwidth(*, quick: bool) -> dict[str, float]:
    from benchmarks.bandwidth import stream

    return stream(10_000_000 if quick else 40_000_000, 3 if quick else 9)


if __name__ == "__main__":
    sys.exit(main())
