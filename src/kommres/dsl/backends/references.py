"""References: inputs, rules, parameters, options, variables, fields and the period."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from kommres.dsl.backends.writing import Mode, Place, Text, Unit, Writer, over, payload, slot_name
from kommres.dsl.plan.nodes import Op

if TYPE_CHECKING:
    from kommres.dsl.backends.rows import InputKey
    from kommres.dsl.bound.nodes import Input


def _const(unit: Unit, number: int, _place: Place) -> Text:
    return unit.known(unit.steps[number].data)


def _absent(unit: Unit, _number: int, _place: Place) -> Text:
    return unit.known(None)


def _ready(kind: str, first: str, t: str) -> str:
    """Return the test whether a supplied value is what it is: no step function, not unreadable, not missing.

    ``first`` computes it and keeps it in ``t``.
    """
    match kind:
        case "number":
            return f"{first}.__class__ is int or {t}.__class__ is Fraction"
        case "yes_no":
            return f"{first} is True or {t} is False"
        case "date" | "instant":
            return f"{first}.__class__ is int"
    return f"{first}.__class__ is str"


def ancestor(unit: Unit, slot: int, up: int) -> str:
    """Return the code of the row in a slot, or of its ancestor ``up`` steps above."""
    row = slot_name(slot)
    if up == 0:
        return row
    if up == 1:  # the usual case without a call
        t = unit.temporary()
        return f"({t} if ({t} := {row}.parent) is not None and {t}.problem is None else climb({row}, 1))"
    return f"climb({row}, {up})"


# --- inputs --------------------------------------------------------------------------------------------------


class _Keys(dict[str, "InputKey"]):
    """Member -> key of an input with one key, made once."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __missing__(self, member: str) -> InputKey:
        found = self[member] = (self._name, (member,))
        return found


def _input(unit: Unit, number: int, place: Place) -> Text:
    step = unit.steps[number]
    declared, slot, up, months = payload(step)
    keys = unit.args(number, place)
    key, again = _input_key(unit, number, declared, keys)
    row = ancestor(unit, slot, up)
    name = unit.bind(declared)
    if months is not None or place.past:
        return over(f"past_value({row}, {name}, {key}, {place.day}, {place.term})", *keys, optional=declared.optional)
    same = row
    if up:
        same = unit.temporary()
        row = f"({same} := {row})"
    t = unit.temporary()
    ready = _ready(step.kind, f"({t} := {row}.values.get({key}))", t)
    return over(
        f"({t} if {ready} else settle({t}, {same}, {name}, {again}, {place.day}))", *keys, optional=declared.optional
    )


def _input_key(unit: Unit, number: int, declared: Input, keys: list[Text]) -> tuple[str, str]:
    """Return the code of the key that an input is supplied under, and code that gives it once more."""
    held = [unit.steps[i] for i in unit.steps[number].args]
    if not unit.watched and all(step.op is Op.CONST for step in held):
        key = unit.bind((declared.name, tuple([payload(step) for step in held])))
        return key, key
    t = unit.temporary()
    if len(held) == 1 and held[0].op is Op.VAR:
        return f"({t} := {unit.bind(_Keys(declared.name))}[{keys[0].code}])", t
    return f"({t} := ({unit.literal(declared.name)}, ({''.join(f'{k.code}, ' for k in keys)})))", t


# --- rules ---------------------------------------------------------------------------------------------------


def _rule(unit: Unit, number: int, place: Place) -> Text:
    target, slot, up, months = payload(unit.steps[number])
    keys = unit.args(number, place)
    computation = unit.machine.computation(target)
    row = ancestor(unit, slot, up)
    if months is not None or place.past:
        function, when = computation.function(Mode.PAST), [place.day, place.term]
    elif place.mode is Mode.OUTSIDE and computation.varies:
        function, when = computation.function(Mode.OUTSIDE), [place.day]
    elif place.mode is Mode.STEADY and slot == 0 and computation.calm:
        function, when = computation.function(Mode.STEADY), []
    else:
        # Another row may be steady where this one is not.
        function = computation.function(Mode.PRESENT) if slot == up == 0 else computation.entry()
        when = [place.day] if computation.varies else []
    remembered = place.mode in {Mode.STEADY, Mode.PRESENT} and not place.past and not unit.watched
    if remembered:
        code = _remembered(unit, number, row, keys, function, when)
    else:
        code = f"{function}({', '.join([row, *(k.code for k in keys), *when])})"
    if computation.is_charge:  # a charge without a line is 0 where it is read as a rule
        t = unit.temporary()
        code = f"(0 if ({t} := {code}) is NO_LINE else {t})"
    return over(code, *keys, optional=computation.optional)


def _remembered(unit: Unit, number: int, row: str, keys: list[Text], function: str, when: list[str]) -> str:
    """Return the code of a rule in the month: what the row remembers is looked at before a function is called."""
    target, slot, up, _ = payload(unit.steps[number])
    computation = unit.machine.computation(target)
    same, memo = row, "memo"
    if slot or up:
        same = unit.temporary()
        memo = f"({same} := {row}).memo"
    held = [unit.steps[i] for i in unit.steps[number].args]
    again = [k.code if step.op in {Op.CONST, Op.VAR} else unit.temporary() for step, k in zip(held, keys, strict=True)]
    if all(step.op is Op.CONST for step in held):
        token = unit.bind(computation.token(tuple([payload(step) for step in held])))
    else:
        members = [k.code if k.code == t else f"({t} := {k.code})" for k, t in zip(keys, again, strict=True)]
        token = f"{unit.bind(computation.tokens)}[{', '.join(members)}]"
    t = unit.temporary()
    return (
        f"({t} if ({t} := {memo}.get({token}, UNSET)) is not UNSET else {function}({', '.join([same, *again, *when])}))"
    )


def _charged(unit: Unit, number: int, place: Place) -> Text:
    target, slot, up, _ = payload(unit.steps[number])
    key: InputKey = (unit.machine.definition(target).rule.id, ())
    return Text(f"charged({ancestor(unit, slot, up)}, {unit.bind(key)}, {place.term})", optional=True, depth=2)


# --- parameters, options -------------------------------------------------------------------------------------


def _param(unit: Unit, number: int, place: Place) -> Text:
    place_of_table, has_on, _ = payload(unit.steps[number])
    table = unit.machine.tables[place_of_table]
    keys = unit.args(number, place)
    on = keys.pop() if has_on else None
    if table.constant and not keys and on is None and not unit.watched:
        return unit.known(table.find((), 0).value)
    term = unit.machine.term
    in_month = place.mode in {Mode.STEADY, Mode.PRESENT} and not place.past and on is None
    if in_month and not unit.watched and table.settled(term.start, term.end):
        # One value a key for the whole month: looked up once.
        values = unit.bind(unit.machine.month_values(table))
        wanted = ", ".join(k.code for k in keys) or "()"
        return over(f"{values}[{wanted}]", *keys, misses=True)
    day = place.day if on is None else unit.present(on, number)
    found = f"{unit.bind(table)}.find(({''.join(f'{k.code}, ' for k in keys)}), {day})"
    parts = keys if on is None else [*keys, on]
    if unit.watched:
        return over(f"{unit.watch}.looked_up({number}, {found}, {unit.seen(place)})", *parts, misses=True)
    return over(f"{found}.value", *parts, misses=True)


def _table(unit: Unit, number: int, place: Place) -> Text:
    place_of_table, _ = payload(unit.steps[number])
    keys = unit.args(number, place)
    table = unit.bind(unit.machine.tables[place_of_table])
    wanted = "".join(f"{k.code}, " for k in keys)
    return over(f"{table}.values_of_brackets(({wanted}), {place.day})", *keys, misses=True)


def _option(unit: Unit, number: int, _place: Place) -> Text:
    option, slot = payload(unit.steps[number])
    choice = unit.machine.choices[option]
    if choice.fixed is not None:
        return unit.known(choice.fixed)
    return Text(f"{unit.bind(choice)}.of({slot_name(slot)})")


# --- variables and the period --------------------------------------------------------------------------------


def _var(unit: Unit, number: int, _place: Place) -> Text:
    return Text(slot_name(payload(unit.steps[number])))


def _field(unit: Unit, number: int, _place: Place) -> Text:
    step = unit.steps[number]
    slot, name = payload(step)
    declared = [(e, found) for e in unit.events_in(slot) if (found := e.field(name)) is not None]
    required = bool(declared) and not any(found.type.optional for _, found in declared)
    label = f"{declared[0][0].name}.{name}" if len(declared) == 1 else name
    t = unit.temporary()
    ready = _ready(step.kind, f"({t} := {slot_name(slot)}.values.get({unit.literal(name)}))", t)
    rest = f"event_field({slot_name(slot)}, {t}, {unit.literal(label)}, {required})"
    return Text(f"({t} if {ready} else {rest})", optional=not required, depth=2)


def _interval(unit: Unit, number: int, _place: Place) -> Text:
    slot, edge, grid = payload(unit.steps[number])
    end = f" + {grid.every}" if edge == "to" else ""
    return Text(f"(g{slot}.first + {slot_name(slot)} * {grid.every}{end})", depth=2)


def _series(unit: Unit, number: int, _place: Place) -> Text:
    series, slot, up, at, _ = payload(unit.steps[number])
    place = f"g{at}, {slot_name(at)}"
    if slot is not None:
        code = f"series_value({ancestor(unit, slot, up)}, {unit.bind(series)}, {place})"
        return Text(code, optional=series.optional, misses=True, depth=3)
    t, values = unit.temporary(), unit.bind(unit.machine.program_series(series))
    found = f"({t} := {values}.on(g{at})[{slot_name(at)}])"
    return Text(
        f"({t} if {found} is not None else {values}.missing({place}))",
        optional=series.optional,
        misses=True,
        depth=3,
    )


_OF_PERIOD = {"start": "START", "end": "END", "days": "DAYS"}


def _period(unit: Unit, number: int, place: Place) -> Text:
    member, months = payload(unit.steps[number])
    if member == "months":
        return unit.known(1)
    if member == "day":
        return Text(place.day)
    if months is not None or place.past:
        return Text(f"{place.term}.{_OF_PERIOD[member].lower()}")
    return evolve(unit.known(getattr(unit.machine.term, member)), code=_OF_PERIOD[member])


REFERENCES: dict[Op, Writer] = {
    Op.CONST: _const,
    Op.ABSENT: _absent,
    Op.INPUT: _input,
    Op.SERIES: _series,
    Op.INTERVAL: _interval,
    Op.RULE: _rule,
    Op.CHARGED: _charged,
    Op.PARAM: _param,
    Op.TABLE: _table,
    Op.OPTION: _option,
    Op.VAR: _var,
    Op.FIELD: _field,
    Op.PERIOD: _period,
}
