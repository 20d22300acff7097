"""The synthetic city: the same for the same arguments, true to life where rules look, and honest about its dirt."""

import csv
import json
from collections import Counter
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from kommres.errors import UsageError
from kommres.synth import read_city, synthesize
from kommres.synth.api import default_profile
from kommres.synth.dice import Dice
from kommres.synth.dirt import KINDS
from kommres.synth.profile import read_profile

MONTHS = ("2022-12", "2023-01")
PROFILE = default_profile()


def table(folder, month, name):
    with (folder / month / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def ledger(folder):
    with (folder / "dirty.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def files(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    out = tmp_path_factory.mktemp("clean") / "city"
    synthesize(out, accounts=900, months=MONTHS, profile=PROFILE)
    return out


@pytest.fixture(scope="module")
def dirty(tmp_path_factory):
    out = tmp_path_factory.mktemp("dirty") / "city"
    synthesize(out, accounts=900, months=MONTHS, dirty="0.1", profile=PROFILE)
    return out


# --- the same city ---


def test_equal_arguments_give_equal_bytes(dirty, tmp_path):
    synthesize(tmp_path / "city", accounts=900, months=reversed(MONTHS), dirty=Decimal("0.1"), profile=PROFILE)
    assert files(tmp_path / "city") == files(dirty)


def test_another_seed_gives_another_city(clean, tmp_path):
    synthesize(tmp_path / "city", accounts=900, seed=2, months=MONTHS, profile=PROFILE)
    assert files(tmp_path / "city")["2022-12/premises.csv"] != files(clean)["2022-12/premises.csv"]


def test_a_month_is_the_same_with_and_without_the_next_one(clean, tmp_path):
    synthesize(tmp_path / "city", accounts=900, months=["2022-12"], profile=PROFILE)
    one, both = files(tmp_path / "city"), files(clean)
    assert {name: data for name, data in one.items() if name.startswith("2022-12/")}.items() <= both.items()


def test_dirt_changes_nothing_but_the_rows_of_the_ledger(clean, dirty):
    spoiled = {(row["month"], row["table"], row["id"]) for row in ledger(dirty)}
    for month in MONTHS:
        for name in ("building", "premises", "water_meter", "meter_outage", "absence", "premises.metered"):
            owner = "id" if name in {"building", "premises"} else "premises"
            kept = [row for row in table(clean, month, name) if (month, name, row[owner]) not in spoiled]
            found = table(dirty, month, name)
            assert all(row in found for row in kept)


def test_draws_are_the_same_on_every_machine():
    dice = Dice(np.array([7, 8]), 1, "flat")
    assert [dice.below(1000).tolist() for _ in range(3)] == [[536, 481], [970, 575], [91, 308]]


def test_draws_of_one_do_not_depend_on_others():
    one, many = (Dice(np.array(keys), 1, "flat") for keys in ([7], [6, 7, 8]))
    assert [one.below(1000)[0] for _ in range(3)] == [many.below(1000)[1] for _ in range(3)]


def test_draws_are_as_likely_as_they_should_be():
    dice = Dice(np.arange(100_000), 1, "fair")
    assert np.bincount(dice.below(10)).min() > 9_700
    assert 29_500 < dice.chance(300_000).sum() < 30_500
    found = Counter(dice.weighted({3: 1, 9: 3}).tolist())
    assert set(found) == {3, 9}
    assert 24_300 < found[3] < 25_700


def test_the_card_says_what_the_folder_holds(dirty):
    city = read_city(dirty)
    assert city is not None
    assert (city.accounts, city.months) == (900, MONTHS)
    assert city.rows["premises"] == sum(len(table(dirty, month, "premises")) for month in MONTHS)
    assert sum(city.flaws.values()) == len(ledger(dirty))


# --- true to life ---


def test_accounts_are_as_many_as_asked_for_and_stand_in_their_buildings(clean):
    for month in MONTHS:
        flats, houses = table(clean, month, "premises"), table(clean, month, "building")
        assert len({row["id"] for row in flats}) == len(flats) == 900
        assert {row["building"] for row in flats} == {row["id"] for row in houses}


def test_households_have_every_size(clean):
    sizes = Counter(int(row["residents"]) for row in table(clean, "2022-12", "premises") if row["residents"])
    assert sizes[0] > 25
    assert sizes[1] > sizes[4] > sizes[6] > 0
    assert max(sizes) >= 7
    assert all(int(row["owners"]) >= 1 for row in table(clean, "2022-12", "premises"))


def test_people_use_what_people_use(clean):
    volumes = {"cold": [], "hot": []}
    for row in table(clean, "2022-12", "premises"):
        for water, found in volumes.items():
            if row[f"metered.{water}"] and row["residents"] not in {"", "0"}:
                found.append(Decimal(row[f"metered.{water}"]) / int(row["residents"]))
    cold, hot = (sum(found) / len(found) for found in volumes.values())
    assert 2 < hot < cold < 5
    assert all(volume >= 0 for found in volumes.values() for volume in found)


def test_volumes_go_on_from_month_to_month(clean):
    december = {
        (row["id"], water): row[f"metered.{water}"]
        for row in table(clean, "2022-12", "premises")
        for water in ("cold", "hot")
        if row[f"metered.{water}"]
    }
    history = {
        (row["premises"], row["water"]): row["value"]
        for row in table(clean, "2023-01", "premises.metered")
        if row["month"] == "2022-12"
    }
    assert december.items() <= history.items()


def test_readings_go_on_from_month_to_month(clean):
    now = {row["id"]: row for row in table(clean, "2022-12", "water_meter")}
    later = {row["id"]: row for row in table(clean, "2023-01", "water_meter")}
    went_on = 0
    for name, row in later.items():
        last = now[name]["reading_now"] if name in now else ""
        # A meter that was put in place of another begins at zero.
        went_on += bool(last) and row["reading_before"] == last
        assert not last or row["reading_before"] in {last, "0.000"}
    assert went_on > len(later) * 3 // 4
    assert any(row["rolled_over"] == "yes" for row in (*now.values(), *later.values()))


def test_a_silent_flat_sends_the_rest_later(clean):
    silent = {row["id"] for row in table(clean, "2022-12", "premises") if row["silent_since.cold"]}
    assert silent
    assert not silent & {row["id"] for row in table(clean, "2022-12", "premises") if row["metered.cold"]}


def test_meters_fail_are_overdue_and_are_not_shown(clean):
    outages = [row for month in MONTHS for row in table(clean, month, "meter_outage")]
    assert {row["cause"] for row in outages} >= {"failed", "unverified", "no_access"}
    assert all(row["to"] == "" or row["from"] < row["to"] for row in outages)
    assert any(row["to"] == "" for row in outages)


def test_a_month_does_not_know_the_next_one(clean):
    for month, end in (("2022-12", "2023-01-01"), ("2023-01", "2023-02-01")):
        assert all(row["from"] < end and row["to"] < end for row in table(clean, month, "meter_outage"))
        assert all(row["applied_on"] < end for row in table(clean, month, "absence"))
        assert all(row["month"] < month for row in table(clean, month, "premises.metered"))


def test_some_are_absent_over_the_month_border(clean):
    over = [row for row in table(clean, "2022-12", "absence") if row["from"] < "2023-01-01" < row["to"]]
    again = [row for row in table(clean, "2023-01", "absence") if row["from"] < "2023-01-01"]
    assert over
    assert all(row in again for row in over if row["to"] > "2023-01-01")


def test_nobody_is_absent_who_does_not_live_there(clean):
    living = {row["id"]: int(row["residents"]) for row in table(clean, "2022-12", "premises")}
    for row in table(clean, "2022-12", "premises.residents"):
        living[row["premises"]] = max(living[row["premises"]], int(row["value"]))
    for row in table(clean, "2022-12", "absence"):
        if row["from"] > "2022-12-01":
            assert 1 <= int(row["people"]) <= living[row["premises"]]


def test_residents_change_inside_the_month(clean):
    changes = table(clean, "2022-12", "premises.residents")
    living = {row["id"]: row["residents"] for row in table(clean, "2022-12", "premises")}
    assert changes
    assert all("2022-12-01" < row["from"] <= "2022-12-31" for row in changes)
    assert all(living[row["premises"]] != row["value"] for row in changes)


def test_where_no_norm_is_known_all_are_metered(clean):
    place = {row["id"]: row["municipality"] for row in table(clean, "2022-12", "building")}
    meters = Counter((place[row["building"]], row["has_meter.cold"]) for row in table(clean, "2022-12", "premises"))
    assert meters["taishet", "no"] == 0
    assert meters["taishet", "yes"] > 150
    assert meters["moscow", "no"] > 60


# --- dirt ---


def test_every_flaw_of_the_profile_comes_up(tmp_path):
    synthesize(tmp_path / "city", accounts=3000, months=["2022-12"], dirty="0.3", profile=PROFILE)
    wanted = {(flaw.table, flaw.column, flaw.kind) for flaw in read_profile(*PROFILE).dirt}
    assert {(row["table"], row["column"], row["kind"]) for row in ledger(tmp_path / "city")} == wanted


def test_every_kind_of_flaw_is_in_the_profile():
    assert {flaw.kind for flaw in read_profile(*PROFILE).dirt} == set(KINDS)


def test_the_share_of_dirty_accounts_is_about_what_was_asked_for(dirty):
    assert 0.08 < len(ledger(dirty)) / (2 * 900) < 0.12


def test_a_ledger_line_says_what_stands_in_the_table(dirty):
    for line in ledger(dirty):
        if line["kind"] in {"twice", "torn", "blank"}:
            continue
        owner = "id" if line["table"] in {"building", "premises"} else "premises"
        rows = table(dirty, line["month"], line["table"])
        own = [row for row in rows if row[owner] == line["id"] or row[line["column"]] == line["dirty"]]
        assert any(row[line["column"]] == line["dirty"] for row in own), line


def test_an_id_that_stands_twice_stands_twice(dirty):
    for line in ledger(dirty):
        if line["kind"] == "twice":
            rows = [row["id"] for row in table(dirty, line["month"], "premises")]
            assert rows.count(line["id"]) == 2


# --- the folder ---


def test_a_folder_that_is_there_is_refused(tmp_path):
    (tmp_path / "city").mkdir()
    with pytest.raises(UsageError) as refused:
        synthesize(tmp_path / "city", accounts=5, months=MONTHS, profile=PROFILE)
    assert refused.value.code == "U0402"


def test_only_a_city_is_replaced(tmp_path):
    (tmp_path / "city").mkdir()
    (tmp_path / "city" / "precious.txt").write_text("mine")
    with pytest.raises(UsageError) as refused:
        synthesize(tmp_path / "city", accounts=5, months=MONTHS, profile=PROFILE, overwrite=True)
    assert refused.value.code == "U0402"
    assert (tmp_path / "city" / "precious.txt").read_text() == "mine"
    synthesize(tmp_path / "other", accounts=5, months=MONTHS, profile=PROFILE)
    synthesize(tmp_path / "other", accounts=6, months=MONTHS, profile=PROFILE, overwrite=True)
    assert json.loads((tmp_path / "other" / "city.json").read_text())["accounts"] == 6


def test_a_stopped_one_leaves_nothing(tmp_path):
    def stop(done):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        synthesize(tmp_path / "city", accounts=50, months=MONTHS, profile=PROFILE, progress=stop)
    assert list(tmp_path.iterdir()) == []


def test_a_stopped_one_keeps_the_old_city(tmp_path):
    def stop(done):
        raise KeyboardInterrupt

    synthesize(tmp_path / "city", accounts=5, months=MONTHS, profile=PROFILE)
    before = files(tmp_path / "city")
    with pytest.raises(KeyboardInterrupt):
        synthesize(tmp_path / "city", accounts=50, months=MONTHS, profile=PROFILE, overwrite=True, progress=stop)
    assert [path.name for path in tmp_path.iterdir()] == ["city"]
    assert files(tmp_path / "city") == before


@pytest.mark.parametrize(
    "wrong",
    [
        {"accounts": 0},
        {"accounts": -3},
        {"seed": -1},
        {"months": []},
        {"dirty": "much"},
        {"dirty": "1.5"},
        {"dirty": "-0.1"},
        {"dirty": "NaN"},
        {"profile": "no/such/file.toml"},
    ],
)
def test_a_wrong_argument_is_refused_before_anything_is_written(tmp_path, wrong):
    with pytest.raises(UsageError) as refused:
        synthesize(tmp_path / "city", **{"accounts": 5, "months": MONTHS, "profile": PROFILE, **wrong})
    assert refused.value.code == "U0401"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[households]", "[households"),
        ("history = 9", ""),
        ("change = 0.012", "changes = 0.012"),
        ("change = 0.012", ""),
        ('rows = "flats"', 'rows = "caves"'),
        ('kind = "comma"', 'kind = "coffee"'),
        ('column = "metered.cold"', 'column = "metered.lukewarm"'),
        ('table = "premises"', 'table = "promises"'),
        ('silence = "any"', 'silence = "golden"'),
        ('quarters = ["MSKE"]', 'quarters = ["ATLANTIS"]'),
        ('quarters = ["MSKO"]', 'quarters = ["MSK"]'),
        ('mishaps = ["failed", ', 'mishaps = ["felled", '),
    ],
)
def test_a_wrong_profile_is_refused_with_its_place(tmp_path, old, new):
    paths = []
    for number, part in enumerate(PROFILE):
        paths.append(tmp_path / f"{number}.toml")
        paths[-1].write_text(part.read_text("utf-8").replace(old, new), "utf-8")
    assert any(old in part.read_text("utf-8") for part in PROFILE)
    with pytest.raises(UsageError) as refused:
        synthesize(tmp_path / "city", accounts=5, months=MONTHS, profile=paths)
    assert refused.value.code == "U0401"
    assert any(str(path) in str(refused.value) for path in paths)
    assert not Path(tmp_path / "city").exists()


def test_parts_of_a_profile_that_contradict_each_other_are_refused(tmp_path):
    (tmp_path / "other.toml").write_text("history = 3\n", "utf-8")
    with pytest.raises(UsageError, match="history = 3"):
        synthesize(tmp_path / "city", accounts=5, months=MONTHS, profile=[*PROFILE, tmp_path / "other.toml"])


def test_a_bigger_city_is_cut_into_pieces_that_do_not_show(tmp_path, monkeypatch):
    synthesize(tmp_path / "whole", accounts=900, months=MONTHS[:1], dirty="0.1")
    monkeypatch.setattr("kommres.synth.town._AT_A_TIME", 70)
    synthesize(tmp_path / "pieces", accounts=900, months=MONTHS[:1], dirty="0.1")
    one, other = files(tmp_path / "whole"), files(tmp_path / "pieces")
    assert one["2022-12/premises.metered.csv"] == other["2022-12/premises.metered.csv"]
    assert one["2022-12/absence.csv"].count(b"\n") == other["2022-12/absence.csv"].count(b"\n")
