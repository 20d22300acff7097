"""Steps that depend on time alone, read from arrays: found before any row for all intervals, days or months.

Such a step is one cell of a vector inside a kernel. Where a whole condition or a whole problem depends on time alone,
not even that: differences of running totals say whether it holds anywhere between two intervals.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from attrs import frozen

from kommres.dsl.backends.computation import WRITERS
from kommres.dsl.backends.kernels.batch import Coding
from kommres.dsl.backends.kernels.graph import BOOL, INT, Node, Status
from kommres.dsl.backends.kernels.hours import UTC, Axis, Flag, Key, Vector
from kommres.dsl.backends.kernels.scope import Along, DayAt, IntervalAt, Made, Member, RowAt, Scope, Slot
from kommres.dsl.backends.writing import Mode, Place, Unit
from kommres.dsl.plan.facts import has_days, source_steps
from kommres.dsl.plan.forms import Form
from kommres.dsl.plan.nodes import Gather, Op, Step
from kommres.dsl.plan.payload import payload
from kommres.dsl.plan.sources import DATE, INSTANT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kommres.dsl.backends.grids import Intervals
    from kommres.dsl.backends.kernels.builder import Builder
    from kommres.dsl.backends.kernels.hours import AtPlace, Hours
    from kommres.dsl.backends.rows import Row
    from kommres.dsl.bound.nodes import Grid
    from kommres.dsl.plan.nodes import DefinitionPlan

#: Steps that a kernel has at hand anyway.
_PLAIN = frozenset({Op.CONST, Op.ABSENT, Op.OPTION, Op.VAR, Op.INTERVAL, Op.PERIOD, Op.HAS})
_ARITHMETIC = frozenset({Op.SCALE, Op.ADD, Op.MUL, Op.DIV})
#: Functions that kernels compute faster than they read: loops whose bounds they give stay alike so.
_AT_HAND = frozenset({"month_start", "month_end"})
#: Steps that are worth an array of one value for each time zone.
_LONG = frozenset({Op.AGGREGATE, Op.FUNCTION})
_LEAST = -(1 << 63) + 8
_MOST = (1 << 63) - 1


@frozen(kw_only=True)
class Free:
    """What a step depends on: slots that hold something where it stands (as bits), the current day, other rows."""

    slots: int
    day: bool
    elsewhere: bool


class Vectors:
    """Writes what kernels read of :class:`~kommres.dsl.backends.kernels.hours.Hours`."""

    def __init__(self, builder: Builder, hours: Hours) -> None:
        self._builder = builder
        self._hours = hours
        self._free: dict[int, list[Free]] = {}
        self._flags: dict[int, Flag] = {}
        self._held: list[Node] = []  # keeps their ids unique

    def array(self, *key: object) -> Node:
        """Return the name of an array of times."""
        return self._builder.argument("hours", *key)

    # time zones and intervals ----------------------------------------------------------------------------

    @cached_property
    def zoned(self) -> bool:
        """Whether rows have time zones of their own."""
        from kommres.dsl.backends.machine import TIME_ZONE

        return any(TIME_ZONE in inputs for inputs in self._builder.layout.inputs.values())

    def zone(self, row: RowAt) -> Node:
        """Return the number of the time zone of a row's root."""
        builder, graph = self._builder, self._builder.graph
        if not self.zoned:
            return graph.int(UTC)
        entities = {entity.name: entity for entity in builder.machine.plan.program.entities}
        while entities[row.entity].parent is not None:
            row = builder.above(row, 1)
        return graph.node(INT, "{0}[{1}]", builder.argument("zones", row.entity), row.place)

    def unsound(self, grid: Grid, zone: Node) -> Node:
        """Return whether there is no time zone, or its days hold no whole number of intervals."""
        return self._builder.graph.node(BOOL, "({0}[{1}] == 0)", self.array("sound", grid), zone)

    def count(self, grid: Grid, zone: Node) -> Node:
        """Return how many intervals there are."""
        return self._builder.graph.node(INT, "{0}[{1}]", self.array("count", grid), zone)

    def first(self, grid: Grid, zone: Node) -> Node:
        """Return the instant at which the first interval begins."""
        return self._builder.graph.node(INT, "{0}[{1}]", self.array("first", grid), zone)

    def day(self, grid: Grid, zone: Node, place: Node) -> Node:
        """Return the local day in which an interval begins."""
        return self._builder.graph.node(INT, "int64({0}[{1}, {2}])", self.array("days", grid), zone, place)

    def begun(self, grid: Grid, zone: Node, day: Node) -> Node:
        """Return the first interval that begins on a day or after it; that of the span nearest to it."""
        graph = self._builder.graph
        first, last = self.span(grid.over)
        at = graph.node(INT, "(min(max({0}, {1}), {2}) - {1})", day, first, last)
        return graph.node(INT, "{0}[{1}, {2}]", self.array("starts", grid), zone, at)

    def span(self, over: str) -> tuple[Node, Node]:
        """Return the first day of the month or the year, and the day after its last one."""
        if over == "month":
            return self._builder.start, self._builder.end
        return self._builder.scalar("year start"), self._builder.scalar("year end")

    def inside(self, grid: Grid, along: Along, window: tuple[int, int]) -> Node:
        """Return whether an interval begins in a daily window."""
        return self._flag(("window", grid, *window), 1, along)

    # flags -----------------------------------------------------------------------------------------------

    def _cell(self, key: Key, along: Along) -> Node:
        return self._builder.graph.node(INT, "int64({0}[{1}, {2}])", self.array(*key), along.zone, along.place)

    def _flag(self, key: Key, code: int, along: Along) -> Node:
        graph = self._builder.graph
        found = graph.node(BOOL, "({0} == {1})", self._cell(key, along), graph.int(code))
        if id(found) not in self._flags:
            self._flags[id(found)] = Flag(key, code)
            self._held.append(found)
        return found

    def anywhere(self, zone: Node, first: Node, last: Node, held: Sequence[Flag], any_of: Sequence[Flag]) -> Node:
        """Return in how many intervals of ``first .. last`` all of some flags are set, and one of others if any."""
        graph = self._builder.graph
        array = self.array("before", frozenset(held), frozenset(any_of))
        some = graph.node(INT, "max({0}, {1})", first, last)
        return graph.node(INT, "int64({0}[{1}, {3}] - {0}[{1}, {2}])", array, zone, first, some)

    def flag(self, node: Node) -> Flag | None:
        """Return the flag that a node reads."""
        return self._flags.get(id(node))

    # steps -----------------------------------------------------------------------------------------------

    def made(self, scope: Scope, number: int) -> Made | None:
        """Return what a step comes to where it is a cell of a vector; None for other steps."""
        step, definition = scope.steps[number], scope.definition
        if definition is None or scope.when.past is not None or step.op in _PLAIN:
            return None
        if step.op in _ARITHMETIC and step.kind == "number":
            return None
        if step.op is Op.CALL and payload(step)[0] in _AT_HAND:
            return None
        builder = self._builder
        if not builder.machine.calendar.of(definition)[number]:
            return None
        free = self._free_of(definition)[number]
        if free.elsewhere:
            return None
        found = self._axis(scope, step, free)
        if found is None:
            return None
        along, holder, members = found
        coding = self._coding(scope, number)
        if coding is None:
            return None
        key = ("vector", definition.number, number, along.axis, holder, tuple(sorted(members.items())), coding)
        vector = self._hours.vector(
            key, lambda name: self._vector(name, definition, number, along.axis, holder, members, coding=coding)
        )
        return self._read(vector, key, along, step)

    def _read(self, vector: Vector, key: Key, along: Along, step: Step) -> Made:
        coding = vector.coding
        missed, bad = (self._flag(key, code, along) for code in (vector.missed, vector.bad))
        absent = self._flag(key, coding.absent, along) if vector.optional else None
        status = Status(absent=absent, miss=missed, bad=bad)
        if step.kind == "yes_no":
            return Made(status, node=self._flag(key, 1, along))
        return Made(status, node=self._cell(key, along), scale=coding.scale, members=coding.members or None)

    def _axis(self, scope: Scope, step: Step, free: Free) -> tuple[Along, int | None, dict[int, str]] | None:
        """Return the axis that a step depends on, the slot that holds its place, and members in other slots."""
        members: dict[int, str] = {}
        along: Along | None = None
        holder = None
        for slot in range(1, free.slots.bit_length()):
            if not free.slots >> slot & 1:
                continue
            held: Slot | None = scope.slots.get(slot)
            match held:
                case Member(text=text):
                    members[slot] = text
                case IntervalAt(along=place) | DayAt(along=Along() as place) if along is None or along == place:
                    if holder is not None:
                        return None
                    along, holder = place, slot
                case _:
                    return None
        if free.day:
            if scope.when.along is not None:
                if along not in {None, scope.when.along}:
                    return None
                along = scope.when.along
            elif along is not None or not scope.when.whole or scope.when.day is not self._builder.start:
                return None
        if along is not None:
            return along, holder, members
        if step.op not in _LONG:
            return None
        return Along(Axis("once"), self._builder.graph.int(0), self.zone(scope.row)), None, members

    # codings ---------------------------------------------------------------------------------------------

    def _coding(self, scope: Scope, number: int) -> Coding | None:
        step = scope.steps[number]
        match step.kind:
            case "yes_no":
                return Coding(kind="yes_no", low=0, high=1)
            case "enum":
                members = self._members(scope, number)
                if members is None:
                    return None
                return Coding(kind="enum", low=0, high=len(members) - 1, members=members)
            case "id":
                return Coding(kind="id", low=0, high=(1 << 31) - 3)
            case "date" | "instant" as kind:
                span = DATE if kind == "date" else INSTANT
                return Coding(kind=kind, low=int(span.lo or 0), high=int(span.hi or 0))
        form = scope.proof.shapes[number]
        if not isinstance(form, Form) or not form.is_whole:
            return None
        if form.above.lo < _LEAST or form.above.hi > _MOST:
            return None
        return Coding(kind="number", low=form.above.lo, high=form.above.hi, scale=form.scale)

    def _members(self, scope: Scope, number: int) -> tuple[str, ...] | None:
        step = scope.steps[number]
        match step.op:
            case Op.SERIES:
                type_ = payload(step)[0].type
            case Op.PARAM:
                type_ = self._builder.machine.plan.params[payload(step)[0]].type
            case Op.RULE:
                type_ = self._builder.definition(payload(step)[0]).rule.type
            case Op.IF | Op.ELSE:
                found = [self._members(scope, a) for a in step.args[-2:]]
                return next((members for members in found if members is not None), None)
            case Op.AGGREGATE if isinstance(step.data, Gather) and step.data.value is not None:
                return self._members(scope, step.data.value)
            case _:
                return None
        return type_.enum.members if type_.enum is not None else None

    # dependence ------------------------------------------------------------------------------------------

    def _free_of(self, definition: DefinitionPlan) -> list[Free]:
        found = self._free.get(definition.number)
        if found is None:
            found = self._free[definition.number] = []
            for step in definition.steps:
                found.append(_free(step, found))
        return found

    # values ----------------------------------------------------------------------------------------------

    def _vector(
        self,
        name: str,
        definition: DefinitionPlan,
        number: int,
        axis: Axis,
        holder: int | None,
        members: dict[int, str],
        *,
        coding: Coding,
    ) -> Vector:
        """Return a vector whose values the interpreter's function of a step gives."""
        machine = self._builder.machine
        grids = (holder,) if axis.kind == "intervals" and holder is not None else ()
        unit = Unit(
            machine,
            name,
            definition.steps,
            definition=definition,
            cutter=machine.computation(definition.number).cutter,
            writers=WRITERS,
        )
        place = Place(
            mode=Mode.OUTSIDE if axis.yearly else Mode.PRESENT,
            slots=(0, *sorted({*members, *(() if holder is None else (holder,))})),
            day="day",
            grids=grids,
        )
        text = unit.text(number, place)
        held = "at" if holder is None else f"v{holder}"
        grid = "grid" if not grids else f"g{holder}"
        lines = [f"v{slot} = {unit.literal(member)}" for slot, member in members.items()]
        unit.finish(["row", held, grid, "day"], ["memo = row.memo", *lines, f"return {text.code}"])

        def value(row: Row, at: int, intervals: Intervals | None, day: int) -> object:
            return machine.names[name](row, at, intervals, day)

        made: AtPlace = value
        return Vector(axis, coding, definition.rule.entity.name, made, text.optional)


def _free(step: Step, before: Sequence[Free]) -> Free:
    args = [before[a] for a in step.args]
    slots, day = 0, step.varies or (step.op is Op.PERIOD and payload(step)[0] == "day")
    elsewhere = any(a.elsewhere for a in args)
    for a in args:
        slots |= a.slots
        day = day or a.day
    match step.op:
        case Op.VAR:
            slots |= 1 << payload(step)
        case Op.SERIES:
            slots |= 1 << payload(step)[3]
        case Op.INTERVAL:
            slots |= 1 << payload(step)[0]
        case Op.RULE:
            elsewhere = elsewhere or payload(step)[1:3] != (0, 0)
        case Op.AGGREGATE if isinstance(step.data, Gather):
            outer = [a for _, source in step.data.binders for a in source_steps(source)]
            if any(has_days(source) for _, source in step.data.binders):
                day = any(before[a].day for a in outer)
            for slot, _ in step.data.binders:
                slots &= ~(1 << slot)
    return Free(slots=slots, day=day, elsewhere=elsewhere)
