"""Checks what no other tool does: the size of modules, and that the core holds no law of a country.

Exit code 1 when a hard ceiling is passed or a forbidden word stands in the core.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
HARD, SOFT, MEDIAN = 700, 400, 200

TABLES: frozenset[str] = frozenset()
"""Modules that are a table of facts from end to end; the ceilings do not hold for them."""

# Acts and places belong into .kmr files, plugins and packs. The list is a net with wide meshes, review is the fine one.
LAW = re.compile(
    r"pp_?354|pp_?442|pp_?776|pp_?1034|decree\s+\d|постановлени\w*\s+(?:№\s*)?\d|housing[ _]code|жк[ _]рф"
    r"|moscow|москв|taishet|тайшет|sverdlovsk|свердловск|e[ky]aterinburg|екатеринбург|nizhny|russian[ _]federation",
    re.IGNORECASE,
)


def modules() -> Iterator[Path]:
    """Yield every module that ships."""
    for folder in (ROOT / "src", *sorted(ROOT.glob("plugins/*/src"))):
        yield from sorted(folder.rglob("*.py"))


def too_long() -> Iterator[str]:
    """Yield what passes a hard ceiling; print what passes the soft one."""
    sizes = {path.relative_to(ROOT).as_posix(): len(path.read_text("utf-8").splitlines()) for path in modules()}
    sizes = {name: size for name, size in sizes.items() if name not in TABLES}
    for name, size in sizes.items():
        if size > HARD:
            yield f"{name}: {size} lines, the ceiling is {HARD}; split it by the ideas it holds"
        elif size > SOFT:
            print(f"note: {name}: {size} lines, more than {SOFT}; is it one idea?")
    # Empty __init__.py files would make any median pass.
    middle = median(size for size in sizes.values() if size)
    if middle >= MEDIAN:
        yield f"the median module has {middle:g} lines, the ceiling is {MEDIAN}"


def law_in_core() -> Iterator[str]:
    """Yield the places where the core speaks of an act or a town."""
    core = ROOT / "src" / "kommres"
    for path in sorted(core.rglob("*.py")):
        if core / "packs" in path.parents:
            continue
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
            if found := LAW.search(line):
                place = path.relative_to(ROOT).as_posix()
                yield f"{place}:{number}: {found[0]!r} is law or a place; move it to a plugin or src/kommres/packs/"


def main() -> int:
    """Run both checks and print what they found."""
    findings = [*too_long(), *law_in_core()]
    for finding in findings:
        print(finding)
    return bool(findings)


if __name__ == "__main__":
    sys.exit(main())
