"""Kernels of series: the lines of the interpreter bit by bit, one pass over the cells, and what is left."""

from __future__ import annotations

import random
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from attrs import evolve
from tests.kernel_cases import Sides
from tests.programs import plan_of
from tests.series_programs import DAYS, MONTHS, SOURCES, TEXT, VALUES, WHERE, Case, body, trees

from kommres.dsl.backends.grids import intervals_of
from kommres.dsl.backends.kernels.from_rows import batch_of
from kommres.dsl.backends.kernels.hours import Hours
from kommres.dsl.backends.kernels.kernels import ASSUMED, Kernels
from kommres.dsl.backends.rows import Bad, Dense, Row, Steps
from kommres.dsl.backends.zones import Zone
from kommres.dsl.pipeline import compile_sources
from kommres.dsl.plan.prove import prove
from kommres.dsl.program import load
from kommres.dsl.source import Source
from kommres.period import Month

ROOT = Path(__file__).parents[3]


# --- random programs -------------------------------------------------------------------------------------------


def cases(count):
    """Every value, condition, source and aggregate of days at least once, four to a program."""
    dice = random.Random(1)
    functions = ("sum", "max", "min", "mean", "count")
    longest = max(map(len, (VALUES, WHERE, SOURCES)))
    bodies = [
        body(functions[n % 5], VALUES[n % len(VALUES)], dice.choice(WHERE), SOURCES[n % len(SOURCES)])
        for n in range(longest)
    ]
    bodies += [body("sum", "load[h]", where, dice.choice(SOURCES)) for where in WHERE]
    bodies += [*DAYS]
    dice.shuffle(bodies)
    for start in range(0, len(bodies), count):
        every, over = dice.choice(((3600, "month"), (1800, "month"), (600, "month")))
        yield Case(every, over, tuple(bodies[start : start + count]), dice.choice(MONTHS), dice.random() < 0.3)


@pytest.mark.parametrize("case", list(cases(6)), ids=lambda case: f"{case.every}-{case.over}-{case.month}")
def test_random_programs(case):
    month, dice = Month.parse(case.month), random.Random(7)
    sides = Sides(case.plan, month)
    clean = sides.compare(trees(case.plan, month, dice, 6, clean=True))
    notes = {note.why for note in sides.kernels.report}
    assert clean.rows
    if not notes:
        assert clean.fine == 0
    assert sides.compare(trees(case.plan, month, dice, 8)).rows


# --- what a kernel is ------------------------------------------------------------------------------------------


def hourly(month="2018-12"):
    return Kernels(load(ROOT / "benchmarks/rules/hourly.kmr").plan, Month.parse(month))


def test_the_year_of_hours_is_gone_through_once():
    kernels = hourly()
    assert kernels.report == ()
    (kernel,) = kernels.drawn
    loops = [line.strip() for line in kernel.text.splitlines() if line.strip().startswith("for ")]
    assert len(loops) == 3  # rows, months, hours
    body_ = kernel.text[kernel.text.index(loops[-1]) :]
    inner = body_[: body_.index("    b", body_.index("\n            b"))]
    assert "if " not in inner.replace(" if b", "")  # no branches: LLVM takes many cells at once


def test_the_year_of_hours_is_charged_as_by_the_interpreter():
    plan, month = load(ROOT / "benchmarks/rules/hourly.kmr").plan, Month.parse("2018-12")
    (series,) = (one for one in plan.series if one.entity is not None)
    grid = intervals_of(series.grid, month, Zone.UTC)
    dice = np.random.default_rng(1)
    rows = [
        Row("consumer", str(n), series={"load": Dense(grid.first, 3600, dice.integers(0, 9000, grid.count).tolist())})
        for n in range(3)
    ]
    rows.append(Row("consumer", "none", series={"load": Dense(grid.first, 3600, [0] * grid.count)}))
    rows.append(Row("consumer", "most", series={"load": Dense(grid.first, 3600, [2_000_000] * grid.count)}))
    tally = Sides(plan, month).compare(rows)
    assert (tally.rows, tally.left) == (5, 1)  # the greatest values lead beyond what is assumed of a result


def test_what_depends_on_time_alone_is_found_once(monkeypatch):
    computed = []
    found = Hours._computed

    def counted(self, vector, local):
        computed.append((vector.axis.kind, str(local.zone)))
        return found(self, vector, local)

    monkeypatch.setattr(Hours, "_computed", counted)
    case = Case(3600, "month", ("sum of load[h] * price[h] * 1 kWh / 1 RUB for h in load where planned(h)",), "2026-03")
    month, dice = Month.parse("2026-03"), random.Random(3)
    sides = Sides(case.plan, month)
    sides.compare(trees(case.plan, month, dice, 6, clean=True))
    once = sorted(computed)
    sides.compare(trees(case.plan, month, dice, 6, clean=True))
    again = sorted(computed)
    assert once
    assert len(set(again)) * 2 >= len(again)  # a price and a condition, once for each time zone
    assert [one for one in again if one in once][: len(once)] == once


# --- what is left ----------------------------------------------------------------------------------------------

SMALL = """
module t.small
entity meter
series load of meter: kWh, step 0.001, 0..1_000, every 1 h, label at start
input share of meter: number, step 0.5, 0..9, varies
"""
JANUARY = Month.parse("2026-01")


def meter(cells=None, **more):
    grid = intervals_of(plan_of(SMALL + charge("0 RUB")).series[0].grid, JANUARY, Zone.UTC)
    cells = [1] * grid.count if cells is None else cells
    return Row("meter", "1", series={"load": Dense(grid.first, 3600, cells, **more)}, values={("share", ()): 2})


def charge(amount):
    return f"charge c of meter: RUB\n    = round({amount}, 0.01)\n"


def left(body_, *rows):
    sides = Sides(plan_of(SMALL + charge(body_)), JANUARY)
    sides.compare(rows)
    return sides.charged(rows)["meter"].left.tolist()


TOTAL = "(sum of load[h] for h in load) * 1 RUB/kWh"


def test_rows_with_gaps_are_left_where_the_gap_is_needed():
    gap = [1] * 743 + [None]
    assert left(TOTAL, meter(), meter(gap)) == [0, 1]
    assert left("(sum of (load[h] else 2 kWh) for h in load) * 1 RUB/kWh", meter(gap)) == [0]
    assert left("(sum of load[h] for h in load on period.start) * 1 RUB/kWh", meter(gap)) == [0]
    assert left("(sum of load[h] for h in load where hour_of_day(h) < 23) * 1 RUB/kWh", meter(gap)) == [0]


def test_rows_with_values_that_cannot_be_read_are_left_where_one_is_needed():
    cells = [1] * 5 + [None] + [1] * 738
    unread = meter(cells, bad={5: Bad("D0102", "made up", "load")})
    assert left(TOTAL, meter(), unread) == [0, 1]
    assert left("(sum of (load[h] else 2 kWh) for h in load) * 1 RUB/kWh", unread) == [1]
    assert left("(sum of load[h] for h in load on (period.start + 1 day)) * 1 RUB/kWh", unread) == [0]
    assert left("(sum of load[h] for h in load where hour_of_day(h) > 5) * 1 RUB/kWh", unread) == [0]
    assert left("(if share at start > 1 then 1 RUB otherwise (sum of load[h] for h in load) * 1 RUB/kWh)", unread) == [
        0
    ]


CUBE = """
rule all_of of meter: kWh
    = sum of load[h] for h in load
rule cube of meter: kWh*kWh*kWh
    = all_of * all_of * all_of
"""


def in_all(kwh):
    """Return a meter whose values come to so much energy in the month."""
    thousandths = int(Fraction(kwh) * 1000)
    return meter([thousandths // 744 + (n < thousandths % 744) for n in range(744)])


#: The cubes of two are a little less and a little more than what is assumed of a result.
ROWS = (in_all(1), in_all("99.999"), in_all("100.001"), in_all(700_000))


@pytest.mark.parametrize(
    ("text", "guard"),
    [
        (SMALL + CUBE + charge("cube * 1 RUB/kWh/kWh/kWh"), "result"),
        (SMALL + CUBE + charge("(if all_of > 5 kWh then cube otherwise 0) * 1 RUB/kWh/kWh/kWh"), "result"),
        (SMALL + CUBE + charge("all_of * all_of * all_of * 1 RUB/kWh/kWh/kWh"), "rounded"),
    ],
)
def test_results_and_roundings_beyond_what_is_assumed_are_left(text, guard):
    plan, assumed = plan_of(text), evolve(ASSUMED, result=1_000_000)
    proofs = prove(plan, evolve(assumed, partial=True))
    assert guard in {found.kind for proof in proofs.definitions for found in proof.guards}
    sides = Sides(plan, JANUARY, assumed=assumed)
    tally = sides.compare(ROWS)
    assert (sides.charged(ROWS)["meter"].left.tolist(), tally.refused) == ([0, 0, 1, 1], 0)


def test_a_rounding_is_guarded_in_proofs_of_kernels_only():
    plan = plan_of(SMALL + CUBE + charge("all_of * all_of * all_of * 1 RUB/kWh/kWh/kWh"))
    for partial in (False, True):
        proofs = prove(plan, evolve(ASSUMED, partial=partial))
        kinds = {guard.kind for proof in proofs.definitions for guard in proof.guards}
        assert ("rounded" in kinds, "result" in kinds) == (partial, True)


def test_rows_without_the_series_are_left():
    missing = Row("meter", "2")
    assert left(TOTAL, missing) == [1]
    assert left(TOTAL, missing, meter()) == [1, 0]
    assert left("(sum of (load[h] else 2 kWh) for h in load) * 1 RUB/kWh", missing) == [0]


def test_inputs_that_vary_are_read_on_the_days_of_the_month():
    body_ = "(sum of load[h] * share for h in load) * 1 RUB/kWh"
    row = meter()
    row.values["share", ()] = Steps((None, JANUARY.start + 9), (Fraction(1, 2), 2))
    assert left(body_, row, meter()) == [0, 0]


# --- plugins ---------------------------------------------------------------------------------------------------

STEAM = (
    SMALL
    + """
function enthalpy(p: MPa, t: degC): kJ/kg, 0..10_000, round 0.001 from "sample.enthalpy"
input t of meter: degC, step 0.1, -50..150
param supply: degC = 70.5
"""
)


def test_functions_of_plugins_whose_arguments_no_row_gives():
    held = "enthalpy(0.5 MPa, supply) * 1 RUB*kg/kJ"
    of_hours = "(sum of load[h] * enthalpy(0.5 MPa, supply + hour_of_day(h) * 1 deltaC) * 1 kg/kJ for h in load)"
    text = STEAM + charge(f"{of_hours} * 1 RUB/kWh + {held}")
    row = meter()
    sides = Sides(plan_of(text), JANUARY)
    assert sides.kernels.report == ()
    tally = sides.compare([row])
    assert (tally.rows, tally.left) == (1, 0)


def test_rows_give_arguments_to_functions_of_plugins_in_the_interpreter():
    text = STEAM + charge(f"{TOTAL} + (if share > 1 then enthalpy(0.5 MPa, t) * 1 RUB*kg/kJ otherwise 0 RUB) at start")
    rows = [meter(), meter()]
    rows[1].values["share", ()] = 0
    for row in rows:
        row.values["t", ()] = Fraction(201, 10)
    sides = Sides(plan_of(text), JANUARY)
    assert [note.why for note in sides.kernels.report] == ["enthalpy is a function of a plugin"]
    sides.compare(rows)
    assert sides.charged(rows)["meter"].left.tolist() == [1, 0]


def test_trial_rule_of_network_capacity():
    folder = ROOT / "docs/reference/trial"
    text = (folder / "g_network_capacity.kmr").read_text(encoding="utf-8")
    text = text[: text.index("\nexample ")]
    text += "\ncharge capacity of consumer: RUB\n    = round((network_capacity else 0 kW) * 100 RUB/kW, 0.01)\n"
    tables = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.csv")}
    state = compile_sources([Source(name="g.kmr", text=text)], lambda _source, name: tables.get(name))
    month, dice = Month.parse("2026-06"), random.Random(5)
    sides = Sides(state.plan, month)
    assert sides.kernels.report == ()
    rows = []
    for number, zone in enumerate(("Europe/Moscow", "Asia/Irkutsk", "UTC", "Asia/Kamchatka")):
        grid = intervals_of(state.plan.series[0].grid, month, Zone.named(zone))
        cells = [dice.randrange(10**6) if dice.random() < 0.6 else None for _ in grid.all]
        if number == 2:
            cells = [None] * grid.count
        values = {("time_zone", ()): zone}
        rows.append(Row("consumer", zone, values=values, series={"energy": Dense(grid.first, 3600, cells)}))
    tally = sides.compare(rows)
    assert (tally.rows, tally.left) == (4, 0)


# --- batches ---------------------------------------------------------------------------------------------------


def test_cells_of_rows_stand_side_by_side_as_narrow_as_they_can():
    kernels = hourly()
    rows = [Row("consumer", "1", series={"load": Dense(1_514_764_800, 3600, [1, None, 3])})]
    cells = batch_of(kernels.layout, rows, Month.parse("2018-12"), kernels.names).tables["consumer"].series["load"]
    assert cells.dtype == np.int32
    assert cells.shape == (1, 8760)
    assert cells[0, :4].tolist() == [1, -1, 3, -1]


def test_steps_of_more_than_one_count_as_many():
    text = SMALL.replace("step 0.001", "step 5")
    sides = Sides(plan_of(text + charge(TOTAL)), JANUARY)
    tally = sides.compare([meter([3] * 744)])
    assert (tally.rows, tally.left) == (1, 0)
    assert TEXT  # the other programs have such a series too
