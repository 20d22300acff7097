"""Quotients as two words, in their lowest terms where their parts may be wider."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kommres.dsl.backends.kernels.graph import BOOL, INT, WIDE
from kommres.dsl.backends.kernels.numbers import MOST_WORD
from kommres.dsl.plan.forms import const, mul

if TYPE_CHECKING:
    from kommres.dsl.backends.kernels.graph import Node
    from kommres.dsl.backends.kernels.scope import Scope
    from kommres.dsl.plan.forms import Form

#: Wider numbers are no exact ones.
_EXACT_BITS: Final = 127


def in_words(scope: Scope, form: Form, most: int = MOST_WORD) -> tuple[Node, Node, Node | None]:
    """Return both parts of a quotient, the upper one no greater than ``most``; and whether they are none in a row.

    Kernels for rows on which nothing changes do not look for common divisors, which takes longer than all the rest.
    """
    graph, numbers = scope.graph, scope.numbers
    over, under = form.above, mul(const(form.scale), form.below)
    narrow = over.most <= most and under.most <= MOST_WORD
    if scope.builder.still or narrow or max(over.most, under.most).bit_length() >= _EXACT_BITS:
        above, one = numbers.word(over, most)
        below, other = numbers.word(under)
        return above, below, graph.either(one, other)
    return halves(scope, reduced(scope, form, most, MOST_WORD))


def reduced(scope: Scope, form: Form, most: int, deepest: int) -> Node:
    """Return a quotient in its lowest terms, see :mod:`.ratios`."""
    parts = (scope.numbers.of(part, WIDE) for part in (form.above, mul(const(form.scale), form.below)))
    bounds = scope.graph.int(most), scope.graph.int(deepest)
    return scope.graph.node(WIDE, "quotient_reduced({0}, {1}, {2}, {3})", *parts, *bounds)


def halves(scope: Scope, lowest: Node) -> tuple[Node, Node, Node]:
    """Return both parts of a quotient of :mod:`.ratios`, and whether there is none."""
    graph = scope.graph
    top, bottom = (graph.node(INT, f"quotient_{half}({{0}})", lowest) for half in ("top", "bottom"))
    none = graph.node(BOOL, "({0} == 0)", bottom)
    return top, graph.node(INT, "max(int64(1), {0})", bottom), none
