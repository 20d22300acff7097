"""What all computations of a run share: generated functions, tables as known, chosen options, months, time zones."""

from __future__ import annotations

import builtins
from bisect import bisect_right
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from kommres.dsl.backends import (
    aggregates,
    arithmetic,
    choices,
    computation,
    functions,
    grids,
    hourly,
    intervals,
    slicing,
    supplied,
)
from kommres.dsl.backends.computation import FAILED, WRITERS, Computation
from kommres.dsl.backends.cutting import Cutter, Movement
from kommres.dsl.backends.foreign import Foreign
from kommres.dsl.backends.frame import Term
from kommres.dsl.backends.grids import Grids, ProgramSeries
from kommres.dsl.backends.supplied import at_row, climb
from kommres.dsl.backends.tables import Miss, MonthValues, Table
from kommres.dsl.backends.watching import NO_LINE, Watch
from kommres.dsl.backends.writing import Mode, Place, Unit, compiled
from kommres.dsl.backends.zones import Zone
from kommres.dsl.diagnostics import closest
from kommres.dsl.plan.calendar import CalendarSteps
from kommres.dsl.problems import DataProblem
from kommres.errors import UsageError
from kommres.period import MOST_DAYS, Month

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from kommres.dsl.backends.hooks import Hook
    from kommres.dsl.backends.rows import Row
    from kommres.dsl.bound.nodes import Function, Grid, OptionBinding, Override, Series
    from kommres.dsl.plan.nodes import DefinitionPlan, OptionPlan, Plan

#: The input of the root entity that names its IANA time zone.
TIME_ZONE = ("time_zone", ())

#: What generated text may name, besides what it binds itself and what differs from run to run.
_NAMES: dict[str, Any] = {
    "__builtins__": {name: getattr(builtins, name) for name in ("int", "str", "len", "min", "max", "range")},
    "FAILED": FAILED,
    "NO_LINE": NO_LINE,
    "HUGE": computation.HUGE,
    "MOST_DAYS": MOST_DAYS,
    "UNSET": object(),
    "MANY": hourly.MANY,
    "DataProblem": DataProblem,
    "Failed": slicing.Failed,
    "Fraction": Fraction,
    "Miss": Miss,
    "bisect_right": bisect_right,
    "settled": computation.settled,
    **{
        function.__name__: function
        for function in (
            *(supplied.absent, supplied.charged, supplied.children, supplied.climb, supplied.event_field),
            *(supplied.past_value, supplied.settle),
            *(arithmetic.divided, arithmetic.moved_date, arithmetic.moved_instant, arithmetic.quotient),
            *(arithmetic.ratio, arithmetic.round_to),
            *(choices.conflict, choices.nothing_applies, choices.undecided),
            *(slicing.months_between, slicing.pairs, slicing.too_long),
            *(functions.next_working_day, functions.is_working_day),
            grids.series_value,
            *(aggregates.clip_local, aggregates.clip_span, aggregates.covering_local, aggregates.name_origin),
            *(aggregates.shared_place, aggregates.undecided_month),
            *(intervals.apart, intervals.clip, intervals.covering, intervals.daily, intervals.merge),
            *(intervals.split, intervals.union, intervals.worst),
        )
    },
}


class OptionChoice:
    """The reading of an option: what the run says, else what a module binds for the row, else the default."""

    def __init__(self, machine: Machine, plan: OptionPlan, chosen: str | None, number: int) -> None:
        self._machine = machine
        self.option = plan.option
        self.fixed = chosen
        if chosen is None and not plan.bindings:
            self.fixed = plan.option.default
        self._plan = plan
        self._name = f"option{number}"
        self._bindings: list[tuple[OptionBinding, Callable[[Row], bool] | None]] | None = None

    def _compiled(self) -> list[tuple[OptionBinding, Callable[[Row], bool] | None]]:
        """Return the bindings with their conditions; conditions may read rules, so they wait until the first use."""
        if self._bindings is None:
            self._bindings = []
            for number, (binding, steps, when) in enumerate(self._plan.bindings):
                name = f"{self._name}_{number}"
                unit = Unit(self._machine, name, steps, writers=WRITERS)
                test = "True" if when is None else unit.text(when, _FIRST_DAY).code
                unit.finish(["row"], ["memo = row.memo", f"return {test}"])
                self._bindings.append((binding, None if when is None else self._machine.names[name]))
        return self._bindings

    def of(self, row: Row) -> str:
        """Return the choice for a row. Raises :class:`DataProblem` (D0301) where modules bind it differently."""
        if self.fixed is not None:
            return self.fixed
        found: str | None = row.memo.get(self)
        if found is None:
            found = row.memo[self] = self._decide(row)
        return found

    def _decide(self, row: Row) -> str:
        holding: list[OptionBinding] = []
        for binding, when in self._compiled():
            at: Row | None = row
            if binding.entity is not None:
                while at is not None and at.entity != binding.entity.name:
                    at = at.parent
            if at is None:
                continue  # the row stands above the entity that the condition is about
            if when is None or when(at):
                holding.append(binding)
        chosen = sorted({binding.choice for binding in holding})
        if len(chosen) > 1:
            said = " and ".join(f"{b.choice} ({b.module})" for b in holding)
            raise at_row(
                "D0301", f"modules bind the option {self.option.name} differently: {said}", row, self.option.name
            )
        return chosen[0] if chosen else self.option.default


#: Where conditions of options are computed: they hold for the whole month.
_FIRST_DAY = Place(mode=Mode.PRESENT, slots=(0,), day="START")


class Machine:
    """The plan of one month as functions. See :class:`kommres.dsl.backends.interpreter.Interpreter` for the parameters.

    ``names`` holds what generated functions name, and them.
    """

    def __init__(
        self,
        plan: Plan,
        month: Month,
        *,
        known_at: int | None,
        options: Mapping[str, str],
        overrides: Sequence[Override],
        hook: Hook | None,
    ) -> None:
        self.plan = plan
        self.term = Term.of(month)
        self.hook = hook
        self.tables = [
            Table(p, known_at, [(keys, value) for q, keys, value in overrides if q is p or q.id == p.id])
            for p in plan.params
        ]
        self.table_of = {table.param.id: table for table in self.tables}
        chosen = _chosen(plan, options)
        self.choices = [OptionChoice(self, p, chosen.get(p.option.id), n) for n, p in enumerate(plan.options)]
        self._by_id = {choice.option.id: choice for choice in self.choices}
        #: options of definitions for which no row matters
        self._settled = {
            d.number: tuple((name, self._by_id[name].fixed or "") for name in d.options)
            for d in plan.charges
            if all(self._by_id[name].fixed is not None for name in d.options)
        }
        self.movement = Movement(self)
        self.cutters: dict[object, Cutter] = {}
        self._definitions = {definition.number: definition for definition in plan.definitions}
        self._computations: dict[int, Computation] = {}
        self._watches: dict[int, Watch] = {}
        self._month_values: dict[int, MonthValues] = {}
        self._terms: dict[int, Term] = {month.number: self.term}
        self._windows: dict[tuple[int, int], tuple[Term, ...]] = {}
        self.calendar = CalendarSteps(plan)
        self._grids: dict[Grid, Grids] = {}
        self._known_at = known_at
        self._overrides = overrides
        self._foreign: dict[Function, Foreign] = {}
        self._program_series: dict[Series, ProgramSeries] = {}
        term = self.term
        self.names: dict[str, Any] = {
            **_NAMES,
            "TERM": term,
            "START": term.start,
            "END": term.end,
            "LAST": term.end - 1,
            "DAYS": term.days,
            "MONTHS": tuple([arithmetic.quotient(days, term.days) for days in range(term.days + 1)]),
            "past_months": self.past_months,
            "steady": self.movement.steady,
            "zone": self.zone,
        }

    # functions -------------------------------------------------------------------------------------------

    def definition(self, number: int) -> DefinitionPlan:
        """Return a definition by its number."""
        return self._definitions[number]

    def computation(self, number: int) -> Computation:
        """Return the computation of a definition."""
        found = self._computations.get(number)
        if found is None:
            found = self._computations[number] = Computation(self, self._definitions[number])
        return found

    def promise(self, name: str, parameters: Sequence[str], write: Callable[[], None]) -> None:
        """Name a function that is written when it is first called.

        Until then the name stands for a function that writes it and calls it. A definition that no row needs costs
        nothing so, and rules may read each other however deep: no writing nests in another.
        """
        if name in self.names:
            return
        self.names[f"write_{name}"] = write
        arguments = ", ".join(parameters)
        exec(  # noqa: S102 - generated names only
            compiled(f"def {name}({arguments}):\n    write_{name}()\n    return {name}({arguments})"), self.names
        )

    def watch(self, definition: DefinitionPlan) -> Watch:
        """Return what tells the hook of a definition."""
        found = self._watches.get(definition.number)
        if found is None:
            if self.hook is None:
                raise ValueError(definition.id)
            varies = self.computation(definition.number).varies
            found = self._watches[definition.number] = Watch(self.hook, definition, varies=varies)
        return found

    def month_values(self, table: Table) -> MonthValues:
        """Return the values of a table that does not change inside the month."""
        found = self._month_values.get(id(table))
        if found is None:
            found = self._month_values[id(table)] = MonthValues(table, self.term.start)
        return found

    def grids(self, grid: Grid) -> Grids:
        """Return the intervals of a grid by time zone."""
        found = self._grids.get(grid)
        if found is None:
            found = self._grids[grid] = Grids(self, grid)
        return found

    def foreign(self, function: Function) -> Foreign:
        """Return a plugin's function."""
        found = self._foreign.get(function)
        if found is None:
            found = self._foreign[function] = Foreign(function)
        return found

    def program_series(self, series: Series) -> ProgramSeries:
        """Return the values of a series that belongs to the program."""
        found = self._program_series.get(series)
        if found is None:
            given = [parts for other, _, parts in self._overrides if other is series or other.id == series.id]
            found = self._program_series[series] = ProgramSeries(series, self._known_at, given)
        return found

    # months, zones, options ------------------------------------------------------------------------------

    def _past_term(self, number: int) -> Term:
        """Return a month by its number."""
        found = self._terms.get(number)
        if found is None:
            found = self._terms[number] = Term.of(Month(number))
        return found

    def past_months(self, term: Term, count: int) -> tuple[Term, ...]:
        """Return the months before a month, the newest first."""
        found = self._windows.get((term.number, count))
        if found is None:
            found = self._windows[term.number, count] = tuple(
                [self._past_term(term.number - back) for back in range(1, count + 1)]
            )
        return found

    def zone(self, row: Row) -> Zone:
        """Return the time zone that the root of a row names, else UTC. Raises :class:`DataProblem` (D0102)."""
        root = row
        while root.parent is not None:
            root = climb(root, 1)
        found: Any = root.memo.get(TIME_ZONE)
        if found is None:
            name = root.values.get(TIME_ZONE, "UTC")
            try:
                found = root.memo[TIME_ZONE] = Zone.named(name if isinstance(name, str) else "?")
            except ValueError:
                raise at_row(
                    "D0102", f"there is no time zone {name!r}; write a name such as Europe/Berlin", root, "time_zone"
                ) from None
        return found  # type: ignore[no-any-return]

    def bound_options(self, definition: DefinitionPlan, row: Row) -> tuple[tuple[str, str], ...]:
        """Return the choices that a definition depends on, for a row."""
        if not definition.options:
            return ()
        if definition.number in self._settled:
            return self._settled[definition.number]
        return tuple([(name, self._by_id[name].of(row)) for name in definition.options])


def _chosen(plan: Plan, options: Mapping[str, str]) -> dict[str, str]:
    """Check the options of a run; short names are allowed where they are unique. Raises :class:`UsageError`."""
    found: dict[str, str] = {}
    declared = {p.option.id: p.option for p in plan.options}
    for name, choice in options.items():
        fitting = [o for o in declared.values() if name in {o.id, o.name}]
        if len(fitting) != 1:
            near = closest(name, [*declared, *(o.name for o in declared.values())])
            why = "several modules declare it" if fitting else "no module declares it"
            todo = f"choose from {', '.join(declared)}" if declared else "leave it out: the rules have no options"
            if near and not fitting:
                todo = f"did you mean {near}?"
            raise UsageError(f"option {name!r}", code="U0102", why=why, todo=todo)
        (option,) = fitting
        if choice not in option.choices:
            raise UsageError(
                f"option {name}={choice!r}",
                code="U0103",
                why="it has no such choice",
                todo=f"choose from {', '.join(option.choices)}",
            )
        found[option.id] = choice
    return found
