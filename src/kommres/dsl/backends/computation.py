"""One definition ready to compute: choice of the alternative, checks, one result per row, keys and piece of days."""

from __future__ import annotations

from bisect import bisect_right
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from kommres.dsl.backends.aggregates import AGGREGATES
from kommres.dsl.backends.arithmetic import ARITHMETIC
from kommres.dsl.backends.choices import Choice, all_of, choices_of, conflict, nothing_applies, true
from kommres.dsl.backends.closures import Scope, climb, compile_steps
from kommres.dsl.backends.conditions import CONDITIONS
from kommres.dsl.backends.frame import Datum, Evaluate, Frame, Term
from kommres.dsl.backends.functions import FUNCTIONS
from kommres.dsl.backends.references import REFERENCES
from kommres.dsl.backends.slicing import SLICING, Cutter
from kommres.dsl.problems import DataProblem
from kommres.dsl.quantity import day as show_day
from kommres.dsl.quantity import exact

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kommres.dsl.backends.hooks import EvaluationKey, Outcome
    from kommres.dsl.backends.machine import Machine
    from kommres.dsl.backends.rows import Row
    from kommres.dsl.plan.nodes import DefinitionPlan

ALL_COMPILERS = {**REFERENCES, **CONDITIONS, **ARITHMETIC, **FUNCTIONS, **AGGREGATES, **SLICING}

_NEVER = 1 << 40

#: The outcome of a charge that does not apply.
NO_LINE = object()

#: Classes of outcomes that are values as they stand.
_VALUES = frozenset({int, Fraction, str, bool, type(None)})
_MISSING = object()


class Token:
    """A definition with the members of its keys: under it a row remembers the outcome of the month."""

    __slots__ = ("keys",)

    def __init__(self, keys: tuple[str, ...]) -> None:
        self.keys = keys


class _Pieces:
    """Outcomes by the first day of their piece, where a row has several pieces in a month."""

    __slots__ = ("outcomes", "starts")

    def __init__(self, starts: Sequence[int]) -> None:
        self.starts = starts
        self.outcomes: dict[int, Any] = {}


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
        self.choices: tuple[Choice, ...] = ()
        self.steps: list[Evaluate] = []
        self._start = rule.start or 0
        self._until = _NEVER if rule.until is None else rule.until
        plain = not rule.is_charge and definition.applies is None and rule.start is rule.until is None
        self._guard: Evaluate | None = None if plain else self._in_force
        self._numeric = rule.type.kind == "number"
        unit = rule.type.unit.powers if rule.type.unit is not None else ()
        # A temperature is negative whenever it is cold.
        self._signed = rule.signed or any(name in {"degC", "deltaC"} for name, _ in unit)
        self._bounded = rule.low is not None or rule.high is not None
        self._more_slots = [None] * (definition.slots - 1)
        self._compiled = False
        self._body: Evaluate = self._chosen
        self._won = Token(())
        self._tokens: dict[tuple[str, ...], Token] = {}

    def compile(self) -> None:
        """Make the functions of all steps, once."""
        if self._compiled:
            return
        self._compiled = True
        plan = self.definition
        scope = Scope(self.machine, plan, plan.steps, past=self.past, cutter=self.cutter)
        self.steps = compile_steps(scope, ALL_COMPILERS)
        self.choices = choices_of(plan, self.steps)
        if self.hook is not None:
            return
        if len(self.choices) == 1 and self.choices[0].certain:
            self._body = self.choices[0].body
        if plan.rule.is_charge and plan.rule.start is plan.rule.until is None:
            numbers = [n for n in (plan.applies, plan.when) if n is not None]
            self._guard = all_of(numbers, plan, self.steps) if numbers else None

    def token(self, keys: tuple[str, ...]) -> Token:
        """Return the token of key members."""
        found = self._tokens.get(keys)
        if found is None:
            found = self._tokens[keys] = Token(keys)
        return found

    # reading ---------------------------------------------------------------------------------------------

    def value(self, row: Row, keys: tuple[str, ...], day: int, term: Term) -> Datum:
        """Return the value for a row on a day of a month; None is absent, a charge without a line is 0.

        Raises :class:`DataProblem`.
        """
        return self.read(row, self.token(keys), day, term)

    def read(self, row: Row, token: Token, day: int, term: Term) -> Datum:
        """Return the value under a token, see :meth:`value`."""
        return usable(self.outcome(row, token, day, term))

    def outcome(self, row: Row, token: Token, day: int, term: Term) -> Datum:
        """Return a value, a :class:`DataProblem` or :data:`NO_LINE`, computed once."""
        memo = row.memo
        key: object = (token, term.number) if self.past else token
        in_pieces = self.varies
        if not in_pieces:
            day = term.start
        elif not term.start <= day < term.end:
            key = (token, day, term.number)  # a span outside the month: each day stands for itself
            in_pieces = False
        found = memo.get(key, _MISSING)
        if found is _MISSING:
            if in_pieces:
                if self.past or not self.cutter.whole(row):
                    starts = self.cutter.starts(row, term.start, term.end, term)
                    if len(starts) > 1:
                        pieces = memo[key] = _Pieces(starts)
                        return self._piece(row, token, pieces, day, term)
                day = term.start
            found = memo[key] = self._outcome(row, token.keys, day, term)
            return found
        if found.__class__ is _Pieces:
            return self._piece(row, token, found, day, term)
        self._recalled(row, token, day, term, found)
        return found

    def _piece(self, row: Row, token: Token, pieces: _Pieces, day: int, term: Term) -> Datum:
        start = pieces.starts[bisect_right(pieces.starts, day) - 1]
        found = pieces.outcomes.get(start, _MISSING)
        if found is _MISSING:
            found = pieces.outcomes[start] = self._outcome(row, token.keys, start, term)
        else:
            self._recalled(row, token, start, term, found)
        return found

    def _recalled(self, row: Row, token: Token, day: int, term: Term, outcome: Datum) -> None:
        if self.hook is not None:
            self.hook.recall(self.definition, row, self._key(token.keys, day, term), _told(outcome))

    def _key(self, keys: tuple[str, ...], day: int, term: Term) -> EvaluationKey:
        return self.definition.number, keys, day if self.varies else None, term.number

    def reader(self, token: Token, up: int) -> Evaluate | None:
        """Return a fast reader for the caller's own row or its parent; None where only :meth:`read` will do."""
        if self.hook is not None or self.past or up > 1:
            return None
        start, end, varies = self.machine.term.start, self.machine.term.end, self.varies
        fresh = self._fresh

        def read_own(f: Frame) -> Datum:
            row = f.rows[0]
            if varies and not start <= f.day < end:
                return usable(self.outcome(row, token, f.day, f.term))
            found = row.memo.get(token, _MISSING)
            return found if found.__class__ in _VALUES else fresh(row, token, f, found)

        def read_above(f: Frame) -> Datum:
            row = f.rows[0].parent
            if row is None or row.problem is not None:
                row = climb(f.rows[0], 1)
            if varies and not start <= f.day < end:
                return usable(self.outcome(row, token, f.day, f.term))
            found = row.memo.get(token, _MISSING)
            return found if found.__class__ in _VALUES else fresh(row, token, f, found)

        return read_above if up else read_own

    def _fresh(self, row: Row, token: Token, caller: Frame, found: Datum) -> Datum:
        """Compute what a reader did not find; rules that hold for the whole month go the short way."""
        term = self.machine.term
        short = found is _MISSING and self._guard is None and self._compiled
        if not short or not (not self.varies or self.cutter.whole(row)):
            return usable(self.outcome(row, token, caller.day, caller.term))
        keys = token.keys
        f = Frame([row, *keys, *self._more_slots[len(keys) :]] if keys else [row, *self._more_slots], term.start, term)
        try:
            value = self._body(f)
            if value is None or (self._numeric and (self._bounded or value.numerator < 0)):
                self._check(value)
        except DataProblem as problem:
            refused = row.memo[token] = settled(problem, row)
            raise refused from None
        row.memo[token] = value
        return value

    # computing -------------------------------------------------------------------------------------------

    def frame(self, row: Row, keys: tuple[str, ...], day: int, term: Term) -> Frame:
        """Return a frame for an evaluation."""
        return Frame([row, *keys, *self._more_slots[len(keys) :]], day, term)

    def _outcome(self, row: Row, keys: tuple[str, ...], day: int, term: Term) -> object:
        if not self._compiled:
            self.compile()
        rows = [row, *keys, *self._more_slots[len(keys) :]] if keys else [row, *self._more_slots]
        f = Frame(rows, day, term)
        if self.hook is not None:
            return self._watched(f, self._key(keys, day, term))
        try:
            return self._computed(f)
        except DataProblem as problem:
            return settled(problem, row)

    def _watched(self, f: Frame, key: EvaluationKey) -> object:
        hook, plan = self.machine.hook, self.definition
        if hook is None:
            raise ValueError(key)
        hook.enter(plan, f, key)
        outcome: object
        try:
            outcome = self._computed(f)
        except DataProblem as problem:
            outcome = settled(problem, f.rows[0])
        hook.leave(plan, f, _told(outcome))
        return outcome

    def _computed(self, f: Frame) -> object:
        if self._guard is not None and not self._guard(f):
            return NO_LINE
        value = self._body(f)
        if value is None or (self._numeric and (self._bounded or value.numerator < 0)):
            self._check(value)
        return value

    def _in_force(self, f: Frame) -> bool:
        """Whether a charge makes a line. Raises D0303 for a rule that has no value."""
        plan, rule = self.definition, self.definition.rule
        if rule.is_charge:
            return self._applies(f)
        if not self._start <= f.day < self._until:
            raise DataProblem("D0303", f"{rule.name} is not in force on {show_day(f.day)}")
        if plan.applies is not None and not true(self.steps[plan.applies], f):
            raise DataProblem("D0303", f"the module {rule.module} does not apply here, so {rule.name} has no value")
        return True

    def _applies(self, f: Frame) -> bool:
        """Whether it is in force on some day of the month, its module applies and its ``when`` holds."""
        plan = self.definition
        yes = (
            self._start < f.term.end
            and f.term.start < self._until
            and (plan.applies is None or true(self.steps[plan.applies], f))
            and (plan.when is None or true(self.steps[plan.when], f))
        )
        if self.hook is not None:
            self.hook.applies(plan, f.rows[0], yes=yes)
        return yes

    def _check(self, value: Datum) -> None:
        rule = self.definition.rule
        if value is None:
            if not rule.type.optional:
                raise DataProblem("D0405", f"{rule.name} is absent, but it is not declared optional")
            return
        if not self._signed and value.numerator < 0:
            raise DataProblem(
                "D0401", f"{rule.name} would be {exact(value)}; it may be negative only if it is declared `signed`"
            )
        if (rule.low is not None and value < rule.low) or (rule.high is not None and value > rule.high):
            low, high = ("" if bound is None else exact(bound) for bound in (rule.low, rule.high))
            raise DataProblem("D0406", f"{rule.name} would be {exact(value)}, outside {low}..{high}")

    # choosing --------------------------------------------------------------------------------------------

    def _chosen(self, f: Frame) -> Datum:
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
                raise conflict(self.definition, won.index, choice.index)
            won = choice
        if won is None:
            raise nothing_applies(self.definition, f.day)
        if self.definition.rule.is_charge:
            f.rows[0].memo[self._won] = won.index
        if self.hook is not None:
            self.hook.alternative(self.definition, won.index, f)
        return won.body(f)

    def won(self, row: Row) -> Datum:
        """Return the index of the alternative that made a charge's line."""
        return self.choices[0].index if len(self.choices) == 1 else row.memo[self._won]


def usable(outcome: Datum) -> Datum:
    """Return an outcome as a value. Raises :class:`DataProblem`."""
    if outcome.__class__ in _VALUES:
        return outcome
    if outcome is NO_LINE:
        return 0
    raise outcome.with_traceback(None)


def _told(outcome: Datum) -> Outcome:
    """Return an outcome as hooks see it."""
    return 0 if outcome is NO_LINE else outcome


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
