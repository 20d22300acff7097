"""Neighbouring pieces on which a quotient has one value are one piece, by whatever numbers it is made."""

from fractions import Fraction

import pytest
from tests.kernel_cases import Sides
from tests.programs import plan_of

from kommres.dsl.backends.rows import EventRow, Row
from kommres.period import Month

JUNE = Month.parse("2026-06")

TEXT = """
module t.alike
entity flat
input residents of flat: person, step 1, 0..1_000
input norm of flat: m3/person/month, step 0.000001, 0..100_000
input tariff of flat: RUB/m3, step 0.00001, 0..100_000
event away of flat
    from: date
    to: date
    people: person, step 1, 1..100
rule out of flat: person
    = sum of a.people for a in covering(away)
rule of_one of flat: RUB/person/month
    = 0 RUB/person/month
    except granted when out > 0 person
        = residents * norm * tariff * share(out, residents) / out
charge c of flat: RUB
    = sum of (sum over slices from max(a.from + 1 day, period.start) until min(a.to, period.end) of
        round(a.people * of_one * slice.months, 0.01))
        for a in away where a.from + 1 day < period.end and a.to > period.start
"""


def flat(number, *spans):
    values = {"residents": number + 3, "norm": Fraction(73 * number + 1, 10), "tariff": Fraction(3120 + number, 100)}
    events = [
        EventRow(values={"from": JUNE.start + first, "to": JUNE.start + last, "people": people})
        for first, last, people in spans
    ]
    return Row("flat", str(number), values={(name, ()): v for name, v in values.items()}, events={"away": events})


@pytest.mark.parametrize("still", [True, False])
def test_events_that_overlap(still):
    """What one person takes off is the same, whether it is computed from one, two or three of them."""
    sides = Sides(plan_of(TEXT), JUNE, still=still)
    spans = [
        ((2, 16, 1),),
        ((2, 16, 1), (11, 20, 1)),
        ((2, 16, 1), (11, 20, 2)),
        ((2, 28, 2), (5, 9, 1)),
        ((-9, 40, 1), (3, 9, 1), (6, 12, 1)),
    ]
    tally = sides.compare([flat(n, *spans[n % len(spans)]) for n in range(200)])
    assert (tally.left, tally.lines) == (0, {"t.alike.c": 200})
