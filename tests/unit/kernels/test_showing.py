"""What a line shows beside its amount: the same as the interpreter's, and no row is left for what cannot differ."""

import pytest
from tests.kernel_cases import Sides
from tests.programs import plan_of

from kommres.dsl.backends.rows import EventRow, Row, Steps
from kommres.period import Month

JANUARY = Month.parse("2026-01")
TEXT = """
module t.shown
entity flat
input v of flat: number, step 1, 0..100
input moved of flat: number, step 1, 0..100, varies, history
input since of flat: date
event away of flat
    from: date
    to: date
param tariff: number
    from 2025-01-01 = 2
    from 2026-01-11 = 3
param settled: number
    from 2025-01-01 = 2
    from 2026-02-01 = 3
rule later of flat: number
    = v
    except spring when v > 1 from 2026-03-01
        = moved
rule now of flat: number
    = v
    except second when v > 1 from 2026-01-16
        = moved
charge x of flat: RUB
    {shown}
    = round(v * 1 RUB, 0.01)
"""
NONE, CHANGED, AWAY, ALL = [0] * 9, [0, 0, 0, 1, 1, 1, 1, 1, 1], [0, 0, 1, 0, 0, 1, 0, 0, 1], [1] * 9
#: what is shown -> the rows for which it may differ between days
SHOWN = {
    "v": NONE,
    "moved": CHANGED,
    "moved at start": NONE,
    "(mean over days moved)": CHANGED,
    "(sum over slices moved * slice.days / 1 day)": CHANGED,
    "(sum over slices from since until period.end of moved * slice.days / 1 day)": CHANGED,
    "((sum of moved for m in last 2 months) + v)": NONE,
    "((sum of (moved at start) for m in last 2 months) * 1)": NONE,
    "((sum of settled for m in last 2 months) at start)": NONE,
    "settled": NONE,
    "tariff": ALL,
    "(tariff on since)": NONE,
    "later": CHANGED,
    "now": ALL,
    "(count for e in covering(away))": AWAY,
    "(count for e in away)": NONE,
    "days_between(since, period.day) / 1 day": ALL,
    "days_between(since, period.start) / 1 day": NONE,
}


def flats():
    changes = Steps((None, JANUARY.start + 5, JANUARY.start + 20), (1, 2, 1))
    back = Steps((None, JANUARY.start + 9), (7, 7))
    spans = ((), ((0, 31),), ((3, 9),))
    for number, (moved, span) in enumerate((m, s) for m in (4, changes, back) for s in spans):
        values = {("v", ()): number, ("moved", ()): moved, ("since", ()): JANUARY.start + 2}
        history = {("moved", ()): {JANUARY.number - n: n for n in range(1, 4)}}
        rows = [EventRow({"from": JANUARY.start + a, "to": JANUARY.start + b}) for a, b in span]
        yield Row("flat", str(number), values=values, history=history, events={"away": rows} if rows else {})


def plan(shown):
    return plan_of(TEXT.replace("{shown}", f"price {shown}"))


@pytest.mark.parametrize("shown", SHOWN)
def test_what_is_shown_is_what_the_interpreter_shows(shown):
    sides = Sides(plan(shown), JANUARY)
    tally = sides.compare(list(flats()))
    assert tally.refused == 0
    assert not sides.kernels.report
    assert tally.left == 0


@pytest.mark.parametrize(("shown", "differs"), SHOWN.items())
def test_kernels_of_still_rows_leave_those_for_which_it_may_differ(shown, differs):
    found, rows = Sides(plan(shown), JANUARY, few=300_000), list(flats())
    found.compare(rows)
    assert found.charged(rows)["flat"].left.tolist() == differs
