"""Cases as rows: nested JSON, flat JSON, examples."""

import datetime as dt
from decimal import Decimal
from fractions import Fraction

import pytest
from tests.programs import plan_of

from kommres.dsl.backends.rows import Bad, Steps
from kommres.dsl.case import loads_exact, rows_from_case, rows_from_example
from kommres.errors import UsageError

PLAN = plan_of("""
module t.case
entity building
entity flat of building
enum zone: day, night
input region of building: id
input time_zone of building: id, optional
input residents of flat: person, 0..10, varies
input area of flat: m2
enum tier: low, high
input used(zone) of flat: kWh, history
input tariff_of(tier, zone) of flat: RUB/kWh, optional
input metered of flat: m3, optional, history
event outage of building
    from: instant
    to: instant, optional
event payment of flat
    paid_on: date
    amount: RUB
param tariff: RUB/m3
    from 2020-01-01 = 5
charge water of flat: RUB
    = round(area * 1 m3/m2 * (tariff at start), 0.01)
rule total of building: m2
    = sum of area for p in flat

example "two flats" on 2026-01 known 2026-01-31
    given residents = 2 then 3 from 2026-01-16, area = 20
    given tariff = 7
    given metered in last 3 months = 3.8, absent, 4.1
    given payment: paid_on = 2026-01-03, amount = 5
    expect water = 140
    expect building "b": total = 20

example "by name" on 2026-01
    given building "b": region = "north"
    given flat "1": area = 20, used(day) = 1.5, residents = 11
    given flat "2": area = 30
    given payment of flat "2": paid_on = 2026-01-03, amount = 5
    expect flat "2": water = 150
""")


def day(text):
    return dt.date.fromisoformat(text).toordinal()


def rows(text, **more):
    return rows_from_case(PLAN, loads_exact(text), **more)


def only(found, entity):
    (row,) = [row for row in found if row.entity == entity]
    return row


def test_a_flat_object_makes_the_rows_that_it_needs():
    found = rows('{"residents": 2, "area": 54.20}')
    assert [row.entity for row in found] == ["building", "flat"]
    flat = only(found, "flat")
    assert flat.values == {("residents", ()): 2, ("area", ()): Fraction("54.2")}
    assert flat.parent is only(found, "building")
    assert only(found, "building").children["flat"] == [flat]


def test_children_stand_inside_or_beside():
    inside = rows('{"building": {"id": "b", "region": "n", "flat": [{"id": "1"}, {"id": "2"}]}}')
    beside = rows(
        '{"building": [{"id": "b"}, {"id": "c"}], "flat": [{"id": "1", "building": "c"}, {"id": 2, "building": "b"}]}'
    )
    assert [(r.id, r.parent.id) for r in inside if r.parent] == [("1", "b"), ("2", "b")]
    assert [(r.id, r.parent.id) for r in beside if r.parent] == [("1", "c"), ("2", "b")]


def test_a_child_without_parent_is_unusable():
    text = '{"building": [{"id": "b"}, {"id": "c"}], "flat": [{"id": "1", "building": "d"}, {"id": "2"}]}'
    assert [r.problem.code for r in rows(text) if r.entity == "flat"] == ["D0503", "D0503"]


def test_needed_entities_get_a_row():
    assert [row.entity for row in rows('{"region": "n"}', needed=["flat"])] == ["building", "flat"]


def test_values_by_days_keys_and_months():
    flat = only(
        rows("""{"residents": [{"value": 2}, {"from": "2026-01-16", "value": 3}],
                 "used": {"value": {"day": 1, "night": "2.5"}, "history": {"2025-12": {"day": 4}}},
                 "metered": {"value": 4.1, "history": {"2025-12": "3.9", "2025-11": null}}}"""),
        "flat",
    )
    assert flat.values["residents", ()] == Steps((None, day("2026-01-16")), (2, 3))
    assert flat.values["used", ("night",)] == Fraction("2.5")
    assert flat.history["used", ("day",)] == {2025 * 12 + 11: 4}
    assert flat.values["metered", ()] == Fraction("4.1")
    assert flat.history["metered", ()] == {2025 * 12 + 11: Fraction("3.9")}


def test_past_months_may_stand_inside_a_key():
    inside = only(rows('{"used": {"day": {"value": 1, "history": {"2025-12": 4}}, "night": 2}}'), "flat")
    outside = only(rows('{"used": {"value": {"day": 1, "night": 2}, "history": {"2025-12": {"day": 4}}}}'), "flat")
    assert (inside.values, inside.history) == (outside.values, outside.history)
    assert inside.history["used", ("day",)] == {2025 * 12 + 11: 4}


def test_a_key_may_be_left_out_where_the_names_show_which():
    whole = '{"low": {"day": 5, "night": 2}, "high": {"day": 5, "night": 2}}'
    short = only(rows('{"tariff_of": {"day": 5, "night": 2}}'), "flat")
    assert short.values == only(rows(f'{{"tariff_of": {whole}}}'), "flat").values
    assert short.values["tariff_of", ("high", "day")] == 5


def test_instants_are_local_to_the_building():
    text = '{"building": {"outage": {"from": "1970-01-01T08:00"}, "time_zone": "Asia/Irkutsk"}}'
    assert only(rows(text), "building").events["outage"][0].values == {"from": 0}


def test_closed_charges_go_by_the_full_name():
    flat = only(rows('{"water": {"history": {"2025-12": "10.50"}}}'), "flat")
    assert flat.history["t.case.water", ()] == {2025 * 12 + 11: Fraction("10.5")}


def test_values_that_cannot_be_read_are_kept_as_bad():
    flat = only(rows('{"area": "12,5", "residents": 11}'), "flat")
    assert isinstance(flat.values["area", ()], Bad)
    assert flat.values["residents", ()].code == "D0103"


@pytest.mark.parametrize(
    ("text", "code", "word"),
    [
        ('{"resident": 2}', "U0502", "residents"),
        ('{"flat": {"aera": 2}}', "U0502", "area"),
        ('{"used": {"dya": 2}}', "U0502", "day"),
        ('{"payment": {"amuont": 2}}', "U0502", "amount"),
        ('{"area": {"x": 1}}', "U0503", "one value"),
        ('{"used": 5}', "U0503", '{"day": value, …}'),
        ('{"tariff_of": 5}', "U0503", '{"low": {"day": value, …}, …}'),
        ('{"tariff_of": {"low": 5}}', "U0503", '{"day": value, …}'),
        ('{"tariff_of": {"day": 5, "low": {"day": 5}}}', "U0502", "known are low, high"),
        ('{"water": 5}', "U0503", "history"),
        ("[1]", "U0503", "braces"),
        ('{"a": 1,}', "U0501", "line 1"),
        ('{"area": NaN}', "U0501", "NaN"),
        ('{"area": 1, "area": 2}', "U0501", "twice"),
        ("[" * 100_000, "U0501", "deep"),
    ],
)
def test_wrong_cases_are_usage_and_teach(text, code, word):
    with pytest.raises(UsageError) as caught:
        rows(text)
    assert caught.value.code == code
    assert word in str(caught.value)


def test_numbers_stay_exact():
    assert loads_exact('{"a": 0.1, "b": 5}') == {"a": Decimal("0.1"), "b": 5}
    assert isinstance(loads_exact("9" * 100_000), Decimal)


def test_examples_give_rows():
    first, second = PLAN.program.examples
    flat = only(rows_from_example(PLAN, first), "flat")
    assert flat.values["residents", ()] == Steps((None, day("2026-01-16")), (2, 3))
    assert sorted(flat.history["metered", ()].values()) == [Fraction("3.8"), Fraction("4.1")]
    assert flat.events["payment"][0].values == {"paid_on": day("2026-01-03"), "amount": 5}
    assert flat.parent.id == "b"
    named = {row.id: row for row in rows_from_example(PLAN, second) if row.entity == "flat"}
    assert named["1"].values["used", ("day",)] == Fraction("1.5")
    assert named["1"].values["residents", ()].code == "D0103"
    assert named["2"].events["payment"][0].values["amount"] == 5


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.1", Decimal("0.1")),
        ("1e-3", Decimal("0.001")),
        ("12345678901234567890.12", Decimal("12345678901234567890.12")),
        ("1e99999999999999999999", "1e99999999999999999999"),
    ],
)
def test_numbers_of_json_keep_all_their_digits(text, expected):
    assert loads_exact(text) == expected
