"""Conditions joined by `or`: each is asked once, those first that stand further outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kommres.dsl.backends.kernels.graph import BOOL, Node, innermost, loops_around
from kommres.dsl.backends.kernels.placing import in_order, needs_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kommres.dsl.backends.kernels.graph import Branch, Loop

_EITHER: Final = "({0} | {1})"


def join(root: Loop) -> None:
    """Make one node of all that are joined by `or` to ask one question, for each loop that they depend on.

    Rows have one question at least that nearly every step adds to, some of them again and again.
    """
    order = in_order(root)
    for top, atoms in _questions(order).items():
        levels: dict[int, list[Node]] = {}
        for atom in atoms:
            levels.setdefault(loops_around(atom), []).append(atom)
        found: list[Node] = []
        for level in sorted(levels):
            found += levels[level]
            if level != max(levels):
                found = [_joined(found)]
        top.code, top.args = _code(len(found)), tuple(found)


def _questions(order: Sequence[Node | Branch | Loop]) -> dict[Node, list[Node]]:
    """Return what is joined to each condition that more is made of than other joined conditions."""
    tops: dict[int, set[Node]] = {}
    for item in reversed(order):
        top = _top(item, tops)
        for need in needs_of(item):
            if isinstance(need, Node) and _joins(need):
                tops.setdefault(id(need), set()).add(need if top is None else top)
    joined = [item for item in order if isinstance(item, Node) and _top(item, tops) is item]
    return {top: _atoms(top, tops) for top in joined}


def _top(item: Node | Branch | Loop, tops: dict[int, set[Node]]) -> Node | None:
    """Return the only question that a joined condition is part of: itself if there are others."""
    if not isinstance(item, Node) or not _joins(item):
        return None
    found = tops.get(id(item), {item})
    return next(iter(found)) if len(found) == 1 else item


def _atoms(top: Node, tops: dict[int, set[Node]]) -> list[Node]:
    """Return what a question joins, in order."""
    found: list[Node] = []
    seen: set[int] = set()
    waiting = [*reversed(top.args)]
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if _top(node, tops) is top:
            waiting += reversed(node.args)
        else:
            found.append(node)
    return found


def _joins(node: Node) -> bool:
    return node.kind == BOOL and node.code == _EITHER and node.made_by is None


def _joined(atoms: Sequence[Node]) -> Node:
    if len(atoms) == 1:
        return atoms[0]
    return Node(BOOL, _code(len(atoms)), tuple(atoms), inside=innermost(atom.inside for atom in atoms))


def _code(count: int) -> str:
    return f"({' | '.join(f'{{{place}}}' for place in range(count))})"
