import pytest

from kommres.dsl.coverage import Coverage
from kommres.dsl.examples import run_examples
from kommres.dsl.program import load

RULES = """\
module my.water
entity premises
input residents of premises: person
input metered of premises: m3, optional
input connected of premises: yes/no
rule volume of premises: m3
    = if residents > 3 person then 10 m3 otherwise 5 m3
    except by_meter when has metered
        = metered
rule known of premises: m3
    = metered else 1 m3
charge water of premises: RUB when connected
    = round(volume * 2 RUB/m3, 0.01)
"""
FEW = """
example "few" on 2026-01
    given residents = 2, connected = yes
    expect water = 10, known = 1
"""
MANY = """
example "many" on 2026-01
    given residents = 4, connected = yes
    expect water = 20
example "meter" on 2026-01
    given residents = 2, metered = 7, connected = yes
    expect water = 14, known = 7
example "cut off" on 2026-01
    given connected = no
    expect water none
"""


@pytest.fixture
def measured(tmp_path):
    def measure(text, **options):
        path = tmp_path / "water.kmr"
        path.write_text(text, "utf-8")
        program = load(path)
        counter = Coverage(program.plan, **options)
        assert all(result.passed for result in run_examples(program, hook=counter))
        return counter.report()

    return measure


def test_what_nothing_took_is_named_with_its_place(measured):
    report = measured(RULES + FEW)
    assert [(branch.place.rpartition(":")[2], branch.what) for branch in report.missed] == [
        ("7", "volume: the value after `then` is never taken in `if residents > 3 person then 10 m3 otherwise 5 m3`"),
        ("8", "volume: exception by_meter is never taken"),
        ("8", "volume: `has metered` never holds"),
        ("11", "known: the value before `else` is never taken in `metered else 1 m3`"),
        ("12", "water: `connected` always holds"),
    ]
    assert (report.taken, report.total) == (7, 12)


def test_all_taken(measured):
    report = measured(RULES + FEW + MANY)
    assert report.missed == ()
    assert report.percent == 100


def test_nothing_evaluated(measured):
    report = measured(RULES)
    assert report.taken == 0
    assert report.percent == 0


def test_only_branches_of_some_files_count(measured):
    assert measured(RULES + FEW, files={"other.kmr"}).total == 0
