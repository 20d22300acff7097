"""Series against a twin that walks through all moments of a month, with and without a watcher; laws of their sums."""

from __future__ import annotations

import datetime as dt
import random
from fractions import Fraction
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.naive import hours as naive
from tests.naive.quotients import Watcher
from tests.programs import plan_of

from kommres.dsl.backends.interpreter import Interpreter
from kommres.dsl.backends.rows import Dense, Row, Steps
from kommres.dsl.plan.prove import prove
from kommres.dsl.problems import DataProblem
from kommres.period import Month

ZONES = (
    "UTC",
    "Europe/Berlin",
    "Asia/Kolkata",
    "America/Sao_Paulo",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Asia/Irkutsk",
)
MONTHS = ("2026-01", "2026-03", "2026-10", "2017-10", "2011-12", "2024-02")
STEPS = {600: "10 min", 1800: "30 min", 3600: "1 h"}
WORKING = "date,working,source\n2026-01-01,no,made up\n2026-01-03,yes,made up\n"

TEXT = """
module t.hours
enum zone: day, night
entity house
input time_zone of house: id
entity meter of house
series load of meter: kWh, step 0.25, signed, every {every}, label at start
series price: RUB/kWh, signed, every 1 h, label at start from "price.csv"
input share of meter: number, step 0.5, varies
calendar working from "working.csv"
    complete from 2000-01-01 until 2030-01-01
param zone_at by (hour: number): zone
    always  0..6 = night  7..22 = day  23..23 = night
param tariff by zone: RUB/kWh
    from 2000-01-01  day = 5.11  night = 2.3
    from 2026-01-16  day = 6.07  night = 2.9
    from 2017-10-15  day = 1/3  night = 0.5
rule zone_of(h: load) of meter: zone
    = zone_at[hour_of_day(h)]
    except weekend when not is_working_day(date_of(h), working)
        = night
"""
VALUES = {
    "load[h]": lambda s: s.load,
    "load[h] * 3": lambda s: s.load * 3,
    "load[h] * tariff[zone_at[hour_of_day(h)]]": lambda s: s.load * s.tariff,
    "load[h] * (price[h] else 0 RUB/kWh)": lambda s: s.load * s.price,
    "load[h] / hours(h)": lambda s: s.load / s.length,
    "load[h] * share": lambda s: s.load * s.share,
    "max(load[h], 1 kWh)": lambda s: max(s.load, Fraction(1)),
}
WHERE = {
    "": lambda _: True,
    " where zone_at[hour_of_day(h)] = day": lambda s: s.zone == "day",
    " where zone_of(h) = night": lambda s: s.zone == "night" or not s.working,
    " where load[h] > 2 kWh": lambda s: s.load > 2,
    " where day_of_week(date_of(h)) < 3 and hour_of_day(h) in 8..11": lambda s: s.weekday < 3 and 8 <= s.hour <= 11,
}
SOURCES = {
    "load": lambda s: True,
    "load on (period.start + 9 day)": lambda s: s.place == 9,
    "daily(load, 22:00, 06:00)": lambda s: s.hour >= 22 or s.hour < 6,
    "daily(load, 00:00, 05:00) on (period.start + 27 day)": lambda s: s.hour < 5 and s.place == 27,
    "clip(load, period.start + 3 day, period.start + 5 day)": lambda s: 3 <= s.place < 5,
}


class Seen:
    """What the twin knows of an interval."""

    def __init__(self, at, hour, cells, first, every, prices, shares):
        day = dt.date.fromordinal(hour.day)
        self.load = Fraction(cells[at], 4)
        self.hour, self.weekday, self.place = hour.hour, day.isoweekday(), hour.day - first
        self.zone = "day" if 7 <= hour.hour <= 22 else "night"
        self.working = {"2026-01-01": False, "2026-01-03": True}.get(day.isoformat(), day.isoweekday() < 6)
        rates = [(dt.date(2000, 1, 1), "5.11", "2.3"), (dt.date(2017, 10, 15), "1/3", "0.5")]
        rates.append((dt.date(2026, 1, 16), "6.07", "2.9"))
        self.tariff = Fraction([r[1 if self.zone == "day" else 2] for r in rates if r[0] <= day][-1])
        self.price = prices.get(hour.start - hour.start % 3600, Fraction())
        self.length = Fraction(every, 3600)
        self.share = [value for start, value in shares if start <= self.place][-1]


@cache
def plan(every, body):
    prices = ["from,value", *(f"{_moment(t)}+00:00,{value}" for t, value in PRICES.items())]
    text = TEXT.format(every=STEPS[every]) + f"rule asked of meter: {body}\n"
    return plan_of(text, tables={"price.csv": "\n".join(prices) + "\n", "working.csv": WORKING})


def _moment(seconds):
    return dt.datetime.fromtimestamp(seconds, dt.UTC).replace(tzinfo=None).isoformat(timespec="minutes")


def _prices():
    dice = random.Random(11)
    start = int(dt.datetime(2025, 12, 30, tzinfo=dt.UTC).timestamp())
    return {start + n * 3600: Fraction(dice.randrange(-50, 400), 8) for n in range(40 * 24) if dice.random() < 0.9}


PRICES = _prices()


def body_of(function, value, where, source):
    unit = {"count": "number"}.get(function, "RUB" if "RUB" in value or "tariff" in value else "kWh")
    unit = "kWh/h" if "hours(h)" in value and function != "count" else unit
    optional = ", optional" if function in {"min", "max", "mean"} else ""
    what = (
        f"count for h in {source}{where}" if function == "count" else f"{function} of {value} for h in {source}{where}"
    )
    return f"{unit}, signed{optional}\n    = {what}"


@settings(max_examples=120, deadline=None)
@given(
    st.sampled_from(["sum", "min", "max", "mean", "count"]),
    st.sampled_from(sorted(VALUES)),
    st.sampled_from(sorted(WHERE)),
    st.sampled_from(sorted(SOURCES)),
    st.sampled_from(sorted(STEPS)),
    st.sampled_from(ZONES),
    st.sampled_from(MONTHS),
    st.integers(0, 2**20),
)
def test_aggregates_are_those_of_the_twin(function, value, where, source, every, zone, month, seed):
    dice = random.Random(seed)
    period = Month.parse(month)
    walked = naive.intervals(zone, period.year, [period.month], every)
    made = plan(every, body_of(function, value, where, source))
    definition = next(d for d in made.definitions if d.rule.name == "asked")
    count = 5000 if walked is None else len(walked)
    cells = [dice.randrange(-12, 40) for _ in range(count)]
    start = walked[0].start if walked else 0
    seen = []
    proofs = prove(made)
    for hook in (None, Watcher(made, proofs)):
        house = Row("house", "h", values={("time_zone", ()): zone})
        meter = Row("meter", "m", parent=house)
        meter.series["load"] = Dense(start, every, list(cells))
        meter.values["share", ()] = steps = _shares(period)
        try:
            seen.append(Interpreter(made, period, hook=hook).value(definition, meter))
        except DataProblem as problem:
            seen.append(problem.code)
    if walked is None:
        assert seen == ["D0110"] * 2
        return
    shares = [
        (day - period.start if day else 0, Fraction(v)) for day, v in zip(steps.starts, steps.values, strict=True)
    ]

    def facts(at, hour):
        return Seen(at, hour, cells, period.start, every, PRICES, shares)

    places = {hour.start: at for at, hour in enumerate(walked)}
    kept = [h for h in walked if SOURCES[source](facts(places[h.start], h))]
    expected = naive.aggregate(
        function,
        kept,
        lambda _, h: VALUES[value](facts(places[h.start], h)),
        lambda h: WHERE[where](facts(places[h.start], h)),
    )
    assert seen == [expected] * 2
    proof = proofs.definitions[definition.number]
    assert expected is None or proof.outcome is None or proof.outcome.holds(expected)


def _shares(period):
    return Steps((None, period.start + 4, period.start + 20), (1, Fraction(1, 2), 3))


LAWS = plan_of(
    """
module t.laws
enum zone: day, night, peak
entity meter
input time_zone of meter: id
series load of meter: kWh, step 0.001, 0..1_000, every 1 h, label at end
param zone_at by (hour: number): zone
    always  0..6 = night  7..9 = day  10..11 = peak  12..22 = day  23..23 = night
rule total of meter: kWh = sum of load[h] for h in load
rule in_zone(zone) of meter: kWh = sum of load[h] for h in load where zone_at[hour_of_day(h)] = zone
rule by_zones of meter: kWh = sum of in_zone(z) for z in zone
rule of_day(d: date) of meter: kWh = sum of load[h] for h in load on d
rule by_days of meter: kWh = sum of of_day(d) for d in days
rule windows of meter: kWh
    = (sum of load[h] for h in daily(load, 07:00, 23:00)) + (sum of load[h] for h in daily(load, 23:00, 07:00))
rule halves of meter: kWh
    = (sum of load[h] for h in clip(load, period.start, period.start + 10 day))
      + (sum of load[h] for h in clip(load, period.start + 10 day, period.end))
rule greatest of meter: kWh, optional
    = max of load[h] for h in load
rule least of meter: kWh, optional
    = min of load[h] for h in load
rule average of meter: kWh, optional
    = mean of load[h] for h in load
rule daily of meter: kWh, optional
    = mean of ((max of load[h] for h in load on d) else 0 kWh) for d in days
rule hours_there of meter: number = count for h in load
"""
)


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(["UTC", "Europe/Berlin", "America/Sao_Paulo", "Asia/Irkutsk"]),
    st.sampled_from(MONTHS),
    st.integers(0, 2**20),
)
def test_parts_add_up_and_means_lie_between(zone, month, seed):
    period = Month.parse(month)
    walked = naive.intervals(zone, period.year, [period.month], 3600)
    dice = random.Random(seed)
    row = Row("meter", "m", values={("time_zone", ()): zone})
    row.series["load"] = Dense(walked[0].start, 3600, [dice.randrange(1_000_001) for _ in walked])
    interpreter = Interpreter(LAWS, period)
    found = {d.rule.name: interpreter.value(d, row) for d in LAWS.definitions if not d.rule.keys}
    assert found["total"] == found["by_zones"] == found["by_days"] == found["windows"] == found["halves"]
    assert found["least"] <= found["average"] <= found["daily"] <= found["greatest"]
    assert found["average"] * found["hours_there"] == found["total"]
    assert found["hours_there"] == len(walked)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Kolkata", "America/Sao_Paulo"])
@pytest.mark.parametrize("year", [2017, 2024])
def test_a_year_has_its_hours(zone, year):
    made = plan_of(
        "module t.year\nentity meter\ninput time_zone of meter: id\n"
        "series load of meter: kWh, step 1, every 1 h, label at start, over year\n"
        "rule total of meter: kWh = sum of load[h] for h in load\n"
        "rule by_months of meter: kWh\n"
        "    = sum of (sum of load[h] for h in clip(load, m, month_end(m))) for m in months(load)\n"
        "rule by_days of meter: kWh = sum of (sum of load[h] for h in load on d) for d in days(load)\n"
    )
    walked = naive.intervals(zone, year, range(1, 13), 3600)
    row = Row("meter", "m", values={("time_zone", ()): zone})
    row.series["load"] = Dense(walked[0].start, 3600, list(range(len(walked))))
    interpreter = Interpreter(made, Month.of(year, 7))
    total = len(walked) * (len(walked) - 1) // 2
    assert [interpreter.value(d, row) for d in made.definitions] == [total] * 3
