"""What things are called: each kind of item, parts, things that no item declares."""

import pytest

from kommres.dsl.bound.titles import key_of
from kommres.dsl.diagnostics import Diagnostics
from kommres.dsl.pipeline import compile_sources
from kommres.dsl.plan.from_rules import lower
from kommres.dsl.source import Source

RULES = """\
module town.water
    called ru "водоснабжение"
act pp "Rules"
    called ru "Правила"
    called ru of = "Правил"
called ru
    service "water" = "Вода"
    line "base" = "плата", "more" = "надбавка"
    unit m3 = "куб. м"
unit bucket = 1/100 m3
    called ru "ведро"
entity flat
    called ru "квартира"
enum stove: gas, electric
    called ru "плита"
    called ru gas = "газовая"
    called de gas = "Gasherd"
input volume of flat: m3
    "by the meter"
    called ru "объём"
    called de "Menge"
event away of flat
    called ru "отсутствие"
    called ru to = "возвращение"
    from: date
    to: date
series load of flat: kWh, step 0.001, every 1 h, label at start, optional
    called ru "нагрузка"
option reading: wide or narrow, default wide
    called ru "толкование"
    called ru narrow = "узкое"
param price: RUB/m3
    called ru "цена"
    from 2025-01-01 = 5
rule cost of flat: RUB/month
    called ru "стоимость"
    = (volume spread by days) * price
    except cheap when volume < 1 m3
        called ru "мало воды"
        = 0 RUB/month
charge water of flat: RUB
    called ru "плата за воду"
    = sum over slices round(cost * slice.months, 0.01)
"""


@pytest.fixture(scope="module")
def program():
    state = compile_sources([Source(name="t.kmr", text=RULES)], lambda _source, _name: None)
    assert state.out.errors == []
    return state.bound


def test_each_kind_of_item_has_its_title(program):
    titles = program.titles
    items = {
        item.name: item
        for items in (program.entities, program.enums, program.inputs, program.events, program.options, program.params)
        for item in items
    } | {item.name: item for item in (*program.series, *program.rules)}
    assert {name: titles.of(item, "ru") for name, item in items.items()} == {
        "flat": "квартира",
        "stove": "плита",
        "volume": "объём",
        "away": "отсутствие",
        "reading": "толкование",
        "price": "цена",
        "load": "нагрузка",
        "cost": "стоимость",
        "water": "плата за воду",
    }
    assert titles.of(items["stove"], "ru", "gas") == "газовая"
    assert titles.of(items["stove"], "ru", "electric") == ""
    assert titles.of(items["away"], "ru", "to") == "возвращение"
    assert titles.of(items["reading"], "ru", "narrow") == "узкое"
    assert titles.of(items["volume"], "de") == "Menge"
    assert titles.of(items["volume"], "fr") == ""
    (cheap,) = [way for way in items["cost"].alternatives if way.kind == "except"]
    assert titles.of_way(cheap, "ru") == "мало воды"


def test_things_without_an_item(program):
    found = program.titles.find
    assert found("ru", ("service", "water")) == "Вода"
    assert found("ru", ("line", "more")) == "надбавка"
    assert found("ru", ("unit", "m3")) == "куб. м"
    assert found("ru", ("unit", "bucket")) == "ведро"
    assert found("ru", ("module", "town.water")) == "водоснабжение"
    assert found("ru", ("act", "pp")) == "Правила"
    assert found("ru", ("act", "pp"), "of") == "Правил"
    assert program.titles.by_thing()[key_of(program.enums[0])] == {
        "": {"ru": "плита"},
        "gas": {"de": "Gasherd", "ru": "газовая"},
    }


def findings(*texts):
    sources = [Source(name=f"{place}.kmr", text=text) for place, text in enumerate(texts)]
    return [d.code for d in compile_sources(sources, lambda _source, _name: None).out.errors]


def test_two_modules_may_say_the_same_of_a_service():
    one = 'module a\ncalled ru\n    service "water" = "Вода"\n'
    assert findings(one, one.replace("module a", "module b")) == []
    assert findings(one, one.replace("module a", "module b").replace("Вода", "Водичка")) == ["K0203"]
    assert findings(one + '    service "water" = "Вода"\n') == ["K0203"]


def test_names_change_no_amount(program):
    plain = "\n".join(line for line in RULES.splitlines() if "called" not in line and '" = "' not in line) + "\n"
    plain = plain.replace('    unit m3 = "куб. м"\n', "")
    out = Diagnostics()
    bare = compile_sources([Source(name="t.kmr", text=plain)], lambda _source, _name: None)
    assert out.errors == bare.out.errors == []
    assert bare.bound.titles.by_thing() == {}
    steps = [[(step.op, step.unit) for step in d.steps] for d in lower(bare.rules).definitions]
    named = compile_sources([Source(name="t.kmr", text=RULES)], lambda _source, _name: None)
    assert steps == [[(step.op, step.unit) for step in d.steps] for d in lower(named.rules).definitions]
