"""A trace holds every step: computed again from its leaves it gives the value."""

from pathlib import Path

import pytest
from tests.naive.replay import replay_call

from kommres.dsl.backends.interpreter import Interpreter
from kommres.dsl.case import rows_from_example
from kommres.dsl.explain import traced_charge
from kommres.dsl.problems import DataProblem
from kommres.dsl.program import load
from kommres.dsl.trace import Trace
from kommres.period import Month

ROOT = Path(__file__).parents[3]
RICH = """\
module my.house

entity building
entity premises of building

enum zone: day, night
enum season: winter, summer

input area of premises: m2
input residents of premises: person, varies
input used(zone) of premises: kWh, step 0.001
input measured of premises: m3, optional, history
input season of building: season

event absence of premises
    from: date
    to: date
    people: person

option reading: kind or strict, default kind

param price by zone: RUB/kWh
    from 2025-01-01  day = 5.11  night = 2.37
    from 2026-01-11  day = 5.56  night = 2.58
param range by (volume: kWh): RUB/kWh
    from 2025-01-01  0..100 = 1  100..200 = 2  200.. = 3
param fee: RUB/person/month = 31

rule area_total of building: m2
    = sum of area for p in premises

rule area_share of premises: number
    = share(area, area_total)
    except large when area > 90 m2
        = min(0.9, share(area, area_total))

rule away of premises: day
    = sum of days(a) for a in clip(absence) where a.people > 1 person

rule average of premises: m3, optional
    = mean of measured for m in last 3 months where has measured

rule volume(zone) of premises: kWh
    = used(zone) * 1.1
    except summer when season = summer
        = used(zone)

charge electricity of premises: RUB
    = sum over slices round(
        (sum of volume(z) * price[z] for z in zone) * slice.days / period.days, 0.01)

charge tiered of premises: RUB
    = round(tiers(sum_volume, range[_]) at start, 0.01)

rule sum_volume of premises: kWh
    = sum of volume(z) for z in zone

charge service of premises: RUB
    = round((mean over days residents) * fee * 1 month * area_share
        * (if reading = strict then 1 otherwise 0.5) + (average else 0 m3) * 2 RUB/m3, 0.01, half_even)

charge late of premises: RUB, signed
    = -round(away * 0.333 RUB/day, 0.01)

example "all together" on 2026-01
    given building: season = winter
    given premises "1": area = 50, residents = 2 then 3 from 2026-01-16, used(day) = 120.5, used(night) = 33.25
    given premises "2": area = 100, residents = 1, used(day) = 10, used(night) = 0
    given premises "1": measured in last 3 months = 3.8, absent, 4.1
    given absence of premises "1": from = 2025-12-20, to = 2026-01-05, people = 2
    given absence of premises "1": from = 2026-01-10, to = 2026-01-12, people = 1
    expect premises "1": electricity = 0, tiered = 0, service = 0, late = 0
    expect premises "2": electricity = 0, tiered = 0, service = 0, late = 0
"""


def traced(program):
    """Every expected charge and rule of every example, as (title, definition, outcome, call)."""
    by_rule = {id(d.rule): d for d in program.plan.definitions}
    for example in program.bound.examples:
        month = Month.of(*example.month)
        trace = Trace(month.number)
        interpreter = Interpreter(
            program.plan,
            month,
            known_at=example.known,
            options=dict(example.options),
            overrides=example.overrides,
            hook=trace,
        )
        rows = rows_from_example(program.plan, example)
        for expected in example.expected:
            definition = by_rule[id(expected.rule)]
            for row in rows:
                if row.entity != definition.rule.entity.name or expected.row not in {None, row.id}:
                    continue
                if definition.rule.is_charge:
                    yield example.title, traced_charge(interpreter, trace, definition, row)
                else:
                    try:
                        interpreter.value(definition, row, expected.keys)
                    except DataProblem:
                        continue
                    yield example.title, trace.roots[-1]


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    path = tmp_path_factory.mktemp("rules") / "house.kmr"
    path.write_text(RICH, "utf-8")
    return load(path)


def check(program):
    count = 0
    for title, call in traced(program):
        if call.problem is None:
            assert replay_call(call) == call.outcome, f"{title}: {call.definition.id}"
            count += 1
    return count


def test_replay_of_every_construct(house):
    assert check(house) == 8


def test_replay_of_the_water_rules():
    assert check(load(ROOT / "plugins" / "water" / "src")) > 100


def test_shared_evaluations_stand_once(house):
    calls = [call for _, call in traced(house)]
    area = {id(leaf) for call in calls for leaf in below(call, "area_total")}
    assert len(area) == 1


def below(call, name, seen=None):
    seen = set() if seen is None else seen
    if id(call) in seen or call.body is None:
        return
    seen.add(id(call))
    if call.definition.rule.name == name:
        yield call
    waiting = [call.body]
    while waiting:
        node = waiting.pop()
        if node.call is not None:
            yield from below(node.call, name, seen)
        waiting += [a for a in node.args if a is not None]
        waiting += [p.value for p in node.pieces if p.value is not None]


def test_pieces_hold_what_belongs_to_them(house):
    (call,) = [c for _, c in traced(house) if c.definition.rule.name == "electricity" and c.row.id == "1"]
    first, second = call.body.pieces
    month = Month.parse("2026-01")
    assert (first.start, first.end, second.end) == (month.start, month.start + 10, month.end)
    (zones,) = [n for n in walk(first.value) if n.pieces]
    assert [piece.rows[-1] for piece in zones.pieces] == ["day", "night"]


def walk(node):
    yield node
    for argument in node.args:
        if argument is not None:
            yield from walk(argument)
