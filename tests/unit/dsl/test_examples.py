import pytest

from kommres.dsl.examples import run_examples
from kommres.dsl.program import load

RULES = """\
module my.water
entity building
entity premises of building
input area of premises: m2
input residents of premises: person, varies
input connected of premises: yes/no
rule people of premises: person = residents
rule area_total of building: m2 = sum of area for p in premises
rule spare of premises: m2, optional
    = absent
    except large when area > 100 m2
        = area - 100 m2
charge water of premises: RUB when connected
    = sum over slices round(people * slice.months * 10 RUB/person/month, 0.01)
"""


@pytest.fixture
def failures(tmp_path):
    def run(example):
        path = tmp_path / "water.kmr"
        path.write_text(f'{RULES}\nexample "it" on 2026-01\n{example}', "utf-8")
        (result,) = run_examples(load(path))
        assert result.passed == (not result.failures)
        return [(f.name, f.expected, f.actual) for f in result.failures], result

    return run


@pytest.mark.parametrize(
    "example",
    [
        "    given residents = 2, connected = yes\n    expect water = 20, people = 2\n",
        "    given connected = no\n    expect water none\n",
        "    given connected = yes\n    expect water refused D0101\n",
        "    given connected = yes\n    expect water refused\n",
        "    given area = 60\n    expect spare none\n",
        "    given area = 160\n    expect spare = 60\n",
        '    given premises "1": area = 50\n    given premises "2": area = 60\n    expect area_total = 110\n',
        (
            '    given premises "1": residents = 1, connected = yes\n    given premises "2": area = 60\n'
            '    expect premises "1": water = 10\n'
        ),
    ],
)
def test_passes(failures, example):
    assert failures(example)[0] == []


@pytest.mark.parametrize(
    ("example", "expected"),
    [
        ("    given residents = 2, connected = yes\n    expect water = 21\n", ("water", "21.00 RUB", "20.00 RUB")),
        ("    given residents = 2, connected = yes\n    expect water none\n", ("water", "no line", "20.00 RUB")),
        ("    given residents = 2, connected = no\n    expect water = 0\n", ("water", "0.00 RUB", "no line")),
        (
            "    given connected = yes\n    expect water = 0\n",
            ("water", "0.00 RUB", "refused D0101: residents is missing"),
        ),
        (
            "    given connected = yes\n    expect water refused D0201\n",
            ("water", "refused D0201", "refused D0101: residents is missing"),
        ),
        (
            "    given residents = 2 then 3 from 2026-01-05\n    expect people = 2\n",
            ("people", "2 person", "values that change inside the month: 2 person, 3 person"),
        ),
    ],
)
def test_fails_with_what_was_expected_and_what_came(failures, example, expected):
    found, result = failures(example)
    assert found == [expected]
    assert result.place.endswith(":16")
    assert result.failures[0].place.endswith(":18")


def test_a_failure_is_explained(failures):
    _, result = failures("    given residents = 2, connected = yes\n    expect water = 21\n")
    assert "people = 2 person" in result.failures[0].explanation
    assert "expected 21.00 RUB, got 20.00 RUB" in result.text


INSTANTS = """\
module my.hours
entity building
input time_zone of building: id, optional
event outage of building
    from: instant
    to: instant
rule hours_out of building: h
    = sum of hours(x) for x in clip(outage)
example "local time" on 2026-01
    given outage: from = 2025-12-31T22:00, to = 2026-01-01T06:00
    given time_zone = "Asia/Irkutsk"
    expect hours_out = 6
example "times with an offset" on 2026-01
    given time_zone = "Asia/Irkutsk"
    given outage: from = 2025-12-31T22:00+08:00, to = 2026-01-01T06:00+03:00
    expect hours_out = 11
example "no time zone" on 2026-01
    given outage: from = 2025-12-31T22:00, to = 2026-01-01T06:00+03:00
    expect hours_out = 3
"""


def test_instants_of_examples_are_local_as_those_of_cases(tmp_path):
    path = tmp_path / "hours.kmr"
    path.write_text(INSTANTS, "utf-8")
    assert [result.text for result in run_examples(load(path)) if not result.passed] == []
