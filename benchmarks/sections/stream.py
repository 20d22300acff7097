"""Parquet to charges to Parquet, in processes of their own, against decoding and encoding the same files alone."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from statistics import median
from typing import Any

from benchmarks.contest import significant
from benchmarks.outcome import Outcome


def measure(*, quick: bool) -> Outcome:
    """Run by turns."""
    rows, rounds = (200_000, 1) if quick else (10_000_000, 3)
    with tempfile.TemporaryDirectory() as folder:
        _task("make", folder, str(rows))
        runs, codecs = [], []
        for _ in range(rounds):
            runs.append(_task("run", folder))
            codecs.append(_task("codec", folder))
    if refused := runs[0]["refused"]:
        raise SystemExit(f"{refused} accounts of clean data are in quarantine")
    ratio = median(codec["seconds"] / run["seconds"] for run, codec in zip(runs, codecs, strict=True))
    seconds = median(run["seconds"] for run in runs)
    figures = {
        "stream.vs_codec": ratio,
        "stream.peak_rss_mib": max(run["peak_rss_mib"] for run in runs),
        "stream.rows_per_s": rows / seconds,
    }
    codec = rows / median(codec["seconds"] for codec in codecs)
    return Outcome(
        figures={key: significant(value) for key, value in figures.items()},
        bounds={"stream.vs_codec": f"Parquet: decoding and encoding alone make {codec:,.0f} accounts a second"},
        engines={
            "stream": {
                "ours": {"rows": rows, "rows_per_s": significant(rows / seconds)},
                "decode and encode alone": {"rows": rows, "rows_per_s": significant(codec)},
            }
        },
    )


def _task(*arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.streaming", *arguments]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(done.stdout or "{}")
    return found
