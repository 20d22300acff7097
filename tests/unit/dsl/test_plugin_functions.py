"""Functions of plugins in rules: rounded as declared, pure, refused where they have no value or fail."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.programs import plan_of, run

from kommres import FunctionLibrary, PluginFunction, plugins
from kommres.dsl.backends.arithmetic import MODES, round_to
from kommres.dsl.backends.foreign import Foreign
from kommres.dsl.bound.nodes import Function, Type
from kommres.dsl.describe import describe
from kommres.dsl.pipeline import compile_sources
from kommres.dsl.plan.prove import prove
from kommres.dsl.problems import DataProblem
from kommres.dsl.source import Source
from kommres.dsl.syntax.format import format_text
from kommres.errors import PluginError
from kommres.units import Units

RULES = """
module t.f
act book "A book"
entity building
input t of building: degC, step 0.1
input flow of building: kg, step 1, 0..1_000_000
function enthalpy(p: MPa, t: degC): kJ/kg, 0..{most}, round {rounding} from "sample.enthalpy"
    "what a kilogram of water holds"
    cites book clause 7 unchecked
function broken(t: degC): kJ/kg, round 0.001 from "sample.broken"
function floating(t: degC): kJ/kg, round 0.001 from "sample.floating"
rule held of building: kJ/kg = enthalpy(0.5 MPa, t)
rule safe of building: kJ/kg = enthalpy(0.5 MPa, t) else 0 kJ/kg
rule torn of building: kJ/kg = broken(t)
rule inexact of building: kJ/kg = floating(t)
charge heat of building: RUB = round(enthalpy(0.5 MPa, t) * flow * 0.01 RUB/kJ, 0.01)
"""


def rules(rounding="0.001", most="10_000"):
    return RULES.format(rounding=rounding, most=most)


def test_the_value_is_rounded_as_declared():
    exact = Fraction(41868, 10_000) * Fraction(201, 10) + Fraction(1, 6)
    for rounding, mode in (
        ("0.001", "half_up"),
        ("0.01 by floor", "floor"),
        ("5 by ceiling", "ceiling"),
        ("0.1 by up", "up"),
    ):
        step = Fraction(rounding.partition(" ")[0])
        made = run(rules(rounding), "2026-01", {"t": "20.1", "flow": 3})
        assert made.value("held") == round_to(exact, step, MODES[mode])


def test_an_amount_uses_the_rounded_value():
    (line,) = run(rules("10"), "2026-01", {"t": 20, "flow": 100}).account("building").lines
    assert line.amount == 80


def test_where_it_has_no_value_and_where_it_fails():
    made = run(rules(), "2026-01", {"t": "150", "flow": 1})
    problem = made.problem("held")
    assert (problem.code, problem.field) == ("D0206", "enthalpy")
    assert problem.message == "enthalpy(0.5, 150) has no value: the table ends at 0 and at 100 degC"
    assert made.value("safe") == 0
    torn = made.problem("torn")
    assert (torn.code, "kommres-sample 0.1: KeyError" in torn.message) == ("D0408", True)
    assert "no exact number" in made.problem("inexact").message
    assert run(rules(most="50"), "2026-01", {"t": "20", "flow": 1}).code("held") == "D0406"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (7, 7),
        (Fraction(7, 3), Fraction(2333, 1000)),
        (Decimal("1.2345"), Fraction(1235, 1000)),
        (True, "D0408"),
        (1.5, "D0408"),
        (None, "D0408"),
        ("7", "D0408"),
        (Decimal("NaN"), "D0408"),
        (ValueError("no"), "D0206"),
        (ZeroDivisionError(), "D0206"),
        (KeyError("x"), "D0408"),
    ],
)
def test_what_a_plugin_may_return(value, expected):
    def call(_x):
        if isinstance(value, Exception):
            raise value
        return value

    declared = next(iter(plan_of(rules()).functions))
    function = evolve(declared, call=call, parameters=(("x", Type(kind="number", unit=Units.standard().parse("kWh"))),))
    assert isinstance(function, Function)
    try:
        found = Foreign(function)(1)
    except DataProblem as problem:
        found = problem.code
    assert found == expected


def test_equal_arguments_are_computed_once():
    asked = []

    def call(x):
        asked.append(x)
        return x

    foreign = Foreign(evolve(plan_of(rules()).functions[0], call=call))
    assert [foreign(2), foreign(Fraction(2)), foreign(3)] == [2, 2, 3]
    assert asked == [2, 3]


def test_only_installed_plugins_offer_functions(monkeypatch):
    asked = []
    compile_sources([Source(name="a.kmr", text=rules())], find_function=lambda name: asked.append(name) or _none(name))
    assert sorted(asked) == ["sample.broken", "sample.enthalpy", "sample.floating"]
    monkeypatch.setenv(plugins.SWITCH, "none")
    state = compile_sources([Source(name="a.kmr", text=rules())])
    assert {item.code for item in state.out.errors} == {"K0512"}
    assert "refused" in state.out.errors[0].message


def _none(name):
    raise PluginError(f"no library {name}", code="P0104")


def test_describe_and_digest_name_the_plugin(monkeypatch):
    plan = plan_of(rules("0.01 by half_even"))
    (told, *_) = describe(plan.program)["functions"]
    assert told["from"] == "sample.enthalpy"
    assert told["provider"] == "kommres-sample 0.1"
    assert told["round"] == {"step": "0.01", "mode": "half_even"}
    assert [p["unit"] for p in told["parameters"]] == ["MPa", "degC"]
    monkeypatch.setattr(plugins, "_owner", lambda _entry: "kommres-sample 0.2")
    plugins.refresh()
    assert plan_of(rules("0.01 by half_even")).digest != plan.digest
    plugins.refresh()


def test_both_languages():
    russian = format_text(Source(name="a", text=rules("0.01 by half_even")), "ru")
    assert (
        'функция enthalpy(p: MPa, t: degC): kJ/kg, 0..10_000, округлить 0.01 по половина_к_чётному из "sample.enthalpy"'
        in russian
    )
    assert format_text(Source(name="a", text=russian), "en") == format_text(
        Source(name="a", text=rules("0.01 by half_even"))
    )


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 1000))
def test_what_is_proved_of_it_holds(tenths):
    plan = plan_of(rules())
    made = run(plan, "2026-01", {"t": str(Decimal(tenths) / 10), "flow": 1})
    definition = made.definition("held")
    proof = prove(plan).definitions[definition.number]
    assert proof.outcome is not None
    assert proof.outcome.grid == 1000
    assert proof.outcome.holds(made.value("held"))


# --- the declaration of a plugin -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make",
    [
        lambda: PluginFunction(name="Enthalpy", parameters=("MPa",), result="kJ/kg", call=abs),
        lambda: PluginFunction(name="enthalpy", parameters=(), result="kJ/kg", call=abs),
        lambda: FunctionLibrary(api_version=1, name="steam", functions=()),
        lambda: FunctionLibrary(api_version=1, name="st eam", functions=(_twice(),)),
        lambda: FunctionLibrary(api_version=1, name="steam", functions=(_twice(), _twice())),
    ],
)
def test_declarations_that_cannot_be(make):
    with pytest.raises(PluginError) as caught:
        make()
    assert caught.value.code == "P0107"
    assert caught.value.todo


def _twice():
    return PluginFunction(name="twice", parameters=("kWh",), result="kWh", call=lambda x: 2 * x)
