"""What the verbs share: words of options, colours, messages."""

from __future__ import annotations

import datetime
import json
import os
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar

import click

from kommres.errors import KommresError, UsageError
from kommres.period import Month

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from kommres.dsl.diagnostics import Diagnostic
    from kommres.dsl.program import Program

F = TypeVar("F", bound="Callable[..., Any]")


# --- help ----------------------------------------------------------------------------------------------------


class WithExamples(click.Command):
    """A command whose help ends with examples, each on a line of its own."""

    def __init__(self, *arguments: Any, examples: Sequence[str] = (), **options: Any) -> None:  # noqa: ANN401 - click's
        super().__init__(*arguments, **options)
        self.examples = tuple(examples)

    def format_epilog(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples as they are."""
        with formatter.section("Examples" if len(self.examples) > 1 else "Example"):
            for example in self.examples:
                formatter.write(f"  {example}\n")


class Verb(WithExamples):
    """A verb of the command line."""


# --- words of options ----------------------------------------------------------------------------------------


def month_of(text: str) -> Month:
    """Read ``2026-01``, or refuse it as usage."""
    try:
        return Month.parse(text)
    except UsageError as error:
        raise click.BadParameter(f"{error.found}; {error.todo}") from None


def date_of(text: str) -> datetime.date:
    """Read ``2026-01-31``, or refuse it as usage."""
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is not a date; write it as YYYY-MM-DD, such as 2026-01-31") from None


def choice_of(text: str) -> tuple[str, str]:
    """Split ``name=choice``, an option of legal reading, or refuse it as usage."""
    name, sign, choice = (part.strip() for part in text.partition("="))
    if not (name and sign and choice):
        raise click.BadParameter(f"{text!r} does not choose; write name=choice")
    return name, choice


def month_option(*names: str, **settings: Any) -> Callable[[F], F]:  # noqa: ANN401 - click's
    """Return an option that takes a month."""
    return click.option(*names, type=month_of, metavar="YYYY-MM", **settings)


def on_option(command: F) -> F:
    """Add ``--on``: the month of a case."""
    return month_option("--on", "month", required=True, help="The month of the case.")(command)


def known_option(command: F) -> F:
    """Add ``--known``: what was known at a day."""
    return click.option(
        "--known",
        type=date_of,
        metavar="YYYY-MM-DD",
        help="Use only parameter values known at this day (default: all).",
    )(command)


def choices_option(command: F) -> F:
    """Add ``--option``: chosen readings of the law."""
    return click.option(
        "--option",
        "choices",
        type=choice_of,
        metavar="NAME=CHOICE",
        multiple=True,
        help="Choose a legal reading; may be repeated.",
    )(command)


def rules_option(command: F) -> F:
    """Add ``--rules``: where rules lie besides the installed plugins."""
    return click.option(
        "--rules",
        multiple=True,
        metavar="PATH",
        help="A file, a folder or a module with rules; may be repeated. Default: all installed plugins.",
    )(command)


def as_options(choices: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return chosen readings as a mapping; the same option twice with two choices is usage."""
    chosen: dict[str, str] = {}
    for name, choice in choices:
        if chosen.setdefault(name, choice) != choice:
            raise UsageError(f"--option {name} is given as {chosen[name]} and as {choice}", todo="give it once")
    return chosen


# --- output --------------------------------------------------------------------------------------------------


def colours(stream: IO[str]) -> bool:
    """Say whether a stream shows colours: a terminal, and nobody asked for none (``NO_COLOR``, ``TERM=dumb``)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def show_json(data: object) -> None:
    """Print data as JSON, letters as they are."""
    click.echo(json.dumps(data, ensure_ascii=False, indent=2))


def complain(error: KommresError) -> None:
    """Print an error on stderr: diagnostics as pictures, others as a line."""
    from kommres.dsl.diagnostics import DiagnosticError

    if isinstance(error, DiagnosticError):
        show_diagnostics(error.diagnostics, stream=sys.stderr)
    else:
        click.echo(f"error: {error}", err=True)


def show_diagnostics(
    diagnostics: Sequence[Diagnostic], *, form: str = "terminal", stream: IO[str] | None = None
) -> None:
    """Print diagnostics in one of the forms ``terminal``, ``plain`` and ``json``."""
    from kommres.dsl import render

    stream = stream or sys.stdout
    match form:
        case "json":
            text = json.dumps(render.to_json(diagnostics), ensure_ascii=False, indent=2)
        case "plain":
            text = "\n".join(render.plain(diagnostic) for diagnostic in diagnostics)
        case _:
            text = render.pictures(diagnostics, color=colours(stream))
    click.echo(text.rstrip("\n"), file=stream)


def counted(number: int, word: str) -> str:
    """Return ``1 file``, ``2 files``."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


# --- input ---------------------------------------------------------------------------------------------------


def load_module(module: str, rules: Sequence[str]) -> tuple[Program, str | None]:
    """Load the rules that hold a module: those named, or the installed module itself.

    A file or a folder in its place stands for everything in it.

    Raises :class:`UsageError` where the module is not among them.
    """
    from kommres.dsl.diagnostics import closest
    from kommres.dsl.program import load

    program = load(*rules) if rules else load(module)
    if not rules and Path(module).exists():
        return program, None
    if not any(_within(name, module) for name in program.modules):
        like = closest(module, program.modules)
        raise UsageError(
            f"no module {module!r} in the rules",
            code="U0202",
            why=f"they hold {', '.join(program.modules)}",
            todo=f"did you mean {like}?" if like else "name one of these, or give its file with --rules",
        )
    return program, module


def _within(name: str, module: str) -> bool:
    return name == module or name.startswith(f"{module}.")


def asked(program: Program) -> frozenset[str] | None:
    """Return the names of the files that were asked for, without those that they use; None for all."""
    from kommres.dsl.program import named_files

    return named_files(program.given)


def kmr_files(paths: Sequence[str]) -> list[Path]:
    """Return rule files: the files named and those in the folders named, each once."""
    found: dict[Path, None] = {}
    for text in paths:
        path = Path(text)
        if path.is_dir():
            found |= dict.fromkeys(sorted(path.rglob("*.kmr")))
        elif path.is_file():
            found[path] = None
        else:
            raise UsageError(f"{text} is no file and no folder", code="U0201", todo="check the path")
    return list(found)


def read_case(text: str) -> str:
    """Return the JSON of ``--json``: the text itself, ``@file``, or ``-`` for stdin."""
    if text == "-":
        return sys.stdin.read()
    if text.startswith("@"):
        path = Path(text[1:])
        try:
            return path.read_text(encoding="utf-8-sig")
        except OSError as error:
            raise UsageError(f"the case file {path} cannot be read: {error.strerror}", todo="check the path") from error
        except UnicodeDecodeError as error:
            raise UsageError(f"the case file {path} is not UTF-8", todo="save it as UTF-8") from error
    return text
