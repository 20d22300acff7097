"""The main job on a synthetic city: make it, charge two months, say what came out, explain one amount.

Everything is made anew below build/demo, and gives the same bytes each time.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from contextlib import AbstractContextManager

    from kommres.run import RunResult
    from kommres.run.progress import Progress
    from kommres.synth import City

ROOT = Path(__file__).resolve().parent.parent
MONTHS = ("2022-12", "2023-01")
WIDTH = 100


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo. Lines in quarantine are part of it; 1 where a run or the explanation fails."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, default=20_000, help="flats and small houses (default: 20000)")
    parser.add_argument("--seed", type=int, default=1, help="another seed, another city (default: 1)")
    parser.add_argument("--dirty", default="0.03", help="share of accounts with a dirty row (default: 0.03)")
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
    import kommres
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
        program = kommres.load()
    _heading("Rules")
    charges = sum(rule.is_charge for rule in program.bound.rules)
    print(f"{len(program.modules)} modules: {', '.join(program.modules)}")
    print(f"{charges} charges, {len(program.bound.rules) - charges} rules, in {watch.last}")
    results: dict[str, RunResult] = {}
    for month in MONTHS:
        out = folder / month
        with watch, _progress() as progress:
            results[month] = kommres.run(program, city.month(month), month, out=out, overwrite=True, progress=progress)
        _show_run(month, results[month], watch.last, watch.seconds)
    failed = _explain(folder / MONTHS[-1], results[MONTHS[-1]])
    _heading("Files")
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        print(f"{_size(path.stat().st_size):>10}  {path}")
    print(f"\n{watch.total} in all")
    return failed


# --- what is shown -------------------------------------------------------------------------------------------


def _show_city(city: City, chosen: argparse.Namespace, spent: str) -> None:
    _heading(f"A synthetic city: {city.title}")
    size = f"{_count(city.accounts)} accounts in {_count(city.buildings)} buildings"
    print(f"{size}, months {' and '.join(city.months)}, made in {spent}")
    _table([(name, _count(number)) for name, number in city.rows.items()], ("table", "rows"))
    if city.flaws:
        number = _count(sum(city.flaws.values()))
        print(f"{number} rows were made dirty on purpose, as exports are; {city.folder}/dirty.csv lists them:")
        print(_wrapped(f"{kind} {number}" for kind, number in city.flaws.items()))
    months = " ".join(f"--month {month}" for month in city.months)
    words = f"--accounts {chosen.accounts} --seed {chosen.seed} --dirty {chosen.dirty} --overwrite"
    print(f"  kommres synth {city.folder} {months} {words}")


def _show_run(month: str, result: RunResult, spent: str, seconds: float) -> None:
    from kommres.dsl.problems import TITLES

    outcome: dict[str, Any] = result.manifest["results"]
    _heading(f"Charges of {month}")
    for fates in outcome["accounts"].values():
        print(
            f"{_count(fates['in'])} accounts in {spent} ({_count(int(fates['in'] / seconds))} a second): "
            f"{_count(fates['charged'])} charged, {_count(fates['quarantined'])} with a service in quarantine, "
            f"{_count(fates['nothing'])} without a charge"
        )
    totals = outcome["totals"]
    rows = [(t["service"], t["line"], _count(t["lines"]), _money(t["amount"]), t["unit"]) for t in totals]
    by_unit = Counter({t["unit"]: 0 for t in totals})
    for total in totals:
        by_unit[total["unit"]] += _hundredths(total["amount"])
    for unit, amount in by_unit.items():
        sign, digits = "-" if amount < 0 else "", f"{abs(amount):03}"
        lines = sum(t["lines"] for t in totals if t["unit"] == unit)
        rows.append(("total", "", _count(lines), _money(f"{sign}{digits[:-2]}.{digits[-2:]}"), unit))
    _table(rows, ("service", "line", "lines", "amount", ""))
    if outcome["quarantine"]:
        first = {row["code"]: row for row in reversed(result.quarantine.to_pylist())}
        print(f"Quarantine, {_count(outcome['rows']['quarantine'])} rows by reason:")
        for code, number in sorted(outcome["quarantine"].items(), key=lambda item: (-item[1], item[0])):
            row = first[code]
            place = " ".join(filter(None, (row["table"], row["row"], row["service"])))
            print(f"{_count(number):>8}  {code} {TITLES.get(code, '')}")
            print(_cut(f"{'':>10}such as {place}: {row['message']}"))
    print(f"  kommres run {result.manifest['data']['given']} --period {month} --out {result.out}")


def _explain(out: Path, result: RunResult) -> int:
    """Explain what an account pays by norm with a coefficient, or else the first amount; 1 where that fails."""
    from kommres import cli

    _heading("One amount explained")
    charges = result.charges.select(["account", "service", "line", "amount", "unit"]).to_pylist()
    if not charges:
        print("nothing was charged")
        return 1
    wanted = next((row for row in charges if row["line"] == "raising"), charges[0])
    account, service, unit = wanted["account"], wanted["service"], wanted["unit"]
    lines = [row for row in charges if (row["account"], row["service"]) == (account, service)]
    amount = _money(str(sum(row["amount"] for row in lines)))
    print(f"Why does {account} pay {amount} {unit} for {service} in {result.manifest['period']}?")
    words = ["explain", str(out), "--account", account, "--service", service]
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


def _progress() -> AbstractContextManager[Progress]:
    from kommres.run.progress import shown

    return shown(sys.stderr, quiet=not sys.stderr.isatty())


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
