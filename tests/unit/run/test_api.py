import datetime
import json
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.run_sample import RULES, city, program, write_csv

from kommres.errors import DataError, UsageError
from kommres.run.api import run


def amounts(result, account=None):
    rows = result.charges.to_pylist()
    return {(row["account"], row["service"]): str(row["amount"]) for row in rows if account in {None, row["account"]}}


def refusals(result):
    return {(row["account"], row["service"]): row["code"] for row in result.quarantine.to_pylist()}


def with_premises(**changes):
    return {**city(), "premises": {**city()["premises"], **changes}}


def test_all_is_charged():
    result = run(program(), city(), "2026-01")
    assert result.exit_code == 0
    assert result.quarantine.num_rows == 0
    assert amounts(result, "1") == {
        ("1", "cold_water"): "164.41",
        ("1", "heat"): "250.00",
        ("1", "stay"): "31.00",
        ("1", "rest"): "26.00",
    }
    assert result.manifest["results"]["accounts"]["premises"] == {"in": 4, "charged": 4, "nothing": 0, "quarantined": 0}
    assert result.manifest["results"]["services"]["premises"] == {
        "in": 16,
        "charged": 15,
        "nothing": 1,
        "quarantined": 0,
    }


def test_columns_of_charges():
    result = run(program(), city(), "2026-01")
    assert hasattr(result.charges, "__arrow_c_stream__")
    row = next(r for r in result.charges.to_pylist() if (r["account"], r["service"]) == ("1", "cold_water"))
    assert row == {
        "entity": "premises",
        "account": "1",
        "service": "cold_water",
        "line": "base",
        "charge": "sample.cold",
        "period": "2026-01",
        "volume": Decimal("4.1"),
        "volume_exact": None,
        "volume_unit": "m3",
        "tariff": Decimal("40.10"),
        "tariff_exact": None,
        "tariff_unit": "RUB/m3",
        "amount": Decimal("164.41"),
        "unit": "RUB",
        "rule": "sample.cold/base",
        "options": "",
    }
    assert result.charges.schema.field("amount").type == pa.decimal128(38, 2)


def test_a_bad_value_takes_its_service_and_no_other():
    result = run(program(), with_premises(metered=["4,1", None, "0", "1"]), "2026-01")
    assert refusals(result) == {("1", "cold_water"): "D0102"}
    assert len(amounts(result)) == 14
    assert result.exit_code == 3
    assert result.manifest["results"]["services"]["premises"] == {
        "in": 16,
        "charged": 14,
        "nothing": 1,
        "quarantined": 1,
    }


def test_a_bad_child_takes_the_sums_that_read_it():
    result = run(program(), with_premises(area=["10", "-1", "50", "50"]), "2026-01")
    assert refusals(result) == {("1", "heat"): "D0103", ("2", "heat"): "D0103"}
    causes = {row["account"]: row["caused_by"] for row in result.quarantine.to_pylist()}
    assert causes == {"1": "premises 2", "2": ""}


def test_a_row_without_an_id_takes_the_sums_over_its_building():
    result = run(program(), with_premises(id=["1", None, "3", "4"]), "2026-01")
    found = result.quarantine.to_pylist()
    assert [(r["account"], r["service"], r["code"]) for r in found if r["account"]] == [("1", "heat", "D0501")]
    assert sorted(r["service"] for r in found if not r["account"]) == ["cold_water", "heat", "rest", "stay"]
    assert result.manifest["results"]["tables"]["premises"] == {"rows": 4, "used": 3, "quarantined": 1}


def test_rows_that_belong_nowhere():
    data = with_premises(building=["B1", "B1", "B2", "B9"], id=["1", "2", "2", "4"])
    data["absence"]["premises"] = ["2", "nobody"]
    data["building"]["id"] = ["B1", "B2"]
    result = run(program(), data, "2026-01")
    found = [
        (r["table"], r["row"], r["account"], r["code"])
        for r in result.quarantine.to_pylist()
        if r["service"] in {"", "rest"}
    ]
    assert found == [
        ("premises", "2", "2", "D0502"),
        ("premises", "2", "2", "D0502"),
        ("premises", "4", "4", "D0503"),
        ("absence", "", "", "D0504"),
        ("absence", "", "", "D0504"),
    ]
    tables = result.manifest["results"]["tables"]
    assert tables["absence"] == {"rows": 2, "used": 0, "quarantined": 2}
    assert tables["premises"] == {"rows": 4, "used": 1, "quarantined": 3}


def test_a_row_above_accounts_that_cannot_be_used():
    data = city()
    data["building"] = {"id": ["B1", "B2", "B2"], "tariff": ["1", "2", "3"]}
    result = run(program(), data, "2026-01")
    rows = result.quarantine.to_pylist()
    assert [(r["table"], r["row"], r["account"]) for r in rows if not r["service"]] == [("building", "B2", "")] * 2
    assert {r["account"] for r in rows if r["service"]} == {"3", "4"}
    assert result.manifest["results"]["tables"]["building"] == {"rows": 3, "used": 1, "quarantined": 2}


def test_no_rows():
    empty = {name: {column: [] for column in columns} for name, columns in city().items()}
    result = run(program(), empty, "2026-01")
    assert (result.charges.num_rows, result.quarantine.num_rows, result.exit_code) == (0, 0, 0)


def test_files(tmp_path):
    folder = write_csv(tmp_path / "data", city())
    out = tmp_path / "results" / "2026-01"
    result = run(program(), folder, "2026-01", out=out)
    assert sorted(path.name for path in out.iterdir()) == ["charges.parquet", "manifest.json", "quarantine.parquet"]
    assert sorted(path.name for path in out.parent.iterdir()) == ["2026-01"]
    assert pq.read_table(out / "charges.parquet").equals(run(program(), city(), "2026-01").charges)
    assert result.charges.equals(pq.read_table(out / "charges.parquet"))
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest == result.manifest
    assert manifest["data"]["given"] == str(folder)
    assert set(manifest["data"]["tables"]) == {"building", "premises", "absence"}
    assert manifest["rules"]["sha256"] == program().digest
    assert manifest["results"]["totals"][0] == {
        "service": "cold_water",
        "line": "base",
        "unit": "RUB",
        "lines": 3,
        "amount": "781.66",
    }


def test_csv_parquet_and_memory_give_the_same(tmp_path):
    folder = write_csv(tmp_path / "csv", city())
    other = tmp_path / "parquet"
    other.mkdir()
    for name, columns in city().items():
        pq.write_table(pa.table(columns), other / f"{name}.parquet")
    tables = [run(program(), data, "2026-01").charges for data in (folder, other, city())]
    assert tables[0].equals(tables[1])
    assert tables[0].equals(tables[2])


@pytest.mark.parametrize("batch_rows", [1, 2, 3, 1000])
def test_batches_do_not_show(tmp_path, batch_rows):
    data = with_premises(building=["B1", "B1", "B2", "B9"], metered=["x", None, "0", "1"])
    folder = write_csv(tmp_path / "data", data)
    run(program(), folder, "2026-01", out=tmp_path / "a")
    run(program(), folder, "2026-01", out=tmp_path / "b", batch_rows=batch_rows)
    for name in ("charges.parquet", "quarantine.parquet", "manifest.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_progress():
    told = []
    run(program(), city(), "2026-01", progress=lambda *numbers: told.append(numbers), batch_rows=1)
    assert told == [(2, 4, 0), (4, 4, 0)]


def test_rules_as_paths(tmp_path):
    path = tmp_path / "sample.kmr"
    path.write_text(RULES)
    assert run(path, city(), "2026-01").charges.equals(run([path], city(), "2026-01", known_at="2026-02-01").charges)


def test_options_and_known_at_are_written():
    result = run(program(), city(), "2026-01", known_at=datetime.date(2026, 2, 1))
    assert (result.manifest["known_at"], result.manifest["options"]) == ("2026-02-01", {})
    with pytest.raises(UsageError):
        run(program(), city(), "2026-01", options={"none": "x"})


@pytest.mark.parametrize(
    ("period", "how"),
    [("2026-13", {}), ("January", {}), ("2026-01", {"batch_rows": 0}), ("2026-01", {"known_at": "x"})],
)
def test_calls_that_cannot_mean_anything(period, how):
    with pytest.raises(UsageError):
        run(program(), city(), period, **how)


def test_data_that_do_not_fit_leave_nothing_behind(tmp_path):
    with pytest.raises(DataError):
        run(program(), {"premises": city()["premises"]}, "2026-01", out=tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


FINE = """\
module fine
entity account
input part of account: number, 0..10
charge third of account: RUB
    volume part / 3
    price 1 RUB / 3
    = round(part * 1 RUB / 3, 0.0001)
"""


def test_what_no_decimal_writes_is_kept_as_a_fraction(tmp_path):
    path = tmp_path / "fine.kmr"
    path.write_text(FINE)
    table = run(path, {"account": {"id": ["a", "b"], "part": ["1", "6"]}}, "2026-01").charges
    one, six = table.to_pylist()
    assert (str(one["volume"]), one["volume_exact"]) == ("0.333333333", "1/3")
    assert (six["volume"], six["volume_exact"]) == (Decimal(2), None)
    assert (one["amount"], six["amount"]) == (Decimal("0.3333"), Decimal("2.0000"))
    assert table.schema.field("amount").type == pa.decimal128(38, 4)


def test_pyarrow_missing(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(UsageError, match=r"pip install .kommres\[arrow\]"):
        run(program(), city(), "2026-01")


def test_an_amount_beyond_all_measure_takes_its_row_only(tmp_path):
    squares = "".join(f"rule x{i + 1} of premises: number\n    = x{i} * x{i}\n" for i in range(11))
    rules = tmp_path / "big.kmr"
    rules.write_text(
        "module big\nentity premises\ninput a of premises: number\nrule x0 of premises: number\n    = a\n"
        f"{squares}charge c of premises: RUB\n    = round(x11 * 1 RUB, 0.01)\n",
        encoding="utf-8",
    )
    result = run(rules, {"premises": {"id": ["1", "2"], "a": ["123456.7", "1"]}}, "2026-01")
    assert [line["account"] for line in result.tables["charges"].to_pylist()] == ["2"]
    (refused,) = result.tables["quarantine"].to_pylist()
    assert refused["code"] == "D0407"
    assert len(refused["message"]) < 200
