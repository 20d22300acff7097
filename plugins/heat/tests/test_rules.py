"""The shipped rules and tables as a whole, and laws that no single example shows."""

from fractions import Fraction
from functools import cache
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

import kommres_heat
from kommres import load
from kommres.dsl.backends.interpreter import Interpreter
from kommres.dsl.case import rows_from_case
from kommres.period import Month

RULES = Path(kommres_heat.__file__).parent / "rules"
KOPECK = Fraction(1, 100)


@cache
def program():
    return load(RULES)


class House:
    """A building of a case, ready for questions about all of its premises."""

    def __init__(self, building, premises, month="2026-01", options=None):
        plan = program().plan
        case = {"building": building, "premises": premises}
        self.rows = rows_from_case(plan, case, needed=["premises"], month=Month.parse(month))
        self.interpreter = Interpreter(plan, Month.parse(month), options=options or {})
        self.definitions = {d.rule.id: d for d in plan.definitions}

    def values(self, name, *keys):
        """Values of a rule or a charge of every premises; nothing for a charge that makes no line."""
        definition = self.definitions[f"ru.pp354.{name}"]
        rows = [row for row in self.rows if row.entity == definition.rule.entity.name]
        if definition.rule.is_charge:
            lines = [self.interpreter.charge(definition, row) for row in rows]
            return [Fraction(line.amount) if line else None for line in lines]
        return [Fraction(self.interpreter.value(definition, row, keys)) for row in rows]


def rounded(amount):
    """To the kopeck, half away from zero."""
    kopecks = int(abs(amount) * 100 + Fraction(1, 2))
    return Fraction(kopecks if amount >= 0 else -kopecks, 100)


def building(volume, common, **more):
    return {
        "region": "elsewhere",
        "heat_source": "network",
        "heating_payment": "in_season",
        "house_meter": {"heat": "yes"},
        "heating_house_metered": volume,
        "heated_common_area": common,
        "heating_tariff": {"households": PRICE},
        **more,
    }


PRICE = "2480.15"
areas = st.integers(1_000, 20_000).map(lambda n: f"{n // 100}.{n % 100:02d}")
heats = st.integers(0, 99_999).map(lambda n: f"{n // 1000}.{n % 1000:03d}")


@st.composite
def flats(draw, *, meters=True, cut_off=True):
    """Premises of a building, at least one of which is heated from the network."""
    found = []
    kinds = ["plain", *(["metered"] if meters else [])]
    for number in range(draw(st.integers(2, 6))):
        kind = draw(st.sampled_from([*kinds, "cut off"] if cut_off and number else kinds))
        found.append(
            {
                "id": str(number),
                "area": draw(areas),
                "own_heat_source": "yes" if kind == "cut off" else "no",
                "heating_meter": "yes" if kind == "metered" else "no",
                **({"heating_metered": draw(heats)} if kind == "metered" else {}),
            }
        )
    return found


def area(premises):
    return sum(Fraction(flat["area"]) for flat in premises)


@given(premises=flats(), volume=heats, common=areas)
@settings(max_examples=60, deadline=None)
def test_the_volume_of_the_house_is_the_sum_of_the_shares(premises, volume, common):
    """Closure of formulas 3, 3(1) and 3(3) with 3(6) and 3(7), whatever is metered or cut off."""
    house = House(building(volume, common), premises)
    assert sum(house.values("heating.volume_total")) == Fraction(volume)
    amounts = house.values("heating.heating")
    assert abs(sum(amounts) - Fraction(volume) * Fraction(PRICE)) <= len(premises) * KOPECK / 2


@given(premises=flats(), volume=heats, common=areas)
@settings(max_examples=30, deadline=None)
def test_without_a_floor_nothing_is_lost_and_with_it_nobody_gets_money_back(premises, volume, common):
    house = House(building(volume, common), premises, options={"negative_remainder": "zero"})
    volumes = house.values("heating.volume_total")
    assert min(volumes) >= 0
    assert sum(volumes) >= Fraction(volume)


@given(premises=flats(meters=False, cut_off=False), volume=heats, common=areas)
@settings(max_examples=40, deadline=None)
def test_where_nobody_is_cut_off_common_premises_do_not_matter(premises, volume, common):
    house = House(building(volume, common), premises)
    shares = [Fraction(volume) * Fraction(flat["area"]) / area(premises) for flat in premises]
    assert house.values("heating.volume_total") == shares
    assert house.values("heating.heating") == [rounded(share * Fraction(PRICE)) for share in shares]


@given(premises=flats(meters=False), volume=heats, common=st.one_of(st.just("0"), areas))
@settings(max_examples=40, deadline=None)
def test_a_flat_with_a_boiler_of_its_own_pays_exactly_its_share_of_common_premises(premises, volume, common):
    house = House(building(volume, common), premises)
    heated = sum(Fraction(f["area"]) for f in premises if f["own_heat_source"] == "no") + Fraction(common)
    part = Fraction(volume) * Fraction(common) / heated
    for flat, found in zip(premises, house.values("heating.volume_total"), strict=True):
        if flat["own_heat_source"] == "yes":
            assert found == part * Fraction(flat["area"]) / area(premises)


@given(premises=flats(meters=False), norm=st.integers(1, 60), common=areas)
@settings(max_examples=40, deadline=None)
def test_by_norm_the_building_is_charged_the_norm_of_its_heated_premises(premises, norm, common):
    """Closure of formulas 2 and 2(3): what flats with boilers pay for common premises, the others do not."""
    season = [{"from": "2025-10-01"}]
    case = building("0", common, house_meter={"heat": "no"}, heating_norm=f"0.0{norm:02d}", heating_season=season)
    house = House(case, premises)
    heated = sum(Fraction(f["area"]) for f in premises if f["own_heat_source"] == "no")
    assert sum(house.values("heating.volume_total")) == heated * norm / 1000


@given(living=st.lists(st.integers(800, 4_000), min_size=2, max_size=5), flat=st.integers(3_000, 20_000), volume=heats)
@settings(max_examples=30, deadline=None)
def test_rooms_of_a_communal_flat_are_charged_what_the_flat_would_be(living, flat, volume):
    """Formula 8. The building's sum keeps a room's area to 0.01 m2, so it closes within half of that a room."""
    rooms = [
        {
            "id": str(number),
            "area": str(part / 100),
            "flat_area": str(flat / 100),
            "living_area": str(part / 100),
            "flat_living_area": str(sum(living) / 100),
            "own_heat_source": "no",
            "heating_meter": "no",
        }
        for number, part in enumerate(living)
    ]
    other = {"id": "other", "area": "500", "own_heat_source": "no", "heating_meter": "no"}
    whole = {"id": "flat", "area": str(flat / 100), "own_heat_source": "no", "heating_meter": "no"}
    volumes = House(building(volume, "0", total_area="1000"), [*rooms, other]).values("heating.volume_total")
    together = House(building(volume, "0", total_area="1000"), [whole, other]).values("heating.volume_total")
    assert sum(volumes[:-1]) == together[0]
    closed = House(building(volume, "0"), [*rooms, other]).values("heating.volume_total")
    assert abs(sum(closed) - Fraction(volume)) <= Fraction(volume) * len(living) * Fraction(1, 200) / 500


YEAR = [f"2025-{month:02d}" for month in range(1, 13)]


@st.composite
def years(draw):
    """Premises of a building that pays over the year: readings and charges of twelve months."""
    found = draw(flats())
    for flat in found:
        flat.pop("heating_metered", None)
        if flat["heating_meter"] == "yes":
            flat["heating_metered"] = {"history": {month: draw(heats) for month in YEAR}}
        charged = draw(st.integers(0, 900_000))
        flat["heating"] = {"history": dict.fromkeys(YEAR, f"{charged // 100}.{charged % 100:02d}")}
    return found


@given(premises=years(), months=st.lists(heats, min_size=12, max_size=12), common=areas, first=st.integers(1000, 3000))
@settings(max_examples=40, deadline=None)
def test_the_adjustment_makes_the_year_equal_to_the_meter(premises, months, common, first):
    """Charges of the year and the adjustment are together what the house meter showed, each half at its price."""
    case = building(
        {"history": dict(zip(YEAR, months, strict=True))},
        common,
        heating_payment="all_year",
        heating_tariff={"households": [{"value": str(first)}, {"from": "2025-07-01", "value": PRICE}]},
    )
    house = House(case, premises)
    cost = sum(Fraction(v) * first for v in months[:6]) + sum(Fraction(v) * Fraction(PRICE) for v in months[6:])
    charged = sum(sum(Fraction(v) for v in flat["heating"]["history"].values()) for flat in premises)
    adjusted = sum(house.values("heating_year.heating_adjustment"))
    assert abs(charged + adjusted - cost) <= len(premises) * KOPECK / 2


@given(units=st.lists(st.integers(1, 999), min_size=3, max_size=3), months=st.lists(heats, min_size=12, max_size=12))
@settings(max_examples=30, deadline=None)
def test_distributors_share_out_what_their_premises_cost_together(units, months):
    """What premises with distributors pay for the year does not depend on the units, only each one's part does."""
    nothing = {"history": dict.fromkeys(YEAR, "0")}
    sizes = ["41.3", "58.6", "70.1"]
    common = {"own_heat_source": "no", "heating_meter": "no", "heating": nothing}
    with_units = [
        {"id": str(n), "area": size, "heating_distributor_units": str(count), **common}
        for n, (size, count) in enumerate(zip(sizes, units, strict=True))
    ]
    without = {"id": "other", "area": "90", **common}
    case = building({"value": "1", "history": dict(zip(YEAR, months, strict=True))}, "0")
    lines = House(case, [*with_units, without]).values("heating_year.heating_adjustment")
    cost = sum(Fraction(v) for v in months) * Fraction(PRICE)
    assert lines[-1] is None
    part = Fraction("170") / Fraction("260")
    assert abs(sum(lines[:-1]) - cost * part) <= 3 * KOPECK


@given(premises=flats(), volume=heats, day=st.integers(2, 31))
@settings(max_examples=20, deadline=None)
def test_a_cut_where_nothing_changes_changes_nothing(premises, volume, day):
    cut = {"households": [{"value": PRICE}, {"from": f"2026-01-{day:02d}", "value": PRICE}]}
    plain = House(building(volume, "100"), premises).values("heating.heating")
    assert House(building(volume, "100", heating_tariff=cut), premises).values("heating.heating") == plain
