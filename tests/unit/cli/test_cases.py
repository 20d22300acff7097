"""`describe`, `eval`, `explain` and `test` on a small program."""

import io
import json

import pytest

CASE = '{"residents": 2, "connected": true}'


def test_describe(run, rules):
    code, out, _ = run("describe", rules)
    assert code == 0
    words = [line.split() for line in out.splitlines()]
    assert ["premises.residents", "person,", "0..100,", "varies", "who", "lives", "here"] in words
    assert ["my.water", "premises.cold_water", "RUB", "service", "cold_water,", "line", "base"] in words
    assert "premises.residents" in out.partition("data folder of a run")[2]


def test_describe_as_json(run, rules):
    code, out, _ = run("describe", rules, "--json")
    data = json.loads(out)
    assert code == 0
    assert {"inputs", "events", "options", "parameters", "rules", "charges", "citations", "tables"} <= set(data)
    (table, *_) = data["tables"]
    assert [column["name"] for column in table["columns"]][:3] == ["id", "residents", "metered"]


def evaluated(run, *arguments):
    code, out, _ = run("eval", *arguments)
    assert code == 0
    return json.loads(out)


def test_eval_of_a_module(run, rules):
    made = evaluated(run, "my.water", "--rules", rules, "--on", "2026-01", "--json", CASE)
    assert made["charges"][0]["amount"] == "637.06"
    assert made["rules"] == [
        {"entity": "premises", "row": "1", "rule": "my.water.volume", "unit": "m3/month", "value": "9.49"}
    ]


def test_eval_of_a_folder_with_a_case_from_a_file(run, rules, tmp_path):
    case = tmp_path / "case.json"
    case.write_text('{"premises": {"residents": 2, "metered": 10.000, "connected": true}}', "utf-8")
    made = evaluated(run, rules, "--on", "2026-01", "--json", f"@{case}", "--option", "meters=ignored")
    assert made["charges"][0]["amount"] == "637.06"
    assert made["charges"][0]["options"] == {"my.water.meters": "ignored"}


def test_eval_of_stdin(run, rules, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(CASE))
    assert evaluated(run, rules, "--on", "2026-01", "--json", "-")["charges"][0]["amount"] == "637.06"


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["my.watr", "--on", "2026-01", "--json", CASE], "did you mean my.water?"),
        (["my.water", "--on", "2026-13", "--json", CASE], "YYYY-MM"),
        (["my.water", "--on", "2026-01", "--json", "{"], "U0501"),
        (["my.water", "--on", "2026-01", "--json", "@nothing.json"], "nothing.json"),
        (["my.water", "--on", "2026-01", "--json", '{"resident": 2}'], "residents"),
        (["my.water", "--on", "2026-01", "--json", CASE, "--option", "meters"], "name=choice"),
        (["my.water", "--on", "2026-01", "--json", CASE, "--option", "meters=lost"], "trusted"),
        (["my.water", "--on", "2026-01", "--json", CASE, "--known", "yesterday"], "YYYY-MM-DD"),
    ],
)
def test_wrong_use_of_eval(run, rules, arguments, word):
    code, _, err = run("eval", *arguments, "--rules", rules)
    assert code == 2
    assert word in err


def test_explain_a_case(run, rules):
    code, out, _ = run("explain", rules, "--on", "2026-01", "--json", CASE)
    assert code == 0
    assert "2 person × 4.745 m3/month/person = 9.49 m3/month" in out
    code, out, _ = run("explain", rules, "--on", "2026-01", "--json", CASE, "--lang", "ru")
    assert "2 чел. × 4,745 м³/мес./чел. = 9,49 м³/мес." in out


def test_explain_as_json(run, rules):
    code, out, _ = run("explain", rules, "--on", "2026-01", "--json", CASE, "--format", "json")
    assert code == 0
    assert json.loads(out)[0]["value"] == "637.06"


def test_explain_as_a_page(run, rules):
    settings = ("explain", rules, "--on", "2026-01", "--json", CASE)
    text = run(*settings, "--format", "markdown")[1]
    assert "## premises 1, January 2026: cold\\_water: 637.06 RUB" in text
    assert "  - residents = 2 person: who lives here, supplied" in text
    page = run(*settings, "--format", "html", "--service", "cold_water", "--line", "base")[1]
    assert '<li><details open="open"><summary>' in page
    assert page.endswith("</html>\n")


def test_bill_of_a_case(run, rules):
    rows = '{"premises": [{"id": "а1", "residents": 2, "connected": true}, {"id": "а2", "connected": false}]}'
    settings = ("explain", rules, "--on", "2026-01", "--json", rows, "--lang", "ru", "--bill")
    assert "Итого: 637,06 руб." in run(*settings, "--account", "а1")[1]
    assert "Начислений нет." in run(*settings, "--account", "а2")[1]
    assert "they are а1, а2" in run(*settings)[2]
    assert "goes with --bill" in run(*settings[:-1], "--account", "а1")[2]


def test_explain_needs_a_case_or_an_account(run, rules):
    code, _, err = run("explain", rules)
    assert code == 2
    assert "--account" in err


def test_explain_of_a_folder_that_is_no_run(run, tmp_path):
    code, _, err = run("explain", tmp_path, "--account", "1")
    assert code == 2
    assert "no finished run" in err


def test_examples_with_coverage(run, rules):
    code, out, _ = run("test", rules)
    assert code == 0
    assert "2 examples: 2 passed, 0 failed" in out
    assert "not covered" in out
    assert "`connected` always holds" in out
    assert "branches: 6 of 7 taken, 85.7 %" in out


def test_coverage_may_be_required(run, rules):
    code, _, err = run("test", rules, "--min", "100")
    assert code == 1
    assert "less than 100 %" in err
    with (rules / "water.kmr").open("a", encoding="utf-8") as file:
        file.write('\nexample "cut off" on 2026-01\n    given connected = no\n    expect cold_water none\n')
    assert run("test", rules, "--min", "100")[0] == 0


def test_coverage_may_be_left_out(run, rules):
    code, out, _ = run("test", rules, "--no-coverage")
    assert code == 0
    assert "branches" not in out


def test_a_failing_example(run, rules):
    path = rules / "water.kmr"
    path.write_text(path.read_text("utf-8").replace("637.06", "637.07"), "utf-8")
    code, out, _ = run("test", rules)
    assert code == 1
    assert "cold_water: expected 637.07 RUB, got 637.06 RUB" in out
    assert "1 passed, 1 failed" in out


def test_a_spec_file_beside(run, rules):
    (rules / "water.spec.kmr").write_text(
        'spec for my.water\n\nexample "beside" on 2026-01\n    given connected = no\n    expect cold_water none\n',
        "utf-8",
    )
    code, out, _ = run("test", rules / "water.kmr", "--verbose")
    assert code == 0
    assert "beside" in out
