import io
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kommres.columns import footer
from kommres.columns.feeds import TableFile
from kommres.columns.parquet import ROW_GROUP, Stitching, encoded


def stitched(tables):
    empty = encoded(tables[0].schema.empty_table())
    stitching = Stitching()
    parts = [bytes(empty[:4]), *(bytes(stitching.take(encoded(table, statistics=["a"]))) for table in tables)]
    return b"".join([*parts, stitching.ending(empty)])


def table(start, rows):
    columns = {"a": [f"x{n}" for n in range(start, start + rows)], "b": [n % 3 or None for n in range(rows)]}
    return pa.table(columns, pa.schema([("a", pa.string()), ("b", pa.int64())]))


@pytest.mark.parametrize("sizes", [(0,), (1,), (5, 0, 7), (3,) * 40])
def test_files_are_put_together(sizes):
    tables = [table(100 * number, rows) for number, rows in enumerate(sizes)]
    data = stitched(tables)
    assert pq.read_table(io.BytesIO(data)).equals(pa.concat_tables(tables))
    meta = pq.read_metadata(io.BytesIO(data))
    assert [meta.row_group(n).num_rows for n in range(meta.num_row_groups)] == [rows for rows in sizes if rows]


def test_one_file_stays_as_it_is():
    whole = encoded(table(0, 10), statistics=["a"])
    body, groups = footer.body_and_groups(whole, 0, 0)
    assert footer.MAGIC + bytes(body) + footer.ending(whole, groups) == bytes(whole)


def test_large_tables_have_row_groups_of_about_equal_size():
    rows = ROW_GROUP + 2
    meta = pq.read_metadata(io.BytesIO(encoded(pa.table({"a": pa.nulls(rows, pa.string())}))))
    assert [meta.row_group(n).num_rows for n in range(meta.num_row_groups)] == [rows // 2] * 2


@pytest.mark.parametrize("precision", range(1, 19))
@pytest.mark.parametrize("how", ["integer", "fixed", "fixed, plain", "fixed, split"])
def test_decimals_are_read_as_they_are_stored(tmp_path, precision, how):
    scale = min(precision, 3)
    most = 10**precision - 1
    cells = [None if n is None else Decimal(n).scaleb(-scale) for n in (1, None, most, -most, -1, 0, None, most // 3)]
    table = pa.table(
        {
            "id": pa.array([f"a{n}" for n in range(len(cells))]),
            "some": pa.array([[1, 2], None] * (len(cells) // 2)),
            "n": pa.array(cells, pa.decimal128(precision, scale)),
            "all": pa.array([cell or Decimal(0) for cell in cells], pa.decimal128(precision, scale)),
            "t": pa.array((["x", None, "y"] * len(cells))[: len(cells)]).dictionary_encode(),
            "pair": pa.array([{"a": 1, "b": "x"}] * len(cells)),
        }
    )
    path = tmp_path / "t.parquet"
    split = {"n": "BYTE_STREAM_SPLIT", "all": "BYTE_STREAM_SPLIT"} if how == "fixed, split" else None
    pq.write_table(
        table,
        path,
        row_group_size=3,
        store_decimal_as_integer=how == "integer",
        use_dictionary=how in {"integer", "fixed"},
        column_encoding=split,
    )
    file = TableFile.of("t", path)
    for rows in (1, 2, 100):
        found = pa.Table.from_batches(list(file.batches(["all", "n", "id", "t", "pair", "some"], rows)))
        assert found.schema.names == ["all", "n", "id", "t", "pair", "some"]
        assert found.column("n").type.bit_width == (32 if precision <= 9 else 64)
        assert found.to_pydict() == table.select(found.schema.names).to_pydict()


def test_decimals_of_many_digits_stay_as_they_are(tmp_path):
    table = pa.table({"n": pa.array([Decimal(1), None], pa.decimal128(19, 0))})
    pq.write_table(table, tmp_path / "t.parquet")
    (batch,) = TableFile.of("t", tmp_path / "t.parquet").batches(["n"])
    assert pa.table(batch).equals(table)
