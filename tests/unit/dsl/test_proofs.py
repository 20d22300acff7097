"""What is proved of single rules: ranges by what is declared and by conditions, relations, tiers, advice, text."""

import subprocess
import sys
from fractions import Fraction

import pytest
from tests.programs import plan_of

from kommres.dsl.plan.proofs import Assumptions
from kommres.dsl.plan.prove import prove
from kommres.dsl.plan.ranges import Range, whole
from kommres.dsl.plan.show import show
from kommres.dsl.plan.tiers import Tier

HEAD = """
module t.proved
entity house
entity flat of house
input people of flat: person, step 1, 0..100, varies
input heads of flat: person, step 1, 0..100
input area of flat: m2, step 0.1, 0.1..5000
input total of house: m2, step 0.1, 1..500_000
input volume of house: m3, step 0.001, 0..100_000
input used of flat: m3, step 0.001, 0..1000, optional, history
input loose of flat: RUB/m3
input place of house: id
event away of flat
    from: date
    to: date
    who: person, step 1, 1..9
event cold of flat
    from: instant
    to: instant
param price by place: RUB/m3
    from 2025-01-01  north = 13.51  south = 59.9
    from 2026-01-01  north = 14.2  south = 65.77
param heat: RUB/Gcal = 2480.15
input rooms of flat: number, step 1, 1..50
rule area_total of house: m2
    = sum of area for f in flat
"""


def proof(text, assumed=Assumptions()):  # noqa: B008 - frozen
    plan = plan_of(HEAD + text)
    number = next(d.number for d in plan.definitions if d.rule.name == "r")
    return prove(plan, assumed).definitions[number]


def outcome(text, **assumed):
    found = proof(text, Assumptions(**assumed)).outcome
    assert found is not None
    return found


def ends(text, **assumed):
    found = outcome(text, **assumed)
    return found.lo, found.hi


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rule r of flat: RUB/m3\n    = price[place] at end", (Fraction("13.51"), Fraction("65.77"))),
        ('rule r of flat: RUB/m3\n    = price["south"] at end', (Fraction("59.9"), Fraction("65.77"))),
        ("rule r of flat: person\n    = if heads > 0 then heads otherwise 7 person", (1, 100)),
        ("rule r of flat: number\n    = if heads > 0 then 100 person / heads otherwise 0", (0, 100)),
        ("rule r of flat: person\n    = heads\n    except nobody when heads = 0\n        = 3 person", (1, 100)),
        ("rule r of flat: person\n    = if heads < 5 person then 9 person otherwise heads", (5, 100)),
        ("rule r of flat: person\n    = if people > 5 person then (people * 2) at start otherwise 9 person", (0, 200)),
        (
            "rule r of flat: person\n    = heads\n    except no when heads = 0 from 2026-02-01\n        = 3 person",
            (0, 100),
        ),
        ("rule r of flat: number\n    = heads * 1 m2/person / house.area_total else 0", (0, 1000)),
        ("rule r of flat: day\n    = days_between(month_start(period.start - 1 day), period.start)", (28, 31)),
        ("rule r of flat: person\n    = if heads in 3..5 then heads otherwise 4 person", (3, 5)),
        ("rule r of flat: person, 0..8\n    = heads", (0, 8)),
        ("rule r of flat: person\n    = heads - 5 person", (0, 95)),
        ("rule r of flat: person, signed\n    = heads - 5 person", (-5, 95)),
        ("rule r of flat: person*month\n    = sum over slices people * slice.months", (0, 100)),
        ("rule r of flat: day\n    = sum over slices slice.days", (28, 31)),
        ("rule r of flat: person\n    = mean over days people", (0, 100)),
        ("rule r of flat: number\n    = share(area, total)", (Fraction("0.1") / 500_000, 1)),
        ("rule r of flat: number\n    = area / house.area_total else 0", (0, 1)),
        ("rule r of flat: m3\n    = area * volume / house.area_total else 0", (0, 100_000)),
        ("rule r of flat: day\n    = sum of days(e) for e in clip(apart(away))", (0, 31)),
        ("rule r of flat: day\n    = sum of days(e) for e in clip(away)", (0, 31_000_000)),
        ("rule r of flat: day\n    = sum of days(e) for e in merge(clip(apart(away)), by who)", (0, 31_000_000)),
        ("rule r of flat: day\n    = max of days(e) for e in clip(away)\n", (1, 31)),
        ("rule r of flat: h\n    = sum of hours(e) for e in clip(union(cold))", (0, 32 * 24)),
        ("rule r of flat: m3, optional\n    = mean of used for m in last 6 months where has used", (0, 1000)),
        ("rule r of flat: m3\n    = sum of used for m in last 6 months where has used", (0, 6000)),
        ("rule r of flat: number\n    = months_since(month_start(period.start - 1 day))", (0, 3)),
    ],
)
def test_ranges(text, expected):
    if "optional" not in text and "max of" in text:
        text = text.replace("= max", "= (max").replace("clip(away)", "clip(away)) else 1 day")
    assert ends(text) == expected


def test_a_condition_on_the_key_keeps_its_rows():
    text = (
        'rule r of flat: RUB/m3\n    = 14 RUB/m3\n    except there when place = "north"\n        = price[place] at end'
    )
    assert ends(text) == (Fraction("13.51"), Fraction("14.2"))


def test_grids():
    assert outcome("rule r of flat: RUB\n    = price[place] at end * (used else 0 m3)").grid == 100_000
    assert outcome("rule r of flat: RUB/m3\n    = round(loose, 0.01)").grid == 100
    assert outcome("rule r of flat: number\n    = area / total").grid is None


def test_rounding_errors_of_slices_add_up():
    (high,) = {
        ends("charge r of flat: RUB\n    = sum over slices round(people * slice.months * 3 RUB/person/month, 0.01)")[1]
    }
    assert high == Fraction("300.15")  # 31 slices of half a kopeck at most, and on the grid


def test_assumptions_hold_where_nothing_is_declared():
    assert ends("rule r of flat: RUB/m3\n    = loose") == (0, 100_000)
    assert ends("rule r of flat: RUB/m3\n    = loose", number=7) == (0, 7)
    known = {"t.proved.loose": Range(Fraction(20), Fraction(90), 100)}
    found = outcome("rule r of flat: RUB/m3\n    = loose", inputs=known)
    assert (found.lo, found.hi, found.grid) == (20, 90, 100)
    rows = "rule r of house: number\n    = count for f in flat"
    assert outcome(rows, items=50) == whole(0, 50)
    assert [guard.kind for guard in proof(rows).guards] == ["items", "outcome"]


def tiers(text, **assumed):
    return [str(proved.tier) for proved in proof(text, Assumptions(**assumed)).rounds]


@pytest.mark.parametrize(
    ("formula", "tier"),
    [
        ("heads * 13.5 RUB/person", "T0"),
        ("volume * share(area, total) * loose", "T1"),
        ("volume * loose * 100_000", "T1+"),
        (f"heads * 13.5 RUB/person * {' * '.join(['share(area, total)'] * 3)}", "T1w"),
        (f"heads * 13.5 RUB/person * {' * '.join(['share(area, total)'] * 7)}", "interpreter"),
        ("volume * share(area, total) * (loose / (1000 * total)) * area", "T2"),
        (f"volume * {' * '.join(['share(area, total)'] * 5)} * loose * share(heads, 101 person)", "interpreter"),
    ],
)  # fmt: skip
def test_tiers_of_usual_formulas(formula, tier):
    found = tiers(f"rule r of flat: RUB\n    = round({formula}, 0.01)")
    assert found == [tier]


def test_without_the_share_a_ratio_may_be_great():
    text = "rule r of flat: RUB\n    = round(volume * {} * loose, 0.01)"
    one = proof(text.format("share(area, total)")).rounds[0]
    other = proof(text.format("(area / total)")).rounds[0]
    assert one.numerator_bits == other.numerator_bits
    assert one.quotient is not None
    assert other.quotient is not None
    assert 4000 * one.quotient < other.quotient


def test_a_sum_of_quotients_is_the_interpreters_and_says_so():
    text = (
        """
rule part of flat: number
    = heads / area else 0 person/m2
""".replace("number", "person/m2")
        + "rule r of house: person/m2\n    = round((sum of f.part for f in flat), 0.01)"
    )
    (proved,) = proof(text).rounds
    assert proved.tier is Tier.INTERPRETER
    assert "adds up quotients whose divisors differ" in proved.why
    assert "round what is added up" in proved.advice


def test_advice_names_what_to_narrow():
    text = "rule r of flat: RUB\n    = round(loose * loose * loose * 1_000_000 m3*m3*m3/RUB/RUB, 0.01)"
    (proved,) = proof(text).rounds
    assert proved.tier is Tier.INTERPRETER
    assert proved.advice == "declare a narrower range for `loose`, which may be 100000"


def test_comparisons_say_how_many_bits_they_need():
    found = proof("rule r of flat: yes/no\n    = volume * area > 5 m3*m2")
    assert list(found.comparisons.values()) == [(100_000 * 1000 * 5000 * 10).bit_length()]


@pytest.mark.parametrize("name", ["levy", "level"])
def test_what_holds_on_one_day_is_not_taken_for_another(name):
    text = """
param levy: number
    from 2020-01-01 = 10
    from 2026-01-15 = 1
rule level of flat: number
    = levy
"""
    found = outcome(f"{text}rule r of flat: number, signed\n    = if {name} > 5 then ({name} - 4) at end otherwise 0")
    assert found.holds(Fraction(-3))  # above 5 today, 1 on the last day


def test_text_of_a_plan_tells_ranges_and_tiers():
    text = show(plan_of(HEAD + "charge r of flat: RUB\n    = round(volume * (price[place] at end), 0.01)\n"))
    assert "RUB/m3 = param v1 [t.proved.price no -] in [13.51..65.77] /100" in text
    assert "        T0: numerator 40 bits, divisor 10 bits, quotient <= 657700001; the numerator fits" in text
    assert "1 roundings" not in text
    assert "1 rounding: 1 T0" in text
    assert "assumed where nothing is declared" in text


def test_loading_rules_proves_nothing(tmp_path):
    path = tmp_path / "r.kmr"
    path.write_text(
        "module a.b\nentity flat\ninput x of flat: number\nrule r of flat: number\n    = x\n", encoding="utf-8"
    )
    code = f"import sys, kommres; kommres.load({str(path)!r}); print('kommres.dsl.plan.prove' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "False\n"


def test_rules_that_square_each_other_stay_cheap():
    text = "".join(f"rule s{n} of flat: number\n    = s{n - 1} * s{n - 1} / rooms\n" for n in range(1, 60))
    text = "rule s0 of flat: number\n    = (used else 2 m3) / 1 m3\n" + text
    found = proof(text + "rule r of flat: number\n    = round(s59, 1)")
    assert found.rounds[0].tier is Tier.INTERPRETER
