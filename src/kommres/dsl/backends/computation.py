"""One definition ready to compute: choice of the alternative, checks, one result per row, keys and piece of days."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any

from attrs import define

from kommres.dsl.backends.aggregates import AGGREGATES
from kommres.dsl.backends.arithmetic import ARITHMETIC
from kommres.dsl.backends.closures import COMPILERS, Scope, compile_steps
from kommres.dsl.backends.frame import Datum, Evaluate, Frame, Term
from kommres.dsl.backends.functions import FUNCTIONS
from kommres.dsl.backends.slicing import SLICING, Cutter
from kommres.dsl.problems import DataProblem
from kommres.dsl.quantity import day as show_day
from kommres.dsl.quantity import exact

if TYPE_CHECKING:
    from kommres.dsl.backends.hooks import Outcome
    from kommres.dsl.backends.machine import Machine
    from kommres.dsl.backends.rows import Row
    from kommres.dsl.bound.nodes import Value
    from kommres.dsl.plan.nodes import AlternativePlan, DefinitionPlan

ALL_COMPILERS = {**COMPILERS, **ARITHMETIC, **FUNCTIONS, **AGGREGATES, **SLICING}

_NEVER = 1 << 40

#: The outcome of a charge that does not apply.
NO_LINE = object()


def _told(outcome: Datum) -> Outcome:
    """Return an outcome as hooks see it."""
    return 0 if outcome is NO_LINE else outcome


@define(eq=False)
class Choice:
    """An alternative with its functions; missing dates are replaced by bounds that always hold."""

    index: int
    start: int
    until: int
    conditions: tuple[Evaluate, ...]
    suppressions: tuple[tuple[int, int, tuple[Evaluate, ...]], ...]
    body: Evaluate
    skip: frozenset[int]

    def holds(self, f: Frame) -> bool:
        """Whether it applies: dates, own conditions, and no suppression."""
        if not self.start <= f.day < self.until:
            return False
        if not _all_true(self.conditions, f):
            return False
        for start, until, conditions in self.suppressions:
            if start <= f.day < until and _all_true(conditions, f):
                return False
        return True


def _true(condition: Evaluate, f: Frame) -> bool:
    value = condition(f)
    if value is None:
        raise DataProblem("D0405", "a condition reads a value that is absent")
    return bool(value)


def _all_true(conditions: tuple[Evaluate, ...], f: Frame) -> bool:
    for condition in conditions:  # noqa: SIM110 - `all` would nest a C call, and rules may nest deep
        if not _true(condition, f):
            return False
    return True


class Computation:
    """A definition for one run, in the month of the run or in past months. Its steps are compiled when first needed."""

    def __init__(self, machine: Machine, definition: DefinitionPlan, *, past: bool) -> None:
        rule = definition.rule
        self.machine = machine
        self.definition = definition
        self.past = past
        self.hook = machine.hook
        self.varies = definition.varies or (not rule.is_charge and (rule.start is not None or rule.until is not None))
        self.cutter = Cutter(machine, definition.cuts)
        self.start = rule.start or 0
        self.until = _NEVER if rule.until is None else rule.until
        self.checked = rule.type.kind == "number"
        unit = rule.type.unit.powers if rule.type.unit is not None else ()
        #: a temperature is negative whenever it is cold
        self.signed = rule.signed or any(name in {"degC", "deltaC"} for name, _ in unit)
        #: whether a row has one value for the whole run
        self._single = not (self.varies or past or definition.key_slots)
        self._compiled = False
        self._body: Evaluate = self._chosen
        self.choices: tuple[Choice, ...] = ()
        self.steps: list[Evaluate] = []

    # compiling -------------------------------------------------------------------------------------------

    def compile(self) -> None:
        """Make the functions of all steps, once."""
        if self._compiled:
            return
        self._compiled = True
        plan = self.definition
        scope = Scope(self.machine, plan, plan.steps, past=self.past, cutter=self.cutter)
        self.steps = compile_steps(scope, ALL_COMPILERS)
        self.choices = tuple(self._choice(i, plan.alternatives[i], plan.skip[i]) for i in plan.order)
        first = self.choices[0] if len(self.choices) == 1 else None
        free = first is not None and not first.conditions and not first.suppressions
        always = first is not None and free and first.start == 0 and first.until == _NEVER and self.hook is None
        if first is not None and always:
            self._body = first.body

    def _choice(self, index: int, plan: AlternativePlan, skip: frozenset[int]) -> Choice:
        def bounds(start: int | None, until: int | None) -> tuple[int, int]:
            return start or 0, _NEVER if until is None else until

        steps = self.steps
        return Choice(
            index,
            *bounds(plan.start, plan.until),
            conditions=tuple(steps[c] for c in plan.conditions),
            suppressions=tuple(
                (*bounds(s.start, s.until), tuple(steps[c] for c in s.conditions)) for s in plan.suppressions
            ),
            body=steps[plan.body],
            skip=skip,
        )

    # evaluating ------------------------------------------------------------------------------------------

    def value(self, row: Row, keys: tuple[str, ...], day: int, term: Term) -> Value:
        """Return the value for a row on a day of a month; None is absent, a charge without a line is 0.

        Raises :class:`DataProblem`.
        """
        found = self.outcome(row, keys, day, term)
        if found.__class__ is DataProblem:
            raise found.with_traceback(None)
        return 0 if found is NO_LINE else found

    def outcome(self, row: Row, keys: tuple[str, ...], day: int, term: Term) -> Datum:
        """Return a value, a :class:`DataProblem` or :data:`NO_LINE`, computed once."""
        key: object
        if self._single:
            key, day = self, term.start
        else:
            day = self._piece(row, day, term) if self.varies else term.start
            key = (self, keys, day if self.varies else None, term.number)
        memo = row.memo
        if key not in memo:
            memo[key] = self._outcome(row, keys, day, term)
        elif self.hook is not None:
            told = (self.definition.number, keys, day if self.varies else None, term.number)
            self.hook.recall(self.definition, row, told, _told(memo[key]))
        return memo[key]

    def _piece(self, row: Row, day: int, term: Term) -> int:
        """Return the first day of the piece that holds the day; days outside the month stand for themselves."""
        if not term.start <= day < term.end:
            return day
        starts = self.cutter.starts(row, term.start, term.end, term)
        return starts[bisect_right(starts, day) - 1]

    def frame(self, row: Row, keys: tuple[str, ...], day: int, term: Term) -> Frame:
        """Return a frame for an evaluation."""
        rows: list[Any] = [None] * max(1, self.definition.slots)
        rows[0] = row
        for slot, key in zip(self.definition.key_slots, keys, strict=True):
            rows[slot] = key
        return Frame(rows, day, term)

    def _outcome(self, row: Row, keys: tuple[str, ...], day: int, term: Term) -> object:
        if not self._compiled:
            self.compile()
        f = self.frame(row, keys, day, term)
        if self.hook is not None:
            told = (self.definition.number, keys, day if self.varies else None, term.number)
            self.hook.enter(self.definition, f, told)
        outcome: object
        try:
            outcome = self._computed(f)
        except DataProblem as problem:
            outcome = settled(problem, row)
        if self.hook is not None:
            self.hook.leave(self.definition, f, _told(outcome))
        return outcome

    def _computed(self, f: Frame) -> object:
        rule = self.definition.rule
        if rule.is_charge:
            if not self.applies(f):
                return NO_LINE
        elif not self.start <= f.day < self.until:
            raise DataProblem("D0303", f"{rule.name} is not in force on {show_day(f.day)}")
        elif self.definition.applies is not None and not _true(self.steps[self.definition.applies], f):
            raise DataProblem("D0303", f"the module {rule.module} does not apply here, so {rule.name} has no value")
        value = self._body(f)
        if value is None:
            if not rule.type.optional:
                raise DataProblem("D0405", f"{rule.name} is absent, but it is not declared optional")
        elif self.checked:
            self._check(value)
        return value

    def _check(self, value: Datum) -> None:
        rule = self.definition.rule
        if not self.signed and value.numerator < 0:
            raise DataProblem(
                "D0401", f"{rule.name} would be {exact(value)}; it may be negative only if it is declared `signed`"
            )
        if (rule.low is not None and value < rule.low) or (rule.high is not None and value > rule.high):
            low, high = ("" if bound is None else exact(bound) for bound in (rule.low, rule.high))
            raise DataProblem("D0406", f"{rule.name} would be {exact(value)}, outside {low}..{high}")

    def applies(self, f: Frame) -> bool:
        """Whether a charge makes a line: in force on some day of the month, its module applies, its ``when`` holds."""
        plan = self.definition
        yes = (
            self.start < f.term.end
            and f.term.start < self.until
            and (plan.applies is None or _true(self.steps[plan.applies], f))
            and (plan.when is None or _true(self.steps[plan.when], f))
        )
        if self.hook is not None:
            self.hook.applies(plan, f.rows[0], yes=yes)
        return yes

    # choosing --------------------------------------------------------------------------------------------

    def _chosen(self, f: Frame) -> Datum:
        choice = self._choose(f)
        if self.definition.rule.is_charge:
            f.rows[0].memo[self, "won"] = choice.index
        if self.hook is not None:
            self.hook.alternative(self.definition, choice.index, f)
        return choice.body(f)

    def won(self, row: Row) -> Datum:
        """Return the index of the alternative that made a charge's line."""
        return row.memo.get((self, "won"), self.choices[0].index)

    def _choose(self, f: Frame) -> Choice:
        won: Choice | None = None
        for choice in self.choices:
            if won is not None and choice.index in won.skip:
                continue
            holds = choice.holds(f)
            if self.hook is not None:
                self.hook.condition(self.definition, choice.index, f, holds=holds)
            if not holds:
                continue
            if won is not None:
                first, second = (self._named(c) for c in (won, choice))
                name = self.definition.rule.name
                raise DataProblem(
                    "D0301", f"two exceptions of {name} apply at once and no order is stated: {first} and {second}"
                )
            won = choice
        if won is None:
            raise DataProblem("D0302", f"no definition of {self.definition.rule.name} applies on {show_day(f.day)}")
        return won

    def _named(self, choice: Choice) -> str:
        plan = self.definition.alternatives[choice.index]
        place = f" ({plan.span})" if plan.span is not None else ""
        return f"`{plan.name}` of {plan.module}{place}"


def settled(problem: DataProblem, row: Row) -> DataProblem:
    """Return a problem that leaves a definition: it names its row, and no ``else`` catches it any more."""
    where = f"{row.entity} {row.id}"
    return DataProblem(
        problem.code,
        problem.message,
        row=problem.row or row.id,
        field=problem.field,
        caused_by=problem.caused_by or where,
    )
