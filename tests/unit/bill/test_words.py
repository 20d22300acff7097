"""Words of bills: nothing is missing in Russian, citations as each language writes them."""

import pytest

from kommres.bill.clauses import Notes
from kommres.bill.markdown import escaped
from kommres.bill.words import Words
from kommres.dsl.bound.nodes import Citation, Titles
from kommres.dsl.keywords import CITE, WORDS
from kommres.dsl.problems import TITLES

NAMES = Titles({("ru", "", ("act", "pp")): "Правила от 01.02.2020", ("ru", "of", ("act", "pp")): "Правил № 1"})


def test_every_problem_has_a_russian_title():
    words = Words("ru")
    assert [code for code in TITLES if not words.problem(code)] == []
    assert Words("en").problem("D0101") == TITLES["D0101"]


def test_every_word_of_citations_has_a_russian_form():
    words = Words("ru")
    parts = {keyword.en for found in WORDS[CITE].values() for keyword in found if keyword.token == "CITE"}
    assert all(words.cite_word(word) for word in parts)


def place(language, *parts, status="unchecked", checked=""):
    notes = Notes(words=Words(language), titles=NAMES)
    citation = Citation(act="pp", act_title="Rules of 2020", parts=parts, status=status, checked=checked)
    assert notes.number([citation, citation]) == (1,)
    return notes.notes[0].text


@pytest.mark.parametrize(
    ("parts", "russian", "english"),
    [
        ((("clause", "42"),), "п. 42 Правил № 1", "clause 42 of pp"),
        (
            (("clause", "42"), ("annex", "2"), ("formula", "4")),
            "п. 42 Правил № 1, формула 4 прил. 2",
            "clause 42 of pp, annex 2 formula 4",
        ),
        (
            (("annex", "2"), ("formula", "1"), ("formula", "4")),
            "формулы 1, 4 прил. 2 Правил № 1",
            "annex 2 formula 1, 4 of pp",
        ),
        ((("article", "155"), ("part", "14")), "ч. 14 ст. 155 Правил № 1", "article 155 part 14 of pp"),
        ((("clause", "5"), ("item", "а")), "подп. а п. 5 Правил № 1", "clause 5 item а of pp"),
        ((), "Правила от 01.02.2020", "Rules of 2020"),
    ],
)  # fmt: skip
def test_places(parts, russian, english):
    assert place("ru", *parts) == f"{russian}: текст не сверен с актом"
    assert place("en", *parts) == f"{english}: text not checked against the act"


def test_a_checked_citation_says_when():
    text = place("ru", ("clause", "1"), status="checked", checked="2026-11-20")
    assert text == "п. 1 Правил № 1: текст сверен с актом 20 ноября 2026"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a*b_c", r"a\*b\_c"),
        ("1. one", r"1\. one"),
        ("- x", r"\- x"),
        ("a\n# b", r"a \# b"),
        ("3,5 м³", "3,5 м³"),
        ("<b>&|", r"\<b\>\&\|"),
    ],
)
def test_markdown_is_escaped(text, shown):
    assert escaped(text) == shown


def test_rules_name_their_units():
    assert Words("ru", {"bucket": "ведро"}).unit("RUB/bucket") == "руб./ведро"
    assert Words("de", {"bucket": "Eimer"}).unit("m3/bucket") == "m3/Eimer"
    assert Words("en").unit("RUB/bucket*m") == "RUB/bucket*m"
