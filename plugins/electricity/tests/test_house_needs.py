"""What house needs keep: house meter = premises + shares before caps and rounding; shares by norm add up."""

from fractions import Fraction
from functools import cache
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

import kommres_electricity
from kommres.dsl.backends.interpreter import Interpreter
from kommres.dsl.case import rows_from_case
from kommres.dsl.program import load
from kommres.period import Month

RULES = Path(kommres_electricity.__file__).parent / "rules/pp354"
KOPECK = Fraction(1, 100)
STEP = Fraction(1, 10**6)
PRICE = "1.936"
MONTH = Month.parse("2026-07")


@cache
def definitions():
    plan = load(RULES).plan
    return plan, {d.id: d for d in plan.definitions}


def decimal(thousandths):
    return f"{thousandths // 1000}.{thousandths % 1000:03d}"


@st.composite
def premises(draw):
    """Flats by a meter of one or of two zones, by norm, not connected."""
    found = []
    kinds = st.tuples(st.sampled_from(("single", "zones", "norm", "off")), st.integers(1, 900_000))
    for number, (how, size) in enumerate([*draw(st.lists(kinds, max_size=6)), ("single", 123_456)]):
        one = {"id": str(number), "area": decimal(size // 9 * 10), "electricity_connected": "yes"}
        one |= {"electricity_has_meter": "yes", "electricity_tariff": {"first": {"single": PRICE}}}
        one["electricity_metered"] = {"value": {"single": decimal(size)}}
        if how == "zones":
            one["electricity_metered"] = {"value": {"day": decimal(size), "night": decimal(size // 3)}}
        if how == "norm":
            one |= {"electricity_has_meter": "no", "electricity_can_install": "no", "residents": size % 5, "owners": 1}
            one |= {"electricity_norm": "50.123"}
        if how == "off":
            one["electricity_connected"] = "no"
        found.append(one)
    return found


class House:
    """Values of one house."""

    def __init__(self, building, flats, **options):
        plan, self.definitions = definitions()
        case = {"building": {"management": "direct", "common_area": "321.4", **building, "premises": flats}}
        rows = rows_from_case(plan, case, month=MONTH)
        self.interpreter = Interpreter(plan, MONTH, options=options)
        self.premises = [row for row in rows if row.entity == "premises"]

    def sum(self, rule):
        definition = self.definitions[f"ru.pp354.{rule}"]
        return sum((Fraction(self.interpreter.value(definition, row)) for row in self.premises), Fraction(0))

    @property
    def amount(self):
        charge = self.definitions["ru.pp354.electricity_needs.electricity_house_needs"]
        return sum((Fraction(self.interpreter.charge(charge, row).amount) for row in self.premises), Fraction(0))


@given(flats=premises(), over=st.integers(-100_000, 900_000))
@settings(max_examples=30, deadline=None)
def test_house_meter_equals_premises_and_shares(flats, over):
    """Formula 12 before cap and floor."""
    volume = max(0, over + sum(int(Fraction(one["area"]) * 900) for one in flats))
    house = House(
        {"house_meter": {"electricity": "yes"}, "house_electricity": decimal(volume), "all_shared": "yes"},
        flats,
        negative_rest="shared_back",
    )
    shares = house.sum("electricity_needs.part")
    assert house.sum("electricity_needs.own_use") + shares == Fraction(decimal(volume))
    assert abs(house.amount - shares * Fraction(PRICE)) <= len(flats) * KOPECK / 2


@given(flats=premises(), norm=st.integers(0, 9_000_000))
@settings(max_examples=30, deadline=None)
def test_shares_by_norm_add_up_to_the_norm_of_the_house(flats, norm):
    """Formula 15."""
    per_m2 = f"{norm // 10**6}.{norm % 10**6:06d}"
    house = House({"house_meter": {"electricity": "no"}, "electricity_needs_norm": per_m2}, flats)
    whole = Fraction(per_m2) * Fraction("321.4")
    assert abs(house.sum("electricity_needs.part") - whole) <= STEP / 2
    assert abs(house.amount - whole * Fraction(PRICE)) <= STEP / 2 * Fraction(PRICE) + len(flats) * KOPECK / 2
