"""Small programs of the shapes that bills have: cheap to interpret, so that very many rows of each can be compared."""

from __future__ import annotations

from functools import cache

from tests.programs import plan_of

HEAD = """
module t.shape
entity house
entity flat of house
input total of house: number, step 0.1, 1..500_000
input used of house: number, step 0.001, 0..100_000
input area of flat: number, step 0.1, 0..5000
input v of flat: number, step 0.001, 0..1000
input n of flat: number, step 1, 0..100
input hours of flat: number, step 1, 0..744
input away of flat: number, step 1, 0..31
input c of flat: number, step 0.01, -1000..1000, signed
input loose of flat: number
input fine of flat: number, step 0.000001, 0..1_000_000
input far of flat: number, step 0.000001, 0..1_000_000_000
input opt of flat: number, step 0.1, 0..50, optional
input w of flat: number, step 0.01, 0..1000, varies
input zone of house: id
input inside of house: number, step 0.1, 15..30
input outdoors of house: number, step 0.1, -60..15, signed
input yes of flat: yes/no
param price by (x: number): number
    from 2020-01-01  ..3 = 40.37  3..7.5 = 61.5  7.5.. = 99.99
param tariff by zone: number
    from 2020-01-01  north = 50.93  south = 0.0375
    from 2026-01-15  north = 53.005  south = 0.04
param rate: number = 1/300
"""

#: name -> the rules; comments say which arithmetic the roundings need.
SHAPES = {
    "plain": "charge x of flat: RUB\n    = round(v * 12.35 * 1 RUB, 0.01)",  # T0
    "product": "charge x of flat: RUB\n    = round(v * fine * n * 1 RUB, 0.01)",
    "tiers": "charge x of flat: RUB\n    = round((tiers(v, price[_]) at start) * (1 - 0.0015 * hours)"
    " * (31 - away) / 31 * 1 RUB + 1000000 RUB, 0.01)",
    "share": "charge x of flat: RUB\n    = round(house.used * share(area, house.total) * loose * 1 RUB, 0.01)",
    "heat": "charge x of flat: RUB\n    = round((v * hours * (house.inside - 3) / (house.inside - house.outdoors)"
    " else 7) * loose * 1 RUB, 0.01)",
    "house": """
rule all_used of house: number
    = sum of v for f in flat
rule area_total of house: number
    = sum of area for f in flat
charge x of flat: RUB, signed
    = round((v + (house.used - house.all_used) * (area / house.area_total else 0)) * 33.335 * 1 RUB, 0.01)
charge y of house: RUB, signed
    = round((used - all_used) * 10.115 * 1 RUB, 0.01)""",
    "penalty": """
event debt of flat
    sum: number, step 0.01, 0..1_000_000
    days: number, step 1, 0..365
charge x of flat: RUB
    = (sum of round(e.sum * e.days * 0.155 * rate * 1 RUB, 0.01) for e in debt)
charge y of flat: RUB
    = round((sum of e.sum * e.days for e in debt) * 0.155 * rate * 1 RUB, 0.01)""",
    "slices": "charge x of flat: RUB\n    = sum over slices"
    " round(w * slice.months * tariff[zone] / 1 month * 1 RUB, 0.01)",
    "signed": "charge x of flat: RUB, signed\n    = round(c * v / 8 * 1 RUB, 0.01)\n"
    "charge y of flat: RUB, signed\n    = -round((c / n else 1) * 1 RUB, 0.01)\n"
    "charge z of flat: RUB, signed\n    = round((c * far / n else 1) * 1 RUB, 1)",
    "modes": "\n".join(
        f"charge by_{mode} of flat: RUB, signed\n    = round(c * {factor} * 1 RUB, {step}, {mode})"
        for mode, factor, step in (
            *(
                ("half_even", "0.25", "0.01"),
                ("up", "n / 7", "0.01"),
                ("down", "n / 8", "0.5"),
                ("ceiling", "v", "3.5"),
            ),
            *(("floor", "v / 4", "0.003"), ("half_up", "n / 40", "0.3")),
        )
    )
    + """
charge parts of flat: RUB, signed
    = round((whole(c, 0.25) + steps(v, 0.003) - floor(c * n, 2.5) + ceil(c / 3, 0.1)) * 1 RUB, 0.001)""",
    "twice": """
rule a of flat: number
    = round(v * 61.5 / 31, 0.001)
rule b of flat: number
    = round(a * (n + 0.5), 0.05, half_even)
charge x of flat: RUB
    = round(b / 40 * 1 RUB, 0.01)""",
    "great": "charge x of flat: RUB\n    = round(far * 10_000 * v * 1 RUB, 0.01)",  # a quotient of 62 bits at most
    "wide": "charge x of flat: RUB\n    = round(house.used * share(area, house.total) * (loose / (1000 * house.total))"
    " * area * 1 RUB, 0.01)",  # T2
    "wider": "charge x of flat: RUB\n    = round(far * share(area, house.total) * (loose / house.total) * n"
    " * 1 RUB, 0.01)",
    "deep": "charge x of flat: RUB\n    = round(house.used * share(area, house.total) * share(area, house.total)"
    " * share(area, house.total) * share(area, house.total) * loose * share(n, 101) * 1 RUB, 0.01)",
    "close": """
rule a of flat: number
    = 1
    except half when c * n > v * 3
        = 0.5
    except third over half when v / 3 <= area / 17
        = 1 / 3
charge x of flat: RUB, signed when v / 3 >= n / 7
    volume a
    price min((v / n else 1), area / 7, c)
    = round((max(v * n, area / 3) * a + clamp(c / 7, -1, 2.5) - abs(c) / 9) * 1 RUB, 0.01)""",
    "absent": """
rule part of flat: number, optional
    = opt
    except none when yes
        = absent
charge x of flat: RUB
    volume (part else 0)
    = round((v / n else 2.5) * (part else 0.125) * 1 RUB, 0.01)""",
}


def texts(name):
    """The modules of a shape."""
    return (HEAD + SHAPES[name] + "\n",)


@cache
def shape(name):
    return plan_of(*texts(name))
