"""pyarrow at the moment it is needed, or a message that says how to get it."""

from __future__ import annotations

from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from kommres.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

_WIDE: Final = 128  # bits of the usual decimals
#: memory pools that were there before those who share the system's came, the last one's last
_BEFORE: Final[list[pa.MemoryPool]] = []
_POOLS: Final = Lock()


def require_arrow() -> Any:  # noqa: ANN401 - a module without types
    """Return the module ``pyarrow``. Raises :class:`UsageError` (U0301) where it is not installed."""
    try:
        import pyarrow
        import pyarrow.compute
        import pyarrow.csv
        import pyarrow.ipc
        import pyarrow.parquet
    except ModuleNotFoundError as error:
        raise UsageError(
            "pyarrow is not installed",
            code="U0301",
            why="a run reads and writes Arrow tables",
            todo='install it with: pip install "kommres[arrow]"',
        ) from error
    return pyarrow


@contextmanager
def system_memory() -> Iterator[None]:
    """Let Arrow take memory from the system, as numpy does, while tables come and go.

    A pool of its own returns large pieces to the system and takes them anew all the time, which costs a tenth of the
    time of a run that streams.
    """
    pa = require_arrow()
    with _POOLS:
        _BEFORE.append(pa.default_memory_pool())
        pa.set_memory_pool(pa.system_memory_pool())
    try:
        yield
    finally:
        with _POOLS:
            # The first one's is the process's own: it is put back when the last one ends.
            last = _BEFORE.pop()
            if not _BEFORE:
                pa.set_memory_pool(last)


def is_narrow_decimal(arrow: pa.DataType) -> bool:
    """Whether a type is a decimal of 32 or 64 bits, for which Arrow has few functions."""
    return bool(require_arrow().types.is_decimal(arrow)) and arrow.bit_width < _WIDE
