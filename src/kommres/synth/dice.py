"""Draws of whole numbers for many keys at once, the same on every machine and for every set of other keys."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Mapping

Numbers = NDArray[np.int64]
Marks = NDArray[np.bool_]
MILLION: Final = 1_000_000

_STEP: Final = np.uint64(0x9E3779B97F4A7C15)
_FIRST: Final = np.uint64(0xBF58476D1CE4E5B9)
_SECOND: Final = np.uint64(0x94D049BB133111EB)


class Dice:
    """A sequence of draws for each of some numbers (SplitMix64 over a hash of what is drawn for).

    Parameters
    ----------
    keys
        Numbers of the things that are drawn for.
    purpose
        What the draws are for: seed, name, month. Dice of other purposes do not disturb these.

    Examples
    --------
    >>> one, many = (Dice(np.array(keys), 1, "flat").between(1, 6) for keys in ([7], [6, 7]))
    >>> bool(one[0] == many[1])
    True
    """

    def __init__(self, keys: Numbers, *purpose: int | str) -> None:
        digest = blake2b("/".join(map(str, purpose)).encode(), digest_size=8).digest()
        self._state = _mixed(keys.astype(np.uint64) * _STEP ^ np.uint64(int.from_bytes(digest, "little")))
        self._keys = len(keys)

    def below(self, count: int | Numbers) -> Numbers:
        """Return numbers of ``0 .. count - 1``."""
        self._state = self._state + _STEP
        return (_mixed(self._state) >> np.uint64(32)).astype(np.int64) * count >> 32

    def between(self, low: int | Numbers, high: int | Numbers) -> Numbers:
        """Return numbers of ``low .. high``, both included."""
        return low + self.below(high - low + 1)

    def chance(self, millionths: int) -> Marks:
        """Return True in so many of a million draws."""
        return self.below(MILLION) < millionths

    def weighted(self, weights: Mapping[int, int]) -> Numbers:
        """Return keys of the mapping, as likely as their weights say."""
        return np.array(list(weights), np.int64)[self.place(list(weights.values()))]

    def place(self, weights: list[int]) -> Numbers:
        """Return places in a list of weights, as likely as they say."""
        bounds = np.cumsum(weights)
        return np.searchsorted(bounds, self.below(int(bounds[-1])), side="right")

    def bell(self, middle: int | Numbers, spread: int) -> Numbers:
        """Return numbers around ``middle``, seldom farther away than ``spread``: the mean of four even draws."""
        four = self.below(spread + 1) + self.below(spread + 1) + self.below(spread + 1) + self.below(spread + 1)
        return middle - spread + four // 2


def _mixed(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    state = (state ^ (state >> np.uint64(30))) * _FIRST
    state = (state ^ (state >> np.uint64(27))) * _SECOND
    return state ^ (state >> np.uint64(31))
