"""Warnings about rules that are allowed but do nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kommres.dsl.bound.walk import option_refs, structure
from kommres.dsl.rules.conditions import Answer, negated
from kommres.dsl.rules.order import Reads, sort_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kommres.dsl.bound.nodes import BoundProgram, Rule
    from kommres.dsl.diagnostics import Diagnostics
    from kommres.dsl.rules.conflicts import Conflicts

#: Beyond this many alternatives only contradictions are looked for.
_FEW = 40


def alternatives(conflicts: Conflicts, out: Diagnostics) -> None:
    """Warn about alternatives that can never apply, never win, or say what another one says."""
    rule, found = conflicts.rule, conflicts.alternatives
    few = len(found) <= _FEW
    same = _same_text(conflicts, out) if few else frozenset()
    for number, alternative in enumerate(found):
        if conflicts.contradicts(number):
            out.warn(
                "K0610",
                f"`{alternative.name}` of `{rule.name}` can never apply: its conditions and dates exclude each other",
                alternative.span,
                help="correct the condition or the dates, or take the alternative out",
            )
        elif few and number not in same and _always_beaten(conflicts, number):
            out.warn(
                "K0611",
                f"`{alternative.name}` of `{rule.name}` never decides: "
                "wherever it applies, one that goes over it applies too",
                alternative.span,
                help="turn the order round, narrow the stronger ones, or take the alternative out",
            )


def _always_beaten(conflicts: Conflicts, number: int) -> bool:
    own = conflicts.alternatives[number]
    stronger = [
        n
        for n, other in enumerate(conflicts.alternatives)
        if (n, number) in conflicts.beats and other.module == own.module and not other.suppressions
    ]
    if not stronger:
        return False
    question = [conflicts.gate, conflicts.stated(number)]
    return conflicts.solver.ask([*question, *(negated(conflicts.stated(n)) for n in stronger)]) is Answer.NEVER


def _same_text(conflicts: Conflicts, out: Diagnostics) -> frozenset[int]:
    """Warn about alternatives that are equal; return their numbers."""
    seen: dict[object, int] = {}
    same: set[int] = set()
    for number, alternative in enumerate(conflicts.alternatives):
        if not alternative.conditions:
            continue
        picture = (
            structure(alternative.conditions),
            structure(alternative.body),
            alternative.start,
            alternative.until,
        )
        first = seen.setdefault(picture, number)
        if first != number:
            same |= {first, number}
            out.warn(
                "K0612",
                f"`{conflicts.alternatives[first].name}` and `{alternative.name}` of `{conflicts.rule.name}` "
                "have the same condition, dates and text",
                alternative.span,
                help="keep one of them",
            )
    return frozenset(same)


def unused(program: BoundProgram, graph: Mapping[Rule, Reads], out: Diagnostics) -> None:
    """Warn about rules of a charging module that no charge, example or overlay meets, and options that nothing asks."""
    charging = {rule.module for rule in program.rules if rule.is_charge}
    reached = {rule for rule in program.rules if rule.is_charge}
    reached |= {expected.rule for example in program.examples for expected in example.expected}
    reached |= {amendment.rule for amendment in program.amendments}
    queue = list(reached)
    while queue:
        rule = queue.pop()
        fresh = [read for read in graph[rule].all if read not in reached] if rule in graph else []
        reached.update(fresh)
        queue.extend(fresh)
    for rule in sorted(program.rules, key=sort_key):
        if rule.module in charging and rule not in reached:
            out.warn(
                "K0613",
                f"the rule `{rule.name}` is read by no charge, and no example expects it",
                rule.span,
                help="read it, give an example of it, or take it out",
            )
    asked = {option for own in graph.values() for option in own.options}
    for binding in program.option_bindings:
        if binding.when is not None:
            asked |= {ref.option.id for ref in option_refs(binding.when)}
    for option in program.options:
        if option.id not in asked:
            out.warn(
                "K0614",
                f"the option `{option.name}` is asked by no rule",
                option.span,
                help="compare it in a rule, as in `when option = choice`, or take it out",
            )
