"""Aggregates over children, events, members and past months; the sources that they go through."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from kommres.dsl.backends import intervals
from kommres.dsl.backends.arithmetic import quotient
from kommres.dsl.backends.closures import Compiler, Scope, absent, check_row, climb, event_of, payload
from kommres.dsl.backends.frame import Datum, Evaluate, Frame, Number
from kommres.dsl.backends.rows import EventRow, Row
from kommres.dsl.bound.nodes import Event
from kommres.dsl.plan.nodes import Gather, Op, SourcePlan, Step
from kommres.dsl.problems import DataProblem

if TYPE_CHECKING:
    from kommres.dsl.backends.machine import Machine

Source: TypeAlias = Callable[[Frame], Sequence[Any]]
#: sets the binder's slot to one item after the other
Binding: TypeAlias = Callable[[Frame], Iterator[None]]


# --- sources -------------------------------------------------------------------------------------------------


def _children(plan: SourcePlan) -> Source:
    entity, slot, up = str(plan.data), plan.slot, plan.up

    def rows(f: Frame) -> Sequence[Row]:
        base = climb(f.rows[slot], up)
        found = base.children.get(entity)
        if found is None:
            found = [row for row in base.descendants(entity) if row is not base]
        for row in found:
            check_row(row)
        return found

    return rows


def _events(plan: SourcePlan, event: Event) -> Source:
    name, slot, up = event.name, plan.slot, plan.up
    return lambda f: climb(f.rows[slot], up).events.get(name, ())


def _instants(scope: Scope, event: Event, number: int) -> Evaluate:
    """Return an argument of ``clip`` in the unit of the event: dates become the instants at which they begin."""
    value, step = scope.made[number], scope.steps[number]
    if event.interval != "instant" or step.kind != "date":
        return value
    zone = scope.machine.zone
    return lambda f: zone(f.rows[0]).instant(value(f))


def _clip(scope: Scope, plan: SourcePlan, inner: Source, event: Event) -> Source:
    if plan.args:
        start, end = (_instants(scope, event, number) for number in plan.args)

        def to_span(f: Frame) -> Sequence[EventRow]:
            a, b = start(f), end(f)
            if a is None or b is None:
                raise DataProblem("D0405", f"a bound to which {event.name} is clipped is absent")
            return intervals.clip(inner(f), a, b)

        return to_span
    if event.interval == "date":
        return lambda f: intervals.clip(inner(f), f.term.start, f.term.end)
    zone = scope.machine.zone

    def to_period(f: Frame) -> Sequence[EventRow]:
        local = zone(f.rows[0])
        return intervals.clip(inner(f), local.instant(f.term.start), local.instant(f.term.end))

    return to_period


def _covering(machine: Machine, inner: Source, event: Event) -> Source:
    if event.interval == "date":
        return lambda f: intervals.covering(inner(f), f.day, f.day + 1)

    def rows(f: Frame) -> Sequence[EventRow]:
        local = machine.zone(f.rows[0])
        return intervals.covering(inner(f), local.instant(f.day), local.instant(f.day + 1))

    return rows


def _interval_function(scope: Scope, plan: SourcePlan) -> Source:
    event = event_of(plan)
    if plan.of is None or event is None:
        raise ValueError(plan.kind)
    inner, machine = _source(scope, plan.of), scope.machine
    match plan.kind:
        case "clip":
            return _clip(scope, plan, inner, event)
        case "covering":
            return _covering(machine, inner, event)
        case "union":
            return lambda f: intervals.union(inner(f))
        case "merge":
            return lambda f: intervals.merge(inner(f), plan.by)
        case "worst":
            return lambda f: intervals.worst(inner(f), plan.by[0])
        case "apart":
            return lambda f: intervals.apart(inner(f))
    cut = intervals.daily if plan.kind == "daily" else intervals.split
    first, last = (scope.made[number] for number in plan.args)
    return lambda f: cut(inner(f), first(f), last(f), machine.zone(f.rows[0]))


def _source(scope: Scope, plan: SourcePlan) -> Source:
    match plan.kind:
        case "children":
            return _children(plan)
        case "events" if isinstance(plan.data, Event):
            return _events(plan, plan.data)
        case "members":
            members: Any = plan.data
            return lambda _f: members
    return _interval_function(scope, plan)


def _binding(scope: Scope, slot: int, plan: SourcePlan) -> Binding:
    if plan.kind == "months":
        return _months(scope, slot, plan)
    source = _source(scope, plan)

    def each(f: Frame) -> Iterator[None]:
        for item in source(f):
            f.rows[slot] = item
            yield

    return each


def _months(scope: Scope, slot: int, plan: SourcePlan) -> Binding:
    count, take = payload(plan)
    where = None if plan.where is None else scope.made[plan.where]
    machine = scope.machine

    def each(f: Frame) -> Iterator[None]:
        taken = 0
        saved = present, *_ = f.term, f.day, f.start, f.end
        for back in range(1, count + 1):
            f.term = machine.past_term(present.number - back)
            f.day = f.start = f.term.start
            f.end = f.term.end
            f.rows[slot] = f.term.number
            if where is not None:
                holds = where(f)
                if holds is None:
                    raise DataProblem("D0405", f"whether {f.term} counts cannot be said: a value is absent")
                if not holds:
                    continue
            taken += 1
            yield
            if taken == take:
                break
        f.term, f.day, f.start, f.end = saved

    return each


# --- aggregates ----------------------------------------------------------------------------------------------


def _aggregate(scope: Scope, step: Step) -> Evaluate:
    gather = step.data
    if not isinstance(gather, Gather):
        raise TypeError(gather)
    bindings = [_binding(scope, slot, plan) for slot, plan in gather.binders]
    where = None if gather.where is None else scope.made[gather.where]
    value = None if gather.value is None else scope.made[gather.value]
    by = None if gather.by is None else scope.made[gather.by]
    each = _combinations(scope, step, bindings, where)
    run = _REDUCERS[gather.function](step, each, value, by)
    slots = tuple(slot for slot, _ in gather.binders)
    if not any(plan.kind in {"months", "children"} for _, plan in gather.binders):
        return _unless_empty(scope, gather, run)

    def aggregated(f: Frame) -> Datum:
        saved = f.term, f.day, f.start, f.end
        try:
            return run(f)
        except DataProblem as problem:
            _name_origin(problem, f, slots)
            raise
        finally:
            f.term, f.day, f.start, f.end = saved

    return _unless_empty(scope, gather, aggregated)


def _unless_empty(scope: Scope, gather: Gather, run: Evaluate) -> Evaluate:
    """Answer at once where there is no event or child: the usual case."""
    plan = gather.binders[0][1]
    while plan.of is not None:
        plan = plan.of
    if len(gather.binders) != 1 or scope.hook is not None or plan.kind not in {"events", "children"}:
        return run
    nothing = {"sum": 0, "count": 0, "any": False, "all": True}.get(gather.function)
    slot, up, data = plan.slot, plan.up, payload(plan)
    events = plan.kind == "events"
    name = data.name if events else data

    def quick(f: Frame) -> Datum:
        row = f.rows[slot] if up == 0 else climb(f.rows[slot], up)
        found = row.events.get(name) if events else row.children.get(name, row.children)
        return run(f) if found else nothing

    return quick


def _combinations(scope: Scope, step: Step, bindings: list[Binding], where: Evaluate | None) -> Binding:
    """Return an iteration over all combinations of the binders for which ``where`` holds."""
    hook, definition, place = scope.hook, scope.definition, scope.number
    if len(bindings) == 1 and hook is None:
        return bindings[0] if where is None else _filtered(step, bindings[0], where)

    def combinations(f: Frame, depth: int = 0) -> Iterator[None]:
        if depth < len(bindings):
            for _ in bindings[depth](f):
                yield from combinations(f, depth + 1)
            return
        if hook is not None and definition is not None:
            hook.item(definition, place, f)
        if where is not None:
            holds = where(f)
            if not holds:
                return absent(step) if holds is None else None
        yield

    return combinations


def _filtered(step: Step, binding: Binding, where: Evaluate) -> Binding:
    def each(f: Frame) -> Iterator[None]:
        for _ in binding(f):
            holds = where(f)
            if holds:
                yield
            elif holds is None:
                absent(step)

    return each


def _name_origin(problem: DataProblem, f: Frame, slots: tuple[int, ...]) -> None:
    """Say in which child a problem lies that does not say it itself."""
    if problem.row:
        return
    for slot in reversed(slots):
        row = f.rows[slot]
        if isinstance(row, Row):
            problem.row, problem.caused_by = row.id, f"{row.entity} {row.id}"
            return


Reducer: TypeAlias = Callable[[Step, Binding, Evaluate | None, Evaluate | None], Evaluate]


def _valued(step: Step, value: Evaluate | None, f: Frame) -> Datum:
    x = None if value is None else value(f)
    return absent(step) if x is None else x


def _sum(step: Step, each: Binding, value: Evaluate | None, _by: Evaluate | None) -> Evaluate:
    def total(f: Frame) -> Number:
        found: Number = 0
        for _ in each(f):
            found += _valued(step, value, f)
        return found

    return total


def _count(_step: Step, each: Binding, _value: Evaluate | None, _by: Evaluate | None) -> Evaluate:
    def counted(f: Frame) -> int:
        return sum(1 for _ in each(f))

    return counted


def _mean(step: Step, each: Binding, value: Evaluate | None, _by: Evaluate | None) -> Evaluate:
    def mean(f: Frame) -> Number | None:
        found: Number = 0
        count = 0
        for _ in each(f):
            found += _valued(step, value, f)
            count += 1
        return quotient(found, count) if count else None

    return mean


def _extreme(choose: Callable[[list[Any]], Any]) -> Reducer:
    def reducer(step: Step, each: Binding, value: Evaluate | None, _by: Evaluate | None) -> Evaluate:
        def extreme(f: Frame) -> Datum:
            found = [_valued(step, value, f) for _ in each(f)]
            return choose(found) if found else None

        return extreme

    return reducer


def _quantifier(*, decides: bool) -> Reducer:
    def reducer(step: Step, each: Binding, value: Evaluate | None, _by: Evaluate | None) -> Evaluate:
        def quantified(f: Frame) -> bool:
            return decides if any(_valued(step, value, f) is decides for _ in each(f)) else not decides

        return quantified

    return reducer


def _edge(*, last: bool) -> Reducer:
    def reducer(step: Step, each: Binding, value: Evaluate | None, by: Evaluate | None) -> Evaluate:
        def edge(f: Frame) -> Datum:
            best: Any = None
            tied = False
            state: tuple[Any, ...] = ()
            for _ in each(f):
                place = _valued(step, by, f)
                if best is None or (place > best if last else place < best):
                    best, tied, state = place, False, (list(f.rows), f.term, f.day, f.start, f.end)
                elif place == best:
                    tied = True
            if best is None:
                return None
            if tied:
                raise DataProblem(
                    "D0403", f"two rows share the {'last' if last else 'first'} place, so none of them is chosen"
                )
            f.rows[:], f.term, f.day, f.start, f.end = state
            return None if value is None else value(f)

        return edge

    return reducer


_REDUCERS: dict[str, Reducer] = {
    "sum": _sum,
    "count": _count,
    "mean": _mean,
    "min": _extreme(min),
    "max": _extreme(max),
    "any": _quantifier(decides=True),
    "all": _quantifier(decides=False),
    "first": _edge(last=False),
    "last": _edge(last=True),
}

AGGREGATES: dict[Op, Compiler] = {Op.AGGREGATE: _aggregate}
