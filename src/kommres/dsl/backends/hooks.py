"""How explanations and coverage watch the interpreter: one compiled form, no second pass.

An :class:`Interpreter <kommres.dsl.backends.interpreter.Interpreter>` that was given a hook tells it what happens, in
the order in which it happens:

* ``enter`` … ``leave`` around every evaluation of a definition. A definition that reads another one does so between its
  own ``enter`` and ``leave``, so a stack gives the tree. ``key`` is ``(definition number, keys, day, month number)``;
  ``day`` is the first day of the piece for which the value holds, None for what does not vary. A row and a key name one
  evaluation: it is computed once, later reads are told as ``recall``.
* ``step`` after a step was computed, its arguments first (those that were needed). Under an aggregate or ``sum over
  slices`` the same steps come once per ``item`` or ``slice``; those come before the steps that they cover.
* A problem ends the evaluation: ``leave`` (and ``recall``) get the :class:`DataProblem` in place of a value.

Derive from :class:`Hook` and override what is of interest; every method of it does nothing. A frame is what there was
when the hook was called: ``rows`` (by slot: slot 0 the own row), ``day``, ``start``/``end`` of the slice and ``term``
(the month, with ``number start end days``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from kommres.dsl.bound.nodes import ParamRow, Value
from kommres.dsl.problems import DataProblem

if TYPE_CHECKING:
    from kommres.dsl.backends.frame import Frame
    from kommres.dsl.backends.rows import Row
    from kommres.dsl.plan.nodes import DefinitionPlan

EvaluationKey: TypeAlias = tuple[int, tuple[str | int, ...], int | None, int]
Outcome: TypeAlias = Value | DataProblem


class Hook:
    """Watches evaluations; does nothing until methods are overridden."""

    def enter(self, definition: DefinitionPlan, frame: Frame, key: EvaluationKey) -> None:
        """Start an evaluation of a definition for ``frame.rows[0]``."""

    def leave(self, definition: DefinitionPlan, frame: Frame, outcome: Outcome) -> None:
        """End the evaluation that was entered last."""

    def recall(self, definition: DefinitionPlan, row: Row, key: EvaluationKey, outcome: Outcome) -> None:
        """Read a result that was computed before, under the same row and key."""

    def applies(self, definition: DefinitionPlan, row: Row, *, yes: bool) -> None:
        """Say whether a charge makes a line for the row (validity, ``applies when``, ``when``)."""

    def alternative(self, definition: DefinitionPlan, index: int, frame: Frame) -> None:
        """Say which alternative of the definition won; its body is computed next."""

    def condition(self, definition: DefinitionPlan, index: int, frame: Frame, *, holds: bool) -> None:
        """Say whether an alternative holds (dates, conditions, not suppressed); only those tested are told."""

    def step(self, definition: DefinitionPlan, number: int, frame: Frame, value: object) -> None:
        """Tell a computed step: ``definition.steps[number]``."""

    def branch(self, definition: DefinitionPlan, number: int, which: int) -> None:
        """Tell the branch taken: of IF 0 then, 1 otherwise; of ELSE 0 the value, 1 the fallback."""

    def looked_up(self, definition: DefinitionPlan, number: int, frame: Frame, entry: ParamRow) -> None:
        """Tell the table row behind a look-up (of TIERS: each that took part); an override has no ``place``."""

    def item(self, definition: DefinitionPlan, number: int, frame: Frame) -> None:
        """Begin one combination of an aggregate's binders (before ``where`` is tested)."""

    def slice(self, definition: DefinitionPlan, number: int, frame: Frame) -> None:
        """Begin one slice of OVER_SLICES or one piece of MEAN_DAYS: days ``frame.start .. frame.end``."""
