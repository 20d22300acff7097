"""Which alternative of a definition holds: dates, conditions, suppressions, and the order of exceptions."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from kommres.dsl.backends.writing import Mode, Place, Unit, indented, slot_name
from kommres.dsl.problems import DataProblem
from kommres.dsl.quantity import day as show_day

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kommres.dsl.plan.nodes import AlternativePlan, DefinitionPlan, SuppressionPlan


def undecided() -> NoReturn:
    """Raise D0405 for a condition that is absent."""
    raise DataProblem("D0405", "a condition reads a value that is absent")


def conflict(plan: DefinitionPlan, first: int, second: int) -> DataProblem:
    """Return D0301 for two alternatives that hold at once."""
    return DataProblem(
        "D0301",
        f"two exceptions of {plan.rule.name} apply at once and no order is stated: {_named(plan, first)} and"
        f" {_named(plan, second)}",
    )


def _named(plan: DefinitionPlan, index: int) -> str:
    alternative = plan.alternatives[index]
    place = f" ({alternative.span})" if alternative.span is not None else ""
    return f"`{alternative.name}` of {alternative.module}{place}"


def nothing_applies(plan: DefinitionPlan, day: int) -> DataProblem:
    """Return D0302."""
    about = f" ({plan.rule.doc})" if plan.rule.doc else ""
    return DataProblem("D0302", f"no definition of {plan.rule.name}{about} applies on {show_day(day)}")


def condition(unit: Unit, number: int, place: Place) -> str:
    """Return the code of a condition that refuses where it is absent."""
    text = unit.text(number, place)
    if not text.optional:
        return text.code
    t = unit.temporary()
    return f"({t} if ({t} := {text.code}) is not None else undecided())"


class Choices:
    """Writes the choice between the alternatives of a definition.

    Alternatives are tested from the strongest on; the first that holds wins, and none that the order does not settle
    against it may hold as well.
    """

    def __init__(self, unit: Unit, plan: DefinitionPlan, place: Place, won: str | None) -> None:
        self._unit = unit
        self._plan = plan
        self._place = place
        #: the name under which a row remembers which alternative won
        self._won = won
        #: whether a value may be absent
        self.optional = False
        self._functions: dict[int, str] = {}
        #: what must hold for an alternative, in order; None where its dates leave it out
        self._tests = [self._tests_of(alternative) for alternative in plan.alternatives]

    def lines(self) -> list[str]:
        """Return lines that set ``value``."""
        order = [index for index in self._plan.order if self._tests[index] is not None]
        lines: list[str] = []
        for position, index in enumerate(order):
            tests = self._tests[index] or []
            taken = [*self._conflicts(index, order[position + 1 :]), *self._taken(index)]
            if not tests and not self._unit.watched:
                if position == 0:
                    return taken
                return ["while True:  # left at the first alternative that holds", *indented([*lines, *taken, "break"])]
            lines += [f"if {self._told(index, tests)}:", *indented([*taken, "break"])]
        plan, day = self._unit.bind(self._plan), self._place.day
        lines.append(f"raise nothing_applies({plan}, {day})")
        return ["while True:  # left at the first alternative that holds", *indented(lines)]

    def _taken(self, index: int) -> list[str]:
        unit = self._unit
        body = unit.text(self._plan.alternatives[index].body, self._place)
        self.optional = self.optional or body.optional
        lines = [f"value = {body.code}"]
        if unit.watched:
            lines.insert(0, f"{unit.watch}.alternative({index}, {unit.seen(self._place)})")
        if self._won is not None:
            lines.insert(0, f"memo[{self._won}] = {index}")
        return lines

    def _conflicts(self, index: int, later: Sequence[int]) -> list[str]:
        """Return the lines that test the alternatives which may not hold besides one that does."""
        against = [other for other in later if other not in self._plan.skip[index]]
        if not against:
            return []
        arguments = self._arguments
        pairs = "".join(f"({other}, {self._function(other)}), " for other in against)
        holds = f"holds({', '.join(arguments)})"
        if self._unit.watched:
            holds = f"{self._unit.watch}.condition(other, {holds}, {self._unit.seen(self._place)})"
        return [
            f"for other, holds in ({pairs}):",
            f"    if {holds}:",
            f"        raise conflict({self._unit.bind(self._plan)}, {index}, other)",
        ]

    @property
    def _arguments(self) -> list[str]:
        """The locals that any condition may read."""
        times = [name for name in ("day", "term") if self._place.argument(name) == name]
        grids = [f"g{slot}" for slot in self._place.grids]
        return ["memo", "row", *(slot_name(slot) for slot in self._plan.key_slots), *grids, *times]

    def _function(self, index: int) -> str:
        """Return the name of the function that tests an alternative."""
        if index not in self._functions:
            test = " and ".join(self._tests[index] or []) or "True"
            self._functions[index] = self._unit.define(self._arguments, [f"return {test}"])
        return self._functions[index]

    def _told(self, index: int, tests: Sequence[str]) -> str:
        test = " and ".join(tests) or "True"
        if not self._unit.watched:
            return test
        return f"{self._unit.watch}.condition({index}, ({test}), {self._unit.seen(self._place)})"

    def _tests_of(self, alternative: AlternativePlan) -> list[str] | None:
        tests = self._dated(alternative)
        if tests is None:
            return None
        for suppression in alternative.suppressions:
            against = self._dated(suppression)
            if against is not None:
                tests.append(f"not ({' and '.join(against) or 'True'})")
        return tests

    def _dated(self, plan: AlternativePlan | SuppressionPlan) -> list[str] | None:
        dates = self._dates(plan.start, plan.until)
        if dates is None:
            return None
        return [*dates, *(condition(self._unit, number, self._place) for number in plan.conditions)]

    def _dates(self, start: int | None, until: int | None) -> list[str] | None:
        """Return the test of dates: nothing where they hold all month, None where they never do."""
        term, day = self._unit.machine.term, self._place.day
        if self._place.mode in {Mode.STEADY, Mode.PRESENT} and not self._unit.watched:
            if (start is not None and start >= term.end) or (until is not None and until <= term.start):
                return None
            start = None if start is None or start <= term.start else start
            until = None if until is None or until >= term.end else until
        if start is None and until is None:
            return []
        first = "" if start is None else f"{start} <= "
        return [f"({first}{day}{'' if until is None else f' < {until}'})"]
