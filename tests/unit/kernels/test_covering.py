"""Pieces of intervals with bounds of their own that cover the day: the month is cut at those bounds."""

import random

import pytest
from tests.kernel_cases import Sides
from tests.programs import plan_of

from kommres.dsl.backends.rows import EventRow, Row
from kommres.period import Month

JANUARY = Month.parse("2026-01")
DAY = 86_400
EPOCH = 719_163
TEXT = """
module t.covering
entity house
input time_zone of house: id, optional
entity flat of house
input since of flat: date
input share of flat: number, step 0.1, 0..9
event away of flat
    from: date
    to: date, optional
    people: number, step 1, 0..9
event broken of flat
    from: instant
    to: instant, optional
rule gone of flat: number
    = {gone}
charge x of flat: RUB
    = sum over slices round(gone * share * slice.days / 31 day * 1 RUB, 0.01)
"""
GONE = (
    "sum of e.people for e in covering(clip(away, 2026-01-05, 2026-01-09))",
    "sum of e.people for e in covering(clip(away, since, period.end))",
    "sum of e.people for e in covering(clip(away, since - 3 day, since + 7 day))",
    "count for e in covering(union(clip(away, since, 2026-01-20)))",
    "count for e in covering(merge(clip(away, period.start, since), by people))",
    "sum of e.people for e in covering(worst(clip(away, 2025-12-30, since), by people))",
    "count for e in covering(clip(broken, since, 2026-01-20))",
    "count for e in covering(union(clip(broken, 2026-01-03T12:00, period.end)))",
    "count for e in covering(clip(clip(away, since, period.end)))",
)


def houses(count):
    dice = random.Random(3)
    for number in range(count):
        zone = {("time_zone", ()): dice.choice(("Europe/Berlin", "Asia/Irkutsk"))} if dice.random() < 0.5 else {}
        house = Row("house", str(number), values=zone)
        away, broken = [], []
        for _ in range(dice.randrange(4)):
            start = JANUARY.start + dice.randrange(-9, 33)
            end = {"to": start + dice.randrange(1, 25)} if dice.random() < 0.8 else {}
            away.append(EventRow({"from": start, "people": dice.randrange(1, 5), **end}))
            moment = (start - EPOCH) * DAY + dice.choice((0, 7 * 3600, 82_800))
            broken.append(EventRow({"from": moment, **({"to": moment + dice.randrange(1, 25) * DAY} if end else {})}))
        values = {("since", ()): JANUARY.start + dice.randrange(-5, 36), ("share", ()): dice.randrange(1, 9)}
        events = {"away": away, "broken": broken} if away else {}
        house.children["flat"] = [Row("flat", str(number), house, values=values, events=events)]
        yield house


@pytest.mark.parametrize("gone", GONE)
def test_bounds_cut_the_month(gone):
    sides = Sides(plan_of(TEXT.replace("{gone}", gone)), JANUARY)
    tally = sides.compare(list(houses(60)))
    assert tally.refused == 0
    assert tally.left == 0


@pytest.mark.parametrize("gone", GONE)
def test_bounds_cut_spans_that_leave_the_month(gone):
    span = "sum over slices from since - 5 day until since + 20 day of"
    text = TEXT.replace("{gone}", gone).replace("sum over slices", span)
    direct = text.replace("round(gone *", f"round(({gone}) *")
    for program in (text, direct):
        tally = Sides(plan_of(program), JANUARY).compare(list(houses(40)))
        assert tally.refused == 0
        assert tally.left < tally.rows or "broken" in gone
