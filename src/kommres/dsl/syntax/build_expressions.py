"""Callbacks of the grammar that make expressions."""

from __future__ import annotations

import attrs

from kommres.dsl.syntax import nodes
from kommres.dsl.syntax.build_base import BuilderBase, Children, Part

_SIGNS = {"PLUS": "+", "MINUS": "-", "STAR": "*", "SLASH": "/", "AND": "and", "OR": "or"}
_COMPARISONS = {"EQ": "=", "NE": "!=", "LT": "<", "LE": "<=", "GT": ">", "GE": ">="}


class Expressions(BuilderBase):
    """Expressions: see the lower half of ``grammar.lark``."""

    def whole(self, children: Children) -> nodes.Expr:
        return children[0]  # type: ignore[no-any-return]  # an expression

    def number(self, children: Children) -> nodes.Expr:
        return self.signed(children)

    def hole(self, children: Children) -> nodes.Expr:
        return nodes.Hole(span=self.at(children[0]))

    def parens(self, children: Children) -> nodes.Expr:
        inner: nodes.Expr = children[1]
        return self.deep(attrs.evolve(inner, span=self.at(*children)), inner)

    def chain(self, children: Children) -> nodes.Expr:
        rest = tuple((_SIGNS[children[i].type], children[i + 1]) for i in range(1, len(children), 2))
        node = nodes.Chain(first=children[0], rest=rest, span=self.at(children[0], children[-1]))
        return self.deep(node, *children[::2])

    disjunction = conjunction = sum = product = chain

    def unary(self, children: Children) -> nodes.Expr:
        op = "-" if children[0].type == "MINUS" else "not"
        return self.deep(nodes.Unary(op=op, value=children[1], span=self.at(*children)), children[1])

    def has(self, children: Children) -> nodes.Expr:
        return self.deep(nodes.Has(value=children[1], span=self.at(*children)), children[1])

    def compare(self, children: Children) -> nodes.Expr:
        left, op, right = children
        node = nodes.Compare(op=_COMPARISONS[op.type], left=left, right=right, span=self.at(*children))
        return self.deep(node, left, right)

    def member(self, children: Children) -> nodes.Expr:
        value, members = children[0], children[3].value
        return self.deep(nodes.Member(value=value, members=members, span=self.at(*children)), value, *members)

    def in_range(self, children: Children) -> nodes.Expr:
        value, _, *rest = children
        ends: list[nodes.Expr | None] = [None, None]
        side = 0
        for child in rest:
            if isinstance(child, nodes.Expr):
                ends[side] = child
            else:
                side = 1
        node = nodes.InRange(value=value, low=ends[0], high=ends[1], span=self.at(*children))
        return self.deep(node, value, *(end for end in ends if end is not None))

    def edge_name(self, children: Children) -> nodes.Expr:
        name = self.ref([children[-1]])
        if len(children) == 1:
            return name
        return self.deep(nodes.Unary(op="-", value=name, span=self.at(*children)), name)

    def else_(self, children: Children) -> nodes.Expr:
        value, _, fallback = children
        return self.deep(nodes.Else(value=value, fallback=fallback, span=self.at(*children)), value, fallback)

    def as_unit(self, children: Children) -> nodes.Expr:
        value, _, unit = children
        return self.deep(nodes.AsUnit(value=value, unit=self.unit_text(unit), span=self.at(*children)), value)

    def at_edge(self, children: Children) -> nodes.Expr:
        value, _, edge = children
        return self.deep(nodes.AtEdge(value=value, edge=edge.type.lower(), span=self.at(*children)), value)

    def spread(self, children: Children) -> nodes.Expr:
        return self.deep(nodes.Spread(value=children[0], span=self.at(*children)), children[0])

    def on_date(self, children: Children) -> nodes.Expr:
        value, _, date = children
        return self.deep(nodes.OnDate(value=value, date=date, span=self.at(*children)), value, date)

    def charged(self, children: Children) -> nodes.Expr:
        return nodes.Charged(name=children[1], span=self.at(*children))

    def index(self, children: Children) -> nodes.Expr:
        keys = children[2].value
        return self.deep(nodes.Index(base=children[0], keys=keys, span=self.at(*children)), *keys)

    def call(self, children: Children) -> nodes.Expr:
        args: list[nodes.Expr] = []
        by: tuple[nodes.Name, ...] = ()
        for child in children[1:]:
            if isinstance(child, nodes.Expr):
                args.append(child)
            elif isinstance(child, Part):
                if child.kind == "names":
                    by = child.value
                else:
                    args.extend(child.value)
        return self.deep(nodes.Call(name=children[0], args=tuple(args), by=by, span=self.at(*children)), *args)

    def names(self, children: Children) -> Part:
        return self.part("names", tuple(children), children)

    def arguments(self, children: Children) -> Part:
        return self.part("arguments", tuple(children), children)

    def if_(self, children: Children) -> nodes.Expr:
        condition, then, otherwise = children[1::2]
        node = nodes.If(condition=condition, then=then, otherwise=otherwise, span=self.at(*children))
        return self.deep(node, condition, then, otherwise)

    def over_slices(self, children: Children) -> nodes.Expr:
        node = nodes.OverSlices(value=children[-1], start=None, end=None, span=self.at(*children))
        return self.deep(node, children[-1])

    def over_slices_span(self, children: Children) -> nodes.Expr:
        start, end, value = (child for child in children if isinstance(child, nodes.Expr))
        node = nodes.OverSlices(value=value, start=start, end=end, span=self.at(*children))
        return self.deep(node, start, end, value)

    def mean_over_days(self, children: Children) -> nodes.Expr:
        return self.deep(nodes.MeanOverDays(value=children[-1], span=self.at(*children)), children[-1])

    # --- aggregates ---

    def by(self, children: Children) -> Part:
        return self.part("by", children[1], children)

    def where(self, children: Children) -> Part:
        return self.part("where", children[1], children)

    def binder(self, children: Children) -> nodes.Binder:
        variable = children[1]
        return nodes.Binder(
            variable=str(variable.value), variable_span=self.at(variable), source=children[3], span=self.at(*children)
        )

    def source_on(self, children: Children) -> nodes.OnDay:
        source, _, day = children
        return nodes.OnDay(source=source, day=day, span=self.at(*children))

    def months(self, children: Children) -> nodes.Months:
        return nodes.Months(count=self.whole_number(children[1], "a number of months"), span=self.at(*children))

    def first_months(self, children: Children) -> nodes.Months:
        return nodes.Months(
            take=self.whole_number(children[1], "a number of months"),
            count=self.whole_number(children[4], "a number of months"),
            where=children[7],
            span=self.at(*children),
        )

    def aggregate(self, children: Children) -> nodes.Expr:
        parts = {child.kind: child.value for child in children if isinstance(child, Part)}
        value = children[2] if len(children) > 2 and isinstance(children[2], nodes.Expr) else None
        node = nodes.Aggregate(
            function=children[0].type.lower(),
            value=value,
            by=parts.get("by"),
            binders=tuple(child for child in children if isinstance(child, nodes.Binder)),
            where=parts.get("where"),
            span=self.at(*children),
        )
        return self.deep(node, *(child for child in (value, node.by, node.where) if child is not None))
