"""Rows below others: loops in each other as far as rows above are read, with the interpreter's amounts."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from attrs import evolve
from tests.kernel_cases import Sides
from tests.programs import plan_of

from kommres.dsl.backends.kernels.from_rows import batch_of
from kommres.dsl.backends.rows import Row
from kommres.period import Month

JANUARY = Month.parse("2026-01")
HEAD = """
module t.descent
entity town
entity house of town
entity flat of house
entity room of flat
"""
INPUTS = "".join(
    f"input {name} of {entity}: number, step {step}, {limits}\n"
    for name, entity, step, limits in (
        ("rate", "town", "0.01", "0..100"),
        ("heat", "house", "0.001", "0..10_000"),
        ("area", "house", "0.01", "1..100_000"),
        ("size", "flat", "0.01", "0..1_000"),
        ("owners", "flat", "1", "1..9"),
        ("used", "room", "0.1", "0..500"),
    )
)


def program(*charges):
    return plan_of(HEAD + INPUTS + "\n".join(charges))


def trees(count, seed=1):
    """Towns with few or no houses, flats and rooms; here and there a value missing."""
    dice = Random(seed)
    numbers = iter(range(10**6))

    def made(entity, parent, **values):
        given = {(name, ()): value for name, value in values.items() if dice.random() > 0.03}
        row = Row(entity, str(next(numbers)), parent=parent, values=given)
        if parent is not None:
            parent.children.setdefault(entity, []).append(row)
        return row

    found = []
    for _ in range(count):
        town = made("town", None, rate=dice.randrange(100))
        for _ in range(dice.randrange(4)):
            house = made("house", town, heat=dice.randrange(9_000), area=dice.randrange(1, 300))
            for _ in range(dice.randrange(4)):
                flat = made("flat", house, size=dice.randrange(100), owners=dice.randrange(1, 10))
                for _ in range(dice.randrange(3)):
                    made("room", flat, used=dice.randrange(500))
        found.append(town)
    return found


def loops(sides, entity):
    (text,) = (kernel.text for kernel in sides.kernels.drawn if kernel.entity == entity and kernel.charges)
    return [line.strip() for line in text.splitlines() if line.strip().startswith("for ")]


def parents(sides, entity):
    (kernel,) = (kernel for kernel in sides.kernels.drawn if kernel.entity == entity and kernel.charges)
    return [argument.path for argument in kernel.arguments if argument.path[0] == "parent"]


@pytest.mark.parametrize(
    ("value", "levels"),
    [
        ("used", 1),
        ("used * size", 2),
        ("used * heat", 2),
        ("used * rate", 2),
        ("used * rate * size", 3),
        ("used * share(size, area) * heat * rate", 4),
    ],
)
def test_each_level_that_is_read_has_a_loop(value, levels):
    sides = Sides(program(f"charge c of room: RUB\n    = round({value} * 1 RUB, 0.01)"), JANUARY)
    assert len(loops(sides, "room")) == levels
    assert not parents(sides, "room")
    tally = sides.compare(trees(60))
    assert tally.lines["t.descent.c"] > 50
    assert tally.fine == 0


def test_rows_of_a_sum_know_what_they_stand_below():
    sides = Sides(
        program("charge c of house: RUB\n    = round((sum of f.size * heat / area for f in flat) * 1 RUB, 0.01)"),
        JANUARY,
    )
    assert not parents(sides, "house")
    tally = sides.compare(trees(60))
    assert tally.lines["t.descent.c"] > 30


@pytest.mark.parametrize(
    "value",
    [
        "sum of f.size / area for f in flat",
        "sum of f.size / f.owners for f in flat",
        "sum of f.size / 4 for f in flat",
        "(mean of f.size / 4 for f in flat) else 1",
    ],
)
def test_quotients_of_rows_below_are_added_up(value):
    sides = Sides(program(f"charge c of house: RUB\n    = round(({value}) * 1 RUB, 0.01)"), JANUARY)
    tally = sides.compare(trees(60))
    assert tally.lines["t.descent.c"] > 30
    assert tally.fine == 0


def test_a_condition_is_asked_once():
    sides = Sides(
        program("charge c of flat: RUB\n    = round((min(size, heat) + max(size, rate) + size * heat) * 1 RUB, 0.01)"),
        JANUARY,
    )
    (text,) = (kernel.text for kernel in sides.kernels.drawn)
    joined = [line for line in text.splitlines() if " | b" in line]
    names = [line.partition(" = ")[2].split(" | ") for line in joined]
    assert all(len(set(each)) == len(each) for each in names)
    assert len(joined) <= 2
    assert sides.compare(trees(60)).lines["t.descent.c"] > 50


def test_rows_below_nothing_are_no_batch():
    sides = Sides(program("charge c of flat: RUB\n    = round(size * heat * 1 RUB, 0.01)"), JANUARY)
    batch = batch_of(sides.kernels.layout, trees(20), JANUARY, sides.kernels.names)
    tables = {**batch.tables, "house": evolve(batch.tables["house"], children={})}
    with pytest.raises(ValueError, match="stand below rows of house"):
        sides.kernels.charge(evolve(batch, tables=tables))
    assert np.all(sides.kernels.charge(batch)["flat"].lines[0].scale == 100)
