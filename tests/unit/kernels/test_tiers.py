"""Conditions of the tiers: what they take is exact, and what the conditions keep out would not be."""

from random import Random

import pytest
from tests.kernel_cases import Difference, Sides
from tests.programs import plan_of

from kommres.dsl.backends.rows import Row
from kommres.dsl.plan import tiers
from kommres.dsl.plan.proofs import Assumptions
from kommres.dsl.plan.prove import prove
from kommres.period import Month

JANUARY = Month.parse("2026-01")
HEAD = """
module t.tiers
entity flat
"""


def inputs(names, rest):
    return HEAD + "".join(f"input {name} of flat: number, {rest}\n" for name in names)


def rows(values):
    return [
        Row("flat", str(n), values={(name, ()): value for name, value in row.items()}) for n, row in enumerate(values)
    ]


CANCELS = (
    inputs("abcd", "step 1, 0..20_000_000_000_000_000")
    + """
charge x of flat: RUB, signed
    = round((if a * b - c * d <= 12_000_000_000_000_000_000 and a * b - c * d >= -12_000_000_000_000_000_000
        then (a * b - c * d) / 3 otherwise 0) * 1 RUB, 1)
"""
)


def cancelling(count):
    pick = Random(5)
    for _ in range(count):
        middle, far = pick.randrange(10**15, 10**16), pick.randrange(1000)
        yield {"a": middle + far, "b": middle - far, "c": middle, "d": middle}


def test_terms_that_cancel_almost_wholly_are_computed_in_lowest_terms():
    plan = plan_of(CANCELS)
    (proved,) = prove(plan).rounds
    assert proved.tier is tiers.Tier.INTERPRETER
    assert "cancel almost wholly" in proved.why
    tally = Sides(plan, JANUARY).compare(rows(cancelling(50)))
    assert (tally.left, tally.lines.total()) == (0, 50)


def test_without_that_condition_they_would_be_billed_wrong(monkeypatch):
    monkeypatch.setattr(tiers, "_MOST_OFF", 2**62)
    plan = plan_of(CANCELS)
    (proved,) = prove(plan).rounds
    assert proved.tier in {tiers.Tier.REST_TWICE, tiers.Tier.WIDE_TWICE}
    with pytest.raises(Difference):
        Sides(plan, JANUARY).compare(rows(cancelling(50)))


SHARES = (
    inputs(("part", "more"), "step 0.1, 0..500_000")
    + """
input whole of flat: number, step 0.1, 1..500_000
charge x of flat: RUB
    = round(1000 * share(part, whole) * share(more, whole) * share(part, whole) * 1 RUB, 0.01, {mode})
"""
)


@pytest.mark.parametrize("mode", ["half_up", "half_even", "up", "down", "floor", "ceiling"])
def test_wide_divisors_are_exact_on_ties(mode):
    plan = plan_of(SHARES.format(mode=mode))
    (proved,) = prove(plan, Assumptions(still=True)).rounds
    assert str(proved.tier) == "T1w"
    assert proved.denominator_bits > 64
    pick = Random(mode)
    drawn = []
    for _ in range(3000):
        # 1000 * (p / w)^2 * m / w in hundredths is half of an odd number for many of these
        whole = pick.choice((4, 20, 400, 5000, 20_000, 50_000)) * pick.choice((1, 2, 4, 5))
        drawn.append({"part": pick.randrange(whole + 1), "more": pick.randrange(whole + 1), "whole": whole})
    tally = Sides(plan, JANUARY).compare(rows(drawn))
    assert tally.left == 0
    assert tally.ties["t.tiers.x"] > 100
