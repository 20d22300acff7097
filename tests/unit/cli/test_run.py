"""`run`, `explain` of its result, and `synth`."""

import json
import sys
from importlib import import_module

import pytest

pytest.importorskip("pyarrow")


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "premises.csv").write_text(
        "id,residents,metered,connected\n17,2,,yes\n18,,10.000,yes\n19,2,,no\n20,x,,yes\n", "utf-8"
    )
    return folder


def test_run_and_explain(run, rules, data, tmp_path):
    out = tmp_path / "out"
    code, text, _ = run("run", data, "--rules", rules, "--period", "2026-01", "--out", out)
    assert code == 3
    assert "premises: 4 accounts, 2 charged, 1 with nothing to charge, 1 with quarantine" in text
    assert "cold_water  base  2 lines  1308.36 RUB" in text
    assert "D0102  1  a value cannot be read" in text
    assert json.loads((out / "manifest.json").read_text("utf-8"))["period"] == "2026-01"

    code, text, _ = run("explain", out, "--account", "17")
    assert code == 0
    assert text.startswith("premises 17, January 2026: cold_water: 637.06 RUB\n")
    code, text, _ = run("explain", out, "--account", "20", "--lang", "ru")
    assert "отказ, D0102" in text
    code, _, err = run("explain", out, "--account", "170")
    assert code == 2
    assert "no row has this id. What to do: did you mean '17'?" in err
    code, _, err = run("explain", out, "--account", "another")
    assert "quarantine.parquet lists rows that could not be used" in err


def test_bills_of_a_run(run, rules, data, tmp_path):
    out = tmp_path / "out"
    assert run("run", data, "--rules", rules, "--period", "2026-01", "--out", out, "--quiet")[0] == 3
    code, text, _ = run("explain", out, "--account", "17", "--bill", "--lang", "ru")
    assert code == 0
    assert text.startswith("Расчёт платы за январь 2026 года\npremises 17\n")
    assert "Итого: 637,06 руб." in text
    assert "Почему так" not in text
    assert "Почему так" in run("explain", out, "--account", "17", "--bill", "--lang", "ru", "--details")[1]
    page = run("explain", out, "--account", "18", "--bill", "--format", "html")[1]
    assert page.startswith("<!DOCTYPE html>\n")
    assert "671.30 RUB" in page
    assert json.loads(run("explain", out, "--account", "18", "--bill", "--format", "json")[1])["row"] == "18"
    assert "Nothing is charged." in run("explain", out, "--account", "19", "--bill")[1]
    text = run("explain", out, "--account", "20", "--bill")[1]
    assert "Not charged\n  cold water: a value cannot be read: residents" in text
    code, _, err = run("explain", out, "--account", "17", "--bill", "--service", "water")
    assert code == 2
    assert "services of premises are cold_water" in err


def test_an_explanation_of_other_rules_or_data_is_refused(run, rules, data, tmp_path):
    out = tmp_path / "out"
    assert run("run", data, "--rules", rules, "--period", "2026-01", "--out", out, "--quiet")[:2] == (3, "")
    table = data / "premises.csv"
    before = table.read_text("utf-8")
    table.write_text(before.replace("17,2", "17,3"), "utf-8")
    code, _, err = run("explain", out, "--account", "17")
    assert code == 1
    assert "the table premises is not that of the run" in err
    table.write_text(before, "utf-8")
    path = rules / "water.kmr"
    path.write_text(path.read_text("utf-8").replace("4.745", "4.746"), "utf-8")
    code, _, err = run("explain", out, "--account", "17")
    assert code == 1
    assert "the rules are not those of the run" in err


def test_wrong_use_of_run(run, rules, tmp_path):
    assert run("run", tmp_path, "--rules", rules)[0] == 2
    assert run("run", tmp_path / "nothing", "--rules", rules, "--period", "2026-01", "--out", tmp_path / "out")[0] == 1


def test_synth_makes_the_same_city_again(run, tmp_path, rules):
    profile = tmp_path / "nothing.toml"
    code, _, err = run("synth", tmp_path / "city", "--month", "2026-01", "--profile", profile)
    assert code == 2
    assert "nothing.toml" in err


def test_many_warnings_are_told_in_part(run, rules, data, tmp_path):
    table = data / "premises.csv"
    head, *rows = table.read_text("utf-8").splitlines()
    more = ",".join(f"other{number}" for number in range(30))
    table.write_text("\n".join([f"{head},{more}", *(row + "," * 30 for row in rows)]), "utf-8")
    out = tmp_path / "out"
    _, _, err = run("run", data, "--rules", rules, "--period", "2026-01", "--out", out)
    warnings = json.loads((out / "manifest.json").read_text("utf-8"))["warnings"]
    said = [line for line in err.splitlines() if line.startswith("warning: ")]
    assert said == [*(f"warning: {text}" for text in warnings[:20]), f"warning: 10 more stand in {out}/manifest.json"]


@pytest.mark.filterwarnings("default")
def test_quiet_is_silent_without_numba(run, rules, data, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "numba", None)
    code, text, err = run("run", data, "--rules", rules, "--period", "2026-01", "--out", tmp_path / "out", "--quiet")
    assert (code, text, err) == (3, "", "")


def test_ctrl_c_says_how_to_go_on(run, rules, data, tmp_path, monkeypatch):
    out = tmp_path / "out"

    def stopped(*_, **__):
        (tmp_path / "out.partial").mkdir()
        raise KeyboardInterrupt

    monkeypatch.setattr(import_module("kommres.run.api"), "run", stopped)
    code, _, err = run("run", data, "--rules", rules, "--period", "2026-01", "--out", out)
    assert code == 130
    assert "go on with the same command and --resume" in err
    assert err.endswith("stopped by Ctrl-C\n")
