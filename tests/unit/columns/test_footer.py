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
    body, groups = footer.body_and_groups(whole)
    again = (
        footer.MAGIC + bytes(body) + footer.ending(whole, [footer.moved(group, 0, n) for n, group in enumerate(groups)])
    )
    assert again == bytes(whole)


def test_large_tables_have_row_groups_of_about_equal_size():
    rows = ROW_GROUP + 2
    meta = pq.read_metadata(io.BytesIO(encoded(pa.table({"a": pa.nulls(rows, pa.string())}))))
    assert [meta.row_group(n).num_rows for n in range(meta.num_row_groups)] == [rows // 2] * 2


@pytest.mark.parametrize(
    ("kind", "texts"), [((9, 3), ["1.5", None, "-999999.999"]), ((18, 5), ["0.00001", "-1", None])]
)
def test_decimals_are_read_as_they_are_stored(tmp_path, kind, texts):
    cells = [None if text is None else Decimal(text) for text in texts]
    wide = pa.table(
        {
            "id": ["a", "b", "c"],
            "n": pa.array(cells, pa.decimal128(*kind)),
            "t": pa.array(["x", None, "y"]).dictionary_encode(),
        }
    )
    path = tmp_path / "t.parquet"
    pq.write_table(wide, path, store_decimal_as_integer=True)
    file = TableFile.of("t", path)
    (batch,) = file.batches(["n", "id", "t"])
    assert batch.schema.names == ["n", "id", "t"]
    assert batch.column("n").type.bit_width < 128
    assert batch.column("n").to_pylist() == cells
    assert batch.column("id").to_pylist() == ["a", "b", "c"]
    assert batch.column("t").to_pylist() == ["x", None, "y"]
