"""Bills of a small program: what things are called in them, and what stands in their details."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kommres.bill.making import explain_bill
from kommres.dsl.program import load
from kommres.run import run
from kommres.run.explain import bill_of_run

if TYPE_CHECKING:
    from pathlib import Path

    from kommres.dsl.program import Program

RULES = """module village

called ru
    service "light" = "Освещение"

entity house
    called ru "дом"
entity flat of house
    called ru "квартира"
enum stove: gas, electric
    called ru gas = "газовая плита", electric = "электроплита"
enum resource: gas, water
    called ru gas = "газ", water = "вода"

input cooks of flat: stove
    called ru "плита"
input used(resource) of flat: number, step 1, 0..100
    called ru "показания"
input rooms of flat: number, step 1, 1..9
    called ru "комнаты"
param tariff by cooks: RUB from "tariff.csv"
    called ru "тариф"

rule large of house: number
    called ru "больших квартир"
    = sum of rooms for p in flat where rooms > 8
rule burnt(resource) of flat: number
    called ru "расход"
    = used(resource)
    except gas when resource = gas
        called ru "газ"
        = used(resource) * 2
rule factor of flat: number
    called ru "доля"
    = 2
    except cheap when cooks = gas
        called ru "дешёвая"
        = rooms / 4

charge light of flat: RUB
    = sum over slices round(tariff[cooks] * slice.months / 1 month * factor * burnt(gas) + house.large * 1 RUB, 0.01)
"""
TABLE = "cooks,from,value,source\ngas,2026-01-01,3.50,the printed book\n"


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    folder: Path = tmp_path_factory.mktemp("rules")
    (folder / "village.kmr").write_text(RULES, encoding="utf-8")
    (folder / "tariff.csv").write_text(TABLE, encoding="utf-8")
    return load(folder)


def told(program: Program, *, details: bool = False, **values: Any) -> str:
    row = {"id": "1", "cooks": "gas", "rooms": 2, "used": {"gas": 3, "water": 1}} | values
    bill = explain_bill(program, {"flat": [row]}, "2026-01", language="ru")
    return bill.written("text", details=details)


def test_a_member_that_two_enumerations_have_is_called_as_in_its_own(program: Program) -> None:
    text = told(program, details=True)
    assert "показания (газ)" in text
    assert "«плита = газовая плита»" in text
    assert "строка «газовая плита»" in text


def test_an_exception_called_as_the_key_is_not_named_twice(program: Program) -> None:
    assert "расход (газ) = показания (газ) × 2 = 3 × 2 = 6" in told(program)


def test_where_a_table_was_read_is_a_detail(program: Program) -> None:
    assert "the printed book" not in told(program)
    assert "Где прочитано\n" in told(program, details=True)
    assert "the printed book" in told(program, details=True)


def test_a_sum_of_nothing_says_what_it_goes_through(program: Program) -> None:
    assert "больших квартир = сумма по: квартира = 0" in told(program)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"used": {"gas": 101, "water": 1}}, "значение вне допустимых границ: показания"),
        ({"cooks": "electric"}, "в таблице нет такого ключа: тариф"),
        ({"cooks": None}, "нет обязательного значения: плита"),
    ],
)
def test_a_refusal_names_what_it_is_about(program: Program, values: dict[str, Any], reason: str) -> None:
    assert f"Освещение: {reason}\n" in told(program, **values)


def test_a_refusal_of_a_run_names_the_column_as_the_rules_do(program: Program, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "house.csv").write_text("id\nh\n", encoding="utf-8")
    (data / "flat.csv").write_text("id,house,cooks,used.gas,used.water,rooms\n1,h,gas,-1,0,2\n", encoding="utf-8")
    run(program, data, "2026-01", out=tmp_path / "out", backend="interpreter")
    text = bill_of_run(tmp_path / "out", "1", language="ru").text
    assert "Освещение: значение вне допустимых границ: показания (газ)\n" in text


EVERY = """rule every of flat: number
    called ru "всего"
    = sum of burnt(r) for r in resource
"""
NORTH = """module north
    called ru "Северная сторона"
use village

in factor of flat
    repeal cheap from 2025-01-01
"""


def test_members_of_a_sum_and_the_module_that_repeals_are_called_as_in_the_rules(tmp_path: Path) -> None:
    rules = RULES.replace("house.large * 1 RUB", "every * 1 RUB").replace("    = 2\n", "    = rooms * 2\n")
    (tmp_path / "village.kmr").write_text(rules.replace("rule factor of", f"{EVERY}rule factor of"), encoding="utf-8")
    (tmp_path / "tariff.csv").write_text(TABLE, encoding="utf-8")
    (tmp_path / "north.kmr").write_text(NORTH, encoding="utf-8")
    text = told(load(tmp_path), details=True)
    assert "всего = сумма (расход) по: газ, вода" in text
    assert "газ: 6" in text
    assert "заменено или отменено: «Северная сторона»" in text
