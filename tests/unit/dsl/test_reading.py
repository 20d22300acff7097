"""From supplied cells to exact values, or to a reason."""

import datetime as dt
from decimal import Decimal
from fractions import Fraction

import pytest

from kommres.dsl.backends.rows import Bad
from kommres.dsl.backends.zones import Zone
from kommres.dsl.bound.nodes import Enum, Type
from kommres.dsl.reading import read_value
from kommres.dsl.source import Source, Span
from kommres.units import NUMBER

SPAN = Span(Source(name="t", text=""), 0, 0)
NUMBERS = Type(kind="number", unit=NUMBER)
STOVE = Type(kind="enum", enum=Enum(name="stove", module="t", span=SPAN, members=("gas", "electric")))
KINDS = {kind: Type(kind=kind) for kind in ("yes_no", "date", "instant", "id")} | {"number": NUMBERS, "enum": STOVE}


def read(kind, raw, **more):
    return read_value(raw, KINDS[kind], name="x", **more)


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        ("number", "12.50", Fraction("12.5")),
        ("number", " 7 ", 7),
        ("number", "-0.001", Fraction(-1, 1000)),
        ("number", "1e3", 1000),
        ("number", Decimal("1E+2"), 100),
        ("number", Decimal("0.30"), Fraction(3, 10)),
        ("number", 5, 5),
        ("number", Fraction(4, 2), 2),
        ("number", "", None),
        ("number", None, None),
        ("yes_no", "да", True),
        ("yes_no", "No", False),
        ("yes_no", True, True),
        ("date", "2026-01-31", dt.date(2026, 1, 31).toordinal()),
        ("date", dt.date(2026, 1, 31), dt.date(2026, 1, 31).toordinal()),
        ("instant", "1970-01-01T03:00+03:00", 0),
        ("instant", "1970-01-01T00:01", 60),
        ("instant", "1970-01-02T00:00:00Z", 86400),
        ("enum", "gas", "gas"),
        ("id", " n1 ", "n1"),
        ("id", 17, "17"),
        ("id", Decimal(17), "17"),
    ],
)
def test_what_can_be_read(kind, raw, value):
    found = read(kind, raw)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("kind", "raw", "code", "hint"),
    [
        ("number", "12,5", "D0102", "write 12.5"),
        ("number", "1 234.5", "D0102", "1234.5"),
        ("number", "\N{MINUS SIGN}5", "D0102", "-5"),
        ("number", "1\N{CYRILLIC CAPITAL LETTER O}0", "D0102", "letters among the digits"),
        ("number", "abc", "D0102", "not a number"),
        ("number", "9" * 50, "D0102", "digits"),
        ("number", "1e9999", "D0102", "digits"),
        ("number", Decimal("NaN"), "D0102", "not a number"),
        ("number", True, "D0102", "not a number"),
        ("number", 0.5, "D0102", "binary"),
        ("number", float("nan"), "D0102", "not a number"),
        ("yes_no", "maybe", "D0102", "yes or no"),
        ("yes_no", 1, "D0102", "yes or no"),
        ("date", "2026-02-30", "D0107", "does not exist"),
        ("date", "31.01.2026", "D0102", "2026-01-31"),
        ("date", dt.datetime(2026, 1, 1, 5, tzinfo=dt.UTC), "D0102", "time of day"),
        ("instant", "2026-01-01", "D0102", "2026-01-31T10:30"),
        ("instant", "2026-01-01T25:00", "D0107", "does not exist"),
        ("enum", "gaz", "D0105", 'did you mean "gas"'),
        ("enum", "g\N{CYRILLIC SMALL LETTER A}s", "D0105", "Cyrillic"),
        ("enum", "wood", "D0105", "gas, electric"),
        ("id", 1.0, "D0102", "supply it as text"),
    ],
)
def test_what_cannot_be_read_says_why(kind, raw, code, hint):
    found = read(kind, raw)
    assert isinstance(found, Bad)
    assert (found.code, found.field) == (code, "x")
    assert hint in found.message


@pytest.mark.parametrize(
    ("raw", "code"), [("-1", "D0103"), ("101", "D0103"), ("0.05", "D0104"), ("0.3", None), ("100", None), ("0", None)]
)
def test_range_and_step(raw, code):
    found = read("number", raw, low=0, high=100, step=Fraction(1, 10))
    assert (found.code if isinstance(found, Bad) else None) == code


@pytest.mark.parametrize(
    ("raw", "value"), [(0.3, Fraction(3, 10)), (7.0, 7), (1e14, 10**14), (0.30000000000000004, None)]
)
def test_floats_are_taken_only_on_the_step(raw, value):
    found = read("number", raw, step=Fraction(1, 10))
    assert found == value if value is not None else found.code == "D0104"


def test_instants_without_offset_are_local():
    assert read("instant", "1970-01-01T08:00", zone=Zone.named("Asia/Irkutsk")) == 0


@pytest.mark.parametrize("raw", [2.0**53, -(2.0**60), 1e300])
def test_a_float_that_stands_for_several_multiples_of_the_step(raw):
    bad = read("number", raw, step=1)
    assert isinstance(bad, Bad)
    assert bad.code == "D0102"
