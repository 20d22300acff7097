"""Interpreter and kernels agree on every bit: for small programs of usual shapes, for random ones, for what ships."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from functools import cache
from random import Random

import pytest
from attrs import evolve
from tests import kernel_chains, kernel_hours
from tests.kernel_cases import Sides, Tally, proofs_are_found_once, sought
from tests.kernel_programs import compiled, program
from tests.kernel_rows import Trees, plenty, spoilt
from tests.kernel_shapes import SHAPES, shape
from tests.kernel_shipped import Grown, shipped, terms_for
from tests.kernel_water import PLACES, Households, water
from tests.naive.programs import draw
from tests.shipped import ROOT

from kommres.columns.ingest import open_data
from kommres.columns.rows import Rows
from kommres.dsl.backends.interpreter import Interpreter
from kommres.dsl.backends.kernels.kernels import ASSUMED
from kommres.dsl.backends.rows import Row
from kommres.dsl.plan.proofs import Assumptions
from kommres.dsl.program import load
from kommres.period import Month
from kommres.synth import synthesize

JANUARY = Month.parse("2026-01")


@pytest.fixture(autouse=True, scope="module")
def proofs():
    with proofs_are_found_once():
        yield


# --- usual shapes, very many rows ------------------------------------------------------------------------------

#: Rows of each shape; together with the other tests here more than a million.
PLENTY = 33_000
AT_ONCE = 11_000
#: Share of rows that a kernel may leave although the interpreter charges them; 0 where nothing is said.
MAY_BE_LEFT = {"deep": 1.0}


@pytest.mark.parametrize("name", SHAPES)
def test_shapes(name):
    plan, pick, tally = shape(name), Random(name), Tally()
    sides = Sides(plan, JANUARY)
    for _ in range(PLENTY // AT_ONCE):
        tally.add(sides.compare(plenty(plan, pick, AT_ONCE, JANUARY)))
    trees = Trees(plan, pick, JANUARY)
    for definition in plan.charges:
        tally.add(sides.compare(sought(sides, definition, trees, wanted=1000, tries=400)))
    assert tally.rows > PLENTY
    assert tally.share <= MAY_BE_LEFT.get(name, 0), tally
    if MAY_BE_LEFT.get(name, 0) < 1:
        assert all(tally.ties[d.id] > (5 if name == "wide" else 50) for d in plan.charges), tally


# --- random programs -------------------------------------------------------------------------------------------

MONTHS = ("2026-01", "2026-02", "2025-12", "2024-02")


@pytest.mark.parametrize("seed", range(20))
def test_random_programs(seed):
    texts, plan = program(seed)
    pick, month = Random(seed), Month.parse(MONTHS[seed % len(MONTHS)])
    assumed = (ASSUMED, Assumptions(), evolve(ASSUMED, number=500, grid=100))[seed % 3]
    known = {"known_at": dt.date(2025, 12, 10).toordinal()} if seed % 5 == 4 else {}
    chosen = {"options": {"reading": "half"}} if seed % 7 == 6 else {}
    sides = Sides(plan, month, assumed=assumed, **known, **chosen)
    trees = Trees(plan, pick, month, assumed=assumed)
    whole = [trees.tree() for _ in range(100)]
    tally = sides.compare(whole)
    assert tally.lines, texts
    sides.compare([spoilt(plan, root, pick, assumed)[0] for root in whole])
    for definition in plan.charges:
        sides.compare(sought(sides, definition, trees, wanted=60, tries=25))


@pytest.mark.parametrize("seed", range(24))
def test_random_chains(seed):
    """Values that fit words only in their lowest terms: many rows of wild numbers are left, none may be wrong."""
    _, plan = kernel_chains.program(seed)
    pick, month = Random(seed), Month.parse(("2026-01", "2025-03")[seed % 2])
    sides = Sides(plan, month, few=(0, 10**9)[seed % 3 == 2])
    trees = Trees(plan, pick, month)
    whole = [trees.tree() for _ in range(60)]
    assert sides.compare(whole).lines
    assert {note.why for note in sides.kernels.report} <= {"it never has a value"}
    sides.compare([spoilt(plan, root, pick)[0] for root in whole])


_BEFORE = """
module t.before
entity flat
input w of flat: number, step 0.01, 0..1000, varies
event away of flat
    from: date
    to: date, optional
    n: number, step 1, 0..4
rule gone of flat: number
    = sum of e.n for e in away where e.from {later} <= period.day and (not has e.to or e.to > period.day)
rule soon of flat: number
    = count for e in away where period.day {later} < e.from
charge x of flat: RUB
    = sum over slices round((gone + 2 * soon + w) * slice.months / 1 month * 1 RUB, {round})
"""


def test_days_before_edges_of_events():
    """What is cut at the edges of an event comes to the same, before rounding, as what is cut on every day."""
    pick = Random(5)
    (one, _), (other, _) = (compiled((_BEFORE.format(later=later, round="0.000_001"),)) for later in ("", "+ 0 day"))
    sides = Sides(one, JANUARY), Sides(other, JANUARY)
    assert [side.plan.charges[0].cuts.daily for side in sides] == [False, True]
    trees = Trees(one, pick, JANUARY)
    for root in (trees.tree() for _ in range(200)):
        found, daily = (side.expected(side.plan.charges[0], root) for side in sides)
        assert abs(found.amount - daily.amount) < Fraction(31, 10**6)
    whole = [trees.tree() for _ in range(200)]
    assert sides[0].compare(whole).share == 0


@pytest.mark.parametrize("seed", range(12))
def test_random_slices_and_overlays(seed):
    pick = Random(seed)
    plan = None
    while plan is None:  # a guard may prove what an `else` provides for
        plan, _ = compiled(draw(pick).texts)
    sides = Sides(plan, JANUARY)
    trees = Trees(plan, pick, JANUARY, words=("x", "y", "z"))
    whole = [trees.tree() for _ in range(150)]
    sides.compare(whole)
    sides.compare([spoilt(plan, root, pick)[0] for root in whole])


@pytest.mark.parametrize("seed", range(10))
def test_random_hours(seed):
    _, plan = kernel_hours.program(seed)
    pick, month = Random(seed), Month.parse(("2026-01", "2026-03", "2025-12", "2026-10")[seed % 4])
    sides = Sides(plan, month)
    trees = Trees(plan, pick, month)
    whole = [trees.tree() for _ in range(12)]
    sides.compare(whole)
    sides.compare([spoilt(plan, root, pick)[0] for root in whole])
    for definition in plan.charges:
        sides.compare(sought(sides, definition, trees, wanted=10, tries=3))


# --- what ships ------------------------------------------------------------------------------------------------

#: Rows of each charge whose numbers were sought so that something is a tie or almost one; and lines that kernels must
#: make of them with something that is a tie, for which more rows are sought where need be.
SOUGHT, TIES = 5_000, 500
SHIPPED = sorted(shipped().charges, key=lambda definition: (definition.rule.service, definition.id))


@cache
def sides_of(service, terms):
    """Both back ends for a service: its kernels are the same in most months, so they are compiled once."""
    charges = [definition.id for definition in SHIPPED if definition.rule.service == service]
    return Sides(shipped(), terms.month, charges=charges, **terms.named)


@pytest.mark.parametrize("definition", SHIPPED, ids=lambda definition: definition.rule.name)
def test_shipped_charges(definition):
    """Rows grown from examples: as they are, with something wrong, and turned until something is a tie or almost."""
    pick, terms, tally, count = Random(definition.id), terms_for(definition), Tally(), 0
    sides = sides_of(definition.rule.service, terms)
    assert not sides.kernels.report
    trees = Grown(definition, pick, terms)
    whole = [trees.tree() for _ in range(200)]
    assert sides.compare(whole, only=definition).lines
    sides.compare([spoilt(shipped(), root, pick)[0] for root in whole], only=definition)
    for _ in range(15):
        found = sought(sides, definition, trees, wanted=SOUGHT // 5, tries=SOUGHT)
        tally.add(sides.compare(found, only=definition))
        count += len(found)
        if count >= SOUGHT and tally.ties[definition.id] >= TIES:
            break
    assert count >= SOUGHT
    assert tally.ties[definition.id] >= TIES, tally


def test_synthetic_city(tmp_path):
    """Of what the interpreter charges in a city hardly anything is left, and nothing differs."""
    month = Month.parse("2023-01")
    city = synthesize(tmp_path / "city", accounts=250, seed=4, months=[str(month)])
    data = open_data(shipped(), city.month(str(month)))
    root = data.roots[0]
    trees = Rows(data, month).trees(root, 0, len(data.entities[root].order))
    tally = Tally()
    for service in dict.fromkeys(definition.rule.service for definition in SHIPPED):
        charges = [definition.id for definition in SHIPPED if definition.rule.service == service]
        tally.add(Sides(shipped(), month, charges=charges).compare(trees))
    assert tally.rows > 200
    assert sum(tally.lines.values()) > 1000
    assert tally.share < 0.02, tally


@pytest.mark.parametrize("month", PLACES)
def test_shipped_households(month):
    """Prices of places, which change inside some of the months, and everything that may happen in a household."""
    month = Month.parse(month)
    trees, interpreter = Households(month, Random(str(month)), sizes=(1, 1, 2, 3)), Interpreter(water(), month)
    whole = [trees.tree() for _ in range(600)]
    accounts = [interpreter.account(row) for root in whole for row in root.descendants("premises")]
    met = {line.charge for account in accounts for line in account.lines}
    charges = [definition for definition in water().charges if definition.id in met]
    sides = Sides(water(), month, charges=[definition.id for definition in charges])
    assert len(sides.compare(whole).lines) == len(charges) > 10
    sides.compare([spoilt(water(), root, trees.pick)[0] for root in whole])
    for definition in charges:
        sides.compare(sought(sides, definition, trees, wanted=200, tries=40), only=definition)


TRIAL = [
    *sorted((ROOT / "docs/reference/trial").glob("*.kmr")),
    ROOT / "docs/reference/trial/j_two_regions",
    ROOT / "tests/unit/dsl/house.kmr",
]


@pytest.mark.parametrize("path", TRIAL, ids=lambda p: p.stem)
def test_trial_rules(path):
    plan = load(path).plan
    for month in map(Month.parse, ("2026-01", "2024-02")):
        for assumed in (ASSUMED, Assumptions(number=50, grid=100)):
            pick = Random(str(month))
            sides = Sides(plan, month, assumed=assumed)
            trees = Trees(plan, pick, month, assumed=assumed, words=Trees.words_of(plan))
            whole = [trees.tree() for _ in range(100)]
            sides.compare(whole)
            sides.compare([spoilt(plan, root, pick, assumed)[0] for root in whole])


# --- batches ---------------------------------------------------------------------------------------------------


def test_lines_of_a_tree_do_not_depend_on_the_batch():
    _, plan = program(3)
    trees = Trees(plan, Random(3), JANUARY)
    roots = [trees.tree() for _ in range(40)]
    sides = Sides(plan, JANUARY)
    together = sides.read(roots)
    apart = [sides.read([root]) for root in roots]
    for entity, rows in together.items():
        assert rows == [row for found in apart for row in found.get(entity, [])]


def test_trees_without_children_and_no_trees():
    _, plan = program(3)
    sides = Sides(plan, JANUARY)
    bare = [Row("house", str(n)) for n in range(3)]
    assert sides.compare(bare).rows >= 0
    assert sides.compare([]).rows == 0
