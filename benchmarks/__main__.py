"""Run all benchmarks, one after the other in processes of their own: ``python -m benchmarks [--quick]``."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

SCRIPTS = ("import_time", "check_time", "interpreter_rate")


def main() -> int:
    """Run the scripts; 1 where one of them fails or misses its target."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small data: see that they work, judge nothing")
    arguments = ["--quick"] if parser.parse_args().quick else []
    here = Path(__file__).resolve().parent
    codes = [
        subprocess.run([sys.executable, here / f"{name}.py", *arguments], check=False).returncode for name in SCRIPTS
    ]
    return int(any(codes))


if __name__ == "__main__":
    sys.exit(main())
