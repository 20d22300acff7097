"""The months of an account: read from runs, drawn."""

import builtins
import shutil
import sys
from decimal import Decimal

import pytest

pytest.importorskip("pyarrow")

from kommres.dsl.program import load
from kommres.errors import UsageError
from kommres.run import run
from kommres.run.year import year_of_runs

RULES = """\
module my.town
called ru
    service "water" = "Вода", "rebate" = "Скидка"
entity flat
input volume of flat: m3
input rebate_due of flat: RUB
charge water of flat: RUB
    = round(volume * 50 RUB/m3, 0.01)
charge rebate of flat: RUB, signed when rebate_due > 0 RUB
    = -round(rebate_due, 0.01)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("year")
    (folder / "town.kmr").write_text(RULES, "utf-8")
    program = load(folder / "town.kmr")
    for month, volumes, rebates in (
        ("2026-01", [1, 2], [0, 0]),
        ("2026-02", [3, 4], [20, 0]),
        ("2026-03", [None, 5], [0, 0]),
    ):
        tables = {"flat": {"id": ["кв 1", "кв 2"], "volume": volumes, "rebate_due": rebates}}
        run(program, tables, month, out=folder / "runs" / month)
    return folder


def test_months_in_order(folder):
    year = year_of_runs([folder / "runs"], "кв 1", language="ru", rules=[folder / "town.kmr"])
    assert [str(month.month) for month in year.months] == ["2026-01", "2026-02", "2026-03"]
    assert [dict(month.amounts) for month in year.months] == [
        {"water": Decimal("50.00")},
        {"water": Decimal("150.00"), "rebate": Decimal("-20.00")},
        {},
    ]
    assert year.months[2].withheld == ("water",)
    assert (year.unit, year.services) == ("RUB", ("water", "rebate"))
    assert year.called == {"water": "Вода", "rebate": "Скидка"}


def test_plot(folder, tmp_path):
    pytest.importorskip("matplotlib")
    year = year_of_runs([folder / "runs" / "2026-02", folder / "runs" / "2026-03"], "кв 1", language="ru")
    for name in ("one.svg", "two.svg"):
        year.plot(tmp_path / name, language="ru")
    text = (tmp_path / "one.svg").read_text("utf-8")
    assert text == (tmp_path / "two.svg").read_text("utf-8")
    for words in ("Начисления: кв 1", "Вода", "Скидка", "февраль 2026", "не начислено: 1", "руб."):
        assert words in text
    year.plot(tmp_path / "year.png")
    assert (tmp_path / "year.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(UsageError, match=r"end its name in \.svg"):
        year.plot(tmp_path / "year.xyz")


def test_without_the_library(folder, tmp_path, monkeypatch):
    year = year_of_runs([folder / "runs"], "кв 1")
    real = builtins.__import__

    def missing(name, *rest, **settings):
        if name.partition(".")[0] == "matplotlib":
            raise ModuleNotFoundError(name=name)
        return real(name, *rest, **settings)

    monkeypatch.setattr(builtins, "__import__", missing)
    for name in [name for name in sys.modules if name.startswith("matplotlib")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(UsageError, match=r'pip install "kommres\[plot\]"'):
        year.plot(tmp_path / "year.svg")
    assert not (tmp_path / "year.svg").exists()


def test_two_runs_of_a_month(folder, tmp_path):
    shutil.copytree(folder / "runs" / "2026-01", tmp_path / "again")
    with pytest.raises(UsageError, match="two runs of 2026-01"):
        year_of_runs([folder / "runs", tmp_path / "again"], "кв 1", rules=[folder / "town.kmr"])


@pytest.mark.parametrize(
    ("outs", "account", "words"),
    [
        (["runs"], "кв 3", r"did you mean 'кв [12]'"),
        (["nothing"], "кв 1", "holds no finished run"),
        (["runs", "runs/2026-01"], "кв 1", None),
    ],
)
def test_what_is_not_there(folder, outs, account, words):
    places = [folder / out for out in outs]
    if words is None:
        assert len(year_of_runs(places, account).months) == 3
        return
    with pytest.raises(UsageError, match=words):
        year_of_runs(places, account)
