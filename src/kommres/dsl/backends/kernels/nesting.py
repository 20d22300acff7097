"""How deep sums over slices and means over days lie in each other, through all rules that they read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, field

from kommres.dsl.backends.machine import Machine
from kommres.dsl.plan.nodes import Op
from kommres.dsl.plan.payload import payload

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kommres.dsl.plan.nodes import Step

_SLICED = frozenset({Op.OVER_SLICES, Op.MEAN_DAYS})


@define(eq=False)
class Nesting:
    """What can share a loop over the pieces of a month: what needs no result of such a loop, then what needs those."""

    machine: Machine
    _definitions: dict[int, int] = field(factory=dict)
    _steps: dict[int, list[int]] = field(factory=dict)

    def inside(self, steps: Sequence[Step], number: int) -> int:
        """Return how many sums over slices lie in each other in what a step is made of."""
        return max((self._all(steps)[a] for a in steps[number].args), default=0)

    def of(self, steps: Sequence[Step], number: int) -> int:
        """Return the same of the step itself."""
        return self._all(steps)[number]

    def _all(self, steps: Sequence[Step]) -> list[int]:
        found = self._steps.get(id(steps))
        if found is None:
            found = self._steps[id(steps)] = []
            for step in steps:
                depth = max((found[a] for a in step.args), default=0)
                found.append(max(depth + int(step.op in _SLICED), self._read(step)))
        return found

    def _read(self, step: Step) -> int:
        """Return how deep lies what a step reads of other definitions."""
        if step.op is Op.RULE:
            return self._definition(payload(step)[0])
        if step.op is Op.OPTION:
            bindings = self.machine.plan.options[payload(step)[0]].bindings
            return max((max(self._all(steps), default=0) for _, steps, _ in bindings), default=0)
        return 0

    def _definition(self, number: int) -> int:
        if number not in self._definitions:
            self._definitions[number] = max(self._all(self.machine.definition(number).steps), default=0)
        return self._definitions[number]
