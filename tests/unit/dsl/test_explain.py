# ruff: noqa: E501 - lines of explanations are as long as they are
import json
from pathlib import Path

import pytest

from kommres.dsl.backends.interpreter import Interpreter
from kommres.dsl.case import rows_from_example
from kommres.dsl.explain import explain, explain_row
from kommres.dsl.program import load
from kommres.dsl.trace import Trace
from kommres.errors import UsageError
from kommres.period import Month

RULES = """\
module my.water
    "Cold water of a village"

act pp "Rules of the village"

entity premises

input residents of premises: person, 0..100, varies
    "who lives here"
input metered of premises: m3, step 0.001, 0..100_000, optional
input connected of premises: yes/no
input empty of premises: yes/no, optional

option meters: trusted or ignored, default trusted

param norm: m3/person/month = 4.745
param tariff: RUB/m3
    from 2025-01-01 = 59.94
    from 2025-07-01 = 67.13
    complete until 2027-01-01
    cites pp clause "42" checked 2026-11-20 "the printed book"

rule volume of premises: m3/month
    "what is charged"
    cites pp annex 2 formula "4" unchecked
    = residents * norm
    except by_meter when has metered and meters = trusted
        cites pp annex 2 formula "1" checked 2026-11-20 "the printed book"
        = metered spread by days

charge cold_water of premises: RUB when connected
    = sum over slices round(volume * slice.months * tariff, 0.01)

charge seal of premises: RUB when connected
    service "cold_water"
    line "seal"
    = if empty else no then 0 RUB otherwise round(10 RUB / 3, 0.01)

charge gate of premises: RUB from 2027-01-01
    = 100 RUB
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    path = tmp_path_factory.mktemp("rules") / "water.kmr"
    path.write_text(RULES.replace(" RUB from 2027-01-01", " RUB\n    from 2027-01-01"), "utf-8")
    return load(path)


def told(program, case, language="en", **options):
    return explain(program, json.dumps(case), "2026-01", service="cold_water", language=language, **options)


MOVED = {"residents": [{"value": 2}, {"from": "2026-01-16", "value": 3}], "connected": True}


def test_english(program):
    text = told(program, MOVED).text
    place = program.sources[0].name
    assert (
        text
        == f"""\
premises 1, January 2026: cold_water: 801.47 RUB
  service cold_water, line base
  = sum over slices round(volume * slice.months * tariff, 0.01)
  = 308.26 RUB + 493.21 RUB = 801.47 RUB
  1–15 January 2026, 15 days of 31: 9.49 m3/month × 15/31 month × 67.13 RUB/m3 = 308.256629… RUB, rounded to 0.01 RUB = 308.26 RUB
    volume = 9.49 m3/month (what is charged)
      general rule
      not by_meter: “has metered and meters = trusted” does not hold (metered = absent)
      basis: Rules of the village (pp), annex 2, formula 4, unchecked
      = residents * norm
      = 2 person × 4.745 m3/month/person = 9.49 m3/month
      residents = 2 person: who lives here, supplied
      norm = 4.745 m3/month/person: {place}:16:31
    tariff = 67.13 RUB/m3: in force from 1 July 2025, {place}:19, pp, clause 42, checked 20 November 2026, the printed book
  16–31 January 2026, 16 days of 31: 14.235 m3/month × 16/31 month × 67.13 RUB/m3 = 493.210606… RUB, rounded to 0.01 RUB = 493.21 RUB
    volume = 14.235 m3/month (what is charged)
      general rule
      not by_meter: “has metered and meters = trusted” does not hold (metered = absent)
      basis: pp, annex 2, formula 4, unchecked
      = residents * norm
      = 3 person × 4.745 m3/month/person = 14.235 m3/month
      residents = 3 person: who lives here, supplied, from 16 January 2026

premises 1, January 2026: seal: 3.33 RUB
  service cold_water, line seal
  = if empty else no then 0 RUB otherwise round(10 RUB / 3, 0.01)
  = 10.00 RUB / 3 = 10/3 (3.333333…) RUB, rounded to 0.01 RUB = 3.33 RUB
  empty = absent: not supplied"""
    )


def test_russian(program):
    text = told(program, {"residents": 2, "metered": "9.5", "connected": True}, "ru").text
    place = program.sources[0].name
    assert text.startswith(f"""\
premises 1, январь 2026: cold_water: 637,74 руб.
  услуга cold_water, строка base
  = сумма по отрезкам округлить(volume * отрезок.месяцев * tariff, 0.01)
  1–31 января 2026, 31 день: 9,5 м³/мес. × 1 мес. × 67,13 руб./м³ = 637,735 руб., округлено до 0,01 руб. = 637,74 руб.
    volume = 9,5 м³/мес. (what is charged)
      исключение by_meter, так как «есть metered и meters = trusted» (metered = 9,5 м³, meters = trusted)
      основание: Rules of the village (далее pp), приложение 2, формула 1, сверено 20 ноября 2026, the printed book
      = metered распределено по дням
      = 9,5 м³ / 1 мес. = 9,5 м³/мес.
      metered = 9,5 м³: исходные данные
      meters = trusted: по умолчанию
    tariff = 67,13 руб./м³: действует с 1 июля 2025, {place}:19, pp, пункт 42, сверено 20 ноября 2026, the printed book
""")


def test_chosen_option_is_told(program):
    text = told(program, {"residents": 2, "metered": 9, "connected": True}, options={"meters": "ignored"}).text
    assert "not by_meter: “has metered and meters = trusted” does not hold (metered = 9 m3, meters = ignored)" in text
    assert "meters = ignored: chosen for this calculation" in text


def test_no_line_says_why(program):
    text = told(program, {"residents": 2, "connected": False}).text
    assert text.splitlines() == [
        "premises 1, January 2026: cold_water: no line, because “connected” does not hold",
        "premises 1, January 2026: seal: no line, because “connected” does not hold",
    ]


def test_out_of_force_says_so(program):
    made = explain(program, '{"residents": 2}', "2026-01", service="gate")
    assert made.text == "premises 1, January 2026: gate: no line, because the charge is not in force in this period"


def test_refusal_leads_to_its_cause(program):
    text = told(program, {"connected": True}).text
    assert "cold_water: refused, D0101: residents is missing" in text
    assert "  volume: refused, D0101: residents is missing" in text
    assert "not charged, because another line of the service is refused" in text


def test_data_hold_exact_values(program):
    first, second, *_ = told(program, MOVED).data
    assert (first["value"], first["unit"], first["charged"]) == ("801.47", "RUB", True)
    slices = [step for step in first["steps"] if step.get("kind") == "slice"]
    assert [(s["from"], s["until"], s["value"]) for s in slices] == [
        ("2026-01-01", "2026-01-16", "308.26"),
        ("2026-01-16", "2026-02-01", "493.21"),
    ]
    (volume,) = [step for step in slices[0]["steps"] if step.get("kind") == "rule"]
    assert volume["citations"][0]["status"] == "unchecked"
    assert json.loads(json.dumps(first)) == first
    assert second["line"] == "seal"


def test_unknown_service(program):
    with pytest.raises(UsageError, match="services are cold_water, gate"):
        explain(program, "{}", "2026-01", service="heat")


@pytest.fixture(scope="module")
def house():
    program = load(Path(__file__).with_name("house.kmr"))
    (example,) = program.bound.examples
    trace = Trace(Month.of(*example.month).number)
    interpreter = Interpreter(program.plan, Month.of(*example.month), hook=trace)
    row = next(row for row in rows_from_example(program.plan, example) if (row.entity, row.id) == ("premises", "1"))
    return explain_row(interpreter, trace, row).text.splitlines()


@pytest.mark.parametrize(
    "line",
    [
        # every item of a sum, with whose it is
        "  building.area_total = 150 m2",
        "    premises 1: 50 m2",
        "    premises 2: area = 100 m2: supplied",
        # the parts of the volume in each bracket
        "tiers(sum_volume, range[_]) = 238.25 RUB: 100 kWh × 1 RUB/kWh + 69.125 kWh × 2 RUB/kWh: in force from 1 January 2025",
        # past months, and those that were left out
        "for December 2025: 4.1 m3",
        "measured = 4.1 m3: supplied for December 2025",
        "for November 2025: left out",
        # events by their dates
        "2026-01-01 .. 2026-01-05: 5 January 2026 - 1 January 2026 = 4 day",
        "2026-01-10 .. 2026-01-12: left out",
        # values by members of an enumeration, and a price that changes inside the month
        "day: 132.55 kWh × 5.56 RUB/kWh = 736.978 RUB",
        "price[day] = 5.56 RUB/kWh: in force from 11 January 2026",
        # a mean over days, a named rounding
        "16–31 January 2026, 16 days of 31: 3 person",
        "rounded to 0.01 RUB (half_even) = 20.90 RUB",
        "late: -1.33 RUB",
    ],
)
def test_lines_of_every_construct(house, line):
    assert any(line.strip() in told_line for told_line in house), "\n".join(house)
