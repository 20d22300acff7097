"""Sums over slices, means over days, values at the edges of a period.

Where nothing changes inside the month, a sum over slices and a mean over days are their only value. That is known
before any row is read for a definition that is computed for steady rows (``Mode.STEADY``), so nothing of the slices is
left in its text.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from attrs import evolve

from kommres.dsl.backends.tables import Miss
from kommres.dsl.backends.writing import Mode, Place, Text, Unit, Writer, indented, over, payload
from kommres.dsl.plan.nodes import Op
from kommres.dsl.problems import DataProblem
from kommres.dsl.quantity import day as show_day
from kommres.period import MOST_DAYS, month_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kommres.dsl.backends.frame import Number, Term


# --- what generated functions call ---------------------------------------------------------------------------


def months_between(start: int, end: int, term: Term) -> Number:
    """Return the length in months: days over the days of the month that they lie in, month by month."""
    if start >= term.start and end <= term.end:
        return 1 if end - start == term.days else Fraction(end - start, term.days)
    total = Fraction(0)
    while start < end:
        month = month_of(start)
        until = min(end, month.end)
        total += Fraction(until - start, month.days)
        start = until
    return total


def too_long(start: int, end: int) -> DataProblem:
    """Return D0410 for a span of days that is gone through."""
    span = f"from {show_day(start)} until {show_day(end)}"
    return DataProblem("D0410", f"{span} there are {end - start} days; a sum over slices has {MOST_DAYS} at most")


def pairs(starts: Sequence[int], end: int) -> Iterable[tuple[int, int]]:
    """Return pieces with their ends."""
    return zip(starts, (*starts[1:], end), strict=True)


class Failed:
    """A name that cannot be evaluated on a day: raised only by what uses it.

    Failures alike cut no slice: whatever ``else`` may replace, or the same code and place. Messages name the day, so
    they do not count.
    """

    __slots__ = ("_facts",)

    def __init__(self, problem: DataProblem) -> None:
        self._facts = () if isinstance(problem, Miss) else (problem.code, problem.row, problem.field)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Failed) and self._facts == other._facts

    def __hash__(self) -> int:
        return hash(self._facts)


# --- steps ---------------------------------------------------------------------------------------------------


def _slice(unit: Unit, number: int, place: Place) -> Text:
    match payload(unit.steps[number]):
        case "start":
            return Text(place.start)
        case "end":
            return Text(place.end)
        case "days":
            if (place.start, place.end) == ("START", "END"):
                return evolve(unit.known(unit.machine.term.days), code="DAYS")
            return Text(f"({place.end} - {place.start})")
    if place.in_span or place.past:
        return Text(f"months_between({place.start}, {place.end}, {place.term})")
    if (place.start, place.end) == ("START", "END"):
        return unit.known(1)
    return Text(f"MONTHS[{place.end} - {place.start}]")


def _edge(unit: Unit, number: int, place: Place) -> Text:
    (value,) = unit.steps[number].args
    if _is_steady(place):
        day = place.day  # every day is like the last one
    elif payload(unit.steps[number]) == "start":
        day = "START" if place.term == "TERM" else f"{place.term}.start"
    else:
        day = "LAST" if place.term == "TERM" else f"({place.term}.end - 1)"
    return unit.text(value, evolve(place, day=day))


def _is_steady(place: Place) -> bool:
    """Whether nothing changes inside the month: of a past month that is not known."""
    return place.mode is Mode.STEADY and not place.past


def _pieces(unit: Unit, place: Place, start: str, end: str) -> str:
    """Return the code of the first days of the elementary pieces of a span."""
    if unit.cutter is None or place.in_months:
        return f"range({start}, {end})"  # what is read of past months is not among the cuts
    if (place.term, start, end) == ("TERM", "START", "END"):
        month = unit.bind(unit.cutter.month)
        return f"memo[{month}] if {month} in memo else {month}.in_month(row)"
    return f"{unit.bind(unit.cutter)}.starts(row, {start}, {end}, {place.term})"


def _told(unit: Unit, number: int, place: Place) -> list[str]:
    return [f"{unit.watch}.slice({number}, {unit.seen(place)})"] if unit.watched else []


def _mean_days(unit: Unit, number: int, place: Place) -> Text:
    (argument,) = unit.steps[number].args
    if _is_steady(place):
        value = unit.text(argument, place)
        return over(unit.present(value, number), value)
    inside = place.inside()
    start, end = inside.month
    inside = evolve(inside, day="day", start="start", end="end")
    value = unit.text(argument, inside)
    body = [
        f"starts = {_pieces(unit, inside, start, end)}",
        "total = 0",
        f"for start, end in pairs(starts, {end}):",
        "    day = start",
        *indented(_told(unit, number, inside)),
        f"    x = {unit.present(value, number)}",
        "    if len(starts) == 1:",
        "        return x",
        "    total += x * (end - start)",
        f"return quotient(total, {'DAYS' if place.term == 'TERM' else 'term.days'})",
    ]
    return Text(unit.function(body, place=place, bound=("day", "start", "end")), misses=value.misses)


def _over_slices(unit: Unit, number: int, place: Place) -> Text:
    has_span, _ = payload(unit.steps[number])
    value, *rest = unit.steps[number].args
    if _is_steady(place) and not has_span:
        whole = unit.text(value, place)
        return over(unit.present(whole, number), whole)
    inside = place.inside()
    start, end = inside.month
    if has_span:
        start, end = "first", "until"
        mode = place.mode if place.mode is Mode.PAST else Mode.OUTSIDE
        inside = evolve(inside, mode=mode, in_span=True)
    inside = evolve(inside, day="day", start="start", end="end")
    text = unit.text(value, inside)
    names = [unit.text(i, inside) for i in (rest[2:] if has_span else rest)]
    body = [
        f"starts = {_pieces(unit, inside, start, end)}",
        "if len(starts) > 1:",
        *indented(_merged(names, end)),
        "total = None",
        f"for start, end in pairs(starts, {end}):",
        "    day = start",
        *indented(_told(unit, number, inside)),
        f"    x = {unit.present(text, number)}",
        "    total = x if total is None else total + x",
        "return total",
    ]
    more = {}
    bounds = []
    if has_span:
        bounds = [unit.text(i, place) for i in rest[:2]]
        more = {name: unit.present(bound, number) for name, bound in zip((start, end), bounds, strict=True)}
        long = [f"if {end} - {start} > MOST_DAYS:", f"    raise too_long({start}, {end})"]
        body = [f"if {end} <= {start}:", "    return 0", *long, *body]
    call = unit.function(body, place=place, bound=("day", "start", "end"), more=more)
    return over(call, *bounds, misses=text.misses)


def _merged(names: Sequence[Text], end: str) -> list[str]:
    """Return the lines that join neighbouring pieces on which no name changes."""
    lines = ["kept = []", "last = None", f"for start, end in pairs(starts, {end}):", "    day = start"]
    values = []
    for i, name in enumerate(names):
        values.append(f"n{i}")
        lines += [
            "    try:",
            f"        n{i} = {name.code}",
            "    except DataProblem as problem:",
            f"        n{i} = Failed(problem)",
        ]
    return [
        *lines,
        f"    values = [{', '.join(values)}]",
        "    if values != last:",
        "        kept.append(start)",
        "        last = values",
        "starts = kept",
    ]


SLICING: dict[Op, Writer] = {
    Op.SLICE: _slice,
    Op.EDGE: _edge,
    Op.MEAN_DAYS: _mean_days,
    Op.OVER_SLICES: _over_slices,
}
