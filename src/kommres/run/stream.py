"""The run itself: part after part, each built from the tables, charged and handed on."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Final

from attrs import field, frozen

from kommres.collecting import undisturbed
from kommres.columns import tree
from kommres.columns.arrow import require_arrow
from kommres.columns.export import amount_digits
from kommres.columns.ingest import Dataset
from kommres.columns.lines import Kinds
from kommres.columns.rows import Rows
from kommres.columns.schema import charged_entities, services_of
from kommres.dsl.backends.interpreter import Interpreter
from kommres.dsl.backends.rows import Bad
from kommres.run.batch import PartResult, Terms, charge_trees, set_aside, set_loose
from kommres.run.partition import CHUNK_ROWS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kommres.columns.dense import Dense  # noqa: TC004 - only with kernels
    from kommres.dsl.backends.kernels.batch import Charged
    from kommres.dsl.backends.kernels.kernels import Kernels  # noqa: TC004 - loads numba
    from kommres.run.partition import Part

#: the interpreter is slow enough for progress to be wanted more often
_INTERPRETED_ROWS: Final = 8_192


@frozen(kw_only=True, eq=False)
class Office:
    """What charges all data of a run.

    ``kernels``: None where the interpreter charges everything. ``lock``: held by the thread that interprets.
    """

    interpreter: Interpreter
    terms: Terms
    kernels: Kernels | None = None
    kinds: Kinds = field(factory=Kinds)
    lock: Lock = field(factory=Lock)

    @property
    def batch_rows(self) -> int:
        """How many rows of data are a part where nothing else is wanted."""
        return _INTERPRETED_ROWS if self.kernels is None else CHUNK_ROWS

    @classmethod
    def of(cls, interpreter: Interpreter, kernels: Kernels | None = None) -> Office:
        """Make ready to charge the interpreter's month."""
        plan = interpreter.plan
        terms = Terms(
            period=str(interpreter.month),
            services={entity: services_of(plan, entity) for entity in charged_entities(plan)},
            digits=amount_digits(plan),
        )
        return cls(interpreter=interpreter, terms=terms, kernels=kernels)


@frozen(kw_only=True, eq=False)
class Charger:
    """Computes parts of a data set. Several threads may use it at once."""

    office: Office
    data: Dataset
    rows: Rows
    dense: Dense | None

    @classmethod
    def of(cls, office: Office, data: Dataset) -> Charger:
        """Make ready to charge a data set."""
        month, kernels = office.interpreter.month, office.kernels
        dense = None
        if kernels is not None:
            from kommres.columns.dense import Dense

            dense = Dense(data, kernels.layout, month, kernels.names)
        return cls(office=office, data=data, rows=Rows(data, month), dense=dense)

    def over(self, data: Dataset) -> Charger:
        """Make ready to charge another data set; what was read once is not read again."""
        dense = None if self.dense is None else self.dense.over(data)
        return Charger(office=self.office, data=data, rows=Rows(data, self.office.interpreter.month), dense=dense)

    def part(self, part: Part) -> PartResult:
        """Compute one part."""
        office = self.office
        if part.kind == "trees" and self.dense is not None:
            from kommres.run.compiled import charge_compiled

            return charge_compiled(self, part)
        with office.lock:
            match part.kind:
                case "trees":
                    with undisturbed():
                        rows = self.rows.trees(part.table, part.start, part.stop)
                        ledger = charge_trees(office.interpreter, rows, office.terms)
                case "strays":
                    ledger = set_aside(self.rows.strays(part.table, part.start, part.stop), office.terms)
                case _:
                    ledger = set_loose(part.table, self._loose(part), office.terms)
            return ledger.result(office.kinds)

    def by_kernels(self, part: Part) -> Mapping[str, Charged]:
        """Return what kernels make of a part of trees."""
        if self.dense is None or self.office.kernels is None:
            return {}
        return self.office.kernels.charge(self.dense.batch(part.table, part.start, part.stop))

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
