"""``kommres.run``: charge a month."""

from __future__ import annotations

import datetime
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from attrs import evolve, field, frozen

from kommres.columns.arrow import require_arrow, system_memory
from kommres.columns.laid_aside import NotClustered
from kommres.errors import UsageError
from kommres.period import Month
from kommres.run import manifest as manifests
from kommres.run.backend import office_of, threads_of
from kommres.run.batch import Counts
from kommres.run.progress import Progress, silent
from kommres.run.result import RunResult
from kommres.run.supply import instead
from kommres.run.work import chunks

if TYPE_CHECKING:
    from kommres.dsl.program import Program  # noqa: TC004 - loads the language
    from kommres.run.pool import Pool
    from kommres.run.stream import Office  # noqa: TC004 - loads numpy
    from kommres.run.supply import Supply  # noqa: TC004 - loads numpy
    from kommres.run.work import Chunk
    from kommres.run.workspace import Workspace

CHARGES: Final = "charges.parquet"
QUARANTINE: Final = "quarantine.parquet"


def run(
    rules: Program | str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    data: str | os.PathLike[str] | Mapping[str, object],
    period: Month | str,
    *,
    out: str | os.PathLike[str] | None = None,
    known_at: datetime.date | str | None = None,
    options: Mapping[str, str] | None = None,
    resume: bool = False,
    overwrite: bool = False,
    progress: Progress | None = None,
    backend: str = "auto",
    threads: int | None = None,
    batch_rows: int | None = None,
) -> RunResult:
    """Charge all accounts of a data set for a month.

    What cannot be charged is put into quarantine with its reason, and the rest is charged. Equal rules, data, period
    and options give equal bytes, in whatever order the rows come, whatever computes them and however they are batched.

    Parameters
    ----------
    rules
        A loaded program, or what :func:`kommres.load` takes: a file, a folder, a module, or several of them.
    data
        A folder with one Parquet, Arrow or CSV file a table, or a mapping of table name -> anything with
        ``__arrow_c_stream__`` (tables of pyarrow, polars, pandas) or mapping of column -> list of values.
    period
        The month, such as ``2026-01``.
    out
        Folder for ``charges.parquet``, ``quarantine.parquet`` and ``manifest.json``; it appears when all is done.
        Without it the result stays in memory.
    known_at
        Use only parameter values known at this day. Without it: all.
    options
        Chosen readings of the law by option name; the others take their defaults.
    resume
        Go on with the unfinished run of the same rules, data, period and options, if there is one.
    overwrite
        Replace a result that is there already.
    progress
        Called with (accounts done, all accounts, accounts in quarantine).
    backend
        ``numba``: rules are compiled; ``interpreter``: they are not; ``auto``: they are where that pays and numba is
        there.
    threads
        So many parts are computed at a time. Without it: one for each core.
    batch_rows
        About how many rows of data are a part. Changes memory and speed, never the result.

    Raises
    ------
    RulesError
        Where the rules cannot be used.
    DataError
        Where the data as a whole do not fit the rules.
    UsageError
        Where the call itself cannot mean anything, or the place of the result is taken.
    """
    require_arrow()
    from kommres.dsl.backends.interpreter import Interpreter
    from kommres.run.pool import pool
    from kommres.run.supply import resumed, supply_of
    from kommres.run.workspace import workspace

    check_batch_rows(batch_rows)
    program = program_of(rules)
    month = period if isinstance(period, Month) else Month.parse(period)
    day = day_of(known_at)
    chosen = dict(sorted((options or {}).items()))
    known = day.toordinal() if day else None
    interpreter = Interpreter(program.plan, month, known_at=known, options=chosen)
    supply = supply_of(program.plan, data if isinstance(data, Mapping) else Path(data))
    place = None if out is None else Path(out)
    if place is not None and resume:
        finished = _finished(place, _identity(program, supply, month, day, chosen))
        if finished is not None:
            return finished
    office = office_of(interpreter, backend, supply, known_at=known, options=chosen)
    identity = _identity(program, supply, month, day, chosen)  # digests of files are computed in the meantime
    job = _Job(
        program=program,
        office=office,
        supply=supply,
        identity=identity,
        progress=progress or silent,
        batch_rows=batch_rows or office.batch_rows,
    )
    with pool(threads_of(threads, office)) as workers:
        if place is None:
            return _in_memory(job, workers)
        with (
            system_memory(),
            workspace(place, CHARGES, identity, supply.way, resume=resume, overwrite=overwrite) as space,
        ):
            supply = resumed(supply, program.plan, space.journal.way)
            if supply.way != space.journal.way:
                space.journal.restart(supply.way)
            return _in_files(evolve(job, supply=supply), workers, space)


@frozen(kw_only=True, eq=False)
class _Job:
    """``counts``: what was counted so far."""

    program: Program
    office: Office
    supply: Supply
    identity: Mapping[str, Any]
    progress: Progress
    batch_rows: int
    counts: Counts = field(factory=Counter)

    def chunks(self, workers: Pool, first: int, *, files: bool) -> Iterator[Chunk]:
        """Compute the chunks from number ``first`` on."""
        work = self.supply.tasks(self.office, self.batch_rows, first)
        return chunks(self.office, work, workers, self.tell, files=files)  # type: ignore[arg-type]

    def otherwise(self, found: NotClustered) -> _Job:
        """Return the same job from the beginning, with its data read in another way."""
        return evolve(self, supply=instead(self.supply, self.program.plan, found), counts=Counter())

    def tell(self, counts: Iterable[tuple[tuple[str, ...], int]]) -> None:
        """Add what was counted, and say how far the run is."""
        self.counts.update(dict(counts))  # += would drop negative totals
        total = sum(self.supply.census.rows[entity] for entity in self.office.terms.services)
        accounts = [(key, number) for key, number in self.counts.items() if key[0] == "accounts"]
        held = sum(number for key, number in accounts if key[2] == "quarantined")
        self.progress(sum(number for _, number in accounts), total, held)

    def manifest(self) -> dict[str, Any]:
        """Return the manifest, after all was found to reconcile."""
        supply, terms = self.supply, self.office.terms
        manifests.reconcile(supply.census, self.counts, terms)
        return {
            **self.identity,
            "rules": {"given": list(self.program.given), **self.identity["rules"]},
            "data": {"given": supply.location, **self.identity["data"]},
            "results": manifests.results(supply.tables, supply.census, self.counts, terms),
            "warnings": list(supply.warnings),
        }


def program_of(rules: Program | str | os.PathLike[str] | Iterable[str | os.PathLike[str]]) -> Program:
    """Return a program for what :func:`run` takes as rules."""
    from kommres.dsl.program import Program, load

    if isinstance(rules, Program):
        return rules
    if isinstance(rules, str | os.PathLike):
        return load(rules)
    return load(*rules)


def check_batch_rows(batch_rows: int | None) -> None:
    """Raise :class:`UsageError` (U0303) for a number of rows that is none."""
    if batch_rows is not None and batch_rows < 1:
        raise UsageError(f"batch_rows is {batch_rows}", code="U0303", todo="give a positive number of rows")


def day_of(known_at: datetime.date | str | None) -> datetime.date | None:
    """Return the day of ``known_at``. Raises :class:`UsageError` (U0304)."""
    if known_at is None or isinstance(known_at, datetime.date):
        return known_at
    try:
        return datetime.date.fromisoformat(known_at)
    except ValueError as error:
        todo = "write it as YYYY-MM-DD, such as 2026-01-31"
        raise UsageError(f"known_at {known_at!r} is not a date", code="U0304", todo=todo) from error


def _identity(
    program: Program, supply: Supply, month: Month, day: datetime.date | None, options: Mapping[str, str]
) -> dict[str, Any]:
    """Return what makes two runs the same run. Where rules and data lie is no part of it."""
    return {
        "kommres": _version(),
        "arrow": require_arrow().__version__,
        "format": manifests.FORMAT,
        "period": str(month),
        "known_at": day.isoformat() if day else None,
        "options": dict(options),
        "rules": {"sha256": program.digest, "modules": list(program.modules)},
        "data": {
            "tables": {name: {"source": source, "sha256": digest} for name, source, digest in supply.sources},
        },
    }


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("kommres")
    except PackageNotFoundError:
        return "not installed"  # run from a source tree


def _finished(out: Path, identity: Mapping[str, Any]) -> RunResult | None:
    """Return the result of the same run, if it ended already: a kill may come after the last step, too."""
    from kommres.run.workspace import drop_leftovers

    try:
        manifest = manifests.read(out)
    except (OSError, ValueError):
        return None
    found = {key: manifest.get(key) for key in identity}
    for key in ("rules", "data"):
        found[key] = {name: value for name, value in (found[key] or {}).items() if name != "given"}
    if found != identity:
        return None
    drop_leftovers(out)
    return RunResult(manifest=manifest, out=out)


def _in_memory(job: _Job, workers: Pool) -> RunResult:
    from kommres.columns.export import refused_schema
    from kommres.columns.lines import coded_schema, plain

    pa = require_arrow()
    lines, refused = [coded_schema(job.office.terms.digits).empty_table()], [refused_schema().empty_table()]
    try:
        for chunk in job.chunks(workers, 0, files=False):
            lines.append(chunk.charges)
            refused.extend(pa.table(batch) for batch in chunk.refused)
    except NotClustered as found:
        return _in_memory(job.otherwise(found), workers)
    tables = {
        "charges": plain(pa.concat_tables(lines), job.office.kinds, job.office.terms.digits),
        "quarantine": pa.concat_tables(refused).combine_chunks(),
    }
    return RunResult(manifest=job.manifest(), tables=tables)


def _in_files(job: _Job, workers: Pool, space: Workspace) -> RunResult:
    from kommres.columns.export import no_charges_file, refused_file

    journal = space.journal
    for done in journal.done:
        job.tell(done.counts)
    try:
        for chunk in job.chunks(workers, len(journal.done), files=True):
            journal.put(chunk.number, chunk.charges, chunk.refused, chunk.counts)
    except NotClustered as found:
        again = job.otherwise(found)
        journal.restart(again.supply.way)
        return _in_files(again, workers, space)
    except KeyboardInterrupt:
        journal.settle()
        raise
    manifest = job.manifest()
    journal.finish(no_charges_file(job.office.terms.digits))
    with (space.result / QUARANTINE).open("wb") as file:
        for data in refused_file(journal.refused()):
            file.write(data)
    manifests.write(space.result / manifests.NAME, manifest)
    journal.close()
    space.publish()
    return RunResult(manifest=manifest, out=space.out)
