"""``tiers(v, p[_])``: parts of a volume inside the brackets of a table, each times its value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from kommres.dsl.backends.kernels.filling import HIGHEST
from kommres.dsl.backends.kernels.graph import BOOL, INT, Status
from kommres.dsl.backends.kernels.numbers import NotCompiled
from kommres.dsl.backends.kernels.scope import Made
from kommres.dsl.plan.forms import ONE, Form, Whole, const, mul
from kommres.dsl.plan.payload import payload

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kommres.dsl.backends.kernels.filling import Span
    from kommres.dsl.backends.kernels.graph import Kind, Node
    from kommres.dsl.backends.kernels.scope import Scope
    from kommres.dsl.backends.tables import Table
    from kommres.dsl.plan.forms import Leaf

#: So many brackets are written out one after the other.
_MOST_BRACKETS = 8


@frozen(kw_only=True)
class _Measures:
    """Whole numbers in one unit: the volume, and what a bound of a bracket counts (``bounds`` to 1).

    ``grid``: the unit is one over this and over ``below``.
    """

    grid: int
    below: Whole
    amount: Whole
    bound: Whole
    bounds: int


def tiers(scope: Scope, number: int) -> Made:
    """Return the sum over the brackets."""
    step, graph, tables = scope.steps[number], scope.graph, scope.builder.tables
    position, has_scale, _ = payload(step)
    volume, *keys = step.args
    scale = scope.form(keys.pop(0)) if has_scale else None
    table = scope.builder.machine.tables[position]
    status = scope.need(*step.args)
    prices = tables.scale(table)
    measures = _measures(scope.form(volume), scale, scope.form(number).scale, prices, tables.ends(table))
    amount = scope.numbers.of(measures.amount, INT)
    if table.everywhere is None:
        total, missing = _summed(scope, table, keys, measures, amount)
    else:
        total, missing = graph.node(INT, "({0} * {1})", amount, graph.int(tables.word(table.everywhere, prices))), None

    def part(leaf: Leaf, kind: Kind) -> Node:
        if leaf.part == "below":
            return scope.numbers.of(measures.below, kind)
        return scope.numbers.turned(total, kind)

    return Made(Status(miss=graph.either(status.miss, missing), bad=status.bad), part=part)


def _summed(
    scope: Scope, table: Table, keys: Sequence[int], measures: _Measures, amount: Node
) -> tuple[Node, Node | None]:
    """Return the sum, and whether the brackets leave a part of the volume out."""
    graph, tables = scope.graph, scope.builder.tables
    at, span = tables.span(table, scope, None)
    width = _width(scope, table, span)
    direct = measures.bound.op == "const" and isinstance(measures.bound.data, int)
    grid = measures.bounds * int(measures.bound.data) if direct else measures.bounds  # type: ignore[arg-type] # a number
    _, lows, highs, values, place, missing = tables.bands(
        scope, table, keys, at, grid=grid, scale=tables.scale(table), members=None, span=span, width=width
    )
    if not direct and measures.bound.most * tables.farthest(table, measures.bounds) >= HIGHEST:
        raise NotCompiled("tiers whose bounds need more than 62 bits")
    unit = None if direct else scope.numbers.of(measures.bound, INT)
    first = graph.node(INT, "({0} * {1})", place, graph.int(width)) if place is not graph.int(0) else place
    none = graph.node(BOOL, "({0}[{1}] == {2})", lows, first, graph.int(HIGHEST))
    total, covered = graph.int(0), graph.int(0)
    for n in range(width):
        at_n = graph.node(INT, "({0} + {1})", first, graph.int(n))
        low, high, price = (graph.node(INT, "{0}[{1}]", column, at_n) for column in (lows, highs, values))
        if unit is not None:
            low = graph.node(INT, "({0} * {1})", low, unit)
            high = graph.node(INT, "({2} if {0} == {3} else {0} * {1})", high, unit, amount, graph.int(HIGHEST))
        part = graph.node(INT, "max(int64(0), min({0}, {1}) - {2})", amount, high, low)
        covered = graph.node(INT, "({0} + {1})", covered, part)
        total = graph.node(INT, "({0} + {1} * {2})", total, part, price)
    short = graph.node(BOOL, "({0} != {1})", covered, amount)
    return total, graph.either(missing, none, short)


def _measures(volume: Form, scale: Form | None, wanted: int, prices: int, bounds: int) -> _Measures:
    """Return the numbers that a sum over brackets is made of; ``wanted`` is the proof's scale of the sum."""
    if wanted % prices:
        raise NotCompiled("tiers of other steps than their values")
    grid = wanted // prices
    step = bounds * (1 if scale is None else scale.scale)
    if grid % volume.scale or grid % step:
        raise NotCompiled("tiers of other steps than their bounds")
    by_scale = ONE if scale is None or scale.below is volume.below else scale.below
    by_volume = ONE if scale is not None and scale.below is volume.below else volume.below
    amount = mul(const(grid // volume.scale), mul(volume.above, by_scale))
    bound = mul(const(grid // step), mul(ONE if scale is None else scale.above, by_volume))
    if not (amount.most < HIGHEST and bound.fits):
        raise NotCompiled("tiers of a volume of more than 62 bits")
    return _Measures(grid=grid, below=mul(volume.below, by_scale), amount=amount, bound=bound, bounds=bounds)


def _width(scope: Scope, table: Table, span: Span) -> int:
    width = scope.builder.tables.widest(table, span)
    if not 0 < width <= _MOST_BRACKETS:
        raise NotCompiled(f"tiers of {width} brackets")
    return width
