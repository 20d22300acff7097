"""The folder of an unfinished run, its lock, and the step that makes the result appear."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from attrs import frozen

from kommres.errors import UsageError
from kommres.run.journal import JOURNAL, Done, Journal, opened, read_journal, settle

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

SUFFIX: Final = ".partial"
_LOCK: Final = "lock"
_RESULT: Final = "result"
_REPLACED: Final = "replaced"


@frozen(kw_only=True)
class Workspace:
    """An unfinished run, locked by this process.

    ``folder``: where its files lie; ``result``: those of the result to come.
    """

    out: Path
    folder: Path
    journal: Journal

    @property
    def result(self) -> Path:
        """The folder that will be the result."""
        return self.folder / _RESULT

    def publish(self) -> None:
        """Make the result appear under its name, all of it or nothing, and forget the rest."""
        for path in self.result.iterdir():
            with path.open("rb+") as file:
                settle(file)
        _settle_folder(self.result)
        if self.out.exists():
            replaced = self.folder / _REPLACED
            if replaced.exists():
                shutil.rmtree(replaced)
            self.out.rename(replaced)
        self.result.rename(self.out)
        _settle_folder(self.out.parent)
        shutil.rmtree(self.folder)


@contextmanager
def workspace(
    out: Path, charges: str, identity: Mapping[str, Any], way: object, *, resume: bool, overwrite: bool
) -> Iterator[Workspace]:
    """Open the folder of an unfinished run beside ``out`` and lock it.

    Parameters
    ----------
    out
        Where the result will appear.
    charges
        Name of the file of charges.
    identity
        What makes it the same run: rules, data, period, options.
    way
        How its data are read, where they are not yet read in some way.
    resume
        Go on with an unfinished run, if there is one.
    overwrite
        Replace a finished result, and drop an unfinished run.

    Raises
    ------
    UsageError
        U0311 the result is there already, U0312 another run is at work, U0313 there is an unfinished run, U0314 it is
        another run.
    """
    _refuse_existing(out, overwrite=overwrite)
    folder = out.with_name(out.name + SUFFIX)
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder):
        began = read_journal(folder / JOURNAL)
        done: Sequence[Done] = ()
        if began is not None and not resume and not overwrite:
            raise UsageError(
                f"{folder} holds an unfinished run",
                code="U0313",
                todo="go on with it (--resume), or drop it (--overwrite)",
            )
        if began is not None and resume:
            _refuse_other_run(began.run, identity, folder)
            way, done = began.way, began.done
        else:
            _clear(folder)
        result = folder / _RESULT
        result.mkdir(exist_ok=True)
        with opened(folder, result / charges, identity=identity, way=way, done=done) as journal:
            yield Workspace(out=out, folder=folder, journal=journal)


def drop_leftovers(out: Path) -> None:
    """Remove what a run left that was killed after its result had appeared."""
    folder = out.with_name(out.name + SUFFIX)
    if folder.is_dir():
        with _locked(folder):
            shutil.rmtree(folder)


def _refuse_existing(out: Path, *, overwrite: bool) -> None:
    if out.is_dir() and not any(out.iterdir()):
        out.rmdir()
    if not out.exists():
        return
    if not out.is_dir() or not (out / "manifest.json").is_file():
        raise UsageError(
            f"{out} is there and is no result of a run", code="U0311", todo="choose another name, or move it away"
        )
    if not overwrite:
        raise UsageError(
            f"{out} is there already", code="U0311", todo="choose another name, or replace it (--overwrite)"
        )


def _refuse_other_run(began: Mapping[str, Any], identity: Mapping[str, Any], folder: Path) -> None:
    other = sorted(key for key in {*began, *identity} if began.get(key) != identity.get(key))
    if other:
        raise UsageError(
            f"the unfinished run in {folder} began with other {' and '.join(other)}",
            code="U0314",
            why="parts of two different runs must not end in one result",
            todo="run as it was begun, or drop it (--overwrite)",
            other=tuple(other),
        )


def _clear(folder: Path) -> None:
    # The journal goes first: without it, nothing that is left counts.
    (folder / JOURNAL).unlink(missing_ok=True)
    for path in folder.iterdir():
        if path.name == _LOCK:
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


# --- files ---------------------------------------------------------------------------------------------------


def _settle_folder(folder: Path) -> None:
    if sys.platform != "win32":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


# --- lock ----------------------------------------------------------------------------------------------------


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the folder. The system lets go of the lock when the process ends, however it ends."""
    path = folder / _LOCK
    while True:
        folder.mkdir(parents=True, exist_ok=True)
        file = path.open("a+", encoding="ascii")
        if not _try_lock(file):
            file.seek(0)
            owner = file.read().strip() or "unknown"
            file.close()
            raise UsageError(
                f"another run (process {owner}) writes to {folder}",
                code="U0312",
                why="two runs into one place would mix their results",
                todo="wait for it, or choose another place",
            )
        if _same_file(file, path):
            break
        file.close()  # the run that held it has just finished and removed the folder
    try:
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
    finally:
        file.close()


def _same_file(file: IO[str], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _try_lock(file: IO[str]) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
