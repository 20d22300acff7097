"""Pieces of a month, or of a span of days inside it, on which nothing changes: loops over them for one row."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from attrs import define, evolve, field

from kommres.dsl.backends.kernels.graph import BOOL, INT, WIDE, Branch, Carried, Loop, Node, Status, innermost
from kommres.dsl.backends.kernels.lowest import PLUS, halves, reduced
from kommres.dsl.backends.kernels.numbers import MOST_WORD, NotCompiled, is_exact
from kommres.dsl.backends.kernels.pieces_of import Pieces, pieces_ever
from kommres.dsl.backends.kernels.scope import Member, Scope, When, stands_at
from kommres.dsl.plan.forms import Form, Whole, const, mul
from kommres.dsl.plan.nodes import Op
from kommres.period import MOST_DAYS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kommres.dsl.backends.kernels.graph import Block, Kind
    from kommres.dsl.backends.kernels.scope import Made
    from kommres.dsl.plan.forms import Leaf


#: Numbers with more bits are compared only where they fit words.
_EXACT_BITS = 127


@define(eq=False)
class Turns:
    """A loop over the pieces of some days for one row. None where they are one piece for every row.

    ``inner``: what stands in a piece. ``bad``: whether the pieces are not a kernel's. ``counts``: a branch for whether
    a turn of the loop ends a piece, or without a loop, whether there is a day at all; None: it does, there is.
    """

    scope: Scope
    loop: Loop | None
    inner: Scope
    bad: Node | None = None
    counts: Branch | None = None
    _folds: dict[object, Node] = field(factory=dict)

    def folded(self, key: object, first: Node, step: Callable[[Scope, Node], Node]) -> Node:
        """Carry a value through the pieces; ``step`` gives what it becomes in one."""
        found = self._folds.get(key)
        if found is None:
            if self.loop is None:
                found = self._counted(first, step)
            else:
                carried = self.scope.graph.carry(self.loop, first)
                found = carried.after
                carried.following = self._counted(carried.current, step)
            self._folds[key] = found
        return found

    def _counted(self, before: Node, step: Callable[[Scope, Node], Node]) -> Node:
        found = step(self.inner, before)
        return found if self.counts is None else self.scope.graph.choose(self.counts, found, before)

    def summed(self, key: object, kind: Kind, value: Callable[[Scope], Node]) -> Node:
        """Return the sum over the pieces of what ``value`` gives in each."""
        if self.loop is None and self.counts is None:
            return value(self.inner)
        code = "wide_add({0}, {1})" if kind == WIDE else "({0} + {1})"
        zero = self.scope.numbers.turned(self.scope.graph.int(0), kind)
        graph = self.scope.graph
        return self.folded(("sum", key, kind), zero, lambda inner, before: graph.node(kind, code, before, value(inner)))

    def quotient(self, key: object, parts: Callable[[Scope], tuple[Node, Node]], most: int, deepest: int) -> Node:
        """Return the sum over the pieces of quotients, whose parts fit words; see :mod:`.ratios`."""
        graph = self.scope.graph
        nothing = self.scope.numbers.turned(graph.int(1), WIDE)
        bounds = graph.int(most), graph.int(deepest)
        code = "quotient_plus({0}, {1}, {2}, {3}, {4})"
        return self.folded(
            ("quotient", key), nothing, lambda inner, before: graph.node(WIDE, code, before, *parts(inner), *bounds)
        )

    def lowest(self, value: int) -> Node:
        """Return the sum over the pieces of a step in its lowest terms; see :mod:`.ratios`."""
        graph = self.scope.graph
        nothing = self.scope.numbers.turned(graph.int(1), WIDE)
        return self.folded(
            ("lowest", value), nothing, lambda inner, before: graph.node(WIDE, PLUS, before, inner.lowest(value))
        )

    def any(self, key: object, node: Node | None) -> Node | None:
        """Return whether a condition holds in some piece."""
        if node is None:
            return None
        graph = self.scope.graph
        return self.folded(("any", key), graph.false, lambda _, before: graph.either(before, node) or graph.false)

    def status(self, value: int) -> Status:
        """Return the status of a step that is needed in all pieces."""
        each = self.inner.need(value)
        bad = self.scope.graph.either(self.bad, self.any((value, "bad"), each.bad))
        return Status(miss=self.any((value, "miss"), each.miss), bad=bad)


@define(eq=False)
class PieceLoop:
    """A loop over the pieces of some days for one row, and one turn further: shared by all sums that need no other.

    ``here``: the first day of a piece, ``until`` in the last turn. ``begun``: whether it is not the first turn.
    """

    loop: Loop
    first: Node
    until: Node
    _here: Carried
    _pieces: Pieces

    @property
    def here(self) -> Node:
        """The first day of the piece, or the day after the last piece."""
        return self._here.current

    def add(self, pieces: Pieces) -> None:
        """Cut where another definition cuts, too: neighbours that are alike are joined anyway."""
        self._pieces.add(pieces)

    def settle(self) -> None:
        """Say where the pieces end, once it is known what cuts them."""
        self._here.following = self._pieces.after(self.here, self.until)


def _piece_loop(scope: Scope, pieces: Pieces, first: Node, until: Node) -> PieceLoop:
    graph = scope.graph
    loop = graph.loop("while True", inside=innermost((scope_inside(scope), first.inside, until.inside)))
    here = graph.carry(loop, first)
    loop.last = graph.node(BOOL, "({0} >= {1})", here.current, until)
    return PieceLoop(loop, first, until, here, evolve(pieces, changes=[*pieces.changes], intervals=[*pieces.intervals]))


def month_loop(scope: Scope, pieces: Pieces, depth: int) -> PieceLoop:
    """Return the loop over the pieces of the month; ``depth``: how many of them need each other inside a piece."""
    builder = scope.builder
    key = scope.row.entity, depth, *(id(stands_at(s)) for s in scope.slots.values() if not isinstance(s, Member))
    found = builder.months.get(key)
    if found is None:
        found = builder.months[key] = _piece_loop(scope, pieces, builder.start, builder.end)
    else:
        found.add(pieces)
    return found


def month_turns(scope: Scope, number: int, names: tuple[int, ...] | None = None) -> Turns:
    """Return the loop over the pieces of the month for the first argument of a step.

    ``names``: neighbours on which none of these steps changes are one piece; None: neighbours are not joined.
    """
    builder, value = scope.builder, scope.steps[number].args[0]
    if names == ():
        return Turns(scope, None, _in_one(scope))
    if builder.still or scope.when.past is not None:
        return Turns(scope, None, scope, builder.moves(scope, value, *(names or ())))
    pieces = builder.pieces(scope, value, *(names or ()))
    if pieces is None:
        return Turns(scope, None, _in_one(scope))
    loop = month_loop(scope, pieces, builder.nesting.inside(scope.steps, number))
    return _joined(scope, loop, pieces, names) or Turns(scope, None, _in_one(scope))


def _in_one(scope: Scope) -> Scope:
    builder = scope.builder
    if builder.still or scope.when.past is not None:
        return scope
    return scope.inside(when=When(builder.start, builder.start, builder.end, whole=True))


def span_turns(scope: Scope, value: int, names: tuple[int, ...], first: Node, until: Node, *, near: bool) -> Turns:
    """Return the loop over the pieces of a span of days.

    ``near``: the span lies inside the month; any other is not for kernels of rows on which nothing changes.
    """
    graph, builder = scope.graph, scope.builder
    if scope.when.past is not None:
        raise NotCompiled("a sum over slices of a span of days in a past month")
    filled = Branch(graph.node(BOOL, "({0} < {1})", first, until))
    asked = until
    if not (near or builder.still):
        until = graph.node(INT, "min({1}, {0} + {2})", first, until, graph.int(MOST_DAYS))
    found: Turns | None = None
    pieces: Pieces | None = None
    if not builder.still and names:
        pieces = builder.pieces(scope, value, *names) if near else pieces_ever(builder, scope, (value, *names))
    if pieces is not None:
        bounds = (graph.node(INT, "min(max({0}, {1}), {2})", d, builder.start, builder.end) for d in (first, until))
        loop = _piece_loop(scope, pieces, *(bounds if near else (first, until)))
        loop.settle()
        found = _joined(scope, loop, pieces, names, wide=not near)
    if found is None:
        moved = builder.moves(scope, value, *names) if names and builder.still else None
        when = When(builder.start if builder.still else first, first, until, wide=not (near or builder.still))
        found = Turns(scope, None, scope.inside(when=when), graph.choose_maybe(filled, moved, None), filled)
    if near or builder.still:
        outside = graph.node(BOOL, "(({0} < {1}) | ({2} > {3}))", first, builder.start, until, builder.end)
        found.bad = graph.either(found.bad, graph.choose_maybe(filled, outside, None))
    else:
        found.bad = graph.either(found.bad, graph.node(BOOL, "({0} != {1})", until, asked))
    return found


def scope_inside(scope: Scope) -> Block | None:
    """Return the loop in which a scope stands."""
    places = [stands_at(slot).inside for slot in scope.slots.values() if not isinstance(slot, Member)]
    return innermost((*places, scope.when.day.inside, scope.when.end.inside))


def _joined(
    scope: Scope, pieces_: PieceLoop, pieces: Pieces, names: Sequence[int] | None, *, wide: bool = False
) -> Turns | None:
    """Go through the pieces; one counts in the turn in which the next one differs from it.

    What its steps came to is carried from turn to turn. None: no name can change. ``wide``: the pieces may lie outside
    the month.
    """
    graph, loop, here = scope.graph, pieces_.loop, pieces_.here
    now = scope.inside(when=When(here, here, pieces_.until, wide=wide))
    changing = [name for name in names or () if scope.places.moving[name]]
    if names is not None and not changing:
        return None
    start = graph.carry(loop, pieces_.first)
    inner = Before(now, scope, When(start.current, start.current, here, wide=wide), loop)
    begun = graph.node(BOOL, "({0} != {1})", here, pieces_.first)
    over = loop.last
    unknown: Node | None = None
    changes: Node | None = graph.true if names is None else over
    for name in changing:
        differs, unsure = _differs(inner, now, name)
        changes = graph.either(changes, differs)
        unknown = graph.either(unknown, graph.both(begun, unsure), now.status(name).bad)
    counts = Branch(graph.both(begun, changes) or graph.false)
    start.following = graph.select(counts.test, here, start.current)
    unknown = graph.both(graph.negated(over or graph.false), unknown)
    found = Turns(scope, loop, inner, pieces.bad, counts)
    if unknown is not None:
        lost = graph.carry(loop, graph.false)
        lost.following = graph.either(lost.current, unknown)
        found.bad = graph.either(pieces.bad, lost.after)
    return found


class Before(Scope):
    """The piece that ends where the one of a scope begins: what steps came to there, and the whole of the slice."""

    def __init__(self, now: Scope, outer: Scope, when: When, loop: Loop) -> None:
        super().__init__(
            outer.builder, outer.steps, outer.proof, outer.slots, when, definition=outer.definition, outer=outer
        )
        self._now = now
        self._loop = loop

    def _make(self, number: int) -> Made:
        if not self.places.sliced[number]:
            made = self._now.made(number)
            if made.node is not None or made.part is not None:
                return _carried(self._now, number, self._loop)
            if made.text is not None:
                return made
        return super()._make(number)


def _carried(now: Scope, name: int, loop: Loop) -> Made:
    """Return what a step came to in the turn before."""
    graph, made, known = now.graph, now.made(name), {}

    def before(key: object, node: Node, first: Node) -> Node:
        if key not in known:
            carried = graph.carry(loop, first)
            carried.following = node
            known[key] = carried.current
        return known[key]

    def condition(which: str) -> Node | None:
        node = getattr(made.status, which)
        return None if node is None else before(which, node, graph.false)

    def part(leaf: Leaf, kind: Kind) -> Node:
        first = now.numbers.turned(graph.int(1 if leaf.part in {"below", "bottom"} else 0), kind)
        return before((leaf, kind), now.leaf(leaf, kind), first)

    node = made.node
    if node is not None:
        node = before("node", node, graph.false if node.kind == BOOL else graph.int(0))
    status = Status(condition("absent"), condition("miss"), condition("bad"))
    return evolve(made, status=status, node=node, part=None if made.part is None else part, lowest=None)


def _differs(here: Scope, there: Scope, name: int) -> tuple[Node | None, Node | None]:
    """Return whether a step differs between two days, and whether that cannot be said."""
    graph = here.graph
    sides = here.status(name), there.status(name)
    states = [
        graph.node(BOOL, "({0} != {1})", *(graph.false if node is None else node for node in pair))
        for pair in (tuple(side.miss for side in sides), tuple(side.absent for side in sides))
        if pair != (None, None)
    ]
    values, unsure = _values_differ(here, there, name)
    missing = graph.either(*(side.miss for side in sides), *(side.absent for side in sides))
    if missing is not None:
        values, unsure = (graph.both(graph.negated(missing), node) for node in (values, unsure))
    return graph.either(*states, values), unsure


def _values_differ(here: Scope, there: Scope, name: int) -> tuple[Node | None, Node | None]:
    graph, step = here.graph, here.steps[name]
    if step.kind == "yes_no":
        return _unequal(here, here.holds(name), there.holds(name)), None
    if step.kind in {"enum", "id"}:
        members = here.members(name)
        return _unequal(here, here.code(name, members), there.code(name, members)), None
    if step.op is Op.TABLE:
        return _unequal(here, *(_node(side, name) for side in (here, there))), None
    form = here.form(name)
    if max(form.above.most, form.below.hi).bit_length() < _EXACT_BITS:
        above, below = ([_exact(side, part) for side in (here, there)] for part in (form.above, form.below))
        unsure = None
    else:
        words = [[side.numbers.word(part) for side in (here, there)] for part in (form.above, form.below)]
        (above, below), unsure = (
            ([w for w, _ in pair] for pair in words),
            graph.either(*(u for p in words for _, u in p)),
        )
    if form.is_whole:
        return _unequal(here, *above), unsure
    if all(each.kind == INT for each in (*above, *below)):
        return graph.node(BOOL, "(not same_quotient({0}, {2}, {1}, {3}))", *above, *below), unsure
    # Products that differ modulo 2^128 differ; equal ones are equal where their factors are, or where they fit.
    factors = graph.either(_unequal(here, *above), _unequal(here, *below))
    crossed = [[_wide(here, each) for each in pair] for pair in ((above[0], below[1]), (above[1], below[0]))]
    unequal = graph.node(BOOL, "wide_ne({0}, {1})", *(graph.node(WIDE, "wide_mul({0}, {1})", *p) for p in crossed))
    long = graph.either(*(graph.negated(graph.node(BOOL, "wide_fits({0}, {1})", *pair)) for pair in crossed))
    return unequal, graph.both(graph.both(factors, long), graph.negated(unequal))


def _wide(scope: Scope, node: Node) -> Node:
    return node if node.kind == WIDE else scope.numbers.turned(node, WIDE)


def _exact(scope: Scope, part: Whole) -> Node:
    return scope.numbers.exact(part)[0]


def _node(scope: Scope, name: int) -> Node:
    node = scope.made(name).node
    if node is None:
        raise NotCompiled("pieces told apart by what is no value")
    return node


def _unequal(scope: Scope, one: Node, other: Node) -> Node | None:
    if one is other:
        return None
    if WIDE in {one.kind, other.kind}:
        return scope.graph.node(BOOL, "wide_ne({0}, {1})", _wide(scope, one), _wide(scope, other))
    return scope.graph.node(BOOL, "({0} != {1})", one, other)


def on_grid(scope: Scope, form: Form, grid: int) -> Node:
    """Return a quotient that is a whole number of 1/``grid`` as that number."""
    numbers = scope.numbers
    above = mul(const(grid), form.above)
    below = mul(const(form.scale), form.below)
    if not above.fits or not below.fits:
        exact = is_exact(form.above) and is_exact(below)
        if not exact or grid * max(Fraction(1), form.bound) > MOST_WORD:
            raise NotCompiled("a quotient on a grid that needs more than 63 bits")
        # Both parts of the quotient in its lowest terms fit words: its divisor divides the grid.
        top, bottom, _ = halves(scope, reduced(scope, form))
        return scope.graph.node(INT, "({0} * floor_div({1}, {2}))", top, scope.graph.int(grid), bottom)
    return scope.graph.node(INT, "floor_div({0}, {1})", numbers.of(above, INT), numbers.of(below, INT))
