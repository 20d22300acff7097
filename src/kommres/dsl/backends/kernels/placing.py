"""Gives every value of a graph its place and writes the text of a kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kommres.dsl.backends.kernels.graph import Block, Branch, Item, Loop, Node

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_INDENT = "    "


def written(root: Loop, name: str, parameters: Sequence[str], before: Sequence[str] = ()) -> str:
    """Return the text of a function that goes through a loop.

    Parameters
    ----------
    root
        What the function does.
    name
        Its name.
    parameters
        Names of its arguments.
    before
        Its first statements.
    """
    body = _placed(root)
    lines = [f"def {name}({', '.join(parameters)}):", *(_INDENT + line for line in before)]
    _Writer(lines).block(body, 1)
    return "\n".join(lines) + "\n"


# --- placing -------------------------------------------------------------------------------------------------


def needs_of(item: Item) -> Iterator[Node | Branch | Loop]:
    """Yield what must have been computed before an item."""
    match item:
        case Node():
            if item.made_by is None:
                yield from item.args
            elif isinstance(item.made_by, Branch) or any(c.after is item for c in item.made_by.carried):
                yield item.made_by
        case Branch():
            yield item.test
            for _, one, other in item.outputs:
                yield one
                yield other
        case Loop():
            yield from item.args
            for carried in item.carried:
                yield carried.first
                yield carried.next
            yield from item.ends
            for effect in item.effects:
                yield from effect.args
            if item.inner is not None:
                yield item.inner


def in_order(root: Loop) -> list[Node | Branch | Loop]:
    """Return all items, each after what it needs."""
    order: list[Node | Branch | Loop] = []
    seen: set[int] = {id(root)}
    waiting: list[tuple[Node | Branch | Loop, Iterator[Node | Branch | Loop]]] = [(root, needs_of(root))]
    while waiting:
        item, needs = waiting[-1]
        for need in needs:
            if id(need) not in seen:
                seen.add(id(need))
                waiting.append((need, needs_of(need)))
                break
        else:
            waiting.pop()
            order.append(item)
    return order


def _placed(root: Loop) -> Block:
    """Place all items and return the block of the function; items of a block stand in order."""
    function = Block()
    order = in_order(root)
    uses: dict[int, Block] = {}

    def use(item: Node | Branch | Loop, block: Block) -> None:
        known = uses.get(id(item))
        uses[id(item)] = block if known is None else _shared(known, block)

    use(root, function)
    for item in reversed(order):
        block = uses[id(item)]
        if isinstance(item, Node) and item.plain:
            continue
        inside = item.test.inside if isinstance(item, Branch) else item.inside
        if isinstance(item, Branch):
            inside = item.outputs[0][0].inside
        block = _outside(block, inside)
        item.block = block
        match item:
            case Node():
                for need in needs_of(item):
                    use(need, block)
            case Branch():
                item.then.parent = item.otherwise.parent = block
                use(item.test, block)
                for _, one, other in item.outputs:
                    use(one, item.then)
                    use(other, item.otherwise)
            case Loop():
                item.body.parent = block
                for need in (*item.args, *(c.first for c in item.carried)):
                    use(need, block)
                for need in (*(c.next for c in item.carried), *(a for e in item.effects for a in e.args)):
                    use(need, item.body)
                for need in item.ends:
                    use(need, item.body)
                if item.inner is not None:
                    use(item.inner, item.body)
    for item in order:
        if item.block is not None:
            item.block.nodes.append(item)
    return function


def _shared(one: Block, other: Block) -> Block:
    """Return the innermost block that holds two blocks."""
    depth, against = one.depth, other.depth
    while one is not other:
        if depth >= against and one.parent is not None:
            one, depth = one.parent, depth - 1
        elif other.parent is not None:
            other, against = other.parent, against - 1
    return one


def _outside(block: Block, inside: Block | None) -> Block:
    """Return the block to which a value moves that depends on the loop body ``inside`` and on no deeper one."""
    while True:
        at: Block | None = block
        while at is not None and not isinstance(at.owner, Loop):
            at = at.parent
        if at is None or not isinstance(at.owner, Loop) or at.owner.block is None or _holds(at, inside):
            return block
        block = at.owner.block


def _holds(body: Block, inside: Block | None) -> bool:
    while inside is not None:
        if inside is body:
            return True
        inside = inside.parent
    return False


# --- writing -------------------------------------------------------------------------------------------------


class _Writer:
    """Writes blocks; names are given in order."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._count = 0

    def _name(self, node: Node) -> str:
        if node.plain:
            return node.code
        if not node.name:
            self._count += 1
            node.name = f"{node.kind}{self._count}"
        return node.name

    def _line(self, depth: int, text: str) -> None:
        self._lines.append(_INDENT * depth + text)

    def _text(self, code: str, args: Sequence[Node]) -> str:
        return code.format(*(self._name(arg) for arg in args))

    def block(self, block: Block, depth: int) -> None:
        """Write the statements of a block."""
        for item in block.nodes:
            match item:
                case Node() if item.made_by is None:
                    text = self._text(item.code, item.args)
                    if text.startswith("(") and text.endswith(")") and _one_pair(text):
                        text = text[1:-1]
                    self._line(depth, f"{self._name(item)} = {text}")
                case Branch():
                    self._branch(item, depth)
                case Loop():
                    self._loop(item, depth)

    def _branch(self, branch: Branch, depth: int) -> None:
        self._line(depth, f"if {self._name(branch.test)}:")
        for side, place in ((branch.then, 1), (branch.otherwise, 2)):
            if place == 2:
                self._line(depth, "else:")
            self.block(side, depth + 1)
            for output in branch.outputs:
                self._line(depth + 1, f"{self._name(output[0])} = {self._name(output[place])}")

    def _loop(self, loop: Loop, depth: int) -> None:
        for carried in loop.carried:
            self._line(depth, f"{self._name(carried.after)} = {self._name(carried.first)}")
            carried.current.name = self._name(carried.after)
        self._line(depth, f"{self._text(loop.head, loop.args)}:")
        before = len(self._lines)
        self.block(loop.body, depth + 1)
        for effect in loop.effects:
            self._line(depth + 1, self._text(effect.code, effect.args))
        if loop.stop is not None:
            self._line(depth + 1, f"if {self._name(loop.stop)}:")
            self._line(depth + 2, "break")
        changed = [c for c in loop.carried if c.next is not c.current]
        if changed:
            names = ", ".join(self._name(c.current) for c in changed)
            values = ", ".join(self._name(c.next) for c in changed)
            self._line(depth + 1, f"{names} = {values}")
        if loop.last is not None:
            self._line(depth + 1, f"if {self._name(loop.last)}:")
            self._line(depth + 2, "break")
        if len(self._lines) == before:
            self._line(depth + 1, "pass")


def _one_pair(text: str) -> bool:
    """Whether the first parenthesis closes with the last one."""
    depth = 0
    for place, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if depth == 0:
            return place == len(text) - 1
    return False
