"""Loops over the same intervals or days are made one loop: the cells of a row are gone through once for all sums."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from kommres.dsl.backends.kernels.graph import SELECTED, Branch, Loop, Node, atoms
from kommres.dsl.backends.kernels.placing import in_order, needs_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kommres.dsl.backends.kernels.graph import Block, Carried, Item

_NAME: Final = re.compile(r"^for (\w+) in ")
#: Values that loops carry are told apart by steps that are no longer than this.
_DEEPEST: Final = 12


def fuse(root: Loop) -> None:
    """Make one loop of all that go through the same places in the same loop around them and need not each other."""
    fused = True
    while fused:
        order = in_order(root)
        found = [item for item in order if isinstance(item, Loop) and item.shared]
        if not found:
            return
        _merge_equal(order, root)
        fused = any(_fused_with(one, found[:place], root) for place, one in enumerate(found))


def _fused_with(loop: Loop, before: Sequence[Loop], root: Loop) -> bool:
    """Put a loop into one of others, if it can be."""
    for other in before:
        if not _alike(loop, other) or _reaches(loop, other) or _reaches(other, loop):
            continue
        _into(loop, other, root)
        return True
    return False


def _alike(one: Loop, other: Loop) -> bool:
    return (
        one.inside is other.inside
        and one.args == other.args
        and _NAME.sub("", one.head) == _NAME.sub("", other.head)
        and not one.ends
        and not other.ends
    )


def _reaches(start: Loop, end: Loop) -> bool:
    """Whether a loop needs what another one gives."""
    waiting: list[Item] = [start]
    seen = {id(start)}
    while waiting:
        for need in needs_of(waiting.pop()):
            if need is end:
                return True
            if id(need) not in seen:
                seen.add(id(need))
                waiting.append(need)
    return False


def _into(loop: Loop, other: Loop, root: Loop) -> None:
    """Let all that stands in a loop stand in another one."""
    old, new = _name(loop), _name(other)
    for item in in_order(root):
        match item:
            case Node():
                item.inside = _moved(item.inside, loop, other)
                if item.plain and item.inside is other.body and item.code == old:
                    item.code = new
                if item.made_by is loop:
                    item.made_by = other
            case Loop():
                item.inside = _moved(item.inside, loop, other)
    for carried in loop.carried:
        for node in (carried.current, carried.after):
            node.inside = _moved(node.inside, loop, other)
            node.made_by = other
    other.carried += loop.carried
    other.effects += loop.effects


def _moved(inside: Block | None, loop: Loop, other: Loop) -> Block | None:
    return other.body if inside is loop.body else inside


def _name(loop: Loop) -> str:
    found = _NAME.match(loop.head)
    return "" if found is None else found.group(1)


# --- equal values --------------------------------------------------------------------------------------------


def _merge_equal(order: Sequence[Item], root: Loop) -> None:
    """Let equal nodes be one, and equal values that a loop carries."""
    same: dict[int, Node] = {}
    known: dict[tuple[object, ...], Node] = {}

    def one(node: Node) -> Node:
        return same.get(id(node), node)

    for item in order:
        match item:
            case Node() if item.made_by is None:
                item.args = tuple([one(arg) for arg in item.args])
                key = (item.kind, item.code, id(item.inside) if item.plain else 0, *map(id, item.args))
                same[id(item)] = known.setdefault(key, item)
            case Branch():
                item.test = one(item.test)
                item.outputs = [(output, one(then), one(otherwise)) for output, then, otherwise in item.outputs]
            case Loop():
                _renamed(item, same)
    _renamed(root, same)


def _renamed(loop: Loop, same: dict[int, Node]) -> None:
    def one(node: Node) -> Node:
        return same.get(id(node), node)

    loop.args = tuple([one(arg) for arg in loop.args])
    loop.stop = None if loop.stop is None else one(loop.stop)
    loop.last = None if loop.last is None else one(loop.last)
    for effect in loop.effects:
        effect.args = tuple([one(arg) for arg in effect.args])
    for carried in loop.carried:
        carried.first = one(carried.first)
        carried.following = None if carried.following is None else one(carried.following)
    kept: list[Carried] = []
    # Those that hold more often come first.
    for carried in sorted(loop.carried, key=lambda c: len(_parts(c))):
        twin = next((other for other in kept if loop.shared and _stands_for(other, carried)), None)
        if twin is None:
            kept.append(carried)
        else:
            same[id(carried.after)], same[id(carried.current)] = twin.after, twin.current
    loop.carried = kept


def _stands_for(one: Carried, other: Carried) -> bool:
    """Whether a value that a loop carries can take the place of another."""
    if _carry_same(one, other):
        return True
    parts = _parts(one)
    return bool(parts) and one.first is other.first and parts <= _parts(other)


def _parts(carried: Carried) -> frozenset[int]:
    """Return what must hold in a turn so that the row is not a kernel's; nothing for other values."""
    following = carried.next
    if not carried.coarse or not following.args or following.args[0] is not carried.current:
        return frozenset()
    item = following.args[1]
    match following.code:
        case "({0} | {1})":
            return frozenset(map(id, atoms(item, "&")))
        case "short_beyond({0}, {1})" if item.code == SELECTED:
            return frozenset(map(id, (*atoms(item.args[0], "&"), item.args[1])))
        case "short_beyond({0}, {1})":
            return frozenset({id(item)})
    return frozenset()


def _carry_same(one: Carried, other: Carried) -> bool:
    if one.first is not other.first:
        return False

    def equal(a: Node, b: Node, depth: int) -> bool:
        if a is b or (a is one.current and b is other.current):
            return True
        if depth == 0 or a.kind != b.kind or a.code != b.code or a.made_by or b.made_by or not a.args:
            return False
        return len(a.args) == len(b.args) and all(equal(x, y, depth - 1) for x, y in zip(a.args, b.args, strict=True))

    return equal(one.next, other.next, _DEEPEST)
