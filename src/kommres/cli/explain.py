"""``kommres explain``: the steps of an amount, of a JSON case or of a finished run."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kommres import cli
from kommres.cli.common import (
    MONTH,
    as_options,
    choices_option,
    known_option,
    load_module,
    read_case,
    rules_option,
    show_json,
)
from kommres.errors import UsageError

if TYPE_CHECKING:
    import datetime

    from kommres.period import Month


@click.command("explain", short_help="Say why an amount is what it is.")
@click.argument("what", metavar="MODULE|OUT")
@click.option("--on", "month", type=MONTH, help="The month of the case.")
@click.option("--json", "case", metavar="JSON|@FILE|-", help="Entities with their values, nested.")
@click.option("--account", metavar="ID", help="With the folder of a finished run: the account.")
@click.option("--service", help="Only the lines of this service.")
@click.option("--lang", type=click.Choice(["en", "ru"]), default="en", help="Language of the explanation.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="For people or for programs.")
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
) -> int:
    """Explain amounts step by step: numbers with units, the exception chosen and why, tables, slices, citations.

    \b
    Examples:
      kommres explain my.water --rules rules/ --on 2026-01 --json @case.json --lang ru
      kommres explain out/2026-01 --account 100200 --service cold_water
    """
    raise NotImplementedError
