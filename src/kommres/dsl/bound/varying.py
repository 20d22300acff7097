"""What changes inside the period, and whether that is allowed where it stands.

A rule varies if what it reads varies; that is found as a fixpoint. Then every place that needs one value is
checked: a charge, a
rounding outside ``sum over slices``, the ends of a span. The same walk proves that a charge is rounded and that a
rule which is
computed again for past months reads only what is supplied for them.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import takewhile
from typing import TYPE_CHECKING

from attrs import evolve

from kommres.dsl.bound import nodes as b
from kommres.dsl.bound.walk import alternative_expressions, children, walk

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kommres.dsl.diagnostics import Diagnostics


def infer(rules: Iterable[b.Rule], amendments: Iterable[b.Amendment], out: Diagnostics) -> None:
    """Set ``varies`` of every rule's type and report what may not vary."""
    rules = list(rules)
    parts = {id(rule): list(rule.alternatives) for rule in rules}
    for amendment in amendments:
        parts[id(amendment.rule)] += amendment.alternatives
    changed = True
    while changed:
        changed = False
        for rule in rules:
            if not rule.type.varies and any(_alternative_varies(a) for a in parts[id(rule)]):
                rule.type = evolve(rule.type, varies=True)
                changed = True
    for rule in rules:
        _check_rule(rule, parts[id(rule)], out)


def _alternative_varies(alternative: b.Alternative) -> bool:
    dated = alternative.start is not None or alternative.until is not None
    return dated or any(varies(e) for e in alternative_expressions(alternative))


def varies(expr: b.Expr) -> bool:
    """Whether an expression is a step function over days."""
    match expr:
        case b.InputRef(input=declared, months=months):
            return (declared.varies and months is None) or any(map(varies, expr.keys))
        case b.RuleRef(rule=rule):
            return rule.type.varies or any(map(varies, expr.keys))
        case b.ParamRef(param=param, on=on, months=months):
            return (param.dated and on is None and months is None) or any(map(varies, children(expr)))
        case b.TableRef(param=param):
            return param.dated
        case b.PeriodRef(member=member, months=months):
            return member == "day" and months is None
        case b.Tiers(param=param):
            return param.dated or any(map(varies, children(expr)))
        case b.OverSlices() | b.MeanOverDays() | b.AtEdge() | b.Lit():
            return False
        case b.Aggregate(binders=binders):
            outside = list(takewhile(lambda binder: not has_days(binder.source), binders))
            if len(outside) < len(binders):  # from there on the day is that of the interval
                return any(
                    _source_varies(x.source) or any(map(varies, children(x.source)))
                    for x in binders[: len(outside) + 1]
                )
            return any(_source_varies(binder.source) for binder in binders) or any(map(varies, children(expr)))
        case _:
            return any(map(varies, children(expr)))


def has_days(source: b.Source) -> bool:
    """Whether inside a binder of this source the current day is that of its interval."""
    while isinstance(source, b.Intervals):
        source = source.of
    return isinstance(source, b.GridIntervals | b.GridDays)


def _source_varies(source: b.Source) -> bool:
    while isinstance(source, b.Intervals):
        if source.function == "covering":
            return True
        source = source.of
    return False


def _check_rule(rule: b.Rule, alternatives: list[b.Alternative], out: Diagnostics) -> None:
    if rule.is_charge:
        for expr in (rule.applies, rule.when, rule.volume):
            if expr is not None and varies(expr):
                _varies_here(expr, "a charge needs one value for the period here", out)
    for alternative in alternatives:
        if rule.is_charge and _alternative_varies(alternative):
            place = next((e for e in alternative_expressions(alternative) if varies(e)), None)
            if place is None:
                out.add(
                    "K0406",
                    f"`{rule.name}` changes inside the period, but a charge is one amount",
                    alternative.span,
                    help="put the choice into a rule and charge `sum over slices` of it",
                )
            else:
                _varies_here(place, f"`{rule.name}` is one amount for the period", out)
        if rule.is_charge and alternative.body is not None and not rounded(alternative.body, set()):
            out.add(
                "K0405",
                f"the amount of `{rule.name}` is not rounded",
                alternative.body.span,
                note="an exact number of any length",
                help=f"say where and how: `round({_short(alternative.body)}, 0.01)`",
            )
        for expr in alternative_expressions(alternative):
            _check_expr(expr, out)
    for expr in (rule.when, rule.volume, rule.price):
        if expr is not None:
            _check_expr(expr, out)


def _short(expr: b.Expr) -> str:
    text = " ".join(expr.span.text.split())
    return text if len(text) < 40 else "…"


def _varies_here(expr: b.Expr, message: str, out: Diagnostics) -> None:
    culprit = next((e for e in walk(expr) if isinstance(e, b.InputRef | b.RuleRef | b.ParamRef) and varies(e)), expr)
    out.add(
        "K0406",
        f"{message}, and `{culprit.span.text}` may change inside it",
        culprit.span,
        help="write `sum over slices …`, or choose one day: `… at start`, `… at end`, or `mean over days …`",
    )


def _check_expr(expr: b.Expr, out: Diagnostics) -> None:
    stack: list[tuple[b.Expr, bool]] = [(expr, False)]
    while stack:
        node, in_slices = stack.pop()
        if isinstance(node, b.OverSlices):
            for edge in (node.start, node.end):
                if edge is not None and varies(edge):
                    _varies_here(edge, "slices need fixed ends", out)
            stack += [(edge, in_slices) for edge in (node.start, node.end) if edge is not None]
            stack.append((node.value, True))
            continue
        if isinstance(node, b.Call) and node.function == "round" and not in_slices and varies(node.args[0]):
            out.add(
                "K0407",
                "this value may change inside the period, and rounding it day by day has no meaning",
                node.span,
                help="round inside `sum over slices …`, or round one value: "
                "`… at start`, `… at end`, `mean over days …`",
            )
        if isinstance(node, b.RuleRef) and node.months is not None:
            _check_recomputed(node, out)
        stack += [(child, in_slices) for child in children(node)]


def _check_recomputed(ref: b.RuleRef, out: Diagnostics) -> None:
    """A rule evaluated in past months may read only what is supplied for them."""
    seen: set[int] = set()
    queue = [ref.rule]
    while queue:
        rule = queue.pop()
        if id(rule) in seen:
            continue
        seen.add(id(rule))
        for alternative in rule.alternatives:
            for expr in alternative_expressions(alternative):
                for node in walk(expr):
                    if isinstance(node, b.RuleRef):
                        queue.append(node.rule)
                    if isinstance(node, b.Aggregate) and any(has_days(binder.source) for binder in node.binders):
                        out.add(
                            "K0413",
                            f"`{ref.rule.name}` is computed again for past months, "
                            "but it goes over intervals or days of the period",
                            ref.span,
                            help="read the closed result of a charge with `charged`, or an input with `history`",
                        )
                        return
                    if isinstance(node, b.InputRef) and not node.input.history and not node.input.varies:
                        out.add(
                            "K0413",
                            f"`{ref.rule.name}` is computed again for past months, "
                            f"but `{node.input.name}` is not supplied for them",
                            ref.span,
                            help=f"declare `{node.input.name}` with `history`",
                        )
                        return


def rounded(expr: b.Expr, seen: set[int]) -> bool:
    """Whether an expression is proved to lie on a declared step: rounded by its author, or made of such parts."""
    match expr:
        case b.Call(function="round" | "floor" | "ceil" | "whole") | b.FunctionCall():
            return True
        case b.Call(function="min" | "max" | "clamp" | "abs", args=args):
            return all(rounded(a, seen) for a in args)
        case b.Lit(value=value):
            return isinstance(value, int) or (isinstance(value, Fraction) and 10000 % value.denominator == 0)
        case b.AbsentLit():
            return True
        case b.Sum(terms=terms):
            return all(rounded(t, seen) for _, t in terms)
        case b.IfElse(then=then, otherwise=otherwise):
            return rounded(then, seen) and rounded(otherwise, seen)
        case b.ElseValue(value=value, fallback=fallback):
            return rounded(value, seen) and rounded(fallback, seen)
        case b.OverSlices(value=value) | b.AtEdge(value=value):
            return rounded(value, seen)
        case b.Aggregate(function="sum" | "min" | "max" | "first" | "last", value=value):
            return value is not None and rounded(value, seen)
        case b.InputRef(input=declared) | b.SeriesRef(series=declared):
            return declared.step is not None
        case b.ChargedRef():
            return True
        case b.ParamRef(param=param):
            return all(
                isinstance(r.value, int) or (isinstance(r.value, Fraction) and 10000 % r.value.denominator == 0)
                for r in param.rows
            )
        case b.RuleRef(rule=rule):
            if id(rule) in seen:
                return True
            bodies = [a.body for a in rule.alternatives if a.body is not None]
            return rule.is_charge or (bool(bodies) and all(rounded(body, seen | {id(rule)}) for body in bodies))
    return False
