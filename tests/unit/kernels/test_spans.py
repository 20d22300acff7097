"""Sums over slices of spans of days that leave the month: what changes there, and what kernels hand over."""

from functools import cache
from itertools import pairwise
from random import Random

import pytest
from tests.kernel_cases import Sides
from tests.kernel_rows import BAD, Trees
from tests.kernel_ties import copied
from tests.programs import plan_of

from kommres.dsl.backends.kernels.batch import Names
from kommres.dsl.backends.kernels.from_rows import batch_of
from kommres.dsl.backends.kernels.hoisting import DAYS
from kommres.dsl.backends.kernels.kernels import ASSUMED
from kommres.dsl.backends.kernels.layout import layout_of
from kommres.dsl.backends.rows import Row, Steps
from kommres.period import Month

MARCH = Month.parse("2026-03")

HEAD = """
module t.spans
enum zone: day, night
entity house
entity flat of house
entity room of flat
input region of house: id
input heat of house: number, step 0.1, 0..5000, varies
input people of flat: number, step 1, 0..9, varies
input area of flat: number, step 0.1, 1..300
input used(zone) of flat: number, step 0.001, 0..100, optional, varies
input seen of flat: yes/no, varies
input beds of room: number, step 1, 0..5, varies
event debt of flat
    due: date
    paid_on: date
    amount: number, step 0.01, 0..1000
event away of flat
    from: date
    to: date, optional
    people: number, step 1, 0..9
param rate: number
    from 2025-06-01 = 0.125
    from 2025-11-01 = 0.25
    from 2026-02-17 = 0.375
    from 2026-03-09 = 0.5
    from 2026-04-20 = 0.625
param tariff by region: number
    from 2025-06-01  north = 3.5  south = 4.25
    from 2026-01-11  north = 3.75
    from 2026-03-10  south = 4.375
param part by (late: day): number
    always 0..30 = 0 31..90 = 1/300 91.. = 1/130
param growing by (late: day, zone): number
    from 2025-06-01  (..6, day) = 1  (7.., day) = 2  (..20, night) = 3  (21.., night) = 4
    from 2026-02-11  (..10, day) = 1.5  (11.., day) = 2.5  (..3, night) = 5
"""

#: name -> rules; each makes charges of flats.
PROGRAMS = {
    "tables": """
charge plain of flat: RUB
    = round((sum of (sum over slices from d.due until d.paid_on of rate * slice.days / 1 day) for d in debt) * 1 RUB, 1)
charge rounded of flat: RUB
    = sum of (sum over slices from d.due until d.paid_on of
        round(d.amount * tariff[house.region] * (slice.days / 1 day) * 1 RUB, 0.01)) for d in debt
charge ended of flat: RUB
    = sum of (sum over slices from d.due until d.paid_on of
        round(d.amount * (slice.end - slice.start) / 7 day * 1 RUB, 1)) for d in debt
""",
    "months": """
charge in_months of flat: RUB
    = sum of (sum over slices from d.due until d.paid_on of
        round(d.amount * rate * slice.months * 1 RUB/month, 0.01)) for d in debt
charge once of flat: RUB
    = round((sum of (sum over slices from d.due until d.paid_on of people * slice.months * 1 RUB/month) for d in debt),
        0.01)
""",
    "since": """
charge late of flat: RUB
    = sum of round(d.amount * (sum over slices from d.due until d.paid_on of
        rate * part[days_between(d.due, period.day)] * slice.days / 1 day) * 1 RUB, 0.01) for d in debt
charge by_row of flat: RUB
    = sum of (sum over slices from d.due until d.paid_on of
        round(d.amount * rate * part[days_between(d.due, period.day)] * slice.days / 1 day * 1 RUB, 0.01)) for d in debt
charge keyed of flat: RUB
    = sum of (sum over slices from d.due until d.paid_on of round(
        ((growing[days_between(d.due, period.day), if seen then day otherwise night] else 0.5) * slice.days / 1 day)
        * 1 RUB, 1)) for d in debt
charge daily of flat: RUB
    = sum of (sum over slices from d.due until min(d.paid_on, d.due + 40 day) of
        round((days_between(d.due, period.day) / 3 day) * rate * 1 RUB, 1)) for d in debt
""",
    "values": """
rule living of flat: number
    = people
    except seen when seen
        = people * 2 + 1
rule away_now of flat: number
    = sum of a.people for a in covering(away)
rule beds_now of flat: number
    = sum of r.beds for r in room
charge own of flat: RUB
    = sum of (sum over slices from d.due until d.paid_on of
        round(living * area * (slice.days / 30 day) * 1 RUB, 0.01)) for d in debt
charge above of flat: RUB
    = sum of (sum over slices from d.due until d.paid_on of
        round(house.heat / 7 * (slice.days / 1 day) * 1 RUB, 1)) for d in debt
charge below of flat: RUB
    = sum of (sum over slices from d.due until d.paid_on of
        round(beds_now / 7 * (slice.days / 1 day) * 1 RUB, 1)) for d in debt
charge visits of flat: RUB
    = sum of (sum over slices from d.due until d.paid_on of
        round(away_now / 7 * (slice.days / 1 day) * 1 RUB, 1)) for d in debt
charge maybe of flat: RUB
    = sum of (sum over slices from d.due until d.paid_on of
        round((used(day) else 3) / 7 * (slice.days / 1 day) * 1 RUB, 1)) for d in debt
charge at_night of flat: RUB
    = sum of (sum over slices from d.due until d.paid_on of
        round((if has used(night) and seen then used(night) otherwise 1) / 7 * (slice.days / 1 day) * 1 RUB, 1))
        for d in debt
""",
    "within": """
rule mean_rate of flat: number
    = mean over days rate * people
rule stepped of flat: number
    = area
    except later from 2026-02-20
        = area * 2
    except last over later from 2026-03-20 when people > 4
        = area * 3
charge over_month of flat: RUB
    = sum of (sum over slices from d.due until d.paid_on of
        round((mean_rate + rate) / 7 * (slice.days / 1 day) * 1 RUB, 1)) for d in debt
charge edges of flat: RUB
    = sum of (sum over slices from d.due until d.paid_on of
        round(((people at start) + (rate at end) + people) / 7 * (slice.days / 1 day) * 1 RUB, 1)) for d in debt
charge dated of flat: RUB
    = sum of (sum over slices from d.due until d.paid_on of
        round(stepped / 7 * (slice.days / 1 day) * 1 RUB, 1)) for d in debt
charge half_inside of flat: RUB
    = sum of (sum over slices from max(d.due, period.start) until d.paid_on of
        round(people / 7 * slice.months * 1 RUB/month, 0.01)) for d in debt
charge inside of flat: RUB
    = sum of (sum over slices from max(d.due, period.start) until min(period.end, d.paid_on) of
        round(people / 7 * slice.months * 1 RUB/month, 0.01)) for d in debt
""",
}


@cache
def compiled(name):
    return plan_of(HEAD + PROGRAMS[name])


class Debtors(Trees):
    """Flats with a few debts; what varies does so before, inside and after the month, often from some day on only."""

    def tree(self):
        root = super().tree()
        for entity in self.plan.program.entities:
            for row in root.descendants(entity.name):
                self.turn(row)
        return root

    def turn(self, row):
        pick = self.pick
        for declared in self.plan.inputs:
            for key, value in list(row.values.items()):
                if declared.entity.name == row.entity and declared.name == key[0] and declared.type.varies:
                    row.values[key] = self.steps(declared, value if not isinstance(value, Steps) else value.values[0])
        for debt in row.events.get("debt", ()):
            due = self.month.start + pick.randint(-200, 40)
            debt.values |= {"due": due, "paid_on": due + pick.choice((-3, 0, 1, 5, 31, 60, 120, pick.randint(1, 300)))}

    def steps(self, declared, first):
        pick = self.pick
        if pick.random() < 0.3:
            return first
        days = sorted(pick.sample(range(self.month.start - 150, self.month.end + 60), pick.randint(1, 4)))
        begins = None if pick.random() < 0.8 else days[0] - pick.randint(1, 90)
        more = [BAD if pick.random() < 0.02 else self.value(declared, declared.id) for _ in days]
        return Steps((begins, *days), (first, *more))


@pytest.mark.parametrize("name", PROGRAMS)
def test_spans(name):
    plan, pick = compiled(name), Random(name)
    sides, trees = Sides(plan, MARCH), Debtors(plan, pick, MARCH)
    roots = [trees.tree() for _ in range(150)]
    tally = sides.compare(roots)
    assert set(tally.lines) == {d.id for d in plan.charges}
    assert tally.fine == 0, tally
    for days in (-400, 0, 300_000):
        wrong = [copied(root) for root in roots[:40]]
        for root in wrong:
            for row in root.descendants("flat"):
                for debt in row.events.get("debt", ()):
                    debt.values[pick.choice(("due", "paid_on"))] = pick.choice((BAD, MARCH.start + days))
        if name != "since":  # a sum day by day over centuries takes the interpreter that long
            sides.compare(wrong)


TABLED = """
charge late of flat: RUB
    = sum of round(d.amount * (sum over slices from d.due until d.paid_on of
        rate * part[days_between(d.due, period.day)] * slice.days / 1 day) * 1 RUB, 0.01) for d in debt
charge weighed of flat: RUB, signed
    = round((sum of (sum over slices from d.due until d.paid_on of
        round((rate - 1) * (slice.days / 1 day) * {times}, 0.01)) for d in debt) * 1 RUB, 1)
"""


@pytest.mark.parametrize("times", ["1", "100_000_000"])
def test_sums_of_two_days_are_looked_up(times):
    """Those that do not fit 32 bits make a wider table."""
    plan, pick = plan_of(HEAD + TABLED.format(times=times)), Random(times)
    sides, trees = Sides(plan, MARCH, few=10**9), Debtors(plan, pick, MARCH)
    roots = [trees.tree() for _ in range(100)]
    tables = list(sides.kernels.sums.values())
    assert [table.dtype.itemsize for table in tables] == ([4, 4] if times == "1" else [4, 8])
    debts = [debt for root in roots for row in root.descendants("flat") for debt in row.events.get("debt", ())]
    first, last = MARCH.end - DAYS, MARCH.end
    edges = (first - 1, first, first + 1, last - 40, last - 1, last)
    for debt in debts:
        debt.values |= {
            "due": pick.choice((*edges, pick.randint(last - 270, last))),
            "paid_on": pick.choice((*edges, last + 1, 1, pick.randint(last - 270, last))),
        }
    tally = sides.compare(roots)
    assert set(tally.lines) == {d.id for d in plan.charges}
    # What is left begins before the table, ends after it, or asks for a rate of days on which there was none.
    assert 0 < tally.fine < tally.rows // 2, tally
    assert Sides(plan, MARCH).compare(roots).fine == 0


def test_nothing_of_a_row_is_in_a_table():
    plan = compiled("since")
    found = {}
    for definition in plan.charges:
        found[definition.rule.name] = len(Sides(plan, MARCH, charges=[definition.id]).kernels.sums)
    assert found == {"late": 1, "by_row": 0, "keyed": 0, "daily": 0}


def test_values_of_all_days_are_there_where_they_change_outside_the_month():
    plan = compiled("values")
    layout = layout_of(plan, ASSUMED)
    assert ("flat", ("people", ())) in layout.outside
    assert not any(key == ("area", ()) for _, key in layout.outside)
    start, end = MARCH.start, MARCH.end
    found = {
        "steady": 3,
        "inside": Steps((None, start + 1, end - 1), (1, 2, 3)),
        "first day": Steps((None, start), (1, 2)),
        "after": Steps((None, start + 4, end), (1, 2, 3)),
        "begun": Steps((start - 40,), (5,)),
    }
    rows = [Row("flat", name, values={("people", ()): value}) for name, value in found.items()]
    column = batch_of(layout, [house(rows)], MARCH, Names()).tables["flat"].columns["people", ()]
    days, offsets = column.always.days.tolist(), column.always.offsets.tolist()
    assert [days[a:b] for a, b in pairwise(offsets)] == [[], [], [1, start], [1, start + 4, end], [1, start - 40]]
    assert column.always.values.tolist() == [1, 2, 1, 2, 3, layout.inputs["flat"]["people", ()].unusable, 5]


def house(rows):
    root = Row("house", "1")
    for row in rows:
        row.parent = root
    root.children["flat"] = rows
    return root
