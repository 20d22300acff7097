"""Pages that stand in English and in Russian make the same files and charge the same amounts."""

import re

import pytest
from tests.pages import FENCE, ROOT

from kommres.dsl.source import Source
from kommres.dsl.syntax.format import format_text

PAGES = [*ROOT.glob("*.ru.md"), *ROOT.glob("docs/*/*.ru.md")]
# Descriptions, names for readers, titles of examples and notes of citations are in the language of the page.
PROSE = re.compile(r'^ +(?:called ru )?"[^"\n]*"\n|((?:^act \w+|^example|\bunchecked) )"[^"\n]*"', re.MULTILINE)
CONSOLE = re.compile(r"^```console\n(.*?)^```$", re.DOTALL | re.MULTILINE)
AMOUNT = re.compile(r'"amount": .*|.* lines  .* RUB$', re.MULTILINE)


def files(page):
    found = [(re.search(r"file=(\S+)", info), body) for _, info, body in FENCE.findall(page.read_text("utf-8"))]
    return {at[1]: body for at, body in found if at}


def meaning(name, text, language):
    """What rules say without prose, by English keywords; other files as they are."""
    if not name.endswith(".kmr"):
        return text
    written = Source(name=name, text=text)
    assert format_text(written, keywords=language) == text, "keywords are in the language of the page, and laid out"
    return PROSE.sub(r"\1", format_text(written, keywords="en"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_both_write_the_same_rules_and_data(page):
    russian, english = files(page), files(page.with_name(page.name.replace(".ru.", ".")))
    assert russian.keys() == english.keys()
    for name, text in russian.items():
        assert meaning(name, text, "ru") == meaning(name, english[name], "en"), name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_both_come_to_the_same_amounts(page):
    russian, english = (
        AMOUNT.findall("".join(CONSOLE.findall(each.read_text("utf-8"))))
        for each in (page, page.with_name(page.name.replace(".ru.", ".")))
    )
    assert russian == english
