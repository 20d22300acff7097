"""Holds kernels against the interpreter on programs and rows that no test has seen, for as long as it is told.

    python tools/fuzz.py --seconds 60

Exit code 0 where all is equal, 1 where it is not: the smallest case that was found is printed with its seed. The same
seed makes the same cases.
"""

from __future__ import annotations

import argparse
import sys
import time
from itertools import count
from pathlib import Path
from random import Random, SystemRandom
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).resolve().parent.parent
#: Trees of a case.
TREES = 150


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare until the time is over, or until something differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60, help="how long (default: 60)")
    parser.add_argument("--seed", type=int, help="where to begin (default: anywhere)")
    parser.add_argument("--shrink", type=float, default=120, help="seconds for making a case smaller (default: 120)")
    chosen = parser.parse_args(arguments)
    sys.path.insert(0, str(ROOT))
    seed = SystemRandom().randrange(10**9) if chosen.seed is None else chosen.seed
    print(f"seed {seed}; the same cases again: python tools/fuzz.py --seed {seed} --seconds {chosen.seconds:g}")
    try:
        return _fuzz(seed, chosen.seconds, chosen.shrink)
    except KeyboardInterrupt:
        print("\nstopped by Ctrl-C; nothing differed until then", file=sys.stderr)
        return 130


def _fuzz(seed: int, seconds: float, shrink: float) -> int:
    from tests.kernel_cases import Tally

    until, started = time.monotonic() + seconds, time.monotonic()
    tally, told, cases = Tally(), 0.0, 0
    for what, case_seed in _turns(seed):
        failed = _case(what, case_seed, tally)
        cases += 1
        now = time.monotonic()
        if failed is not None:
            print(f"{what}, seed {case_seed}: interpreter and kernels differ")
            print(_smallest(failed, shrink))
            return 1
        if now - told > 10 or now > until:
            told = now
            print(
                f"{now - started:6.0f} s  {cases} cases, {tally.rows} rows, {sum(tally.lines.values())} lines,"
                f" {sum(tally.ties.values())} on ties, {tally.share:.1%} left to the interpreter",
                flush=True,
            )
        if now > until:
            return 0
    return 0


def _turns(seed: int) -> Iterator[tuple[str, int]]:
    for number in count():
        yield ("program", "slices", "shape", "hours", "program", "shipped")[number % 6], seed + number


def _case(what: str, seed: int, tally: Any) -> Any:
    """Compare one case; return it where it fails."""
    from tests.kernel_cases import Sides, sought
    from tests.kernel_hours import TABLES
    from tests.kernel_rows import spoilt
    from tests.kernel_shrink import Case

    pick = Random(seed)
    texts, plan, month, terms, trees, most = _drawn(what, seed, pick)
    whole = [trees.tree() for _ in range(TREES // 10 if what == "hours" else TREES)]
    assumed = terms.get("assumed", trees.assumed)

    def case(root: Any) -> Any:
        return Case(texts, plan, month, terms, root, tables=TABLES)

    try:
        sides = Sides(plan, month, **terms)
    except Exception:  # noqa: BLE001 - kernels are never refused
        return case(whole[0])
    turned = [sought(sides, d, trees, wanted=most, tries=most) for d in plan.charges]
    for roots in (whole, [spoilt(plan, root, pick, assumed)[0] for root in whole], *turned):
        try:
            tally.add(sides.compare(roots))
        except Exception as error:  # noqa: BLE001 - whatever a kernel raises is wrong
            found = getattr(error, "root", None)
            return case(found or next((r for r in roots if case(r).fails() is not None), roots[0]))
    return None


def _drawn(what: str, seed: int, pick: Random) -> tuple[Any, ...]:
    """Draw texts (None: they ship), plan, month, terms, trees, and how many ties to seek."""
    from attrs import evolve
    from tests import kernel_hours, kernel_programs, kernel_shapes
    from tests.kernel_rows import Trees
    from tests.kernel_water import PLACES, Households, water
    from tests.naive.programs import draw

    from kommres.dsl.backends.kernels.kernels import ASSUMED
    from kommres.dsl.plan.proofs import Assumptions
    from kommres.period import Month

    month = Month.of(pick.choice((2024, 2025, 2026)), pick.randint(1, 12))
    narrow = evolve(ASSUMED, number=500, grid=pick.choice((1000, 100)))
    assumed = pick.choice((ASSUMED, narrow, Assumptions()))
    terms: dict[str, Any] = {"assumed": assumed}
    match what:
        case "program":
            texts, plan = kernel_programs.program(seed)
            if pick.random() < 0.2:
                terms["options"] = {"reading": pick.choice(("plain", "half"))}
            if pick.random() < 0.2:
                terms["known_at"] = month.start - pick.randint(0, 60)
            return texts, plan, month, terms, Trees(plan, pick, month, assumed=assumed), 50
        case "hours":
            texts, plan = kernel_hours.program(seed)
            month = Month.parse(pick.choice(("2025-12", "2026-01", "2026-03", "2026-10")))
            return texts, plan, month, terms, Trees(plan, pick, month, assumed=assumed), 6
        case "slices":
            month, plan = Month.parse("2026-01"), None
            while plan is None:
                texts = draw(pick).texts
                plan, _ = kernel_programs.compiled(texts)
            return texts, plan, month, terms, Trees(plan, pick, month, assumed=assumed, words=("x", "y", "z")), 30
        case "shape":
            name = pick.choice(list(kernel_shapes.SHAPES))
            plan = kernel_shapes.shape(name)
            return kernel_shapes.texts(name), plan, month, terms, Trees(plan, pick, month, assumed=assumed), 300
    month = Month.parse(pick.choice(list(PLACES)))
    happens = pick.choice(("", "", "absence", "unauthorized_connection", "tampering"))
    return None, water(), month, {}, Households(month, pick, happens=happens), 60


def _smallest(case: Any, seconds: float) -> str:
    from tests.kernel_shrink import shrunk

    found = shrunk(case, seconds)
    if found is None:
        return "the tree alone does not fail: it depends on its neighbours\n" + str(case.show(AssertionError()))
    smaller, problem = found
    return str(smaller.show(problem))


if __name__ == "__main__":
    sys.exit(main())
