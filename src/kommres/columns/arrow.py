"""pyarrow at the moment it is needed, or a message that says how to get it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kommres.errors import UsageError

if TYPE_CHECKING:
    import pyarrow as pa

_WIDE: Final = 128  # bits of the usual decimals


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


def is_narrow_decimal(arrow: pa.DataType) -> bool:
    """Whether a type is a decimal of 32 or 64 bits, for which Arrow has few functions."""
    return bool(require_arrow().types.is_decimal(arrow)) and arrow.bit_width < _WIDE
