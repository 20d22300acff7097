"""Words of bills in English and Russian, beside those of explanations."""

from __future__ import annotations

from typing import Final

from kommres.dsl.keywords import CITE
from kommres.dsl.problems import TITLES
from kommres.dsl.wording import Wording

#: key -> (English, Russian); places in braces are filled by name.
_TEXTS: Final[dict[str, tuple[str, str]]] = {
    "title": ("Calculation of charges for {month}", "Расчёт платы за {month}"),
    "total": ("Total", "Итого"),
    "nothing_charged": ("Nothing is charged.", "Начислений нет."),
    "col_service": ("Service", "Услуга"),
    "col_line": ("Line", "Строка"),
    "col_volume": ("Volume", "Объём"),
    "col_price": ("Price", "Цена"),
    "col_amount": ("Amount", "Сумма"),
    "by_periods": ("by periods, see below", "по периодам, см. ниже"),
    "base_line": ("charge", "плата"),
    "sum_of_lines": ("Sum of the lines: {sum}", "Сумма строк: {sum}"),
    "withheld": ("Not charged", "Не начислено"),
    "withheld_why": ("{service}: {reason}", "{service}: {reason}"),
    "withheld_line": ("line {line}", "строка {line}"),
    "withheld_cause": ("the cause is {row}", "причина: {row}"),
    "message": ("message {code}: {message}", "сообщение {code}: {message}"),
    "no_line": ("What is not charged, and why", "Что не начисляется и почему"),
    "no_service": ("{service}: {reason}", "{service}: {reason}"),
    "not_so": ("not so: {condition}", "не выполнено: {condition}"),
    "notes": ("Grounds", "Основания"),
    "acts": ("Acts", "Акты"),
    "act_line": ("{short}: {title}", "{title} (выше: «{short}»)"),
    "note_checked": ("text checked against the act on {day}", "текст сверен с актом {day}"),
    "note_open": ("text not checked against the act", "текст не сверен с актом"),
    "of_act": ("{place} of {act}", "{place} {act}"),
    "options": ("Chosen readings", "Выбранные толкования"),
    "why": ("Why so", "Почему так"),
    "why_so": ("{name}: {reason}", "{name}: {reason}"),
    "why_taken": ("taken: {name}", "применено: {name}"),
    "why_not": ("not applied: {name}: {reason}", "не применено: {name}: {reason}"),
    "by_general": ("general rule", "общее правило"),
    "by_exception": ("exception {name}", "исключение {name}"),
    "table_row": ("in force from {start}", "действует с {start}"),
    "table_until": ("until {until}", "до {until}"),
    "table_key": ("for {keys}", "строка «{keys}»"),
    "from_table": ("table value", "по таблице"),
    "read_in": ("Where it was read", "Где прочитано"),
    "set_here": ("set for this calculation", "задано для этого расчёта"),
    "in_month": ("for {month}", "за {month}"),
    "mean": ("mean over the days of {text}", "среднее по дням: {text}"),
    "slices_of": ("by periods: {text}", "по периодам: {text}"),
    "sum_of": ("sum of {text} by {source}", "сумма ({text}) по: {source}"),
    "count_of": ("number of {source}", "количество: {source}"),
    "other_of": ("{function} of {text} by {source}", "{function} ({text}) по: {source}"),
    "aggregate_of": ("{function} by {source}", "{function} по: {source}"),
    "ladder": ("{volume} by steps of price", "{volume} по ступеням цены"),
    "item": ("{name}: {text}", "{name}: {text}"),
    "left_out_item": ("{name}: not counted", "{name}: не учитывается"),
    "no_items": ("there is none", "нет ни одного"),
    "no_more": ("the others add nothing", "остальные ничего не добавляют"),
    "more_items": ("and {count} more", "и ещё {count}"),
    "intervals_of": ("{counted} of {count} intervals", "{counted} из {count} интервалов"),
    "given": ("{text} is given", "известно: {text}"),
    "smaller": ("the smaller of", "меньшее из"),
    "greater": ("the greater of", "большее из"),
    "of_row": ("{text} ({row})", "{text} ({row})"),
    "slice_months": ("part of the month", "доля месяца"),
    "slice_days": ("days of the period", "дней периода"),
    "slice_start": ("beginning of the period", "начало периода"),
    "slice_end": ("end of the period", "конец периода"),
    "period_months": ("the month", "месяц"),
    "period_days": ("days of the month", "дней месяца"),
    "period_start": ("beginning of the month", "начало месяца"),
    "period_end": ("end of the month", "конец месяца"),
    "period_day": ("the day", "день"),
    "field_from": ("beginning", "начало"),
    "field_to": ("end", "конец"),
    "charged_before": ("charged: {text}", "начислено ранее: {text}"),
    "steps": ("Calculation", "Расчёт"),
    "details": ("Details", "Подробности"),
    "year_title": ("Charges of {row}", "Начисления: {row}"),
}

#: Russian words of citations, as bills abbreviate them.
_CITES_RU: Final = {
    "annex": "прил.",
    "section": "разд.",
    "article": "ст.",
    "part": "ч.",
    "clause": "п.",
    "item": "подп.",
    "formula": "формула",
    "table": "табл.",
    "paragraph": "абз.",
}
#: The same of several; others are abbreviated alike.
_CITES_SEVERAL_RU: Final = {"formula": "формулы"}

#: Russian titles of problems; English ones stand with the problems.
_PROBLEMS_RU: Final = {
    "D0101": "нет обязательного значения",
    "D0102": "значение не читается",
    "D0103": "значение вне допустимых границ",
    "D0104": "значение не кратно своему шагу",
    "D0105": "значение не из перечня",
    "D0106": "значение известно не на все дни",
    "D0107": "невозможная дата или время",
    "D0108": "нет значения за прошлый месяц",
    "D0109": "нет значения за интервал",
    "D0110": "сутки часового пояса не делятся на интервалы",
    "D0201": "в таблице нет такого ключа",
    "D0202": "в таблице нет значения на эту дату",
    "D0203": "таблица не заполнена на эту дату",
    "D0204": "деление на ноль",
    "D0205": "календарь не заполнен на эту дату",
    "D0206": "функция не имеет значения для этих данных",
    "D0301": "действуют два исключения сразу",
    "D0302": "не действует ни одно определение",
    "D0303": "правило не действует на эту дату",
    "D0401": "отрицательный результат",
    "D0402": "часть больше целого",
    "D0403": "нельзя выбрать одну строку из нескольких",
    "D0404": "периоды пересекаются",
    "D0405": "используется отсутствующее значение",
    "D0406": "результат вне допустимых границ",
    "D0407": "сумму нельзя записать точно",
    "D0408": "функция не сработала",
    "D0409": "слишком длинное число",
    "D0410": "в промежутке слишком много дней",
    "D0501": "у строки нет номера",
    "D0502": "номер встречается дважды",
    "D0503": "нет строки, к которой относится эта",
    "D0504": "нет владельца строки",
    "D0505": "строку таблицы нельзя использовать",
    "D0506": "в строке файла не столько полей, сколько в заголовке",
    "D0507": "у интервала два значения",
    "D0508": "время не попадает на границу интервала",
    "D0509": "в списке не столько значений, сколько интервалов",
}


class Words(Wording):
    """Writes words, numbers, units and dates of bills in one language (``en`` or ``ru``)."""

    def __call__(self, key: str, **parts: object) -> str:
        """Return a text of the tables with its places filled."""
        return _TEXTS[key][self._column].format(**parts) if key in _TEXTS else super().__call__(key, **parts)

    def cite_word(self, word: str, *, several: bool = False) -> str:
        """Return a word of a citation: ``clause``, ``п.``."""
        if self.language != "ru":
            return self.keyword(word, CITE)
        return _CITES_SEVERAL_RU.get(word, _CITES_RU[word]) if several else _CITES_RU[word]

    def problem(self, code: str) -> str:
        """Return the title of a problem."""
        return _PROBLEMS_RU.get(code, "") if self.language == "ru" else TITLES.get(code, "")

    def month_of(self, number: int) -> str:
        """Write a month behind "for": ``январь 2026 года``."""
        return f"{self.month(number)} года" if self.language == "ru" else self.month(number)
