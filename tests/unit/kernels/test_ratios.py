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


_JOINED = f"""
from numba import int64, uint64
from {_MODULE}.wide128 import wide_of
from {_MODULE}.ratios import quotient_abs, quotient_add, quotient_bottom, quotient_compare, quotient_neg
from {_MODULE}.ratios import quotient_over, quotient_times, quotient_top, quotient_within
def run(a, b, c, d, out):
    for i in range(a.size):
        one = wide_of(a[i], uint64(b[i]))
        other = wide_of(c[i], uint64(d[i]))
        times, over, both = quotient_times(one, other), quotient_over(one, other), quotient_add(one, other)
        turned, size, within = quotient_neg(one), quotient_abs(one), quotient_within(one, 1099511627776, 1073741824)
        out[0, i] = quotient_top(times)
        out[1, i] = quotient_bottom(times)
        out[2, i] = quotient_top(over)
        out[3, i] = quotient_bottom(over)
        out[4, i] = quotient_top(both)
        out[5, i] = quotient_bottom(both)
        out[6, i] = quotient_top(turned)
        out[7, i] = quotient_bottom(turned)
        out[8, i] = quotient_top(size)
        out[9, i] = quotient_bottom(size)
        out[10, i] = quotient_top(within)
        out[11, i] = quotient_bottom(within)
        out[12, i] = quotient_compare(one, other)
"""
_MODES = ("half_up", "half_even", "up", "down", "ceiling", "floor")
_ROUNDED = f"""
from numba import int64, uint64
from {_MODULE}.wide128 import wide_of
from {_MODULE}.ratios import {", ".join(f"quotient_{mode}" for mode in _MODES)}
def run(a, b, out):
    for i in range(a.size):
        one = wide_of(a[i], uint64(b[i]))
""" + "".join(f"        out[{n}, i] = quotient_{mode}(one)\n" for n, mode in enumerate(_MODES))


def quotients(count, seed):
    """Pairs of quotients in lowest terms with parts below 2^62, zeros and none among them."""
    pick = Random(seed)

    def one():
        if pick.random() < 0.02:
            return _LOST
        bits = pick.choice((2, 10, 31, 45, 61))
        top, bottom = pick.getrandbits(bits) * pick.choice((1, -1)), pick.getrandbits(pick.choice((1, 9, 30, 61))) or 1
        found = Fraction(top, bottom)
        return found.numerator, found.denominator

    for _ in range(count):
        yield one(), one()


def whole(value, mode):
    down = value.numerator // value.denominator
    rest = value - down
    match mode:
        case "floor":
            return down
        case "ceiling":
            return down + (rest > 0)
        case "down":
            return down + (rest > 0 and value < 0)
        case "up":
            return down + (rest > 0 and value > 0)
        case "half_even":
            return round(value)
    return down + (rest > Fraction(1, 2) or (rest == Fraction(1, 2) and value > 0))


def test_quotients_are_joined():
    pairs = list(quotients(4000, seed=5))
    parts = np.array([(*one, *other) for one, other in pairs], np.int64).T.copy()
    out = np.empty((13, len(pairs)), np.int64)
    compiled(_JOINED, "run", folder=None)(*parts, out)
    most = 2**62 - 1
    for (one, other), found in zip(pairs, out.T.tolist(), strict=True):
        if _LOST in (one, other):
            assert found[:6] == [0] * 6
            continue
        a, b = Fraction(*one), Fraction(*other)
        over = kept(a / b, most, most) if b else None
        expected = (
            kept(a * b, most, most),
            over,
            kept(a + b, most, most),
            kept(-a, most, most),
            kept(abs(a), most, most),
        )
        for place, pair in enumerate(expected):
            if pair is not None:
                assert tuple(found[2 * place : 2 * place + 2]) == pair, (one, other, place)
        assert tuple(found[10:12]) == kept(a, 2**40, 2**30)
        assert found[12] == (a > b) - (a < b)


def test_quotients_are_rounded():
    pick = Random(8)
    values = [Fraction(n, 2 * d) for d in (1, 3, 5, 10**6) for n in range(-9, 10)]
    values += [Fraction(*one) for one, _ in quotients(3000, seed=9) if one != _LOST]
    values += [Fraction(pick.getrandbits(40) * 2 + 1, 2) * pick.choice((1, -1)) for _ in range(200)]
    a, b = (np.array([getattr(v, name) for v in values], np.int64) for name in ("numerator", "denominator"))
    out = np.empty((len(_MODES), len(values)), np.int64)
    compiled(_ROUNDED, "run", folder=None)(a, b, out)
    for value, found in zip(values, out.T.tolist(), strict=True):
        assert found == [whole(value, mode) for mode in _MODES], value
