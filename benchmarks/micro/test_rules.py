"""From text to kernels: each stage once."""

from __future__ import annotations

import pytest
from benchmarks.ours import RULES
from benchmarks.workloads import MONTH

import kommres
from kommres.dsl.backends.kernels.kernels import Kernels
from kommres.dsl.plan.proofs import Assumptions
from kommres.dsl.plan.prove import prove
from kommres.period import Month


@pytest.fixture(scope="module")
def plan():
    return kommres.load(RULES / "bill.kmr").plan


def test_load_a_bill_of_fourteen_lines(benchmark):
    benchmark(kommres.load, RULES / "bill.kmr")


def test_prove_it(benchmark, plan):
    benchmark(prove, plan, Assumptions())


def test_write_its_kernels(benchmark, plan):
    benchmark(Kernels, plan, Month.parse(MONTH))
