"""Each mistake of an author is told once, where it was made."""

import pytest

from kommres.dsl.pipeline import check_text, compile_sources
from kommres.dsl.source import Source

UPKEEP = """\
module example.upkeep

entity building
entity premises of building

input area of premises: m2, step 0.1, 1..1000
input discount of premises: yes/no

param price: RUB/m2/month
    from 2026-01-01 = 31.70
    from 2026-03-16 = 33.15

rule part of premises: number
    = 1
    except reduced when discount
        = 50 %

charge upkeep of premises: RUB
    = sum over slices round(area * price * slice.months * part, 0.01)

example "two slices" on 2026-03
    given area = 54.2, discount = no
    expect upkeep = 1758.70
"""

FEDERAL = """\
module {}

entity building
entity premises of building
rule price of premises: number
    = 1
"""


def test_the_program_is_fine():
    assert check_text(UPKEEP).items == []


@pytest.mark.parametrize(
    ("right", "wrong", "code", "said"),
    [
        ("31.70", "31,70", "K0106", "31.70"),
        ("= 54.2", "= 54,2", "K0106", "54.2"),
        ("0.01)", "0,01)", "K0106", "0.01"),
        ("0.01)", "2)", "K0402", "write `0.01`"),
        ("round(area", "round(\u0430rea", "K0104", "`area`"),
        ("input area", "input \u0430rea", "K0104", "`area`"),
        ("except reduced", "\u0435\u0445\u0441ept reduced", "K0104", "`except`"),
        ("RUB/m2/month", "rub/m2/month", "K0301", "`RUB`"),
        ("discount of premises: yes/no", "discount of premises: bool", "K0301", "`yes/no`"),
        ("yes/no", "yes/no, optinal", "K0111", "`optional`"),
        ("premises: number", "premises number", "K0117", "names its type"),
        ("part of premises:", "part:", "K0111", "`rule part of premises: …`"),
        ("    = 1\n", "  = 1\n", "K0103", "four blanks"),
        ("    = 1\n    except reduced when discount\n        = 50 %\n", "", "K0114", "`= …`"),
        ("reduced when", "reduced if", "K0111", "`except reduced when …`"),
        ("except reduced when", "except when", "K0111", "call it by its name"),
        ("2026-03-16", "2026-3-16", "K0107", "2026-03-16"),
        ("2026-03-16", "2026-03", "K0107", "2026-03-01"),
        ("on 2026-03", "on march", "K0111", "`2026-03`"),
        ("charge upkeep", "charg upkeep", "K0109", "`charge`"),
        (" * slice.months", "", "K0303", "`sum over slices … * slice.months`"),
        ("slice.months", "slice.month", "K0205", "start, end, days, months"),
        ("RUB/m2/month\n    from 2026-01-01 = 31.70", "RUB/m2/month from p.csv", "K0111", 'from "tariffs.csv"'),
    ],
)
def test_one_mistake_is_one_finding_that_says_what_to_do(right, wrong, code, said):
    assert right in UPKEEP
    (found,) = check_text(UPKEEP.replace(right, wrong)).items
    assert found.code == code
    assert said in found.help or (found.suggestion and said in found.suggestion.replacement)


def test_two_mistakes_are_two_findings():
    wrong = UPKEEP.replace("31.70", "31,70").replace("when discount", "when discuont")
    assert [found.code for found in check_text(wrong).sorted()] == ["K0106", "K0205"]


def test_an_unknown_name_alone_is_kept():
    wrong = UPKEEP.replace("    except reduced when discount", "    except reduced when part")
    assert [found.code for found in check_text(wrong).errors] != []


@pytest.mark.parametrize("used", ["cold_water", "hot_water"])
def test_an_overlay_never_takes_the_rule_of_another_module(used):
    overlay = f"module town\nuse {used}\n\nin sewerage.price of premises\n    except town when 1 = 1\n        = 2\n"
    sources = [Source(name="a", text=FEDERAL.format(used)), Source(name="b", text=overlay)]
    (found,) = compile_sources(sources).out.items
    assert (found.code, found.message) == ("K0205", "no module `sewerage` is used here")


def test_an_overlay_of_the_wrong_entity_learns_the_right_one():
    overlay = "module town\nuse water\n\nin water.price of building\n    except town when 1 = 1\n        = 2\n"
    sources = [Source(name="a", text=FEDERAL.format("water")), Source(name="b", text=overlay)]
    (found,) = compile_sources(sources).out.items
    assert found.message == "`water.price` is a rule of `premises`, not of `building`"
