"""Sums over slices that depend on the first day of their span and the day after its last one alone.

They are computed once for all pairs of days of the last years, before any row is read: a row looks its sum up. Spans
that begin earlier, or end after the month, are not for kernels that look up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kommres.dsl.backends.kernels.graph import BOOL, INT, Effect, Status
from kommres.dsl.backends.kernels.movers import Movers
from kommres.dsl.backends.kernels.scope import Made, Member, RowAt, Scope
from kommres.dsl.plan.forms import Form, Leaf
from kommres.dsl.plan.nodes import Op
from kommres.dsl.plan.payload import payload

if TYPE_CHECKING:
    from kommres.dsl.backends.kernels.drawing import Drawn
    from kommres.dsl.backends.kernels.scope import Slot

#: So many days before the end of the month are in a table, and the day after it: four years.
DAYS: Final = 1461
#: Sums of a day follow those of the day before after so many cells: a sum of two powers of two.
WIDTH: Final = 1536
#: In a table: a sum that is no kernel's.
LOST: Final = -(1 << 31)
#: Steps that read nothing of a row if their arguments do not.
_BARE: Final = frozenset(
    {
        *(Op.CONST, Op.PARAM, Op.PERIOD, Op.SLICE, Op.SCALE, Op.ADD, Op.MUL, Op.DIV, Op.COMPARE, Op.AND, Op.OR),
        *(Op.NOT, Op.IF, Op.ELSE, Op.CALL),
    }
)


def looked_up(scope: Scope, number: int) -> Made | None:
    """Return a sum over slices of a span of days from a table; None where it depends on more than these days."""
    value, first, until, *names = scope.steps[number].args
    form = scope.proof.shapes[number]
    if not (isinstance(form, Form) and form.is_whole and form.above.fits) or not _hoistable(scope, number):
        return None
    graph, builder = scope.graph, scope.builder
    if scope.definition is None or Movers.of(builder.machine, scope, (value, *names)).daily:
        return None
    members = tuple(sorted((slot, held.text) for slot, held in scope.slots.items() if isinstance(held, Member)))
    path = "constant", "span sums", scope.definition.number, number, members
    if path not in builder.spans:
        builder.spans[path] = _drawn(scope, number, form)
    array = builder.argument(*path)
    low = graph.node(INT, "({0} - {1})", builder.end, graph.int(DAYS))
    start, end = (graph.node(INT, "({0} - {1})", scope.word(day), low) for day in (first, until))
    days = graph.int(DAYS + 1)
    inside = graph.node(BOOL, "(({0} >= 0) & ({0} < {2}) & ({1} >= 0) & ({1} < {2}))", start, end, days)
    place = graph.node(INT, "({0} * {2} + {1})", start, end, graph.int(WIDTH))
    cell = graph.node(INT, "int64({0}[{1}])", array, graph.select(inside, place, graph.int(0)))
    lost = graph.either(graph.negated(inside), graph.node(BOOL, "({0} == {1})", cell, graph.int(LOST)))
    # The days of the table can all be used; nothing else that is wrong with a cell lies among them.
    asked = [scope.status(day) for day in (first, until) if scope.steps[day].op not in {Op.FIELD, Op.INPUT}]
    unknown = [node for status in asked for node in (status.absent, status.bad)]
    status = Status(miss=graph.either(*(status.miss for status in asked)), bad=graph.either(*unknown, lost))
    return Made(status, node=cell, scale=form.scale)


def _hoistable(scope: Scope, number: int) -> bool:
    """Whether a sum depends on nothing but the two days of its span, tables and the calendar."""
    value, first, until, *names = scope.steps[number].args
    if not all(_is_day(scope, day) for day in (first, until)):
        return False
    waiting = [value, *names]
    seen = {first, until, *waiting}
    while waiting:
        at = waiting.pop()
        step = scope.steps[at]
        held = scope.slots.get(payload(step)) if step.op is Op.VAR else None
        if at not in {first, until} and step.op not in _BARE and not isinstance(held, Member):
            return False
        new = [a for a in step.args if a not in seen]
        seen.update(new)
        waiting += new
    return True


def _is_day(scope: Scope, number: int) -> bool:
    """Whether a day is a value of its own, the same on all days."""
    form = scope.proof.shapes[number]
    if not isinstance(form, Form) or not form.is_whole or scope.places.moving[number]:
        return False
    return isinstance(form.above.data, Leaf) and form.above.data.step == number


def _drawn(scope: Scope, number: int, form: Form) -> Drawn:
    """Write the kernel that fills a table."""
    from kommres.dsl.backends.kernels.builder import Argument, Builder
    from kommres.dsl.backends.kernels.drawing import finished

    old = scope.builder
    builder = Builder(old.machine, old.proofs, old.layout, old.names, old.hours)
    builder.still = False
    graph = builder.graph
    loop = graph.loop("for k in range(count)")
    place = graph.of(loop, INT, "k")
    low = graph.node(INT, "({0} - {1})", builder.end, graph.int(DAYS))
    days = [graph.node(INT, f"({{0}} + {{1}} {sign} {{2}})", low, place, graph.int(WIDTH)) for sign in ("//", "%")]
    slots: dict[int, Slot] = {slot: held for slot, held in scope.slots.items() if isinstance(held, Member)}
    slots[0] = RowAt(scope.row.entity, place)
    inner = Scope(builder, scope.steps, scope.proof, slots, builder.month, definition=scope.definition)
    for step, day in zip(scope.steps[number].args[1:3], days, strict=True):
        inner.known(step, Made(node=day))
    made = inner.made(number)
    found = inner.numbers.of(form.above, INT)
    wrong = graph.either(made.status.bad, made.status.miss, made.status.absent)
    if wrong is not None:
        found = graph.select(wrong, graph.int(LOST), found)
    output = Argument("o0", ("int64", "sums"))
    loop.effects.append(Effect("o0[{1}] = {0}", (found, place)))
    return finished(builder, loop, scope.row.entity, [output])
