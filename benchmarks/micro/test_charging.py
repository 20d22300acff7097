"""One household: by the interpreter, by a kernel with all that surrounds it, explained."""

from __future__ import annotations

import pytest
from benchmarks import batches, workloads
from benchmarks.ours import RULES

import kommres
from kommres.dsl.backends.interpreter import Interpreter
from kommres.dsl.backends.kernels.kernels import Kernels
from kommres.period import Month


@pytest.fixture(scope="module")
def program():
    return kommres.load(RULES / "charge.kmr")


@pytest.fixture(scope="module")
def month():
    return Month.parse(workloads.MONTH)


def test_interpret_a_household(benchmark, program, month):
    batch = batches.flat("account", workloads.charge(1))
    kernels = Kernels(program.plan, month)
    (row,) = batches.rows_of(batch, kernels.layout, "account", [0])
    interpreter = Interpreter(program.plan, month)

    def once():
        row.memo.clear()
        return interpreter.account(row)

    assert len(benchmark(once).lines) == 2


@pytest.mark.parametrize("rows", [1, 128 * 1024])
def test_charge_by_kernels(benchmark, program, month, rows):
    batch = batches.flat("account", workloads.charge(rows))
    kernels = Kernels(program.plan, month)
    kernels.charge(batch)
    assert not benchmark(kernels.charge, batch)["account"].left.any()


def test_evaluate_from_outside(benchmark, program):
    given = {name: 1 for name in workloads.charge(1)} | {"days": 30, "debt": 10_000, "days_late": 120}
    benchmark(kommres.evaluate, program, given, on=workloads.MONTH)
