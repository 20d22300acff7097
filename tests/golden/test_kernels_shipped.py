"""Examples of rules, charged by kernels: what an example expects of a charge, where it is not left."""

from __future__ import annotations

from collections import defaultdict
from itertools import chain

import pytest
from tests.kernel_cases import Sides, proofs_are_found_once
from tests.shipped import ROOT, shipped

from kommres.dsl.case import rows_from_example
from kommres.period import Month

TRIAL = ROOT / "docs/reference/trial"
TRIALS = sorted(path for path in TRIAL.iterdir() if path.suffix == ".kmr" or path.is_dir())
#: Share of the lines that examples expect, which kernels must give themselves.
ANSWERED = 0.85


@pytest.fixture(autouse=True, scope="module")
def proofs():
    with proofs_are_found_once():
        yield


@pytest.mark.parametrize("service", sorted({d.rule.service for d in shipped().plan.charges}))
def test_shipped_examples(service):
    """Kernels of a service are the same in all months, so they are compiled once."""
    plan = shipped().plan
    charges = {d.id for d in plan.charges if d.rule.service == service}
    right, all_ = answers(shipped(), charges)
    assert right >= ANSWERED * all_, f"{right} of {all_}"


@pytest.mark.parametrize("path", TRIALS, ids=lambda p: p.stem)
def test_examples_of_trial_rules(path):
    answers(shipped(path), {d.id for d in shipped(path).plan.charges})


def answers(program, charges):
    """How many of the lines that examples expect of some charges kernels give, and how many there are.

    Raises where they give something else, or something where a refusal is expected.
    """
    groups = defaultdict(list)
    for example in program.bound.examples:
        expected = [e for e in example.expected if e.rule.id in charges and not e.keys]
        if expected:
            given = tuple((id(param), keys, value) for param, keys, value in example.overrides)
            groups[example.month, example.known, example.options, given].append((example, expected))
    right = []
    for examples in groups.values():
        first = examples[0][0]
        # Whatever is chosen makes other kernels: fewer charges are enough there.
        usual = not first.options and not first.overrides
        asked = charges if usual else {e.rule.id for _, expected in examples for e in expected}
        sides = Sides(
            program.plan,
            Month.of(*first.month),
            charges=sorted(asked),
            still=False,
            quick=True,
            known_at=first.known,
            options=dict(first.options),
            overrides=first.overrides,
        )
        right += answered(sides, examples)
    return sum(right), len(right)


def answered(sides, examples):
    """For each line that is expected, whether kernels give it."""
    rows = {id(example): rows_from_example(sides.plan, example) for example, _ in examples}
    tops = defaultdict(list)
    for row in chain(*rows.values()):
        if row.parent is None and row.problem is None:
            tops[row.entity].append(row)
    found = {}
    for roots in tops.values():
        sides.compare(roots)
        for entity, lines in sides.given(sides.charged(roots)).items():
            below = [row for root in roots for row in root.descendants(entity)]
            found |= {id(row): line for row, line in zip(below, lines, strict=True)}
    for example, expected in examples:
        for one in expected:
            asked = [row for row in rows[id(example)] if row.entity == one.rule.entity.name]
            row = next((row for row in asked if one.row in {None, row.id}), None)
            lines = found.get(id(row), {})
            if one.kind == "refused":
                assert one.rule.id not in lines
                continue
            if one.rule.id in lines:
                line = lines[one.rule.id]
                assert (None if line is None else line.amount) == (None if one.kind == "none" else one.value)
            yield one.rule.id in lines
