"""What house needs keep: house meter = premises + shares before caps and rounding, with bounds after them."""

from fractions import Fraction
from functools import cache
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

import kommres_water
from kommres.dsl.backends.interpreter import Interpreter
from kommres.dsl.case import rows_from_case
from kommres.dsl.program import load
from kommres.period import Month

RULES = Path(kommres_water.__file__).parent / "rules/pp354"
KOPECK = Fraction(1, 100)
STEP = Fraction(1, 10**6)
PRICE = "46.87"
MONTH = Month.parse("2026-07")


@cache
def definitions():
    plan = load(RULES).plan
    return plan, {d.id: d for d in plan.definitions}


def decimal(thousandths):
    return f"{thousandths // 1000}.{thousandths % 1000:03d}"


@st.composite
def premises(draw):
    """Premises by meter, by norm with people who come inside the month, not connected; rooms of one communal flat."""
    found = []
    kinds = st.tuples(st.sampled_from(("meter", "norm", "off")), st.integers(1, 12_000))
    for how, size in [*draw(st.lists(kinds, max_size=6)), ("meter", 4_321)]:
        one = {"area": decimal(size * 10), "connected": {"cold": "yes"}, "cold_water_tariff": PRICE}
        one |= {"has_meter": {"cold": "yes"}, "metered": {"cold": decimal(size)}}
        if how == "norm":
            one |= {"has_meter": {"cold": "no"}, "can_install": {"cold": "no"}, "cold_water_norm": "4.745", "owners": 1}
            one["residents"] = [{"value": size % 5}, {"from": f"2026-07-{size % 30 + 2:02d}", "value": size % 7}]
        if how == "off":
            one["connected"] = {"cold": "no"}
        found.append(one)
    living = draw(st.lists(st.integers(800, 3_000), max_size=4))
    for size in living:
        room = {"flat_area": "77.7", "living_area": decimal(size * 10), "flat_living_area": decimal(sum(living) * 10)}
        room |= {"area": "0", "connected": {"cold": "no"}, "cold_water_tariff": PRICE}
        found.append(room)
    return [{"id": str(number), **one} for number, one in enumerate(found)]


class House:
    """Values of one house."""

    def __init__(self, building, flats, **options):
        plan, self.definitions = definitions()
        case = {"building": {"management": "direct", "common_area": "321.4", **building, "premises": flats}}
        rows = rows_from_case(plan, case, month=MONTH)
        self.interpreter = Interpreter(plan, MONTH, options=options)
        (self.building,) = (row for row in rows if row.entity == "building")
        self.premises = [row for row in rows if row.entity == "premises"]

    def value(self, rule, row=None):
        definition = self.definitions[f"ru.pp354.water_needs.{rule}"]
        return Fraction(self.interpreter.value(definition, row or self.building, ("cold",)))

    def sum(self, rule):
        return sum((self.value(rule, row) for row in self.premises), Fraction(0))

    @property
    def own_volumes(self):
        """Volumes of premises, not rounded."""
        volume = self.definitions["ru.pp354.cold_water.volume_total"]
        connected = [row for row in self.premises if row.values["connected", ("cold",)] is True]
        return sum((Fraction(self.interpreter.value(volume, row)) for row in connected), Fraction(0))

    @property
    def amounts(self):
        charge = self.definitions["ru.pp354.water_needs.cold_water_house_needs"]
        return [Fraction(self.interpreter.charge(charge, row).amount) for row in self.premises]


METERED = {"house_meter": {"cold": "yes"}}


@given(flats=premises(), over=st.integers(-40_000, 400_000))
@settings(max_examples=40, deadline=None)
def test_house_meter_equals_premises_and_shares(flats, over):
    """Formula 12 before cap and floor: exact in rounded own volumes, half a step for each premises in true ones."""
    inside = sum(Fraction(one["metered"]["cold"]) for one in flats if "metered" in one)
    volume = decimal(max(0, int(inside * 1000) + over))
    house = House(
        {**METERED, "house_metered": {"cold": volume}, "all_shared": "yes"}, flats, negative_rest="shared_back"
    )
    metered = Fraction(volume)
    assert house.sum("own_use") + house.sum("part") == metered
    assert abs(house.own_volumes + house.sum("part") - metered) <= len(flats) * STEP / 2
    shared = house.value("shared")
    assert abs(sum(house.amounts) - shared * Fraction(PRICE)) <= len(flats) * KOPECK / 2


@given(flats=premises(), volume=st.integers(0, 200_000))
@settings(max_examples=40, deadline=None)
def test_cap_and_floor(flats, volume):
    """What is not charged above the norm is the provider's; below zero nothing is charged."""
    house = House(
        {**METERED, "house_metered": {"cold": decimal(volume)}, "house_needs_norm": {"cold": "0.0213"}}, flats
    )
    shared, rest = house.value("shared"), house.value("rest")
    assert 0 <= shared <= max(0, house.value("limit") if rest > 0 else 0)
    assert shared + house.value("borne_by_provider") == max(0, rest)
    assert house.sum("part") == shared


@given(flats=premises(), norm=st.integers(0, 900_000))
@settings(max_examples=40, deadline=None)
def test_shares_by_norm_add_up_to_the_norm_of_the_house(flats, norm):
    """Formula 15."""
    per_m2 = f"{norm // 10**6}.{norm % 10**6:06d}"
    house = House({"house_meter": {"cold": "no"}, "house_needs_norm": {"cold": per_m2}}, flats)
    whole = Fraction(per_m2) * Fraction("321.4")
    assert abs(house.sum("part") - whole) <= STEP / 2
    assert abs(sum(house.amounts) - whole * Fraction(PRICE)) <= STEP / 2 * Fraction(PRICE) + len(flats) * KOPECK / 2


@given(flats=premises(), day=st.integers(2, 31), volume=st.integers(0, 200_000), norm=st.integers(0, 90_000))
@settings(max_examples=40, deadline=None)
def test_a_house_meter_put_in_inside_the_month(flats, day, volume, norm):
    """Days without the meter cost their part of the norm, the others what it shows over premises then."""
    house = House(
        {
            "house_meter": {"cold": [{"value": "no"}, {"from": f"2026-07-{day:02d}", "value": "yes"}]},
            "house_metered": {"cold": decimal(volume)},
            "house_needs_norm": {"cold": f"0.{norm:06d}"},
            "all_shared": "yes",
        },
        flats,
        negative_rest="shared_back",
    )
    by_norm = Fraction(f"0.{norm:06d}") * Fraction("321.4") * (day - 1) / 31
    expected = by_norm + Fraction(decimal(volume)) - house.sum("own_use")
    assert abs(house.sum("part") - expected) <= STEP / 2
