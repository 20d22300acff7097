"""From what was meant to what holds: overlays merged, order decided, conflicts found, slices planned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kommres.dsl.diagnostics import Diagnostics, Label
from kommres.dsl.limits import CODES, DEFAULT, Limits
from kommres.dsl.rules import lint
from kommres.dsl.rules.conditions import Answer, Reader, Solver
from kommres.dsl.rules.conflicts import Conflicts
from kommres.dsl.rules.cuts import rule_cuts, rule_varies
from kommres.dsl.rules.dependence import Dependence, ReachedOptions
from kommres.dsl.rules.nodes import Definition, RuleSet
from kommres.dsl.rules.order import (
    amendments_of,
    evaluation_order,
    option_bindings,
    reads,
    sort_key,
)
from kommres.dsl.rules.overlay import merge, visible_modules
from kommres.dsl.rules.precedence import beats

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kommres.dsl.bound.nodes import (
        BoundProgram,
        OptionBinding,
        Rule,
    )


#: What a leaf of a definition weighs, beside a pair of alternatives, in the limit of a program's size.
_LEAF = 4


def build(program: BoundProgram, out: Diagnostics, limits: Limits = DEFAULT) -> RuleSet:
    """Merge, order and check all rules of a program.

    Findings go to ``out``: K06xx about exceptions and overlays, K07xx about rules that reach themselves. With errors
    there the result must not be run.
    """
    graph = reads(program)
    order = evaluation_order(graph, out)
    bindings, amended = option_bindings(program), amendments_of(program)
    solver = Solver()
    reader = Reader(Dependence(graph, order, amended).of)
    _check_bindings(bindings, reader, solver, out)
    visible = visible_modules(program)
    options = ReachedOptions(order, graph)
    known: dict[Rule, Definition] = {}
    size = 0
    for rule in order:
        merged = merge(rule, amended.get(rule, ()), visible, out)
        if len(merged.drafts) > limits.alternatives:
            out.add(
                CODES["alternatives"],
                f"the rule `{rule.name}` has {len(merged.drafts)} alternatives with its overlays; "
                f"the limit is {limits.alternatives}",
                rule.span,
                help="write bands and lists of values as a parameter instead of exceptions",
            )
            continue
        alternatives = tuple(draft.finished() for draft in merged.drafts)
        pairs = beats(merged, out)
        order_of = pairs or frozenset()
        conflicts = Conflicts(
            rule=rule,
            alternatives=alternatives,
            beats=order_of,
            replacing=frozenset(d.number for d in merged.drafts if d.replaces),
            reader=reader,
            solver=solver,
        )
        exclusive = conflicts.decide(out if pairs is not None and merged.sound else None)
        lint.alternatives(conflicts, out)
        asked = options.of(rule)
        cuts = rule_cuts(rule, alternatives, known, bindings)
        size += len(order_of) + len(exclusive) + _LEAF * (len(asked) + cuts.size)
        if size > limits.plan_steps:
            out.add(
                CODES["plan_steps"],
                f"the rules depend on each other in more than {limits.plan_steps} ways, which is the limit",
                rule.span,
                help="load fewer modules, or raise the limit where the program is trusted",
            )
            break
        known[rule] = Definition(
            rule=rule,
            alternatives=alternatives,
            beats=order_of,
            exclusive=exclusive,
            cuts=cuts,
            varies=rule_varies(rule, alternatives, known, bindings),
            uses=tuple(sorted(graph[rule].now, key=sort_key)),
            options=asked,
        )
    lint.unused(program, graph, out)
    return RuleSet(program=program, definitions=tuple(known.values()), entities=program.entities)


def _check_bindings(
    bindings: Mapping[str, tuple[OptionBinding, ...]], reader: Reader, solver: Solver, out: Diagnostics
) -> None:
    """Report two choices of one option that hold for one row (K0607)."""
    for chosen in bindings.values():
        for number, one in enumerate(chosen):
            for other in chosen[:number]:
                if one.choice == other.choice or (one.when is None) != (other.when is None):
                    continue
                conditions = [reader.formula(b.when) for b in (one, other) if b.when is not None]
                if solver.ask(conditions) is Answer.POSSIBLE:
                    out.add(
                        "K0607",
                        f"the option `{one.option.name}` is bound to `{other.choice}` and to `{one.choice}` "
                        "for the same rows",
                        one.span,
                        note=f"`{one.choice}`",
                        labels=[Label(span=other.span, text=f"`{other.choice}`")],
                        help="keep one of them, or give both a `when` that excludes the other",
                    )
