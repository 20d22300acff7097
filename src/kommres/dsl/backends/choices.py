"""Which alternative of a definition holds: dates, conditions, suppressions, and the order of exceptions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kommres.dsl.plan.nodes import Op
from kommres.dsl.problems import DataProblem
from kommres.dsl.quantity import day as show_day

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kommres.dsl.backends.frame import Evaluate, Frame
    from kommres.dsl.plan.nodes import AlternativePlan, DefinitionPlan

    Test = Callable[[Frame], bool]

_NEVER = 1 << 40


def true(condition: Evaluate, f: Frame) -> bool:
    """Whether a condition holds. Raises :class:`DataProblem` (D0405) where it is absent."""
    value = condition(f)
    if value is None:
        raise DataProblem("D0405", "a condition reads a value that is absent")
    return bool(value)


#: Operations that give yes or no and never nothing.
_DECIDED = frozenset({Op.COMPARE, Op.AND, Op.OR, Op.NOT, Op.HAS})


def _conditions(numbers: Sequence[int], plan: DefinitionPlan, steps: Sequence[Evaluate]) -> list[Evaluate]:
    """Return conditions that raise where they are absent."""
    return [steps[n] if plan.steps[n].op in _DECIDED else _checked(steps[n]) for n in numbers]


def _checked(condition: Evaluate) -> Evaluate:
    return lambda f: true(condition, f)


def _always(_f: Frame) -> bool:
    return True


def _all(conditions: Sequence[Evaluate]) -> Test:
    """Return a test of all conditions, in order, up to the first that does not hold."""
    if not conditions:
        return _always
    if len(conditions) == 1:
        return conditions[0]

    def every(f: Frame) -> bool:
        for condition in conditions:  # noqa: SIM110 - `all` would nest a C call, and rules may nest deep
            if not condition(f):
                return False
        return True

    return every


def all_of(numbers: Sequence[int], plan: DefinitionPlan, steps: Sequence[Evaluate]) -> Test:
    """Return a test of all these steps."""
    return _all(_conditions(numbers, plan, steps))


def _dated(start: int | None, until: int | None, test: Test) -> Test:
    if start is None and until is None:
        return test
    first, after = start or 0, _NEVER if until is None else until
    return lambda f: first <= f.day < after and test(f)


def _test(definition: DefinitionPlan, plan: AlternativePlan, steps: Sequence[Evaluate]) -> Test:
    """Return whether an alternative applies: its dates, its conditions, then no suppression."""
    own = _dated(plan.start, plan.until, all_of(plan.conditions, definition, steps))
    if not plan.suppressions:
        return own
    against = [_dated(s.start, s.until, all_of(s.conditions, definition, steps)) for s in plan.suppressions]

    def free(f: Frame) -> bool:
        if not own(f):
            return False
        for suppressed in against:  # noqa: SIM110 - see above
            if suppressed(f):
                return False
        return True

    return free


class Choice:
    """An alternative with its functions. ``certain``: it always holds."""

    __slots__ = ("body", "certain", "holds", "index", "skip")

    def __init__(self, index: int, definition: DefinitionPlan, steps: Sequence[Evaluate]) -> None:
        plan = definition.alternatives[index]
        self.index = index
        self.skip = definition.skip[index]
        self.holds = _test(definition, plan, steps)
        self.certain = self.holds is _always
        self.body = steps[plan.body]


def choices_of(plan: DefinitionPlan, steps: Sequence[Evaluate]) -> tuple[Choice, ...]:
    """Return the alternatives of a definition, the strongest first."""
    return tuple(Choice(i, plan, steps) for i in plan.order)


def conflict(plan: DefinitionPlan, first: int, second: int) -> DataProblem:
    """Return D0301 for two alternatives that hold at once."""
    return DataProblem(
        "D0301",
        f"two exceptions of {plan.rule.name} apply at once and no order is stated: {_named(plan, first)} and"
        f" {_named(plan, second)}",
    )


def _named(plan: DefinitionPlan, index: int) -> str:
    alternative = plan.alternatives[index]
    place = f" ({alternative.span})" if alternative.span is not None else ""
    return f"`{alternative.name}` of {alternative.module}{place}"


def nothing_applies(plan: DefinitionPlan, day: int) -> DataProblem:
    """Return D0302."""
    return DataProblem("D0302", f"no definition of {plan.rule.name} applies on {show_day(day)}")
