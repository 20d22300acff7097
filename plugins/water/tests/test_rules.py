"""The shipped rules and tables as a whole, and laws that no single example shows."""

from fractions import Fraction
from functools import cache
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

import kommres_water
from kommres import evaluate, load

RULES = Path(kommres_water.__file__).parent / "rules"


@cache
def program(folder="."):
    return load(RULES / folder)


def bill(case, month="2026-06", **more):
    """Amounts by charge name."""
    result = evaluate(program("pp354"), case, month, **more)
    assert not result["refused"], result["refused"]
    return {line["charge"].rpartition(".")[2]: Fraction(line["amount"]) for line in result["charges"]}


def rounded(amount):
    """To the kopeck, half up; for amounts that are not negative."""
    return Fraction(int(amount * 100 + Fraction(1, 2)), 100)


def household(people=3, *, meter="no", can="no", **more):
    return {
        "connected": {"cold": "yes", "hot": "no"},
        "has_meter": {"cold": meter},
        "can_install": {"cold": can},
        "sewerage_connected": "no",
        "residents": people,
        "cold_water_norm": "7.3",
        "cold_water_tariff": "46.87",
        **more,
    }


@given(people=st.integers(1, 9), day=st.integers(2, 30))
@settings(max_examples=25, deadline=None)
def test_a_cut_where_nothing_changes_changes_nothing(people, day):
    cut = [{"value": people}, {"from": f"2026-06-{day:02d}", "value": people}]
    assert bill(household(cut, can="yes")) == bill(household(people, can="yes"))


@given(people=st.integers(1, 6), gone=st.integers(1, 6), start=st.integers(1, 20), days=st.integers(1, 30))
@settings(max_examples=60, deadline=None)
def test_an_absence_takes_off_no_more_than_was_charged(people, gone, start, days):
    gone = min(gone, people)
    away = {
        "from": f"2026-06-{start:02d}",
        "to": f"2026-07-{min(days, 31):02d}",
        "people": gone,
        "applied_on": "2026-07-15",
        "proven": "yes",
    }
    lines = bill(household(people, absence=[away]))
    in_june, in_july = 30 - start, min(days, 31) - 1
    expected = rounded(gone * Fraction("7.3") * Fraction("46.87") * in_june / 30) if in_june + in_july > 5 else 0
    assert lines.get("cold_water_absence", 0) == -expected
    assert lines["cold_water"] + lines.get("cold_water_absence", 0) >= 0


@given(
    volumes=st.lists(st.integers(0, 20_000), min_size=3, max_size=9),
    month=st.sampled_from(["2026-03", "2026-04", "2026-05", "2026-06"]),
)
@settings(max_examples=40, deadline=None)
def test_three_months_of_average_and_then_the_norm(volumes, month):
    """A meter that fails on 1 March: the average of the newest six until May, norm and coefficient in June."""
    past = [f"{2026 - (m > 2)}-{m:02d}" for m in (2, 1, 12, 11, 10, 9, 8, 7, 6)]
    history = {at: {"cold": f"{v // 1000}.{v % 1000:03d}"} for at, v in zip(past, volumes, strict=False)}
    case = household(
        2,
        meter="yes",
        can="yes",
        metered={"history": history},
        meter_outage=[{"kind": "cold", "from": "2026-03-01", "cause": "failed"}],
    )
    lines = bill(case, month)
    if month == "2026-06":
        assert lines == {"cold_water": Fraction("684.30"), "cold_water_raising": Fraction("1368.60")}
    else:
        mean = Fraction(sum(volumes[:6]), 1000 * len(volumes[:6]))
        assert lines == {"cold_water": rounded(mean * Fraction("46.87"))}


def test_both_ways_of_rounding_the_raising_line_differ_by_a_kopeck_at_most():
    for norm in ("7.3", "8.4", "3.19", "4.745"):
        apart = bill(household(1, can="yes", cold_water_norm=norm))
        together = bill(household(1, can="yes", cold_water_norm=norm), options={"raising_line": "within_total"})
        assert apart["cold_water"] == together["cold_water"]
        assert abs(sum(apart.values()) - sum(together.values())) <= Fraction(1, 100)
