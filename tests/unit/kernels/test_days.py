"""The calendar inside kernels against Python's, over all years that it has."""

import datetime as dt

import numpy as np
from tests import mutants

from kommres.dsl.backends import functions
from kommres.dsl.backends.kernels import twin
from kommres.dsl.backends.kernels.cache import compiled
from kommres.period import Month, month_of

_TEXT = """
from kommres.dsl.backends.kernels.days import (
    day_of_week, first_day, month_end, month_number, month_of, month_start, months_since, year_of,
)
def run(day, other, out):
    for i in range(day.size):
        out[0, i] = year_of(day[i])
        out[1, i] = month_of(day[i])
        out[2, i] = day_of_week(day[i])
        out[3, i] = month_start(day[i])
        out[4, i] = month_end(day[i])
        out[5, i] = month_number(day[i])
        out[6, i] = first_day(month_number(day[i]))
        out[7, i] = months_since(day[i], other[i])
"""
_LAST = dt.date.max.toordinal()


def days():
    """The edges of each February and of each year, and some of all days."""
    rng = np.random.default_rng(9)
    found = {1, 2, _LAST}
    for year in [*range(1, 9999), 9999]:
        first, march = dt.date(year, 1, 1).toordinal(), dt.date(year, 3, 1).toordinal()
        found |= {first, first - 1, march - 2, march - 1, march}
    found |= set(rng.integers(1, _LAST, 20_000).tolist())
    return np.array(sorted(found - {0}))


def right(day):
    dates = [dt.date.fromordinal(d) for d in day.tolist()]
    return [
        [d.year for d in dates],
        [d.month for d in dates],
        [d.isoweekday() for d in dates],
        [d.replace(day=1).toordinal() for d in dates],
        [_end(d) for d in dates],
        [month_of(d).number for d in day.tolist()],
        [d.replace(day=1).toordinal() for d in dates],
    ]


def _end(date):
    return _LAST + 1 if (date.year, date.month) == (9999, 12) else Month(date.year * 12 + date.month).start


def found(run, day, other):
    out = np.zeros((8, len(day)), np.int64)
    run(day, other, out)
    return out.tolist()


def test_against_python(tmp_path):
    day = days()
    other = np.roll(day, 7)
    other[::3] = np.clip(day[::3] + 40, 1, _LAST)
    since = [functions._months_since(a, b) for a, b in zip(day.tolist(), other.tolist(), strict=True)]
    for run in (compiled(_TEXT, "run", folder=tmp_path), twin.function(_TEXT, "run")):
        assert found(run, day, other) == [*right(day), since]


def test_what_is_no_day_gives_some_number(tmp_path):
    day = np.array([0, -1, 2**62, -(2**63), 2**63 - 1])
    found(compiled(_TEXT, "run", folder=tmp_path), day, day)


def test_a_mistake_would_be_seen(tmp_path):
    day = days()
    with mutants.planted("leap_centuries", tmp_path):
        out = found(compiled(_TEXT, "run", folder=tmp_path), day, day)
    assert out[0] != right(day)[0]
