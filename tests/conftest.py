"""Options that several folders of tests share."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--reset", action="store_true", help="write what was found as the expected output (tests/dsl/bad)")


@pytest.fixture
def reset(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--reset"))
