"""Going through bound expressions without naming every kind of node."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, TypeVar

import attrs

from kommres.dsl.bound.nodes import (
    Aggregate,
    Alternative,
    Binder,
    Expr,
    Intervals,
    Lit,
    OptionRef,
    OverSlices,
    Rule,
    Source,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Fields that repeat an expression which stands elsewhere in the same node.
_REPEATED = {(OverSlices, "names")}

_Node = TypeVar("_Node", bound=Expr)


@cache
def _fields(kind: type) -> tuple[str, ...]:
    return tuple(
        f.name for f in attrs.fields(kind) if f.name not in {"type", "span"} and (kind, f.name) not in _REPEATED
    )


def _names(node: Expr | Source | Binder) -> tuple[str, ...]:
    kind: type = type(node)
    return _fields(kind)


def _expressions(value: object) -> Iterator[Expr]:
    if isinstance(value, Expr):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _expressions(item)
    elif isinstance(value, Source | Binder):
        for name in _names(value):
            yield from _expressions(getattr(value, name))


def children(node: Expr | Source) -> Iterator[Expr]:
    """Yield the expressions directly inside a node, those of its sources and binders included, in written order."""
    for name in _names(node):
        value = getattr(node, name)
        if isinstance(value, Expr | tuple | Source):
            yield from _expressions(value)


def walk(node: Expr) -> Iterator[Expr]:
    """Yield the node itself and every expression below it, outer ones first."""
    stack = [node]
    while stack:
        expr = stack.pop()
        yield expr
        stack.extend(reversed(list(children(expr))))


def find(node: Expr, kind: type[_Node]) -> Iterator[_Node]:
    """Yield every expression of a kind at or below a node."""
    return (expr for expr in walk(node) if isinstance(expr, kind))


def option_refs(node: Expr) -> Iterator[OptionRef]:
    """Every option that an expression asks."""
    return find(node, OptionRef)


def alternative_expressions(alternative: Alternative) -> Iterator[Expr]:
    """Condition, module condition and body of an alternative, as far as they are there."""
    yield from (e for e in (alternative.applies, alternative.when, alternative.body) if e is not None)


def rule_expressions(rule: Rule) -> Iterator[Expr]:
    """Everything that a rule or charge itself says, alternatives included, amendments not."""
    yield from (e for e in (rule.applies, rule.when, rule.volume, rule.price) if e is not None)
    for alternative in rule.alternatives:
        yield from alternative_expressions(alternative)


def structure(node: object) -> object:
    """Return a hashable picture of an expression: equal for two expressions that say the same.

    Declarations count by identity; types, places and the names of row variables do not count.
    """
    if isinstance(node, Lit):
        return ("Lit", node.type.kind, str(node.type.unit), node.value)
    if isinstance(node, Expr | Source):
        return (type(node).__name__, *(structure(getattr(node, name)) for name in _names(node)))
    if isinstance(node, Binder):
        return ("Binder", node.slot, structure(node.source))
    if isinstance(node, tuple):
        return tuple(structure(item) for item in node)
    if node is None or isinstance(node, str | int | Fraction):
        return node
    return id(node)


def sources(node: Expr) -> Iterator[Source]:
    """Yield the sources of an aggregate's binders, those inside interval functions included."""
    if not isinstance(node, Aggregate):
        return
    for binder in node.binders:
        source: Source | None = binder.source
        while source is not None:
            yield source
            source = source.of if isinstance(source, Intervals) else None
