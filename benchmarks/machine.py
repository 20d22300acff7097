"""What figures depend on besides the code. No name of a host, no path."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

_PACKAGES: Final = (
    "kommres",
    "numba",
    "llvmlite",
    "numpy",
    "pyarrow",
    "polars",
    "duckdb",
    "openfisca-core",
    "nrel-pysam",
)


def machine() -> dict[str, Any]:
    """Return processor, memory, system and versions."""
    return {
        "processor": _first("/proc/cpuinfo", "model name") or platform.processor(),
        "vectors": _vectors(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "cache_l3": _first("/sys/devices/system/cpu/cpu0/cache/index3/size"),
        "memory_gib": _memory_gib(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "versions": {name: found for name in _PACKAGES if (found := _version(name))},
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _first(path: str, name: str = "") -> str:
    """Return the value of the first line of a system file that begins with a name."""
    try:
        lines = Path(path).read_text("utf-8").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() if name else line for line in lines if line.startswith(name)), "")


def _vectors() -> str:
    flags = _first("/proc/cpuinfo", "flags").split()
    return next((name for name in ("avx512f", "avx2", "sse4_2") if name in flags), "")


def _memory_gib() -> int | None:
    kib = _first("/proc/meminfo", "MemTotal").split()
    return round(int(kib[0]) / (1 << 20)) if kib else None
