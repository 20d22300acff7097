"""Roundings of kernels against Python's whole numbers: random quotients, ties and their neighbours, limits of tiers."""

import os
import platform
import subprocess
import sys

import numpy as np
import pytest
from tests import mutants
from tests.rounding_cases import MODES, TIERS, cases, expected, loop, mistakes

from kommres.dsl.backends import arithmetic
from kommres.dsl.backends.kernels import twin
from kommres.dsl.backends.kernels.cache import compiled

NONE = dict.fromkeys([*MODES, "half_up_pos"], 0)
EVERY_TIER = pytest.mark.parametrize("name", list(TIERS))


@EVERY_TIER
def test_every_mode_is_exact(name, tmp_path):
    tier = TIERS[name]
    assert mistakes(tier, 500_000, 20, compiled(loop(tier), "run", folder=tmp_path)) == NONE


@EVERY_TIER
def test_numba_makes_the_same_of_the_helpers(name):
    tier = TIERS[name]
    assert mistakes(tier, 20_000, 21, twin.function(loop(tier), "run")) == NONE


@EVERY_TIER
def test_the_cases_are_what_they_should_be(name):
    columns = cases(TIERS[name], 20_000, 22)
    found = expected(columns)
    rows = columns.T[:2000].tolist()
    for mode in MODES:
        near = arithmetic.MODES[mode]
        assert [near(a * b * c + e, d * g) for a, b, c, e, d, g in rows] == found[mode][:2000].tolist()
    assert 0.1 < found["at a point"].mean() < 0.5
    assert 0.4 < found["positive"].mean() < 0.6


@pytest.mark.parametrize("d", [1, 2, 3, 7, 10, 100, 365, 39_000_000, 2**31, 10**12, 2**53 + 1, 2**61 - 1, 2**61])
def test_literal_divisors(d, tmp_path):
    rng = np.random.default_rng(d % 1000)
    m = rng.integers(-(2**48), 2**48, 20_000) >> rng.integers(0, 48, 20_000)
    m = np.where(np.abs(m.astype(float)) * d < 2**62, m, m % 2)
    some = m * d + rng.choice([0, d // 2, -(d // 2)], len(m)) + rng.integers(-1, 2, len(m))
    names = [f"{kind}_{mode}" for kind in ("word", "rest") for mode in MODES]
    calls = [
        f"{name}(a[i], {d})" if name.startswith("word") else f"{name}(uint64(a[i]), float64(a[i]), {d})"
        for name in names
    ]
    text = f"from numba import float64, uint64\nfrom kommres.dsl.backends.kernels.wide import {', '.join(names)}\n"
    text += "def run(a, out):\n    for i in range(a.size):\n"
    text += "".join(f"        out[{k}, i] = {call}\n" for k, call in enumerate(calls))
    right = expected(np.array([some, *np.ones((2, len(m)), np.int64), 0 * m, 0 * m + d, 0 * m + 1]))
    for run in (compiled(text, "run", folder=tmp_path), twin.function(text, "run")):
        out = np.zeros((len(names), len(m)), np.int64)
        run(some, out)
        for place, name in enumerate(names):
            np.testing.assert_array_equal(out[place], right[name.partition("_")[2]], name)


@pytest.mark.parametrize(
    ("mutation", "name", "modes"),
    [
        *[("floor", name, {"half_up", "half_up_pos"}) for name in TIERS],
        *[("no_correction", name, set(NONE)) for name in ("T0", "T1", "T1+")],
        *[("no_correction_wide", name, set(NONE)) for name in ("T2", "T2+")],
        *[("saturated", name, set(NONE)) for name in ("T0", "T1", "T1+", "T1 far")],
        *[("ties_down", name, {"half_up"}) for name in TIERS],
        *[("ties_up", name, {"half_up"}) for name in TIERS],
        *[("ties_odd", name, {"half_even"}) for name in TIERS],
        ("far_alone", "T1 far", set(NONE)),
        ("far_never", "T1 far", set(NONE)),
        ("one_step", "T1+", set(NONE)),
        ("sign_lost", "T2+", set(NONE)),
    ],
)
def test_a_mistake_would_be_seen(mutation, name, modes, tmp_path):
    tier = TIERS[name]
    with mutants.planted(mutation, tmp_path):
        found = mistakes(tier, 2000, 23, compiled(loop(tier), "run", folder=tmp_path))
    assert {mode for mode, count in found.items() if count} == modes
    assert mistakes(tier, 200, 23, compiled(loop(tier), "run", folder=tmp_path / "ours")) == NONE


_ELSEWHERE = """
from pathlib import Path
from kommres.dsl.backends.kernels.cache import compiled
from tests.rounding_cases import TIERS, loop, mistakes
for name, tier in TIERS.items():
    print(name, sum(mistakes(tier, 20_000, 24, compiled(loop(tier), "run", folder=Path({folder!r}))).values()))
"""


@pytest.mark.skipif(platform.machine() not in {"x86_64", "AMD64"}, reason="names of x86 processors")
@pytest.mark.parametrize(("name", "features"), [("haswell", "+avx2,+fma"), ("x86-64", "")])
def test_results_do_not_depend_on_the_processor(name, features, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", _ELSEWHERE.format(folder=str(tmp_path))],
        env={**os.environ, "NUMBA_CPU_NAME": name, "NUMBA_CPU_FEATURES": features, "PYTHONPATH": "."},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == [f"{name} 0" for name in TIERS]
