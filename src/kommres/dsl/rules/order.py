"""Order of evaluation: what is read stands before what reads it; a rule that reaches itself is an error.

Rules are nodes here, not rows or members of a key: a rule may not reach itself by way of a child, a parent or
another month either.
"""

from __future__ import annotations

from collections import deque
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

from attrs import define, field

from kommres.dsl.bound.nodes import Amendment, BoundProgram, Expr, OptionBinding, OptionRef, Rule, RuleRef
from kommres.dsl.bound.walk import alternative_expressions, rule_expressions, walk
from kommres.dsl.diagnostics import Diagnostics, Label
from kommres.dsl.source import Span

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@define(eq=False)
class Reads:
    """What one rule reads directly: other rules with the place of the first reading, in this month or in past ones."""

    rule: Rule
    now: dict[Rule, Span] = field(factory=dict)
    past: dict[Rule, Span] = field(factory=dict)
    options: set[str] = field(factory=set)

    @property
    def all(self) -> list[Rule]:
        """Every rule that is read, whatever the month."""
        return list({**self.now, **self.past})


def sort_key(rule: Rule) -> tuple[str, str]:
    """Return a rule's place among others, whatever the load order."""
    return rule.id, rule.entity.name


def option_bindings(program: BoundProgram) -> dict[str, tuple[OptionBinding, ...]]:
    """Return bindings by option id: those with a condition first, then by module."""
    found: dict[str, list[OptionBinding]] = {}
    for binding in sorted(
        program.option_bindings, key=lambda b: (b.when is None, b.module, b.span.source.name, b.span.start)
    ):
        found.setdefault(binding.option.id, []).append(binding)
    return {option: tuple(bindings) for option, bindings in found.items()}


def amendments_of(program: BoundProgram) -> dict[Rule, list[Amendment]]:
    """Return amendments by rule."""
    found: dict[Rule, list[Amendment]] = {}
    for amendment in program.amendments:
        found.setdefault(amendment.rule, []).append(amendment)
    return found


def reads(program: BoundProgram) -> dict[Rule, Reads]:
    """Return what every rule of a program reads directly, its amendments and asked options included."""
    amended = amendments_of(program)
    bindings = option_bindings(program)
    graph: dict[Rule, Reads] = {}
    for rule in sorted(program.rules, key=sort_key):
        own = Reads(rule)
        expressions = list(rule_expressions(rule))
        for amendment in amended.get(rule, ()):
            for alternative in amendment.alternatives:
                expressions.extend(alternative_expressions(alternative))
        _collect(own, expressions, bindings)
        graph[rule] = own
    return graph


def _collect(own: Reads, expressions: list[Expr], bindings: Mapping[str, tuple[OptionBinding, ...]]) -> None:
    # The list grows by the conditions of options that are asked.
    for expression in expressions:
        for expr in walk(expression):
            if isinstance(expr, RuleRef):
                (own.now if expr.months is None else own.past).setdefault(expr.rule, expr.span)
            elif isinstance(expr, OptionRef) and expr.option.id not in own.options:
                own.options.add(expr.option.id)
                expressions.extend(b.when for b in bindings.get(expr.option.id, ()) if b.when is not None)


def evaluation_order(graph: Mapping[Rule, Reads], out: Diagnostics) -> list[Rule]:
    """Return all rules, each after those that it reads.

    Rings are reported (K0701, K0702); their rules stand last.
    """
    order, left = _layered(graph, set(graph))
    while left:
        ring = _ring(graph, left)
        _report(graph, ring, out)
        left -= set(ring)
        order.extend(sorted(ring, key=sort_key))
        more, left = _layered(graph, left)
        order.extend(more)
    return order


def _layered(graph: Mapping[Rule, Reads], among: set[Rule]) -> tuple[list[Rule], set[Rule]]:
    """Return the rules that can be put into order, and those that wait for a ring."""
    waits = {rule: sum(read in among for read in graph[rule].all) for rule in among}
    readers: dict[Rule, list[Rule]] = {}
    for rule in among:
        for read in graph[rule].all:
            readers.setdefault(read, []).append(rule)
    by_key = {sort_key(rule): rule for rule in among}
    ready = [sort_key(rule) for rule in among if not waits[rule]]
    heapify(ready)
    order: list[Rule] = []
    while ready:
        rule = by_key[heappop(ready)]
        order.append(rule)
        for reader in readers.get(rule, ()):
            waits[reader] -= 1
            if not waits[reader]:
                heappush(ready, sort_key(reader))
    return order, among - set(order)


def _ring(graph: Mapping[Rule, Reads], left: set[Rule]) -> list[Rule]:
    """Return the shortest ring through some rule; each rule of ``left`` reads another one of it."""
    rule = min(left, key=sort_key)
    seen: set[Rule] = set()
    while rule not in seen:
        seen.add(rule)
        rule = min((r for r in graph[rule].all if r in left), key=sort_key)
    came: dict[Rule, Rule] = {}
    queue = deque([rule])
    while queue:
        node = queue.popleft()
        for read in sorted((r for r in graph[node].all if r in left), key=sort_key):
            if read is rule:
                return _path(came, rule, node)
            if read not in came:
                came[read] = node
                queue.append(read)
    return [rule]


def _path(came: Mapping[Rule, Rule], first: Rule, last: Rule) -> list[Rule]:
    path = [last]
    while path[-1] is not first:
        path.append(came[path[-1]])
    ring = path[::-1]
    start = ring.index(min(ring, key=sort_key))
    return ring[start:] + ring[:start]


def _report(graph: Mapping[Rule, Reads], ring: Sequence[Rule], out: Diagnostics) -> None:
    labels = []
    past = False
    for rule, read in zip(ring, [*ring[1:], ring[0]], strict=True):
        now = graph[rule].now.get(read)
        when = "" if now is not None else " in past months"
        past = past or now is None
        span = now or graph[rule].past[read]
        labels.append(Label(span=span, text=f"`{rule.name}` reads `{read.name}` here{when}"))
    chain = " -> ".join(rule.name for rule in [*ring, ring[0]])
    if past:
        out.add(
            "K0702",
            f"`{ring[0].name}` reaches itself through past months: {chain}; "
            "each month would need the month before it, without end",
            labels[0].span,
            note=labels[0].text,
            labels=labels[1:],
            help="read the closed result with `charged`, or an input with `history`",
        )
    else:
        out.add(
            "K0701",
            f"`{ring[0].name}` is computed from itself: {chain}",
            labels[0].span,
            note=labels[0].text,
            labels=labels[1:],
            help="write one of these rules without the next one",
        )
