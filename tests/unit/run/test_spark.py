"""The Spark adapter on a local session; skipped where pyspark or Java is missing."""

import shutil
import sys

import pytest
from tests.run_sample import RULES, city

from kommres.errors import UsageError
from kommres.run import batch_function
from kommres.run.api import run

pytest.importorskip("pyspark")
pytestmark = [
    pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java"),
    pytest.mark.filterwarnings("default"),  # Spark's own
]


@pytest.fixture(scope="module")
def session():
    from pyspark.sql import SparkSession

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_PYTHON", sys.executable)  # of workers; else any python3
        session = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
        yield session
        session.stop()


def trees():
    """A row for each building."""
    tables = {
        name: [dict(zip(t, row, strict=True)) for row in zip(*t.values(), strict=True)] for name, t in city().items()
    }
    found = []
    for building in tables["building"]:
        premises = [row for row in tables["premises"] if row["building"] == building["id"]]
        ids = {row["id"] for row in premises}
        absence = [row for row in tables["absence"] if row["premises"] in ids]
        found.append(([building], premises, absence))
    return found


SCHEMA = (
    "building array<struct<id:string,tariff:string>>, "
    "premises array<struct<id:string,building:string,residents:string,metered:string,area:string>>, "
    "absence array<struct<premises:string,`from`:string,to:string,people:string>>"
)


def test_a_cluster_gives_what_a_run_gives(session, tmp_path):
    from kommres.run.spark import charged

    rules = tmp_path / "sample.kmr"
    rules.write_text(RULES, encoding="utf-8")
    frame = session.createDataFrame(trees(), SCHEMA).repartition(2)
    charges, quarantine = charged(frame, batch_function(rules, "2026-01", backend="interpreter"))
    expected = run(rules, city(), "2026-01", backend="interpreter").charges.to_pylist()
    found = sorted((row.asDict() for row in charges.collect()), key=lambda row: (row["account"], row["charge"]))
    assert found == sorted(expected, key=lambda row: (row["account"], row["charge"]))
    assert quarantine.count() == 0


def test_a_frame_without_trees_is_refused(session, tmp_path):
    from kommres.run.spark import charged

    rules = tmp_path / "sample.kmr"
    rules.write_text(RULES, encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        charged(session.createDataFrame([("1",)], "id string"), batch_function(rules, "2026-01", backend="interpreter"))
    assert caught.value.code == "U0316"
