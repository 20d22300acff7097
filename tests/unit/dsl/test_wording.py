import re
from fractions import Fraction

import pytest

from kommres.dsl.wording import TEXTS, Wording

EN, RU = Wording("en"), Wording("ru")


@pytest.mark.parametrize("key", sorted(TEXTS))
def test_both_languages_fill_the_same_places(key):
    english, russian = (set(re.findall(r"\{(\w+)\}", text)) for text in TEXTS[key])
    assert english == russian


def test_numbers():
    assert EN.number(Fraction("9.49"), "m3/person/month") == "9.49 m3/person/month"
    assert RU.number(Fraction("9.49"), "m3/person/month") == "9,49 м³/чел./мес."
    assert EN.number(Fraction("637.1"), "RUB") == "637.10 RUB"
    assert RU.number(637, "RUB") == "637,00 руб."
    assert RU.number(Fraction(37, 3)) == "37/3 (12,333333…)"
    assert EN.number(Fraction(-19_111_911, 62_000), "RUB") == "-308.256629… RUB"


@pytest.mark.parametrize(
    ("count", "text"), [(1, "1 день"), (2, "2 дня"), (5, "5 дней"), (11, "11 дней"), (21, "21 день"), (112, "112 дней")]
)
def test_russian_days(count, text):
    assert RU.days(count) == text


def test_dates():
    assert EN.day(737_425) == "1 January 2020"
    assert RU.day(737_425) == "1 января 2020"
    assert RU.month(2026 * 12) == "январь 2026"


def test_values():
    assert RU.value(True, "yes_no") == "да"
    assert EN.value(None, "number", "m3") == "absent"
    assert EN.value("gas", "enum") == "gas"


def test_a_word_of_two_alphabets_is_pointed_at():
    assert Wording("en").value("tv\u0435r", "id") == "tv\u0435r [mixes Latin and Cyrillic letters]"
    assert Wording("ru").value("тверь", "id") == "тверь"
