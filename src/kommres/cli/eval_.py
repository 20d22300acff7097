"""``kommres eval``: one case, every charge and every rule value as exact text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kommres import cli
from kommres.cli.common import (
    Verb,
    as_options,
    choices_option,
    known_option,
    load_module,
    on_option,
    read_case,
    rules_option,
    show_json,
)

if TYPE_CHECKING:
    import datetime

    from kommres.period import Month


@click.command(
    "eval",
    cls=Verb,
    short_help="Compute one case, exactly.",
    examples=(
        'kommres eval my.water --rules rules/ --on 2026-01 --json \'{"residents": 2, "metered": "9.49"}\'',
        "kommres eval my.water --on 2026-01 --json @case.json --option december=by_days",
    ),
)
@click.argument("module")
@on_option
@click.option("--json", "case", required=True, metavar="JSON|@FILE|-", help="Entities with their values, nested.")
@rules_option
@known_option
@choices_option
def command(
    module: str,
    month: Month,
    case: str,
    rules: tuple[str, ...],
    known: datetime.date | None,
    choices: tuple[tuple[str, str], ...],
) -> int:
    """Evaluate MODULE for one case and print JSON with exact decimal text."""
    from kommres.dsl.evaluate import evaluate

    program, name = load_module(module, rules)
    show_json(evaluate(program, read_case(case), month, module=name, known_at=known, options=as_options(choices)))
    return cli.FINE
