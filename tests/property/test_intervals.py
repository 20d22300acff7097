"""Interval algebra against its twin that goes unit by unit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.naive import intervals as naive

from kommres.dsl.backends import intervals
from kommres.dsl.backends.rows import EventRow
from kommres.dsl.backends.zones import Zone
from kommres.dsl.problems import DataProblem


@st.composite
def event_rows(draw, unit=1, most=40):
    rows = []
    for number in range(draw(st.integers(0, 6))):
        start = draw(st.integers(0, most)) * unit
        length = draw(st.integers(0, 12)) * unit
        rows.append(EventRow({"from": start, "to": start + length, "level": draw(st.integers(0, 2))}, str(number)))
    return rows


def bounds(rows):
    return [(row.values["from"], row.values["to"]) for row in rows]


@given(event_rows())
def test_union_covers_the_same_days_in_maximal_runs(rows):
    assert bounds(intervals.union(rows)) == naive.union(rows)


@given(event_rows(), st.integers(0, 40), st.integers(0, 40))
def test_clip_keeps_what_lies_inside(rows, start, end):
    clipped = intervals.clip(rows, start, end)
    assert sorted(bounds(clipped)) == naive.clip(rows, start, end)
    assert all("level" in row.values for row in clipped)


@given(event_rows())
def test_merge_joins_equal_neighbours(rows):
    merged = intervals.merge(rows, ("level",))
    assert sorted(
        (*pair, row.values["level"]) for pair, row in zip(bounds(merged), merged, strict=True)
    ) == naive.merge(rows, "level")


@given(event_rows())
def test_worst_gives_each_day_to_the_greatest(rows):
    pieces = intervals.worst(rows, "level")
    assert not naive.overlap(pieces)
    assert {d: p.values["level"] for p in pieces for d in naive.covered([p])} == naive.worst(rows, "level")


@given(event_rows())
def test_apart_refuses_exactly_overlaps(rows):
    if naive.overlap(rows):
        with pytest.raises(DataProblem, match="D0404"):
            intervals.apart(rows)
    else:
        assert sum(b - a for a, b in bounds(intervals.apart(rows))) == len(naive.covered(rows))


@given(event_rows(unit=3600, most=60), st.integers(0, 24), st.integers(0, 24))
def test_split_and_daily_agree_with_the_clock(rows, first, last):
    first, last = first % 24 * 60, last * 60
    if first == last % 1440:
        return  # a window of a whole day
    whole = [second for row in rows for second in range(row.values["from"], row.values["to"], 1800)]
    inside = intervals.daily(rows, first, last, Zone.UTC)
    pieces = intervals.split(rows, first, last, Zone.UTC)
    seconds = {True: 0, False: 0}
    for piece in pieces:
        seconds[piece.values["inside"]] += piece.values["to"] - piece.values["from"]
    expected = sum(1800 for second in whole if naive.in_window(second, first, last % 1440))
    assert seconds[True] == expected == sum(b - a for a, b in bounds(inside))
    assert sum(seconds.values()) == 1800 * len(whole)


@given(event_rows(), st.integers(0, 40))
def test_covering_rows_hold_the_day(rows, day):
    found = intervals.covering(rows, day, day + 1)
    assert {row.id for row in found} == {row.id for row in rows if day in naive.covered([row])}
    assert not found or any(row.values["from"] <= day for row in rows)


@given(event_rows())
def test_coverage_changes_only_at_edges(rows):
    cuts = intervals.edges(rows, None)
    for day in range(1, 60):
        if day not in cuts:
            held = [[row.id for row in intervals.covering(rows, d, d + 1)] for d in (day - 1, day)]
            assert held[0] == held[1]
