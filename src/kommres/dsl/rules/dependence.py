"""What rules depend on through every path. Sets are bits of integers, so that long chains of rules stay cheap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import define, field

from kommres.dsl.bound.nodes import Amendment, Events, Expr, Input, InputRef, Option, OptionRef, ParamRef, Rule, Tiers
from kommres.dsl.bound.walk import alternative_expressions, rule_expressions, sources, walk
from kommres.dsl.rules.conditions import Leaves
from kommres.dsl.rules.order import Reads


@define
class Dependence:
    """The inputs, events, parameters and options that rules depend on; ``order`` is that of evaluation."""

    graph: Mapping[Rule, Reads]
    order: Sequence[Rule]
    amended: Mapping[Rule, Sequence[Amendment]]
    bits: dict[int, Leaves] = field(factory=dict)
    rules: dict[Rule, Leaves] = field(factory=dict)

    def of(self, what: Input | Option | Rule) -> Leaves:
        """Return the leaves of an input, an option or a rule."""
        if not isinstance(what, Rule):
            return self._bit(what)
        if not self.rules:
            for rule in self.order:
                self.rules[rule] = self._of_rule(rule)
        return self.rules[what]

    def _of_rule(self, rule: Rule) -> Leaves:
        expressions = list(rule_expressions(rule))
        for amendment in self.amended.get(rule, ()):
            for alternative in amendment.alternatives:
                expressions.extend(alternative_expressions(alternative))
        leaves = 0
        for expression in expressions:
            leaves |= self._direct(expression)
        for read in self.graph[rule].all:
            leaves |= self.rules.get(read, 0)
        return leaves

    def _bit(self, declared: object) -> Leaves:
        return self.bits.setdefault(id(declared), 1 << len(self.bits))

    def _direct(self, expression: Expr) -> Leaves:
        leaves = 0
        for expr in walk(expression):
            match expr:
                case InputRef(input=declared):
                    leaves |= self._bit(declared)
                case ParamRef(param=param) | Tiers(param=param):
                    leaves |= self._bit(param)
                case OptionRef(option=option):
                    leaves |= self._bit(option)
                case _:
                    for source in sources(expr):
                        leaves |= self._bit(source.event) if isinstance(source, Events) else 0
        return leaves


@define
class ReachedOptions:
    """The options that each rule reaches, directly or through others."""

    order: Sequence[Rule]
    graph: Mapping[Rule, Reads]
    names: list[str] = field(init=False)
    reached: dict[Rule, int] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        self.names = sorted({name for own in self.graph.values() for name in own.options})
        bit = {name: 1 << number for number, name in enumerate(self.names)}
        for rule in self.order:
            own = self.graph[rule]
            found = 0
            for name in own.options:
                found |= bit[name]
            for read in own.all:
                found |= self.reached.get(read, 0)
            self.reached[rule] = found

    def of(self, rule: Rule) -> tuple[str, ...]:
        """Return option ids, sorted."""
        found = self.reached[rule]
        return tuple(name for number, name in enumerate(self.names) if found >> number & 1) if found else ()
