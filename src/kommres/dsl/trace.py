"""The trace of an evaluation: a hook of the interpreter that keeps every computed step as a tree.

A :class:`Call` is one evaluation of a definition for a row; its body is a tree of :class:`Computed` steps, whose leaves
are inputs, table rows, options, and calls of other definitions. What was computed once stands once: calls are shared.
"""

from __future__ import annotations

from fractions import Fraction
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from attrs import define, field

from kommres.dsl.backends.hooks import EvaluationKey, Hook, Outcome
from kommres.dsl.backends.rows import Row
from kommres.dsl.bound.nodes import ParamRow
from kommres.dsl.plan.nodes import AlternativePlan, DefinitionPlan, Gather, Op, Step
from kommres.dsl.problems import DataProblem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kommres.dsl.backends.frame import Frame


@define(eq=False, kw_only=True)
class Piece:
    """One slice (days ``start .. end``), or one combination of an aggregate's binders (``rows``, by slot)."""

    start: int
    end: int
    rows: tuple[Any, ...]
    value: Computed | None = None
    where: Computed | None = None
    by: Computed | None = None


@define(eq=False, kw_only=True)
class Summary:
    """An aggregate over intervals, of which there are too many to keep: how many, their sum, the least, the greatest.

    ``counted``: those for which ``where`` holds. ``total`` is None where values are no numbers or there is none.
    """

    items: int
    counted: int
    total: Any
    least: Piece | None
    greatest: Piece | None

    @classmethod
    def of(cls, pieces: Sequence[Piece]) -> Summary:
        """Summarize what an aggregate went through."""
        counted = [piece for piece in pieces if piece.where is None or piece.where.value is True]
        valued = [(piece.value.value, piece) for piece in counted if piece.value is not None]
        ordered = all(isinstance(value, int | Fraction) and not isinstance(value, bool) for value, _ in valued)
        if not valued or not ordered:
            return cls(items=len(pieces), counted=len(counted), total=None, least=None, greatest=None)
        return cls(
            items=len(pieces),
            counted=len(counted),
            total=sum(value for value, _ in valued),
            least=min(valued, key=itemgetter(0))[1],
            greatest=max(valued, key=itemgetter(0))[1],
        )

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """The items that are kept."""
        return tuple(dict.fromkeys(piece for piece in (self.least, self.greatest) if piece is not None))


@define(eq=False, kw_only=True)
class Computed:
    """A step with its value. ``args`` stand as in the plan, None where the argument was not needed.

    ``rows`` is the frame by slot, ``day`` the current day, ``month`` the month number of the evaluation. ``call``: what
    a rule step read. ``entries``: table rows of a look-up (None: overridden). ``branch``: of IF and ELSE.
    ``summary``: of an aggregate over intervals, whose ``pieces`` are the least and the greatest alone.
    """

    definition: DefinitionPlan
    number: int
    value: Any
    args: tuple[Computed | None, ...]
    rows: tuple[Any, ...]
    day: int
    month: int
    call: Call | None = None
    entries: tuple[ParamRow | None, ...] = ()
    branch: int | None = None
    pieces: tuple[Piece, ...] = ()
    summary: Summary | None = None

    @property
    def step(self) -> Step:
        """The step of the plan."""
        return self.definition.steps[self.number]


@define(eq=False, kw_only=True)
class Tested:
    """An alternative that was tested: whether it held, and the conditions that were computed for that."""

    alternative: AlternativePlan
    index: int
    holds: bool
    conditions: tuple[Computed, ...]


@define(eq=False, kw_only=True)
class Call:
    """One evaluation of a definition.

    ``applies`` is set for charges: False where there is no line. ``cause``: the evaluation with the problem.
    """

    definition: DefinitionPlan
    row: Row
    key: EvaluationKey
    outcome: Outcome = None
    tested: list[Tested] = field(factory=list)
    chosen: int | None = None
    body: Computed | None = None
    applies: bool | None = None
    when: tuple[Computed, ...] = ()
    shown: dict[int, list[Computed]] = field(factory=dict)
    cause: Call | None = None

    @property
    def volume(self) -> Computed | None:
        """What the bill shows as the volume; None where it varies inside the month."""
        return self._only(self.definition.volume)

    @property
    def price(self) -> Computed | None:
        """What the bill shows as the price; None where it varies inside the month."""
        return self._only(self.definition.price)

    def _only(self, number: int | None) -> Computed | None:
        found = self.shown.get(number, []) if number is not None else []
        return found[0] if found and all(node.value == found[0].value for node in found) else None

    @property
    def problem(self) -> DataProblem | None:
        """Why there is no value, if there is none."""
        return self.outcome if isinstance(self.outcome, DataProblem) else None

    @property
    def alternative(self) -> AlternativePlan | None:
        """The alternative that was taken."""
        return None if self.chosen is None else self.definition.alternatives[self.chosen]


@define(eq=False)
class _Open:
    """An evaluation under way: the latest value of each step, what the steps that are under way have collected."""

    call: Call
    done: dict[int, Computed] = field(factory=dict)
    pieces: dict[int, list[Piece]] = field(factory=dict)
    entries: dict[int, list[ParamRow | None]] = field(factory=dict)
    branches: dict[int, int] = field(factory=dict)
    read: Call | None = None

    def gather(self, number: int) -> None:
        """Give the piece that ends the steps computed since it began."""
        pieces = self.pieces.get(number)
        if not pieces:
            return
        step, piece = self.call.definition.steps[number], pieces[-1]
        if isinstance(step.data, Gather):
            piece.value = self._take(step.data.value)
            piece.where = self._take(step.data.where)
            piece.by = self._take(step.data.by)
        else:
            piece.value = self._take(step.args[0])

    def forget(self, number: int) -> None:
        """Drop what a step collected that ended in a problem."""
        waiting, seen = [number], {number}
        while waiting:
            number = waiting.pop()
            self.pieces.pop(number, None)
            self.entries.pop(number, None)
            self.done.pop(number, None)
            step = self.call.definition.steps[number]
            below = (step.data.value, step.data.where, step.data.by) if isinstance(step.data, Gather) else ()
            new = {argument for argument in (*step.args, *below) if argument is not None} - seen
            seen |= new
            waiting.extend(new)

    def _take(self, number: int | None) -> Computed | None:
        return None if number is None else self.done.pop(number, None)


@define(eq=False)
class Trace(Hook):
    """Keeps what the interpreter does. ``roots`` are the evaluations asked for from outside, in order.

    Parameters
    ----------
    month
        Number of the month of the interpreter.
    """

    month: int
    calls: dict[tuple[int, EvaluationKey], Call] = field(factory=dict, init=False)
    roots: list[Call] = field(factory=list, init=False)
    _stack: list[_Open] = field(factory=list, init=False)
    # Steps of a charge that are computed before or after its value: `when`, volume, price.
    _beside: _Open | None = field(default=None, init=False)

    def enter(self, definition: DefinitionPlan, frame: Frame, key: EvaluationKey) -> None:
        """Open a call."""
        self._stack.append(_Open(Call(definition=definition, row=frame.rows[0], key=key)))

    def leave(self, definition: DefinitionPlan, frame: Frame, outcome: Outcome) -> None:  # noqa: ARG002 - the hook's shape
        """Close the call that was opened last and hand it to its reader."""
        ended = self._stack.pop()
        call = ended.call
        call.outcome = outcome
        if call.alternative is not None:
            call.body = ended.done.get(call.alternative.body)
        read = ended.read
        if isinstance(outcome, DataProblem) and read is not None and read.problem is not None:
            call.cause = read if read.problem.message == outcome.message else None
        self.calls[id(call.row), call.key] = call
        self._read(call)

    def recall(self, definition: DefinitionPlan, row: Row, key: EvaluationKey, outcome: Outcome) -> None:
        """Hand a call that was computed before to its reader."""
        call = self.calls.get((id(row), key))
        if call is None:
            call = self.calls[id(row), key] = Call(definition=definition, row=row, key=key, outcome=outcome)
        self._read(call)

    def applies(self, definition: DefinitionPlan, row: Row, *, yes: bool) -> None:
        """Note whether the charge makes a line."""
        top = self._top(definition, row)
        top.call.applies = yes
        steps = (definition.applies, definition.when)
        top.call.when = tuple(top.done[number] for number in steps if number is not None and number in top.done)
        if not yes and not self._stack and all(root is not top.call for root in self.roots):
            self.roots.append(top.call)

    def condition(self, definition: DefinitionPlan, index: int, frame: Frame, *, holds: bool) -> None:
        """Note an alternative that was tested."""
        if not self._stack:
            return  # asked a second time, for the line
        top = self._top(definition, frame.rows[0])
        alternative = definition.alternatives[index]
        conditions = tuple(top.done[number] for number in alternative.conditions if number in top.done)
        top.call.tested.append(Tested(alternative=alternative, index=index, holds=holds, conditions=conditions))

    def alternative(self, definition: DefinitionPlan, index: int, frame: Frame) -> None:
        """Note the alternative that won."""
        self._top(definition, frame.rows[0]).call.chosen = index

    def branch(self, definition: DefinitionPlan, number: int, which: int) -> None:
        """Note the branch of a step that is being computed."""
        top = self._stack[-1] if self._stack else self._beside
        if top is None or top.call.definition is not definition:
            return
        top.branches[number] = which
        step = definition.steps[number]
        if step.op is Op.ELSE and which:
            found = top.done.get(step.args[0])
            if found is None or found.value is not None:
                top.forget(step.args[0])  # it failed; what is absent stays

    def looked_up(self, definition: DefinitionPlan, number: int, frame: Frame, entry: ParamRow | None) -> None:
        """Note the table row of a look-up that is being computed."""
        self._top(definition, frame.rows[0]).entries.setdefault(number, []).append(entry)

    def item(self, definition: DefinitionPlan, number: int, frame: Frame) -> None:
        """Begin a combination of an aggregate."""
        self._begin(definition, number, frame)

    def slice(self, definition: DefinitionPlan, number: int, frame: Frame) -> None:
        """Begin a slice."""
        self._begin(definition, number, frame)

    def step(self, definition: DefinitionPlan, number: int, frame: Frame, value: object) -> None:
        """Keep a computed step with its arguments."""
        top = self._top(definition, frame.rows[0])
        step = definition.steps[number]
        top.gather(number)
        # Taken out: what an argument was in another slice must not stand for one that was not needed in this slice.
        found = {argument: top.done.pop(argument, None) for argument in set(step.args)}
        pieces = tuple(top.pieces.pop(number, ()))
        summary = Summary.of(pieces) if isinstance(step.data, Gather) and _over_intervals(step.data) else None
        computed = Computed(
            definition=definition,
            number=number,
            value=value,
            args=tuple(found[argument] for argument in step.args),
            rows=tuple(frame.rows),
            day=frame.day,
            month=frame.term.number,
            call=top.read if step.op is Op.RULE else None,
            entries=tuple(top.entries.pop(number, ())),
            branch=top.branches.pop(number, None),
            pieces=pieces if summary is None else summary.pieces,
            summary=summary,
        )
        top.done[number] = computed
        if top is self._beside and number in {definition.volume, definition.price}:
            top.call.shown.setdefault(number, []).append(computed)

    def _begin(self, definition: DefinitionPlan, number: int, frame: Frame) -> None:
        top = self._top(definition, frame.rows[0])
        top.gather(number)
        top.pieces.setdefault(number, []).append(Piece(start=frame.start, end=frame.end, rows=tuple(frame.rows)))
        # What an attempt that failed left behind belongs to no later piece.
        step = definition.steps[number]
        value = step.data.value if isinstance(step.data, Gather) else step.args[0]
        if value is not None:
            top.forget(value)

    def _top(self, definition: DefinitionPlan, row: Row) -> _Open:
        """Return the evaluation that an event belongs to."""
        if self._stack:
            return self._stack[-1]
        beside = self._beside
        if beside is None or beside.call.definition is not definition or beside.call.row is not row:
            call = next((root for root in self.roots if root.definition is definition and root.row is row), None)
            if call is None:
                call = Call(definition=definition, row=row, key=(definition.number, (), None, self.month))
            beside = self._beside = _Open(call)
        return beside

    def _read(self, call: Call) -> None:
        if self._stack:
            self._stack[-1].read = call
            return
        beside = self._beside
        if beside is not None and beside.call.definition is call.definition and beside.call.row is call.row:
            if call.applies is None:
                call.applies, call.when = beside.call.applies, beside.call.when
            beside.call = call
        self.roots.append(call)


def _over_intervals(gather: Gather) -> bool:
    """Whether an aggregate goes through intervals of a grid."""
    for _, source in gather.binders:
        inner = source
        while inner.of is not None:
            inner = inner.of
        if inner.kind == "intervals":
            return True
    return False
