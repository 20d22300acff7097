"""Why an account of a finished run was charged so: its rules and data are read again and one account is computed."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import frozen

from kommres.bill.compose import compose
from kommres.dsl.backends.interpreter import Interpreter
from kommres.dsl.backends.rows import Row
from kommres.dsl.diagnostics import closest
from kommres.dsl.explain import explain_row, traced_charges
from kommres.dsl.trace import Trace
from kommres.errors import DataError, RulesError, UsageError
from kommres.period import Month
from kommres.run import manifest as manifests

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from os import PathLike

    from kommres.bill.document import Document
    from kommres.columns.ingest import Dataset
    from kommres.dsl.explanation import Explanation
    from kommres.dsl.program import Program


def explain_run(
    out: str | PathLike[str],
    account: str,
    *,
    service: str | None = None,
    line: str | None = None,
    language: str = "en",
    rules: Iterable[str | PathLike[str]] = (),
    data: str | PathLike[str] | None = None,
) -> Explanation:
    """Explain the lines of an account of a finished run.

    Parameters
    ----------
    out
        Folder of the result.
    account
        Id of the charged row.
    service, line
        Only the lines of this service; only this line.
    language
        ``en`` or ``ru``.
    rules, data
        Where rules and data lie now, if not where the manifest says.

    Raises
    ------
    UsageError
        U0305 no finished run there; U0306 no such account; U0307 no such service.
    RulesError, DataError
        Where rules or data are no longer those of the run: an explanation of other amounts would be worse than none.
    """
    found = _account(out, account, rules, data)
    return explain_row(
        found.interpreter, found.trace, found.row, service=service, line=line, language=language, chosen=found.options
    )


def bill_of_run(
    out: str | PathLike[str],
    account: str,
    *,
    service: str | None = None,
    line: str | None = None,
    language: str = "en",
    rules: Iterable[str | PathLike[str]] = (),
    data: str | PathLike[str] | None = None,
) -> Document:
    """Return the bill of an account of a finished run; parameters and errors are those of :func:`explain_run`."""
    found = _account(out, account, rules, data)
    calls = traced_charges(found.interpreter, found.trace, found.row, service=service, line=line)
    plan = found.interpreter.plan
    return compose(calls, plan, found.row, month=found.month, language=language, chosen=found.options)


@frozen(kw_only=True)
class _Account:
    """A row of a finished run with what computes it again."""

    interpreter: Interpreter
    trace: Trace
    row: Row
    month: Month
    options: dict[str, str]


def _account(
    out: str | PathLike[str],
    account: str,
    rules: Iterable[str | PathLike[str]],
    data: str | PathLike[str] | None,
) -> _Account:
    from kommres.columns.ingest import open_data
    from kommres.columns.rows import Rows

    manifest = _manifest(Path(out))
    program = _program(manifest, tuple(rules))
    dataset = open_data(program.plan, _data(manifest, data))
    _same_data(manifest, dataset)
    month = Month.parse(manifest["period"])
    known = manifest["known_at"]
    trace = Trace(month.number)
    interpreter = Interpreter(
        program.plan,
        month,
        known_at=datetime.date.fromisoformat(known).toordinal() if known else None,
        options=manifest["options"],
        hook=trace,
    )
    row = _find(dataset, Rows(dataset, month), account, {c.rule.entity.name for c in program.plan.charges})
    return _Account(interpreter=interpreter, trace=trace, row=row, month=month, options=manifest["options"])


def _manifest(out: Path) -> dict[str, Any]:
    try:
        return manifests.read(out)
    except (OSError, json.JSONDecodeError) as error:
        raise UsageError(
            f"{out} holds no finished run",
            code="U0305",
            why=f"its {manifests.NAME} cannot be read",
            todo="name the folder that was given to run with --out",
        ) from error


def _program(manifest: Mapping[str, Any], rules: tuple[str | PathLike[str], ...]) -> Program:
    from kommres.dsl.program import load

    program = load(*(rules or manifest["rules"]["given"]))
    if program.digest != manifest["rules"]["sha256"]:
        raise RulesError(
            "the rules are not those of the run",
            why="their text or tables changed since",
            todo="give the rules as they were with --rules, or run again",
        )
    return program


def _data(manifest: Mapping[str, Any], data: str | PathLike[str] | None) -> Path:
    given = data if data is not None else manifest["data"]["given"]
    if given is None:
        raise UsageError("the run was made from tables in memory", code="U0305", todo="name a data folder with --data")
    return Path(given)


def _same_data(manifest: Mapping[str, Any], dataset: Dataset) -> None:
    for name, described in manifest["data"]["tables"].items():
        table = dataset.tables.get(name)
        if table is None or table.digest != described["sha256"]:
            raise DataError(
                f"the table {name} is not that of the run",
                why="it changed since",
                todo="give the data as they were with --data, or run again",
            )


def _find(dataset: Dataset, rows: Any, account: str, charged: set[str]) -> Row:  # noqa: ANN401 - kommres.columns.rows.Rows
    """Return the row of an account with everything above and below it."""
    known: list[str] = []
    for entity in dataset.entities:
        if entity not in charged:
            continue
        order = dataset.entities[entity]
        ids = order.ids.to_pylist()
        places = [place for place, id_ in enumerate(ids) if id_ == account]
        if len(places) == 1 and order.rank[places[0]] >= 0:
            return _row(dataset, rows, entity, int(order.rank[places[0]]))
        known += [id_ for id_ in ids if id_]
    near = closest(account, known)
    raise UsageError(
        f"no account {account!r} that could be computed",
        code="U0306",
        where=dataset.location or "",
        why="its row could not be used" if account in known else "no row has this id",
        todo=f"did you mean {near!r}?"
        if near is not None and near != account
        else "check the id; quarantine.parquet lists rows that could not be used",
    )


def _row(dataset: Dataset, rows: Any, entity: str, rank: int) -> Row:  # noqa: ANN401 - kommres.columns.rows.Rows
    chain = [(entity, rank)]
    while (parent := dataset.schemas[chain[-1][0]].parent) is not None:
        below, place = chain[-1]
        chain.append((parent, int(dataset.entities[below].offsets.searchsorted(place, side="right")) - 1))
    root, place = chain[-1]
    row: Row = rows.trees(root, place, place + 1)[0]
    first = {root: place}
    for name, wanted in reversed(chain[:-1]):
        above = dataset.schemas[name].parent
        assert above is not None  # noqa: S101 - only the root has none
        row = row.children[name][wanted - int(dataset.entities[name].offsets[first[above]])]
        first[name] = wanted
    return row
