"""Intervals of exact numbers: where a value lies, on which grid, and how far a date is from the month's first day."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor, gcd, lcm
from typing import TYPE_CHECKING, TypeVar

from attrs import evolve, frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from kommres.dsl.plan.roundings import Rounding

#: Past this a grid tells nothing that a machine could use.
_FINEST = 1 << 256
#: A divisor with no more values than this on its grid keeps the quotient on a grid.
_FEW = 64


@frozen
class Range:
    """Values ``lo .. hi``, both included; None is an open end.

    ``grid``: the value is a whole multiple of ``1 / grid``; None where no such number is known. ``since``: for a date,
    the least and the greatest number of days from the first day of the evaluation's month; None is not known.

    >>> (Range(Fraction(0), Fraction(5), 10) + Range(Fraction(1), Fraction(2), 4)).grid
    20
    """

    lo: Fraction | None = None
    hi: Fraction | None = None
    grid: int | None = None
    since: tuple[int | None, int | None] = (None, None)

    # what it says ----------------------------------------------------------------------------------------

    @property
    def most(self) -> Fraction | None:
        """The greatest absolute value; None where an end is open."""
        return None if self.lo is None or self.hi is None else max(abs(self.lo), abs(self.hi))

    @property
    def is_positive(self) -> bool:
        """Whether nothing below zero lies in it."""
        return self.lo is not None and self.lo >= 0

    @property
    def inverse(self) -> Fraction | None:
        """The greatest absolute value of one over it, which is never zero; None where it has none."""
        by = self.without_zero()
        if by.lo is not None and by.lo > 0:
            return 1 / by.lo
        if by.hi is not None and by.hi < 0:
            return -1 / by.hi
        return None if by.grid is None else Fraction(by.grid)

    @property
    def constant(self) -> Fraction | None:
        """The only value; None where there are more."""
        return self.lo if self.lo is not None and self.lo == self.hi else None

    def holds(self, value: int | Fraction) -> bool:
        """Whether a value lies in the range and on the grid."""
        inside = (self.lo is None or self.lo <= value) and (self.hi is None or value <= self.hi)
        return inside and (self.grid is None or (value * self.grid).denominator == 1)

    # narrower and wider ----------------------------------------------------------------------------------

    def above(self, bound: Fraction | None, *, out: bool = False) -> Range | None:
        """Keep what is at least ``bound`` (``out``: more than it); None if nothing is left."""
        if bound is None:
            return self
        if self.grid is not None:
            steps = floor(bound * self.grid) + 1 if out else ceil(bound * self.grid)
            bound = Fraction(steps, self.grid)
        return self._kept(bound if self.lo is None else max(self.lo, bound), self.hi)

    def below(self, bound: Fraction | None, *, out: bool = False) -> Range | None:
        """Keep what is at most ``bound`` (``out``: less than it); None if nothing is left."""
        if bound is None:
            return self
        if self.grid is not None:
            steps = ceil(bound * self.grid) - 1 if out else floor(bound * self.grid)
            bound = Fraction(steps, self.grid)
        return self._kept(self.lo, bound if self.hi is None else min(self.hi, bound))

    def _kept(self, lo: Fraction | None, hi: Fraction | None) -> Range | None:
        return None if lo is not None and hi is not None and lo > hi else evolve(self, lo=lo, hi=hi)

    def within(self, other: Range) -> Range:
        """Keep what lies in another range too, where both are known to hold the value."""
        narrow = self.above(other.lo)
        narrow = None if narrow is None else narrow.below(other.hi)
        return self if narrow is None else narrow

    def without_zero(self) -> Range:
        """Leave zero out at the ends: what a divisor can be."""
        if self.lo == 0:
            return self.above(Fraction(), out=True) or self
        return (self.below(Fraction(), out=True) or self) if self.hi == 0 else self

    def counted(self, low: int | None, high: int | None) -> Range:
        """Add what is known of a date's distance from the month's first day."""
        return evolve(self, since=(_known(max, (self.since[0], low)), _known(min, (self.since[1], high))))

    @property
    def undated(self) -> Range:
        """The same without a distance from the first day of a month."""
        return evolve(self, since=(None, None))

    # arithmetic ------------------------------------------------------------------------------------------

    def __add__(self, other: Range) -> Range:
        lo = None if self.lo is None or other.lo is None else self.lo + other.lo
        hi = None if self.hi is None or other.hi is None else self.hi + other.hi
        return Range(lo, hi, _common((self.grid, other.grid)))

    def __neg__(self) -> Range:
        return Range(_minus(self.hi), _minus(self.lo), self.grid)

    def __mul__(self, other: Range) -> Range:
        ends = [_times(a, b) for a in self._ends() for b in other._ends()]
        (low, lo), (high, hi) = min(ends), max(ends)
        grid = None if self.grid is None or other.grid is None else _usable(self.grid * other.grid)
        return Range(None if low else lo, None if high else hi, grid)

    def _ends(self) -> tuple[tuple[int, Fraction], tuple[int, Fraction]]:
        """Return both ends with their rank: -1 and 1 are infinite, 0 is a number."""
        low = (-1, Fraction()) if self.lo is None else (0, self.lo)
        high = (1, Fraction()) if self.hi is None else (0, self.hi)
        return low, high

    def times(self, factor: Fraction) -> Range:
        """Multiply by a constant."""
        product = self * Range(factor, factor)
        if self.grid is None or factor == 0:
            return evolve(product, grid=1 if factor == 0 else None)
        below = self.grid * factor.denominator
        return evolve(product, grid=_usable(below // gcd(below, factor.numerator)))

    def over(self, divisor: Range) -> Range:
        """Divide by what is never zero."""
        by = divisor.without_zero()
        constant = by.constant
        if constant is not None and constant != 0:
            return self.times(1 / constant)
        if by.lo is not None and by.lo > 0:
            inverse = Range(Fraction() if by.hi is None else 1 / by.hi, 1 / by.lo)
        elif by.hi is not None and by.hi < 0:
            inverse = Range(1 / by.hi, Fraction() if by.lo is None else 1 / by.lo)
        elif by.grid is not None:  # of either sign, off zero by one step of its grid at least
            inverse = Range(Fraction(-by.grid), Fraction(by.grid))
        else:
            inverse = Range(Fraction() if by.is_positive else None, Fraction() if (-by).is_positive else None)
        return evolve(self * inverse, grid=self._grid_over(by))

    def _grid_over(self, by: Range) -> int | None:
        """Return a grid of the quotient, for a divisor with few values."""
        if self.grid is None or by.grid is None or by.lo is None or by.hi is None:
            return None
        first, last = int(by.lo * by.grid), int(by.hi * by.grid)
        if last - first >= _FEW:
            return None
        every = self.grid * lcm(*(n for n in range(first, last + 1) if n))
        return _usable(every // gcd(every, by.grid))

    def size(self) -> Range:
        """Return the absolute value."""
        if self.is_positive:
            return self
        if self.hi is not None and self.hi <= 0:
            return -self
        return Range(Fraction(), self.most, self.grid)

    def rounded(self, rounding: Rounding) -> Range:
        """Round both ends; the value is a whole multiple of the step then."""
        lo = None if self.lo is None else rounding.apply(self.lo)
        hi = None if self.hi is None else rounding.apply(self.hi)
        return Range(lo, hi, 1 if rounding.counts else rounding.step.denominator)


def exactly(value: int | Fraction) -> Range:
    """Return the range of a constant."""
    fraction = Fraction(value)
    return Range(fraction, fraction, fraction.denominator)


def whole(lo: int | None, hi: int | None) -> Range:
    """Return the range of whole numbers."""
    return Range(None if lo is None else Fraction(lo), None if hi is None else Fraction(hi), 1)


def hull(ranges: Iterable[Range | None]) -> Range | None:
    """Return the smallest range that holds all of them; None (no value) counts for nothing."""
    found = [r for r in ranges if r is not None]
    if not found:
        return None
    return Range(
        _every(min, [r.lo for r in found]),
        _every(max, [r.hi for r in found]),
        _common([r.grid for r in found]),
        (_every(min, [r.since[0] for r in found]), _every(max, [r.since[1] for r in found])),
    )


def least(ranges: Sequence[Range]) -> Range:
    """Return the range of the smallest of several values."""
    return Range(
        _every(min, [r.lo for r in ranges]),
        _known(min, [r.hi for r in ranges]),
        _common([r.grid for r in ranges]),
        (_every(min, [r.since[0] for r in ranges]), _known(min, [r.since[1] for r in ranges])),
    )


def greatest(ranges: Sequence[Range]) -> Range:
    """Return the range of the greatest of several values."""
    return Range(
        _known(max, [r.lo for r in ranges]),
        _every(max, [r.hi for r in ranges]),
        _common([r.grid for r in ranges]),
        (_known(max, [r.since[0] for r in ranges]), _every(max, [r.since[1] for r in ranges])),
    )


_Number = TypeVar("_Number", int, Fraction)


def _every(choose: Callable[[list[_Number]], _Number], values: Sequence[_Number | None]) -> _Number | None:
    """Choose among values of which each may be open: one open end makes the choice open."""
    known = [value for value in values if value is not None]
    return choose(known) if len(known) == len(values) else None


def _known(choose: Callable[[list[_Number]], _Number], values: Sequence[_Number | None]) -> _Number | None:
    """Choose among values of which the open ones do not count."""
    known = [value for value in values if value is not None]
    return choose(known) if known else None


def _common(grids: Sequence[int | None]) -> int | None:
    """Return the grid that holds several grids."""
    known = [grid for grid in grids if grid is not None]
    return _usable(lcm(*known)) if len(known) == len(grids) else None


def _usable(grid: int) -> int | None:
    return grid if grid <= _FINEST else None


def _minus(value: Fraction | None) -> Fraction | None:
    return None if value is None else -value


def _times(a: tuple[int, Fraction], b: tuple[int, Fraction]) -> tuple[int, Fraction]:
    """Multiply two ends with their ranks; an infinite one times zero is zero."""
    if not (a[0] or b[0]):
        return 0, a[1] * b[1]
    signs = [rank or (value > 0) - (value < 0) for rank, value in (a, b)]
    return signs[0] * signs[1], Fraction()
