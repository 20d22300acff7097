"""Every charge that ships, alone: its kernels against the touch of the columns that they read, on the demo's city."""

from __future__ import annotations

import gc
import hashlib
import os
import time
from collections.abc import Sequence
from functools import partial
from multiprocessing import get_all_start_methods, get_context
from typing import TYPE_CHECKING, Any, Final, TypeVar

from attrs import frozen
from benchmarks.bandwidth import CELLS, add, bound
from benchmarks.batches import narrowed, repeated
from benchmarks.chain import Chain
from benchmarks.contest import Contest, significant
from benchmarks.outcome import Outcome
from benchmarks.population import MONTH, buildings
from benchmarks.touch import Touch

import kommres
from kommres.dsl.backends.interpreter import Interpreter, Number
from kommres.dsl.backends.kernels.batch import Batch
from kommres.dsl.backends.kernels.from_rows import batch_of, rows_by_entity
from kommres.dsl.backends.kernels.kernels import Kernels
from kommres.dsl.backends.rows import Row
from kommres.dsl.plan.nodes import DefinitionPlan, Op, Plan
from kommres.dsl.plan.payload import payload
from kommres.dsl.problems import DataProblem
from kommres.period import Month

if TYPE_CHECKING:
    from collections.abc import Callable

Found = TypeVar("Found")

#: Kernels for rows on which something changes take seconds to compile: on small data they are not made.
NEVER: Final = 1 << 62
#: Rows that a charge is run over at most.
MOST: Final = 3_000_000
PERIOD: Final = Month.parse(MONTH)


def measure(*, quick: bool) -> Outcome:
    """Compile and compare the charges on all cores, then run them one after the other."""
    size = SMALL if quick else Size()
    program = kommres.load()
    roots = buildings(program, size.accounts)
    makers = [partial(Bench.of, program.plan, charge, roots, size) for charge in program.plan.charges]
    if quick:  # nobody judges the figures: cores may disturb each other
        found = _everywhere([partial(_measured, maker) for maker in makers])
    else:
        compared = _everywhere([partial(_compared, maker) for maker in makers])
        found = [maker().timed(one) for maker, one in zip(makers, compared, strict=True)]
    outcome = Outcome()
    for one in found:
        outcome = outcome.joined(one)
    return outcome


@frozen(kw_only=True)
class Size:
    """How much is measured. ``bytes``: what a kernel reads and writes, if that takes no more than so many seconds.

    ``few``, ``quick``: see :class:`Kernels`.
    """

    accounts: int = 600
    bytes: int = 96 << 20
    seconds: float = 0.5
    rounds: int = 3
    few: int = 1
    quick: bool = False
    triad: int = CELLS


SMALL: Final = Size(accounts=150, bytes=4 << 20, seconds=0.02, rounds=1, few=NEVER, quick=True, triad=1 << 20)


@frozen(kw_only=True)
class Compared:
    """Of ``rows`` rows the interpreter charges some otherwise; kernels leave some to it. ``why``: not compiled."""

    rows: int
    differing: int
    left: int
    why: tuple[str, ...]


@frozen(kw_only=True, eq=False)
class Bench:
    """The kernels of a charge, and a city that they have charged once."""

    plan: Plan
    charge: DefinitionPlan
    roots: Sequence[Row]
    size: Size
    kernels: Kernels
    city: Batch
    chain: Chain

    @classmethod
    def of(cls, plan: Plan, charge: DefinitionPlan, roots: Sequence[Row], size: Size) -> Bench:
        """Compile a charge, unless it is found in the cache."""
        kernels = Kernels(plan, PERIOD, charges=[charge.id], few=size.few, quick=size.quick)
        city = batch_of(kernels.layout, roots, PERIOD, kernels.names)
        chain = Chain.of(kernels, city, charge.rule.entity.name)
        return cls(plan=plan, charge=charge, roots=roots, size=size, kernels=kernels, city=city, chain=chain)

    def compared(self) -> Compared:
        """Hold what the kernels find against the interpreter."""
        rows = rows_by_entity(self.roots)[self.chain.entity]
        left = self.chain.left()
        interpreter = Interpreter(self.plan, PERIOD)
        differing = 0
        for row, leave, lines in zip(rows, left, self.chain.lines(list(range(len(rows)))), strict=True):
            if not leave:
                differing += lines != _line(interpreter, self.charge, row)
        why = tuple(sorted({note.why for note in self.kernels.report}))
        return Compared(rows=len(rows), differing=differing, left=int(left.sum()), why=why)

    def timed(self, compared: Compared) -> Outcome:
        """Run the charge and the touch of what it reads on the city many times over."""
        chain = Chain.of(
            self.kernels, repeated(narrowed(self.city, self.chain.paths), self._times()), self.chain.entity
        )
        touch = _touch(chain)
        contest = Contest()
        contest.add("ours", chain.work, chain.rows)
        contest.add("touch", touch.kernel(), chain.rows)
        add(contest, "triad", self.size.triad)
        contest.run(self.size.rounds)
        card = contest.card()
        card["ours"] |= {"left_to_the_interpreter": significant(compared.left / compared.rows)}
        if compared.why:
            card["ours"]["not_compiled"] = list(compared.why)
        key = f"shipped.{self.charge.id}@{rule_hash(self.plan, self.charge)}.time_vs_touch"
        return Outcome(
            figures={key: significant(contest.time_ratio("ours", "touch"))},
            bounds={key: bound(contest, "ours", touch.bytes / chain.rows)},
            engines={f"shipped {self.charge.id}": card},
            mismatches=compared.differing,
            compared=compared.rows,
        )

    def _times(self) -> int:
        start = time.perf_counter()
        self.chain.work()
        spent = time.perf_counter() - start
        most = self.size.bytes // _touch(self.chain).bytes, MOST // self.chain.rows, int(self.size.seconds / spent)
        return max(1, min(most))


def _compared(maker: Callable[[], Bench]) -> Compared:
    return maker().compared()


def _measured(maker: Callable[[], Bench]) -> Outcome:
    bench = maker()
    return bench.timed(bench.compared())


#: What forked processes find there.
_inherited: Final[list[Callable[[], Any]]] = []


def _everywhere(works: list[Callable[[], Found]]) -> list[Found]:
    """Return what works find, on all cores; machine code is found in the cache from then on.

    LLVM takes one kernel at a time, so each core has a process of its own. Neighbours share kernels.
    """
    if "fork" not in get_all_start_methods():
        return [work() for work in works]
    _inherited[:] = works
    gc.freeze()  # each contest begins by looking for cycles: none are in the plan and the city
    with get_context("fork").Pool(os.cpu_count()) as pool:
        return pool.map(_inherited_work, range(len(works)), chunksize=4)


def _inherited_work(number: int) -> Any:  # noqa: ANN401 - what the work finds
    return _inherited[number]()


def _touch(chain: Chain) -> Touch:
    return Touch(columns=chain.columns, outputs=chain.outputs, streams=chain.streams)


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
