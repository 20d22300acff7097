"""Interval algebra of kernels against that of the interpreter, on random event rows."""

import random

import numpy as np
import pytest
from tests import mutants

from kommres.dsl.backends import intervals
from kommres.dsl.backends.kernels import twin
from kommres.dsl.backends.kernels.cache import compiled
from kommres.dsl.backends.rows import EventRow
from kommres.dsl.problems import DataProblem

_TEXT = """
from kommres.dsl.backends.kernels.pieces import (
    apart, clipped, covering, gathered, grouped, merged, ordered, together, united, worst,
)
def run(what, low, high, start, end, origin, group, level, kind, to_start, to_end, to_origin, n):
    if what == 0:
        return clipped(start, end, origin, n, low, high)
    if what == 1:
        return united(start, end, origin, n)
    if what == 2:
        return covering(start, end, origin, n, low, high)
    if what == 3:
        return apart(start, end, origin, n)
    if what == 4:
        return worst(start, end, origin, n, level, to_start, to_end, to_origin)
    if what == 5:
        return gathered(start, end, low, n, 1, high, 0, 99, to_start, to_end, to_origin)
    n = ordered(start, end, origin, n)
    n = together(group, n)
    if what >= 7:
        n = grouped(group, origin, n, level)
    if what == 8:
        n = grouped(group, origin, n, kind)
    return merged(start, end, origin, group, n)
"""
_CLIP, _UNION, _COVERING, _APART, _WORST, _GATHERED, _MERGE = range(7)
_BY = {6: (), 7: ("level",), 8: ("level", "kind")}


def event_rows(rnd):
    rows = []
    for number in range(rnd.randrange(10)):
        start = rnd.randrange(20)
        values = {"from": start, "to": start + rnd.randrange(9), "level": rnd.randrange(3), "kind": rnd.randrange(2)}
        if rnd.random() < 0.1:
            del values["to"]
        rows.append(EventRow({**values, "id": number}, str(number)))
    return rows


def taken(run, what, rows, low=0, high=0, room=None):
    """The pieces that a kernel leaves: from, to, index of the row; None for what it does not do."""
    size = len(rows)
    start, end, origin, group = np.zeros((4, size + 1), np.int64)
    for number, row in enumerate(rows):
        start[number], end[number], origin[number] = *intervals.bounds(row), 2 * number
    level = np.array([row.values["level"] for row in rows], np.int8)
    kind = np.array([row.values["kind"] for row in rows], np.int32)
    others = [np.zeros(2 * size + 1 if room is None else room, np.int64) for _ in range(3)]
    n = run(what, low, high, start, end, origin, group, level, kind, *others, size)
    if n < 0:
        return None
    columns = others if what == _WORST else (start, end, origin)
    found = zip(*(column[:n].tolist() for column in columns), strict=True)
    return [(start, end, origin if origin < 0 else origin // 2) for start, end, origin in found]


def given(rows):
    return [(*intervals.bounds(row), row.values.get("id", -1)) for row in rows]


def with_values(pieces, rows, by):
    return [(a, b, *(rows[number].values[name] for name in by)) for a, b, number in pieces]


def differences(run, count, seed):
    """Which operations give something else than the interpreter's."""
    rnd = random.Random(seed)
    wrong = set()
    for _ in range(count):
        rows = event_rows(rnd)
        low, high = sorted(rnd.randrange(28) for _ in range(2))
        pairs = {
            "clip": (taken(run, _CLIP, rows, low, high), given(intervals.clip(rows, low, high))),
            "union": (taken(run, _UNION, rows), given(intervals.union(rows))),
            "covering": (taken(run, _COVERING, rows, low, high), given(intervals.covering(rows, low, high))),
            "worst": (taken(run, _WORST, rows), given(intervals.worst(rows, "level"))),
        }
        for what, by in _BY.items():
            merged = [(*intervals.bounds(r), *(r.values[name] for name in by)) for r in intervals.merge(rows, by)]
            pairs[f"merge {by}"] = with_values(taken(run, what, rows), rows, by), merged
        try:
            pairs["apart"] = taken(run, _APART, rows), given(intervals.apart(rows))
        except DataProblem:
            pairs["apart"] = taken(run, _APART, rows), None
        wrong |= {name for name, (ours, theirs) in pairs.items() if ours != theirs}
    return wrong


@pytest.fixture(params=["kernel", "numba"])
def run(request, tmp_path):
    if request.param == "numba":
        return twin.function(_TEXT, "run")
    return compiled(_TEXT, "run", folder=tmp_path)


def test_as_the_interpreter(run):
    assert differences(run, 1500, 10) == set()


def test_too_little_room(run):
    rows = [
        EventRow({"from": 0, "to": 9, "level": 0, "kind": 0}),
        EventRow({"from": 3, "to": 5, "level": 1, "kind": 0}),
    ]
    assert taken(run, _WORST, rows, room=2) is None
    assert taken(run, _WORST, rows, room=3) == [(0, 3, 0), (3, 5, 1), (5, 9, 0)]


@pytest.mark.parametrize(
    ("edges", "found"),
    [
        ([(5, 6), (5, 5)], [(5, 6, 0), (5, 5, 2)]),
        ([(5, 9), (5, 0)], [(5, 9, 0), (5, 99, 2)]),
        ([(5, 9), (5, 4)], None),
        ([(1, 2), (0, 4)], None),
        ([(1, 2), (3, 10)], None),
        ([(1, 2), (3, -1)], None),
        ([(1, 2), (3, 4), (5, 6)], None),
    ],
    ids=["empty", "open", "backwards", "no beginning", "end too late", "no end", "no room"],
)
def test_intervals_that_cannot_be_read(run, edges, found):
    starts, ends = (np.array(column) for column in zip(*edges, strict=True))
    nothing, to = np.zeros(1, np.int64), [np.zeros(2, np.int64) for _ in range(3)]
    arrays = [starts, ends, nothing, nothing, nothing.astype(np.int8), nothing.astype(np.int32)]
    n = run(_GATHERED, 0, 9, *arrays, *to, len(edges))
    assert (None if n < 0 else list(zip(*(column[:n].tolist() for column in to), strict=True))) == found


@pytest.mark.parametrize(
    ("mutation", "wrong"),
    [
        ("least_key", {"worst"}),
        ("last_of_equals", {"worst"}),
        ("touching", {"union", "merge ()", "merge ('level',)", "merge ('level', 'kind')"}),
    ],
)
def test_a_mistake_would_be_seen(mutation, wrong, tmp_path):
    with mutants.planted(mutation, tmp_path):
        assert differences(compiled(_TEXT, "run", folder=tmp_path), 300, 11) == wrong
