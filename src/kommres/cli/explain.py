"""``kommres explain``: the steps of an amount or a bill for people, of a JSON case or of a finished run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

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
    from kommres.bill.document import Document
    from kommres.dsl.explanation import Explanation
    from kommres.period import Month


@click.command(
    "explain",
    cls=Verb,
    short_help="Say why an amount is what it is.",
    examples=(
        "kommres explain my.water --rules rules/ --on 2026-01 --json @case.json --lang ru",
        "kommres explain out/2026-01 --account 100200 --service cold_water --line raising",
        "kommres explain out/2026-01 --account 100200 --bill --lang ru --format html > bill.html",
    ),
)
@click.argument("what", metavar="MODULE|OUT")
@month_option("--on", "month", help="The month of the case.")
@click.option("--json", "case", metavar="JSON|@FILE|-", help="Entities with their values, nested.")
@click.option("--account", metavar="ID", help="The account: of a finished run, or of a case that has several.")
@click.option("--service", help="Only the lines of this service.")
@click.option("--line", help="Only this line, such as base.")
@click.option("--bill", "as_bill", is_flag=True, help="As a bill for those who pay it: in words, first things first.")
@click.option("--details", is_flag=True, help="With --bill: also what a reader does not need first.")
@click.option("--lang", type=click.Choice(["en", "ru"]), default="en", help="Language of the explanation.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown", "html", "json"]),
    default="text",
    help="For people, for a page, or for programs.",
)
@click.option("--data", type=click.Path(path_type=Path), help="With a finished run: where the data lie now.")
@rules_option
@known_option
@choices_option
def command(
    what: str,
    form: str,
    as_bill: bool,
    details: bool,
    lang: str,
    account: str | None,
    case: str | None,
    **settings: Any,  # noqa: ANN401 - click's
) -> int:
    """Explain amounts step by step: numbers with units, the exception chosen and why, tables, slices, citations."""
    wanted = {"service": settings["service"], "line": settings["line"], "language": lang}
    made: Document | Explanation
    if account is not None and case is None:
        made = _of_run(what, account, settings["rules"], settings["data"], wanted, as_bill=as_bill)
    else:
        chosen = {"known_at": settings["known"], "options": as_options(settings["choices"])}
        made = _of_case(
            what, settings["month"], case, settings["rules"], {**wanted, **chosen}, account, as_bill=as_bill
        )
    if form == "json":
        show_json(made.data)
    elif form == "text" and not as_bill:
        click.echo(str(made))
    else:
        click.echo(_document(made, lang).written(form, details=details or not as_bill).rstrip("\n"))
    return cli.FINE


def _document(made: Document | Explanation, language: str) -> Document:
    from kommres.bill.document import Document
    from kommres.bill.making import pages

    return made if isinstance(made, Document) else pages(made, language)


def _of_run(
    out: str,
    account: str,
    rules: tuple[str, ...],
    data: Path | None,
    wanted: dict[str, Any],
    *,
    as_bill: bool,
) -> Document | Explanation:
    from kommres.run.explain import bill_of_run, explain_run

    return (bill_of_run if as_bill else explain_run)(out, account, rules=rules, data=data, **wanted)


def _of_case(
    module: str,
    month: Month | None,
    case: str | None,
    rules: tuple[str, ...],
    wanted: dict[str, Any],
    account: str | None,
    *,
    as_bill: bool,
) -> Document | Explanation:
    from kommres.bill.making import explain_bill
    from kommres.dsl.explain import explain

    if month is None or case is None:
        raise UsageError(
            "neither a case nor an account",
            todo="give a case with --on YYYY-MM and --json, or the folder of a finished run with --account ID",
        )
    program, name = load_module(module, rules)
    if as_bill:
        return explain_bill(program, read_case(case), month, module=name, row=account, **wanted)
    if account is not None:
        raise UsageError("--account of a case goes with --bill", todo="leave one of them out, or add --bill")
    return explain(program, read_case(case), month, module=name, **wanted)
