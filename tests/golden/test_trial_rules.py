"""The ten trial rules of the language reference: they check clean, their examples pass, and they keep their form."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from kommres.dsl.coverage import Coverage
from kommres.dsl.diagnostics import Diagnostics
from kommres.dsl.examples import run_examples
from kommres.dsl.program import Program, load
from kommres.dsl.source import Source
from kommres.dsl.syntax.format import format_text
from kommres.dsl.syntax.from_text import parse

ROOT = Path(__file__).parents[2] / "docs/reference/trial"
FILES = sorted(ROOT.rglob("*.kmr"))
PROGRAMS = sorted([*ROOT.glob("*.kmr"), *(p for p in ROOT.iterdir() if p.is_dir())])

# An exclusion in words, so that nobody extends the list without a thought.
UNREACHED = {"h_yearly_heat": ["`has charged heating` always holds"]}  # a month without a charge refuses first


@cache
def program(path: Path) -> Program:
    return load(path)


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_all_ten_are_here():
    assert [path.name[0] for path in PROGRAMS] == list("abcdefghij")
    page = (ROOT.parent / "trial.md").read_text(encoding="utf-8")
    table = (ROOT / "README.md").read_text(encoding="utf-8")
    for path in FILES:
        assert f"trial/{named(path)}\n" in page
        assert named(path).split("/")[0] in table


@pytest.mark.parametrize("path", PROGRAMS, ids=named)
def test_checks_without_findings(path):
    assert program(path).diagnostics == ()


@pytest.mark.parametrize("path", PROGRAMS, ids=named)
def test_examples_pass_and_take_every_branch(path):
    coverage = Coverage(program(path).plan)
    results = run_examples(program(path), hook=coverage)
    assert results
    assert [result.text for result in results if not result.passed] == []
    missed = [branch.what for branch in coverage.report().missed]
    assert [what for what in missed if not any(u in what for u in UNREACHED.get(path.stem, ()))] == []


@pytest.mark.parametrize("path", PROGRAMS, ids=named)
def test_nothing_claims_to_be_checked(path):
    bound = program(path).bound
    citations = [c for rule in bound.rules for a in rule.alternatives for c in (*a.citations, *rule.citations)]
    citations += [c for item in (*bound.params, *bound.options) for c in item.citations]
    assert {c.status for c in citations} <= {"unchecked"}
    assert {row.status for param in bound.params if param.file for row in param.rows} <= {"unchecked"}
    assert all(row.source for param in bound.params if param.file for row in param.rows)


@pytest.mark.parametrize("path", FILES, ids=named)
def test_form_and_keywords_round_trip(path):
    text = path.read_text(encoding="utf-8")
    source = Source(name=path.name, text=text)
    assert format_text(source) == text
    russian = Source(name=path.name, text=format_text(source, "ru"))
    assert russian.text != text
    assert format_text(russian, "en") == text
    out = Diagnostics()
    assert parse(russian, out).items == parse(source, out).items
    assert not out.items
