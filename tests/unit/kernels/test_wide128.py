"""Numbers of 128 bits against Python's, and that nothing in any helper is left undefined."""

import re
import struct

import numpy as np
from llvmlite import ir
from tests import mutants
from tests.rounding_cases import MODES

from kommres.dsl.backends.kernels import emit, twin, wide, wide128, words
from kommres.dsl.backends.kernels.cache import compiled

_MASK = (1 << 128) - 1
_KINDS = {"s": ir.IntType(32), "i": emit.I64, "u": emit.I64, "f": emit.F64, "w": emit.I128, "b": ir.IntType(1)}
_HELPERS = "kommres.dsl.backends.kernels"


def signed(value, bits=128):
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def numbers(count, seed):
    """Of all lengths, with small ones, powers of two and their neighbours."""
    rng = np.random.default_rng(seed)
    raw = [int.from_bytes(rng.bytes(16), "little") >> int(rng.integers(128)) for _ in range(count)]
    edges = [0, 1, 1 << 62, 1 << 63, 1 << 64, 1 << 126, 1 << 127, _MASK]
    some = rng.integers(0, len(edges), count)
    near = rng.integers(-2, 3, count)
    take = rng.random(count)
    return [
        signed((edges[some[i]] + int(near[i])) if take[i] < 0.2 else raw[i] if take[i] < 0.6 else -raw[i])
        for i in range(count)
    ]


def halves(values):
    high = np.array([v >> 64 for v in values], np.int64)
    low = np.array([v & (1 << 64) - 1 for v in values], np.uint64)
    return high, low.view(np.int64)


def both(text, folder):
    return compiled(text, "run", folder=folder), twin.function(text, "run")


_PAIRS = {
    "wide_add(a, b)": lambda a, b: a + b,
    "wide_sub(a, b)": lambda a, b: a - b,
    "wide_mul(a, b)": lambda a, b: a * b,
    "wide_times(a, int64(bl[i]))": lambda a, b: a * signed(b, 64),
    "wide_product(int64(al[i]), int64(bl[i]))": lambda a, b: signed(a, 64) * signed(b, 64),
    "wide_min(a, b)": min,
    "wide_max(a, b)": max,
    "wide_neg(a)": lambda a, _: -a,
    "wide_abs(a)": lambda a, _: abs(a),
    "wide(al[i])": lambda a, _: signed(a, 64),
    "wide_select(wide_lt(a, b), a, wide(bl[i]))": lambda a, b: a if a < b else signed(b, 64),
    "wide_select(ah[i] > bh[i], a, b)": lambda a, b: a if a >> 64 > b >> 64 else b,
    "wide_of(7, uint64(3))": lambda *_: 7 * 2**64 + 3,
    "wide_of(-1, uint64(18446744073709551615))": lambda *_: -1,
    "wide_sub(wide(3), wide(4))": lambda *_: -1,  # literals of one type are not each other
    "(a if ah[i] > bl[i] else b)": lambda a, b: a if a >> 64 > signed(b, 64) else b,
}


def test_whole_numbers_modulo_2_to_the_128(tmp_path):
    one, other = numbers(4000, 1), numbers(4000, 2)
    names = sorted(set(re.findall(r"\bwide\w*", " ".join(_PAIRS))) | {"wide_eq"})
    text = f"from numba import int64, uint64\nfrom {_HELPERS}.wide128 import {', '.join(names)}\n"
    text += "def run(ah, al, bh, bl, eh, el, out):\n    for i in range(ah.size):\n"
    text += "        a, b = wide_of(ah[i], uint64(al[i])), wide_of(bh[i], uint64(bl[i]))\n"
    for place, code in enumerate(_PAIRS):
        text += f"        right = wide_of(eh[{place}, i], uint64(el[{place}, i]))\n"
        text += f"        out[{place}, i] = 1 if wide_eq({code}, right) else 0\n"
    right = [[signed(f(a, b)) for a, b in zip(one, other, strict=True)] for f in _PAIRS.values()]
    parts = [halves(values) for values in right]
    high, low = (np.array([part[k] for part in parts]) for k in (0, 1))
    for run in both(text, tmp_path):
        out = np.zeros((len(right), len(one)), np.int64)
        run(*halves(one), *halves(other), high, low, out)
        assert dict(zip(_PAIRS, out.min(axis=1).tolist(), strict=True)) == dict.fromkeys(_PAIRS, 1)
        run(*halves(one), *halves(other), high, low ^ 1, out)
        assert not out.any()


def test_products_that_do_not_wrap_around(tmp_path):
    one, other = numbers(4000, 9), numbers(4000, 10)
    other = [signed(b >> 64) for b in other[:2000]] + other[2000:]
    text = f"from numba import int64, uint64\nfrom {_HELPERS}.wide128 import wide_fits, wide_of\n"
    text += "def run(ah, al, bh, bl, out):\n    for i in range(ah.size):\n"
    text += "        a, b = wide_of(ah[i], uint64(al[i])), wide_of(bh[i], uint64(bl[i]))\n"
    text += "        out[i] = 1 if wide_fits(a, b) else 0\n"
    sizes = [abs(a * b) for a, b in zip(one, other, strict=True)]
    for run in both(text, tmp_path):
        out = np.zeros(len(one), np.int64)
        run(*halves(one), *halves(other), out)
        assert all(size < 1 << 127 for size, fits in zip(sizes, out, strict=True) if fits)
        assert all(size >= 1 << 125 for size, fits in zip(sizes, out, strict=True) if not fits)
        assert 1000 < out.sum() < 3900


def test_comparisons_and_conversions(tmp_path):
    one, other = numbers(4000, 3), numbers(4000, 4)
    other[::5] = one[::5]
    other[1::5] = [signed(v + 1) for v in one[1::5]]
    tests = {
        "eq": lambda a, b: a == b,
        "ne": lambda a, b: a != b,
        "lt": lambda a, b: a < b,
        "le": lambda a, b: a <= b,
        "gt": lambda a, b: a > b,
        "ge": lambda a, b: a >= b,
        "compare": lambda a, b: (a > b) - (a < b),
        "is_zero": lambda a, _: a == 0,
        "not_negative": lambda a, _: a >= 0,
        "word": lambda a, _: signed(a, 64),
        "rest": lambda a, _: signed(a, 64),
    }
    names = [f"wide_{name}" for name in tests]
    text = f"from numba import int64, uint64\nfrom {_HELPERS}.wide128 import wide_of, wide_float, {', '.join(names)}\n"
    text += "def run(ah, al, bh, bl, out, floats):\n    for i in range(ah.size):\n"
    text += "        a, b = wide_of(ah[i], uint64(al[i])), wide_of(bh[i], uint64(bl[i]))\n"
    for place, name in enumerate(names):
        arguments = "a" if name.endswith(("zero", "negative", "word", "rest")) else "a, b"
        code = f"{name}({arguments})"
        code = f"int64({code})" if name.endswith(("word", "rest", "compare")) else f"1 if {code} else 0"
        text += f"        out[{place}, i] = {code}\n"
    text += "        floats[i] = wide_float(a)\n"
    right = np.array([[int(f(a, b)) for a, b in zip(one, other, strict=True)] for f in tests.values()])
    near = np.array([float(v) for v in one])
    for run in both(text, tmp_path):
        out, floats = np.zeros((len(tests), len(one)), np.int64), np.zeros(len(one))
        run(*halves(one), *halves(other), out, floats)
        for place, name in enumerate(names):
            np.testing.assert_array_equal(out[place], right[place], name)
        np.testing.assert_allclose(floats, near, rtol=2.0**-51)
        small = np.abs(near) < 2**53
        np.testing.assert_array_equal(floats[small], near[small])
        assert small.sum() > 1000


def test_a_name_takes_one_of_two_numbers(tmp_path):
    text = f"""
from numba import int64
from {_HELPERS}.wide128 import wide, wide_add, wide_product, wide_word
def run(a, out):
    for i in range(a.size):
        x = wide(a[i])
        if a[i] > 10:
            x = wide_add(x, wide(1))
        elif a[i] < -10:
            x = wide_product(a[i], a[i])
        total = wide(0)
        for k in range(3):
            total = wide_add(total, x)
        out[i] = wide_word(total if a[i] != 0 else wide(7))
"""
    values = [-12, -3, 0, 5, 11]
    for run in both(text, tmp_path):
        out = np.zeros(5, np.int64)
        run(np.array(values), out)
        assert out.tolist() == [432, -9, 7, 15, 36]


def test_comparing_quotients(tmp_path):
    text = f"from {_HELPERS}.wide128 import compare_ratios\ndef run(a, b, c, d, out):\n"
    text += "    for i in range(a.size):\n        out[i] = compare_ratios(a[i], b[i], c[i], d[i])\n"
    rng = np.random.default_rng(5)
    a, c = rng.integers(-(2**63), 2**63 - 1, (2, 3000)) >> rng.integers(0, 63, (2, 3000))
    b, d = (rng.integers(1, 2**63 - 1, (2, 3000)) >> rng.integers(0, 63, (2, 3000))) + 1
    b, d = np.maximum(b, 1), np.maximum(d, 1)
    k = rng.integers(1, 4, 3000)
    same = np.abs(a) < 2**60
    same &= (b < 2**60) & (rng.random(3000) < 0.5)
    c, d = np.where(same, a * k, c), np.where(same, b * k, d)
    right = [(p * s > r * q) - (p * s < r * q) for p, q, r, s in np.array([a, b, c, d]).T.tolist()]
    for run in both(text, tmp_path):
        out = np.zeros(3000, np.int64)
        run(a, b, c, d, out)
        assert out.tolist() == right
    assert {-1, 0, 1} == set(right)


# --- nothing undefined ---------------------------------------------------------------------------------------


def code_of(helper):
    """What a helper writes, alone in a function."""
    module = ir.Module()
    taken = [_KINDS[kind] for kind in helper.takes]
    function = ir.Function(module, ir.FunctionType(_KINDS[helper.result], taken), "helper")
    build = ir.IRBuilder(function.append_basic_block())
    build.ret(helper.write(build, *function.args))
    return str(function)


def undefined(code):
    """What may give nothing that can be computed with, or needs a function that is not there."""
    found = re.findall(r"\b(nsw|nuw|exact|fast|nnan|ninf|nsz|arcp|contract|afn|reassoc|inbounds)\b", code)
    found += re.findall(r"\b[su](?:div|rem) i128", code)
    found += re.findall(r"\b(?:si|ui)tofp i128|fpto[su]i \w+ \S+ to i128", code)
    found += [name for name in re.findall(r"call .*?@\"?([\w.]+)", code) if not name.startswith("llvm.cttz.")]
    return found


def test_no_helper_relies_on_what_is_undefined():
    helpers = {name: helper for (module, name), helper in emit.REGISTRY.items() if module.startswith(_HELPERS)}
    assert len(helpers) > 70
    assert {name: found for name, helper in helpers.items() if (found := undefined(code_of(helper)))} == {}


def test_signed_overflow_would_be_seen(tmp_path):
    with mutants.planted("signed", tmp_path):
        codes = [code_of(emit.REGISTRY[wide.__name__, f"rest_{mode}"]) for mode in MODES]
    assert all("nsw" in undefined(code) for code in codes)


def test_garbage_does_no_harm(tmp_path):
    """Rows that do not use a result may hold anything."""
    kinds = {"i": "int64(i{})", "u": "uint64(i{})", "f": "f{}", "b": "(i{} > 0)", "w": "wide_of(i{}, uint64(i{}))"}
    words_of = {"i": "{}", "u": "int64({})", "f": "to_int({})", "b": "(1 if {} else 0)", "w": "int64(wide_rest({}))"}
    lines, names = [], []
    for module in (wide, wide128, words):
        for name, helper in vars(module).items():
            if (module.__name__, name) not in emit.REGISTRY:
                continue
            arguments = [kinds[kind].format(k % 4, (k + 1) % 4) for k, kind in enumerate(helper.takes)]
            call = f"{name}({', '.join(arguments)})"
            names.append((module.__name__, name))
            lines.append(f"        out[{len(lines)}, i] = {words_of[helper.result].format(call)}\n")
    text = "from numba import float64, int64, uint64\n"
    text += "".join(f"from {module} import {name}\n" for module, name in names)
    text += "def run(words, floats, out):\n    for i in range(words.size - 3):\n"
    text += "        i0, i1, i2, i3 = words[i], words[i + 1], words[i + 2], words[i + 3]\n"
    text += "        f0, f1, f2, f3 = floats[i], floats[i + 1], floats[i + 2], floats[i + 3]\n"
    text += "        f4 = floats[i]\n" + "".join(lines)
    rng = np.random.default_rng(6)
    edges = np.array([0, 1, -1, 2**63 - 1, -(2**63), 2**62, -(2**62)])
    integers = np.where(rng.random(3000) < 0.5, rng.choice(edges, 3000), rng.integers(-(2**63), 2**63 - 1, 3000))
    odd = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1e308, 5e-324, 2.0**63, -(2.0**63), 2.0**52 + 0.5])
    raw = np.frombuffer(rng.bytes(24_000), np.float64)
    floats = np.where(rng.random(3000) < 0.5, rng.choice(odd, 3000), raw)
    for run in both(text, tmp_path):
        out = np.zeros((len(lines), 2997), np.int64)
        run(integers, floats, out)


def test_whole_parts_of_floats(tmp_path):
    text = f"from {_HELPERS}.words import to_int, to_float_pos\ndef run(f, out, back):\n"
    text += "    for i in range(f.size):\n        out[i] = to_int(f[i])\n"
    text += "        back[i] = to_float_pos(max(0, out[i]))\n"
    values = [0.0, -0.0, 0.9, -0.9, 7.5, -7.5, 2.0**61 + 512, np.nan, np.inf, -np.inf, 1e300, -1e300, 5e-324]
    for run in both(text, tmp_path):
        out, back = np.zeros(len(values), np.int64), np.zeros(len(values))
        run(np.array(values), out, back)
        end = 2**62
        assert out.tolist() == [0, 0, 0, 0, 7, -7, 2**61 + 512, -end, end, -end, end, -end, 0]
        assert back.tolist() == [float(max(0, v)) for v in out.tolist()]


def test_floats_are_what_the_bits_say():
    assert struct.unpack("<q", struct.pack("<d", wide._SHIFT))[0] == wide._SHIFT_BITS
