"""``kommres test``: examples and spec files, with coverage of branches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kommres import cli
from kommres.cli.common import Verb, asked, counted

if TYPE_CHECKING:
    from fractions import Fraction

    from kommres.dsl.coverage import Report
    from kommres.dsl.examples import ExampleResult


@click.command(
    "test",
    cls=Verb,
    short_help="Run the examples of rules, with coverage.",
    examples=(
        "kommres test",
        "kommres test rules/ --min 100",
    ),
)
@click.argument("paths", nargs=-1)
@click.option(
    "--coverage/--no-coverage", "measure", default=True, help="Count which branches of rules the examples take."
)
@click.option("--min", "least", type=click.IntRange(0, 100), default=0, help="Fail below this coverage, in percent.")
@click.option("-v", "--verbose", is_flag=True, help="Name the examples that pass, too.")
def command(paths: tuple[str, ...], measure: bool, least: int, verbose: bool) -> int:
    """Run the examples in rule files and in the spec files beside them.

    Covered is: each definition and exception taken; each condition of an exception, `if`, `when` and `where` both true
    and false; each `else` with its value and with its fallback.
    """
    from kommres.dsl.coverage import Coverage
    from kommres.dsl.examples import run_examples
    from kommres.dsl.program import load

    program = load(*paths)
    counter = Coverage(program.plan, asked(program)) if measure else None
    results = run_examples(program, hook=counter, files=asked(program))
    for result in results:
        _show(result, verbose=verbose)
    failed = sum(not result.passed for result in results)
    click.echo(f"{counted(len(results), 'example')}: {len(results) - failed} passed, {failed} failed")
    enough = _coverage(counter.report(), least) if counter else True
    return cli.FINE if enough and not failed else cli.ERRORS


def _show(result: ExampleResult, *, verbose: bool) -> None:
    if result.passed and not verbose:
        return
    click.echo(f"{'pass' if result.passed else 'FAIL'}  {result.place}  {result.title}")
    for failure in result.failures:
        click.echo(f"      {failure.place}  {failure.name}: expected {failure.expected}, got {failure.actual}")
        for line in failure.explanation.splitlines():
            click.echo(f"        {line}")


def _coverage(report: Report, least: int) -> bool:
    for line in dict.fromkeys(f"not covered  {branch.place}  {branch.what}" for branch in report.missed):
        click.echo(line)
    percent = report.percent
    click.echo(f"branches: {report.taken} of {report.total} taken, {_percent(percent)} %")
    if percent >= least:
        return True
    click.echo(f"less than {least} %", err=True)
    return False


def _percent(value: Fraction) -> str:
    # Never 100 before all is taken.
    tenths = int(value * 10)
    return f"{tenths // 10}.{tenths % 10}" if tenths % 10 else str(tenths // 10)
