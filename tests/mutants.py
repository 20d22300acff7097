"""Helpers of kernels with a mistake planted on purpose: what would a test say if we had made it?

    with mutants.planted("no_correction", tmp_path):
        kernel = compiled(text, "run", folder=tmp_path)

Kernels keep the helpers that they were compiled with: compile them inside, with a folder of their own.
"""

import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.resources import files
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from attrs import frozen

from kommres.dsl.backends.kernels import emit, lowering, origins
from kommres.dsl.backends.kernels.store import KernelWarning

PACKAGE = "kommres.dsl.backends.kernels"
MODULES = ("wide", "wide128", "words", "days", "pieces")


@frozen
class Mutation:
    """What stands for what in a module, as patterns of whole texts; ``tells``: what goes wrong."""

    module: str
    changes: dict[str, str]
    tells: str


_ESTIMATE = "build.bitcast(_, I64))"
MUTATIONS = {
    "floor": Mutation(
        "wide",
        {
            r'return mode\.startswith\("half"\)': 'return mode == "half_even"',
            r"match mode:": 'match "floor" if mode.startswith("half_up") else mode:',
        },
        "half_up rounds down",
    ),
    "no_correction": Mutation(
        "wide", {r"side\(build, mode, (n|rest), m, d\)\)$": _ESTIMATE}, "the estimate decides alone"
    ),
    "no_correction_wide": Mutation(
        "wide128", {r"side\(build, mode, (n|rest), .*, d\)\)$": _ESTIMATE}, "the estimate decides alone in 128 bits"
    ),
    "signed": Mutation(
        "wide",
        {
            r"build\.sub\(n, build\.mul\(m, d\)\)": 'build.sub(n, build.mul(m, d, flags=("nsw",)), flags=("nsw",))',
            r"build\.sub\(build\.add\(rest, rest\), d\)": (
                'build.sub(build.add(rest, rest, flags=("nsw",)), d, flags=("nsw",))'
            ),
        },
        "signed numbers of which the compiler believes that they do not overflow",
    ),
    "saturated": Mutation(
        "wide",
        {
            r"rest = build\.sub\(n, build\.mul\(m, d\)\)$": (
                "rest = build.sub(n, build.mul(m, d)) if n.type != I64 else"
                " build.sub(n, whole(build, build.fmul(build.sitofp(m, F64), build.sitofp(d, F64))))"
            )
        },
        "a product that is held to the range of signed numbers",
    ),
    "ties_down": Mutation("wide", {r"least = build\.lshr.*$": "least = ir.Constant(I64, 1)"}, "half_up as half_down"),
    "ties_up": Mutation("wide", {r"least = build\.lshr.*$": "least = zero"}, "-2.5 becomes -2"),
    "ties_odd": Mutation("wide", {r"build\.xor\((build\.and_\(.*?\)\)), .*$": r"\1"}, "half_even goes to odd ones"),
    "far_alone": Mutation("wide", {r", t\)$": ", build.bitcast(above, I64))"}, "rest_far never looks at the rest"),
    "far_never": Mutation("wide", {r"build\.bitcast\(above, I64\), t\)$": "t, t)"}, "rest_far always takes the rest"),
    "one_step": Mutation("wide", {r"first = whole\(.*$": "first = ir.Constant(I64, 0)"}, "quotients of 2^51 and more"),
    "sign_lost": Mutation("wide128", {r"build\.fneg\(size\), size": "size, size"}, "floats of negative numbers"),
    "leap_centuries": Mutation("days", {r"146_097": "146_100"}, "1900 is a leap year"),
    "twos_lost": Mutation("words", {r"build\.shl\(found, twos\)": "found"}, "divisors lose their twos"),
    "rest_negative": Mutation("words", {r"build\.sub\(count, build\.zext\(less, I64\)\)": "count"}, "-7 / 2 is -3"),
    "least_key": Mutation("pieces", {r"\] < keys\[row ": "] > keys[row "}, "overlaps go to the least key"),
    "last_of_equals": Mutation("pieces", {r"\] < keys\[row ": "] <= keys[row "}, "equals go to the last one"),
    "touching": Mutation("pieces", {r"<= end\[(kept - 1|at)\]": r"< end[\1]"}, "pieces that touch stay apart"),
}


def text(name: str) -> str:
    """The text of the module with a mistake."""
    mutation = MUTATIONS[name]
    found = (files(PACKAGE) / f"{mutation.module}.py").read_text()
    for old, new in mutation.changes.items():
        found, times = re.subn(old, new, found, flags=re.MULTILINE)
        assert times, f"{name} finds nothing to spoil any more: {old}"
    return found


@contextmanager
def planted(name: str, folder: Path) -> Iterator[None]:
    """Let all that is imported, and all kernels that are made, have helpers with a mistake."""
    ours = {module: import_module(f"{PACKAGE}.{module}") for module in MODULES}
    registered = dict(emit.REGISTRY)
    try:
        for module in MODULES:  # all of them, for some have read others
            path = folder / f"{name}_{module}.py"
            spoiled = module == MUTATIONS[name].module
            path.write_text(text(name) if spoiled else (files(PACKAGE) / f"{module}.py").read_text())
            spec = spec_from_file_location(f"{PACKAGE}.{module}", path)
            made = module_from_spec(spec)
            _put(module, made)
            spec.loader.exec_module(made)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", KernelWarning)  # helpers that have changed: kernels are not kept
            yield
    finally:
        for module, made in ours.items():
            _put(module, made)
        emit.REGISTRY.clear()
        emit.REGISTRY.update(registered)


def _put(name: str, module: ModuleType) -> None:
    sys.modules[f"{PACKAGE}.{name}"] = module
    setattr(import_module(PACKAGE), name, module)
    for reader in (lowering, origins):  # they keep what they have read
        for kept in vars(reader).values():
            if hasattr(kept, "cache_clear"):
                kept.cache_clear()
