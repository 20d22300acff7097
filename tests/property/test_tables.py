"""Look-ups against a twin that goes through all rows."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st
from tests.naive import tables as naive

from kommres.dsl.backends.tables import Miss, Table
from kommres.dsl.bound.nodes import Key, Param, ParamRow, Type
from kommres.dsl.source import Source, Span
from kommres.units import NUMBER

SPAN = Span(Source(name="t", text=""), 0, 0)
NUMBERS = Type(kind="number", unit=NUMBER)


def param(rows, *keys, complete_until=None):
    return Param(
        name="p",
        module="t",
        span=SPAN,
        keys=keys,
        type=NUMBERS,
        rows=tuple(rows),
        complete_until=complete_until,
        citations=(),
    )


@st.composite
def dated_rows(draw):
    rows, seen = [], set()
    for value in range(draw(st.integers(1, 8))):
        start, known = draw(st.integers(1, 20)), draw(st.none() | st.integers(1, 4))
        key = draw(st.sampled_from("ab"))
        if (key, start, known) in seen:
            continue
        seen.add((key, start, known))
        until = draw(st.none() | st.integers(start + 1, start + 10))
        rows.append(ParamRow(keys=(key,), start=start, until=until, known_from=known, value=value))
    return rows


@given(dated_rows(), st.none() | st.integers(1, 5))
def test_look_ups_agree_on_every_day(rows, known_at):
    table = Table(param(rows, Key(name="k", type=Type(kind="id"))), known_at)
    for key in "abc":
        for day in range(1, 33):
            try:
                found = table.find((key,), day).value
            except Miss:
                found = None
            assert found == naive.look_up(rows, key, day, known_at)


@given(dated_rows(), st.integers(0, 30), st.integers(1, 10))
def test_values_change_only_on_the_days_that_are_told(rows, start, days):
    table = Table(param(rows, Key(name="k", type=Type(kind="id"))))
    changes = table.changes(start, start + days)
    assert all(start < day < start + days for day in changes)
    for day in range(start + 1, start + days):
        if day not in changes:
            for key in "ab":
                assert naive.look_up(rows, key, day, None) == naive.look_up(rows, key, day - 1, None)


@given(
    st.lists(st.integers(1, 9), min_size=1, max_size=4),
    st.lists(st.integers(0, 9), min_size=5, max_size=5),
    st.integers(0, 60),
)
def test_tiers_price_each_unit_in_its_bracket(widths, prices, volume):
    bounds = [0]
    for width in widths:
        bounds.append(bounds[-1] + width)
    brackets = [(low, high, price) for low, high, price in zip(bounds, [*bounds[1:], None], prices, strict=False)]
    rows = [
        ParamRow(keys=((low, high),), start=None, until=None, known_from=None, value=price)
        for low, high, price in brackets
    ]
    table = Table(param(rows, Key(name="v", type=NUMBERS, bracket=True)))
    assert table.tiers(volume, (), 0)[0] == naive.tiers(brackets, volume)
    half, _ = table.tiers(Fraction(volume, 2), (), 0, Fraction(1, 2))
    assert half == Fraction(naive.tiers(brackets, volume), 2)
