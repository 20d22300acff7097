"""How many charges a second the interpreter makes without trace, and how far hand-written exact Python is from that.

A charge is one account, one month, one service, with all its lines. Rows are in memory, and nothing is remembered
on them. ``--profile`` prints where the time goes.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import sys
import time
from statistics import median
from typing import TYPE_CHECKING, Any

from population import MONTH, buildings, flats, forget
from report import write
from twin import Prices, bill, ordinary

import kommres
from kommres.dsl.backends.interpreter import Interpreter
from kommres.dsl.problems import DataProblem
from kommres.period import Month

if TYPE_CHECKING:
    from kommres.dsl.backends.rows import Row
    from kommres.dsl.bound.nodes import Value

TARGET = 20_000
ACT = "ru.pp354"


def main() -> int:
    """Measure by turns: the interpreter on all accounts, the interpreter and the twin on ordinary ones."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--accounts", type=int, default=0)
    arguments = parser.parse_args()
    program = kommres.load()
    start = time.perf_counter_ns()
    roots = buildings(program, arguments.accounts or (300 if arguments.quick else 3000))
    made = time.perf_counter_ns() - start
    accounts = flats(roots)
    interpreter = Interpreter(program.plan, Month.parse(MONTH))
    if arguments.profile:
        return _profile(interpreter, roots, accounts)
    simple = [row for row in accounts if ordinary(row)]
    prices = _prices(interpreter, program, roots)
    differing = _differing(interpreter, simple, prices)
    spans: dict[str, list[int]] = {"all": [], "simple": [], "twin": []}
    charges = lines = 0
    for turn in range(2 if arguments.quick else 8):
        forget(roots)
        whole, results = _timed(interpreter, accounts)
        forget(roots)
        part, ordinary_results = _timed(interpreter, simple)
        twin = _timed_twin(simple, prices)
        if turn:
            for name, span in (("all", whole), ("simple", part), ("twin", twin)):
                spans[name].append(span)
        charges, lines = _counted(results)
        plain, _ = _counted(ordinary_results)
    rate = charges * 1_000_000_000 // int(median(spans["all"]))
    best = charges * 1_000_000_000 // min(spans["all"])
    ratios = [a * 10 // b for a, b in zip(spans["simple"], spans["twin"], strict=True)]
    figures = {
        "charges_per_s": rate,
        "best_charges_per_s": best,
        "lines_per_s": lines * 1_000_000_000 // int(median(spans["all"])),
        "accounts": len(accounts),
        "charges": charges,
        "lines": lines,
        "ordinary_charges_per_s": plain * 1_000_000_000 // int(median(spans["simple"])),
        "twin_charges_per_s": plain * 1_000_000_000 // int(median(spans["twin"])),
        "times_the_twin": f"{int(median(ratios)) // 10}.{int(median(ratios)) % 10}",
        "amounts_that_differ": differing,
        "seconds_to_make_the_rows": f"{made / 1e9:.1f}",
        "turns": len(spans["all"]),
    }
    met = rate >= TARGET and not differing
    return write("interpreter_rate", figures, target=f"{TARGET} charges/s", met=met, quick=arguments.quick)


def _timed(interpreter: Interpreter, rows: list[Row]) -> tuple[int, list[Any]]:
    account = interpreter.account
    start = time.perf_counter_ns()
    results = [account(row) for row in rows]
    return time.perf_counter_ns() - start, results


def _timed_twin(rows: list[Row], prices: dict[str, Prices]) -> int:
    start = time.perf_counter_ns()
    for row in rows:
        bill(row, prices[row.parent.id])
    return time.perf_counter_ns() - start


def _counted(results: list[Any]) -> tuple[int, int]:
    """Return charges (services with lines, or refused) and lines."""
    services = sum(len({x.service for x in (*result.lines, *result.refusals)}) for result in results)
    return services, sum(len(result.lines) for result in results)


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
        result = interpreter.account(row)
        own = sorted((line.service, line.line, line.amount) for line in result.lines)
        count += bool(result.refusals) or own != sorted(bill(row, prices[row.parent.id]))
    return count


def _profile(interpreter: Interpreter, roots: list[Row], accounts: list[Row]) -> int:
    _timed(interpreter, accounts)
    forget(roots)
    profiler = cProfile.Profile()
    profiler.runcall(_timed, interpreter, accounts)
    pstats.Stats(profiler).sort_stats("tottime").print_stats(40)
    return 0


if __name__ == "__main__":
    sys.exit(main())
