"""The glossary shows every keyword in both languages."""

import re
from pathlib import Path

from kommres.dsl.keywords import KEYWORDS

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "glossary.md"
ROW = re.compile(r"^\| [^|]+ \| `([^`]+)` \| `([^`]+)` \|$", re.MULTILINE)


def test_the_keywords_of_the_page_are_those_of_the_language():
    assert set(ROW.findall(PAGE.read_text("utf-8"))) == {(word.en, word.ru) for word in KEYWORDS}
