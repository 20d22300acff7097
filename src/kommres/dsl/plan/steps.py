"""Expressions to steps: one small function per kind of expression."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from attrs import define, field

from kommres.dsl.bound.nodes import (
    AbsentLit,
    Aggregate,
    AtEdge,
    Binder,
    Call,
    ChargedRef,
    Children,
    Compare,
    ElseValue,
    Events,
    Expr,
    FieldRef,
    FunctionCall,
    GridDays,
    GridIntervals,
    Has,
    IfElse,
    InputRef,
    IntervalEdge,
    Intervals,
    Lit,
    Logic,
    MeanOverDays,
    Members,
    Not,
    OptionRef,
    OverSlices,
    ParamRef,
    PastMonths,
    PeriodRef,
    Product,
    Rule,
    RuleRef,
    Scale,
    SeriesRef,
    SliceRef,
    Source,
    Sum,
    TableRef,
    Tiers,
    VarRef,
)
from kommres.dsl.diagnostics import Diagnostic, DiagnosticError
from kommres.dsl.limits import CODES
from kommres.dsl.plan.facts import source_steps
from kommres.dsl.plan.nodes import Gather, Op, SourcePlan, Step

if TYPE_CHECKING:
    from kommres.dsl.source import Span

#: Steps with a choice or a row source stay where they were written: explanations and coverage speak of each place.
_OWN_PLACE = frozenset({Op.IF, Op.ELSE, Op.AGGREGATE, Op.OVER_SLICES})


@define
class Budget:
    """Counts the steps of a whole plan."""

    limit: int
    used: int = 0

    def take(self, step: Step) -> None:
        """Count a step. Raises :class:`DiagnosticError` beyond the limit."""
        self.used += 1
        if self.used > self.limit:
            raise DiagnosticError([_too_long(self.limit, step.span)])


def _too_long(limit: int, span: Span) -> Diagnostic:
    return Diagnostic(
        code=CODES["plan_steps"],
        message=f"the program needs more than {limit} steps, which is the limit",
        span=span,
        note="the first step too many",
        help="load fewer modules, or raise the limit where the program is trusted",
    )


@define(kw_only=True)
class Numbers:
    """Numbers of declarations inside the plan."""

    definitions: Mapping[Rule, int]
    params: Mapping[int, int]
    options: Mapping[int, int]


@define
class Steps:
    """The steps of one definition; equal steps without a choice in them are written once."""

    numbers: Numbers
    budget: Budget
    slots: int = 1
    steps: list[Step] = field(factory=list)
    known: dict[object, int] = field(factory=dict)

    def lower(self, expr: Expr) -> int:
        """Return the number of the step that computes an expression."""
        return _LOWER[type(expr)](self, expr)

    def put(self, expr: Expr, op: Op, args: tuple[int, ...] = (), data: object = None) -> int:
        """Write a step for ``expr``, or find the same one."""
        kind = expr.type.kind
        unit = str(expr.type.unit) if kind == "number" and expr.type.unit is not None else ""
        varies = _moves(expr)
        picture = (op, args, _picture(data), kind, unit, varies)
        found = None if op in _OWN_PLACE else self.known.get(picture)
        if found is not None:
            return found
        step = Step(op=op, args=args, data=data, kind=kind, unit=unit, varies=varies, span=expr.span)
        self.budget.take(step)
        self.steps.append(step)
        self.known[picture] = len(self.steps) - 1
        return len(self.steps) - 1

    def all(self, exprs: tuple[Expr, ...]) -> tuple[int, ...]:
        """Return the numbers of the steps that compute some expressions."""
        return tuple(self.lower(e) for e in exprs)

    def slot(self, number: int) -> None:
        """Make room for a row variable."""
        self.slots = max(self.slots, number + 1)

    def source(self, source: Source, slot: int) -> SourcePlan:
        """Return the plan of a binder's source."""
        self.slot(slot)
        match source:
            case Children(entity=entity, slot=of, up=up):
                return SourcePlan(kind="children", slot=of, up=up, data=entity.name)
            case Events(event=event, slot=of, up=up):
                return SourcePlan(kind="events", slot=of, up=up, data=event)
            case Members(enum=enum):
                return SourcePlan(kind="members", data=enum.members)
            case GridIntervals(grid=grid):
                return SourcePlan(kind="intervals", data=grid)
            case GridDays(over=over, unit=unit):
                return SourcePlan(kind="days", data=(over, unit))
            case PastMonths(count=count, take=take, where=where):
                condition = None if where is None else self.lower(where)
                return SourcePlan(kind="months", data=(count, take), where=condition)
            case Intervals(function=function, of=inner, args=args, by=by):
                return SourcePlan(kind=function, of=self.source(inner, slot), args=self.all(args), by=by)
            case _:
                raise TypeError(source)


def _moves(expr: Expr) -> bool:
    """Whether an expression may differ between days of a period by itself, not by what it is made of."""
    match expr:
        case ParamRef(param=param, on=None, months=None) | Tiers(param=param) | TableRef(param=param):
            return param.dated
        case RuleRef(rule=rule):
            return rule.type.varies or (not rule.is_charge and (rule.start is not None or rule.until is not None))
        case Aggregate(binders=binders):
            return any(_covering(binder.source) for binder in binders)
        case _:
            return expr.type.varies


def _covering(source: Source) -> bool:
    return isinstance(source, Intervals) and (source.function == "covering" or _covering(source.of))


def _picture(data: object) -> object:
    """Return a hashable picture of a payload: 1 and yes differ, declarations count by identity."""
    if isinstance(data, tuple):
        return tuple(_picture(item) for item in data)
    return (type(data), data)


def _constant(steps: Steps, expr: Lit) -> int:
    return steps.put(expr, Op.CONST, data=expr.value)


def _absent(steps: Steps, expr: AbsentLit) -> int:
    return steps.put(expr, Op.ABSENT)


def _input(steps: Steps, expr: InputRef) -> int:
    return steps.put(expr, Op.INPUT, steps.all(expr.keys), (expr.input, expr.slot, expr.up, expr.months))


def _series(steps: Steps, expr: SeriesRef) -> int:
    return steps.put(expr, Op.SERIES, data=(expr.series, expr.slot, expr.up, expr.at, expr.grid))


def _rule(steps: Steps, expr: RuleRef) -> int:
    data = (steps.numbers.definitions[expr.rule], expr.slot, expr.up, expr.months)
    return steps.put(expr, Op.RULE, steps.all(expr.keys), data)


def _charged(steps: Steps, expr: ChargedRef) -> int:
    data = (steps.numbers.definitions[expr.rule], expr.slot, expr.up, expr.months)
    return steps.put(expr, Op.CHARGED, data=data)


def _param(steps: Steps, expr: ParamRef) -> int:
    keys = expr.keys if expr.on is None else (*expr.keys, expr.on)
    data = (steps.numbers.params[id(expr.param)], expr.on is not None, expr.months)
    return steps.put(expr, Op.PARAM, steps.all(keys), data)


def _option(steps: Steps, expr: OptionRef) -> int:
    return steps.put(expr, Op.OPTION, data=(steps.numbers.options[id(expr.option)], expr.slot))


def _variable(steps: Steps, expr: VarRef) -> int:
    return steps.put(expr, Op.VAR, data=expr.slot)


def _field(steps: Steps, expr: FieldRef) -> int:
    return steps.put(expr, Op.FIELD, data=(expr.slot, expr.name))


def _edge_of_interval(steps: Steps, expr: IntervalEdge) -> int:
    return steps.put(expr, Op.INTERVAL, data=(expr.slot, expr.edge, expr.grid))


def _period(steps: Steps, expr: PeriodRef) -> int:
    return steps.put(expr, Op.PERIOD, data=(expr.member, expr.months))


def _slice(steps: Steps, expr: SliceRef) -> int:
    return steps.put(expr, Op.SLICE, data=expr.member)


def _scale(steps: Steps, expr: Scale) -> int:
    return steps.put(expr, Op.SCALE, (steps.lower(expr.value),), expr.factor)


def _sum(steps: Steps, expr: Sum) -> int:
    terms = tuple(steps.lower(term) for _, term in expr.terms)
    return steps.put(expr, Op.ADD, terms, tuple(sign for sign, _ in expr.terms))


def _product(steps: Steps, expr: Product) -> int:
    """Write runs of factors as one step, each divisor as a step of its own."""
    run = [steps.lower(expr.first)]
    for op, factor in expr.rest:
        number = steps.lower(factor)
        if op == "*":
            run.append(number)
        else:
            above = run[0] if len(run) == 1 else steps.put(expr, Op.MUL, tuple(run))
            run = [steps.put(expr, Op.DIV, (above, number))]
    return run[0] if len(run) == 1 else steps.put(expr, Op.MUL, tuple(run))


def _compare(steps: Steps, expr: Compare) -> int:
    return steps.put(expr, Op.COMPARE, (steps.lower(expr.left), steps.lower(expr.right)), expr.op)


def _logic(steps: Steps, expr: Logic) -> int:
    return steps.put(expr, Op.AND if expr.op == "and" else Op.OR, steps.all(expr.parts))


def _not(steps: Steps, expr: Not) -> int:
    return steps.put(expr, Op.NOT, (steps.lower(expr.value),))


def _has(steps: Steps, expr: Has) -> int:
    return steps.put(expr, Op.HAS, (steps.lower(expr.value),))


def _if(steps: Steps, expr: IfElse) -> int:
    return steps.put(expr, Op.IF, steps.all((expr.condition, expr.then, expr.otherwise)))


def _else(steps: Steps, expr: ElseValue) -> int:
    return steps.put(expr, Op.ELSE, steps.all((expr.value, expr.fallback)))


def _call(steps: Steps, expr: Call) -> int:
    return steps.put(expr, Op.CALL, steps.all(expr.args), (expr.function, expr.mode, expr.calendar))


def _function(steps: Steps, expr: FunctionCall) -> int:
    return steps.put(expr, Op.FUNCTION, steps.all(expr.args), expr.function)


def _tiers(steps: Steps, expr: Tiers) -> int:
    keys = tuple(key for key in expr.keys if key is not None)
    scale = () if expr.scale is None else (expr.scale,)
    data = (steps.numbers.params[id(expr.param)], expr.scale is not None, expr.keys.index(None))
    return steps.put(expr, Op.TIERS, steps.all((expr.volume, *scale, *keys)), data)


def _table(steps: Steps, expr: TableRef) -> int:
    keys = tuple(key for key in expr.keys if key is not None)
    return steps.put(expr, Op.TABLE, steps.all(keys), (steps.numbers.params[id(expr.param)], expr.keys.index(None)))


def _edge(steps: Steps, expr: AtEdge) -> int:
    return steps.put(expr, Op.EDGE, (steps.lower(expr.value),), expr.edge)


def _mean_days(steps: Steps, expr: MeanOverDays) -> int:
    return steps.put(expr, Op.MEAN_DAYS, (steps.lower(expr.value),))


def _over_slices(steps: Steps, expr: OverSlices) -> int:
    span = () if expr.start is None or expr.end is None else (expr.start, expr.end)
    args = steps.all((expr.value, *span, *expr.names))
    return steps.put(expr, Op.OVER_SLICES, args, (bool(span), len(expr.names)))


def _aggregate(steps: Steps, expr: Aggregate) -> int:
    binders = tuple(_binder(steps, binder) for binder in expr.binders)
    value, by, where = (None if e is None else steps.lower(e) for e in (expr.value, expr.by, expr.where))
    args = tuple(n for n in (value, by, where) if n is not None)
    for _, source in binders:
        args += source_steps(source)
    gather = Gather(function=expr.function, value=value, by=by, where=where, binders=binders)
    return steps.put(expr, Op.AGGREGATE, args, gather)


def _binder(steps: Steps, binder: Binder) -> tuple[int, SourcePlan]:
    return binder.slot, steps.source(binder.source, binder.slot)


_LOWER: dict[type[Expr], Callable[..., int]] = {
    Lit: _constant,
    AbsentLit: _absent,
    InputRef: _input,
    SeriesRef: _series,
    RuleRef: _rule,
    ChargedRef: _charged,
    ParamRef: _param,
    OptionRef: _option,
    VarRef: _variable,
    FieldRef: _field,
    IntervalEdge: _edge_of_interval,
    PeriodRef: _period,
    SliceRef: _slice,
    Scale: _scale,
    Sum: _sum,
    Product: _product,
    Compare: _compare,
    Logic: _logic,
    Not: _not,
    Has: _has,
    IfElse: _if,
    ElseValue: _else,
    Call: _call,
    FunctionCall: _function,
    Tiers: _tiers,
    TableRef: _table,
    AtEdge: _edge,
    MeanOverDays: _mean_days,
    OverSlices: _over_slices,
    Aggregate: _aggregate,
}
