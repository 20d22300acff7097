"""How helpers of kernels are made: functions that write machine code into the kernel that calls them.

What they write wraps around on overflow, in signed numbers too: the marks by which numba lets the compiler assume that
nothing overflows are not set. numba converts arguments to the types that a helper takes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from inspect import signature
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from kommres.dsl.backends.kernels.lowering import Primitive

if TYPE_CHECKING:
    from numba.core.typing.templates import Signature

#: What a kernel's text calls; it cannot be called from Python.
Helper: TypeAlias = Callable[..., Any]

I64: Final = ir.IntType(64)
I128: Final = ir.IntType(128)
F64: Final = ir.DoubleType()


#: (module, name) -> kinds of the result and of the arguments, and what writes the code.
REGISTRY: Final[dict[tuple[str, str], Primitive]] = {}


def helper(name: str, result: types.Type, takes: tuple[types.Type, ...], write: Callable[..., ir.Value]) -> Helper:
    """Make a helper.

    Parameters
    ----------
    name
        Its name, for messages.
    result, takes
        Types of numba: of what it returns and of its arguments.
    write
        Takes a builder and the arguments, writes the code and returns the result. Arguments that are literals in the
        kernel's text come as constants, the others as values.
    """

    REGISTRY[sys._getframe(1).f_globals["__name__"], name] = Primitive(  # noqa: SLF001 - the module that makes it
        _kind(result), tuple(_kind(one) for one in takes), write
    )

    def typed(_: object, *args: types.Type) -> tuple[Signature, Callable[..., ir.Value]]:
        literals = [a.literal_value if isinstance(a, types.IntegerLiteral) else None for a in args]

        def code(_: object, build: ir.IRBuilder, __: object, values: Sequence[ir.Value]) -> ir.Value:
            found = [
                ir.Constant(value.type, literal) if literal is not None and takes[i] in types.integer_domain else value
                for i, (value, literal) in enumerate(zip(values, literals, strict=True))
            ]
            return write(build, *found)

        return result(*takes), code

    typed.__name__ = typed.__qualname__ = name
    typed.__signature__ = signature(write)  # type: ignore[attr-defined]  # numba counts the arguments
    return intrinsic(prefer_literal=True)(typed)


def _kind(one: types.Type) -> str:
    return {"int64": "i", "uint64": "u", "float64": "f", "bool": "b", "boolean": "b"}.get(str(one), "w")


def whole(build: ir.IRBuilder, x: ir.Value) -> ir.Value:
    """Return ``x`` without its fraction, within -2^62 .. 2^62. What is no number gives -2^62.

    The bounds are there because converting a number that does not fit gives nothing that may be computed with.
    """
    low, high = ir.Constant(F64, -(2.0**62)), ir.Constant(F64, 2.0**62)
    x = build.select(build.fcmp_ordered(">", x, low), x, low)
    x = build.select(build.fcmp_ordered("<", x, high), x, high)
    return build.fptosi(x, I64)
