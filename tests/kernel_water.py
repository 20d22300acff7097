"""Rows for the rules of water: places whose tariffs are known in a month, and households of every kind in them."""

from __future__ import annotations

from fractions import Fraction

from attrs import evolve, frozen
from tests.kernel_rows import Trees
from tests.shipped import WATER, shipped

from kommres.dsl.backends.rows import EventRow, Row, Steps

SCHEMES = ("one_component", "two_component", "in_building")


def water():
    return shipped(WATER).plan


@frozen
class Place:
    """Where a building stands. ``suppliers``: of cold and hot water, and of sewerage; ``sewer``: its price is known."""

    region: str
    municipality: str
    suppliers: tuple[str, str, str] = ("any", "any", "any")
    schemes: tuple[str, ...] = SCHEMES
    sewer: bool = True


MOSCOW = Place("moscow", "moscow", schemes=("one_component",))
MOSCOW_LATER = evolve(MOSCOW, sewer=False)
TAISHET = Place("irkutsk_oblast", "taishet", ("vodoresurs", "baikalenergo", "bioochistka"))
OTHER_TAISHET = Place("irkutsk_oblast", "taishet", ("intekhtsentr", "baikalenergo", "intekhtsentr"))
BIROBIDZHAN = Place("jewish_autonomous_oblast", "birobidzhan", schemes=("two_component", "in_building"))
GAVAN = Place("khabarovsk_krai", "sovetskaya_gavan", schemes=("two_component", "in_building"))
ELSEWHERE = Place("elsewhere", "town")

#: Months with what is known of the tariffs in them; prices change inside the first, the third and the last.
PLACES = {
    "2022-02": (MOSCOW, GAVAN, BIROBIDZHAN, ELSEWHERE),
    "2023-01": (MOSCOW, TAISHET, OTHER_TAISHET, BIROBIDZHAN, GAVAN, ELSEWHERE),
    "2022-12": (MOSCOW, TAISHET, OTHER_TAISHET, BIROBIDZHAN, GAVAN, ELSEWHERE),
    "2024-06": (MOSCOW, TAISHET, OTHER_TAISHET, ELSEWHERE),
    "2025-12": (MOSCOW_LATER, ELSEWHERE),
}

WATERS = ("cold", "hot")


class Households(Trees):
    """Buildings with a few premises each: by meters, by norm, by averages; absent people, acts, communal flats.

    ``simple``: share of premises on which nothing changes and nothing happens. ``happens``: an event that all have.
    ``sizes``: how many premises a building may have.
    """

    def __init__(self, month, pick, *, simple=0.5, happens="", sizes=(1, 1, 2, 3, 5)):
        super().__init__(water(), pick, month)
        self.places, self.simple, self.happens, self.sizes = PLACES[str(month)], simple, happens, sizes

    def tree(self):
        pick, place = self.pick, self.pick.choice(self.places)
        cold, hot, sewer = place.suppliers
        scheme = pick.choice(place.schemes)
        building = Row("building", str(pick.randint(0, 10**6)))
        building.values = {
            **keyed(region=place.region, municipality=place.municipality, amenities="full", hot_water_scheme=scheme),
            **keyed(cold_water_supplier=cold, hot_water_supplier=hot, sewerage_supplier=sewer),
            **keyed(hot_water_heat_used=self.decimal(0, 400, 1000)),
        }
        if pick.random() < 0.3:
            building.values["hot_water_house_volume", ()] = self.decimal(1, 4000, 1000)
        building.children["premises"] = [self.premises(building, place) for _ in range(pick.choice(self.sizes))]
        return building

    def decimal(self, low, high, grid):
        """A number on a grid, mostly with fewer digits than it may have; the ends come often."""
        grid = self.pick.choice((1, min(grid, 10), grid, grid))
        n = (
            self.pick.choice((low, high)) * grid
            if self.pick.random() < 0.2
            else self.pick.randint(low * grid, high * grid)
        )
        value = Fraction(n, grid)
        return value.numerator if value.denominator == 1 else value

    def premises(self, building, place):
        pick = self.pick
        simple = not self.happens and pick.random() < self.simple
        row = Row("premises", str(pick.randint(0, 10**6)), building)
        values = row.values = {}
        for water_ in WATERS:
            values["connected", (water_,)] = pick.random() < 0.9
            values["has_meter", (water_,)] = self.varying(simple, lambda: pick.random() < 0.6)
            values["can_install", (water_,)] = pick.random() < 0.5
            if pick.random() < 0.75:
                values["metered", (water_,)] = self.decimal(0, pick.choice((12, 12, 12, 100_000)), 1000)
            row.history["metered", (water_,)] = {
                self.month.number - back: self.decimal(0, 20, 1000) for back in range(1, 9) if pick.random() < 0.6
            }
            if pick.random() < 0.1:
                values["silent_since", (water_,)] = self.day()
        most = pick.choice((3, 9, 100))
        values["residents", ()] = self.varying(simple, lambda: pick.randint(0, most))
        values["owners", ()] = pick.randint(0, 4)
        if pick.random() < 0.1:
            values["flat_residents", ()] = self.varying(simple, lambda: pick.randint(most, 2 * most))
        values["sewerage_connected", ()] = place.sewer and pick.random() < 0.9
        if pick.random() < 0.1:
            values["sewage_metered", ()] = self.decimal(0, 30, 1000)
        for name, high, grid in (
            *(("cold_water_tariff", 90, 100), ("hot_water_tariff", 400, 100), ("sewerage_tariff", 80, 100)),
            *(("hot_water_carrier_tariff", 90, 100), ("hot_water_heat_tariff", 4000, 100)),
            *(("hot_water_heat_surcharge", 300, 100), ("hot_water_heat_norm", 1, 10_000)),
            *(("cold_water_norm", 9, 1000), ("hot_water_norm", 6, 1000), ("sewerage_norm", 14, 1000)),
        ):
            values[name, ()] = self.varying(simple, lambda h=high, g=grid: self.decimal(0, h, g))
        if self.happens == "absence":  # only those charged by norm get anything back
            for water_ in WATERS:
                values["has_meter", (water_,)] = values["can_install", (water_,)] = False
            values["residents", ()] = pick.choice((3, 4, 7, 100))
        if not simple:
            self.meters(row)
            self.happenings(row)
        return row

    def varying(self, simple, value):
        """A value, or one that changes inside the month."""
        pick = self.pick
        if simple or pick.random() < 0.7:
            return value()
        days = sorted(pick.sample(range(self.month.start - 3, self.month.end + 2), pick.randint(1, 2)))
        # Sanctions look back by months, so something is known of all days before.
        return Steps((None, *days), tuple(value() for _ in range(len(days) + 1)))

    def day(self, back=120, ahead=20):
        return self.month.start + self.pick.randint(-back, ahead)

    def meters(self, row):
        """Dials that are read; they count where no volume of the month is supplied."""
        pick = self.pick
        row.children["water_meter"] = []
        for _ in range(pick.choice((0, 0, 1, 2, 3))):
            meter = Row("water_meter", str(pick.randint(0, 10**6)), row)
            before = self.decimal(0, 9000, 1000)
            meter.values = keyed(measures=pick.choice(WATERS), digits=pick.randint(4, 8), reading_before=before)
            meter.values["rolled_over", ()] = False
            if pick.random() < 0.9:
                meter.values["reading_now", ()] = before + self.decimal(0, 15, 1000)
            if pick.random() < 0.1:
                meter.values |= keyed(reading_now=self.decimal(0, 5, 1000), rolled_over=True)
            row.children["water_meter"].append(meter)

    def happenings(self, row):
        pick = self.pick
        for name, make in (
            ("absence", self.absence),
            ("meter_outage", self.outage),
            ("unauthorized_connection", self.connection),
            ("tampering", self.tampering),
        ):
            if name == self.happens or (not self.happens and pick.random() < 0.35):
                row.events[name] = [EventRow(make(), str(place)) for place in range(pick.choice((1, 1, 2)))]

    def absence(self):
        start = self.day(20, 25)
        back = start + self.pick.randint(1, 40)
        return {
            "from": start,
            "to": back,
            "people": self.pick.choice((1, 1, 1, 2, 3)),
            "applied_on": back + self.pick.choice((-3, 10, 30, 31)),
            "proven": self.pick.random() < 0.95,
        }

    def outage(self):
        causes = ("failed", "lost", "unverified", "expired", "no_access", "no_access_again")
        start = self.day(150, 20)
        found = {"kind": self.pick.choice(WATERS), "from": start, "cause": self.pick.choice(causes)}
        return found if self.pick.random() < 0.4 else {**found, "to": start + self.pick.randint(1, 90)}

    def act(self):
        found = self.day(0, 27)
        return {
            "since": found - self.pick.randint(1, 150),
            "found_on": found,
            "removed_on": found + self.pick.randint(0, 9),
        }

    def connection(self):
        diameter = {"diameter": Fraction(self.pick.randint(1, 500), 10_000)} if self.pick.random() < 0.6 else {}
        return {**self.act(), **diameter, "into_sewer": self.pick.random() < 0.5}

    def tampering(self):
        return {**self.act(), "kind": self.pick.choice(WATERS)}


def keyed(**values):
    return {(name, ()): value for name, value in values.items()}
