"""One definition for one row and one moment: its steps as nodes, made when they are first needed.

A step gives a :class:`Made`: its status, and its value unless it is arithmetic. Sums, products and quotients have no
nodes of their own: what rounds, compares or stores a number takes the quotient that the proof found, and reads the
leaves of that quotient here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeAlias

from attrs import field, frozen

from kommres.dsl.backends.kernels.graph import BOOL, FINE, INT, Graph, Kind, Node, Status
from kommres.dsl.backends.kernels.hours import Axis
from kommres.dsl.backends.kernels.lowest import alone, lowest_of
from kommres.dsl.backends.kernels.numbers import NotCompiled, Numbers
from kommres.dsl.plan.facts import Places
from kommres.dsl.plan.forms import Form, Leaf
from kommres.dsl.plan.nodes import DefinitionPlan, Op, Step

if TYPE_CHECKING:
    from kommres.dsl.backends.kernels.builder import Builder
    from kommres.dsl.plan.proofs import Proof


@frozen
class RowAt:
    """A row of a table, by its place."""

    entity: str
    place: Node


@frozen
class EventAt:
    """A row of an event, by its place; ``fields`` stand for columns of the table (what a piece has otherwise)."""

    entity: str
    event: str
    place: Node
    fields: Mapping[str, Made] = field(factory=dict, hash=False)


@frozen
class Member:
    """A member of an enumeration."""

    text: str


@frozen
class Along:
    """A place on an axis of time, in the time zone of a row."""

    axis: Axis
    place: Node
    zone: Node


@frozen
class IntervalAt:
    """An interval of a grid."""

    along: Along


@frozen
class DayAt:
    """A day; ``along`` where it is one that an aggregate goes through."""

    day: Node
    along: Along | None = None


Slot: TypeAlias = RowAt | EventAt | Member | IntervalAt | DayAt


@frozen
class Term:
    """A month: its number, its first day and the day after its last one.

    ``back``: so many months at most before that of the run. ``visited``: the definition looks into it from another
    month, so that its cuts say nothing of it.
    """

    number: Node
    start: Node
    end: Node
    back: int = 0
    visited: bool = False


@frozen
class When:
    """The current day and slice. ``whole``: the first day and all of the month, on which nothing changes inside it.

    ``past``: the month in which the day lies, None for that of the run. ``along``: the interval or day of an aggregate
    that is the current day, which may lie outside the month of the run. ``wide``: the day and the slice may lie outside
    of it because a sum goes over a span of days.
    """

    day: Node
    start: Node
    end: Node
    whole: bool = False
    past: Term | None = None
    along: Along | None = None
    wide: bool = False


#: Steps whose value is the same in every month if their arguments are.
_TIMELESS = frozenset(
    {
        *(Op.CONST, Op.ABSENT, Op.OPTION, Op.VAR, Op.FIELD),
        *(Op.SCALE, Op.ADD, Op.MUL, Op.DIV, Op.COMPARE, Op.AND, Op.OR, Op.NOT, Op.HAS, Op.IF, Op.ELSE, Op.CALL),
    }
)

#: Gives a part of a value (value, above, below) in a reading, times the scale of its leaf.
Part: TypeAlias = Callable[[Leaf, Kind], Node]


@frozen(eq=False)
class Made:
    """What a step comes to.

    ``node``: its value if that is one node: a word in steps of 1/``scale``, a code, yes or no. ``part``: gives the
    parts of a number that may be wider. ``members``: what the codes of an enumeration mean; ``text`` stands for the
    code of a constant whose enumeration is not said. ``lowest``: gives a number in its lowest terms from what it is
    made of, see :mod:`.lowest`.
    """

    status: Status = FINE
    node: Node | None = None
    scale: int = 1
    part: Part | None = None
    members: tuple[str, ...] | None = None
    text: str | None = None
    lowest: Callable[[], Node] | None = None


class Scope:
    """Makes the steps of a definition for a row.

    Parameters
    ----------
    builder
        Makes what several definitions share.
    steps
        What there is to make.
    proof
        What is proved of these steps.
    slots
        What each slot holds; slot 0 is the own row.
    when
        The current day and slice.
    definition
        Whose steps these are; None for the condition of an option.
    """

    def __init__(
        self,
        builder: Builder,
        steps: tuple[Step, ...],
        proof: Proof,
        slots: Mapping[int, Slot],
        when: When,
        *,
        definition: DefinitionPlan | None = None,
        outer: Scope | None = None,
    ) -> None:
        self.builder = builder
        self.graph: Graph = builder.graph
        self.steps = steps
        self.proof = proof
        self.slots = dict(slots)
        self.when = when
        self.definition = definition
        self._outer = outer
        self._places = outer.places if outer is not None else Places(steps)
        self._timeless: list[bool] | None = None
        self._made: dict[int, Made] = {}
        self._lowest: dict[int, Node] = {}
        self.numbers = Numbers(graph=self.graph, leaves=self.leaf)

    @property
    def places(self) -> Places:
        """Which slots and which days each step depends on."""
        return self._places

    @property
    def term(self) -> Term:
        """The current month."""
        return self.when.past or self.builder.term

    @property
    def days(self) -> Node:
        """How many days the current month has."""
        return self.graph.node(INT, "({0} - {1})", self.term.end, self.term.start)

    @property
    def timeless(self) -> list[bool]:
        """Which steps have the same value in every month."""
        if self._outer is not None:
            return self._outer.timeless
        if self._timeless is None:
            self._timeless = []
            for step in self.steps:
                self._timeless.append(step.op in _TIMELESS and all(self._timeless[a] for a in step.args))
        return self._timeless

    @property
    def row(self) -> RowAt:
        """The own row."""
        found = self.slots[0]
        if not isinstance(found, RowAt):
            raise NotCompiled("a definition without a row")
        return found

    def inside(self, slots: Mapping[int, Slot] | None = None, when: When | None = None) -> Scope:
        """Return the scope of what stands in a loop: more slots, another day. What depends on neither is shared."""
        return Scope(
            self.builder,
            self.steps,
            self.proof,
            {**self.slots, **(slots or {})},
            self.when if when is None else when,
            definition=self.definition,
            outer=self,
        )

    def _same(self, number: int) -> bool:
        """Whether a step is the same in the scope around this one."""
        outer = self._outer
        if outer is None:
            return False
        if self.when != outer.when:
            changes = self._places.moving[number] if self.when.past is None else not self.timeless[number]
            if changes:
                return False
        new = sum(1 << slot for slot, held in self.slots.items() if outer.slots.get(slot) is not held)
        return not self._places.slots[number] & new

    # steps -----------------------------------------------------------------------------------------------

    def made(self, number: int) -> Made:
        """Return what a step comes to; what no kernel computes is bad for every row that needs it."""
        found = self._made.get(number)
        if found is None:
            found = self._outer.made(number) if self._outer is not None and self._same(number) else self._make(number)
            self._made[number] = found
        return found

    def known(self, number: int, made: Made) -> None:
        """Say what a step comes to, before anything asks for it."""
        self._made[number] = made

    def _make(self, number: int) -> Made:
        step = self.steps[number]
        try:
            timed = self.builder.vectors.made(self, number)
            if timed is not None:
                return alone(self, number, timed)
            write = self.builder.writers.get(step.op)
            if write is None:
                raise NotCompiled(f"the operation {step.op}")  # noqa: TRY301 - noted below
            made = write(self, number)
            if step.kind == "number" and made.node is None and made.status.bad is not self.graph.true:
                self.form(number)
                made = alone(self, number, made)
        except NotCompiled as why:
            self.builder.note(self.definition, step, str(why))
            return self.refused(step.kind)
        return made

    def refused(self, kind: str) -> Made:
        """Return what no kernel computes."""
        status = Status(bad=self.graph.true)
        if kind == "yes_no":
            return Made(status, node=self.graph.false)
        if kind in {"enum", "id"}:
            return Made(status, node=self.graph.int(0))
        return Made(status, node=self.graph.int(0), part=self._nothing)

    def _nothing(self, leaf: Leaf, kind: Kind) -> Node:
        return self.numbers.turned(self.graph.int(1 if leaf.part in {"below", "bottom"} else 0), kind)

    def lowest(self, number: int) -> Node:
        """Return the value of a step in its lowest terms, see :mod:`.lowest`. Raises :class:`NotCompiled`."""
        found = self._lowest.get(number)
        if found is None:
            outer = self._outer
            found = outer.lowest(number) if outer is not None and self._same(number) else lowest_of(self, number)
            self._lowest[number] = found
        return found

    def status(self, number: int) -> Status:
        """Return the status of a step."""
        return self.made(number).status

    def need(self, *numbers: int) -> Status:
        """Return the status of what needs all of these steps: an absent one refuses."""
        graph = self.graph
        found = [self.status(n) for n in numbers]
        return Status(
            miss=graph.either(*(s.miss for s in found)),
            bad=graph.either(*(s.bad for s in found), *(s.absent for s in found)),
        )

    def holds(self, number: int) -> Node:
        """Return a condition's value."""
        node = self.made(number).node
        if node is None or node.kind != BOOL:
            raise NotCompiled("a condition that is none")
        return node

    def word(self, number: int) -> Node:
        """Return a date, an instant, or a whole number without a scale."""
        form = self.form(number)
        if form.scale != 1 or not form.is_whole:
            raise NotCompiled("a value that need not be whole")
        return self.numbers.of(form.above, INT)

    def form(self, number: int) -> Form:
        """Return the quotient that a number is. Raises :class:`NotCompiled`."""
        shape = self.proof.shapes[number]
        if not isinstance(shape, Form):
            raise NotCompiled("it never has a value" if shape is None else shape.why)
        return shape

    def code(self, number: int, members: tuple[str, ...] | None = None) -> Node:
        """Return the code of a name, or of a member of an enumeration that ``members`` decode."""
        made = self.made(number)
        if made.text is not None:
            if self.steps[number].kind == "id":
                return self.graph.int(self.builder.names.code(made.text))
            if members is None or made.text not in members:
                raise NotCompiled(f"{made.text} is no member of the enumeration that it is compared with")
            return self.graph.int(members.index(made.text))
        if made.node is None or (members is not None and made.members is not None and members != made.members):
            raise NotCompiled("members of different enumerations")
        return made.node

    def members(self, *numbers: int) -> tuple[str, ...] | None:
        """Return what decodes the members of an enumeration that some steps give."""
        found = [self.made(n) for n in numbers]
        known = next((made.members for made in found if made.members is not None), None)
        if known is not None:
            return known
        texts = {made.text for made in found if made.text is not None}
        return tuple(sorted(texts)) if texts else None

    # leaves of quotients ---------------------------------------------------------------------------------

    def leaf(self, leaf: Leaf, kind: Kind) -> Node:
        """Return what a quotient reads. Raises :class:`NotCompiled`."""
        made = self.made(leaf.step)
        if made.part is not None:
            return made.part(leaf, kind)
        if made.node is None or leaf.part != "value":
            raise NotCompiled(f"`{self.steps[leaf.step].op}` has no {leaf.part}")
        return self.numbers.turned(self.rescaled(made.node, made.scale, leaf.scale), kind)

    def rescaled(self, word: Node, scale: int, wanted: int) -> Node:
        """Return a word in steps of another size, of which the known steps are multiples."""
        if scale == wanted:
            return word
        if wanted % scale == 0:
            return self.graph.node(INT, "({0} * {1})", word, self.graph.int(wanted // scale))
        if scale % wanted == 0:
            return self.graph.node(INT, "({0} // {1})", word, self.graph.int(scale // wanted))
        raise NotCompiled(f"steps of 1/{scale} as steps of 1/{wanted}")

    def top(self, form: Form, leaf: Leaf, kind: Kind) -> Node:
        """Return the part of a quotient that one of several values gives to their common leaf."""
        from kommres.dsl.plan.forms import const, mul

        if leaf.part == "below":
            return self.numbers.of(form.below, kind)
        return self.numbers.of(mul(const(leaf.scale // form.scale), form.above), kind)


def stands_at(slot: RowAt | EventAt | IntervalAt | DayAt) -> Node:
    """Return where what a slot holds stands."""
    match slot:
        case IntervalAt():
            return slot.along.place
        case DayAt():
            return slot.day
    return slot.place


def is_number(step: Step) -> bool:
    """Whether a step gives a number, a day or a moment."""
    return step.kind in {"number", "date", "instant"}
