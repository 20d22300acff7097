"""Programs and rows made at random for tests of proofs and of back ends: all constructs, ends of ranges."""

from __future__ import annotations

import datetime
import random
from fractions import Fraction
from functools import cache
from itertools import product

from tests.programs import plan_of

from kommres.dsl.backends.grids import intervals_of
from kommres.dsl.backends.rows import Dense, EventRow, Row, Steps
from kommres.dsl.backends.zones import Zone
from kommres.dsl.plan.proofs import Assumptions
from kommres.dsl.plan.sources import INSTANT, declared
from kommres.period import Month

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
input far of flat: number, step 0.0001, -10_000_000..1_000_000_000, signed
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
rule more of flat: number, 7..
    = wide + 7
rule much of flat: number, 11..
    = wide * 3 + 11
rule here of flat: number
    = 0
    except north when name = "north"
        = price[name] at end
rule old of flat: number
    = (past else 1) * 1.1
rule at_most of flat: number, optional
    = absent
    except some when has opt
        = opt * third
rule ratio of flat: number, 0.01..
    = (a + 1) / b
rule first_day of flat: date
    = month_start(period.start - 1 day)
charge billed of flat: RUB when a > 1
    = round(a * b * 1 RUB, 0.01)
"""

LEAVES = (
    *("a", "b", "c", "wide", "h", "(opt else 3)", "z(day)", "third", "bounded", "many", "share_of_house", "rooms"),
    *("(past else 1)", "0", "2", "0.25", "price[name] at end", "band[a] at start", "here", "(at_most else 1)"),
    *("billed / 1 RUB", "(sum of old for m in last 3 months)", "(count for r in room)", "day_of_week(d)"),
    *("(sum of size for r in room)", "((max of size for r in room where size > 2) else 1)", "months_since(d)"),
    *("(sum of z(k) for k in zone)", "((mean of past for m in last 3 months where has past) else 2)"),
    *("(sum of days(e) for e in clip(away)) / 1 day", "(sum of e.n * days(e) for e in clip(apart(away))) / 1 day"),
    "(sum of hours(e) * e.t for e in worst(clip(hot), by t)) / 1 h",
    "(sum of hours(e) for e in clip(apart(hot))) / 1 h",
    *("days_between(d, period.end) / 1 day", "full_days_between(d, first_day) / 1 day", "month(period.start)"),
    "(sum over slices round(v * slice.months, 0.01) / 1 month)",
    "(sum over slices v * slice.months * price[name]) / 1 month",
    *("(mean over days v)", "(sum over slices (if v > 2 then slice.days otherwise 0)) / 1 day"),
    "(sum over slices from max(d, first_day) until period.end of v * slice.days) / 1 day",
)
CONDITIONS = ("a > 3", "c >= 0", "b in 2..4", "flag", "c != 0 and a < 40", "b = 2 or b = 5", "not flag and c < 1.5")
BODIES = (
    *("({x} + {y})", "({x} - {y})", "{x} * {y}", "({x} / {n} else 1)", "{x} / b", "({x} / (c - 0.5) else 2)"),
    *("{x} / h", "min({x}, {y})", "max({x}, {y})", "clamp({x}, 0, 5)", "abs({x})", "round({x}, 0.01)", "-{x}"),
    *("round({x}, 0.5, {mode})", "floor({x}, 0.1)", "ceil({x}, 1)", "whole({x}, 0.25)", "steps({x}, 3)"),
    *("(if {p} then {x} otherwise {y})", "share(min(abs({x}), 5), 5)", "tiers(abs({x}), band[_]) at start"),
    *("(if {n} > 0 then {y} / {n} otherwise 0)", "(if {n} = 0 then 1 otherwise {y} / {n})", "{x} * {x}"),
    *("{x} * wide / more", "share(a, 50) * {x} / much", "{x} * far / more * b / much", "{x} / ratio"),
    "(if {x} <= {y} and {y} < 9 then {y} - {x} otherwise {x})",
)
MODES = ("half_even", "up", "down", "ceiling", "floor")


def expression(pick, depth, leaves):
    """An expression of numbers."""
    if depth == 0 or pick.random() < 0.15:
        return f"({pick.choice(leaves)})"
    parts = {name: expression(pick, depth - 1, leaves) for name in "xy"}
    body = pick.choice(BODIES)
    text = body.format(**parts, p=pick.choice(CONDITIONS), n=pick.choice(["a", "c", "wide"]), mode=pick.choice(MODES))
    return f"({text})"


@cache
def generated(seed):
    """A program of random rules, each of which may read those before it; odd seeds read wide numbers often."""
    pick = random.Random(seed)
    leaves = [*LEAVES, *(["wide", "far"] * (30 if seed % 2 else 2))]
    text = HEAD
    for number in range(8):
        text += f"rule r{number} of flat: number, signed\n    = {expression(pick, 3, leaves)}\n"
        if pick.random() < 0.6:
            body = expression(pick, 2, leaves)
            text += f"    except e when {pick.choice(CONDITIONS)}\n        = round({body}, 0.01)\n"
        leaves += [f"r{number}"] * 2
    return plan_of(text)


# --- rows of any program ---------------------------------------------------------------------------------------


def on_grid(pick, low, high, grid):
    """A value on a grid; ends of the range and what is near them come often."""
    first, last = -(-low * grid // 1), high * grid // 1
    near = [first, last, first + 1, last - 1, max(first, 0), min(last, 1)]
    n = pick.choice(near) if pick.random() < 0.4 else pick.randint(int(first), int(last))
    value = Fraction(min(max(n, first), last), grid)
    return value.numerator if value.denominator == 1 else value


class Filler:
    """Makes trees of rows for a plan: values inside what is declared, or assumed where nothing is."""

    def __init__(self, plan, pick, assumed=Assumptions(), month=Month.parse("2026-01")):  # noqa: B008 - frozen
        self.plan, self.pick, self.assumed, self.month = plan, pick, assumed, month
        #: Days far from the month; where a rule goes through all days between two dates, they may not be too far.
        self.far = (self.month.start - 900, self.month.end + 900)
        keys = [key for param in plan.params for row in param.rows for key in row.keys if isinstance(key, str)]
        conditions = [step.data for d in plan.definitions for step in d.steps if isinstance(step.data, str)]
        self.words = sorted({*keys, *conditions}) or ["x"]

    def tree(self):
        """A root row with everything below it."""
        root = self.pick.choice([entity for entity in self.plan.program.entities if entity.parent is None])
        return self.row(root, None)

    def row(self, entity, parent):
        pick = self.pick
        row = Row(entity.name, str(pick.randint(0, 10**6)), parent=parent)
        for source in self.plan.inputs:
            if source.entity is entity:
                for members in product(*(enum.members for enum in source.keys)):
                    self.fill(row, source, (source.name, members))
        for event in self.plan.events:
            if event.entity is entity:
                row.events[event.name] = self.events(event)
        if ("time_zone", ()) in row.values:
            row.values["time_zone", ()] = pick.choice(("UTC", "Europe/Berlin", "Asia/Kolkata"))
        for series in self.plan.series:
            if series.entity is entity:
                row.series[series.name] = self.intervals(series, row)
        for child in self.plan.program.entities:
            if child.parent is entity:
                row.children[child.name] = [self.row(child, row) for _ in range(pick.randint(0, 3))]
        return row

    def fill(self, row, source, key):
        pick, name = self.pick, source.id
        if source.optional and pick.random() < 0.3:
            return
        if source.varies and pick.random() < 0.7:
            days = range(self.month.start - 120, self.month.end + 3)
            cuts = sorted(pick.sample(days, pick.randint(0, 4)))
            row.values[key] = Steps((None, *cuts), tuple(self.value(source, name) for _ in range(len(cuts) + 1)))
        else:
            row.values[key] = self.value(source, name)
        if source.history:
            row.history[key] = {
                self.month.number - back: self.value(source, name) for back in range(1, 37) if pick.random() < 0.7
            }

    def value(self, source, name):
        pick = self.pick
        match source.type.kind:
            case "number":
                found, _ = declared(source, self.assumed, name)
                return on_grid(pick, found.lo, found.hi, found.grid)
            case "date":
                near = self.month.start + pick.randint(-200, 60)
                return pick.choice([*self.far, self.month.start, self.month.end, near, near, near])
            case "instant":
                return pick.choice([int(INSTANT.lo), int(INSTANT.hi), self.second(pick.randint(-40, 40))])
            case "yes_no":
                return pick.random() < 0.6
            case "enum":
                return pick.choice(source.type.enum.members)
            case _:
                return pick.choice(self.words)

    def intervals(self, series, row):
        """Values of a series, as whole numbers of its step; some of a series that may have gaps are missing."""
        while row.parent is not None:
            row = row.parent
        found = intervals_of(series.grid, self.month, Zone.named(row.values.get(("time_zone", ()), "UTC")))
        cells = [self.value(series, series.id) for _ in found.all]
        if series.step is not None:
            cells = [int(Fraction(cell) / series.step) for cell in cells]
        gaps = 0.3 if series.optional else 0
        return Dense(found.first, found.every, [None if self.pick.random() < gaps else cell for cell in cells])

    def second(self, day):
        return (self.month.start + day - datetime.date(1970, 1, 1).toordinal()) * 86400 + self.pick.randint(0, 86399)

    def events(self, event):
        """Rows of an event, often apart from each other."""
        pick, found = self.pick, []
        at = -30
        for _ in range(pick.randint(0, 4)):
            values = {field.name: self.value(field, f"{event.id}.{field.name}") for field in event.fields}
            if event.interval:
                at += pick.randint(-2, 15)
                start, at = at, at + pick.randint(0, 20)
                ends = [self.month.start + start, self.month.start + at]
                if event.interval == "instant":
                    ends = sorted((self.second(start), self.second(at)))
                values["from"], values["to"] = ends
                if event.field("to").type.optional and pick.random() < 0.3:
                    del values["to"]
            for field in event.fields:
                if field.type.optional and field.name in values and pick.random() < 0.2:
                    del values[field.name]
            found.append(EventRow(values, str(len(found))))
        return found
