"""Sums over brackets in kernels: volumes at and between bounds, what brackets leave out, scales, keys, given values."""

from fractions import Fraction

import pytest
from tests.kernel_cases import Sides
from tests.programs import plan_of

from kommres.dsl.backends.rows import Row, Steps
from kommres.period import Month

JANUARY = Month.parse("2026-01")
HEAD = """
module t.tiering
entity flat
enum zone: day, night
input v of flat: kWh, step 0.5, signed, -50..1_000
input people of flat: number, step 0.5, 0..9
input house of flat: number, step 0.01, 1..500
input stove of flat: zone
input town of flat: id
input share of flat: number, step 0.01, 0..1, varies
param price by (kwh: kWh): RUB/kWh
    always  0..100 = 1.11  100..250.5 = 2.5  250.5.. = 4.999
param gapped by (kwh: kWh): RUB/kWh
    always  10..100 = 1  100..200 = 2  300..400 = 3
param open by (kwh: kWh): RUB/kWh
    always  ..50 = 1.5  50.. = 2
param keyed by (zone, kwh: kWh): RUB/kWh
    always  (day, ..10) = 1  (day, 10..) = 3  (night, ..20) = 0.5
param of_town by (town, kwh: kWh): RUB/kWh
    always  (north, ..10) = 1  (north, 10..) = 3  (south, 0..) = 7/3
param moving by (kwh: kWh): RUB/kWh
    from 2025-01-01  0..100 = 1  100.. = 2
    from 2026-01-11  0..80 = 1  80..160 = 2  160.. = 5
param many by (kwh: kWh): RUB/kWh
    always  0..1 = 1  1..2 = 2  2..3 = 3  3..4 = 4  4..5 = 5  5..6 = 6  6..7 = 7  7..8 = 8  8.. = 9
"""
VOLUMES = (
    0,
    Fraction(1, 2),
    10,
    Fraction(199, 2),
    100,
    Fraction(201, 2),
    200,
    250,
    Fraction(501, 2),
    251,
    300,
    400,
    1000,
)


def program(formula):
    return plan_of(f"{HEAD}charge x of flat: RUB, signed\n    = round({formula}, 0.01)\n")


def flats(volumes=VOLUMES, **more):
    given = {"people": 3, "house": 1, "stove": "day", "town": "north", "share": 1, **more}
    values = [{("v", ()): v, **{(name, ()): value for name, value in given.items()}} for v in volumes]
    return [Row("flat", str(n), values=row) for n, row in enumerate(values)]


def left(formula, rows, **terms):
    """Compare both sides; return what is left, by row."""
    sides = Sides(program(formula), JANUARY, **terms)
    sides.compare(rows)
    return sides.charged(rows)["flat"].left.tolist()


@pytest.mark.parametrize(
    "formula", ["tiers(v, price[_])", "tiers(v, open[_])", "tiers(v * 0.37, price[_])", "tiers(v / house, price[_])"]
)
def test_volumes_at_and_between_bounds(formula):
    rows = [*flats(), *flats(house=Fraction(3337, 100))]
    assert left(formula, rows) == [0] * len(rows)


def test_amounts_at_bounds():
    sides = Sides(program("tiers(v, price[_])"), JANUARY)
    amounts = [found["t.tiering.x"].amount for found in sides.read(flats((0, 100, Fraction(501, 2), 300)))["flat"]]
    assert amounts == [0, 111, Fraction(48725, 100), Fraction(73470, 100)]


def test_a_volume_that_brackets_leave_out_is_left():
    assert left("tiers(v, gapped[_])", flats((0, 5, 10, 100, 200, 250, 350))) == [0, 1, 1, 1, 1, 1, 1]
    assert left("(tiers(v, gapped[_]) else 5 RUB)", flats((0, 5, 10, 100, 200, 250, 350))) == [0] * 7
    assert left("tiers(v, price[_])", flats((-1, Fraction(-1, 2), 0))) == [1, 1, 0]
    assert left("(tiers(v, open[_]) else 1 RUB)", flats((-1, 0))) == [0, 0]


@pytest.mark.parametrize("scale", ["people", "people * 0.25", "people / house", "3"])
def test_scales_stretch_bounds(scale):
    rows = [row for n in (0, Fraction(1, 2), 1, 9) for row in flats(people=n, house=Fraction(701, 100))]
    found = left(f"tiers(v, price[_], {scale})", rows)
    assert found == [0] * len(rows)


def test_keys_choose_the_brackets():
    for stove in ("day", "night"):
        assert sum(left("tiers(v, keyed[stove, _])", flats((0, 5, 10, 20), stove=stove))) == 0
    assert left("tiers(v, keyed[stove, _])", flats((20, 21), stove="night")) == [0, 1]


def test_names_choose_the_brackets_and_unknown_ones_are_left():
    for town in ("north", "south"):
        assert sum(left("tiers(v, of_town[town, _])", flats(town=town))) == 0
    assert left("tiers(v, of_town[town, _])", flats((5, 0), town="west")) == [1, 1]
    assert left("(tiers(v, of_town[town, _]) else 1 RUB)", flats((5, 0), town="west")) == [0, 0]


def test_brackets_that_change_inside_the_month():
    formula = "sum over slices round(tiers(v * slice.days / 31 day, moving[_]), 0.01)"
    rows = [*flats(), *flats(share=Steps((None, JANUARY.start + 15), (1, 2)))]
    assert left(formula, rows) == [0] * len(rows)
    assert sum(left("(tiers(v, moving[_]) at start) + (tiers(v, moving[_]) at end)", flats())) == 0


def test_too_many_brackets_are_the_interpreters():
    sides = Sides(program("(if v > 100 kWh then tiers(v, many[_]) otherwise 1 RUB)"), JANUARY)
    rows = flats((0, 100, 101))
    sides.compare(rows)
    assert sides.charged(rows)["flat"].left.tolist() == [0, 0, 1]
    assert [note.why for note in sides.kernels.report] == ["tiers of 9 brackets"]


# --- values that a run gives ------------------------------------------------------------------------------------


def given(formula, name, keys, value, rows):
    plan = program(formula)
    param = next(p for p in plan.program.params if p.name == name)
    sides = Sides(plan, JANUARY, overrides=[(param, keys, value)])
    tally = sides.compare(rows)
    return tally.left, [found and found["t.tiering.x"].amount for found in sides.read(rows)["flat"]]


def test_a_value_given_for_one_quantity_holds_for_its_bracket():
    assert given("tiers(v, price[_])", "price", (120,), 9, flats((50, 100, 110))) == (0, [Fraction(111, 2), 111, 201])
    assert given("tiers(v, price[_])", "price", None, 9, flats((50, 300))) == (0, [450, 2700])


@pytest.mark.parametrize("formula", ["tiers(v, of_town[town, _])", "v * of_town[town, v]"])
def test_values_given_for_keys_that_no_row_of_the_table_has(formula):
    north, west = flats((5,)), flats((5,), town="west")
    left_, amounts = given(formula, "of_town", ("west", 5), 4, [*north, *west])
    assert amounts[0] == 5
    assert amounts[1] in {None, 20}
    assert left_ == (amounts[1] is None)
