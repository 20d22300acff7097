"""What is proved of a plan holds: for small ranges, for generated programs, and for the rules that ship."""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.naive.quotients import Watcher
from tests.proof_programs import Filler, generated
from tests.shipped import WATER, shipped

from kommres.dsl.backends.arithmetic import MODES, round_to
from kommres.dsl.backends.interpreter import Interpreter
from kommres.dsl.examples import run_examples
from kommres.dsl.plan.proofs import Assumptions
from kommres.dsl.plan.prove import prove
from kommres.dsl.plan.ranges import Range, greatest, hull, least
from kommres.dsl.plan.roundings import Rounding
from kommres.dsl.problems import DataProblem
from kommres.period import Month

ROOT = Path(__file__).parents[2]


# --- ranges ----------------------------------------------------------------------------------------------------


def values(found, most=4):
    """Values of a range, its ends and zero among them."""
    grid = found.grid or 6
    first = found.lo if found.lo is not None else (found.hi if found.hi is not None else Fraction(0)) - most
    last = found.hi if found.hi is not None else max(first, Fraction(0)) + most
    every = [Fraction(n, grid) for n in range(int(first * grid) - 1, int(last * grid) + 2)]
    kept = [v for v in every if found.holds(v)]
    return [*kept[:3], *kept[len(kept) // 2 :][:2], *kept[-3:], *(v for v in kept if v == 0)]


@st.composite
def ranges(draw):
    grid = draw(st.sampled_from([1, 2, 3, 6]))
    lo, hi = sorted((draw(st.integers(-8, 8)), draw(st.integers(-8, 8))))
    open_ends = draw(st.sampled_from([(0, 0), (0, 0), (1, 0), (0, 1), (1, 1)]))
    return Range(
        None if open_ends[0] else Fraction(lo, grid),
        None if open_ends[1] else Fraction(hi, grid),
        draw(st.sampled_from([grid, grid, None])),
    )


@settings(max_examples=300, deadline=None)
@given(ranges(), ranges())
def test_arithmetic_of_ranges_holds_every_result(a, b):
    results = {"add": a + b, "mul": a * b, "over": a.over(b), "least": least([a, b]), "greatest": greatest([a, b])}
    joined, size = hull([a, b]), a.size()
    for x, y in product(values(a), values(b)):
        assert results["add"].holds(x + y)
        assert results["mul"].holds(x * y)
        assert results["least"].holds(min(x, y))
        assert results["greatest"].holds(max(x, y))
        assert joined is not None
        assert joined.holds(x)
        assert joined.holds(y)
        assert size.holds(abs(x))
        if y:
            assert results["over"].holds(x / y), (a, b, x, y, results["over"])
        if x >= y:
            assert b.grid is None or a.above(y) is not None
            assert a.above(y).holds(x)
        if x > y:
            assert a.above(y, out=True).holds(x)
            assert b.below(x, out=True).holds(y)


@settings(max_examples=200, deadline=None)
@given(
    st.fractions(-3, 3, max_denominator=40),
    st.sampled_from(["half_up", "half_even", "up", "down", "ceiling", "floor"]),
    st.sampled_from([Fraction(1, 100), Fraction(1, 3), Fraction(2)]),
)
def test_roundings_of_bounds_are_those_of_the_interpreter(value, mode, step):
    assert Rounding(step=step, mode=mode).apply(value) == round_to(value, step, MODES[mode])


# --- programs --------------------------------------------------------------------------------------------------

WIDTHS = (200, 10**13, 10**9, 10**7)


def watched(plan, proofs, root, month, watcher=None):
    watcher = watcher or Watcher(plan, proofs)
    watcher.beyond = False
    interpreter = Interpreter(plan, month, hook=watcher)
    for definition in plan.definitions:
        for row in root.descendants(definition.rule.entity.name):
            for keys in product(*(enum.members for enum in definition.rule.keys)):
                try:
                    interpreter.value(definition, row, keys)
                except DataProblem:
                    continue
    return watcher


@pytest.mark.parametrize("seed", range(30))
def test_generated_programs_stay_inside_their_proofs(seed):
    plan, month = generated(seed), Month.parse(("2026-01", "2024-02")[seed % 2])
    assumed = Assumptions(number=WIDTHS[seed % 4], grid=1000, items=5, result=10**60)
    proofs = prove(plan, assumed)
    filler = Filler(plan, random.Random(1000 + seed), assumed, month)
    filler.far = (1, 3_652_028)
    watcher = Watcher(plan, proofs)
    for _ in range(8):
        watched(plan, proofs, filler.tree(), month, watcher)
        assert not watcher.beyond
    assert watcher.seen > 100


# --- rules that ship -------------------------------------------------------------------------------------------

SHIPPED = [
    WATER,
    *sorted((ROOT / "docs/reference/trial").glob("*.kmr")),
    ROOT / "docs/reference/trial/j_two_regions",
    ROOT / "tests/unit/dsl/house.kmr",
]


#: Rules whose tables know one month alone.
ONE_MONTH = {"g_network_capacity": "2026-06"}

#: Under these the assumed results hold, too.
NARROW = Assumptions(number=50, grid=100)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.stem)
@pytest.mark.parametrize("month", ["2025-12", "2024-02"])
def test_rows_at_random_stay_inside_the_proofs_of_what_ships(path, month):
    plan = shipped(path).plan
    month = ONE_MONTH.get(path.stem, month)
    for assumed in (NARROW, Assumptions()):
        filler = Filler(plan, random.Random(month), assumed, Month.parse(month))
        proofs = prove(plan, assumed)
        watcher = Watcher(plan, proofs)
        for _ in range(6):
            watched(plan, proofs, filler.tree(), filler.month, watcher)
        assert watcher.seen > 10


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.stem)
def test_examples_stay_inside_their_proofs(path):
    program = shipped(path)
    given = [override for example in program.bound.examples for override in example.overrides]
    watcher = Watcher(program.plan, prove(program.plan, overrides=given))
    run_examples(program, hook=watcher)
    assert not watcher.beyond
    assert watcher.seen > 10
