"""Examples of the rules that ship, charged by kernels: what an example expects of a charge, where it is not left."""

from __future__ import annotations

from functools import cache

import pytest
from tests.kernel_cases import Sides
from tests.kernel_water import ROOT, RULES

from kommres.dsl.case import rows_from_example
from kommres.dsl.program import load
from kommres.period import Month

#: Programs, and how many of what their examples expect of charges kernels answer themselves.
ANSWERED = {
    RULES: 150,
    ROOT / "docs/reference/trial/a_hot_water_temperature.kmr": 0,
    ROOT / "docs/reference/trial/b_house_heating.kmr": 8,
    ROOT / "docs/reference/trial/c_electricity_ranges.kmr": 4,
    ROOT / "docs/reference/trial/d_metering_ladder.kmr": 0,
    ROOT / "docs/reference/trial/e_household_penalty.kmr": 0,
    ROOT / "docs/reference/trial/f_absence.kmr": 0,
    ROOT / "docs/reference/trial/h_yearly_heat.kmr": 0,
    ROOT / "docs/reference/trial/i_changes_inside_a_month.kmr": 0,
    ROOT / "docs/reference/trial/j_two_regions": 0,
}


@cache
def shipped(path):
    return load(path)


def terms(example):
    return example.month, example.known, example.options, example.overrides


def tops(plan, rows):
    """Rows that nothing stands above, by entity."""
    roots = [entity.name for entity in plan.program.entities if entity.parent is None]
    return [[row for row in rows if row.entity == name and row.problem is None] for name in roots]


@pytest.mark.parametrize("path", ANSWERED, ids=lambda p: p.stem)
def test_examples(path):
    program = shipped(path)
    made, answered, expectations = {}, 0, 0
    for example in program.bound.examples:
        month, known, options, overrides = terms(example)
        key = month, known, options, tuple((id(param), keys, value) for param, keys, value in overrides)
        if key not in made:
            chosen = {"known_at": known, "options": dict(options), "overrides": overrides}
            made[key] = Sides(program.plan, Month.of(*month), **chosen)
        sides = made[key]
        rows = rows_from_example(program.plan, example)
        for roots in tops(program.plan, rows):
            if roots:
                sides.compare(roots)
                met = [answer(sides, roots, expected) for expected in example.expected if is_line(expected)]
                expectations += len(met)
                answered += sum(met)
    assert answered >= ANSWERED[path], (answered, expectations)


def is_line(expected):
    return expected.rule.is_charge and not expected.keys


def answer(sides, roots, expected):
    """Whether a kernel charges the row of an expectation; it gets what is expected then."""
    entity = expected.rule.entity.name
    found = [row for root in roots for row in root.descendants(entity)]
    (place,) = (n for n, row in enumerate(found) if expected.row in {None, row.id})
    lines = sides.read(roots)[entity][place]
    if lines is None:
        return False
    line = lines[expected.rule.id]
    assert expected.kind != "refused"
    assert (None if line is None else line.amount) == (None if expected.kind == "none" else expected.value)
    return True
