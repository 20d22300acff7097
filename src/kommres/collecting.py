"""When Python looks for cycles of objects that nobody holds."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def undisturbed() -> Iterator[None]:
    """Let Python not look for cycles meanwhile: among many small objects that are in use it finds none, and takes long.

    Of what is garbage at the end it gets rid soon after.
    """
    looked = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if looked:
            gc.enable()
