"""Kernels for changing rows: one text for all months, drawn once, and the same amounts as the interpreter's in each."""

import gc
from random import Random
from weakref import ref

import pytest
from tests.kernel_cases import Sides
from tests.kernel_programs import program
from tests.kernel_rows import Trees, spoilt
from tests.programs import plan_of
from tests.shipped import shipped

from kommres.dsl.backends.kernels import kept
from kommres.dsl.backends.kernels import kernels as making
from kommres.dsl.backends.kernels.batch import Names
from kommres.dsl.backends.kernels.drawing import Drawing
from kommres.dsl.backends.kernels.kernels import Kernels
from kommres.dsl.backends.rows import Row
from kommres.period import Month

MONTHS = tuple(map(Month.parse, ("2026-01", "2025-12", "2026-02", "2024-02", "2019-07", "2026-11")))


@pytest.fixture
def drawings(monkeypatch):
    """How many drawings were made."""
    seen, draw = [], making.drawn
    monkeypatch.setattr(making, "drawn", lambda *args: seen.append(args) or draw(*args))
    return seen


@pytest.mark.parametrize("seed", [0, 2, 3, 5])
def test_a_program_in_many_months(seed, drawings):
    """Tables change inside some of them, rules begin and end there, and what lies in the past differs."""
    _, plan = program(seed)
    sides = [Sides(plan, month, still=False) for month in MONTHS]
    assert len(drawings) == 1
    for one, month in zip(sides, MONTHS, strict=True):
        assert one.kernels.drawn is sides[0].kernels.drawn
        trees = Trees(plan, Random(seed), month)
        whole = [trees.tree() for _ in range(40)]
        assert one.compare(whole).lines
        one.compare([spoilt(plan, root, trees.pick)[0] for root in whole])


def test_the_rules_that_ship(drawings):
    texts = {
        tuple(kernel.text for kernel in Kernels(shipped().plan, Month.parse(month), still=False).drawn)
        for month in ("2022-11", "2023-03", "2024-02")
    }
    assert (len(texts), len(drawings)) == (1, 1)


HEAD = """
module t.kept
entity flat
input place of flat: id
"""
SMALL = HEAD + "charge c of flat: RUB\n    = round(3 * 1 RUB, 0.01)\n"


def flats(*places):
    return [Row("flat", str(n), values={("place", ()): place}) for n, place in enumerate(places)]


def test_what_is_known_and_chosen_makes_another_drawing(drawings):
    plan = plan_of(
        HEAD
        + """
param price by place: number
    from 2025-01-01  x = 1
    from 2026-01-01 known from 2025-12-20  x = 2  y = 3
option reading: half or whole, default whole
charge c of flat: RUB
    = round((price[place] at start) * (if reading = half then 0.5 otherwise 1) * 1 RUB, 0.01)
"""
    )
    early, late = Month.parse("2025-12").start + 9, Month.parse("2026-02").start
    for known_at, reading in [(None, "whole"), (early, "whole"), (late, "half"), (None, "half"), (None, "whole")]:
        for month in MONTHS[:3]:
            sides = Sides(plan, month, still=False, known_at=known_at, options={"reading": reading})
            assert sides.compare(flats("x", "y", "z")).share == 0
    assert len(drawings) == 4


def test_a_value_too_wide_for_kernels_in_some_month_only():
    plan = plan_of(
        HEAD
        + """
param price by place: number, 0..100_000_000_000_000_000_000
    from 2025-01-01  x = 1
    from 2026-02-01  x = 10_000_000_000_000_000_000
charge c of flat: RUB
    = round((price[place] at start) * 1 RUB, 0.01)
"""
    )
    for month in MONTHS:
        Sides(plan, month, still=False).compare(flats("x", "y"))


def test_a_plan_takes_its_drawings_along():
    plan = plan_of(SMALL)
    Kernels(plan, MONTHS[0], still=False)
    gone = ref(plan)
    del plan
    gc.collect()
    assert gone() is None


def test_few_drawings_of_a_plan_are_kept(drawings):
    plan = plan_of(SMALL)
    days = range(MONTHS[0].start, MONTHS[0].start + 20)
    for day in (*days, days[-1], days[0]):
        Kernels(plan, MONTHS[0], still=False, known_at=day)
    assert len(drawings) == len(days) + 1
    assert len(kept._known[plan]) < len(days)


@pytest.mark.parametrize("others", [(), ("a",)])
def test_a_drawing_fits_no_other_codes(others):
    """Codes stand in the text: another thread may have given some to texts of a batch meanwhile."""
    plan, drawing, names, again = plan_of(SMALL), Drawing(kernels=(), notes=()), Names(), Names()

    def draw():
        names.codes(["x", "y"])
        return drawing

    assert kept.kept(plan, "key", names, draw) is drawing
    again.codes(others)
    found = kept.kept(plan, "key", again, lambda: Drawing(kernels=(), notes=()))
    assert (found is drawing, again.texts) == ((False, ["a"]) if others else (True, ["x", "y"]))


@pytest.mark.parametrize("seed", [1, 4])
def test_quick_kernels_charge_the_same(seed):
    _, plan = program(seed)
    sides = Sides(plan, MONTHS[0], still=False, quick=True)
    trees = Trees(plan, Random(seed), MONTHS[0])
    assert sides.compare([trees.tree() for _ in range(60)]).lines
