"""Options that several folders of tests share."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

# A distribution that offers functions, installed for the tests alone.
sys.path.insert(0, str(Path(__file__).parent / "plugins"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--reset", action="store_true", help="write what was found as the expected output (tests/dsl/bad)")


@pytest.fixture
def reset(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--reset"))
