"""Generated text as functions in machine code, compiled once on a machine and loaded from disk in later processes.

A kernel is known by everything that its machine code depends on: the text, the text of all modules that it imports, the
versions of python, llvmlite and numpy, the processor, and the types of its arguments. An edited helper is another key;
there is no stamp of time to go wrong, and nothing on disk is unpickled.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
from array import array
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from operator import index
from threading import Lock, RLock
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from weakref import WeakValueDictionary

import llvmlite
import llvmlite.binding as llvm
import numpy as np
from attrs import define, field

from kommres.dsl.backends.kernels.loading import ENTRY, address, load, processor
from kommres.dsl.backends.kernels.origins import Origin, origins
from kommres.dsl.backends.kernels.store import Store, complain, default_store

if TYPE_CHECKING:
    from pathlib import Path

#: dtype and number of dimensions of an array; None for a whole number.
Argument: TypeAlias = tuple[np.dtype[Any], int] | None

#: What turns text into machine code, and calls it.
_MADE_BY: Final = ("cache", "emit", "lowering", "loading", "ahead")
_MAKERS: Final = tuple(f"kommres.dsl.backends.kernels.{name}" for name in _MADE_BY)

#: Kernels that are prepared at once: one for LLVM, which takes one at a time, and those that are lowered meanwhile.
_AT_ONCE: Final = 3

_lock: Final = RLock()
_known: WeakValueDictionary[str, Kernel] = WeakValueDictionary()


class NotLowered(RuntimeError):  # noqa: N818 - no error of a user
    """A kernel's text that cannot be made machine code: what it computes is left to the interpreter."""


def compiled(
    text: str, function: str, *, salt: Sequence[str] = (), quick: bool = False, folder: Path | None = None
) -> Kernel:
    """Return a function of generated text as a kernel.

    Parameters
    ----------
    text
        A module with plain functions in flat Python, see :mod:`.lowering`; they may call what the text imports.
    function
        Name of the function to call.
    salt
        Whatever else makes this kernel another one.
    quick
        Machine code is made sooner, and is slower.
    folder
        Where machine code is kept; by default see :func:`kommres.dsl.backends.kernels.store.default_store`.
    """
    store = default_store() if folder is None else Store(folder)
    known = _digest(text, function, list(salt), quick, str(store))
    with _lock:
        kernel = _known.get(known)
        if kernel is None:
            kernel = _known[known] = Kernel(
                text=text,
                function=function,
                salt=tuple(salt),
                quick=quick,
                store=store,
                origins=origins(text, also=_MAKERS),
            )
    return kernel


@define(eq=False, kw_only=True, weakref_slot=True)
class Kernel:
    """A function of generated text, compiled for each set of types that it is called with.

    It takes C-contiguous arrays and whole numbers, and returns the whole number that the function returns, or 0. Arrays
    that it writes to overlap no other one. It may be called by several threads at once, each lets others run meanwhile;
    sent to another process, it is loaded there.
    """

    text: str = field(repr=False)
    function: str
    salt: tuple[str, ...]
    quick: bool
    store: Store | None
    origins: tuple[Origin, ...] = field(repr=False)
    _ready: dict[tuple[Argument, ...], Callable[[list[int]], int]] = field(factory=dict, init=False, repr=False)
    #: held by who loads or makes machine code
    lock: Lock = field(factory=Lock, init=False, repr=False)

    def __call__(self, *arguments: Any) -> int:  # noqa: ANN401 - arrays and numbers
        """Run the function.

        Raises
        ------
        TypeError
            An argument is neither a C-contiguous array nor a whole number.
        NotLowered
            No machine code can be made of the text for these arguments: a mistake in the text, or in kommres.
        """
        types: list[Argument] = []
        words = [0]
        for argument in arguments:
            if isinstance(argument, np.ndarray):
                if not argument.flags.c_contiguous:
                    raise TypeError(f"{self.function}: argument {len(types) + 1} is no C-contiguous array")
                shape = argument.shape
                types.append((argument.dtype, len(shape)))
                words.append(address(argument))
                words += shape
            else:
                types.append(None)
                words.append(index(argument))
        kinds = tuple(types)
        ready = self._ready.get(kinds)
        if ready is None:
            ready = self._prepared(kinds)
        return ready(words)

    @property
    def ready(self) -> bool:
        """Whether it has machine code already, for some types."""
        return bool(self._ready)

    def prepare(self, arguments: Sequence[object]) -> None:
        """Load or make machine code for the types of some arguments; a call says where there can be none."""
        self._prepared(_types(arguments))

    def __reduce__(self) -> tuple[Callable[..., Kernel], tuple[object, ...]]:
        return _again, (self.text, self.function, self.salt, self.quick, self.store and self.store.folder)

    def _prepared(self, types: tuple[Argument, ...]) -> Callable[[list[int]], int]:
        with self.lock:
            ready = self._ready.get(types)
            if ready is None:
                ready = self._ready[types] = self._load(types) or self._compile(types)
        return ready

    def _key(self, types: tuple[Argument, ...]) -> str:
        texts = [(origin.name, origin.digest) for origin in self.origins]
        return _digest(self.text, self.function, self.salt, self.quick, _named(types), texts, _surroundings())

    def _load(self, types: tuple[Argument, ...]) -> Callable[[list[int]], int] | None:
        code = self.store.read(self._key(types)) if self.store is not None else None
        if code is None:
            return None
        try:
            return _called(code)
        except RuntimeError:  # an object file that this process cannot link: as good as none
            return None

    def _compile(self, types: tuple[Argument, ...]) -> Callable[[list[int]], int]:
        from kommres.dsl.backends.kernels.lowering import machine_code

        try:
            code = machine_code(self.text, self.function, types, ENTRY, quick=self.quick)
            ready = _called(code)
        except Exception as error:  # noqa: BLE001 - whatever it is, the caller has another way
            return _refusing(NotLowered(f"no machine code for {self.function} ({type(error).__name__}: {error})"))
        if self.store is not None:
            changed = [origin.name for origin in self.origins if not origin.current]
            if changed:
                complain(f"{', '.join(changed)} changed since this process started", todo="start it again")
            else:
                about = {"function": self.function, "types": _named(types), "versions": _surroundings()}
                self.store.write(self._key(types), code, about)
        return ready


def prepare(calls: Sequence[tuple[Kernel, Sequence[object]]]) -> None:
    """Load or make the machine code of kernels that have none yet for their arguments, of some at once.

    While LLVM works on one of them, which Python is not needed for, another one is lowered.
    """
    waiting = [(kernel, arguments) for kernel, arguments in calls if isinstance(kernel, Kernel) and not kernel.ready]
    if not waiting:
        return
    # The longest first: at the end nobody waits for one alone.
    waiting.sort(key=lambda call: -len(call[0].text))
    with ThreadPoolExecutor(min(len(waiting), _AT_ONCE)) as threads:
        for _ in threads.map(lambda call: call[0].prepare(call[1]), waiting):
            pass


_held: Final[list[Kernel]] = []


def _hold() -> None:
    """Wait for all machine code that is being made: a child must not inherit a lock that nobody will ever release."""
    _lock.acquire()
    for kernel in list(_known.values()):
        kernel.lock.acquire()
        _held.append(kernel)


def _release() -> None:
    while _held:
        _held.pop().lock.release()
    _lock.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_hold, after_in_parent=_release, after_in_child=_release)


def _types(arguments: Sequence[object]) -> tuple[Argument, ...]:
    return tuple([(each.dtype, each.ndim) if isinstance(each, np.ndarray) else None for each in arguments])


def _called(code: bytes) -> Callable[[list[int]], int]:
    loaded = load(code)

    def call(words: list[int]) -> int:
        place = array("q", words)
        loaded.call(place.buffer_info()[0])
        return place[0]

    return call


def _refusing(error: NotLowered) -> Callable[[list[int]], int]:
    def refuse(_: list[int]) -> int:
        raise error

    return refuse


def _named(types: tuple[Argument, ...]) -> list[tuple[str, int] | None]:
    return [each and (each[0].str, each[1]) for each in types]


def _again(text: str, function: str, salt: tuple[str, ...], quick: bool, folder: Path | None) -> Kernel:
    return compiled(text, function, salt=salt, quick=quick, folder=folder)


def _digest(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


@cache
def _surroundings() -> dict[str, str]:
    """Return everything outside the texts that machine code depends on."""
    name, features = processor()
    settings = sorted(f"{name}={value}" for name, value in os.environ.items() if name.startswith("NUMBA_"))
    return {
        "python": platform.python_implementation() + " " + platform.python_version(),
        "llvmlite": llvmlite.__version__,
        "numpy": np.__version__,
        "platform": llvm.get_process_triple(),
        "processor": name,
        "features": features,
        "settings": " ".join(settings),
    }
