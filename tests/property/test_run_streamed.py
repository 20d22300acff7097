"""Laws of a run that streams: the same bytes as from tables in memory, for clean and dirty files."""

import tempfile
from contextlib import ExitStack
from pathlib import Path
from unittest import mock

import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
from hypothesis import event, given, settings
from hypothesis import strategies as st
from tests.fake_kernels import fake_kernels
from tests.property.test_run import FILES, cities, columns
from tests.run_sample import program

from kommres.columns import feeds, narrow, windows
from kommres.run import partition, supply
from kommres.run.api import run
from kommres.run.streamed import Streamed


def in_order(city):
    """Sort the rows of all tables under their buildings."""
    owner = {id_.strip(): building or "~" for id_, building, *_ in city["premises"][1] if id_}

    def place(name, row):
        if name == "building":
            return (row[0] is None, row[0] or "")
        if name == "premises":
            return (row[1] is None, row[1] or "", row[0] is None, (row[0] or "").strip())
        return (owner.get(row[0], "~"), row[0] is None, row[0] or "")

    return {
        name: (names, sorted(rows, key=lambda row, name=name: place(name, row))) for name, (names, rows) in city.items()
    }


def small(rows=2, ahead=2, chunk=3, short=4):
    stack = ExitStack()
    stack.enter_context(mock.patch.object(supply, "FEW_ROWS", -1))
    stack.enter_context(mock.patch.object(feeds, "ROWS", rows))
    stack.enter_context(mock.patch.object(narrow, "SHORT", short))
    stack.enter_context(mock.patch.object(windows, "AHEAD", ahead))
    stack.enter_context(mock.patch.object(partition, "CHUNK_ROWS", chunk))
    return stack


def write(folder, tables, arrow):
    folder.mkdir()
    for name, cells in tables.items():
        table = pa.table({column: pa.array(values, pa.string()) for column, values in cells.items()})
        if arrow:
            pa.feather.write_feather(table, folder / f"{name}.feather", compression="uncompressed", chunksize=3)
        else:
            pa.parquet.write_table(table, folder / f"{name}.parquet", row_group_size=3)


def result_of(data, out):
    manifest = run(program(), data, "2026-01", out=out).manifest
    return [manifest["results"], *((out / name).read_bytes() for name in FILES)]


@settings(max_examples=40, deadline=None)
@given(
    city=cities,
    ordered=st.booleans(),
    arrow=st.booleans(),
    rows=st.sampled_from([1, 2, 5]),
    ahead=st.sampled_from([0, 1, 100]),
    chunk=st.sampled_from([1, 3, 8, 100]),
    compiled=st.booleans(),
    short=st.sampled_from([0, 10**9]),
)
def test_streaming_does_not_show(city, ordered, arrow, rows, ahead, chunk, compiled, short):
    tables = columns(in_order(city) if ordered else city)
    with tempfile.TemporaryDirectory() as name, small(rows, ahead, chunk, short):
        folder = Path(name)
        write(folder / "data", tables, arrow)
        expected = result_of(tables, folder / "held")
        real, ended = Streamed.tasks, []

        def tasks(self, *how):
            yield from real(self, *how)
            ended.append(True)

        with ExitStack() as stack:
            stack.enter_context(mock.patch.object(Streamed, "tasks", tasks))
            if compiled:
                stack.enter_context(fake_kernels())
            found = result_of(folder / "data", folder / "streamed")
        event("streamed" if ended else "sorted")
        assert (found == expected) is True, "a list of differences takes minutes to write"
