import pyarrow as pa
import pytest
from tests.run_sample import city, program

from kommres.columns.ingest import open_data
from kommres.errors import DataError, UsageError


def findings(**changes):
    data = {**city(), **changes}
    with pytest.raises(DataError) as caught:
        open_data(program().plan, {name: table for name, table in data.items() if table is not None})
    return caught.value


def premises(**changes):
    columns = {**city()["premises"], **changes}
    return {name: values for name, values in columns.items() if values is not None}


def test_a_sound_city():
    data = open_data(program().plan, city())
    assert data.warnings == ("outage: no such table, so there are no rows of it",)


def test_missing_table():
    error = findings(building=None)
    assert error.code == "D0011"
    assert "building: the table is missing" in str(error)


def test_missing_inputs_are_warnings():
    data = open_data(program().plan, {**city(), "premises": premises(area=None, residents=None, metered=None)})
    said = "\n".join(data.warnings)
    assert "the column area is missing (decimal, m2); what needs it is refused" in said
    assert "the column residents is missing" in said
    assert "metered" not in said  # optional


def test_missing_links_are_fatal():
    error = findings(premises=premises(building=None))
    assert error.code == "D0012"
    assert "the column building is missing" in str(error)


def test_a_varying_value_may_stand_in_its_own_table():
    values = {"premises": ["1"], "from": ["2026-01-01"], "value": ["1"]}
    data = {**city(), "premises": premises(residents=None), "premises.residents": values}
    assert open_data(program().plan, data).owned["premises.residents"].order.tolist() == [0]


@pytest.mark.parametrize("name", ["Metered", "meterd", " metered", "METERED"])
def test_a_mistyped_column(name):
    error = findings(premises=premises(metered=None, **{name: ["1"] * 4}))
    assert error.code == "D0013"
    assert "did you mean metered?" in str(error)


def test_a_mistyped_table():
    error = findings(absence=None, absences=city()["absence"])
    assert error.code == "D0013"
    assert "did you mean absence?" in str(error)


def test_other_columns_and_tables_are_warnings():
    data = {**city(), "premises": premises(owner_name=["x"] * 4), "notes": {"id": ["1"]}}
    warnings = open_data(program().plan, data).warnings
    assert "notes: not read: the rules know no such table" in warnings
    assert "premises: the column owner_name is not read" in warnings


@pytest.mark.parametrize(
    ("column", "array", "words"),
    [
        ("area", pa.array([1.0] * 4), "declare a step for area"),
        ("id", pa.array([1.0] * 4), "binary floating point"),
        ("verified", pa.array([1.0] * 4), "binary floating point"),
        ("residents", pa.array([True] * 4), "bool"),
        ("checked", pa.array([1] * 4), "int64"),
        ("verified", pa.array([1] * 4), "int64"),
        ("metered", pa.array([["1"]] * 4), "list"),
    ],
)
def test_types_that_would_lose(column, array, words):
    columns = {name: pa.array(values) for name, values in premises().items()}
    error = findings(premises=pa.table({**columns, column: array}))
    assert error.code == "D0014"
    assert words in str(error)
    assert f"column {column}" in str(error)


@pytest.mark.parametrize(
    "table", [[1, 2], {"id": "abc"}, {"id": ["1"], "building": []}, {"id": [object()]}, {"metered": [2**70, "x"]}]
)
def test_what_is_no_table(table):
    with pytest.raises(DataError):
        open_data(program().plan, {**city(), "premises": table})


def test_what_is_no_data():
    with pytest.raises(UsageError, match="data is a int"):
        open_data(program().plan, 5)
