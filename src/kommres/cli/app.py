"""The group of verbs, and how any error becomes a message and an exit code."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Final

import click

from kommres import cli
from kommres.cli.common import WithExamples, complain
from kommres.errors import KommresError, UsageError

VERBS: Final = {
    "check": "kommres.cli.check",
    "fmt": "kommres.cli.fmt",
    "describe": "kommres.cli.describe",
    "eval": "kommres.cli.eval_",
    "explain": "kommres.cli.explain",
    "test": "kommres.cli.test",
    "run": "kommres.cli.run",
    "plot": "kommres.cli.plot",
    "synth": "kommres.cli.synth",
    "cache": "kommres.cli.cache",
}

#: module that is missing -> the extra that brings it
EXTRAS: Final = {"pyarrow": "arrow", "rich": "cli"}


class Verbs(WithExamples, click.Group):
    """A group whose commands are imported when they are asked for."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Return the verbs in the order in which a newcomer meets them."""
        return list(VERBS)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        """Return the command of a verb, or None."""
        if name not in VERBS:
            return None
        command: click.Command = import_module(VERBS[name]).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the verb; on a wrong one, say which are like it."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from kommres.dsl.diagnostics import closest

            if like := closest(args[0], VERBS):
                raise click.UsageError(f"{error.message} Did you mean {like}?", ctx) from None
            raise


def _version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from importlib.metadata import PackageNotFoundError, version

        try:
            click.echo(f"kommres {version('kommres')}")
        except PackageNotFoundError:
            click.echo("kommres, read from its sources without an installation")
        ctx.exit()


@click.command(
    cls=Verbs,
    examples=(
        "kommres check rules/",
        "kommres eval my.water --on 2026-01 --json @case.json",
    ),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.option("--version", is_flag=True, expose_value=False, is_eager=True, callback=_version, help="Show the version.")
def app() -> None:
    """Rules of utility billing: check them, try them, charge with them."""


def invoke(arguments: list[str]) -> int:
    """Run a command; every expected error ends as a message on stderr and an exit code, never as a traceback."""
    try:
        result = app.main(arguments, prog_name="kommres", standalone_mode=False)
    except click.exceptions.Abort:
        return _interrupted()
    except KeyboardInterrupt:
        return _interrupted()
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except BrokenPipeError:
        return _reader_left()
    except KommresError as error:
        complain(error)
        return cli.USAGE if isinstance(error, UsageError) else cli.ERRORS
    except ModuleNotFoundError as error:
        return _missing(error)
    except OSError as error:
        click.echo(f"error: {error.strerror or error}: {error.filename or ''}".rstrip(": "), err=True)
        return cli.ERRORS
    return result if isinstance(result, int) else cli.FINE


def _interrupted() -> int:
    click.echo("stopped by Ctrl-C", err=True)
    return cli.INTERRUPTED


def _reader_left() -> int:
    # The reader of our output (`| head`) went away; the interpreter must not complain while it flushes.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return cli.ERRORS


def _missing(error: ModuleNotFoundError) -> int:
    module = (error.name or "").partition(".")[0]
    if module not in EXTRAS:
        raise error
    click.echo(f'error: this needs {module}; install it with: pip install "kommres[{EXTRAS[module]}]"', err=True)
    return cli.ERRORS
