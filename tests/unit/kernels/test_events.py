"""Functions of intervals on events: kernels against the interpreter, on random rows in many time zones."""

from __future__ import annotations

from functools import cache
from random import Random

import pytest
from tests.kernel_cases import Sides
from tests.programs import plan_of

from kommres.dsl.backends.kernels.threads import in_threads
from kommres.dsl.backends.rows import Bad, EventRow, Row
from kommres.dsl.backends.zones import Zone
from kommres.dsl.plan.proofs import Assumptions
from kommres.period import Month

HEAD = """
module t.events
entity house
entity flat of house
enum kind: warm, cold, hot
enum level: a, b, c
input time_zone of house: id, optional
input area of flat: number, step 0.1, 0..100
input since of flat: date
input moment of flat: instant
event away of flat
    from: date
    to: date, optional
    kind: kind
    level: level
    people: number, step 1, 0..9
    note: id, optional
event strict of flat
    from: date
    to: date
event broken of flat
    from: instant
    to: instant, optional
    kind: kind, optional
    level: level
    bad: yes/no
    heat: number, step 0.5, -20..20, signed
event shut of house
    from: instant
    to: instant
    kind: kind
"""
MONTHS = ("2026-01", "2026-03", "2025-10")
ZONES = ("Europe/Berlin", "Asia/Irkutsk", "America/New_York", "UTC", "America/Havana", "Asia/Kolkata", None, None)

#: One value of the month, for each function and what they do to each other.
WHOLE = {
    "clip": "sum of days(e) * e.people for e in clip(away)",
    "union": "sum of days(e) for e in union(clip(away))",
    "open_union": "count for e in union(away) where e.from < period.end and e.to > period.start",
    "merge": "sum of days(e) * (if e.kind = hot then 3 otherwise 1) for e in merge(clip(away), by kind)",
    "merge_by_two": "sum of days(e) for e in clip(merge(away, by kind, note)) where e.kind = cold",
    "merge_optional": "count for e in merge(away, by note) where has e.note",
    "merge_dropped": "count for e in clip(merge(away, by kind)) where has e.note",
    "merge_needed": "sum of e.people for e in clip(merge(away, by kind))",
    "merge_again": "sum of days(e) for e in merge(merge(clip(away), by kind), by kind, people)",
    "worst": "sum of days(e) * e.people for e in worst(clip(away), by people)",
    "worst_enum": "sum of days(e) * (if e.level = a then 1 otherwise 2) for e in clip(worst(away, by level))",
    "worst_unsorted": "sum of days(e) for e in clip(worst(away, by kind))",
    "worst_yes_no": "sum of hours(e) for e in worst(clip(broken), by bad) where not e.bad",
    "worst_negative": "sum of hours(e) * e.heat for e in worst(clip(broken), by heat)",
    "apart": "sum of days(e) for e in clip(apart(away))",
    "apart_of_union": "sum of days(e) for e in apart(union(clip(away)))",
    "bounds": "sum of days(e) for e in clip(away, period.start + 3 day, period.end - 1 day)",
    "supplied_bound": "sum of days(e) for e in clip(away, since, period.end)",
    "bounds_of_union": "sum of days(e) for e in clip(union(away), period.start - 40 day, period.end)",
    "union_of_bounds": "sum of days(e) for e in union(clip(away, period.start - 9 day, period.start + 9 day))",
    "instants": "sum of hours(e) for e in clip(broken)",
    "instants_by_date": "sum of hours(e) for e in clip(broken, month_start(period.start - 1 day), since)",
    "instants_by_moment": "sum of hours(e) for e in union(clip(broken, moment, period.end))",
    "daily": "sum of hours(e) * e.heat for e in daily(clip(broken), 06:00, 22:30)",
    "nightly": "sum of hours(e) for e in union(daily(clip(broken), 23:00, 07:00))",
    "all_day": "count for e in daily(clip(broken), 02:30, 02:30)",
    "open_daily": "sum of hours(e) for e in clip(daily(broken, 00:00, 05:00))",
    "daily_of_union": "sum of hours(e) for e in daily(union(clip(broken)), 02:00, 03:00)",
    "split": "sum of hours(e) * (if e.inside then 5 otherwise 1) for e in split(clip(broken), 23:00, 06:00)",
    "split_worst": "sum of hours(e) * e.heat for e in worst(split(clip(broken), 01:00, 03:00), by heat) where e.inside",
    "split_twice": "sum of hours(e) for e in split(split(clip(broken), 01:00, 13:00), 02:15, 04:30) where e.inside",
    "split_merge": "sum of hours(e) for e in merge(split(clip(broken), 22:00, 05:00), by kind)",
    "house": "sum of hours(e) for e in merge(clip(shut), by kind) where e.kind != warm",
    "house_daily": "sum of hours(e) for e in daily(clip(shut), 01:30, 04:00)",
    "first": "(first of e.people by e.from for e in merge(clip(away), by kind, people)) else 7",
    "last": "days_between(period.start, (last of e.to by e.to for e in merge(clip(away), by kind)) else since)",
    "last_kind": "if ((last of e.kind by e.from for e in worst(away, by people)) else hot) = hot then 2 otherwise 3",
    "earliest": "days_between((min of e.from for e in union(away)) else period.start, period.end)",
    "latest": "days_between(period.start, (max of e.to for e in merge(away, by kind) where has e.to) else since)",
    "quantified": "if any of e.kind = hot and e.from > period.start for e in merge(away, by kind) then 1 otherwise 0",
    "quantified_clip": "if any of e.people > 2 for e in clip(away) then 1 otherwise 0",
    "quantified_daily": "if all of e.heat > 0 for e in clip(daily(clip(broken), 08:00, 20:00)) then 1 otherwise 0",
    "quantified_merge": "if any of not e.bad for e in merge(clip(broken), by bad) then 1 otherwise 0",
    "of_all": "if all of (e.kind else cold) = hot for e in clip(merge(broken, by kind)) then 1 otherwise 0",
    "pairs": "count for e in union(clip(away)) for f in merge(clip(broken), by kind)",
    "members": "sum of days(e) for k in kind for e in merge(clip(away), by kind) where e.kind = k",
    "required_end": "count for e in strict where e.to > period.start",
    "past": "sum of hours(e) for m in last 3 months for e in clip(union(broken))",
    "past_dates": "sum of days(e) for m in last 3 months for e in merge(clip(away), by kind)",
}
#: Programs of which rows may be left that the interpreter charges.
MAY_BE_LEFT = {"worst_unsorted": 1.0}
#: A value for a day: it varies with the rows of which some cover it.
BY_DAY = {
    "covering": "count for e in covering(away)",
    "covering_strict": "count for e in covering(strict)",
    "covering_union": "count for e in covering(union(away))",
    "covering_merge": "count for e in covering(merge(away, by kind)) where e.kind = hot",
    "covering_worst": "(max of e.people for e in covering(worst(away, by people))) else 2",
    "covering_instants": "count for e in covering(broken)",
    "covering_merged_instants": "count for e in covering(merge(broken, by kind))",
    "union_of_covering": "count for e in union(covering(broken))",
    "covering_clipped": "count for e in covering(clip(union(broken)))",
    "covering_house": "(if any of e.kind = hot for e in covering(shut) then 3 otherwise area / 10)",
}


@cache
def charge(name):
    """A program with charges of one value."""
    if name in BY_DAY:
        return plan_of(
            f"{HEAD}rule v of flat: number, varies\n    = {BY_DAY[name]}\n"
            "charge c of flat: RUB, signed\n    = sum over slices round(v * slice.days / 1 day * 1 RUB, 0.01)\n"
            "charge d of flat: RUB, signed\n    = round((v at end) * area * 1 RUB, 0.01)\n"
        )
    value = WHOLE[name]
    unit = " / 1 h" if "hours(" in value else " / 1 day" if "days(" in value or "days_between(" in value else ""
    return plan_of(f"{HEAD}charge c of flat: RUB, signed\n    = round(({value}){unit} * 1 RUB, 0.01)\n")


def cities(plan, pick, month, count, *, dirty=0.0):
    """Houses with flats; events overlap, touch, are empty, begin together, have no end."""
    roots = []
    for number in range(count):
        root = Row("house", str(number))
        zone = pick.choice(ZONES)
        if zone is not None:
            root.values["time_zone", ()] = "Moon/Base" if pick.random() < dirty else zone
        root.events["shut"] = events(plan, "shut", pick, month, zone, dirty)
        root.children["flat"] = [flat(plan, f"{number}-{place}", root, pick, month, zone, dirty) for place in range(4)]
        roots.append(root)
    return roots


def flat(plan, name, root, pick, month, zone, dirty):
    row = Row("flat", name, root)
    row.values["area", ()] = pick.randint(0, 100)
    if pick.random() < 0.9:
        row.values["since", ()] = month.start + pick.randint(-40, 40)
    if pick.random() < 0.9:
        row.values["moment", ()] = seconds(pick, month, zone)
    for event in ("away", "strict", "broken"):
        if pick.random() < 0.85:
            row.events[event] = events(plan, event, pick, month, zone, dirty)
    return row


def seconds(pick, month, zone):
    """A moment near a month; often a local midnight or a whole hour of a day on which clocks may change."""
    day = month.start + pick.choice((0, 0, 28, 24, 25, pick.randint(-35, 40), pick.randint(0, 31)))
    minute = pick.choice((0, 60 * pick.randrange(24), pick.randrange(1440)))
    return Zone.named(zone or "UTC").instant(day, minute) + pick.choice((0, 0, 1, -1))


def events(plan, name, pick, month, zone, dirty):
    event = next(event for event in plan.events if event.name == name)
    edge = (
        (lambda: seconds(pick, month, zone))
        if event.interval == "instant"
        else (lambda: month.start + pick.choice((0, 31, pick.randint(-12, 45))))
    )
    if event.interval == "instant" and pick.random() < 0.3:
        zone = pick.choice([z for z in ZONES if z])
    edges = sorted(edge() for _ in range(pick.choice((0, 2, 2, 4, 6, 9))))
    found = []
    while edges:
        values = {"from": edges.pop(pick.randrange(len(edges)))}
        later = [at for at in edges if at >= values["from"]]
        if later and (pick.random() < 0.85 or not event.field("to").type.optional):
            values["to"] = pick.choice(later)
        elif not event.field("to").type.optional and pick.random() < 0.9:
            values["to"] = values["from"] + pick.choice((0, 1, 3, 90_000))
        for field in event.fields[2:]:
            if not field.type.optional or pick.random() < 0.7:
                values[field.name] = cell(field, pick)
        if pick.random() < dirty:
            values[pick.choice(list(values))] = pick.choice((Bad("D0104", "cannot be read", "x"), None))
            values = {key: value for key, value in values.items() if value is not None}
        found.append(EventRow(values, str(len(found))))
    return found


def cell(field, pick):
    match field.type.kind:
        case "enum":
            return pick.choice(field.type.enum.members)
        case "yes_no":
            return pick.random() < 0.5
        case "id":
            return pick.choice(("x", "y"))
    return pick.randint(0 if field.low == 0 else -3, 3)


@cache
def sides(name, month):
    return Sides(charge(name), month)


def compared(name, *, trees=50, dirty=0.0):
    """Both sides on random rows of some months."""
    pick = Random(name)
    for month in map(Month.parse, MONTHS):
        yield sides(name, month).compare(cities(charge(name), pick, month, trees, dirty=dirty))


@pytest.mark.parametrize("name", [*WHOLE, *BY_DAY], scope="module")
def test_as_the_interpreter(name):
    for tally in compared(name):
        assert tally.lines
        assert tally.share <= MAY_BE_LEFT.get(name, 0), tally


@pytest.mark.parametrize("name", [*WHOLE, *BY_DAY], scope="module")
def test_rows_that_cannot_be_used(name):
    for tally in compared(name, trees=30, dirty=0.1):
        assert tally.refused > 0 or name == "required_end"


def test_several_threads():
    """Each call has lists of its own."""
    plan, month = charge("merge_by_two"), Month.parse("2026-03")
    sides = Sides(plan, month)
    parts = [cities(plan, Random(number), month, 40) for number in range(6)]
    alone = [sides.read(part) for part in parts]
    assert in_threads(sides.read, parts * 5, threads=3) == alone * 5


def test_more_pieces_than_were_assumed():
    """A row with more events than proofs assume is the interpreter's; others are not."""
    plan, month = charge("union"), Month.parse("2026-01")
    root = Row("house", "1")
    root.children["flat"] = [Row("flat", str(number), root) for number in range(2)]
    for flat_, count in zip(root.children["flat"], (3, 4), strict=True):
        flat_.events["away"] = [
            EventRow({"from": month.start + n, "to": month.end, "kind": "hot", "level": "a", "people": 1})
            for n in range(count)
        ]
    sides = Sides(plan, month, assumed=Assumptions(items=3))
    assert [found is None for found in sides.read([root])["flat"]] == [False, True]
    assert sides.compare([root]).left == 1
