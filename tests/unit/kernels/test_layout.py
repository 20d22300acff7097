from fractions import Fraction

import numpy as np
import pytest
from tests.programs import plan_of, run

from kommres.dsl.backends.kernels.batch import Coding, Names
from kommres.dsl.backends.kernels.from_rows import batch_of, code_of, rows_by_entity
from kommres.dsl.backends.kernels.layout import layout_of
from kommres.dsl.backends.rows import Bad, EventRow, Row, Steps
from kommres.dsl.plan.proofs import Assumptions
from kommres.dsl.plan.ranges import Range
from kommres.period import Month

RULES = """\
module m
entity town
entity building of town
entity premises of building
entity lift of building
enum zone: day, night
input time_zone of town: id, optional
input region of town: id
input volume of premises: m3, step 0.001, 0..100
input loss of premises: m3, -5..5, signed
input used(zone) of premises: kWh, step 0.5, 0..1000, optional, varies
input stopped of premises: yes/no
input since of premises: date, optional
input way of premises: zone
input before of premises: m3, step 0.001, 0..100, history
input both of premises: m3, step 0.001, 0..100, history
input unread of premises: m3
input vast of premises: m3, step 0.000001, 0..10_000_000_000_000
event absence of premises
    from: date
    to: date
    people: person, step 1, 0..20
    note: id, optional
event reading of premises
    value: m3, step 0.001, 0..100
    taken: date
charge one of premises: RUB when not stopped
    service "one"
    = round((volume + loss + both + deep) * 1 RUB/m3 + (mean over days lit) * 1 RUB/kWh, 0.01)
charge two of premises: RUB
    service "two"
    = round(away * 1 RUB/day/person, 0.01)
charge three of premises: RUB when has since and way = day
    service "three"
    = round((past + both) * 1 RUB/m3 + building.lifts * 1 RUB, 0.01)
rule deep of premises: m3
    = vast
rule lit of premises: kWh
    = sum of used(z) else 0 kWh for z in zone
rule away of premises: day*person
    = sum of days(a) * a.people for a in absence
rule past of premises: m3
    = sum of before for m in last 3 months
rule lifts of building: number
    = count for l in lift
"""


def layout(text, **assumed):
    return layout_of(plan_of(text), Assumptions(**assumed))


SMALL = """\
module m
entity account
{inputs}
charge one of account: RUB
    service "one"
    = round({value}, 0.01)
"""


def coding(declared, value, **assumed):
    found = layout(SMALL.format(inputs=f"input x of account: {declared}", value=value), **assumed)
    return found.inputs["account"].get(("x", ()))


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ("RUB, step 0.01, 0..100", Coding(kind="number", low=0, high=10_000, scale=100)),
        ("RUB, step 0.25, 0.1..1", Coding(kind="number", low=1, high=4, scale=4)),
        ("RUB, step 5, 0..100, optional", Coding(kind="number", low=0, high=100, optional=True)),
        ("RUB, 0..1", Coding(kind="number", low=0, high=1_000_000, scale=1_000_000)),
        ("RUB, step 0.1", Coding(kind="number", low=0, high=1_000_000, scale=10)),
    ],
)
def test_numbers_have_the_range_and_the_grid_of_their_proofs(declared, expected):
    assert coding(declared, "x else 0 RUB" if "optional" in declared else "x") == expected


def test_what_is_assumed_of_an_input_counts_by_its_id():
    known = Range(Fraction(1, 2), Fraction(50), 1000)
    assert coding("RUB, 0..10", "x", inputs={"m.x": known}) == Coding(kind="number", low=500, high=10_000, scale=1000)


def test_numbers_that_do_not_fit_are_left_out():
    assert coding("RUB, step 0.000001, 0..9_000_000_000_000", "x") is not None
    assert coding("RUB, step 0.000001, 0..10_000_000_000_000", "x") is None
    assert coding("RUB, step 0.01", "x", inputs={"m.x": Range(None, None, 100)}) is None


@pytest.mark.parametrize(
    ("high", "dtype"), [(127, np.int8), (128, np.int16), (32767, np.int16), (32768, np.int32), (1 << 31, np.int64)]
)
def test_types_are_the_narrowest(high, dtype):
    assert Coding(kind="number", low=0, high=high).dtype == dtype
    assert Coding(kind="number", low=-127, high=high).dtype == max(np.dtype(np.int16), np.dtype(dtype))


def test_other_kinds():
    inputs = layout(RULES).inputs["premises"]
    assert inputs["stopped", ()] == Coding(kind="yes_no", low=0, high=1)
    assert inputs["way", ()] == Coding(kind="enum", low=0, high=1, members=("day", "night"))
    assert inputs["since", ()] == Coding(kind="date", low=1, high=3_652_059, optional=True)


def test_each_combination_of_members_is_an_input():
    found = layout(RULES)
    assert [key for key in found.inputs["premises"] if key[0] == "used"] == [("used", ("day",)), ("used", ("night",))]
    assert found.varying == {("premises", ("used", ("day",))), ("premises", ("used", ("night",)))}


def test_only_what_charges_reach_in_the_month_is_read():
    found = layout(RULES)
    assert list(found.inputs) == ["town", "building", "lift", "premises"]
    names = {name for name, _ in found.inputs["premises"]}
    assert names == {"volume", "loss", "used", "stopped", "since", "way", "both"}
    assert found.inputs["town"] == {}


def test_fields_of_events():
    found = layout(RULES).events
    assert list(found) == ["premises"]
    assert list(found["premises"]) == ["absence"]
    fields = found["premises"]["absence"]
    assert list(fields) == ["from", "to", "people"]
    assert fields["to"].optional  # what has no end has not ended
    assert not fields["from"].optional
    assert fields["people"] == Coding(kind="number", low=0, high=20)


def test_local_days_of_instants_need_the_time_zone():
    text = """\
module m
entity building
entity premises of building
input time_zone of building: id, optional
event outage of premises
    from: instant
    to: instant, optional
charge one of premises: RUB
    service "one"
    = round(dark * 1 RUB/hour, 0.01)
rule dark of premises: hour
    = sum of hours(o) for o in clip(outage)
"""
    assert list(layout(text).inputs["building"]) == [("time_zone", ())]


# --- batches from rows ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (0, 0),
        (Fraction(5, 4), 125),
        (10, 1000),
        (Fraction(1001, 100), -2),
        (-1, -2),
        (Fraction(1, 1000), -2),
        (True, -2),
        ("1", -2),
        (None, -1),
        (Bad("D0102", "no number", "x"), -2),
    ],
)
def test_codes_of_numbers(value, code):
    found = Coding(kind="number", low=0, high=1000, scale=100, optional=True)
    assert code_of(value, found, Names()) == code


def test_what_is_missing_and_required_cannot_be_used():
    assert code_of(None, Coding(kind="date", low=1, high=9), Names()) == -1
    assert code_of(None, Coding(kind="date", low=1, high=9, optional=True), Names()) == 0


def test_codes_of_words():
    names = Names()
    word = Coding(kind="id", low=0, high=100)
    assert [code_of(text, word, names) for text in ("b", "a", "b")] == [0, 1, 0]
    assert names.texts == ["b", "a"]
    member = Coding(kind="enum", low=0, high=1, members=("day", "night"))
    assert [code_of(text, member, names) for text in ("night", "day", "noon")] == [1, 0, -2]
    yes = Coding(kind="yes_no", low=0, high=1)
    assert [code_of(value, yes, names) for value in (True, False, "yes", 1)] == [1, 0, -2, -2]


def trees():
    """Two towns; the first has two buildings with premises."""
    towns = [Row("town", "T1"), Row("town", "T2")]
    for town, id_ in ((towns[0], "B1"), (towns[0], "B2")):
        town.children.setdefault("building", []).append(Row("building", id_, parent=town))
    for building, id_ in zip(towns[0].children["building"] * 2, "1234", strict=True):
        building.children.setdefault("premises", []).append(Row("premises", id_, parent=building))
    return towns


def test_rows_of_one_parent_lie_side_by_side():
    roots = trees()
    assert {entity: [row.id for row in rows] for entity, rows in rows_by_entity(roots).items()} == {
        "town": ["T1", "T2"],
        "building": ["B1", "B2"],
        "premises": ["1", "3", "2", "4"],
    }
    tables = batch_of(layout(RULES), roots, Month.parse("2026-01"), Names()).tables
    assert tables["town"].parent is None
    assert tables["town"].children["building"].tolist() == [0, 2, 2]
    assert tables["building"].children["premises"].tolist() == [0, 2, 4]
    assert tables["premises"].parent.tolist() == [0, 0, 1, 1]
    assert tables["lift"].count == 0


def test_rows_with_a_problem_are_unusable():
    roots = trees()
    assert batch_of(layout(RULES), roots, Month.parse("2026-01"), Names()).tables["town"].usable is None
    roots[1].problem = Bad("D0502", "twice", "id")
    assert batch_of(layout(RULES), roots, Month.parse("2026-01"), Names()).tables["town"].usable.tolist() == [1, 0]


FIRST = Month.parse("2026-01").start


def premises(**values):
    row = Row("premises", "1", values={(name, ()): value for name, value in values.items()})
    return batch_of(layout(RULES), [row], Month.parse("2026-01"), Names()).tables["premises"]


def test_what_no_row_has_is_missing():
    assert list(premises(volume=5).columns) == [("volume", ())]


@pytest.mark.parametrize(
    ("starts", "first", "later"),
    [
        ((None, FIRST + 1, FIRST + 30), 1, [(FIRST + 1, 2), (FIRST + 30, 3)]),
        ((None, FIRST, FIRST + 31), 2, []),
        ((FIRST - 9, FIRST - 5, FIRST + 4), 2, [(FIRST + 4, 3)]),
        ((FIRST + 1, FIRST + 2, FIRST + 40), -1, [(FIRST + 1, 1), (FIRST + 2, 2)]),
    ],
)
def test_steps_are_cut_to_the_month(starts, first, later):
    row = Row("premises", "1", values={("used", ("day",)): Steps(starts, (1, 2, 3))})
    found = batch_of(layout(RULES), [row], Month.parse("2026-01"), Names()).tables["premises"].columns["used", ("day",)]
    assert found.values.tolist() == [first * 2 if first > 0 else first]
    if later:
        assert list(zip(found.changes.days.tolist(), found.changes.values.tolist(), strict=True)) == [
            (day, value * 2) for day, value in later
        ]
        assert found.changes.offsets.tolist() == [0, len(later)]
    else:
        assert found.changes is None


def test_intervals_without_bounds_cannot_be_used():
    bad = Bad("D0102", "no date", "from")
    rows = [
        {"from": FIRST, "to": FIRST + 2, "people": 1},
        {"from": FIRST, "people": 2},
        {"to": FIRST},
        {"from": FIRST, "to": FIRST - 1},
        {"from": bad, "to": FIRST},
        {"from": FIRST, "to": bad},
    ]
    row = Row("premises", "1", events={"absence": [EventRow(values) for values in rows]})
    found = batch_of(layout(RULES), [row], Month.parse("2026-01"), Names()).tables["premises"].events["absence"]
    assert found.offsets.tolist() == [0, 6]
    assert found.fields["from"].tolist() == [FIRST, FIRST, -1, -1, -1, -1]
    assert found.fields["to"].tolist() == [FIRST + 2, 0, -1, -1, -1, -1]
    assert found.fields["people"].tolist() == [1, 2, -2, -2, -2, -2]


def test_a_case_becomes_a_batch():
    case = run(RULES, "2026-01", {"town": {}, "premises": [{"id": "1", "volume": 2}, {"id": "2", "volume": "x"}]})
    roots = [row for row in case.rows if row.entity == "town"]
    found = batch_of(layout(RULES), roots, Month.parse("2026-01"), Names()).tables["premises"]
    assert found.columns["volume", ()].values.tolist() == [2000, -2]
