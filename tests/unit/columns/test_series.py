"""Tables of series: a line an interval, or a list a row; what is twice, torn, out of place or unreadable."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet
import pytest
from tests.dense_cases import both_ways_of
from tests.programs import plan_of

from kommres.columns.ingest import open_data
from kommres.columns.rows import Rows
from kommres.columns.schema import schema_of
from kommres.dsl.backends.interpreter import Interpreter
from kommres.dsl.backends.kernels.layout import layout_of
from kommres.dsl.plan.proofs import Assumptions
from kommres.dsl.problems import DataProblem
from kommres.errors import DataError
from kommres.period import Month

TEXT = """
module t.tables
entity house
input time_zone of house: id, optional
entity meter of house
series load of meter: kWh, step 0.001, 0..1_000, every 1 h, label at {edge}
rule total of meter: kWh = sum of (load[h] else 0 kWh) for h in load
charge c of meter: RUB
    = round(total * 1 RUB/kWh, 0.01)
"""
PLANS = {edge: plan_of(TEXT.format(edge=edge)) for edge in ("start", "end")}
MARCH = Month.parse("2026-03")
HOUR = dt.timedelta(hours=1)


def moments(count=744, start="2026-03-01"):
    return [dt.datetime.fromisoformat(start) + n * HOUR for n in range(count)]


def totals(load, zone="UTC", ids=("1",), edge="start", month=MARCH):
    """The total of each meter, or the code that refuses it."""
    data = {
        "house": {"id": ["h"], "time_zone": [zone]},
        "meter": {"id": list(ids), "house": ["h"] * len(ids)},
        "meter.load": load,
    }
    plan = PLANS[edge]
    dataset = open_data(plan, data)
    by_rows, by_columns = both_ways_of(dataset, layout_of(plan, Assumptions()), str(month), "house", 0, None)
    assert by_columns == by_rows
    (house,) = Rows(dataset, month).trees("house", 0, 1)
    interpreter = Interpreter(plan, month)
    definition = next(d for d in plan.definitions if d.rule.name == "total")
    found = {}
    for row in house.children["meter"]:
        try:
            found[row.id] = interpreter.value(definition, row)
        except DataProblem as problem:
            found[row.id] = f"{problem.code} {problem.message}"
    return found


def lines(values, times=None, id_="1", edge="from"):
    times = moments(len(values)) if times is None else times
    return {"meter": [id_] * len(values), edge: times, "value": values}


def test_the_schema_names_both_ways():
    table = next(t for t in schema_of(PLANS["end"]) if t.kind == "series")
    assert table.name == "meter.load"
    assert table.names == ("meter", "to", "value", "values")
    assert not table.required


def test_lines_in_any_order():
    values = [n % 7 for n in range(744)]
    expected = {"1": sum(values)}
    assert totals(lines(values)) == expected
    assert totals(lines(values[::-1], moments()[::-1])) == expected
    assert totals(lines([str(v) for v in values], [t.isoformat() for t in moments()])) == expected


def test_lists():
    values = [Decimal(n % 7) / 1000 for n in range(744)]
    expected = sum((n % 7) for n in range(744))
    assert {k: v * 1000 for k, v in totals({"meter": ["1"], "values": [values]}).items()} == {"1": expected}
    for kind in (
        pa.list_(pa.decimal128(12, 3)),
        pa.large_list(pa.decimal128(12, 3)),
        pa.list_(pa.decimal128(12, 3), 744),
    ):
        table = pa.table({"meter": ["1"], "values": pa.array([values], kind)})
        assert totals(table)["1"] * 1000 == expected
    floats = pa.table({"meter": ["1"], "values": pa.array([[float(v) for v in values]], pa.list_(pa.float64()))})
    assert totals(floats)["1"] * 1000 == expected


def test_several_meters_and_none():
    table = {"meter": ["2", "1", "3"], "values": [[2] * 744, [1] * 744, None]}
    assert totals(table, ids=("1", "2", "3", "4")) == {"1": 744, "2": 1488, "3": 0, "4": 0}


def test_labels_at_the_end():
    times = [t + HOUR for t in moments()]
    assert totals(lines([1] * 744, times, edge="to"), edge="end") == {"1": 744}
    assert totals(lines([1] * 744, edge="to"), edge="end") == {"1": 743}  # the first line is of February


def test_other_months_are_not_looked_at():
    year = moments(24 * 365, "2026-01-01")
    assert totals(lines([1] * len(year), [t.isoformat() for t in year]), zone="Europe/Berlin")["1"].startswith("D0107")
    assert totals(lines([1] * len(year), year), month=Month.parse("2026-01"), zone="Europe/Berlin") == {"1": 744}


def test_local_times_of_a_day_on_which_clocks_change():
    wall = [t for t in moments() if t != dt.datetime.fromisoformat("2026-03-29T02:00")]
    assert totals(lines([1] * 743, wall), zone="Europe/Berlin") == {"1": 743}
    assert "does not exist" in totals(lines([1] * 744), zone="Europe/Berlin")["1"]
    october = moments(744, "2026-10-01")
    found = totals(lines([1] * 744, october), zone="Europe/Berlin", month=Month.parse("2026-10"))
    assert "comes twice" in found["1"]
    offsets = [(dt.datetime.fromisoformat("2026-09-30T22:00") + n * HOUR).isoformat() + "Z" for n in range(745)]
    assert totals(lines([1] * 745, offsets), zone="Europe/Berlin", month=Month.parse("2026-10")) == {"1": 745}


def test_moments_of_arrow():
    utc = pa.array([t.replace(tzinfo=dt.UTC) for t in moments()], pa.timestamp("us", "UTC"))
    assert totals(pa.table({"meter": ["1"] * 744, "from": utc, "value": [1] * 744})) == {"1": 744}
    ns = pa.array(moments(), pa.timestamp("ns"))
    assert totals(pa.table({"meter": ["1"] * 744, "from": ns, "value": [1] * 744})) == {"1": 744}


@pytest.mark.parametrize(
    ("values", "times", "code"),
    [
        ([1, 1], ["2026-03-03T10:00", "2026-03-03T10:00"], "D0507"),
        ([1, None], ["2026-03-03T10:00", "2026-03-03T10:00"], "D0507"),
        ([1], ["2026-03-03T10:20"], "D0508"),
        ([1], ["2026-03-03"], "D0102"),
        ([1], ["03.03.2026 10:00"], "D0102"),
        ([1], [None], "D0505"),
        ([-1], ["2026-03-03T10:00"], "D0103"),
        (["0.0001"], ["2026-03-03T10:00"], "D0104"),
        (["1,5"], ["2026-03-03T10:00"], "D0102"),
    ],
)
def test_lines_that_cannot_be_used(values, times, code):
    assert totals(lines(values, times))["1"].startswith(code)


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ([[1] * 743], "D0509 load has 743 values; there are 744 intervals every 1 h of the month"),
        ([[1] * 743 + [5000]], "D0103"),
        ([[1] * 743 + ["x"]], "D0102"),
    ],
)
def test_lists_that_cannot_be_used(values, code):
    assert totals({"meter": ["1"], "values": values})["1"].startswith(code)


def test_a_gap_in_a_list_is_a_missing_interval():
    assert totals({"meter": ["1"], "values": [[1] * 743 + [None]]}) == {"1": 743}


def test_two_lists_of_one_row():
    found = totals({"meter": ["1", "1"], "values": [[1] * 744, [1] * 744]})
    assert found["1"] == "D0507 load has 2 lists of values for one row"


def test_a_torn_line_of_a_file_spoils_its_row(tmp_path):
    (tmp_path / "house.csv").write_text("id\nh\n")
    (tmp_path / "meter.csv").write_text("id,house\n1,h\n2,h\n")
    body = "".join(f"{meter},{t.isoformat()},1\n" for meter in (1, 2) for t in moments())
    (tmp_path / "meter.load.csv").write_text(f"meter,from,value\n{body}2,2026-03-03T10:00\n")
    (house,) = Rows(open_data(PLANS["start"], tmp_path), MARCH).trees("house", 0, 1)
    results = [Interpreter(PLANS["start"], MARCH).account(row) for row in house.children["meter"]]
    assert [line.amount for line in results[0].lines] == [744]
    assert [refusal.code for refusal in results[1].refusals] == ["D0506"]


def test_parquet_keeps_lists(tmp_path):
    pa.parquet.write_table(pa.table({"id": ["h"]}), tmp_path / "house.parquet")
    pa.parquet.write_table(pa.table({"id": ["1"], "house": ["h"]}), tmp_path / "meter.parquet")
    lists = pa.array([[1.25] * 744], pa.list_(pa.float64()))
    pa.parquet.write_table(pa.table({"meter": ["1"], "values": lists}), tmp_path / "meter.load.parquet")
    (house,) = Rows(open_data(PLANS["start"], tmp_path), MARCH).trees("house", 0, 1)
    (line,) = Interpreter(PLANS["start"], MARCH).account(house.children["meter"][0]).lines
    assert line.amount == 930


@pytest.mark.parametrize(
    ("table", "text"),
    [
        ({"meter": ["1"]}, "the columns from and value are missing, and so is values"),
        ({"meter": ["1"], "value": [1]}, "the columns from and value are missing"),
        (
            {"meter": ["1"], "from": ["2026-03-03T10:00"], "value": [1], "values": [[1]]},
            "both a column value and a column values",
        ),
        ({"meter": ["1"], "values": [1]}, "no list of values"),
        ({"from": ["2026-03-03T10:00"], "value": [1]}, "the column meter is missing"),
        (
            pa.table({"meter": ["1"], "from": [dt.datetime.fromisoformat("2026-03-03")], "value": [True]}),
            "cannot be read as decimal",
        ),
        (pa.table({"meter": ["1"], "values": pa.array([[True]])}), "cannot be read as list of decimal"),
    ],
)
def test_tables_that_cannot_be_used(table, text):
    with pytest.raises(DataError, match=text):
        totals(table)


def test_an_unknown_zone_is_named():
    assert "there is no time zone 'Mars'" in totals({"meter": ["1"], "values": [[1] * 744]}, zone="Mars")["1"]
