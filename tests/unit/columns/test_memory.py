import datetime
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pytest

from kommres.columns.memory import read_object
from kommres.errors import DataError


class Stream:
    """Any library's table: nothing but the Arrow PyCapsule interface."""

    def __init__(self, table):
        self.table = table

    def __arrow_c_stream__(self, requested_schema=None):
        return self.table.__arrow_c_stream__(requested_schema)


def test_anything_with_an_arrow_stream():
    table = pa.table({"id": ["1"], "x": [2]})
    assert read_object("t", Stream(table)).table.equals(table)
    assert read_object("t", Stream(table)).digest == read_object("t", table).digest


def test_text_as_views_as_polars_gives_it():
    views = pa.array(["b1", "b2"], pa.string_view())
    kinds = pa.DictionaryArray.from_arrays(pa.array([1, 0], pa.uint32()), pa.array(["x", "y"], pa.string_view()))
    table = read_object("t", Stream(pa.table({"id": views, "kind": kinds}))).table
    assert table.column("id").take(pa.array([1])).to_pylist() == ["b2"]
    assert table.column("kind").take(pa.array([0])).to_pylist() == ["y"]


def test_columns_of_python_values_are_kept_exactly():
    big = 2**70
    columns = {
        "a": [1, None, big],
        "b": [Decimal("1.10"), Fraction(1, 8), 3],
        "c": [datetime.date(2026, 1, 1), "2026-01-02", None],
        "d": [True, None, False],
        "e": [np.int64(5), 6, 7],
        "f": np.array([1, 2, 3], np.int16),
    }
    assert read_object("t", columns).table.to_pydict() == {
        "a": ["1", None, str(big)],
        "b": ["1.10", "0.125", "3"],
        "c": ["2026-01-01", "2026-01-02", None],
        "d": [True, None, False],
        "e": ["5", "6", "7"],
        "f": [1, 2, 3],
    }


def test_floats_stay_floats_for_the_check_to_see():
    assert read_object("t", {"a": [1.5, 2, None]}).table.column("a").type == pa.float64()


@pytest.mark.parametrize("values", [[Fraction(1, 3), 1], [1.5, "x"], [{}], [b"1"], {1, 2}])
def test_what_cannot_be_kept_is_refused(values):
    with pytest.raises(DataError, match="column a of t"):
        read_object("t", {"a": values})


def test_digest_is_of_the_content():
    one = pa.table({"id": ["1", "2"], "x": [1, 2]})
    cut = pa.concat_tables([one.slice(0, 1), one.slice(1)])
    other = pa.table({"id": ["1", "2"], "x": [1, 3]})
    assert read_object("t", one).digest == read_object("t", cut).digest != read_object("t", other).digest


def test_whole_numbers_that_no_float_holds_are_not_changed():
    with pytest.raises(DataError, match="mixes floats"):
        read_object("t", {"x": [0.5, 2**53 + 1]})
    with pytest.raises(DataError, match="mixes floats"):
        read_object("t", {"x": [0.5, 10**400]})
    assert read_object("t", {"x": [0.5, 2]}).table.column("x").to_pylist() == [0.5, 2.0]


def test_a_number_that_is_much_too_long_is_kept_as_what_it_is():
    (text,) = read_object("t", {"x": [10**5000]}).table.column("x").to_pylist()
    assert text.startswith("0x")


@pytest.mark.parametrize(
    "column",
    [
        pa.array([2**62, -(2**62)], pa.timestamp("ns")),
        pa.array([2**62, 0], pa.timestamp("s")),
        pa.array([0, 1], pa.timestamp("us", "Nowhere/Nothing")),
        pa.array([2**31 - 1, 0], pa.int32()).cast(pa.date32()),
        pa.array([0, 1], pa.time64("us")),
    ],
    ids=lambda column: str(column.type),
)
def test_moments_that_python_does_not_have(column):
    table = pa.table({"x": column})
    assert read_object("t", table).digest == read_object("t", table).digest
    assert read_object("t", table).digest != read_object("t", table.slice(1)).digest


def test_two_columns_of_one_name():
    table = pa.table([pa.array(["1"]), pa.array(["2"])], names=["id", "id"])
    with pytest.raises(DataError, match="more than once"):
        read_object("t", table)
