"""How far back a kernel looks for past months of a row."""

from __future__ import annotations

from kommres.dsl.backends.kernels.graph import INT, Node
from kommres.dsl.backends.kernels.reading import keys_of, row_of
from kommres.dsl.backends.kernels.scope import Member, Scope, Term
from kommres.dsl.plan.nodes import Op
from kommres.dsl.plan.payload import payload


def furthest(scope: Scope, where: int, before: Term, count: Node) -> Node:
    """Return how many of the months before one there are to look at.

    Where a condition first asks whether something was supplied, it does not hold in any month before the first of
    which it was.
    """
    while scope.steps[where].op is Op.AND:
        where = scope.steps[where].args[0]
    step = scope.steps[where]
    if step.op is not Op.HAS:
        return count
    (number,) = step.args
    if scope.steps[number].op is not Op.INPUT or not _settled(scope, number):
        return count
    declared, slot, up, _ = payload(scope.steps[number])
    row = row_of(scope, slot, up)
    ((members, _),) = keys_of(scope, number)
    if not declared.optional or (declared.name, members) not in scope.builder.layout.past.get(row.entity, {}):
        return count
    key = declared.name, members
    offsets, months = (scope.builder.argument(what, row.entity, key) for what in ("past offsets", "past months"))
    code = "min({3}, since_first({0}, {1}, {2}, {4}))"
    return scope.graph.node(INT, code, offsets, months, row.place, count, before.number)


def _settled(scope: Scope, number: int) -> bool:
    """Whether the keys of a reference are known before any row is read."""
    for key in scope.steps[number].args:
        step = scope.steps[key]
        known = step.op is Op.CONST or (step.op is Op.VAR and isinstance(scope.slots.get(payload(step)), Member))
        if not known:
            return False
    return True
