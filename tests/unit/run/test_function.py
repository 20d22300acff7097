import pickle
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pyarrow as pa
import pytest
from tests.run_sample import RULES, city

from kommres.errors import UsageError
from kommres.run import batch_function
from kommres.run.api import run


@pytest.fixture
def rules(tmp_path):
    path = tmp_path / "sample.kmr"
    path.write_text(RULES, encoding="utf-8")
    return path


def test_it_gives_what_a_run_gives(rules):
    function = batch_function(rules, "2026-01", backend="interpreter")
    expected = run(rules, city(), "2026-01", backend="interpreter")
    tables = {name: pa.record_batch(columns) for name, columns in city().items()}
    for given in (city(), tables):
        charges, quarantine = function(given)
        assert charges.equals(expected.charges)
        assert quarantine.equals(expected.quarantine)
    assert (charges.schema, quarantine.schema) == function.schemas


def test_it_can_be_sent_to_another_process(rules):
    function = batch_function(rules, "2026-01", backend="interpreter", known_at="2026-02-01")
    sent = pickle.loads(pickle.dumps(function))
    assert sent == function
    assert sent(city())[0].equals(function(city())[0])


def test_other_rules_at_the_place_are_refused(rules):
    function = batch_function(rules, "2026-01", backend="interpreter")
    rules.write_text(RULES.replace("1 RUB/day", "2 RUB/day"), encoding="utf-8")
    from kommres.run.function import _office

    _office.cache_clear()  # as in another process
    with pytest.raises(UsageError) as caught:
        pickle.loads(pickle.dumps(function))(city())
    assert caught.value.code == "U0315"


def test_a_parent_in_another_batch_is_no_parent(rules):
    function = batch_function(rules, "2026-01", backend="interpreter")
    data = city()
    data["building"] = {column: cells[:1] for column, cells in data["building"].items()}
    charges, quarantine = function(data)
    assert set(charges.column("account").to_pylist()) == {"1", "2"}
    assert {(row["account"], row["code"]) for row in quarantine.to_pylist() if row["account"]} == {
        ("3", "D0503"),
        ("4", "D0503"),
    }


OPTIONAL = """\
module choices
entity flat
input area of flat: m2, 0..1000
option rent_by: size or flat, default size
    "what the rent counts"
param rate: RUB/m2
    from 2025-01-01 = 1
    from 2026-01-01 known from 2026-02-01 = 2
charge rent of flat: RUB
    service "rent"
    = round(if rent_by = size then area * (rate at start) otherwise 7 RUB, 0.01)
"""
FLATS = {"flat": {"id": ["1", "2"], "area": ["10", "30"]}}


@pytest.fixture
def choices(tmp_path):
    path = tmp_path / "choices.kmr"
    path.write_text(OPTIONAL, encoding="utf-8")
    return path


HOW = [
    ({}, ["20.00", "60.00"]),
    ({"options": {"rent_by": "flat"}}, ["7.00", "7.00"]),
    ({"known_at": "2026-01-15"}, ["10.00", "30.00"]),
]


@pytest.mark.parametrize("backend", ["interpreter", "numba"])
def test_what_it_was_made_with_acts(choices, backend):
    for how, amounts in HOW:
        function = batch_function(choices, "2026-01", backend=backend, **how)
        expected = run(choices, FLATS, "2026-01", backend=backend, **how).charges
        for one in (function, pickle.loads(pickle.dumps(function))):
            assert one(FLATS)[0].equals(expected)
        assert [str(amount) for amount in expected.column("amount").to_pylist()] == amounts


def charged(function):
    return [str(amount) for amount in function(FLATS)[0].column("amount").to_pylist()]


def test_processes_share_it(choices):
    functions = [batch_function(choices, "2026-01", backend="interpreter", **how) for how, _ in HOW]
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        assert list(pool.map(charged, functions)) == [amounts for _, amounts in HOW]


def test_it_charges_without_numba_and_says_so_once(choices, monkeypatch):
    monkeypatch.setitem(sys.modules, "numba", None)
    with pytest.warns(RuntimeWarning, match="not compiled") as caught:
        function = batch_function(choices, "2026-01")
    assert len(caught) == 1
    assert charged(function) == charged(pickle.loads(pickle.dumps(function))) == HOW[0][1]


def test_no_rows_at_a_time_is_refused(choices):
    with pytest.raises(UsageError) as refused:
        batch_function(choices, "2026-01", batch_rows=0)
    assert refused.value.code == "U0303"
