"""A run as a function of batches, for hosts and engines that bring their own input and output."""

from __future__ import annotations

import datetime
from functools import lru_cache
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from kommres.errors import UsageError
from kommres.period import Month

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pyarrow as pa

    from kommres.dsl.program import Program
    from kommres.run.stream import Office


@frozen(kw_only=True)
class BatchFunction:
    """Charges whole trees: ``tables -> (charges, quarantine)``. Made by :func:`batch_function`.

    Pure: equal tables give equal results, whoever calls it, how often and in what order. It can be pickled: another
    process reads the rules once more, and its kernels come from the cache.
    """

    rules: tuple[str, ...]
    digest: str
    period: str
    known_at: str | None
    options: tuple[tuple[str, str], ...]
    backend: str
    batch_rows: int | None = field(repr=False)

    def __call__(self, tables: Mapping[str, Any]) -> tuple[pa.Table, pa.Table]:
        """Charge.

        Parameters
        ----------
        tables
            Table name -> rows: a record batch or a table of Arrow, or anything that :func:`kommres.run` takes. All rows
            that belong to a root must come in one call: what belongs to a row of another one goes into quarantine
            (D0503, D0504).

        Returns
        -------
        Charges and quarantine, as in ``charges.parquet`` and ``quarantine.parquet``.

        Raises
        ------
        DataError
            Where a table or a column as a whole cannot be used.
        """
        from kommres.run.whole import charge_tables

        return charge_tables(_office(self), tables, self.batch_rows)

    @property
    def schemas(self) -> tuple[pa.Schema, pa.Schema]:
        """Columns of charges and of quarantine."""
        from kommres.columns.export import refused_schema
        from kommres.columns.lines import charge_schema

        return charge_schema(_office(self).terms.digits), refused_schema()


def batch_function(
    rules: Program | str | PathLike[str] | Iterable[str | PathLike[str]],
    period: Month | str,
    *,
    known_at: datetime.date | str | None = None,
    options: Mapping[str, str] | None = None,
    backend: str = "auto",
    batch_rows: int | None = None,
) -> BatchFunction:
    """Return a function that charges tables for a month.

    Parameters
    ----------
    rules, period, known_at, options, batch_rows
        As in :func:`kommres.run`. The rules are found again by their names and paths, so they must be there wherever
        the function is called.
    backend
        As in :func:`kommres.run`; ``auto`` always compiles where numba is there, since nobody knows how many calls
        will come.

    Raises
    ------
    RulesError, UsageError
        As :func:`kommres.run` does.
    """
    from kommres.run.api import check_batch_rows, day_of, program_of

    check_batch_rows(batch_rows)
    program = program_of(rules)
    day = day_of(known_at)
    made = BatchFunction(
        rules=tuple(map(fspath, program.given)),
        digest=program.digest,
        period=str(period if isinstance(period, Month) else Month.parse(period)),
        known_at=day.isoformat() if day else None,
        options=tuple(sorted((options or {}).items())),
        backend=backend,
        batch_rows=batch_rows,
    )
    _office(made)
    return made


@lru_cache(maxsize=8)
def _office(function: BatchFunction) -> Office:
    """Make ready to charge, once in a process."""
    from kommres.dsl.backends.interpreter import Interpreter
    from kommres.dsl.program import load
    from kommres.run.backend import office_of

    program = load(*function.rules)
    if program.digest != function.digest:
        raise UsageError(
            "the rules are not those that the function was made of",
            code="U0315",
            where=", ".join(function.rules),
            why="two versions of rules would end in one result",
            todo="bring the same rules to all processes, or make the function anew",
        )
    known = datetime.date.fromisoformat(function.known_at).toordinal() if function.known_at else None
    options = dict(function.options)
    interpreter = Interpreter(program.plan, Month.parse(function.period), known_at=known, options=options)
    return office_of(interpreter, function.backend, known_at=known, options=options)
