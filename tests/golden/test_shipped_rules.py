"""Every rule file that ships: in its one format, the same in both keyword languages, without findings."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from tests.shipped import shipped

from kommres.dsl.coverage import Coverage
from kommres.dsl.diagnostics import Diagnostics
from kommres.dsl.examples import run_examples
from kommres.dsl.program import check, installed
from kommres.dsl.source import Source
from kommres.dsl.syntax.format import format_text
from kommres.dsl.syntax.from_text import parse

ROOT = Path(__file__).parents[2]
TABLES = sorted(ROOT.glob("plugins/**/*.csv"))
FILES = sorted(
    [
        *ROOT.glob("src/kommres/packs/**/*.kmr"),
        *ROOT.glob("plugins/**/*.kmr"),
        *ROOT.glob("docs/reference/trial/**/*.kmr"),
    ]
)


def tree(text: str) -> object:
    out = Diagnostics()
    found = parse(Source(name="x.kmr", text=text), out)
    assert not out.items
    return found


def test_there_are_rules() -> None:
    assert len(FILES) > 20
    assert {"ru.pp354.cold_water", "ru.pp354.hot_water", "ru.pp354.sewerage"} <= installed().modules.keys()


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_format_and_languages(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert format_text(Source(name=path.name, text=text)) == text
    russian = format_text(Source(name=path.name, text=text), "ru")
    assert format_text(Source(name=path.name, text=russian), "en") == text
    assert tree(russian) == tree(text)


def test_all_installed_rules_together_have_no_findings() -> None:
    assert check().out.items == []


def test_examples_of_all_take_every_branch_of_all() -> None:
    """Packs too, whose branches examples of plugins take."""
    program = shipped()
    own = {source.name for source in program.sources}
    counter = Coverage(program.plan, own)
    results = run_examples(program, hook=counter, files=own)
    assert [result.text for result in results if not result.passed] == []
    assert [f"{branch.place}: {branch.what}" for branch in counter.report().missed] == []


def test_nothing_claims_to_be_checked_against_an_act() -> None:
    """Nobody read an act yet."""
    rules = shipped().bound.rules
    found = [c for rule in rules for c in (*rule.citations, *(c for way in rule.alternatives for c in way.citations))]
    assert {citation.status for citation in found} == {"unchecked"}


@pytest.mark.parametrize("path", TABLES, ids=lambda p: p.stem)
def test_a_figure_is_checked_if_it_was_read(path: Path) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            doubtful = "not read in a source" in row["source"] or "superseded" in row["source"]
            assert row["checked"] in (("no",) if doubtful else ("yes",)), row
