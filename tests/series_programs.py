"""Programs about series, and rows for them at random: gaps, unreadable values, time zones whose clocks change."""

from __future__ import annotations

import datetime as dt
import random
from fractions import Fraction
from functools import cache

from attrs import field, frozen
from tests.programs import plan_of

from kommres.dsl.backends.grids import intervals_of
from kommres.dsl.backends.rows import Bad, Dense, Row, Steps
from kommres.dsl.backends.zones import Zone
from kommres.dsl.problems import DataProblem

ZONES = (
    "UTC",
    "Europe/Berlin",
    "Asia/Kolkata",
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
input time_zone of house: id, optional
input level of house: number, step 0.5, 0..10
entity meter of house
series load of meter: kWh, step 0.25, signed, -100..100, every {every}, label at start{over}
series spare of meter: kWh, step 5, 0..1000, every {every}, label at start{over}, optional
series busy of meter: yes/no, every {every}, label at start{over}
series mode of meter: zone, every {every}, label at start{over}, optional
series monthly of meter: number, step 0.5, 0..9, every {every}, label at start, optional
series price: RUB/kWh, signed, every 1 h, label at start from "price.csv"
input share of meter: number, step 0.5, 0..9, varies
input limit of meter: kWh, step 0.5, 0..100
input since of meter: date
input moment of meter: instant
calendar working from "working.csv"
    complete from 2000-01-01 until 2030-01-01
param zone_at by (hour: number): zone
    always  0..6 = night  7..22 = day  23..23 = night
param tariff by zone: RUB/kWh
    from 2000-01-01  day = 5.11  night = 2.3
    from 2026-01-16  day = 6.07  night = 2.9
    from 2017-10-15  day = 1/3  night = 0.5
param flat by zone: RUB/kWh
    from 2001-01-01  day = 4.5  night = 1.25
rule zone_of(h: load) of meter: zone
    = zone_at[hour_of_day(h)]
    except weekend when not is_working_day(date_of(h), working)
        = night
rule is_busy(h: load) of meter: yes/no
    = load[h] > limit and zone_at[hour_of_day(h)] = day
rule planned(h: load) of meter: yes/no
    = hour_of_day(h) in 8..10 and is_working_day(date_of(h), working)
rule highest(d: date) of meter: kWh, signed, optional
    = max of load[h] for h in load on d where planned(h)
rule total(d: date) of meter: kWh, signed
    = sum of load[h] for h in load on d
rule all_of of meter: kWh, signed
    = sum of load[h] for h in load
rule rate of meter: number
    = share * 2
rule by_zone(zone) of meter: kWh, signed
    = sum of load[h] for h in load where zone_of(h) = zone
"""
VALUES = (
    "load[h]",
    "load[h] * 3",
    "load[h] * flat[zone_at[hour_of_day(h)]] * 1 kWh / 1 RUB",
    "load[h] * (price[h] else 0 RUB/kWh) * 1 kWh / 1 RUB",
    "load[h] * price[h] * 1 kWh / 1 RUB",
    "load[h] * tariff[zone_of(h)] * 1 kWh / 1 RUB",
    "load[h] * share",
    "load[h] * (share at start)",
    "load[h] * (share at end)",
    "load[h] * (mean over days share)",
    "load[h] * (monthly[h] else 2)",
    "load[h] + total(date_of(h)) / 100",
    "load[h] * rate",
    "load[h] * level",
    "max(load[h], 1 kWh)",
    "min(load[h] * 2, limit)",
    "abs(load[h])",
    "(load[h] else 2 kWh)",
    "(spare[h] else 1 kWh)",
    "(if load[h] > 1 kWh then load[h] otherwise limit)",
    "(if busy[h] then load[h] otherwise 1 kWh)",
    "(if zone_of(h) = day then load[h] otherwise limit)",
    "(if load[h] > all_of / 700 then load[h] otherwise 0 kWh)",
    "round(load[h] * 1/3, 0.5)",
    "(load[h] / hours(h)) * 1 h",
    "load[h] * hour_of_day(h)",
    "flat[(mode[h] else day)] * load[h] * 1 kWh / 1 RUB",
    "tariff[(mode[h] else day)] * load[h] * 1 kWh / 1 RUB",
)
WHERE = (
    "",
    " where zone_at[hour_of_day(h)] = day",
    " where zone_of(h) = night",
    " where load[h] > 2 kWh",
    " where day_of_week(date_of(h)) < 3 and hour_of_day(h) in 8..11",
    " where is_busy(h)",
    " where planned(h)",
    " where not planned(h) and load[h] < limit",
    " where has spare[h]",
    " where busy[h]",
    " where has mode[h] and mode[h] = night",
    " where h.from >= moment",
    " where date_of(h) >= since",
)
SOURCES = (
    "load",
    "load on (period.start + 9 day)",
    "load on since",
    "daily(load, 22:00, 06:00)",
    "daily(load, 00:00, 05:00) on (period.start + 27 day)",
    "clip(load, period.start + 3 day, period.start + 5 day)",
    "clip(load, since, since + 4 day)",
    "clip(load, moment, moment + 50 h)",
    "clip(daily(load, 08:00, 20:00), since, period.end)",
    "clip(clip(load, since, since + 9 day), moment, period.end)",
)
DAYS = (
    "mean of highest(d) for d in days where is_working_day(d, working) and has highest(d)",
    "sum of total(d) for d in days where day_of_week(d) = 1",
    "max of total(d) for d in days",
    "min of total(d) for d in days(load) where d >= since",
    "sum of total(d) * share for d in days",
    "count for d in days where total(d) > limit",
    "sum of (highest(d) else 0 kWh) for d in days",
    "sum of share * 1 kWh for d in days",
    "sum of load[h] for d in days for h in load on d where is_working_day(d, working)",
    "sum of total(d) for d in days where (any of load[h] > 90 kWh for h in load on d)",
    "sum of (if (all of load[h] > 1 kWh for h in load on d) then total(d) otherwise 1 kWh) for d in days",
    "sum of (sum of load[h] for h in clip(load, m, month_end(m))) for m in months(load)",
    "max of ((mean of load[h] for h in clip(load, m, month_end(m))) else 0 kWh) for m in months(load)",
    "first of load[h] by h.from for h in load where planned(h)",
    "last of load[h] by h.from for h in load",
    "first of load[h] by load[h] for h in load",
    "sum of by_zone(z) for z in zone",
    "sum of load[h] for z in zone for h in load where zone_of(h) = z",
    "sum of load[h] * (count for k in load on date_of(h)) for h in load on since",
    "sum of price[h] * 1 kWh / 1 RUB * 1 kWh for h in load",
    "(count for h in load where planned(h)) * all_of",
    "total(since) + total(period.start)",
)
_OPTIONAL = ("min", "max", "mean", "first", "last")


@frozen
class Case:
    """A program with a charge for each of some expressions, and the month for which it is computed."""

    every: int
    over: str  # month year
    bodies: tuple
    month: str
    gaps: bool = field(default=False)  # of the price

    @property
    def plan(self):
        return _plan(self.every, self.over, self.bodies, int(self.month[:4]), self.gaps)


def body(function, value, where, source):
    """The text of an aggregate."""
    if function == "count":
        return f"count for h in {source}{where}"
    return f"{function} of {value} for h in {source}{where}"


@cache
def _plan(every, over, bodies, year, gaps):
    text = TEXT.format(every=STEPS[every], over=", over year" if over == "year" else "")
    text += "".join(_charge(number, body) for number, body in enumerate(bodies))
    return plan_of(text, tables={"price.csv": _prices(year, gaps), "working.csv": WORKING})


def _charge(number, body):
    if body.startswith("count"):
        amount = f"({body}) * 0.37 RUB"
    elif body.startswith(_OPTIONAL):
        amount = f"(({body}) else 7 kWh) * 0.37 RUB/kWh"
    else:
        amount = f"({body}) * 0.37 RUB/kWh"
    return f"charge c{number} of meter: RUB, signed\n    = round({amount}, 0.01)\n"


@cache
def _prices(year, gaps):
    dice = random.Random(year)
    start = dt.datetime(year - 1, 12, 30)  # noqa: DTZ001 - wall-clock time
    lines = ["from,value"]
    for hour in range(370 * 24):
        if not gaps or dice.random() < 0.999:
            moment = (start + dt.timedelta(hours=hour)).isoformat(timespec="minutes")
            lines.append(f"{moment},{Fraction(dice.randrange(-50, 400), 8)}")
    return "\n".join(lines) + "\n"


def trees(plan, month, dice, count, *, clean=False):
    """Houses with meters. ``clean``: everything is there and can be read."""
    return [_house(plan, month, dice, number, clean=clean) for number in range(count)]


def _house(plan, month, dice, number, *, clean):
    zone = dice.choice(ZONES) if clean or dice.random() < 0.97 else "No/Where"
    house = Row("house", f"h{number}", values={("level", ()): Fraction(dice.randrange(20), 2)})
    if dice.random() < 0.8:
        house.values["time_zone", ()] = zone
    else:
        zone = "UTC"
    meters = [_meter(plan, month, dice, house, zone, f"{number}.{n}", clean=clean) for n in range(dice.randrange(3))]
    if meters:
        house.children["meter"] = meters
    return house


def _meter(plan, month, dice, house, zone, id_, *, clean):
    first = month.start
    share = Fraction(dice.randrange(18), 2)
    if dice.random() < 0.3:
        share = Steps((None, first + dice.randrange(1, 27)), (share, Fraction(dice.randrange(18), 2)))
    values = {
        ("share", ()): share,
        ("limit", ()): Fraction(dice.randrange(40), 2),
        ("since", ()): first + dice.randrange(-3, 30),
        ("moment", ()): (first - dt.date(1970, 1, 1).toordinal()) * 86_400 + dice.randrange(-9_000, 30 * 86_400),
    }
    meter = Row("meter", id_, parent=house, values=values)
    for series in plan.series:
        if series.entity is not None:
            found = _cells(series, month, dice, zone, clean=clean)
            if found is not None:
                meter.series[series.name] = found
    return meter


def _cells(series, month, dice, zone, *, clean):
    try:
        grid = intervals_of(series.grid, month, Zone.named(zone))
    except (ValueError, DataProblem):
        return None
    if not clean and dice.random() < 0.05:
        return dice.choice([None, Bad("D0102", "made up", series.name)])
    draw = {
        "load": lambda: dice.randrange(-20, 40),
        "spare": lambda: dice.randrange(50),
        "monthly": lambda: dice.randrange(19),
        "busy": lambda: dice.random() < 0.4,
        "mode": lambda: dice.choice(["day", "night"]),
    }[series.name]
    cells, bad, first = [draw() for _ in grid.all], {}, grid.first
    if series.optional or not clean:  # noqa: SIM102 - what is drawn depends on both
        if dice.random() < (0.8 if series.optional else 0.3):
            for _ in range(dice.choice([1, 1, 3, len(cells) // 5])):
                cells[dice.randrange(len(cells))] = None
    if not clean and dice.random() < 0.05:
        place = dice.randrange(len(cells))
        cells[place], bad[place] = None, Bad("D0102", "made up", series.name)
    if not clean and dice.random() < 0.03:
        cells, first, bad = cells[5:], first + 5 * grid.every, {}
    return Dense(first, grid.every, cells, bad)
