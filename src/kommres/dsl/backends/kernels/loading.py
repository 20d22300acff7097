"""Machine code into the running process, without numba: a start from the cache must not pay for the compiler."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from itertools import count
from typing import Any, Final

import llvmlite.binding as llvm
import numpy as np
from attrs import frozen

#: The one function that machine code offers: it takes the address of its words and returns 0.
ENTRY: Final = "kommres_kernel"

_PROTOTYPE: Final = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p)
_numbers = count()


@frozen(eq=False)
class Loaded:
    """Machine code that can be called. The call lets other threads of Python run."""

    call: Callable[[Any], int]
    #: Unloads the code when the last of its users is gone.
    _library: object


def load(code: bytes) -> Loaded:
    """Link machine code into the process.

    Raises
    ------
    RuntimeError
        It is no object file for this machine, or it needs functions that the process does not have.
    """
    library = (
        llvm.JITLibraryBuilder()
        .add_object_img(code)
        .add_current_process()
        .export_symbol(ENTRY)
        .link(_linker(), f"{ENTRY}_{next(_numbers)}")
    )
    return Loaded(_PROTOTYPE(library[ENTRY]), library)


def processor() -> tuple[str, str]:
    """Return name and features of the processor that code is made for; the environment may name them as for numba."""
    name = os.environ.get("NUMBA_CPU_NAME") or "host"
    features = os.environ.get("NUMBA_CPU_FEATURES")
    if name == "host":
        name = llvm.get_host_cpu_name()
        if features is None:
            with suppress(RuntimeError):  # not known on every platform
                features = llvm.get_host_cpu_features().flatten()
    return name, features or ""


def target(effort: int = 3, more: str = "") -> Any:  # noqa: ANN401 - llvmlite ships no types
    """Return what turns a module of LLVM into machine code.

    ``effort``: LLVM's level of optimisation. ``more``: features beside those of the processor.
    """
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    name, features = processor()
    return llvm.Target.from_triple(llvm.get_process_triple()).create_target_machine(
        cpu=name,
        features=",".join(filter(None, (features, more))),
        opt=effort,
        reloc="pic",
        codemodel="default",
        jit=True,
    )


def _address(array: np.ndarray[Any, Any]) -> int:
    face: tuple[int, bool] = array.__array_interface__["data"]
    return face[0]


def _quick_address(array: np.ndarray[Any, Any]) -> int:
    return ctypes.c_void_p.from_address(id(array) + object.__basicsize__).value or 0


_probes: Final = [np.zeros(length, np.int8) for length in (1, 3, 1000)]
#: Return where the cells of an array lie. Every C program that uses numpy finds them right behind the head of the
#: object, eight times faster than by asking; where that should not hold, arrays are asked.
address: Final = _quick_address if all(_quick_address(each) == _address(each) for each in _probes) else _address


@cache
def _linker() -> Any:  # noqa: ANN401 - llvmlite ships no types
    # JITLink places all parts of a library side by side: none is out of reach of another. It knows too little of COFF.
    linker = llvm.create_lljit_compiler(target(), use_jit_link=os.name != "nt", suppress_errors=True)
    # Threads may still be in kernels while Python ends: never torn down.
    linker._owned = True  # noqa: SLF001 - llvmlite's way to say so
    return linker
