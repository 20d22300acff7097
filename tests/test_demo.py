"""The demo on a small city, as a newcomer starts it; and what becomes of every dirty row of it."""

import csv
import importlib
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from tests.shipped import shipped

import kommres
from kommres.synth import synthesize

ROOT = Path(__file__).resolve().parent.parent
ACCOUNTS = "150"
MONTHS = ("2022-11", "2022-12", *(f"2023-{month:02}" for month in range(1, 13)))


def demo():
    # Months are charged in processes of their own, which import the demo by its name.
    if str(ROOT / "tools") not in sys.path:
        sys.path.append(str(ROOT / "tools"))
    return importlib.import_module("demo")


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    out = tmp_path_factory.mktemp("demo") / "demo"
    import contextlib
    import io

    said = io.StringIO()
    with contextlib.redirect_stdout(said), pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        code = demo().main(["--accounts", ACCOUNTS, "--dirty", "0.1", "--out", str(out)])
    return out, code, said.getvalue()


def test_it_ends_well_and_says_what_it_did(ended):
    out, code, said = ended
    assert code == 0
    for word in (
        f"{ACCOUNTS} accounts",
        "cold_water",
        "hot_water",
        "sewerage",
        "electricity",
        "heating",
        "maintenance",
        "Quarantine",
        "One bill explained",
        "Итого",
        "RUB",
        " s",
    ):
        assert word in said
    for month in MONTHS:
        assert f"  {month}  " in said
        assert (out / month / "charges.parquet").stat().st_size > 1000
        assert (out / month / "quarantine.parquet").exists()
    assert "\x1b" not in said


def test_the_second_one_gives_the_same_bytes(ended, monkeypatch, capsys):
    out, _, _ = ended
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    monkeypatch.chdir(ROOT)
    assert demo().main(["--accounts", ACCOUNTS, "--dirty", "0.1", "--out", str(out)]) == 0
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    capsys.readouterr()


def test_sums_on_the_screen_are_those_of_the_charges(ended):
    out, _, said = ended
    charges = kommres.run(shipped(), out / "city" / MONTHS[0], MONTHS[0]).charges.to_pylist()
    total = sum((row["amount"] for row in charges), Decimal(0))
    assert f"{total:,.2f}".replace(",", " ") in said


def test_a_wrong_argument_is_a_message(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    assert demo().main(["--accounts", "0", "--out", str(tmp_path / "demo")]) == 1
    assert "accounts = 0" in capsys.readouterr().err
    assert not (tmp_path / "demo").exists()


# --- dirt in a run: each flaw is caught with its code, and takes nobody else along ---


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    program = shipped()
    found = {}
    for name, dirty in (("clean", "0"), ("dirty", "0.3"), ("few", "0.004")):
        city = synthesize(folder / name, accounts=1000, months=[MONTHS[1]], dirty=dirty)
        result = kommres.run(program, city.month(MONTHS[1]), MONTHS[1])
        found[name] = city, result.charges.to_pylist(), result.quarantine.to_pylist()
    return found


def test_a_clean_city_is_charged_whole(runs):
    _, charges, refused = runs["clean"]
    assert refused == []
    assert len({row["account"] for row in charges}) == 1000


def test_each_dirty_row_is_caught_with_its_code(runs):
    city, _, refused = runs["dirty"]
    ledger = rows(city.folder / "dirty.csv")
    texts = {}
    for row in refused:
        texts.setdefault(row["code"], []).append(" ".join(map(str, row.values())))
    for line in ledger:
        # Who has no id is known by what else stands in the row.
        known = line["dirty"] if line["table"] == "building" else line["id"]
        if (line["column"], line["kind"]) != ("id", "blank"):
            found = texts.get(line["code"], [])
            assert any(known in text or line["dirty"] in text for text in found), line
    nameless = [line for line in ledger if (line["column"], line["kind"]) == ("id", "blank")]
    services = {row["service"] for row in refused if row["code"] == "D0501"}
    assert len(texts["D0501"]) == len(nameless) * len(services)


def test_no_account_of_a_clean_building_is_lost_or_changed(runs):
    """A dirty row takes the neighbours' shares of the house along, and nobody else."""
    city, charges, refused = runs["few"]
    _, clean, _ = runs["clean"]
    touched = {line["id"] for line in rows(city.folder / "dirty.csv")}
    flats = {row["id"]: row["building"] for row in rows(runs["clean"][0].month(MONTHS[1]) / "premises.csv")}
    dirty = {building for account, building in flats.items() if account in touched or building in touched}
    kept = {account for account, building in flats.items() if building not in dirty}
    assert len(kept) > 200
    assert [row for row in charges if row["account"] in kept] == [row for row in clean if row["account"] in kept]
    assert not kept & {row["account"] for row in refused}
