"""Rows of a tree: parents, children, events, keyed values, past months."""

import datetime as dt
from fractions import Fraction

import pytest
from tests.programs import run

TREE = """
module t.tree
entity building
entity flat of building
enum zone: day, night
input area of flat: m2
input house of building: m3
input used(zone) of flat: kWh, optional
input bought of flat: m3, optional, history
input built of flat: date
rule total of building: m2
    = sum of area for p in flat
rule volume of flat: m3
    = building.house * area / building.total else 0 m3
rule largest of building: m2, optional
    = max of area for p in flat
rule mean_area of building: m2, optional
    = mean of area for p in flat where area > 10 m2
rule small of building: number
    = count for p in flat where area < 20 m2
rule any_small of building: yes/no
    = any of area < 20 m2 for p in flat
rule all_small of building: yes/no
    = all of area < 20 m2 for p in flat
rule oldest of building: m2, optional
    = first of area by built for p in flat
rule newest of building: m2, optional
    = last of area by built for p in flat
rule energy(zone) of flat: kWh
    = used(zone) else 0 kWh
rule all_energy of flat: kWh
    = sum of energy(z) for z in zone
rule pairs of building: number
    = count for p in flat for z in zone where z = night
rule average of flat: m3, optional
    = mean of bought for m in last 3 months where has bought
rule newest_two of flat: m3, optional
    = mean of bought for m in first 2 of last 6 months where has bought
rule months_seen of flat: number
    = count for m in last 3 months where period.days = 31 day
"""


def flats(*rows):
    return {"building": {"house": 100, "flat": [{"id": str(n), **row} for n, row in enumerate(rows, start=1)]}}


def test_values_flow_up_and_down():
    got = run(TREE, "2026-01", flats({"area": 30}, {"area": 10}))
    assert got.value("total") == 40
    assert [got.value("volume", row=flat) for flat in ("1", "2")] == [75, 25]


def test_aggregates_over_children():
    got = run(TREE, "2026-01", flats({"area": 30}, {"area": 10}, {"area": 20}))
    assert got.value("largest") == 30
    assert got.value("mean_area") == 25
    assert got.value("small") == 1
    assert got.value("any_small") is True
    assert got.value("all_small") is False
    assert got.value("pairs") == 3


def test_aggregates_of_nothing():
    got = run(TREE, "2026-01", {"building": {}})
    got.row("building").children.clear()
    assert got.value("total") == 0
    assert got.value("small") == 0
    assert got.value("any_small") is False
    assert got.value("all_small") is True
    for name in ("largest", "mean_area", "oldest"):
        assert got.value(name) is None


def test_first_and_last_need_a_unique_order():
    rows = ({"area": 1, "built": "2001-01-01"}, {"area": 2, "built": "2003-01-01"}, {"area": 3, "built": "2002-01-01"})
    got = run(TREE, "2026-01", flats(*rows))
    assert (got.value("oldest"), got.value("newest")) == (1, 2)
    tied = run(TREE, "2026-01", flats(*rows, {"area": 4, "built": "2001-01-01"}))
    assert tied.code("oldest") == "D0403"
    assert tied.value("newest") == 2


def test_a_bad_child_poisons_sums_and_is_named():
    got = run(TREE, "2026-01", flats({"area": 30}, {"area": "12,5"}))
    problem = got.problem("volume", row="1")
    assert (problem.code, problem.row, problem.field, problem.caused_by) == ("D0102", "2", "area", "flat 2")
    assert "write 12.5" in problem.message


def test_keyed_values():
    got = run(TREE, "2026-01", flats({"used": {"day": "1.5", "night": 2}}))
    assert got.value("energy", "night") == 2
    assert got.value("all_energy") == Fraction("3.5")


def test_past_months_read_history():
    past = {"value": 9, "history": {"2025-12": 3, "2025-11": "4.5", "2025-09": 6}}
    got = run(TREE, "2026-01", flats({"bought": past}))
    assert got.value("average") == Fraction("3.75")
    assert got.value("newest_two") == Fraction("3.75")
    assert run(TREE, "2025-12", flats({"bought": past})).value("newest_two") == Fraction("5.25")
    assert run(TREE, "2025-08", flats({"bought": past})).value("average") is None


def test_the_period_of_a_past_month_is_that_month():
    assert run(TREE, "2026-01", flats({})).value("months_seen") == 2


RECOMPUTED = """
module t.past
entity flat
input metered of flat: m3, history
input note of flat: m3
param norm: m3
    from 2025-01-01 = 2
    from 2025-12-01 known from 2025-12-20 = 3
rule volume of flat: m3
    = metered + norm
rule before of flat: m3, optional
    = mean of volume for m in last 2 months
charge water of flat: RUB
    = 1 RUB
rule charged_before of flat: RUB
    = sum of charged water for m in last 2 months where has charged water
"""


def test_rules_are_recomputed_with_what_is_known_now():
    case = {"metered": {"value": 0, "history": {"2025-12": 10, "2025-11": 20}}}
    assert run(RECOMPUTED, "2026-01", case).value("before") == Fraction(35, 2)
    known = dt.date(2025, 12, 19).toordinal()
    assert run(RECOMPUTED, "2026-01", case, known_at=known).value("before") == 17
    assert run(RECOMPUTED, "2026-01", {"metered": {"history": {"2025-12": 10}}}).code("before") == "D0108"


def test_charged_reads_closed_results():
    case = {"water": {"history": {"2025-12": "10.50", "2025-11": 20, "2025-10": 40}}}
    assert run(RECOMPUTED, "2026-01", case).value("charged_before") == Fraction("30.5")
    assert run(RECOMPUTED, "2026-01", {}).value("charged_before") == 0
    bad = {"water": {"history": {"2025-12": "10,50"}}}
    assert run(RECOMPUTED, "2026-01", bad).code("charged_before") == "D0102"


EVENTS = """
module t.events
entity building
entity flat of building
input time_zone of building: id, optional
event outage of building
    from: instant
    to: instant, optional
    degrees: deltaC, optional
event absence of flat
    from: date
    to: date
    people: person
event payment of flat
    paid_on: date
    amount: RUB
rule hours_out of building: h
    = sum of hours(x) for x in union(clip(outage))
rule night_hours of building: h
    = sum of hours(x) for x in daily(clip(outage), 23:00, 05:00)
rule outside of building: h
    = sum of hours(x) for x in split(clip(outage), 00:00, 05:00) where not x.inside
rule flats_hours of flat: h
    = sum of hours(x) for x in clip(outage)
rule away of flat: day
    = sum of days(x) for x in clip(apart(absence))
rule present of flat: person
    = 5 person - (sum of people for x in covering(absence))
rule mean_present of flat: person
    = mean over days present
rule paid of flat: RUB
    = sum of amount for p in payment where p.paid_on >= period.start and p.paid_on < period.end
rule newest of flat: RUB, optional
    = last of amount by paid_on for p in payment
"""


def test_instants_are_clipped_to_local_days():
    case = {
        "building": {
            "time_zone": "Asia/Irkutsk",
            "outage": [{"from": "2025-12-31T22:00", "to": "2026-01-01T06:00"}, {"from": "2026-01-31T20:00"}],
        }
    }
    got = run(EVENTS, "2026-01", case)
    assert got.value("hours_out") == 6 + 4
    assert got.value("night_hours") == 5 + 1
    assert got.value("outside") == 1 + 4
    assert got.value("flats_hours") == 10
    utc = run(
        EVENTS, "2026-01", {"building": {"outage": {"from": "2026-01-01T00:00+08:00", "to": "2026-01-01T09:00+08:00"}}}
    )
    assert utc.value("hours_out") == 1


def test_an_unknown_time_zone_refuses_local_days():
    case = {"building": {"time_zone": "Mars/Base", "outage": {"from": "2026-01-01T00:00", "to": "2026-01-01T09:00"}}}
    assert run(EVENTS, "2026-01", case).code("hours_out") == "D0102"


def test_dated_events():
    absence = [
        {"from": "2025-12-20", "to": "2026-01-11", "people": 2},
        {"from": "2026-01-21", "to": "2026-02-11", "people": 1},
    ]
    got = run(EVENTS, "2026-01", {"absence": absence})
    assert got.value("away") == 10 + 11
    assert got.value("mean_present") == Fraction(10 * 3 + 10 * 5 + 11 * 4, 31)
    overlap = run(EVENTS, "2026-01", {"absence": [*absence, {"from": "2026-01-01", "to": "2026-01-02", "people": 1}]})
    assert overlap.code("away") == "D0404"


def test_points():
    payments = [
        {"paid_on": "2026-01-31", "amount": 5},
        {"paid_on": "2026-02-01", "amount": 7},
        {"paid_on": "2025-12-31", "amount": 9},
    ]
    got = run(EVENTS, "2026-01", {"payment": payments})
    assert got.value("paid") == 5
    assert got.value("newest") == 7


def test_a_missing_field_of_an_event_refuses():
    assert run(EVENTS, "2026-01", {"payment": [{"paid_on": "2026-01-31"}]}).code("paid") == "D0101"
    reversed_ = {"absence": [{"from": "2026-01-10", "to": "2026-01-01", "people": 1}]}
    assert run(EVENTS, "2026-01", reversed_).code("away") == "D0107"


@pytest.mark.parametrize("rule", ["total", "small"])
def test_a_child_with_a_repeated_id_refuses_the_parent(rule):
    case = {"building": {"flat": [{"id": "1", "area": 2}, {"id": "1", "area": 2}]}}
    assert run(TREE, "2026-01", case).code(rule) == "D0502"


MORE_EVENTS = """
module t.more
entity building
entity flat of building
enum zone: day, night
input time_zone of building: id, optional
input since of flat: date
input bought(zone) of flat: m3, optional, history
input counts of flat: yes/no, history
event outage of building
    from: instant
    to: instant, optional
    degrees: deltaC
event away of flat
    from: date
    to: date
    people: person
rule days_out of building: day
    = mean over days (if (count for x in covering(outage)) > 0 then 1 otherwise 0) * 31 day
rule hours_of_span of building: h
    = sum of hours(x) for x in clip(outage, 2026-01-02, 2026-01-04)
rule cold of building: deltaC*h
    = sum of hours(x) * x.degrees for x in worst(clip(outage), by degrees)
rule away_since of flat: day
    = sum of days(x) for x in clip(away, since, period.end)
rule away_days of flat: day
    = sum of days(x) for x in merge(away, by people) where x.people > 1 person
rule all_bought of flat: m3
    = sum of (bought(z) else 0 m3) for z in zone for m in last 2 months
rule counted of flat: number
    = count for m in last 2 months where counts
rule newest of flat: m3, optional
    = last of bought(day) by period.start for m in last 3 months where has bought(day)
rule months_of_flats of building: number
    = sum of p.counted for p in flat
"""


def test_events_by_local_days_spans_and_degrees():
    outages = [
        {"from": "2026-01-01T12:00", "to": "2026-01-04T00:00", "degrees": 2},
        {"from": "2026-01-03T00:00", "to": "2026-01-05T06:00", "degrees": 3},
    ]
    got = run(MORE_EVENTS, "2026-01", {"building": {"time_zone": "Asia/Irkutsk", "outage": outages}})
    assert got.value("days_out") == 3
    assert got.value("hours_of_span") == 48 + 24
    assert got.value("cold") == (12 + 24) * 2 + (48 + 6) * 3
    utc = [{"from": "2026-01-01T00:00+08:00", "to": "2026-01-02T00:00+08:00", "degrees": 1}]
    assert run(MORE_EVENTS, "2026-01", {"building": {"outage": utc}}).value("days_out") == 0


def test_bounds_and_fields_of_dated_events():
    away = [
        {"from": "2026-01-02", "to": "2026-01-05", "people": 2},
        {"from": "2026-01-05", "to": "2026-01-08", "people": 2},
        {"from": "2026-01-08", "to": "2026-01-09", "people": 1},
    ]
    got = run(MORE_EVENTS, "2026-01", {"since": "2026-01-07", "away": away})
    assert (got.value("away_since"), got.value("away_days")) == (2, 6)
    assert run(MORE_EVENTS, "2026-01", {"away": away}).code("away_since") == "D0101"
    assert run(MORE_EVENTS, "2026-01", {}).value("away_since") == 0


def test_binders_besides_past_months():
    bought = {"history": {"2025-12": {"day": 1, "night": 4}, "2025-11": {"day": 2}, "2025-10": {"day": 9}}}
    got = run(MORE_EVENTS, "2026-01", {"bought": bought})
    assert got.value("all_bought") == 7
    assert got.value("newest") == 1


def test_a_problem_of_a_past_month_names_the_child():
    counts = {"history": {"2025-12": True}}
    case = {"building": {"flat": [{"id": "1", "counts": counts}, {"id": "2", "counts": counts}]}}
    got = run(MORE_EVENTS, "2026-01", case)
    assert got.code("counted", row="1") == "D0108"
    problem = got.problem("months_of_flats")
    assert (problem.code, problem.row, problem.caused_by) == ("D0108", "1", "flat 1")
