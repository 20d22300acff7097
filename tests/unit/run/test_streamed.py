"""What a run does with files that it would like to read window by window."""

import random
from unittest import mock

import pyarrow as pa
import pytest
from tests.property.test_run_streamed import small, write
from tests.run_sample import city, program

from kommres.columns import feeds
from kommres.errors import DataError
from kommres.run.api import run

MANY = 2_000


@pytest.mark.parametrize("missing", ["building", "premises"])
@pytest.mark.parametrize("arrow", [True, False])
def test_a_table_that_is_missing(tmp_path, missing, arrow):
    write(tmp_path / "data", {name: cells for name, cells in city().items() if name != missing}, arrow)
    with small(), pytest.raises(DataError, match=f"{missing}: the table is missing"):
        run(program(), tmp_path / "data", "2026-01", out=tmp_path / "out")


@pytest.mark.parametrize("order", ["as they come", "backwards"])
def test_rows_out_of_order_are_noticed_soon(tmp_path, order):
    names = [f"{n:06}" for n in range(MANY)]
    owners = names * 5
    if order == "backwards":
        owners.sort(reverse=True)
    else:
        random.Random(1).shuffle(owners)
    same = {name: [value] * MANY for name, value in (("residents", "1"), ("metered", "1"), ("area", "10"))}
    absence = {"premises": owners, **{name: ["2026-01-05"] * len(owners) for name in ("from", "to")}}
    tables = {
        "building": {"id": names, "tariff": ["1.00"] * MANY},
        "premises": {"id": names, "building": names, **same},
        "absence": {**absence, "people": ["1"] * len(owners)},
    }
    real, held = feeds.Feed.fill, []

    def fill(feed, rows):
        real(feed, rows)
        held.append(feed.rows)

    with small(64, 16, 100), mock.patch.object(feeds.Feed, "fill", fill):
        write(tmp_path / "data", tables, arrow=False)
        result = run(program(), tmp_path / "data", "2026-01", out=tmp_path / "out", backend="interpreter")
    assert result.manifest["results"]["accounts"]["premises"]["charged"] == MANY
    assert max(held) < 1_000


def test_memory_of_arrow_is_given_back_as_it_was(tmp_path):
    before = pa.default_memory_pool().backend_name
    write(tmp_path / "data", city(), arrow=False)
    during = []
    with small():
        run(
            program(),
            tmp_path / "data",
            "2026-01",
            out=tmp_path / "out",
            progress=lambda *_: during.append(pa.default_memory_pool().backend_name),
        )
    assert set(during) == {"system"}
    assert pa.default_memory_pool().backend_name == before
