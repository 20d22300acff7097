"""Rules, charges and what overlays say about them."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from attrs import evolve

from kommres.dsl.bound.context import Context, RowVariable, TimeVariable
from kommres.dsl.bound.expressions import ExpressionBinder
from kommres.dsl.bound.functions import NAMES
from kommres.dsl.bound.nodes import (
    Alternative,
    Amendment,
    Entity,
    Enum,
    Expr,
    Option,
    OptionBinding,
    Rule,
    TimeKey,
    Type,
)
from kommres.dsl.bound.problem import Unbound
from kommres.dsl.diagnostics import Label, Suggestion, closest
from kommres.dsl.syntax import nodes as syn
from kommres.units import CURRENCIES

if TYPE_CHECKING:
    import datetime
    from collections.abc import Sequence

    from kommres.dsl.bound.declare import Declarer
    from kommres.dsl.bound.scope import ModuleScope


class RuleBinder:
    """Headers first (so that bodies may refer to each other), then bodies."""

    def __init__(self, declarer: Declarer) -> None:
        self.declarer = declarer
        self.scope = declarer.scope
        self.out = declarer.out
        self.expressions = ExpressionBinder(declarer.scope)
        self.pending: list[tuple[ModuleScope, syn.RuleDecl, Rule]] = []
        self.amendments: list[Amendment] = []
        self.option_bindings: list[OptionBinding] = []

    # headers ---------------------------------------------------------------------------------------------

    def header(self, module: ModuleScope) -> None:
        for item in (i for i in module.tree.items if isinstance(i, syn.RuleDecl)):
            rule = self._header(module, item)
            if rule is None:
                continue
            place = (rule.entity, rule.name)
            if place in module.rules:
                self.scope.twice(item.name, item.name_span, module.rules[place].span)
                continue
            clash = self.scope.input(module, *place) or self.scope.series(module, *place)
            if clash is not None:
                self.scope.twice(item.name, item.name_span, clash.span)
                continue
            module.rules[place] = rule
            self.pending.append((module, item, rule))

    def _header(self, module: ModuleScope, item: syn.RuleDecl) -> Rule | None:
        entity = self.scope.entity(module, item.entity)
        keys = [self._key(module, entity, key) for key in item.keys]
        attributes = item.attributes
        type_ = self.declarer.type(module, item.type, optional=attributes.optional)
        if entity is None or type_ is None or any(k is None for k in keys):
            return None
        if item.name in NAMES or item.name in {"period", "slice"}:
            self.out.add(
                "K0211",
                f"`{item.name}` is a word of the language and cannot be declared",
                item.name_span,
                help="choose another name",
            )
            return None
        self.declarer.only_values(attributes)
        low, high = self.declarer.bounds(evolve(attributes, signed=True), type_)
        charge = item if isinstance(item, syn.ChargeDecl) else None
        if charge and not self._is_money(type_):
            self.out.add(
                "K0409",
                f"a charge is money, this is {type_}",
                item.type.span,
                help="write a currency such as `RUB` after the colon",
            )
        return Rule(
            name=item.name,
            module=module.name,
            entity=entity,
            keys=tuple(k for k in keys if k),
            type=type_,
            signed=attributes.signed,
            low=low,
            high=high,
            start=_day(item.dates.start) if item.dates else None,
            until=_day(item.dates.until) if item.dates else None,
            citations=self.declarer.citations(item.citations),
            doc=item.doc,
            span=item.name_span,
            is_charge=charge is not None,
            service=(charge.service or item.name) if charge else "",
            line=(charge.line or "base") if charge else "",
        )

    def _key(self, module: ModuleScope, entity: Entity | None, key: syn.Name | syn.Parameter) -> Enum | TimeKey | None:
        if isinstance(key, syn.Name):
            return self.scope.enum(module, key)
        if key.type.kind == "date":
            return TimeKey(name=key.name)
        context = None if entity is None else self.context(module, entity)
        name = syn.Name(span=key.type.span, parts=(key.type.text,))
        found = None if context is None else self.expressions.find_series(name, context)
        if found is not None:
            return TimeKey(name=key.name, grid=found[0].grid)
        self.out.add(
            "K0401",
            f"a key of a rule is a member, a day or an interval, not {key.type.text}",
            key.type.span,
            help="write the name of an enumeration, `d: date`, or `h: load` for an interval of the series `load`",
        )
        return None

    def _is_money(self, type_: Type) -> bool:
        if type_.kind != "number" or type_.unit is None:
            return False
        _, dimension = self.scope.units.magnitude(type_.unit)
        return (
            len(dimension) == 1
            and dimension[0][1] == 1
            and (dimension[0][0] in CURRENCIES or dimension[0][0] in self.scope.money)
        )

    # bodies ----------------------------------------------------------------------------------------------

    def bodies(self) -> None:
        for module, item, rule in self.pending:
            self._body(module, item, rule)
        for module in self.scope.modules.values():
            for amendment in (i for i in module.tree.items if isinstance(i, syn.Amendment)):
                self._amendment(module, amendment)
            for binding in (i for i in module.tree.items if isinstance(i, syn.OptionBinding)):
                self._option_binding(module, binding)

    def context(self, module: ModuleScope, entity: Entity, keys: Sequence[Enum | TimeKey] = ()) -> Context:
        """The context of a definition: its own row in slot 0, its keys in the slots after it."""
        slots = list(enumerate(keys, start=1))
        members = {key.name: (slot, key) for slot, key in slots if isinstance(key, Enum)}
        times = {key.name: TimeVariable(slot=slot, grid=key.grid) for slot, key in slots if isinstance(key, TimeKey)}
        own = RowVariable(name=entity.name, slot=0, entity=entity)
        return Context(module=module, rows=(own,), members=members, times=times, numbers=count(len(keys) + 1))

    def _body(self, module: ModuleScope, item: syn.RuleDecl, rule: Rule) -> None:
        context = self.context(module, rule.entity, rule.keys)
        try:
            if module.applies is not None:
                rule.applies = self.expressions.condition(module.applies.condition, context)
                context = context.with_true(rule.applies)
            if isinstance(item, syn.ChargeDecl) and item.when is not None:
                rule.when = self.expressions.condition(item.when, context)
                context = context.with_true(rule.when)
        except Unbound:
            return
        if isinstance(item, syn.ChargeDecl):
            rule.volume = self._shown(item.volume, context)
            rule.price = self._shown(item.price, context)
        names: dict[str, syn.Alternative] = {}
        for alternative in item.alternatives:
            if alternative.kind in {"replace", "repeal"}:
                self.out.add(
                    "K0411",
                    f"`{alternative.kind}` belongs to an overlay",
                    alternative.name_span,
                    help="change the exception itself",
                )
                continue
            if alternative.name in names:
                self.scope.twice(alternative.name, alternative.name_span, names[alternative.name].name_span)
                continue
            names[alternative.name] = alternative
            bound = self._alternative(module, alternative, rule, context, applies=None)
            if bound is not None:
                rule.alternatives.append(bound)

    def _shown(self, expr: syn.Expr | None, context: Context) -> Expr | None:
        if expr is None:
            return None
        try:
            return self.expressions.bind(expr, context)
        except Unbound:
            return None

    def _alternative(
        self, module: ModuleScope, item: syn.Alternative, rule: Rule, context: Context, *, applies: Expr | None
    ) -> Alternative | None:
        try:
            when = self.expressions.condition(item.when, context) if item.when is not None else None
            if when is not None:
                context = context.with_true(when)
            body = None
            if item.body is not None:
                body = self.expressions.bind(item.body, context, rule.type)
                if not rule.type.optional:
                    body = self.expressions.need(body, context)
                body = self.expressions.coerce(body, rule.type)
        except Unbound:
            return None
        start = _day(item.dates.start) if item.dates else None
        until = _day(item.dates.until) if item.dates else None
        if start is not None and until is not None and until <= start:
            self.out.add(
                "K0507",
                "this ends before it begins",
                item.name_span,
                help="`until` is the first day on which it no longer holds",
            )
        return Alternative(
            kind=item.kind,
            name=item.name,
            module=module.name,
            over=tuple((n.text, n.span) for n in item.over),
            when=when,
            applies=applies,
            start=start,
            until=until,
            body=body,
            citations=self.declarer.citations(item.citations),
            doc=item.doc,
            span=item.name_span,
        )

    # overlays --------------------------------------------------------------------------------------------

    def _amendment(self, module: ModuleScope, item: syn.Amendment) -> None:
        rule = self._amended(module, item)
        if rule is None:
            return
        context = self.context(module, rule.entity, rule.keys)
        applies = None
        if module.applies is not None:
            try:
                applies = self.expressions.condition(module.applies.condition, context)
            except Unbound:
                return
            context = context.with_true(applies)
        if rule.when is not None:
            context = context.with_true(rule.when)
        bound = []
        for alternative in item.alternatives:
            if alternative.kind == "base":
                self.out.add(
                    "K0411",
                    "an overlay has no base of its own",
                    alternative.span,
                    help="write `replace base` or `except name when …`",
                )
                continue
            inherited = self._replaced(alternative, rule, context)
            found = self._alternative(module, alternative, rule, inherited, applies=applies)
            if found is not None:
                bound.append(found)
        self.amendments.append(Amendment(rule=rule, module=module.name, alternatives=tuple(bound), span=item.span))

    def _replaced(self, item: syn.Alternative, rule: Rule, context: Context) -> Context:
        """What the condition of a replaced alternative proves, where the replacement inherits it."""
        if item.kind != "replace" or item.when is not None:
            return context
        others = [a for amendment in self.amendments if amendment.rule is rule for a in amendment.alternatives]
        for target in (*rule.alternatives, *others):
            if target.name == item.name:
                for condition in (target.applies, target.when):
                    context = context.with_true(condition) if condition is not None else context
                break
        return context

    def _amended(self, module: ModuleScope, item: syn.Amendment) -> Rule | None:
        *qualifier, word = item.rule.parts
        scopes = [self.scope.modules[m] for m in module.used]
        if qualifier:
            owner = module.aliases.get(".".join(qualifier))
            if owner is None:
                self._no_alias(module, item.rule, ".".join(qualifier))
                return None
            scopes = [self.scope.modules[owner]]
        entity = self.scope.entity(module, item.entity) if item.entity else None
        named = [r for s in scopes for r in s.rules_named(word)]
        found = [r for r in named if entity is None or r.entity is entity]
        if len(found) == 1:
            return found[0]
        if len(found) > 1:
            labels = [Label(span=r.span, text=f"`{r.module}`") for r in found]
            self.out.add(
                "K0204",
                f"`{item.rule.text}` can mean more than one rule",
                item.rule.span,
                labels=labels,
                help="write module and entity",
            )
            return None
        if named and item.entity:
            home = named[0].entity.name
            self.out.add(
                "K0205",
                f"`{item.rule.text}` is a rule of `{home}`, not of `{item.entity.text}`",
                item.entity.span,
                help=f"write `of {home}`",
                suggestion=Suggestion(span=item.entity.span, replacement=home),
            )
            return None
        words = [
            f"{a}.{r.name}"
            for a, m in module.aliases.items()
            for r in self.scope.modules[m].rules.values()
            if m != module.name and (not qualifier or self.scope.modules[m] is scopes[0])
        ]
        self.scope.unknown(
            "K0205", "rule", item.rule.text, item.rule.span, words, todo="`use` the module that declares it"
        )
        return None

    def _no_alias(self, module: ModuleScope, name: syn.Name, alias: str) -> None:
        """Report a rule of a module that is not used: taking another rule of that name would change the wrong one."""
        near = closest(alias, (a for a, m in module.aliases.items() if m != module.name))
        right = f"{near}.{name.parts[-1]}"
        self.out.add(
            "K0205",
            f"no module `{alias}` is used here",
            name.span,
            help=f"did you mean `{right}`?" if near else f"`use` the module whose name ends in `.{alias}`",
            suggestion=Suggestion(span=name.span, replacement=right) if near else None,
        )

    def _option_binding(self, module: ModuleScope, item: syn.OptionBinding) -> None:
        option = self.scope.vocabulary(module, item.name.parts[-1])
        if not isinstance(option, Option):
            self.scope.unknown("K0210", "option", item.name.text, item.name.span, self.scope.words(module, Option))
            return
        if item.choice.text not in option.choices:
            self.scope.unknown("K0210", "choice", item.choice.text, item.choice.span, option.choices)
            return
        conditions = [c for c in (module.applies.condition if module.applies else None, item.when) if c is not None]
        entity, when = None, None
        if conditions:
            condition = (
                conditions[0]
                if len(conditions) == 1
                else syn.Chain(span=item.span, first=conditions[0], rest=(("and", conditions[1]),))
            )
            entity = self._home(module, condition)
            if entity is None:
                return
            try:
                when = self.expressions.condition(condition, self.context(module, entity))
            except Unbound:
                return
        self.option_bindings.append(
            OptionBinding(
                option=option,
                choice=item.choice.text,
                entity=entity,
                when=when,
                module=module.name,
                citations=self.declarer.citations(item.citations),
                span=item.span,
            )
        )

    def _home(self, module: ModuleScope, condition: syn.Expr) -> Entity | None:
        """The entity whose row an option's condition reads: the highest one that has all its names."""
        entities = [e for s in self.scope.visible(module) for e in s.vocabulary.values() if isinstance(e, Entity)]
        for entity in sorted(entities, key=lambda e: (len(e.ancestors), e.name)):
            kept = list(self.out.items)
            try:
                self.expressions.condition(condition, self.context(module, entity))
            except Unbound:
                self.out.items[:] = kept
                continue
            self.out.items[:] = kept
            return entity
        self.out.add(
            "K0210",
            "no entity has all the names of this condition",
            condition.span,
            help="use inputs of one entity and its ancestors",
        )
        return None


def _day(date: datetime.date | None) -> int | None:
    return date.toordinal() if date else None
