"""What a run is given, as work: whole trees first, then the rows that belong nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol

from attrs import field, frozen

from kommres.columns.feeds import STREAMED, TableFile
from kommres.columns.files import table_files
from kommres.columns.ingest import Dataset, open_data
from kommres.columns.laid_aside import NotClustered, NotClusteredYet
from kommres.run.census import Census
from kommres.run.partition import parts_of
from kommres.run.stream import Charger
from kommres.run.streamed import Streamed
from kommres.run.work import Task, tasks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kommres.dsl.plan.nodes import Plan
    from kommres.run.stream import Office


#: files of no more rows than that are held in memory
FEW_ROWS = 500_000
SORTED: Final = "sorted"


class Supply(Protocol):
    """Data of a run.

    ``census``: its rows; complete when all tasks were given out. ``sources``: name, source and digest of each table
    that was supplied; ``tables``: names of all tables, in the order of the rules. ``location``: the folder as given.
    ``way``: how the data are read, as JSON.
    """

    @property
    def census(self) -> Census: ...  # noqa: D102
    @property
    def sources(self) -> tuple[tuple[str, str, str], ...]: ...  # noqa: D102
    @property
    def tables(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def warnings(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def location(self) -> str | None: ...  # noqa: D102
    @property
    def way(self) -> Any: ...  # noqa: D102, ANN401

    def tasks(self, office: Office, batch_rows: int, first: int) -> Iterator[Task]:
        """Yield the parts of all chunks from number ``first`` on, each with what computes it."""


@frozen(kw_only=True, eq=False)
class Held:
    """Data that are in memory as a whole."""

    data: Dataset
    census: Census = field(factory=Census)

    @classmethod
    def of(cls, data: Dataset) -> Held:
        """Count the rows."""
        held = cls(data=data)
        held.census.add(data, data.tables)
        return held

    @property
    def sources(self) -> tuple[tuple[str, str, str], ...]:
        """Name, source and digest of each supplied table."""
        return tuple((name, t.source, t.digest) for name, t in self.data.tables.items() if t.digest)

    @property
    def tables(self) -> tuple[str, ...]:
        """Names of all tables."""
        return tuple(self.data.tables)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was found about tables and columns."""
        return self.data.warnings

    @property
    def way(self) -> str:
        """The rows are sorted."""
        return SORTED

    @property
    def location(self) -> str | None:
        """The folder as given."""
        return self.data.location

    def tasks(self, office: Office, batch_rows: int, first: int) -> Iterator[Task]:
        """Yield the parts of all chunks from number ``first`` on."""
        charger = Charger.of(office, self.data)
        for task in tasks(charger, parts_of(self.data, batch_rows), 0):
            if task.chunk >= first:
                yield task


def supply_of(plan: Plan, data: Path | Mapping[str, object]) -> Supply:
    """Open the data of a run.

    Large files are streamed. All others are held in memory; so are large ones that :func:`instead` says must be.

    Raises
    ------
    DataError
        Where a table or a column as a whole cannot be used.
    """
    if not isinstance(data, Mapping):
        paths = table_files(data)
        if all(path.suffix.lower() in STREAMED for path in paths.values()):
            files = {name: TableFile.of(name, path) for name, path in paths.items()}
            if sum(file.rows for file in files.values()) > FEW_ROWS:
                return Streamed.of(plan, files, data)
    return Held.of(open_data(plan, data))


def instead(supply: Supply, plan: Plan, found: NotClustered) -> Supply:
    """Return the same data, read in another way because streaming them has failed."""
    if not isinstance(supply, Streamed):
        raise found
    if isinstance(found, NotClusteredYet):
        return supply.once_more()
    return Held.of(open_data(plan, supply.location))


def resumed(supply: Supply, plan: Plan, way: object) -> Supply:
    """Return the same data, read in the way in which a run began."""
    if way == supply.way or not isinstance(supply, Streamed):
        return supply
    return supply.after(way) if isinstance(way, Mapping) else Held.of(open_data(plan, supply.location))
