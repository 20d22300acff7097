"""What the benchmark suite rests on: its rules, its data, the touch, the ratios, the page."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from benchmarks import batches, report, workloads
from benchmarks.contest import Contest
from benchmarks.ours import RULES, Ours
from benchmarks.outcome import Outcome
from benchmarks.targets import LINES
from benchmarks.touch import Below, Touch

import kommres
from kommres.dsl.examples import run_examples

KEYS = """
charge.time_vs_touch charge.vs_decimal charge.vs_openfisca charge.vs_polars_int64 charge.vs_duckdb_decimal
charge.vs_numba_float charge_narrow.time_vs_touch house_heat.time_vs_touch penalty.time_vs_touch penalty.vs_decimal
hourly.vs_pysam hourly.vs_numpy hourly.read_bandwidth_share stream.vs_codec stream.peak_rss_mib stream.rows_per_s
compile.cold_s compile.cached_s import.kommres_ms interpreter.charges_per_s scaling.threads_2_vs_1 mismatches
"""


def test_all_keys_are_there():
    assert set(KEYS.split()) <= {line.key for line in LINES}


def test_the_rules_have_examples_that_hold():
    results = run_examples(kommres.load(RULES))
    assert results
    assert [result for result in results if not result.passed] == []


BATCHES = {
    "charge": ("account", lambda: batches.flat("account", workloads.charge(400))),
    "charge_narrow": ("household", lambda: batches.grouped("tariff", "household", workloads.charge_narrow(400))),
    "house_heat": ("flat", lambda: batches.grouped("building", "flat", workloads.house_heat(400))),
}


@pytest.mark.parametrize("rule", BATCHES)
def test_no_row_of_the_data_is_left_and_none_differs(rule):
    entity, batch = BATCHES[rule]
    ours = Ours.of(rule, batch(), entity)
    assert ours.differing(200) == (0, 200)
    assert all((amount > 0).any() for amount in ours.amounts())


def test_no_year_of_hours_is_left_and_none_differs():
    batch = batches.with_series("consumer", "load", workloads.hourly(5))
    ours = Ours.of("hourly", batch, "consumer", month=f"{workloads.YEAR}-12")
    assert ours.differing(3) == (0, 3)


def test_chunks_give_the_same():
    ours = Ours.of("charge", batches.flat("account", workloads.charge(300_000)), "account")
    ours.work()
    whole = [amount.copy() for amount in ours.amounts()]
    for output in ours.outputs:
        output[:] = 0
    with ThreadPoolExecutor(2) as pool:
        ours.on(pool)()
    assert all((a == b).all() for a, b in zip(ours.amounts(), whole, strict=True))


def test_a_batch_many_times_over():
    data = workloads.house_heat(300)
    batch = batches.repeated(batches.grouped("building", "flat", data), 3)
    flats, buildings = batch.tables["flat"], batch.tables["building"]
    assert (flats.count, buildings.count) == (900, 3 * (data.offsets.size - 1))
    offsets = buildings.children["flat"]
    assert (np.repeat(np.arange(buildings.count), np.diff(offsets)) == flats.parent).all()
    assert (flats.columns["area", ()].values.reshape(3, 300) == data.rows["area"]).all()


def test_a_batch_of_what_is_read():
    batch = batches.with_events("debtor", "debt", workloads.penalty(3))
    paths = [("event offsets", "debtor", "debt"), ("event", "debtor", "debt", "due"), ("scalar", "start")]
    (table,) = batches.narrowed(batch, paths).tables.values()
    assert table.count == 3
    assert set(table.events["debt"].fields) == {"due"}
    (nothing,) = batches.narrowed(batch, []).tables.values()
    assert nothing.count == 3
    assert not nothing.events
    series = batches.with_series("consumer", "load", workloads.hourly(2))
    kept = batches.narrowed(series, [("series", "consumer", "load")])
    assert batches.repeated(kept, 2).tables["consumer"].series["load"].shape[0] == 4


def test_touch_reads_streams_of_any_type():
    cells, out = np.arange(4, dtype=np.int16), np.zeros(2, np.int64)
    touch = Touch(columns=[], outputs=[out], streams=[cells, cells.astype(np.int32)])
    touch.kernel()()
    assert touch.bytes == 16 + 8 + 16


def test_touch_reads_all_and_writes_all():
    below = Below(offsets=np.array([0, 2, 2, 3]), columns=[np.array([1, 2, 4], np.int32)])
    cells, out = np.array([8, 16, 32], np.int8), np.zeros(3, np.int64)
    touch = Touch(columns=[cells], outputs=[out], below=[below])
    touch.kernel()()
    assert out.tolist() == [8 + 3, 16, 32 + 4]
    assert touch.bytes == 3 + 24 + 32 + 12
    parents = Below(offsets=np.array([0, 1, 3]), columns=[np.array([64, 128])])
    Touch(columns=[cells], outputs=[out], parents=parents).kernel()()
    assert out.tolist() == [8 ^ 64, 16 ^ 128, 32 ^ 128]


def test_ratios_are_by_row():
    contest = Contest()
    contest.add("slow", lambda: None, rows=10)
    contest.add("fast", lambda: None, rows=1_000)
    contest.contestants["slow"].spans[:] = [2.0, 4.0, 2.0]
    contest.contestants["fast"].spans[:] = [1.0, 1.0, 1.0]
    assert contest.speed_ratio("fast", "slow") == 200
    assert contest.time_ratio("slow", "fast") == 200


def test_a_page_says_what_is_missed(monkeypatch):
    monkeypatch.setattr(report, "machine", lambda: {"processor": "P", "versions": {"numpy": "2"}})
    figures = {"charge.time_vs_touch": 1.5, "charge.vs_decimal": 300.0}
    found = report.results(Outcome(figures=figures, compared=5), {"triad_1t": 20.0}, quick=True, seconds=1)
    assert found["missed"] == ["charge.time_vs_touch"]
    assert found["mismatches"] == 0
    page = report.page(found)
    assert "| `charge.time_vs_touch` |" in page
    assert "| 1.5 | <= 1.25 | **no** |" in page
    assert "| 300 | >= 200 | yes |" in page
