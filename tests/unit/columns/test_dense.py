import math
from decimal import Decimal, localcontext

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pytest
from tests.dense_cases import both_ways, picture
from tests.programs import plan_of
from tests.run_sample import city, program

from kommres.columns.cells import column_texts
from kommres.columns.coder import Coder
from kommres.columns.dense import Dense
from kommres.columns.ingest import open_data
from kommres.columns.picking import Pick
from kommres.columns.reader import read_cell
from kommres.columns.schema import Column
from kommres.columns.zoning import Zones
from kommres.dsl.backends.kernels.batch import Names
from kommres.dsl.backends.kernels.from_rows import code_of
from kommres.dsl.backends.kernels.layout import coding_of, layout_of
from kommres.dsl.plan.proofs import Assumptions
from kommres.period import Month

NOWHERE = Zones()
NUMBERS = plan_of("""\
module m
entity account
enum way: up, down
input cents of account: RUB, step 0.01, -327.66..327.67, signed
input halves of account: RUB, step 0.5, 0..1000, optional
input sevens of account: RUB, step 7, 0..1000
input coarse of account: RUB, step 200, -30_000..1000, signed
input fine of account: RUB, step 0.000000000001, 0..1, optional
input plain of account: RUB, optional
input wide of account: RUB, step 0.01, -40_000_000_000_000_000..40_000_000_000_000_000, signed
input odd of account: yes/no, optional
input day of account: date
input moment of account: instant, optional
input way of account: way, optional
input name of account: id
charge one of account: RUB
    service "one"
    = 1 RUB
""")


def coder(name, **assumed):
    declared = next(item for item in NUMBERS.inputs if item.name == name)
    column = Column(name=name, role="input", type="", declared=declared)
    coding = coding_of(declared, Assumptions(**assumed), declared.id)
    assert coding is not None
    return Coder(column, coding, Names())


def read_one_by_one(found, cells, zones):
    words, places = column_texts(cells, found.column)
    texts = [words[place] for place in places]
    read = [None if t is None else read_cell(t, found.column, z) for t, z in zip(texts, zones, strict=True)]
    return [code_of(cell, found.coding, found.names) for cell in read]


def check(name, cells, zones=NOWHERE, **assumed):
    """Code an array, a slice of it and one with empty cells, and compare with reading cell by cell."""
    found = coder(name, **assumed)
    plain = cells.cast(cells.type.value_type) if pa.types.is_dictionary(cells.type) else cells
    holes = pa.array([number % 3 != 1 for number in range(len(cells))])
    for some in (cells, cells.slice(1), pa.compute.if_else(holes, plain, pa.scalar(None, plain.type))):
        rows = np.arange(len(cells) - len(some), len(cells))
        codes = found.codes(some, zones.only(rows))
        assert codes.dtype == found.coding.dtype
        assert codes.flags.c_contiguous
        assert codes.flags.writeable
        expected = read_one_by_one(found, some, zones.of_column(found.column).only(rows).of_rows(len(some)))
        assert codes.tolist() == expected
    return found.codes(cells, zones).tolist()


INTEGERS = [pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()]


@pytest.mark.parametrize("arrow", INTEGERS, ids=str)
@pytest.mark.parametrize("name", ["cents", "halves", "sevens", "coarse", "plain", "fine", "wide"])
def test_integers_to_the_ends_of_their_types(arrow, name):
    info = np.iinfo(str(arrow))
    numbers = {
        0,
        1,
        7,
        14,
        100,
        200,
        400,
        327,
        328,
        -327,
        -328,
        1000,
        1001,
        40_000_000_000_000_000,
        40_000_000_000_000_001,
    }
    numbers |= {info.min, info.min + 1, info.max - 1, info.max}
    check(name, pa.array([n for n in sorted(numbers) if info.min <= n <= info.max], arrow))


@pytest.mark.parametrize("scale", [0, 1, 2, 3, 12, 25, 37])
@pytest.mark.parametrize("name", ["cents", "halves", "sevens", "coarse", "plain", "fine", "wide"])
def test_decimals_whatever_their_scale(scale, name):
    unit = Decimal(1).scaleb(-scale)
    numbers = [
        Decimal(text) for text in ("0", "0.5", "0.05", "7", "-1", "327.67", "-327.66", "-327.67", "1000", "0.005")
    ]
    with localcontext(prec=60):
        cells = [number.quantize(unit) for number in numbers if abs(number) < 10 ** (37 - scale)]
        cells += [Decimal(edge).scaleb(-scale) for edge in (2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 2**64, 10**37)]
    check(name, pa.array(cells, pa.decimal128(38, scale)))


@pytest.mark.parametrize("arrow", [pa.float64(), pa.float32(), pa.float16()], ids=str)
@pytest.mark.parametrize("name", ["cents", "halves", "sevens", "fine", "wide"])
def test_floats_stand_for_the_nearest_multiple_or_for_nothing(arrow, name):
    step = next(item for item in NUMBERS.inputs if item.name == name).step
    exact = [float(count * step) for count in (0, 1, 2, 3, 7, 29, 32767, -32766, 10**6)]
    numbers = [near for v in exact for near in (v, math.nextafter(v, math.inf), math.nextafter(v, -math.inf))]
    numbers += [0.1 + 0.2, 2.0**52 / 100, 2.0**53 / 100, 45035996273704.96, 4503599627370496.0, 1e22]
    numbers += [-0.0, math.nan, math.inf, -math.inf, 5e-324]
    with np.errstate(over="ignore"):
        check(name, pa.array(np.array(numbers).astype(arrow.to_pandas_dtype())))


def test_a_float_that_is_no_multiple_is_not_rounded():
    codes = check("cents", pa.array([0.3, 0.1 + 0.2, 0.305]))
    assert codes == [30, coder("cents").coding.unusable, coder("cents").coding.unusable]


def test_a_float_that_stands_for_several_multiples_cannot_be_used():
    several = 2.0**53 * 0.01 * 4
    assert check("wide", pa.array([several])) == [coder("wide").coding.unusable]


@pytest.mark.parametrize(
    "arrow", [pa.date32(), pa.date64(), pa.timestamp("s"), pa.timestamp("ns"), pa.timestamp("us", "UTC")]
)
def test_days_of_all_types(arrow):
    days = [-719_163, -719_162, -1, 0, 20_454, 2_932_896, 2_932_897]
    per = {"date32[day]": 1, "date64[ms]": 86_400_000, "timestamp[s]": 86_400}.get(str(arrow))
    per = per or (86_400 * 10**9 if arrow.unit == "ns" else 86_400 * 10**6)
    counts = [day * per for day in days if abs(day * per) < 1 << 63]
    if per > 1:
        counts += [counts[-1] + 1, counts[-1] - 1, counts[0] + per // 2]
    check("day", pa.array(counts, pa.int32() if per == 1 else pa.int64()).cast(arrow))


@pytest.mark.parametrize("zone", [None, "UTC", "Asia/Tokyo"])
@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_instants_of_all_units_and_zones(unit, zone):
    per = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
    seconds = [0, 1, -1, 1_767_222_000, 1_774_746_000, 1_774_749_600, -62_135_596_800, 253_402_300_799]
    seconds += [-62_135_596_801, 253_402_300_800]
    counts = [second * per for second in seconds if abs(second * per) < 1 << 63]
    counts += [per + 1, -(1 << 63) + 1, (1 << 63) - 1]
    cells = pa.array(counts, pa.int64()).cast(pa.timestamp(unit, zone))
    names = ("", "UTC", "Europe/Berlin", "Nowhere/Atlantis")
    for number in range(len(names)):
        check("moment", cells, Zones((names[number],)))
    check("moment", cells, Zones(names, np.arange(len(cells)) % len(names)))


@pytest.mark.parametrize("arrow", [pa.string(), pa.large_string()], ids=str)
def test_many_different_texts_of_numbers(arrow):
    words = [f"{number / 1000:.3f}" for number in range(1000)] + [
        "",
        " ",
        "1e2",
        "+5",
        " 7 ",
        "7\n",
        "-0.00",
        "00012.50",
    ]
    words += ["123456789012.123456", "1234567890123", "0.1234567", "12.", ".5", "1,5", "x", "١٢", "99999999999"]
    check("halves", pa.array(words, arrow))
    check("plain", pa.array(words, arrow))


def test_dictionaries_with_twins_gaps_and_unused_words():
    words = pa.array(["up", "up", " down", "sideways", None, "never", *(f"more {n}" for n in range(50))])
    cells = pa.DictionaryArray.from_arrays(pa.array([0, 1, 2, 3, 4, None, 1]), words)
    found = coder("way")
    assert found.codes(cells, Zones()).tolist() == [0, 0, 1, -2, -1, -1, 0]
    assert found.codes(cells.slice(2, 4), Zones()).tolist() == [1, -2, -1, -1]
    large = pa.DictionaryArray.from_arrays(pa.array([0, 1, None] * 50), pa.array(["up", "down"]))
    assert found.codes(large, Zones()).tolist() == [0, 1, -1] * 50


def test_names_are_trimmed_texts_and_whole_numbers():
    found = coder("name")
    assert found.codes(pa.array([" a", "b", "a", None, " "]), Zones()).tolist() == [0, 1, 0, -2, -2]
    assert found.codes(pa.array([7, 7, None]), Zones()).tolist() == [2, 2, -2]
    assert found.names.texts == ["a", "b", "7"]


def test_empty_columns():
    for kind in (pa.null(), pa.string(), pa.int8(), pa.decimal128(9, 2), pa.dictionary(pa.int8(), pa.string())):
        assert coder("halves").codes(pa.nulls(0, kind), Zones()).tolist() == []
        assert coder("halves").codes(pa.nulls(2, kind), Zones()).tolist() == [-1, -1]
        assert coder("cents").codes(pa.nulls(2, kind), Zones()).tolist() == [coder("cents").coding.unusable] * 2


# --- rows ----------------------------------------------------------------------------------------------------


def test_rows_side_by_side_are_not_copied():
    cells = pa.array(range(10))
    pick = Pick.of(np.arange(3, 7))
    assert pick.first == 3
    assert pick.cells(cells).buffers()[1].address == cells.buffers()[1].address
    assert Pick.of(np.array([3, 5, 4, 6])).first is None
    assert Pick.of(np.array([5])).first == 5


@pytest.mark.parametrize("places", [[0, 1, 2, 3], [4, 5, 6], [6, 0, 3, 3, 1], [2], [], [3, 2, 1]])
def test_rows_of_a_column_in_pieces(places):
    column = pa.chunked_array([pa.array(["a", "b"]), pa.array([], pa.string()), pa.array(["c", None, "e", "f", "g"])])
    found = Pick.of(np.array(places, np.int64)).cells(column)
    assert found.to_pylist() == [column[place].as_py() for place in places]


def test_the_sample_city():
    by_rows, by_columns = both_ways(program().plan, city(), "2026-01", "building")
    assert by_columns == by_rows
    assert by_columns["premises"]["parent"] == [0, 0, 1, 1]


def test_values_of_days_stand_over_the_first_value():
    data = city()
    data["premises.residents"] = {
        "premises": ["1", "1", "1", "2", "3", "3", "4"],
        "from": ["2026-01-10", "2025-12-01", "2026-01-10", "2026-01-20", "2026-01-05", "2026-01-05", "soon"],
        "value": ["4", "2", "4.0", "5", "6", "7", "1"],
    }
    by_rows, by_columns = both_ways(program().plan, data, "2026-01", "building")
    assert by_columns == by_rows
    first = Month.parse("2026-01").start
    assert by_columns["premises"]["columns"]["residents", ()] == [
        [2_000_000, (first + 9, 4_000_000)],
        [2_000_000, (first + 19, 5_000_000)],
        [3_000_000, (first + 4, "unusable")],
        ["unusable"],
    ]


def test_ranks_and_ids_of_a_part():
    dataset = open_data(program().plan, city())
    dense = Dense(dataset, layout_of(program().plan, Assumptions()), Month.parse("2026-01"), Names())
    assert dense.ranks("building", 1, 2) == {"building": (1, 2), "premises": (2, 4)}
    assert dense.ids("premises", 2, 4).to_pylist() == ["3", "4"]
    assert dense.batch("building", 1, 2).tables["premises"].count == 2


def test_a_builder_goes_over_to_other_tables():
    layout, month, names = layout_of(program().plan, Assumptions()), Month.parse("2026-01"), Names()
    dense = Dense(open_data(program().plan, city()), layout, month, names)
    dense.batch("building", 0, 2)
    data = city()
    data["building"]["tariff"] = ["1", "50.00"]
    data["premises"]["metered"] = ["5.5", "4.1", "x", None]
    other = open_data(program().plan, data)
    found = picture(layout, dense.over(other).batch("building", 0, 2), names)
    assert found == picture(layout, Dense(other, layout, month, names).batch("building", 0, 2), names)
    assert found["building"]["columns"]["tariff", ()] == [[100], [5000]]
    assert picture(layout, dense.batch("building", 0, 2), names)["building"]["columns"]["tariff", ()] == [
        [4010],
        [5000],
    ]


def test_no_rows():
    data = city()
    data["premises"] = {name: [] for name in data["premises"]}
    by_rows, by_columns = both_ways(program().plan, data, "2026-01", "building")
    assert by_columns == by_rows
    assert by_columns["premises"]["count"] == 0
