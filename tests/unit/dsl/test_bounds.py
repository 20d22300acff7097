"""Where numbers and the calendar end: what grows too long, last days, spans of centuries."""

from fractions import Fraction

import pytest
from tests.programs import run

from kommres.dsl.backends.computation import MOST_BITS
from kommres.dsl.backends.zones import Zone
from kommres.period import MOST_DAYS, Month, month_of

LAST = "9999-12-31"


# --- numbers ---------------------------------------------------------------------------------------------------


def squares(count, more=""):
    """Return rules of which each is the square of the one before."""
    text = "module t.squares\nentity flat\ninput y of flat: number, signed, -9..9\n"
    text += "rule x0 of flat: number, signed\n    = y\n"
    for n in range(count):
        text += f"rule x{n + 1} of flat: number, signed\n    = x{n} * x{n}\n"
    return text + more


def test_numbers_that_square_themselves_are_refused():
    got = run(squares(60), "2026-01", {"y": 3})
    problem = got.problem("x60")
    bits = (3 ** (1 << 16)).bit_length()
    assert (problem.code, problem.row) == ("D0409", "1")
    assert problem.message.startswith(
        f"x16 would be a number of {bits:_} bits; exact numbers have 65_536 at most: round"
    )
    assert got.value("x15") == 3 ** (1 << 15)
    assert run(squares(60), "2026-01", {"y": 1}).value("x60") == 1


@pytest.mark.parametrize(
    ("formula", "code"),
    [("x15 * x15", "D0409"), ("1 / x15 / x15 else 0", "D0409"), ("0 - x15 * x15", "D0409"), ("x15 / x15 else 0", "")],
)
def test_what_is_long_above_or_below(formula, code):
    more = (
        f"rule z of flat: number, signed, 0..1\n    = {formula}\n"
        if code
        else f"rule z of flat: number\n    = {formula}\n"
    )
    got = run(squares(15, more), "2026-01", {"y": 3})
    assert code == got.code("z") if code else got.value("z") == 1


def test_an_else_does_not_catch_what_is_too_long():
    text = squares(60, "rule z of flat: number\n    = 1 / x60 else 5\n")
    assert run(text, "2026-01", {"y": -2}).code("z") == "D0409"
    assert run(text, "2026-01", {"y": 0}).value("z") == 5


def test_sums_of_quotients_over_many_rows_are_not_too_long():
    text = """
module t.long
entity house
entity flat of house
input area of flat: number
rule part of flat: number
    = 1 / area else 0
rule parts of house: number
    = sum of part for f in flat
"""
    primes = [n for n in range(2, 9000) if all(n % d for d in range(2, int(n**0.5) + 1))]
    case = {"house": {"flat": [{"id": str(n), "area": n} for n in primes]}}
    total = run(text, "2026-01", case).value("parts")
    assert 10_000 < total.denominator.bit_length() < MOST_BITS


# --- the calendar ----------------------------------------------------------------------------------------------


def test_the_last_month_ends():
    last = month_of(month_of(1).start + 3_652_058)
    assert (str(last), last.days, last.end) == ("9999-12", 31, 3_652_060)
    assert [Month.parse(text).days for text in ("2024-02", "1900-02", "2000-02", "2026-12")] == [29, 28, 29, 31]


@pytest.mark.parametrize("name", ["UTC", "Pacific/Kiritimati", "America/Los_Angeles", "Asia/Kolkata"])
def test_time_zones_go_on_behind_the_calendar(name):
    zone = Zone.named(name)
    for day in (-3, 0, 1, 3, 739_000, 3_652_057, 3_652_059, 3_652_063):
        assert zone.day(zone.instant(day)) == day
        assert zone.day(zone.instant(day) - 1) == day - 1
        assert zone.hour(zone.instant(day, 7 * 60)) == 7


DATES = """
module t.dates
entity flat
input time_zone of flat: id, optional
input d of flat: date
input d2 of flat: date
input i of flat: instant
event broken of flat
    from: instant
    to: instant, optional
rule next_month of flat: date
    = month_end(d)
rule day_of of flat: number
    = year(date_of(i + 24 h))
rule hour_of of flat: number
    = hour_of_day(i + 24 h)
rule months of flat: number
    = (sum over slices from d until d2 of slice.months) / 1 month
rule nights of flat: h
    = sum of hours(e) for e in daily(broken, 00:00, 05:00)
rule pieces of flat: number
    = count for e in split(broken, 00:00, 05:00)
rule clipped of flat: h
    = sum of hours(e) for e in daily(clip(broken), 00:00, 05:00)
"""


def dated(name, **values):
    case = {"d": "2026-01-01", "d2": "2026-01-01", "i": "2026-01-01T00:00", **values}
    return run(DATES, "2026-01", case), name


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("next_month", {"d": "9999-11-30"}, 3_652_029),
        ("next_month", {"d": LAST}, "D0107"),
        ("day_of", {"i": "9999-12-30T12:00"}, 9999),
        ("day_of", {"i": "9999-12-31T12:00"}, "D0107"),
        ("day_of", {"i": "9999-12-30T12:00Z", "time_zone": "Pacific/Kiritimati"}, "D0107"),
        ("hour_of", {"i": "9999-12-31T12:00", "time_zone": "Asia/Irkutsk"}, 12),
        ("months", {"d": "9999-12-02", "d2": LAST}, Fraction(29, 31)),
        ("months", {"d": "1926-02-01", "d2": "2026-01-01"}, 1199),
        ("months", {"d": "1926-01-01", "d2": "2026-01-02"}, "D0410"),
        ("months", {"d2": LAST}, "D0410"),
        ("months", {"d": LAST}, 0),
        ("nights", {"broken": [{"from": "2026-01-01T00:00", "to": "2026-01-03T00:00"}]}, 10),
        ("nights", {"broken": [{"from": "2026-01-01T00:00", "to": "9999-12-31T23:59"}]}, "D0410"),
        ("pieces", {"broken": [{"from": "2026-01-01T00:00", "to": "9999-12-31T23:59"}]}, "D0410"),
        ("pieces", {"broken": [{"from": "2026-01-01T00:00"}]}, "D0405"),
        ("clipped", {"broken": [{"from": "2026-01-01T00:00", "to": "9999-12-31T23:59"}]}, 155),
        ("clipped", {"broken": [{"from": "0001-01-01T00:00", "to": "9999-12-31T23:59:59"}]}, 155),
    ],
)
def test_days_at_the_end_of_the_calendar(name, values, expected):
    got, rule = dated(name, **values)
    assert (got.code(rule) if isinstance(expected, str) else got.value(rule)) == expected


def test_messages_of_long_spans_say_what_to_do():
    got, rule = dated("months", d2=LAST)
    days = 3_652_059 - got.interpreter.machine.term.start
    assert f"from 2026-01-01 until {LAST} there are {days} days" in got.problem(rule).message
    got, rule = dated("nights", broken=[{"id": "7", "from": "2026-01-01T00:00", "to": "9999-12-31T23:59"}])
    assert (got.problem(rule).row, "clip it to a period first" in got.problem(rule).message) == ("7", True)
    assert str(MOST_DAYS) in got.problem(rule).message
