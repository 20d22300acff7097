"""Which branches of rules the examples take.

A branch is: a definition or exception that is taken; a condition (of an exception, a charge, a module, a ``where``)
that holds, and one that does not; each side of ``if``; the value and the fallback of ``else``. The parts of ``and`` and
``or`` are not counted one by one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

from attrs import define, evolve, field, frozen

from kommres.dsl.backends.hooks import Hook
from kommres.dsl.plan.nodes import DefinitionPlan, Gather, Op, Plan
from kommres.dsl.source import Source, Span

if TYPE_CHECKING:
    from kommres.dsl.backends.frame import Frame

_Key = tuple[int, str, int, int]


@frozen(kw_only=True)
class Branch:
    """A way through a rule. ``what`` says which, in words; ``span`` is the text that decides."""

    rule: str
    module: str
    what: str
    span: Span = field(repr=False)

    @property
    def place(self) -> str:
        """File and line."""
        return f"{self.span.source.name}:{self.span.line}"


@frozen(kw_only=True)
class Report:
    """How many branches there are, and which of them nothing took."""

    total: int
    missed: tuple[Branch, ...]

    @property
    def taken(self) -> int:
        """How many branches were taken."""
        return self.total - len(self.missed)

    @property
    def percent(self) -> Fraction:
        """Taken branches in percent; 100 where there is none."""
        return Fraction(100 * self.taken, self.total) if self.total else Fraction(100)


@define
class Coverage(Hook):
    """Counts branches while the interpreter runs.

    Parameters
    ----------
    plan
        The plan whose branches are counted.
    files
        Names of source files; only branches written there are counted. Default: all.
    """

    plan: Plan
    files: Collection[str] | None = None
    _taken: set[_Key] = field(factory=set)
    _conditions: set[tuple[int, int]] = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Note which steps are conditions."""
        self._conditions = {(d.number, step) for d in self.plan.definitions for step in _conditions(d)}

    def alternative(self, definition: DefinitionPlan, index: int, frame: Frame) -> None:  # noqa: ARG002 - the hook's shape
        """Count a definition that was taken."""
        self._taken.add((definition.number, "alternative", index, 1))

    def step(self, definition: DefinitionPlan, number: int, frame: Frame, value: object) -> None:  # noqa: ARG002
        """Count the side of a condition."""
        if (definition.number, number) in self._conditions:
            self._taken.add((definition.number, "condition", number, int(value is True)))

    def branch(self, definition: DefinitionPlan, number: int, which: int) -> None:
        """Count the side of ``if`` and ``else``."""
        self._taken.add((definition.number, "branch", number, which))

    def report(self) -> Report:
        """Return what was taken and what was not."""
        branches = {
            key: branch
            for key, branch in _branches(self.plan)
            if self.files is None or branch.span.source.name in self.files
        }
        missed = [self._told(key, branch) for key, branch in branches.items() if key not in self._taken]
        missed.sort(key=lambda branch: (branch.span.source.name, branch.span.start, branch.what))
        return Report(total=len(branches), missed=tuple(missed))

    def _told(self, key: _Key, branch: Branch) -> Branch:
        """Say of a condition that was never asked just that, instead of both of its answers."""
        number, kind, place, which = key
        if kind != "condition" or (number, kind, place, 1 - which) in self._taken:
            return branch
        return evolve(branch, what=f"{branch.what.rpartition('` ')[0]}` is never asked")


def _conditions(definition: DefinitionPlan) -> Iterator[int]:
    found = [step for a in definition.alternatives for step in a.conditions]
    found += [step for a in definition.alternatives for s in a.suppressions for step in s.conditions]
    found += [step for step in (definition.when, definition.applies) if step is not None]
    found += [s.data.where for s in definition.steps if isinstance(s.data, Gather) and s.data.where is not None]
    return (number for number in dict.fromkeys(found) if definition.steps[number].op is not Op.CONST)


def _branches(plan: Plan) -> Iterator[tuple[_Key, Branch]]:
    for definition in plan.definitions:
        rule, number = definition.rule, definition.number

        def branch(
            what: str, span: Span, rule: str = rule.name, module: str = rule.module, own: Source = rule.span.source
        ) -> Branch:
            shown = rule if span.source is own else f"{module.rpartition('.')[2]}.{rule}"
            return Branch(rule=rule, module=module, what=f"{shown}: {what}", span=span)

        for index, alternative in enumerate(definition.alternatives):
            name = "the general rule" if alternative.name == "base" else f"exception {alternative.name}"
            yield (number, "alternative", index, 1), branch(f"{name} is never taken", alternative.span)
        for place in _conditions(definition):
            span = definition.steps[place].span
            text = _short(span)
            yield (number, "condition", place, 1), branch(f"`{text}` never holds", span)
            yield (number, "condition", place, 0), branch(f"`{text}` always holds", span)
        for place, step in enumerate(definition.steps):
            match step.op:
                case Op.IF:
                    sides = ("the value after `then` is never taken", "the value after `otherwise` is never taken")
                case Op.ELSE:
                    sides = ("the value before `else` is never taken", "the value after `else` is never taken")
                case _:
                    continue
            for which, what in enumerate(sides):
                yield (number, "branch", place, which), branch(f"{what} in `{_short(step.span)}`", step.span)


def _short(span: Span) -> str:
    text = " ".join(span.text.split())
    return text if len(text) <= 60 else f"{text[:57]}..."
