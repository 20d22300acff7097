import datetime
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pytest
from tests.run_sample import city, program, write_csv

from kommres.columns.ingest import open_data
from kommres.columns.rows import Rows
from kommres.dsl.backends.rows import Bad, Steps
from kommres.period import Month

FIRST = datetime.date(2026, 1, 1).toordinal()


def trees(data):
    dataset = open_data(program().plan, data)
    rows = Rows(dataset, Month.parse("2026-01"))
    return rows.trees("building", 0, len(dataset.entities["building"].order))


def premises(data, id_):
    return next(row for root in trees(data) for row in root.descendants("premises") if row.id == id_)


def code(value):
    assert isinstance(value, Bad)
    return value.code


def with_premises(**changes):
    return {**city(), "premises": {**city()["premises"], **changes}}


def test_rows_are_sorted_by_path():
    data = city()
    data["premises"] = {name: values[::-1] for name, values in data["premises"].items()}
    roots = trees(data)
    assert [(root.id, [row.id for row in root.children["premises"]]) for root in roots] == [
        ("B1", ["1", "2"]),
        ("B2", ["3", "4"]),
    ]
    assert all(row.parent is root for root in roots for row in root.children["premises"])


def test_values_are_exact():
    row = premises(city(), "1")
    assert row.values["metered", ()] == Fraction(41, 10)
    assert row.values["area", ()] == 10
    assert ("metered", ()) not in premises(city(), "2").values


@pytest.mark.parametrize(
    ("column", "text", "expected"),
    [
        ("metered", "4,1", "D0102"),
        ("metered", "-3", "D0103"),
        ("metered", "1.0001", "D0104"),
        ("stove", "gaz", "D0105"),
        ("stove", "gаs", "D0105"),  # a Cyrillic letter
        ("verified", "2026-02-30", "D0107"),
        ("checked", "maybe", "D0102"),
    ],
)
def test_a_bad_cell_spoils_nothing_but_itself(column, text, expected):
    data = with_premises(**{column: [text, None, None, None]})
    row = premises(data, "1")
    assert code(row.values[column, ()]) == expected
    assert row.problem is None
    assert ("area", ()) in row.values


def test_a_bad_cell_of_a_keyed_input_names_its_column():
    value = premises(with_premises(**{"energy.night": ["x", None, None, None]}), "1").values["energy", ("night",)]
    assert value.field == "energy.night"
    assert value.message.startswith("energy.night is 'x'")


def test_typed_columns_read_as_text_does():
    columns = {name: pa.array(values) for name, values in city()["premises"].items()}
    columns["residents"] = pa.array([1, 2, 3, 0], pa.int8())
    columns["metered"] = pa.array([4.1, None, 0, 12.345])
    columns["stove"] = pa.array(["gas", None, "electric", "gas"]).dictionary_encode()
    columns["verified"] = pa.array([20_454 * 86_400] * 4, pa.timestamp("s"))
    row = premises({**city(), "premises": pa.table(columns)}, "4")
    assert row.values == {
        ("residents", ()): 0,
        ("metered", ()): Fraction(12345, 1000),
        ("area", ()): 50,
        ("stove", ()): "gas",
        ("verified", ()): FIRST,
    }


def test_ids_are_the_same_as_number_and_as_text():
    columns = {name: pa.array(values) for name, values in city()["premises"].items()}
    data = {**city(), "premises": pa.table({**columns, "id": pa.array([1, 2, 3, 4], pa.int32())})}
    assert len(premises(data, "1").events["absence"]) == 1


# --- rows that cannot be used --------------------------------------------------------------------------------


def test_duplicates_and_nameless_rows_stay_under_their_parent_as_problems():
    roots = trees(with_premises(id=["1", "1", None, " "]))
    assert [[(row.id, row.problem and row.problem.code) for row in root.children["premises"]] for root in roots] == [
        [("1", "D0502"), ("1", "D0502")],
        [("(no id)", "D0501"), ("(no id)", "D0501")],
    ]
    assert "residents=3" in roots[1].children["premises"][1].problem.message or (
        "residents=3" in roots[1].children["premises"][0].problem.message
    )


def test_strays():
    dataset = open_data(program().plan, with_premises(building=["B1", "В1", None, "B7"]))
    rows = Rows(dataset, Month.parse("2026-01")).strays("premises", 0, 3)
    assert [(row.id, row.problem.code) for row in rows] == [("2", "D0503"), ("3", "D0503"), ("4", "D0503")]
    assert 'looks like "B1"' in rows[0].problem.message
    assert rows[1].problem.message == "no building is given"
    assert rows[2].problem.message == "there is no building B7"


def test_children_of_a_row_that_cannot_be_used():
    data = city()
    data["building"]["id"] = ["B1", "B1"]
    dataset = open_data(program().plan, data)
    rows = Rows(dataset, Month.parse("2026-01")).strays("premises", 0, 4)
    assert [row.problem.message for row in rows] == [
        "the row of building B1 cannot be used",
        "the row of building B1 cannot be used",
        "there is no building B2",
        "there is no building B2",
    ]


def test_find():
    rows = Rows(open_data(program().plan, with_premises(building=["B1", "B1", "B2", "B7"])), Month.parse("2026-01"))
    row = rows.find("premises", "3")
    assert (row.id, row.parent.id, len(row.parent.children["premises"])) == ("3", "B2", 1)
    assert rows.find("premises", "4").problem.code == "D0503"
    assert rows.find("premises", "5") is None
    assert rows.find("building", "B2").id == "B2"


# --- events --------------------------------------------------------------------------------------------------


def test_events_are_sorted_and_checked():
    absence = {
        "premises": ["1", "1", "1"],
        "id": ["b", "a", "c"],
        "from": ["2026-01-05", "2026-01-20", "x"],
        "to": ["2026-01-04", None, "2026-01-31"],
        "people": ["1", "", "1"],
    }
    events = premises({**city(), "absence": absence}, "1").events["absence"]
    assert [event.id for event in events] == ["a", "b", "c"]
    assert events[0].values == {"from": FIRST + 19}
    assert code(events[1].values["to"]) == "D0107"
    assert code(events[2].values["from"]) == "D0102"


def test_instants_are_local_to_the_building():
    outage = {"building": ["B1", "B2", "B2"], "from": ["2026-01-01T08:00", "2026-01-01T00:00", "2026-01-01T00:00Z"]}
    building = {**city()["building"], "time_zone": ["Asia/Irkutsk", None]}
    roots = trees({**city(), "building": building, "outage": outage})
    midnight = (FIRST - datetime.date(1970, 1, 1).toordinal()) * 86400
    assert [[event.values["from"] for event in root.events["outage"]] for root in roots] == [[midnight], [midnight] * 2]


# --- values by days and months -------------------------------------------------------------------------------


def residents(lines, column=("1", None)):
    data = with_premises(residents=[column[0], "2", "3", "0"])
    names = ("premises", "from", "value")
    data["premises.residents"] = dict(zip(names, map(list, zip(*lines, strict=True)), strict=True))
    return premises(data, "1").values.get(("residents", ()))


def test_steps_follow_the_column():
    lines = [("1", "2026-01-16", "3"), ("1", "2026-01-11", "2"), ("2", "2026-01-11", "9")]
    assert residents(lines) == Steps((None, FIRST + 10, FIRST + 15), (1, 2, 3))
    assert residents(lines, (None,)) == Steps((FIRST + 10, FIRST + 15), (2, 3))


def test_a_bad_value_spoils_its_days_only():
    steps = residents([("1", "2026-01-16", "many")])
    assert steps.values[0] == 1
    assert code(steps.values[1]) == "D0102"


def test_two_values_from_one_day():
    assert residents([("1", "2026-01-16", "3"), ("1", "2026-01-16", "3")]) == Steps((None, FIRST + 15), (1, 3))
    assert code(residents([("1", "2026-01-16", "3"), ("1", "2026-01-16", "4")]).values[1]) == "D0505"


@pytest.mark.parametrize(("day", "expected"), [("16.01.2026", "D0102"), (None, "D0505"), ("2026-02-30", "D0107")])
def test_a_value_without_its_day_spoils_the_input(day, expected):
    assert code(residents([("1", "2026-01-10", "2"), ("1", day, "3")])) == expected


def history(lines):
    names = ("premises", "month", "value")
    table = dict(zip(names, map(list, zip(*lines, strict=True)), strict=True))
    return premises({**city(), "premises.metered": table}, "1").history[("metered", ())]


def test_history():
    december = Month.parse("2025-12").number
    assert history([("1", "2025-12", "3.5"), ("1", "2025-11-01", "4"), ("1", "2025-10", None)]) == {
        december - 1: 4,
        december: Fraction(7, 2),
    }


def test_history_of_an_unknown_month_spoils_all_months():
    months = history([("1", "2025-12", "3.5"), ("1", "last", "4")])
    assert len(months) == 36
    assert {code(value) for value in months.values()} == {"D0102"}


def test_keyed_values():
    table = {
        "premises": ["1", "1", "1"],
        "zone": ["day", "night", "noon"],
        "from": ["2026-01-01"] * 3,
        "value": ["5", "6", "7"],
    }
    good = {name: values[:2] for name, values in table.items()}
    row = premises({**city(), "premises.energy": good}, "1")
    assert row.values["energy", ("day",)] == Steps((FIRST,), (5,))
    assert row.values["energy", ("night",)] == Steps((FIRST,), (6,))
    row = premises({**city(), "premises.energy": table}, "1")
    assert code(row.values["energy", ("day",)]) == code(row.values["energy", ("night",)]) == "D0105"


# --- lines of files ------------------------------------------------------------------------------------------


def test_lines_of_another_length(tmp_path):
    folder = write_csv(tmp_path, city())
    with (folder / "premises.csv").open("a") as file:
        file.write("5,B1,1,2,5,6,7\n6\n")
    with (folder / "absence.csv").open("a") as file:
        file.write("2,2026-01-01\n9\n")
    roots = trees(folder)
    broken = roots[0].children["premises"][-1]
    assert (broken.id, broken.problem.code) == ("5", "D0506")
    (event,) = roots[0].children["premises"][1].events["absence"]
    assert {value.code for value in event.values.values()} == {"D0506"}
    dataset = open_data(program().plan, folder)
    assert len(dataset.owned["absence"].loose) == 1
    assert len(dataset.entities["premises"].strays) == 1


def test_rows_can_be_built_under_their_parents_alone():
    dataset = open_data(program().plan, city())
    rows = Rows(dataset, Month.parse("2026-01"))
    found = rows.standing({"premises": np.array([1, 2])})["premises"]
    whole = [row for root in trees(city()) for row in root.descendants("premises")]
    assert [row.id for row in found] == ["2", "3"]
    assert [row.values for row in found] == [row.values for row in whole[1:3]]
    assert [row.parent.values for row in found] == [row.parent.values for row in whole[1:3]]


def test_other_rows_are_built_when_they_are_asked_for():
    dataset = open_data(program().plan, city())
    (row,) = Rows(dataset, Month.parse("2026-01")).standing({"premises": np.array([1])})["premises"]
    assert row.parent.grow is not None
    beside = row.parent.children["premises"]
    assert row.parent.grow is None
    assert [item.id for item in beside] == ["1", "2"]
    assert beside[1] is row
    assert beside[0].parent is row.parent
    assert beside[0].values == premises(city(), "1").values


def test_parents_that_are_picked_too_are_the_same_rows():
    dataset = open_data(program().plan, city())
    picked = Rows(dataset, Month.parse("2026-01")).standing({"building": np.array([0]), "premises": np.array([0, 3])})
    first, other = picked["premises"]
    assert first.parent is picked["building"][0]
    assert first in first.parent.children["premises"]
    assert other.parent.id == "B2"
