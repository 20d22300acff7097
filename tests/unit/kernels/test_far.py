"""Days at the end of the calendar and numbers without end: what the interpreter refuses, kernels leave."""

import datetime as dt
from fractions import Fraction

import pytest
from tests.kernel_cases import Sides
from tests.programs import plan_of

from kommres.dsl.backends.rows import EventRow, Row
from kommres.period import Month

JANUARY = Month.parse("2026-01")
HEAD = """
module t.far
entity flat
input d of flat: date
input d2 of flat: date
input y of flat: number, step 0.001, 0..9
event broken of flat
    from: instant
    to: instant, optional
"""
DAYS = (
    "0001-01-01",
    "2025-12-31",
    "2026-01-01",
    "2026-01-20",
    "2026-02-01",
    "9998-12-31",
    "9999-11-30",
    "9999-12-01",
    "9999-12-31",
)
FORMULAS = (
    "days_between(d, month_end(d)) * 1 RUB/day",
    "year(month_end(d)) * 1 RUB",
    "months_since(d) * 1 RUB",
    "(if month_end(d) > d2 then 1 RUB otherwise month(d) * 1 RUB)",
    "(sum over slices from d until d2 of slice.days * y) * 1 RUB/day",
    "(sum over slices from period.start until d2 of slice.months * y) * 1 RUB/month",
    "year(d + 20 day) * 1 RUB",
)


def day(text):
    return dt.date.fromisoformat(text).toordinal()


def flats():
    pairs = [(first, second) for first in DAYS for second in DAYS]
    return [
        Row("flat", str(n), values={("d", ()): day(d), ("d2", ()): day(d2), ("y", ()): Fraction(3, 2)})
        for n, (d, d2) in enumerate(pairs)
    ]


@pytest.mark.parametrize("formula", FORMULAS)
def test_last_days(formula):
    sides, rows = (
        Sides(plan_of(f"{HEAD}charge x of flat: RUB, signed\n    = round({formula}, 0.01)\n"), JANUARY),
        flats(),
    )
    tally = sides.compare(rows)
    assert tally.left < len(rows)
    if "slices" not in formula:
        assert tally.fine == 0


def test_windows_of_an_interval_without_end():
    text = (
        HEAD
        + "charge x of flat: RUB\n    = round((sum of hours(e) for e in daily({}, 00:00, 05:00)) * 1 RUB/h, 0.01)\n"
    )
    start = (JANUARY.start - 719_163) * 86_400
    ends = (start + 86_400 * 40, 253_402_300_740)
    rows = [Row("flat", str(end), events={"broken": [EventRow({"from": start, "to": end})]}) for end in ends]
    for source, refused in (("broken", 1), ("clip(broken)", 0)):
        sides = Sides(plan_of(text.format(source)), JANUARY)
        tally = sides.compare(rows)
        assert tally.refused == refused
        assert sides.charged(rows)["flat"].left.tolist()[1] == refused


@pytest.mark.parametrize("test", ["x{n} > 1", "x{n} >= 0", "max(x{n}, 2) > 1", "x{n} > y or y > 2"])
@pytest.mark.parametrize("count", [3, 17, 40])
def test_numbers_that_square_themselves(count, test):
    text = HEAD + "rule x0 of flat: number\n    = y\n"
    text += "".join(f"rule x{n + 1} of flat: number\n    = x{n} * x{n}\n" for n in range(count))
    text += f"charge z of flat: RUB\n    = round((if {test.format(n=count)} then 1 otherwise 2) * 1 RUB, 0.01)\n"
    rows = [Row("flat", str(n), values={("y", ()): y}) for n, y in enumerate((0, 1, Fraction(1001, 1000), 9))]
    tally = Sides(plan_of(text), JANUARY).compare(rows)
    assert tally.refused == (0 if count == 3 else 2)
    assert tally.left >= tally.refused
