"""Programs at random whose values are far wider as quotients of what they read than in their lowest terms."""

from __future__ import annotations

from functools import cache
from random import Random

from tests.kernel_programs import compiled
from tests.proof_programs import MODES

_HEAD = """
module t.chains
entity house
entity flat of house
enum zone: day, night
input total of house: number, step 0.01, 1..500_000
input used of house: number, step 0.001, 0..2_000_000_000
input heat of house: number, step 0.000001, 0..1_000_000
input area of flat: number, step 0.01, 1..5000
input m of flat: number, step 0.001, -1000..100_000, signed, varies
input n of flat: number, step 1, 0..40
input k(zone) of flat: number, step 0.001, 0..1000
input opt of flat: number, step 0.000001, 0..1_000_000, optional
input loose of flat: number
event away of flat
    from: date
    to: date
param rate: number
    from 2020-01-01 = 1/300
    from 2026-01-15 = 0.165
rule share_of_house of flat: number
    = (area / house.total else 0)
rule scattered(zone) of flat: number
    = (k(zone) * used_part / (n + 3) else 1)
rule used_part of flat: number
    = house.used * share_of_house / 31
rule mean_of_house of house: number
    = ((sum of f.used_part for f in flat) / total else 0)
"""
_LEAVES = (
    *("area", "n", "loose", "share_of_house", "used_part", "scattered(day)", "house.mean_of_house", "house.used"),
    *("house.heat", "(opt else 2.5)", "(m at start)", "(sum of scattered(z) for z in zone)", "0.75", "1_000_003"),
    *("(rate at start)", "(mean over days m)", "(sum over slices m * slice.months / 1 month)"),
)
_FORMS = (
    *(
        "{a} * {b}",
        "{a} + {b} / 7",
        "{a} - {b}",
        "({a} / ({b} * {b} + 1) else 2)",
        "({a} * {b} / (n + 2) else 3)",
        "({a} / {b} else {b})",
    ),
    *("(if {a} > {b} then {b} otherwise {a} / 3)", "max({a}, {b}, {a} * 0.3)", "min({a}, {b})", "abs({a} - {b})"),
    *("clamp({a}, 0, abs({b}))", "(share(abs({a}), abs({a}) + abs({b})) else 0)", "{a} * 1.000_007", "-{a} / 9"),
    *("round(({a}) * {b}, 0.000_001)", "round({a}, 0.001, {mode})", "(sum over slices {a} * slice.months / 1 month)"),
)
_CONDITIONS = ("n > 3", "{a} > {b}", "has opt", "{a} * {b} <= 1000")


def text(seed):
    """A module text."""
    pick = Random(seed)
    found, leaves = _HEAD, list(_LEAVES)

    def value(template):
        return template.format(a=pick.choice(leaves), b=pick.choice(leaves), mode=pick.choice(sorted(MODES)))

    for number in range(pick.randint(3, 6)):
        found += f"rule r{number} of flat: number, signed\n    = {value(pick.choice(_FORMS))}\n"
        if pick.random() < 0.4:
            found += f"    except otherwise_{number} when {value(pick.choice(_CONDITIONS))}\n"
            found += f"        = {value(pick.choice(_FORMS))}\n"
        leaves += [f"r{number}"] * 4
        if pick.random() < 0.3:
            found += f"rule all{number} of house: number, signed\n    = sum of f.r{number} for f in flat\n"
            leaves += [f"house.all{number}"] * 2
    for number in range(2):
        found += f'charge c{number} of flat: RUB, signed\n    service "one"\n    line "c{number}"\n'
        if pick.random() < 0.5:
            found += f"    volume {pick.choice(leaves)}\n"
        mode = pick.choice(["half_up"] * 3 + sorted(MODES))
        found += f"    = round(({value(pick.choice(_FORMS))}) * 1 RUB, 0.01, {mode})\n"
    return found


@cache
def program(seed):
    """A random program: its text and its plan. What cannot be is drawn again."""
    for attempt in range(1000):
        found = text(seed + 1_000_003 * attempt)
        plan, _ = compiled((found,))
        if plan is not None:
            return found, plan
    raise AssertionError(seed)
