"""The main job on a synthetic city: make it, charge fourteen months, say what came out, explain one bill.

Everything is made anew below build/demo, and gives the same bytes each time.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from functools import cache
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from concurrent.futures import ProcessPoolExecutor

    from kommres.dsl.program import Program
    from kommres.run import RunResult
    from kommres.synth import City

ROOT = Path(__file__).resolve().parent.parent
#: In December 2022 prices rose half a year early: the step that was planned for July 2023 was replaced.
MONTHS = ("2022-11", "2022-12", *(f"2023-{month:02}" for month in range(1, 13)))
#: The month that is charged first. In the one before it most tariffs are unknown, which takes longest.
FIRST = MONTHS[1]
WIDTH = 100


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo. Lines in quarantine are part of it; 1 where a run or the explanation fails."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, default=20_000, help="flats and small houses (default: 20000)")
    parser.add_argument("--seed", type=int, default=1, help="another seed, another city (default: 1)")
    parser.add_argument("--dirty", default="0.0003", help="share of accounts with a dirty row (default: 0.0003)")
    parser.add_argument("--out", type=Path, default=Path("build/demo"), help="folder (default: build/demo)")
    chosen = parser.parse_args(arguments)
    # The manifests say where the data lay; a relative place is the same for everybody.
    os.chdir(ROOT)
    from kommres.errors import KommresError

    try:
        return _demo(chosen)
    except KommresError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped by Ctrl-C", file=sys.stderr)
        return 130


def _demo(chosen: argparse.Namespace) -> int:
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    with ProcessPoolExecutor(2, mp_context=get_context("spawn"), initializer=_read_rules) as pool:
        for _ in range(2):
            pool.submit(os.getpid)  # starts a process, which reads the rules while the city is made
        return _shown(chosen, pool)


def _shown(chosen: argparse.Namespace, pool: ProcessPoolExecutor) -> int:
    from kommres.synth import synthesize

    folder: Path = chosen.out
    watch = _Watch()
    with watch:
        city = synthesize(
            folder / "city",
            accounts=chosen.accounts,
            seed=chosen.seed,
            months=MONTHS,
            dirty=chosen.dirty,
            overwrite=True,
        )
    _show_city(city, chosen, watch.last)
    with watch:
        program = _rules()
    _heading("Rules")
    charges = sum(rule.is_charge for rule in program.bound.rules)
    print(f"{len(program.modules)} modules: {', '.join(program.modules)}")
    print(f"{charges} charges, {len(program.bound.rules) - charges} rules, in {watch.last}")
    results, spent = _charge(folder, pool)
    _show_months(results, spent)
    _show_totals(results)
    failed = _explain(folder, results)
    _heading("Files")
    for month in (MONTHS[0], MONTHS[-1]):
        for path in sorted(p for p in (folder / month).iterdir() if p.is_file()):
            print(f"{_size(path.stat().st_size):>10}  {path}")
    print(f"  and so on for {len(MONTHS)} months; the city lies in {city.folder}")
    print(f"\n{watch.total} in all")
    return failed


def _charge(folder: Path, pool: ProcessPoolExecutor) -> tuple[dict[str, RunResult], dict[str, float]]:
    """Charge the months: one alone, as it compiles the rules, then the others two at a time."""
    ended = {FIRST: _month(folder, FIRST)}
    others = [month for month in MONTHS if month != FIRST]
    for month, done in zip(others, pool.map(_month, repeat(folder), others, repeat(1)), strict=False):
        ended[month] = done
        if sys.stderr.isatty():
            end = "\n" if month == MONTHS[-1] else ""
            print(f"\r{len(ended)} of {len(MONTHS)} months", end=end, file=sys.stderr, flush=True)
    return {month: ended[month][0] for month in MONTHS}, {month: ended[month][1] for month in MONTHS}


def _month(folder: Path, month: str, threads: int | None = None) -> tuple[RunResult, float]:
    """Charge a month; return the result and the seconds that it took."""
    import kommres

    start = time.monotonic()
    data, out = folder / "city" / month, folder / month
    result = kommres.run(_rules(), data, month, out=out, overwrite=True, threads=threads)
    return result, time.monotonic() - start


def _read_rules() -> None:
    _rules()


@cache
def _rules() -> Program:
    """Return the rules, read once in each process."""
    import kommres

    return kommres.load()


# --- what is shown -------------------------------------------------------------------------------------------


def _show_city(city: City, chosen: argparse.Namespace, spent: str) -> None:
    _heading(f"A synthetic city: {city.title}")
    size = f"{_count(city.accounts)} accounts in {_count(city.buildings)} buildings"
    print(f"{size}, {len(city.months)} months from {city.months[0]} on, made in {spent}")
    _table([(name, _count(number)) for name, number in city.rows.items()], ("table", "rows"))
    if city.flaws:
        number = _count(sum(city.flaws.values()))
        print(f"{number} rows were made dirty on purpose, as exports are; {city.folder}/dirty.csv lists them:")
        print(_wrapped(f"{kind} {number}" for kind, number in city.flaws.items()))
    months = " ".join(f"--month {month}" for month in city.months[:2]) + " ..."
    words = f"--accounts {chosen.accounts} --seed {chosen.seed} --dirty {chosen.dirty} --overwrite"
    print(f"  kommres synth {city.folder} {months} {words}")


def _show_months(results: dict[str, RunResult], spent: dict[str, float]) -> None:
    _heading("Months")
    rows = []
    for month, result in results.items():
        outcome: dict[str, Any] = result.manifest["results"]
        fates = Counter[str]()
        for one in outcome["accounts"].values():
            fates.update(one)
        amount = sum(_hundredths(total["amount"]) for total in outcome["totals"])
        rows.append(
            (
                month,
                _count(fates["in"]),
                _count(fates["charged"]),
                _count(fates["quarantined"]),
                _count(sum(total["lines"] for total in outcome["totals"])),
                _hundreds(amount),
                f"{spent[month]:.1f} s",
            )
        )
    _table(rows, ("month", "accounts", "charged", "with quarantine", "lines", "amount", "time"))
    print(f"{FIRST} came first and compiled the rules, unless that was done before on this machine.")


def _show_totals(results: dict[str, RunResult]) -> None:
    from kommres.dsl.problems import TITLES

    _heading("All months together")
    lines, amounts, units = Counter[tuple[str, str]](), Counter[tuple[str, str]](), {}
    refused, first = Counter[str](), dict[str, dict[str, Any]]()
    for result in results.values():
        outcome: dict[str, Any] = result.manifest["results"]
        for total in outcome["totals"]:
            key = total["service"], total["line"]
            units[key] = total["unit"]
            lines[key] += total["lines"]
            amounts[key] += _hundredths(total["amount"])
        refused.update(outcome["quarantine"])
        for row in result.quarantine.to_pylist():
            first.setdefault(row["code"], row)
    rows = [(*key, _count(lines[key]), _hundreds(amounts[key]), units[key]) for key in sorted(lines)]
    rows.append(("total", "", _count(lines.total()), _hundreds(amounts.total()), ""))
    _table(rows, ("service", "line", "lines", "amount", ""))
    if refused:
        print("Quarantine by reason, nothing is guessed:")
        for code, number in sorted(refused.items(), key=lambda item: (-item[1], item[0])):
            row = first[code]
            place = " ".join(filter(None, (row["table"], row["row"], row["service"])))
            print(f"{_count(number):>8}  {code} {TITLES.get(code, '')}")
            print(_cut(f"{'':>10}such as {place}: {row['message']}"))


def _explain(folder: Path, results: dict[str, RunResult]) -> int:
    """Explain the bill of an account with many lines, in Russian; 1 where that fails."""
    from kommres import cli

    _heading("One bill explained")
    month = MONTHS[1]
    charges = results[month].charges.select(["account", "service"]).to_pylist()
    if not charges:
        print("nothing was charged")
        return 1
    number = Counter(row["account"] for row in charges)
    account = min(number, key=lambda one: (-number[one], one))
    words = ["explain", str(folder / month), "--account", account, "--bill", "--lang", "ru"]
    print(f"  kommres {' '.join(words)}\n", flush=True)
    return cli.main(words)


def _heading(text: str) -> None:
    print(f"\n{text}\n{'-' * min(WIDTH, len(text))}")


def _table(rows: Sequence[tuple[str, ...]], head: tuple[str, ...]) -> None:
    """Print columns; those of numbers stand to the right."""
    right = [
        all(row[i][:1].isdigit() or row[i][:1] in {"-", ""} for row in rows) and bool(head[i]) for i in range(len(head))
    ]
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    for row in (head, *rows):
        cells = (
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(row, widths, right, strict=True)
        )
        print(f"  {'  '.join(cells).rstrip()}")


def _count(number: int) -> str:
    return f"{number:,}".replace(",", " ")


def _money(amount: str) -> str:
    whole, _, rest = amount.partition(".")
    sign = "-" if whole.startswith("-") else ""
    return f"{sign}{_count(abs(int(whole)))}.{rest}"


def _hundredths(amount: str) -> int:
    whole, _, rest = amount.partition(".")
    return int(whole + rest[:2])


def _hundreds(number: int) -> str:
    sign, digits = "-" if number < 0 else "", f"{abs(number):03}"
    return _money(f"{sign}{digits[:-2]}.{digits[-2:]}")


def _size(number: int) -> str:
    for unit in ("B", "kB", "MB"):
        if number < 10_000:
            return f"{_count(number)} {unit}"
        number = (number + 500) // 1000
    return f"{_count(number)} GB"


def _cut(text: str) -> str:
    return text if len(text) <= WIDTH + 20 else f"{text[: WIDTH + 19]}…"


def _wrapped(words: Iterable[str]) -> str:
    import textwrap

    return textwrap.fill(", ".join(words), WIDTH, initial_indent="  ", subsequent_indent="  ")


class _Watch:
    """Measures what stands in its ``with``."""

    def __init__(self) -> None:
        self._begun = time.monotonic()
        self.seconds = 0.0

    def __enter__(self) -> None:
        self._start = time.monotonic()

    def __exit__(self, *_: object) -> None:
        self.seconds = time.monotonic() - self._start

    @property
    def last(self) -> str:
        return f"{self.seconds:.1f} s"

    @property
    def total(self) -> str:
        return f"{time.monotonic() - self._begun:.1f} s"


if __name__ == "__main__":
    sys.exit(main())
