"""Programs over series of hours, at random: zones, prices of hours, days, highest values, gaps."""

from __future__ import annotations

import datetime as dt
import random
from functools import cache

from tests.kernel_programs import CALENDAR, compiled

HEAD = """
module t.hours
enum zone: day, night, peak
entity house
entity meter of house
input time_zone of house: id, optional
input name of house: id
input loss of meter: number, step 0.01, 0..1
input share of meter: number, step 0.01, 0..1, varies
input d of meter: date
input flag of meter: yes/no
series load of meter: kWh, step 0.001, 0..1_000, every 1 h, label at end
series flow of meter: kW, step 0.01, -50..900, signed, every 30 min, label at start, optional
series kind of meter: zone, every 1 h, label at start
series running of meter: yes/no, every 1 h, label at start, optional
series price: RUB/kWh, step 0.001, 0..100, every 1 h, label at start, zone "Europe/Moscow" from "prices.csv"
calendar working from "days.csv"
    complete from 2015-01-01 until 2035-01-01
param zone_at by (hour: number): zone
    always  0..6 = night  7..9 = day  10..11 = peak  12..22 = day  23..23 = night
param rate by zone: RUB/kWh
    from 2020-01-01  day = 5.11  night = 2.3  peak = 9.457
    from 2026-01-16  day = 6.07  night = 2.9  peak = 11
param step by (x: kWh): RUB/kWh
    from 2020-01-01  ..1000 = 3.05  1000..200000 = 4.5  200000.. = 7
rule zone_of(h: load) of meter: zone
    = zone_at[hour_of_day(h)]
    except free when not is_working_day(date_of(h), working)
        = night
rule in_zone(zone) of meter: kWh
    = sum of load[h] for h in load where zone_of(h) = zone
rule of_kind(zone) of meter: kWh
    = sum of load[h] for h in load where kind[h] = zone
rule total of meter: kWh
    = sum of load[h] for h in load
rule highest(d: date) of meter: kWh, optional
    = max of load[h] for h in load on d where zone_of(h) != night
rule demand of meter: kWh, optional
    = mean of highest(x) for x in days where is_working_day(x, working) and has highest(x)
rule of_house of house: kWh
    = sum of m.total for m in meter
"""

KWH = (
    *("total", "in_zone(peak)", "in_zone(day)", "of_kind(night)", "(demand else 3 kWh)", "house.of_house"),
    "(sum of load[h] * share for h in load)",
    "(sum of load[h] for h in load on d)",
    "(sum of load[h] for h in clip(load, period.start + 3 day, period.end - 5 day))",
    "(sum of load[h] for h in daily(load, 23:00, 07:00))",
    "(sum of load[h] for h in load where load[h] > 500 kWh or flag)",
    "((max of load[h] for h in load) else 0 kWh)",
    "((min of load[h] for h in load where running[h] else flag) else 1 kWh)",
    "(sum of ((flow[h] else 3 kW) * hours(h)) as kWh for h in flow)",
    "(sum of (flow[h] * hours(h)) as kWh for h in flow where has flow[h])",
    "(sum of load[h] for h in load where has running[h] and running[h])",
    "(sum of round(load[h], 0.5) for h in load)",
    "((mean of load[h] for h in load where kind[h] = peak) else 0 kWh)",
    "(sum of in_zone(z) for z in zone)",
)
RUB = (
    "(sum of load[h] * (price[h] else 4 RUB/kWh) for h in load)",
    "(sum of load[h] * rate[zone_of(h)] for h in load)",
    "(sum of in_zone(z) * (rate[z] at start) for z in zone)",
    "(tiers(total, step[_]) at start)",
    "(sum of round(load[h] * (price[h] else 1 RUB/kWh), 0.01) for h in load where kind[h] = day)",
    "(sum of round(load[h] * (price[h] else 4 RUB/kWh) * loss, 0.01, half_even) for h in load on d)",
    "(sum of highest(x) * 2.5 RUB/kWh for x in days where has highest(x))",
)
NUMBERS = (
    "loss",
    "(count for h in load)",
    "(count for h in flow where has flow[h]) / 7",
    "(if flag then 1 otherwise loss)",
)


def text(seed):
    pick = random.Random(seed)
    module = HEAD
    for number in range(pick.randint(2, 4)):
        kwh, rub, plain = pick.choice(KWH), pick.choice(RUB), pick.choice(NUMBERS)
        value = pick.choice(
            (
                f"{kwh} * 3.335 RUB/kWh",
                f"({kwh} - {pick.choice(KWH)}) * {plain} * 1.5 RUB/kWh",
                f"{rub} * {plain}",
                f"({rub} + {pick.choice(RUB)}) / 3",
                f"share({pick.choice(('in_zone(peak)', 'of_kind(day)'))}, total + 1 kWh) * {rub}",
                f"max({rub}, {kwh} * 2.25 RUB/kWh)",
            )
        )
        mode = pick.choice(("half_up", "half_up", "half_even", "floor"))
        shown = f"    volume {kwh}\n" if pick.random() < 0.4 else ""
        module += f"charge c{number} of meter: RUB, signed\n{shown}    = round({value}, 0.01, {mode})\n"
    return (module + "charge h of house: RUB\n    = round(of_house * 0.115 RUB/kWh, 0.01)\n",)


def prices():
    """Prices of most hours around the months that are tried."""
    dice, found = random.Random(7), {}
    for year, month in ((2025, 12), (2026, 1), (2026, 3), (2026, 10)):
        first = dt.datetime(year, month, 1, tzinfo=dt.UTC) - dt.timedelta(days=1)
        for hour in range(34 * 24):
            if dice.random() < 0.95:
                at = (first + dt.timedelta(hours=hour)).replace(tzinfo=None)
                found[at] = f"{at.isoformat(timespec='minutes')}+00:00,{dice.randint(0, 9000) / 1000}"
    return "\n".join(["from,value", *found.values()]) + "\n"


TABLES = {"days.csv": CALENDAR, "prices.csv": prices()}


@cache
def program(seed):
    """A random program: its texts and its plan. What cannot be is drawn again."""
    for attempt in range(1000):
        texts = text(seed + 1_000_003 * attempt)
        plan, _ = compiled(texts, TABLES)
        if plan is not None:
            return texts, plan
    raise AssertionError(seed)
