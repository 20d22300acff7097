"""``kommres describe``: what rules read and make, and which tables a run expects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kommres import cli
from kommres.cli.common import Verb, show_json

if TYPE_CHECKING:
    from kommres.columns.schema import TableSchema


@click.command(
    "describe",
    cls=Verb,
    short_help="Say what rules read and make.",
    examples=(
        "kommres describe",
        "kommres describe rules/ --json",
        "kommres describe --lang ru",
    ),
)
@click.argument("paths", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="As JSON, complete.")
@click.option(
    "--lang", default="en", metavar="LANGUAGE", help="Call things in this language (ISO 639-1) where the rules do."
)
def command(paths: tuple[str, ...], as_json: bool, lang: str) -> int:
    """Describe rules: inputs, events, parameters, options, rules, charges, citations, and the tables `run` reads."""
    from kommres.cli.tables import tables_text
    from kommres.columns.schema import schema_of
    from kommres.dsl.describe import describe
    from kommres.dsl.overview import describe_text
    from kommres.dsl.program import load

    program = load(*paths)
    tables = schema_of(program.plan)
    if as_json:
        show_json({**describe(program.bound), "tables": [_table(entry) for entry in tables]})
        return cli.FINE
    click.echo(describe_text(program.bound, lang))
    for line in tables_text(tables, program.bound.titles, lang):
        click.echo(line)
    return cli.FINE


def _table(entry: TableSchema) -> dict[str, object]:
    columns = [
        {
            "name": c.name,
            "role": c.role,
            "type": c.type,
            "unit": c.unit or None,
            "required": c.required,
            "text": c.description,
        }
        for c in entry.columns
    ]
    return {
        "name": entry.name,
        "kind": entry.kind,
        "entity": entry.entity,
        "required": entry.required,
        "text": entry.description,
        "columns": columns,
    }
