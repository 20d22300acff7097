"""What a line shows beside its amount: volume and price, where they are the same in the whole month."""

from __future__ import annotations

from attrs import define

from kommres.dsl.backends.kernels.graph import BOOL, Node
from kommres.dsl.backends.kernels.lowest import in_words
from kommres.dsl.backends.kernels.scope import Scope, When
from kommres.dsl.backends.kernels.turning import month_loop


@define(eq=False)
class Printed:
    """What a line shows: ``above / below`` where it is ``given``."""

    given: Node
    bad: Node | None
    above: Node
    below: Node


def shown(scope: Scope, step: int) -> Printed:
    """Return what a line shows of a step. Raises :class:`NotCompiled`.

    A value that is not the same in all pieces of the month is not shown.
    """
    graph, builder = scope.graph, scope.builder
    form = scope.form(step)
    if builder.still:
        status = scope.status(step)
        above, below, wide = in_words(scope, form, number=step)
        given = graph.true if status.absent is None else graph.negated(status.absent)
        moved = builder.moves(scope, step) if builder.by_day(scope.steps, step) else None
        return Printed(given, graph.either(status.bad, status.miss, moved, wide), above, below)
    pieces = builder.pieces(scope, step)
    first = scope.inside(when=When(builder.start, builder.start, builder.end, whole=True))
    above, below, wide = in_words(first, form, number=step)
    status = first.status(step)
    given = graph.true if status.absent is None else graph.negated(status.absent)
    bad = graph.either(status.bad, status.miss, wide)
    if pieces is not None and builder.by_day(scope.steps, step):
        month = month_loop(scope, pieces, builder.nesting.of(scope.steps, step))
        same, wrong = graph.carry(month.loop, graph.true), graph.carry(month.loop, graph.false)
        there = scope.inside(when=When(month.here, builder.start, builder.end, whole=True))
        at, under, further = in_words(there, form, number=step)
        each = there.status(step)
        equal = graph.node(BOOL, "same_quotient({0}, {1}, {2}, {3})", above, below, at, under)
        held = graph.true if each.absent is None else graph.negated(each.absent)
        alike = graph.node(BOOL, "({0} == {1})", given, held)
        both = graph.both(given, held)
        over = month.loop.last
        kept = graph.both(alike, graph.either(graph.negated(both) if both is not None else graph.true, equal))
        same.following = graph.both(same.current, graph.either(over, kept)) or graph.false
        asked = graph.negated(over or graph.false)
        wrong.following = graph.either(wrong.current, graph.both(asked, graph.either(each.bad, each.miss, further)))
        given = graph.both(given, same.after) or graph.false
        bad = graph.either(bad, wrong.after, pieces.bad)
    return Printed(given, bad, above, below)
