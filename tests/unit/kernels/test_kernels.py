"""Kernels as a whole: what they do where something about a kernel, not about its rows, is wrong."""

import pytest
from tests.kernel_cases import Sides
from tests.programs import plan_of

from kommres.dsl.backends.kernels import lowering
from kommres.dsl.backends.kernels.store import KernelWarning
from kommres.dsl.backends.rows import Row
from kommres.period import Month

JANUARY = Month.parse("2026-01")


@pytest.fixture
def roots():
    houses = [Row("house", str(n), values={("used", ()): 10 + n}) for n in range(3)]
    for house in houses:
        house.children["flat"] = [Row("flat", f"{house.id}-{n}", house, values={("v", ()): n}) for n in range(4)]
    return houses


TEXT = """
module t.whole
entity house
entity flat of house
input used of house: number, step 1, 0..100
input v of flat: number, step 1, 0..100{more}
rule all_used of house: number
    = sum of v for f in flat
charge x of flat: RUB
    = round(v * 1.255 * 1 RUB, 0.01)
charge y of house: RUB
    = round((used * all_used) / 3 * 1 RUB, 0.01)
"""


class TestWithoutMachineCode:
    """A mistake in the generator or in LLVM costs time, and nothing else."""

    @pytest.fixture(autouse=True)
    def fails(self, monkeypatch, tmp_path):
        def fail(*_, **__):
            raise ValueError("no way")

        monkeypatch.setenv("KOMMRES_CACHE", str(tmp_path))
        monkeypatch.setattr(lowering, "machine_code", fail)

    def test_all_rows_are_left_with_one_warning(self, roots):
        sides = Sides(plan_of(TEXT.format(more="")), JANUARY)
        with pytest.warns(KernelWarning) as seen:
            tally = sides.compare(roots)
        assert (tally.rows, tally.left) == (15, 15)
        assert sorted(str(one.message).split(": ")[0] for one in seen) == [
            "rows of flat are charged without kernels",
            "rows of house are charged without kernels",
        ]
        assert "no machine code for kernel (ValueError: no way)" in str(seen[0].message)
        assert sides.compare(roots).left == 15  # without another warning
