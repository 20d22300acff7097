"""Intervals of series and days: what is read in them, and loops over them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve, frozen

from kommres.dsl.backends.kernels.graph import BOOL, INT, Block, Loop, Node, Status, atoms, innermost
from kommres.dsl.backends.kernels.hours import Axis
from kommres.dsl.backends.kernels.numbers import NotCompiled
from kommres.dsl.backends.kernels.reading import decoded, row_of
from kommres.dsl.backends.kernels.scope import Along, DayAt, IntervalAt, Made, Scope
from kommres.dsl.backends.kernels.short import FURTHEST
from kommres.dsl.plan.nodes import Op
from kommres.dsl.plan.payload import payload

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kommres.dsl.backends.kernels.builder import Builder
    from kommres.dsl.backends.kernels.hours import Flag
    from kommres.dsl.bound.nodes import Grid
    from kommres.dsl.plan.nodes import SourcePlan


# --- reading -------------------------------------------------------------------------------------------------


def held_interval(scope: Scope, slot: int) -> Along:
    """Return the interval in a slot. Raises :class:`NotCompiled`."""
    held = scope.slots.get(slot)
    if not isinstance(held, IntervalAt):
        raise NotCompiled("a slot that holds no interval")
    return held.along


def _series(scope: Scope, number: int) -> Made:
    series, slot, up, at, grid = payload(scope.steps[number])
    along = held_interval(scope, at)
    if slot is None:
        raise NotCompiled(f"the series {series.name} in intervals that are known only row by row")
    builder, graph = scope.builder, scope.graph
    row = row_of(scope, slot, up)
    found = builder.layout.series.get(row.entity, {}).get(series.name)
    if found is None:
        raise NotCompiled(f"{series.name} needs more than 64 bits")
    at_place, outside = along.place, None
    if found.grid != grid:
        at_place, outside = _in_other(scope, found.grid, along)
    array = builder.argument("series", row.entity, series.name)
    # A table without the series is one row of cells that hold nothing.
    last = graph.node(INT, "({0} - 1)", builder.number("series rows", row.entity, series.name))
    place = graph.node(INT, "min({0}, {1})", row.place, last)
    cell = graph.node(INT, "int64(streamed({0}[{1}, {2}]))", array, place, at_place)
    if outside is not None:
        cell = graph.select(outside, graph.int(found.coding.absent), cell)
    # Where nothing says what holds instead, an interval without a value is one that cannot be used.
    told = series.optional or builder.catches(scope, number)
    coding = evolve(found.coding, optional=told)
    made = decoded(scope, cell, coding)
    if made.status.bad is not None and coding.unusable > -FURTHEST and coding.high < FURTHEST:
        builder.limits[id(made.status.bad)] = cell, coding.absent if told else coding.low, coding.high
    if series.optional or not told:
        return made
    return evolve(made, status=Status(miss=made.status.absent, bad=made.status.bad))


def _in_other(scope: Scope, grid: Grid, along: Along) -> tuple[Node, Node]:
    """Return the place of an interval in another span, and whether it lies outside of it."""
    vectors, graph = scope.builder.vectors, scope.graph
    own = along.axis.grid
    if own is None:
        raise NotCompiled("an interval of no grid")
    firsts = (vectors.first(one, along.zone) for one in (own, grid))
    before = graph.node(INT, "floor_div({0} - {1}, {2})", *firsts, graph.int(grid.every))
    place = graph.node(INT, "({0} + {1})", along.place, before)
    outside = graph.node(BOOL, "(({0} < 0) | ({0} >= {1}))", place, vectors.count(grid, along.zone))
    return graph.select(outside, graph.int(0), place), outside


def _interval(scope: Scope, number: int) -> Made:
    slot, edge, grid = payload(scope.steps[number])
    along, graph = held_interval(scope, slot), scope.graph
    first = scope.builder.vectors.first(grid, along.zone)
    place = along.place if edge == "from" else graph.node(INT, "({0} + 1)", along.place)
    return Made(node=graph.node(INT, "({0} + {1} * {2})", first, place, graph.int(grid.every)))


def _function(scope: Scope, number: int) -> Made:
    raise NotCompiled(f"{payload(scope.steps[number]).name} is a function of a plugin")


TIMES: dict[Op, Callable[[Scope, int], Made]] = {
    Op.SERIES: _series,
    Op.INTERVAL: _interval,
    Op.FUNCTION: _function,
}


# --- loops ---------------------------------------------------------------------------------------------------


@frozen(eq=False)
class Stretch:
    """Intervals ``first .. last`` of a time zone, gone through by a loop."""

    loop: Loop
    first: Node
    last: Node
    zone: Node


@frozen(eq=False)
class Bound:
    """What binds a slot: a scope inside a loop, which items count, whether the row is not a kernel's."""

    scope: Scope
    loop: Loop
    test: Node | None = None
    bad: Node | None = None
    stretch: Stretch | None = None


def times_source(source: SourcePlan) -> tuple[list[SourcePlan], SourcePlan]:
    """Return what intervals are kept by, the innermost first, and the source of all intervals or days."""
    functions = []
    while source.of is not None:
        functions.append(source)
        source = source.of
    return functions[::-1], source


def bound_times(scope: Scope, slot: int, source: SourcePlan, inside: Block | None) -> Bound:
    """Begin a loop over intervals or days. Raises :class:`NotCompiled`."""
    functions, base = times_source(source)
    if scope.when.past is not None:
        raise NotCompiled("intervals or days in a past month")
    zone = scope.builder.vectors.zone(scope.row)
    if base.kind == "days":
        return _days(scope, slot, base, zone, inside)
    return _intervals(scope, slot, functions, base, zone, inside)


def _days(scope: Scope, slot: int, base: SourcePlan, zone: Node, inside: Block | None) -> Bound:
    over, unit = payload(base)  # type: ignore[arg-type]
    builder, graph = scope.builder, scope.graph
    first, end = builder.vectors.span(over)
    months = graph.int(1 if over == "month" else 12)
    count = months if unit == "month" else graph.node(INT, "({0} - {1})", end, first)
    loop = graph.loop("for {name} in range({0})", count, inside=inside)
    loop.shared = True
    place = builder.named(loop)
    if unit == "day" or over == "month":
        day = graph.node(INT, "({0} + {1})", first, place)
    else:
        january = graph.node(INT, "({0} - {0} % 12)", builder.scalar("number"))
        day = graph.node(INT, "first_day({0} + {1})", january, place)
    along = Along(Axis("days" if unit == "day" else "months", over=over), place, zone)
    inner = scope.inside({slot: DayAt(day, along)}, evolve(scope.when, day=day, along=along))
    return Bound(inner, loop)


def _intervals(
    scope: Scope,
    slot: int,
    functions: Sequence[SourcePlan],
    base: SourcePlan,
    zone: Node,
    inside: Block | None,
) -> Bound:
    builder, graph = scope.builder, scope.graph
    grid: Grid = payload(base)  # type: ignore[arg-type]
    first, last = graph.int(0), builder.vectors.count(grid, zone)
    bad: Node | None = builder.vectors.unsound(grid, zone)
    windows = []
    for function in functions:
        match function.kind:
            case "on":
                status = scope.need(*function.args)
                bad = graph.either(bad, status.bad, status.miss)
                day = scope.word(function.args[0])
                following = graph.node(INT, "({0} + 1)", day)
                first, last = _between(
                    scope, first, last, *(builder.vectors.begun(grid, zone, d) for d in (day, following))
                )
            case "clip":
                status = scope.need(*function.args)
                bad = graph.either(bad, status.bad, status.miss)
                bounds = [_begun(scope, grid, zone, number) for number in function.args]
                first, last = _between(scope, first, last, *bounds)
            case "daily":
                windows.append(tuple(payload(scope.steps[number]) for number in function.args))
            case _:
                raise NotCompiled(f"`{function.kind}` of intervals")
    loop = graph.loop("for {name} in range({0}, {1})", first, last, inside=inside)
    loop.shared = True
    place = builder.named(loop)
    along = Along(Axis("intervals", grid=grid, over=grid.over), place, zone)
    day = builder.vectors.day(grid, zone, place)
    inner = scope.inside({slot: IntervalAt(along)}, evolve(scope.when, day=day, along=along))
    test: Node | None = None
    for window in windows:
        held = builder.vectors.inside(grid, along, window)
        test = held if test is None else graph.both(test, held)
    return Bound(inner, loop, test, bad, Stretch(loop, first, last, zone))


def _between(scope: Scope, first: Node, last: Node, low: Node, high: Node) -> tuple[Node, Node]:
    graph = scope.graph
    if first is graph.int(0):
        return low, high  # those of the span lie in it
    return graph.node(INT, "max({0}, {1})", first, low), graph.node(INT, "min({0}, {1})", last, high)


def _begun(scope: Scope, grid: Grid, zone: Node, number: int) -> Node:
    """Return the first interval that begins on a day or at an instant, or after it."""
    builder, graph = scope.builder, scope.graph
    word = scope.word(number)
    if scope.steps[number].kind == "date":
        return builder.vectors.begun(grid, zone, word)
    args = word, builder.vectors.first(grid, zone), graph.int(grid.every), builder.vectors.count(grid, zone)
    return graph.node(INT, "min(max(int64(0), -floor_div({1} - {0}, {2})), {3})", *args)


# --- many at once --------------------------------------------------------------------------------------------


def flag_of(builder: Builder, atom: Node, stretch: Stretch) -> Flag | None:
    """Return the flag of intervals that a condition reads; None for any other condition."""
    return builder.vectors.flag(atom) if within(atom, stretch.loop) else None


def flags(builder: Builder, test: Node | None, stretch: Stretch) -> list[Flag] | None:
    """Return the flags of intervals that a condition asks for; None where it asks for anything else."""
    if test is None:
        return []
    found = [flag_of(builder, atom, stretch) for atom in atoms(test, "&")]
    known = [flag for flag in found if flag is not None]
    return known if len(known) == len(found) else None


def within(node: Node, loop: Loop) -> bool:
    """Whether a value depends on what a loop goes through."""
    return innermost((node.inside, loop.body)) is node.inside and node.inside is not None
