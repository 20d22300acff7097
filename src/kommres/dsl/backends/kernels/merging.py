"""Lines of a second kernel put in the place of those of a first one, for some rows."""

from __future__ import annotations

from math import lcm
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import evolve

from kommres.dsl.backends.kernels.batch import LEFT, Charged, Lines, Shown

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Places = NDArray[np.int64]


def merged(found: Charged, again: Charged, rows: Places) -> Charged:
    """Return what a first kernel found, with what a second one found where the first one leaves charges."""
    lines = tuple(_lines(one, other, rows) for one, other in zip(found.lines, again.lines, strict=True))
    left = found.left.copy()
    if lines:
        left[rows] = np.logical_or.reduce([line.amount[rows] == LEFT for line in lines])
    return evolve(found, left=left, lines=lines)


def _lines(one: Lines, other: Lines, rows: Places) -> Lines:
    rows = rows[(one.amount[rows] == LEFT) & (other.amount[rows] != LEFT)]
    if not len(rows):
        return one
    scale = lcm(one.scale, other.scale)
    present, amount = one.present.copy(), one.amount.copy()
    if scale != one.scale:
        amount[present != 0] *= scale // one.scale
    present[rows] = other.present[rows]
    amount[rows] = other.amount[rows]
    if scale != other.scale:
        amount[rows[other.present[rows] != 0]] *= scale // other.scale
    count = len(present)
    options = []
    theirs = {name: codes for name, _, codes in other.options}
    for name, choices, codes in one.options or other.options:
        options.append((name, choices, _codes(codes, theirs.get(name), choices, rows, count)))
    return evolve(
        one,
        present=present,
        amount=amount,
        scale=scale,
        winner=_winner(one.winner, other.winner, rows, count),
        volume=_shown(one.volume, other.volume, rows, count),
        price=_shown(one.price, other.price, rows, count),
        options=tuple(options),
    )


def _winner(one: Any, other: Any, rows: Places, count: int) -> Any:  # noqa: ANN401 - an array or one number for all
    if isinstance(one, int) and isinstance(other, int) and one == other:
        return one
    found = np.full(count, one, np.int16) if isinstance(one, int) else one.copy()
    found[rows] = other if isinstance(other, int) else other[rows]
    return found


def _codes(one: Any, other: Any, choices: tuple[str, ...], rows: Places, count: int) -> Any:  # noqa: ANN401 - as above
    if other is None or (isinstance(one, str) and isinstance(other, str)):
        return one
    found = np.full(count, choices.index(one), np.int16) if isinstance(one, str) else one.copy()
    found[rows] = choices.index(other) if isinstance(other, str) else other[rows]
    return found


def _shown(one: Shown | None, other: Shown | None, rows: Places, count: int) -> Shown | None:
    if other is None:
        return one
    if one is None:
        one = Shown(given=np.zeros(count, np.uint8), above=np.zeros(count, np.int64), below=1)
    given, above, below = one.given.copy(), one.above.copy(), _divisors(one.below, count)
    given[rows] = other.given[rows]
    above[rows] = other.above[rows]
    below[rows] = _divisors(other.below, count)[rows]
    return Shown(given=given, above=above, below=below)


def _divisors(below: Any, count: int) -> Any:  # noqa: ANN401 - an array or one number for all
    return np.full(count, below, np.int64) if isinstance(below, int) else below.copy()
