"""Expressions: names to references, units to exact factors, conditions to facts.

One method a syntax node. A method returns the bound expression, or raises :class:`Unbound` after it has reported
why not: the
definition is then left out and the rest is checked on.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from attrs import evolve

from kommres.dsl.bound import nodes as b
from kommres.dsl.bound.aggregates import AggregateMixin
from kommres.dsl.bound.constants import Constants, percent_factor, plain
from kommres.dsl.bound.foreign import ForeignMixin
from kommres.dsl.bound.functions import FunctionMixin
from kommres.dsl.bound.names import NameMixin
from kommres.dsl.bound.problem import Unbound
from kommres.dsl.bound.times import TimesMixin
from kommres.dsl.bound.walk import children, walk
from kommres.dsl.diagnostics import Suggestion
from kommres.dsl.syntax import nodes as syn
from kommres.units import NUMBER, Unit, UnitError

if TYPE_CHECKING:
    from collections.abc import Callable

    from kommres.dsl.bound.context import Context
    from kommres.dsl.bound.scope import ProgramScope
    from kommres.dsl.source import Span

YES_NO = b.Type(kind="yes_no")
DAY = Unit((("day", 1),))
MONTH = Unit((("month", 1),))
HOUR = Unit((("h", 1),))
_POINT, _DELTA = Unit((("degC", 1),)), Unit((("deltaC", 1),))
_PER_MONTH = Unit((("month", -1),))


class ExpressionBinder(NameMixin, TimesMixin, AggregateMixin, FunctionMixin, ForeignMixin):
    """Binds the expressions of a program."""

    def __init__(self, scope: ProgramScope) -> None:
        self.scope = scope
        self.out = scope.out
        self.constants = Constants(scope)
        self._methods: dict[type[syn.Expr], Callable[..., b.Expr]] = {
            syn.Number: self._number,
            syn.Text: lambda e, _c, _w: b.Lit(type=b.Type(kind="id"), span=e.span, value=e.value),
            syn.YesNo: lambda e, _c, _w: b.Lit(type=YES_NO, span=e.span, value=e.value),
            syn.DateLit: lambda e, _c, _w: b.Lit(type=b.Type(kind="date"), span=e.span, value=e.value.toordinal()),
            syn.InstantLit: self._instant,
            syn.Absent: self._absent,
            syn.Ref: self.reference,
            syn.Index: self.index,
            syn.Call: self.call,
            syn.OnDate: self._on_date,
            syn.AsUnit: self._as_unit,
            syn.AtEdge: self._at_edge,
            syn.Spread: self._spread,
            syn.Else: self._else,
            syn.Unary: self._unary,
            syn.Chain: self._chain,
            syn.Compare: self._compare,
            syn.Member: self._member,
            syn.InRange: self._in_range,
            syn.Has: self._has,
            syn.If: self._if,
            syn.Aggregate: self.aggregate,
            syn.OverSlices: self._over_slices,
            syn.MeanOverDays: self._mean_over_days,
            syn.Charged: self.charged,
        }

    # entry points ----------------------------------------------------------------------------------------

    def bind(self, expr: syn.Expr, context: Context, wanted: b.Type | None = None) -> b.Expr:
        """Bind an expression; it may be absent. ``wanted`` lets a bare word be an enumeration member."""
        method = self._methods.get(type(expr))
        if method is None:
            raise self.problem(
                "K0401", "this cannot stand in an expression", expr.span, help="use a value or a formula"
            )
        return method(expr, context, wanted)

    def present(self, expr: syn.Expr, context: Context, wanted: b.Type | None = None) -> b.Expr:
        """Bind an expression that must have a value."""
        return self.need(self.bind(expr, context, wanted), context)

    def need(self, bound: b.Expr, context: Context) -> b.Expr:
        if bound.type.optional and bound not in context.facts:
            raise self.problem(
                "K0501",
                "this value may be absent and nothing here proves that it is present",
                bound.span,
                help=f"guard it: `when has {bound.span.text}`, `if has {bound.span.text} then …`, "
                f"or give a value: `{bound.span.text} else …`",
            )
        return bound

    def condition(self, expr: syn.Expr, context: Context) -> b.Expr:
        bound = self.present(expr, context)
        if bound.type.kind != "yes_no":
            raise self.problem(
                "K0404",
                f"a condition is needed here, this is {bound.type}",
                expr.span,
                help="compare it with something, or use `has`",
            )
        return bound

    def number(self, expr: syn.Expr, context: Context) -> b.Expr:
        bound = self.present(expr, context)
        if bound.type.kind != "number":
            raise self.problem("K0401", f"a number is needed here, this is {bound.type}", expr.span)
        return bound

    def problem(self, code: str, message: str, span: Span, **more: object) -> Unbound:
        self.out.add(code, message, span, **more)  # type: ignore[arg-type]
        return Unbound()

    def silent(self) -> Unbound:
        """The way out where the reason is already reported."""
        return Unbound()

    # units -----------------------------------------------------------------------------------------------

    def coerce(self, bound: b.Expr, wanted: b.Type, *, code: str = "K0303", what: str = "is declared") -> b.Expr:
        """``bound`` as a value of ``wanted``: same kind, same unit (``%`` becomes a number and back)."""
        have = bound.type
        if have.kind != wanted.kind or (have.kind == "enum" and have.enum != wanted.enum):
            member = wanted.enum is not None and bound.span.text in wanted.enum.members
            help_ = (
                f"write `{wanted.enum.name}.{bound.span.text}` for the member"
                if wanted.enum is not None and member
                else ""
            )
            raise self.problem("K0401", f"this is {have}, but {wanted} {what}", bound.span, help=help_)
        if have.kind != "number" or have.unit == wanted.unit:
            return bound
        assert have.unit is not None  # noqa: S101 - numbers have units
        assert wanted.unit is not None  # noqa: S101
        if _is_zero(bound):
            return evolve(bound, type=evolve(have, unit=wanted.unit))
        factor = percent_factor(have.unit, wanted.unit)
        if factor is None:
            raise self._units_differ(code, f"this is in {have.unit}, but {wanted.unit} {what}", bound, wanted.unit)
        return self._scaled(bound, factor, wanted.unit)

    def _scaled(self, bound: b.Expr, factor: Fraction, unit: Unit) -> b.Expr:
        type_ = evolve(bound.type, unit=unit)
        if factor == 1:
            return evolve(bound, type=type_)
        if isinstance(bound, b.Lit) and isinstance(bound.value, int | Fraction):
            return evolve(bound, type=type_, value=plain(Fraction(bound.value) * factor))
        return b.Scale(type=type_, span=bound.span, value=bound, factor=factor)

    def _units_differ(self, code: str, message: str, bound: b.Expr, unit: Unit) -> Unbound:
        have = bound.type.unit or NUMBER
        text = bound.span.text
        if self.scope.units.convertible(have, unit) and not unit.is_number:
            convert = f"({text}) as {unit}" if " " in text else f"{text} as {unit}"
            return self.problem(
                code,
                message,
                bound.span,
                help=f"convert it explicitly: `{convert}` "
                f"(exact: 1 {have} = {self.scope.units.conversion(have, unit)} {unit})",
                suggestion=Suggestion(span=bound.span, replacement=convert),
            )
        rest = have / unit
        if rest == _PER_MONTH:
            return self.problem(
                code,
                message,
                bound.span,
                help="this is a rate: the total of a month is `sum over slices … * slice.months`, "
                "or `… * period.months` where nothing changes inside it",
            )
        return self.problem(
            code,
            message,
            bound.span,
            help=f"they measure different things; the quotient is in {rest}: a factor in {rest.inverse()} is missing",
        )

    # literals --------------------------------------------------------------------------------------------

    def _number(self, expr: syn.Number, _context: Context, _wanted: b.Type | None) -> b.Expr:
        unit = NUMBER
        if expr.unit is not None:
            try:
                unit = self.scope.units.parse(expr.unit.text)
            except UnitError as error:
                words = error.word
                raise self.problem(
                    "K0301",
                    error.message,
                    expr.unit.span,
                    help=f"to divide by the name `{words}`, put blanks around `/`; "
                    "to use a new unit, declare it with `unit`",
                ) from None
        return b.Lit(type=b.Type(kind="number", unit=unit), span=expr.span, value=plain(expr.value))

    def _instant(self, expr: syn.InstantLit, _context: Context, _wanted: b.Type | None) -> b.Expr:
        type_ = b.Type(kind="instant")
        return b.Lit(type=type_, span=expr.span, value=self.constants.value(expr, type_))

    def _absent(self, expr: syn.Absent, _context: Context, wanted: b.Type | None) -> b.Expr:
        return b.AbsentLit(type=evolve(wanted or b.Type(kind="number", unit=NUMBER), optional=True), span=expr.span)

    # arithmetic ------------------------------------------------------------------------------------------

    def _unary(self, expr: syn.Unary, context: Context, _wanted: b.Type | None) -> b.Expr:
        if expr.op == "not":
            return b.Not(type=YES_NO, span=expr.span, value=self.condition(expr.value, context))
        value = self.number(expr.value, context)
        if isinstance(value, b.Lit) and isinstance(value.value, int | Fraction):
            return evolve(value, value=-value.value, span=expr.span)
        return b.Sum(type=b.Type(kind="number", unit=value.type.unit), span=expr.span, terms=((-1, value),))

    def _chain(self, expr: syn.Chain, context: Context, _wanted: b.Type | None) -> b.Expr:
        op = expr.rest[0][0]
        if op in {"and", "or"}:
            return self._logic(expr, context)
        if op in {"*", "/"}:
            return self.product(expr, context, zero_ok=False)
        return self._sum(expr, context)

    def _logic(self, expr: syn.Chain, context: Context) -> b.Expr:
        op, parts = expr.rest[0][0], []
        for part in (expr.first, *(p for _, p in expr.rest)):
            bound = self.condition(part, context)
            parts.append(bound)
            context = context.with_true(bound) if op == "and" else context.with_false(bound)
        return b.Logic(type=YES_NO, span=expr.span, op=op, parts=tuple(parts))

    def _sum(self, expr: syn.Chain, context: Context) -> b.Expr:
        first = self.present(expr.first, context)
        signs = [1, *(1 if op == "+" else -1 for op, _ in expr.rest)]
        rest = [self.present(part, context) for _, part in expr.rest]
        if first.type.kind in {"date", "instant"}:
            return self._dates(expr, first, rest, signs)
        terms = [first, *rest]
        for term in terms:
            if term.type.kind != "number":
                raise self.problem("K0401", f"only numbers are added, this is {term.type}", term.span)
        if any(t.type.unit == _POINT for t in terms):
            return self._temperatures(expr, terms, signs)
        lead = next((t for t in terms if not _is_zero(t)), first)
        terms = [self.coerce(t, lead.type, code="K0302", what=f"stands beside it (`{lead.span.text}`)") for t in terms]
        return b.Sum(
            type=b.Type(kind="number", unit=lead.type.unit), span=expr.span, terms=tuple(zip(signs, terms, strict=True))
        )

    def _temperatures(self, expr: syn.Chain, terms: list[b.Expr], signs: list[int]) -> b.Expr:
        points = sum(s for s, t in zip(signs, terms, strict=True) if t.type.unit == _POINT)
        odd = next((t for t in terms if t.type.unit not in {_POINT, _DELTA}), None)
        if odd is not None or points not in {0, 1}:
            raise self.problem(
                "K0305",
                "temperatures are points: they are subtracted from one another, or moved by a difference",
                expr.span,
                help="a difference is written in deltaC: `3 deltaC`",
            )
        unit = _POINT if points else _DELTA
        return b.Sum(type=b.Type(kind="number", unit=unit), span=expr.span, terms=tuple(zip(signs, terms, strict=True)))

    def _dates(self, expr: syn.Chain, first: b.Expr, rest: list[b.Expr], signs: list[int]) -> b.Expr:
        kind = first.type.kind
        unit, scale = (DAY, 1) if kind == "date" else (HOUR, 3600)
        if len(rest) == 1 and rest[0].type.kind == kind and signs[1] == -1:
            number = b.Sum(type=b.Type(kind="number", unit=unit), span=expr.span, terms=((1, first), (-1, rest[0])))
            return (
                number
                if scale == 1
                else b.Scale(type=number.type, span=expr.span, value=number, factor=Fraction(1, scale))
            )
        terms: list[tuple[int, b.Expr]] = [(1, first)]
        for sign, term in zip(signs[1:], rest, strict=True):
            length = self.coerce(term, b.Type(kind="number", unit=unit), code="K0302", what=f"is what moves a {kind}")
            terms.append((sign, length if scale == 1 else self._scaled(length, Fraction(scale), unit)))
        return b.Sum(type=b.Type(kind=kind), span=expr.span, terms=tuple(terms))

    def product(self, expr: syn.Chain, context: Context, *, zero_ok: bool) -> b.Expr:
        """``zero_ok``: an `else` follows, so a divisor may be zero."""
        first = self.number(expr.first, context)
        unit, rest = first.type.unit or NUMBER, []
        for op, part in expr.rest:
            factor = self.number(part, context)
            own = factor.type.unit or NUMBER
            unit = unit * own if op == "*" else unit / own
            if op == "/" and not zero_ok and not self.never_zero(factor, context):
                raise self.problem(
                    "K0414",
                    "this divisor may be zero",
                    factor.span,
                    help=f"say what holds then: `{expr.span.text} else 0`, "
                    f"or prove it: `if {factor.span.text} > 0 then …`",
                )
            rest.append((op, factor))
        if any(n == "degC" for n, _ in unit.powers):
            raise self.problem(
                "K0305",
                "a temperature is a point and cannot be multiplied",
                expr.span,
                help="multiply a difference (deltaC)",
            )
        found = b.Product(type=b.Type(kind="number", unit=unit), span=expr.span, first=first, rest=tuple(rest))
        return self._without_percent(found, unit)

    def _without_percent(self, found: b.Expr, unit: Unit) -> b.Expr:
        """Money x % is money: `%` stays in a unit only as a percentage or a percentage per something, so that
        rounding steps mean the money.
        """
        rest, percents = unit.without("%")
        if percents == 0 or (percents == 1 and all(power < 0 for _, power in rest.powers)):
            return found
        return self._scaled(found, Fraction(1, 100) ** percents, rest)

    def never_zero(self, bound: b.Expr, context: Context) -> bool:
        """Whether a divisor is proved not to be zero."""
        if bound in context.nonzero:
            return True
        match bound:
            case b.Lit(value=value):
                return value != 0
            case b.PeriodRef() | b.SliceRef():
                return True
            case b.Scale(value=value):
                return self.never_zero(value, context)
            case b.InputRef(input=declared):
                return (declared.low is not None and declared.low > 0) or (
                    declared.high is not None and declared.high < 0
                )
            case b.RuleRef(rule=rule):
                return rule.low is not None and rule.low > 0
            case b.SeriesRef(series=series) if series.entity is not None:
                return series.low is not None and series.low > 0
            case b.FunctionCall(function=function):
                return function.low is not None and function.low > 0
            case b.ParamRef(param=param):
                return bool(param.rows) and all(row.value not in {0, None} for row in param.rows)
            case b.Product(first=first, rest=rest):
                return self.never_zero(first, context) and all(
                    self.never_zero(f, context) for op, f in rest if op == "*"
                )
            case b.Call(function="max", args=args):
                return any(isinstance(a, b.Lit) and isinstance(a.value, int | Fraction) and a.value > 0 for a in args)
        return False

    def _as_unit(self, expr: syn.AsUnit, context: Context, _wanted: b.Type | None) -> b.Expr:
        value = self.number(expr.value, context)
        try:
            unit = self.scope.units.parse(expr.unit.text)
            factor = self.scope.units.conversion(value.type.unit or NUMBER, unit)
        except UnitError as error:
            raise self.problem(
                "K0304",
                error.message,
                expr.unit.span,
                help="only units of one dimension convert; day and month meet only in a period",
            ) from None
        return self._scaled(value, factor, unit)

    # conditions ------------------------------------------------------------------------------------------

    def _pair(self, left: syn.Expr, right: syn.Expr, context: Context) -> tuple[b.Expr, b.Expr]:
        if self.is_bare_word(left, context) and not self.is_bare_word(right, context):
            second = self.present(right, context)
            return self.present(left, context, second.type), second
        first = self.present(left, context)
        return first, self.present(right, context, first.type)

    def _compare(self, expr: syn.Compare, context: Context, _wanted: b.Type | None) -> b.Expr:
        left, right = self._pair(expr.left, expr.right, context)
        if left.type.kind in {"enum", "id", "yes_no"} and expr.op not in {"=", "!="}:
            raise self.problem(
                "K0415", f"values of type {left.type} have no order", expr.span, help="use `=`, `!=` or `in (a, b)`"
            )
        if _is_zero(left):
            left = self.coerce(left, right.type, code="K0302")
        else:
            right = self.coerce(
                right, left.type, code="K0302", what=f"stands on the other side (`{expr.left.span.text}`)"
            )
        return b.Compare(type=YES_NO, span=expr.span, op=expr.op, left=left, right=right)

    def _member(self, expr: syn.Member, context: Context, _wanted: b.Type | None) -> b.Expr:
        value = self.present(expr.value, context)
        parts = tuple(
            b.Compare(
                type=YES_NO,
                span=m.span,
                op="=",
                left=value,
                right=self.coerce(self.present(m, context, value.type), value.type, code="K0302"),
            )
            for m in expr.members
        )
        return parts[0] if len(parts) == 1 else b.Logic(type=YES_NO, span=expr.span, op="or", parts=parts)

    def _in_range(self, expr: syn.InRange, context: Context, _wanted: b.Type | None) -> b.Expr:
        value = self.present(expr.value, context)
        if value.type.kind not in {"number", "date", "instant"}:
            raise self.problem("K0415", f"values of type {value.type} have no order", expr.span, help="use `in (a, b)`")
        parts = tuple(
            b.Compare(
                type=YES_NO,
                span=expr.span,
                op=op,
                left=value,
                right=self.coerce(self._bare(self.present(end, context), value), value.type, code="K0302"),
            )
            for op, end in ((">=", expr.low), ("<=", expr.high))
            if end is not None
        )
        return parts[0] if len(parts) == 1 else b.Logic(type=YES_NO, span=expr.span, op="and", parts=parts)

    @staticmethod
    def _bare(end: b.Expr, value: b.Expr) -> b.Expr:
        """The end of a range: a plain number is in the value's unit."""
        if isinstance(end, b.Lit) and end.type.unit == NUMBER and value.type.kind == "number":
            return evolve(end, type=evolve(end.type, unit=value.type.unit))
        return end

    def _has(self, expr: syn.Has, context: Context, _wanted: b.Type | None) -> b.Expr:
        value = self.bind(expr.value, context)
        if not value.type.optional:
            raise self.problem(
                "K0502",
                "this value is never absent",
                expr.value.span,
                help="take `has` away, or declare the value `optional`",
            )
        return b.Has(type=YES_NO, span=expr.span, value=value)

    # choice ----------------------------------------------------------------------------------------------

    def _if(self, expr: syn.If, context: Context, wanted: b.Type | None) -> b.Expr:
        condition = self.condition(expr.condition, context)
        then = self.bind(expr.then, context.with_true(condition), wanted)
        otherwise = self.bind(expr.otherwise, context.with_false(condition), wanted or then.type)
        then, otherwise = self.same_type(then, otherwise)
        optional = then.type.optional or otherwise.type.optional
        return b.IfElse(
            type=evolve(then.type, optional=optional),
            span=expr.span,
            condition=condition,
            then=then,
            otherwise=otherwise,
        )

    def same_type(self, left: b.Expr, right: b.Expr) -> tuple[b.Expr, b.Expr]:
        """Both branches with one type; a branch that is absent or a bare 0 takes the other's."""
        if isinstance(left, b.AbsentLit):
            return evolve(left, type=evolve(right.type, optional=True)), right
        if isinstance(right, b.AbsentLit):
            return left, evolve(right, type=evolve(left.type, optional=True))
        if _is_zero(left) and right.type.kind == "number":
            return self.coerce(left, right.type), right
        return left, self.coerce(right, left.type, code="K0302", what="is the type of the other branch")

    def _else(self, expr: syn.Else, context: Context, wanted: b.Type | None) -> b.Expr:
        inner = expr.value
        if isinstance(inner, syn.Chain) and inner.rest[0][0] in {"*", "/"}:
            value = self.product(inner, context, zero_ok=True)
            can_miss = True
        else:
            value = self.bind(inner, context, wanted)
            can_miss = value.type.optional or _looks_up(value)
        if not can_miss:
            raise self.problem(
                "K0502", "this always has a value, so `else` is never used", expr.fallback.span, help="take `else` away"
            )
        fallback = self.bind(expr.fallback, context, value.type)
        value, fallback = self.same_type(value, fallback)
        return b.ElseValue(
            type=evolve(value.type, optional=fallback.type.optional), span=expr.span, value=value, fallback=fallback
        )

    # time ------------------------------------------------------------------------------------------------

    def _on_date(self, expr: syn.OnDate, context: Context, wanted: b.Type | None) -> b.Expr:
        value = self.bind(expr.value, context, wanted)
        if not isinstance(value, b.ParamRef):
            raise self.problem(
                "K0412",
                "`on` looks up a parameter at a date; this is no parameter",
                expr.value.span,
                help="write `tariff[key] on some_date`",
            )
        date = self.present(expr.date, context)
        if date.type.kind != "date":
            raise self.problem("K0401", f"a date is needed after `on`, this is {date.type}", expr.date.span)
        return evolve(value, on=date, span=expr.span)

    def _at_edge(self, expr: syn.AtEdge, context: Context, _wanted: b.Type | None) -> b.Expr:
        value = self.bind(expr.value, context)
        return b.AtEdge(type=value.type, span=expr.span, value=value, edge=expr.edge)

    def _spread(self, expr: syn.Spread, context: Context, _wanted: b.Type | None) -> b.Expr:
        value = self.number(expr.value, context)
        month = b.PeriodRef(
            type=b.Type(kind="number", unit=MONTH), span=expr.span, member="months", months=context.months
        )
        unit = (value.type.unit or NUMBER) / MONTH
        return b.Product(type=b.Type(kind="number", unit=unit), span=expr.span, first=value, rest=(("/", month),))

    def _mean_over_days(self, expr: syn.MeanOverDays, context: Context, _wanted: b.Type | None) -> b.Expr:
        value = self.number(expr.value, context)
        return b.MeanOverDays(type=value.type, span=expr.span, value=value)

    def _over_slices(self, expr: syn.OverSlices, context: Context, _wanted: b.Type | None) -> b.Expr:
        if context.in_slices:
            raise self.problem(
                "K0408", "slices inside slices", expr.span, help="put the inner sum into a rule of its own"
            )
        edges = []
        for edge in (expr.start, expr.end):
            bound = self.present(edge, context) if edge is not None else None
            if bound is not None and bound.type.kind != "date":
                raise self.problem("K0401", f"slices run from a date until a date, this is {bound.type}", bound.span)
            edges.append(bound)
        value = self.number(expr.value, evolve(context, in_slices=True))
        return b.OverSlices(
            type=b.Type(kind="number", unit=value.type.unit),
            span=expr.span,
            value=value,
            start=edges[0],
            end=edges[1],
            names=direct_names(value),
        )


def direct_names(value: b.Expr) -> tuple[b.Expr, ...]:
    """The references read directly in an expression: what cuts its slices."""
    found: dict[b.Expr, None] = {}
    stack: list[b.Expr] = [value]
    while stack:
        expr = stack.pop()
        if isinstance(expr, b.AtEdge | b.MeanOverDays):
            continue  # one value of the period: what it is made of changes nothing inside
        varying = (
            isinstance(expr, b.RuleRef | b.Aggregate)
            or (isinstance(expr, b.InputRef) and expr.input.varies)
            or (
                isinstance(expr, b.ParamRef)
                and ((expr.on is None and expr.param.dated) or any(_is_day(e) for e in walk(expr)))
            )
            or _is_day(expr)
        )
        if varying:
            found.setdefault(expr)
        elif isinstance(expr, b.Tiers):
            if expr.param.dated:
                found.setdefault(b.TableRef(type=expr.type, span=expr.span, param=expr.param, keys=expr.keys))
            stack.extend(children(expr))
        else:
            stack.extend(children(expr))
    return tuple(found)


def _is_day(expr: b.Expr) -> bool:
    return isinstance(expr, b.PeriodRef) and expr.member == "day"


def _looks_up(value: b.Expr) -> bool:
    """Whether a value that is not optional may be missing all the same; `share` divides."""
    if isinstance(value, b.Call):
        return value.function == "share"
    return isinstance(value, b.ParamRef | b.SeriesRef | b.FunctionCall | b.Tiers)


def _is_zero(bound: b.Expr) -> bool:
    return isinstance(bound, b.Lit) and bound.type.unit == NUMBER and bound.type.kind == "number" and bound.value == 0
