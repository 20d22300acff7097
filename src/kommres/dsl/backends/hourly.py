"""Sums and extremes of a series over many intervals at once: whole numbers in plain loops.

``sum of load[h] * price[h] for h in load where zone_of[hour_of_day(h)] = night``: which intervals count and by what
each value is multiplied depends on the interval alone, so both are found once for all rows of a time zone. A sum is
then one of whole numbers. Whatever is not so simple, or fails in some interval, is left to the loop over intervals.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from fractions import Fraction
from math import lcm
from operator import mul
from typing import TYPE_CHECKING, Any, TypeAlias

from attrs import evolve, frozen

from kommres.dsl.backends.arithmetic import ratio
from kommres.dsl.backends.references import ancestor
from kommres.dsl.backends.rows import Dense
from kommres.dsl.backends.writing import Mode, Place, Text, Unit, innermost, payload, slot_name
from kommres.dsl.bound.nodes import Enum, Series
from kommres.dsl.plan.nodes import Gather, Op
from kommres.dsl.problems import DataProblem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kommres.dsl.backends.frame import Datum
    from kommres.dsl.backends.grids import Intervals
    from kommres.dsl.backends.rows import Row

#: What only a loop over the intervals can tell.
MANY = object()
_FUNCTIONS = frozenset({"sum", "mean", "min", "max", "count"})
_LOCAL = re.compile(r"(?<![.\w])(?:row|memo|day|term|start|end|now|today|since|till|v\d+|g\d+)\b")

Outer: TypeAlias = tuple[str, ...]
#: row, grid, place of the interval and members of enumerations -> what is asked of that interval
AtInterval: TypeAlias = "Callable[..., Any]"


@frozen
class _Multiple:
    """A series (the number of its step) times and over other steps, and times a constant."""

    series: int
    above: tuple[int, ...] = ()
    below: tuple[int, ...] = ()
    constant: Fraction = Fraction(1)


class Hourly:
    """One aggregate over intervals.

    Parameters
    ----------
    function
        sum, mean, min, max or count.
    series
        What is added up; None for a count.
    where
        Whether an interval counts; None: all do.
    factors
        What a value is multiplied by, and what it is divided by: two tuples; None: it is taken as it is.
    unit
        What one step of the series is.
    """

    def __init__(
        self,
        function: str,
        series: Series | None,
        where: AtInterval | None,
        factors: AtInterval | None,
        unit: Fraction = Fraction(1),
    ) -> None:
        self._function = function
        self._series = series
        self._unit = unit
        self._where = where
        self._factors = factors
        self._chosen: dict[tuple[int, Outer], list[int] | None] = {}
        self._weights: dict[tuple[int, Outer], tuple[list[int | None], int]] = {}

    # what depends on intervals alone ---------------------------------------------------------------------

    def _which(self, row: Row, grid: Intervals, outer: Outer) -> list[int] | None:
        """Return the intervals that count; None where that cannot be said of some interval."""
        key = id(grid), outer
        if key not in self._chosen:
            assert self._where is not None  # noqa: S101 - asked only then
            try:
                self._chosen[key] = [at for at in grid.all if self._where(row, grid, at, *outer)]
            except DataProblem:
                self._chosen[key] = None
        return self._chosen[key]

    def _weight(self, row: Row, grid: Intervals, outer: Outer) -> tuple[list[int | None], int]:
        """Return by what each value is multiplied, over one divisor; None where that cannot be said."""
        key = id(grid), outer
        found = self._weights.get(key)
        if found is None:
            exact = [self._product(row, grid, at, outer) for at in grid.all]
            below = lcm(*(weight.denominator for weight in exact if weight is not None))
            weights = [None if w is None else w.numerator * (below // w.denominator) for w in exact]
            found = self._weights[key] = weights, below
        return found

    def _product(self, row: Row, grid: Intervals, at: int, outer: Outer) -> Fraction | None:
        assert self._factors is not None  # noqa: S101 - asked only then
        try:
            above, below = self._factors(row, grid, at, *outer)
            total = Fraction(1)
            for factor in above:
                total *= factor
            for divisor in below:
                total /= divisor
        except (DataProblem, TypeError, ZeroDivisionError):
            return None
        return total

    # one row ---------------------------------------------------------------------------------------------

    def of(self, row: Row, dense: Datum, grid: Intervals, of: Sequence[int], *outer: str) -> Datum:
        """Return the aggregate over some intervals; :data:`MANY` where it cannot be said so shortly.

        ``row`` is any row of the time zone: nothing but the rules that it remembers is read of it.
        """
        if self._where is not None:
            chosen = self._which(row, grid, outer)
            if chosen is None:
                return MANY
            of = _common(of, chosen)
        if self._series is None:
            return len(of)
        if dense.__class__ is not Dense or dense.first != grid.first or len(dense.cells) != grid.count:
            return MANY
        try:
            return self._value(row, dense.cells, grid, of, outer)
        except TypeError:  # an interval has no value
            return MANY

    def _value(self, row: Row, cells: list[Any], grid: Intervals, of: Sequence[int], outer: Outer) -> Datum:
        if not of:
            return 0 if self._function == "sum" else None
        values: Any = _taken(cells, of)
        below = 1
        if self._factors is not None:
            weights, below = self._weight(row, grid, outer)
            values = map(mul, values, _taken(weights, of))
        match self._function:
            case "sum":
                total = sum(values)
            case "mean":
                total, below = sum(values), below * len(of)
            case "min":
                total = min(values)
            case _:
                total = max(values)
        return ratio(total * self._unit.numerator, below * self._unit.denominator)


def _taken(cells: list[Any], of: Sequence[int]) -> Any:  # noqa: ANN401 - cells of any series
    if of.__class__ is range:
        return cells[of.start : of.stop]
    return [cells[at] for at in of]


def _common(of: Sequence[int], chosen: list[int]) -> Sequence[int]:
    """Return the intervals of both; both go upwards."""
    if of.__class__ is range:
        if not of:
            return ()
        low, high = of[0], of[-1]
        if chosen and low <= chosen[0] and chosen[-1] <= high:
            return chosen
        return chosen[bisect_left(chosen, low) : bisect_left(chosen, high + 1)]
    kept = set(chosen)
    return [at for at in of if at in kept]


# --- writing -------------------------------------------------------------------------------------------------


def hourly(unit: Unit, gather: Gather, place: Place, intervals: str) -> str | None:
    """Return the code of an aggregate over intervals at once; None where only a loop can tell it.

    Parameters
    ----------
    unit
        Whose steps these are.
    gather
        The aggregate.
    place
        Inside the loop.
    intervals
        The code of what it goes through.
    """
    if unit.watched or len(gather.binders) != 1 or gather.function not in _FUNCTIONS or place.mode is Mode.PAST:
        return None
    ((slot, source),) = gather.binders
    if innermost(source).kind != "intervals":
        return None
    parts = _Parts(unit, slot, place)
    series, held, size = None, "None", Fraction(1)
    factors: tuple[Sequence[int], Sequence[int]] = ((), ())
    if gather.value is not None:
        found = parts.linear(gather.value)
        if found is None or found.constant <= 0:
            return None
        series, own, up, _, _ = payload(unit.steps[found.series])
        if series.optional or series.type.kind != "number":
            return None
        held = f"{ancestor(unit, own, up)}.series.get({unit.literal(series.name)})"
        factors, size = (found.above, found.below), found.constant * (series.step or 1)
    outer: dict[str, None] = {}
    where = None if gather.where is None else parts.function([[gather.where]], outer)
    weights = None if not any(factors) else parts.function(factors, outer)
    if parts.refused:
        return None
    names = tuple(sorted(outer))
    made = Hourly(
        gather.function,
        series,
        None if where is None else where(names, single=True),
        None if weights is None else weights(names, single=False),
        size,
    )
    more = "".join(f", {name}" for name in names)
    return f"{unit.bind(made)}.of(row, {held}, g{slot}, {intervals}{more})"


class _Parts:
    """Finds what an aggregate multiplies a series by, and writes it as functions of an interval."""

    def __init__(self, unit: Unit, slot: int, place: Place) -> None:
        self._unit = unit
        self._slot = slot
        self._place = place
        self.refused = False

    def linear(self, number: int) -> _Multiple | None:
        """Return the series that a step is a multiple of; None where it is none."""
        step = self._unit.steps[number]
        match step.op:
            case Op.SERIES if payload(step)[1] is not None and payload(step)[3] == self._slot:
                return _Multiple(number)
            case Op.SCALE:
                found = self.linear(step.args[0])
                return None if found is None else evolve(found, constant=found.constant * payload(step))
            case Op.MUL:
                inner = [(arg, found) for arg in step.args if (found := self.linear(arg)) is not None]
                if len(inner) != 1:
                    return None
                own, found = inner[0]
                return evolve(found, above=(*found.above, *(arg for arg in step.args if arg != own)))
            case Op.DIV:
                found = self.linear(step.args[0])
                return None if found is None else evolve(found, below=(*found.below, step.args[1]))
            case _:
                return None

    def function(self, parts: Sequence[Sequence[int]], outer: dict[str, None]) -> Callable[..., AtInterval] | None:
        """Return what makes a function of steps; ``outer`` gains the members that it reads."""
        definition = self._unit.definition
        free = () if definition is None else self._unit.machine.calendar.of(definition)
        asked = [number for part in parts for number in part]
        if not free or not all(free[number] for number in asked) or not all(map(self._here, asked)):
            self.refused = True
            return None
        texts = [[self._unit.text(number, self._place) for number in part] for part in parts]
        for text in (text for part in texts for text in part):
            self._check(text, outer)
        if self.refused:
            return None

        def made(names: tuple[str, ...], *, single: bool) -> AtInterval:
            tuples = [f"({''.join(f'{text.code}, ' for text in part)})" for part in texts]
            body = f"return {texts[0][0].code if single else ', '.join(tuples)}"
            parameters = ["row", f"g{self._slot}", slot_name(self._slot), *names]
            name = self._unit.define(parameters, ["memo = row.memo", body])
            machine = self._unit.machine

            def called(*args: object) -> object:  # it is written only when all of the definition is
                return machine.names[name](*args)

            return called

        return made

    def _here(self, number: int) -> bool:
        """Whether a step asks no rule of another row: that row may be unusable for one row and not for the next."""
        step = self._unit.steps[number]
        elsewhere = step.op is Op.RULE and payload(step)[1:3] != (0, 0)
        return not elsewhere and all(map(self._here, step.args))

    def _check(self, text: Text, outer: dict[str, None]) -> None:
        own = {"row", "memo", f"g{self._slot}", slot_name(self._slot)}
        for name in _LOCAL.findall(text.code):
            if name in own:
                continue
            if not name.startswith("v") or not self._is_member(int(name[1:])):
                self.refused = True
                return
            outer[name] = None
        self.refused = self.refused or text.optional

    def _is_member(self, slot: int) -> bool:
        """Whether a slot holds a member of an enumeration and nothing else."""
        definition = self._unit.definition
        if definition is not None and slot in definition.key_slots:
            return isinstance(definition.rule.keys[definition.key_slots.index(slot)], Enum)
        gathers = [step.data for step in self._unit.steps if isinstance(step.data, Gather)]
        kinds = {source.kind for gather in gathers for n, source in gather.binders if n == slot}
        return kinds == {"members"}
