"""Functions of plugins in kernels: called before any row where no row gives an argument, else by the interpreter."""

from __future__ import annotations

from fractions import Fraction

import pytest
from tests.kernel_cases import Sides
from tests.programs import plan_of

from kommres.dsl.backends.rows import Dense, Row
from kommres.period import Month

JANUARY = Month.parse("2026-01")
HEAD = """
module t.foreign
entity house
entity flat of house
enum heat: water, steam
series load of flat: kWh, step 0.001, 0..1_000, every 1 h, label at start
function enthalpy(p: MPa, t: degC): kJ/kg, 0..{most}, round {rounding} from "sample.enthalpy"
function broken(t: degC): kJ/kg, round 0.001 from "sample.broken"
function floating(t: degC): kJ/kg, round 0.001 from "sample.floating"
input used of flat: kg, step 1, 0..100_000
input own of flat: degC, step 0.1, -50..150
input by_meter of flat: yes/no
input kind of house: heat
param supply: degC
    from 2025-01-01 = 70.5
    from 2026-01-16 = 81
param flow by heat: degC
    always  water = 70  steam = 95.5
rule held of flat: kJ/kg
    = enthalpy(0.5 MPa, 70.5 degC)
"""


def plan(formula, rounding="0.001", most="10_000"):
    head = HEAD.format(rounding=rounding, most=most)
    return plan_of(f"{head}charge heat of flat: RUB\n    = {formula}\n")


def trees():
    found = []
    for number, kind in enumerate(("water", "steam", "steam")):
        house = Row("house", str(number), values={("kind", ()): kind})
        house.children["flat"] = [
            Row(
                "flat",
                f"{number}-{place}",
                house,
                values={("used", ()): 7 * place, ("own", ()): Fraction(201, 10), ("by_meter", ()): place > 1},
                series={"load": Dense((JANUARY.start - 719_163) * 86_400, 3600, [place] * 744)},
            )
            for place in range(3)
        ]
        found.append(house)
    return found


def left(formula, **more):
    """Compare both sides; return what is left of the flats, why, and how many rows the interpreter refuses."""
    sides = Sides(plan(formula, **more), JANUARY)
    tally = sides.compare(trees())
    return sides.charged(trees())["flat"].left.tolist(), [note.why for note in sides.kernels.report], tally.refused


NONE, ALL = [0] * 9, [1] * 9
PRICE = "0.01 RUB/kJ"
OF_HOURS = "(sum of load[h] * enthalpy(0.5 MPa, 20 degC + hour_of_day(h) * 1 deltaC) for h in load)"


@pytest.mark.parametrize("rounding", ["0.001", "0.1 by floor", "5 by ceiling", "0.01 by up"])
@pytest.mark.parametrize(
    "formula",
    [
        f"round(held * used * {PRICE}, 0.01)",
        f"round(enthalpy(0.5 MPa, 70.5 degC) * used * {PRICE}, 0.01)",
        f"round((enthalpy(0.5 MPa, supply) at start) * used * {PRICE}, 0.01)",
        f"round({OF_HOURS} * 0.001 RUB*kg/kJ/kWh, 0.01)",
    ],
)
def test_rounded_as_declared_before_any_row(formula, rounding):
    assert left(formula, rounding=rounding) == (NONE, [], 0)


def test_arguments_that_change_from_slice_to_slice_are_the_interpreters():
    formula = f"sum over slices round(enthalpy(0.5 MPa, supply) * used * slice.months * {PRICE} / 1 month, 0.01)"
    assert left(formula) == (ALL, [], 0)


@pytest.mark.parametrize("argument", ["own", "flow[house.kind]", "(if by_meter then 20 degC otherwise 30 degC)"])
def test_arguments_that_rows_give_are_the_interpreters(argument):
    formula = f"round(enthalpy(0.5 MPa, {argument}) * used * {PRICE}, 0.01)"
    assert left(formula) == (ALL, ["enthalpy is a function of a plugin"], 0)
    lazy = f"round((if by_meter then enthalpy(0.5 MPa, {argument}) otherwise 9 kJ/kg) * used * {PRICE}, 0.01)"
    assert left(lazy) == ([0, 0, 1] * 3, ["enthalpy is a function of a plugin"], 0)


@pytest.mark.parametrize(
    ("call", "most"),
    [
        ("enthalpy(0.5 MPa, 150 degC)", "10_000"),
        ("enthalpy(0.5 MPa, 20 degC)", "50"),
        ("broken(1 degC)", "9"),
        ("floating(1 degC)", "9"),
    ],
)
def test_no_value_one_outside_its_range_and_failures_are_left(call, most):
    assert left(f"round({call} * used * {PRICE}, 0.01)", most=most) == (ALL, [], 9)
    lazy = f"round((if by_meter then {call} otherwise 9 kJ/kg) * used * {PRICE}, 0.01)"
    assert left(lazy, most=most) == ([0, 0, 1] * 3, [], 3)


def test_an_else_catches_what_has_no_value_and_nothing_else():
    amount = f"round(({{}} else 3 kJ/kg) * used * {PRICE}, 0.01)"
    assert left(amount.format("enthalpy(0.5 MPa, 150 degC)")) == (NONE, [], 0)
    assert left(amount.format("broken(1 degC)")) == (ALL, [], 9)
    assert left(amount.format("enthalpy(0.5 MPa, 20 degC)"), most="50") == (ALL, [], 9)


def test_a_function_is_called_once_for_all_rows(monkeypatch):
    from kommres.dsl.backends.foreign import Foreign

    called = []
    usual = Foreign.__call__
    monkeypatch.setattr(Foreign, "__call__", lambda self, *args: called.append(args) or usual(self, *args))
    sides = Sides(plan(f"round(enthalpy(0.5 MPa, 70.5 degC) * used * {PRICE}, 0.01)"), JANUARY)
    called.clear()
    sides.charged(trees())
    assert len(called) <= 2  # once for each time zone: none, and UTC
    sides.charged(trees())
    assert len(called) <= 2
