"""What depends on time alone: prices, zones and peak hours, which are the same for all rows of one time zone.

A step of this kind reads no row. Behind a binder of intervals its value depends on the interval (and on the members and
days that other slots hold), so a back end may compute it once for all rows: a vector by interval.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, field

from kommres.dsl.plan.nodes import Gather, Op, Plan, SourcePlan
from kommres.dsl.plan.payload import payload

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kommres.dsl.plan.nodes import DefinitionPlan, Step

#: Operations that read nothing but their arguments, tables, the period and what slots hold.
_FREE = frozenset(
    {Op.CONST, Op.ABSENT, Op.PARAM, Op.VAR, Op.INTERVAL, Op.PERIOD, Op.SCALE, Op.ADD, Op.MUL, Op.DIV, Op.COMPARE}
    | {Op.AND, Op.OR, Op.NOT, Op.HAS, Op.IF, Op.ELSE, Op.CALL, Op.FUNCTION, Op.TIERS, Op.TABLE}
)
_SOURCES = frozenset({"members", "intervals", "days"})


@define
class CalendarSteps:
    """Finds the steps of a plan that read no row."""

    plan: Plan
    _definitions: dict[int, bool] = field(factory=dict)
    _steps: dict[int, tuple[bool, ...]] = field(factory=dict)

    def of(self, definition: DefinitionPlan) -> tuple[bool, ...]:
        """Say of each step of a definition whether it reads no row."""
        found = self._steps.get(definition.number)
        if found is None:
            found = self._steps[definition.number] = self._free(definition.steps)
        return found

    def whole(self, number: int) -> bool:
        """Whether a definition reads no row: it depends on its keys, the day and the time zone alone."""
        found = self._definitions.get(number)
        if found is None:
            definition = self.plan.definitions[number]
            free = self.of(definition)
            used = [definition.applies, definition.when, *(a.body for a in definition.alternatives)]
            for alternative in definition.alternatives:
                used += [*alternative.conditions, *(c for s in alternative.suppressions for c in s.conditions)]
            found = self._definitions[number] = all(free[step] for step in used if step is not None)
        return found

    def _free(self, steps: Sequence[Step]) -> tuple[bool, ...]:
        found: list[bool] = []
        for step in steps:
            found.append(all(found[a] for a in step.args) and self._reads_no_row(step))
        return tuple(found)

    def _reads_no_row(self, step: Step) -> bool:
        match step.op:
            case Op.SERIES:
                return payload(step)[1] is None
            case Op.RULE:
                return payload(step)[3] is None and self.whole(payload(step)[0])
            case Op.OPTION:
                return all(binding.when is None for binding, _, _ in self.plan.options[payload(step)[0]].bindings)
            case Op.AGGREGATE if isinstance(step.data, Gather):
                return all(_innermost(source) in _SOURCES for _, source in step.data.binders)
            case _:
                return step.op in _FREE


def _innermost(source: SourcePlan) -> str:
    while source.of is not None:
        source = source.of
    return source.kind
