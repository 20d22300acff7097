"""What changes from day to day for steps of a definition, whatever the row: tables, fixed days, the day itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kommres.dsl.plan.facts import on_its_day
from kommres.dsl.plan.nodes import Op
from kommres.dsl.plan.payload import payload

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kommres.dsl.backends.kernels.scope import Scope
    from kommres.dsl.backends.machine import Machine
    from kommres.dsl.backends.tables import Table
    from kommres.dsl.bound.nodes import Input
    from kommres.dsl.plan.nodes import Plan, Step


class Movers:
    """What some steps change with.

    ``brackets``: a table that is looked up by the days since a day, and the step that gives that day. ``daily``: the
    day is read otherwise, too.
    """

    def __init__(self, machine: Machine, scope: Scope) -> None:
        self.tables: list[Table] = []
        self.days: set[int] = set()
        self.brackets: list[tuple[Table, int]] = []
        self.daily = False
        self._machine = machine
        self._scope = scope

    @classmethod
    def of(cls, machine: Machine, scope: Scope, steps: Iterable[int]) -> Movers:
        """Find what steps change with."""
        found = cls(machine, scope)
        waiting = list(dict.fromkeys(steps))
        seen = set(waiting)
        while waiting:
            step = scope.steps[waiting.pop()]
            skipped = found._note(step)
            for arg in on_its_day(step):
                if arg not in seen and arg != skipped and scope.places.moving[arg]:
                    seen.add(arg)
                    waiting.append(arg)
        return found

    def _note(self, step: Step) -> int | None:
        """Note what a step changes with by itself; return the argument that need not be looked at."""
        match step.op:
            case Op.PARAM if not payload(step)[1]:
                table = self._machine.tables[payload(step)[0]]
                self._add([table])
                return self._since(table, step)
            case Op.TIERS | Op.TABLE:
                self._add([self._machine.tables[payload(step)[0]]])
            case Op.RULE if self._machine.computation(payload(step)[0]).varies:
                cuts = self._machine.definition(payload(step)[0]).cuts
                self._add([table for table in self._machine.tables if table.param in cuts.params])
                self.days.update(cuts.days)
                self.daily |= cuts.daily
            case Op.AGGREGATE if step.varies and self._scope.definition is not None:
                # Pieces that cover the day may have bounds of their own, which are among the definition's cuts.
                self.days.update(self._scope.definition.cuts.days)
                self.daily |= self._scope.definition.cuts.daily
            case Op.PERIOD if payload(step)[0] == "day":
                self.daily = True
        return None

    def _add(self, tables: Iterable[Table]) -> None:
        self.tables += [table for table in tables if table not in self.tables]

    def _since(self, table: Table, step: Step) -> int | None:
        """Return the argument that is a bracket's number of days from some day to the current one."""
        if table.bracket is None or table.everywhere is not None or table.given:
            return None
        key = step.args[table.bracket]
        steps, difference = self._scope.steps, self._scope.steps[key]
        if difference.op is not Op.ADD or difference.kind != "number" or len(difference.args) != 2:
            return None
        now, begun = difference.args if payload(difference) == (1, -1) else difference.args[::-1]
        about_days = sorted(payload(difference)) == [-1, 1] and steps[begun].kind == "date"
        is_day = steps[now].op is Op.PERIOD and payload(steps[now])[0] == "day"
        if not about_days or not is_day or self._scope.places.moving[begun]:
            return None
        self.brackets.append((table, begun))
        return key


def in_month(steps: Sequence[Step], number: int) -> bool:
    """Whether the span of a sum over slices lies inside the month, whatever the row."""
    _, first, until, *_ = steps[number].args
    return _bounded(steps, first, "max", "start") and _bounded(steps, until, "min", "end")


def _bounded(steps: Sequence[Step], number: int, function: str, edge: str) -> bool:
    """Whether a day is an edge of the month, or held inside it by ``min`` or ``max``."""
    step = steps[number]
    if step.op is Op.CALL and payload(step)[0] == function:
        return any(_bounded(steps, a, function, edge) for a in step.args)
    return step.op is Op.PERIOD and payload(step) == (edge, None)


def read_outside(plan: Plan) -> frozenset[Input]:
    """Return the inputs that change from day to day and are read on days of spans that may leave the month."""
    found: set[Input] = set()
    steps_of = {definition.number: definition.steps for definition in plan.definitions}
    known: set[int] = set()
    for steps in steps_of.values():
        for number, step in enumerate(steps):
            if step.op is Op.OVER_SLICES and payload(step)[0] and not in_month(steps, number):
                value, _, _, *names = step.args
                waiting = [(steps, n) for n in (value, *names)]
                while waiting:
                    inner, at = waiting.pop()
                    read = inner[at]
                    waiting += [(inner, a) for a in on_its_day(read)]
                    if read.op is Op.INPUT and read.varies:
                        found.add(payload(read)[0])
                    elif read.op is Op.RULE and read.varies and payload(read)[0] not in known:
                        known.add(payload(read)[0])
                        further = steps_of[payload(read)[0]]
                        waiting += [(further, n) for n in range(len(further))]
    return frozenset(found)
