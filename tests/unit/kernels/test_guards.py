"""What proofs assume of results: rows whose terms add up to more are left, whatever the terms come to."""

from fractions import Fraction

import pytest
from attrs import evolve
from tests.kernel_cases import Sides
from tests.programs import plan_of

from kommres.dsl.backends.kernels.kernels import ASSUMED
from kommres.dsl.backends.rows import Row, Steps
from kommres.dsl.plan.prove import prove
from kommres.period import Month

JANUARY = Month.parse("2026-01")
HEAD = """
module t.guards
entity flat
input a of flat: number, step 0.01, 0..100_000
input b of flat: number, step 0.01, 0..100_000
input c of flat: number, step 0.01, 0..100_000
input d of flat: number, step 0.01, 0..100_000
input n of flat: number, step 1, 1..50_000
input moved of flat: number, step 1, 0..9, varies
"""
LIMIT = 1_000_000


def sides(text, **more):
    return Sides(plan_of(HEAD + text), JANUARY, assumed=evolve(ASSUMED, result=LIMIT), **more)


def flats(*values):
    return [
        Row("flat", str(i), values={(name, ()): value for name, value in zip("abcdn", row, strict=True)})
        for i, row in enumerate(values)
    ]


def left(text, *values):
    found, rows = sides(text), flats(*values)
    tally = found.compare(rows)
    assert tally.refused == 0
    return found.charged(rows)["flat"].left.tolist()


#: bodies of a rule whose terms come to a * b * c * d and, in some, as much less
PRODUCTS = ("a * b * c * d", "a * b * c * d / n", "a * b * c * d / n * n", "a * b / n * c * d / n")


@pytest.mark.parametrize("formula", PRODUCTS)
def test_results_that_are_too_large_are_left(formula):
    text = f"rule r of flat: number\n    = {formula}\ncharge x of flat: RUB\n    = round(r * 1 RUB, 0.01)\n"
    plan = plan_of(HEAD + text)
    proofs = prove(plan, evolve(ASSUMED, result=LIMIT, partial=True))
    assert "result" in {guard.kind for guard in proofs.definitions[0].guards}
    one, most = Fraction(1, 100), 100_000
    rows = (
        (0, most, most, most, 1),
        (1, 1, 1, 1, 1),
        (31, 31, 31, 31, 1),
        (*(most,) * 4, 1),
        (one, one, most, 99_000, 1),
    )
    assert left(text, *rows) == [0, 0, 0, 1, 0]


@pytest.mark.parametrize("sign", ["-", "+"])
def test_terms_count_with_their_sizes(sign):
    text = f"rule r of flat: number, signed\n    = a * b * c * d {sign} d * c * b * a / 1 + a\n"
    text += "charge x of flat: RUB, signed\n    = round(r * 1 RUB, 0.01)\n"
    assert left(text, (1, 2, 3, 4, 1), (20, 20, 20, 20, 1), (40, 40, 40, 40, 1), (10**5,) * 4 + (1,)) == [0, 0, 1, 1]


def test_negative_results_count_too():
    text = "rule r of flat: number, signed\n    = a - a * b * c * d\n"
    text += "charge x of flat: RUB, signed\n    = round(r * 1 RUB, 0.01, floor)\n"
    assert left(text, (1, 1, 1, 1, 1), (30, 30, 30, 30, 1), (32, 32, 32, 32, 1)) == [0, 0, 1]


def test_a_result_with_a_declared_end_is_left_to_the_refusal():
    text = "rule r of flat: number, 0..500\n    = a * b * c * d\ncharge x of flat: RUB\n    = round(r * 1 RUB, 0.01)\n"
    found, rows = sides(text), flats((5, 5, 5, 4, 1), (5, 5, 5, Fraction(401, 100), 1), (10**5,) * 4 + (1,))
    tally = found.compare(rows)
    assert (found.charged(rows)["flat"].left.tolist(), tally.refused, tally.fine) == ([0, 1, 1], 2, 0)


# --- slices in which nothing varies --------------------------------------------------------------------------------

CONSTANT = """
rule area of flat: number
    = a / n
charge x of flat: RUB
    = sum over slices round(area * slice.months / 1 month * b * 1 RUB, 0.01)
charge y of flat: RUB
    = sum over slices round(slice.days / 7 day * b * 1 RUB, 0.01)
charge z of flat: RUB
    = sum over slices round(moved * slice.days / 31 day * b * 1 RUB, 0.01)
charge w of flat: RUB
    = sum over slices from period.start + 4 day until period.end of round(slice.days / 3 day * area * 1 RUB, 0.01)
"""


@pytest.mark.parametrize("few", [0, 300_000])
def test_a_sum_over_slices_in_which_nothing_varies_is_one_slice(few):
    found, rows = sides(CONSTANT, few=few), flats((7, 3, 0, 0, 3), (7, 3, 0, 0, 3), (Fraction(1, 3) * 3, 50, 0, 0, 7))
    changes = (
        4,
        Steps((None, JANUARY.start + 9), (4, 5)),
        Steps((None, JANUARY.start - 9, JANUARY.start + 1), (1, 2, 3)),
    )
    for row, value in zip(rows, changes, strict=True):
        row.values["moved", ()] = value
    tally = found.compare(rows)
    assert tally.refused == 0
    assert found.charged(rows)["flat"].left.tolist() == ([0, 0, 0] if few == 0 else [0, 1, 1])
    lines = found.read(rows)["flat"][0]
    assert lines["t.guards.x"].amount == 7
    assert lines["t.guards.y"].amount == Fraction(1329, 100)


def test_alone_it_leaves_no_row_whatever_else_changes():
    found = sides(CONSTANT, charges=["t.guards.x", "t.guards.y"], few=300_000)
    rows = flats((7, 3, 0, 0, 3))
    rows[0].values["moved", ()] = Steps((None, JANUARY.start + 9), (4, 5))
    assert found.compare(rows).left == 0
