"""Helpers of kernels with a mistake planted on purpose: what would a test say if we had made it?

``mutants.built("no_correction", folder)`` returns the helper modules with that mistake, ``mutants.planted`` lets all
that is imported inside a ``with`` have it, generated texts too. Kernels compiled before keep what they had: give those
that are made inside a folder of their own, and new texts.
"""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module, invalidate_caches
from importlib.resources import files
from pathlib import Path
from types import ModuleType, SimpleNamespace

from attrs import frozen

PACKAGE = "kommres.dsl.backends.kernels"
MODULES = ("emit", "wide", "wide128", "words", "days", "pieces")


@frozen
class Mutation:
    """``old`` becomes ``new`` wherever it stands in the named modules. ``tells``: what it gets wrong."""

    modules: tuple[str, ...]
    old: str
    new: str
    tells: str


_ROUND = ("wide", "wide128")
MUTATIONS = {
    "floor": Mutation(_ROUND, r'\("half_up(_pos)?"\)', '("floor")', "half_up rounds down"),
    "no_correction": Mutation(
        _ROUND, r"side\(build, mode, (n|rest), .*?, d\)\)$", "build.bitcast(_, I64))", "the estimate decides alone"
    ),
    "saturated": Mutation(
        ("wide",),
        r"build\.mul\(m, d\)",
        "whole(build, build.fmul(build.sitofp(m, F64), build.sitofp(d, F64)))",
        "a product that is held to the range of signed numbers, no rest modulo 2^64",
    ),
    "half_words": Mutation(
        ("wide",),
        r"build\.sub\(n, build\.mul\(m, d\)\)",
        "build.sext(build.trunc(build.sub(n, build.mul(m, d)), ir.IntType(32)), I64)",
        "rests modulo 2^32",
    ),
    "ties_down": Mutation(("wide",), r'least = build\.lshr.*$', "least = ir.Constant(I64, 1)", "half_up as half_down"),
    "ties_up": Mutation(("wide",), r"least = build\.lshr.*$", "least = zero", "-2.5 becomes -2"),
    "ties_odd": Mutation(("wide",), r"build\.xor\((build\.and_\(.*?\)), .*?\)\)$", r"\1", "half_even goes to odd numbers"),
    "far_alone": Mutation(("wide",), r", t\)$", ', build.bitcast(above, I64))', "rest_far never looks at the rest"),
    "float_of_negative": Mutation(
        ("wide128",), r"build\.select\(build\.icmp_signed\(\"<\", a, _ZERO\), build\.fneg\(size\), size\)", "size", "signs lost"
    ),
    "first_correction_only": Mutation(
        _ROUND, r"(first = whole\(build, build\.fdiv\(f, divisor\)\)|first = whole\(build, _over\(build, f, d\)\))",
        "first = ir.Constant(I64, 0)", "quotients of more than 2^51"
    ),
    "no_leap_centuries": Mutation(("days",), r"146_097", "146_100", "1900 is a leap year"),
    "late_march": Mutation(("days",), r"_c\(2\)\), _FIVE_MONTHS", "_c(3)), _FIVE_MONTHS", "months of wrong lengths"),
    "twos_lost": Mutation(("words",), r"one << twos", "one", "divisors lose their twos"),
    "least_key": Mutation(("pieces",), r"\] < keys\[row\]", "] > keys[row]", "overlaps go to the least key"),
    "last_of_equals": Mutation(("pieces",), r"\] < keys\[row\]", "] <= keys[row]", "equals go to the last one"),
    "touching": Mutation(("pieces",), r"<= end\[(kept - 1|at)\]", r"< end[\1]", "pieces that touch stay apart"),
}


def texts(name: str) -> dict[str, str]:
    """The texts of all helper modules with a mistake. The mistake is in at least one of them."""
    mutation = MUTATIONS[name]
    found = {module: (files(PACKAGE) / f"{module}.py").read_text() for module in MODULES}
    changed = 0
    for module in mutation.modules:
        found[module], times = re.subn(mutation.old, mutation.new, found[module], flags=re.MULTILINE)
        changed += times
    assert changed, f"{name} finds nothing to spoil any more"
    return found


def built(name: str, folder: Path) -> SimpleNamespace:
    """The helper modules with a mistake, by name."""
    package = f"mutant_{name}"
    (folder / package).mkdir()
    (folder / package / "__init__.py").touch()
    for module, text in texts(name).items():
        (folder / package / f"{module}.py").write_text(text.replace(f"{PACKAGE}.", f"{package}."))
    sys.path.insert(0, str(folder))
    invalidate_caches()
    try:
        return SimpleNamespace(**{module: import_module(f"{package}.{module}") for module in MODULES})
    finally:
        sys.path.remove(str(folder))
        for module in [m for m in sys.modules if m.partition(".")[0] == package]:
            del sys.modules[module]


@contextmanager
def planted(name: str, folder: Path) -> Iterator[None]:
    """Let imports find the helper modules with a mistake."""
    ours = {module: import_module(f"{PACKAGE}.{module}") for module in MODULES}
    _imported(vars(built(name, folder)))
    try:
        yield
    finally:
        _imported(ours)


def _imported(modules: dict[str, ModuleType]) -> None:
    package = import_module(PACKAGE)
    for name, module in modules.items():
        sys.modules[f"{PACKAGE}.{name}"] = module
        setattr(package, name, module)
