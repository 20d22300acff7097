"""The run itself: part after part, each built from the tables, charged and handed on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import frozen

from kommres.columns import tree
from kommres.columns.arrow import require_arrow
from kommres.columns.export import amount_digits, charge_batch, refused_batch
from kommres.columns.ingest import Dataset
from kommres.columns.rows import Rows
from kommres.columns.schema import services_of
from kommres.dsl.backends.interpreter import Interpreter
from kommres.dsl.backends.rows import Bad
from kommres.run.batch import BatchResult, Terms, charge_trees, set_aside, set_loose

if TYPE_CHECKING:
    import pyarrow as pa

    from kommres.dsl.plan.nodes import Plan
    from kommres.period import Month
    from kommres.run.batch import Counts
    from kommres.run.partition import Part
    from kommres.run.progress import Progress

CHARGES: Final = "charges"
QUARANTINE: Final = "quarantine"


@frozen(kw_only=True, eq=False)
class Charger:
    """Computes parts of a run."""

    data: Dataset
    interpreter: Interpreter
    rows: Rows
    terms: Terms

    @classmethod
    def of(cls, plan: Plan, data: Dataset, month: Month, interpreter: Interpreter) -> Charger:
        """Make ready to charge a month."""
        services = {entity: services_of(plan, entity) for entity in data.entities}
        terms = Terms(
            period=str(month),
            services={entity: names for entity, names in services.items() if names},
            digits=amount_digits(plan),
        )
        return cls(data=data, interpreter=interpreter, rows=Rows(data, month), terms=terms)

    def part(self, part: Part) -> BatchResult:
        """Compute one part."""
        match part.kind:
            case "trees":
                return charge_trees(self.interpreter, self.rows.trees(part.table, part.start, part.stop), self.terms)
            case "strays":
                return set_aside(self.rows.strays(part.table, part.start, part.stop), self.terms)
            case _:
                return set_loose(part.table, self._loose(part), self.terms)

    def arrow(self, result: BatchResult) -> dict[str, pa.RecordBatch]:
        """Write a result as Arrow."""
        return {CHARGES: charge_batch(result.lines, self.terms.digits), QUARANTINE: refused_batch(result.refused)}

    def tell(self, progress: Progress, counts: Counts) -> None:
        """Say how far the run is."""
        total = sum(self.data.entities[entity].rows for entity in self.terms.services)
        done = sum(number for key, number in counts.items() if key[0] == "accounts")
        held = sum(number for key, number in counts.items() if key[0] == "accounts" and key[2] == "quarantined")
        progress(done, total, held)

    def _loose(self, part: Part) -> list[tuple[str, Bad]]:
        """Say of each row why it has no owner, in an order that does not depend on how the rows were supplied."""
        pa = require_arrow()
        data, entity = self.data, self.data.schemas[part.table].entity
        places = data.owned[part.table].loose[part.start : part.stop]
        cells, names = data.column(part.table, entity, places), data.column(part.table, "id", places)
        owners = tree.id_texts(cells).to_pylist() if cells is not None else [None] * len(places)
        ids = tree.id_texts(names).to_pylist() if names is not None else [None] * len(places)
        known = tree.known_ids(pa.array(owners, pa.large_string()), data.entities[entity])
        lines = zip(owners, ids, data.labels(part.table, places), data.problems(part.table, places), known, strict=True)
        found = []
        for owner, id_, label, reason, twice in sorted(lines, key=_loose_order):
            if reason is not None:
                problem = Bad("D0506", f"{reason} ({label})", "")
            elif owner is None:
                problem = Bad("D0504", f"no {entity} is given ({label})", entity)
            elif twice:
                problem = Bad("D0504", f"{entity} {owner} stands more than once ({label})", entity)
            else:
                problem = Bad("D0504", f"there is no {entity} {owner}{self.rows.hint(entity, owner)} ({label})", entity)
            found.append((id_ or "", problem))
        return found


def _loose_order(line: tuple[str | None, ...]) -> tuple[object, ...]:
    # Rows without an owner come last, as they do where parts are cut.
    return line[0] is None, *(word or "" for word in line[:4])
