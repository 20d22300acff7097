"""What charges a run: kernels where that pays and numba is there, the interpreter otherwise."""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING, Final

from kommres.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kommres.dsl.backends.interpreter import Interpreter
    from kommres.run.stream import Office
    from kommres.run.supply import Supply

BACKENDS: Final = ("auto", "numba", "interpreter")

#: with more accounts it pays to make better machine code, and kernels of their own for those on which nothing changes
#: inside the month
_MANY: Final = 300_000
#: so many services of accounts take the interpreter as long as numba needs to start
_FEW: Final = 20_000


def office_of(
    interpreter: Interpreter,
    backend: str,
    supply: Supply | None = None,
    *,
    known_at: int | None = None,
    options: Mapping[str, str] | None = None,
) -> Office:
    """Make ready to charge.

    Parameters
    ----------
    interpreter
        Computes the month, and what kernels leave.
    backend
        One of :data:`BACKENDS`.
    supply
        Says how much there is to do; None: nobody knows, but it is much.
    known_at, options
        Those of the interpreter.

    Raises
    ------
    UsageError
        U0308 there is no such back end; U0309 numba is wanted and is not there.
    """
    from kommres.run.stream import Office

    if backend not in BACKENDS:
        todo = f"choose {', '.join(BACKENDS[:-1])} or {BACKENDS[-1]}"
        raise UsageError(f"there is no back end {backend!r}", code="U0308", todo=todo)
    office = Office.of(interpreter)
    if backend == "interpreter":
        return office
    missing = _missing_numba()
    if missing is not None:
        if backend == "numba":
            raise UsageError(
                "numba cannot be used", code="U0309", why=missing, todo='install it, or choose backend="interpreter"'
            )
        warnings.warn(
            f"rules are not compiled, so a run takes about a hundred times as long: {missing}",
            RuntimeWarning,
            stacklevel=3,
        )
        return office
    if backend == "auto" and supply is not None:
        rows, services = supply.census.rows, office.terms.services
        if sum(rows[entity] * len(names) for entity, names in services.items()) <= _FEW:
            return office
    from kommres.dsl.backends.kernels.kernels import Kernels

    many = supply is None or sum(supply.census.rows[entity] for entity in office.terms.services) > _MANY
    kernels = Kernels(
        interpreter.plan, interpreter.month, known_at=known_at, options=options, still=many, quick=not many
    )
    return Office.of(interpreter, kernels)


def threads_of(threads: int | None, office: Office) -> int:
    """Return how many threads compute parts. Raises :class:`UsageError` (U0310) for a number that is none."""
    if threads is None:
        return available_threads() if office.kernels is not None else 1
    if threads < 1:
        raise UsageError(f"threads is {threads}", code="U0310", todo="give 1 or more")
    return threads


def available_threads() -> int:
    """Return how many threads this process may run at once."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _missing_numba() -> str | None:
    """Say why numba cannot be imported; None where it is there, imported or not."""
    from importlib.util import find_spec

    try:
        return None if find_spec("numba") is not None else "numba is not installed"
    except (ImportError, ValueError) as error:
        return str(error) or "numba cannot be imported"
