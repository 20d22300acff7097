"""The page on the law names every option and every rule module that ships."""

import re
from pathlib import Path

from kommres.dsl.program import load

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/explanation/water-law.md").read_text(encoding="utf-8")


RULES = load(ROOT / "plugins/water/src/kommres_water/rules")


def test_every_option_is_explained_with_its_default():
    options = RULES.bound.options
    assert options
    for option in options:
        assert f"| `{option.name}` | `{option.default}` |" in PAGE


def test_every_source_code_is_listed():
    listed = PAGE.split("## Sources")[1]
    notes = [
        c.note for r in RULES.bound.rules for c in (*r.citations, *(c for a in r.alternatives for c in a.citations))
    ]
    codes = {code for note in notes for code in re.findall(r"\bS\d+\b", note)}
    assert codes
    assert codes <= set(re.findall(r"\bS\d+\b", listed))
