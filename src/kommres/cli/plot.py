"""``kommres plot``: the months of an account as a picture."""

from __future__ import annotations

from pathlib import Path

import click

from kommres import cli
from kommres.cli.common import Verb, counted, rules_option


@click.command(
    "plot",
    cls=Verb,
    short_help="Draw the months of an account.",
    examples=(
        "kommres plot results/ --account 100200 --to year.svg",
        "kommres plot out/2026-01 out/2026-02 --account 100200 --to year.png --lang ru",
    ),
)
@click.argument("outs", nargs=-1, required=True, metavar="OUT...", type=click.Path(path_type=Path))
@click.option("--account", metavar="ID", required=True, help="The account.")
@click.option(
    "--to", "file", metavar="FILE", required=True, type=click.Path(path_type=Path), help="An .svg, .png or .pdf."
)
@click.option("--lang", type=click.Choice(["en", "ru"]), default="en", help="Language of the plot.")
@rules_option
def command(outs: tuple[Path, ...], account: str, file: Path, lang: str, rules: tuple[str, ...]) -> int:
    """Draw what finished runs charged to an account: a bar a month, a colour a service.

    OUT is the folder of a run, or a folder that holds such folders. Needs the extra `plot`.
    """
    from kommres.run.year import year_of_runs

    year = year_of_runs(outs, account, language=lang, rules=rules)
    year.plot(file, language=lang)
    click.echo(f"{file}: {counted(len(year.months), 'month')}, {counted(len(year.services), 'service')}")
    return cli.FINE
