"""The shipped rules and tables as a whole, and laws that no single example shows."""

from fractions import Fraction
from functools import cache
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

import kommres_electricity
from kommres import evaluate, load

RULES = Path(kommres_electricity.__file__).parent / "rules"
KOPECK = Fraction(1, 100)
ZONES = ("day", "night", "peak", "half_peak")
SPLITS = ("in_proportion", "dear_zone_first", "cheap_zone_first")
RANGES = ("first", "second", "third")
PRICES = {"first": Fraction(5), "second": Fraction(7), "third": Fraction(11)}

thousandths = st.integers(0, 9_000_000).map(lambda n: Fraction(n, 1000))


@cache
def program(folder="."):
    return load(RULES / folder)


def computed(case, month="2026-06", **more):
    result = evaluate(program("pp354"), case, month, **more)
    assert not result["refused"], result["refused"]
    return result


def bill(case, month="2026-06", **more):
    """Amounts by charge name."""
    lines = computed(case, month, **more)["charges"]
    return {line["charge"].rpartition(".")[2]: Fraction(line["amount"]) for line in lines}


def text(value):
    """A number as data have it."""
    return str(value) if value.denominator == 1 else f"{float(value):.3f}"


def household(**more):
    return {
        "electricity_connected": "yes",
        "electricity_has_meter": "yes",
        "electricity_can_install": "no",
        "residents": 3,
        "electricity_norm": "80",
        "electricity_tariff": {"first": {"single": "5"}},
        **more,
    }


def metered(volumes, *, ranges=True, prices=PRICES, **more):
    """A household by meter; one price in each range, whatever the zone."""
    limits = {"electricity_limits": "ranges", "electricity_limit": {"first": "3900", "second": "6000"}}
    tariff = {r: {z: text(prices[r]) for z in (*ZONES, "single")} for r in RANGES}
    volumes = {zone: text(volume) for zone, volume in volumes.items()}
    return household(**(limits if ranges else {}), electricity_metered=volumes, electricity_tariff=tariff, **more)


def priced(volume, prices=PRICES):
    """The sum of the slices, exactly."""
    bounds = ((0, 3900, "first"), (3900, 6000, "second"), (6000, 10**9, "third"))
    return sum(max(Fraction(0), min(volume, upper) - lower) * prices[r] for lower, upper, r in bounds)


def rounded(amount):
    """To the kopeck, half up; for amounts that are not negative."""
    return Fraction(int(amount * 100 + Fraction(1, 2)), 100)


@given(volume=thousandths)
@settings(max_examples=30, deadline=None)
def test_a_volume_is_the_sum_of_its_slices(volume):
    assert bill(metered({"single": volume}))["electricity"] == rounded(priced(volume))


@given(volume=thousandths, more=st.integers(1, 2_000_000).map(lambda n: Fraction(n, 1000)))
@settings(max_examples=25, deadline=None)
def test_ranges_are_continuous_and_monotone(volume, more):
    less, all_ = (bill(metered({"single": v}))["electricity"] for v in (volume, volume + more))
    assert 0 <= all_ - less <= more * max(PRICES.values()) + KOPECK


@given(
    volumes=st.tuples(thousandths, thousandths, thousandths),
    plan=st.sampled_from([("day", "night"), ("peak", "half_peak", "night")]),
    split=st.sampled_from(SPLITS),
)
@settings(max_examples=40, deadline=None)
def test_zones_of_one_price_cost_what_a_single_register_costs(volumes, plan, split):
    """Whatever zone fills a limit first; each zone is rounded to the kopeck, and shared to a millionth of a kWh."""
    volumes = dict(zip(plan, volumes, strict=False))
    total = sum(volumes.values())
    lines = bill(metered(volumes), options={"electricity_zone_split": split})
    assert abs(lines["electricity"] - priced(total)) <= len(plan) * KOPECK
    single = bill(metered({"single": total}))
    assert abs(lines["electricity"] - single["electricity"]) <= len(plan) * KOPECK


@given(people=st.lists(st.integers(1, 5), min_size=2, max_size=4), volume=thousandths, rooms=st.data())
@settings(max_examples=25, deadline=None)
def test_rooms_of_a_communal_flat_take_what_the_flat_took(people, volume, rooms):
    """Formulas 7 and 9: volumes close exactly, amounts to half a kopeck a room."""
    own = [rooms.draw(st.integers(0, 2000)) for _ in people]
    volume += sum(own)
    case = {"electricity_metered": {"single": text(volume)}, "flat_residents": sum(people)}
    shared = [bill(household(residents=n, **case))["electricity"] for n in people]
    apart = [
        bill(household(residents=n, room_metered={"single": str(v)}, rooms_metered={"single": str(sum(own))}, **case))[
            "electricity"
        ]
        for n, v in zip(people, own, strict=True)
    ]
    for amounts in (shared, apart):
        assert abs(sum(amounts) - volume * 5) <= len(people) * KOPECK / 2
    assert apart[0] == rounded((own[0] + (volume - sum(own)) * Fraction(people[0], sum(people))) * 5)


@given(people=st.integers(1, 9), day=st.integers(2, 30))
@settings(max_examples=15, deadline=None)
def test_a_cut_where_nothing_changes_changes_nothing(people, day):
    plain = household(residents=people, electricity_has_meter="no", electricity_can_install="yes")
    cut = [{"value": people}, {"from": f"2026-06-{day:02d}", "value": people}]
    assert bill({**plain, "residents": cut}) == bill(plain)


@given(people=st.integers(1, 6), gone=st.integers(1, 6), start=st.integers(1, 20), days=st.integers(1, 30))
@settings(max_examples=30, deadline=None)
def test_an_absence_takes_off_no_more_than_was_charged(people, gone, start, days):
    gone, back = min(gone, people), min(days, 31)
    away = {"from": f"2026-06-{start:02d}", "to": f"2026-07-{back:02d}", "people": gone}
    absence = [{**away, "applied_on": "2026-07-15", "proven": "yes"}]
    lines = bill(household(residents=people, electricity_has_meter="no", absence=absence))
    expected = rounded(Fraction(gone * 80 * 5 * (30 - start), 30)) if 30 - start + back - 1 > 5 else 0
    assert lines.get("electricity_absence", 0) == -expected
    assert lines["electricity"] + lines.get("electricity_absence", 0) >= 0


@given(
    volumes=st.lists(st.integers(0, 2_000_000), min_size=3, max_size=9),
    month=st.sampled_from(["2026-03", "2026-05", "2026-06", "2028-02"]),
    kind=st.sampled_from(["flat", "dwelling_house"]),
)
@settings(max_examples=30, deadline=None)
def test_a_failed_meter_in_a_block_is_averaged_without_end_and_in_a_house_for_three_months(volumes, month, kind):
    """A meter that fails on 1 March 2026; two years later nothing else has changed."""
    past = [f"{2026 - (m > 2)}-{m:02d}" for m in (2, 1, 12, 11, 10, 9, 8, 7, 6)]
    history = {at: {"single": text(Fraction(v, 1000))} for at, v in zip(past, volumes, strict=False)}
    lines = bill(
        household(
            kind=kind,
            electricity_can_install="yes",
            electricity_metered={"history": history},
            electricity_outage=[{"from": "2026-03-01", "cause": "failed"}],
        ),
        month,
    )
    if kind == "flat" or month < "2026-06":
        mean = Fraction(sum(volumes[:6]), 1000 * len(volumes[:6]))
        assert lines == {"electricity": rounded(mean * 5)}
    else:
        assert lines == {"electricity": Fraction(1200), "electricity_raising": Fraction(600)}


@given(norm=st.integers(1, 999_999), price=st.integers(1, 9999))
@settings(max_examples=20, deadline=None)
def test_the_coefficient_adds_half_of_the_base_line(norm, price):
    case = household(
        electricity_norm=text(Fraction(norm, 1000)),
        electricity_tariff={"first": {"single": text(Fraction(price, 100))}},
        electricity_has_meter="no",
        electricity_can_install="yes",
    )
    exact = Fraction(norm, 1000) * 3 * Fraction(price, 100)
    apart, together = bill(case), bill(case, options={"raising_line": "within_total"})
    assert apart == {"electricity": rounded(exact), "electricity_raising": rounded(exact / 2)} or exact < KOPECK
    assert sum(together.values()) == rounded(exact * Fraction(3, 2))
