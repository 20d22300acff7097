"""Bills for people: whole documents, and what holds for each of them.

``bills/village.kmr`` and ``bills/case.json`` are the rules and the data; beside them stand the documents
(``pytest --reset`` writes them).
"""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.shipped import shipped as load_shipped

from kommres.bill.compose import compose
from kommres.bill.making import explain_bill
from kommres.dsl.backends.interpreter import Interpreter
from kommres.dsl.case import rows_from_example
from kommres.dsl.evaluate import evaluate
from kommres.dsl.explain import traced_charges
from kommres.dsl.program import load
from kommres.dsl.trace import Trace
from kommres.errors import UsageError
from kommres.period import Month

if TYPE_CHECKING:
    from kommres.bill.document import Document, Step
    from kommres.dsl.program import Program

FOLDER = Path(__file__).parent / "bills"
CASE = (FOLDER / "case.json").read_text(encoding="utf-8")
HOSTILE = "14 «б» <script>"
ROWS = ("12", "13", HOSTILE)


@pytest.fixture(scope="module")
def program() -> Program:
    return load(FOLDER / "village.kmr")


def bill(program: Program, row: str = "12", language: str = "ru", **settings: Any) -> Document:
    return explain_bill(program, CASE, "2026-01", row=row, language=language, **settings)


@pytest.mark.parametrize(
    ("name", "row", "language", "form", "details"),
    [
        ("slices.ru.txt", "12", "ru", "text", False),
        ("slices.en.txt", "12", "en", "text", False),
        ("meter.ru.details.txt", "13", "ru", "text", True),
        ("meter.en.details.txt", "13", "en", "text", True),
        ("hostile.ru.md", HOSTILE, "ru", "markdown", False),
        ("meter.ru.md", "13", "ru", "markdown", True),
        ("hostile.ru.html", HOSTILE, "ru", "html", True),
        ("slices.en.html", "12", "en", "html", True),
    ],
)
def test_document(program: Program, name: str, row: str, language: str, form: str, details: bool, reset: bool) -> None:
    text = bill(program, row, language).written(form, details=details)
    if reset:
        (FOLDER / name).write_text(text, encoding="utf-8")
    assert text == (FOLDER / name).read_text(encoding="utf-8")


def test_data(program: Program, reset: bool) -> None:
    text = json.dumps(bill(program).data, ensure_ascii=False, indent=1) + "\n"
    if reset:
        (FOLDER / "slices.ru.json").write_text(text, encoding="utf-8")
    assert text == (FOLDER / "slices.ru.json").read_text(encoding="utf-8")


# --- what holds for every bill ---------------------------------------------------------------------------------


@pytest.mark.parametrize("row", ROWS)
def test_lines_add_up_to_services_and_services_to_the_total(program: Program, row: str) -> None:
    data: Any = bill(program, row).data
    for service in data["services"]:
        (total,) = service["total"]
        assert sum(Decimal(line["amount"]) for line in service["lines"]) == Decimal(total["amount"])
    services = [Decimal(total["amount"]) for service in data["services"] for total in service["total"]]
    assert sum(services) == Decimal(data["total"][0]["amount"])
    charged: Any = evaluate(program, CASE, "2026-01")["charges"]
    assert {f"{line['module']}.{line['charge']}": line["amount"] for s in data["services"] for line in s["lines"]} == {
        line["charge"]: line["amount"] for line in charged if line["row"] == row
    }


def steps(document: Document) -> list[Step]:
    return [step for section in document.sections for top in section.steps for step in top.walk()]


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("language", ["en", "ru"])
def test_grounds_are_numbered_as_they_are_named(program: Program, row: str, language: str) -> None:
    document = bill(program, row, language)
    named = [number for step in steps(document) for number in step.notes]
    assert set(named) == {note.number for note in document.notes} == set(range(1, len(document.notes) + 1))


@pytest.mark.parametrize("row", ROWS)
def test_page_is_well_formed_and_needs_nothing_from_outside(program: Program, row: str) -> None:
    page = bill(program, row).html
    tree = ET.fromstring(page.removeprefix("<!DOCTYPE html>"))
    assert tree.attrib["lang"] == "ru"
    targets = [link.attrib["href"] for link in tree.iter("a")]
    assert targets
    assert set(targets) <= {f"#{item.attrib['id']}" for item in tree.iter("li") if "id" in item.attrib}
    assert not {element.tag for element in tree.iter()} & {"script", "link", "img", "iframe"}
    assert not re.search(r"https?:|url\(|@import", page)
    assert row in "".join(tree.itertext())


def test_no_sign_of_the_data_means_anything_to_markdown(program: Program) -> None:
    case = {"house": {"town": "berezovka"}, "flat": {"id": "*a* [b](c) | `d` <e>", "residents": 0, "area": 1,
            "can_install": False, "gas_pipe": False}}  # fmt: skip
    text = explain_bill(program, case, "2026-01").markdown
    assert r"\*a\* \[b\](c) \| \`d\` \<e\>" in text
    assert "[b](c)" not in text.replace(r"\[b\](c)", "")


def test_everything_is_called_as_the_rules_call_it(program: Program) -> None:
    text = bill(program, "13").text
    assert "объём (по показаниям) = показания / месяц = 3,5 м³ / 1 мес. = 3,5 м³/мес." in text
    assert "способ определения объёма: по показаниям прибора" in text
    assert "ч. 2 ст. 7 Правил деревни: текст сверен с актом 20 ноября 2026" in text
    assert not re.search(r"residents|metered|by_reading|tariff", text)


ZONES = """\
module town.power
enum zone: day, night, peak
    called ru day = "день", night = "ночь", peak = "пик"
entity flat
    called ru "квартира"
input used(zone) of flat: kWh
    called ru "расход"
param price by zone: RUB/kWh
    called ru "цена"
    always  day = 6  night = 2  peak = 9
rule amount(zone) of flat: RUB
    called ru "плата по зоне"
    = round(used(zone) * price[zone], 0.01)
charge power of flat: RUB
    service "power"
    = sum of amount(z) for z in zone
"""


@pytest.mark.parametrize(
    ("used", "lines"),
    [
        (
            {"day": 10, "night": 0, "peak": 0},
            [
                "плата = плата по зоне (день) = 60,00 руб.",
                "плата по зоне (день) = расход (день) × цена = 10 кВт·ч × 6 руб./кВт·ч = 60,00 руб.",
                "цена = 6 руб./кВт·ч",
            ],
        ),
        (
            {"day": 10, "night": 5, "peak": 0},
            [
                "плата = сумма (плата по зоне) по: день, ночь, пик = 60,00 руб. + 10,00 руб. = 70,00 руб.",
                "Подробности",
                "день: 60,00 руб.",
                "плата по зоне (день) = расход (день) × цена = 10 кВт·ч × 6 руб./кВт·ч = 60,00 руб.",
                "цена = 6 руб./кВт·ч",
                "ночь: 10,00 руб.",
                "плата по зоне (ночь) = расход (ночь) × цена = 5 кВт·ч × 2 руб./кВт·ч = 10,00 руб.",
                "цена = 2 руб./кВт·ч",
                "остальные ничего не добавляют",
            ],
        ),
    ],
)
def test_a_sum_tells_what_adds_something(tmp_path: Path, used: dict[str, int], lines: list[str]) -> None:
    (tmp_path / "power.kmr").write_text(ZONES, encoding="utf-8")
    document = explain_bill(load(tmp_path), {"flat": {"id": "1", "used": used}}, "2026-01", language="ru")
    assert [step.text.partition(": по таблице")[0] for step in steps(document.trimmed())] == lines


# --- what is not charged ---------------------------------------------------------------------------------------


def test_a_refused_service_is_withheld_and_says_why(program: Program) -> None:
    case: Any = json.loads(CASE)
    case["house"]["town"] = "sosnovka"
    document = explain_bill(program, case, "2026-01", row="12", language="ru")
    text = document.written(details=True)
    assert "Не начислено\n  Холодное водоснабжение: в таблице нет такого ключа: норматив потребления\n" in text
    assert 'сообщение D0201: norm has no town = "sosnovka"' in text
    withheld: Any = document.data["withheld"]
    assert [item["service"] for item in withheld] == ["cold_water", "heat"]
    assert {"code": "D0201", "field": "norm"}.items() <= withheld[0]["refused"][0].items()
    total: Any = document.data["total"]
    assert total[0]["amount"] == "1052.44"


def test_a_missing_value_is_called_by_its_name_and_its_row(program: Program) -> None:
    case: Any = json.loads(CASE)
    del case["flat"][1]["area"]
    text = explain_bill(program, case, "2026-01", row="12", language="ru").text
    assert "Отопление: нет обязательного значения: площадь\n    причина: помещение 13\n" in text


def test_an_account_without_charges(program: Program) -> None:
    document = bill(program, service="gas")
    assert document.table is None
    assert document.total == ""
    assert document.text == (
        "Расчёт платы за январь 2026 года\nпомещение 12, дом 1\n\nНачислений нет.\n\n"
        "1. Что не начисляется и почему\n  Газоснабжение, плата: не выполнено: «газ подведён»\n"
    )


# --- which bill ------------------------------------------------------------------------------------------------


def test_one_service_and_one_line(program: Program) -> None:
    data: Any = bill(program, service="cold_water", line="raising").data
    assert [line["line"] for service in data["services"] for line in service["lines"]] == ["raising"]
    assert data["total"] == [{"amount": "411.75", "unit": "RUB"}]


def test_a_chosen_reading_is_told(program: Program) -> None:
    document = bill(program, options={"rest": "dropped"})
    assert document.heading[1] == "Выбранные толкования: остаток дома = не распределяется"


@pytest.mark.parametrize(
    ("settings", "code", "words"),
    [
        ({"row": "21"}, "U0306", "no row '21' is charged: the case has 12, 13"),
        ({"row": "1 3"}, "U0306", "did you mean '13'?"),
        ({"row": None}, "U0306", "several rows of the case are charged"),
        ({"service": "light"}, "U0307", "services of flat are cold_water"),
        ({"service": "lift", "line": "raising"}, "U0307", "the lines are base, away"),
    ],
)
def test_what_is_not_there(program: Program, settings: dict[str, Any], code: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        bill(program, **({"row": "12"} | settings))
    assert caught.value.code == code
    assert words in str(caught.value)


def test_no_such_form(program: Program) -> None:
    with pytest.raises(UsageError, match="text, markdown or html"):
        bill(program).written("pdf")


@pytest.mark.parametrize("row", ROWS)
def test_without_details_grounds_are_numbered_anew(program: Program, row: str) -> None:
    shown = bill(program, row).trimmed()
    named = list(dict.fromkeys(number for step in steps(shown) for number in step.notes))
    assert named == [note.number for note in shown.notes] == list(range(1, len(named) + 1))
    assert not any(step.folded for step in steps(shown))


# --- shipped rules ---------------------------------------------------------------------------------------------


def test_examples_of_the_shipped_rules_can_be_told() -> None:
    shipped = load_shipped()
    # A part of them, from all modules: a bill of all services takes a while.
    for place, example in enumerate(shipped.bound.examples[::9]):
        month = Month.of(*example.month)
        trace = Trace(month.number)
        interpreter = Interpreter(
            shipped.plan,
            month,
            known_at=example.known,
            options=dict(example.options),
            overrides=example.overrides,
            hook=trace,
        )
        charged = {charge.rule.entity.name for charge in shipped.plan.charges}
        row = next((row for row in rows_from_example(shipped.plan, example) if row.entity in charged), None)
        if row is None:
            continue
        calls = traced_charges(interpreter, trace, row)
        language = "ru" if place % 2 else "en"
        told = compose(calls, shipped.plan, row, month=month, language=language, chosen=dict(example.options))
        ET.fromstring(told.html.removeprefix("<!DOCTYPE html>"))
        assert told.text.startswith(told.title)
        total: Any = told.data["total"]
        if not any(call.problem for call in calls):
            amounts: list[Any] = [call.outcome for call in calls if call.applies is not False]
            assert sum(Fraction(item["amount"]) for item in total) == sum(amounts), example.title
