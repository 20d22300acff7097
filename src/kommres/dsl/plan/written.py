"""The order in which a reader expects charges: as modules build on each other, then as they are written."""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kommres.dsl.bound.nodes import BoundProgram
    from kommres.dsl.plan.nodes import DefinitionPlan, Plan


def bill_order(plan: Plan) -> tuple[DefinitionPlan, ...]:
    """Return the charges in the order of a bill's lines.

    A service stands where its first charge is written, and its charges follow each other: a charge of a module that
    builds on another one comes after that module's, so a base line comes before what is added to it or taken off.
    """
    places = {module: place for place, module in enumerate(_modules(plan.program))}

    def written(charge: DefinitionPlan) -> tuple[int, str, int]:
        span = charge.rule.span
        return places[charge.rule.module], span.source.name, span.start

    charges = sorted(plan.charges, key=written)
    services = list(dict.fromkeys(map(_service, charges)))
    return tuple(sorted(charges, key=lambda charge: services.index(_service(charge))))


def _service(charge: DefinitionPlan) -> str:
    return charge.rule.service or charge.rule.name


def _modules(program: BoundProgram) -> Sequence[str]:
    """Return the modules, each after those that it uses; modules that use each other by name."""
    uses: Mapping[str, set[str]] = {module.name: set(module.uses) for module in program.modules}
    waits = {name: len(used & uses.keys() - {name}) for name, used in uses.items()}
    order: list[str] = []
    ready = [name for name, number in waits.items() if not number]
    heapify(ready)
    while ready:
        module = heappop(ready)
        order.append(module)
        for name, used in uses.items():
            if module in used and name != module:
                waits[name] -= 1
                if not waits[name]:
                    heappush(ready, name)
    return [*order, *sorted(uses.keys() - set(order))]
