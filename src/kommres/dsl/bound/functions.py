"""The functions of the language: how many arguments, in which units, with what result."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from kommres.dsl.bound import nodes as b
from kommres.dsl.diagnostics import Suggestion, closest
from kommres.dsl.syntax import nodes as syn
from kommres.units import NUMBER, Unit

if TYPE_CHECKING:
    from collections.abc import Callable

    from kommres.dsl.bound.base import BinderBase as _Base
    from kommres.dsl.bound.context import Context
else:
    _Base = object

MODES = ("half_up", "half_even", "up", "down", "ceiling", "floor")
NAMES = (
    "round",
    "floor",
    "ceil",
    "whole",
    "steps",
    "min",
    "max",
    "clamp",
    "abs",
    "share",
    "tiers",
    "hours",
    "days",
    "days_between",
    "full_days_between",
    "months_since",
    "month_start",
    "month_end",
    "next_working_day",
    "day_of_week",
    "year",
    "month",
    "date_of",
    "hour_of_day",
    "is_working_day",
)
SOURCES = ("clip", "union", "merge", "daily", "split", "worst", "apart", "covering")

_DAY, _HOUR, _MONTH = Unit((("day", 1),)), Unit((("h", 1),)), Unit((("month", 1),))
_DATE = b.Type(kind="date")
#: As steps of `round` these are numbers of digits, as spreadsheets have them.
_DIGITS = frozenset((2, 3, 4))


def _number(unit: Unit = NUMBER) -> b.Type:
    return b.Type(kind="number", unit=unit)


class FunctionMixin(_Base):
    """Calls: functions of the language, keyed rules and inputs."""

    def call(self, expr: syn.Call, context: Context, wanted: b.Type | None) -> b.Expr:
        """``round(x, 0.01)``, ``volume(day)``."""
        name = expr.name.text
        if name in SOURCES:
            raise self.problem(
                "K0412",
                f"`{name}` gives rows, not a value",
                expr.span,
                help=f"use it in an aggregate: `sum of … for x in {expr.span.text}`",
            )
        if len(expr.name.parts) > 1 or name not in NAMES:
            foreign = self.foreign_call(expr, context) if len(expr.name.parts) == 1 else None
            return self._keyed(expr, context, wanted) if foreign is None else foreign
        method: Callable[[syn.Call, Context], b.Expr] = getattr(self, f"_fn_{name}")
        return method(expr, context)

    def _keyed(self, expr: syn.Call, context: Context, wanted: b.Type | None) -> b.Expr:
        word = expr.name.text
        if len(expr.name.parts) == 1:
            self.refuse_whole_series(word, context, expr)
        if (
            len(expr.name.parts) == 1
            and not context.module.rules_named(word)
            and not any(n == word for _, n in self._input_names(context))
        ):
            near = closest(word, NAMES)
            raise self.problem(
                "K0403",
                f"unknown function `{word}`",
                expr.name.span,
                help=f"did you mean `{near}`?" if near else f"there are {', '.join(NAMES)}",
            )
        return self._resolve(expr.name, expr.args, context, wanted, expr)

    def _input_names(self, context: Context) -> list[tuple[b.Entity, str]]:
        return [key for module in self.scope.visible(context.module) for key in module.inputs]

    def _args(self, expr: syn.Call, context: Context, low: int, high: int | None = None) -> list[b.Expr]:
        high = low if high is None else high
        if not low <= len(expr.args) <= high:
            wanted = str(low) if low == high else f"{low} to {high}"
            raise self.problem(
                "K0402",
                f"`{expr.name.text}` takes {wanted} values, {len(expr.args)} stand here",
                expr.span,
                help="see the language reference, section 7",
            )
        return [self.present(arg, context) for arg in expr.args]

    def _numeric(self, value: b.Expr) -> b.Expr:
        if value.type.kind != "number":
            raise self.problem("K0401", f"a number is needed here, this is {value.type}", value.span)
        return value

    def _like(self, value: b.Expr, other: b.Expr) -> b.Expr:
        """``other`` in the unit of ``value``; a plain literal takes that unit."""
        if (
            isinstance(other, b.Lit)
            and other.type.unit == NUMBER
            and value.type.unit != NUMBER
            and value.type.kind == "number"
        ):
            return b.Lit(type=value.type, span=other.span, value=other.value)
        return self.coerce(other, value.type, code="K0302", what=f"is the unit of `{value.span.text}`")

    # rounding --------------------------------------------------------------------------------------------

    def _fn_round(self, expr: syn.Call, context: Context) -> b.Expr:
        mode = "half_up"
        args = expr.args
        if len(args) == 3:
            last = args[2]
            mode = last.name.text if isinstance(last, syn.Ref) else ""
            if mode not in MODES:
                raise self.problem(
                    "K0402", "the third value of `round` is a mode", last.span, help=f"one of {', '.join(MODES)}"
                )
            args = args[:2]
        if len(args) != 2:
            raise self.problem(
                "K0402",
                "`round` needs the value and the step to round to",
                expr.span,
                help="write `round(x, 0.01)` for kopecks, cents",
            )
        step = args[1]
        if isinstance(step, syn.Number) and step.unit is None and step.value in _DIGITS:
            right = f"0.{'0' * (int(step.value) - 1)}1"
            raise self.problem(
                "K0402",
                f"`{step.span.text}` is a step here, not a number of digits",
                step.span,
                help=f"for {step.span.text} digits write `{right}`",
                suggestion=Suggestion(span=step.span, replacement=right),
            )
        value = self.number(args[0], context)
        return b.Call(
            type=_number(value.type.unit or NUMBER),
            span=expr.span,
            function="round",
            args=(value, self._step(value, args[1], context)),
            mode=mode,
        )

    def _step(self, value: b.Expr, expr: syn.Expr, context: Context) -> b.Expr:
        step = self._like(value, self.number(expr, context))
        if not isinstance(step, b.Lit) or not isinstance(step.value, int | Fraction) or step.value <= 0:
            raise self.problem(
                "K0402", "a step is a number greater than 0, written out", expr.span, help="such as `0.01`"
            )
        return step

    def _stepped(
        self, expr: syn.Call, context: Context, *, optional_step: bool = False, unit: Unit | None = None
    ) -> b.Expr:
        if optional_step and len(expr.args) == 1:
            value = self.number(expr.args[0], context)
            step: b.Expr = b.Lit(type=value.type, span=expr.span, value=1)
        elif len(expr.args) == 2:
            value = self.number(expr.args[0], context)
            step = self._step(value, expr.args[1], context)
        else:
            raise self.problem(
                "K0402",
                f"`{expr.name.text}` needs the value and a step",
                expr.span,
                help=f"write `{expr.name.text}(x, 1)`",
            )
        return b.Call(
            type=_number(value.type.unit or NUMBER if unit is None else unit),
            span=expr.span,
            function=expr.name.text,
            args=(value, step),
        )

    def _fn_floor(self, expr: syn.Call, context: Context) -> b.Expr:
        return self._stepped(expr, context)

    def _fn_ceil(self, expr: syn.Call, context: Context) -> b.Expr:
        return self._stepped(expr, context)

    def _fn_whole(self, expr: syn.Call, context: Context) -> b.Expr:
        return self._stepped(expr, context, optional_step=True)

    def _fn_steps(self, expr: syn.Call, context: Context) -> b.Expr:
        return self._stepped(expr, context, unit=NUMBER)

    # choice of numbers -----------------------------------------------------------------------------------

    def _fn_min(self, expr: syn.Call, context: Context) -> b.Expr:
        return self._extreme(expr, context)

    def _fn_max(self, expr: syn.Call, context: Context) -> b.Expr:
        return self._extreme(expr, context)

    def _extreme(self, expr: syn.Call, context: Context) -> b.Expr:
        args = self._args(expr, context, 2, 50)
        lead = next((a for a in args if not (isinstance(a, b.Lit) and a.value == 0 and a.type.unit == NUMBER)), args[0])
        if lead.type.kind not in {"number", "date", "instant"}:
            raise self.problem("K0415", f"values of type {lead.type} have no order", lead.span)
        args = [self.coerce(a, lead.type, code="K0302", what=f"is the unit of `{lead.span.text}`") for a in args]
        return b.Call(
            type=b.Type(kind=lead.type.kind, unit=lead.type.unit),
            span=expr.span,
            function=expr.name.text,
            args=tuple(args),
        )

    def _fn_clamp(self, expr: syn.Call, context: Context) -> b.Expr:
        value, low, high = (self._numeric(a) for a in self._args(expr, context, 3))
        return b.Call(
            type=_number(value.type.unit or NUMBER),
            span=expr.span,
            function="clamp",
            args=(value, self._like(value, low), self._like(value, high)),
        )

    def _fn_abs(self, expr: syn.Call, context: Context) -> b.Expr:
        value = self._numeric(self._args(expr, context, 1)[0])
        return b.Call(type=_number(value.type.unit or NUMBER), span=expr.span, function="abs", args=(value,))

    def _fn_share(self, expr: syn.Call, context: Context) -> b.Expr:
        part, whole = (self._numeric(a) for a in self._args(expr, context, 2))
        return b.Call(type=_number(), span=expr.span, function="share", args=(part, self._like(part, whole)))

    def _fn_tiers(self, expr: syn.Call, context: Context) -> b.Expr:
        if len(expr.args) not in {2, 3} or not isinstance(expr.args[1], syn.Index):
            raise self.problem(
                "K0402",
                "`tiers` needs a volume and a look-up with `_` for the bracket key",
                expr.span,
                help="write `tiers(volume, price[zone, _])`",
            )
        volume = self.number(expr.args[0], context)
        if context.months is not None:
            raise self.problem(
                "K0413", "`tiers` inside past months", expr.span, help="put it into a rule, and read the rule there"
            )
        index = expr.args[1]
        param = self.find_param(index.base, context)
        if param is None or not any(k.bracket for k in param.keys):
            raise self.problem(
                "K0402",
                f"`{index.base.text}` is no parameter with brackets",
                index.span,
                help="declare it `by (volume: kWh)` with rows `0..100 = …`",
            )
        keys = self.param_keys(param, index.keys, context, index, hole=True)
        bracket = next(k for k in param.keys if k.bracket)
        volume = self.coerce(volume, bracket.type, code="K0302", what=f"is the unit of the brackets of `{param.name}`")
        scale = (
            self.coerce(self.number(expr.args[2], context), _number(), what="is wanted: a scale has no unit")
            if len(expr.args) == 3
            else None
        )
        unit = (volume.type.unit or NUMBER) * (param.type.unit or NUMBER)
        return b.Tiers(type=_number(unit), span=expr.span, volume=volume, param=param, keys=keys, scale=scale)

    # intervals and dates ---------------------------------------------------------------------------------

    def _fn_hours(self, expr: syn.Call, context: Context) -> b.Expr:
        known = self.length_of(expr, context)
        if known is not None:
            return known
        start, end = self._edges(expr, context, "instant")
        length = b.Sum(type=_number(_HOUR), span=expr.span, terms=((1, end), (-1, start)))
        return b.Scale(type=_number(_HOUR), span=expr.span, value=length, factor=Fraction(1, 3600))

    def _fn_days(self, expr: syn.Call, context: Context) -> b.Expr:
        start, end = self._edges(expr, context, "date")
        return b.Sum(type=_number(_DAY), span=expr.span, terms=((1, end), (-1, start)))

    def _edges(self, expr: syn.Call, context: Context, kind: str) -> tuple[b.Expr, b.Expr]:
        arg = expr.args[0] if len(expr.args) == 1 else None
        row = next(
            (r for r in context.rows if isinstance(arg, syn.Ref) and r.name == arg.name.text and r.event is not None),
            None,
        )
        if row is None or row.event is None or row.event.interval != kind:
            raise self.problem(
                "K0412",
                f"`{expr.name.text}` takes an interval of {kind}s",
                expr.span,
                help="name the variable of an aggregate: `sum of hours(x) for x in clip(interruption)`",
            )
        edges = [
            b.FieldRef(
                type=b.Type(
                    kind=kind, optional=n not in row.certain and bool((f := row.event.field(n)) and f.type.optional)
                ),
                span=expr.span,
                slot=row.slot,
                name=n,
            )
            for n in ("from", "to")
        ]
        return self.need(edges[0], context), self.need(edges[1], context)

    def _dated(self, expr: syn.Call, context: Context, count: int) -> list[b.Expr]:
        args = self._args(expr, context, count)
        for arg in args:
            if arg.type.kind != "date":
                raise self.problem("K0401", f"a date is needed here, this is {arg.type}", arg.span)
        return args

    def _fn_days_between(self, expr: syn.Call, context: Context) -> b.Expr:
        start, end = self._dated(expr, context, 2)
        return b.Sum(type=_number(_DAY), span=expr.span, terms=((1, end), (-1, start)))

    def _of_dates(self, expr: syn.Call, context: Context, count: int, result: b.Type) -> b.Expr:
        return b.Call(
            type=result, span=expr.span, function=expr.name.text, args=tuple(self._dated(expr, context, count))
        )

    def _fn_full_days_between(self, expr: syn.Call, context: Context) -> b.Expr:
        return self._of_dates(expr, context, 2, _number(_DAY))

    def _fn_months_since(self, expr: syn.Call, context: Context) -> b.Expr:
        args = (
            *self._dated(expr, context, 1),
            b.PeriodRef(type=_DATE, span=expr.span, member="start", months=context.months),
        )
        return b.Call(type=_number(), span=expr.span, function="months_since", args=args)

    def _fn_month_start(self, expr: syn.Call, context: Context) -> b.Expr:
        return self._of_dates(expr, context, 1, _DATE)

    def _fn_month_end(self, expr: syn.Call, context: Context) -> b.Expr:
        return self._of_dates(expr, context, 1, _DATE)

    def _fn_day_of_week(self, expr: syn.Call, context: Context) -> b.Expr:
        return self._of_dates(expr, context, 1, _number())

    def _fn_year(self, expr: syn.Call, context: Context) -> b.Expr:
        return self._of_dates(expr, context, 1, _number())

    def _fn_month(self, expr: syn.Call, context: Context) -> b.Expr:
        return self._of_dates(expr, context, 1, _number())

    def _fn_next_working_day(self, expr: syn.Call, context: Context) -> b.Expr:
        name = expr.args[1].name.text if len(expr.args) == 2 and isinstance(expr.args[1], syn.Ref) else ""
        calendar = self.scope.vocabulary(context.module, name)
        if not isinstance(calendar, b.Calendar):
            raise self.problem(
                "K0402",
                "`next_working_day` needs a date and a calendar",
                expr.span,
                help="write `next_working_day(due, working)`",
            )
        date = self.present(expr.args[0], context)
        if date.type.kind != "date":
            raise self.problem("K0401", f"a date is needed here, this is {date.type}", date.span)
        return b.Call(type=_DATE, span=expr.span, function="next_working_day", args=(date,), calendar=calendar)
