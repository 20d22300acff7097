"""Proofs of a plan: where every value lies, as which quotient it can be computed, and what each rounding needs."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from attrs import evolve

from kommres.dsl.plan.facts import NONE, Places, body_facts, roots
from kommres.dsl.plan.forms import Form, Shape, const, fitted, in_lowest_terms, selected
from kommres.dsl.plan.nodes import DefinitionPlan, Op, Plan, Step
from kommres.dsl.plan.operations import OPERATIONS
from kommres.dsl.plan.proofs import Assumptions, Guard, Proof, Proofs
from kommres.dsl.plan.ranges import Range, exactly, hull
from kommres.dsl.plan.relations import parts_of
from kommres.dsl.plan.sums import of_any
from kommres.dsl.plan.walk import NO_VALUE, NUMERIC, Known, Outcome, Walk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kommres.dsl.bound.nodes import Override

#: A temperature is negative whenever it is cold.
_SIGNED_UNITS = frozenset({"degC", "deltaC"})


class Prover:
    """Proves definitions in the order in which they read each other."""

    def __init__(self, plan: Plan, assumed: Assumptions, overrides: Sequence[Override]) -> None:
        self.known = Known(plan=plan, assumed=assumed, overrides=overrides, elsewhere=_read_elsewhere(plan))
        self.proofs: dict[int, Proof] = {}

    def definition(self, number: int) -> Proof:
        """Prove a definition, and before it what it reads, also in past months."""
        definitions = self.known.plan.definitions
        waiting = [number]
        while waiting:
            found = definitions[waiting[-1]]
            missing = [n for n in _read(found.steps) if n not in self.proofs and n not in waiting]
            if missing:
                waiting += missing
                continue
            if found.number not in self.proofs:
                self.proofs[found.number] = self._prove(found)
            waiting.pop()
        return self.proofs[number]

    def _prove(self, definition: DefinitionPlan) -> Proof:
        walk = Walk(known=self.known, steps=definition.steps, places=roots(definition))
        walk.run(OPERATIONS)
        outcome = _outcome(definition, walk)
        self.known.outcomes[definition.number] = outcome
        checked = _checked(definition)
        if definition.rule.type.kind == "number" and checked != Range():
            walk.guards.append(Guard(step=None, kind="outcome", range=checked))
        return _proof(walk, outcome.range, outcome.shape)

    def loose(self, steps: Sequence[Step], root: int | None) -> Proof:
        """Prove steps that belong to no definition."""
        places = Places(steps)
        if root is not None:
            places.reach(root, NONE)
        places.spread()
        walk = Walk(known=self.known, steps=steps, places=places)
        walk.run(OPERATIONS)
        return _proof(walk, None, None)


def _outcome(definition: DefinitionPlan, walk: Walk) -> Outcome:
    """Return what others can know of a definition.

    Any of its alternatives may win, what it checks holds, and a charge that makes no line counts as 0.
    """
    ranges: list[Range | None] = []
    shapes: list[Shape] = []
    for index in definition.order:
        body, facts = definition.alternatives[index].body, body_facts(definition, index)
        found = walk.range_of(body, facts)
        if found is not None:
            ranges.append(found)
            shapes.append(walk.shape_of(body, facts))
    found = hull(ranges)
    if found is None or definition.rule.type.kind not in NUMERIC:
        return Outcome(range=None, shape=NO_VALUE, part=None)
    part = parts_of(definition, walk.ranges)
    if definition.rule.type.kind != "number":
        return Outcome(range=found, shape=selected(-1, shapes, found), part=part)
    found = found.within(_checked(definition))
    shape = selected(-1, shapes, found, partial=walk.known.assumed.partial)
    most = Fraction(walk.known.assumed.result)
    if definition.rule.high is None and not _is_word(shape) and (found.most is None or found.most > most):
        # The test of each row is about the terms, so it bounds the mass as well as the value.
        walk.guards.append(Guard(step=None, kind="result", range=Range(-most, most)))
        found = found.within(Range(-most, most))
        if isinstance(shape, Form):
            shape = fitted(evolve(shape, mass=most if shape.mass is None else min(shape.mass, most)), found)
    if not definition.rule.is_charge and walk.known.assumed.partial:
        shape = _reduced(walk, definition.number, shape, found) or shape
    if definition.rule.is_charge:
        found = hull((found, exactly(0))) or found
        shape = selected(-1, [shape, Form(above=const(0), mass=Fraction())], found)
    return Outcome(range=found, shape=shape, part=part)


#: Quotients with more bits become too wide where others multiply them.
_WIDE_BITS = 100
#: Sums of shares by two areas have divisors of some 45 bits; with more there would be no room for what multiplies them.
_DIVISOR = 1 << 48


def _reduced(walk: Walk, number: int, shape: Shape, found: Range) -> Form | None:
    """Return what others get where they get a quotient in its lowest terms, in rows in which these fit words."""
    if not isinstance(shape, Form):
        return None
    if number in walk.known.elsewhere and not _is_word(shape):
        return in_lowest_terms(-1, found)
    wide = not shape.is_whole and shape.above.most.bit_length() > _WIDE_BITS
    return of_any(walk, -1, found, deepest=_DIVISOR) if wide and not walk.known.assumed.still else None


def _is_word(shape: Shape) -> bool:
    return isinstance(shape, Form) and shape.above.fits and shape.below.fits


def _checked(definition: DefinitionPlan) -> Range:
    """Return the range outside of which the interpreter refuses a definition's value."""
    rule = definition.rule
    unit = rule.type.unit.powers if rule.type.unit is not None else ()
    signed = rule.signed or any(name in _SIGNED_UNITS for name, _ in unit)
    low = None if rule.low is None else Fraction(rule.low)
    if not signed and (low is None or low < 0):
        low = Fraction()
    return Range(low, None if rule.high is None else Fraction(rule.high))


def prove(plan: Plan, assumed: Assumptions = Assumptions(), *, overrides: Sequence[Override] = ()) -> Proofs:  # noqa: B008 - frozen
    """Prove a plan.

    Nothing that computes a charge by the interpreter needs this; it costs about as much as compiling the rules.

    Parameters
    ----------
    plan
        The program.
    assumed
        What holds where rules declare nothing.
    overrides
        Values that a run puts in place of rows of tables: ``(parameter, keys or None, value)``.
    """
    prover = Prover(plan, assumed, overrides)
    proofs = tuple(prover.definition(definition.number) for definition in plan.definitions)
    options = tuple(
        tuple(prover.loose(steps, condition) for _, steps, condition in option.bindings) for option in plan.options
    )
    return Proofs(assumptions=assumed, definitions=proofs, options=options)


def _read(steps: Sequence[Step]) -> list[int]:
    return [step.data[0] for step in steps if step.op is Op.RULE and isinstance(step.data, tuple)]


def _read_elsewhere(plan: Plan) -> frozenset[int]:
    """Return the definitions that rows other than their own read."""
    bindings = [steps for option in plan.options for _, steps, _ in option.bindings]
    return frozenset(
        step.data[0]
        for steps in (*(definition.steps for definition in plan.definitions), *bindings)
        for step in steps
        if step.op is Op.RULE and isinstance(step.data, tuple) and (step.data[1] > 0 or step.data[2] > 0)
    )


def _proof(walk: Walk, outcome: Range | None, shape: Shape | None) -> Proof:
    return Proof(
        ranges=tuple(walk.ranges),
        shapes=tuple(walk.shapes),
        rounds=tuple(walk.rounds),
        comparisons=walk.comparisons,
        guards=tuple(walk.guards),
        outcome=outcome,
        shape=shape,
    )
