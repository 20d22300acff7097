"""Every rule file that ships: in its one format, the same in both keyword languages, without findings."""

from __future__ import annotations

from pathlib import Path

import pytest

from kommres.dsl.diagnostics import Diagnostics
from kommres.dsl.program import check, installed
from kommres.dsl.source import Source
from kommres.dsl.syntax.format import format_text
from kommres.dsl.syntax.from_text import parse

ROOT = Path(__file__).parents[2]
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
