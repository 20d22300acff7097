"""What generated functions tell a hook. They call this only where there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kommres.dsl.backends.frame import Datum, Frame, Number, Term

if TYPE_CHECKING:
    from kommres.dsl.backends.hooks import EvaluationKey, Hook
    from kommres.dsl.backends.rows import Row
    from kommres.dsl.bound.nodes import ParamRow
    from kommres.dsl.plan.nodes import DefinitionPlan

#: The outcome of a charge that does not apply.
NO_LINE = object()


def shown(outcome: Datum) -> Datum:
    """Return an outcome as hooks see it: a charge without a line is 0."""
    return 0 if outcome is NO_LINE else outcome


class Watch:
    """Tells a hook of one definition. ``frame``: rows by slot, day, start and end of the slice, month."""

    def __init__(self, hook: Hook, definition: DefinitionPlan, *, varies: bool) -> None:
        self._hook = hook
        self._definition = definition
        self._varies = varies

    def _key(self, keys: tuple[str | int, ...], day: int, term: Term) -> EvaluationKey:
        return self._definition.number, keys, day if self._varies else None, term.number

    def enter(self, keys: tuple[str | int, ...], *frame: Datum) -> None:
        """Tell that an evaluation begins."""
        seen = Frame(*frame)
        self._hook.enter(self._definition, seen, self._key(keys, seen.day, seen.term))

    def leave(self, outcome: Datum, *frame: Datum) -> Datum:
        """Tell how it ended, and return that."""
        self._hook.leave(self._definition, Frame(*frame), shown(outcome))
        return outcome

    def recall(self, row: Row, keys: tuple[str | int, ...], day: int, term: Term, outcome: Datum) -> Datum:
        """Tell that an outcome was remembered, and return it."""
        self._hook.recall(self._definition, row, self._key(keys, day, term), shown(outcome))
        return outcome

    def applies(self, row: Row, yes: bool) -> bool:
        """Tell whether a charge makes a line."""
        self._hook.applies(self._definition, row, yes=yes)
        return yes

    def condition(self, index: int, holds: bool, *frame: Datum) -> bool:
        """Tell whether an alternative holds."""
        self._hook.condition(self._definition, index, Frame(*frame), holds=holds)
        return holds

    def alternative(self, index: int, *frame: Datum) -> None:
        """Tell which alternative is computed."""
        self._hook.alternative(self._definition, index, Frame(*frame))

    def step(self, number: int, value: Datum, *frame: Datum) -> Datum:
        """Tell the value of a step."""
        self._hook.step(self._definition, number, Frame(*frame), value)
        return value

    def side(self, number: int, holds: bool) -> bool:
        """Tell which side of IF is taken."""
        self._hook.branch(self._definition, number, 0 if holds else 1)
        return holds

    def branch(self, number: int, which: int) -> None:
        """Tell which side of ELSE is taken."""
        self._hook.branch(self._definition, number, which)

    def looked_up(self, number: int, entry: ParamRow, *frame: Datum) -> Datum:
        """Tell the row of a table and return its value."""
        self._hook.looked_up(self._definition, number, Frame(*frame), entry)
        return entry.value

    def tiers(self, number: int, found: tuple[Number, list[ParamRow]], *frame: Datum) -> Number:
        """Tell the rows of a table that tiers used and return their sum."""
        total, used = found
        for entry in used:
            self.looked_up(number, entry, *frame)
        return total

    def item(self, number: int, *frame: Datum) -> None:
        """Tell one combination of an aggregate's binders."""
        self._hook.item(self._definition, number, Frame(*frame))

    def slice(self, number: int, *frame: Datum) -> None:
        """Tell a slice."""
        self._hook.slice(self._definition, number, Frame(*frame))
