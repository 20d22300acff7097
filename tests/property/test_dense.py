"""Batches from columns hold what batches from rows hold, whatever the tables hold and however they hold it."""

import csv
import random
import tempfile
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest
from tests.dense_cases import both_ways_of, picture
from tests.dense_tables import MONTH, layout_of_all, plan, tables

from kommres.columns.dense import Dense
from kommres.columns.ingest import open_data
from kommres.dsl.backends.kernels.batch import Names
from kommres.dsl.plan.proofs import Assumptions
from kommres.period import Month

SEEDS = range(40)


def compare(data, layout, rng):
    dataset = open_data(plan(), data)
    roots = len(dataset.entities["building"].order)
    cut = rng.randrange(roots + 1)
    for start, stop in ((0, cut), (cut, roots)):
        if start < stop:
            by_rows, by_columns = both_ways_of(dataset, layout, MONTH, "building", start, stop)
            assert by_rows == by_columns


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("dirty", [0.0, 0.15, 0.5])
def test_tables_of_all_types(seed, dirty):
    rng = random.Random(f"{seed} {dirty}")
    compare(tables(rng, dirty=dirty), layout_of_all(Assumptions(number=10**9), rng), rng)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("dirty", [0.02, 0.3])
def test_files_of_text_with_ragged_lines(seed, dirty):
    rng = random.Random(f"{seed} {dirty} text")
    found = tables(rng, dirty=dirty, typed=False)
    layout = layout_of_all(Assumptions(), rng)
    with tempfile.TemporaryDirectory() as folder:
        for name, table in found.items():
            write_ragged(rng, Path(folder) / f"{name}.csv", table, dirty / 2)
        compare(folder, layout, rng)


def write_ragged(rng, path, table, share):
    lines = [table.column_names]
    for row in zip(*(column.to_pylist() for column in table.columns), strict=True):
        cells = list(row)
        if rng.random() < share:
            cells = cells[: rng.randrange(1, len(cells) + 1)] if rng.random() < 0.5 else [*cells, "more"]
        lines.append(cells)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows(lines)


@pytest.mark.parametrize("seed", range(10))
def test_threads_share_a_builder(seed):
    rng = random.Random(seed)
    dataset = open_data(plan(), tables(rng))
    layout, month = layout_of_all(Assumptions()), Month.parse(MONTH)
    roots = len(dataset.entities["building"].order)
    alone = Names()
    one = Dense(dataset, layout, month, alone)
    expected = [picture(layout, one.batch("building", number, number + 1), alone) for number in range(roots)]
    names = Names()
    dense = Dense(dataset, layout, month, names)
    with ThreadPoolExecutor(4) as pool:
        batches = list(pool.map(lambda n: dense.batch("building", n % roots, n % roots + 1), range(8 * roots)))
    assert [picture(layout, batch, names) for batch in batches] == 8 * expected


@pytest.mark.parametrize("seed", range(20))
def test_events_may_be_left_in_the_order_of_the_table(seed):
    rng = random.Random(seed)
    dataset = open_data(plan(), tables(rng, dirty=0.0))
    layout, month = layout_of_all(Assumptions()), Month.parse(MONTH)
    unordered = {("premises", "absence"), ("premises", "debt"), ("building", "outage"), ("meter", "visit")}
    roots = len(dataset.entities["building"].order)
    names = Names()
    one, other = [
        picture(layout, Dense(dataset, layout, month, names, unordered=left).batch("building", 0, roots), names)
        for left in ((), unordered)
    ]
    for entity, event in unordered:
        assert rows_of(one[entity]["events"][event]) == rows_of(other[entity]["events"][event])


def rows_of(events):
    """Return the events of each row as a set."""
    if events is None:
        return None
    cells = list(zip(*(found for name, found in events.items() if name != "offsets"), strict=True))
    return [sorted(cells[a:b], key=repr) for a, b in pairwise(events["offsets"])]
