"""The months of an account, read from finished runs."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kommres.bill.names import spaced
from kommres.bill.year import Charged, Year
from kommres.columns.arrow import require_arrow
from kommres.dsl.diagnostics import closest
from kommres.errors import UsageError
from kommres.period import Month
from kommres.run import manifest as manifests

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from os import PathLike


def year_of_runs(
    outs: Iterable[str | PathLike[str]],
    account: str,
    *,
    language: str = "en",
    rules: Iterable[str | PathLike[str]] = (),
) -> Year:
    """Read what an account was charged in several runs.

    Parameters
    ----------
    outs
        Folders of results, or folders that hold such folders.
    account
        Id of the charged row.
    language
        Services are called as the rules do in it.
    rules
        Where the rules lie now, if not where the last manifest says.

    Raises
    ------
    UsageError
        U0305 no finished run there, or two of one month; U0306 the runs have no such account, or several currencies.
    """
    runs: dict[Month, Path] = {}
    for out in _finished(outs):
        month = Month.parse(_manifest(out)["period"])
        if runs.setdefault(month, out) != out:
            raise UsageError(
                f"two runs of {month}", code="U0305", where=f"{runs[month]} and {out}", todo="name one of them"
            )
    ordered = [runs[month] for month in sorted(runs, key=lambda month: month.number)]
    found = [_charged(out, account) for out in ordered]
    units = {unit for _, some in found for unit in some}
    if len(units) != 1:
        raise _no_year(account, ordered, units)
    called = _called(_manifest(ordered[-1]), tuple(rules), language)
    return Year(account=account, unit=units.pop(), months=tuple(month for month, _ in found), called=called)


def _finished(outs: Iterable[str | PathLike[str]]) -> list[Path]:
    found: list[Path] = []
    for out in map(Path, outs):
        below = [out] if (out / manifests.NAME).is_file() else sorted(p.parent for p in out.glob(f"*/{manifests.NAME}"))
        if not below:
            raise UsageError(
                f"{out} holds no finished run",
                code="U0305",
                why=f"neither it nor a folder in it has a {manifests.NAME}",
                todo="name folders that were given to run with --out",
            )
        found += below
    return list(dict.fromkeys(found))


def _manifest(out: Path) -> dict[str, Any]:
    try:
        return manifests.read(out)
    except (OSError, json.JSONDecodeError) as error:
        raise UsageError(f"the {manifests.NAME} of {out} cannot be read", code="U0305", todo="run again") from error


def _charged(out: Path, account: str) -> tuple[Charged, set[str]]:
    parquet = require_arrow().parquet
    chosen = [("account", "=", account)]
    columns = ["service", "amount", "unit"]
    lines = parquet.read_table(out / "charges.parquet", columns=columns, filters=chosen).to_pylist()
    held = parquet.read_table(out / "quarantine.parquet", columns=["service"], filters=chosen).to_pylist()
    amounts: dict[str, Decimal] = {}
    for line in lines:
        amounts[line["service"]] = amounts.get(line["service"], Decimal(0)) + line["amount"]
    withheld = tuple(dict.fromkeys(line["service"] for line in held if line["service"]))
    month = Month.parse(_manifest(out)["period"])
    return Charged(month=month, amounts=amounts, withheld=withheld), {line["unit"] for line in lines}


def _no_year(account: str, outs: list[Path], units: set[str]) -> UsageError:
    if units:
        why = f"it was charged in {' and '.join(sorted(units))}"
        return UsageError(f"one plot cannot show {account!r}", code="U0306", why=why, todo="plot the months apart")
    table = require_arrow().parquet.read_table(outs[-1] / "charges.parquet", columns=["account"])
    near = closest(account, table["account"].unique().to_pylist())
    todo = f"did you mean {near!r}?" if near is not None else "check the id"
    return UsageError(f"nothing was charged to {account!r} in these runs", code="U0306", todo=todo)


def _called(manifest: Mapping[str, Any], rules: tuple[str | PathLike[str], ...], language: str) -> dict[str, str]:
    from kommres.dsl.program import load

    program = load(*(rules or manifest["rules"]["given"]))
    services = {charge.rule.service or charge.rule.name for charge in program.plan.charges}
    find = program.bound.titles.find
    return {service: find(language, ("service", service)) or spaced(service) for service in services}
