"""What a kernel computes, as a graph; when and where each value is computed is decided once all is known.

A node is a value. Values are made without a place: a branch or a loop may be asked for further values after it was
made. :mod:`kommres.dsl.backends.kernels.placing` then gives each node its block: the innermost one that holds all its
uses, outside of every loop that it does not depend on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from attrs import define, field, frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

#: What machine type a node has: int64, uint64 (a rest modulo 2^64), float64 (an estimate), 128 bits, yes or no; and
#: float64 for an estimate of the sum of the absolute values of a number's terms.
Kind: TypeAlias = str
INT, REST, FLOAT, WIDE, BOOL, TERMS, SHORT = "i", "u", "f", "w", "b", "t", "s"


#: The code of one of two values that are both computed.
SELECTED: Final = "({1} if {0} else {2})"


@define(eq=False, slots=True)
class Block:
    """Statements in order. ``parent`` is None for the function and for what has no place yet."""

    owner: Branch | Loop | None = None
    parent: Block | None = None
    nodes: list[Item] = field(factory=list)

    @property
    def depth(self) -> int:
        """How many blocks it stands in."""
        depth, at = 0, self.parent
        while at is not None:
            depth, at = depth + 1, at.parent
        return depth


@define(eq=False, slots=True)
class Node:
    """A value: ``code`` with the texts of ``args`` for ``{0}``, ``{1}``, ….

    ``plain``: the code is a name or a number that needs no statement. ``inside``: the body of the innermost loop on
    which it depends.
    """

    kind: Kind
    code: str
    args: tuple[Node, ...] = ()
    plain: bool = False
    made_by: Branch | Loop | None = None
    inside: Block | None = None
    block: Block | None = None
    name: str = ""


@define(eq=False, slots=True)
class Branch:
    """``if test: … else: …``; each output has a value for either side."""

    test: Node
    then: Block = field(init=False)
    otherwise: Block = field(init=False)
    outputs: list[tuple[Node, Node, Node]] = field(factory=list)  # (output, value if so, value if not)
    block: Block | None = None
    #: the same test for outputs that depend on other loops: those cannot share a place
    twins: dict[int, Branch] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        self.then, self.otherwise = Block(self), Block(self)


@define(eq=False, slots=True)
class Loop:
    """``head`` with the texts of ``args``; its body goes through ``items``, values that it carries from turn to turn.

    ``stop``: ends the loop before the carried values change. ``last``: ends it after that. ``shared``: it may be made
    one with others of its kind. ``inner``: a loop that stands in it for what that one does.
    """

    head: str
    args: tuple[Node, ...]
    body: Block = field(init=False)
    carried: list[Carried] = field(factory=list)
    effects: list[Effect] = field(factory=list)
    stop: Node | None = None
    last: Node | None = None
    inside: Block | None = None
    block: Block | None = None
    shared: bool = False
    inner: Loop | None = None

    def __attrs_post_init__(self) -> None:
        self.body = Block(self)

    @property
    def ends(self) -> list[Node]:
        """What ends it early."""
        return [node for node in (self.stop, self.last) if node is not None]


@define(eq=False, slots=True)
class Carried:
    """A value that a loop carries: ``current`` inside, ``after`` the last turn.

    ``coarse``: it says that the row is not a kernel's, so that it may as well be true for more rows.
    """

    first: Node
    current: Node
    after: Node
    following: Node | None = None
    coarse: bool = False

    @property
    def next(self) -> Node:
        """What it becomes in a turn."""
        return self.current if self.following is None else self.following


@define(eq=False, slots=True)
class Effect:
    """A statement of a loop: what a kernel writes."""

    code: str
    args: tuple[Node, ...]
    block: Block | None = None


Item: TypeAlias = Node | Branch | Loop | Effect


@frozen
class Status:
    """Whether a value is one: nodes that say that it is absent, that a look-up missed, that the row is not a kernel's.

    None: it never is.
    """

    absent: Node | None = None
    miss: Node | None = None
    bad: Node | None = None

    @property
    def sure(self) -> bool:
        """Whether there always is a value."""
        return self.absent is None and self.miss is None and self.bad is None


FINE = Status()


class Graph:
    """Makes nodes; equal nodes are one."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], Node] = {}
        self.true = self.plain(BOOL, "True")
        self.false = self.plain(BOOL, "False")

    def plain(self, kind: Kind, code: str) -> Node:
        """Return a name or a number."""
        return self._one((kind, code), lambda: Node(kind, code, plain=True))

    def int(self, value: int) -> Node:
        """Return a whole number of 64 bits."""
        if not -(1 << 63) <= value < 1 << 63:
            raise OverflowError(value)
        # The least one is no literal of a signed type.
        return self.plain(INT, f"int64({value})" if value > -(1 << 63) else "LEAST")

    def node(self, kind: Kind, code: str, *args: Node) -> Node:
        """Return a value computed from others."""
        return self._one(
            (kind, code, *map(id, args)),
            lambda: Node(kind, code, args, inside=innermost(arg.inside for arg in args)),
        )

    def _one(self, key: tuple[object, ...], make: Callable[[], Node]) -> Node:
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = make()
        return found

    # conditions ------------------------------------------------------------------------------------------

    def either(self, *parts: Node | None) -> Node | None:
        """Return whether one of some conditions holds; None stands for one that never does."""
        held = list({id(p): p for p in parts if p is not None and p is not self.false}.values())
        if any(p is self.true for p in held):
            return self.true
        found: Node | None = None
        for part in held:
            found = part if found is None else self.node(BOOL, "({0} | {1})", found, part)
        return found

    def both(self, one: Node | None, other: Node | None) -> Node | None:
        """Return whether two conditions hold; None stands for one that never does."""
        if one is None or other is None or self.false in {one, other}:
            return None
        if one is self.true:
            return other
        if other is self.true or one is other:
            return one
        return self.node(BOOL, "({0} & {1})", one, other)

    def negated(self, part: Node) -> Node:
        """Return whether a condition does not hold."""
        if part is self.true:
            return self.false
        if part is self.false:
            return self.true
        return self.node(BOOL, "(not {0})", part)

    # branches and loops ----------------------------------------------------------------------------------

    def choose(self, branch: Branch, one: Node, other: Node) -> Node:
        """Return the one value on the one side of a branch and the other on the other."""
        if one is other or branch.test is self.true:
            return one
        if branch.test is self.false:
            return other
        inside = innermost((branch.test.inside, one.inside, other.inside))
        twin = branch.twins.get(id(inside))
        if twin is None:
            twin = branch.twins[id(inside)] = Branch(branch.test)
        for output, then, otherwise in twin.outputs:
            if then is one and otherwise is other:
                return output
        output = Node(one.kind, "", made_by=twin, inside=inside)
        twin.outputs.append((output, one, other))
        return output

    def choose_maybe(self, branch: Branch, one: Node | None, other: Node | None) -> Node | None:
        """Return a condition chosen by a branch; None stands for one that never holds."""
        if one is None and other is None:
            return None
        return self.choose(branch, self.false if one is None else one, self.false if other is None else other)

    def select(self, test: Node, one: Node, other: Node) -> Node:
        """Return one of two values that are both computed."""
        if one is other or test is self.true:
            return one
        if test is self.false:
            return other
        return self.node(one.kind, SELECTED, test, one, other)

    def loop(self, head: str, *args: Node, inside: Block | None = None) -> Loop:
        """Return a loop; ``head`` may name what it sets (see :meth:`of`). ``inside``: the loop that it stands in."""
        return Loop(head, args, inside=innermost((inside, *(arg.inside for arg in args))))

    def of(self, loop: Loop, kind: Kind, name: str) -> Node:
        """Return a name that a loop sets."""
        return self._one((kind, name, id(loop)), lambda: Node(kind, name, plain=True, inside=loop.body))

    def carry(self, loop: Loop, first: Node) -> Carried:
        """Return a value that a loop carries; what it becomes is to be set."""
        carried = Carried(
            first,
            Node(first.kind, "", made_by=loop, inside=loop.body),
            Node(first.kind, "", made_by=loop, inside=innermost((loop.inside, first.inside))),
        )
        loop.carried.append(carried)
        return carried


def atoms(node: Node, sign: str) -> list[Node]:
    """Return the conditions that a condition joins by ``|`` or by ``&``."""
    if node.code != f"({{0}} {sign} {{1}})" or node.kind != BOOL:
        return [node]
    return [atom for arg in node.args for atom in atoms(arg, sign)]


def innermost(blocks: Iterable[Block | None]) -> Block | None:
    """Return the deepest of some loop bodies that lie in each other; None where there is none."""
    deepest: Block | None = None
    for block in blocks:
        if block is not None and (deepest is None or _within(block, deepest)):
            deepest = block
    return deepest


def loops_around(node: Node) -> int:
    """Return in how many loops a value must stand."""
    count, at = 0, node.inside
    while at is not None and isinstance(at.owner, Loop):
        count, at = count + 1, at.owner.inside
    return count


def _within(block: Block, other: Block) -> bool:
    """Whether a loop body lies in another one (or is it)."""
    at: Block | None = block
    while at is not None:
        if at is other:
            return True
        owner = at.owner
        at = owner.inside if isinstance(owner, Loop) else None
    return False
