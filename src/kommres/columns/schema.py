"""Which tables and columns a program reads: one per entity and event, and those of changing and past values."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Final, TypeAlias

from attrs import field, frozen

from kommres.dsl.bound.nodes import Entity, Enum, Event, EventField, Input, Rule, Series, Type
from kommres.dsl.plan.nodes import Gather, Op, SourcePlan

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kommres.dsl.plan.nodes import DefinitionPlan, Plan, Step

Declaration: TypeAlias = Input | EventField | Rule | Series

ID: Final = "id"
FROM: Final = "from"
MONTH: Final = "month"
VALUE: Final = "value"
LIST: Final = "values"
#: A list of all values of a series counts as one row for so many of them.
_CELLS_OF_A_ROW: Final = 32
_DAY: Final = 86_400


@frozen(kw_only=True)
class Column:
    """A column of a table.

    ``role``: id, owner (the row that this one belongs to), input, field, key, from, month, value, edge (of an interval)
    or values (of all intervals, a list). ``type`` is text
    for people; ``unit`` is set for numbers. ``required``: the table cannot do without the column (single cells may be
    empty).
    """

    name: str
    role: str
    type: str
    unit: str = ""
    required: bool = False
    description: str = ""
    keys: tuple[str, ...] = ()
    declared: Declaration | None = field(default=None, eq=False, repr=False)
    enum: Enum | None = field(default=None, eq=False, repr=False)


@frozen(kw_only=True)
class TableSchema:
    """A table.

    ``kind``: entity, event, values or series; ``entity`` is the entity of its rows, or of the rows that they belong to.

    ``required``: a run cannot do without the table.
    """

    name: str
    kind: str
    entity: str
    parent: str | None
    columns: tuple[Column, ...]
    required: bool
    description: str = ""
    declared: Entity | Event | Input | Rule | Series = field(eq=False, repr=False)

    def column(self, role: str) -> Column | None:
        """Return the only column of a role, or None."""
        return next((column for column in self.columns if column.role == role), None)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all columns."""
        return tuple(column.name for column in self.columns)


@frozen(kw_only=True)
class Uses:
    """What the charges of a program read: entities, events, inputs of this month, inputs and charges of past months."""

    entities: frozenset[str]
    events: frozenset[str]
    inputs: frozenset[str]
    past: frozenset[str]


def schema_of(plan: Plan) -> tuple[TableSchema, ...]:
    """Return the tables that a program reads, parents before children, events and value tables after their entity.

    Inputs that no charge reads may be supplied and are never required.
    """
    uses = uses_of(plan)
    tables: list[TableSchema] = []
    for entity in _top_down(plan.program.entities):
        inputs = tuple(item for item in plan.inputs if item.entity is entity)
        tables.append(_entity_table(entity, inputs, uses))
        tables.extend(_event_table(event, uses) for event in plan.events if event.entity is entity)
        tables.extend(_values_table(item) for item in inputs if item.varies or item.history)
        tables.extend(_series_table(item) for item in plan.series if item.entity is entity)
        tables.extend(
            _values_table(charge.rule)
            for charge in plan.charges
            if charge.rule.entity is entity and (charge.rule.history or charge.rule.id in uses.past)
        )
    return tuple(tables)


def charged_entities(plan: Plan) -> tuple[str, ...]:
    """Return the entities that have charges, parents before children."""
    charged = {charge.rule.entity.name for charge in plan.charges}
    return tuple(entity.name for entity in _top_down(plan.program.entities) if entity.name in charged)


def services_of(plan: Plan, entity: str) -> tuple[str, ...]:
    """Return the services charged to rows of an entity, in the order of the program."""
    return tuple(dict.fromkeys(c.rule.service or c.rule.name for c in plan.charges if c.rule.entity.name == entity))


# --- what charges read ---------------------------------------------------------------------------------------


def uses_of(plan: Plan) -> Uses:
    """Follow the charges of a program to everything that they may read."""
    by_number = {definition.number: definition for definition in plan.definitions}
    reached = {charge.number: charge for charge in plan.charges}
    waiting = list(reached.values())
    used = _Used()
    for charge in plan.charges:
        used.entities.update(entity.name for entity in charge.rule.entity.ancestors)
    options = [step for option in plan.options for _, steps, _ in option.bindings for step in steps]
    used.note(options)
    waiting.extend(_called(options, by_number, reached))
    while waiting:
        definition = waiting.pop()
        used.note(definition.steps)
        waiting.extend(_called(definition.steps, by_number, reached))
    for charged in used.charged:
        used.past.add(by_number[charged].id)
    return Uses(
        entities=frozenset(used.entities),
        events=frozenset(used.events),
        inputs=frozenset(used.inputs),
        past=frozenset(used.past),
    )


def _called(
    steps: list[Step] | tuple[Step, ...], by_number: dict[int, DefinitionPlan], reached: dict[int, DefinitionPlan]
) -> Iterator[DefinitionPlan]:
    for step in steps:
        if step.op is Op.RULE:
            number = step.data[0]  # type: ignore[index] # the payload of RULE
            if number not in reached:
                reached[number] = by_number[number]
                yield by_number[number]


class _Used:
    def __init__(self) -> None:
        self.entities: set[str] = set()
        self.events: set[str] = set()
        self.inputs: set[str] = set()
        self.past: set[str] = set()
        self.charged: set[int] = set()

    def note(self, steps: list[Step] | tuple[Step, ...]) -> None:
        for step in steps:
            match step.data:
                case (Input() as item, _, _, months):
                    (self.inputs if months is None else self.past).add(item.id)
                case (int(number), _, _, _) if step.op is Op.CHARGED:
                    self.charged.add(number)
                case Gather(binders=binders):
                    for _, source in binders:
                        self.note_source(source)

    def note_source(self, source: SourcePlan) -> None:
        match source.kind, source.data:
            case "events", Event() as event:
                self.events.add(event.id)
        if source.of is not None:
            self.note_source(source.of)


# --- tables --------------------------------------------------------------------------------------------------


def _top_down(entities: tuple[Entity, ...]) -> list[Entity]:
    return sorted(entities, key=lambda entity: [e.name for e in reversed(entity.ancestors)])


def _entity_table(entity: Entity, inputs: tuple[Input, ...], uses: Uses) -> TableSchema:
    columns = [
        Column(name=ID, role="id", type="text", required=True, description=f"id of the {entity.name}, used once")
    ]
    if entity.parent is not None:
        columns.append(_owner(entity.parent))
    for item in inputs:
        columns.extend(
            Column(
                name=".".join((item.name, *keys)),
                role="input",
                # A value that varies may stand in its own table instead; that is seen when tables are checked.
                required=item.id in uses.inputs and not item.optional,
                keys=keys,
                declared=item,
                type=_type(item.type),
                unit=_unit(item.type),
                description=item.doc,
            )
            for keys in product(*(key.members for key in item.keys))
        )
    return TableSchema(
        name=entity.name,
        kind="entity",
        entity=entity.name,
        parent=entity.parent.name if entity.parent else None,
        columns=tuple(columns),
        required=entity.name in uses.entities,
        description=entity.doc,
        declared=entity,
    )


def _event_table(event: Event, uses: Uses) -> TableSchema:
    used = event.id in uses.events
    fields = tuple(
        Column(
            name=item.name,
            role="field",
            required=used and not item.type.optional,
            declared=item,
            type=_type(item.type),
            unit=_unit(item.type),
            description=item.doc,
        )
        for item in event.fields
    )
    label = Column(name=ID, role="id", type="text", description="names the row in messages; may be left out")
    return TableSchema(
        name=event.name,
        kind="event",
        entity=event.entity.name,
        parent=None,
        columns=(_owner(event.entity), *(() if event.field(ID) else (label,)), *fields),
        required=False,
        description=event.doc,
        declared=event,
    )


def _values_table(item: Input | Rule) -> TableSchema:
    is_input = isinstance(item, Input)
    varies, history = (item.varies, item.history) if isinstance(item, Input) else (False, True)
    columns = [_owner(item.entity)]
    columns.extend(
        Column(name=key.name, role="key", type=_members(key), required=True, enum=key, description=key.doc)
        for key in item.keys
        if isinstance(key, Enum)
    )
    if varies:
        columns.append(
            Column(name=FROM, role="from", type="date", required=not history, description="the first day of the value")
        )
    if history:
        text = "the past month of the value, as YYYY-MM"
        columns.append(Column(name=MONTH, role="month", type="month", required=not varies, description=text))
    columns.append(
        Column(
            name=VALUE,
            role="value",
            required=True,
            declared=item,
            type=_type(item.type),
            unit=_unit(item.type),
            description=item.doc,
        )
    )
    kinds = [word for word, wanted in (("as it changes by days", varies), ("of past months", history)) if wanted]
    return TableSchema(
        name=f"{item.entity.name}.{item.name}",
        kind="values",
        entity=item.entity.name,
        parent=None,
        columns=tuple(columns),
        required=False,
        description=f"{item.name} {' and '.join(kinds)}" if is_input else f"closed results of {item.name}",
        declared=item,
    )


def weight_of(schema: TableSchema, columns: Iterable[str]) -> int:
    """Return as how many rows a line of a table counts where rows are counted to bound memory.

    It is known before the table is read: files are cut the same however much of them was read.
    """
    if not isinstance(schema.declared, Series) or LIST not in columns:
        return 1
    grid = schema.declared.grid
    days = 31 if grid.over == "month" else 366
    return max(1, days * _DAY // grid.every // _CELLS_OF_A_ROW)


def _series_table(item: Series) -> TableSchema:
    assert item.entity is not None  # noqa: S101 - a series of an entity
    edge = "from" if item.label == "start" else "to"
    when = "begins" if item.label == "start" else "ends"
    number = "decimal" if item.type.kind == "number" else _type(item.type)
    columns = (
        _owner(item.entity),
        Column(name=edge, role="edge", type="instant", description=f"when the interval {when}"),
        Column(name=VALUE, role="value", declared=item, type=number, unit=_unit(item.type), description=item.doc),
        Column(
            name=LIST,
            role="values",
            declared=item,
            type=f"list of {number}",
            unit=_unit(item.type),
            description=f"instead of lines of {edge} and {VALUE}: all values of the {item.grid.over}, one line a row",
        ),
    )
    return TableSchema(
        name=f"{item.entity.name}.{item.name}",
        kind="series",
        entity=item.entity.name,
        parent=None,
        columns=columns,
        required=False,
        description=f"{item.name}, a value {item.grid}",
        declared=item,
    )


def _owner(entity: Entity) -> Column:
    text = f"id of the {entity.name} that the row belongs to"
    return Column(name=entity.name, role="owner", type="text", required=True, description=text)


def _type(item: Type) -> str:
    words = {"number": "decimal", "yes_no": "yes/no", "id": "text"}
    return _members(item.enum) if item.enum is not None else words.get(item.kind, item.kind)


def _unit(item: Type) -> str:
    return str(item.unit) if item.kind == "number" and item.unit is not None else ""


def _members(enum: Enum) -> str:
    return "one of " + ", ".join(enum.members)
