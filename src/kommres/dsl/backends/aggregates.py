"""Aggregates over children, events, members and past months; the sources that they go through.

An aggregate is a function with one loop for each binder.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from attrs import define, evolve, field

from kommres.dsl.backends import intervals
from kommres.dsl.backends.grids import first_days, span_days
from kommres.dsl.backends.hourly import hourly
from kommres.dsl.backends.references import ancestor
from kommres.dsl.backends.rows import EventRow, Row
from kommres.dsl.backends.writing import (
    Mode,
    Place,
    Text,
    Unit,
    Writer,
    event_of,
    indented,
    innermost,
    payload,
    slot_name,
)
from kommres.dsl.bound.nodes import Event
from kommres.dsl.plan.nodes import Gather, Op, SourcePlan
from kommres.dsl.problems import DataProblem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kommres.dsl.backends.frame import Term
    from kommres.dsl.backends.zones import Zone


# --- what generated functions call ---------------------------------------------------------------------------


def clip_local(rows: Sequence[EventRow], zone: Zone, term: Term) -> list[EventRow]:
    """Keep what lies in the month, as local time has it."""
    return intervals.clip(rows, zone.instant(term.start), zone.instant(term.end))


def clip_span(rows: Sequence[EventRow], start: int | None, end: int | None, event: Event) -> list[EventRow]:
    """Keep what lies in ``start .. end``. Raises :class:`DataProblem` (D0405) where a bound is absent."""
    if start is None or end is None:
        raise DataProblem("D0405", f"a bound to which {event.name} is clipped is absent")
    return intervals.clip(rows, start, end)


def covering_local(rows: Sequence[EventRow], zone: Zone, day: int) -> list[EventRow]:
    """Keep what covers all of a local day."""
    return intervals.covering(rows, zone.instant(day), zone.instant(day + 1))


def undecided_month(term: Term) -> DataProblem:
    """Return D0405 for a condition on past months that is absent."""
    return DataProblem("D0405", f"whether {term} counts cannot be said: a value is absent")


def shared_place(which: str) -> DataProblem:
    """Return D0403."""
    return DataProblem("D0403", f"two rows share the {which} place, so none of them is chosen")


def name_origin(problem: DataProblem, rows: Sequence[object]) -> None:
    """Say in which child a problem lies that does not say it itself."""
    if problem.row:
        return
    for row in reversed(rows):
        if isinstance(row, Row):
            problem.row, problem.caused_by = row.id, f"{row.entity} {row.id}"
            return


# --- loops ---------------------------------------------------------------------------------------------------


@define
class _Loops:
    """The lines that go through all combinations of the binders.

    ``place`` is that inside the loops which were begun; ``ends`` are the last lines of their bodies.
    """

    unit: Unit
    number: int
    place: Place
    lines: list[str] = field(factory=list)
    ends: list[tuple[int, str]] = field(factory=list)
    bound: list[str] = field(factory=list)
    depth: int = 0
    misses: bool = False
    source_code: dict[int, str] = field(factory=dict)

    def text(self, number: int) -> Text:
        """Return the expression of a step inside the loops."""
        text = self.unit.text(number, self.place)
        self.misses = self.misses or text.misses
        return text

    def line(self, code: str) -> None:
        """Write a line inside the loops."""
        self.lines.append("    " * self.depth + code)

    def block(self, head: str) -> None:
        """Write the head of a block; what follows stands in it."""
        self.line(head)
        self.depth += 1

    def only_if(self, where: Text, undecided: str) -> None:
        """Do what follows only where a condition holds."""
        if not where.optional:
            self.block(f"if {where.code}:")
            return
        self.line(f"holds = {where.code}")
        self.line("if holds is None:")
        self.line(f"    {undecided}")
        self.block("if holds:")

    def bind(self, slot: int, plan: SourcePlan) -> None:
        """Begin the loop of a binder."""
        name = slot_name(slot)
        self.bound.append(name)
        if plan.kind == "months":
            self._months(name, slot, plan)
            return
        if innermost(plan).kind in {"intervals", "days"}:
            self._times(name, slot, plan)
            return
        self.block(f"for {name} in {self.source(plan)}:")
        self.place = self.place.with_slots(slot)

    def _months(self, name: str, slot: int, plan: SourcePlan) -> None:
        count, take = payload(plan)
        self.bound += ["term", "day", "start", "end"]
        if take is not None:
            self.line("taken = 0")
        self.block(f"for term in past_months(now, {count}):")
        if take is not None:
            self.ends.append((self.depth, f"if taken == {take}: break"))
        self.line("day = start = term.start")
        self.line("end = term.end")
        self.line(f"{name} = term.number")
        self.place = evolve(
            self.place.with_slots(slot), in_months=True, term="term", day="day", start="start", end="end"
        )
        if plan.where is not None:
            self.only_if(self.text(plan.where), "raise undecided_month(term)")
        if take is not None:
            self.line("taken += 1")

    def _times(self, name: str, slot: int, plan: SourcePlan) -> None:
        """Begin a loop over intervals or days, inside which the day is theirs."""
        inner = innermost(plan)
        year = (inner.data[0] if inner.kind == "days" else payload(inner).over) == "year"  # type: ignore[index]
        # Days outside the month of the run are read as those of a span are.
        mode = Mode.OUTSIDE if year and self.place.mode is not Mode.PAST else self.place.mode
        if inner.kind == "days":
            self.block(f"for {name} in {self.source(plan)}:")
            self.place = evolve(self.place.with_slots(slot), day=name, mode=mode)
            return
        self.bound.append(f"g{slot}")
        self.line(f"g{slot} = {self.unit.bind(self.unit.machine.grids(payload(inner)))}(row)")
        self.source_code[slot] = self._intervals(plan, slot)
        self.block(f"for {name} in {self.source_code[slot]}:")
        self.place = evolve(
            self.place.with_slots(slot),
            day=f"g{slot}.days[{name}]",
            mode=mode,
            grids=tuple(sorted({*self.place.grids, slot})),
        )

    def _intervals(self, plan: SourcePlan, slot: int) -> str:
        """Return the code of the intervals of a source."""
        if plan.of is None:
            return f"g{slot}.all"
        of = self._intervals(plan.of, slot)
        args = [self.text(number) for number in plan.args]
        codes = [self.unit.present(arg, self.number) for arg in args]
        if plan.kind == "clip":
            codes = [
                f"zone(row).instant({code})" if self.unit.steps[number].kind == "date" else code
                for number, code in zip(plan.args, codes, strict=True)
            ]
        return f"g{slot}.{plan.kind}({', '.join([of, *codes])})"

    def finish(self) -> list[str]:
        """Return all lines."""
        return [*self.lines, *("    " * depth + line for depth, line in reversed(self.ends))]

    # sources ---------------------------------------------------------------------------------------------

    def source(self, plan: SourcePlan) -> str:
        """Return the code of the items of a source."""
        unit, place = self.unit, self.place
        match plan.kind:
            case "children":
                return f"children({ancestor(unit, plan.slot, plan.up)}, {unit.literal(plan.data)})"
            case "events" if isinstance(plan.data, Event):
                return f"{ancestor(unit, plan.slot, plan.up)}.events.get({unit.literal(plan.data.name)}, ())"
            case "members":
                return unit.bind(plan.data)
            case "days":
                over, one = payload(plan)
                span = span_days if one == "day" else first_days
                return unit.bind(span(over, unit.machine.term))
        event = event_of(plan)
        if plan.of is None or event is None:
            raise ValueError(plan.kind)
        inner = self.source(plan.of)
        dated = event.interval == "date"
        match plan.kind:
            case "clip" if plan.args:
                bounds = ", ".join(self._instant(event, number) for number in plan.args)
                return f"clip_span({inner}, {bounds}, {unit.bind(event)})"
            case "clip":
                start, end = place.month
                return f"clip({inner}, {start}, {end})" if dated else f"clip_local({inner}, zone(row), {place.term})"
            case "covering" if dated:
                return f"covering({inner}, {place.day}, {place.day} + 1)"
            case "covering":
                return f"covering_local({inner}, zone(row), {place.day})"
            case "merge":
                return f"merge({inner}, {unit.bind(plan.by)})"
            case "worst":
                return f"worst({inner}, {unit.literal(plan.by[0])})"
            case "daily" | "split":
                window = ", ".join(self.text(number).code for number in plan.args)
                return f"{plan.kind}({inner}, {window}, zone(row))"
        return f"{plan.kind}({inner})"

    def _instant(self, event: Event, number: int) -> str:
        """Return an argument of ``clip`` in the unit of the event: dates become the instants at which they begin."""
        text = self.text(number)
        if event.interval != "instant" or self.unit.steps[number].kind != "date":
            return text.code
        return f"zone(row).instant({text.code})"


# --- aggregates ----------------------------------------------------------------------------------------------


def _aggregate(unit: Unit, number: int, place: Place) -> Text:
    gather = unit.steps[number].data
    if not isinstance(gather, Gather):
        raise TypeError(gather)
    kinds = {plan.kind for _, plan in gather.binders}
    inside, more = place.inside(), {}
    if "months" in kinds:  # the loop sets the usual names
        more = {"now": place.term, "today": place.day, "since": place.start, "till": place.end}
        inside = evolve(inside, term="now", day="today", start="since", end="till")
    loops = _Loops(unit, number, inside)
    for slot, plan in gather.binders:
        loops.bind(slot, plan)
    if unit.watched:
        loops.line(f"{unit.watch}.item({number}, {unit.seen(loops.place)})")
    if gather.where is not None:
        loops.only_if(loops.text(gather.where), unit.absent(number))
    before, each, after = _REDUCERS[gather.function](loops, gather)
    for line in each:
        loops.line(line)
    body = [*before, *loops.finish(), *after]
    if "children" in kinds:
        body = _naming_origin(body, [slot_name(slot) for slot, _ in gather.binders])
    body = [*_at_once(loops, inside, gather), *_by_hours(loops, gather), *body]
    return Text(
        unit.function(body, place=place, bound=loops.bound, more=more),
        optional=gather.function in _OPTIONAL,
        misses=loops.misses,
    )


def _naming_origin(body: list[str], slots: list[str]) -> list[str]:
    """Return the body with problems that name the child in which they lie."""
    return [
        f"{' = '.join(slots)} = None",
        "try:",
        *indented(body),
        "except DataProblem as problem:",
        f"    name_origin(problem, ({', '.join(slots)},))",
        "    raise",
    ]


def _at_once(loops: _Loops, place: Place, gather: Gather) -> list[str]:
    """Answer before any interval is cut where there is no event: the usual case."""
    plan = gather.binders[0][1]
    if len(gather.binders) > 1 or plan.of is None or event_of(plan) is None:
        return []
    rows = _Loops(loops.unit, loops.number, place).source(innermost(plan))
    return [f"if not {rows}:", f"    return {_OF_NOTHING.get(gather.function)}"]


def _by_hours(loops: _Loops, gather: Gather) -> list[str]:
    """Answer without a loop where the aggregate is that simple."""
    slot, plan = gather.binders[0]
    if innermost(plan).kind != "intervals":
        return []
    code = hourly(loops.unit, gather, loops.place, loops.source_code.get(slot, ""))
    if code is None:
        return []
    return [
        f"g{slot} = {loops.unit.bind(loops.unit.machine.grids(payload(innermost(plan))))}(row)",
        f"found = {code}",
        "if found is not MANY:",
        "    return found",
    ]


#: lines before the loops, lines for each combination, lines after the loops
_Parts: TypeAlias = "tuple[list[str], list[str], list[str]]"


def _value(loops: _Loops, number: int | None) -> str:
    if number is None:
        raise ValueError(loops.number)
    return loops.unit.present(loops.text(number), loops.number)


def _sum(loops: _Loops, gather: Gather) -> _Parts:
    return ["total = 0"], [f"total += {_value(loops, gather.value)}"], ["return total"]


def _count(_loops: _Loops, _gather: Gather) -> _Parts:
    return ["total = 0"], ["total += 1"], ["return total"]


def _mean(loops: _Loops, gather: Gather) -> _Parts:
    each = [f"total += {_value(loops, gather.value)}", "count += 1"]
    return ["total = count = 0"], each, ["return quotient(total, count) if count else None"]


def _extreme(choose: str) -> Callable[[_Loops, Gather], _Parts]:
    def parts(loops: _Loops, gather: Gather) -> _Parts:
        each = [f"found.append({_value(loops, gather.value)})"]
        return ["found = []"], each, [f"return {choose}(found) if found else None"]

    return parts


def _any(loops: _Loops, gather: Gather) -> _Parts:
    return [], [f"if {_value(loops, gather.value)}:", "    return True"], ["return False"]


def _all(loops: _Loops, gather: Gather) -> _Parts:
    return [], [f"if not {_value(loops, gather.value)}:", "    return False"], ["return True"]


def _edge(which: str, sign: str) -> Callable[[_Loops, Gather], _Parts]:
    def parts(loops: _Loops, gather: Gather) -> _Parts:
        names = ", ".join(loops.bound)
        each = [
            f"place = {_value(loops, gather.by)}",
            f"if best is None or place {sign} best:",
            f"    best, tied, kept = place, False, ({names},)",
            "elif place == best:",
            "    tied = True",
        ]
        after = [
            "if best is None:",
            "    return None",
            "if tied:",
            f"    raise shared_place({loops.unit.literal(which)})",
            f"({names},) = kept",
            f"return {'None' if gather.value is None else loops.text(gather.value).code}",
        ]
        return ["best, tied = None, False"], each, after

    return parts


_REDUCERS: dict[str, Callable[[_Loops, Gather], _Parts]] = {
    "sum": _sum,
    "count": _count,
    "mean": _mean,
    "min": _extreme("min"),
    "max": _extreme("max"),
    "any": _any,
    "all": _all,
    "first": _edge("first", "<"),
    "last": _edge("last", ">"),
}
_OPTIONAL = frozenset({"mean", "min", "max", "first", "last"})
_OF_NOTHING = {"sum": 0, "count": 0, "any": False, "all": True}

AGGREGATES: dict[Op, Writer] = {Op.AGGREGATE: _aggregate}
