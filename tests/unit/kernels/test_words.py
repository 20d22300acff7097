"""Division to the floor and greatest common divisors inside kernels."""

import math

import numpy as np
import pytest
from tests import mutants

from kommres.dsl.backends.kernels import twin
from kommres.dsl.backends.kernels.cache import compiled

_TEXT = """
from kommres.dsl.backends.kernels.words import floor_div, floor_mod, gcd
def run(a, b, d, out):
    for i in range(a.size):
        out[0, i] = floor_div(a[i], d[i])
        out[1, i] = floor_mod(a[i], d[i])
        out[2, i] = floor_div(a[i], 7)
        out[3, i] = floor_mod(a[i], 1000)
        out[4, i] = gcd(a[i], b[i])
"""


def columns(count=6000):
    rng = np.random.default_rng(8)
    a, b = rng.integers(-(2**63) + 1, 2**63 - 1, (2, count)) >> rng.integers(0, 63, (2, count))
    d = np.maximum(1, rng.integers(1, 2**63 - 1, count) >> rng.integers(0, 63, count))
    some = rng.random(count) < 0.3
    factor = rng.integers(1, 2**20, count) << rng.integers(0, 10, count)
    a, b = (np.where(some, factor * rng.integers(-1000, 1000, count), v) for v in (a, b))
    a[:4], b[:4] = [0, 0, -(2**63), 5], [0, 6, 12, 0]
    return a, b, d


def right(a, b, d):
    rows = list(zip(a.tolist(), b.tolist(), d.tolist(), strict=True))
    return [
        [p // q for p, _, q in rows],
        [p % q for p, _, q in rows],
        [p // 7 for p, _, _ in rows],
        [p % 1000 for p, _, _ in rows],
        [math.gcd(p, q) for p, q, _ in rows],
    ]


def found(run, a, b, d):
    out = np.zeros((5, len(a)), np.int64)
    run(a, b, d, out)
    return out.tolist()


def test_against_python(tmp_path):
    a, b, d = columns()
    for run in (compiled(_TEXT, "run", folder=tmp_path), twin.function(_TEXT, "run")):
        assert found(run, a, b, d) == right(a, b, d)


def test_divisors_that_are_not_above_zero_end_nothing(tmp_path):
    a, b, d = np.array([5, -(2**63), 0]), np.array([1, 1, 1]), np.array([0, -1, -(2**63)])
    out = found(compiled(_TEXT, "run", folder=tmp_path), a, b, d)
    assert out[2] == [0, -(2**63) // 7, 0]


@pytest.mark.parametrize(("mutation", "row"), [("twos_lost", 4), ("rest_negative", 0)])
def test_a_mistake_would_be_seen(mutation, row, tmp_path):
    a, b, d = columns()
    with mutants.planted(mutation, tmp_path):
        out = found(compiled(_TEXT, "run", folder=tmp_path), a, b, d)
    assert out[row] != right(a, b, d)[row]
