"""``kommres synth``: a synthetic city to try rules on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from kommres import cli
from kommres.cli.common import Verb, counted, month_option
from kommres.cli.progress import progress_bar

if TYPE_CHECKING:
    from kommres.period import Month


@click.command(
    "synth",
    cls=Verb,
    short_help="Make a synthetic city.",
    examples=(
        "kommres synth city/ --month 2023-01",
        "kommres synth city/ --month 2023-01 --month 2023-02 --accounts 500 --seed 7 --dirty 0.03",
    ),
)
@click.argument("out", type=click.Path(path_type=Path))
@month_option("--month", "months", multiple=True, required=True, help="A month to write; may be repeated.")
@click.option(
    "--accounts", type=click.IntRange(min=1), default=20_000, show_default=True, help="Flats and small houses."
)
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed, another city.")
@click.option(
    "--dirty", default="0", show_default=True, metavar="SHARE", help="Share of accounts with a dirty row, 0 to 1."
)
@click.option(
    "--profile",
    "profile",
    type=click.Path(path_type=Path),
    multiple=True,
    help="TOML file that says what the city is made of; several say it together.",
)
@click.option("--overwrite", is_flag=True, help="Replace OUT if it is a synthetic city already.")
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
def command(
    out: Path,
    months: tuple[Month, ...],
    accounts: int,
    seed: int,
    dirty: str,
    profile: tuple[Path, ...],
    overwrite: bool,
    quiet: bool,
) -> int:
    """Make a synthetic city in the folder OUT: one data folder a month, the same bytes for the same arguments."""
    from kommres.synth import synthesize

    with progress_bar("accounts", accounts, quiet=quiet) as step:
        city = synthesize(
            out,
            accounts=accounts,
            seed=seed,
            months=months,
            dirty=dirty,
            profile=profile,
            overwrite=overwrite,
            progress=step,
        )
    if not quiet:
        rows = ", ".join(f"{table} {count}" for table, count in city.rows.items())
        click.echo(f"{city.title}: {counted(city.accounts, 'account')} in {counted(city.buildings, 'building')}")
        click.echo(f"rows: {rows}")
        if city.flaws:
            click.echo("dirty rows: " + ", ".join(f"{kind} {count}" for kind, count in city.flaws.items()))
        for month in city.months:
            click.echo(f"data folder {city.month(month)}")
    return cli.FINE
