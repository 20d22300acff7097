"""How many charges a second the interpreter makes without trace, and how far hand-written exact Python is from that.

A charge is one account, one month, one service, with all its lines. Rows are in memory, and nothing is remembered
on them. ``python -m benchmarks.sections.interpreter`` prints where the time goes.
"""

from __future__ import annotations

import cProfile
import pstats
from typing import TYPE_CHECKING, Any

from benchmarks.contest import Contest, significant
from benchmarks.outcome import Outcome
from benchmarks.population import MONTH, buildings, flats, forget
from benchmarks.twin import LINES, SERVICES, Prices, bill, ordinary

import kommres
from kommres.dsl.backends.interpreter import Interpreter
from kommres.dsl.problems import DataProblem
from kommres.period import Month

if TYPE_CHECKING:
    from collections.abc import Collection

    from kommres.dsl.backends.rows import Row
    from kommres.dsl.bound.nodes import Value

ACT = "ru.pp354"
ORDINARY = "interpreter, water of ordinary accounts"
TWIN = "plain Python, water of ordinary accounts"


def measure(*, quick: bool) -> Outcome:
    """Run by turns: the interpreter on all accounts, the interpreter and the twin on water of ordinary ones."""
    program = kommres.load()
    roots = buildings(program, 300 if quick else 3_000)
    accounts = flats(roots)
    interpreter = Interpreter(program.plan, Month.parse(MONTH))
    simple = [row for row in accounts if ordinary(row)]
    prices = _prices(interpreter, program, roots)
    charges, plain = _charges(interpreter, accounts), _charges(interpreter, simple, SERVICES)
    contest = Contest()
    contest.add("interpreter", lambda: _run(interpreter, accounts), charges, lambda: forget(roots))
    contest.add(ORDINARY, lambda: _run(interpreter, simple, SERVICES), plain, lambda: forget(roots))
    contest.add(TWIN, lambda: _run_twin(simple, prices), plain)
    contest.run(2 if quick else 5)
    differing = _differing(interpreter, simple, prices)
    return Outcome(
        figures={"interpreter.charges_per_s": significant(contest.rate("interpreter"))},
        engines={"interpreter": contest.card({TWIN: differing})},
        mismatches=differing,
        compared=len(simple),
    )


def _run(interpreter: Interpreter, rows: list[Row], services: Collection[str] | None = None) -> None:
    account = interpreter.account
    for row in rows:
        account(row, services)


def _run_twin(rows: list[Row], prices: dict[str, Prices]) -> None:
    for row in rows:
        bill(row, prices[row.parent.id])


def _charges(interpreter: Interpreter, rows: list[Row], services: Collection[str] | None = None) -> int:
    """Return the services with lines, or refused."""
    results = [interpreter.account(row, services) for row in rows]
    return sum(len({x.service for x in (*result.lines, *result.refusals)}) for result in results)


def _prices(interpreter: Interpreter, program: kommres.Program, roots: list[Row]) -> dict[str, Prices]:
    """Ask the rules once a building for prices and norms, so that the twin holds no figure of its own."""
    rules = {definition.id: definition for definition in program.plan.definitions}

    def ask(name: str, row: Row) -> Value:
        try:
            return interpreter.value(rules[f"{ACT}.{name}"], row)
        except DataProblem:
            return None

    modules = {"cold": "cold_water", "hot": "hot_water", "sewage": "sewerage"}
    known = {}
    for root in roots:
        row = root.children["premises"][0]
        known[root.id] = Prices(
            price={water: ask(f"{module}.price", row) for water, module in modules.items()},
            norm={water: ask(f"{module}.norm", row) for water, module in modules.items()},
            coefficient={water: ask(f"{modules[water]}.coefficient", row) for water in ("cold", "hot")},
            carrier=ask("hot_water.carrier_price", row),
            heat=ask("hot_water.heat_price", row),
            heat_norm=ask("hot_water.heat_norm", row),
        )
    return known


def _differing(interpreter: Interpreter, rows: list[Row], prices: dict[str, Prices]) -> int:
    """Return how many accounts the twin charges otherwise."""
    count = 0
    for row in rows:
        result = interpreter.account(row, SERVICES)
        own = sorted((one.service, one.line, one.amount) for one in result.lines if one.line in LINES)
        count += bool(result.refusals) or own != sorted(bill(row, prices[row.parent.id]))
    return count


def _profile() -> None:
    program = kommres.load()
    roots = buildings(program, 3_000)
    interpreter = Interpreter(program.plan, Month.parse(MONTH))
    _run(interpreter, flats(roots))
    forget(roots)
    profiler: Any = cProfile.Profile()
    profiler.runcall(_run, interpreter, flats(roots))
    pstats.Stats(profiler).sort_stats("tottime").print_stats(40)


if __name__ == "__main__":
    _profile()
