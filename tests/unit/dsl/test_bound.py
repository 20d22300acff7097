"""The bound stage: what names, units, types and dates of a program come to mean."""

from __future__ import annotations

import datetime
from fractions import Fraction

import pytest

from kommres.dsl.bound import nodes as b
from kommres.dsl.bound.from_syntax import bind
from kommres.dsl.diagnostics import Diagnostic, Diagnostics
from kommres.dsl.source import Source
from kommres.dsl.syntax.from_text import parse

VOCABULARY = """\
module m

entity building
entity premises of building

enum zone: day, night

input region of building: id
input area of building: m2, 1..
input area of premises: m2
input residents of premises: person, varies
input volume of premises: m3
input metered of premises: m3, optional, history
input read(zone) of premises: kWh
input tap of premises: degC
input since of premises: date

event outage of premises
    from: instant
    to: instant
event absence of premises
    from: date
    to: date, optional
    people: person

param tariff: RUB/m3
    from 2025-01-01 = 5
    from 2025-07-01 = 6
param share by (member: id): %
    from 2025-01-01  "a" = 20
"""


def day(text: str) -> int:
    return datetime.date.fromisoformat(text).toordinal()


def compiled(*texts: str, **tables: str) -> tuple[b.BoundProgram, list[Diagnostic]]:
    """Parse and bind modules; ``tables`` are the CSV files beside them, by stem."""
    out = Diagnostics()
    trees = [parse(Source(name=f"{i}.kmr", text=text), out) for i, text in enumerate(texts)]
    program = bind(trees, lambda _, name: tables.get(name.removesuffix(".csv")), out)
    return program, out.sorted()


def codes(*texts: str, **tables: str) -> list[str]:
    return sorted(found.code for found in compiled(*texts, **tables)[1])


def with_rule(text: str) -> str:
    return VOCABULARY + "\n" + text


def rule(formula: str, type_: str = "m3", entity: str = "premises") -> str:
    return with_rule(f"rule x of {entity}: {type_}\n    = {formula}\n")


def body(formula: str, type_: str = "m3", entity: str = "premises") -> b.Expr:
    program, found = compiled(rule(formula, type_, entity))
    assert not found, [d.message for d in found]
    (made,) = program.rules
    (alternative,) = made.alternatives
    assert alternative.body is not None
    return alternative.body


# --- names ---------------------------------------------------------------------------------------------------


def test_a_bare_name_is_of_the_own_entity_or_of_an_ancestor():
    own, above = body("volume"), body("region", "id")
    assert isinstance(own, b.InputRef)
    assert isinstance(above, b.InputRef)
    assert (own.up, above.up) == (0, 1)


def test_a_name_of_two_entities_must_be_qualified():
    assert codes(rule("area", "m2")) == ["K0204"]
    above, own = body("building.area", "m2"), body("premises.area", "m2")
    assert isinstance(above, b.InputRef)
    assert isinstance(own, b.InputRef)
    assert (above.up, own.up) == (1, 0)


def test_a_variable_of_an_aggregate_qualifies_too():
    assert codes(rule("sum of area for p in premises", "m2", "building")) == ["K0204"]
    assert codes(rule("sum of p.area for p in premises", "m2", "building")) == []


def test_an_unknown_name_gets_the_nearest_one():
    _, (found,) = compiled(rule("volumme"))
    assert found.code == "K0205"
    assert found.help == "did you mean `volume`?"
    assert found.suggestion is not None
    assert found.suggestion.replacement == "volume"


def test_the_child_of_nothing_here_is_no_source():
    assert codes(rule("sum of 1 m3 for e in zone")) == []
    assert codes(rule("sum of 1 m3 for a in building")) == ["K0412"]


def test_rules_of_used_modules_are_qualified_and_their_vocabulary_is_bare():
    base = with_rule("rule x of premises: m3\n    = volume\n")
    other = "module n\nuse m\n\nrule y of premises: m3\n    = {}\n"
    assert codes(base, other.format("m.x + volume")) == []
    assert codes(base, other.format("x")) == ["K0208"]
    assert codes(base, "module n\n\nrule y of premises: m3\n    = m.x\n") == ["K0206"]


def test_a_member_hidden_by_a_name_is_qualified_by_its_enumeration():
    text = with_rule("input day of premises: m3\nrule x of premises: zone\n    = {}\n")
    _, (found,) = compiled(text.format("day"))
    assert (found.code, found.help) == ("K0401", "write `zone.day` for the member")
    assert codes(text.format("zone.day")) == []


def test_keys_are_members_or_key_variables():
    assert codes(rule("read(day)", "kWh")) == []
    assert codes(rule("sum of read(z) for z in zone", "kWh")) == []
    assert codes(rule("read(dusk)", "kWh")) == ["K0205"]
    assert codes(rule("read", "kWh")) == ["K0410"]


def test_order_of_modules_does_not_matter():
    first = with_rule("rule x of premises: m3\n    = volume\n")
    second = "module n\nuse m\n\nrule y of premises: m3\n    = m.x\n"
    assert str(compiled(first, second)[0].rules) == str(compiled(second, first)[0].rules)


# --- units ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("formula", "type_", "expected"),
    [
        ("volume * 2 RUB/m3", "RUB", []),
        ("volume * 2 RUB/m3", "m3", ["K0303"]),
        ("volume + 1 kWh", "m3", ["K0302"]),
        ("volume + 0", "m3", []),
        ("read(day) as Gcal", "Gcal", []),
        ("read(day) as m3", "m3", ["K0304"]),
        ("read(day) + (1 Gcal as kWh)", "kWh", []),
        ("volume > 3", "yes/no", ["K0302"]),
        ("volume in 1..3", "yes/no", []),
        ("max(0, volume - 1 m3)", "m3", []),
        ("volume / residents", "m3/person", ["K0414"]),
        ("volume / residents else 0", "m3/person", []),
        ("if residents > 0 person then volume / residents otherwise 0 m3/person", "m3/person", []),
        ("volume / building.area", "m3/m2", []),
        ("1 m3/resident * 1 person", "m3", ["K0301"]),
    ],
)
def test_units(formula, type_, expected):
    assert codes(rule(formula, type_)) == expected


def test_a_conversion_is_exact():
    scaled = body("1 Gcal as kWh", "kWh")
    assert isinstance(scaled, b.Lit)
    assert scaled.value == 1163


def test_percent_is_a_hundredth():
    made = body("20 %", "number")
    assert isinstance(made, b.Lit)
    assert made.value == Fraction(1, 5)


def test_money_times_percent_is_money_so_that_a_step_means_money():
    made = body('round(1 RUB * (share["a"] at end), 0.01)', "RUB")
    assert isinstance(made, b.Call)
    value, step = made.args
    assert str(value.type.unit) == "RUB"
    assert isinstance(value, b.Scale)
    assert value.factor == Fraction(1, 100)
    assert isinstance(step, b.Lit)
    assert str(step.type.unit) == "RUB"


def test_a_percentage_per_hour_stays_one():
    assert str(body("0.15 %/h * 2 h", "%").type.unit) == "%"


@pytest.mark.parametrize(
    ("formula", "type_", "expected"),
    [
        ("60 degC - tap", "deltaC", []),
        ("tap + 3 deltaC", "degC", []),
        ("60 degC - 5 deltaC - tap", "deltaC", []),
        ("tap + tap", "degC", ["K0305"]),
        ("tap * 2", "degC", ["K0305"]),
        ("(60 degC - tap) * 2", "deltaC", []),
    ],
)
def test_temperatures_are_points(formula, type_, expected):
    assert codes(rule(formula, type_)) == expected


@pytest.mark.parametrize(
    ("formula", "type_", "expected"),
    [
        ("since + 3 day", "date", []),
        ("since + 3", "date", ["K0302"]),
        ("period.end - since", "day", []),
        ("since + 1 h", "date", ["K0302"]),
        ("sum of hours(x) for x in clip(outage)", "h", []),
        ("sum of days(x) for x in clip(outage)", "day", ["K0412"]),
    ],
)
def test_dates_and_intervals(formula, type_, expected):
    assert codes(rule(formula, type_)) == expected


# --- absent values -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("metered", ["K0501"]),
        ("metered else 0 m3", []),
        ("if has metered then metered otherwise volume", []),
        ("if not has metered then volume otherwise metered", []),
        ("if has metered and metered > 1 m3 then metered otherwise volume", []),
        ("if has metered or volume > 1 m3 then metered otherwise volume", ["K0501"]),
        ("if has volume then volume otherwise 0 m3", ["K0502"]),
        ("volume else 0 m3", ["K0502"]),
        ("sum of p.metered for p in premises where has p.metered", []),
        ("sum of p.metered for p in premises", ["K0501"]),
        ("max of p.volume for p in premises", ["K0501"]),
        ("absent", ["K0501"]),
    ],
)
def test_an_optional_value_needs_a_guard(formula, expected):
    assert codes(rule(formula)) == expected


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("share(volume, volume) else 0", []),
        ("tiers(volume, band[_]) else 5", []),
        ("min(1, share(volume, volume)) else 0", ["K0502"]),
        ("floor(2.5, 1) else 0", ["K0502"]),
    ],
)
def test_what_looks_up_or_divides_may_have_no_value(formula, expected):
    table = "param band by (v: m3): 1/m3\n    always  0..10 = 1  10..20 = 2\n"
    assert codes(with_rule(f"{table}rule x of premises: number\n    = {formula}\n")) == expected


def test_the_condition_of_an_exception_guards_its_body():
    text = with_rule("rule x of premises: m3\n    = volume\n    except read {}\n        = metered\n")
    assert codes(text.format("when has metered")) == []
    assert codes(text.format("when volume > 1 m3")) == ["K0501"]


def test_an_open_end_is_optional_until_clipped():
    assert codes(rule("max of a.to for a in absence", "date, optional")) == ["K0501"]
    assert codes(rule("max of a.to for a in clip(absence)", "date, optional")) == []


# --- varying values and rounding -----------------------------------------------------------------------------


def charge(formula: str) -> str:
    return with_rule(f"charge c of premises: RUB\n    = {formula}\n")


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("round(volume * 5 RUB/m3, 0.01)", []),
        ("volume * 5 RUB/m3", ["K0405"]),
        ("round(volume * tariff, 0.01)", ["K0406", "K0407"]),
        ("round(volume * tariff at end, 0.01)", []),
        ("round(volume * tariff on since, 0.01)", []),
        ("round((mean over days tariff) * volume, 0.01)", []),
        ("sum over slices round((volume spread by days) * slice.months * tariff, 0.01)", []),
        ("sum over slices volume * tariff", ["K0405"]),
        ("round(slice.days * 1 RUB/day, 0.01)", ["K0408"]),
        ("-round(volume * 5 RUB/m3, 0.01)", []),
        ("min(5 RUB, round(volume * 5 RUB/m3, 0.01))", []),
    ],
)
def test_a_charge_is_one_rounded_amount(formula, expected):
    assert codes(charge(formula)) == expected


def test_what_reads_a_varying_rule_varies():
    program, _ = compiled(
        with_rule("rule x of premises: person\n    = residents\nrule y of premises: person\n    = x * 2\n")
        + "rule z of premises: person\n    = x at end\n"
    )
    assert {made.name: made.type.varies for made in program.rules} == {"x": True, "y": True, "z": False}


def test_a_dated_exception_makes_a_rule_vary():
    text = "rule x of premises: m3\n    = volume\n    except later from 2026-01-10\n        = 2 * volume\n"
    program, _ = compiled(with_rule(text))
    assert program.rules[0].type.varies


def test_the_day_itself_varies_and_cuts_by_what_it_is_looked_up_in():
    text = with_rule(
        "param band by (late: day): 1/day\n    from 2016-01-01  ..30 = 0  31.. = 1/300\n\n"
        "rule late of premises: day\n    = sum over slices from since until period.end of "
        "slice.days * band[days_between(since, period.day)] * 1 day\n"
    )
    program, found = compiled(text)
    assert not found
    spread = program.rules[0].alternatives[0].body
    assert isinstance(spread, b.OverSlices)
    assert [type(name) for name in spread.names] == [b.ParamRef]
    assert codes(charge("round(days_between(since, period.day) * 1 RUB/day, 0.01)")) == ["K0406", "K0407"]


def test_past_months_read_what_is_supplied_for_them():
    assert codes(rule("sum of metered for m in last 6 months where has metered")) == []
    assert codes(rule("sum of volume for m in last 6 months")) == ["K0413"]
    assert codes(rule("sum of metered for m in last 40 months where has metered")) == ["K0413"]


# --- parameters ----------------------------------------------------------------------------------------------


def param(text: str, **tables: str) -> b.Param:
    program, found = compiled("module m\n\nenum zone: day, night\n\n" + text, **tables)
    assert not found, [d.message for d in found]
    (made,) = program.params
    return made


def test_rows_of_the_text_carry_both_axes_of_time():
    made = param(
        "param p: number\n    from 2025-01-01 until 2026-01-01 = 1\n"
        "    from 2025-07-01 known from 2025-06-20 = 3/2\n    complete until 2026-07-01\n"
    )
    first, second = made.rows
    assert (first.start, first.until, first.known_from, first.value) == (day("2025-01-01"), day("2026-01-01"), None, 1)
    assert (second.start, second.known_from, second.value) == (day("2025-07-01"), day("2025-06-20"), Fraction(3, 2))
    assert made.complete_until == day("2026-07-01")
    assert made.dated


def test_a_single_value_is_not_dated():
    made = param("param p: kWh = 3900\n")
    assert [row.value for row in made.rows] == [3900]
    assert not made.dated


def test_brackets_in_text():
    made = param(
        "param p by (zone, v: m3): RUB/m3\n    from 2025-01-01  (day, ..10) = 1  (day, 10..20) = 2  (day, 20..) = 3\n"
    )
    assert [key.bracket for key in made.keys] == [False, True]
    assert [row.keys for row in made.rows] == [("day", (None, 10)), ("day", (10, 20)), ("day", (20, None))]


def test_rows_of_a_table():
    made = param(
        'param p by (zone, v: m3): RUB/m3 from "p.csv"\n',
        p="zone,v,from,until,value,checked,source,remark\n"
        "day,0..10,2025-01-01,2026-01-01,1.50,yes,order 5,x\n"
        "night,10..,2025-01-01,,2,no,,\n",
    )
    first, second = made.rows
    assert (first.keys, first.value, first.status, first.source) == (
        ("day", (0, 10)),
        Fraction(3, 2),
        "checked",
        "order 5",
    )
    assert (first.start, first.until) == (day("2025-01-01"), day("2026-01-01"))
    assert (second.keys, second.value, second.status) == (("night", (10, None)), 2, "unchecked")
    assert first.place == "p.csv:2"


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (None, ["K0504"]),
        ("zone,value\nday,1\n", ["K0505"]),
        ("zone,from,value\ndusk,2025-01-01,1\n", ["K0506"]),
        ("zone,from,value\nday,01.01.2025,1\n", ["K0506"]),
        ('zone,from,value\nday,2025-01-01,"1,5"\n', ["K0506"]),
        ("zone,from,value\nday,2025-01-01,1\nday,2025-01-01,2\n", ["K0506"]),
        ("zone,from,until,value\nday,2025-01-01,2024-01-01,1\n", ["K0507"]),
        ("zone,from,until,value\nday,2025-01-01,2025-01-01,1\n", ["K0507"]),
        ("zone,from,complete_until,value\nday,2023-01-01,2022-01-01,1\n", ["K0507"]),
        ('zone,from,value,source\nday,2025-01-01,1,"order 5\nnight,2025-01-01,2,order 6\n', ["K0504"]),
        ("zone,from,value,checked\nday,2025-01-01,1,perhaps\n", ["K0506"]),
        ("zone,from,value\nday,2025-01-01,17,52\n", ["K0506"]),
        ("zone,from,value\nday,2025-01-01\n", ["K0506"]),
        ("zone,from,value\ndаy,2025-01-01,1\n", ["K0506"]),
        ("zone,from,value,unit\nday,2025-01-01,1,RUB/m3\n", ["K0506"]),
        ("zone,from,untill,value\nday,2025-01-01,2026-01-01,1\n", ["K0505"]),
        ("zone;from;value\nday;2025-01-01;1,5\n", ["K0505"]),
    ],
)
def test_a_bad_table_is_named_by_its_line(table, expected):
    text = 'module m\n\nenum zone: day, night\n\nparam p by zone: number from "p.csv"\n'
    assert codes(text, **({"p": table} if table is not None else {})) == expected


def test_a_quote_without_an_end_and_dates_without_a_day_are_told():
    text = 'module m\n\nparam p by (town: id): number from "p.csv"\n    complete until 2025-01-01\n'
    (quote,) = compiled(text, p='town,from,value,source\na,2024-01-01,1,"order 5\nb,2024-01-01,2,order 6\n')[1]
    assert (quote.code, quote.help) == ("K0504", "check its quotes")
    assert quote.message == 'the table "p.csv" cannot be read: unexpected end of data, in the row that begins in line 2'
    rows = "town,from,complete_until,value\na,2024-01-01,,1\nb,2023-01-01,2022-01-01,2\nc,2025-01-01,,3\n"
    assert [d.message for d in compiled(text, p=rows)[1]] == [
        "p.csv:3: from '2023-01-01' is not before `complete_until 2022-01-01`",
        "p.csv:4: from '2025-01-01' is not before `complete until 2025-01-01`",
    ]


def test_a_row_of_the_text_that_holds_on_no_day():
    rows = "    from 2022-01-01 = 1\n    from 2023-01-01 until 2023-01-01 = 2\n    from 2024-06-01 = 3\n"
    (ends, late) = compiled(f"module m\n\nparam p: number\n{rows}    complete until 2024-01-01\n")[1]
    assert (ends.code, ends.span.line, late.code, late.span.line) == ("K0507", 5, "K0507", 6)
    assert late.message == "this row holds from 2024-06-01, which is not before `complete until 2024-01-01`"


def test_a_unit_column_that_agrees_and_empty_lines_of_a_table_are_fine():
    text = "p,from,value,unit\na,2025-01-01,1.5,RUB/м3\n,,,\n\n"
    (row,) = param('param p by (p: id): RUB/m3 from "p.csv"\n', p=text).rows
    assert row.value == Fraction(3, 2)


def test_a_key_of_a_table_keeps_to_one_alphabet():
    text = 'module m\n\nparam p by (town: id): number from "p.csv"\n'
    assert codes(text, p="town,from,value\nсherepovets,2025-01-01,1\n") == ["K0506"]


def test_brackets_may_touch_but_not_overlap():
    text = "module m\n\nparam p by (v: m3): number\n    from 2025-01-01  {}\n"
    assert codes(text.format("0..10 = 1  10..20 = 2")) == []
    assert codes(text.format("0..10 = 1  5..20 = 2")) == ["K0508"]


# --- overlays ------------------------------------------------------------------------------------------------

GENERAL = with_rule("rule x of premises: m3\n    = volume\n    except read when has metered\n        = metered\n")
OVERLAY = 'module n\nuse m\napplies when region = "north"\n\nin {} of premises\n    {}\n'


def test_an_overlay_is_bound_to_the_rule_it_names():
    text = OVERLAY.format("m.x", "replace read\n        = volume\n    repeal base from 2026-01-01")
    program, found = compiled(GENERAL, text)
    assert not found
    (amendment,) = program.amendments
    assert amendment.rule is program.rules[0]
    assert [(a.kind, a.name, a.start) for a in amendment.alternatives] == [
        ("replace", "read", None),
        ("repeal", "base", day("2026-01-01")),
    ]
    assert all(a.applies is not None for a in amendment.alternatives)


def test_a_dated_overlay_makes_the_general_rule_vary():
    program, _ = compiled(GENERAL, OVERLAY.format("m.x", "except later from 2026-01-10\n        = volume"))
    assert program.rules[0].type.varies


def test_an_overlay_of_an_unknown_rule():
    assert codes(GENERAL, OVERLAY.format("m.y", "repeal read")) == ["K0205"]


def test_an_option_is_bound_where_a_condition_holds():
    option = "\noption reading: strict or mild, default strict\n"
    binding = 'module n\nuse m\n\noption reading = {} when region = "north"\n'
    program, found = compiled(GENERAL + option, binding.format("mild"))
    assert not found
    (bound,) = program.option_bindings
    assert bound.choice == "mild"
    assert bound.entity is not None
    assert bound.entity.name == "building"
    assert codes(GENERAL + option, binding.format("wild")) == ["K0210"]


# --- examples ------------------------------------------------------------------------------------------------


def example(lines: str) -> b.Example:
    block = "\n".join(f"    {line}" for line in lines.splitlines())
    program, found = compiled(GENERAL + f'\nexample "one" on 2026-03\n{block}\n')
    assert not found, [d.message for d in found]
    (made,) = program.examples
    return made


def test_loose_values_go_to_the_entity_that_has_the_input():
    made = example('given volume = 3, region = "north"\nexpect x = 3')
    assert {row.entity.name: row.values for row in made.rows if row.entity} == {
        "premises": (("volume", (), 3),),
        "building": (("region", (), "north"),),
    }
    assert [(e.rule.name, e.kind, e.value) for e in made.expected] == [("x", "value", 3)]


def test_changes_inside_the_month_and_past_months():
    made = example("given residents = 2 then 3 from 2026-03-16, metered in last 2 months = 4, absent\nexpect x none")
    (row,) = made.rows
    january = 2026 * 12
    assert row.values == (
        ("residents", (), ("steps", ((None, 2), (day("2026-03-16"), 3)))),
        ("metered", (), ("months", ((january, 4), (january + 1, None)))),
    )


def test_rows_events_and_overrides():
    made = example(
        'given premises "1": read(day) = 5\ngiven absence of premises "1": from = 2026-03-01, people = 1\n'
        'given tariff = 7, share["a"] = 30\nexpect premises "1": x refused D0101'
    )
    entity, event = made.rows
    assert (entity.row, entity.values) == ("1", (("read", ("day",), 5),))
    assert event.event is not None
    assert (event.event.name, event.owner) == ("absence", "1")
    assert [(p.name, keys, value) for p, keys, value in made.overrides] == [("tariff", None, 7), ("share", ("a",), 30)]
    assert [(e.row, e.kind, e.code) for e in made.expected] == [("1", "refused", "D0101")]


@pytest.mark.parametrize(
    "line",
    [
        "given volumme = 3",
        "given volume = 3 kWh",
        "given tariff = 5 then 6 from 2026-03-02",
        "given metered in last 3 months = 1, 2",
        "expect y = 3",
        "option reading = mild",
    ],
)
def test_what_an_example_cannot_say(line):
    assert codes(GENERAL + f'\nexample "one" on 2026-03\n    {line}\n    expect x = 3\n')


def test_a_table_without_dates_is_constant() -> None:
    program, _ = compiled(
        "module m\nentity premises\ninput k of premises: id\n"
        'param f by (k: id): number\n    always  a = 1.8  "b" = 2\n'
        "rule x of premises: number\n    = round(f[k], 1)\n"
    )
    (rule,) = program.rules
    assert not rule.type.varies
    assert [row.start for row in program.params[0].rows] == [None, None]
