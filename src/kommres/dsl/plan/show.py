"""A plan as text: numbered steps per definition, with what is proved of each."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from kommres.dsl.bound.nodes import Declared
from kommres.dsl.plan import proof_text
from kommres.dsl.plan.nodes import AlternativePlan, DefinitionPlan, Gather, Op, Plan, SourcePlan, Step
from kommres.dsl.plan.prove import prove
from kommres.dsl.rules.show import cut_words, dates, named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kommres.dsl.plan.proofs import Proof


def show(plan: Plan) -> str:
    """Write the whole plan, one definition after the other.

    A step reads ``v3: RUB = mul v1 v2 in [0..5] /100``; what a step needs besides other steps stands in brackets, then
    where its value lies and on which grid. Below a step that rounds stands the arithmetic that it needs.
    """
    proofs = prove(plan)
    lines = [f"plan {plan.digest[:12]}: {len(plan.definitions)} definitions, {proof_text.tally(proofs)}"]
    lines += proof_text.assumptions(proofs.assumptions)
    for definition, proof in zip(plan.definitions, proofs.definitions, strict=True):
        lines += ["", *_definition(definition, plan, proof)]
    for option, bindings in zip(plan.options, proofs.options, strict=True):
        for (binding, steps, condition), proof in zip(option.bindings, bindings, strict=True):
            lines += ["", f"option {option.option.id} = {binding.choice} by {binding.module}"]
            lines += _steps(steps, plan, proof)
            if condition is not None:
                lines.append(f"    when v{condition}")
    return "\n".join(lines) + "\n"


def _definition(definition: DefinitionPlan, plan: Plan, proof: Proof) -> Iterator[str]:
    rule = definition.rule
    keys = f"({', '.join(k.name for k in rule.keys)})" if rule.keys else ""
    varies = ", varies" if definition.varies else ""
    word = "charge" if rule.is_charge else "rule"
    yield f"{definition.number} {word} {rule.id}{keys} of {rule.entity.name}: {rule.type}{varies}"
    yield from _steps(definition.steps, plan, proof)
    for word, step in (
        ("applies", definition.applies),
        ("when", definition.when),
        ("volume", definition.volume),
        ("price", definition.price),
    ):
        if step is not None:
            yield f"    {word} v{step}"
    for number in definition.order:
        yield from _alternative(definition, number)
    words = cut_words(definition.cuts)
    if words:
        yield f"    cuts {words}"
    if proof.outcome is not None and rule.type.kind == "number":
        mark = " assumed" if any(guard.kind == "result" for guard in proof.guards) else ""
        yield f"    value in {proof_text.interval(proof.outcome)}{mark}"


def _alternative(definition: DefinitionPlan, number: int) -> Iterator[str]:
    alternative = definition.alternatives[number]
    conditions = _conditions(alternative.conditions)
    skipped = [named(definition.alternatives[n], definition.rule) for n in sorted(definition.skip[number])]
    skip = f", skips {', '.join(skipped)}" if skipped else ""
    name = named(alternative, definition.rule)
    yield f"    {name}{conditions}{dates(alternative.start, alternative.until)} = v{alternative.body}{skip}"
    yield from _suppressions(alternative)


def _suppressions(alternative: AlternativePlan) -> Iterator[str]:
    for out in alternative.suppressions:
        yield f"        out{_conditions(out.conditions)}{dates(out.start, out.until)}"


def _conditions(numbers: tuple[int, ...]) -> str:
    return f" when {' and '.join(f'v{n}' for n in numbers)}" if numbers else ""


def _steps(steps: tuple[Step, ...], plan: Plan, proof: Proof) -> Iterator[str]:
    for number, step in enumerate(steps):
        of = step.unit or step.kind
        args = "".join(f" v{a}" for a in step.args)
        known = "" if step.op is Op.CONST else proof_text.of_step(proof, number, step.kind)
        yield f"    v{number}: {of} = {step.op}{args}{_payload(step, plan)}{known}"
        yield from proof_text.of_rounds(proof, number)


def _payload(step: Step, plan: Plan) -> str:
    data = step.data
    if data is None:
        return ""
    if step.op is Op.CONST:
        return f" {_value(data, step.kind)}"
    if isinstance(data, Gather):
        return f" {_gather(data)}"
    parts = data if isinstance(data, tuple) else (data,)
    match step.op:
        case Op.RULE | Op.CHARGED:
            parts = (plan.definitions[parts[0]].id, *parts[1:])
        case Op.PARAM | Op.TIERS | Op.TABLE:
            parts = (plan.params[parts[0]].id, *parts[1:])
        case Op.OPTION:
            parts = (plan.options[parts[0]].option.id, *parts[1:])
        case _:
            pass
    return f" [{' '.join(_word(p) for p in parts)}]"


def _word(part: object) -> str:
    if isinstance(part, Declared):
        return part.id
    if isinstance(part, bool):
        return "yes" if part else "no"
    return "-" if part is None or part == "" else str(part)


def _value(value: object, kind: str) -> str:
    if kind == "date" and isinstance(value, int):
        return dt.date.fromordinal(value).isoformat()
    return f'"{value}"' if kind == "id" else _word(value)


def _gather(gather: Gather) -> str:
    parts = [gather.function]
    for word, step in (("of", gather.value), ("by", gather.by), ("where", gather.where)):
        if step is not None:
            parts.append(f"{word} v{step}")
    parts += [f"for slot {slot} in {_source(source)}" for slot, source in gather.binders]
    return f"[{' '.join(parts)}]"


def _source(source: SourcePlan) -> str:
    if source.of is not None:
        inner = [_source(source.of), *(f"v{a}" for a in source.args)]
        by = f" by {', '.join(source.by)}" if source.by else ""
        return f"{source.kind}({', '.join(inner)}{by})"
    if source.kind in {"intervals", "days"}:
        return f"{source.kind} {' of '.join(source.data[::-1]) if isinstance(source.data, tuple) else source.data}"
    data = source.data.id if isinstance(source.data, Declared) else source.data
    where = "" if source.where is None else f" where v{source.where}"
    up = f" up {source.up}" if source.up else ""
    return f"{source.kind} {data} of slot {source.slot}{up}{where}"
