"""Sums over slices day by day: values of each day, equal neighbours grouped, each group charged. Slow and obvious."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import groupby


def groups(days: Sequence[int], value: Callable[[int], object]) -> list[tuple[object, int]]:
    """Runs of days with equal values: (value, number of days)."""
    return [(key, len(list(run))) for key, run in groupby(days, key=value)]


def half_up(value: Fraction) -> Fraction:
    """To the hundredth, half away from zero, by trying candidates."""
    below = Fraction(int(value * 100) - 1, 100)
    candidates = [below + Fraction(i, 100) for i in range(4)]
    best = min(abs(value - c) for c in candidates)
    nearest = [c for c in candidates if abs(value - c) == best]
    return max(nearest, key=abs)
