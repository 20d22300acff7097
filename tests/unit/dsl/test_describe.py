import json

import pytest

from kommres.dsl.citing import debt, uncited
from kommres.dsl.describe import describe
from kommres.dsl.overview import describe_text
from kommres.dsl.program import load

RULES = """\
module my.water
    "Cold water"
act pp "Rules of the village"
entity premises
    "a flat"
called ru
    service "water" = "Вода"
    unit m3 = "кубометр"
enum kind: cold, hot
    called ru cold = "холодная", hot = "горячая"
input used(kind) of premises: m3, step 0.001, 0..100, optional, history
    "volume by the meter"
    called ru "показания"
event absence of premises
    from: date
    to: date, optional
option reading: wide or narrow, default wide
    cites pp clause 7 unchecked "only read in a digest"
param tariff by kind: RUB/m3
    from 2025-01-01  cold = 10  hot = 20
    from 2026-01-01  cold = 11  hot = 21
    complete until 2027-01-01
rule total of premises: m3
    cites pp clause 1 checked 2026-11-20 "the book"
    = sum of used(k) for k in kind where has used(k)
    except narrow when reading = narrow
        cites pp clause 2
        = 0 m3
charge water of premises: RUB
    = round((total * 1 RUB/m3) at start, 0.01)
"""


@pytest.fixture(scope="module")
def bound(tmp_path_factory):
    path = tmp_path_factory.mktemp("rules") / "water.kmr"
    path.write_text(RULES, "utf-8")
    return load(path).bound


def test_input(bound):
    (item,) = describe(bound)["inputs"]
    assert item == {
        "entity": "premises",
        "name": "used",
        "type": "number",
        "unit": "m3",
        "members": None,
        "keys": {"kind": ["cold", "hot"]},
        "step": "0.001",
        "low": "0",
        "high": "100",
        "optional": True,
        "varies": False,
        "history": True,
        "signed": False,
        "text": "volume by the meter",
        "module": "my.water",
        "called": {"ru": "показания"},
    }


def test_parameter(bound):
    (item,) = describe(bound)["parameters"]
    assert (item["first_from"], item["last_from"], item["complete_until"]) == ("2025-01-01", "2026-01-01", "2027-01-01")
    assert item["values"] == 4
    assert item["keys"][0]["members"] == ["cold", "hot"]


def test_rules_and_charges(bound):
    data = describe(bound)
    assert [a["name"] for a in data["rules"][0]["alternatives"]] == ["base", "narrow"]
    assert (data["charges"][0]["name"], data["charges"][0]["unit"]) == ("water", "RUB")
    assert data["options"][0]["choices"] == ["wide", "narrow"]
    assert data["events"][0]["fields"][1]["optional"] is True
    assert json.loads(json.dumps(data)) == data


def test_what_things_are_called(bound):
    data = describe(bound)
    assert data["enumerations"][0]["parts_called"] == {"cold": {"ru": "холодная"}, "hot": {"ru": "горячая"}}
    assert data["enumerations"][0]["called"] == {}
    assert data["called"] == {
        "service": {"water": {"ru": "Вода"}},
        "line": {},
        "unit": {"m3": {"ru": "кубометр"}},
        "act": {},
    }


def test_debt(bound):
    assert [(use.owner, use.citation.text, use.citation.status) for use in debt(bound)] == [
        ("option reading", "clause 7", "unchecked"),
        ("rule total, exception narrow", "clause 2", "unsaid"),
    ]
    assert [owner for owner, _, _ in uncited(bound)] == ["charge water"]


def test_text_names_everything(bound):
    text = describe_text(bound)
    assert "volume by the meter" in text
    assert "показания" in describe_text(bound, "ru")
    for word in ("premises.used(kind)", "m3, 0..100, step 0.001, optional, history", "tariff[kind]", "wide or narrow"):
        assert word in text
    assert "3 citations, 2 of them not checked" in text
