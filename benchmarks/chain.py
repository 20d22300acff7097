"""All kernels of a program one after the other, on arrays that are allocated once.

First the kernels for rows on which nothing changes inside the month, on all rows; then, as :class:`Kernels` does, the
others on the rows that those leave.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from attrs import frozen
from benchmarks.workloads import Cells

from kommres.dsl.backends.kernels.batch import LEFT, NOTHING, Batch
from kommres.dsl.backends.kernels.drawing import Drawn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kommres.dsl.backends.kernels.kernels import Kernels

#: arguments that are no columns of data
_OTHERS: Final = ("scalar", "constant", "stored", "parent", "rows")


@frozen(kw_only=True, eq=False)
class Link:
    """A kernel with what it is called with."""

    drawn: Drawn
    function: Callable[..., object]
    arguments: tuple[Any, ...]
    results: dict[str, Cells]


@frozen(kw_only=True, eq=False)
class Chain:
    """The kernels that charge the rows of one entity, for one batch. ``seconds``: those of the second pass."""

    entity: str
    batch: Batch
    firsts: tuple[Link, ...]
    seconds: tuple[Link, ...]

    @classmethod
    def of(cls, kernels: Kernels, batch: Batch, entity: str) -> Chain:
        """Allocate all arrays, and run once to see which rows need the second pass."""
        firsts = _links(kernels, kernels._still, batch, {})  # noqa: SLF001 - arrays that stay
        seconds: tuple[Link, ...] = ()
        left = np.flatnonzero(_left(_ran(firsts)[-1]))
        if left.size:
            sliced = kernels._for_left(len(left))  # noqa: SLF001
            seconds = _links(kernels, sliced, batch, {("rows", entity): left}) if sliced else ()
        _ran(seconds)
        return cls(entity=entity, batch=batch, firsts=firsts, seconds=seconds)

    def work(self) -> None:
        """Charge all rows on one thread."""
        for link in self.firsts:
            link.function(*link.arguments)
        for link in self.seconds:
            link.function(*link.arguments)

    @property
    def rows(self) -> int:
        """Rows of the entity."""
        return self.batch.tables[self.entity].count

    @property
    def outputs(self) -> list[Cells]:
        """The arrays of lines: results that only other kernels read are no output."""
        return list(self.firsts[-1].results.values())

    @property
    def columns(self) -> list[Cells]:
        """The columns of the entity that are read."""
        return [array for path, array in self._read().items() if path[:2] == ("cells", self.entity)]

    @property
    def streams(self) -> list[Cells]:
        """All other arrays of data that are read."""
        return [array for path, array in self._read().items() if path[:2] != ("cells", self.entity)]

    @property
    def paths(self) -> list[tuple[Any, ...]]:
        """What the kernels are given, as :class:`Kernels` names it."""
        return [argument.path for link in (*self.firsts, *self.seconds) for argument in link.drawn.arguments]

    @property
    def charges(self) -> list[str]:
        """Ids of the charges, in the order of a bill."""
        return [charge.plan.id for charge in self.firsts[-1].drawn.charges]

    def kopecks(self) -> list[Cells]:
        """Return the amounts of each charge; rows without a line, and rows that are left, have 0."""
        found = []
        for place in range(len(self.charges)):
            amount, scale = self._amounts(place)
            found.append(np.where(amount > NOTHING, amount, 0) * (100 // scale))
        return found

    def left(self) -> Cells:
        """Return which rows are left to the interpreter."""
        found = _left(self.firsts[-1])
        return found & _left(self.seconds[-1]) if self.seconds else found

    def lines(self, places: Sequence[int]) -> list[dict[str, Fraction]]:
        """Return the lines of some rows, by charge."""
        found: list[dict[str, Fraction]] = [{} for _ in places]
        for number, name in enumerate(self.charges):
            amount, scale = self._amounts(number)
            for line, cell in zip(found, amount[places].tolist(), strict=True):
                if cell > NOTHING:
                    line[name] = Fraction(cell, scale)
        return found

    def _amounts(self, place: int) -> tuple[Cells, int]:
        """Return what both passes found of a charge, and the scale of it."""
        one = self.firsts[-1]
        first = one.drawn.charges[place]
        amount: Cells = one.results[first.amount.name]
        if not self.seconds:
            return amount, first.scale
        other = self.seconds[-1]
        second = other.drawn.charges[place]
        again = other.results[second.amount.name]
        scale = max(first.scale, second.scale)
        left = _left(one)
        return np.where(left, _scaled(again, scale // second.scale), _scaled(amount, scale // first.scale)), scale

    def _read(self) -> Mapping[Any, Cells]:
        return {
            argument.path: value
            for link in self.firsts
            for argument, value in zip(link.drawn.arguments, link.arguments, strict=True)
            if argument.path[0] not in _OTHERS and argument.name not in link.results and np.size(value)
        }


def _links(kernels: Kernels, made: Any, batch: Batch, given: Mapping[Any, Cells]) -> tuple[Link, ...]:  # noqa: ANN401
    links = []
    known = {**given, **made.sums}
    for drawn, function in zip(made.kernels, made.functions, strict=True):
        count = batch.tables[drawn.entity].count
        results = {output.name: np.zeros(count, str(output.path[0])) for output in drawn.outputs}
        known |= {o.path[1:]: results[o.name] for o in drawn.outputs if o.path[1] == "stored"}
        arguments = tuple(kernels._binding.arguments(batch, drawn, known, results))  # noqa: SLF001
        links.append(Link(drawn=drawn, function=function, arguments=arguments, results=results))
    return tuple(links)


def _ran(links: tuple[Link, ...]) -> tuple[Link, ...]:
    for link in links:
        link.function(*link.arguments)
    return links


def _left(link: Link) -> Cells:
    found = np.zeros(next(iter(link.results.values())).size, bool)
    for charge in link.drawn.charges:
        found |= link.results[charge.amount.name] == LEFT
    return found


def _scaled(amount: Cells, factor: int) -> Cells:
    return np.where(amount > NOTHING, amount * factor, amount)
