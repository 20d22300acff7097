"""From definitions to flat steps."""

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
    Has,
    IfElse,
    InputRef,
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
    SliceRef,
    Source,
    Sum,
    TableRef,
    Tiers,
    VarRef,
)
from kommres.dsl.diagnostics import Diagnostic, DiagnosticError
from kommres.dsl.limits import CODES, DEFAULT, Limits
from kommres.dsl.plan.digest import digest
from kommres.dsl.plan.nodes import (
    AlternativePlan,
    DefinitionPlan,
    Gather,
    Op,
    OptionPlan,
    Plan,
    SourcePlan,
    Step,
    SuppressionPlan,
)
from kommres.dsl.rules.order import option_bindings

if TYPE_CHECKING:
    from kommres.dsl.rules.nodes import Alternative, Definition, RuleSet
    from kommres.dsl.source import Span

#: Steps with a choice or a row source stay where they were written: explanations and coverage speak of each place.
_OWN_PLACE = frozenset({Op.IF, Op.ELSE, Op.AGGREGATE, Op.OVER_SLICES})


def lower(rules: RuleSet, limits: Limits = DEFAULT) -> Plan:
    """Turn definitions into a plan.

    Raises :class:`DiagnosticError` with the code of ``Limits.plan_steps`` where the plan would be longer than that.
    """
    program = rules.program
    numbers = _Numbers(
        definitions={d.rule: n for n, d in enumerate(rules.definitions)},
        params={id(p): n for n, p in enumerate(program.params)},
        options={id(o): n for n, o in enumerate(program.options)},
    )
    budget = _Budget(limits.plan_steps)
    definitions = tuple(_definition(n, d, numbers, budget) for n, d in enumerate(rules.definitions))
    bindings = option_bindings(program)
    options = []
    for option in program.options:
        bound = []
        for binding in bindings.get(option.id, ()):
            steps = _Steps(numbers, budget)
            condition = None if binding.when is None else steps.lower(binding.when)
            bound.append((binding, tuple(steps.steps), condition))
        options.append(OptionPlan(option=option, bindings=tuple(bound)))
    return Plan(
        program=program,
        inputs=program.inputs,
        events=program.events,
        params=program.params,
        calendars=program.calendars,
        options=tuple(options),
        definitions=definitions,
        digest=digest(program),
    )


@define
class _Budget:
    """Counts the steps of a whole plan."""

    limit: int
    used: int = 0

    def take(self, step: Step) -> None:
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
class _Numbers:
    """Numbers of declarations inside the plan."""

    definitions: Mapping[Rule, int]
    params: Mapping[int, int]
    options: Mapping[int, int]


def _definition(number: int, definition: Definition, numbers: _Numbers, budget: _Budget) -> DefinitionPlan:
    rule = definition.rule
    steps = _Steps(numbers, budget, slots=1 + len(rule.keys))
    alternatives = tuple(_alternative(a, steps) for a in definition.alternatives)
    count = len(alternatives)
    weaker = [frozenset(w for s, w in definition.beats if s == n) for n in range(count)]
    apart: list[set[int]] = [set() for _ in range(count)]
    for one, other in definition.exclusive:
        apart[one].add(other)
        apart[other].add(one)
    bases = [n for n, a in enumerate(definition.alternatives) if n == 0 and a.name == "base"]
    when, applies, volume, price = (
        None if expr is None else steps.lower(expr) for expr in (rule.when, rule.applies, rule.volume, rule.price)
    )
    return DefinitionPlan(
        number=number,
        rule=rule,
        steps=tuple(steps.steps),
        key_slots=tuple(range(1, 1 + len(rule.keys))),
        slots=steps.slots,
        alternatives=alternatives,
        # What beats more stands earlier: whoever is beaten beats less than the one that beats it.
        order=tuple(sorted(range(count), key=lambda n: (n in bases, -len(weaker[n]), n))),
        skip=tuple(weaker[n] | apart[n] for n in range(count)),
        beats=definition.beats,
        base=bases[0] if bases else None,
        when=when,
        applies=applies,
        volume=volume,
        price=price,
        varies=definition.varies,
        cuts=definition.cuts,
        options=definition.options,
    )


def _alternative(alternative: Alternative, steps: _Steps) -> AlternativePlan:
    suppressions = tuple(
        SuppressionPlan(start=s.start, until=s.until, conditions=tuple(steps.lower(c) for c in s.conditions))
        for s in alternative.suppressions
    )
    return AlternativePlan(
        name=alternative.name,
        module=alternative.module,
        start=alternative.start,
        until=alternative.until,
        conditions=tuple(steps.lower(c) for c in alternative.conditions),
        suppressions=suppressions,
        body=steps.lower(alternative.body),
        citations=alternative.citations,
        doc=alternative.doc,
        span=alternative.span,
    )


@define
class _Steps:
    """The steps of one definition; equal steps without a choice in them are written once."""

    numbers: _Numbers
    budget: _Budget
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
        picture = (op, args, _picture(data), kind, unit, expr.type.varies)
        found = None if op in _OWN_PLACE else self.known.get(picture)
        if found is not None:
            return found
        step = Step(op=op, args=args, data=data, kind=kind, unit=unit, varies=expr.type.varies, span=expr.span)
        self.budget.take(step)
        self.steps.append(step)
        self.known[picture] = len(self.steps) - 1
        return len(self.steps) - 1

    def all(self, exprs: tuple[Expr, ...]) -> tuple[int, ...]:
        return tuple(self.lower(e) for e in exprs)

    def slot(self, number: int) -> None:
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
            case PastMonths(count=count, take=take, where=where):
                condition = None if where is None else self.lower(where)
                return SourcePlan(kind="months", data=(count, take), where=condition)
            case Intervals(function=function, of=inner, args=args, by=by):
                return SourcePlan(kind=function, of=self.source(inner, slot), args=self.all(args), by=by)
            case _:
                raise TypeError(source)


def _picture(data: object) -> object:
    """Return a hashable picture of a payload: 1 and yes differ, declarations count by identity."""
    if isinstance(data, tuple):
        return tuple(_picture(item) for item in data)
    return (type(data), data)


def _constant(steps: _Steps, expr: Lit) -> int:
    return steps.put(expr, Op.CONST, data=expr.value)


def _absent(steps: _Steps, expr: AbsentLit) -> int:
    return steps.put(expr, Op.ABSENT)


def _input(steps: _Steps, expr: InputRef) -> int:
    return steps.put(expr, Op.INPUT, steps.all(expr.keys), (expr.input, expr.slot, expr.up, expr.months))


def _rule(steps: _Steps, expr: RuleRef) -> int:
    data = (steps.numbers.definitions[expr.rule], expr.slot, expr.up, expr.months)
    return steps.put(expr, Op.RULE, steps.all(expr.keys), data)


def _charged(steps: _Steps, expr: ChargedRef) -> int:
    data = (steps.numbers.definitions[expr.rule], expr.slot, expr.up, expr.months)
    return steps.put(expr, Op.CHARGED, data=data)


def _param(steps: _Steps, expr: ParamRef) -> int:
    keys = expr.keys if expr.on is None else (*expr.keys, expr.on)
    data = (steps.numbers.params[id(expr.param)], expr.on is not None, expr.months)
    return steps.put(expr, Op.PARAM, steps.all(keys), data)


def _option(steps: _Steps, expr: OptionRef) -> int:
    return steps.put(expr, Op.OPTION, data=(steps.numbers.options[id(expr.option)], expr.slot))


def _variable(steps: _Steps, expr: VarRef) -> int:
    return steps.put(expr, Op.VAR, data=expr.slot)


def _field(steps: _Steps, expr: FieldRef) -> int:
    return steps.put(expr, Op.FIELD, data=(expr.slot, expr.name))


def _period(steps: _Steps, expr: PeriodRef) -> int:
    return steps.put(expr, Op.PERIOD, data=(expr.member, expr.months))


def _slice(steps: _Steps, expr: SliceRef) -> int:
    return steps.put(expr, Op.SLICE, data=expr.member)


def _scale(steps: _Steps, expr: Scale) -> int:
    return steps.put(expr, Op.SCALE, (steps.lower(expr.value),), expr.factor)


def _sum(steps: _Steps, expr: Sum) -> int:
    terms = tuple(steps.lower(term) for _, term in expr.terms)
    return steps.put(expr, Op.ADD, terms, tuple(sign for sign, _ in expr.terms))


def _product(steps: _Steps, expr: Product) -> int:
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


def _compare(steps: _Steps, expr: Compare) -> int:
    return steps.put(expr, Op.COMPARE, (steps.lower(expr.left), steps.lower(expr.right)), expr.op)


def _logic(steps: _Steps, expr: Logic) -> int:
    return steps.put(expr, Op.AND if expr.op == "and" else Op.OR, steps.all(expr.parts))


def _not(steps: _Steps, expr: Not) -> int:
    return steps.put(expr, Op.NOT, (steps.lower(expr.value),))


def _has(steps: _Steps, expr: Has) -> int:
    return steps.put(expr, Op.HAS, (steps.lower(expr.value),))


def _if(steps: _Steps, expr: IfElse) -> int:
    return steps.put(expr, Op.IF, steps.all((expr.condition, expr.then, expr.otherwise)))


def _else(steps: _Steps, expr: ElseValue) -> int:
    return steps.put(expr, Op.ELSE, steps.all((expr.value, expr.fallback)))


def _call(steps: _Steps, expr: Call) -> int:
    return steps.put(expr, Op.CALL, steps.all(expr.args), (expr.function, expr.mode, expr.calendar))


def _tiers(steps: _Steps, expr: Tiers) -> int:
    keys = tuple(key for key in expr.keys if key is not None)
    scale = () if expr.scale is None else (expr.scale,)
    data = (steps.numbers.params[id(expr.param)], expr.scale is not None, expr.keys.index(None))
    return steps.put(expr, Op.TIERS, steps.all((expr.volume, *scale, *keys)), data)


def _table(steps: _Steps, expr: TableRef) -> int:
    keys = tuple(key for key in expr.keys if key is not None)
    return steps.put(expr, Op.TABLE, steps.all(keys), (steps.numbers.params[id(expr.param)], expr.keys.index(None)))


def _edge(steps: _Steps, expr: AtEdge) -> int:
    return steps.put(expr, Op.EDGE, (steps.lower(expr.value),), expr.edge)


def _mean_days(steps: _Steps, expr: MeanOverDays) -> int:
    return steps.put(expr, Op.MEAN_DAYS, (steps.lower(expr.value),))


def _over_slices(steps: _Steps, expr: OverSlices) -> int:
    span = () if expr.start is None or expr.end is None else (expr.start, expr.end)
    args = steps.all((expr.value, *span, *expr.names))
    return steps.put(expr, Op.OVER_SLICES, args, (bool(span), len(expr.names)))


def _aggregate(steps: _Steps, expr: Aggregate) -> int:
    binders = tuple(_binder(steps, binder) for binder in expr.binders)
    value, by, where = (None if e is None else steps.lower(e) for e in (expr.value, expr.by, expr.where))
    args = tuple(n for n in (value, by, where) if n is not None)
    for _, source in binders:
        args += _source_args(source)
    gather = Gather(function=expr.function, value=value, by=by, where=where, binders=binders)
    return steps.put(expr, Op.AGGREGATE, args, gather)


def _binder(steps: _Steps, binder: Binder) -> tuple[int, SourcePlan]:
    return binder.slot, steps.source(binder.source, binder.slot)


def _source_args(source: SourcePlan) -> tuple[int, ...]:
    inner = () if source.of is None else _source_args(source.of)
    return (*inner, *source.args, *(() if source.where is None else (source.where,)))


_LOWER: dict[type[Expr], Callable[..., int]] = {
    Lit: _constant,
    AbsentLit: _absent,
    InputRef: _input,
    RuleRef: _rule,
    ChargedRef: _charged,
    ParamRef: _param,
    OptionRef: _option,
    VarRef: _variable,
    FieldRef: _field,
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
    Tiers: _tiers,
    TableRef: _table,
    AtEdge: _edge,
    MeanOverDays: _mean_days,
    OverSlices: _over_slices,
    Aggregate: _aggregate,
}
