"""The folder of an unfinished run: finished parts, a journal, a lock; and the step that makes the result appear."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from attrs import define, field, frozen

from kommres.columns.arrow import require_arrow
from kommres.errors import UsageError

if TYPE_CHECKING:
    import pyarrow as pa

SUFFIX: Final = ".partial"
_JOURNAL: Final = "journal.jsonl"
_LOCK: Final = "lock"
_RESULT: Final = "result"
_REPLACED: Final = "replaced"


@frozen(kw_only=True)
class Done:
    """A finished part. ``digests``: SHA-256 of its files by name. ``counts``: (what, number)."""

    number: int
    digests: Mapping[str, str]
    counts: Sequence[tuple[tuple[str, ...], int]]

    def to_json(self) -> str:
        """Write one line of the journal."""
        return json.dumps(
            {"part": self.number, "files": dict(self.digests), "counts": [[list(k), v] for k, v in self.counts]},
            ensure_ascii=False,
        )

    @classmethod
    def from_json(cls, line: Mapping[str, Any]) -> Done:
        """Read one line of the journal."""
        counts = tuple((tuple(key), int(number)) for key, number in line["counts"])
        return cls(number=line["part"], digests=line["files"], counts=counts)


@define(kw_only=True)
class Workspace:
    """An unfinished run, locked by this process.

    ``batch_rows``: the size of parts that the run began with. ``done``: finished parts by number.
    """

    out: Path
    folder: Path
    batch_rows: int
    done: dict[int, Done] = field(factory=dict)

    # --- parts -----------------------------------------------------------------------------------------------

    def put(self, number: int, files: Mapping[str, pa.RecordBatch], counts: Mapping[tuple[str, ...], int]) -> None:
        """Keep a finished part: its files first, then the line that says so."""
        digests = {}
        for name, batch in files.items():
            data = _to_bytes(batch)
            digests[name] = hashlib.sha256(data).hexdigest()
            _write(self._part(number, name), data)
        done = Done(number=number, digests=digests, counts=tuple(sorted(counts.items())))
        with (self.folder / _JOURNAL).open("a", encoding="utf-8", newline="\n") as journal:
            journal.write(done.to_json() + "\n")
            _settle(journal)
        self.done[number] = done

    def has(self, number: int) -> bool:
        """Say whether a part is there, unharmed."""
        done = self.done.get(number)
        return done is not None and all(
            self._part(number, name).is_file()
            and hashlib.sha256(self._part(number, name).read_bytes()).hexdigest() == digest
            for name, digest in done.digests.items()
        )

    def batches(self, name: str, parts: int) -> Iterator[pa.RecordBatch]:
        """Yield what parts ``0 .. parts`` hold in one of their files."""
        pa = require_arrow()
        for number in range(parts):
            with pa.ipc.open_file(self._part(number, name).read_bytes()) as reader:
                for index in range(reader.num_record_batches):
                    yield reader.get_batch(index)

    def _part(self, number: int, name: str) -> Path:
        return self.folder / f"part-{number:06}.{name}.arrow"

    # --- the result ------------------------------------------------------------------------------------------

    def begin_result(self) -> Path:
        """Return an empty folder for the files of the result."""
        folder = self.folder / _RESULT
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir()
        return folder

    def publish(self) -> None:
        """Make the result appear under its name, all of it or nothing, and forget the parts."""
        result = self.folder / _RESULT
        for path in result.iterdir():
            with path.open("rb+") as file:
                _settle(file)
        _settle_folder(result)
        if self.out.exists():
            replaced = self.folder / _REPLACED
            if replaced.exists():
                shutil.rmtree(replaced)
            self.out.rename(replaced)
        result.rename(self.out)
        _settle_folder(self.out.parent)
        shutil.rmtree(self.folder)


@contextmanager
def workspace(
    out: Path, identity: Mapping[str, Any], batch_rows: int, *, resume: bool, overwrite: bool
) -> Iterator[Workspace]:
    """Open the folder of an unfinished run beside ``out`` and lock it.

    Parameters
    ----------
    out
        Where the result will appear.
    identity
        What makes it the same run: rules, data, period, options.
    batch_rows
        Size of parts; a resumed run keeps the one that it began with.
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
        header, done = _read_journal(folder / _JOURNAL)
        if header is not None and not resume and not overwrite:
            raise UsageError(
                f"{folder} holds an unfinished run",
                code="U0313",
                todo="go on with it (--resume), or drop it (--overwrite)",
            )
        if header is not None and resume:
            _refuse_other_run(header["run"], identity, folder)
            batch_rows = header["batch_rows"]
        else:
            _clear(folder)
            done = []
        _write_journal(folder / _JOURNAL, {"run": identity, "batch_rows": batch_rows}, done)
        yield Workspace(out=out, folder=folder, batch_rows=batch_rows, done={item.number: item for item in done})


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
    (folder / _JOURNAL).unlink(missing_ok=True)
    for path in folder.iterdir():
        if path.name == _LOCK:
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


# --- journal -------------------------------------------------------------------------------------------------


def _read_journal(path: Path) -> tuple[dict[str, Any] | None, list[Done]]:
    if not path.is_file():
        return None, []
    lines = path.read_bytes().split(b"\n")[:-1]  # a last line without its end was torn by a kill
    try:
        header, *rest = [json.loads(line) for line in lines]
        return header, [Done.from_json(line) for line in rest]
    except (ValueError, KeyError, TypeError):
        return None, []


def _write_journal(path: Path, header: Mapping[str, Any], done: Sequence[Done]) -> None:
    lines = [json.dumps(header, ensure_ascii=False), *(item.to_json() for item in done)]
    _write(path, "".join(f"{line}\n" for line in lines).encode())


# --- files ---------------------------------------------------------------------------------------------------


def _to_bytes(batch: pa.RecordBatch) -> bytes:
    pa = require_arrow()
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, batch.schema) as writer:
        writer.write_batch(batch)
    data: bytes = sink.getvalue().to_pybytes()
    return data


def _write(path: Path, data: bytes) -> None:
    """Write a file so that it is there as a whole or not at all."""
    draft = path.with_name(path.name + ".new")
    with draft.open("wb") as file:
        file.write(data)
        _settle(file)
    draft.replace(path)


def _settle(file: IO[Any]) -> None:
    file.flush()
    os.fsync(file.fileno())


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
