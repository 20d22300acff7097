"""The meaning of a plan: values of rules and lines of charges, exactly, one row at a time.

Every other back end must give the same values bit by bit. Numbers are ``int`` and ``Fraction``; nothing is rounded but
where a rule says ``round``. What each operation means stands in the modules that write it as Python: references,
conditions, arithmetic, functions, aggregates and slicing; :mod:`kommres.dsl.backends.computation` puts a definition
together.
"""

from __future__ import annotations

import sys
from fractions import Fraction
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from attrs import frozen

from kommres.dsl.backends.computation import Computation, settled
from kommres.dsl.backends.machine import Machine
from kommres.dsl.backends.slicing import pairs
from kommres.dsl.backends.supplied import check_row
from kommres.dsl.backends.watching import NO_LINE, shown
from kommres.dsl.backends.writing import Mode, payload
from kommres.dsl.bound.nodes import Override, Value
from kommres.dsl.plan.nodes import DefinitionPlan, Op, Plan, Step
from kommres.dsl.plan.written import bill_order
from kommres.dsl.problems import DataProblem
from kommres.errors import RulesError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from kommres.dsl.backends.hooks import Hook
    from kommres.dsl.backends.rows import Row
    from kommres.period import Month

Number = int | Fraction


@frozen
class Line:
    """One line of a bill. ``account`` is the row's id; ``volume`` and ``price`` are None where they vary in the month.

    ``rule`` is the alternative that won (``ru.x.cold_water.cold_water/base``); ``options`` are pairs of option id and
    choice.
    """

    account: str
    entity: str
    service: str
    line: str
    charge: str
    volume: Value
    volume_unit: str
    price: Value
    price_unit: str
    amount: Number
    unit: str
    rule: str
    options: tuple[tuple[str, str], ...]


@frozen(kw_only=True)
class Refusal:
    """Why a charge of an account makes no line; it takes the account's other lines of the same service with it.

    ``row`` and ``field`` say where the value came from; ``caused_by`` names another entity's row (``premises 12``) if
    it lies there.
    """

    account: str
    service: str
    charge: str
    code: str
    message: str
    row: str
    field: str
    caused_by: str


@frozen
class AccountResult:
    """All charges of one row in the order of a bill: lines, and refusals (each service is in one of them at most)."""

    account: str
    lines: tuple[Line, ...]
    refusals: tuple[Refusal, ...]


class _Charge:
    """A charge with what its lines repeat, and the names of its functions: amount, volume and price.

    ``steady``: those for rows on which nothing changes, ``present``: for any row.
    """

    def __init__(self, machine: Machine, plan: DefinitionPlan) -> None:
        self.plan = plan
        self.computation = machine.computation(plan.number)
        self.service = plan.rule.service or plan.rule.name
        self.line = plan.rule.line or "base"
        self.unit = str(plan.rule.type.unit or "")
        self.volume_unit = "" if plan.volume is None else plan.steps[plan.volume].unit
        self.price_unit = "" if plan.price is None else plan.steps[plan.price].unit
        self.rules = tuple([f"{plan.id}/{alternative.name}" for alternative in plan.alternatives])
        self.present = self._functions(Mode.PRESENT)
        self.steady = self._functions(Mode.STEADY) if self.computation.calm else None

    def _functions(self, mode: Mode) -> tuple[str, str | None, str | None]:
        printed = [
            None if step is None else self.computation.shown(mode, step) for step in (self.plan.volume, self.plan.price)
        ]
        return self.computation.function(mode), printed[0], printed[1]


class Interpreter:
    """Computes the rules of a plan for one month.

    Parameters
    ----------
    plan
        The compiled program.
    month
        The period.
    known_at
        Day number: parameter values that became known later do not exist. None: all are known.
    options
        Choices of legal reading by option id or unique name; they win over what modules bind.
    overrides
        ``(parameter, keys or None, value)``: replace look-ups of these keys, or all of them.
    hook
        Is told what happens; see :mod:`kommres.dsl.backends.hooks`. Without one nothing is spent on it.

    Raises
    ------
    UsageError
        For an unknown option or choice (U0102, U0103).

    Notes
    -----
    Results are remembered on the rows (``Row.memo``), under keys of this interpreter: rows must not change between
    calls.
    """

    def __init__(
        self,
        plan: Plan,
        month: Month,
        *,
        known_at: int | None = None,
        options: Mapping[str, str] | None = None,
        overrides: Sequence[Override] = (),
        hook: Hook | None = None,
    ) -> None:
        self.plan = plan
        self.month = month
        _allow_depth(plan)
        self.machine = Machine(plan, month, known_at=known_at, options=options or {}, overrides=overrides, hook=hook)
        self._charges: dict[int, _Charge] = {}
        self._by_entity: dict[str, tuple[_Charge, ...]] = {}

    def value(
        self, definition: DefinitionPlan, row: Row, keys: tuple[str | int, ...] = (), day: int | None = None
    ) -> Value:
        """Return a rule's value for a row on a day (default: the first of the month); None is absent.

        A key is a member, a day number, or the place of an interval in its grid.

        Raises :class:`DataProblem`.
        """
        check_row(row)
        return self._value(self.machine.computation(definition.number), row, keys, day)

    def pieces(self, definition: DefinitionPlan, row: Row) -> list[tuple[int, int, Value]]:
        """Return a rule's value over the month: ``(first day, day after the last, value)``, equal neighbours joined."""
        term = self.machine.term
        computation = self.machine.computation(definition.number)
        joined: list[tuple[int, int, Value]] = []
        starts = computation.cutter.month.in_month(row) if computation.varies else (term.start,)
        for start, end in pairs(starts, term.end):
            value = self._value(computation, row, (), start)
            if joined and joined[-1][2] == value:
                start = joined.pop()[0]  # noqa: PLW2901 - the piece grows to the left
            joined.append((start, end, value))
        return joined

    def charge(self, definition: DefinitionPlan, row: Row) -> Line | None:
        """Return the line that a charge makes for a row; None where it does not apply. Raises :class:`DataProblem`."""
        check_row(row)
        return self._line(self._charge(definition), row, steady=self.machine.movement.steady(row))

    def account(self, row: Row, services: Collection[str] | None = None) -> AccountResult:
        """Compute all charges of the row's entity, or those of some services. A refused charge refuses its service."""
        charges = self._by_entity.get(row.entity)
        if charges is None:
            found = [self._charge(plan) for plan in bill_order(self.plan) if plan.rule.entity.name == row.entity]
            charges = self._by_entity[row.entity] = tuple(found)
        lines: list[Line] = []
        refusals: list[Refusal] = []
        steady = self.machine.movement.steady(row)
        for charge in charges:
            if services is not None and charge.service not in services:
                continue
            try:
                if row.problem is not None:
                    check_row(row)
                line = self._line(charge, row, steady=steady)
            except DataProblem as problem:
                refusals.append(_refusal(charge, row, problem))
            else:
                if line is not None:
                    lines.append(line)
        if refusals:
            refused = {refusal.service for refusal in refusals}
            lines = [line for line in lines if line.service not in refused]
        return AccountResult(row.id, tuple(lines), tuple(refusals))

    # parts -----------------------------------------------------------------------------------------------

    def _charge(self, plan: DefinitionPlan) -> _Charge:
        found = self._charges.get(plan.number)
        if found is None:
            found = self._charges[plan.number] = _Charge(self.machine, plan)
        return found

    def _value(self, computation: Computation, row: Row, keys: tuple[str | int, ...], day: int | None) -> Value:
        names, term = self.machine.names, self.machine.term
        if not computation.varies:
            outcome = names[computation.entry()](row, *keys)
        elif day is None or term.start <= day < term.end:
            outcome = names[computation.entry()](row, *keys, term.start if day is None else day)
        else:
            outcome = names[computation.function(Mode.OUTSIDE)](row, *keys, day)
        value: Value = shown(outcome)
        return value

    def _line(self, charge: _Charge, row: Row, *, steady: bool) -> Line | None:
        computation, names = charge.computation, self.machine.names
        if steady and charge.steady is not None:
            amount_of, volume_of, price_of = charge.steady
            amount = names[amount_of](row)
        else:
            steady = False
            amount_of, volume_of, price_of = charge.present
            # Where its alternatives have dates, a charge is computed for the first day.
            amount = names[amount_of](row, self.machine.term.start) if computation.varies else names[amount_of](row)
        if amount is NO_LINE:
            return None
        try:
            volume = None if volume_of is None else self._printed(computation, volume_of, row, steady=steady)
            price = None if price_of is None else self._printed(computation, price_of, row, steady=steady)
            options = self.machine.bound_options(charge.plan, row)
        except DataProblem as problem:
            raise settled(problem, row) from None
        if amount is None:
            raise DataProblem("D0405", f"{charge.plan.rule.name} has no amount", row=row.id)
        return Line(
            row.id,
            row.entity,
            charge.service,
            charge.line,
            charge.plan.id,
            volume,
            charge.volume_unit,
            price,
            charge.price_unit,
            amount,
            charge.unit,
            charge.rules[computation.winner(row)],
            options,
        )

    def _printed(self, computation: Computation, name: str, row: Row, *, steady: bool) -> Value:
        """Return a value that is only printed: None where it varies inside the month."""
        function = self.machine.names[name]
        if steady:
            return function(row)  # type: ignore[no-any-return]
        first, *others = computation.cutter.month.in_month(row)
        value: Value = function(row, first)
        for day in others:
            if function(row, day) != value:
                return None
        return value


def _refusal(charge: _Charge, row: Row, problem: DataProblem) -> Refusal:
    elsewhere = problem.caused_by not in {"", f"{row.entity} {row.id}"}
    return Refusal(
        account=row.id,
        service=charge.service,
        charge=charge.plan.id,
        code=problem.code,
        message=problem.message,
        row=problem.row or row.id,
        field=problem.field,
        caused_by=problem.caused_by if elsewhere else "",
    )


_DEEPEST = 50_000
#: Calls for each level of an expression while its text is written; only one definition is written at a time.
_WRITING = 8


#: What :func:`_depth` found.
_DEPTHS: WeakKeyDictionary[Plan, int] = WeakKeyDictionary()


def _allow_depth(plan: Plan) -> None:
    """Let Python nest calls as deep as the rules do. Raises :class:`RulesError` (K0911) where they nest too deep."""
    needed = _DEPTHS.get(plan)
    if needed is None:
        needed = _DEPTHS[plan] = _depth(plan)
    if needed > _DEEPEST:
        raise RulesError(
            "rules read each other through too many levels",
            code="K0911",
            why=f"{needed} nested calls would be needed, the bound is {_DEEPEST}",
            todo="read fewer rules one through another",
        )
    if sys.getrecursionlimit() < needed:
        sys.setrecursionlimit(needed)


def _depth(plan: Plan) -> int:
    """Return how deep the calls nest that compute the rules of a plan."""
    depths: dict[int, int] = {}
    deepest = 0
    for definition in plan.definitions:
        calls, levels = [0], [0]  # of each step: a step may be a function of its own
        for step in definition.steps:
            below = max((calls[i + 1] for i in step.args), default=0)
            calls.append(1 + max(below, *(depths.get(number, 0) for number in _read(plan, step)), 0))
            levels.append(1 + max((levels[i + 1] for i in step.args), default=0))
        depths[definition.number] = max(calls) + 3  # the function, the one that promises it, the one for any row
        deepest = max(deepest, *levels)
    return max(depths.values(), default=0) + _WRITING * deepest + 1000


def _read(plan: Plan, step: Step) -> list[int]:
    """Return the rules that a step reads, through the conditions of options, too."""
    if step.op is Op.RULE:
        return [payload(step)[0]]
    if step.op is not Op.OPTION:
        return []
    bindings = plan.options[payload(step)[0]].bindings
    return [number for _, steps, _ in bindings for inner in steps for number in _read(plan, inner)]
