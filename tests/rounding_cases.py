"""Quotients for the roundings of kernels: random ones, ones beside the points where results change, and the limits.

A case is ``(a * b * c + e) / (d * g)``. The expected results come from Python's whole numbers; how a helper is fed
(rests, estimates) is what generated kernels do, and also the worst estimate that its tier allows.
"""

from collections.abc import Callable

import numpy as np
from attrs import frozen

MODES = ("half_up", "half_even", "up", "down", "ceiling", "floor")
#: roundings on the longest path of a * b * c + e (each factor, two products, the sum) and of d * g, and five more
ROUNDINGS = 6 + 3 + 5
#: the estimate's error for a quotient of 1
UNIT = ROUNDINGS * 2.0**-53
#: what the float arithmetic of this module may be off
SAFE = 1 - 1e-9


@frozen
class Tier:
    """What a tier takes. ``far``: it needs the bound of the estimate's error; ``quick``: no second correction."""

    helpers: str
    narrow: bool
    word: bool = False
    far: bool = False
    quick: bool = True

    def takes(self, columns: np.ndarray) -> np.ndarray:
        above, below = sizes(columns)
        off = UNIT * above / below
        if self.far:
            return (off <= 0.5 * SAFE) & (off * below <= 2**60 * SAFE)
        limit = 61 if self.narrow else 125
        if self.quick:
            fits = above < 2**63 * SAFE if self.word else True
            return fits & (below <= 2**limit) & (off <= 0.5 * SAFE)
        return ((off + 1) * below <= 2 ** (limit + 1) * SAFE) & (above / below < 2**62 * SAFE)


TIERS = {
    "T0": Tier("word", narrow=True, word=True),
    "T1": Tier("rest", narrow=True),
    "T1+": Tier("rest_twice", narrow=True, quick=False),
    "T1 far": Tier("rest_far", narrow=False, far=True),
    "T2": Tier("wide_round", narrow=False),
    "T2+": Tier("wide_round_twice", narrow=False, quick=False),
}


def sizes(columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The sum of the numerators' absolute terms, and the divisors."""
    a, b, c, e, d, g = columns.astype(np.float64)
    return np.abs(a * b * c) + np.abs(e), d * g


def _lengths(rng: np.random.Generator, count: int, most: int) -> np.ndarray:
    """Numbers above zero whose length is as likely to be one as another, often next to a power of two."""
    top = np.int64(1) << rng.integers(0, most, count)
    low = rng.integers(0, 2**62, count) & (top - 1)
    return np.where(rng.random(count) < 0.1, np.maximum(1, top + rng.integers(-1, 2, count)), top + low)


def _some(rng: np.random.Generator, tier: Tier, count: int) -> np.ndarray:
    sign = rng.choice(np.array([-1, 1]), (4, count))
    d = _lengths(rng, count, 61 if tier.narrow else 62)
    g = np.ones(count, np.int64) if tier.narrow else _lengths(rng, count, 62)
    # Beside a point, m + 1/2 or m; some of them at the greatest quotient that the tier takes.
    greatest = int(2**52 / ROUNDINGS) - 1 if tier.quick else 2**62 - 2**40
    m = np.where(rng.random(count) < 0.8, _lengths(rng, count, 48 if tier.quick else 62), rng.integers(0, 4, count))
    m = np.where(rng.random(count) < 0.1, greatest - rng.integers(0, 3, count), m)
    small = (d.astype(np.float64) * g < 2**62) & (rng.random(count) < 0.7)
    half = np.where(small, (d.view(np.uint64) * g.view(np.uint64)).view(np.int64) // 2, 0)
    beside = np.array([d, g, sign[0] * m, sign[1] * half + rng.choice(np.array([-1, 0, 0, 1]), count), d, g])
    # Anywhere.
    a, b, c, e = (_lengths(rng, count, 62) * s for s in sign)
    c = np.where(rng.random(count) < 0.6, np.sign(c), c)
    e = np.where(rng.random(count) < 0.6, np.sign(e), e)
    return np.where(rng.random(count) < 0.6, beside, np.array([a, b, c, e, d, g]))


def cases(tier: Tier, count: int, seed: int) -> np.ndarray:
    """Columns a, b, c, e, d, g."""
    rng = np.random.default_rng(seed)
    found = np.zeros((6, 0), np.int64)
    while found.shape[1] < count:
        columns = _some(rng, tier, count)
        found = np.concatenate([found, columns[:, tier.takes(columns)]], axis=1)
    return np.ascontiguousarray(found[:, :count])


def expected(columns: np.ndarray) -> dict[str, np.ndarray]:
    """The results of all modes, from the whole part of the quotient and what is left."""
    a, b, c, e, d, g = columns.astype(object)
    n, below = a * b * c + e, d * g
    whole = n // below
    rest = n - whole * below
    q, plus, some = whole.astype(np.int64), (n >= 0).astype(bool), (rest > 0).astype(bool)
    over, at = (2 * rest > below).astype(bool), (2 * rest == below).astype(bool)
    return {
        "half_up": q + (over | (at & plus)),
        "half_even": q + (over | (at & (q % 2 == 1))),
        "up": q + (some & plus),
        "down": q + (some & ~plus),
        "ceiling": q + some,
        "floor": q,
        "positive": plus,
        "at a point": at | ~some,
    }


_HEAD = """
from numba import float64, int64, uint64
from kommres.dsl.backends.kernels.wide128 import wide, wide_add, wide_product, wide_times
from kommres.dsl.backends.kernels.{module} import {names}


def run(a, b, c, e, d, g, off, worst, out):
    for i in range(a.size):
        n, below = {n}, {d}
        f = float64(a[i]) * float64(b[i]) * float64(c[i]) + float64(e[i])
        fd = float64(d[i]) * float64(g[i])
        f = f + worst[i] * fd
"""


def loop(tier: Tier) -> str:
    """The text of a kernel that writes each mode's results, those of ``half_up_pos`` last."""
    names = [f"{tier.helpers}_{mode}" for mode in (*MODES, "half_up_pos")]
    module = "wide128" if tier.helpers.startswith("wide") else "wide"
    if module == "wide":
        n, d = "uint64(a[i]) * uint64(b[i]) * uint64(c[i]) + uint64(e[i])", "uint64(d[i]) * uint64(g[i])"
        if tier.word:
            n, d = f"int64({n})", f"int64({d})"
    else:
        n = "wide_add(wide_times(wide_product(a[i], b[i]), c[i]), wide(e[i]))"
        d = "wide_product(d[i], g[i])"
    arguments = "n, below" if tier.word else "n, f, below, fd, off[i]" if tier.far else "n, f, below"
    text = _HEAD.format(module=module, names=", ".join(names), n=n, d=d)
    return text + "".join(f"        out[{place}, i] = {name}({arguments})\n" for place, name in enumerate(names))


def estimates(tier: Tier, columns: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The error that each estimate may have, and one up to that, in units of the quotient."""
    above, below = sizes(columns)
    off = UNIT * above / below
    if tier.far:
        bound = np.minimum(0.49, 2.0**60 / below)
        off, room = np.maximum(off, bound), np.maximum(0, bound - off)
    elif tier.quick:
        room = np.maximum(0, 0.5 - off)
    else:
        room = np.minimum(2.0 ** (61 if tier.narrow else 125) / below, 2.0**48)
    return off, SAFE * room * np.random.default_rng(seed).choice(np.array([-1, -0.5, 0.5, 1]), len(off))


def mistakes(tier: Tier, count: int, seed: int, run: Callable[..., object]) -> dict[str, int]:
    """How many results of each mode of a compiled :func:`loop` are wrong, with plain and with bad estimates."""
    columns = cases(tier, count, seed)
    right = expected(columns)
    off, worst = estimates(tier, columns, seed)
    found = dict.fromkeys([*MODES, "half_up_pos"], 0)
    for error in (np.zeros(count), worst):
        out = np.zeros((len(found), count), np.int64)
        run(*columns, off, error, out)
        for place, mode in enumerate(MODES):
            found[mode] += int((out[place] != right[mode]).sum())
        found["half_up_pos"] += int((out[-1] != right["half_up"])[right["positive"]].sum())
    return found
