"""Quotients of whole numbers, computed part by part from the values of steps; and a watcher that tests every proof."""

import math
from fractions import Fraction

from kommres.dsl.backends.hooks import Hook
from kommres.dsl.plan.forms import Leaf
from kommres.dsl.plan.tiers import Tier
from kommres.dsl.problems import DataProblem


def whole(part, values, shapes, own=None):
    """A whole number, from values by step. The parts of the step ``own`` count as 1."""
    if part.op == "const":
        return part.data
    if part.op == "leaf":
        return 1 if part.data.step == own else leaf(part.data, values, shapes)
    args = [whole(arg, values, shapes, own) for arg in part.args]
    match part.op:
        case "add":
            found = sum(args)
        case "mul":
            found = math.prod(args)
        case "neg":
            found = -args[0]
        case "size":
            found = abs(args[0])
        case "sign":
            found = 1 if args[0] > 0 else -1
    return found


def leaf(data: Leaf, values, shapes):
    """A part of a step's value, where its own divisor is as small as it can be."""
    scaled = Fraction(values[data.step]) * data.scale
    if data.part == "value":
        assert scaled.denominator == 1, data
        return scaled.numerator
    scaled *= whole(shapes[data.step].below, values, shapes, own=data.step)
    return scaled.numerator if data.part in {"above", "top"} else scaled.denominator


def estimate(part, values, shapes):
    """What a machine holds beside the rests: parts that fit a word exactly, others in floating point."""
    if part.fits or part.op in {"leaf", "const"}:
        return float(whole(part, values, shapes))
    args = [estimate(arg, values, shapes) for arg in part.args]
    match part.op:
        case "add":
            found = sum(args[1:], start=args[0])
        case "mul":
            found = args[0] * args[1]
        case "neg":
            found = -args[0]
    return found


class Watcher(Hook):
    """Holds every value that the interpreter computes against the proofs. ``seen``: how many."""

    def __init__(self, plan, proofs):
        self.plan, self.proofs = plan, proofs
        self.stack = []
        self.seen = self.rounded = 0
        self.beyond = False  # a guard failed, so nothing that follows is promised

    def enter(self, definition, frame, key):
        self.stack.append({})

    def leave(self, definition, frame, outcome):
        self.stack.pop()
        proof = self.proofs.definitions[definition.number]
        if isinstance(outcome, bool | str | DataProblem) or outcome is None or proof.outcome is None:
            return
        if any(g.kind == "result" and not g.range.lo <= outcome <= g.range.hi for g in proof.guards):
            self.beyond = True
        if not self.beyond:
            assert proof.outcome.holds(outcome), (definition.id, outcome, proof.outcome)
            days = definition.rule.type.kind == "date"
            assert not days or within_month(outcome, proof.outcome, frame), (definition.id, outcome, proof.outcome)

    def step(self, definition, number, frame, value):
        if isinstance(value, bool) or not isinstance(value, int | Fraction):
            return
        values = self.stack[-1] if self.stack else {}  # of a bill's shown columns nothing is rounded
        values[number] = value
        proof, step = self.proofs.definitions[definition.number], definition.steps[number]
        if self.beyond or step.kind not in {"number", "date", "instant"}:
            return
        if not proof.guarded(number, value):
            self.beyond = True
            return
        found = proof.ranges[number]
        assert found is not None, (definition.id, number, step.op, value)
        assert found.holds(value), (definition.id, number, step.op, value, found)
        assert step.kind != "date" or within_month(value, found, frame), (definition.id, number, value, found)
        self.seen += 1
        for proved in proof.rounds:
            if proved.step == number and proved.numerator is not None:
                self.check_round(definition, proved, values, proof.shapes)

    def check_round(self, definition, proved, values, shapes):
        step = definition.steps[proved.step]
        above, below = (whole(part, values, shapes) for part in (proved.numerator, proved.denominator))
        exact = Fraction(values[step.args[0]]) / proved.rounding.step
        assert Fraction(above, below) == exact, (definition.id, step)
        assert abs(above) <= proved.terms
        assert 0 < below <= proved.denominator.hi
        assert not proved.positive or above >= 0
        assert proved.rounding.count(exact * proved.rounding.step) <= proved.quotient
        assert proved.rounding.apply(exact * proved.rounding.step) == values[proved.step]
        if proved.tier is not Tier.INTERPRETER:
            divisor = estimate(proved.denominator, values, shapes) if proved.tier is Tier.REST_FAR else float(below)
            off = abs(Fraction(estimate(proved.numerator, values, shapes) / divisor) - exact)
            assert off <= proved.off, (definition.id, step)
            twice = proved.tier in {Tier.REST_TWICE, Tier.WIDE_TWICE}
            assert proved.off + 1 <= 2**49 if twice else proved.off <= Fraction(1, 2)
        self.rounded += 1


def within_month(day, found, frame):
    low, high = found.since
    start = frame.term.start
    return (low is None or start + low <= day) and (high is None or day <= start + high)
