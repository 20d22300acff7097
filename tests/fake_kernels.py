"""Kernels that ask the interpreter: what a run makes of kernels' results can be tested without any."""

import random
from contextlib import contextmanager
from fractions import Fraction
from unittest import mock

import numpy as np

from kommres.dsl.backends.kernels.batch import LEFT, Charged, Lines, Names, Shown
from kommres.dsl.backends.kernels.from_rows import rows_by_entity
from kommres.dsl.backends.kernels.layout import layout_of
from kommres.dsl.plan.proofs import Assumptions
from kommres.dsl.plan.written import bill_order
from kommres.run import api, stream
from kommres.run.stream import Charger, Office

SCALE = 10**4
MOST = (1 << 63) - 1


class FakeKernels:
    """Leaves about a charge of ``one_in``, those that the interpreter refuses, and what 64 bits do not hold."""

    def __init__(self, plan, one_in=5, seed=1):
        self.plan = plan
        self.layout = layout_of(plan, Assumptions())
        self.names = Names()
        self.dice = random.Random(seed)
        self.one_in = one_in

    def charged(self, charger, part):
        rows = rows_by_entity(charger.rows.trees(part.table, part.start, part.stop))
        found = {}
        for entity in charger.office.terms.services:
            charges = [c for c in bill_order(self.plan) if c.rule.entity.name == entity]
            found[entity] = self.entity(charger.office.interpreter, entity, charges, rows.get(entity, []))
        return found

    def entity(self, interpreter, entity, charges, rows):
        found = [interpreter.account(row) for row in rows]
        left = {}
        for charge in charges:
            service = charge.rule.service or charge.rule.name
            left[charge.id] = np.array(
                [
                    self.dice.randrange(self.one_in) == 0
                    or row.problem is not None
                    or any(refusal.service == service for refusal in result.refusals)
                    or any(line.charge == charge.id and not holds(line) for line in result.lines)
                    for row, result in zip(rows, found, strict=True)
                ],
                np.bool_,
            )
        lines = []
        for charge in charges:
            here = [next((x for x in result.lines if x.charge == charge.id), None) for result in found]
            here = [None if skip else line for line, skip in zip(here, left[charge.id], strict=True)]
            lines.append(self.lines(charge, here, left[charge.id]))
        some = np.logical_or.reduce(list(left.values())) if left else np.zeros(len(rows), np.bool_)
        return Charged(entity=entity, left=some.view(np.uint8), lines=tuple(lines))

    def lines(self, charge, found, left):
        junk = [self.dice.randrange(-MOST, MOST) for _ in found]  # what is not present means nothing
        names = tuple(name for line in found if line for name, _ in line.options)
        options = []
        for place, name in enumerate(dict.fromkeys(names)):
            chosen = [line.options[place][1] if line else "" for line in found]
            choices = tuple(dict.fromkeys(chosen))
            options.append((name, choices, np.array([choices.index(c) for c in chosen], np.int16)))
        winners = [alternative.name for alternative in charge.alternatives]
        return Lines(
            charge=charge,
            present=np.array([line is not None for line in found], np.uint8),
            amount=np.array(
                [
                    LEFT if skip else int(line.amount * SCALE) if line else odd
                    for line, odd, skip in zip(found, junk, left, strict=True)
                ],
                np.int64,
            ),
            scale=SCALE,
            winner=np.array([winners.index(line.rule.split("/")[1]) if line else 0 for line in found], np.int16),
            volume=shown([line and line.volume for line in found], junk),
            price=shown([line and line.price for line in found], junk),
            options=tuple(options),
        )


def holds(line):
    return all(map(fits, (line.volume, line.price, line.amount * SCALE)))


def fits(value):
    if value is None:
        return True
    value = Fraction(value)
    return abs(value.numerator) < MOST and value.denominator < MOST


def shown(values, junk):
    if all(value is None for value in values):
        return None
    values = [None if value is None else Fraction(value) for value in values]
    pairs = zip(values, junk, strict=True)
    return Shown(
        given=np.array([value is not None for value in values], np.uint8),
        above=np.array([odd if value is None else value.numerator for value, odd in pairs], np.int64),
        below=np.array([1 if value is None else value.denominator for value in values], np.int64),
    )


@contextmanager
def fake_kernels(one_in=5, seed=1):
    """Let all runs think that they have kernels."""

    def office_of(interpreter, *_, **__):
        return Office.of(interpreter, FakeKernels(interpreter.plan, one_in, seed))

    def by_kernels(charger, part):
        return charger.office.kernels.charged(charger, part)

    with (
        mock.patch.object(api, "office_of", office_of),
        mock.patch.object(Charger, "by_kernels", by_kernels),
        mock.patch.object(stream, "CHUNK_ROWS", 7),
    ):
        yield
