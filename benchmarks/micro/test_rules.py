"""From text to kernels: each stage once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from benchmarks.ours import RULES
from benchmarks.workloads import MONTH

import kommres
from kommres.dsl.backends.kernels.kernels import Kernels
from kommres.dsl.plan.proofs import Assumptions
from kommres.dsl.plan.prove import prove
from kommres.period import Month

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

    from kommres.dsl.plan.nodes import Plan


@pytest.fixture(scope="module")
def plan() -> Plan:
    return kommres.load(RULES / "bill.kmr").plan


def test_load_a_bill_of_fourteen_lines(benchmark: BenchmarkFixture) -> None:
    benchmark(kommres.load, RULES / "bill.kmr")


def test_prove_it(benchmark: BenchmarkFixture, plan: Plan) -> None:
    benchmark(prove, plan, Assumptions())


def test_write_its_kernels(benchmark: BenchmarkFixture, plan: Plan) -> None:
    benchmark(Kernels, plan, Month.parse(MONTH))
