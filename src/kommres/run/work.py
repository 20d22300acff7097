"""Parts given out to threads, and their results put together chunk by chunk, in the order of the result."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from attrs import field, frozen

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
    """A part of a chunk, and what computes it. ``whole``: it is all of the chunk."""

    chunk: int
    charger: Charger
    part: Part
    whole: bool


@frozen(kw_only=True, eq=False)
class Chunk:
    """What a chunk came to. ``charges``: its lines as a table or, where files are wanted, as a Parquet file."""

    number: int
    charges: pa.Table | memoryview = field(repr=False)
    refused: tuple[pa.RecordBatch, ...]
    counts: Counts = field(repr=False)


def tasks(charger: Charger, parts: Iterable[Part], chunk: int) -> Iterator[Task]:
    """Number the chunks of some parts from ``chunk`` on."""
    begins = True
    for part in parts:
        yield Task(chunk=chunk, charger=charger, part=part, whole=begins and part.last)
        begins = part.last
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
        Computes parts, and writes chunks of one part.
    tell
        Is called with what each part counted, in order.
    files
        Whether charges are written as Parquet.
    """

    def compute(task: Task) -> tuple[Task, Chunk | PartResult]:
        result = task.charger.part(task.part)
        # What a thread has just computed it can write while it is at hand.
        return task, _together(task.chunk, [result], office, files=files) if task.whole else result

    held: list[PartResult] = []
    for task, found in pool.ordered(compute, work):
        tell(found.counts)
        if isinstance(found, Chunk):
            yield found
            continue
        held.append(found)
        if task.part.last:
            yield _together(task.chunk, held, office, files=files)
            held.clear()


def _together(number: int, results: list[PartResult], office: Office, *, files: bool) -> Chunk:
    counts: Counts = Counter()
    for result in results:
        counts.update(dict(result.counts))  # += would drop negative totals
    lines = joined([result.lines for result in results], office.terms.digits)
    refused = tuple(result.refused for result in results if result.refused.num_rows)
    manifests.recount(lines, refused, office.kinds, counts)
    charges = charges_file(lines, office.kinds, office.terms.digits) if files else lines
    return Chunk(number=number, charges=charges, refused=refused, counts=counts)
