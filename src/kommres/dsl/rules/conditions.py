"""Conditions as formulas over what they compare, and whether some of them can hold together.

What a condition compares is a :class:`Variable`; a comparison with a constant narrows the variable's
:class:`Domain`. A condition that is no comparison with a constant is a yes/no variable of its own: it can still
contradict itself, but proves no overlap.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum
from fractions import Fraction
from typing import TypeAlias

from attrs import define, field, frozen

from kommres.dsl.bound.nodes import (
    Compare,
    Expr,
    Has,
    IfElse,
    Input,
    InputRef,
    Lit,
    Logic,
    Not,
    Option,
    OptionRef,
    Rule,
    RuleRef,
    Scale,
    Value,
    VarRef,
)
from kommres.dsl.bound.walk import structure
from kommres.dsl.rules.domains import Domain, full_domain

_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "!=": "!="}
_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "=": "!=", "!=": "="}

#: What a value depends on: one bit per input, event, parameter or option of the program.
Leaves: TypeAlias = int


@frozen
class Variable:
    """What a comparison narrows.

    ``about`` is the value that it speaks of: ``x`` and ``has x`` are about the same. ``decidable``: a plain name, so
    that any value of its domain may come up; ``leaves`` is what that depends on.
    """

    key: object
    about: object = field(eq=False)
    domain: Domain = field(eq=False)
    decidable: bool = field(eq=False)
    leaves: Leaves = field(eq=False)
    present: Variable | None = field(eq=False)  # the yes/no variable that must hold for this one to have a value
    text: str = field(eq=False)
    kind: str = field(default="", eq=False)  # of the type, for messages


@frozen
class Atom:
    """``variable op value``."""

    variable: Variable
    op: str
    value: Value


@frozen
class All:
    """Every part holds; of no parts: true."""

    parts: tuple[Formula, ...]


@frozen
class AnyOf:
    """Some part holds; of no parts: false."""

    parts: tuple[Formula, ...]


Formula: TypeAlias = Atom | All | AnyOf

TRUE = All(())
FALSE = AnyOf(())

#: The day for which an alternative is chosen; dates of rules and alternatives narrow it.
DAY = Variable(
    key="day",
    about="day",
    domain=Domain(step=Fraction(1)),
    decidable=True,
    leaves=0,
    present=None,
    text="the day",
    kind="date",
)


def negated(formula: Formula) -> Formula:
    """Return the formula that holds where this one does not."""
    match formula:
        case Atom(variable, op, value):
            return Atom(variable, _OPPOSITE[op], value)
        case All(parts):
            return AnyOf(tuple(negated(p) for p in parts))
        case AnyOf(parts):
            return All(tuple(negated(p) for p in parts))


def variables_of(formula: Formula) -> Iterator[Variable]:
    """Yield every variable that a formula compares."""
    pending = [formula]
    while pending:
        part = pending.pop()
        if isinstance(part, Atom):
            yield part.variable
        else:
            pending.extend(part.parts)


def within_dates(start: int | None, until: int | None) -> Formula:
    """Say that the day lies in ``start .. until`` (the end not included; None: open)."""
    atoms = []
    if start is not None:
        atoms.append(Atom(DAY, ">=", start))
    if until is not None:
        atoms.append(Atom(DAY, "<", until))
    return All(tuple(atoms))


@define
class Reader:
    """Turns conditions into formulas. ``leaves_of`` says what an input, an option or a rule depends on."""

    leaves_of: Callable[[Input | Option | Rule], Leaves]

    def formula(self, expr: Expr) -> Formula:
        """Return the formula of a condition."""
        match expr:
            case Lit(value=bool() as value):
                return TRUE if value else FALSE
            case Logic(op=op, parts=parts):
                formulas = tuple(self.formula(p) for p in parts)
                return All(formulas) if op == "and" else AnyOf(formulas)
            case Not(value=value):
                return negated(self.formula(value))
            case IfElse(condition=condition, then=then, otherwise=otherwise):
                holds = self.formula(condition)
                taken = All((holds, self.formula(then)))
                return AnyOf((taken, All((negated(holds), self.formula(otherwise)))))
            case Has(value=value):
                return Atom(self._presence(value), "=", True)
            case Compare(op=op, left=left, right=right):
                return self._comparison(op, left, right)
            case _:
                return Atom(self._variable(expr), "=", True)

    def _comparison(self, op: str, left: Expr, right: Expr) -> Formula:
        if isinstance(left, Lit):
            left, right, op = right, left, _MIRRORED[op]
        if not isinstance(right, Lit):
            return self._relation(op, left, right)
        value = right.value
        while isinstance(left, Scale) and left.factor and isinstance(value, int | Fraction):
            value = Fraction(value) / left.factor
            op = _MIRRORED[op] if left.factor < 0 else op
            left = left.value
        return Atom(self._variable(left), op, value)

    def _relation(self, op: str, left: Expr, right: Expr) -> Formula:
        """Compare the difference of two values that are both no constants with zero."""
        one, other = structure(left), structure(right)
        if repr(other) < repr(one):
            one, other, op = other, one, _MIRRORED[op]
        key = ("difference", one, other)
        text = f"{_text(left)} compared with {_text(right)}"
        ordered = left.type.kind in {"number", "date", "instant"}
        domain = Domain() if ordered else Domain(members=frozenset({-1, 0}))
        return Atom(Variable(key, key, domain, False, 0, None, text), op, 0)

    def _variable(self, expr: Expr) -> Variable:
        key = structure(expr)
        decidable, leaves, optional = False, 0, False
        match expr:
            case InputRef(input=source, slot=0, keys=keys, months=None):
                decidable = all(isinstance(k, Lit) for k in keys)
                leaves, optional = self.leaves_of(source), source.optional
            case RuleRef(rule=rule, slot=0, keys=keys, months=None):
                leaves, optional = self.leaves_of(rule), rule.type.optional
                decidable = bool(leaves) and all(isinstance(k, Lit) for k in keys)
            case OptionRef(option=option):
                decidable, leaves = True, self.leaves_of(option)
            case VarRef():
                decidable = True
        present = self._presence(expr) if optional else None
        return Variable(key, key, full_domain(expr), decidable, leaves, present, _text(expr), expr.type.kind)

    def _presence(self, expr: Expr) -> Variable:
        about = structure(expr)
        leaves, decidable = 0, False
        match expr:
            case InputRef(input=source, slot=0, keys=keys, months=None):
                decidable, leaves = all(isinstance(k, Lit) for k in keys), self.leaves_of(source)
            case RuleRef(rule=rule, slot=0, keys=keys, months=None):
                leaves = self.leaves_of(rule)
                decidable = bool(leaves) and all(isinstance(k, Lit) for k in keys)
        flags = Domain(members=frozenset({True, False}))
        return Variable(("has", about), about, flags, decidable, leaves, None, f"has {_text(expr)}")


def _text(expr: Expr) -> str:
    return " ".join(expr.span.text.split())


class Answer(Enum):
    """Whether formulas can hold together."""

    NEVER = "never"
    POSSIBLE = "possible"
    UNKNOWN = "unknown"


State: TypeAlias = Mapping[Variable, Domain]


@define
class Solver:
    """Answers whether formulas can hold together; gives up (unknown) when its ``steps`` are used up.

    ``pairs`` counts the pairs of alternatives that are still looked at. Both bound the time that a program may take.
    """

    steps: int = 300_000
    pairs: int = 50_000
    branches: int = 400  # of one question
    witness: State = field(factory=dict)  # of the last answer "possible"

    def ask(self, formulas: Sequence[Formula]) -> Answer:
        """Whether all of the formulas can hold for one row on one day."""
        if self.steps <= 0:
            return Answer.UNKNOWN
        return self._search(list(formulas), {}, [self.branches])

    def _search(self, pending: list[Formula], state: dict[Variable, Domain], left: list[int]) -> Answer:
        open_choices: list[AnyOf] = []
        while pending:
            self.steps -= 1
            formula = pending.pop()
            if isinstance(formula, All):
                pending.extend(formula.parts)
            elif isinstance(formula, AnyOf):
                if not formula.parts:
                    return Answer.NEVER
                open_choices.append(formula)
            elif not narrow(state, formula):
                return Answer.NEVER
        if not open_choices:
            if not _independent(list(state)):
                return Answer.UNKNOWN
            self.witness = state
            return Answer.POSSIBLE
        chosen = min(open_choices, key=lambda choice: len(choice.parts))
        rest: list[Formula] = [choice for choice in open_choices if choice is not chosen]
        answer = Answer.NEVER
        for part in chosen.parts:
            left[0] -= 1
            if left[0] < 0 or self.steps <= 0:
                return Answer.UNKNOWN
            found = self._search([*rest, part], dict(state), left)
            if found is Answer.POSSIBLE:
                return found
            if found is Answer.UNKNOWN:
                answer = found
        return answer


def narrow(state: dict[Variable, Domain], atom: Atom) -> bool:
    """Take an atom into the state; False where nothing is left."""
    variable = atom.variable
    domain = state.get(variable, variable.domain).narrowed(atom.op, atom.value)
    state[variable] = domain
    if domain.is_empty:
        return False
    if variable.present is None:
        return True
    return narrow(state, Atom(variable.present, "=", True))


def _independent(variables: list[Variable]) -> bool:
    """Whether every combination of the variables' values may come up."""
    if not all(v.decidable for v in variables):
        return False
    groups = {v.about: v.leaves for v in variables}
    seen = 0
    for leaves in groups.values():
        if seen & leaves:
            return False
        seen |= leaves
    return True
