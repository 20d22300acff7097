"""Look-ups: two axes of time, brackets, and what a miss says."""

import datetime as dt
from fractions import Fraction

import pytest
from tests.programs import plan_of, run

from kommres.dsl.backends.tables import Miss, Table


def table(body, known=None, name="p", tables=None):
    plan = plan_of(f"module t.tables\nentity flat\ninput town of flat: id\n{body}", tables=tables)
    param = next(p for p in plan.params if p.name == name)
    return Table(param, None if known is None else day(known))


def day(text):
    return dt.date.fromisoformat(text).toordinal()


def miss(found, *keys, on="2026-01-15"):
    with pytest.raises(Miss) as caught:
        found.find(keys, day(on))
    return caught.value.code, caught.value.message


TOWNS = """
param p by town: RUB/m3
    from 2025-01-01  ekaterinburg = 59.94  tagil = 44.10
    from 2025-07-01 until 2026-01-01  tagil = 49.39
    complete until 2026-07-01
"""


def test_a_miss_says_what_there_is():
    found = table(TOWNS)
    assert miss(found, "ekaterinburgh") == (
        "D0201",
        'p has no town = "ekaterinburgh"; did you mean "ekaterinburg"?',
    )
    assert miss(found, "tagil") == (
        "D0202",
        (
            'p["tagil"] has no value on 2026-01-15; '
            "it has values from 2025-01-01 until 2025-07-01, from 2025-07-01 until 2026-01-01"
        ),
    )
    assert miss(found, "tagil", on="2024-12-31")[0] == "D0202"
    assert miss(found, "ekaterinburg", on="2026-07-01") == (
        "D0203",
        'p["ekaterinburg"] is complete until 2026-07-01 only, so its value on 2026-07-01 is not known',
    )


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("t\N{CYRILLIC SMALL LETTER A}gil", "character 2 is '\N{CYRILLIC SMALL LETTER A}' (Cyrillic small letter a)"),
        ("Tagil", "has other capital letters"),
        ("tagil ", "has other blanks"),
    ],
)
def test_a_look_alike_is_told(key, hint):
    assert hint in miss(table(TOWNS), key)[1]


def test_the_key_that_misses_is_told():
    rows = "town,floors,from,value\na,5,2025-01-01,1\nb,9,2025-01-01,2\n"
    found = table('param p by (town, floors: number): number from "p.csv"', tables={"p.csv": rows})
    code, message = miss(found, "a", 9)
    assert code == "D0201"
    assert message == 'p has no floors = 9 with town = "a"'


EDITIONS = """
param p: number
    from 2025-01-01 = 1
    from 2025-07-01 = 2
    from 2026-01-01 = 3
    from 2025-10-01 known from 2025-09-01 = 4
"""


@pytest.mark.parametrize(
    ("known", "on", "value"),
    [
        ("2025-08-31", "2026-02-01", 3),
        ("2025-09-01", "2026-02-01", 4),
        (None, "2026-02-01", 4),
        ("2025-09-01", "2025-08-01", 2),
        ("2025-08-31", "2025-11-01", 2),
    ],
)
def test_a_later_edition_takes_planned_steps_away(known, on, value):
    assert table(EDITIONS, known).find((), day(on)).value == value


def test_what_is_not_yet_known_is_told():
    body = "param p: number\n    from 2025-01-01 known from 2025-06-01 = 1"
    assert "known only from 2025-06-01" in miss(table(body, "2025-05-31"))[1]
    assert table(body, "2025-06-01").find((), day("2025-01-01")).value == 1


BANDS = """
param p by (late: day): 1/day
    from 2016-01-01  0..30 = 0  31..90 = 1/300  91.. = 1/130
    from 2025-01-01  0..60 = 0
"""


@pytest.mark.parametrize(
    ("late", "on", "index"),
    [
        (30, "2024-01-01", 0),
        (31, "2024-01-01", 1),
        (90, "2024-01-01", 1),
        (1000, "2024-01-01", 2),
        (45, "2025-01-01", 0),
        (95, "2025-01-01", 2),
    ],
)
def test_brackets_hold_both_ends_and_newer_ones_cover_older(late, on, index):
    row = table(BANDS).find((late,), day(on))
    assert row.keys[0][0] == (0, 31, 91)[index]


def test_a_value_between_brackets_misses():
    body = "param p by (late: day): number\n    from 2016-01-01  0..30 = 0  31..90 = 1"
    assert miss(table(body), 91) == ("D0201", "no bracket of p[91] holds late = 91; there are 0..30, 31..90")


def test_touching_brackets_give_the_bound_to_the_lower_one():
    body = "param p by (v: kWh): RUB/kWh\n    from 2016-01-01  0..100 = 1  100.. = 2"
    assert table(body).find((100,), day("2020-01-01")).value == 1


def test_tiers_refuse_what_no_bracket_covers():
    body = "param p by (v: kWh): RUB/kWh\n    from 2016-01-01  0..100 = 1  100..200 = 2"
    found = table(body)
    assert found.tiers(150, (), day("2020-01-01"))[0] == 200
    with pytest.raises(Miss, match="D0201"):
        found.tiers(201, (), day("2020-01-01"))


TIERED = """
module t.tiers
entity flat
enum zone: day, night
input used(zone) of flat: kWh
input people of flat: number
param price by (zone, v: kWh): RUB/kWh from "prices.csv"
param rate: RUB/kWh
    from 2025-01-01 = 5
    from 2026-01-11 = 7
rule cost(zone) of flat: RUB
    = tiers(used(zone), price[zone, _], people)
rule asked of flat: date
    = 2026-01-12
rule on_date of flat: RUB/kWh
    = rate on asked
rule first_rate of flat: RUB/kWh
    = rate at start
rule last_rate of flat: RUB/kWh
    = rate at end
rule mean_rate of flat: RUB/kWh
    = mean over days rate
"""


PRICES = "zone,v,from,value\nday,0..100,2025-01-01,1\nday,100..,2025-01-01,3\nnight,0..,2025-01-01,0.5\n"


def test_tables_inside_rules():
    plan = plan_of(TIERED, tables={"prices.csv": PRICES})
    got = run(plan, "2026-01", {"used": {"day": 250, "night": 10}, "people": 2})
    assert got.value("cost", "day") == 200 + 50 * 3
    assert got.value("cost", "night") == 5
    assert got.value("on_date") == 7
    assert (got.value("first_rate"), got.value("last_rate")) == (5, 7)
    assert got.value("mean_rate") * 31 == 10 * 5 + 21 * 7


@pytest.mark.parametrize(
    ("keys", "used", "cost", "found"),
    [
        (("day", 150), 250, 100 + 150 * 9, 9),
        (("day", Fraction("100.5")), 250, 100 + 150 * 9, 9),
        (("day", 100), 250, 100 * 9 + 150 * 3, 3),
        (("night", 5), 250, 100 + 150 * 3, 3),
        (None, 250, 250 * 9, 9),
    ],
)
def test_a_value_given_for_one_quantity_holds_for_its_bracket(keys, used, cost, found):
    text = TIERED + "rule looked of flat: RUB/kWh\n    = price[day, used(day)]\n"
    plan = plan_of(text, tables={"prices.csv": PRICES})
    price = next(p for p in plan.params if p.name == "price")
    got = run(plan, "2026-01", {"used": {"day": used}, "people": 1}, overrides=[(price, keys, 9)])
    assert got.value("cost", "day") == cost
    assert got.value("looked") == found
