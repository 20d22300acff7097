"""Runs of series: lists and lines, by kernels and by the interpreter, in parts of any size."""

from __future__ import annotations

import datetime as dt
import random
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pytest
from tests.programs import plan_of

from kommres.columns.dense import Dense
from kommres.columns.ingest import open_data
from kommres.columns.schema import schema_of, weight_of
from kommres.dsl.backends.kernels.batch import Names
from kommres.dsl.backends.kernels.kernels import ASSUMED
from kommres.dsl.backends.kernels.layout import layout_of
from kommres.dsl.program import load
from kommres.period import Month
from kommres.run import partition
from kommres.run.api import run

TEXT = """
module t.run
entity house
input time_zone of house: id
entity meter of house
series load of meter: kWh, step 0.001, 0..1_000, every 1 h, label at start
param price by (hour: number): RUB/kWh
    always  0..6 = 2.5  7..23 = 5.13
charge energy of meter: RUB
    = round((sum of load[h] * price[hour_of_day(h)] for h in load), 0.01)
"""
ZONES = ("Europe/Berlin", "UTC", "Asia/Irkutsk")
#: hours of March 2026
HOURS = {"Europe/Berlin": 743, "UTC": 744, "Asia/Irkutsk": 744}


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    path = tmp_path_factory.mktemp("rules") / "run.kmr"
    path.write_text(TEXT.lstrip(), encoding="utf-8")
    return load(path)


def data(*, lists, seed=1):
    dice = random.Random(seed)
    houses = [f"h{n}" for n in range(6)]
    zones = {house: dice.choice(ZONES) for house in houses}
    meters = [(f"m{n}", dice.choice(houses)) for n in range(20)]
    values = {meter: [dice.randrange(9_000) for _ in range(HOURS[zones[house]])] for meter, house in meters}
    values["m3"][5] = None
    values["m4"] = values["m4"][:-1]
    del values["m7"]
    found = {
        "house": {"id": houses, "time_zone": [zones[house] for house in houses]},
        "meter": {"id": [meter for meter, _ in meters], "house": [house for _, house in meters]},
    }
    numbers = {m: [None if v is None else Fraction(v, 1000) for v in cells] for m, cells in values.items()}
    if lists:
        texts = [[None if v is None else str(float(v)) for v in cells] for cells in numbers.values()]
        found["meter.load"] = {"meter": list(numbers), "values": texts}
        return found
    lines = {"meter": [], "from": [], "value": []}
    house_of = dict(meters)
    for meter, cells in numbers.items():
        offset = {"Europe/Berlin": 1, "UTC": 0, "Asia/Irkutsk": 8}[zones[house_of[meter]]]
        first = dt.datetime(2026, 3, 1, tzinfo=dt.UTC) - dt.timedelta(hours=offset)
        for place, value in enumerate(cells):
            lines["meter"].append(meter)
            lines["from"].append((first + dt.timedelta(hours=place)).isoformat())
            lines["value"].append(None if value is None else str(float(value)))
    found["meter.load"] = lines
    return found


@pytest.mark.parametrize("lists", [True, False], ids=["lists", "lines"])
@pytest.mark.parametrize("batch_rows", [None, 1, 1000])
def test_kernels_and_interpreter_give_the_same_tables(program, lists, batch_rows):
    given = data(lists=lists)
    expected = run(program, given, "2026-03", backend="interpreter")
    found = run(program, given, "2026-03", batch_rows=batch_rows)
    assert found.charges.equals(expected.charges)
    assert found.quarantine.equals(expected.quarantine)
    assert len(expected.charges) == 17
    assert sorted(expected.quarantine.column("row").to_pylist()) == ["m3", "m4", "m7"]


def test_numbers_in_lists_are_taken_as_they_are():
    plan = plan_of(TEXT)
    numbers = np.random.default_rng(1).integers(0, 1_000_000, (4, 744))
    lists = pa.array((numbers / 1000).tolist(), pa.list_(pa.float64()))
    tables = {
        "house": {"id": ["h"], "time_zone": ["UTC"]},
        "meter": {"id": list("1234"), "house": ["h"] * 4},
        "meter.load": pa.table({"meter": list("1234"), "values": lists}),
    }
    layout, month = layout_of(plan, ASSUMED), Month.parse("2026-03")
    batch = Dense(open_data(plan, tables), layout, month, Names()).batch("house", 0, 1)
    cells = batch.tables["meter"].series["load"]
    assert cells.dtype == np.int32
    assert (cells == numbers).all()


def test_a_list_counts_as_many_rows():
    plan = plan_of(TEXT)
    schema = next(one for one in schema_of(plan) if one.kind == "series")
    assert weight_of(schema, ["meter", "values"]) == 744 // 32
    assert weight_of(schema, ["meter", "from", "value"]) == 1
    dataset = open_data(plan, data(lists=True))
    starts = partition.tree_starts(dataset, "house")
    assert starts[-1] == 6 + 20 + 19 * (744 // 32)
