"""A function of numba's Python as machine code that needs neither Python nor numba to run.

The entry takes one address: of a word for the result, followed by the words of each argument: a number is one word, an
array is its address and its lengths. All arrays are known to lie apart: that lets the compiler use vector instructions
however many columns a loop reads and writes (about four times faster with a dozen of written columns).
"""

# mypy: disable-error-code="no-untyped-call, misc, assignment"
# The compiler inside numba has few types of its own, and those of its flags are wrong.

from __future__ import annotations

import hashlib
import linecache
from types import FunctionType
from typing import TYPE_CHECKING, Any, Final

import llvmlite.binding as llvm
from llvmlite import ir
from numba import njit
from numba.core import compiler, types
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import cpu_target
from numba.np.arrayobj import make_array, populate_array
from numba.np.numpy_support import from_dtype

from kommres.dsl.backends.kernels.loading import ENTRY, target

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np

#: What :func:`numba.njit` is given where a function is not compiled to machine code of its own.
OPTIONS: Final[dict[str, Any]] = {"nogil": True, "error_model": "numpy", "boundscheck": False, "fastmath": False}

_WORD: Final = ir.IntType(64)


def function(text: str, name: str) -> FunctionType:
    """Return a function of a text. It sees the others of that text as compiled ones."""
    file = f"<kernel {hashlib.sha256(text.encode()).hexdigest()[:16]}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    space: dict[str, Any] = {"__name__": "kommres_kernel"}
    exec(compile(text, file, "exec"), space)  # noqa: S102 - our own text
    for other, value in space.items():
        if isinstance(value, FunctionType) and value.__code__.co_filename == file and other != name:
            space[other] = dispatched(value)
    found: FunctionType = space[name]
    return found


def dispatched(
    function: Callable[..., Any], arguments: Sequence[tuple[np.dtype[Any], int] | None] | None = None
) -> Callable[..., Any]:
    """Return a function compiled in numba's own way; for some arguments at once.

    Raises
    ------
    numba.core.errors.NumbaError
        The function is not one that numba can compile for these arguments.
    """
    compiled: Any = njit(**OPTIONS)(function)
    if arguments is not None:
        compiled.compile(tuple(_type_of(argument) for argument in arguments))
    return compiled  # type: ignore[no-any-return]


def machine_code(function: Callable[..., Any], arguments: Sequence[tuple[np.dtype[Any], int] | None]) -> bytes:
    """Return an object file with :data:`kommres.dsl.backends.kernels.loading.ENTRY`.

    Raises
    ------
    numba.core.errors.NumbaError
        The function is not one that numba can compile for these arguments.
    """
    kinds = tuple(_type_of(argument) for argument in arguments)
    with global_compiler_lock:
        cpu_target.typing_context.refresh()
        context = cpu_target.target_context
        context.refresh()
        made = compiler.compile_extra(cpu_target.typing_context, context, function, kinds, None, _flags(), {})
        library = made.library
        library.add_ir_module(_entry(context, library, made, kinds))
        # The function itself becomes part of its entry.
        library._final_module.get_function(made.fndesc.llvm_func_name).linkage = "internal"  # noqa: SLF001
        library.finalize()
        text = library.get_llvm_str()
    code: bytes = target().emit_object(llvm.parse_assembly(text))
    return code


def _type_of(argument: tuple[np.dtype[Any], int] | None) -> Any:  # noqa: ANN401
    if argument is None:
        return types.int64
    dtype, dimensions = argument
    return types.Array(from_dtype(dtype), dimensions, "C")


def _flags() -> Any:  # noqa: ANN401
    flags = compiler.Flags()
    cpu_target.options.parse_as_flags(flags, {"nopython": True, **OPTIONS})
    flags.no_cpython_wrapper = True
    flags.no_cfunc_wrapper = True
    flags.no_compile = True
    flags.noalias = True
    flags.nrt = False
    return flags


def _entry(context: Any, library: Any, made: Any, kinds: Sequence[Any]) -> ir.Module:  # noqa: ANN401
    module = library.create_ir_module(ENTRY)
    entry = ir.Function(module, ir.FunctionType(_WORD, [_WORD.as_pointer()]), ENTRY)
    build = ir.IRBuilder(entry.append_basic_block())
    place = 0

    def word() -> Any:  # noqa: ANN401 - llvmlite ships no types
        nonlocal place
        place += 1
        return build.load(build.gep(entry.args[0], [ir.Constant(_WORD, place)]))

    values = []
    for kind in kinds:
        if not isinstance(kind, types.Array):
            values.append(word())
            continue
        array = make_array(kind)(context, build)
        cell = context.get_data_type(kind.dtype)
        size = ir.Constant(_WORD, context.get_abi_sizeof(cell))
        data = build.inttoptr(word(), cell.as_pointer())
        shape = [word() for _ in range(kind.ndim)]
        strides = [size]
        for length in reversed(shape[1:]):
            strides.insert(0, build.mul(strides[0], length))
        populate_array(array, data=data, shape=shape, strides=strides, itemsize=size, meminfo=None)
        values.append(array._getvalue())  # noqa: SLF001 - numba's own way
    native = context.declare_function(module, made.fndesc)
    native.linkage = "external"
    result = made.signature.return_type
    status, value = context.call_conv.call_function(build, native, result, kinds, values)
    if result != types.none:
        build.store(context.cast(build, value, result, types.int64), entry.args[0])
    build.ret(build.sext(status.code, _WORD))
    return module
