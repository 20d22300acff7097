"""What the benchmarks share: the machine, results on disk and on the screen."""

from __future__ import annotations

import json
import os
import platform
import sys
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parent / "results"


def machine() -> dict[str, Any]:
    """Return what a figure depends on besides the code."""
    return {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
    }


def write(name: str, figures: dict[str, Any], *, target: str, met: bool, quick: bool = False) -> int:
    """Print figures, write them to ``results/NAME.json`` and return 0 where the target is met, else 1.

    A quick run only shows that a benchmark works: its figures are printed, not written, and its target is not judged.
    """
    width = max(map(len, figures))
    print(f"{name} ({target}):")
    for key, value in figures.items():
        shown = json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value
        print(f"  {key:<{width}}  {shown}")
    if quick:
        print("  quick run: not judged, not written")
        return 0
    RESULTS.mkdir(exist_ok=True)
    card = {"benchmark": name, "target": target, "met": met, "figures": figures, "machine": machine()}
    (RESULTS / f"{name}.json").write_text(json.dumps(card, ensure_ascii=False, indent=2) + "\n", "utf-8")
    print(f"  target {'met' if met else 'MISSED'}", file=sys.stdout if met else sys.stderr)
    return 0 if met else 1


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
