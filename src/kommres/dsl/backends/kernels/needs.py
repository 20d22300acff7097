"""Which of the days on which a definition may change matter to one of its steps.

A definition is cut where any of its steps may change. A step that reads less needs fewer cuts, and gives the same
value: pieces on which it does not change are joined again. So a row whose other steps change is nevertheless still for
it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, evolve, field

from kommres.dsl.bound.nodes import Event, Input
from kommres.dsl.plan.nodes import Gather, Op
from kommres.dsl.plan.payload import payload

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kommres.dsl.backends.machine import Machine
    from kommres.dsl.plan.nodes import DefinitionPlan, SourcePlan, Step
    from kommres.dsl.rules.nodes import Cuts


@define
class _Needs:
    own: set[tuple[Input, int]] = field(factory=set)
    events: set[tuple[Event, int]] = field(factory=set)
    below: bool = False
    all: bool = False


def needed(machine: Machine, definition: DefinitionPlan, numbers: Iterable[int]) -> Cuts:
    """Return the cuts of a definition that some of its steps need."""
    cuts, needs = definition.cuts, _Needs()
    _collect(machine, definition.steps, list(numbers), needs)
    if needs.all:
        return cuts
    found = evolve(
        cuts,
        own=tuple([item for item in cuts.own if item in needs.own]),
        events=tuple([item for item in cuts.events if item in needs.events]),
    )
    return found if needs.below else evolve(found, below=(), events_below=(), around=(), events_around=())


def _collect(machine: Machine, steps: Sequence[Step], waiting: list[int], needs: _Needs) -> None:
    seen = set(waiting)
    while waiting and not needs.all:
        step = steps[waiting.pop()]
        match step.op:
            case Op.INPUT:
                declared, slot, up, _ = payload(step)
                if slot:
                    needs.all = True
                needs.own.add((declared, up))
            case Op.RULE:
                _rule(machine, step, needs)
            case Op.AGGREGATE if isinstance(step.data, Gather):
                for _, source in step.data.binders:
                    _source(source, needs)
        for arg in step.args:
            if arg not in seen:
                seen.add(arg)
                waiting.append(arg)


def _rule(machine: Machine, step: Step, needs: _Needs) -> None:
    """Add what a rule that varies is cut at; one that does not is the same on all days."""
    target, slot, up, _ = payload(step)
    if not machine.computation(target).varies:
        return
    if slot:
        needs.all = True
        return
    cuts = machine.definition(target).cuts
    needs.own.update((item, further + up) for item, further in cuts.own)
    needs.events.update((item, further + up) for item, further in cuts.events)
    needs.below |= bool(cuts.below or cuts.events_below or cuts.around or cuts.events_around)


def _source(source: SourcePlan, needs: _Needs) -> None:
    at: SourcePlan | None = source
    while at is not None:
        if at.kind == "children":
            needs.all = True
        if at.kind == "events" and isinstance(at.data, Event):
            if at.slot:
                needs.all = True
            needs.events.add((at.data, at.up))
        at = at.of
