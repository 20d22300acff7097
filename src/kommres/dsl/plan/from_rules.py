"""From definitions to flat steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kommres.dsl.limits import DEFAULT, Limits
from kommres.dsl.plan.digest import digest
from kommres.dsl.plan.nodes import (
    AlternativePlan,
    DefinitionPlan,
    OptionPlan,
    Plan,
    SuppressionPlan,
)
from kommres.dsl.plan.steps import Budget, Numbers, Steps
from kommres.dsl.rules.order import option_bindings

if TYPE_CHECKING:
    from kommres.dsl.rules.nodes import Alternative, Definition, RuleSet


def lower(rules: RuleSet, limits: Limits = DEFAULT) -> Plan:
    """Turn definitions into a plan.

    Raises :class:`DiagnosticError` with the code of ``Limits.plan_steps`` where the plan would be longer than that.
    """
    program = rules.program
    numbers = Numbers(
        definitions={d.rule: n for n, d in enumerate(rules.definitions)},
        params={id(p): n for n, p in enumerate(program.params)},
        options={id(o): n for n, o in enumerate(program.options)},
    )
    budget = Budget(limits.plan_steps)
    definitions = tuple(_definition(n, d, numbers, budget) for n, d in enumerate(rules.definitions))
    bindings = option_bindings(program)
    options = []
    for option in program.options:
        bound = []
        for binding in bindings.get(option.id, ()):
            steps = Steps(numbers, budget)
            condition = None if binding.when is None else steps.lower(binding.when)
            bound.append((binding, tuple(steps.steps), condition))
        options.append(OptionPlan(option=option, bindings=tuple(bound)))
    return Plan(
        program=program,
        inputs=program.inputs,
        events=program.events,
        params=program.params,
        calendars=program.calendars,
        options=tuple(options),
        definitions=definitions,
        digest=digest(program),
        series=program.series,
        functions=program.functions,
    )


def _definition(number: int, definition: Definition, numbers: Numbers, budget: Budget) -> DefinitionPlan:
    rule = definition.rule
    steps = Steps(numbers, budget, slots=1 + len(rule.keys))
    alternatives = tuple(_alternative(a, steps) for a in definition.alternatives)
    count = len(alternatives)
    weaker: list[set[int]] = [set() for _ in range(count)]
    for strong, weak in definition.beats:
        weaker[strong].add(weak)
    apart: list[set[int]] = [set() for _ in range(count)]
    for one, other in definition.exclusive:
        apart[one].add(other)
        apart[other].add(one)
    bases = [n for n, a in enumerate(definition.alternatives) if n == 0 and a.name == "base"]
    when, applies, volume, price = (
        None if expr is None else steps.lower(expr) for expr in (rule.when, rule.applies, rule.volume, rule.price)
    )
    return DefinitionPlan(
        number=number,
        rule=rule,
        steps=tuple(steps.steps),
        key_slots=tuple(range(1, 1 + len(rule.keys))),
        slots=steps.slots,
        alternatives=alternatives,
        # What beats more stands earlier: whoever is beaten beats less than the one that beats it.
        order=tuple(sorted(range(count), key=lambda n: (n in bases, -len(weaker[n]), n))),
        skip=tuple(frozenset(weaker[n] | apart[n]) for n in range(count)),
        beats=definition.beats,
        base=bases[0] if bases else None,
        when=when,
        applies=applies,
        volume=volume,
        price=price,
        varies=definition.varies,
        cuts=definition.cuts,
        options=definition.options,
    )


def _alternative(alternative: Alternative, steps: Steps) -> AlternativePlan:
    suppressions = tuple(
        SuppressionPlan(start=s.start, until=s.until, conditions=tuple(steps.lower(c) for c in s.conditions), by=s.by)
        for s in alternative.suppressions
    )
    return AlternativePlan(
        name=alternative.name,
        module=alternative.module,
        start=alternative.start,
        until=alternative.until,
        conditions=tuple(steps.lower(c) for c in alternative.conditions),
        suppressions=suppressions,
        body=steps.lower(alternative.body),
        citations=alternative.citations,
        doc=alternative.doc,
        span=alternative.span,
    )
