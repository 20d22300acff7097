"""A definition for one row and one moment: which alternative holds, its value, and the checks of the result."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from attrs import define, field

from kommres.dsl.backends.kernels.computing import too_much
from kommres.dsl.backends.kernels.graph import BOOL, WIDE, Branch, Node, Status
from kommres.dsl.backends.kernels.lowest import against, halves, within
from kommres.dsl.backends.kernels.numbers import NotCompiled
from kommres.dsl.backends.kernels.scope import Made, Scope
from kommres.dsl.plan.forms import Form, Leaf, const, mul
from kommres.dsl.plan.nodes import DefinitionPlan

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from fractions import Fraction

    from kommres.dsl.backends.kernels.graph import Kind
    from kommres.dsl.plan.nodes import AlternativePlan, SuppressionPlan


@define(eq=False)
class Test:
    """A condition with the status of the question."""

    holds: Node
    bad: Node | None = None


@define(eq=False)
class Instance:
    """``present``: whether a charge makes a line (None: always). ``unsure``: whether that cannot be said."""

    scope: Scope
    plan: DefinitionPlan
    status: Status = field(init=False)
    present: Node | None = field(init=False, default=None)
    unsure: Node | None = field(init=False, default=None)
    _arms: list[tuple[Branch | None, int]] = field(init=False, factory=list)
    _shown: Branch | None = field(init=False, default=None)

    def __attrs_post_init__(self) -> None:
        graph = self.scope.graph
        bad, miss = self._in_force()
        chosen = self._choose()
        absent = None if self.plan.rule.type.optional else chosen.absent
        checked = graph.either(
            chosen.bad, chosen.miss, absent, self._wrong(chosen.absent), self._irreducible(chosen.absent)
        )
        optional = chosen.absent if self.plan.rule.type.optional else None
        if self.present is not None:
            self._shown = Branch(self.present)
            checked = graph.choose_maybe(self._shown, checked, None)
            optional = graph.choose_maybe(self._shown, optional, None)
        # What misses inside a definition is a problem to those who read it.
        self.status = Status(absent=optional, bad=graph.either(bad, miss, checked))

    # what others read ------------------------------------------------------------------------------------

    @property
    def form(self) -> Form:
        """The quotient that the value is. Raises :class:`NotCompiled`."""
        shape = self.scope.proof.shape
        if not isinstance(shape, Form):
            raise NotCompiled("it has no value" if shape is None else shape.why)
        return shape

    def as_rule(self) -> Made:
        """Return what a step that reads the definition comes to; a charge without a line counts as 0."""
        rule = self.plan.rule
        kind = rule.type.kind
        if kind == "yes_no":
            return Made(self.status, node=self.node(lambda scope, body: scope.holds(body)))
        if kind in {"enum", "id"}:
            members = rule.type.enum.members if rule.type.enum is not None else None
            return Made(self.status, node=self.node(lambda scope, body: scope.code(body, members)), members=members)
        self.form  # noqa: B018 - raises where there is none
        return Made(self.status, part=self.part, lowest=self._whole)

    def part(self, leaf: Leaf, kind: Kind) -> Node:
        """Return a part of the value in a reading, times the scale of the leaf."""
        form = self.form
        if self._reduces:
            top, bottom, _ = halves(self.scope, self._lowest)
            found = self.scope.numbers.turned(bottom if leaf.part == "below" else top, kind)
        elif leaf.part == "below":
            found = self.node(lambda scope, body: _below(scope, body, kind))
        else:
            found = self.node(lambda scope, body: _above(scope, body, form, kind))
        if leaf.scale == form.scale or leaf.part == "below":
            return self._or_zero(found, leaf, kind)
        return self._or_zero(self.scope.rescaled(found, form.scale, leaf.scale), leaf, kind)

    @property
    def _reduces(self) -> bool:
        """Whether the value is given in its lowest terms."""
        shape = self.scope.proof.shape
        return isinstance(shape, Form) and shape.below.data == Leaf(-1, "bottom")

    @cached_property
    def _lowest(self) -> Node:
        """The value in its lowest terms, see :mod:`.ratios`."""
        form, graph = self.form, self.scope.graph

        def lowest(scope: Scope, body: int) -> Node:
            shape = scope.proof.shapes[body]
            if not isinstance(shape, Form):
                return graph.node(WIDE, "wide({0})", graph.int(0))
            return within(scope, scope.lowest(body), form.above.most, form.below.hi)

        return self.node(lowest)

    def _whole(self) -> Node:
        """Return the value in its lowest terms, from that of the body that holds."""
        graph = self.scope.graph
        found = self._lowest if self._reduces else self.node(lambda scope, body: scope.lowest(body))
        if self._shown is None:
            return found
        return graph.choose(self._shown, found, graph.node(WIDE, "wide({0})", graph.int(1)))

    def _irreducible(self, absent: Node | None) -> Node | None:
        """Return whether the value in its lowest terms does not fit words."""
        if not self._reduces or not self._arms:
            return None
        graph = self.scope.graph
        none = halves(self.scope, self._lowest)[2]
        return none if absent is None else graph.both(graph.negated(absent), none)

    def _or_zero(self, found: Node, leaf: Leaf, kind: Kind) -> Node:
        if self._shown is None:
            return found
        graph = self.scope.graph
        nothing = self.scope.numbers.turned(graph.int(1 if leaf.part == "below" else 0), kind)
        return graph.choose(self._shown, found, nothing)

    def word(self) -> tuple[Node, int]:
        """Return the value as a word and its scale. Raises :class:`NotCompiled` for a quotient or a wider number."""
        form = self.form
        if not form.is_whole or not form.above.fits:
            raise NotCompiled("an amount that is not rounded")
        return self.part(Leaf(-1, "value", form.scale), "i"), form.scale

    def winner(self) -> Node | int:
        """Return the index of the alternative that holds."""
        if len(self.plan.alternatives) == 1:
            return 0
        graph = self.scope.graph
        return self._merged([graph.int(index) for _, index in self._arms])

    # choosing --------------------------------------------------------------------------------------------

    def node(self, read: Callable[[Scope, int], Node]) -> Node:
        """Return what the body of the alternative that holds gives."""
        return self._merged([read(self.scope, self.plan.alternatives[index].body) for _, index in self._arms])

    def _merged(self, values: Sequence[Node]) -> Node:
        if not values:
            return self.scope.graph.int(0)
        found = values[-1]
        for (branch, _), value in zip(reversed(self._arms[:-1]), reversed(values[:-1]), strict=True):
            if branch is not None:
                found = self.scope.graph.choose(branch, value, found)
        return found

    def _in_force(self) -> tuple[Node | None, Node | None]:
        """Return what refuses a definition outside its dates, or where its module does not apply."""
        rule, graph, term = self.plan.rule, self.scope.graph, self.scope.term
        if rule.is_charge:
            tests: list[Node] = []
            if rule.start is not None:
                tests.append(graph.node(BOOL, "({0} < {1})", graph.int(rule.start), term.end))
            if rule.until is not None:
                tests.append(graph.node(BOOL, "({0} < {1})", term.start, graph.int(rule.until)))
        else:
            day = self.scope.when.day
            tests = [] if rule.start is None else [graph.node(BOOL, "({0} <= {1})", graph.int(rule.start), day)]
            if rule.until is not None:
                tests.append(graph.node(BOOL, "({0} < {1})", day, graph.int(rule.until)))
        held = self._all([*(Test(node) for node in tests), *self._conditions(self._own_conditions())])
        if rule.is_charge:
            self.present = None if held.holds is graph.true else held.holds
            self.unsure = held.bad
            return held.bad, None
        outside = None if held.holds is graph.true else graph.negated(held.holds)
        return held.bad, outside

    def _own_conditions(self) -> list[int]:
        numbers = [self.plan.applies, self.plan.when if self.plan.rule.is_charge else None]
        return [n for n in numbers if n is not None]

    def _conditions(self, numbers: Sequence[int]) -> list[Test]:
        graph = self.scope.graph
        found = []
        for number in numbers:
            status = self.scope.need(number)
            found.append(Test(self.scope.holds(number), graph.either(status.bad, status.miss)))
        return found

    def _all(self, tests: Sequence[Test]) -> Test:
        """Return whether all conditions hold; a later one is asked only where the earlier ones do."""
        graph = self.scope.graph
        holds, bad = graph.true, None
        for test in tests:
            bad = graph.either(bad, graph.both(holds, test.bad))
            holds = graph.both(holds, test.holds) or graph.false
        return Test(holds, bad)

    def _dated(self, plan: AlternativePlan | SuppressionPlan) -> Test:
        graph, day = self.scope.graph, self.scope.when.day
        tests = []
        if plan.start is not None:
            tests.append(Test(graph.node(BOOL, "({0} <= {1})", graph.int(plan.start), day)))
        if plan.until is not None:
            tests.append(Test(graph.node(BOOL, "({0} < {1})", day, graph.int(plan.until))))
        return self._all([*tests, *self._conditions(plan.conditions)])

    def _test(self, index: int) -> Test:
        alternative = self.plan.alternatives[index]
        graph = self.scope.graph
        tests = [self._dated(alternative)]
        for suppression in alternative.suppressions:
            against = self._dated(suppression)
            tests.append(Test(graph.negated(against.holds), against.bad))
        return self._all(tests)

    def _choose(self) -> Status:
        """Find the alternative that holds and return the status of its body."""
        graph, plan = self.scope.graph, self.plan
        tests = {index: self._test(index) for index in plan.order}
        arms: list[tuple[Branch | None, int, Status]] = []
        for position, index in enumerate(plan.order):
            test = tests[index]
            if test.holds is graph.false:
                if test.bad is not None:
                    arms.append((Branch(test.holds), index, Status(bad=test.bad)))
                continue
            status = self.scope.status(plan.alternatives[index].body)
            against = [tests[o] for o in plan.order[position + 1 :] if o not in plan.skip[index]]
            conflict = graph.either(*(node for t in against for node in (t.holds, t.bad)))
            status = Status(status.absent, status.miss, graph.either(status.bad, conflict))
            arms.append((Branch(test.holds), index, status))
            if test.holds is graph.true:
                break
        last = arms[-1][0] if arms else None
        self._arms = [(branch, index) for branch, index, _ in arms]
        settled = last is not None and last.test is graph.true
        found = Status() if settled else Status(bad=graph.true)
        if not arms:
            return found
        for branch, index, status in reversed(arms):
            if branch is None:
                continue
            asked = tests[index].bad
            if branch.test is graph.true:
                found = Status(status.absent, status.miss, graph.either(status.bad, asked))
                continue
            found = Status(
                absent=graph.choose_maybe(branch, status.absent, found.absent),
                miss=graph.choose_maybe(branch, status.miss, found.miss),
                bad=graph.either(asked, graph.choose_maybe(branch, status.bad, found.bad)),
            )
        return found

    # checks ----------------------------------------------------------------------------------------------

    def _wrong(self, absent: Node | None) -> Node | None:
        """Return whether the value is one that the rule may not have, or beyond what was assumed."""
        rule, graph, proof = self.plan.rule, self.scope.graph, self.scope.proof
        if rule.type.kind != "number" or not self._arms:
            return None
        guards = [g for g in proof.guards if g.step is None]
        wrong: list[Node | None] = []

        def tested(scope: Scope, body: int) -> Node:
            found = [self._out_of(scope, body, g.range.lo, g.range.hi) for g in guards if g.kind == "outcome"]
            found += [self._too_much(scope, body, g.range.hi) for g in guards if g.kind == "result"]
            return graph.either(*found) or graph.false

        wrong.append(self.node(tested))
        node = graph.either(*wrong)
        return node if absent is None or node is None else graph.both(graph.negated(absent), node)

    def _too_much(self, scope: Scope, body: int, most: Fraction | None) -> Node | None:
        shape = scope.proof.shapes[body]
        if most is None or not isinstance(shape, Form):
            return None
        return too_much(scope, shape, most)

    def _out_of(self, scope: Scope, body: int, low: Fraction | None, high: Fraction | None) -> Node | None:
        """Return whether the body's value lies outside a range."""
        shape, found = scope.proof.shapes[body], scope.proof.ranges[body]
        if not isinstance(shape, Form) or found is None:
            return None
        tests: list[Node | None] = []
        if low is not None and (found.lo is None or found.lo < low):
            tests += against(scope, body, "<", low)
        if high is not None and (found.hi is None or found.hi > high):
            tests += against(scope, body, ">", high)
        return scope.graph.either(*tests)


def _above(scope: Scope, body: int, form: Form, kind: Kind) -> Node:
    shape = scope.proof.shapes[body]
    if not isinstance(shape, Form) or form.scale % shape.scale:
        return scope.numbers.turned(scope.graph.int(0), kind)
    return scope.numbers.of(mul(const(form.scale // shape.scale), shape.above), kind)


def _below(scope: Scope, body: int, kind: Kind) -> Node:
    shape = scope.proof.shapes[body]
    if not isinstance(shape, Form):
        return scope.numbers.turned(scope.graph.int(1), kind)
    return scope.numbers.of(shape.below, kind)
