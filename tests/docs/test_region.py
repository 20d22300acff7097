"""The how-to "Add my municipality" yields, in both languages, the region that ships."""

import re
from pathlib import Path

import pytest
from tests.pages import FENCE, ROOT

from kommres.dsl.source import Source
from kommres.dsl.syntax.format import format_text

HOW_TO = ROOT / "docs" / "how-to"
PAGES = {"en": "add-a-municipality.md", "ru": "add-a-municipality.ru.md"}
REGION = {
    path.name: path
    for name in ("petropavlovsk_*", "kamchatka_electricity*")
    for path in ROOT.glob(f"plugins/*/src/*/rules/regions/{name}")
}
# Descriptions, titles of examples and notes of citations are in the page's language.
PROSE = re.compile(r'^(\s+|example |module |.* unchecked )"[^"\n]*"', re.MULTILINE)


def shown(language: str) -> dict[str, str]:
    """Files of the folder ``rules`` that the page tells its reader to write."""
    text = (HOW_TO / PAGES[language]).read_text("utf-8")
    found = [(re.search(r"file=rules/(\S+)", info), body) for _, info, body in FENCE.findall(text)]
    return {at[1]: body for at, body in found if at}


@pytest.mark.parametrize("language", PAGES)
def test_it_writes_each_file_of_the_region_and_no_other(language):
    assert shown(language).keys() == REGION.keys()


@pytest.mark.parametrize("name", REGION)
def test_the_file_is_the_shipped_one(name, reset):
    written, shipped = shown("en")[name], REGION[name].read_bytes()
    if reset:
        page = HOW_TO / PAGES["en"]
        page.write_text(page.read_text("utf-8").replace(written, shipped.decode()), "utf-8")
    assert reset or written.encode() == shipped


@pytest.mark.parametrize("name", REGION)
def test_the_file_of_the_russian_page_says_the_same(name):
    russian, shipped = shown("ru")[name], REGION[name].read_text("utf-8")
    if Path(name).suffix == ".csv":
        assert russian == shipped
    else:
        written = Source(name=name, text=russian)
        assert PROSE.sub(r"\1", format_text(written, keywords="en")) == PROSE.sub(r"\1", shipped)
        assert format_text(written, keywords="ru") == russian, "its keywords are Russian"
