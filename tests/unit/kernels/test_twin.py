"""Helpers mean the same in machine code made from flat text and in what numba makes of it."""

import os
import subprocess
import sys
from random import Random

import numpy as np
import pytest
from tests.kernel_cases import Sides
from tests.kernel_rows import plenty
from tests.kernel_shapes import shape

from kommres.dsl.backends.kernels import emit, twin
from kommres.dsl.backends.kernels.cache import compiled
from kommres.dsl.backends.kernels.emit import REGISTRY
from kommres.dsl.backends.kernels.pieces import ordered
from kommres.period import Month

JANUARY = Month.parse("2026-01")
HELPERS = "kommres.dsl.backends.kernels"
TEXT = f"""
from numba import float64, int64, uint64
from {HELPERS}.days import month_end, year_of
from {HELPERS}.moving import in_force, same_quotient
from {HELPERS}.pieces import ordered
from {HELPERS}.wide import rest_half_up
from {HELPERS}.wide128 import wide_compare, wide_product
from {HELPERS}.words import floor_div, gcd

def mixed(a, b, days, start, end, origin, out):
    n = ordered(start, end, origin, start.size)
    for i in range(out.size):
        found = gcd(a[i], b[i]) + floor_div(a[i], 7) + year_of(700000 + b[i]) + month_end(700000 + a[i])
        found += rest_half_up(uint64(a[i]) * uint64(b[i]), float64(a[i]) * float64(b[i]), 100)
        found += wide_compare(wide_product(a[i], b[i]), wide_product(b[i], b[i])) + in_force(days, a[i])
        if same_quotient(a[i], b[i], a[i] * 3, b[i] * 3):
            found += 1000000
        out[i] = found + n
"""


def arguments():
    random = np.random.default_rng(1)
    numbers = [random.integers(-1000, 1000, 200), random.integers(1, 1000, 200), np.sort(random.integers(1, 1000, 9))]
    pieces = [np.array([5, 3, 9]), np.array([6, 3, 10]), np.array([0, 1, 2])]
    return [*numbers, *pieces, np.zeros(200, np.int64)]


def test_helpers_of_all_modules_agree(monkeypatch, tmp_path):
    monkeypatch.setenv("KOMMRES_CACHE", str(tmp_path))
    ours, numbas = arguments(), arguments()
    compiled(TEXT, "mixed")(*ours)
    twin.function(TEXT, "mixed")(*numbas)
    assert all((one == other).all() for one, other in zip(ours, numbas, strict=True))
    assert len(set(ours[-1])) > 100


@pytest.mark.parametrize("name", ["product", "house", "slices", "penalty", "wide"])
def test_kernels_are_the_same_both_ways(name):
    plan = shape(name)
    sides = Sides(plan, JANUARY)
    roots = plenty(plan, Random(name), 500, JANUARY)
    lowered = sides.read(roots)
    for made in (sides.kernels._still, sides.kernels._sliced):
        if made is not None:
            object.__setattr__(made, "functions", tuple(twin.function(one.text, "kernel") for one in made.kernels))
    assert sides.read(roots) == lowered


def test_flat_helpers_can_be_called_from_python():
    start, end, origin = np.array([5, 3, 9]), np.array([6, 3, 10]), np.array([0, 1, 2])
    assert ordered(start, end, origin, 3) == 2
    assert start.tolist()[:2] == [5, 9]


def test_helpers_that_write_code_cannot():
    helper = REGISTRY[f"{HELPERS}.words", "gcd"]
    with pytest.raises(TypeError, match="gcd exists inside kernels only"):
        helper(4, 6)


def test_every_kind_of_number_is_known_to_both():
    assert set(twin._TYPES) == {emit.INT, emit.UINT, emit.WIDE, emit.FLOAT, emit.YES_NO, emit.SHORT}


def test_kernels_are_compiled_without_numba(tmp_path):
    script = f"""
import sys
sys.modules["numba"] = None
import numpy as np
from kommres.dsl.backends.kernels.cache import compiled
text = {TEXT!r}
out = np.zeros(1, np.int64)
one = np.ones(1, np.int64)
compiled(text, "mixed")(one, one, one, one.copy(), one + 1, one.copy(), out)
print(out[0] > 0)
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        capture_output=True, text=True, check=False, env={**os.environ, "KOMMRES_CACHE": str(tmp_path)}, timeout=60,
    )  # fmt: skip
    assert (done.stdout.strip(), done.stderr) == ("True", "")
