"""English and Russian spellings of every word of the language: the only table.

A row belongs to a *kind*: the context in which its word is a keyword. Outside that context the same letters are a
plain name, so ``volume``, ``line`` or ``событие`` stay free for authors. One English word may have several tokens
(``of`` in a declaration is ``у``, after an aggregate word ``от``); the context picks the token. Inside a kind each
spelling occurs once, therefore English -> Russian -> English gives the same bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator

Language = Literal["en", "ru"]

ITEM = "item"  # first word of an item
LINE = "line"  # first word of a line in a block
CHARGE = "charge"  # first word of a line in the block of a charge
THING = "thing"  # first word of a line under `called`: what is named there
PLACE = "place"  # known by its neighbours: after `at`, after `sum over`, before a number, ...
RESERVED = "reserved"  # everywhere except after a dot and directly before `=` or `:`
AGGREGATE = "aggregate"  # before `of`, `over` or (count) `for`
ATTRIBUTE = "attribute"  # after a comma behind a type
SOURCE = "source"  # after `for x in`
CITE = "cite"  # on a `cites` line
TYPE = "type"  # directly after `:` of a declaration
FUNCTION = "function"  # directly before `(`
MODE = "mode"  # last argument of round()
ROOT = "root"  # before `.`
MEMBER = "member"  # after `period.` and `slice.`


@frozen
class Keyword:
    """One word: its terminal of the grammar, both spellings, and where it is a keyword."""

    token: str
    en: str
    ru: str
    kind: str

    def spelling(self, language: Language) -> str:
        """Return the word as it is written in a language."""
        return self.en if language == "en" else self.ru


_TABLE = """
item MODULE module модуль
item SPEC spec проверка
item USE use использует
item APPLIES applies действует
item ACT act акт
item UNIT_ITEM unit единица
item ENTITY entity объект
item ENUM enum перечень
item INPUT input вход
item EVENT event событие
item SERIES series ряд
item FUNCTION function функция
item CALENDAR calendar календарь
item OPTION option выбор
item PARAM param параметр
item RULE rule правило
item CHARGE charge начисление
item AMEND in в
item EXAMPLE example пример
item CALLED called называется

line CITES cites основание
line FROM from с
line COMPLETE complete полно
line ALWAYS always всегда
line EXCEPT except кроме
line REPLACE replace заменить
line REPEAL repeal отменить
line GIVEN given дано
line EXPECT expect ожидается
line CALLED called называется
line OPTION option выбор

charge SERVICE service услуга
charge LINE line строка
charge VOLUME volume объём
charge PRICE price цена

thing SERVICE service услуга
thing LINE line строка
thing UNIT_ITEM unit единица

place START start началу
place END end концу
place SLICES slices отрезкам
place DAYS days дням
place MONTHS months месяцев
place FIRST_N first первые
place LAST_N last последние
place KNOWN known известно
place DEFAULT default умолчание
place REFUSED refused отказ
place NONE none нет_строки
place AT at к
place CHARGED charged начислено
place SPAN_MONTH month месяц
place SPAN_YEAR year год
place OVER_EACH over по

reserved WHEN when когда
reserved OF of у
reserved OF_EACH of от
reserved AS as как
reserved OR or или
reserved AND and и
reserved NOT not не
reserved HAS has есть
reserved BY by по
reserved FROM from с
reserved FROM_FILE from из
reserved UNTIL until до
reserved OVER over над
reserved IN in в
reserved IF if если
reserved THEN then то
reserved OTHERWISE otherwise иначе
reserved ELSE else либо
reserved FOR for для
reserved WHERE where где
reserved ON on на
reserved SPREAD spread распределено
reserved YES yes да
reserved NO no нет
reserved ABSENT absent отсутствует

aggregate SUM sum сумма
aggregate COUNT count количество
aggregate MIN min наименьшее
aggregate MAX max наибольшее
aggregate MEAN mean среднее
aggregate ANY any любой
aggregate ALL all все
aggregate FIRST first первый
aggregate LAST last последний

attribute STEP step шаг
attribute OPTIONAL optional необязательно
attribute VARIES varies меняется
attribute HISTORY history история
attribute SIGNED signed знаковый
attribute EVERY every каждые
attribute LABEL label метка
attribute OVER_SPAN over за
attribute ZONE zone пояс
attribute ROUND round округлить

source NAME days дни
source NAME months месяцы

cite CITE annex приложение
cite CITE section раздел
cite CITE article статья
cite CITE part часть
cite CITE clause пункт
cite CITE item подпункт
cite CITE formula формула
cite CITE table таблица
cite CITE paragraph абзац
cite CHECKED checked сверено
cite UNCHECKED unchecked несверено

type TYPE number число
type TYPE date дата
type TYPE instant момент
type TYPE id код
type TYPE yes/no да/нет

function NAME round округлить
function NAME floor вниз
function NAME ceil вверх
function NAME whole целых
function NAME steps шагов
function NAME min мин
function NAME max макс
function NAME clamp в_пределах
function NAME abs модуль
function NAME share доля
function NAME tiers ступенями
function NAME hours часов
function NAME days дней
function NAME days_between дней_между
function NAME full_days_between полных_дней_между
function NAME months_since месяцев_с
function NAME month_start начало_месяца
function NAME month_end конец_месяца
function NAME next_working_day рабочий_день
function NAME day_of_week день_недели
function NAME year год
function NAME month месяц
function NAME date_of дата
function NAME hour_of_day час_суток
function NAME is_working_day это_рабочий_день
function NAME clip обрезать
function NAME union объединить
function NAME merge слить
function NAME daily ежедневно
function NAME split разрезать
function NAME worst худшее
function NAME apart порознь
function NAME covering в_этот_день

mode NAME half_up половина_вверх
mode NAME half_even половина_к_чётному
mode NAME up от_нуля
mode NAME down к_нулю
mode NAME ceiling вверх
mode NAME floor вниз

root NAME period период
root NAME slice отрезок

member NAME start начало
member NAME end конец
member NAME days дней
member NAME months месяцев
"""


def _rows() -> Iterator[Keyword]:
    for row in _TABLE.splitlines():
        if row:
            kind, token, en, ru = row.split()
            yield Keyword(token, en, ru, kind)


KEYWORDS: tuple[Keyword, ...] = tuple(_rows())


def _by_word() -> dict[str, dict[str, tuple[Keyword, ...]]]:
    found: dict[str, dict[str, tuple[Keyword, ...]]] = {}
    for keyword in KEYWORDS:
        words = found.setdefault(keyword.kind, {})
        for word in (keyword.en, keyword.ru):
            words[word] = (*words.get(word, ()), keyword)
    return found


#: kind -> word of either language -> its keywords (several only where one spelling has several tokens).
WORDS = _by_word()

#: Words that are a keyword somewhere.
ALL_WORDS = frozenset(word for words in WORDS.values() for word in words)

#: Words that are reserved wherever a name may stand.
RESERVED_WORDS = frozenset(WORDS[RESERVED])


def lookup(kind: str, word: str) -> Keyword | None:
    """Return the keyword that ``word`` is in a context, or None."""
    found = WORDS[kind].get(word)
    return found[0] if found else None


def is_word(token: str, word: str) -> bool:
    """Whether ``word`` is a spelling of a terminal, in either language and any context."""
    return word in _SPELLINGS.get(token, ())


def _spellings() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for keyword in KEYWORDS:
        found.setdefault(keyword.token, set()).update((keyword.en, keyword.ru))
    return {token: frozenset(words) for token, words in found.items()}


_SPELLINGS = _spellings()


def spellings(token: str) -> tuple[str, ...]:
    """All spellings of a terminal, in both languages, sorted."""
    return tuple(sorted(_SPELLINGS[token]))
