"""Edges of interval algebra: open ends, bad bounds, daylight saving."""

import datetime as dt

import pytest

from kommres.dsl.backends import intervals
from kommres.dsl.backends.rows import Bad, EventRow
from kommres.dsl.backends.zones import Zone
from kommres.dsl.problems import DataProblem

BERLIN = Zone.named("Europe/Berlin")


def day(text):
    return dt.date.fromisoformat(text).toordinal()


def test_what_has_not_ended_ends_where_it_is_clipped():
    row = EventRow({"from": 10, "kind": "x"}, "1")
    (piece,) = intervals.clip([row], 5, 20)
    assert piece.values == {"from": 10, "to": 20, "kind": "x"}
    assert intervals.union([row, EventRow({"from": 3, "to": 10})])[0].values == {"from": 3}


def test_daily_windows_need_an_end():
    with pytest.raises(DataProblem, match="D0405"):
        intervals.daily([EventRow({"from": 0})], 0, 300, Zone.UTC)


@pytest.mark.parametrize(
    ("values", "code"),
    [({"to": 3}, "D0101"), ({"from": 5, "to": 3}, "D0107"), ({"from": Bad("D0102", "x", "from")}, "D0102")],
)
def test_bad_bounds_refuse(values, code):
    with pytest.raises(DataProblem, match=code):
        intervals.union([EventRow(values, "7")])


def test_empty_intervals_drop_out():
    assert intervals.union([EventRow({"from": 5, "to": 5})]) == []


def test_a_local_day_may_have_23_or_25_hours():
    spring, autumn = day("2026-03-29"), day("2026-10-25")
    assert BERLIN.instant(spring + 1) - BERLIN.instant(spring) == 23 * 3600
    assert BERLIN.instant(autumn + 1) - BERLIN.instant(autumn) == 25 * 3600
    assert BERLIN.day(BERLIN.instant(spring)) == spring
    assert BERLIN.day(BERLIN.instant(spring) - 1) == spring - 1


def test_windows_follow_the_local_clock():
    start = day("2026-03-28")
    row = EventRow({"from": BERLIN.instant(start), "to": BERLIN.instant(start + 3)})
    night = intervals.daily([row], 0, 300, BERLIN)
    assert [p.values["to"] - p.values["from"] for p in night] == [5 * 3600, 4 * 3600, 5 * 3600]


def test_a_window_may_pass_midnight():
    row = EventRow({"from": Zone.UTC.instant(100), "to": Zone.UTC.instant(101)})
    pieces = intervals.daily([row], 23 * 60, 5 * 60, Zone.UTC)
    assert [p.values["to"] - p.values["from"] for p in pieces] == [5 * 3600, 3600]


def test_unknown_zones_are_refused():
    with pytest.raises(ValueError, match="Mars"):
        Zone.named("Mars/Base")
