"""Generated text compiled by numba: the twin of what :mod:`.lowering` makes of it, which tests compare with it."""

from __future__ import annotations

import hashlib
import linecache
from inspect import signature
from types import FunctionType
from typing import TYPE_CHECKING, Any, Final

from llvmlite import ir
from numba import njit, typeof, types
from numba.core.registry import cpu_target
from numba.extending import intrinsic, models, register_model

from kommres.dsl.backends.kernels.emit import FLOAT, I64, I128, INT, SHORT, UINT, WIDE, YES_NO, Primitive

if TYPE_CHECKING:
    from collections.abc import Callable


class Wide(types.Type):
    """The type of a number of 128 bits with its sign."""

    def __init__(self) -> None:
        super().__init__(name="wide")


@register_model(Wide)
class _WideModel(models.PrimitiveModel):
    def __init__(self, manager: Any, typed: types.Type) -> None:  # noqa: ANN401
        super().__init__(manager, typed, I128)  # type: ignore[no-untyped-call]


_TYPES: Final = {
    INT: types.int64,
    UINT: types.uint64,
    FLOAT: types.float64,
    YES_NO: types.boolean,
    WIDE: Wide(),
    SHORT: types.int32,
}


def function(text: str, name: str) -> Callable[..., Any]:
    """Return a function of a text, compiled. It may call the others of that text."""
    file = f"<kernel {hashlib.sha256(text.encode()).hexdigest()[:16]}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    space: dict[str, Any] = {"__name__": "kommres_kernel"}
    exec(compile(text, file, "exec"), space)  # noqa: S102 - our own text
    for other, value in space.items():
        if isinstance(value, FunctionType) and value.__code__.co_filename == file:
            space[other] = dispatched(value)
    found: Callable[..., Any] = space[name]
    return found


def dispatched(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that is compiled when it is called."""
    compiled: Callable[..., Any] = njit(nogil=True, error_model="numpy", boundscheck=False, fastmath=False)(function)
    return compiled


def type_of(value: object) -> types.Type:
    """Return the type that numba gives a value."""
    found: types.Type = typeof(value)  # type: ignore[no-untyped-call]
    return found


def type_of_primitive(primitive: Primitive) -> types.Type:
    """Return the type of a function that writes what a helper writes."""
    takes = [_TYPES[kind] for kind in primitive.takes]

    def typed(_: object, *args: types.Type) -> tuple[Any, Callable[..., ir.Value]]:
        # Literals stay in the signature: numba keeps one code for each.
        given = [
            a if isinstance(a, types.IntegerLiteral) and wanted in {types.int64, types.uint64} else wanted
            for a, wanted in zip(args, takes, strict=True)
        ]

        def code(_: object, build: ir.IRBuilder, __: object, values: list[ir.Value]) -> ir.Value:
            known = [
                ir.Constant(I64, a.literal_value) if isinstance(a, types.IntegerLiteral) else value
                for a, value in zip(given, values, strict=True)
            ]
            return primitive.write(build, *known)

        return _TYPES[primitive.result](*given), code

    typed.__name__ = typed.__qualname__ = primitive.name
    typed.__signature__ = signature(primitive.write)  # type: ignore[attr-defined]  # numba counts the arguments
    made = intrinsic(prefer_literal=True)(typed)
    cpu_target.typing_context.refresh()
    found: types.Type = cpu_target.typing_context.resolve_value_type(made)
    return found
