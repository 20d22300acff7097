"""Quotients in their lowest terms: as two words, or in one number of 128 bits, see :mod:`.ratios`.

What a proof gives as a quotient of whole numbers may be far wider than any value of a row is in its lowest terms.
Where nothing takes the wide one, the steps that it is made of are computed one after the other in lowest terms.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Final

from attrs import evolve

from kommres.dsl.backends.kernels.graph import BOOL, INT, WIDE
from kommres.dsl.backends.kernels.numbers import MOST_WORD, NotCompiled, crossed, is_exact
from kommres.dsl.plan.forms import Form, Leaf, const, mul
from kommres.dsl.plan.nodes import Op

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kommres.dsl.backends.kernels.graph import Node, Status
    from kommres.dsl.backends.kernels.scope import Made, Scope
    from kommres.dsl.plan.forms import Whole

#: As functions of :mod:`.ratios` that join two quotients.
TIMES: Final = "quotient_times({0}, {1})"
PLUS: Final = "quotient_add({0}, {1})"
OVER: Final = "quotient_over({0}, {1})"


def in_words(
    scope: Scope, form: Form, most: int = MOST_WORD, number: int | None = None
) -> tuple[Node, Node, Node | None]:
    """Return both parts of a quotient, the upper one no greater than ``most``; and whether they are none in a row.

    Kernels for rows on which nothing changes do not look for common divisors, which takes longer than all the rest,
    unless the parts are too wide even for 128 bits. ``number``: the step that has this form.
    """
    numbers = scope.numbers
    over, under = _parts(form)
    narrow = over.most <= most and under.most <= MOST_WORD
    exact = is_exact(over) and is_exact(under)
    if narrow or (scope.builder.still and exact) or (not exact and number is None):
        above, one = numbers.word(over, most)
        below, other = numbers.word(under)
        return above, below, scope.graph.either(one, other)
    if exact or number is None:
        return halves(scope, reduced(scope, form, most, MOST_WORD))
    return halves(scope, within(scope, scope.lowest(number), most, MOST_WORD))


def _parts(form: Form) -> tuple[Whole, Whole]:
    return form.above, mul(const(form.scale), form.below)


def reduced(scope: Scope, form: Form, most: int = MOST_WORD, deepest: int = MOST_WORD) -> Node:
    """Return a quotient in its lowest terms; its parts must be exact in 128 bits."""
    parts = (scope.numbers.of(part, WIDE) for part in _parts(form))
    bounds = scope.graph.int(most), scope.graph.int(deepest)
    return scope.graph.node(WIDE, "quotient_reduced({0}, {1}, {2}, {3})", *parts, *bounds)


def within(scope: Scope, found: Node, most: int, deepest: int) -> Node:
    """Return a quotient, none where its parts are greater."""
    graph = scope.graph
    return graph.node(WIDE, "quotient_within({0}, {1}, {2})", found, graph.int(most), graph.int(deepest))


def halves(scope: Scope, lowest: Node) -> tuple[Node, Node, Node]:
    """Return both parts of a quotient, and whether there is none."""
    graph = scope.graph
    top, bottom = (graph.node(INT, f"quotient_{half}({{0}})", lowest) for half in ("top", "bottom"))
    return top, graph.node(INT, "max(int64(1), {0})", bottom), graph.node(BOOL, "({0} == 0)", bottom)


def none_of(scope: Scope, *quotients: Node) -> Node | None:
    """Return whether one of some quotients is none."""
    return scope.graph.either(*(halves(scope, each)[2] for each in quotients))


def constant(scope: Scope, value: Fraction) -> Node:
    """Return a constant. Raises :class:`NotCompiled`."""
    value = Fraction(value)
    if max(abs(value.numerator), value.denominator) > MOST_WORD:
        raise NotCompiled(f"a constant of {max(abs(value.numerator), value.denominator).bit_length()} bits")
    graph = scope.graph
    bottom = graph.plain("u", f"uint64({value.denominator})")
    return graph.node(WIDE, "wide_of({0}, {1})", graph.int(value.numerator), bottom)


def nothing(scope: Scope) -> Node:
    """Return no quotient."""
    return scope.graph.node(WIDE, "wide({0})", scope.graph.int(0))


# --- steps ---------------------------------------------------------------------------------------------------


#: They give themselves what a proof takes in lowest terms.
_SUMS: Final = frozenset({Op.AGGREGATE, Op.OVER_SLICES, Op.MEAN_DAYS})


def _stands_alone(form: Form, number: int) -> bool:
    """Whether a proof takes a step as a quotient in its lowest terms, whatever it is made of."""
    return form.below.data == Leaf(number, "bottom")


def lowest_of(scope: Scope, number: int) -> Node:
    """Return the value of a step in its lowest terms. Raises :class:`NotCompiled`."""
    made, form = scope.made(number), scope.form(number)
    if made.status.bad is scope.graph.true:
        return nothing(scope)
    exact = all(is_exact(part) for part in _parts(form))
    if made.lowest is not None and (not exact or _stands_alone(form, number)):
        return made.lowest()
    if not exact:
        raise NotCompiled(f"a number of {max(part.most for part in _parts(form)).bit_length()} bits")
    return reduced(scope, form)


def joined(scope: Scope, code: str, numbers: Sequence[int], signs: Sequence[int] = ()) -> Node:
    """Return what some steps come to together, one after the other."""
    graph = scope.graph
    terms = [scope.lowest(number) for number in numbers]
    for place, sign in enumerate(signs):
        if sign < 0:
            terms[place] = graph.node(WIDE, "quotient_neg({0})", terms[place])
    found = terms[0]
    for term in terms[1:]:
        found = graph.node(WIDE, code, found, term)
    return found


def alone(scope: Scope, number: int, made: Made) -> Made:
    """Return what a step comes to: where a proof takes it in its lowest terms, these, and bad where there are none."""
    form = scope.proof.shapes[number]
    if not isinstance(form, Form) or not _stands_alone(form, number) or scope.steps[number].op in _SUMS:
        return made
    read = made.lowest
    if read is None:
        raise NotCompiled("a number that is too wide as it stands")
    found = within(scope, read(), form.above.most, form.below.hi)
    top, bottom, lost = halves(scope, found)
    graph = scope.graph
    missing = graph.either(made.status.absent, made.status.miss)
    lost_ = lost if missing is None else graph.both(graph.negated(missing), lost)
    return evolve(
        made,
        status=evolve(made.status, bad=graph.either(made.status.bad, lost_)),
        part=lambda leaf, kind: scope.numbers.turned(top if leaf.part == "top" else bottom, kind),
        lowest=lambda: found,
    )


def merged(scope: Scope, sides: Sequence[int], merge: Callable[[Node, Node], Node]) -> Callable[[], Node]:
    """Return what gives one of two steps."""
    return lambda: merge(*(scope.lowest(side) for side in sides))


def compared(scope: Scope, one: int, sign: str, other: int) -> tuple[Node, Node | None]:
    """Return whether a step is to another as a sign of Python says, and whether that cannot be said."""
    left, right = crossed(scope.form(one), scope.form(other))
    if (left.fits and right.fits) or (is_exact(left) and is_exact(right)):
        return scope.numbers.compared(left, sign, right), None
    pair = scope.lowest(one), scope.lowest(other)
    return scope.graph.node(BOOL, f"(quotient_compare({{0}}, {{1}}) {sign} 0)", *pair), none_of(scope, *pair)


def against(scope: Scope, number: int, sign: str, bound: Fraction) -> tuple[Node, Node | None]:
    """Return whether a step is to a number as a sign of Python says, and whether that cannot be said."""
    form = scope.form(number)
    left = mul(const(bound.denominator), form.above)
    right = mul(const(bound.numerator * form.scale), form.below)
    if is_exact(left) and is_exact(right):
        if bound == 0 and sign == "<":
            return scope.graph.negated(scope.numbers.positive(form.above)), None
        return scope.numbers.compared(left, sign, right), None
    pair = scope.lowest(number), constant(scope, bound)
    return scope.graph.node(BOOL, f"(quotient_compare({{0}}, {{1}}) {sign} 0)", *pair), none_of(scope, pair[0])


def rounded(scope: Scope, number: int, step: Fraction, mode: str, most: Fraction | None) -> tuple[Node, Status]:
    """Return how many steps of a rounding the value of a step is, and whether that is none or more than ``most``."""
    from kommres.dsl.backends.kernels.graph import Status

    graph = scope.graph
    found = graph.node(WIDE, TIMES, scope.lowest(number), constant(scope, 1 / step))
    count = graph.node(INT, f"quotient_{mode}({{0}})", found)
    beyond = None
    if most is not None:
        limit = graph.int(int(most / step))
        beyond = graph.node(BOOL, "(({0} > {1}) | ({0} < -{1}))", count, limit)
    return count, Status(bad=graph.either(none_of(scope, found), beyond))
