import json

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
