"""``kommres fmt``: one layout for rule text, keywords in one language."""

from __future__ import annotations

import difflib
import sys
from pathlib import Path

import click

from kommres import cli
from kommres.cli.common import counted, kmr_files


@click.command("fmt")
@click.argument("paths", nargs=-1, required=True)
@click.option("--check", "only_check", is_flag=True, help="Change nothing; exit code 1 if something would change.")
@click.option("--diff", is_flag=True, help="Change nothing; print what would change.")
@click.option("--keywords", type=click.Choice(["ru", "en"]), help="Write all keywords in Russian or in English.")
def command(paths: tuple[str, ...], only_check: bool, diff: bool, keywords: str | None) -> int:
    """Format files in place; `-` formats stdin to stdout.

    \b
    Examples:
      kommres fmt rules/
      kommres fmt rules/ --check --diff
      kommres fmt --keywords ru water.kmr
      cat water.kmr | kommres fmt -
    """
    if "-" in paths:
        return _stdin(keywords)
    from kommres.dsl.syntax.format import format_text

    changed = []
    sources = kmr_files(paths)
    for path in sources:
        text = path.read_bytes().decode("utf-8")
        formatted = format_text(text, name=str(path), keywords=keywords)
        if formatted == text:
            continue
        changed.append(path)
        if diff:
            lines = difflib.unified_diff(
                text.splitlines(keepends=True), formatted.splitlines(keepends=True), str(path), str(path)
            )
            click.echo("".join(lines), nl=False)
        if not (only_check or diff):
            _write(path, formatted)
    for path in changed:
        click.echo(f"{'would format' if only_check or diff else 'formatted'} {path}", err=True)
    click.echo(f"{counted(len(changed), 'file')} of {len(sources)} changed" if changed else "nothing to change", err=True)
    return cli.ERRORS if only_check and changed else cli.FINE


def _stdin(keywords: str | None) -> int:
    from kommres.dsl.syntax.format import format_text

    text = sys.stdin.buffer.read().decode("utf-8")
    click.echo(format_text(text, name="<stdin>", keywords=keywords), nl=False)
    return cli.FINE


def _write(path: Path, text: str) -> None:
    # A rename leaves either the old file or the new one, also when the machine stops in between.
    beside = path.with_name(f".{path.name}.new")
    beside.write_bytes(text.encode("utf-8"))
    beside.chmod(path.stat().st_mode)
    beside.replace(path)
