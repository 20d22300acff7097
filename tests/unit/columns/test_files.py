import hashlib

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kommres.columns.files import RAGGED, read_file, table_files
from kommres.errors import DataError


def read(tmp_path, content, name="t.csv"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_file(path.stem, path)


@pytest.mark.parametrize(
    "text",
    [
        "id,x\n1,0.10\n2,\n",
        "id;x\n1;0.10\n2;\n",
        "id\tx\r\n1\t0.10\r\n2\t\r\n",
        "\ufeffid,x\r\n1,0.10\r\n2,\r\n",
        '"id","x"\n"1","0.10"\n"2",""\n',
        "id;x;\n1;0.10;\n2;;\n",
        "\nid,x\n\n1,0.10\n\n2,\n",
        "id,x\n1,0.10\n2,",
    ],
    ids=["comma", "semicolon", "tab and CRLF", "BOM", "quoted", "delimiter at the end", "empty lines", "no last end"],
)
def test_habits_of_exports(tmp_path, text):
    table = read(tmp_path, text).table
    assert table.select(["id", "x"]).to_pydict() == {"id": ["1", "2"], "x": ["0.10", None]}


def test_cells_stay_text(tmp_path):
    table = read(tmp_path, 'id,x\n007,"a\nb, ""c"""\n1e5,2026-01-01\n').table
    assert table.to_pydict() == {"id": ["007", "1e5"], "x": ['a\nb, "c"', "2026-01-01"]}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('id,x\n1,"a\n2,\n3,\n', 2),
        ('id,x\n1,\n2,"a\n3,"b"\n4,\n', 3),
        ('id;x\r\n"1";"a ""b\r\n2;"c"\r\n', 2),
        ('id,x\n1,"a', None),
        ('id,x\n1,"\n', 2),
        ('id,x\n1,"a"b\n2,\n', None),
        ('id,x\n1,firm "a\n2,b" firm\n', None),
        ('id,x\n"1","a\n""b"""\n2,"c\n"', None),
    ],
)
def test_a_quote_without_an_end_loses_no_rows(tmp_path, text, line):
    if line is None:
        assert read(tmp_path, text).table["id"].to_pylist()[0] == "1"
        return
    with pytest.raises(DataError, match="a quote has no end") as caught:
        read(tmp_path, text)
    assert f"(t.csv, line {line})" in str(caught.value)


def test_head_only(tmp_path):
    table = read(tmp_path, "id,x\n").table
    assert (table.num_rows, table.column_names) == (0, ["id", "x"])


def test_lines_of_another_length_are_kept_and_marked(tmp_path):
    table = read(tmp_path, "id,x,y\n1,a,b\n2,3,4,5\n3,c\n4,d,e\n").table
    assert table.to_pylist() == [
        {"id": "1", "x": "a", "y": "b", RAGGED: None},
        {"id": "4", "x": "d", "y": "e", RAGGED: None},
        {"id": "2", "x": "3", "y": "4", RAGGED: "the line has 4 fields, the head has 3"},
        {"id": "3", "x": "c", "y": None, RAGGED: "the line has 2 fields, the head has 3"},
    ]


def test_another_encoding_is_refused_with_the_place(tmp_path):
    with pytest.raises(DataError, match="byte 0xC4") as caught:
        read(tmp_path, "id,x\n1,a\n2,Дом\n".encode("cp1251"))
    assert (caught.value.line, caught.value.byte) == (3, 0xC4)
    assert "UTF-8" in caught.value.todo


def test_a_letter_cut_at_the_end(tmp_path):
    with pytest.raises(DataError, match="not UTF-8"):
        read(tmp_path, "id,x\n1,Дом".encode()[:-1])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("id,x\n".encode("utf-16"), "UTF-16"),
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"id,x,id\n1,2,3\n", "more than once"),
        (b"id,,x\n1,2,3\n", "no name"),
    ],
)
def test_files_that_cannot_be_tables(tmp_path, content, words):
    with pytest.raises(DataError, match=words):
        read(tmp_path, content)


def test_parquet(tmp_path):
    table = pa.table({"id": ["1"], "x": pa.array([1], pa.int8())})
    path = tmp_path / "year=2026" / "t.parquet"
    path.parent.mkdir()
    pq.write_table(table, path)
    source = read_file("t", path)
    assert source.table.equals(table)
    assert source.digest == hashlib.sha256(path.read_bytes()).hexdigest()


def test_broken_parquet(tmp_path):
    with pytest.raises(DataError, match="Parquet"):
        read(tmp_path, b"no such thing", "t.parquet")


def test_folders(tmp_path):
    with pytest.raises(DataError, match="does not exist"):
        table_files(tmp_path / "none")
    with pytest.raises(DataError, match=r"holds no file of \.parquet"):
        table_files(tmp_path)
    for name in ("a.csv", "premises.residents.csv", "notes.txt", ".hidden.csv"):
        (tmp_path / name).write_text("id\n")
    assert list(table_files(tmp_path)) == ["a", "premises.residents"]
    with pytest.raises(DataError, match="not a folder"):
        table_files(tmp_path / "a.csv")
    (tmp_path / "a.parquet").write_bytes(b"")
    with pytest.raises(DataError, match="given twice"):
        table_files(tmp_path)


def test_fields_that_are_too_long_take_no_other_row_with_them(tmp_path):
    table = read(tmp_path, f'id,x\n"{"a" * 200_000}",1,2\nb,1\n').table
    assert table.num_rows == 2
    assert table.column(RAGGED).to_pylist() == [None, "the line has 3 fields, the head has 2"]
    assert read(tmp_path, f"id,{'x' * 200_000}\n1,2\n").table.num_rows == 1
