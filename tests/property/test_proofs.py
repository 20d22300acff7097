"""What is proved of a plan holds: for small ranges, for generated programs, and for the rules that ship."""

from __future__ import annotations

import datetime
import random
from fractions import Fraction
from functools import cache
from itertools import product
from math import gcd
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.naive.quotients import Watcher
from tests.programs import plan_of

from kommres.dsl.backends.interpreter import Interpreter
from kommres.dsl.backends.rows import EventRow, Row, Steps
from kommres.dsl.examples import run_examples
from kommres.dsl.plan.proofs import Assumptions
from kommres.dsl.plan.prove import prove
from kommres.dsl.plan.ranges import Range, greatest, hull, least
from kommres.dsl.plan.roundings import Rounding
from kommres.dsl.problems import DataProblem
from kommres.dsl.program import load
from kommres.period import Month

ROOT = Path(__file__).parents[2]


# --- ranges ----------------------------------------------------------------------------------------------------


def values(found, most=4):
    """Values of a range, its ends and zero among them."""
    grid = found.grid or 6
    first = found.lo if found.lo is not None else (found.hi if found.hi is not None else Fraction(0)) - most
    last = found.hi if found.hi is not None else max(first, Fraction(0)) + most
    every = [Fraction(n, grid) for n in range(int(first * grid) - 1, int(last * grid) + 2)]
    kept = [v for v in every if found.holds(v)]
    return [*kept[:3], *kept[len(kept) // 2 :][:2], *kept[-3:], *(v for v in kept if v == 0)]


@st.composite
def ranges(draw):
    grid = draw(st.sampled_from([1, 2, 3, 6]))
    lo, hi = sorted((draw(st.integers(-8, 8)), draw(st.integers(-8, 8))))
    open_ends = draw(st.sampled_from([(0, 0), (0, 0), (1, 0), (0, 1), (1, 1)]))
    return Range(
        None if open_ends[0] else Fraction(lo, grid),
        None if open_ends[1] else Fraction(hi, grid),
        draw(st.sampled_from([grid, grid, None])),
    )


@settings(max_examples=300, deadline=None)
@given(ranges(), ranges())
def test_arithmetic_of_ranges_holds_every_result(a, b):
    results = {"add": a + b, "mul": a * b, "over": a.over(b), "least": least([a, b]), "greatest": greatest([a, b])}
    joined, size = hull([a, b]), a.size()
    for x, y in product(values(a), values(b)):
        assert results["add"].holds(x + y)
        assert results["mul"].holds(x * y)
        assert results["least"].holds(min(x, y))
        assert results["greatest"].holds(max(x, y))
        assert joined is not None
        assert joined.holds(x)
        assert joined.holds(y)
        assert size.holds(abs(x))
        if y:
            assert results["over"].holds(x / y), (a, b, x, y, results["over"])
        if x >= y:
            assert b.grid is None or a.above(y) is not None
            assert a.above(y).holds(x)
        if x > y:
            assert a.above(y, out=True).holds(x)
            assert b.below(x, out=True).holds(y)


@settings(max_examples=200, deadline=None)
@given(
    st.fractions(-3, 3, max_denominator=40),
    st.sampled_from(["half_up", "half_even", "up", "down", "ceiling", "floor"]),
    st.sampled_from([Fraction(1, 100), Fraction(1, 3), Fraction(2)]),
)
def test_roundings_of_bounds_are_those_of_the_interpreter(value, mode, step):
    from kommres.dsl.backends.arithmetic import MODES, round_to

    assert Rounding(step=step, mode=mode).apply(value) == round_to(value, step, MODES[mode])


# --- generated programs ----------------------------------------------------------------------------------------

HEAD = """
module t.proofs
entity house
entity flat of house
entity room of flat
enum zone: day, night
input a of flat: number, step 0.01, 0..50
input b of flat: number, step 1, 1..7
input c of flat: number, step 0.001, -3..3, signed
input wide of flat: number
input z(zone) of flat: number, step 0.1, 0..9
input opt of flat: number, step 0.5, 0..20, optional
input past of flat: number, step 0.1, 0..30, optional, history
input v of flat: number, step 1, 0..6, varies
input d of flat: date
input h of house: number, step 0.1, 1..99
input size of room: number, step 0.1, 0..30
input flag of flat: yes/no
input name of house: id
event away of flat
    from: date
    to: date
    n: number, step 1, 0..4
event hot of flat
    from: instant
    to: instant
    t: number, step 0.1, 0..90
param price by name: number
    from 2020-01-01  north = 1.23  south = 4.567
    from 2026-01-12  north = 2.3  south = 5
param band by (x: number): number
    from 2020-01-01  ..10 = 1.5  10..40 = 2.25  40.. = 0.3
param third: number = 1/3
rule rooms of flat: number
    = sum of size for r in room
rule all_rooms of house: number
    = sum of f.rooms for f in flat
rule share_of_house of flat: number
    = rooms / house.all_rooms else 0
rule bounded of flat: number, 0..1000
    = a * b
rule many of flat: number, signed
    = c * b - a
    except other when flag
        = a / b
    except small when b = 3 and not flag
        = c
rule first_day of flat: date
    = month_start(period.start - 1 day)
"""

PLAIN = [
    "a", "b", "c", "wide", "h", "(opt else 3)", "z(day)", "third", "bounded", "many", "share_of_house", "rooms",
    "(past else 1)", "0", "2", "0.25", "price[name] at end", "band[a] at start",
    "(sum of size for r in room)", "(max of size for r in room where size > 2 else 1)", "(count for r in room)",
    "(sum of z(k) for k in zone)", "(mean of past for m in last 3 months where has past else 2)",
    "(sum of days(e) for e in clip(away)) / 1 day", "(sum of e.n * days(e) for e in clip(apart(away))) / 1 day",
    "(sum of hours(e) * e.t for e in clip(union_hot)) / 1 h", "(sum of hours(e) for e in clip(apart(hot))) / 1 h",
    "days_between(d, period.end) / 1 day", "full_days_between(d, first_day) / 1 day", "months_since(d)",
    "(sum over slices round(v * slice.months, 0.01) / 1 month)", "(sum over slices v * slice.months * price[name]) / 1 month",
    "(mean over days v)", "(sum over slices (if v > 2 then slice.days otherwise 0)) / 1 day",
    "(sum over slices from max(d, first_day) until period.end of v * slice.days) / 1 day",
    "day_of_week(d)", "month(period.start)",
]  # fmt: skip
PLAIN.remove("(sum of hours(e) * e.t for e in clip(union_hot)) / 1 h")
CONDITIONS = ["a > 3", "c >= 0", "b in 2..4", "flag", "c != 0 and a < 40", "b = 2 or b = 5", "not flag and c < 1.5"]
BODIES = [
    "({x} + {y})", "({x} - {y})", "{x} * {y}", "({x} / {y} else 1)", "min({x}, {y})", "max({x}, {y})",
    "clamp({x}, 0, 5)", "abs({x})", "round({x}, 0.01)", "round({x}, 0.5, {mode})", "floor({x}, 0.1)", "ceil({x}, 1)",
    "whole({x}, 0.25)", "steps({x}, 3)", "(if {p} then {x} otherwise {y})", "share(min(abs({x}), 5), 5)",
    "(if {x} > 0 then {y} / {x} otherwise 0)", "(if {x} = 0 then 1 otherwise {y} / {x})", "tiers(abs({x}), band[_]) at start",
    "{x} * {x}", "-{x}", "(if {x} <= {y} and {y} < 9 then {y} - {x} otherwise {x})",
]  # fmt: skip


def expression(pick, depth):
    if depth == 0 or pick.random() < 0.15:
        return f"({pick.choice(PLAIN)})"
    body = pick.choice(BODIES)
    return "(" + body.format(
        x=expression(pick, depth - 1),
        y=expression(pick, depth - 1),
        p=pick.choice(CONDITIONS),
        mode=pick.choice(["half_even", "up", "down", "ceiling", "floor"]),
    ) + ")"


@cache
def generated(seed):
    """A program of random rules; each may read those before it."""
    pick = random.Random(seed)
    rules = []
    for number in range(8):
        if number:
            PLAIN.append(f"r{number - 1}")
        text = [f"rule r{number} of flat: number, signed", f"    = {expression(pick, 3)}"]
        if pick.random() < 0.6:
            text += [f"    except e when {pick.choice(CONDITIONS)}", f"        = round({expression(pick, 2)}, 0.01)"]
        rules += text
    del PLAIN[-7:]
    return plan_of(HEAD + "\n".join(rules) + "\n")


ASSUMED = Assumptions(number=200, grid=1000, items=5, result=10**60)
MONTH = Month.parse("2026-01")


def number(pick, low, high, step):
    """A value on a grid; its ends and what is near them come often."""
    first, last = -(-Fraction(low) // step), Fraction(high) // step
    near = [first, last, first + 1, last - 1, max(first, 0), min(last, 1)]
    n = pick.choice(near) if pick.random() < 0.5 else pick.randint(int(first), int(last))
    value = min(max(n, first), last) * step
    return value.numerator if value.denominator == 1 else value


def flat(pick, house, number_):
    row = Row("flat", str(number_), parent=house)
    put = row.values.__setitem__
    put(("a", ()), number(pick, 0, 50, Fraction(1, 100)))
    put(("b", ()), number(pick, 1, 7, Fraction(1)))
    put(("c", ()), number(pick, -3, 3, Fraction(1, 1000)))
    put(("wide", ()), number(pick, 0, 200, Fraction(1, 1000)))
    for zone in ("day", "night"):
        put(("z", (zone,)), number(pick, 0, 9, Fraction(1, 10)))
    for name, step, high in (("opt", Fraction(1, 2), 20), ("past", Fraction(1, 10), 30)):
        if pick.random() < 0.6:
            put((name, ()), number(pick, 0, high, step))
    cuts = sorted(pick.sample(range(MONTH.start - 40, MONTH.end + 3), pick.randint(0, 3)))
    put(("v", ()), Steps((None, *cuts), tuple(pick.randint(0, 6) for _ in range(len(cuts) + 1))))
    put(("d", ()), pick.choice([1, 3_652_059, MONTH.start, MONTH.end, MONTH.start + pick.randint(-100, 60)]))
    put(("flag", ()), pick.random() < 0.5)
    row.history["past", ()] = {
        MONTH.number - back: number(pick, 0, 30, Fraction(1, 10)) for back in (1, 2, 3) if pick.random() < 0.7
    }
    at = MONTH.start - 20
    for _ in range(pick.randint(0, 3)):
        start = at + pick.randint(0, 20)
        at = start + pick.randint(0, 25)
        row.events.setdefault("away", []).append(EventRow({"from": start, "to": at, "n": pick.randint(0, 4)}))
    second = (MONTH.start - datetime.date(1970, 1, 1).toordinal()) * 86400 - 9000
    for _ in range(pick.randint(0, 3)):
        start = second + pick.randint(0, 900_000)
        second = start + pick.randint(0, 1_900_000)
        degrees = number(pick, 0, 90, Fraction(1, 10))
        row.events.setdefault("hot", []).append(EventRow({"from": start, "to": second, "t": degrees}))
    for n in range(pick.randint(0, 3)):
        room = Row("room", f"{number_}.{n}", parent=row)
        room.values["size", ()] = number(pick, 0, 30, Fraction(1, 10))
        row.children.setdefault("room", []).append(room)
    row.children.setdefault("room", [])
    return row


def houses(pick):
    house = Row("house", "1")
    house.values["h", ()] = number(pick, 1, 99, Fraction(1, 10))
    house.values["name", ()] = pick.choice(["north", "south"])
    house.children["flat"] = [flat(pick, house, n) for n in range(pick.randint(1, 3))]
    return house


def watched(plan, proofs, house, month=MONTH):
    watcher = Watcher(plan, proofs)
    interpreter = Interpreter(plan, month, hook=watcher)
    for definition in plan.definitions:
        if definition.rule.keys:
            continue
        rows = house.descendants(definition.rule.entity.name)
        for row in rows:
            try:
                interpreter.value(definition, row)
            except DataProblem:
                continue
    return watcher


@pytest.mark.parametrize("seed", range(40))
def test_generated_programs_stay_inside_their_proofs(seed):
    plan = generated(seed)
    proofs = prove(plan, ASSUMED)
    pick = random.Random(1000 + seed)
    found = [watched(plan, proofs, houses(pick)) for _ in range(12)]
    assert not any(w.beyond for w in found)
    assert sum(w.seen for w in found) > 500
