"""Micro benchmarks, by pytest-benchmark: single stages and single calls."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.contest import significant
from benchmarks.outcome import Outcome

TESTS = Path(__file__).resolve().parent.parent / "micro"


def measure(*, quick: bool) -> Outcome:
    """Run them; only medians are kept, as pytest-benchmark would write down whose machine it was."""
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder) / "micro.json"
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(TESTS)]
        command += ["--benchmark-json", str(results), "--benchmark-quiet"]
        command += ["--benchmark-max-time", "0.1" if quick else "1", "--benchmark-min-rounds", "2" if quick else "5"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        found = json.loads(results.read_text("utf-8"))["benchmarks"]
    medians = {one["name"].removeprefix("test_"): significant(one["stats"]["median"] * 1e6) for one in found}
    return Outcome(micro=medians)
