"""Which alternative of a rule goes before which."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kommres.dsl.diagnostics import Diagnostics, Label

if TYPE_CHECKING:
    from kommres.dsl.rules.overlay import Merged


def beats(merged: Merged, out: Diagnostics) -> frozenset[tuple[int, int]] | None:
    """Return all pairs (stronger, weaker): what is written, what follows from it, every exception over the base.

    Alternatives that stand over each other in a ring are reported (K0604) and give None.
    """
    weaker: dict[int, set[int]] = {d.number: set() for d in merged.drafts}
    for strong, weak in merged.edges:
        weaker[strong].add(weak)
    bases = {d.number for d in merged.drafts if d.is_base}
    for draft in merged.drafts:
        if draft.number not in bases:
            weaker[draft.number] |= bases
    ring = find_ring(weaker)
    if ring:
        _report(merged, ring, out)
        return None
    closed: dict[int, set[int]] = {}
    for number in _weakest_first(weaker):
        closed[number] = set(weaker[number]).union(*(closed[w] for w in weaker[number]))
    return frozenset((strong, weak) for strong, below in closed.items() for weak in below)


def find_ring(graph: dict[int, set[int]]) -> list[int]:
    """Return the nodes of one ring in order, or nothing."""
    finished: set[int] = set()
    for root in sorted(graph):
        path: list[int] = []
        place: dict[int, int] = {}
        stack = [(root, False)]
        while stack:
            node, leaving = stack.pop()
            if leaving:
                path.pop()
                del place[node]
                finished.add(node)
                continue
            if node in place:
                return path[place[node] :]
            if node in finished:
                continue
            place[node] = len(path)
            path.append(node)
            stack.append((node, True))
            stack.extend((n, False) for n in sorted(graph[node], reverse=True) if n not in finished)
    return []


def _weakest_first(graph: dict[int, set[int]]) -> list[int]:
    order: list[int] = []
    done: set[int] = set()
    for root in sorted(graph):
        stack = [(root, False)]
        while stack:
            node, leaving = stack.pop()
            if leaving:
                order.append(node)
            elif node not in done:
                done.add(node)
                stack.append((node, True))
                stack.extend((n, False) for n in sorted(graph[node], reverse=True))
    return order


def _report(merged: Merged, ring: list[int], out: Diagnostics) -> None:
    names = [merged.drafts[n].said.name for n in ring]
    labels = []
    for strong, weak in zip(ring, [*ring[1:], ring[0]], strict=True):
        span = merged.edges.get((strong, weak))
        text = f"`{merged.drafts[strong].said.name}` goes over `{merged.drafts[weak].said.name}`"
        labels.append(Label(span=span or merged.drafts[strong].said.span, text=text))
    out.add(
        "K0604",
        f"the exceptions of `{merged.rule.name}` stand over each other in a ring: "
        f"{' over '.join([*names, names[0]])}; so none of them is the strongest",
        labels[0].span,
        note=labels[0].text,
        labels=labels[1:],
        help="take out one `over`",
    )
