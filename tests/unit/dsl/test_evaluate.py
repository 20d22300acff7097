import json
from decimal import Decimal

import pytest

import kommres
from kommres.dsl.evaluate import evaluate
from kommres.dsl.program import load
from kommres.errors import UsageError

RULES = """\
module my.water
entity premises
input residents of premises: person, varies
input metered of premises: m3, step 0.001, optional
input share of premises: number
option reading: wide or narrow, default wide
param tariff: RUB/m3
    from 2025-01-01 = 60
    from 2026-01-11 known from 2026-01-05 = 66
rule part of premises: number
    = share / 3
rule people of premises: person
    = residents
charge water of premises: RUB
    volume metered
    price tariff
    = sum over slices round((metered else 1 m3) * tariff * slice.months / 1 month, 0.01)
    except narrow when reading = narrow
        = 1 RUB
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    path = tmp_path_factory.mktemp("rules") / "water.kmr"
    path.write_text(RULES, "utf-8")
    return load(path)


def test_charges_are_exact_text(program):
    (line,) = evaluate(program, {"metered": Decimal("9.500")}, "2025-12")["charges"]
    assert line == {
        "entity": "premises",
        "row": "1",
        "service": "water",
        "line": "base",
        "charge": "my.water.water",
        "amount": "570.00",
        "unit": "RUB",
        "volume": "9.5",
        "volume_unit": "m3",
        "price": "60",
        "price_unit": "RUB/m3",
        "rule": "my.water.water/base",
        "options": {"my.water.reading": "wide"},
    }


def test_rules_are_exact_text(program):
    case = {"share": 37, "residents": [{"value": 2}, {"from": "2025-12-05", "value": 3}]}
    part, people = evaluate(program, case, "2025-12")["rules"]
    assert part["value"] == "37/3"
    assert [(p["from"], p["until"], p["value"]) for p in people["pieces"]] == [
        ("2025-12-01", "2025-12-05", "2"),
        ("2025-12-05", "2026-01-01", "3"),
    ]


def test_a_price_that_changes_inside_the_month_is_not_one_price(program):
    (line,) = evaluate(program, '{"metered": 31}', "2026-01")["charges"]
    assert (line["amount"], line["price"]) == ("1986.00", None)


def test_what_was_known(program):
    (line,) = evaluate(program, '{"metered": 31}', "2026-01", known_at="2026-01-04")["charges"]
    assert line["amount"] == "1860.00"


def test_options(program):
    (line,) = evaluate(program, "{}", "2026-01", options={"reading": "narrow"})["charges"]
    assert (line["amount"], line["rule"]) == ("1.00", "my.water.water/narrow")
    with pytest.raises(UsageError, match="U0103"):
        evaluate(program, "{}", "2026-01", options={"reading": "broad"})


def test_refusals(program):
    made = evaluate(program, '{"metered": "9,5"}', "2026-01")
    (refused,) = made["refused"]
    assert (refused["code"], refused["field"]) == ("D0102", "metered")
    assert made["charges"] == []
    assert made["rules"][0]["refused"]["code"] == "D0101"


def test_wrong_module(program):
    with pytest.raises(UsageError, match=r"they hold my\.water"):
        evaluate(program, "{}", "2026-01", module="my.wine")


def test_public_name(program):
    assert json.dumps(kommres.evaluate(program, "{}", "2026-01"))


SERVICE = """\
module my.service
entity premises
input metered of premises: m3
input stolen of premises: m3, optional
rule volume of premises: m3
    = metered / 3
charge water of premises: RUB
    service "water"
    volume volume
    price 7 RUB/m3
    = round(volume * 7 RUB/m3, 0.01)
charge theft of premises: RUB when has stolen
    service "water"
    line "theft"
    volume stolen
    = round(stolen * 7 RUB/m3, 0.01)
"""


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    path = tmp_path_factory.mktemp("service") / "service.kmr"
    path.write_text(SERVICE, "utf-8")
    return load(path)


def test_lines_beside_a_refused_one_are_withheld_and_said(service):
    made = evaluate(service, {"stolen": 2}, "2026-01")
    assert made["charges"] == []
    (refused,) = made["refused"]
    assert refused["charge"] == "my.service.water"
    (line,) = made["withheld"]
    assert (line["charge"], line["amount"], line["because"]) == ("my.service.theft", "14.00", ["my.service.water"])
    assert evaluate(service, {"metered": 3, "stolen": 2}, "2026-01")["withheld"] == []


def test_a_volume_is_a_decimal_with_the_exact_one_beside(service):
    made = evaluate(service, {"metered": 1}, "2026-01")
    (line,) = made["charges"]
    assert (line["volume"], line["volume_exact"], line["price"]) == ("0.333333333", "1/3", "7")
    assert "price_exact" not in line
    (rule,) = made["rules"]
    assert (rule["value"], rule["decimal"]) == ("1/3", "0.333333333")


def test_a_volume_with_more_digits_than_a_bill_shows(service):
    (line,) = evaluate(service, {"metered": Decimal("0.0000000003")}, "2026-01")["charges"]
    assert (line["volume"], line["volume_exact"]) == ("0.000000000", "0.0000000001")
