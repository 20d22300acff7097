"""What a run has written so far: two files that grow chunk by chunk, and a journal that says how far they count.

A line of the journal is written after the bytes that it speaks of are safe; bytes beyond the last line are dropped when
the run goes on.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, Final

from attrs import field, frozen

from kommres.columns import footer
from kommres.columns.arrow import require_arrow
from kommres.columns.parquet import Stitching

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pyarrow as pa

JOURNAL: Final = "journal.jsonl"
QUARANTINE: Final = "quarantine.arrows"
#: at most so much work is lost by a kill
SETTLE_SECONDS: Final = 1.0


@frozen(kw_only=True)
class Piece:
    """Bytes that a chunk added to a file."""

    size: int
    digest: str

    @classmethod
    def of(cls, data: bytes | memoryview) -> Piece:
        """Describe bytes."""
        return cls(size=len(data), digest=hashlib.sha256(data).hexdigest())


@frozen(kw_only=True)
class Done:
    """A chunk that is written. ``groups``: its row groups as the footer describes them; ``counts``: (what, number)."""

    chunk: int
    charges: Piece
    quarantine: Piece
    groups: Sequence[bytes] = field(repr=False)
    counts: Sequence[tuple[tuple[str, ...], int]] = field(repr=False)

    def to_json(self) -> str:
        """Write one line of the journal."""
        return json.dumps(
            {
                "chunk": self.chunk,
                "charges": [self.charges.size, self.charges.digest],
                "quarantine": [self.quarantine.size, self.quarantine.digest],
                "groups": [base64.b64encode(group).decode("ascii") for group in self.groups],
                "counts": [[list(key), number] for key, number in self.counts],
            },
            ensure_ascii=False,
        )

    @classmethod
    def from_json(cls, line: Mapping[str, Any]) -> Done:
        """Read one line of the journal."""
        charges, quarantine = (Piece(size=line[name][0], digest=line[name][1]) for name in ("charges", "quarantine"))
        return cls(
            chunk=line["chunk"],
            charges=charges,
            quarantine=quarantine,
            groups=tuple(base64.b64decode(group) for group in line["groups"]),
            counts=tuple((tuple(key), int(number)) for key, number in line["counts"]),
        )


class Journal:
    """Files of a run in the making.

    Parameters
    ----------
    folder
        Of the unfinished run.
    charges, quarantine
        The files, open for reading and writing.
    identity
        What makes it the same run.
    way
        How its data are read.
    done
        What an earlier process said that it had written; as much of it as is there unharmed is kept.
    """

    def __init__(
        self,
        folder: Path,
        charges: IO[bytes],
        quarantine: IO[bytes],
        *,
        identity: Mapping[str, Any],
        way: object,
        done: Sequence[Done] = (),
    ) -> None:
        self._folder = folder
        self._charges = charges
        self._quarantine = quarantine
        self._identity = identity
        self._begin(way, self._unharmed(done))

    def restart(self, way: object) -> None:
        """Forget all that was written."""
        self._begin(way, [])

    def _begin(self, way: object, done: list[Done]) -> None:
        self.way = way
        self.done = done
        size = sum(item.charges.size for item in self.done) + len(footer.MAGIC)
        self._stitching = Stitching([group for item in self.done for group in item.groups], size)
        # The journal goes first: what it does not speak of does not count.
        lines = [json.dumps({"run": self._identity, "way": way}, ensure_ascii=False)]
        lines.extend(item.to_json() for item in self.done)
        write(self._folder / JOURNAL, "".join(f"{line}\n" for line in lines).encode())
        self._charges.seek(0)
        self._charges.write(footer.MAGIC)
        for file, end in ((self._charges, size), (self._quarantine, sum(d.quarantine.size for d in self.done))):
            file.seek(end)
            file.truncate()
        self._waiting: list[Done] = []
        self._settled = time.monotonic()

    def put(
        self,
        chunk: int,
        charges: memoryview,
        refused: Sequence[pa.RecordBatch],
        counts: Mapping[tuple[str, ...], int],
    ) -> None:
        """Add a chunk. ``charges``: a Parquet file of its own."""
        known = len(self._stitching.groups)
        body = self._stitching.take(charges)
        rows = _to_bytes(refused)
        self._charges.write(body)
        self._quarantine.write(rows)
        done = Done(
            chunk=chunk,
            charges=Piece.of(body),
            quarantine=Piece.of(rows),
            groups=tuple(self._stitching.groups[known:]),
            counts=tuple(sorted(counts.items())),
        )
        self.done.append(done)
        self._waiting.append(done)
        if time.monotonic() - self._settled >= SETTLE_SECONDS:
            self.settle()

    def settle(self) -> None:
        """Make sure that what was added is not lost, whatever happens."""
        if self._waiting:
            settle(self._charges)
            settle(self._quarantine)
            with (self._folder / JOURNAL).open("a", encoding="utf-8", newline="\n") as journal:
                journal.writelines(item.to_json() + "\n" for item in self._waiting)
                settle(journal)
            self._waiting.clear()
        self._settled = time.monotonic()

    def refused(self) -> Iterator[pa.RecordBatch]:
        """Yield the quarantine rows of all chunks."""
        pa = require_arrow()
        self._quarantine.seek(0)
        for item in self.done:
            if item.quarantine.size:
                yield from pa.ipc.open_stream(self._quarantine.read(item.quarantine.size))

    def finish(self, no_charges: memoryview) -> None:
        """End the file of charges. ``no_charges``: a file of the same columns without rows."""
        self._charges.write(self._stitching.ending(no_charges))
        self._charges.flush()

    def close(self) -> None:
        """Close the files."""
        self._charges.close()
        self._quarantine.close()

    def _unharmed(self, done: Sequence[Done]) -> list[Done]:
        """Return the first chunks whose bytes are as they were written."""
        kept: list[Done] = []
        self._charges.seek(len(footer.MAGIC))
        self._quarantine.seek(0)
        for item in done:
            found = (
                Piece.of(self._charges.read(item.charges.size)),
                Piece.of(self._quarantine.read(item.quarantine.size)),
            )
            if item.chunk != len(kept) or found != (item.charges, item.quarantine):
                break
            kept.append(item)
        return kept


@contextmanager
def opened(folder: Path, charges: Path, **begun: Any) -> Iterator[Journal]:  # noqa: ANN401 - as in Journal
    """Open the files of a run; they may be there already."""
    quarantine = folder / QUARANTINE
    for path in (charges, quarantine):
        path.touch()
    with charges.open("r+b") as one, quarantine.open("r+b") as other:
        yield Journal(folder, one, other, **begun)


@frozen(kw_only=True)
class Begun:
    """What a journal says. ``run``: what makes it the same run; ``way``: how its data are read."""

    run: Mapping[str, Any]
    way: object
    done: Sequence[Done]


def read_journal(path: Path) -> Begun | None:
    """Read a journal; None where there is none that can be read."""
    if not path.is_file():
        return None
    lines = path.read_bytes().split(b"\n")[:-1]  # a last line without its end was torn by a kill
    try:
        header, *rest = [json.loads(line) for line in lines]
        return Begun(run=header["run"], way=header["way"], done=[Done.from_json(line) for line in rest])
    except (ValueError, KeyError, TypeError):
        return None


# --- files ---------------------------------------------------------------------------------------------------


def write(path: Path, data: bytes) -> None:
    """Write a file so that it is there as a whole or not at all."""
    draft = path.with_name(path.name + ".new")
    with draft.open("wb") as file:
        file.write(data)
        settle(file)
    draft.replace(path)


def settle(file: IO[Any]) -> None:
    """Make sure that what was written to a file is not lost."""
    file.flush()
    os.fsync(file.fileno())


def _to_bytes(batches: Sequence[pa.RecordBatch]) -> bytes:
    if not batches:
        return b""
    pa = require_arrow()
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batches[0].schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
    data: bytes = sink.getvalue().to_pybytes()
    return data
