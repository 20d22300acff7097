"""The bound: a kernel that goes through the same rows, reads the same columns and writes the same outputs, no more.

It is made by the same compiler as the kernels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from attrs import frozen
from benchmarks.workloads import Cells

from kommres.dsl.backends.kernels.cache import compiled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@frozen(kw_only=True, eq=False)
class Below:
    """Rows that belong to the rows of a touch: of row i ``offsets[i] .. offsets[i + 1]`` of each column."""

    offsets: Cells
    columns: Sequence[Cells]


@frozen(kw_only=True, eq=False)
class Touch:
    """What is touched: ``columns`` and ``outputs`` of a table, rows ``below`` it, and ``parents`` that it belongs to.

    ``streams``: other arrays, each read once from end to end.
    """

    columns: Sequence[Cells]
    outputs: Sequence[Cells]
    below: Sequence[Below] = ()
    parents: Below | None = None
    streams: Sequence[Cells] = ()

    @property
    def bytes(self) -> int:
        """How many bytes are read and written."""
        groups = [*self.below, *([self.parents] if self.parents else [])]
        owned = [array for group in groups for array in (group.offsets, *group.columns)]
        return sum(array.nbytes for array in (*self.columns, *self.outputs, *owned, *self.streams))

    def kernel(self) -> Callable[[], object]:
        """Return a call that touches it all on one thread."""
        rows, arrays = _compiled(self), list(_arrays(self))
        stream, streams = _stream(), list(self.streams)

        def touched() -> None:
            rows(*arrays)
            for array in streams:
                stream(array)

        return touched

    def slices(self) -> Callable[[int, int], object]:
        """Return a call for a range of rows, for several threads; only for tables alone."""
        compiled = _compiled(self)
        arrays = list(_arrays(self))
        return lambda start, stop: compiled(*(array[start:stop] for array in arrays))


def _arrays(touch: Touch) -> Iterator[Cells]:
    yield from _sorted(touch.columns)
    yield from _sorted(touch.outputs)
    for group in (*touch.below, *([touch.parents] if touch.parents else [])):
        yield group.offsets
        yield from group.columns


def _sorted(arrays: Sequence[Cells]) -> list[Cells]:
    """Return arrays of one type side by side: fewer kernels to compile."""
    return sorted(arrays, key=lambda array: array.dtype.str)


def _stream() -> Callable[..., object]:
    """Return what reads an array from end to end."""
    text = ["def touch(cells):", "    total = int64(0)", "    for i in range(cells.size):"]
    text += ["        total = total + int64(cells[i])", "    return total"]
    return compiled("\n".join(["from numba import int64", "", "", *text, ""]), "touch")


def _compiled(touch: Touch) -> Callable[..., object]:
    columns, outputs = _names("c", touch.columns), _names("o", touch.outputs)
    below = [(f"b{n}", _names(f"b{n}_", group.columns)) for n, group in enumerate(touch.below)]
    parents = _names("p", touch.parents.columns) if touch.parents else []
    names = [*columns, *outputs, *(name for offsets, own in below for name in (offsets, *own))]
    names += ["p", *parents] if touch.parents else []
    row = [f"cell = {' ^ '.join(['head', *(f'int64({name}[i])' for name in columns)])}"]
    for offsets, own in below:
        row += [f"for j in range({offsets}[i], {offsets}[i + 1]):"]
        row += [f"    cell = cell + ({' ^ '.join(f'int64({name}[j])' for name in own)})"]
    row += [f"{name}[i] = cell" for name in outputs]
    if touch.parents:
        head = " ^ ".join(f"int64({name}[g])" for name in parents)
        text = ["for g in range(p.size - 1):", f"    head = {head}", "    for i in range(p[g], p[g + 1]):"]
        text += [f"        {line}" for line in row]
    else:
        text = ["head = int64(0)", f"for i in range({outputs[0]}.size):", *(f"    {line}" for line in row)]
    body = "\n".join(f"    {line}" for line in text)
    return compiled(f"from numba import int64\n\n\ndef touch({', '.join(names)}):\n{body}\n", "touch")


def _names(stem: str, arrays: Sequence[object]) -> list[str]:
    return [f"{stem}{n}" for n in range(len(arrays))]
