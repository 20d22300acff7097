"""Every charge that ships, alone: its kernels against the touch of the columns that they read, on the demo's city."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

from benchmarks.bandwidth import add, bound
from benchmarks.batches import repeated
from benchmarks.chain import Chain
from benchmarks.contest import Contest, significant
from benchmarks.outcome import Outcome
from benchmarks.population import MONTH, buildings
from benchmarks.touch import Touch

import kommres
from kommres.dsl.backends.interpreter import Interpreter, Number
from kommres.dsl.backends.kernels.from_rows import batch_of, rows_by_entity
from kommres.dsl.backends.kernels.kernels import Kernels
from kommres.dsl.plan.nodes import Op
from kommres.dsl.plan.payload import payload
from kommres.dsl.problems import DataProblem
from kommres.period import Month

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kommres.dsl.backends.rows import Row
    from kommres.dsl.plan.nodes import DefinitionPlan, Plan

#: Kernels for rows on which something changes take seconds to compile: on small data they are not made.
NEVER: Final = 1 << 62


def measure(*, quick: bool) -> Outcome:
    """Run the charges one after the other."""
    accounts, times, rounds = (150, 100, 2) if quick else (3_000, 700, 7)
    few = NEVER if quick else 1
    program = kommres.load()
    month = Month.parse(MONTH)
    roots = buildings(program, accounts)
    interpreter = Interpreter(program.plan, month)
    outcome = Outcome()
    for charge in program.plan.charges:
        outcome = outcome.joined(_one(program.plan, charge, month, roots, interpreter, times, rounds, few))
    return outcome


def _one(
    plan: Plan,
    charge: DefinitionPlan,
    month: Month,
    roots: Sequence[Row],
    interpreter: Interpreter,
    times: int,
    rounds: int,
    few: int,
) -> Outcome:
    kernels = Kernels(plan, month, charges=[charge.id], few=few)
    city = batch_of(kernels.layout, roots, month, kernels.names)
    entity = charge.rule.entity.name
    rows = rows_by_entity(roots)[entity]
    differing, left = _compared(Chain.of(kernels, city, entity), charge, rows, interpreter)
    chain = Chain.of(kernels, repeated(city, times), entity)
    contest = Contest()
    contest.add("ours", chain.work, chain.rows)
    touch = Touch(columns=chain.columns, outputs=chain.outputs, streams=chain.streams)
    contest.add("touch", touch.kernel(), chain.rows)
    add(contest, "triad")
    contest.run(rounds)
    key = f"shipped.{charge.id}@{rule_hash(plan, charge)}.time_vs_touch"
    card = contest.card()
    card["ours"] |= {"left_to_the_interpreter": significant(left / len(rows))}
    if kernels.report:
        card["ours"]["not_compiled"] = sorted({note.why for note in kernels.report})
    return Outcome(
        figures={key: significant(contest.time_ratio("ours", "touch"))},
        bounds={key: bound(contest, "ours", touch.bytes / chain.rows)},
        engines={f"shipped {charge.id}": card},
        mismatches=differing,
        compared=len(rows),
    )


def _compared(chain: Chain, charge: DefinitionPlan, rows: Sequence[Row], interpreter: Interpreter) -> tuple[int, int]:
    """Return how many rows the interpreter charges otherwise, and how many kernels leave to it."""
    left = chain.left()
    differing = 0
    for row, leave, lines in zip(rows, left, chain.lines(list(range(len(rows)))), strict=True):
        if not leave:
            differing += lines != _line(interpreter, charge, row)
    return differing, int(left.sum())


def _line(interpreter: Interpreter, charge: DefinitionPlan, row: Row) -> dict[str, Number] | None:
    """Return the amount of a row by charge; None where it is refused."""
    try:
        line = interpreter.charge(charge, row)
    except DataProblem:
        return None
    return {line.charge: line.amount} if line else {}


def rule_hash(plan: Plan, charge: DefinitionPlan) -> str:
    """Return a short hash of the text of a charge and of all rules that it reads, wherever they stand."""
    rules: dict[int, DefinitionPlan] = {}
    waiting = [charge.number]
    known = {definition.number: definition for definition in plan.definitions}
    while waiting:
        rule = known[waiting.pop()]
        if rule.number not in rules:
            rules[rule.number] = rule
            waiting += [payload(step)[0] for step in rule.steps if step.op is Op.RULE]
    texts = sorted(_text(rule) for rule in rules.values())
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:8]


def _text(rule: DefinitionPlan) -> str:
    steps: list[Any] = [(step.op.value, step.args, step.kind, step.unit, step.span.text) for step in rule.steps]
    ways = [(way.name, way.start, way.until, way.conditions, way.body) for way in rule.alternatives]
    return repr((rule.id, steps, ways))
