"""How far a run is: a bar on a terminal, a line every few seconds elsewhere, nothing where nobody looks."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SECONDS: Final = 5.0


class Progress(Protocol):
    """What a run tells while it works."""

    def __call__(self, done: int, total: int, quarantined: int) -> None:
        """Take the number of accounts done, of all accounts, and of those done that are in quarantine."""


def silent(done: int, total: int, quarantined: int) -> None:
    """Say nothing."""


def lines(stream: IO[str], *, seconds: float = _SECONDS, clock: Callable[[], float] = time.monotonic) -> Progress:
    """Return a progress that prints a plain line every few seconds and at the end."""
    start = clock()
    last = start
    ended = False

    def show(done: int, total: int, quarantined: int) -> None:
        nonlocal last, ended
        now = clock()
        if ended or (done < total and now - last < seconds):
            return
        last, ended = now, done >= total
        held = f", {quarantined} in quarantine" if quarantined else ""
        print(f"{done} of {total} accounts{held}, {now - start:.0f} s", file=stream, flush=True)

    return show


@contextmanager
def shown(stream: IO[str], *, quiet: bool = False) -> Iterator[Progress]:
    """Choose what suits a stream: a bar on a terminal (if rich is there), plain lines otherwise, nothing when quiet."""
    if quiet:
        yield silent
        return
    if not stream.isatty():
        yield lines(stream)
        return
    try:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar
    except ModuleNotFoundError:
        yield lines(stream)
        return
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("accounts{task.fields[held]}"), TimeRemainingColumn())
    with Bar(*columns, console=Console(file=stream), transient=True) as bar:
        task = bar.add_task("accounts", total=None, held="")

        def show(done: int, total: int, quarantined: int) -> None:
            held = f", {quarantined} in quarantine" if quarantined else ""
            bar.update(task, completed=done, total=total, held=held)

        yield show
