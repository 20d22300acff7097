import pytest

from kommres.cli import main

RULES = """\
module my.water
    "Cold water of a village"

act pp "Rules of the village"

entity premises

input residents of premises: person, 0..100, varies
    "who lives here"
input metered of premises: m3, step 0.001, 0..100_000, optional
    "by the meter"
input connected of premises: yes/no

option meters: trusted or ignored, default trusted
    "whether a meter counts"

param norm: m3/person/month = 4.745
param tariff: RUB/m3
    from 2025-01-01 = 59.94
    from 2025-07-01 = 67.13
    complete until 2027-01-01
    cites pp clause "42" checked 2026-11-20 "the printed book"

rule volume of premises: m3/month
    "what is charged"
    cites pp annex 2 formula "4" unchecked
    = residents * norm
    except by_meter when has metered and meters = trusted
        cites pp annex 2 formula "1" checked 2026-11-20 "the printed book"
        = metered spread by days

charge cold_water of premises: RUB when connected
    = sum over slices round(volume * slice.months * tariff, 0.01)

example "norm" on 2026-01
    given residents = 2, connected = yes
    expect cold_water = 637.06

example "meter" on 2026-01
    given residents = 2, connected = yes, metered = 10
    expect cold_water = 671.30, volume = 10
"""


@pytest.fixture
def rules(tmp_path):
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "water.kmr").write_text(RULES, encoding="utf-8")
    return folder


@pytest.fixture
def run(capsys):
    """Run the command line in this process; return exit code, stdout, stderr."""

    def call(*arguments):
        code = main([str(argument) for argument in arguments])
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return call
