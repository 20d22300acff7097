"""Tests that authors of plugins inherit."""

import csv
import os
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path
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


class RulesContract:
    """What the rules of a plugin and their tables must fulfil; a test class inherits it.

    Examples
    --------
    ::

        class TestRules(RulesContract):
            resource = kommres_water.RESOURCE
    """

    resource: ClassVar[ResourceSpec]

    @property
    def _folder(self) -> Path:
        return Path(str(self.resource.rules))

    def test_examples_pass_and_take_every_branch(self) -> None:
        """Each branch of the plugin's own rules is taken by an example, and each example comes out as it says."""
        from kommres.dsl.coverage import Coverage
        from kommres.dsl.examples import run_examples
        from kommres.dsl.program import load

        program = load(self._folder)
        places = {path.relative_to(self._folder).as_posix() for path in self._folder.rglob("*.kmr")}
        own = {source.name for source in program.sources if any(source.name.endswith(place) for place in places)}
        counter = Coverage(program.plan, own)
        results = run_examples(program, hook=counter, files=own)
        assert results, f"no example under {self._folder}"
        assert [result.text for result in results if not result.passed] == []
        assert [f"{branch.place}: {branch.what}" for branch in counter.report().missed] == []

    def test_every_figure_says_where_it_was_seen(self) -> None:
        """Each row of a table has its source, its unit, whether it was checked, and until when the table is known."""
        for table in sorted(self._folder.rglob("*.csv")):
            with table.open(encoding="utf-8", newline="") as file:
                for number, row in enumerate(csv.DictReader(file), start=2):
                    for column in ("source", "unit", "checked", "complete_until"):
                        assert row.get(column), f"{table.name}:{number} has no {column}"

    def test_what_was_not_read_in_the_act_says_where_it_was_seen(self) -> None:
        """An unchecked citation names the place where the fact was seen."""
        from kommres.dsl.program import load

        for rule in load(self._folder).bound.rules:
            for citation in (*rule.citations, *(c for way in rule.alternatives for c in way.citations)):
                assert citation.status != "unchecked" or citation.note, f"{rule.id} does not say where it was seen"
