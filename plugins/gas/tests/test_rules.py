"""The rules of gas: examples, coverage, citations, and what the formulas keep."""

from fractions import Fraction
from functools import cache
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

import kommres_gas
from kommres.dsl.evaluate import evaluate
from kommres.dsl.program import load

RULES = Path(kommres_gas.__file__).parent / "rules"


@cache
def program():
    return load(RULES)


def bill(case, month="2026-01"):
    """Amounts by charge name."""
    result = evaluate(program(), case, month)
    assert not result["refused"], result["refused"]
    return {line["charge"].rpartition(".")[2]: Fraction(line["amount"]) for line in result["charges"]}


@given(people=st.lists(st.integers(0, 4), min_size=2, max_size=5), volume=st.integers(0, 400_000))
@settings(max_examples=25, deadline=None)
def test_rooms_of_a_communal_flat_pay_for_what_its_meter_counts(people, volume):
    everybody = max(1, sum(people))
    flat = {"gas_connected": "yes", "gas_meter": "yes", "gas_metered": f"{volume // 1000}.{volume % 1000:03d}"}
    amounts = [
        bill({**flat, "gas_tariff": "8.05", "residents": count, "flat_residents": everybody})["gas"] for count in people
    ]
    whole = Fraction(volume, 1000) * Fraction("8.05") * Fraction(sum(people), everybody)
    assert abs(sum(amounts) - whole) <= Fraction(len(people), 200)
