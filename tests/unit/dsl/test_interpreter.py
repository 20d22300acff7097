"""What rules mean: values, choice, absence, look-ups, lines and refusals."""

from fractions import Fraction

import pytest
from tests.programs import plan_of, run

from kommres.dsl.backends.hooks import Hook
from kommres.errors import UsageError
from kommres.period import Month

WATER = """
module t.water
entity building
entity premises of building
input region of building: id
input residents of premises: person, 0..100
input metered of premises: m3, step 0.001, 0..100_000, optional
input connected of premises: yes/no
param norm: m3/person/month = 4.745
param tariff by region: RUB/m3
    from 2025-01-01  north = 59.94
    from 2025-07-01  north = 67.13
rule volume of premises: m3/month
    = residents * norm
    except by_meter when has metered
        = metered spread by days
charge water of premises: RUB when connected
    service "cold"
    price tariff[region]
    = sum over slices round(volume * slice.months * tariff[region], 0.01)
charge fee of premises: RUB
    service "cold"
    line "fee"
    = 10 RUB
charge other of premises: RUB
    = 1 RUB
"""


def rules(body: str, head: str = "") -> str:
    return f"module t.rules\nentity flat\n{head}\n{body}"


def lines(result):
    return {(line.service, line.line): line.amount for line in result.lines}


def test_a_charge_by_norm_and_by_meter():
    case = {"region": "north", "residents": 2, "connected": True}
    assert lines(run(WATER, "2025-08", case).account("premises")) == {
        ("cold", "base"): Fraction("637.06"),
        ("cold", "fee"): 10,
        ("other", "base"): 1,
    }
    made = run(WATER, "2025-08", {**case, "metered": "4.1"}).account("premises").lines
    line = next(found for found in made if found.charge == "t.water.water")
    assert line.amount == Fraction("275.23")
    assert (line.price, line.price_unit, line.unit) == (Fraction("67.13"), "RUB/m3", "RUB")
    assert line.rule == "t.water.water/base"


def test_what_varies_inside_the_month_is_not_one_volume_or_price():
    text = WATER.replace("    price tariff", "    volume volume * 1 month\n    price tariff")
    case = {"region": "north", "residents": 2, "connected": True}
    for month, price in (("2025-06", Fraction("59.94")), ("2025-07", Fraction("67.13"))):
        made = run(text.replace("2025-07-01", "2025-06-16"), month, case).account("premises").lines
        line = next(found for found in made if found.charge == "t.water.water")
        assert line.volume == Fraction("9.49")
        assert line.price == (None if month == "2025-06" else price)


def test_a_charge_whose_condition_is_false_makes_no_line():
    result = run(WATER, "2025-08", {"region": "north", "residents": 2, "connected": False}).account("premises")
    assert {line.charge for line in result.lines} == {"t.water.fee", "t.water.other"}
    assert not result.refusals


def test_a_refused_charge_takes_its_service_with_it_and_no_other():
    result = run(WATER, "2025-08", {"region": "south", "residents": 2, "connected": True}).account("premises")
    assert [(r.code, r.service, r.charge) for r in result.refusals] == [("D0201", "cold", "t.water.water")]
    assert lines(result) == {("other", "base"): 1}


def test_a_missing_value_refuses_only_what_uses_it():
    case = {"region": "north", "connected": True, "metered": "1"}
    assert not run(WATER, "2025-08", case).account("premises").refusals
    refusal = run(WATER, "2025-08", {"region": "north", "connected": True}).account("premises").refusals[0]
    assert (refusal.code, refusal.field, refusal.caused_by) == ("D0101", "residents", "")


def test_an_unreadable_value_of_the_parent_names_the_parent():
    case = {"building": {"id": "b7", "region": True, "premises": [{"residents": 1, "connected": True}]}}
    refusal = run(WATER, "2025-08", case).account("premises").refusals[0]
    assert (refusal.code, refusal.caused_by) == ("D0102", "building b7")


def test_an_unusable_row_refuses_all_its_charges():
    case = {"premises": [{"id": "1", "residents": 1}, {"id": "1", "residents": 2}]}
    result = run(WATER, "2025-08", case).account("premises")
    assert {refusal.code for refusal in result.refusals} == {"D0502"}
    assert not result.lines


# --- arithmetic ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("round(2.345, 0.01)", Fraction("2.35")),
        ("round(-2.345, 0.01)", Fraction("-2.35")),
        ("round(2.345, 0.01, half_even)", Fraction("2.34")),
        ("round(-2.5, 1, half_even)", -2),
        ("round(-2.341, 0.01, up)", Fraction("-2.35")),
        ("round(-2.349, 0.01, down)", Fraction("-2.34")),
        ("round(-2.349, 0.01, ceiling)", Fraction("-2.34")),
        ("round(-2.341, 0.01, floor)", Fraction("-2.35")),
        ("round(7, 5)", 5),
        ("round(7.5, 5)", 10),
        ("floor(-7.5, 3)", -9),
        ("ceil(-7.5, 3)", -6),
        ("whole(-7.5, 3)", -6),
        ("steps(7.5, 3)", 2),
        ("min(3, 1/2, 2)", Fraction(1, 2)),
        ("max(3, 7 - 3)", 4),
        ("clamp(12, 0, 10)", 10),
        ("abs(1/3 - 1)", Fraction(2, 3)),
        ("share(1, 3) * 3", 1),
        ("1/3 + 1/6 - 1/2", 0),
        ("10 / 4 / 5", Fraction(1, 2)),
        ("-(2 - 5)", 3),
        ("100 % - 25 %", Fraction(3, 4)),
        ("days_between(2026-01-01, 2026-03-01) / 1 day", 59),
        ("full_days_between(2026-01-01, 2026-01-02) / 1 day", 0),
        ("(2026-02-01 - 2026-01-30) / 1 day", 2),
        ("if 2 > 1 then 5 otherwise 1 / (1 - 1) else 7", 5),
    ],
)
def test_arithmetic_is_exact(formula, value):
    got = run(rules(f"rule x of flat: number, signed\n    = {formula}"), "2026-01", {}).value("x")
    assert got == value
    assert not isinstance(got, float)


@pytest.mark.parametrize(
    ("formula", "day"),
    [
        ("month_start(2026-02-11)", "2026-02-01"),
        ("month_end(2026-02-11)", "2026-03-01"),
        ("2026-02-28 + 1 day", "2026-03-01"),
        ("period.end", "2026-02-01"),
    ],
)
def test_dates(formula, day):
    got = run(rules(f"rule x of flat: date\n    = {formula}"), "2026-01", {}).value("x")
    assert got == Month.parse(day[:7]).start + int(day[8:]) - 1


@pytest.mark.parametrize(
    ("since", "months"), [("2026-01-31", 1), ("2025-12-01", 2), ("2025-01-01", 13), ("2026-02-01", 0)]
)
def test_months_since_counts_both_months(since, months):
    text = rules("rule x of flat: number\n    = months_since(since)", "input since of flat: date")
    assert run(text, "2026-01", {"since": since}).value("x") == months


def test_a_part_outside_its_whole_is_refused():
    text = rules(
        "rule x of flat: number\n    = share(part, all_of_it)", "input part of flat: m2\ninput all_of_it of flat: m2"
    )
    assert run(text, "2026-01", {"part": 3, "all_of_it": 2}).code("x") == "D0402"
    assert run(text, "2026-01", {"part": 0, "all_of_it": 0}).code("x") == "D0204"


@pytest.mark.parametrize(
    ("attributes", "code"),
    [("", "D0401"), (", signed, -1..5", "D0406"), (", -1..5, signed", "D0406")],
)
def test_results_are_checked(attributes, code):
    text = rules(f"rule x of flat: number{attributes}\n    = 1 - area", "input area of flat: number")
    assert run(text, "2026-01", {"area": 3}).code("x") == code
    assert run(text, "2026-01", {"area": 0}).value("x") == 1


# --- absence, else -------------------------------------------------------------------------------------------

OPTIONAL = """
input a of flat: number, optional
input b of flat: number
param p by (c: id): number
    from 2020-01-01  x = 7
input c of flat: id
rule deep of flat: number
    = p[c]
"""


@pytest.mark.parametrize(
    ("formula", "case", "value"),
    [
        ("a else 5", {}, 5),
        ("a else 5", {"a": 2}, 2),
        ("p[c] else 5", {"c": "x"}, 7),
        ("p[c] else 5", {"c": "y"}, 5),
        ("10 / b else 5", {"b": 0}, 5),
        ("10 / b else 5", {"b": 4}, Fraction(5, 2)),
        ("if has a then a otherwise 3", {}, 3),
        ("if has a and a > 1 then a otherwise 3", {"a": 2}, 2),
    ],
)
def test_else_and_has(formula, case, value):
    assert run(rules(f"rule x of flat: number\n    = {formula}", OPTIONAL), "2026-01", case).value("x") == value


def test_else_does_not_hide_a_miss_of_a_rule_below():
    text = rules("rule x of flat: number\n    = deep / b else 5", OPTIONAL)
    assert run(text, "2026-01", {"c": "y", "b": 1}).code("x") == "D0201"
    assert run(text, "2026-01", {"c": "x", "b": 0}).value("x") == 5


def test_branches_that_are_not_taken_cannot_fail():
    text = rules("rule x of flat: number\n    = if b > 1 then deep otherwise 3", OPTIONAL)
    assert run(text, "2026-01", {"b": 1}).value("x") == 3
    assert run(text, "2026-01", {"b": 2}).code("x") == "D0101"


# --- exceptions ----------------------------------------------------------------------------------------------

CHOICE = """
input n of flat: number
input limit of flat: number
input flag of flat: yes/no
rule x of flat: number
    = 1
    except a when n > 1
        = 2
    except b over a when flag
        = 3
    except c when n > limit from 2026-01-01 until 2026-03-01
        = 4
"""


@pytest.mark.parametrize(
    ("month", "case", "value"),
    [
        ("2026-01", {"n": 0, "flag": False, "limit": 5}, 1),
        ("2026-01", {"n": 2, "flag": False, "limit": 5}, 2),
        ("2026-01", {"n": 2, "flag": True, "limit": 5}, 3),
        ("2026-01", {"n": 1, "flag": False, "limit": 0}, 4),
        ("2026-03", {"n": 6, "flag": False}, 2),
    ],
)
def test_the_exception_ordered_over_the_others_wins(month, case, value):
    assert run(rules(CHOICE), month, case).value("x") == value


def test_two_exceptions_at_once_are_refused_and_both_named():
    problem = run(rules(CHOICE), "2026-01", {"n": 6, "flag": False, "limit": 5}).problem("x")
    assert problem.code == "D0301"
    assert "`a`" in problem.message
    assert "`c`" in problem.message


def test_a_rule_without_base_needs_an_exception():
    text = rules("input n of flat: number\nrule x of flat: number\n    except a when n > 1\n        = 2")
    assert run(text, "2026-01", {"n": 2}).value("x") == 2
    assert run(text, "2026-01", {"n": 0}).code("x") == "D0302"


OVERLAY = """
module t.north
use t.rules
applies when region = "north"
in rules.x of flat
    replace a
        = 20
    repeal b from 2026-02-01
"""


@pytest.mark.parametrize(
    ("month", "region", "flag", "value"),
    [
        ("2026-01", "south", False, 2),
        ("2026-01", "north", False, 20),
        ("2026-01", "north", True, 3),
        ("2026-02", "north", True, 20),
        ("2026-02", "south", True, 3),
    ],
)
def test_an_overlay_replaces_and_repeals_where_it_applies(month, region, flag, value):
    texts = (rules(CHOICE, "input region of flat: id"), OVERLAY)
    assert run(texts, month, {"n": 2, "flag": flag, "region": region, "limit": 9}).value("x") == value


def test_a_rule_outside_its_dates_has_no_value_and_a_charge_no_line():
    text = rules(
        "rule x of flat: number\n    from 2026-02-01\n    = 1\n"
        "rule y of flat: number\n    = x\n"
        "charge c of flat: RUB\n    from 2026-02-01\n    = 1 RUB\n"
    )
    assert run(text, "2026-01", {}).code("y") == "D0303"
    assert run(text, "2026-02", {}).value("y") == 1
    assert not run(text, "2026-01", {}).account("flat").lines
    assert run(text, "2026-02", {}).account("flat").lines


# --- options, overrides --------------------------------------------------------------------------------------

OPTIONS = """
option reading: first or second, default first
    "which"
input region of flat: id
charge c of flat: RUB
    = if reading = first then 1 RUB otherwise 2 RUB
"""
BINDING = 'module t.north\nuse t.rules\noption reading = second when region = "north"\n'


@pytest.mark.parametrize(
    ("region", "options", "choice"),
    [
        ("south", {}, "first"),
        ("north", {}, "second"),
        ("north", {"reading": "first"}, "first"),
        ("south", {"t.rules.reading": "second"}, "second"),
    ],
)
def test_an_option_of_the_run_wins_over_a_module_and_a_module_over_the_default(region, options, choice):
    line = run((rules(OPTIONS), BINDING), "2026-01", {"region": region}, options=options).account("flat").lines[0]
    assert line.options == (("t.rules.reading", choice),)
    assert line.amount == {"first": 1, "second": 2}[choice]


@pytest.mark.parametrize("options", [{"raeding": "first"}, {"reading": "third"}])
def test_unknown_options_and_choices_are_usage(options):
    with pytest.raises(UsageError):
        run(rules(OPTIONS), "2026-01", {}, options=options)


def test_overrides_replace_all_look_ups_or_one_key():
    plan = plan_of(WATER)
    tariff = next(p for p in plan.params if p.name == "tariff")
    case = {"region": "south", "residents": 1, "connected": True, "metered": 1}
    for keys in (None, ("south",)):
        got = run(plan, "2025-08", case, overrides=[(tariff, keys, 5)])
        assert got.value("water") == 5
    assert run(plan, "2025-08", case, overrides=[(tariff, ("east",), 5)]).code("water") == "D0201"


def test_deep_chains_of_rules_are_computed():
    chain = "\n".join(f"rule r{i} of flat: number\n    = r{i - 1} + 1" for i in range(1, 1500))
    assert run(rules(f"rule r0 of flat: number\n    = 0\n{chain}"), "2026-01", {}).value("r1499") == 1499


# --- hooks ---------------------------------------------------------------------------------------------------


class Events(Hook):
    def __init__(self):
        self.told = []

    def enter(self, definition, frame, key):
        self.told.append(("enter", definition.rule.name, frame.rows[0].id, key[2]))

    def leave(self, definition, frame, outcome):
        self.told.append(("leave", definition.rule.name, getattr(outcome, "code", outcome)))

    def recall(self, definition, row, key, outcome):
        self.told.append(("recall", definition.rule.name, outcome))

    def alternative(self, definition, index, frame):
        self.told.append(("alternative", definition.rule.name, definition.alternatives[index].name))

    def applies(self, definition, row, *, yes):
        self.told.append(("applies", definition.rule.name, yes))

    def looked_up(self, definition, number, frame, entry):
        self.told.append(("looked_up", entry.value))


def test_a_hook_is_told_what_happens_in_order():
    hook = Events()
    case = {"region": "north", "residents": 2, "connected": True, "metered": 4}
    got = run(WATER, "2025-08", case, hook=hook)
    first = got.value("water")
    month = Month.parse("2025-08").start
    assert hook.told[:4] == [
        ("enter", "water", "1", None),
        ("applies", "water", True),
        ("alternative", "water", "base"),
        ("enter", "volume", "1", None),
    ]
    assert ("alternative", "volume", "by_meter") in hook.told
    assert ("looked_up", Fraction("67.13")) in hook.told
    assert hook.told[-1] == ("leave", "water", first)
    hook.told.clear()
    assert got.value("water", day=month + 3) == first
    assert hook.told == [("recall", "water", first)]


def test_a_hook_sees_problems_and_changes_nothing():
    for case in (
        {"residents": 2},
        {"region": "north", "residents": 2, "connected": True},
        {"region": "x", "connected": True},
    ):
        hook = Events()
        watched = run(WATER, "2025-08", case, hook=hook).account("premises")
        assert watched == run(WATER, "2025-08", case).account("premises")
        codes = {event[2] for event in hook.told if event[0] == "leave"}
        assert {refusal.code for refusal in watched.refusals} <= codes


class Keys(Hook):
    def __init__(self):
        self.days = []

    def enter(self, definition, frame, key):
        self.days.append(("enter", definition.rule.name, key[2]))

    def recall(self, definition, row, key, outcome):
        self.days.append(("recall", definition.rule.name, key[2]))


def test_a_recalled_value_is_told_under_the_first_day_of_its_piece():
    text = rules("rule x of flat: number\n    = b", "input b of flat: number, varies")
    start = Month.parse("2026-01").start
    for case, first in (({"b": 1}, start), ({"b": [{"value": 1}, {"from": "2026-01-11", "value": 2}]}, start + 10)):
        hook = Keys()
        got = run(text, "2026-01", case, hook=hook)
        for day in (start + 14, start + 20):
            got.value("x", day=day)
        assert hook.days == [("enter", "x", first), ("recall", "x", first)]


# --- lines of a bill -----------------------------------------------------------------------------------------

BASE = """
module t.b_water
entity flat
charge sewage of flat: RUB
    = 1 RUB
charge water of flat: RUB
    service "water"
    = 1 RUB
charge raising of flat: RUB
    service "water"
    line "raising"
    = 1 RUB
"""
RECALCULATION = """
module t.a_away
use t.b_water
charge away of flat: RUB
    service "water"
    line "recalculation"
    = 1 RUB
charge fee of flat: RUB
    = 1 RUB
"""


def test_lines_stand_by_service_as_charges_are_written():
    for texts in ((BASE, RECALCULATION), (RECALCULATION, BASE)):
        made = run(texts, "2026-01", {}).account("flat").lines
        assert [(line.service, line.line) for line in made] == [
            ("sewage", "base"),
            ("water", "base"),
            ("water", "raising"),
            ("water", "recalculation"),
            ("fee", "base"),
        ]


# --- long and deep rules -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        (" +\n        ".join(["n"] * 3000), 6000),
        (" - ".join(f"n * {i}" for i in range(300)), -89700),
        (" * ".join(["n"] * 200), 2**200),
        ("1" + " / 2" * 300, Fraction(1, 2**300)),
        ("(n + " * 28 + "n" + ")" * 28, 58),
        ("(n + " * 14 + "n" + ") * (n + 1)" * 14, None),
        ("if " + " and\n        ".join(["n > 0"] * 2000) + " then 1 otherwise 0", 1),
    ],
)
def test_long_and_deep_formulas(formula, value):
    text = rules(f"rule x of flat: number, signed\n    = {formula}", "input n of flat: number")
    for hook in (None, Hook()):
        got = run(text, "2026-01", {"n": 2}, hook=hook).value("x")
        assert value is None or got == value


def test_many_exceptions_that_no_order_settles():
    exceptions = "".join(f"    except e{i} when n = limit * {i} + 1\n        = {i}\n" for i in range(1, 60))
    text = rules(
        f"rule x of flat: number\n    = 0\n{exceptions}", "input n of flat: number\ninput limit of flat: number"
    )
    for hook in (None, Hook()):
        assert run(text, "2026-01", {"n": 50, "limit": 7}, hook=hook).value("x") == 7
        assert run(text, "2026-01", {"n": 2, "limit": 7}, hook=hook).value("x") == 0
        problem = run(text, "2026-01", {"n": 1, "limit": 0}, hook=hook).problem("x")
        assert (problem.code, "`e1`" in problem.message, "`e2`" in problem.message) == ("D0301", True, True)
