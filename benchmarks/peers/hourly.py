"""A year of hours by hand: PySAM's utilityrate5 account by account, numpy over all accounts or chunks of them.

Each month's charges for energy and for the highest peak hour are rounded to the kopeck, as the rule says.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from benchmarks.peers.peer import Amounts, Peer
from benchmarks.workloads import HOURS, PEAK, month_starts, zones
from PySAM import Utilityrate5

if TYPE_CHECKING:
    from benchmarks.workloads import Cells

#: roubles a kWh by zone, below and above :data:`TIER` kWh a month; roubles for the highest peak hour's kWh
FIRST = (2.1, 4.3, 6.2)
SECOND = (2.5, 5.1, 7.4)
TIER = 500
PEAK_PRICE = 150
CHUNK = 64
_UNLIMITED = 1e38


def prepare_pysam(load: Cells, rows: int) -> Peer:
    """Return PySAM over the first accounts; lists of hours are made outside the clock."""
    engine = _engine()
    years = [(cells / 1000).tolist() for cells in load[:rows]]
    found: list[tuple[Any, Any]] = []

    def one(hours: list[float]) -> tuple[Any, Any]:
        engine.Load.load = hours
        engine.execute()
        outputs = engine.Outputs
        return outputs.year1_monthly_ec_charge_without_system, outputs.year1_monthly_dc_tou_without_system

    def work() -> None:
        found[:] = [one(hours) for hours in years]

    def amounts() -> Amounts:
        return [_kopecks(np.array([pair[i] for pair in found])) for i in range(2)]

    return Peer(name="pysam", rows=rows, work=work, amounts=amounts)


def _engine() -> Utilityrate5.Utilityrate5:
    engine = Utilityrate5.new()
    weekday, weekend = (zones()[day * 24 : day * 24 + 24] + 1 for day in (0, 5))
    engine.assign(
        {
            "Lifetime": {"analysis_period": 1, "inflation_rate": 0, "system_use_lifetime_output": 0},
            "SystemOutput": {"gen": [0.0] * HOURS, "degradation": [0]},
            "ElectricityRates": {
                "en_electricity_rates": 1,
                "rate_escalation": [0],
                "ur_metering_option": 0,
                "ur_nm_yearend_sell_rate": 0,
                "ur_nm_credit_month": 0,
                "ur_nm_credit_rollover": 0,
                "ur_monthly_fixed_charge": 0,
                "ur_monthly_min_charge": 0,
                "ur_annual_min_charge": 0,
                "ur_sell_eq_buy": 0,
                "ur_en_ts_sell_rate": 0,
                "ur_en_ts_buy_rate": 0,
                "ur_ts_sell_rate": [0],
                "ur_ts_buy_rate": [0],
                "ur_ec_sched_weekday": [weekday.tolist()] * 12,
                "ur_ec_sched_weekend": [weekend.tolist()] * 12,
                "ur_ec_tou_mat": [
                    row
                    for zone in range(3)
                    for row in (
                        [zone + 1, 1, TIER, 0, FIRST[zone], 0],
                        [zone + 1, 2, _UNLIMITED, 0, SECOND[zone], 0],
                    )
                ],
                "ur_dc_enable": 1,
                "ur_dc_sched_weekday": [weekday.tolist()] * 12,
                "ur_dc_sched_weekend": [weekend.tolist()] * 12,
                "ur_dc_tou_mat": [[zone + 1, 1, _UNLIMITED, PEAK_PRICE * (zone == PEAK)] for zone in range(3)],
                "ur_dc_flat_mat": [[month, 1, _UNLIMITED, 0] for month in range(12)],
                "TOU_demand_single_peak": 0,
            },
        }
    )
    return engine


def prepare_numpy(load: Cells) -> Peer:
    """Return numpy over all accounts at once, a month at a time."""
    return _numpy("numpy", load, load.shape[0])


def prepare_numpy_chunked(load: Cells) -> Peer:
    """Return numpy over so many accounts at a time as the cache holds."""
    return _numpy("numpy_chunked", load, CHUNK)


def _numpy(name: str, load: Cells, chunk: int) -> Peer:
    rows = load.shape[0]
    starts, zone = month_starts(), zones()
    months = [slice(start, stop) for start, stop in pairwise(starts)]
    in_zone = [np.eye(3)[zone[month]] for month in months]
    peaks = [np.flatnonzero(zone[month] == PEAK) for month in months]
    energy, demand = np.zeros(rows, np.int64), np.zeros(rows, np.int64)

    def work() -> None:
        for start in range(0, rows, chunk):
            part = slice(start, start + chunk)
            charged = [np.zeros(load[part].shape[0], np.int64) for _ in range(2)]
            for month, matrix, peak in zip(months, in_zone, peaks, strict=True):
                hours = load[part, month]
                charged[0] += _kopecks(_energy(hours.astype(float) @ matrix / 1000)[:, None])
                charged[1] += _kopecks(hours[:, peak].max(axis=1)[:, None] / 1000 * PEAK_PRICE)
            energy[part], demand[part] = charged

    return Peer(name=name, rows=rows, work=work, amounts=lambda: [energy, demand])


def _energy(by_zone: Cells) -> Cells:
    """Price the energy of a month by zone; tiers take a part of each zone."""
    total = by_zone.sum(axis=1)
    below = np.minimum(total, TIER) / np.where(total > 0, total, 1)
    priced: Cells = by_zone @ np.array(FIRST) * below + by_zone @ np.array(SECOND) * (1 - below)
    return priced


def _kopecks(months: Cells) -> Cells:
    """Round the roubles of each month and add them up."""
    return np.floor(months * 100 + 0.5).astype(np.int64).sum(axis=1)
