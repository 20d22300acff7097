"""Laws of a run over small dirty cities: nothing is lost, order and batches do not show, bytes repeat."""

import tempfile
from pathlib import Path
from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.run_sample import program

from kommres.run import journal, partition
from kommres.run.api import run

FILES = ("charges.parquet", "quarantine.parquet")
SERVICES = ("cold_water", "heat", "rest", "stay")

ids = st.sampled_from(["1", "2", "3", "4", "5", "1 ", "", None])
owners = st.sampled_from(["1", "2", "3", "4", "9", None])
buildings = st.sampled_from(["A", "B", "C", "А", None])  # the fourth is Cyrillic
numbers = st.sampled_from(["0", "1", "2.5", "10", "1,5", "-1", "1000000", "x", None])
days = st.sampled_from(
    ["2025-12-01", "2026-01-01", "2026-01-10", "2026-01-31", "2026-02-10", "2026-02-30", "1.1.26", None]
)
months = st.sampled_from(["2025-12", "2025-11", "soon", None])


def table(**columns):
    rows = st.lists(st.tuples(*columns.values()), max_size=6)
    return rows.map(lambda found: (tuple(columns), found))


cities = st.fixed_dictionaries(
    {
        "building": table(id=st.sampled_from(["A", "B", "C", None]), tariff=numbers),
        "premises": table(id=ids, building=buildings, residents=numbers, metered=numbers, area=numbers),
        "absence": table(premises=owners, **{"from": days, "to": days}, people=numbers),
        "premises.residents": table(premises=owners, **{"from": days}, value=numbers),
        "premises.metered": table(premises=owners, month=months, value=numbers),
    }
)


def columns(city, order=list):
    tables = {}
    for name, (names, rows) in city.items():
        cells = list(zip(*order(rows), strict=True)) or [()] * len(names)
        tables[name] = {column: list(values) for column, values in zip(names, cells, strict=True)}
    return tables


def written(data, **how):
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        run(program(), data, "2026-01", out=out, **how)
        return [(out / name).read_bytes() for name in FILES]


@settings(max_examples=60, deadline=None)
@given(city=cities)
def test_every_row_and_every_service_is_accounted_for(city):
    result = run(program(), columns(city), "2026-01")
    rows = len(city["premises"][1])
    counted = result.manifest["results"]
    assert counted["accounts"]["premises"]["in"] == rows
    assert counted["services"]["premises"]["in"] == rows * len(SERVICES)
    charged = [(r["account"], r["service"]) for r in result.charges.to_pylist()]
    assert len(charged) == len(set(charged)) == counted["services"]["premises"]["charged"]
    refused = {(r["account"], r["service"]) for r in result.quarantine.to_pylist() if r["service"]}
    assert not refused & set(charged)
    # What applies whatever the data say is charged or refused; `cold` makes no line where nothing is metered.
    assert {id_.strip() for id_, *_ in city["premises"][1] if id_ and id_.strip()} == {
        account for account, service in [*charged, *refused] if service == "rest" and account
    }
    for name, (_, supplied) in city.items():
        counts = counted["tables"][name]
        assert counts["rows"] == len(supplied) == counts["used"] + counts["quarantined"]


@settings(max_examples=60, deadline=None)
@given(city=cities, data=st.data())
def test_the_order_of_rows_and_the_size_of_batches_do_not_show(city, data):
    def shuffled(rows):
        return data.draw(st.permutations(rows))

    batch_rows = data.draw(st.sampled_from([1, 2, 3, 7, 1000]))
    assert written(columns(city)) == written(columns(city, shuffled), batch_rows=batch_rows)


@settings(max_examples=30, deadline=None)
@given(city=cities, cut=st.integers(0, 10))
def test_killed_and_resumed_gives_the_same_bytes(city, cut):
    class Killed(BaseException):
        pass

    left = [cut]

    def stop(_done, _total, _held):
        left[0] -= 1
        if left[0] < 0:
            raise Killed

    data = columns(city)
    chunks = mock.patch.object(partition, "CHUNK_ROWS", 2)
    settled = mock.patch.object(journal, "SETTLE_SECONDS", 0)
    with chunks, settled, tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        try:
            run(program(), data, "2026-01", out=out, progress=stop, batch_rows=1)
        except Killed:
            run(program(), data, "2026-01", out=out, resume=True)
        assert [(out / name).read_bytes() for name in FILES] == written(data)
