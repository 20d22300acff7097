"""Where an expression stands: its rows, variables, month, and what conditions have proved so far."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from attrs import evolve, field, frozen

from kommres.dsl.bound.nodes import Compare, Entity, Enum, Event, Expr, Grid, Has, Lit, Logic, Not
from kommres.dsl.bound.scope import ModuleScope


@frozen(kw_only=True)
class RowVariable:
    """A row in a slot: of an entity, or of an event (with fields that a source function added or made certain)."""

    name: str
    slot: int
    entity: Entity | None = None
    event: Event | None = None
    certain: frozenset[str] = frozenset()  # fields that are no longer optional
    only_edges: bool = False  # after union: from and to alone
    inside: bool = False  # after split


@frozen(kw_only=True)
class TimeVariable:
    """An interval of a grid in a slot; without a grid a day."""

    slot: int
    grid: Grid | None = None


@frozen(kw_only=True)
class Context:
    """``facts``: expressions proved present, and ``nonzero`` those proved not to be 0."""

    module: ModuleScope
    rows: tuple[RowVariable, ...]  # innermost last
    members: dict[str, tuple[int, Enum]] = field(factory=dict)
    times: dict[str, TimeVariable] = field(factory=dict)
    steps: int = 1  # combinations of intervals and days around the expression, at most
    months: int | None = None
    in_slices: bool = False
    facts: frozenset[Expr] = frozenset()
    nonzero: frozenset[Expr] = frozenset()
    numbers: Iterator[int] = field(factory=lambda: count(1))

    def with_true(self, condition: Expr) -> Context:
        """The context in which the condition is known to hold."""
        return self._learn(condition, holds=True)

    def with_false(self, condition: Expr) -> Context:
        return self._learn(condition, holds=False)

    def _learn(self, condition: Expr, *, holds: bool) -> Context:
        present, nonzero = set(self.facts), set(self.nonzero)
        _collect(condition, holds, present, nonzero)
        return evolve(self, facts=frozenset(present), nonzero=frozenset(nonzero))


def _collect(condition: Expr, holds: bool, present: set[Expr], nonzero: set[Expr]) -> None:
    match condition:
        case Has(value=value) if holds:
            present.add(value)
        case Not(value=value):
            _collect(value, not holds, present, nonzero)
        case Logic(op=op, parts=parts) if (op == "and") == holds:
            for part in parts:
                _collect(part, holds, present, nonzero)
        case Compare(op=op, left=left, right=right):
            for value, other, sign in ((left, right, op), (right, left, _MIRROR[op])):
                if isinstance(other, Lit) and _excludes_zero(sign, other.value, holds):
                    nonzero.add(value)
        case _:
            pass


_MIRROR = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_OPPOSITE = {"=": "!=", "!=": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}


def _excludes_zero(op: str, bound: object, holds: bool) -> bool:
    if isinstance(bound, str | bool) or bound is None:
        return False
    op = op if holds else _OPPOSITE[op]
    match op:
        case "=":
            return bound != 0
        case "!=":
            return bound == 0
        case ">":
            return bound >= 0  # type: ignore[operator]
        case ">=":
            return bound > 0  # type: ignore[operator]
        case "<":
            return bound <= 0  # type: ignore[operator]
        case _:
            return bound < 0  # type: ignore[operator]
