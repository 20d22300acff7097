"""``kommres cache``: the folder of compiled kernels."""

from __future__ import annotations

import click

from kommres import cli
from kommres.cli.common import Verb, counted


@click.command(
    "cache",
    cls=Verb,
    short_help="Show or clear the folder of compiled kernels.",
    examples=("kommres cache", "kommres cache path", "kommres cache clear"),
)
@click.argument("action", type=click.Choice(["show", "path", "clear"]), default="show")
def command(action: str) -> int:
    """Show how many compiled kernels are kept, print their folder, or remove them.

    They may be removed at any time; what is needed is compiled again.
    """
    from kommres.dsl.backends.kernels.store import VARIABLE, default_store

    store = default_store()
    if store is None:
        click.echo(f"no kernels are kept: {VARIABLE} says so, or there is no home folder", err=True)
        return cli.FINE
    if action == "path":
        click.echo(str(store.folder))
    elif action == "clear":
        click.echo(f"{counted(store.clear(), 'kernel')} removed", err=True)
    else:
        entries = store.entries()
        size = sum(entry.size for entry in entries)
        click.echo(f"{counted(len(entries), 'kernel')}, {size / 1024 / 1024:.1f} MiB in {store.folder}")
    return cli.FINE
