"""What all computations of a run share: tables as known, chosen options, months, time zones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kommres.dsl.backends.closures import Scope, at_row, climb, compile_steps
from kommres.dsl.backends.computation import ALL_COMPILERS, Computation
from kommres.dsl.backends.frame import Evaluate, Frame, Term
from kommres.dsl.backends.tables import Table
from kommres.dsl.backends.zones import Zone
from kommres.dsl.diagnostics import closest
from kommres.errors import UsageError
from kommres.period import Month

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kommres.dsl.backends.hooks import Hook
    from kommres.dsl.backends.rows import Row
    from kommres.dsl.bound.nodes import OptionBinding, Param, Value
    from kommres.dsl.plan.nodes import DefinitionPlan, OptionPlan, Plan

#: The input of the root entity that names its IANA time zone.
TIME_ZONE = ("time_zone", ())


class OptionChoice:
    """The reading of an option: what the run says, else what a module binds for the row, else the default."""

    def __init__(self, machine: Machine, plan: OptionPlan, chosen: str | None) -> None:
        self._machine = machine
        self.option = plan.option
        self.fixed = chosen
        if chosen is None and not plan.bindings:
            self.fixed = plan.option.default
        self._plan = plan
        self._bindings: list[tuple[OptionBinding, Evaluate | None]] | None = None

    def _compiled(self) -> list[tuple[OptionBinding, Evaluate | None]]:
        """Return the bindings with their conditions; conditions may read rules, so they wait until the first use."""
        if self._bindings is None:
            self._bindings = []
            for binding, steps, when in self._plan.bindings:
                made = compile_steps(Scope(self._machine, None, steps), ALL_COMPILERS)
                self._bindings.append((binding, None if when is None else made[when]))
        return self._bindings

    def of(self, row: Row) -> str:
        """Return the choice for a row. Raises :class:`DataProblem` (D0301) where modules bind it differently."""
        if self.fixed is not None:
            return self.fixed
        found = row.memo.get(self)
        if found is None:
            found = row.memo[self] = self._decide(row)
        return found

    def _decide(self, row: Row) -> str:
        term = self._machine.term
        holding: list[OptionBinding] = []
        for binding, when in self._compiled():
            at: Row | None = row
            if binding.entity is not None:
                while at is not None and at.entity != binding.entity.name:
                    at = at.parent
            if at is None:
                continue  # the row stands above the entity that the condition is about
            if when is None or when(Frame([at, *[None] * 64], term.start, term)):
                holding.append(binding)
        choices = sorted({binding.choice for binding in holding})
        if len(choices) > 1:
            said = " and ".join(f"{b.choice} ({b.module})" for b in holding)
            raise at_row(
                "D0301", f"modules bind the option {self.option.name} differently: {said}", row, self.option.name
            )
        return choices[0] if choices else self.option.default


class Machine:
    """Compiled plan of one month. See :class:`kommres.dsl.backends.interpreter.Interpreter` for the parameters."""

    def __init__(
        self,
        plan: Plan,
        month: Month,
        *,
        known_at: int | None,
        options: Mapping[str, str],
        overrides: Sequence[tuple[Param, tuple[object, ...] | None, Value]],
        hook: Hook | None,
    ) -> None:
        self.plan = plan
        self.term = Term.of(month)
        self.hook = hook
        self.tables = [
            Table(p, known_at, [(keys, value) for q, keys, value in overrides if q is p or q.id == p.id])
            for p in plan.params
        ]
        chosen = _chosen(plan, options)
        self.choices = [OptionChoice(self, p, chosen.get(p.option.id)) for p in plan.options]
        self._dated_events = {(e.entity.name, e.name) for e in plan.events if e.interval != "instant"}
        self._by_id = {choice.option.id: choice for choice in self.choices}
        #: options of definitions for which no row matters
        self._settled = {
            d.number: tuple((name, self._by_id[name].fixed or "") for name in d.options)
            for d in plan.charges
            if all(self._by_id[name].fixed is not None for name in d.options)
        }
        self._definitions = {definition.number: definition for definition in plan.definitions}
        self._present = {n: Computation(self, d, past=False) for n, d in self._definitions.items()}
        self._past: dict[int, Computation] = {}
        self._terms: dict[int, Term] = {month.number: self.term}

    def dated_event(self, entity: str, name: str) -> bool:
        """Whether the bounds of an event are days, not instants."""
        return (entity, name) in self._dated_events

    def definition(self, number: int) -> DefinitionPlan:
        """Return a definition by its number."""
        return self._definitions[number]

    def computation(self, number: int, *, past: bool = False) -> Computation:
        """Return the computation of a definition in the month of the run, or in past months."""
        if not past:
            return self._present[number]
        found = self._past.get(number)
        if found is None:
            found = self._past[number] = Computation(self, self._definitions[number], past=True)
        return found

    def past_term(self, number: int) -> Term:
        """Return a month by its number."""
        found = self._terms.get(number)
        if found is None:
            found = self._terms[number] = Term.of(Month(number))
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
            todo = f"did you mean {near}?" if near and not fitting else f"choose from {', '.join(declared) or 'none'}"
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
