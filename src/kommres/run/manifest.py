"""What a run was made of and what came out, so that it can be repeated to the bit and reconciled.

Holds nothing that differs between two equal runs.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from kommres.columns.decimals import sums_by_code, words_of
from kommres.errors import KommresError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    import pyarrow as pa

    from kommres.columns.lines import Kinds
    from kommres.run.batch import Counts, Terms
    from kommres.run.census import Census

NAME: Final = "manifest.json"
FORMAT: Final = 2

_FATES: Final = ("charged", "nothing", "quarantined")


class ReconciliationError(KommresError):
    """Rows in are not rows out: an error of kommres, not of the data. No result is written."""

    family_code = "X0001"


def write(path: Path, manifest: Mapping[str, Any]) -> None:
    """Write a manifest."""
    text = json.dumps(manifest, ensure_ascii=False, indent=2)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


def read(folder: Path) -> dict[str, Any]:
    """Read the manifest of a finished run."""
    manifest: dict[str, Any] = json.loads((folder / NAME).read_text(encoding="utf-8"))
    return manifest


def results(tables: Iterable[str], census: Census, counts: Counts, terms: Terms) -> dict[str, Any]:
    """Return what came out: tables, accounts, services, totals, quarantine by reason."""
    return {
        "tables": {name: _table(census.rows[name], counts["rows", name]) for name in tables},
        "accounts": {entity: _fates(counts, "accounts", entity) for entity in terms.services},
        "services": {entity: _fates(counts, "services", entity) for entity in terms.services},
        "totals": [
            {
                "service": service,
                "line": line,
                "unit": unit,
                "lines": number,
                "amount": exact_amount(counts["amount", service, line, unit], terms.digits),
            }
            for (kind, *rest), number in sorted(counts.items())
            if kind == "lines"
            for service, line, unit in [rest]
        ],
        "quarantine": {key[1]: number for key, number in sorted(counts.items()) if key[0] == "code"},
        "rows": {
            "charges": sum(number for key, number in counts.items() if key[0] == "lines"),
            "quarantine": sum(number for key, number in counts.items() if key[0] == "code"),
        },
    }


def exact_amount(scaled: int, digits: int) -> str:
    """Write a sum that was counted in its last digit."""
    sign, text = "-" if scaled < 0 else "", str(abs(scaled)).rjust(digits + 1, "0")
    return f"{sign}{text[:-digits]}.{text[-digits:]}"


def _fates(counts: Counts, what: str, entity: str) -> dict[str, int]:
    fates = {fate: counts[what, entity, fate] for fate in _FATES}
    return {"in": sum(fates.values()), **fates}


def _table(rows: int, quarantined: int) -> dict[str, int]:
    return {"rows": rows, "used": rows - quarantined, "quarantined": quarantined}


# --- nothing in, nothing lost --------------------------------------------------------------------------------


def reconcile(census: Census, counts: Counts, terms: Terms) -> None:
    """Check that every row and every service of every account is accounted for, once.

    Raises :class:`ReconciliationError`.
    """
    for entity, services in terms.services.items():
        rows = census.rows[entity]
        _same(f"accounts of {entity}", rows, sum(counts["accounts", entity, fate] for fate in _FATES))
        pairs = rows * len(services)
        _same(f"services of {entity}", pairs, sum(counts["services", entity, fate] for fate in _FATES))
    for entity, number in census.unusable.items():
        _same(f"rows of {entity} set aside", number, counts["rows", entity])
    for name, number in census.loose.items():
        _same(f"rows of {name}", census.rows[name], census.owned[name] + number)
        _same(f"rows of {name} set aside", number, counts["rows", name])


def recount(lines: pa.Table, refused: Iterable[pa.RecordBatch], kinds: Kinds, counts: Counts) -> None:
    """Count what is about to be written, apart from what was counted while it was computed, and compare.

    Raises :class:`ReconciliationError`.
    """
    found: Counts = Counter()
    numbers = sums_by_code(lines.column("kind").to_numpy(), words_of(_amounts(lines)))
    for code, (count, amount) in numbers.items():
        kind = kinds.known[code]
        key = (kind.service, kind.line, kind.unit)
        found["lines", *key] += count
        found["amount", *key] += amount
    for batch in refused:
        for row in batch.column("code").value_counts().to_pylist():
            found["code", row["values"]] += row["counts"]
    for key in sorted({*found, *(key for key in counts if key[0] in {"lines", "amount", "code"})}):  # type: ignore[assignment]
        _same(" ".join(key), counts[key], found[key])


def _amounts(lines: pa.Table) -> pa.Array:
    column = lines.column("amount")
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _same(what: str, expected: int, found: int) -> None:
    if expected != found:
        raise ReconciliationError(
            f"{what}: {expected} in the data, {found} in the results",
            why="every row is charged or quarantined, once",
            todo="report this with the manifest of the rules; no result was written",
        )
