"""The bound stage for people: ``kommres check --show bound``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from kommres.dsl.bound import nodes as b

if TYPE_CHECKING:
    from collections.abc import Iterator


def show(program: b.BoundProgram) -> str:
    """All declarations and the typed expressions of the rules, in order of modules."""
    return "\n".join(_lines(program)) + "\n"


def _lines(program: b.BoundProgram) -> Iterator[str]:
    for module in program.modules:
        yield f"module {module.name}"
        for declared in program.inputs:
            if declared.module == module.name:
                marks = [m for m in ("optional", "varies", "history", "signed") if getattr(declared, m)]
                yield f"  input {declared.name} of {declared.entity.name}: {declared.type} {' '.join(marks)}".rstrip()
        for series in program.series:
            if series.module == module.name:
                of = f" of {series.entity.name}" if series.entity is not None else ""
                yield f"  series {series.name}{of}: {series.type} {series.grid}"
        for function in program.functions:
            if function.module == module.name:
                types = ", ".join(f"{name}: {type_}" for name, type_ in function.parameters)
                yield f"  function {function.name}({types}): {function.type} from {function.origin}"
        for param in program.params:
            if param.module == module.name:
                keys = ", ".join(f"{k.name}: {k.type}{' (bracket)' if k.bracket else ''}" for k in param.keys)
                yield f"  param {param.name}[{keys}]: {param.type}, {len(param.rows)} rows"
        for rule in program.rules:
            if rule.module == module.name:
                yield from _rule(rule)


def _rule(rule: b.Rule) -> Iterator[str]:
    word = "charge" if rule.is_charge else "rule"
    yield f"  {word} {rule.name} of {rule.entity.name}: {rule.type}{' varies' if rule.type.varies else ''}"
    for alternative in rule.alternatives:
        head = f"    {alternative.kind} {alternative.name}"
        yield f"{head} when {text(alternative.when)}" if alternative.when else head
        if alternative.body is not None:
            yield f"      = {text(alternative.body)}"


def text(expr: b.Expr) -> str:
    """An expression with its references resolved, one line."""
    match expr:
        case b.Lit(value=value):
            return str(value)
        case b.InputRef(input=declared, slot=slot, up=up):
            return f"{declared.entity.name}.{declared.name}@{slot}^{up}{_keys(expr.keys)}"
        case b.SeriesRef(series=series, slot=slot, up=up, at=at):
            return f"{series.id}@{slot}^{up}[${at}]" if slot is not None else f"{series.id}[${at}]"
        case b.IntervalEdge(slot=slot, edge=edge):
            return f"${slot}.{edge}"
        case b.FunctionCall(function=function, args=args):
            return f"{function.id}({', '.join(map(text, args))})"
        case b.RuleRef(rule=rule, slot=slot, up=up):
            return f"{rule.id}@{slot}^{up}{_keys(expr.keys)}"
        case b.ParamRef(param=param, on=on):
            return f"{param.id}[{', '.join(map(text, expr.keys))}]" + (f" on {text(on)}" if on else "")
        case b.FieldRef(slot=slot, name=name):
            return f"${slot}.{name}"
        case b.VarRef(slot=slot):
            return f"${slot}"
        case b.PeriodRef(member=member):
            return f"period.{member}"
        case b.SliceRef(member=member):
            return f"slice.{member}"
        case b.OptionRef(option=option):
            return option.id
        case b.Scale(value=value, factor=factor):
            return f"({text(value)} x {factor})"
        case b.Sum(terms=terms):
            return (
                "("
                + " ".join(f"{'+' if sign > 0 else '-'} {text(term)}" for sign, term in terms).removeprefix("+ ")
                + ")"
            )
        case b.Product(first=first, rest=rest):
            return "(" + " ".join([text(first), *(f"{op} {text(part)}" for op, part in rest)]) + ")"
        case b.Compare(op=op, left=left, right=right):
            return f"({text(left)} {op} {text(right)})"
        case b.Logic(op=op, parts=parts):
            return "(" + f" {op} ".join(map(text, parts)) + ")"
        case b.Call(function=function, args=args):
            return f"{function}({', '.join(map(text, args))})"
    name = type(expr).__name__
    inner = [
        f"{f.name}={text(value) if isinstance(value, b.Expr) else value if isinstance(value, str) else '…'}"
        for f in attrs.fields(type(expr))
        if f.name not in {"type", "span", "names"} and (value := getattr(expr, f.name)) not in {None, ()}
    ]
    return f"{name}({', '.join(inner)})"


def _keys(keys: tuple[b.Expr, ...]) -> str:
    return f"({', '.join(map(text, keys))})" if keys else ""
