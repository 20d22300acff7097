"""What is proved about pairs of exceptions holds for every row: proved apart never meet, proved to overlap do meet."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kommres.dsl.pipeline import compile_sources
from kommres.dsl.source import Source

if TYPE_CHECKING:
    from kommres.dsl.diagnostics import Diagnostics

STOVES = ("gas", "electric", "none")
VOCABULARY = """module a
entity premises
enum stove: gas, electric, none
input gap of premises: number, step 1, 0..5
input stove of premises: stove
input can of premises: yes/no
input metered of premises: number, step 1, 0..2, optional
rule volume of premises: number
    = 0
"""

#: All rows there are, with the day counted from the first date below.
ROWS = [
    {"gap": gap, "stove": stove, "can": can, "metered": metered, "day": day}
    for gap, stove, can, metered, day in product(range(6), STOVES, (True, False), (None, 0, 1, 2), (0, 1, 2, 3))
]
DATES = ("2020-01-01", "2020-01-02", "2020-01-03")
OPERATORS = {
    "=": lambda x, y: x == y,
    "!=": lambda x, y: x != y,
    "<": lambda x, y: x < y,
    "<=": lambda x, y: x <= y,
    ">": lambda x, y: x > y,
    ">=": lambda x, y: x >= y,
}  # fmt: skip


@st.composite
def atoms(draw):
    """A condition as text and as a function of a row."""
    kind = draw(st.sampled_from(("gap", "stove", "can", "has", "metered")))
    if kind == "gap":
        op, bound = draw(st.sampled_from(sorted(OPERATORS))), draw(st.integers(-1, 6).filter(lambda n: n >= 0))
        return f"gap {op} {bound}", lambda row: OPERATORS[op](row["gap"], bound)
    if kind == "stove":
        op, member = draw(st.sampled_from(("=", "!="))), draw(st.sampled_from(STOVES))
        return f"stove {op} {member}", lambda row: OPERATORS[op](row["stove"], member)
    if kind == "can":
        return "can", lambda row: row["can"]
    if kind == "has":
        return "has metered", lambda row: row["metered"] is not None
    bound = draw(st.integers(0, 2))
    return (
        f"(has metered and metered >= {bound})",
        lambda row: row["metered"] is not None and row["metered"] >= bound,
    )


def combined(children):
    """``and``, ``or`` and ``not`` of conditions."""

    def joined(word, parts):
        holds = all if word == "and" else any
        return f"({f' {word} '.join(p[0] for p in parts)})", lambda row: holds(p[1](row) for p in parts)

    several = st.builds(joined, st.sampled_from(("and", "or")), st.lists(children, min_size=2, max_size=3))
    return several | children.map(lambda part: (f"not {part[0]}", lambda row: not part[1](row)))


conditions = st.recursive(atoms(), combined, max_leaves=5)


@st.composite
def exceptions(draw):
    """Text and truth of a dated exception."""
    text, holds = draw(conditions)
    start, until = draw(st.sampled_from(((None, None), (0, None), (1, None), (0, 2), (1, 2))))
    dates = "" if start is None else f" from {DATES[start]}"
    dates += "" if until is None else f" until {DATES[until]}"

    def applies(row):
        return holds(row) and (start is None or row["day"] > start) and (until is None or row["day"] <= until)

    return f"when {text}{dates}", applies


def checked(found) -> tuple[Diagnostics, object]:
    text = VOCABULARY
    for number, ((words, _), over) in enumerate(found):
        stronger = f" over {', '.join(f'e{n}' for n in sorted(over))}" if over else ""
        text += f"    except e{number}{stronger} {words}\n        = {number + 1}\n"
    state = compile_sources([Source(name="a.kmr", text=text)])
    codes = {d.code for d in state.out.errors}
    assume("K0502" not in codes)  # `has` of what is already proved to be there
    assert codes <= {"K0601"}, (text, state.out.errors)
    return state.out, state.rules


@settings(max_examples=150, deadline=None)
@given(st.lists(exceptions(), min_size=2, max_size=3), st.data())
def test_proofs_hold_on_every_row(said, data):
    orders = [frozenset(data.draw(st.sets(st.integers(0, n - 1)))) if n else frozenset() for n in range(len(said))]
    out, rules = checked(list(zip(said, orders, strict=True)))
    (definition,) = rules.definitions
    truth = [lambda _row: True, *(applies for _, applies in said)]
    for one, other in definition.exclusive:
        assert not any(truth[one](row) and truth[other](row) for row in ROWS)
    conflicts = False
    for row in ROWS:
        holding = [n for n, applies in enumerate(truth) if applies(row)]
        strongest = [n for n in holding if all((n, m) in definition.beats for m in holding if m != n)]
        conflicts = conflicts or not strongest
    # All these conditions are decidable, so a conflict is found exactly where some row has one.
    assert conflicts == bool(out.errors)
