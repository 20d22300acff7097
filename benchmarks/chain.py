"""All kernels of a program one after the other, on arrays that are allocated once."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import frozen
from benchmarks.workloads import Cells

from kommres.dsl.backends.kernels.batch import Batch
from kommres.dsl.backends.kernels.builder import LEFT, NOTHING
from kommres.dsl.backends.kernels.cache import compiled
from kommres.dsl.backends.kernels.drawing import Drawn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kommres.dsl.backends.kernels.kernels import Kernels

#: arguments that are no columns of data
_OTHERS = ("scalar", "constant", "stored", "parent")


@frozen(kw_only=True, eq=False)
class Link:
    """A kernel with what it is called with."""

    drawn: Drawn
    function: Callable[..., object]
    arguments: tuple[Any, ...]
    results: dict[str, Cells]


@frozen(kw_only=True, eq=False)
class Chain:
    """The kernels of a program for one batch."""

    batch: Batch
    links: tuple[Link, ...]

    @classmethod
    def of(cls, kernels: Kernels, batch: Batch) -> Chain:
        """Allocate all arrays."""
        links = []
        stored: dict[Any, Cells] = {}
        for drawn in kernels.drawn:
            count = batch.tables[drawn.entity].count
            results = {output.name: np.zeros(count, str(output.path[0])) for output in drawn.outputs}
            stored |= {o.path[1:]: results[o.name] for o in drawn.outputs if o.path[1] == "stored"}
            arguments = [
                kernels._bound(batch, drawn, argument, stored, results)  # noqa: SLF001 - arrays that stay
                for argument in drawn.arguments
            ]
            links.append(
                Link(drawn=drawn, function=compiled(drawn.text, "kernel"), arguments=tuple(arguments), results=results)
            )
        return cls(batch=batch, links=tuple(links))

    def work(self) -> None:
        """Run all kernels on one thread."""
        for link in self.links:
            link.function(*link.arguments)

    def rows(self, entity: str) -> int:
        """Rows of an entity."""
        return self.batch.tables[entity].count

    @property
    def outputs(self) -> list[Cells]:
        """The arrays of lines: results that only other kernels read are no output."""
        return list(self.links[-1].results.values())

    def columns(self, entity: str) -> list[Cells]:
        """Return the columns of an entity that are read."""
        return [array for path, array in self._read().items() if path[:2] == ("cells", entity)]

    def streams(self, entity: str) -> list[Cells]:
        """Return all other arrays of data that are read."""
        return [array for path, array in self._read().items() if path[:2] != ("cells", entity) and array.size]

    def amounts(self) -> Iterator[Fraction | str | None]:
        """Yield the amount of the first charge for each row; None where the row is left to the interpreter."""
        self.work()
        last = self.links[-1]
        charge = last.drawn.charges[0]
        for cell in last.results[charge.amount.name].tolist():
            yield None if cell == LEFT else "no line" if cell == NOTHING else Fraction(cell, charge.scale)

    def _read(self) -> dict[Any, Cells]:
        found = {}
        for link in self.links:
            for argument, value in zip(link.drawn.arguments, link.arguments, strict=True):
                if argument.path[0] not in _OTHERS and argument.name not in link.results and np.size(value):
                    found[argument.path] = value
        return found
