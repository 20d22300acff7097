"""Series: values in intervals, which intervals there are, gaps, prices of the program, and how they are told."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import pytest
from tests.programs import plan_of, run

from kommres.dsl.backends.interpreter import Interpreter
from kommres.dsl.case import rows_from_case, rows_from_example
from kommres.dsl.coverage import Coverage
from kommres.dsl.describe import describe
from kommres.dsl.diagnostics import Diagnostics
from kommres.dsl.examples import run_examples
from kommres.dsl.explain import explain
from kommres.dsl.overview import describe_text
from kommres.dsl.pipeline import compile_sources
from kommres.dsl.plan.calendar import CalendarSteps
from kommres.dsl.plan.nodes import Op
from kommres.dsl.plan.prove import prove
from kommres.dsl.plan.show import show
from kommres.dsl.program import load
from kommres.dsl.source import Source
from kommres.dsl.syntax.format import format_text
from kommres.dsl.syntax.from_text import parse
from kommres.dsl.syntax.nodes import SeriesDecl
from kommres.errors import UsageError
from kommres.period import Month

HEAD = """
module t.s
enum zone: day, night
entity house
input time_zone of house: id, optional
entity meter of house
series load of meter: kWh, step 0.001, 0..1_000, every 1 h, label at start
"""
COUNTED = "rule n of meter: number = count for h in load\n"
TOTAL = "rule total of meter: kWh = sum of load[h] for h in load\n"
BERLIN = {"house": {"time_zone": "Europe/Berlin"}}


def with_load(load, house=None):
    return {"house": house or {}, "meter": {"load": load}}


# --- intervals -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "month", "hours"),
    [
        ("UTC", "2026-02", 672),
        ("Europe/Berlin", "2026-03", 743),
        ("Europe/Berlin", "2026-10", 745),
        ("Europe/Moscow", "2026-03", 744),
        ("Asia/Kathmandu", "2026-03", 744),
    ],
)
def test_there_are_as_many_intervals_as_the_month_is_long(zone, month, hours):
    rules = (
        HEAD
        + "rule n of meter: number = count for h in load\nrule total of meter: kWh = sum of load[h] for h in load\n"
    )
    made = run(rules, month, with_load("1.5", {"time_zone": zone}))
    assert made.value("n") == hours
    assert made.value("total") == Fraction(3, 2) * hours


def test_days_on_which_clocks_change_have_23_and_25_hours():
    rules = HEAD + "rule n(d: date) of meter: number = count for h in load on d\n"
    spring = run(rules, "2026-03", with_load("1", BERLIN["house"]))
    autumn = run(rules, "2026-10", with_load("1", BERLIN["house"]))
    first = Month.parse("2026-03").start
    assert [spring.value("n", first + n) for n in (0, 28, 30)] == [24, 23, 24]
    assert [autumn.value("n", Month.parse("2026-10").start + n) for n in (23, 24, 25)] == [24, 25, 24]
    assert spring.value("n", first - 1) == 0


def test_a_zone_whose_day_is_no_whole_number_of_intervals_is_refused():
    rules = HEAD + "rule total of meter: kWh = sum of load[h] for h in load\n"
    found = run(rules, "2026-04", with_load("1", {"time_zone": "Australia/Lord_Howe"})).problem("total")
    assert found.code == "D0110"
    assert "1470 minutes in the time zone Australia/Lord_Howe" in found.message


def test_label_at_end_shifts_the_same_data_by_an_interval():
    """The value at 10:00 belongs to 9:00..10:00."""
    rules = HEAD.replace("label at start", "label at end") + (
        "rule ninth of meter: kWh = sum of (load[h] else 0 kWh) for h in load where hour_of_day(h) = 9\n"
        "rule tenth of meter: kWh = sum of (load[h] else 0 kWh) for h in load where hour_of_day(h) = 10\n"
    )
    made = run(rules, "2026-01", with_load({"2026-01-03T10:00": "2.5"}))
    assert (made.value("ninth"), made.value("tenth")) == (Fraction(5, 2), 0)


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("load", 744),
        ("load on 2026-01-03", 24),
        ("load on 2026-02-03", 0),
        ("daily(load, 22:00, 06:00)", 31 * 8),
        ("daily(load, 00:00, 24:00)", 744),
        ("daily(load, 06:00, 06:00)", 744),
        ("clip(load, 2026-01-03, 2026-01-05)", 48),
        ("clip(load, 2026-01-03T10:30, 2026-01-03T12:30)", 2),
        ("clip(load, 2025-12-01, 2026-01-02)", 24),
        ("clip(load, 2026-01-05, 2026-01-03)", 0),
        ("clip(daily(load, 00:00, 05:00), 2026-01-03, 2026-01-05)", 10),
        ("daily(clip(load, 2026-01-03, 2026-01-05), 00:00, 05:00)", 10),
        ("daily(load, 00:00, 05:00) on 2026-01-09", 5),
        ("clip(load on 2026-01-09, 2026-01-09T20:00, 2026-01-11)", 4),
    ],
)
def test_sources_keep_intervals(source, count):
    assert run(HEAD + f"rule n of meter: number = count for h in {source}\n", "2026-01", {}).value("n") == count


def test_edges_of_an_interval():
    rules = HEAD + (
        "rule first of meter: date, optional\n    = min of date_of(h.from) for h in load\n"
        "rule last of meter: instant, optional\n    = max of h.to for h in load\n"
        "rule length of meter: h = sum of hours(h) for h in load on 2026-01-05\n"
    )
    made = run(rules, "2026-01", with_load("1", BERLIN["house"]))
    month = Month.parse("2026-01")
    assert made.value("first") == month.start
    assert made.value("last") == (month.end - 719163) * 86_400 - 3600
    assert made.value("length") == 24


# --- values ----------------------------------------------------------------------------------------------------


def test_energy_adds_up_and_power_is_energy_over_the_interval():
    rules = """
module t.p
entity meter
series used of meter: kWh, step 0.001, every 30 min, label at start
series flow of meter: kW, step 0.001, every 30 min, label at start
rule energy of meter: kWh = sum of used[h] for h in used
rule power of meter: kW, optional
    = max of (used[h] / hours(h)) as kW for h in used
rule from_power of meter: kWh = (sum of flow[h] * hours(h) for h in flow) as kWh
"""
    made = run(rules, "2026-01", {"meter": {"used": "1.5", "flow": "3"}})
    assert made.value("energy") == Fraction(3, 2) * 1488
    assert made.value("power") == 3
    assert made.value("from_power") == made.value("energy")


def test_gaps_refuse_what_reads_them_and_nothing_else():
    rules = HEAD + (
        "rule total of meter: kWh = sum of load[h] for h in load\n"
        "rule filled of meter: kWh = sum of (load[h] else 0.5 kWh) for h in load\n"
        "rule elsewhere of meter: kWh = sum of load[h] for h in load on 2026-01-05\n"
        "rule there of meter: number = count for h in load\n"
    )
    values = [1] * 744
    values[50] = None
    made = run(rules, "2026-01", with_load(values))
    problem = made.problem("total")
    assert problem.code == "D0109"
    assert (
        problem.message == "load has no value in the interval from 2026-01-03T02:00+00:00; 1 of 744 intervals have none"
    )
    assert (problem.row, problem.field) == ("1", "load")
    assert made.value("filled") == 743 + Fraction(1, 2)
    assert made.value("elsewhere") == 24
    nothing = run(rules, "2026-01", {"meter": {}})
    assert "no interval of load was supplied" in nothing.problem("total").message
    assert nothing.value("filled") == 372
    assert nothing.value("there") == 744


def test_a_gap_of_an_ancestor_names_it():
    rules = (
        HEAD.replace("of meter: kWh, step", "of house: kWh, step")
        + "rule total of meter: kWh = sum of load[h] for h in load\n"
    )
    problem = run(rules, "2026-01", {"house": {"id": "b7"}, "meter": {"id": "m"}}).problem("total")
    assert (problem.code, problem.row, problem.caused_by) == ("D0109", "b7", "house b7")


def test_an_optional_series_may_have_gaps():
    rules = HEAD.replace("label at start", "label at start, optional") + (
        "rule known of meter: kWh = sum of load[h] for h in load where has load[h]\n"
        "rule most of meter: kWh, optional\n"
        "    = max of load[h] for h in load where has load[h] and hour_of_day(h) < 3\n"
    )
    made = run(rules, "2026-01", with_load({"2026-01-03T01:00": "2", "2026-01-03T10:00": "5"}))
    assert (made.value("known"), made.value("most")) == (7, 2)
    assert run(rules, "2026-01", {"meter": {}}).value("most") is None


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("x", "D0102"),
        (-1, "D0103"),
        (1001, "D0103"),
        ("0.0005", "D0104"),
        ([1] * 743, "D0509"),
        ({"2026-01-03T10:30": 1}, "D0508"),
        ({"2026-01-03 at ten": 1}, "D0102"),
    ],
)
def test_values_that_cannot_be_used(given, code):
    rules = HEAD + "rule total of meter: kWh = sum of (load[h] else 0 kWh) for h in load on 2026-01-03\n"
    assert run(rules, "2026-01", with_load(given)).code("total") == code


def test_a_day_that_changes_reads_what_holds_on_it():
    rules = HEAD + (
        "input people of meter: person, varies\n"
        "param tariff: RUB/kWh\n    from 2026-01-01 = 5\n    from 2026-01-16 = 6\n"
        "rule price of meter: RUB/kWh\n    = tariff\n"
        "    except cheap when people > 2 person from 2026-01-30\n        = 1 RUB/kWh\n"
        "charge a of meter: RUB\n    = round((sum of load[h] * tariff for h in load), 0.01)\n"
        "charge b of meter: RUB\n    = round((sum of load[h] * price for h in load), 0.01)\n"
        "rule heads of meter: person, optional\n    = mean of people for h in load\n"
        "rule per_day of meter: RUB/kWh = sum of tariff for d in days\n"
    )
    case = {"meter": {"load": "1", "people": [{"value": 2}, {"from": "2026-01-30", "value": 3}]}}
    made = run(rules, "2026-01", case)
    amounts = {line.service: line.amount for line in made.account("meter").lines}
    assert amounts == {"a": 15 * 24 * 5 + 16 * 24 * 6, "b": 15 * 24 * 5 + 14 * 24 * 6 + 48}
    assert made.value("heads") == Fraction(29 * 2 + 2 * 3, 31)
    assert made.value("per_day") == 15 * 5 + 16 * 6
    assert not any(d.varies for d in made.plan.definitions if d.rule.name in {"a", "b", "heads", "per_day"})


def test_a_year_is_that_of_the_period():
    rules = """
module t.y
entity meter
series load of meter: kWh, step 1, every 1 h, label at start, over year
param tariff: RUB/kWh
    from 2026-01-01 = 5
    from 2026-07-01 = 6
rule total of meter: kWh = sum of load[h] for h in load
rule cost of meter: RUB = sum of load[h] * tariff for h in load
rule monthly of meter: kWh
    = sum of ((max of load[h] for h in clip(load, m, month_end(m))) else 0 kWh) for m in months(load)
rule now of meter: kWh = sum of load[h] for h in clip(load, period.start, period.end)
rule days_of_year of meter: number = count for d in days(load)
rule days_of_month of meter: number = count for d in days
"""
    made = run(rules, "2026-12", {"meter": {"load": list(range(8760))}})
    assert made.value("total") == 8760 * 8759 // 2
    half = 181 * 24
    assert made.value("cost") == 5 * sum(range(half)) + 6 * sum(range(half, 8760))
    assert made.value("now") == sum(range(8760 - 744, 8760))
    assert made.value("monthly") == sum(24 * d - 1 for d in (31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365))
    assert (made.value("days_of_year"), made.value("days_of_month")) == (365, 31)


def test_children_and_rules_keyed_by_intervals():
    rules = HEAD + (
        "param zone_at by (hour: number): zone\n    always  0..6 = night  7..23 = day\n"
        "rule at_night(h: load) of meter: yes/no = zone_at[hour_of_day(h)] = night\n"
        "rule used(zone) of meter: kWh = sum of load[h] for h in load where zone_at[hour_of_day(h)] = zone\n"
        "rule by_night of meter: kWh = sum of load[h] for h in load where at_night(h)\n"
        "rule of_all of house: kWh = sum of load[h] for m in meter for h in m.load\n"
        "rule of_night of house: kWh = sum of by_night for m in meter\n"
    )
    case = {"house": {}, "meter": [{"id": "1", "load": 1}, {"id": "2", "load": "0.5"}]}
    made = run(rules, "2026-01", case)
    assert made.value("of_all") == 744 * Fraction(3, 2)
    assert made.value("by_night", row="1") == made.value("used", "night", row="1") == 31 * 7
    assert made.value("of_night") == 31 * 7 * Fraction(3, 2)


def test_zones_by_the_kind_of_the_day():
    rules = HEAD + (
        "enum kind: workday, holiday\n"
        'calendar working from "w.csv"\n    complete from 2026-01-01 until 2027-01-01\n'
        "param zone_at by (kind, hour: number): zone\n"
        "    always  (workday, 0..6) = night  (workday, 7..23) = day  (holiday, 0..23) = night\n"
        "rule zone_of(h: load) of meter: zone\n"
        "    = zone_at[(if is_working_day(date_of(h), working) then workday otherwise holiday), hour_of_day(h)]\n"
        "rule used(zone) of meter: kWh = sum of load[h] for h in load where zone_of(h) = zone\n"
        "rule of_both of house: kWh = sum of (sum of load[h] for h in m.load where m.zone_of(h) = day) for m in meter\n"
    )
    plan = plan_of(rules, tables={"w.csv": "date,working\n2026-01-01,no\n"})
    made = run(plan, "2026-01", with_load(1))
    assert made.value("used", "day") == made.value("of_both") == 21 * 17
    assert made.value("used", "night") == 744 - 21 * 17


# --- series of the program ---------------------------------------------------------------------------------------

PRICED = HEAD + (
    'series price: RUB/kWh, signed, every 1 h, label at {edge}, zone "Europe/Berlin" from "p.csv"\n'
    "series half of meter: kWh, step 0.001, every 30 min, label at start\n"
    "rule cost of meter: RUB, signed\n    = sum of load[h] * price[h] for h in load on 2026-01-05\n"
    "rule halves of meter: RUB, signed\n    = sum of half[h] * price[h] for h in half on 2026-01-05\n"
    "rule safe of meter: RUB, signed\n    = sum of load[h] * (price[h] else 2 RUB/kWh) for h in load on 2026-01-05\n"
)


def prices(lines, head="from,value"):
    return {"p.csv": f"{head}\n" + "\n".join(lines) + "\n"}


def hourly(value=lambda n: n - 3, shift=0):
    return [f"2026-01-0{5 + (n + shift) // 24}T{(n + shift) % 24:02}:00,{value(n)}" for n in range(24)]


@pytest.mark.parametrize(("edge", "shift"), [("start", 0), ("end", 1)])
def test_prices_of_the_program_by_the_hour(edge, shift):
    tables = prices(hourly(shift=shift), "from,value" if edge == "start" else "to,value")
    plan = plan_of(PRICED.format(edge=edge), tables=tables)
    made = run(plan, "2026-01", with_load("1", BERLIN["house"]) | {"meter": {"load": "1", "half": "0.5"}})
    total = sum(n - 3 for n in range(24))
    assert made.value("cost") == made.value("halves") == total
    elsewhere = run(plan, "2026-01", with_load("1", {"time_zone": "Europe/London"}))
    assert elsewhere.code("cost") == "D0109"
    assert elsewhere.value("safe") == total + 3 + 2  # an hour later: the first price is out, one is missing


def test_a_price_has_editions():
    lines = [*(f"{line}," for line in hourly(lambda _: 1)), "2026-01-05T10:00,9,2026-02-01"]
    plan = plan_of(PRICED.format(edge="start"), tables=prices(lines, "from,value,known_from"))
    case = with_load("1", BERLIN["house"])
    assert run(plan, "2026-01", case).value("cost") == 32
    assert run(plan, "2026-01", case, known_at=Month.parse("2026-01").end - 1).value("cost") == 24


@pytest.mark.parametrize(
    ("lines", "head", "text"),
    [
        (["2026-01-05T10:00,1", "2026-01-05T10:00,1"], "from,value", "the interval stands twice"),
        (["2026-01-05T10:00,1", "2026-01-05T10:30,1"], "from,value", "begins inside that of p.csv:2"),
        (["2026-10-25T02:00,1"], "from,value", "is no instant"),
        (["2026-03-29T02:00,1"], "from,value", "is no instant"),
        (["2026-01-05,1"], "from,value", "is no instant"),
        (["2026-01-05T10:00,a"], "from,value", "is no RUB/kWh"),
        (["2026-01-05T10:00,1"], "to,value", "has no column `from`"),
        (["2026-01-05T10:00,1,x"], "from,value,known_from", "is no date"),
        (["2026-01-05T10:00,1,x"], "from,value,checked", "is neither yes nor no"),
    ],
)
def test_tables_of_prices_that_cannot_be_used(lines, head, text):
    state = compile_sources(
        [Source(name="a.kmr", text=PRICED.format(edge="start"))], lambda _s, n: prices(lines, head).get(n)
    )
    assert any(text in item.message for item in state.out.errors), state.out.errors


def test_an_hour_that_comes_twice_needs_its_offset():
    lines = ["2026-10-25T02:00+02:00,1", "2026-10-25T02:00+01:00,2"]
    plan = plan_of(PRICED.format(edge="start").replace("2026-01-05", "2026-10-25"), tables=prices(lines))
    assert run(plan, "2026-10", with_load("1", BERLIN["house"])).value("safe") == 1 + 2 + 23 * 2


def test_members_and_flags_by_the_hour():
    rules = HEAD + (
        'series of_zone: zone, every 1 h, label at start from "z.csv"\n'
        'series peak: yes/no, every 1 h, label at start from "k.csv"\n'
        "rule used(zone) of meter: kWh = sum of load[h] for h in load on 2026-01-01 where of_zone[h] = zone\n"
        "rule peaks of meter: kWh = sum of load[h] for h in load on 2026-01-01 where (peak[h] else no)\n"
    )
    hours = [f"2026-01-01T{n:02}:00" for n in range(24)]
    tables = {
        "z.csv": "from,value\n" + "".join(f"{h},{'night' if n < 7 else 'day'}\n" for n, h in enumerate(hours)),
        "k.csv": "from,value\n" + "".join(f"{h},{'yes' if n == 9 else 'no'}\n" for n, h in enumerate(hours[:12])),
    }
    made = run(plan_of(rules, tables=tables), "2026-01", with_load(2))
    assert (made.value("used", "night"), made.value("used", "day"), made.value("peaks")) == (14, 34, 2)


# --- examples, tools -------------------------------------------------------------------------------------------

EXAMPLE = (
    HEAD
    + """
rule highest(d: date) of meter: kWh, optional
    = max of load[h] for h in load on d where is_late(h)
rule is_late(h: load) of meter: yes/no = hour_of_day(h) > 20
rule total of meter: kWh = sum of load[h] for h in load
charge c of meter: RUB
    = round(total * 2 RUB/kWh, 0.01)
example "a" on 2026-01
    given house: time_zone = "Europe/Moscow"
    given load = 1.5 then 2 from 2026-01-16 then 1 from 2026-01-30T12:00
    given load from 2026-01-03T21:00 = 7, 8, 9
    expect highest(2026-01-03) = 9, highest(2026-01-16) = 2
    expect is_late(2026-01-03T21:00) = yes, is_late(2026-01-03T20:00) = no
    expect total = 1291.5, c = 2583
example "b" on 2026-01
    given load = 1
    given load from 2026-01-03T21:00 = absent, 2
    expect total refused D0109
    expect highest(2026-01-04) = 1, highest(2026-01-03) refused D0109
"""
)


def test_examples_give_series_in_parts():
    plan = plan_of(EXAMPLE)
    coverage = Coverage(plan)

    class Loaded:
        bound = plan.program

    Loaded.plan = plan
    results = run_examples(Loaded, hook=coverage)
    assert [failure for result in results for failure in result.failures] == []
    assert coverage.report().missed == ()


def test_examples_give_prices_of_the_program():
    text = PRICED.format(edge="start") + (
        'example "a" on 2026-01\n'
        "    given load = 1, half = 1\n"
        "    given price = 3 then 4 from 2026-01-05T12:00\n"
        "    given price from 2026-01-05T02:00 = 10, 20\n"
        "    expect cost = 108, halves = 216\n"
    )
    plan = plan_of(text, tables=prices(["2026-01-05T00:00,1"]))
    (example,) = plan.program.examples
    interpreter = Interpreter(plan, Month.parse("2026-01"), overrides=example.overrides)
    rows = rows_from_example(plan, example)
    found = {d.rule.name: interpreter.value(d, rows[-1]) for d in plan.definitions if not d.rule.keys}
    assert found["cost"] == 10 * 3 + 10 + 20 + 12 * 4
    assert found["halves"] == 2 * found["cost"]
    outcome = prove(plan, overrides=example.overrides).definitions[_numbers(plan)["cost"]].outcome
    assert outcome.holds(found["cost"])


def _numbers(plan):
    return {d.rule.name: d.number for d in plan.definitions}


def test_formatting_and_both_languages():
    out = Diagnostics()
    tree = parse(Source(name="a", text=EXAMPLE), out)
    russian = format_text(Source(name="a", text=EXAMPLE), "ru")
    assert "ряд load у meter: kWh, шаг 0.001, 0..1_000, каждые 1 h, метка к началу" in russian
    assert "правило highest(d: дата) у meter" in russian
    assert "час_суток(h) > 20" in russian
    again = parse(Source(name="a", text=russian), out)
    assert again == tree
    assert not out.items
    assert format_text(Source(name="a", text=russian), "en") == format_text(Source(name="a", text=EXAMPLE))
    assert any(isinstance(item, SeriesDecl) for item in tree.items)


def test_explanations_sum_up_instead_of_listing_hours(tmp_path):
    path = tmp_path / "a.kmr"
    path.write_text(EXAMPLE, encoding="utf-8")
    values = [1] * 744
    values[100] = 5
    told = explain(load(path), with_load(values, {"time_zone": "Europe/Moscow"}), "2026-01")
    assert "744 of 744 intervals" in told.text
    assert "greatest: 2026-01-05T04:00+03:00: 5 kWh" in told.text
    assert len(told.text.splitlines()) < 20
    (facts,) = (part for part in _facts(told.data) if part.get("kind") == "intervals")
    assert (facts["count"], facts["counted"], facts["total"], facts["greatest"]["value"]) == (744, 744, "748", "5")


def _facts(data):
    if isinstance(data, dict):
        yield data
        for value in data.values():
            yield from _facts(value)
    elif isinstance(data, list | tuple):
        for value in data:
            yield from _facts(value)


def test_describe_tells_series():
    program = plan_of(PRICED.format(edge="start"), tables=prices(hourly())).program
    found = {item["name"]: item for item in describe(program)["series"]}
    assert (found["load"]["entity"], found["load"]["every_seconds"], found["load"]["label"]) == ("meter", 3600, "start")
    assert (found["price"]["values"], found["price"]["first_from"]) == (24, "2026-01-04T23:00:00Z")
    assert "every 30 min of the month, label at start" in describe_text(program)


def test_a_case_with_a_series_needs_its_month():
    with pytest.raises(UsageError, match="is a series"):
        rows_from_case(plan_of(EXAMPLE), with_load(1))


# --- the plan ----------------------------------------------------------------------------------------------------


def test_what_depends_on_time_alone_is_known():
    rules = PRICED.format(edge="start") + (
        "param zone_at by (hour: number): zone\n    always  0..6 = night  7..23 = day\n"
        "rule at_night(h: load) of meter: yes/no = zone_at[hour_of_day(h)] = night\n"
        "rule often(h: load) of meter: yes/no = load[h] > 1 kWh\n"
        "rule both of meter: RUB, signed\n    = sum of load[h] * price[h] for h in load where at_night(h) or often(h)\n"
    )
    plan = plan_of(rules, tables=prices(hourly()))
    calendar = CalendarSteps(plan)
    numbers = {d.rule.name: d.number for d in plan.definitions}
    assert calendar.whole(numbers["at_night"])
    assert not calendar.whole(numbers["often"])
    definition = plan.definitions[numbers["both"]]
    free = dict(zip(definition.steps, calendar.of(definition), strict=True))
    by_op = {(step.op, step.data[0] if step.op is Op.RULE else None): value for step, value in free.items()}
    assert by_op[Op.RULE, numbers["at_night"]]
    assert not by_op[Op.RULE, numbers["often"]]
    assert sorted(value for step, value in free.items() if step.op is Op.SERIES) == [False, True]


def test_the_plan_shows_series():
    text = show(plan_of(EXAMPLE))
    assert "series [t.s.load 0 0 2 every 1 h of the month] in [0..1000] /1000" in text
    assert "for slot 2 in on(intervals every 1 h of the month, v0)" in text


def test_a_changed_price_changes_the_digest():
    one, other = (plan_of(PRICED.format(edge="start"), tables=prices(hourly(lambda n, k=k: n + k))) for k in (0, 1))
    assert one.digest != other.digest


def test_the_sample_of_the_language_page_is_a_program():
    page = (Path(__file__).parents[3] / "docs/reference/language.md").read_text(encoding="utf-8")
    sample = re.search(r"^## 10\. Series\n\n```text\n(.*?)^```", page, re.DOTALL | re.MULTILINE).group(1)
    head = 'module t.page\nentity meter\ncalendar working from "w.csv"\n    complete from 2026-01-01 until 2027-01-01\n'
    tables = {"w.csv": "date,working\n", "prices.csv": "from,value\n2026-01-01T00:00,1\n"}
    tables["peak_hours.csv"] = "from,value\n2026-01-01T00:00,yes\n"
    plan = plan_of(head + sample, tables=tables)
    assert {s.name for s in plan.series} == {"load", "flow", "price", "planned"}
    interpreter = Interpreter(plan, Month.parse("2026-01"))
    rows = rows_from_case(plan, {"load": 1}, month=Month.parse("2026-01"))
    zones = next(d for d in plan.definitions if d.rule.name == "in_zone")
    assert interpreter.value(zones, rows[0], ("day",)) == 16 * 31
