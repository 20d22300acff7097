"""Time zones of rows: each row's root names one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

if TYPE_CHECKING:
    from kommres.columns.schema import Column
    from kommres.columns.tree import Places


@frozen(eq=False)
class Zones:
    """``names``: IANA names, empty for none. ``at``: which of them each row has; None where all have the first."""

    names: tuple[str, ...] = ("",)
    at: NDArray[np.int64] | None = None

    @classmethod
    def of(cls, names: tuple[str, ...], at: NDArray[np.int64]) -> Zones:
        """Forget the names that no row has."""
        used = np.unique(at)
        if len(used) == 1:
            return cls((names[int(used[0])],))
        return cls(names, at) if len(used) else cls()

    def spread(self, counts: Places) -> Zones:
        """Repeat what rows have for each row below them."""
        return self if self.at is None else Zones(self.names, np.repeat(self.at, counts))

    def only(self, rows: Places) -> Zones:
        """Return what some of the rows have."""
        return self if self.at is None else Zones(self.names, self.at[rows])

    def of_column(self, column: Column) -> Zones:
        """Return what reading a column needs: nothing, unless it holds instants."""
        return self if column.declared is not None and column.declared.type.kind == "instant" else Zones()

    def of_rows(self, count: int) -> list[str]:
        """Return the name of each row's zone."""
        return [self.names[0]] * count if self.at is None else [self.names[number] for number in self.at.tolist()]
