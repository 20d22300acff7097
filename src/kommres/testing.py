"""Tests that authors of plugins inherit."""

import os
import subprocess
import sys
from importlib.metadata import entry_points
from typing import ClassVar

from kommres.plugins import GROUP
from kommres.resource import API_VERSION, ResourceSpec


class ResourceContract:
    """What every resource plugin must fulfil; pytest collects the tests from the class that inherits it.

    Examples
    --------
    ::

        class TestWater(ResourceContract):
            resource = kommres_water.RESOURCE
    """

    resource: ClassVar[ResourceSpec]

    def test_is_made_for_this_kommres(self) -> None:
        """The plugin is written for the API that this kommres has."""
        assert self.resource.api_version == API_VERSION

    def test_is_registered_once_under_its_name(self) -> None:
        """The entry point has the name of the resource and leads to its specification."""
        entries = entry_points(group=GROUP, name=self.resource.name)
        assert len(entries) == 1, f"{len(entries)} entry points {GROUP}:{self.resource.name}; install the plugin once"
        (entry,) = entries
        assert entry.load() is self.resource

    def test_has_titles(self) -> None:
        """People can be told what it is, in both languages."""
        assert self.resource.title_en.strip()
        assert self.resource.title_ru.strip()

    def test_brings_its_rules(self) -> None:
        """The rules lie where the specification says, in UTF-8."""
        assert self.resource.rules.is_dir(), f"no folder {self.resource.rules}; is it in the wheel?"
        files = self.resource.rule_files()
        assert files, f"no .kmr file under {self.resource.rules}"
        for file in files:
            assert file.read_text(encoding="utf-8").strip(), f"{file} is empty"

    def test_loads_nothing_heavy(self) -> None:
        """Declaring the resource loads neither the compiler's nor the runner's libraries."""
        (entry,) = entry_points(group=GROUP, name=self.resource.name)
        heavy = {"numpy", "numba", "pyarrow", "lark", "pendulum"}
        code = f"import sys, {entry.module}; print(*sorted({heavy!r} & set(sys.modules)))"
        done = subprocess.run(  # noqa: S603 - our own interpreter and a name from the installed metadata
            [sys.executable, "-c", code], env=os.environ, capture_output=True, text=True, check=True
        )
        assert done.stdout.split() == []
