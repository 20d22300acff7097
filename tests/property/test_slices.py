"""Slices against a twin that goes day by day, and the law that a cut where nothing changes changes nothing."""

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.naive import slices as naive
from tests.programs import plan_of

from kommres.dsl.backends.interpreter import Interpreter
from kommres.dsl.backends.rows import EventRow, Row, Steps
from kommres.period import Month

MONTH = Month.parse("2026-01")
DAYS = range(MONTH.start, MONTH.end)

PLAN = plan_of("""
module t.slices
entity building
entity flat of building
input people of flat: person, varies
input fixed of flat: m3, optional
input meter of flat: yes/no, varies
input since of flat: date
event away of flat
    from: date
    to: date, optional
    gone: person
param tariff: RUB/m3
    from 2025-01-01 = 10.03
    from 2026-01-11 = 11.07
    from 2026-01-21 = 11.07
    from 2026-01-26 until 2026-01-30 = 9.99
param later: RUB/m3
    from 2026-01-05 = 1
rule left of flat: person
    = max(0 person, people - (sum of gone for a in covering(away)))
rule volume of flat: m3/month
    = left * 1.37 m3/person/month
    except dated from 2026-01-15 until 2026-01-18
        = 2 m3/month
    except by_meter over dated when meter and has fixed
        = fixed spread by days
charge water of flat: RUB
    = sum over slices round(volume * slice.months * (tariff else 0 RUB/m3), 0.01)
charge averaged of flat: RUB
    = round((mean over days volume) * 1 month * 7 RUB/m3, 0.01)
charge house of flat: RUB
    = sum over slices round(building.everybody * slice.days * 0.1 RUB/person/day, 0.01)
charge span of flat: RUB
    = sum over slices from period.start - 9 day until period.end + 3 day of
        round(people * slice.days * 0.07 RUB/person/day, 0.01)
rule near of flat: person
    = sum of gone for a in covering(clip(away, since, 2026-01-20))
rule inside of flat: person
    = sum of gone for a in covering(clip(away))
charge clipped of flat: RUB
    = sum over slices from period.start - 9 day until period.end + 3 day of
        round(near * slice.days * 0.07 RUB/person/day, 0.01) + round(inside * slice.days * 0.03 RUB/person/day, 0.01)
charge refused of flat: RUB
    = sum over slices round(volume * slice.months * later, 0.01)
rule everybody of building: person
    = sum of left for f in flat
""")
BY_NAME = {definition.rule.name: definition for definition in PLAN.definitions}


@st.composite
def steps(draw, values):
    """A step function that covers the month and some days around it, perhaps with cuts where nothing changes."""
    starts = sorted(draw(st.sets(st.integers(MONTH.start - 8, MONTH.end + 5), max_size=4)))
    return Steps((None, *starts), tuple(draw(values) for _ in range(len(starts) + 1)))


@st.composite
def flats(draw):
    row = Row("flat", str(draw(st.integers(1, 9))))
    row.values["people", ()] = draw(steps(st.integers(0, 3)) | st.integers(0, 3))
    row.values["meter", ()] = draw(steps(st.booleans()) | st.booleans())
    row.values["since", ()] = draw(st.integers(MONTH.start - 12, MONTH.end + 12))
    if draw(st.booleans()):
        row.values["fixed", ()] = Fraction(draw(st.integers(0, 9999)), 1000)
    for number in range(draw(st.integers(0, 2))):
        start = draw(st.integers(MONTH.start - 5, MONTH.end))
        values = {"from": start, "gone": draw(st.integers(0, 2))}
        if draw(st.booleans()):
            values["to"] = start + draw(st.integers(0, 20))
        row.events.setdefault("away", []).append(EventRow(values, str(number)))
    return row


@st.composite
def buildings(draw):
    building = Row("building", "1", children={"flat": draw(st.lists(flats(), min_size=1, max_size=3))})
    for flat in building.children["flat"]:
        flat.parent = building
    return building


def held(value, day):
    if not isinstance(value, Steps):
        return value
    return next(v for s, v in zip(reversed(value.starts), reversed(value.values), strict=True) if s is None or s <= day)


def gone(row, day):
    return sum(
        event.values["gone"]
        for event in row.events.get("away", ())
        if event.values["from"] <= day and ("to" not in event.values or day < event.values["to"])
    )


def left(row, day):
    return max(0, held(row.values["people", ()], day) - gone(row, day))


def volume(row, day):
    if held(row.values["meter", ()], day) and ("fixed", ()) in row.values:
        return row.values["fixed", ()]
    if 15 <= day - MONTH.start + 1 < 18:
        return Fraction(2)
    return left(row, day) * Fraction("1.37")


def tariff(day):
    number = day - MONTH.start + 1
    return Fraction(next(v for first, v in ((30, 0), (26, "9.99"), (11, "11.07"), (0, "10.03")) if number >= first))


def charged(row, name):
    return Interpreter(PLAN, MONTH).value(BY_NAME[name], row)


@settings(max_examples=150, deadline=None)
@given(buildings())
def test_slices_are_runs_of_equal_days(building):
    for row in building.children["flat"]:
        runs = naive.groups(DAYS, lambda day, row=row: (volume(row, day), tariff(day)))
        expected = sum(naive.half_up(v * Fraction(days, 31) * price) for (v, price), days in runs)
        assert charged(row, "water") == expected
        mean = sum((volume(row, day) for day in DAYS), Fraction(0)) / 31
        assert charged(row, "averaged") == naive.half_up(mean * 7)


@settings(max_examples=100, deadline=None)
@given(buildings())
def test_sums_over_children_are_pointwise(building):
    flats_ = building.children["flat"]
    runs = naive.groups(DAYS, lambda day: sum(left(row, day) for row in flats_))
    expected = sum(naive.half_up(Fraction(people * days, 10)) for people, days in runs)
    assert charged(flats_[0], "house") == expected


@settings(max_examples=100, deadline=None)
@given(buildings())
def test_spans_may_leave_the_month(building):
    row = building.children["flat"][0]
    days = range(MONTH.start - 9, MONTH.end + 3)
    runs = naive.groups(days, lambda day: held(row.values["people", ()], day))
    assert charged(row, "span") == sum(naive.half_up(Fraction(people * n * 7, 100)) for people, n in runs)


@settings(max_examples=100, deadline=None)
@given(buildings())
def test_pieces_of_intervals_cover_days_up_to_their_own_bounds(building):
    row = building.children["flat"][0]

    def covered(day):
        near = row.values["since", ()] <= day < MONTH.start + 19
        return gone(row, day) * near, gone(row, day) * (day in DAYS)

    runs = naive.groups(range(MONTH.start - 9, MONTH.end + 3), covered)
    expected = sum(
        naive.half_up(Fraction(near * n * 7, 100)) + naive.half_up(Fraction(inside * n * 3, 100))
        for (near, inside), n in runs
    )
    assert charged(row, "clipped") == expected


@settings(max_examples=50, deadline=None)
@given(buildings())
def test_a_look_up_that_misses_on_some_days_refuses(building):
    result = Interpreter(PLAN, MONTH).account(building.children["flat"][0])
    assert [(r.charge, r.code) for r in result.refusals] == [("t.slices.refused", "D0202")]


@settings(max_examples=100, deadline=None)
@given(buildings(), st.integers(MONTH.start, MONTH.end - 1))
def test_a_cut_where_nothing_changes_changes_nothing(building, day):
    row = building.children["flat"][0]
    before = charged(row, "water")
    for key in (("people", ()), ("meter", ())):
        value = row.values[key]
        if isinstance(value, Steps) and day not in value.starts:
            at = sum(1 for s in value.starts if s is None or s < day)
            row.values[key] = Steps(
                (*value.starts[:at], day, *value.starts[at:]),
                (*value.values[:at], held(value, day), *value.values[at:]),
            )
        elif not isinstance(value, Steps):
            row.values[key] = Steps((None, day), (value, value))
    row.memo.clear()
    building.memo.clear()
    assert charged(row, "water") == before
