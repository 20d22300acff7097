"""What a run is given, as work: whole trees first, then the rows that belong nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from attrs import field, frozen

from kommres.columns.ingest import Dataset, open_data
from kommres.run.census import Census
from kommres.run.partition import parts_of
from kommres.run.stream import Charger
from kommres.run.work import Task, tasks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kommres.dsl.plan.nodes import Plan
    from kommres.run.stream import Office


class Supply(Protocol):
    """Data of a run.

    ``census``: its rows; complete when all tasks were given out. ``sources``: name, source and digest of each table
    that was supplied; ``tables``: names of all tables, in the order of the rules. ``location``: the folder as given.
    """

    census: Census
    sources: tuple[tuple[str, str, str], ...]
    tables: tuple[str, ...]
    warnings: tuple[str, ...]
    location: str | None

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
    """Open the data of a run. Raises :class:`DataError` where a table or a column as a whole cannot be used."""
    return Held.of(open_data(plan, data))
