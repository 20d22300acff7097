"""Steps that read: constants, inputs, fields of events, tables, options, the period, other rules."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import TYPE_CHECKING, TypeAlias

from attrs import evolve

from kommres.dsl.backends.kernels.graph import BOOL, INT, Node, Status
from kommres.dsl.backends.kernels.numbers import NotCompiled
from kommres.dsl.backends.kernels.results import chosen, picked, stored
from kommres.dsl.backends.kernels.scope import DayAt, EventAt, IntervalAt, Made, Member, RowAt, Scope
from kommres.dsl.plan.nodes import Op
from kommres.dsl.plan.payload import payload

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kommres.dsl.backends.kernels.batch import Coding
    from kommres.dsl.backends.kernels.graph import Kind
    from kommres.dsl.backends.rows import InputKey
    from kommres.dsl.plan.forms import Leaf

#: What a key of a reference holds: a member, a day, an interval.
Keyed: TypeAlias = str | DayAt | IntervalAt
#: So many combinations of members are tried one by one where a key is not a constant.
_MOST_MEMBERS = 24


# --- constants -----------------------------------------------------------------------------------------------


def _const(scope: Scope, number: int) -> Made:
    step = scope.steps[number]
    value = step.data
    graph = scope.graph
    match value:
        case bool():
            return Made(node=graph.true if value else graph.false)
        case str():
            return Made(text=value)
        case int() if step.kind != "number":
            return Made(node=graph.int(value))
        case int() | Fraction():
            return Made()
    raise NotCompiled(f"a constant {value!r}")


def _absent(scope: Scope, number: int) -> Made:
    made = scope.refused(scope.steps[number].kind)
    return Made(Status(absent=scope.graph.true), made.node, part=made.part)


# --- rows ----------------------------------------------------------------------------------------------------


def row_of(scope: Scope, slot: int, up: int) -> RowAt:
    """Return the row in a slot, or its ancestor. Raises :class:`NotCompiled`."""
    held = scope.slots.get(slot)
    if not isinstance(held, RowAt):
        raise NotCompiled("a slot that holds no row")
    return scope.builder.above(held, up)


def keys_of(scope: Scope, number: int) -> list[tuple[tuple[Keyed, ...], Node | None]]:
    """Return what the keys of a reference may be, each with its condition (None: it always is)."""
    choices: list[list[tuple[Keyed, Node | None]]] = []
    for key in scope.steps[number].args:
        step = scope.steps[key]
        held = scope.slots.get(payload(step)) if step.op is Op.VAR else None
        if isinstance(held, Member):
            choices.append([(held.text, None)])
            continue
        if isinstance(held, IntervalAt | DayAt):
            choices.append([(held, None)])
            continue
        if step.kind == "date":
            choices.append([(DayAt(scope.word(key)), None)])
            continue
        made = scope.made(key)
        if made.text is not None:
            choices.append([(made.text, None)])
            continue
        members = made.members
        if members is None or made.node is None or len(members) > _MOST_MEMBERS:
            raise NotCompiled("a key that is no member of a small enumeration")
        graph = scope.graph
        choices.append([(m, graph.node(BOOL, "({0} == {1})", made.node, graph.int(n))) for n, m in enumerate(members)])
    found: list[tuple[tuple[Keyed, ...], Node | None]] = []
    for combination in product(*choices):
        test: Node | None = None
        for _, condition in combination:
            if condition is not None:
                test = condition if test is None else scope.graph.both(test, condition)
        found.append((tuple([m for m, _ in combination]), test))
    return found


def named(keys: tuple[Keyed, ...]) -> tuple[str, ...]:
    """Return keys that are members."""
    return tuple([key for key in keys if isinstance(key, str)])


def by_key(scope: Scope, number: int, make: Callable[[tuple[Keyed, ...]], Made]) -> Made:
    """Return what a reference gives for its keys; where they are no constants, one of all members."""
    choices = keys_of(scope, number)
    keyed = scope.need(*scope.steps[number].args)
    if len(choices) == 1:
        made = make(choices[0][0])
        if keyed.sure:
            return made
        either, status = scope.graph.either, made.status
        return evolve(
            made, status=evolve(status, miss=either(status.miss, keyed.miss), bad=either(status.bad, keyed.bad))
        )
    found = [(test, make(members)) for members, test in choices]
    return picked(scope, number, found, keyed)


# --- inputs and fields ---------------------------------------------------------------------------------------


def decoded(scope: Scope, cell: Node, coding: Coding) -> Made:
    """Return what a cell comes to: tests of its range stand for everything that can be wrong with it."""
    graph = scope.graph
    low = coding.absent if coding.optional else coding.low
    bad = graph.node(BOOL, "(({0} < {1}) | ({0} > {2}))", cell, graph.int(low), graph.int(coding.high))
    absent = graph.node(BOOL, "({0} == {1})", cell, graph.int(coding.absent)) if coding.optional else None
    status = Status(absent=absent, bad=bad)
    if coding.kind == "yes_no":
        return Made(status, node=graph.node(BOOL, "({0} == 1)", cell))
    return Made(status, node=cell, scale=coding.scale, members=coding.members or None)


def _input(scope: Scope, number: int) -> Made:
    declared, slot, up, _ = payload(scope.steps[number])
    row = row_of(scope, slot, up)
    if scope.when.past is not None and not declared.history:
        raise NotCompiled(f"{declared.name} is not supplied for past months")

    def one(members: tuple[Keyed, ...]) -> Made:
        key = declared.name, named(members)
        if scope.when.past is not None:
            return supplied(scope, row, key)
        coding = scope.builder.layout.inputs.get(row.entity, {}).get(key)
        if coding is None:
            raise NotCompiled(f"{declared.name} needs more than 64 bits")
        cell = scope.builder.cell(row, key, scope.when)
        return decoded(scope, cell, coding)

    return by_key(scope, number, one)


def supplied(scope: Scope, row: RowAt, key: InputKey) -> Made:
    """Return what was supplied for the current month, which is a past one."""
    builder, graph = scope.builder, scope.graph
    coding = builder.layout.past.get(row.entity, {}).get(key)
    if coding is None:
        raise NotCompiled(f"{key[0]} needs more than 64 bits")
    offsets, months, values = (
        builder.argument(what, row.entity, key) for what in ("past offsets", "past months", "past values")
    )
    args = offsets, months, values, row.place, scope.term.number, graph.int(coding.absent)
    return decoded(scope, graph.node(INT, "in_month({0}, {1}, {2}, {3}, {4}, {5})", *args), coding)


def _field(scope: Scope, number: int) -> Made:
    slot, name = payload(scope.steps[number])
    held = scope.slots.get(slot)
    if not isinstance(held, EventAt):
        raise NotCompiled("a field of what is no event")
    if name in held.fields:
        return held.fields[name]
    coding = scope.builder.layout.events.get(held.entity, {}).get(held.event, {}).get(name)
    if coding is None:
        raise NotCompiled(f"{held.event}.{name} needs more than 64 bits")
    array = scope.builder.argument("event", held.entity, held.event, name)
    made = decoded(scope, scope.graph.node(INT, "int64({0}[{1}])", array, held.place), coding)
    declared = next(
        e for e in scope.builder.machine.plan.events if (e.entity.name, e.name) == (held.entity, held.event)
    )
    found = declared.field(name)
    if found is not None and not found.type.optional:  # an interval without an end is read, its end is not
        status = Status(bad=scope.graph.either(made.status.bad, made.status.absent))
        return evolve(made, status=status)
    return made


def _var(scope: Scope, number: int) -> Made:
    held = scope.slots.get(payload(scope.steps[number]))
    match held:
        case DayAt():
            return Made(node=held.day)
        case IntervalAt():
            return Made(node=held.along.place)
    if not isinstance(held, Member):
        raise NotCompiled("a row as a value")
    return Made(text=held.text)


# --- the period ----------------------------------------------------------------------------------------------


def _period(scope: Scope, number: int) -> Made:
    member, _ = payload(scope.steps[number])
    match member:
        case "months":
            return Made(node=scope.graph.int(1))
        case "day":
            return Made(node=scope.when.day)
        case "days":
            return Made(node=scope.days)
    return Made(node={"start": scope.term.start, "end": scope.term.end}[member])


def _slice(scope: Scope, number: int) -> Made:
    graph, when = scope.graph, scope.when
    match payload(scope.steps[number]):
        case "start":
            return Made(node=when.start)
        case "end":
            return Made(node=when.end)
    days = scope.days if when.whole else graph.node(INT, "({0} - {1})", when.end, when.start)
    if payload(scope.steps[number]) == "days":
        return Made(node=days)
    numbers = scope.numbers

    def part(leaf: Leaf, kind: Kind) -> Node:
        if when.wide:  # in steps of which every month has a whole number a day
            return numbers.turned(
                graph.node(INT, "months_in({0}, {1}, {2})", when.start, when.end, graph.int(leaf.scale)), kind
            )
        if leaf.part == "value":  # in steps of which every month has a whole number a day
            step = graph.node(INT, "({0} // {1})", graph.int(leaf.scale), scope.days)
            return numbers.turned(graph.node(INT, "({0} * {1})", days, step), kind)
        return numbers.turned(scope.days if leaf.part == "below" else days, kind)

    return Made(part=part)


# --- tables and options --------------------------------------------------------------------------------------


def _param(scope: Scope, number: int) -> Made:
    position, has_on, _ = payload(scope.steps[number])
    args: Sequence[int] = scope.steps[number].args
    keys = args[:-1] if has_on else args
    day = scope.word(args[-1]) if has_on else None
    return scope.builder.tables.found(scope, position, keys, scope.need(*args), day)


def _option(scope: Scope, number: int) -> Made:
    option, slot = payload(scope.steps[number])
    return chosen(scope.builder, option, row_of(scope, slot, 0))


# --- rules ---------------------------------------------------------------------------------------------------


def _rule(scope: Scope, number: int) -> Made:
    target, slot, up, _ = payload(scope.steps[number])
    row = row_of(scope, slot, up)

    def one(members: tuple[Keyed, ...]) -> Made:
        builder = scope.builder
        if row == scope.row or not all(isinstance(member, str) for member in members):
            return builder.instance(target, row, members, scope.when).as_rule()
        return stored(builder, target, row, named(members), scope.when)

    return by_key(scope, number, one)


def _charged(scope: Scope, number: int) -> Made:
    target, slot, up, _ = payload(scope.steps[number])
    return supplied(scope, row_of(scope, slot, up), (scope.builder.definition(target).rule.id, ()))


READING: dict[Op, Callable[[Scope, int], Made]] = {
    Op.CONST: _const,
    Op.ABSENT: _absent,
    Op.INPUT: _input,
    Op.FIELD: _field,
    Op.VAR: _var,
    Op.PERIOD: _period,
    Op.SLICE: _slice,
    Op.PARAM: _param,
    Op.OPTION: _option,
    Op.RULE: _rule,
    Op.CHARGED: _charged,
}
