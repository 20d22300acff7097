"""``kommres run``: a month's charges of a data folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from kommres import cli
from kommres.cli.common import MONTH, as_options, choices_option, counted, known_option, rules_option

if TYPE_CHECKING:
    import datetime

    from kommres.period import Month


@click.command("run", short_help="Charge a month of a data folder.")
@click.argument("data", type=click.Path(path_type=Path))
@click.option("--period", type=MONTH, required=True, help="The month to charge.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder of the result; it appears when all is done.")
@rules_option
@known_option
@choices_option
@click.option("--resume", is_flag=True, help="Go on with a run that was stopped.")
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
    quiet: bool,
    progress: str,
) -> int:
    """Charge the accounts of the folder DATA for a month; exit code 3 where some lines went to quarantine.

    \b
    Examples:
      kommres run city/2026-01 --period 2026-01 --out out/2026-01
      kommres run data/ --rules rules/ --period 2026-01 --out out/ --option december=by_days --resume
    """
    from kommres.run.api import run

    result = run(
        rules,
        data,
        period,
        out=out,
        known_at=known,
        options=as_options(choices),
        resume=resume,
        progress="off" if quiet else progress,
    )
    if not quiet:
        click.echo(result)
    return cli.QUARANTINE if result.quarantined else cli.FINE
