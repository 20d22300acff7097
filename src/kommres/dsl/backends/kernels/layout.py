"""What the kernels of a program read: the inputs and events that its charges reach, and how their cells are coded."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from math import ceil, floor
from typing import TYPE_CHECKING, Final

from attrs import evolve

from kommres.dsl.backends.kernels.batch import Coding, Layout, SeriesCoding
from kommres.dsl.backends.kernels.movers import read_outside
from kommres.dsl.backends.machine import TIME_ZONE
from kommres.dsl.bound.nodes import EventField, Input, Series
from kommres.dsl.plan.nodes import Gather, Op
from kommres.dsl.plan.payload import payload
from kommres.dsl.plan.sources import DATE, INSTANT, declared, supplied

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kommres.dsl.bound.nodes import Entity, Event
    from kommres.dsl.plan.nodes import Plan, SourcePlan, Step
    from kommres.dsl.plan.proofs import Assumptions
    from kommres.dsl.plan.ranges import Range

_LEAST: Final = -(1 << 63)
_MOST: Final = (1 << 63) - 1
#: Codes of names are below it.
_NAMES: Final = (1 << 31) - 3


def layout_of(plan: Plan, assumed: Assumptions) -> Layout:
    """Return what kernels read of the supplied tables.

    Entities stand parents first, and with each of them all that it belongs to. A
    number whose range does not fit 64 bits is left out: rows that need it are the interpreter's.

    Parameters
    ----------
    plan
        The program.
    assumed
        What holds of numbers that declare no range or no step: the same as in its proofs.
    """
    reached = _Reached(plan)
    inputs: dict[str, dict[tuple[str, tuple[str, ...]], Coding]] = {entity: {} for entity in reached.in_order()}
    events: dict[str, dict[str, dict[str, Coding]]] = {}
    varying = set()
    for item in plan.inputs:
        coding = coding_of(item, assumed, item.id) if item in reached.inputs else None
        if coding is None:
            continue
        for members in product(*(key.members for key in item.keys)):
            inputs[item.entity.name][item.name, members] = coding
            if item.varies:
                varying.add((item.entity.name, (item.name, members)))
    for event in plan.events:
        if event in reached.events:
            events.setdefault(event.entity.name, {})[event.name] = _fields(event, reached.events[event], assumed)
    return Layout(
        inputs=inputs,
        varying=frozenset(varying),
        events=events,
        past=_past(plan, reached, assumed),
        series=_series(plan, reached, assumed),
        outside=frozenset(
            (item.entity.name, key)
            for item in read_outside(plan)
            for key in inputs.get(item.entity.name, {})
            if key[0] == item.name
        ),
    )


def coding_of(source: Input | EventField | Series, assumed: Assumptions, name: str) -> Coding | None:
    """Return how the cells of an input or a field are coded; None for a number that does not fit.

    Parameters
    ----------
    source
        The declaration.
    assumed
        What holds where it says nothing.
    name
        Its id in assumptions: of a field, the event's id and its own name.
    """
    optional = source.type.optional
    match source.type.kind:
        case "yes_no":
            return Coding(kind="yes_no", low=0, high=1, optional=optional)
        case "enum":
            members = source.type.enum.members if source.type.enum is not None else ()
            return Coding(kind="enum", low=0, high=len(members) - 1, optional=optional, members=members)
        case "id":
            return Coding(kind="id", low=0, high=_NAMES, optional=optional)
        case "date" | "instant" as kind:
            span = DATE if kind == "date" else INSTANT
            return Coding(kind=kind, low=int(span.lo or 0), high=int(span.hi or 0), optional=optional)
    found, _ = declared(source, assumed, name)
    return _number(found, optional=optional)


def _number(found: Range, *, optional: bool) -> Coding | None:
    if found.lo is None or found.hi is None or found.grid is None:
        return None
    coding = Coding(
        kind="number",
        low=ceil(found.lo * found.grid),
        high=floor(found.hi * found.grid),
        scale=found.grid,
        optional=optional,
    )
    return coding if coding.unusable >= _LEAST and coding.high <= _MOST and coding.scale <= _MOST else None


def _past(plan: Plan, reached: _Reached, assumed: Assumptions) -> dict[str, dict[tuple[str, tuple[str, ...]], Coding]]:
    found: dict[str, dict[tuple[str, tuple[str, ...]], Coding]] = {}
    for item in plan.inputs:
        coding = coding_of(item, assumed, item.id) if item in reached.past and item.history else None
        if coding is not None:
            for members in product(*(key.members for key in item.keys)):
                found.setdefault(item.entity.name, {})[item.name, members] = coding
    for charge in plan.charges:
        coding = _number(supplied(assumed), optional=True) if charge.number in reached.closed else None
        if coding is not None:
            found.setdefault(charge.rule.entity.name, {})[charge.id, ()] = coding
    return found


def _series(plan: Plan, reached: _Reached, assumed: Assumptions) -> dict[str, dict[str, SeriesCoding]]:
    found: dict[str, dict[str, SeriesCoding]] = {}
    for item in plan.series:
        coding = coding_of(item, assumed, item.id) if item in reached.series and item.entity is not None else None
        if coding is not None and item.entity is not None:
            times = int(Fraction(item.step or 1) * coding.scale)
            cells = SeriesCoding(coding=evolve(coding, optional=True), grid=item.grid, times=times)
            found.setdefault(item.entity.name, {})[item.name] = cells
    return found


def _fields(event: Event, read: set[str], assumed: Assumptions) -> dict[str, Coding]:
    found = {}
    for item in event.fields:
        coding = coding_of(item, assumed, f"{event.id}.{item.name}") if item.name in read else None
        if coding is not None:
            # An interval without an end has not ended, whatever is declared of the field.
            found[item.name] = evolve(coding, optional=True) if event.interval and item.name == "to" else coding
    return found


class _Reached:
    """What charges reach. ``events``: event -> names of the fields that are read.

    ``past``: inputs that are read of past months. ``closed``: numbers of charges whose closed results are read.
    """

    def __init__(self, plan: Plan) -> None:
        self.inputs: set[Input] = set()
        self.past: set[Input] = set()
        self.closed: set[int] = set()
        self.events: dict[Event, set[str]] = {}
        self.series: set[Series] = set()
        self._local = False  # whether something depends on local time
        self._entities = {entity.name: entity for entity in plan.program.entities}
        self._found: set[str] = set()
        self._numbers: set[tuple[int, bool]] = set()
        self._definitions = {definition.number: definition for definition in plan.definitions}
        self._waiting: list[tuple[int, bool]] = []
        for charge in plan.charges:
            self._entity(charge.rule.entity)
            self._define(charge.number, past=False)
        for option in plan.options:
            for _, steps, _ in option.bindings:
                self._note(steps, past=False)
        while self._waiting:
            number, past = self._waiting.pop()
            self._note(self._definitions[number].steps, past=past)
        if self._local or any(event.interval == "instant" for event in self.events):
            self._zones(plan)

    def in_order(self) -> list[str]:
        """Return the entities, parents first."""
        return sorted(self._found, key=lambda name: [above.name for above in reversed(self._entities[name].ancestors)])

    def _zones(self, plan: Plan) -> None:
        """Local days of instants depend on the time zone that a root names."""
        roots = {name for name in self._found if self._entities[name].parent is None}
        self.inputs.update(
            item for item in plan.inputs if item.entity.name in roots and (item.name, item.keys) == TIME_ZONE
        )

    def _entity(self, entity: Entity) -> None:
        self._found.update(above.name for above in entity.ancestors)

    def _define(self, number: int, *, past: bool) -> None:
        if (number, past) not in self._numbers:
            self._numbers.add((number, past))
            self._waiting.append((number, past))

    def _note(self, steps: Sequence[Step], *, past: bool) -> None:
        """Note what steps read; ``past``: all of them are computed in a past month."""
        fields: dict[int, set[str]] = {}
        for step in steps:
            if step.op is Op.FIELD:
                slot, name = payload(step)
                fields.setdefault(slot, set()).add(name)
        for step in steps:
            match step.op, step.data:
                case Op.INPUT, (Input() as item, _, _, months):
                    (self.inputs if months is None and not past else self.past).add(item)
                    self._entity(item.entity)
                case Op.RULE, (int(number), _, _, months):
                    self._define(number, past=past or months is not None)
                case Op.SERIES, (Series(entity=entity) as item, _, _, _, _) if entity is not None:
                    self.series.add(item)
                    self._entity(entity)
                case Op.CALL, ("date_of" | "hour_of_day", _, _):
                    self._local = True
                case Op.CHARGED, (int(number), _, _, _):
                    self.closed.add(number)
                    self._entity(self._definitions[number].rule.entity)
                case Op.AGGREGATE, Gather(binders=binders):
                    for slot, source in binders:
                        self._source(source, fields.get(slot, set()))

    def _source(self, source: SourcePlan, fields: set[str]) -> None:
        read = set(fields)
        for part in _parts(source):
            read.update(part.by)
            if part.kind in {"intervals", "days"}:
                self._local = True
            elif part.kind == "children":
                self._entity(self._entities[str(part.data)])
            elif part.kind == "events":
                self._event(part.data, read)  # type: ignore[arg-type] # by kind

    def _event(self, event: Event, read: set[str]) -> None:
        self._entity(event.entity)
        edges = {"from", "to"} if event.interval else set()
        self.events.setdefault(event, set()).update(read | edges)


def _parts(source: SourcePlan) -> Iterator[SourcePlan]:
    """Yield a source and what it is made of, the rows themselves last."""
    at: SourcePlan | None = source
    while at is not None:
        yield at
        at = at.of
