"""Words of explanations in English and Russian: one table, and values with units as each language writes them."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from fractions import Fraction
from typing import Final

from attrs import field, frozen

from kommres.dsl.keywords import AGGREGATE, FUNCTION, WORDS
from kommres.dsl.lookalike import mixes_alphabets
from kommres.dsl.quantity import decimals, exact, fixed, instant
from kommres.units import CURRENCIES

#: key -> (English, Russian); places in braces are filled by name.
TEXTS: Final[dict[str, tuple[str, str]]] = {
    "of_row": ("{row}, {month}: {name}", "{row}, {month}: {name}"),
    "charge": ("{name}: {value}", "{name}: {value}"),
    "service": ("service {service}, line {line}", "услуга {service}, строка {line}"),
    "no_line": ("{name}: no line, because {reason}", "{name}: начисления нет, так как {reason}"),
    "refused": ("{name}: refused, {code}: {message}", "{name}: отказ, {code}: {message}"),
    "withheld": (
        "not charged, because another line of the service is refused",
        "не начислено, так как по другой строке услуги отказано",
    ),
    "caused_by": ("caused by {row}", "причина: {row}"),
    "not_in_force": ("the charge is not in force in this period", "в этом периоде начисление не действует"),
    "volume": ("volume on the bill: {value}", "объём в счёте: {value}"),
    "price": ("price on the bill: {value}", "тариф в счёте: {value}"),
    "see_above": ("computed above", "расчёт приведён выше"),
    "base": ("general rule", "общее правило"),
    "exception": ("exception {name}", "исключение {name}"),
    "because": ("because {text}", "так как {text}"),
    "quoted": ("“{text}”", "«{text}»"),
    "of_module": ("module {module}", "модуль {module}"),
    "not_taken": ("not {name}: {reason}", "не {name}: {reason}"),
    "false": ("“{text}” does not hold ({values})", "не выполнено «{text}» ({values})"),
    "false_bare": ("“{text}” does not hold", "не выполнено «{text}»"),
    "mixed": ("{text} [mixes Latin and Cyrillic letters]", "{text} [вперемешку латинские и русские буквы]"),
    "before": ("holds from {day}", "действует с {day}"),
    "after": ("held until {day}", "действовало до {day}"),
    "suppressed": ("replaced or repealed by {by}", "заменено или отменено: {by}"),
    "beaten": ("gives way to {by}", "уступает: {by}"),
    "formula": ("= {text}", "= {text}"),
    "input": ("supplied", "исходные данные"),
    "not_supplied": ("not supplied", "не сообщено"),
    "input_month": ("supplied for {month}", "исходные данные за {month}"),
    "input_from": ("supplied, from {day}", "исходные данные, с {day}"),
    "plugin": ("function {origin} of {provider}", "функция {origin} из {provider}"),
    "override": ("set for this case", "задано для этого расчёта"),
    "charged": ("charged for {month}", "начислено за {month}"),
    "row_from": ("in force from {day}", "действует с {day}"),
    "row_until": ("until {day}", "до {day}"),
    "row_known": ("known from {day}", "известно с {day}"),
    "source": ("source: {source}", "источник: {source}"),
    "checked": ("checked", "сверено"),
    "checked_on": ("checked {day}", "сверено {day}"),
    "checked_where": ("checked {day}, {note}", "сверено {day}, {note}"),
    "unchecked": ("unchecked", "не сверено"),
    "unchecked_why": ("unchecked: {note}", "не сверено: {note}"),
    "unsaid": ("not said whether checked", "о сверке не указано"),
    "option_default": ("default", "по умолчанию"),
    "option_run": ("chosen for this calculation", "выбрано для этого расчёта"),
    "option_module": ("chosen by {module}", "выбрано модулем {module}"),
    "slice": ("{dates}, {days}", "{dates}, {days}"),
    "slice_of": ("{dates}, {days} of {month_days}", "{dates}, {days} из {month_days}"),
    "mean_days": ("mean over the days:", "среднее по дням:"),
    "left_out": ("left out", "не учитывается"),
    "nothing": ("there is none", "нет ни одного"),
    "intervals": ("{counted} of {count} intervals", "{counted} из {count} интервалов"),
    "total": ("their sum: {value}", "их сумма: {value}"),
    "least": ("least: {item}", "наименьшее: {item}"),
    "greatest": ("greatest: {item}", "наибольшее: {item}"),
    "more": ("and {count} more", "и ещё {count}"),
    "rounded": ("rounded to {step}", "округлено до {step}"),
    "absent": ("absent", "нет значения"),
    "yes": ("yes", "да"),
    "no": ("no", "нет"),
    "and": (" and ", " и "),
    "act": ("{title} ({name})", "{title} (далее {name})"),
    "cites": ("basis: {text}", "основание: {text}"),
    "past": ("for {month}", "за {month}"),
}

#: Russian spellings of units on bills; others stay as the rules write them.
_UNITS_RU: Final[dict[str, str]] = {
    "m": "м",
    "m2": "м²",
    "m3": "м³",
    "l": "л",
    "kg": "кг",
    "t": "т",
    "s": "с",
    "min": "мин",
    "h": "ч",
    "day": "сут.",
    "month": "мес.",
    "year": "год",
    "person": "чел.",
    "kW": "кВт",
    "kWh": "кВт·ч",
    "MW": "МВт",
    "MWh": "МВт·ч",
    "kvar": "квар",
    "kvarh": "квар·ч",
    "J": "Дж",
    "kJ": "кДж",
    "MJ": "МДж",
    "GJ": "ГДж",
    "Gcal": "Гкал",
    "Mcal": "Мкал",
    "kcal": "ккал",
    "W": "Вт",
    "MPa": "МПа",
    "kPa": "кПа",
    "Pa": "Па",
    "degC": "°C",
    "deltaC": "°C",
    "V": "В",
    "A": "А",
    "RUB": "руб.",
}

_MONTHS: Final = (
    ("January", "январь", "января"),
    ("February", "февраль", "февраля"),
    ("March", "март", "марта"),
    ("April", "апрель", "апреля"),
    ("May", "май", "мая"),
    ("June", "июнь", "июня"),
    ("July", "июль", "июля"),
    ("August", "август", "августа"),
    ("September", "сентябрь", "сентября"),
    ("October", "октябрь", "октября"),
    ("November", "ноябрь", "ноября"),
    ("December", "декабрь", "декабря"),
)

#: digits after the point of a number that never ends
_BEGUN: Final = 6
#: fractions below are shown as such, too
_PLAIN: Final = 1000


@frozen
class Wording:
    """Writes words, numbers, units and dates in one language (``en`` or ``ru``).

    ``units``: what rules call units in it; others have their usual spelling.
    """

    language: str
    units: Mapping[str, str] = field(factory=dict)

    @property
    def _column(self) -> int:
        return 1 if self.language == "ru" else 0

    def __call__(self, key: str, **parts: object) -> str:
        """Return a text of the table with its places filled."""
        return TEXTS[key][self._column].format(**parts)

    def function(self, name: str) -> str:
        """Return the name of a function or an aggregate of the language."""
        return self.keyword(name, FUNCTION, AGGREGATE)

    def keyword(self, word: str, *kinds: str) -> str:
        """Return a keyword of one of these kinds in the language; any other word as it is."""
        for kind in kinds:
            for keyword in WORDS[kind].get(word, ()):
                return keyword.ru if self.language == "ru" else keyword.en
        return word

    def unit(self, text: str) -> str:
        """Write a unit: ``m3/person/month`` is ``м³/чел./мес.``."""
        if text in {"", "number", "1"}:
            return ""
        usual = _UNITS_RU if self.language == "ru" else {}
        known = {**usual, **self.units}
        sign = "·" if self.language == "ru" else "*"
        return "/".join(sign.join(known.get(w, w) for w in part.split("*")) for part in text.split("/"))

    def number(self, value: int | Fraction, unit: str = "") -> str:
        """Write a number with its unit: exact, or begun and left open (``308.256629…``) where no decimal ends."""
        digits = decimals(value)
        if digits is None:
            scale: int = 10**_BEGUN
            begun = abs(value.numerator) * scale // value.denominator
            text = f"{self._point(fixed(Fraction(begun if value > 0 else -begun, scale), _BEGUN))}…"
            if value.denominator < _PLAIN and abs(value.numerator) < 10 * _PLAIN:
                text = f"{exact(value)} ({text})"
        elif unit in CURRENCIES:
            text = self._point(fixed(value, max(digits, 2)))
        else:
            text = self._point(exact(value))
        written = self.unit(unit)
        return f"{text} {written}" if written else text

    def _point(self, text: str) -> str:
        return text.replace(".", ",") if self.language == "ru" else text

    def day(self, number: int) -> str:
        """Write a day: ``16 January 2026``, ``16 января 2026``."""
        date = datetime.date.fromordinal(number)
        return f"{date.day} {_MONTHS[date.month - 1][2 if self._column else 0]} {date.year}"

    def month(self, number: int) -> str:
        """Write a month (``year * 12 + month - 1``): ``January 2026``, ``январь 2026``."""
        return f"{_MONTHS[number % 12][self._column]} {number // 12}"

    def span(self, start: int, end: int) -> str:
        """Write the days ``start .. end`` (exclusive): ``1–15 January 2026``, ``16 January 2026 – 3 February 2026``."""
        first, last = (datetime.date.fromordinal(number) for number in (start, end - 1))
        if first == last:
            return self.day(start)
        if (first.year, first.month) == (last.year, last.month):
            return f"{first.day}–{self.day(end - 1)}"
        return f"{self.day(start)} – {self.day(end - 1)}"

    def days(self, count: int) -> str:
        """Write a count of days in words: ``1 day``, ``3 дня``."""
        if self.language != "ru":
            return f"{count} day" if count == 1 else f"{count} days"
        if 11 <= count % 100 <= 14:
            return f"{count} дней"
        return f"{count} {('дней', 'день', 'дня', 'дня', 'дня', 'дней', 'дней', 'дней', 'дней', 'дней')[count % 10]}"

    def value(self, value: object, kind: str, unit: str = "") -> str:
        """Write any value of the language."""
        match value:
            case None:
                return self("absent")
            case bool():
                return self("yes" if value else "no")
            case str():
                return self("mixed", text=value) if mixes_alphabets(value) else value
            case int() | Fraction() if kind == "date":
                return self.day(int(value))
            case int() | Fraction() if kind == "instant":
                return instant(value)
            case int() | Fraction():
                return self.number(value, unit)
            case _:
                return str(value)
