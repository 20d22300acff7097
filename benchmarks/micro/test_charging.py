"""One household and 128 Ki of them: by the interpreter, by kernels with all that surrounds them, from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from benchmarks import batches, workloads
from benchmarks.ours import RULES

import kommres
from kommres.dsl.backends.interpreter import Interpreter
from kommres.dsl.backends.kernels.kernels import Kernels
from kommres.period import Month

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

    from kommres import Program
    from kommres.dsl.backends.interpreter import AccountResult

BATCH = 128 * 1024


@pytest.fixture(scope="module")
def program() -> Program:
    return kommres.load(RULES / "charge.kmr")


@pytest.fixture(scope="module")
def month() -> Month:
    return Month.parse(workloads.MONTH)


def test_interpret_a_household(benchmark: BenchmarkFixture, program: Program, month: Month) -> None:
    batch = batches.flat("account", workloads.charge(1))
    kernels = Kernels(program.plan, month)
    (row,) = batches.rows_of(batch, kernels.layout, "account", [0])
    interpreter = Interpreter(program.plan, month)

    def once() -> AccountResult:
        row.memo.clear()
        return interpreter.account(row)

    assert len(benchmark(once).lines) == 2


@pytest.mark.parametrize("rows", [1, BATCH])
def test_charge_by_kernels(benchmark: BenchmarkFixture, program: Program, month: Month, rows: int) -> None:
    batch = batches.flat("account", workloads.charge(rows))
    kernels = Kernels(program.plan, month)
    kernels.charge(batch)
    assert not benchmark(kernels.charge, batch)["account"].left.any()


def test_evaluate_from_outside(benchmark: BenchmarkFixture, program: Program) -> None:
    given = {name: int(cells[0]) for name, cells in workloads.charge(1).items()}
    benchmark(kommres.evaluate, program, given, on=workloads.MONTH)
