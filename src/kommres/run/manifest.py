"""What a run was made of and what came out, so that it can be repeated to the bit and reconciled.

Holds nothing that differs between two equal runs.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from kommres.columns.arrow import require_arrow
from kommres.columns.tree import SOUND
from kommres.errors import KommresError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    import pyarrow as pa

    from kommres.columns.ingest import Dataset
    from kommres.run.batch import Counts, Terms

NAME: Final = "manifest.json"
FORMAT: Final = 1

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


def results(data: Dataset, counts: Counts, terms: Terms) -> dict[str, Any]:
    """Return what came out: tables, accounts, services, totals, quarantine by reason."""
    return {
        "tables": {name: _table(data, name, counts) for name in data.tables},
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


def _table(data: Dataset, name: str, counts: Counts) -> dict[str, int]:
    rows, quarantined = data.tables[name].table.num_rows, counts["rows", name]
    return {"rows": rows, "used": rows - quarantined, "quarantined": quarantined}


# --- nothing in, nothing lost --------------------------------------------------------------------------------


def reconcile(data: Dataset, counts: Counts, terms: Terms) -> None:
    """Check that every row and every service of every account is accounted for, once.

    Raises :class:`ReconciliationError`.
    """
    for entity, services in terms.services.items():
        rows = data.entities[entity].rows
        _same(f"accounts of {entity}", rows, sum(counts["accounts", entity, fate] for fate in _FATES))
        pairs = rows * len(services)
        _same(f"services of {entity}", pairs, sum(counts["services", entity, fate] for fate in _FATES))
    for entity, order in data.entities.items():
        _same(f"rows of {entity} set aside", int((order.flags != SOUND).sum()), counts["rows", entity])
    for name, owned in data.owned.items():
        rows = len(owned.order) + owned.following + len(owned.loose)
        _same(f"rows of {name}", data.tables[name].table.num_rows, rows)
        _same(f"rows of {name} set aside", len(owned.loose), counts["rows", name])


class Tally:
    """Counts what passes on its way into the files, apart from what was counted while it was computed."""

    def __init__(self, digits: int) -> None:
        self._digits = digits
        self.counts: Counter[tuple[str, ...]] = Counter()

    def charges(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Pass batches of charges on and count them."""
        pa = require_arrow()
        for batch in batches:
            grouped = (
                pa.table(batch)
                .group_by(["service", "line", "unit"])
                .aggregate([("amount", "sum"), ("amount", "count")])
            )
            for row in grouped.to_pylist():
                key = (row["service"], row["line"], row["unit"])
                self.counts["lines", *key] += row["amount_count"]
                self.counts["amount", *key] += int(row["amount_sum"] * 10**self._digits)
            yield batch

    def refused(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Pass batches of quarantine rows on and count them."""
        for batch in batches:
            for row in batch.column("code").value_counts().to_pylist():
                self.counts["code", row["values"]] += row["counts"]
            yield batch

    def compare(self, counts: Counts) -> None:
        """Check that what was written is what was computed. Raises :class:`ReconciliationError`."""
        for key in sorted({*self.counts, *(key for key in counts if key[0] in {"lines", "amount", "code"})}):
            _same(" ".join(key), counts[key], self.counts[key])


def _same(what: str, expected: int, found: int) -> None:
    if expected != found:
        raise ReconciliationError(
            f"{what}: {expected} in the data, {found} in the results",
            why="every row is charged or quarantined, once",
            todo="report this with the manifest of the rules; no result was written",
        )
