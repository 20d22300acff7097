"""How many rows a run was given and what its tables made of them: what its results are reconciled with."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
from attrs import field, frozen

from kommres.columns.tree import SOUND

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kommres.columns.ingest import Dataset


@frozen(kw_only=True)
class Census:
    """Counts of rows by table.

    ``rows``: supplied. ``unusable``: of entity tables, rows that cannot be used as a whole. ``owned``: of event and
    value tables, rows whose owner is there; ``loose``: all others of them.
    """

    rows: Counter[str] = field(factory=Counter)
    unusable: Counter[str] = field(factory=Counter)
    owned: Counter[str] = field(factory=Counter)
    loose: Counter[str] = field(factory=Counter)

    def add(self, data: Dataset, rows: Iterable[str] = ()) -> None:
        """Count the rows of a data set. ``rows``: names of its tables whose rows are supplied rows, too."""
        for name in rows:
            self.rows[name] += data.tables[name].table.num_rows
        for entity, order in data.entities.items():
            self.unusable[entity] += int(np.count_nonzero(order.flags[order.order] != SOUND)) + len(order.strays)
        for name, owned in data.owned.items():
            self.owned[name] += len(owned.order) + owned.following
            self.loose[name] += len(owned.loose)
