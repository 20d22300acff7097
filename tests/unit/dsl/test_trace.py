"""A trace holds every step: computed again from its leaves it gives the value."""

from pathlib import Path

import pytest
from tests.naive.replay import replay_call
from tests.shipped import WATER, shipped

from kommres.dsl.backends.interpreter import Interpreter
from kommres.dsl.case import rows_from_example
from kommres.dsl.explain import traced_charge
from kommres.dsl.problems import DataProblem
from kommres.dsl.program import load
from kommres.dsl.trace import Trace
from kommres.period import Month


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
def house():
    return load(Path(__file__).with_name("house.kmr"))


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
    assert check(shipped(WATER)) > 100


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
