"""Rules that ship, loaded once in each process: for tests that are not about loading."""

from functools import cache
from pathlib import Path

from kommres.dsl.program import Program, load

ROOT = Path(__file__).parents[1]
WATER = ROOT / "plugins/water/src/kommres_water/rules"


@cache
def shipped(*rules: Path) -> Program:
    """All that is installed, or the rules of paths."""
    return load(*rules)
