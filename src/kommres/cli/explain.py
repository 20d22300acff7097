"""``kommres explain``: the steps of an amount, of a JSON case or of a finished run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from kommres import cli
from kommres.cli.common import (
    Verb,
    as_options,
    choices_option,
    known_option,
    load_module,
    month_option,
    read_case,
    rules_option,
    show_json,
)
from kommres.errors import UsageError

if TYPE_CHECKING:
    import datetime

    from kommres.dsl.explanation import Explanation
    from kommres.period import Month


@click.command(
    "explain",
    cls=Verb,
    short_help="Say why an amount is what it is.",
    examples=(
        "kommres explain my.water --rules rules/ --on 2026-01 --json @case.json --lang ru",
        "kommres explain out/2026-01 --account 100200 --service cold_water",
    ),
)
@click.argument("what", metavar="MODULE|OUT")
@month_option("--on", "month", help="The month of the case.")
@click.option("--json", "case", metavar="JSON|@FILE|-", help="Entities with their values, nested.")
@click.option("--account", metavar="ID", help="With the folder of a finished run: the account.")
@click.option("--service", help="Only the lines of this service.")
@click.option("--lang", type=click.Choice(["en", "ru"]), default="en", help="Language of the explanation.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", help="For people or for programs."
)
@click.option("--data", type=click.Path(path_type=Path), help="With --account: where the data lie now.")
@rules_option
@known_option
@choices_option
def command(
    what: str,
    month: Month | None,
    case: str | None,
    account: str | None,
    service: str | None,
    lang: str,
    form: str,
    rules: tuple[str, ...],
    known: datetime.date | None,
    choices: tuple[tuple[str, str], ...],
    data: Path | None,
) -> int:
    """Explain amounts step by step: numbers with units, the exception chosen and why, tables, slices, citations."""
    explanation = (
        _of_run(what, account, service, lang, rules, data)
        if account is not None
        else _of_case(what, month, case, service, lang, rules, known, choices)
    )
    if form == "json":
        show_json(explanation.data)
    else:
        click.echo(explanation.text)
    return cli.FINE


def _of_run(
    out: str, account: str, service: str | None, lang: str, rules: tuple[str, ...], data: Path | None
) -> Explanation:
    from kommres.run.explain import explain_run

    return explain_run(out, account, service=service, language=lang, rules=rules, data=data)


def _of_case(
    module: str,
    month: Month | None,
    case: str | None,
    service: str | None,
    lang: str,
    rules: tuple[str, ...],
    known: datetime.date | None,
    choices: tuple[tuple[str, str], ...],
) -> Explanation:
    from kommres.dsl.explain import explain

    if month is None or case is None:
        raise UsageError(
            "neither a case nor an account",
            todo="give a case with --on YYYY-MM and --json, or the folder of a finished run with --account ID",
        )
    program, name = load_module(module, rules)
    options = as_options(choices)
    return explain(
        program, read_case(case), month, module=name, service=service, language=lang, known_at=known, options=options
    )
