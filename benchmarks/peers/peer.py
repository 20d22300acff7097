"""What the harness wants of an engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from attrs import frozen

if TYPE_CHECKING:
    from numpy.typing import NDArray

Amounts: TypeAlias = "Sequence[NDArray[np.int64]]"


@frozen(kw_only=True, eq=False)
class Peer:
    """An engine that holds its data. ``work`` computes all rows and keeps them, ``amounts`` gives them in kopecks.

    ``rows``: how many of the first rows it computes. ``before``: is called before each work, outside the clock.
    """

    name: str
    rows: int
    work: Callable[[], object]
    amounts: Callable[[], Amounts]
    before: Callable[[], object] | None = None


def wrong_rows(amounts: Amounts, right: Sequence[NDArray[Any]]) -> int:
    """Return in how many rows some amount is not the right one."""
    rows = amounts[0].size
    wrong = np.zeros(rows, bool)
    for own, other in zip(amounts, right, strict=True):
        wrong |= np.asarray(own) != np.asarray(other)[:rows]
    return int(wrong.sum())
