"""Worked cases of Rules 354, computed with the shipped rules to the kopeck.

Each case keeps what was published and where; ``expected`` is what follows from its inputs. Cases that the collection
only mentions stand apart: computed from the reference's text, and they say which of their figures are made up.
"""

from __future__ import annotations

import datetime
import json
import subprocess
import sys
from fractions import Fraction
from functools import cache
from pathlib import Path

import pytest

from kommres.dsl.backends.interpreter import Interpreter
from kommres.dsl.case import rows_from_case
from kommres.dsl.program import Program, load
from kommres.period import Month

ROOT = Path(__file__).parents[2]
WATER = ROOT / "plugins/water/src/kommres_water/rules/pp354"
CASES, MENTIONED = (
    json.loads((Path(__file__).parent / "cases" / name).read_text(encoding="utf-8"))
    for name in ("charges_354.json", "charges_354_mentioned.json")
)
WATER_CASES = [case for case in (*CASES, *MENTIONED) if "runs" in case]
RUNS = [
    pytest.param(run, id=f"{case['id']}-{number}") for case in WATER_CASES for number, run in enumerate(case["runs"], 1)
]


@cache
def program(*own: str) -> Program:
    """The federal rules, without overlays of regions, and overlays of these tests."""
    return load(WATER, *(Path(__file__).parent / "rules" / name for name in own))


def amount(rules: Program, run: dict, name: str) -> Fraction:
    """A charge or a rule of a run; a charge that makes no line is 0."""
    rows = rows_from_case(rules.plan, run["case"], needed=["premises"])
    given = {name: Fraction(value) for name, value in run.get("params", {}).items()}
    overrides = [(p, None, given[p.name]) for p in rules.plan.program.params if p.name in given]
    interpreter = Interpreter(rules.plan, Month.parse(run["on"]), options=run.get("options", {}), overrides=overrides)
    (row,) = (row for row in rows if row.entity == "premises")
    module, _, rule = name.rpartition(".")
    (found,) = (d for d in rules.plan.definitions if d.rule.name == rule and d.rule.module.endswith(module))
    if found.rule.is_charge:
        line = interpreter.charge(found, row)
        return Fraction(line.amount) if line else Fraction(0)
    value = interpreter.value(found, row)
    assert isinstance(value, int | Fraction), value
    return Fraction(value)


@pytest.mark.parametrize("run", RUNS)
def test_to_the_kopeck(run):
    rules = program(*run.get("rules", ()))
    found = {names: sum(amount(rules, run, name) for name in names.split(" + ")) for names in run["expect"]}
    assert found == {names: Fraction(value) for names, value in run["expect"].items()}


def test_every_case_has_a_verdict():
    assert len({case["id"] for case in CASES}) == len(CASES)
    for case in CASES:
        assert case["source"], case["id"]
        assert case["status"] in {"pass", "off", "not water"}, case["id"]
        assert ("runs" in case) == (case["status"] != "not water"), case["id"]
        assert case["status"] == "pass" or case["note"], case["id"]


def test_a_case_that_is_only_mentioned_says_what_is_made_up():
    assert not {case["id"] for case in CASES} & {case["id"] for case in MENTIONED}
    for case in MENTIONED:
        assert case["runs"], case["id"]
        assert case["source"].startswith("computed from the reference's text"), case["id"]
        assert case["text"], case["id"]
        assert case["made_up"], case["id"]


@pytest.mark.parametrize("case", [c for c in WATER_CASES if c["status"] == "off"], ids=lambda c: c["id"])
def test_published_figures_that_are_off_stay_off(case):
    assert "off" in case["note"]
    assert "OFF" in case.get("published", case.get("text"))


def test_table_in_the_docs_is_fresh():
    done = subprocess.run(
        [sys.executable, ROOT / "tools/cases_table.py", "--check"], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_two_slices_of_a_month_are_rounded_apart():
    """P28: 151.85 + 242.97, P32: 154.35 + 329.29; one rounding would give other kopecks elsewhere."""
    from kommres.dsl.evaluate import evaluate

    case = next(c for c in CASES if c["id"] == "P28")["runs"][0]["case"]
    for people, days, water, heat in ((2, 15, "151.85", "447.36"), (3, 16, "242.97", "715.77")):
        share = Fraction(people * days, 31)
        carrier = share * Fraction("3.19") * Fraction("49.19")
        assert int(carrier * 100 + Fraction(1, 2)) == int(Fraction(water) * 100)
        assert int(
            carrier / Fraction("49.19") * Fraction("0.0611") * Fraction("2371.72") * 100 + Fraction(1, 2)
        ) == int(Fraction(heat) * 100)
    result = evaluate(program(), case, "2026-07", known_at=datetime.date(2026, 7, 31))
    lines = {c["charge"].rpartition(".")[2]: c["amount"] for c in result["charges"]}
    assert (lines["hot_water_carrier"], lines["hot_water_heat"]) == ("394.82", "1163.13")
