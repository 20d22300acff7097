"""Steps to closures: the walk over the steps, and what every compiler of a step shares.

:func:`compile_steps` goes through the steps once, in order; every step becomes a function of the frame that calls the
functions of its arguments where it needs them. The compilers stand in modules of their own: references, conditions,
arithmetic, functions, aggregates and slicing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

from kommres.dsl.backends.frame import Datum, Evaluate, Frame
from kommres.dsl.bound.nodes import Event, Value
from kommres.dsl.plan.nodes import DefinitionPlan, Gather, Op, SourcePlan, Step
from kommres.dsl.problems import DataProblem

if TYPE_CHECKING:
    from kommres.dsl.backends.hooks import Hook
    from kommres.dsl.backends.machine import Machine
    from kommres.dsl.backends.rows import Bad, Row
    from kommres.dsl.backends.slicing import Cutter

#: Operations whose value depends on their arguments alone.
_PURE = frozenset({Op.SCALE, Op.ADD, Op.MUL, Op.DIV, Op.COMPARE, Op.AND, Op.OR, Op.NOT})
_NOWHERE: Any = None


class Scope:
    """What the compilers of steps know. ``made`` and ``constants`` grow step by step.

    ``past``: the definition is computed for a past month. ``events``: the events that a slot of the frame holds
    (alternatives number their slots from the start).
    """

    def __init__(
        self,
        machine: Machine,
        definition: DefinitionPlan | None,
        steps: Sequence[Step],
        *,
        past: bool = False,
        cutter: Cutter | None = None,
    ) -> None:
        self.machine = machine
        self.definition = definition
        self.steps = steps
        self.past = past
        self.cutter = cutter
        self.made: list[Evaluate] = []
        self.constants: dict[int, Value] = {}
        self.events: dict[int, list[Event]] = {}

    @property
    def hook(self) -> Hook | None:
        """The hook, where there is a definition to tell it about."""
        return self.machine.hook if self.definition is not None else None

    @property
    def number(self) -> int:
        """The number of the step that is compiled now."""
        return len(self.made)

    def args(self, step: Step) -> list[Evaluate]:
        """Return the functions of a step's arguments."""
        return [self.made[i] for i in step.args]

    def in_past(self, months_slot: object) -> bool:
        """Whether a reference is read in a past month."""
        return self.past or months_slot is not None


def payload(step: Step | SourcePlan) -> Datum:
    """Return what a step or source carries besides its arguments."""
    return step.data


Compiler: TypeAlias = Callable[[Scope, Step], Evaluate]


def compile_steps(scope: Scope, compilers: dict[Op, Compiler]) -> list[Evaluate]:
    """Return one function a step."""
    for step in scope.steps:
        if isinstance(step.data, Gather):
            for slot, source in step.data.binders:
                event = event_of(source)
                if event is not None:
                    scope.events.setdefault(slot, []).append(event)
    for step in scope.steps:
        run = compilers[step.op](scope, step)
        if scope.hook is None:
            run = _folded(scope, step, run)
        elif scope.definition is not None:
            run = _told(scope.hook, scope.definition, scope.number, run)
        scope.made.append(run)
    return scope.made


def event_of(source: SourcePlan) -> Event | None:
    """Return the event that a source draws from, through interval functions; None for other sources."""
    inner: SourcePlan | None = source
    while inner is not None and inner.of is not None:
        inner = inner.of
    return inner.data if inner is not None and isinstance(inner.data, Event) else None


def _folded(scope: Scope, step: Step, run: Evaluate) -> Evaluate:
    if step.op is Op.CONST:
        scope.constants[scope.number] = payload(step)
    pure = step.op in _PURE or (step.op is Op.CALL and isinstance(step.data, tuple) and step.data[0] in _PURE_CALLS)
    if not pure or not step.args or not all(i in scope.constants for i in step.args):
        return run
    try:
        value = run(_NOWHERE)
    except DataProblem:
        return run
    scope.constants[scope.number] = value
    return always(value)


_PURE_CALLS = frozenset({"round", "floor", "ceil", "whole", "steps", "min", "max", "clamp", "abs", "days_between"})


def _told(hook: Hook, definition: DefinitionPlan, number: int, run: Evaluate) -> Evaluate:
    def told(f: Frame) -> Datum:
        value = run(f)
        hook.step(definition, number, f, value)
        return value

    return told


def always(value: object) -> Evaluate:
    """Return a function that returns the value."""

    def constant(_f: Frame) -> object:
        return value

    return constant


def known(scope: Scope, value: Value) -> Evaluate:
    """Return a constant that later steps may fold."""
    if scope.hook is None:
        scope.constants[scope.number] = value
    return always(value)


def absent(step: Step) -> NoReturn:
    """Raise D0405 for a step whose argument is absent."""
    text = " ".join(step.span.text.split()) if step.span is not None else step.op.value
    raise DataProblem("D0405", f"a value in `{text[:80]}` is absent, and nothing says what holds then")


def climb(row: Row, up: int) -> Row:
    """Return the ancestor ``up`` steps above. Raises :class:`DataProblem` where it does not exist or is unusable."""
    for _ in range(up):
        if row.parent is None:
            raise at_row("D0503", f"{row.entity} {row.id} has no parent row", row, "")
        row = row.parent
        check_row(row)
    return row


def check_row(row: Row) -> None:
    """Raise :class:`DataProblem` where the whole row is unusable."""
    if row.problem is not None:
        raise problem_of(row.problem, row)


def problem_of(bad: Bad, row: Row) -> DataProblem:
    """Return the problem of a value that could not be read."""
    return DataProblem(bad.code, bad.message, row=row.id, field=bad.field, caused_by=f"{row.entity} {row.id}")


def at_row(code: str, message: str, row: Row, name: str) -> DataProblem:
    """Return a problem of a value of a row."""
    return DataProblem(code, message, row=row.id, field=name, caused_by=f"{row.entity} {row.id}")
