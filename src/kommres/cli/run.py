"""``kommres run``: a month's charges of a data folder."""

from __future__ import annotations

import sys
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from kommres.cli.common import Verb, as_options, choices_option, counted, known_option, month_option, rules_option

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterator, Mapping

    from kommres.period import Month
    from kommres.run.progress import Progress

#: Warnings that are shown; the manifest holds them all.
_WARNINGS: Final = 20


@click.command(
    "run",
    cls=Verb,
    short_help="Charge a month of a data folder.",
    examples=(
        "kommres run city/2023-01 --period 2023-01 --out out/2023-01",
        "kommres run data/ --rules rules/ --period 2026-01 --out out/ --option december=by_days --resume",
    ),
)
@click.argument("data", type=click.Path(path_type=Path))
@month_option("--period", required=True, help="The month to charge.")
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="Folder of the result; it appears when all is done."
)
@rules_option
@known_option
@choices_option
@click.option("--resume", is_flag=True, help="Go on with a run that was stopped.")
@click.option("--overwrite", is_flag=True, help="Replace a result that is there already.")
@click.option(
    "--backend",
    type=click.Choice(["auto", "numba", "interpreter"]),
    default="auto",
    help="Compile the rules (numba), or not; auto compiles where that pays.",
)
@click.option("--threads", type=int, metavar="N", help="Work on so many parts at a time (default: one for each core).")
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
@click.option("--progress", type=click.Choice(["auto", "bar", "plain"]), default="auto", help="How progress looks.")
def command(
    data: Path,
    period: Month,
    out: Path,
    rules: tuple[str, ...],
    known: datetime.date | None,
    choices: tuple[tuple[str, str], ...],
    resume: bool,
    overwrite: bool,
    backend: str,
    threads: int | None,
    quiet: bool,
    progress: str,
) -> int:
    """Charge the accounts of the folder DATA for a month; exit code 3 where some lines went to quarantine."""
    from kommres.run.api import run

    with _kept(out), _progress(progress, quiet=quiet) as watcher, _warnings_as_lines(quiet=quiet):
        result = run(
            rules,
            data,
            period,
            out=out,
            known_at=known,
            options=as_options(choices),
            resume=resume,
            overwrite=overwrite,
            backend=backend,
            threads=threads,
            progress=watcher,
        )
    if not quiet:
        found = result.manifest["warnings"]
        for warning in found[:_WARNINGS]:
            click.echo(f"warning: {warning}", err=True)
        if len(found) > _WARNINGS:
            click.echo(f"warning: {len(found) - _WARNINGS} more stand in {out / 'manifest.json'}", err=True)
        click.echo("\n".join(summary(result.manifest, out)))
    return result.exit_code


@contextmanager
def _kept(out: Path) -> Iterator[None]:
    """Say after Ctrl-C how to go on, where something is finished already."""
    try:
        yield
    except KeyboardInterrupt:
        if out.with_name(f"{out.name}.partial").exists():
            click.echo("what is finished is kept: go on with the same command and --resume", err=True)
        raise


@contextmanager
def _warnings_as_lines(*, quiet: bool) -> Iterator[None]:
    """Print warnings as the other messages are printed."""

    def show(message: Warning | str, *_: object, **__: object) -> None:
        if not quiet:
            click.echo(f"warning: {message}", err=True)

    with warnings.catch_warnings():
        warnings.showwarning = show
        yield


@contextmanager
def _progress(kind: str, *, quiet: bool) -> Iterator[Progress]:
    from kommres.run.progress import lines, shown

    if kind == "plain" and not quiet:
        yield lines(sys.stderr)
        return
    with shown(sys.stderr, quiet=quiet) as watcher:
        yield watcher


def summary(manifest: Mapping[str, Any], out: Path) -> Iterator[str]:
    """Yield what a run made, in a few lines for people."""
    from kommres.dsl.overview import table
    from kommres.dsl.problems import TITLES

    results = manifest["results"]
    yield f"period {manifest['period']}"
    for entity, fates in results["accounts"].items():
        yield (
            f"{entity}: {fates['in']} accounts, {fates['charged']} charged, {fates['nothing']} with nothing to charge, "
            f"{fates['quarantined']} with quarantine"
        )
    rows = [
        (t["service"], t["line"], counted(t["lines"], "line"), f"{_short(t['amount'])} {t['unit']}")
        for t in results["totals"]
    ]
    if rows:
        yield from ("charges", *table(rows))
    reasons = [(code, f"{count}", TITLES.get(code, "")) for code, count in results["quarantine"].items()]
    if reasons:
        yield from ("quarantine", *table(reasons))
    yield f"written to {out}"


def _short(amount: str) -> str:
    """Return an amount without zeros that only the finest rounding of the rules asks for; two digits stay."""
    whole, _, digits = amount.partition(".")
    return f"{whole}.{digits.rstrip('0'):0<2}"
