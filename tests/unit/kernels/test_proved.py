"""Proofs are made once for all months, and again for whatever else they rest on."""

from fractions import Fraction

import pytest
from attrs import evolve
from tests.programs import plan_of

from kommres.dsl.backends.kernels.proved import prove
from kommres.dsl.plan import prove as proving
from kommres.dsl.plan.proofs import Assumptions
from kommres.dsl.plan.ranges import Range

TEXT = """
module t.proved
entity flat
input v of flat: number, step 1
param price: number
    from 2025-01-01 = 2
charge x of flat: RUB
    = round(v * (price at start) * 1 RUB, 0.01)
"""


@pytest.fixture
def proofs(monkeypatch):
    """Return the plans that were proved since the test began."""
    seen = []
    real = proving.prove

    def noted(plan, *args, **more):
        seen.append(plan)
        return real(plan, *args, **more)

    monkeypatch.setattr(proving, "prove", noted)
    return seen


def test_once_for_a_plan_and_what_is_assumed(proofs):
    plan, other = plan_of(TEXT), plan_of(TEXT)
    found = prove(plan, Assumptions(still=True))
    assert prove(plan, Assumptions(still=True)) is found
    assert prove(plan, Assumptions()) is not found
    assert prove(other, Assumptions(still=True)) is not found
    assert proofs == [plan, plan, other]


def test_each_time_where_values_are_replaced_or_more_is_known(proofs):
    plan = plan_of(TEXT)
    known = evolve(Assumptions(), inputs={"t.proved.v": Range(Fraction(0), Fraction(9))})
    for _ in range(2):
        prove(plan, Assumptions(), overrides=[(plan.params[0], None, Fraction(3))])
        prove(plan, known)
    assert proofs == [plan] * 4
