import json
import re

import pytest


def test_fine_rules(run, rules):
    assert run("check", rules) == (0, "fine: 1 module, 1 rule, 1 charge, 2 parameters, 2 examples\n", "")


def spoil(rules):
    path = rules / "water.kmr"
    path.write_text(path.read_text("utf-8").replace("residents * norm", "residnts * norm"), "utf-8")


def test_findings_as_a_picture(run, rules):
    spoil(rules)
    code, out, _ = run("check", rules)
    assert code == 1
    assert "= residnts * norm" in out
    assert "^^^^^^^^" in out
    assert "\x1b[" not in out


def test_findings_as_plain_lines(run, rules):
    spoil(rules)
    code, out, _ = run("check", rules, "--format", "plain")
    assert code == 1
    assert out.splitlines()[0].startswith(f"{rules.as_posix()}/water.kmr:27:7: error[K")


def test_findings_as_json(run, rules):
    spoil(rules)
    code, out, _ = run("check", rules, "--format", "json")
    assert code == 1
    (finding, *_) = json.loads(out)
    assert finding["severity"] == "error"
    assert finding["span"]["line"] == 27


def test_no_findings_as_json(run, rules):
    assert run("check", rules, "--format", "json") == (0, "[]\n", "")


def test_debt(run, rules):
    code, out, _ = run("check", rules, "--unchecked")
    assert code == 0
    assert "water.kmr:24  rule volume: pp annex 2 formula 4: unchecked" in out
    assert "formula 1" not in out
    assert "charge cold_water of my.water cites nothing" in out


def test_debt_as_json(run, rules):
    code, out, _ = run("check", rules, "--unchecked", "--format", "json")
    assert code == 0
    assert [item["status"] for item in json.loads(out)] == ["unchecked", "nothing cited"]


@pytest.mark.parametrize("stage", ["syntax", "bound", "rules", "plan"])
def test_stages_can_be_seen(run, rules, stage):
    code, out, _ = run("check", rules, "--show", stage)
    assert code == 0
    assert "volume" in out


@pytest.mark.parametrize("stage", ["rules", "plan"])
def test_one_rule_of_a_stage(run, rules, stage):
    code, out, _ = run("check", rules, "--show", stage, "--rule", "volume")
    assert code == 0
    assert "rule my.water.volume of premises" in out
    assert "charge my.water.cold_water" not in out


BOTH = """\
module my.both

entity building
entity premises of building

input area of premises: m2, 1..1_000, step 0.01
input people of premises: person, 1..100

rule least of building: m2/person
    = (min of p.area / p.people for p in premises) else 1 m2/person

charge upkeep of premises: RUB
    = round(area * 30 RUB/m2, 0.01)

charge odd of premises: RUB
    = round(least * 1 RUB*person/m2, 0.01)
"""


def test_what_compiles_and_what_does_not(run, tmp_path):
    (tmp_path / "both.kmr").write_text(BOTH, "utf-8")
    code, out, _ = run("check", tmp_path, "--show", "kernels", "--period", "2026-01")
    assert code == 0
    assert out == (
        "1 of 2 charges compile (2026-01); the interpreter takes rows of the others\n"
        "my.both.odd: left to the interpreter are rows that need\n"
        "    `(min of p.area / p.people for p in premises)` of my.both.least:"
        " the least or greatest quotient of several rows\n"
        "my.both.upkeep: compiled\n"
    )
    found = json.loads(run("check", tmp_path, "--show", "kernels", "--format", "json")[1])
    assert [(one["charge"], one["compiled"]) for one in found] == [("my.both.odd", False), ("my.both.upkeep", True)]
    assert [(one["rows"], one["definition"]) for one in found[0]["left"]] == [("all", "my.both.least")]
    code, out, _ = run("check", tmp_path, "--show", "kernels", "--rule", "upkeep", "--period", "2026-01")
    assert (code, out) == (0, "the charge compiles (2026-01)\n")


def test_all_shipped_charges_compile(run):
    code, out, _ = run("check", "--show", "kernels", "--period", "2026-01")
    assert code == 0
    assert re.fullmatch(r"all \d+ charges compile \(2026-01\)\n", out)


def test_kernels_are_those_of_charges_and_of_a_month(run, rules):
    code, _, err = run("check", rules, "--show", "kernels", "--rule", "volume")
    assert (code, "kernels are those of charges" in err) == (2, True)
    code, _, err = run("check", rules, "--show", "plan", "--period", "2026-01")
    assert (code, "--period without --show kernels" in err) == (2, True)


def test_a_rule_that_is_not_there(run, rules):
    assert run("check", rules, "--show", "plan", "--rule", "nothing")[0] == 2


def test_page_of_a_code_of_data(run):
    code, out, _ = run("check", "--code", "D0201")
    assert code == 0
    assert "a table has no such key" in out


def test_no_such_code(run):
    assert run("check", "--code", "K9999")[0] == 2
    assert run("check", "--code", "../K0101")[0] == 2


@pytest.mark.parametrize(
    ("name", "todo"),
    [
        ("nowhere.kmr", "check the path"),
        ("ru.pp354.cold_watr", "did you mean ru.pp354.cold_water?"),
        ("xyzzy", "name a file, a folder or an installed module: "),
    ],
)
def test_what_is_not_there(run, name, todo):
    code, _, err = run("check", name)
    assert code == 2
    assert f"What to do: {todo}" in err
