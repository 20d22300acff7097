"""``kommres.run``: charge a month."""

from __future__ import annotations

import datetime
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from kommres.columns.arrow import require_arrow
from kommres.errors import UsageError
from kommres.period import Month
from kommres.run import manifest as manifests
from kommres.run.progress import Progress, silent
from kommres.run.result import RunResult

if TYPE_CHECKING:
    from kommres.columns.ingest import Dataset
    from kommres.dsl.program import Program
    from kommres.run.batch import Counts
    from kommres.run.partition import Part
    from kommres.run.stream import Charger  # noqa: TC004 - loads numpy
    from kommres.run.workspace import Workspace

BATCH_ROWS: Final = 16_384


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
    batch_rows: int = BATCH_ROWS,
) -> RunResult:
    """Charge all accounts of a data set for a month.

    What cannot be charged is put into quarantine with its reason, and the rest is charged. Equal rules, data, period
    and options give equal bytes, in whatever order the rows come and however they are batched.

    Parameters
    ----------
    rules
        A loaded program, or what :func:`kommres.load` takes: a file, a folder, a module, or several of them.
    data
        A folder with one Parquet or CSV file a table, or a mapping of table name -> anything with
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
    batch_rows
        About how many rows of data are worked on at a time. Changes memory and speed, never the result.

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
    from kommres.columns.ingest import open_data
    from kommres.dsl.backends.interpreter import Interpreter
    from kommres.run.partition import parts_of
    from kommres.run.stream import Charger

    if batch_rows < 1:
        raise UsageError(f"batch_rows is {batch_rows}", code="U0303", todo="give a positive number of rows")
    program = _program(rules)
    month = period if isinstance(period, Month) else Month.parse(period)
    day = _day(known_at)
    chosen = dict(sorted((options or {}).items()))
    interpreter = Interpreter(program.plan, month, known_at=day.toordinal() if day else None, options=chosen)
    dataset = open_data(program.plan, data if isinstance(data, Mapping) else Path(data))
    charger = Charger.of(program.plan, dataset, month, interpreter)
    identity = _identity(program, dataset, month, day, chosen)
    job = _Job(charger=charger, identity=identity, rules=program.given, progress=progress or silent)
    if out is None:
        return _in_memory(job, parts_of(dataset, batch_rows))
    place = Path(out)
    if resume and (finished := _finished(place, identity)) is not None:
        return finished
    from kommres.run.workspace import workspace

    with workspace(place, identity, batch_rows, resume=resume, overwrite=overwrite) as space:
        return _in_files(job, parts_of(dataset, space.batch_rows), space)


@frozen(kw_only=True, eq=False)
class _Job:
    """``rules``: where they were said to lie."""

    charger: Charger
    identity: Mapping[str, Any]
    rules: tuple[str, ...]
    progress: Progress

    def manifest(self, counts: Counts, tally: manifests.Tally) -> dict[str, Any]:
        """Return the manifest, after all was found to reconcile."""
        data, terms = self.charger.data, self.charger.terms
        manifests.reconcile(data, counts, terms)
        tally.compare(counts)
        return {
            **self.identity,
            "rules": {"given": list(self.rules), **self.identity["rules"]},
            "data": {"given": data.location, **self.identity["data"]},
            "results": manifests.results(data, counts, terms),
            "warnings": list(data.warnings),
        }


def _program(rules: Program | str | os.PathLike[str] | Iterable[str | os.PathLike[str]]) -> Program:
    from kommres.dsl.program import Program, load

    if isinstance(rules, Program):
        return rules
    if isinstance(rules, str | os.PathLike):
        return load(rules)
    return load(*rules)


def _day(known_at: datetime.date | str | None) -> datetime.date | None:
    if known_at is None or isinstance(known_at, datetime.date):
        return known_at
    try:
        return datetime.date.fromisoformat(known_at)
    except ValueError as error:
        todo = "write it as YYYY-MM-DD, such as 2026-01-31"
        raise UsageError(f"known_at {known_at!r} is not a date", code="U0304", todo=todo) from error


def _identity(
    program: Program, dataset: Dataset, month: Month, day: datetime.date | None, options: Mapping[str, str]
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
            "tables": {
                name: {"source": t.source, "sha256": t.digest} for name, t in dataset.tables.items() if t.digest
            },
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


def _in_memory(job: _Job, parts: tuple[Part, ...]) -> RunResult:
    from kommres.columns.export import charge_schema, refused_schema, regrouped
    from kommres.run.stream import CHARGES, QUARANTINE

    pa = require_arrow()
    batches: dict[str, list[Any]] = {CHARGES: [], QUARANTINE: []}
    charger, counts = job.charger, Counter[tuple[str, ...]]()
    for part in parts:
        result = charger.part(part)
        for name, batch in charger.arrow(result).items():
            batches[name].append(batch)
        counts.update(dict(result.counts))  # += would drop negative totals
        charger.tell(job.progress, counts)
    tally = manifests.Tally(charger.terms.digits)
    schemas = {CHARGES: charge_schema(charger.terms.digits), QUARANTINE: refused_schema()}
    counted = {CHARGES: tally.charges(batches[CHARGES]), QUARANTINE: tally.refused(batches[QUARANTINE])}
    tables = {
        name: pa.concat_tables([schema.empty_table(), *regrouped(schema, counted[name])])
        for name, schema in schemas.items()
    }
    return RunResult(manifest=job.manifest(counts, tally), tables=tables)


def _in_files(job: _Job, parts: tuple[Part, ...], space: Workspace) -> RunResult:
    from kommres.columns.export import charge_schema, refused_schema, write_parquet
    from kommres.run.stream import CHARGES, QUARANTINE

    charger, counts = job.charger, Counter[tuple[str, ...]]()
    for number, part in enumerate(parts):
        if not space.has(number):
            result = charger.part(part)
            space.put(number, charger.arrow(result), result.counts)
        counts.update(dict(space.done[number].counts))
        charger.tell(job.progress, counts)
    tally, folder = manifests.Tally(charger.terms.digits), space.begin_result()
    charges = tally.charges(space.batches(CHARGES, len(parts)))
    write_parquet(folder / f"{CHARGES}.parquet", charge_schema(charger.terms.digits), charges)
    refused = tally.refused(space.batches(QUARANTINE, len(parts)))
    write_parquet(folder / f"{QUARANTINE}.parquet", refused_schema(), refused)
    manifest = job.manifest(counts, tally)
    manifests.write(folder / manifests.NAME, manifest)
    space.publish()
    return RunResult(manifest=manifest, out=space.out)
