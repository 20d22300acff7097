"""What the definitions of one kernel share: its arguments, rows above and below, other definitions, options."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from kommres.dsl.backends.kernels.computing import COMPUTING
from kommres.dsl.backends.kernels.events import bound_events
from kommres.dsl.backends.kernels.filling import Filler
from kommres.dsl.backends.kernels.gathering import GATHERING
from kommres.dsl.backends.kernels.graph import BOOL, INT, Graph, Loop, Node
from kommres.dsl.backends.kernels.instance import Instance
from kommres.dsl.backends.kernels.needs import needed
from kommres.dsl.backends.kernels.nesting import Nesting
from kommres.dsl.backends.kernels.numbers import NotCompiled
from kommres.dsl.backends.kernels.pieces_of import Pieces, moved, pieces_of
from kommres.dsl.backends.kernels.reading import READING
from kommres.dsl.backends.kernels.scope import Made, RowAt, Scope, Slot, Term, When
from kommres.dsl.backends.kernels.slicing import SLICING
from kommres.dsl.backends.kernels.tables import Tables
from kommres.dsl.backends.kernels.tiering import tiers
from kommres.dsl.backends.kernels.times import TIMES
from kommres.dsl.backends.kernels.vectors import Vectors
from kommres.dsl.plan.facts import on_its_day
from kommres.dsl.plan.nodes import DefinitionPlan, Gather, Op, Step
from kommres.dsl.plan.payload import payload

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kommres.dsl.backends.computation import Computation
    from kommres.dsl.backends.kernels.batch import Layout, Names
    from kommres.dsl.backends.kernels.drawing import Drawn
    from kommres.dsl.backends.kernels.filling import Recipe
    from kommres.dsl.backends.kernels.gathering import Walk
    from kommres.dsl.backends.kernels.hours import Hours
    from kommres.dsl.backends.kernels.legs import Leg
    from kommres.dsl.backends.kernels.listing import Listed
    from kommres.dsl.backends.kernels.reading import Keyed
    from kommres.dsl.backends.kernels.results import Stored
    from kommres.dsl.backends.kernels.turning import PieceLoop
    from kommres.dsl.backends.machine import Machine
    from kommres.dsl.backends.rows import InputKey
    from kommres.dsl.plan.nodes import SourcePlan
    from kommres.dsl.plan.proofs import Proofs

Writer = Callable[[Scope, int], Made]


@frozen
class Argument:
    """An array or a number that a kernel gets; ``path`` says which."""

    name: str
    path: tuple[object, ...]


@frozen(kw_only=True)
class Note:
    """Something that no kernel computes, and why: rows that need it are the interpreter's."""

    definition: str
    step: str
    why: str


class Builder:
    """Makes the graph of one kernel over the rows of an entity.

    Parameters
    ----------
    machine
        Tables as known, options as chosen, cuts.
    proofs
        What is proved of the plan.
    layout
        What is read of the data.
    names
        Codes of texts.
    hours
        What depends on time alone.
    """

    def __init__(self, machine: Machine, proofs: Proofs, layout: Layout, names: Names, hours: Hours) -> None:
        self.machine = machine
        self.proofs = proofs
        self.layout = layout
        self.names = names
        self.graph = Graph()
        self.arguments: dict[tuple[object, ...], tuple[Argument, Node]] = {}
        self.filler = Filler(machine, names)
        self.wanted: dict[Stored, None] = {}
        self.notes: dict[Note, None] = {}
        self.tables = Tables(self)
        self.vectors = Vectors(self, hours)
        self.writers: Mapping[Op, Writer] = {
            **READING,
            **COMPUTING,
            **SLICING,
            **GATHERING,
            **TIMES,
            Op.TIERS: tiers,
        }
        self.start = self.scalar("start")
        self.end = self.scalar("end")
        self.last = self.graph.node(INT, "({0} - 1)", self.end)
        self.days = self.graph.node(INT, "({0} - {1})", self.end, self.start)
        self.term = Term(self.scalar("number"), self.start, self.end)
        self.month = When(self.start, self.start, self.end, whole=True)
        #: whether rows on which something changes inside the month are left
        self.still = proofs.assumptions.still
        #: lists of pieces of events
        self.listed: dict[tuple[object, ...], Listed] = {}
        self._instances: dict[tuple[object, ...], Instance] = {}
        self._scopes: dict[tuple[object, ...], Scope] = {}
        self.nesting = Nesting(machine)
        #: loops over the pieces of the month, by row and by how many of them need each other
        self.months: dict[tuple[object, ...], PieceLoop] = {}
        self._caught: dict[int, set[int]] = {}
        self.hours = hours
        #: kernels that fill tables of sums, by the paths of these
        self.spans: dict[tuple[object, ...], Drawn] = {}
        self._above: dict[RowAt, RowAt] = {}
        #: id of a condition -> what it is about: a narrow cell that does not lie in a range
        self.limits: dict[int, tuple[Node, int, int]] = {}
        self._loops = 0

    def note(self, definition: DefinitionPlan | None, step: Step, why: str) -> None:
        """Say what no kernel computes."""
        text = " ".join(step.span.text.split())[:80] if step.span is not None else step.op.value
        self.notes[Note(definition=definition.id if definition is not None else "", step=text, why=why)] = None

    # arguments -------------------------------------------------------------------------------------------

    def argument(self, *path: object) -> Node:
        """Return the name of an array."""
        found = self.arguments.get(path)
        if found is None:
            name = f"a{len(self.arguments)}"
            found = self.arguments[path] = Argument(name, path), self.graph.plain("array", name)
        return found[1]

    def scalar(self, name: str) -> Node:
        """Return the name of a number that is the same for all rows."""
        path = ("scalar", name)
        found = self.arguments.get(path)
        if found is None:
            plain = name.replace(" ", "_")
            found = self.arguments[path] = Argument(plain, path), self.graph.plain(INT, plain)
        return found[1]

    def number(self, *path: object) -> Node:
        """Return the name of a number that depends on the data."""
        found = self.arguments.get(path)
        if found is None:
            name = f"a{len(self.arguments)}"
            found = self.arguments[path] = Argument(name, path), self.graph.plain(INT, name)
        return found[1]

    def constant(self, recipe: Recipe) -> Node:
        """Return the name of an array that does not depend on the data.

        Raises :class:`NotCompiled` where it holds what no kernel can hold.
        """
        self.filler.array(recipe)
        return self.argument("constant", recipe)

    # rows ------------------------------------------------------------------------------------------------

    def above(self, row: RowAt, up: int) -> RowAt:
        """Return the row of an ancestor."""
        for _ in range(up):
            known = self._above.get(row)
            if known is None:
                names = self.ancestors(row.entity)
                if not names:
                    raise NotCompiled(f"a row above {row.entity}")
                array = self.argument("parent", row.entity)
                known = self._above[row] = RowAt(names[0], self.graph.node(INT, "{0}[{1}]", array, row.place))
            row = known
        return row

    def ancestors(self, entity: str) -> list[str]:
        """Return the entities above an entity, the nearest first."""
        parents = {entity.name: entity.parent for entity in self.machine.plan.program.entities}
        found: list[str] = []
        above = parents[entity]
        while above is not None:
            found.append(above.name)
            above = parents[above.name]
        return found

    def stands_below(self, row: RowAt, above: RowAt) -> None:
        """Say which row stands directly above a row, so that nobody has to look for it."""
        self._above[row] = above

    def root_of(self, row: RowAt) -> RowAt:
        """Return the root above a row."""
        return self.above(row, len(self.ancestors(row.entity)))

    def below(self, row: RowAt, entity: str) -> tuple[Node, Node]:
        """Return the first place of the rows of an entity below a row, and the place after the last one."""
        chain = [entity, *self.ancestors(entity)]
        if row.entity not in chain:
            raise NotCompiled(f"{entity} is not below {row.entity}")
        del chain[chain.index(row.entity) + 1 :]
        first, last = row.place, self.graph.node(INT, "({0} + 1)", row.place)
        for parent_name, child in zip(chain[:0:-1], chain[-2::-1], strict=True):
            offsets = self.argument("children", parent_name, child)
            first, last = (self.graph.node(INT, "{0}[{1}]", offsets, place) for place in (first, last))
        return first, last

    def named(self, loop: Loop, kind: str = "j") -> Node:
        """Return the place that a loop goes through, under a name of its own that begins with ``kind``."""
        self._loops += 1
        name = f"{kind}{self._loops}"
        loop.head = loop.head.replace("{name}", name)
        return self.graph.of(loop, INT, name)

    def catches(self, scope: Scope, number: int) -> bool:
        """Whether a definition says what holds where a step misses."""
        definition = scope.definition
        if definition is None:
            return True
        found = self._caught.get(definition.number)
        if found is None:
            found = set()
            waiting = [step.args[0] for step in definition.steps if step.op is Op.ELSE]
            while waiting:
                at = waiting.pop()
                if at not in found:
                    found.add(at)
                    waiting += definition.steps[at].args
            self._caught[definition.number] = found
        return number in found

    def cell(self, row: RowAt, key: InputKey, when: When) -> Node:
        """Return the cell of an input on the current day."""
        array = self.argument("cells", row.entity, key)
        first = self.graph.node(INT, "int64({0}[{1}])", array, row.place)
        if (row.entity, key) not in self.layout.varying or when.day is self.start:
            return first
        if when.wide:
            return self._outside(first, row, key, when.day)
        if when.along is not None and when.along.axis.yearly:
            raise NotCompiled(f"{key[0]} on days outside the month")
        offsets, days, values = self.changes(row.entity, key)
        code = "int64(changed({0}, {1}, {2}, {3}, {4}, {5}))"
        return self.graph.node(INT, code, first, offsets, days, values, row.place, when.day)

    def _outside(self, first: Node, row: RowAt, key: InputKey, day: Node) -> Node:
        """Return the cell of an input on a day that may lie outside the month."""
        if (row.entity, key) not in self.layout.outside:
            raise NotCompiled(f"{key[0]} on days outside the month")
        arrays = *self.changes(row.entity, key), *self.always(row.entity, key)
        code = "int64(ever({0}, {1}, {2}, {3}, {4}, {5}, {6}, {7}, {8}))"
        return self.graph.node(INT, code, first, *arrays, row.place, day)

    def always(self, entity: str, key: InputKey) -> tuple[Node, Node, Node]:
        """Return the arrays of what changes outside the month, too: offsets, days, values."""
        return (
            self.argument("always offsets", entity, key),
            self.argument("always days", entity, key),
            self.argument("always values", entity, key),
        )

    def changes(self, entity: str, key: InputKey) -> tuple[Node, Node, Node]:
        """Return the arrays of what changes inside the month: offsets, days, values."""
        return (
            self.argument("change offsets", entity, key),
            self.argument("change days", entity, key),
            self.argument("change values", entity, key),
        )

    def events(self, walk: Walk, leg: Leg, slot: int, source: SourcePlan) -> Leg:
        """Return the loop over the events of a source."""
        return bound_events(self, walk, leg, slot, source)

    # definitions -----------------------------------------------------------------------------------------

    def definition(self, number: int) -> DefinitionPlan:
        """Return a definition by its number."""
        return self.machine.definition(number)

    def instance(self, number: int, row: RowAt, members: tuple[Keyed, ...], when: When) -> Instance:
        """Return a definition for a row on a day; the slice of who reads it does not matter to it."""
        plan = self.definition(number)
        varies = self.machine.computation(number).varies
        past = None if when.past is None else evolve(when.past, visited=False)
        if past is not None:
            moment = When(when.day if varies else past.start, past.start, past.end, whole=True, past=past)
        elif when.along is not None and varies:
            moment = When(when.day, self.start, self.end, whole=True, along=when.along)
        elif when.wide and varies:
            moment = When(when.day, self.start, self.end, whole=True, wide=True)
        else:
            moment = When(when.day if varies and not self.still else self.start, self.start, self.end, whole=True)
        key = number, row, members, moment
        found = self._instances.get(key)
        if found is None:
            from kommres.dsl.backends.kernels.scope import Member

            slots: dict[int, Slot] = {0: row}
            for slot, key_ in zip(plan.key_slots, members, strict=True):
                slots[slot] = Member(key_) if isinstance(key_, str) else key_
            apart = past is not None or moment.along is not None or moment.wide
            scope = self._scope(plan, row, members, slots, moment if apart else self.month)
            found = self._instances[key] = Instance(
                scope if apart or moment == self.month else scope.inside(when=moment), plan
            )
        return found

    def _scope(
        self, plan: DefinitionPlan, row: RowAt, members: tuple[Keyed, ...], slots: Mapping[int, Slot], moment: When
    ) -> Scope:
        """Return the scope of a definition; what does not depend on the day of the month is shared by all its days."""
        key = plan.number, row, members, moment
        found = self._scopes.get(key)
        if found is None:
            proof = self.proofs.definitions[plan.number]
            found = self._scopes[key] = Scope(self, plan.steps, proof, slots, moment, definition=plan)
        return found

    # pieces ----------------------------------------------------------------------------------------------

    def pieces(self, scope: Scope, *steps: int) -> Pieces | None:
        """Return the pieces of the month for steps of a definition and its row."""
        if scope.definition is None:
            return None
        return pieces_of(self, scope.definition, needed(self.machine, scope.definition, steps), scope.row)

    def by_day(self, steps: Sequence[Step], number: int) -> bool:
        """Whether the value of a step may differ from day to day of the month, in some row."""
        waiting, seen = [number], {number}
        while waiting:
            step = steps[waiting.pop()]
            if self._by_itself(step):
                return True
            for arg in on_its_day(step):
                if arg not in seen:
                    seen.add(arg)
                    waiting.append(arg)
        return False

    def _by_itself(self, step: Step) -> bool:
        """Whether a step may differ from day to day where its arguments do not; in a past month it may not."""
        match step.op:
            case Op.INPUT:
                declared, _, _, months = payload(step)
                return months is None and declared.varies
            case Op.RULE:
                number, _, _, months = payload(step)
                computation = self.machine.computation(number)
                return months is None and computation.varies and not self.uncut(computation)
            case Op.PARAM:
                position, on, months = payload(step)
                return months is None and not on and not self.tables.still(self.machine.tables[position])
            case Op.TIERS | Op.TABLE:
                return not self.tables.still(self.machine.tables[payload(step)[0]])
            case Op.PERIOD:
                member, months = payload(step)
                return months is None and member == "day"
        return isinstance(step.data, Gather) and any(map(_covers, step.data.binders))

    def uncut(self, computation: Computation) -> bool:
        """Whether a definition has one value in the month, whatever the row: for changing rows, in any month."""
        cutter = computation.cutter
        return computation.calm and not cutter.by_row and (self.still or cutter.even)

    def moves(self, scope: Scope, *steps: int) -> Node | None:
        """Return whether something changes inside the month for steps of a definition and its row."""
        if scope.when.past is not None:
            return moved(self, scope, scope.when.past, *steps)
        pieces = self.pieces(scope, *steps)
        if pieces is None:
            return None
        whole = self.graph.node(BOOL, "({0} < {1})", pieces.after(self.start, self.end), self.end)
        return self.graph.either(pieces.bad, whole)


def _covers(binder: tuple[int, SourcePlan]) -> bool:
    source: SourcePlan | None = binder[1]
    while source is not None:
        if source.kind == "covering":
            return True
        source = source.of
    return False
