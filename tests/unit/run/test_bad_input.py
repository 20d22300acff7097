"""What the data can do wrong, at the level of a whole run: no wrong amount, and a reason for what is not charged."""

import datetime
import warnings

import pyarrow as pa
import pyarrow.parquet
import pytest
from tests.fake_kernels import fake_kernels
from tests.run_sample import city, program

from kommres.errors import DataError, UsageError
from kommres.run import backend, supply
from kommres.run.api import run

BACKENDS = ("interpreter", "fake")


def charged(data, way, **how):
    if way == "fake":
        with fake_kernels(one_in=1000):
            return run(program(), data, "2026-01", **how)
    return run(program(), data, "2026-01", backend=way, **how)


def with_premises(**changes):
    return {**city(), "premises": {**city()["premises"], **changes}}


def codes(result):
    return {(row["account"], row["service"]): row["code"] for row in result.quarantine.to_pylist()}


@pytest.mark.parametrize("way", BACKENDS)
@pytest.mark.parametrize(
    ("value", "code"), [("100001", "D0103"), ("-1", "D0103"), ("1.0005", "D0104"), ("9" * 40, "D0103")]
)
def test_values_outside_their_ranges(way, value, code):
    result = charged(with_premises(metered=[value, None, "0", "1"]), way)
    assert codes(result) == {("1", "cold_water"): code}


@pytest.mark.parametrize("way", BACKENDS)
def test_nan_is_absent(way):
    tables = {**city(), "premises": pa.table({**city()["premises"], "metered": [float("nan"), None, 0.0, 12.345]})}
    result = charged(tables, way)
    assert ("1", "cold_water") not in {(r["account"], r["service"]) for r in result.charges.to_pylist()}
    assert result.quarantine.num_rows == 0


@pytest.mark.parametrize("way", BACKENDS)
def test_nothing_where_something_is_required(way):
    assert codes(charged(with_premises(residents=[None, "2", "3", "0"]), way)) == {("1", "stay"): "D0101"}


@pytest.mark.parametrize("way", BACKENDS)
@pytest.mark.parametrize(
    "cells",
    [[True, False, True, True], [datetime.date(2026, 1, 1)] * 4, [b"1", b"2", b"3", b"4"], [[1], [2], [3], [4]]],
)
def test_a_column_of_another_type_stops_the_run(way, cells):
    tables = {**city(), "premises": pa.table({**city()["premises"], "area": cells})}
    with pytest.raises(DataError) as caught:
        charged(tables, way)
    assert caught.value.code == "D0014"


@pytest.mark.parametrize("way", BACKENDS)
def test_child_rows_in_any_order(way):
    data = city()
    backwards = {name: {column: cells[::-1] for column, cells in rows.items()} for name, rows in data.items()}
    assert charged(backwards, way).charges.equals(run(program(), data, "2026-01", backend="interpreter").charges)


@pytest.mark.parametrize("way", BACKENDS)
def test_rows_that_dangle(way):
    data = with_premises(building=["B1", "B1", "B2", "B9"])
    data["absence"]["premises"] = ["1", "nobody"]
    result = charged(data, way)
    found = {(row["table"], row["code"]) for row in result.quarantine.to_pylist()}
    assert {("premises", "D0503"), ("absence", "D0504")} <= found
    assert not [row for row in result.charges.to_pylist() if row["account"] == "4"]


@pytest.mark.parametrize("way", BACKENDS)
def test_empty_tables(way, tmp_path):
    empty = {name: {column: [] for column in columns} for name, columns in city().items()}
    result = charged(empty, way, out=tmp_path / "out")
    assert (result.charges.num_rows, result.quarantine.num_rows, result.exit_code) == (0, 0, 0)
    assert result.charges.schema.equals(run(program(), city(), "2026-01").charges.schema)


@pytest.mark.parametrize("way", BACKENDS)
def test_ctrl_c_in_the_middle_loses_nothing(way, tmp_path):
    def stop(*_numbers):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        charged(city(), way, out=tmp_path / "out", progress=stop, batch_rows=1, threads=2)
    assert not (tmp_path / "out").exists()
    charged(city(), way, out=tmp_path / "out", resume=True)
    charged(city(), "interpreter", out=tmp_path / "whole")
    for name in ("charges.parquet", "quarantine.parquet", "manifest.json"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_a_torn_file_is_refused_while_it_is_streamed(tmp_path, monkeypatch):
    monkeypatch.setattr(supply, "FEW_ROWS", -1)
    for name, columns in city().items():
        pa.parquet.write_table(pa.table(columns), tmp_path / f"{name}.parquet")
    path = tmp_path / "premises.parquet"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError, match="Parquet"):
        run(program(), tmp_path, "2026-01", out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


# --- what computes -------------------------------------------------------------------------------------------


def test_without_numba_the_interpreter_charges_with_one_warning(monkeypatch):
    expected = run(program(), city(), "2026-01", backend="interpreter").charges
    monkeypatch.setitem(__import__("sys").modules, "numba", None)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = run(program(), city(), "2026-01")
    assert [str(w.message).startswith("rules are not compiled") for w in caught] == [True]
    assert result.charges.equals(expected)
    with pytest.raises(UsageError) as refused:
        run(program(), city(), "2026-01", backend="numba")
    assert refused.value.code == "U0309"


@pytest.mark.parametrize(("how", "code"), [({"backend": "fast"}, "U0308"), ({"threads": 0}, "U0310")])
def test_calls_about_back_ends_that_cannot_mean_anything(how, code):
    with pytest.raises(UsageError) as caught:
        run(program(), city(), "2026-01", **how)
    assert caught.value.code == code


def test_the_back_end_is_no_part_of_a_result(tmp_path):
    run(program(), city(), "2026-01", out=tmp_path / "a", backend="interpreter", threads=1)
    with fake_kernels():
        run(program(), city(), "2026-01", out=tmp_path / "b", threads=2)
    for name in ("charges.parquet", "quarantine.parquet", "manifest.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert backend.BACKENDS == ("auto", "numba", "interpreter")
