"""Draws of whole numbers, the same on every machine."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_T = TypeVar("_T")
MILLION: Final = 1_000_000


class Dice:
    """Draws that depend on nothing but the key.

    Parameters
    ----------
    key
        What the draws are for: seed, kind of thing, its number. Things with keys of their own do not disturb others.

    Examples
    --------
    >>> Dice(1, "flat", 7).between(1, 6) == Dice(1, "flat", 7).between(1, 6)
    True
    """

    def __init__(self, *key: int | str) -> None:
        self._bits = random.Random("/".join(map(str, key))).getrandbits  # noqa: S311 - a toy city, no secret

    def below(self, count: int) -> int:
        """Return one of ``0 .. count - 1``."""
        return self._bits(32) * count >> 32

    def between(self, low: int, high: int) -> int:
        """Return one of ``low .. high``, both included."""
        return low + self.below(high - low + 1)

    def chance(self, millionths: int) -> bool:
        """Return True in so many of a million draws."""
        return self.below(MILLION) < millionths

    def one_of(self, values: Sequence[_T]) -> _T:
        """Return one of the values, each as likely."""
        return values[self.below(len(values))]

    def weighted(self, weights: Mapping[_T, int]) -> _T:
        """Return a key, as likely as its weight says."""
        mark = self.below(sum(weights.values()))
        for value, weight in weights.items():
            mark -= weight
            if mark < 0:
                return value
        raise AssertionError(weights)

    def bell(self, middle: int, spread: int) -> int:
        """Return a number around ``middle``, seldom farther away than ``spread``: the mean of four even draws."""
        return (
            middle
            - spread
            + (self.below(spread + 1) + self.below(spread + 1) + self.below(spread + 1) + self.below(spread + 1)) // 2
        )
