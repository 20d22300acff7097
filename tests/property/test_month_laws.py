"""Laws of a month: a cut where nothing changes changes nothing; the order of rows does not matter; days add up."""

from __future__ import annotations

import datetime
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

import kommres

RULES = """module law.water
entity building
entity premises of building
input residents of premises: person, 0..20, varies
input metered of premises: m3, step 0.001, optional
param norm: m3/person/month
{norm}
param tariff: RUB/m3
{tariff}
rule volume of premises: m3/month
    = residents * norm
    except by_meter when has metered
        = metered spread by days
rule volume_total of premises: m3
    = sum over slices volume * slice.months
rule days_total of premises: day
    = sum over slices (if volume >= 0 m3/month then slice.days otherwise 0)
charge water of premises: RUB
    = sum over slices round(volume * slice.months * tariff, 0.01)
charge water_of_house of building: RUB
    = sum of water for p in premises
"""

DAYS = st.dates(datetime.date(2026, 3, 2), datetime.date(2026, 3, 31))
AMOUNTS = st.decimals(0, 1000, places=3)


def program(tmp: str, norm: list[tuple[str, object]], tariff: list[tuple[str, object]]) -> kommres.Program:
    from pathlib import Path

    def rows(values: list[tuple[str, object]]) -> str:
        return "\n".join(f"    from {day} = {value}" for day, value in values)

    path = Path(tmp) / "law.kmr"
    path.write_text(RULES.format(norm=rows(norm), tariff=rows(tariff)), encoding="utf-8")
    return kommres.load(path)


def amounts(rules: kommres.Program, premises: list[dict[str, object]]) -> dict[tuple[str, str], Fraction]:
    found = kommres.evaluate(rules, {"building": {"id": "b"}, "premises": premises}, on="2026-03")
    assert not found["refused"]
    return {(line["row"], line["charge"]): Fraction(line["amount"]) for line in found["charges"]}


def steps(cuts: list[tuple[datetime.date, int]], first: int) -> list[dict[str, object]]:
    return [{"from": "2026-03-01", "value": first}, *({"from": d.isoformat(), "value": v} for d, v in sorted(cuts))]


@settings(max_examples=60, deadline=None)
@given(
    people=st.integers(0, 6),
    more=st.lists(st.tuples(DAYS, st.integers(0, 6)), max_size=3, unique_by=lambda x: x[0]),
    cut=DAYS,
    metered=st.none() | AMOUNTS,
    price=st.decimals(1, 500, places=2),
    change=st.none() | st.tuples(DAYS, st.decimals(1, 500, places=2)),
)
def test_a_cut_where_nothing_changes_changes_nothing(
    tmp_path_factory, people, more, cut, metered, price, change
) -> None:
    folder = str(tmp_path_factory.mktemp("law"))
    tariff = [("2026-01-01", price), *([(change[0].isoformat(), change[1])] if change else [])]
    plain = program(folder, [("2026-01-01", "4.745")], tariff)
    in_force = max((d, v) for d, v in [(datetime.date(2026, 1, 1), price), *([change] if change else [])] if d <= cut)[
        1
    ]
    doubled = sorted({**dict(tariff), cut.isoformat(): in_force}.items())
    again = program(folder, [("2026-01-01", "4.745"), (cut.isoformat(), "4.745")], doubled)
    row = {"id": "1", "residents": steps(more, people)} | ({"metered": str(metered)} if metered is not None else {})
    here = max(((d, v) for d, v in [(datetime.date(2026, 3, 1), people), *more] if d <= cut))[1]
    split = row | {"residents": steps(list({**dict(more), cut: here}.items()), people)}
    assert amounts(plain, [row]) == amounts(again, [split])


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 6), AMOUNTS), min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(tmp_path_factory, rows, random) -> None:
    rules = program(str(tmp_path_factory.mktemp("law")), [("2026-01-01", "4.745")], [("2026-01-01", "59.94")])
    premises = [{"id": str(i), "residents": n, "metered": str(v)} for i, (n, v) in enumerate(rows)]
    shuffled = premises[:]
    random.shuffle(shuffled)
    found = amounts(rules, premises)
    assert found == amounts(rules, shuffled)
    own = sum(amount for (_, charge), amount in found.items() if charge == "law.water.water")
    assert found["b", "law.water.water_of_house"] == own
