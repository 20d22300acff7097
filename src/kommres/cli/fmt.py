"""``kommres fmt``: one layout for rule text, keywords in one language."""

from __future__ import annotations

import difflib
import sys
from typing import TYPE_CHECKING

import click

from kommres import cli
from kommres.cli.common import Verb, counted, kmr_files
from kommres.errors import RulesError

if TYPE_CHECKING:
    from pathlib import Path

    from kommres.dsl.keywords import Language


@click.command(
    "fmt",
    cls=Verb,
    short_help="Lay rule text out; translate keywords.",
    examples=(
        "kommres fmt rules/",
        "kommres fmt rules/ --check --diff",
        "kommres fmt --keywords ru water.kmr",
        "cat water.kmr | kommres fmt -",
    ),
)
@click.argument("paths", nargs=-1, required=True)
@click.option("--check", "only_check", is_flag=True, help="Change nothing; exit code 1 if something would change.")
@click.option("--diff", is_flag=True, help="Change nothing; print what would change.")
@click.option("--keywords", type=click.Choice(["ru", "en"]), help="Write all keywords in Russian or in English.")
def command(paths: tuple[str, ...], only_check: bool, diff: bool, keywords: Language | None) -> int:
    """Format files in place; `-` formats stdin to stdout."""
    if "-" in paths:
        return _stdin(keywords)
    changed = []
    sources = kmr_files(paths)
    for path in sources:
        text, formatted = _formatted(path.read_bytes(), str(path), keywords)
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
    click.echo(
        f"{counted(len(changed), 'file')} of {len(sources)} changed" if changed else "nothing to change", err=True
    )
    return cli.ERRORS if only_check and changed else cli.FINE


def _stdin(keywords: Language | None) -> int:
    _, formatted = _formatted(sys.stdin.buffer.read(), "<stdin>", keywords)
    sys.stdout.buffer.write(formatted.encode("utf-8"))
    return cli.FINE


def _formatted(data: bytes, name: str, keywords: Language | None) -> tuple[str, str]:
    """Return the text as it is and as it should be."""
    from kommres.dsl.source import Source
    from kommres.dsl.syntax.format import format_text

    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RulesError(
            f"{name} is not UTF-8 text (byte {error.start})", code="K0118", todo="save the file as UTF-8"
        ) from error
    return text, format_text(Source(name=name, text=text), keywords)


def _write(path: Path, text: str) -> None:
    # A rename leaves either the old file or the new one, also when the machine stops in between.
    beside = path.with_name(f".{path.name}.new")
    beside.write_bytes(text.encode("utf-8"))
    beside.chmod(path.stat().st_mode)
    beside.replace(path)
