"""Past months in kernels: supplied values and closed results, rules computed again, tables as of then."""

from fractions import Fraction
from functools import cache
from random import Random

import numpy as np
import pytest
from tests.kernel_cases import Sides
from tests.kernel_rows import BAD, Trees
from tests.kernel_ties import copied
from tests.programs import plan_of

from kommres.dsl.backends.kernels.batch import Coding, Names
from kommres.dsl.backends.kernels.from_rows import batch_of
from kommres.dsl.backends.kernels.layout import layout_of
from kommres.dsl.backends.kernels.moving import in_month, since_first
from kommres.dsl.backends.rows import Row
from kommres.dsl.plan.proofs import Assumptions
from kommres.period import Month

MARCH = Month.parse("2026-03")

HEAD = """
module t.past
enum zone: day, night
entity house
entity flat of house
input region of house: id, history
input heat of house: number, step 0.1, 0..5000, history
input used(zone) of flat: number, step 0.001, 0..100, optional, history
input area of flat: number, step 0.1, 1..300, history
input left of flat: number, step 0.01, -50..50, signed, history
input at_time of flat: zone, optional, history
input seen of flat: yes/no, history
input read_on of flat: date, optional, history
input people of flat: number, step 1, 0..9, varies, history
input supplier of flat: id, optional, history
event away of flat
    from: date
    to: date, optional
    people: number, step 1, 0..9
param tariff by region: number
    from 2025-06-01  north = 3.5  south = 4.25
    from 2026-01-01  north = 3.75
    from 2026-02-10  south = 4.375
param rate: number
    from 2024-01-01 = 0.5
    from 2025-11-01 = 0.625
    from 2026-01-20 = 0.75
param steps by (x: number): number
    from 2020-01-01  ..10 = 1  10.. = 2
    from 2026-01-01  ..20 = 1.5  20.. = 2.5
param monthly: number
    from 2020-01-01 = 2
    from 2026-01-01 known from 2025-12-20 = 3
option counted: all or some, default all
"""

#: name -> rules; each makes charges of flats or houses.
PROGRAMS = {
    "count": """
rule newest(zone) of flat: number
    = count for m in first 6 of last 36 months where has used(zone)
charge x of flat: RUB
    = round((newest(day) + 7 * newest(night)) * 1 RUB, 1)
charge y of flat: RUB
    = round((count for m in last 5 months) * (count for m in first 2 of last 5 months where seen) * 1 RUB, 1)
""",
    "aggregates": """
charge summed of flat: RUB
    = round((sum of used(day) else 0 for m in last 12 months) * 1 RUB, 0.01)
charge average of flat: RUB
    = round(((mean of used(day) for m in first 3 of last 36 months where has used(day)) else 5) * 1.11 RUB, 0.01)
charge least of flat: RUB
    = round(((min of used(night) for m in last 4 months where has used(night)) else 1) * 1 RUB, 0.01)
charge most of flat: RUB, signed
    = round(((max of left for m in last 4 months) else 0) * 1 RUB, 0.01)
charge some of flat: RUB
    = round((if any of seen for m in last 3 months then 3 otherwise 4) * 1 RUB, 1)
charge every of flat: RUB
    = round((if all of seen for m in first 2 of last 3 months where area > 100 then 3 otherwise 4) * 1 RUB, 1)
""",
    "edges": """
charge oldest of flat: RUB
    = round(((first of used(day) by period.start for m in last 6 months where has used(day)) else 2) * 1 RUB, 0.01)
charge newest of flat: RUB
    = round(((last of area by period.start for m in last 6 months where seen) else 2) * 1 RUB, 0.01)
rule read of flat: date, optional
    = max of period.start for m in first 1 of last 36 months where has used(day)
charge since of flat: RUB when has read
    = round(months_since(read) * 1 RUB, 1)
""",
    "kinds": """
charge members of flat: RUB
    = round((count for m in last 6 months where has at_time and at_time = night) * 1 RUB, 1)
charge dates of flat: RUB
    = round((sum of days_between(read_on, period.end) / 1 day for m in last 6 months
        where has read_on and read_on in period.start..period.end) * 1 RUB, 1)
charge names of flat: RUB
    = round((count for m in last 6 months where has supplier and supplier = "x") * 1 RUB, 1)
charge lengths of flat: RUB
    = round((sum of period.days * used(z) for m in first 3 of last 6 months where has used(day) for z in zone
        where has used(z)) * 1 RUB/day, 0.01)
charge keyed of flat: RUB
    = round((sum of (sum of used(at_time) else 0 for m in last 2 months where has at_time) for z in zone) * 1 RUB, 0.01)
""",
    "tables": """
charge at_its_price of flat: RUB
    = round((sum of area * tariff[house.region] for m in last 8 months) * 1 RUB, 0.01)
charge at_its_rate of flat: RUB
    = round((sum of area * rate * steps[area] * monthly for m in last 20 months) * 1 RUB, 0.01)
charge on_a_day of flat: RUB
    = round((sum of area * (rate on period.end) for m in last 3 months) * 1 RUB, 0.01)
charge where_known of flat: RUB
    = round((sum of (area * tariff[house.region] else 1) for m in last 20 months) * 1 RUB, 0.01)
""",
    "again": """
rule usual(zone) of flat: number
    = area * monthly
    except counted when has used(zone)
        = used(zone) * rate
    except new from 2026-01-01 over counted when area > 150
        = area * 0.1
    except gone from 2020-01-01 until 2025-12-01 over counted, new when seen
        = 3
rule priced of flat: number
    from 2025-10-01
    = sum of usual(z) for z in zone
charge again of flat: RUB
    = round(((sum of priced for m in last 5 months) at start) * 1 RUB, 0.01)
charge dated of flat: RUB
    = round(((sum of (if period.start >= 2025-10-01 then priced otherwise 0) for m in last 12 months) at end)
        * 1 RUB, 0.01)
charge in_february of flat: RUB
    = round((sum of usual(day) at end for m in last 1 months) * 1 RUB, 0.01)
charge too_early of flat: RUB
    = round(((sum of priced for m in last 7 months) at end) * 1 RUB, 0.01)
""",
    "slices": """
rule sliced of flat: number
    = sum over slices round(area * rate * slice.months / 1 month, 0.01)
rule in_one of flat: number
    = sum over slices round(area * monthly * slice.months / 1 month, 0.01)
rule mean_rate of flat: number
    = mean over days rate
rule ends of flat: number
    = (rate at end) + (rate at start) + (tariff[house.region] at end)
charge cut of flat: RUB
    = round((sum of sliced for m in last 6 months) * 1 RUB, 0.01)
charge uncut of flat: RUB
    = round((sum of in_one for m in last 6 months) * 1 RUB, 0.01)
charge averaged of flat: RUB
    = round((sum of mean_rate for m in last 1 months) * area_now * 1 RUB, 0.01)
charge at_ends of flat: RUB
    = round((sum of ends for m in last 6 months) * 1 RUB, 0.01)
charge direct of flat: RUB
    = round((sum of area * (rate at end) + (mean over days area) + (sum over slices area * slice.months / 1 month)
        for m in last 6 months) * 1 RUB, 0.01)
charge within of flat: RUB
    = round((sum of (mean over days rate) for m in last 3 months) * 1 RUB, 0.01)
rule area_now of flat: number
    = 2
""",
    "events": """
rule away_days of flat: number
    = sum of days(a) / 1 day for a in clip(away)
rule away_now of flat: number
    = count for a in covering(away)
charge gone of flat: RUB
    = round((sum of away_days for m in last 3 months) * 1 RUB, 1)
charge unbroken of flat: RUB
    = round((count for m in first 2 of last 6 months where away_days = 0) * 1 RUB, 1)
charge at_start of flat: RUB
    = round(((sum of away_now for m in last 3 months) at start) * 1 RUB, 1)
charge at_end of flat: RUB
    = round((sum of (away_now at end) for m in last 3 months) * 1 RUB, 1)
charge sliced of flat: RUB
    = round((sum of away_months for m in last 3 months) * 1 RUB, 0.01)
rule away_months of flat: number
    = sum over slices round(away_now * slice.months / 1 month, 0.01)
charge lasting of flat: RUB
    = round((sum of a.people for m in last 3 months for a in clip(away)) * 1 RUB, 1)
""",
    "rows": """
rule total of house: number
    = sum of area for f in flat
rule cost of house: number
    = sum of heat * rate for m in last 12 months
rule part of flat: number
    = area / house.total else 0
rule warm of house: number
    = heat * tariff[region]
charge x of flat: RUB
    = round(((mean of house.heat for m in last 6 months) else 0) * 1 RUB, 0.01)
charge y of house: RUB
    = round(cost * 1 RUB, 0.01)
charge z of flat: RUB
    = round(((sum of house.warm for m in last 3 months) at end) * 1 RUB, 0.01)
charge all_flats of house: RUB
    = round((sum of f.area * rate for m in last 4 months for f in flat) * 1 RUB, 0.01)
charge their_sums of house: RUB
    = round((sum of total for m in last 4 months) * 1 RUB, 0.01)
charge each of house: RUB
    = round((sum of (sum of area for m in last 2 months) for f in flat) * 1 RUB, 0.01)
charge parts of flat: RUB
    = round((sum of round(part, 0.001) for m in last 2 months) * 1 RUB, 0.01)
""",
    "deeper": """
rule recent of flat: number
    = sum of area * rate for m in first 2 of last 4 months where seen
rule turned of flat: number
    = recent + monthly
charge x of flat: RUB
    = round(((sum of turned for m in last 3 months) at start) * 1 RUB, 0.01)
""",
    "closed": """
charge old of flat: RUB
    = round(people_now * 1 RUB, 1)
rule people_now of flat: number
    = 4
charge credit of flat: RUB, signed
    = round(-1 RUB, 1)
charge balance of flat: RUB, signed
    = round((sum of charged old else 0 RUB for m in last 3 months) + (sum of charged credit for m in last 6 months
        where has charged credit), 0.01)
charge lines of flat: RUB
    = round((count for m in last 12 months where has charged old) * 1 RUB, 1)
charge again of flat: RUB
    = round((sum of old for m in last 2 months), 1)
""",
    "chosen": """
rule how of flat: number
    = area
    except some when counted = some
        = area / 3
charge x of flat: RUB
    = round((sum of round(how, 0.01) for m in last 3 months) * 1 RUB, 0.01)
charge persons of flat: RUB
    = round((sum of people for m in last 3 months) * 1 RUB, 0.01)
charge now_and_then of flat: RUB
    = round(((people at start) + (people at end) * (sum of people for m in last 1 months)) * 1 RUB, 0.01)
charge in_slices of flat: RUB
    = sum over slices round(people * (usual else 1) * slice.months * 1 RUB/month, 0.01)
rule usual of flat: number, optional
    = mean of people * rate for m in first 2 of last 4 months where seen
""",
}

#: Charges -> rows that kernels leave although the interpreter charges them, where they leave any.
LEFT = {
    # A table changes inside one of the months.
    "slices.cut": 1.0,
    "slices.within": 1.0,
    # Somebody goes away, or comes back, inside one of the months.
    "events.sliced": 0.7,
}
#: Charges without a line: not known so far back, or left.
NEVER = {"too_early", "cut", "within"}


@cache
def plan(name):
    return plan_of(HEAD + PROGRAMS[name])


class Histories(Trees):
    """Trees whose past months begin anywhere; of what need not be supplied some are missing."""

    def fill(self, row, source, key):
        super().fill(row, source, key)
        if source.history:
            short = self.pick.random() < 0.1
            first, share = self.pick.choice((1, 3, 8)) if short else 36, self.pick.choice((0.5, 0.9, 1))
            row.history[key] = {
                self.month.number - back: self.value(source, source.id)
                for back in range(-1, first + 3)
                if not source.optional or self.pick.random() < share
            }

    def events(self, event):
        return super().events(event) if self.pick.random() < 0.5 else []


def trees(name, count, month=MARCH, *, seed=1):
    pick = Random(f"{name} {seed}")
    filler = Histories(plan(name), pick, month)
    roots = [filler.tree() for _ in range(count)]
    for root in roots:
        for row in [root, *root.descendants("flat")]:
            for charge in plan(name).charges:
                if charge.rule.entity.name == row.entity:
                    row.history[charge.id, ()] = {
                        month.number - back: pick.randint(0, 90_000) for back in range(1, 9) if pick.random() < 0.8
                    }
    return roots


@cache
def sides(name, charge):
    return Sides(plan(name), MARCH, charges=[charge])


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs(name):
    found = trees(name, 60)
    for charge in plan(name).charges:
        tally = sides(name, charge.id).compare([copied(root) for root in found])
        allowed = LEFT.get(f"{name}.{charge.rule.name}", 0)
        assert tally.share <= allowed, (charge.id, tally)
        assert bool(tally.lines) == (charge.rule.name not in NEVER), charge.id


@pytest.mark.parametrize("name", PROGRAMS)
def test_spoilt_histories(name):
    """What cannot be used refuses what reads it, and nothing else."""
    pick = Random(name)
    found = trees(name, 80, seed=2)
    for root in found:
        row = pick.choice([root, *root.descendants("flat")])
        for _ in range(pick.randint(1, 5)):
            history = row.history[pick.choice(list(row.history))]
            months = sorted(history) or [MARCH.number - 1]
            wrong = pick.choice((BAD, 10**7, -(10**7), Fraction(1, 7), 2**63, 2**70, None))
            if wrong is None:
                history.clear()
            else:
                history[pick.choice(months[-6:])] = wrong
    for charge in plan(name).charges:
        sides(name, charge.id).compare([copied(root) for root in found])


@pytest.mark.parametrize("name", ["tables", "again", "deeper"])
@pytest.mark.parametrize("month", ["2025-10", "2026-01", "2026-02"])
def test_months(name, month):
    """Tables as of then, and as they were known; the same rows in other months."""
    month = Month.parse(month)
    both = Sides(plan(name), month, known_at=month.start - 20)
    found = trees(name, 40, month, seed=3)
    for charge in plan(name).charges:
        both.compare([copied(root) for root in found], charge)


def test_options():
    tally = Sides(plan("chosen"), MARCH, options={"counted": "some"}).compare(trees("chosen", 60))
    assert tally.share == 0, tally


def test_no_histories():
    """A data set that has no past months at all."""
    for name in ("count", "edges", "closed"):
        found = trees(name, 20)
        for root in found:
            for row in [root, *root.descendants("flat")]:
                row.history.clear()
        tally = Sides(plan(name), MARCH).compare(found)
        assert tally.share == 0, (name, tally)


# --- what is read of the data --------------------------------------------------------------------------------


def test_layout():
    read = layout_of(plan("closed"), Assumptions(number=1000, grid=100)).past
    closed = Coding(kind="number", low=-100_000, high=100_000, scale=100, optional=True)
    assert read == {"flat": {("t.past.old", ()): closed, ("t.past.credit", ()): closed}}
    read = layout_of(plan("rows"), Assumptions()).past
    assert {entity: {name for name, _ in keys} for entity, keys in read.items()} == {
        "house": {"heat", "region"},
        "flat": {"area"},
    }


def test_what_is_read_of_the_month_and_of_past_months():
    """An input is read of the months in which a rule that reads it is computed."""
    text = HEAD + "charge x of flat: RUB\n    = round((sum of twice for m in last 3 months) * 1 RUB, 0.01)\n"
    rule = "rule twice of flat: number\n    = 2 * area\n"
    layout = layout_of(plan_of(text + rule), Assumptions())
    assert ("area", ()) not in layout.inputs["flat"]
    assert ("area", ()) in layout.past["flat"]
    layout = layout_of(plan_of(text.replace("round((", "round(twice * 1 RUB + (") + rule), Assumptions())
    assert ("area", ()) in layout.inputs["flat"]
    assert ("area", ()) in layout.past["flat"]


def test_batch():
    layout = layout_of(plan("count"), Assumptions())
    house = Row("house", "h")
    flats = [Row("flat", str(number), house) for number in range(3)]
    flats[0].history["used", ("day",)] = {24_313: Fraction(1, 2), 24_300: 3, 24_312: BAD}
    flats[2].history["used", ("day",)] = {24_314: 0, 24_310: 200}
    house.children["flat"] = flats
    table = batch_of(layout, [house], MARCH, Names()).tables["flat"]
    past, coding = table.past["used", ("day",)], layout.past["flat"]["used", ("day",)]
    assert past.offsets.tolist() == [0, 3, 3, 5]
    assert past.months.tolist() == [24_300, 24_312, 24_313, 24_310, 24_314]
    assert past.values.tolist() == [3000, coding.unusable, 500, coding.unusable, 0]
    assert (past.months.dtype, past.values.dtype) == (np.int32, coding.dtype)
    assert ("used", ("night",)) not in table.past


@pytest.mark.parametrize("count", [0, 1, 2, 7, 36])
def test_in_month(count):
    pick = Random(count)
    for _ in range(50):
        rows = [sorted(pick.sample(range(24_270, 24_314), pick.randint(0, count))) for _ in range(4)]
        offsets = np.cumsum([0, *map(len, rows)])
        months = np.array([month for row in rows for month in row], np.int32)
        values = np.arange(100, 100 + len(months), dtype=np.int16)
        for place, row in enumerate(rows):
            known = dict(zip(row, values[offsets[place] :].tolist(), strict=False))
            for month in range(24_268, 24_317):
                assert in_month.py_func(offsets, months, values, place, month, -1) == known.get(month, -1)
            reach = max((24_314 - row[0], 0)) if row else 0
            assert since_first.py_func(offsets, months, place, 24_314) == reach
    nothing = np.zeros(0, np.int64)
    assert in_month.py_func(nothing, nothing, nothing, 3, 24_313, -1) == -1
    assert since_first.py_func(nothing, nothing, 3, 24_313) == 0
