"""Data of a run that are read from files window by window, in bounded memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from attrs import evolve, field, frozen

from kommres.columns.check import check_tables
from kommres.columns.feeds import TableFile
from kommres.columns.files import SourceTable
from kommres.columns.laid_aside import LaidAside, NotClusteredYet
from kommres.columns.schema import TableSchema, schema_of
from kommres.columns.uniqueness import Passing
from kommres.columns.windows import Forest
from kommres.run import partition
from kommres.run.census import Census
from kommres.run.stream import Charger
from kommres.run.work import Task, tasks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kommres.columns.ingest import Dataset
    from kommres.dsl.plan.nodes import Plan
    from kommres.run.stream import Office

#: about so many chunks are in a window, and something more so that it seldom comes out a little less
_CHUNKS: Final = 2.125


@frozen(kw_only=True, eq=False)
class Streamed:
    """Files whose rows stand in the order of results.

    ``known``: what is known of the ids of each entity before they are read. ``passing``: what is known by now.
    """

    schemas: Mapping[str, TableSchema]
    files: Mapping[str, TableFile]
    warnings: tuple[str, ...]
    location: str
    known: Mapping[str, Passing]
    census: Census = field(init=False)
    passing: dict[str, Passing] = field(init=False, factory=dict)

    @classmethod
    def of(cls, plan: Plan, files: Mapping[str, TableFile], location: Path) -> Streamed:
        """Look at the columns of files. Raises :class:`DataError` where they do not fit the rules."""
        schemas = {schema.name: schema for schema in schema_of(plan)}
        heads = {
            name: SourceTable(name=name, source=file.path.name, digest="", table=file.schema.empty_table())
            for name, file in files.items()
        }
        return cls(
            schemas=schemas,
            files={name: files[name] for name in schemas if name in files},
            warnings=check_tables(schemas.values(), heads),
            location=str(location),
            known={name: Passing() for name, schema in schemas.items() if schema.kind == "entity"},
        )

    @property
    def sources(self) -> tuple[tuple[str, str, str], ...]:
        """Name, source and digest of each table."""
        return tuple((name, file.path.name, file.digest) for name, file in self.files.items())

    @property
    def tables(self) -> tuple[str, ...]:
        """Names of all tables; those that were not supplied come last."""
        return tuple(dict.fromkeys([*self.files, *self.known]))

    @property
    def way(self) -> dict[str, Any]:
        """What another process has to know to go on."""
        return {
            name: {"ascending": known.ascending, "twice": sorted(known.twice)}
            for name, known in self.known.items()
            if known != Passing()
        }

    def after(self, way: Mapping[str, Any]) -> Streamed:
        """Return the same data for a run that began so."""
        known = {name: Passing(ascending=w["ascending"], twice=set(w["twice"])) for name, w in way.items()}
        return evolve(self, known={**self.known, **known})

    def once_more(self) -> Streamed:
        """Return the same data with what is known by now."""
        known = {name: passing.to_know for name, passing in self.passing.items()}
        return evolve(self, known={**self.known, **known})

    @census.default
    def _count(self) -> Census:
        census = Census()
        census.rows.update({name: file.rows for name, file in self.files.items()})
        return census

    # --- work ------------------------------------------------------------------------------------------------

    def tasks(self, office: Office, batch_rows: int, first: int) -> Iterator[Task]:
        """Yield the parts of all chunks from number ``first`` on.

        Raises
        ------
        NotClustered
            Where the rows must be sorted; what was computed before does not count.
        NotClusteredYet
            Where they must be read once more.
        """
        self.passing.update({name: known.to_know for name, known in self.known.items()})
        aside = LaidAside(schemas=self.schemas, files=self.files)
        chunk = 0
        charger: Charger | None = None
        for schemas in self._trees():
            root = next(iter(schemas))
            forest = Forest(schemas, self.files, self.passing, aside)
            for window in forest.windows(int(_CHUNKS * partition.CHUNK_ROWS), _usable):
                starts = partition.tree_starts(window.data, root)[: window.roots + 1]
                charger = Charger.of(office, window.data) if charger is None else charger.over(window.data)
                for task in tasks(charger, partition.parts_of_trees(root, starts, batch_rows), chunk):
                    if task.chunk >= first:
                        yield task
                    chunk = task.chunk + task.part.last
            self.census.unusable.update(forest.unusable)
            self.census.owned.update(forest.owned)
        rest = aside.data(self._twice(aside), self.location)
        self.census.add(rest)
        parts = partition.parts_without_trees(rest, batch_rows)
        yield from (task for task in tasks(Charger.of(office, rest), parts, chunk) if task.chunk >= first)

    def _trees(self) -> Iterator[dict[str, TableSchema]]:
        """Yield, for each root entity, its table and all tables below it."""
        for name, schema in self.schemas.items():
            if schema.kind == "entity" and schema.parent is None:
                below = {name}
                for other, inner in self.schemas.items():
                    if (inner.parent or (inner.entity if inner.kind != "entity" else None)) in below:
                        below.add(other)
                yield {other: self.schemas[other] for other in self.schemas if other in below}

    def _twice(self, aside: LaidAside) -> dict[str, set[str]]:
        """Return the ids that stand more than once. Raises :class:`NotClusteredYet` where they were not known."""
        twice = {}
        for name, passing in self.passing.items():
            twice[name] = passing.found(lambda name=name: aside.ids(name))  # type: ignore[misc]
            if not passing.ascending and not twice[name] <= self.known[name].twice:
                passing.twice.update(twice[name])
                raise NotClusteredYet(name)
        return twice


def _usable(data: Dataset, last: bool) -> int:
    (root,) = data.roots
    starts = partition.tree_starts(data, root)
    return len(starts) - 1 if last else partition.in_whole_chunks(starts)
