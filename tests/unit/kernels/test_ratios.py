"""Quotients in their lowest terms and their sums, two words in 128 bits."""

from fractions import Fraction
from random import Random

import numpy as np

from kommres.dsl.backends.kernels import twin
from kommres.dsl.backends.kernels.cache import compiled

_MODULE = "kommres.dsl.backends.kernels"
_TEXT = f"""
from numba import int64, uint64
from {_MODULE}.wide128 import wide_of
from {_MODULE}.ratios import quotient_bottom, quotient_plus, quotient_reduced, quotient_top
def run(ah, al, bh, bl, c, d, most, deepest, out):
    for i in range(c.size):
        one = quotient_reduced(wide_of(ah[i], uint64(al[i])), wide_of(bh[i], uint64(bl[i])), most[i], deepest[i])
        both = quotient_plus(one, c[i], d[i], most[i], deepest[i])
        out[0, i] = quotient_top(one)
        out[1, i] = quotient_bottom(one)
        out[2, i] = quotient_top(both)
        out[3, i] = quotient_bottom(both)
"""
_LOST = (0, 0)


def cases(count=3000, seed=3):
    """Numbers of 127 bits with common divisors, and words; bounds that are as great as results, or one less."""
    pick = Random(seed)
    for number in range(count):
        common = pick.getrandbits(pick.randint(0, 66)) << pick.randint(0, 6) or 1
        above = (pick.getrandbits(pick.randint(0, 60)) - pick.getrandbits(pick.randint(0, 59))) * common
        below = (pick.getrandbits(pick.choice((1, 8, 20, 39, 60))) + 1) * common
        if number % 50 == 0:
            below = pick.choice((0, -1, -5))
        above, below = (value if abs(value) < 2**127 else 7 for value in (above, below))
        c = pick.getrandbits(pick.choice((3, 20, 61))) * pick.choice((1, -1))
        d = pick.choice((1, 7, 31 * 10**5, pick.getrandbits(40) or 1, 0, -3))
        lowest = Fraction(above, below) if below > 0 else Fraction(1)
        most = pick.choice((2**62 - 1, max(1, abs(lowest.numerator) - pick.randint(0, 1))))
        deepest = pick.choice((2**62 - 1, 2**40, max(1, lowest.denominator - pick.randint(0, 1))))
        yield above, below, c, d, min(most, 2**62 - 1), min(deepest, 2**62 - 1)


def kept(value, most, deepest):
    fits = abs(value.numerator) <= most and value.denominator <= deepest
    return (value.numerator, value.denominator) if fits else _LOST


def right(above, below, c, d, most, deepest):
    one = kept(Fraction(above, below), most, deepest) if below > 0 else _LOST
    if one == _LOST or d < 1:
        return (*one, *_LOST)
    return *one, *kept(Fraction(*one) + Fraction(c, d), most, deepest)


def columns(found):
    def half(values):
        rest = np.array([v % 2**64 for v in values], np.uint64)
        return [np.array([v >> 64 for v in values], np.int64), rest.view(np.int64)]

    above, below, *words = zip(*found, strict=True)
    return [*half(above), *half(below), *(np.array(word, np.int64) for word in words)]


def test_lowest_terms_and_sums(tmp_path):
    found = list(cases())
    expected = [right(*case) for case in found]
    assert sum(e[:2] == _LOST for e in expected) > 100
    assert sum(e[:2] != _LOST and e[2:] == _LOST for e in expected) > 100
    assert sum(e[2:] != _LOST for e in expected) > 300
    for run in (compiled(_TEXT, "run", folder=tmp_path), twin.function(_TEXT, "run")):
        out = np.zeros((4, len(found)), np.int64)
        run(*columns(found), out)
        for case, of, (*one, top, bottom) in zip(found, expected, zip(*out.tolist(), strict=True), strict=True):
            assert (one[1] if of[:2] == _LOST else tuple(one)) == (0 if of[:2] == _LOST else of[:2]), case
            assert (bottom if of[2:] == _LOST else (top, bottom)) == (0 if of[2:] == _LOST else of[2:]), case
