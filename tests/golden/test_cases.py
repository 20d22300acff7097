"""Worked cases of the collections, computed with the shipped rules to the kopeck.

``cases/*.json`` hold what others published or computed, with sources; ``verdicts/*.json`` say what the rules make of
each case, or why there is nothing to compute. Cases that a collection only mentions stand among the verdicts: they are
computed from the reference's text and say which of their figures are made up.
"""

from __future__ import annotations

import datetime
import json
import re
import subprocess
import sys
from fractions import Fraction
from functools import cache
from pathlib import Path

import pytest

from kommres.dsl.backends.interpreter import Interpreter
from kommres.dsl.case import rows_from_case
from kommres.dsl.problems import DataProblem
from kommres.dsl.program import Program, load
from kommres.period import Month

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
COLLECTIONS = {p.stem: json.loads(p.read_text(encoding="utf-8")) for p in sorted((HERE / "cases").glob("*.json"))}
FILES = {p.stem: json.loads(p.read_text(encoding="utf-8")) for p in sorted((HERE / "verdicts").glob("*.json"))}
CASES = {case["id"]: case for cases in COLLECTIONS.values() for case in cases}
VERDICTS = [(name, verdict) for name, file in FILES.items() for verdict in file["verdicts"]]
MENTIONED = [verdict for _, verdict in VERDICTS if "collection" in verdict]
RUNS = [
    pytest.param(FILES[name], run, id=f"{name}-{verdict['id']}-{number}")
    for name, verdict in VERDICTS
    for number, run in enumerate(verdict.get("runs", ()), 1)
]
COMPUTED = {"pass", "off"}
APART = {"not a computation", "not of households", "against the law", "not shipped"}
#: `premises 2: cold_water.volume(day)`: entity and row, module, name and keys; all but the name may be left out.
NAME = re.compile(r"(?:(\w+)(?: (\S+))?: )?(?:([\w.]+)\.)?(\w+)(?:\((.+)\))?")


@cache
def program(folders: tuple[str, ...], own: tuple[str, ...]) -> Program:
    """The rules of a file of verdicts, and modules of these tests."""
    return load(*(ROOT / folder for folder in folders), *(HERE / "rules" / name for name in own))


class Computed:
    """A run's case, ready for questions."""

    def __init__(self, rules: Program, run: dict) -> None:
        self.plan = rules.plan
        charged = sorted({d.rule.entity.name for d in self.plan.charges})
        month = Month.parse(run["on"])
        self.rows = rows_from_case(self.plan, run["case"], needed=charged, month=month)
        given = {name: Fraction(value) for name, value in run.get("params", {}).items()}
        known = datetime.date.fromisoformat(run["known_at"]).toordinal() if "known_at" in run else None
        self.interpreter = Interpreter(
            self.plan,
            month,
            known_at=known,
            options=run.get("options", {}),
            overrides=[(p, None, given[p.name]) for p in self.plan.program.params if p.name in given],
        )

    def value(self, name: str) -> object:
        """A charge or a rule; a charge that makes no line is 0."""
        entity, row_id, module, rule, keys = NAME.fullmatch(name).groups()
        found = [
            d
            for d in self.plan.definitions
            if d.rule.name == rule
            and (not module or f".{d.rule.module}".endswith(f".{module}"))
            and (not entity or d.rule.entity.name == entity)
        ]
        assert len(found) == 1, f"{name}: {[d.rule.id for d in found]}"
        (definition,) = found
        rows = [r for r in self.rows if r.entity == definition.rule.entity.name and row_id in {None, r.id}]
        assert len(rows) == 1, f"{name}: {len(rows)} rows"
        if definition.rule.is_charge:
            line = self.interpreter.charge(definition, rows[0])
            return Fraction(line.amount) if line else Fraction(0)
        return self.interpreter.value(definition, rows[0], tuple(keys.split(", ")) if keys else ())

    def found(self, names: str, expected: str) -> object:
        """What stands in place of an expectation, in its way of writing."""
        try:
            values = [self.value(name) for name in names.split(" + ")]
        except DataProblem as problem:
            return f"refused {problem.code}"
        if len(values) == 1 and isinstance(values[0], bool):
            return "yes" if values[0] else "no"
        if len(values) == 1 and not isinstance(values[0], int | Fraction):
            return "absent" if values[0] is None else values[0]
        total = sum(values, Fraction(0))
        if expected.startswith("~"):
            shown = rounded(total, len(expected.partition(".")[2]))
            return expected if shown == Fraction(expected[1:]) else f"~{float(total)}"
        try:
            return expected if total == Fraction(expected) else str(float(total))
        except ValueError:
            return str(total)


def rounded(value: Fraction, digits: int) -> Fraction:
    """Half up, away from zero."""
    steps = int(abs(value) * 10**digits + Fraction(1, 2))
    return Fraction(steps if value >= 0 else -steps, 10**digits)


@pytest.mark.parametrize(("file", "run"), RUNS)
def test_to_the_kopeck(file, run):
    computed = Computed(program(tuple(file["rules"]), tuple(run.get("rules", ()))), run)
    assert {names: computed.found(names, value) for names, value in run["expect"].items()} == run["expect"]


def test_every_case_has_one_verdict():
    assert len(CASES) == sum(len(cases) for cases in COLLECTIONS.values())
    judged = [verdict["id"] for _, verdict in VERDICTS if "collection" not in verdict]
    assert sorted(judged) == sorted(CASES)
    assert all(case["source"] for case in CASES.values())


@pytest.mark.parametrize(("file", "verdict"), [pytest.param(f, v, id=f"{f}-{v['id']}") for f, v in VERDICTS])
def test_a_verdict_is_complete(file, verdict):
    assert verdict["status"] in COMPUTED | APART, file
    assert bool(verdict.get("runs")) == (verdict["status"] in COMPUTED)
    assert verdict["status"] == "pass" or verdict["note"]
    assert all(isinstance(value, str) for run in verdict.get("runs", ()) for value in run["expect"].values())


def test_a_case_that_is_only_mentioned_says_what_is_made_up():
    assert not set(CASES) & {verdict["id"] for verdict in MENTIONED}
    for verdict in MENTIONED:
        assert verdict["collection"] in COLLECTIONS, verdict["id"]
        assert verdict["source"].startswith("computed from the reference's text"), verdict["id"]
        assert verdict["text"], verdict["id"]
        assert verdict["made_up"], verdict["id"]
        assert verdict["situation"], verdict["id"]


@pytest.mark.parametrize("verdict", [pytest.param(v, id=v["id"]) for _, v in VERDICTS if v["status"] == "off"])
def test_published_figures_that_are_off_stay_off(verdict):
    assert "off" in verdict["note"]
    assert "off" in (CASES[verdict["id"]]["published"] if verdict["id"] in CASES else verdict["text"]).lower()


def test_table_in_the_docs_is_fresh():
    done = subprocess.run(
        [sys.executable, ROOT / "tools/cases_table.py", "--check"], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_two_slices_of_a_month_are_rounded_apart():
    """P28: 151.85 + 242.97, P32: 154.35 + 329.29; one rounding would give other kopecks elsewhere."""
    from kommres.dsl.evaluate import evaluate

    case = next(v for _, v in VERDICTS if v["id"] == "P28")["runs"][0]["case"]
    for people, days, water, heat in ((2, 15, "151.85", "447.36"), (3, 16, "242.97", "715.77")):
        carrier = Fraction(people * days, 31) * Fraction("3.19") * Fraction("49.19")
        warmed = carrier / Fraction("49.19") * Fraction("0.0611") * Fraction("2371.72")
        assert (rounded(carrier, 2), rounded(warmed, 2)) == (Fraction(water), Fraction(heat))
    rules = program(tuple(FILES["water"]["rules"]), ())
    result = evaluate(rules, case, "2026-07", known_at=datetime.date(2026, 7, 31))
    lines = {c["charge"].rpartition(".")[2]: c["amount"] for c in result["charges"]}
    assert (lines["hot_water_carrier"], lines["hot_water_heat"]) == ("394.82", "1163.13")
