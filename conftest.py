"""What every test folder shares: kernels of their own, and which tests come first."""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

_CACHE = "KOMMRES_CACHE"


def pytest_configure(config: pytest.Config) -> None:
    """Keep compiled kernels in a new folder for all workers: nothing that lies in the home folder is used or changed.

    Who sets ``KOMMRES_CACHE`` chooses another one, which may be warm.
    """
    if _CACHE in os.environ:
        return
    folder = tempfile.TemporaryDirectory(prefix="kommres-kernels-", ignore_cleanup_errors=True)
    os.environ[_CACHE] = folder.name

    def forget() -> None:
        os.environ.pop(_CACHE, None)
        folder.cleanup()

    config.add_cleanup(forget)
