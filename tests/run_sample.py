"""A small program with every kind of input, and a small city for it: what tests of columns and runs share."""

import functools
import tempfile
from pathlib import Path

from kommres.dsl.program import load

RULES = """\
module sample
entity building
entity premises of building
enum zone: day, night
enum stove: gas, electric
input time_zone of building: id, optional
input tariff of building: RUB/m3, step 0.01
input residents of premises: person, 0..100, varies
input metered of premises: m3, step 0.001, 0..100_000, optional, history
input energy(zone) of premises: kWh, step 0.001, 0..100_000, optional, varies
input area of premises: m2, 0..1000
input stove of premises: stove, optional
input checked of premises: yes/no, optional
input verified of premises: date, optional
input sealed of premises: instant, optional
event absence of premises
    from: date
    to: date
    people: person, 0..20
event outage of building
    from: instant
    to: instant, optional
rule area_total of building: m2
    = sum of area for p in premises
rule away of premises: day
    = sum of days(a) for a in clip(absence)
rule mean_metered of premises: m3, optional
    = mean of metered for m in last 3 months where has metered
charge cold of premises: RUB when has metered
    service "cold_water"
    volume metered
    price building.tariff
    = round(metered * building.tariff, 0.01)
charge heat of premises: RUB
    service "heat"
    = round(share(area, building.area_total) * 1000 RUB, 0.01)
charge stay of premises: RUB
    service "stay"
    = sum over slices round(residents * slice.days * 1 RUB/person/day, 0.01)
charge rest of premises: RUB
    service "rest"
    = round((31 day - away) * 1 RUB/day, 0.01)
"""


@functools.cache
def program():
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sample.kmr"
        path.write_text(RULES, encoding="utf-8")
        return load(path)


def city():
    """Two buildings, four premises; all is well."""
    return {
        "building": {"id": ["B1", "B2"], "tariff": ["40.10", "50.00"]},
        "premises": {
            "id": ["1", "2", "3", "4"],
            "building": ["B1", "B1", "B2", "B2"],
            "residents": ["1", "2", "3", "0"],
            "metered": ["4.1", None, "0", "12.345"],
            "area": ["10", "30", "50", "50"],
        },
        "absence": {
            "premises": ["1", "3"],
            "from": ["2026-01-05", "2025-12-20"],
            "to": ["2026-01-10", "2026-01-03"],
            "people": ["1", "2"],
        },
    }


def write_csv(folder, tables):
    """Write tables as CSV files; None is an empty cell."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, columns in tables.items():
        rows = [",".join(columns)]
        rows += [
            ",".join("" if cell is None else f'"{cell}"' for cell in row) for row in zip(*columns.values(), strict=True)
        ]
        (folder / f"{name}.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder
