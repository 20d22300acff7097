"""pyarrow at the moment it is needed, or a message that says how to get it."""

from __future__ import annotations

from typing import Any

from kommres.errors import UsageError


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
