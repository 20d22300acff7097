"""The pages on the law name every option that ships, with its default, and every source."""

import re
from pathlib import Path

import pytest
from tests.shipped import shipped

ROOT = Path(__file__).parents[2]
PAGES = {p.stem: p.read_text(encoding="utf-8") for p in sorted((ROOT / "docs/explanation").glob("*-law.md"))}
PLUGINS = ("electricity", "gas", "heat", "water")


def own(plugin, items):
    """What stands in the files of a plugin, or of the packs."""
    return [item for item in items if item.span.source.name.startswith(f"{plugin}/")]


@pytest.mark.parametrize("plugin", [*PLUGINS, "packs"])
def test_every_option_is_explained_with_its_default(plugin):
    missing = [
        option.name
        for option in own(plugin, shipped().bound.options)
        if not any(f"| `{option.name}` | `{option.default}` |" in page for page in PAGES.values())
    ]
    assert missing == []


@pytest.mark.parametrize("plugin", PLUGINS)
def test_every_source_code_is_listed(plugin):
    notes = [
        c.note
        for r in own(plugin, shipped().bound.rules)
        for c in (*r.citations, *(c for a in r.alternatives for c in a.citations))
    ]
    codes = {code for note in notes for code in re.findall(r"\bS\d+\b", note)}
    assert codes
    listed = {code for page in PAGES.values() for code in re.findall(r"\bS\d+\b", page.split("## Sources")[1])}
    assert sorted(codes - listed) == []
