"""Random programs mean the same to the interpreter and to a slow evaluator written apart from it."""

from random import Random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.naive.programs import DAYS, MONTH, Days, draw
from tests.programs import run

from kommres.dsl.pipeline import compile_sources
from kommres.dsl.source import Source


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32))
def test_a_program_means_what_the_slow_evaluator_says(seed):
    program = draw(Random(seed))
    text = "\n".join(program.texts)
    sources = [Source(name=f"{number}.kmr", text=text) for number, text in enumerate(program.texts)]
    compiled = compile_sources(sources)
    assume({d.code for d in compiled.out.errors} != {"K0502"})  # a guard proves what an `else` provides for
    assert compiled.plan is not None, f"{compiled.out.errors}\n{text}"
    computed = run(compiled.plan, MONTH, program.case)
    for name, rule in program.rules.items():
        for day in DAYS if rule.varies else DAYS[:1]:
            expected = rule.value(Days(day, 1))
            assert computed.value(name, day=day) == expected, f"{name} on day {day - DAYS[0] + 1}\n{text}"
    result = computed.account("premises")
    assert not result.refusals, f"{result.refusals}\n{text}"
    (line,) = result.lines
    assert line.amount == program.amount(), text


SLICED = """module m
entity building
entity premises of building
param known: number
    from 2020-01-01 = 1
    from 2026-01-11 = 1.0
param later: number
    from 2027-01-01 = 1
rule part of premises: number
    = 0.1
    except dated from 2026-01-11 until 2026-01-21
        = 0.10
charge c of premises: RUB
    = sum over slices round((part + known + (later else 0)) * slice.days * 0.0005 RUB/day, 0.01)
"""


@pytest.mark.parametrize(
    "dates", ["from 2027-01-01 = 1", "from 2025-01-01 until 2026-01-01 = 1\n    complete until 2026-01-16"]
)
def test_a_look_up_that_misses_cuts_no_slice(dates):
    (line,) = run(SLICED.replace("from 2027-01-01 = 1", dates), MONTH, {}).account("premises").lines
    (whole,) = run(SLICED.replace("(later else 0)", "0"), MONTH, {}).account("premises").lines
    assert line.amount == whole.amount
