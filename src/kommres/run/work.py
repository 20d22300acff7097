"""Parts given out to threads, and their results put together chunk by chunk, in the order of the result."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

from kommres.columns.export import charges_file
from kommres.columns.lines import joined
from kommres.run import manifest as manifests
from kommres.run.batch import Counts
from kommres.run.partition import Part
from kommres.run.stream import Charger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import pyarrow as pa  # noqa: TC004 - loaded when it is needed

    from kommres.run.batch import PartResult
    from kommres.run.pool import Pool
    from kommres.run.stream import Office


@frozen(kw_only=True, eq=False)
class Task:
    """A part of a chunk, and what computes it."""

    chunk: int
    charger: Charger
    part: Part


@frozen(kw_only=True, eq=False)
class Chunk:
    """What a chunk came to. ``file``: its charges as a Parquet file, where one is wanted."""

    number: int
    lines: pa.Table
    refused: tuple[pa.RecordBatch, ...]
    counts: Counts = field(repr=False)
    file: memoryview | None = field(default=None, repr=False)


def tasks(charger: Charger, parts: Iterable[Part], chunk: int) -> Iterator[Task]:
    """Number the chunks of some parts from ``chunk`` on."""
    for part in parts:
        yield Task(chunk=chunk, charger=charger, part=part)
        chunk += part.last


def chunks(
    office: Office, work: Iterable[Task], pool: Pool, tell: Callable[[Counts], None], *, files: bool
) -> Iterator[Chunk]:
    """Compute parts and yield their chunks in order.

    Parameters
    ----------
    office
        What the parts are charged with.
    work
        All parts of the chunks that are wanted.
    pool
        Computes and writes.
    tell
        Is called with what each part counted, in order.
    files
        Whether charges are written as Parquet.
    """

    def compute(task: Task) -> tuple[Task, PartResult]:
        return task, task.charger.part(task.part)

    def gathered() -> Iterator[Chunk]:
        held: list[PartResult] = []
        for task, result in pool.ordered(compute, work):
            held.append(result)
            tell(result.counts)
            if task.part.last:
                yield _together(task.chunk, held, office)
                held.clear()

    def finish(chunk: Chunk) -> Chunk:
        manifests.recount(chunk.lines, chunk.refused, office.kinds, chunk.counts)
        return evolve(chunk, file=charges_file(chunk.lines, office.kinds, office.terms.digits)) if files else chunk

    yield from pool.ordered(finish, gathered())


def _together(number: int, results: list[PartResult], office: Office) -> Chunk:
    counts: Counts = Counter()
    for result in results:
        counts.update(dict(result.counts))  # += would drop negative totals
    return Chunk(
        number=number,
        lines=joined([result.lines for result in results], office.terms.digits),
        refused=tuple(result.refused for result in results if result.refused.num_rows),
        counts=counts,
    )
