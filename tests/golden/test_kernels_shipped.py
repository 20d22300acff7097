"""Examples of the rules that ship, charged by kernels: what an example expects of a charge, where it is not left."""

from __future__ import annotations

from functools import cache

import pytest
from tests.kernel_cases import Sides, proofs_are_found_once
from tests.kernel_water import ROOT, RULES

from kommres.dsl.case import rows_from_example
from kommres.dsl.program import load
from kommres.period import Month

TRIAL = ROOT / "docs/reference/trial"
#: Programs, and how many of what their examples expect of charges kernels answer themselves, at least.
ANSWERED = {
    RULES: 150,
    TRIAL / "a_hot_water_temperature.kmr": 0,
    TRIAL / "b_house_heating.kmr": 0,
    TRIAL / "c_electricity_ranges.kmr": 0,
    TRIAL / "d_metering_ladder.kmr": 0,
    TRIAL / "e_household_penalty.kmr": 0,
    TRIAL / "f_absence.kmr": 0,
    TRIAL / "h_yearly_heat.kmr": 0,
    TRIAL / "i_changes_inside_a_month.kmr": 0,
    TRIAL / "j_two_regions": 0,
}


@cache
def shipped(path):
    return load(path)


@pytest.fixture(autouse=True, scope="module")
def proofs():
    with proofs_are_found_once():
        yield


def tops(plan, rows):
    """Rows that nothing stands above, by entity."""
    roots = [entity.name for entity in plan.program.entities if entity.parent is None]
    return [[row for row in rows if row.entity == name and row.problem is None] for name in roots]


@pytest.mark.parametrize("path", ANSWERED, ids=lambda p: p.stem)
def test_examples(path):
    program = shipped(path)
    made, met = {}, []
    for example in program.bound.examples:
        expected = [one for one in example.expected if is_line(one)]
        if not expected:
            continue
        charges = tuple(sorted({one.rule.id for one in expected}))
        given = tuple((id(param), keys, value) for param, keys, value in example.overrides)
        key = example.month, example.known, example.options, given, charges
        if key not in made:
            made[key] = Sides(
                program.plan,
                Month.of(*example.month),
                charges=charges,
                known_at=example.known,
                options=dict(example.options),
                overrides=example.overrides,
            )
        for roots in tops(program.plan, rows_from_example(program.plan, example)):
            if roots:
                made[key].compare(roots)
                met += [answer(made[key], roots, one) for one in expected]
    assert sum(met) >= ANSWERED[path], f"{sum(met)} of {len(met)}"


def is_line(expected):
    return expected.rule.is_charge and not expected.keys


def answer(sides, roots, expected):
    """Whether a kernel charges the row of an expectation; it gets what is expected then."""
    entity = expected.rule.entity.name
    found = [row for root in roots for row in root.descendants(entity)]
    place = next((n for n, row in enumerate(found) if expected.row in {None, row.id}), None)
    if place is None:
        return False
    lines = sides.read(roots)[entity][place]
    if lines is None:
        return False
    line = lines[expected.rule.id]
    assert expected.kind != "refused"
    assert (None if line is None else line.amount) == (None if expected.kind == "none" else expected.value)
    return True
