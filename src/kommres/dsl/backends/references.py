"""References: inputs, rules, parameters, options, variables, fields and the period."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from kommres.dsl.backends.closures import Compiler, Scope, absent, always, at_row, climb, known, payload, problem_of
from kommres.dsl.backends.rows import Bad, InputKey, Row
from kommres.dsl.plan.nodes import Op, Step
from kommres.dsl.problems import DataProblem
from kommres.dsl.quantity import day as show_day

if TYPE_CHECKING:
    from collections.abc import Callable

    from kommres.dsl.backends.computation import Computation
    from kommres.dsl.backends.frame import Datum, Evaluate, Frame
    from kommres.dsl.backends.tables import Table
    from kommres.dsl.bound.nodes import Input, ParamRow

#: Classes of supplied values that are what they are; others are step functions, unreadable, or missing.
_READY = frozenset({int, Fraction, str, bool})
_MISSING = object()


def _const(_scope: Scope, step: Step) -> Evaluate:
    return always(step.data)


def _absent(_scope: Scope, _step: Step) -> Evaluate:
    return always(None)


def show_input(key: InputKey) -> str:
    """Return an input as a bill's reader writes it: ``metered(day)``."""
    name, members = key
    return f"{name}({', '.join(members)})" if members else name


def settle(value: Datum, row: Row, declared: Input, key: InputKey, day: int) -> Datum:
    """Return the usable value of what was supplied on a day. Raises :class:`DataProblem` (D01xx)."""
    if value.__class__ in _READY:
        return value
    name = show_input(key)
    if value is _MISSING or value is None:
        if declared.optional:
            return None
        raise at_row("D0101", f"{name} is missing", row, name)
    if value.__class__ is Bad:
        raise problem_of(value, row)
    for start, piece in zip(reversed(value.starts), reversed(value.values), strict=True):
        if start is None or start <= day:
            if piece is None and declared.optional:
                return None
            return settle(_MISSING if piece is None else piece, row, declared, key, day)
    if declared.optional:
        return None
    raise at_row("D0106", f"{name} says nothing about {show_day(day)}", row, name)


def past_value(row: Row, declared: Input, key: InputKey, f: Frame) -> Datum:
    """Return what was supplied for the month of the frame. Raises :class:`DataProblem` (D0108)."""
    name = show_input(key)
    if not declared.history:
        raise at_row("D0108", f"{name} is read in {f.term} but has no history; mark the input `history`", row, name)
    value = row.history.get(key, {}).get(f.term.number)
    if value is None and not declared.optional:
        raise at_row("D0108", f"{name} of {f.term} was not supplied", row, name)
    return settle(value, row, declared, key, f.day)


def _input(scope: Scope, step: Step) -> Evaluate:
    declared, slot, up, months = payload(step)
    keys = scope.args(step)
    name = declared.name
    if scope.in_past(months):

        def read_past(f: Frame) -> Datum:
            row = climb(f.rows[slot], up)
            return past_value(row, declared, (name, tuple([k(f) for k in keys])), f)

        return read_past
    if not keys:
        return _plain_input(declared, slot, up, ())
    held = _held(scope, step)
    if len(held) == 1 and isinstance(held[0], str):
        return _plain_input(declared, slot, up, (held[0],))
    if len(held) == 1 and up == 0:
        return _member_input(declared, slot, held[0])

    def read_keyed(f: Frame) -> Datum:
        row = climb(f.rows[slot], up)
        key = (name, tuple([k(f) for k in keys]))
        return settle(row.values.get(key, _MISSING), row, declared, key, f.day)

    return read_keyed


def _member_input(declared: Input, slot: int, held: Any) -> Evaluate:  # noqa: ANN401 - a slot
    """Return a reader of an input with one key that a variable holds."""
    keys: dict[str, InputKey] = {member: (declared.name, (member,)) for member in declared.keys[0].members}

    def read(f: Frame) -> Datum:
        row = f.rows[slot]
        key = keys[f.rows[held]]
        value = row.values.get(key, _MISSING)
        return value if value.__class__ in _READY else settle(value, row, declared, key, f.day)

    return read


def _plain_input(declared: Input, slot: int, up: int, members: tuple[str, ...]) -> Evaluate:
    key: InputKey = (declared.name, members)
    if up == 1:

        def read_parent(f: Frame) -> Datum:
            row = f.rows[slot].parent
            if row is None or row.problem is not None:
                row = climb(f.rows[slot], 1)
            value = row.values.get(key, _MISSING)
            return value if value.__class__ in _READY else settle(value, row, declared, key, f.day)

        return read_parent
    if up:

        def read_above(f: Frame) -> Datum:
            row = climb(f.rows[slot], up)
            return settle(row.values.get(key, _MISSING), row, declared, key, f.day)

        return read_above

    def read(f: Frame) -> Datum:
        row = f.rows[slot]
        value = row.values.get(key, _MISSING)
        return value if value.__class__ in _READY else settle(value, row, declared, key, f.day)

    return read


def _rule(scope: Scope, step: Step) -> Evaluate:
    number, slot, up, months = payload(step)
    keys = scope.args(step)
    target = scope.machine.computation(number, past=scope.in_past(months))
    read, token = target.read, target.token
    if keys:
        slots = _held(scope, step)
        if len(slots) == 1 and slot == up == 0:
            return _rule_of_member(target, slots[0])  # the usual case, made fast
        return lambda f: read(climb(f.rows[slot], up), token(tuple([k(f) for k in keys])), f.day, f.term)
    only = token(())
    fast = target.reader(only, up) if slot == 0 else None
    return fast or (lambda f: read(climb(f.rows[slot], up), only, f.day, f.term))


def _held(scope: Scope, step: Step) -> list[int | str]:
    """Return where each key is found, a slot or a constant member; an empty list if one is computed otherwise."""
    found: list[int | str] = []
    for number in step.args:
        key = scope.steps[number]
        if key.op is Op.VAR or (key.op is Op.CONST and isinstance(key.data, str)):
            found.append(payload(key))
        else:
            return []
    return found if scope.hook is None else []


def _rule_of_member(target: Computation, held: int | str) -> Evaluate:
    """Return a reader of a rule of the own row with one key."""
    if isinstance(held, str):
        token = target.token((held,))
        return target.reader(token, 0) or (lambda f: target.read(f.rows[0], token, f.day, f.term))
    readers: dict[str, Evaluate] = {}

    def read(f: Frame) -> Datum:
        member = f.rows[held]
        reader = readers.get(member)
        if reader is None:
            token = target.token((member,))
            reader = target.reader(token, 0) or (lambda g: target.read(g.rows[0], token, g.day, g.term))
            readers[member] = reader
        return reader(f)

    return read


def _charged(scope: Scope, step: Step) -> Evaluate:
    number, slot, up, _ = payload(step)
    rule = scope.machine.definition(number).rule
    key: InputKey = (rule.id, ())

    def read_charged(f: Frame) -> Datum:
        row = climb(f.rows[slot], up)
        value = row.history.get(key, {}).get(f.term.number)  # None: no line, or not supplied; the type is optional
        if isinstance(value, Bad):
            raise problem_of(value, row)
        return value

    return read_charged


def _finder(table: Table, args: list[Evaluate]) -> Callable[[Frame], ParamRow]:
    if not args:
        return lambda f: table.find((), f.day)
    if len(args) == 1:
        only = args[0]
        return lambda f: table.find((only(f),), f.day)
    return lambda f: table.find(tuple([k(f) for k in args]), f.day)


def _finder_on(table: Table, args: list[Evaluate], on: Evaluate, step: Step) -> Callable[[Frame], ParamRow]:
    def find(f: Frame) -> ParamRow:
        day = on(f)
        return table.find(tuple([k(f) for k in args]), absent(step) if day is None else day)

    return find


def _param(scope: Scope, step: Step) -> Evaluate:
    number, has_on, months = payload(step)
    table: Table = scope.machine.tables[number]
    args = scope.args(step)
    on = args.pop() if has_on else None
    if not args and on is None and scope.hook is None and table.constant and not scope.in_past(months):
        return known(scope, table.find((), 0).value)
    find = _finder(table, args) if on is None else _finder_on(table, args, on, step)
    hook, definition, place = scope.hook, scope.definition, scope.number
    if hook is None or definition is None:
        return lambda f: find(f).value

    def look_up(f: Frame) -> Datum:
        entry = find(f)
        hook.looked_up(definition, place, f, entry)
        return entry.value

    return look_up


def _table(scope: Scope, step: Step) -> Evaluate:
    number, _ = payload(step)
    table: Table = scope.machine.tables[number]
    keys = scope.args(step)

    def whole(f: Frame) -> tuple[object, ...]:
        return tuple((low, high, row.value) for low, high, row in table.brackets(tuple([k(f) for k in keys]), f.day))

    return whole


def _option(scope: Scope, step: Step) -> Evaluate:
    number, slot = payload(step)
    choice = scope.machine.choices[number]
    if choice.fixed is not None:
        return known(scope, choice.fixed)
    return lambda f: choice.of(f.rows[slot])


def _var(_scope: Scope, step: Step) -> Evaluate:
    slot: Any = step.data
    return lambda f: f.rows[slot]


def _field(scope: Scope, step: Step) -> Evaluate:
    slot, name = payload(step)
    declared = [(e, found) for e in scope.events.get(slot, ()) if (found := e.field(name)) is not None]
    required = bool(declared) and not any(found.type.optional for _, found in declared)
    label = f"{declared[0][0].name}.{name}" if len(declared) == 1 else name

    def read_field(f: Frame) -> Datum:
        row = f.rows[slot]
        value = row.values.get(name)
        if value.__class__ in _READY:
            return value
        if value is not None:
            raise DataProblem(value.code, value.message, row=row.id, field=label)
        if required:
            raise DataProblem("D0101", f"{label} is missing", row=row.id, field=label)
        return None

    return read_field


def _period(scope: Scope, step: Step) -> Evaluate:
    member, months = payload(step)
    if member == "months":
        return known(scope, 1)
    if member == "day":
        return lambda f: f.day
    if not scope.in_past(months):
        return known(scope, getattr(scope.machine.term, member))
    return lambda f: getattr(f.term, member)


REFERENCES: dict[Op, Compiler] = {
    Op.CONST: _const,
    Op.ABSENT: _absent,
    Op.INPUT: _input,
    Op.RULE: _rule,
    Op.CHARGED: _charged,
    Op.PARAM: _param,
    Op.TABLE: _table,
    Op.OPTION: _option,
    Op.VAR: _var,
    Op.FIELD: _field,
    Op.PERIOD: _period,
}
