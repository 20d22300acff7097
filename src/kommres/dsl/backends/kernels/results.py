"""What a definition gets of others: results of other rows, one of several results, choices of options."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from kommres.dsl.backends.kernels.graph import BOOL, INT, Branch, Kind, Node, Status
from kommres.dsl.backends.kernels.numbers import NotCompiled, Numbers
from kommres.dsl.backends.kernels.scope import Made, RowAt, Scope, When
from kommres.dsl.plan.forms import Form, Leaf

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kommres.dsl.backends.kernels.builder import Builder


@frozen
class Stored:
    """A definition whose results are computed before for all rows of its entity."""

    number: int
    members: tuple[str, ...]


def stored(builder: Builder, number: int, row: RowAt, members: tuple[str, ...], when: When) -> Made:
    """Return the result of a definition for another row, computed before for all rows of its entity.

    What it was in a past month is computed where it is read.
    """
    if when.past is not None:
        return builder.instance(number, row, members, when).as_rule()
    computation = builder.machine.computation(number)
    if (when.along is not None or when.wide) and computation.varies:
        return builder.instance(number, row, members, when).as_rule()
    steady = builder.still or when.day is builder.start or builder.uncut(computation)
    if computation.varies and not steady:
        return builder.instance(number, row, members, when).as_rule()
    rule = builder.definition(number).rule
    builder.wanted[Stored(number, members)] = None
    shape = builder.proofs.definitions[number].shape
    graph = builder.graph
    array = builder.argument("stored", row.entity, number, members, "above")
    above = graph.node(INT, "{0}[{1}]", array, row.place)
    bad = graph.node(BOOL, "({0} == LEFT)", above)
    absent = graph.node(BOOL, "({0} == NOTHING)", above) if rule.type.optional else None
    status = Status(absent=absent, bad=bad)
    if rule.type.kind == "yes_no":
        return Made(status, node=graph.node(BOOL, "({0} == 1)", above))
    if rule.type.kind in {"enum", "id"}:
        return Made(status, node=above, members=rule.type.enum.members if rule.type.enum is not None else None)
    if not isinstance(shape, Form):
        raise NotCompiled("it has no value" if shape is None else shape.why)
    if not (shape.above.fits and shape.below.fits):
        raise NotCompiled("a result of another row of more than 63 bits")
    if shape.is_whole:
        return Made(status, node=above, scale=shape.scale)

    def part(leaf: Leaf, kind: Kind) -> Node:
        if leaf.scale != shape.scale:
            raise NotCompiled("a quotient of another row in other steps")
        below = graph.node(INT, "{0}[{1}]", builder.argument("stored", row.entity, number, members, "below"), row.place)
        return Numbers(graph=graph, leaves=_no_leaves).turned(above if leaf.part == "above" else below, kind)

    return Made(status, part=part)


def picked(scope: Scope, number: int, found: Sequence[tuple[Node | None, Made]], keyed: Status) -> Made:
    """Return one of several values by conditions of which exactly one holds."""
    graph, step = scope.graph, scope.steps[number]
    branches = [(Branch(test if test is not None else graph.true), made) for test, made in found]

    def merged(read: Callable[[Made], Node]) -> Node:
        *before, last = branches
        value = read(last[1])
        for branch, made in reversed(before):
            value = graph.choose(branch, read(made), value)
        return value

    def condition(which: str) -> Node | None:
        if all(getattr(made.status, which) is None for _, made in branches):
            return None
        return merged(lambda made: getattr(made.status, which) or graph.false)

    status = Status(
        absent=condition("absent"),
        miss=graph.either(keyed.miss, condition("miss")),
        bad=graph.either(keyed.bad, condition("bad")),
    )
    none = graph.node("w", "wide({0})", graph.int(0))
    members = found[0][1].members
    if step.kind in {"yes_no", "enum", "id"}:
        return Made(status, node=merged(_node_of), members=members)

    def part(leaf: Leaf, kind: Kind) -> Node:
        return merged(lambda made: _part_of(scope, made, leaf, kind))

    return Made(status, part=part, lowest=lambda: merged(lambda made: made.lowest() if made.lowest else none))


def chosen(builder: Builder, number: int, row: RowAt) -> Made:
    """Return the choice of an option for a row, as a code of its choices."""
    choice = builder.machine.choices[number]
    if choice.fixed is not None:
        return Made(text=choice.fixed, members=choice.option.choices)
    plan = builder.machine.plan.options[number]
    graph, choices = builder.graph, choice.option.choices
    code: Node = graph.int(-1)
    bad: Node | None = None
    for place, (binding, steps, when) in enumerate(plan.bindings):
        at = _ancestor(builder, row, binding.entity.name if binding.entity is not None else row.entity)
        if at is None:
            continue  # the row stands above the entity that the condition is about
        wanted = graph.int(choices.index(binding.choice))
        holds: Node = graph.true
        if when is not None:
            scope = Scope(builder, steps, builder.proofs.options[number][place], {0: at}, builder.month)
            status = scope.need(when)
            bad = graph.either(bad, status.bad, status.miss)
            holds = scope.holds(when)
        other = graph.node(BOOL, "(({0} >= 0) & ({0} != {1}))", code, wanted)
        bad = graph.either(bad, graph.both(holds, other))
        code = graph.select(holds, wanted, code)
    default = graph.int(choices.index(choice.option.default))
    code = graph.node(INT, "({1} if {0} < 0 else {0})", code, default)
    return Made(Status(bad=bad), node=code, members=choices)


def _ancestor(builder: Builder, row: RowAt, entity: str) -> RowAt | None:
    chain = [row.entity, *builder.ancestors(row.entity)]
    return builder.above(row, chain.index(entity)) if entity in chain else None


def _node_of(made: Made) -> Node:
    if made.node is None:
        raise NotCompiled("a value that is no node")
    return made.node


def _part_of(scope: Scope, made: Made, leaf: Leaf, kind: Kind) -> Node:
    if made.part is not None:
        return made.part(leaf, kind)
    return scope.numbers.turned(scope.rescaled(_node_of(made), made.scale, leaf.scale), kind)


def _no_leaves(leaf: Leaf, _kind: Kind) -> Node:
    raise NotCompiled(f"a leaf {leaf}")
