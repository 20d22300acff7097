"""How helpers of kernels are made: functions that write machine code into the kernel that calls them.

What they write wraps around on overflow, in signed numbers too. Arguments are converted to the kinds that a helper
takes. Nothing here needs numba; where numba compiles a text that calls helpers, it asks them for their types.
"""

from __future__ import annotations

import sys
from functools import cached_property, update_wrapper
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from llvmlite import ir

if TYPE_CHECKING:
    from collections.abc import Callable

I32: Final = ir.IntType(32)
I64: Final = ir.IntType(64)
I128: Final = ir.IntType(128)
F64: Final = ir.DoubleType()

#: Kinds of numbers: of 64 bits with and without sign, of 128 bits, floating, yes/no, of 32 bits.
INT, UINT, WIDE, FLOAT, YES_NO, SHORT = "i", "u", "w", "f", "b", "s"


class Primitive:
    """A helper that writes machine code.

    ``result`` and ``takes`` are kinds; ``write`` takes a builder and the arguments, writes the code and returns the
    result. Arguments that are literals in the kernel's text come as constants, the others as values.
    """

    def __init__(self, name: str, result: str, takes: tuple[str, ...], write: Callable[..., ir.Value]) -> None:
        self.name = name
        self.result = result
        self.takes = takes
        self.write = write

    def __call__(self, *_: Any) -> Any:  # noqa: ANN401 - for those who read flat text as Python
        raise TypeError(f"{self.name} exists inside kernels only")

    @cached_property
    def _numba_type_(self) -> Any:  # noqa: ANN401 - what numba asks an object for
        from kommres.dsl.backends.kernels.twin import type_of_primitive

        return type_of_primitive(self)


#: Names of loops with few turns begin with this: a vector there holds few items, one vector a turn.
FEW: Final = "few"

Helper: TypeAlias = Primitive

#: (module, name) -> a helper that writes machine code.
REGISTRY: Final[dict[tuple[str, str], Primitive]] = {}


def helper(name: str, result: str, takes: tuple[str, ...], write: Callable[..., ir.Value]) -> Helper:
    """Make a helper of the calling module, see :class:`Primitive`."""
    made = Primitive(name, result, takes, write)
    REGISTRY[sys._getframe(1).f_globals["__name__"], name] = made  # noqa: SLF001 - the module that makes it
    return made


class Flat:
    """A helper in flat Python: kernels are given its text. Called from Python it is compiled by numba."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.py_func = function
        update_wrapper(self, function)

    def __call__(self, *arguments: Any) -> Any:  # noqa: ANN401 - arrays and numbers
        return self._dispatched(*arguments)

    @cached_property
    def _dispatched(self) -> Callable[..., Any]:
        from kommres.dsl.backends.kernels.twin import dispatched

        return dispatched(self.py_func)

    @cached_property
    def _numba_type_(self) -> Any:  # noqa: ANN401 - what numba asks an object for
        from kommres.dsl.backends.kernels.twin import type_of

        return type_of(self._dispatched)


def whole(build: ir.IRBuilder, x: ir.Value) -> ir.Value:
    """Return ``x`` without its fraction, within -2^62 .. 2^62. What is no number gives -2^62.

    The bounds are there because converting a number that does not fit gives nothing that may be computed with.
    """
    low, high = ir.Constant(F64, -(2.0**62)), ir.Constant(F64, 2.0**62)
    x = build.select(build.fcmp_ordered(">", x, low), x, low)
    x = build.select(build.fcmp_ordered("<", x, high), x, high)
    return build.fptosi(x, I64)
