"""Callbacks of the grammar that make rules, charges, overlays and examples, and the whole builder."""

from __future__ import annotations

from typing import Any

from kommres.dsl.syntax import build_values, nodes
from kommres.dsl.syntax.build_base import Children, Part
from kommres.dsl.syntax.build_expressions import Expressions
from kommres.dsl.syntax.build_items import Items


class Builder(Items, Expressions):
    """The transformer that lark calls on each reduction."""

    # --- lines ---

    def validity(self, children: Children) -> Part:
        return self.part("dates", children[0], children)

    def base(self, children: Children) -> Part:
        return self.part("base", (children[1], self.at(children[0])), children)

    def service(self, children: Children) -> Part:
        return self.part("service", build_values.quoted(children[1]), children)

    def line(self, children: Children) -> Part:
        return self.part("line", build_values.quoted(children[1]), children)

    def volume(self, children: Children) -> Part:
        return self.part("volume", children[1], children)

    def price(self, children: Children) -> Part:
        return self.part("price", children[1], children)

    def over(self, children: Children) -> Part:
        return self.part("over", tuple(children[1:]), children)

    def when(self, children: Children) -> Part:
        return self.part("when", children[1], children)

    def alternative(self, children: Children) -> nodes.Alternative:
        word, name, *rest = children
        parts = [self.part("dates", p, [p]) if isinstance(p, nodes.Dates) else p for p in rest]
        parts = [part for part in parts if isinstance(part, Part)]
        kind = word.type.lower()
        dates = self.once(parts, "dates", "the validity")
        base = self.once(parts, "base", "the definition")
        when = self.once(parts, "when", "the condition")
        over = self.once(parts, "over", "`over`")
        if base is None and kind != "repeal":
            self.report("K0114", f"`{kind} {name}` has no definition", name, "write a line `= …` under it")
        if base is not None and kind == "repeal":
            self.report(
                "K0122",
                "a repeal has no definition",
                base,
                "`replace` takes a rule's place, `repeal` only takes it out",
            )
        if over is not None and kind != "except":
            self.report(
                "K0122", f"`{kind}` has no `over`", over, "a replacement stands where the replaced exception stood"
            )
        return nodes.Alternative(
            kind=kind,
            name=str(name.value),
            name_span=self.at(name),
            over=over.value if over else (),
            when=when.value if when else None,
            dates=dates.value if dates else None,
            body=base.value[0] if base else None,
            citations=self.citations_of(rest),
            **self.said(parts),
            span=self.at(*children),
        )

    def amendment(self, children: Children) -> nodes.Item:
        _, rule, *rest = children
        alternatives = tuple(child for child in rest if isinstance(child, nodes.Alternative))
        if not alternatives:
            help_text = "write `except`, `replace` or `repeal` under it"
            self.report("K0114", f"nothing is changed in `{rule.text}`", rule, help_text)
        return nodes.Amendment(
            rule=rule,
            entity=next((child for child in rest if isinstance(child, nodes.Name)), None),
            alternatives=alternatives,
            **self.said(rest),
            span=self.at(*children),
        )

    # --- rules and charges ---

    def _rule_fields(self, children: Children) -> dict[str, Any]:
        _, name, keys, _, entity, typed, *rest = children
        parts = [part for part in rest if isinstance(part, Part)]
        sign = next((i for i, child in enumerate(rest) if getattr(child, "type", "") == "EQ"), None)
        if sign is not None:
            body = rest[sign + 1]
            parts.insert(0, self.part("base", (body, self.at(rest[sign])), [rest[sign], body]))
        base = self.once(parts, "base", "the definition")
        dates = self.once(parts, "dates", "the validity")
        alternatives = [child for child in rest if isinstance(child, nodes.Alternative)]
        for alternative in alternatives:
            if alternative.kind != "except":
                message = f"`{alternative.kind}` stands only in an overlay"
                self.report(
                    "K0122", message, alternative, "change the exception itself, or write `in module.rule of entity`"
                )
        if base is not None:
            body, place = base.value
            made = nodes.Alternative(kind="base", name="base", name_span=place, body=body, span=self.at(base))
            alternatives.insert(0, made)
        elif not alternatives:
            self.report("K0114", f"`{name}` is not defined", name, "write a line `= …` under it")
        return {
            "name": str(name.value),
            "name_span": self.at(name),
            "keys": keys.value,
            "entity": entity,
            "type": typed.value[0],
            "attributes": typed.value[1],
            "dates": dates.value if dates else None,
            "citations": self.citations_of(rest),
            "alternatives": tuple(alternatives),
            **self.said(rest),
            "span": self.at(*children),
        }

    def rule(self, children: Children) -> nodes.Item:
        return nodes.RuleDecl(**self._rule_fields(children))

    def charge(self, children: Children) -> nodes.Item:
        fields = self._rule_fields(children)
        parts = [part for part in children[6:] if isinstance(part, Part)]
        for kind in ("service", "line", "volume", "price"):
            found = self.once(parts, kind, f"`{kind}`")
            fields[kind] = found.value if found else None
        sign = next((i for i, child in enumerate(children) if getattr(child, "type", "") == "WHEN"), None)
        fields["when"] = children[sign + 1] if sign is not None else None
        return nodes.ChargeDecl(**fields)

    # --- examples ---

    def example_option(self, children: Children) -> Part:
        return self.part("option", (children[1], children[3]), children)

    def target(self, children: Children) -> Part:
        keys = children[2].value if len(children) > 1 else ()
        return self.part("target", (children[0], keys), children)

    def step_value(self, children: Children) -> Part:
        return self.part("step", (children[1], self._moment(children[3])), children)

    def _moment(self, token: Any) -> nodes.DateLit | nodes.InstantLit:  # noqa: ANN401 - a lark token
        made = self.date([token]) if token.type == "DATE" else self.instant([token])
        assert isinstance(made, nodes.DateLit | nodes.InstantLit)  # noqa: S101 - by its kind
        return made

    def assignment(self, children: Children) -> nodes.Assignment:
        target, _, value, *steps = children
        name, keys = target.value
        return nodes.Assignment(
            name=name, keys=keys, values=(value,), steps=tuple(step.value for step in steps), span=self.at(*children)
        )

    def month_assignment(self, children: Children) -> nodes.Assignment:
        target, _, month, _, value = children
        name, keys = target.value
        return nodes.Assignment(
            name=name, keys=keys, month=self.month_of(month), values=(value,), span=self.at(*children)
        )

    def series(self, children: Children) -> nodes.Assignment:
        target, _, _, count, _, _, *values = children
        name, keys = target.value
        wanted = self.whole_number(count, "a number of months")
        if len(values) != wanted:
            self.report(
                "K0122",
                f"{len(values)} values for {wanted} months",
                values[0],
                "one value for each month, the oldest first; `absent` where there is none",
            )
        return nodes.Assignment(name=name, keys=keys, last_months=wanted, values=tuple(values), span=self.at(*children))

    def run(self, children: Children) -> nodes.Assignment:
        target, _, start, _, *values = children
        name, keys = target.value
        return nodes.Assignment(
            name=name, keys=keys, start=self._moment(start), values=tuple(values), span=self.at(*children)
        )

    def assignments(self, children: Children) -> Part:
        return self.part("assignments", tuple(children), children)

    def given_target(self, children: Children) -> Part:
        names = [child for child in children if isinstance(child, nodes.Name)]
        rows: list[str | None] = [None, None]
        side = 0
        for child in children:
            if getattr(child, "type", "") == "OF":
                side = 1
            elif getattr(child, "type", "") == "STRING":
                rows[side] = build_values.quoted(child)
        owner = names[1] if len(names) > 1 else None
        return self.part("target", (names[0], rows[0], owner, rows[1]), children)

    def given(self, children: Children) -> nodes.Given:
        target, row, owner, owner_row = children[1].value if children[1].kind == "target" else (None, None, None, None)
        return nodes.Given(
            target=target,
            row=row,
            owner=owner,
            owner_row=owner_row,
            assignments=children[-1].value,
            span=self.at(*children),
        )

    def expect_target(self, children: Children) -> Part:
        row = build_values.quoted(children[1]) if len(children) > 1 else None
        return self.part("expect_target", (children[0], row), children)

    def expectation(self, children: Children) -> Part:
        target, _, value = children
        return self.part("expectation", (target, "value", value, None), children)

    def refused(self, children: Children) -> Part:
        code = str(children[2].value) if len(children) > 2 else None
        return self.part("expectation", (children[0], "refused", None, code), children)

    def no_line(self, children: Children) -> Part:
        return self.part("expectation", (children[0], "none", None, None), children)

    def expect(self, children: Children) -> Part:
        entity, row = (None, None)
        made: list[nodes.Expectation] = []
        for child in children:
            if not isinstance(child, Part):
                continue
            if child.kind == "expect_target":
                entity, row = child.value
                continue
            target, kind, value, code = child.value
            name, keys = target.value
            made.append(
                nodes.Expectation(
                    target=entity, row=row, name=name, keys=keys, kind=kind, value=value, code=code, span=self.at(child)
                )
            )
        return self.part("expect", tuple(made), children)

    def example(self, children: Children) -> nodes.Item:
        _, title, _, month, *rest = children
        parts = [part for part in rest if isinstance(part, Part)]
        known = next((child for child in rest if getattr(child, "type", "") == "DATE"), None)
        expectations = tuple(e for part in parts if part.kind == "expect" for e in part.value)
        if not expectations:
            self.report("K0114", "the example expects nothing", title, "write a line `expect amount = 1.00` under it")
        return nodes.ExampleDecl(
            title=build_values.quoted(title),
            on=self.month_of(month),
            known=self.day(known) if known is not None else None,
            options=tuple(part.value for part in parts if part.kind == "option"),
            givens=tuple(child for child in rest if isinstance(child, nodes.Given)),
            expectations=expectations,
            citations=self.citations_of(rest),
            **self.said(rest),
            span=self.at(*children),
        )
