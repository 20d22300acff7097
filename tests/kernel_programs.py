"""Programs that make lines, at random, with every construct of the language; and small ones of one shape each."""

from __future__ import annotations

import random
from functools import cache

from tests.proof_programs import CONDITIONS, HEAD, LEAVES, MODES, expression

from kommres.dsl.pipeline import compile_sources
from kommres.dsl.source import Source

CALENDAR = "date,working,source\n2026-01-01,no,x\n2026-01-02,no,x\n2026-01-03,yes,x\n2026-01-31,yes,x\n"

MORE = """
enum stove: gas, electric
input stove of flat: stove
input seen of flat: date, optional, varies
input at of flat: instant
input w(zone) of flat: number, step 0.01, 0..100, optional, history
input owed of flat: number, step 0.01, 0..100_000
event paid of flat
    on_day: date
    sum: number, step 0.01, 0..5000
    kind: zone
event broken of flat
    from: date
    to: date, optional
    kind: zone
event cold of house
    from: instant
    to: instant, optional
    n: number, step 1, 0..9
calendar working from "days.csv"
    complete from 2015-01-01 until 2035-01-01
option reading: plain or double or half, default plain
option counted: once or twice, default once
param late by (days: day): 1/day
    from 2016-01-01  0..30 = 0  31..90 = 1/300  91.. = 1/130
param key_rate: number
    from 2025-10-27 = 0.165
    from 2025-12-22 known from 2025-12-19 = 0.16
    from 2026-01-13 = 0.155
param grid by (stove, x: number): number
    from 2020-01-01
        (gas, ..10) = 1.1  (gas, 10..40) = 2.07  (gas, 40..) = 3
        (electric, ..25) = 0.7  (electric, 25..) = 1.9
param gaps by name: number
    from 2026-01-05 until 2026-01-20  north = 3.5
    from 2020-01-01  south = 1.25
    complete until 2026-01-28
rule stepped of flat: number, signed
    = a
    except cold_days from 2026-01-09 until 2026-01-19 when b > 3
        = a * 0.7
    except later over cold_days from 2026-01-15
        = c * b
rule by_zone(zone) of flat: number
    = z(zone) * 1.5
    except at_night when zone = night and stove = gas
        = (w(zone) else 2) / 3
rule chosen of flat: number
    = a
    except doubled when reading = double
        = a * 2
    except halved when reading = half
        = a / 2
rule since of flat: date
    = d
    except known when has seen
        = seen
rule dated of flat: number
    from 2026-01-01 until 2026-07-01
    = a + 1
rule left of flat: number, optional
    = absent
    except zone_day when has w(day)
        = w(day)
    except both over zone_day when has w(day) and has w(night)
        = w(day) + w(night)
rule outside of house: number
    = sum of hours(e) * e.n / 1 h for e in clip(cold)
rule crowd of house: number
    = sum of f.v for f in flat where f.flag
rule overall of house: number
    = sum of f.chosen for f in flat where f.stove = gas
"""

OVERLAY = """
module t.overlay
use t.proofs
applies when house.name = "north"
option reading = double
option counted = twice when flag
in proofs.stepped of flat
    replace cold_days from 2026-01-11
        = a + 100
in proofs.chosen of flat
    except strange over doubled, halved when b = 4
        = a + b
in proofs.by_zone of flat
    repeal at_night when stove = electric
"""

#: One value of the month.
MONTHLY = (
    *("chosen", "overall", "outside", "house.overall", "by_zone(night)", "(sum of by_zone(k) for k in zone)"),
    *("(left else 0.3)", "(dated at start)", "(stepped at end)", "(mean over days stepped)", "owed"),
    *("((gaps[name] at start) else 7)", "((key_rate on d) else 1)", "(if stove = gas then 2 otherwise 3)"),
    "((grid[stove, a] at start) else 1)",
    "(tiers(a, grid[stove, _]) at start)",
    "(tiers(abs(many), band[_], 2) at start)",
    "(sum of p.sum for p in paid where p.on_day < period.start)",
    "((last of p.sum by p.on_day for p in paid) else 0)",
    "((max of p.sum for p in paid where p.kind = day) else 2)",
    "(count for k in zone for r in room where r.size > 3 and k = day)",
    "(if (any of r.size > 20 for r in room) then 1 otherwise 0)",
    "(if (all of p.sum > 1 for p in paid) then 3 otherwise 4)",
    "((mean of r.size for r in room) else 0)",
    "((min of f.a for f in flat) else 0)",
    "(sum of charged billed / 1 RUB for m in last 3 months where has charged billed)",
    "((mean of (w(day) else 0) for m in first 2 of last 6 months where has w(day)) else 1)",
    "(sum of (past else 0) * period.days / 1 day for m in last 4 months)",
    "(sum of days(e) for e in union(clip(broken))) / 1 day",
    "(sum of days(e) for e in merge(clip(broken), by kind) where e.kind = day) / 1 day",
    "(sum of hours(e) for e in daily(clip(hot), 06:00, 22:00)) / 1 h",
    "(sum of hours(e) * (if e.inside then 2 otherwise 1) for e in split(clip(hot), 00:00, 05:00)) / 1 h",
    "(sum of days(e) for e in clip(broken, d, period.end)) / 1 day",
    "days_between(period.start, next_working_day(period.start, working)) / 1 day",
    "(day_of_week(period.start) + month(d) + year(d) - 2000)",
    "months_since(month_end(d))",
    "days_between(month_start(d), period.start + 3 day) / 1 day",
    "(if at < 2026-01-10T12:00+00:00 then 5 otherwise 6)",
    "(sum of p.sum * (late[max(0 day, days_between(p.on_day, period.end))] at start) * 1 day for p in paid)",
)
#: What may change from day to day.
DAILY = (
    *("v", "stepped", "price[name]", "band[a]", "(gaps[name] else 2)", "dated", "key_rate", "slice.days / 1 day"),
    *("house.crowd", "(if has seen then 2 otherwise 5)", "a", "b", "chosen", "by_zone(day)"),
    "(count for e in covering(away))",
    "((min of e.n for e in covering(away)) else 0)",
    "(if (any of e.kind = day for e in covering(broken)) then 1 otherwise 0.5)",
    "(owed * late[days_between(d, max(d, period.day))] * 1 day)",
)
WHEN = ("a > 1", "stove = gas", "reading = double", "counted = twice", "b in 2..6", "flag", "has opt", "c != 0", "yes")


def text(seed):
    """Module texts of a program whose charges read what other rules make; and its tables."""
    pick = random.Random(seed)
    leaves = [*LEAVES, *MONTHLY, *MONTHLY, *(["wide", "far"] * (12 if seed % 3 == 1 else 0))]
    module = HEAD + MORE
    for number in range(pick.randint(2, 5)):
        module += f"rule r{number} of flat: number, signed\n    = {expression(pick, 2, leaves)}\n"
        if pick.random() < 0.6:
            over = ""
            for name in ("e", "f")[: pick.randint(1, 2)]:
                module += f"    except {name}{over} when {pick.choice(CONDITIONS)}\n"
                module += f"        = {pick.choice((expression(pick, 1, leaves), 'b * 2', 'round(a, 0.5)'))}\n"
                over = f" over {name}"
        leaves += [f"r{number}"] * 3
    for number in range(pick.randint(2, 4)):
        module += charge(pick, f"c{number}", "flat", leaves, DAILY)
    module += charge(pick, "h0", "house", ["overall", "h", "all_rooms", "outside", "(count for f in flat)"], ("h",))
    module += charge(pick, "s0", "room", ["size", "a", "b", "h", "(size / a else 1)"], ("size", "v", "stepped"))
    return (module, OVERLAY) if pick.random() < 0.6 else (module,)


def charge(pick, name, entity, leaves, daily):
    when = f" when {pick.choice(WHEN)}" if entity != "house" and pick.random() < 0.5 else ""
    found = f"charge {name} of {entity}: RUB, signed{when.replace(' when yes', '')}\n"
    found += f'    service "{pick.choice(("one", "two"))}"\n    line "{name}"\n'
    if pick.random() < 0.5:
        found += f"    volume {pick.choice(leaves)}\n    price {pick.choice([*daily, *leaves])}\n".replace(
            "slice.days / 1 day", "b"
        )
    mode = pick.choice(["half_up"] * 5 + list(MODES))
    if pick.random() < 0.6:
        value = expression(pick, 2, leaves) if entity == "flat" else f"{pick.choice(leaves)} * {pick.choice(leaves)}"
        return found + f"    = round({value} * 1 RUB, 0.01, {mode})\n"
    x, y = pick.choice(daily), pick.choice(daily)
    body = pick.choice(("{x} * {y}", "{x} + {y}", "{x} * {y} / h", "(if {x} > 2 then {y} otherwise {x})"))
    span = pick.choice(("", "", "", " from max(d, first_day) until period.end of"))
    if span and entity != "flat":
        span = ""
    rounded = f"round(({body.format(x=x, y=y)}) * slice.months / 1 month * 1 RUB, 0.01, {mode})"
    return found + f"    = sum over slices{span} {rounded}\n"


def compiled(texts, tables=None):
    """A plan of module texts, or None and why where the checks find that they cannot be."""
    known = {"days.csv": CALENDAR} if tables is None else tables
    sources = [Source(name=f"{number}.kmr", text=found) for number, found in enumerate(texts)]
    state = compile_sources(sources, lambda _source, name: known.get(name))
    return (None, state.out.errors) if state.out.errors or state.plan is None else (state.plan, ())


@cache
def program(seed):
    """A random program: its texts and its plan. What cannot be is drawn again."""
    for attempt in range(1000):
        texts = text(seed + 1_000_003 * attempt)
        plan, _ = compiled(texts)
        if plan is not None:
            return texts, plan
    raise AssertionError(seed)
