"""Laws of the syntax stage: nothing is raised for any text; formatting and translating keep the tree."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from kommres.dsl import render
from kommres.dsl.diagnostics import Diagnostics
from kommres.dsl.keywords import KEYWORDS
from kommres.dsl.limits import Limits
from kommres.dsl.source import Source
from kommres.dsl.syntax.format import format_text
from kommres.dsl.syntax.from_text import parse, parse_bytes
from kommres.dsl.syntax.show import show

if TYPE_CHECKING:
    from kommres.dsl.syntax.nodes import ModuleTree

ROOT = Path(__file__).parents[2]
SAMPLES = re.findall(r"```text\n(.*?)```", (ROOT / "docs/reference/language.md").read_text(encoding="utf-8"), re.DOTALL)
PROGRAMS = [*SAMPLES, *(path.read_text(encoding="utf-8") for path in sorted(ROOT.glob("src/**/*.kmr"))[:20])]
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))

words = st.sampled_from(
    [
        *sorted({w for k in KEYWORDS for w in (k.en, k.ru)}),
        "a",
        "x.from",
        "период.дней",
        "цена",
        "1",
        "0.5",
        "2025-01-01",
        "2025-12",
        "05:00",
        '"t"',
        "m3",
        "_",
        "RUB/m3",
        "%",
        "(",
        ")",
        "[",
        "]",
        ",",
        ":",
        "=",
        "+",
        "-",
        "*",
        "/",
        "..",
        "<",
        ">=",
        "\n",
        "\n    ",
        "\n        ",
        "# c\n",
    ]
)


def read(text: str) -> tuple[ModuleTree, Diagnostics]:
    out = Diagnostics()
    tree = parse(Source(name="t", text=text), out, Limits(errors=10))
    return tree, out


def laws(text: str) -> None:
    """What holds for every text."""
    tree, out = read(text)
    render.pictures(out.items)
    show(tree)
    if out.items:
        return
    formatted = format_text(Source(name="t", text=text))
    assert format_text(Source(name="t", text=formatted)) == formatted
    assert read(formatted)[0] == tree
    russian = format_text(Source(name="t", text=formatted), "ru")
    assert read(russian)[0] == tree
    english = format_text(Source(name="t", text=russian), "en")
    assert english == format_text(Source(name="t", text=formatted), "en")
    assert format_text(Source(name="t", text=english), "ru") == russian


@QUICK
@given(st.text())
def test_any_text(text: str) -> None:
    laws(text)


@QUICK
@given(st.binary())
def test_any_bytes(data: bytes) -> None:
    out = Diagnostics()
    parse_bytes(data, "t", out)
    render.pictures(out.items)


@settings(QUICK, max_examples=200)
@given(st.lists(words, max_size=40).map(" ".join))
def test_any_words(text: str) -> None:
    laws(text)


@settings(QUICK, max_examples=200)
@given(
    st.sampled_from(
        [
            "rule a of b: m3 = ",
            "param p: m3\n    from ",
            "charge c of d: RUB\n    volume ",
            'example "e" on 2025-01\n    given ',
        ]
    ),
    st.lists(words, max_size=20).map(" ".join),
)
def test_words_in_an_item(start: str, text: str) -> None:
    laws(start + text)


@settings(QUICK, max_examples=200)
@given(st.data())
def test_mutated_programs(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(PROGRAMS))
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        length = data.draw(st.integers(0, 12))
        new = data.draw(st.one_of(words, st.just(""), st.text(max_size=3)))
        text = text[:start] + new + text[start + length :]
    laws(text)


@settings(QUICK, max_examples=80)
@given(st.data())
def test_blanks_do_not_matter(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(PROGRAMS))
    places = [m.start() for m in re.finditer(r"(?<=\S) (?=\S)", text)]
    assume(places)
    for place in sorted(data.draw(st.sets(st.sampled_from(places), max_size=8)), reverse=True):
        text = text[:place] + "   " + text[place:]
    laws(text)
