"""A single case as rows: nested JSON of ``eval`` and ``explain``, and the examples that stand in rule files.

A case names entities with their values: ``{"building": {"region": "north"}, "premises": [{"id": "1", "residents":
2}]}``. Children stand inside their parent or beside it with its id; where one row of each entity is enough, values may
stand at the top. Wrong names raise :class:`UsageError`; values that cannot be read become :class:`Bad` and refuse what
uses them.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, TypeAlias

from kommres.dsl.backends.rows import Bad, EventRow, InputKey, Plain, Row, Steps
from kommres.dsl.backends.zones import Zone
from kommres.dsl.bound.nodes import Entity, Enum, Event, EventField, Example, ExampleRow, Input, Rule, Type
from kommres.dsl.diagnostics import closest
from kommres.dsl.filling import give_json, give_parts
from kommres.dsl.reading import MOST_DIGITS, check_number, read_declared, read_value
from kommres.errors import UsageError
from kommres.period import Month

if TYPE_CHECKING:
    from kommres.dsl.plan.nodes import Plan

#: What JSON or an example holds, before it is read.
Json: TypeAlias = Any

_WRAPPED = frozenset({"value", "history"})


def loads_exact(text: str) -> Json:
    """Read JSON with numbers as ``int`` and ``Decimal``. Raises :class:`UsageError` (U0501)."""
    try:
        return json.loads(
            text,
            parse_float=_decimal,
            parse_int=lambda digits: int(digits) if len(digits) <= 2 * MOST_DIGITS else Decimal(digits),
            parse_constant=_no_number,
            object_pairs_hook=_once,
        )
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise UsageError(
            "the case is not JSON", code="U0501", where=where, why=error.msg, todo="correct the text there"
        ) from None
    except RecursionError:
        raise UsageError(
            "the case is nested too deep", code="U0501", todo="give entities inside entities only"
        ) from None


def _decimal(digits: str) -> Json:
    try:
        return Decimal(digits)
    except InvalidOperation:  # an exponent beyond all decimals: the reader refuses the text
        return digits


def _no_number(word: str) -> Json:
    raise UsageError(
        f"{word} in the case", code="U0501", why="it is not a number", todo="leave the value out if there is none"
    )


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise UsageError(f"{name!r} stands twice in one object of the case", code="U0501", todo="keep one of them")
        found[name] = value
    return found


class Tree:
    """Rows under construction: found by entity and id, linked to parents at the end."""

    def __init__(self, plan: Plan) -> None:
        self.entities = {entity.name: entity for entity in plan.program.entities}
        self.inputs = {(i.entity.name, i.name): i for i in plan.inputs}
        self.events = {(e.entity.name, e.name): e for e in plan.events}
        self.series = {(s.entity.name, s.name): s for s in plan.series if s.entity is not None}
        self.charges = {(r.entity.name, r.name): r for r in plan.program.rules if r.is_charge}
        #: what a row may have by its name; results of past months stand last
        self.named = (self.inputs, self.events, self.series, self.charges)
        self.rows: dict[str, list[Row]] = {name: [] for name in self.entities}
        self.parents: dict[int, str | Row] = {}

    def add(self, entity: str, id_: str = "") -> Row:
        """Add a row; without an id it gets the next number."""
        rows = self.rows[entity]
        row = Row(entity, id_ or str(len(rows) + 1))
        rows.append(row)
        return row

    def single(self, entity: str, id_: str = "") -> Row:
        """Return the row with an id, or the only row, added where missing. Raises :class:`UsageError` (U0503)."""
        rows = self.rows[entity]
        if id_:
            return next((row for row in rows if row.id == id_), None) or self.add(entity, id_)
        if len(rows) > 1:
            ids = ", ".join(row.id for row in rows[:6])
            raise UsageError(
                f"a value of {entity}",
                code="U0503",
                why=f"there are several rows: {ids}",
                todo="say of which row it is",
            )
        return rows[0] if rows else self.add(entity)

    def finish(self, needed: Iterable[str]) -> list[Row]:
        """Add what is missing, link rows to their parents, and return all rows, parents first."""
        for name in needed:
            if not self.rows[name]:
                self.add(name)
        ordered = sorted(self.entities.values(), key=lambda e: len(e.ancestors))
        for entity in reversed(ordered):
            if entity.parent is not None and self.rows[entity.name] and not self.rows[entity.parent.name]:
                self.add(entity.parent.name)
        for entity in ordered:
            self._check_ids(entity.name)
            if entity.parent is not None:
                for row in self.rows[entity.name]:
                    self._link(row, entity.parent)
        return [row for entity in ordered for row in self.rows[entity.name]]

    def _check_ids(self, entity: str) -> None:
        ids = [row.id for row in self.rows[entity]]
        for row in self.rows[entity]:
            if ids.count(row.id) > 1:
                row.problem = Bad("D0502", f"the id {row.id} stands more than once in {entity}", "id")

    def _link(self, row: Row, entity: Entity) -> None:
        stated = self.parents.get(id(row))
        rows = self.rows[entity.name]
        if isinstance(stated, Row):
            parent: Row | None = stated
        elif stated is not None:
            parent = next((candidate for candidate in rows if candidate.id == stated), None)
        else:
            parent = rows[0] if len(rows) == 1 else None
        if parent is None:
            why = (
                f"there is no {entity.name} {stated}"
                if stated
                else f"no {entity.name} is named and there are {len(rows)}"
            )
            row.problem = row.problem or Bad("D0503", why, entity.name)
            return
        row.parent = parent
        parent.children.setdefault(row.entity, []).append(row)


# --- JSON ----------------------------------------------------------------------------------------------------


def rows_from_case(plan: Plan, case: object, *, needed: Iterable[str] = (), month: Month | None = None) -> list[Row]:
    """Return the rows of a case.

    Parameters
    ----------
    plan
        The program that the case is for.
    case
        Parsed JSON (:func:`loads_exact`).
    needed
        Names of entities of which there must be a row, even if the case says nothing about it.
    month
        The period; only series need it.

    Returns
    -------
    All rows of all entities, parents before children.

    Raises
    ------
    UsageError
        For unknown names (U0502) and shapes that cannot be (U0503).
    """
    reader = _CaseReader(plan, month)
    reader.top(_object(case, "the case"))
    return reader.finish(needed)


class _CaseReader:
    """First builds the tree, then reads values: a time zone of the root must be known before instants are read."""

    def __init__(self, plan: Plan, month: Month | None) -> None:
        self.tree = Tree(plan)
        self.month = month
        self.raw: list[tuple[Row, str, Any]] = []

    def finish(self, needed: Iterable[str]) -> list[Row]:
        rows = self.tree.finish(needed)
        late = [item for item in self.raw if item[1] != "time_zone"]
        for row, name, value in [item for item in self.raw if item[1] == "time_zone"] + late:
            self._read(row, name, value)
        return rows

    # structure -------------------------------------------------------------------------------------------

    def top(self, case: Mapping[str, Any]) -> None:
        flat: dict[str, Any] = {}
        for name, value in case.items():
            if name in self.tree.entities and isinstance(value, Mapping | list):
                for item in value if isinstance(value, list) else [value]:
                    self._row(name, item, None)
            else:
                flat[name] = value
        for name, value in flat.items():
            entity, word = self._owner(name)
            self.raw.append((self.tree.single(entity), word, value))

    def _owner(self, name: str) -> tuple[str, str]:
        """Return the entity that a value at the top belongs to."""
        qualifier, _, word = name.rpartition(".")
        places = [
            entity
            for entity, known in [*self.tree.inputs, *self.tree.events, *self.tree.series, *self.tree.charges]
            if known == word and qualifier in {"", entity}
        ]
        owners = list(dict.fromkeys(places))
        if len(owners) == 1:
            return owners[0], word
        if owners:
            choices = " or ".join(f"{owner}.{word}" for owner in owners)
            raise UsageError(
                f"{name!r} in the case", code="U0502", why="several entities have it", todo=f"write {choices}"
            )
        known = [*self.tree.entities, *(n for _, n in [*self.tree.inputs, *self.tree.events, *self.tree.series])]
        raise _unknown(name, "the case", known)

    def _row(self, entity: str, item: object, parent: Row | None) -> None:
        values = _object(item, entity)
        row = self.tree.add(entity, _id_text(values.get("id"), entity))
        if parent is not None:
            self.tree.parents[id(row)] = parent
        above = self.tree.entities[entity].parent
        for name, value in values.items():
            child = self.tree.entities.get(name)
            if name == "id":
                continue
            if child is not None and child.parent is self.tree.entities[entity] and isinstance(value, Mapping | list):
                for below in value if isinstance(value, list) else [value]:
                    self._row(name, below, row)
            elif any((entity, name) in known for known in self.tree.named):
                self.raw.append((row, name, value))
            elif above is not None and name == above.name and not isinstance(value, Mapping | list):
                self.tree.parents.setdefault(id(row), _id_text(value, entity))
            else:
                names = [n for known in self.tree.named[:-1] for e, n in known if e == entity]
                children = [e.name for e in self.tree.entities.values() if e.parent is self.tree.entities[entity]]
                raise _unknown(name, f"{entity} {row.id}", ["id", *names, *children])

    # values ----------------------------------------------------------------------------------------------

    def _read(self, row: Row, name: str, raw: Json) -> None:
        place = (row.entity, name)
        if place in self.tree.events:
            self._events(row, self.tree.events[place], raw)
        elif place in self.tree.inputs:
            self._input(row, self.tree.inputs[place], raw)
        elif place in self.tree.series:
            give_json(row, self.tree.series[place], raw, self.month, _zone(row))
        else:
            self._charged(row, self.tree.charges[place], raw)

    def _input(self, row: Row, declared: Input, raw: Json) -> None:
        where = f"{declared.name} of {row.entity} {row.id}"
        raw, history = _unwrapped(raw, where)
        zone = _zone(row)
        for members, value in _by_key(raw, declared.keys, where):
            now, past = _unwrapped(value, where) if members else (value, {})
            found = self._value(now, declared, zone, where)
            if found is not None:
                row.values[declared.name, members] = found
            for month, then in past.items():
                self._past(row, declared, members, month, then)
        for month, then in history.items():
            for members, value in _by_key(then, declared.keys, where):
                self._past(row, declared, members, month, value)

    def _past(self, row: Row, declared: Input, members: tuple[str, ...], month: str, raw: Json) -> None:
        read = read_declared(raw, declared, _zone(row))
        if read is not None:
            row.history.setdefault((declared.name, members), {})[Month.parse(month).number] = read

    def _value(self, raw: Json, declared: Input, zone: Zone, where: str) -> Plain | Bad | Steps | None:
        if isinstance(raw, Mapping):
            raise UsageError(
                f"an object for {where}",
                code="U0503",
                why="it is one value",
                todo='write the value, or {"value": …, "history": {…}}',
            )
        if not isinstance(raw, list):
            return read_declared(raw, declared, zone)
        if not declared.varies:
            return Bad("D0102", f"{declared.name} is given by days, but it does not vary inside a month", declared.name)
        starts: list[int | None] = []
        values: list[Plain | Bad | None] = []
        for item in raw:
            step = _object(item, where)
            if not set(step) <= {"from", "value"}:
                raise _unknown(next(n for n in step if n not in {"from", "value"}), where, ["from", "value"])
            start = _day(step.get("from"), where)
            if starts and (start is None or (starts[-1] is not None and start <= starts[-1])):
                raise UsageError(
                    f"the days of {where}",
                    code="U0503",
                    why="they do not rise",
                    todo="give each later value a later `from`",
                )
            starts.append(start)
            values.append(read_declared(step.get("value"), declared, zone))
        return Steps(tuple(starts), tuple(values)) if starts else None

    def _charged(self, row: Row, rule: Rule, raw: Json) -> None:
        where = f"{rule.name} of {row.entity} {row.id}"
        if not isinstance(raw, Mapping) or set(raw) != {"history"}:
            raise UsageError(
                f"a value for {where}", code="U0503", why="a charge is computed; only past results can be given",
                todo='write {"history": {"2025-12": "100.00"}}',
            )  # fmt: skip
        for month, past in _object(raw["history"], where).items():
            read = read_value(past, rule.type, name=rule.name)
            if read is not None:
                row.history.setdefault((rule.id, ()), {})[Month.parse(month).number] = read

    def _events(self, row: Row, event: Event, raw: Json) -> None:
        where = f"{event.name} of {row.entity} {row.id}"
        zone = _zone(row)
        for number, item in enumerate(raw if isinstance(raw, list) else [raw], start=1):
            supplied = _object(item, where)
            found = EventRow({}, _id_text(supplied.get("id"), where) or str(number))
            for name, value in supplied.items():
                declared = event.field(name)
                if declared is None and name == "id":
                    continue
                if declared is None:
                    raise _unknown(name, where, [f.name for f in event.fields])
                read = read_declared(value, declared, zone)
                if read is not None:
                    found.values[name] = read
            row.events.setdefault(event.name, []).append(found)


def _object(value: object, where: str, *, shape: str = '{"name": value, …}') -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise UsageError(
            f"{_short(value)} for {where}",
            code="U0503",
            why="an object in braces is needed",
            todo=f"write {shape}",
        )
    return value


def _unwrapped(raw: Json, where: str) -> tuple[Json, Mapping[str, Any]]:
    """Return the value of the month, and past months, where both stand in one object."""
    if isinstance(raw, Mapping) and raw and set(raw) <= _WRAPPED:
        return raw.get("value"), _object(raw.get("history", {}), where)
    return raw, {}


def _short(value: object) -> str:
    text = str(value)
    return repr(text if len(text) <= 40 else text[:37] + "…")


def _unknown(name: str, where: str, known: Sequence[str]) -> UsageError:
    near = closest(name, known)
    todo = f"did you mean {near!r}?" if near else f"known are {', '.join(dict.fromkeys(known))}"
    return UsageError(f"{name!r} in {where}", code="U0502", why="the rules know no such name", todo=todo)


def _id_text(value: object, where: str) -> str:
    if value is None:
        return ""
    if isinstance(value, str | int) and not isinstance(value, bool):
        return str(value).strip()
    raise UsageError(
        f"{_short(value)} as an id of {where}", code="U0503", why="an id is text", todo="write it in quotes"
    )


def _day(value: object, where: str) -> int | None:
    found = read_value(value, Type(kind="date"), name="from")
    if isinstance(found, Bad):
        raise UsageError(
            f"{_short(value)} as a day of {where}", code="U0503", why=found.message, todo="write it as 2026-01-31"
        )
    return None if found is None else int(found)


def _by_key(raw: Json, keys: tuple[Enum, ...], where: str) -> list[tuple[tuple[str, ...], Any]]:
    """Return (members, value) of a keyed input: objects inside objects, one level a key.

    A level may be left out where the names are those of the next key: what stands there holds for all its members.
    """
    found: list[tuple[tuple[str, ...], Any]] = [((), raw)]
    for place, enum in enumerate(keys):
        later = keys[place + 1].members if place + 1 < len(keys) else ()
        deeper: list[tuple[tuple[str, ...], Any]] = []
        for members, value in found:
            if value is None:
                continue
            named = _object(value, where, shape=_shape(keys[place:]))
            if named and later and all(name in later and name not in enum.members for name in named):
                deeper += [((*members, member), value) for member in enum.members]
                continue
            for member, inner in named.items():
                if member not in enum.members:
                    raise _unknown(member, where, enum.members)
                deeper.append(((*members, member), inner))
        found = deeper
    return found


def _shape(keys: Sequence[Enum]) -> str:
    """Return what a keyed value looks like: ``{"cold": value, …}``."""
    shape = "value"
    for enum in reversed(keys):
        shape = f'{{"{enum.members[0]}": {shape}, …}}'
    return shape


def _zone(row: Row) -> Zone:
    root = row
    while root.parent is not None:
        root = root.parent
    name = root.values.get(("time_zone", ()))
    try:
        return Zone.named(name) if isinstance(name, str) else Zone.UTC
    except ValueError:
        return Zone.UTC  # whoever needs local days is refused by name


# --- examples ------------------------------------------------------------------------------------------------


def rows_from_example(plan: Plan, example: Example) -> list[Row]:
    """Return the rows that an example gives, with a row for everything that it expects; parents before children."""
    tree = Tree(plan)
    given_to: list[tuple[Row, ExampleRow]] = []
    for given in example.rows:
        if given.entity is not None:
            row = tree.single(given.entity.name, given.row)
            if given.owner:
                tree.parents[id(row)] = given.owner
            given_to.append((row, given))
    given_to += [(tree.single(g.event.entity.name, g.owner), g) for g in example.rows if g.event is not None]
    for expected in example.expected:
        if expected.row or not tree.rows[expected.rule.entity.name]:
            tree.single(expected.rule.entity.name, expected.row or "")
    rows = tree.finish(())
    # A time zone of the root must be known before instants are read.
    for row, given in sorted(given_to, key=lambda item: all(name != "time_zone" for name, _, _ in item[1].values)):
        if given.event is None:
            _give(tree, row, given, Month.of(*example.month))
        else:
            _give_event(row, given.event, given)
    return rows


def _give(tree: Tree, row: Row, given: ExampleRow, month: Month) -> None:
    # A zone that stands beside other values counts for all of them.
    for name, members, value in sorted(given.values, key=lambda item: item[0] != "time_zone"):
        zone = _zone(row)
        series = tree.series.get((row.entity, name))
        if series is not None:
            give_parts(row, series, value, month, zone)
            continue
        declared = tree.inputs.get((row.entity, name))
        if declared is None:
            key: InputKey = (tree.charges[row.entity, name].id, members)
        else:
            key = (name, members)
        match value:
            case ("steps", tuple() as pieces):
                days = tuple(day for day, _ in pieces)
                row.values[key] = Steps(days, tuple(_checked(v, declared, zone) for _, v in pieces))
            case ("months", tuple() as pieces):
                past = row.history.setdefault(key, {})
                past.update({month: _checked(v, declared, zone) for month, v in pieces if v is not None})
            case None:
                row.values.pop(key, None)
            case _:
                row.values[key] = _checked(value, declared, zone)


def _checked(value: Json, declared: Input | EventField | None, zone: Zone) -> Json:
    if isinstance(value, dt.datetime):
        return zone.of_wall(value)
    if declared is None or declared.type.kind != "number" or value is None:
        return value
    return check_number(value, name=declared.name, low=declared.low, high=declared.high, step=declared.step)


def _give_event(owner: Row, event: Event, given: ExampleRow) -> None:
    rows, zone = owner.events.setdefault(event.name, []), _zone(owner)
    found = EventRow({}, given.row or str(len(rows) + 1))
    for name, _, value in given.values:
        declared = event.field(name)
        if value is not None and declared is not None:
            found.values[name] = _checked(value, declared, zone)
    rows.append(found)
