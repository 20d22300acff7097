"""Laws of a run whose lines come from kernels: the same tables as from the interpreter, whatever kernels leave."""

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fake_kernels import fake_kernels
from tests.property.test_run import cities, columns, written
from tests.run_sample import program

from kommres.run.api import run


@settings(max_examples=60, deadline=None)
@given(city=cities, one_in=st.sampled_from([1, 2, 5, 1000]), seed=st.integers(0, 1000))
def test_kernels_and_interpreter_give_the_same_tables(city, one_in, seed):
    data = columns(city)
    expected = run(program(), data, "2026-01", backend="interpreter")
    with fake_kernels(one_in, seed):
        found = run(program(), data, "2026-01")
    assert found.charges.equals(expected.charges)
    assert found.quarantine.equals(expected.quarantine)
    assert found.manifest == expected.manifest


@settings(max_examples=30, deadline=None)
@given(city=cities, threads=st.sampled_from([1, 2, 3]), batch_rows=st.sampled_from([1, 2, 5, 1000]))
def test_threads_and_batches_do_not_show(city, threads, batch_rows):
    expected = written(columns(city), backend="interpreter", threads=1)
    with fake_kernels():
        assert written(columns(city), threads=threads, batch_rows=batch_rows) == expected
