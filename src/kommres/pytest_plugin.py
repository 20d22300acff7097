"""The pytest plugin: loaded by pytest itself wherever kommres is installed, so it must stay light.

Examples of rule files become tests where the ini option ``kmr_roots`` names the folders that hold the rules; each
folder is one program.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kommres.dsl.bound.nodes import Example
    from kommres.dsl.program import Program

# Failing contracts then show the values they compared.
pytest.register_assert_rewrite("kommres.testing")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare ``kmr_roots``."""
    parser.addini("kmr_roots", "folders of rule files whose examples are tests", type="paths", default=[])


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect the examples of a rule file that lies in one of the roots."""
    if file_path.suffix != ".kmr":
        return None
    for root in parent.config.getini("kmr_roots"):
        if file_path.is_relative_to(root):
            collected: RuleFile = RuleFile.from_parent(parent, path=file_path)
            collected.root = root
            return collected
    return None


class RuleFile(pytest.File):
    """A rule file or a spec file: its examples are tests."""

    root: Path

    def collect(self) -> Iterator[pytest.Item]:
        """Yield the examples that stand in this file."""
        program = _program(self.root)
        for example in program.bound.examples:
            if Path(example.span.source.name) == self.path:
                item: ExampleItem = ExampleItem.from_parent(self, name=example.title)
                item.program, item.example = program, example
                yield item

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *args: Any) -> Any:  # noqa: ANN401 - pytest's
        """Show diagnostics instead of a traceback."""
        from kommres.errors import KommresError

        if isinstance(excinfo.value, KommresError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, *args)


class ExampleItem(pytest.Item):
    """An example of a rule file."""

    program: Program
    example: Example

    def runtest(self) -> None:
        """Evaluate the example and compare what it expects."""
        from kommres.dsl.examples import run_example

        result = run_example(self.program, self.example)
        if not result.passed:
            pytest.fail(result.text, pytrace=False)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Point at the line of the example."""
        return self.path, self.example.span.line - 1, self.name


@cache
def _program(root: Path) -> Program:
    from kommres.dsl.program import load

    return load(root)
