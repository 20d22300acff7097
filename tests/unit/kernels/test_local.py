"""Tables of local days, and what kernels look up in them, against the time zones of the interpreter."""

import threading
from random import Random

import numpy as np
import pytest

from kommres.dsl.backends.kernels.batch import Batch, Coding, Column, Layout, Names, Table
from kommres.dsl.backends.kernels.local import local_day, moment_of, next_local_edge
from kommres.dsl.backends.kernels.zoning import BEFORE, DAYS, LocalTimes
from kommres.dsl.backends.machine import TIME_ZONE
from kommres.dsl.backends.zones import Zone
from kommres.period import Month

MONTH = Month.parse("2026-03")
#: Clocks change at midnight, a day is left out, half hours.
ZONES = ("UTC", "Europe/Berlin", "America/Havana", "Asia/Beirut", "Australia/Lord_Howe", "Asia/Kolkata", "Africa/Cairo")
CODING = Coding(kind="id", low=0, high=1 << 30, optional=True)


def times(month=MONTH, names=None):
    layout = Layout(inputs={"house": {TIME_ZONE: CODING}}, varying=frozenset(), events={})
    return LocalTimes(month.start, layout, names or Names())


@pytest.mark.parametrize("name", ZONES)
def test_days_and_moments(name):
    pick, known, zone = Random(name), times(), Zone.named(name)
    base = known.base(name)
    midnights, first = known.table(0), MONTH.start - BEFORE
    inside = range(zone.instant(first), zone.instant(first + DAYS - 1))
    edges = [int(midnights[base + pick.randrange(DAYS - 1)]) + pick.choice((-1, 0, 1)) for _ in range(300)]
    for moment in [*pick.sample(inside, 300), *(edge for edge in edges if edge in inside)]:
        assert local_day.py_func(midnights, base, DAYS, moment) == zone.day(moment) - first
    for day in range(0, DAYS, 97):
        assert moment_of.py_func(midnights, base, day, DAYS) == zone.instant(first + day)
        assert known.table(1530)[base + day] == zone.instant(first + day, 1530)


@pytest.mark.parametrize("name", ZONES[:4])
def test_edges_of_coverage(name):
    """Each moment is an edge of its day and of the next one."""
    pick, known, zone = Random(name), times(), Zone.named(name)
    base, midnights, zero = known.base(name), known.table(0), MONTH.start - BEFORE
    for _ in range(200):
        edges = [zone.instant(MONTH.start, pick.choice((0, pick.randrange(-4000, 50_000)))) for _ in range(4)]
        starts, ends = np.array(edges[:2]), np.array(edges[2:])
        found, day = [], MONTH.start
        while day < MONTH.end:
            found.append(day)
            day = next_local_edge.py_func(np.array([0, 2]), starts, ends, 0, 1, midnights, base, zero, day, MONTH.end)
        days = {zone.day(edge) + more for edge in edges for more in (0, 1)}
        assert found == sorted({MONTH.start, *(day for day in days if day in range(MONTH.start, MONTH.end))})


def test_what_the_table_does_not_hold():
    known = times()
    base, midnights = known.base("Europe/Berlin"), known.table(0)
    first, last = int(midnights[base]), int(midnights[base + DAYS - 1])
    assert [local_day.py_func(midnights, base, DAYS, at) for at in (first - 1, first, last - 1, last)] == [
        *(-1, 0, DAYS - 2, -1)
    ]
    lost = -(1 << 62)
    assert [moment_of.py_func(midnights, base, day, DAYS) for day in (-1, DAYS)] == [lost, lost]
    assert moment_of.py_func(midnights, -1, 5, DAYS) == lost
    assert local_day.py_func(midnights, -1, DAYS, first) == -1


def test_zones_that_no_table_holds():
    assert times().base("Moon/Base") == -1
    assert times(Month.parse("2012-01")).base("America/St_Johns") == -1  # there it was Sunday twice, around midnight
    assert times(Month.parse("2026-01")).base("America/St_Johns") > 0
    early = times(Month.parse("0005-01"))
    assert early.base("UTC") == -1
    assert not early.table(0).size


def test_zones_of_rows():
    names = Names()
    codes = names.codes(["Europe/Berlin", "Moon/Base", "Asia/Tokyo"]).tolist()
    known = times(names=names)
    cells = np.array([codes[0], CODING.absent, codes[1], codes[2], CODING.unusable, 77, codes[0]], np.int64)

    def bases(table):
        return known.bases(Batch(tables={"house": table}), "house").tolist()

    table = Table(entity="house", count=7, columns={TIME_ZONE: Column(values=cells)})
    berlin, utc, tokyo = (known.base(name) for name in ("Europe/Berlin", "UTC", "Asia/Tokyo"))
    assert bases(table) == [berlin, utc, -1, tokyo, -1, -1, berlin]
    assert bases(Table(entity="house", count=2)) == [utc, utc]
    same = Table(entity="house", count=2, columns={TIME_ZONE: Column(values=cells[[3, 3]])})
    assert bases(same) == [tokyo, tokyo]


def test_several_threads():
    known, pick = times(), Random(3)
    zones, wrong = ["Europe/Rome", "Europe/Oslo", "Asia/Tokyo", "Asia/Dubai", "Europe/Riga"], []

    def work(order):
        for name in order:
            base, midnights = known.base(name), known.table(0)
            if midnights[base + BEFORE] != Zone.named(name).instant(MONTH.start):
                wrong.append(name)

    threads = [threading.Thread(target=work, args=(pick.sample(zones, 5),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
