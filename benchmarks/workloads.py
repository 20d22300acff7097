"""Made-up data of the benchmark rules: whole numbers of the steps that the rules declare, the same for each engine.

They look like a billing system's: meters give whole kWh or thousandths, tariffs have two digits, few people are away.
Such data hold exact halves of a kopeck, which uniformly random digits hardly ever do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from attrs import frozen

if TYPE_CHECKING:
    from numpy.typing import NDArray

Cells: TypeAlias = "NDArray[Any]"
#: kopecks of a rouble, thousandths of a kWh, steps of a price
KOPECKS, MILLI, PRICE = 100, 1_000, 100_000
MONTH = "2025-12"


def charge(rows: int, seed: int = 7) -> dict[str, Cells]:
    """Return the columns of ``charge.kmr``, eight bytes a cell."""
    dice = np.random.default_rng(seed)
    tariff = dice.integers(0, 64, rows)
    tables = _tariffs(dice, 64)
    whole = dice.random(rows) < 0.6
    volume = np.minimum(dice.lognormal(np.log(180), 0.8, rows) * MILLI, 100_000 * MILLI).astype(np.int64)
    volume[whole] -= volume[whole] % MILLI
    late = dice.random(rows) < 0.4
    columns = {
        "volume": volume,
        "residents": dice.integers(1, 7, rows),
        **{name: table[tariff] for name, table in tables.items()},
        **_month(dice, rows),
        "debt": np.where(late, np.minimum(dice.lognormal(np.log(3_000), 1, rows), 1_000_000) * KOPECKS, 0),
        "days_late": np.where(late, dice.integers(1, 400, rows), 0),
    }
    return {name: np.ascontiguousarray(column, np.int64) for name, column in columns.items()}


@frozen(kw_only=True, eq=False)
class Grouped:
    """Rows below others: rows of parent i are ``offsets[i] .. offsets[i + 1]``."""

    parents: dict[str, Cells]
    offsets: Cells
    rows: dict[str, Cells]


def charge_narrow(rows: int, seed: int = 8) -> Grouped:
    """Return tariffs and households of ``charge_narrow.kmr`` in the narrowest columns, volumes in millionths."""
    dice = np.random.default_rng(seed)
    volume = np.minimum(dice.lognormal(np.log(180), 0.8, rows), 10_000) * 1_000_000
    month = _month(dice, rows)
    households = {
        "volume": volume.astype(np.int64),
        "residents": dice.integers(1, 7, rows).astype(np.int8),
        "bad_hours": month["bad_hours"].astype(np.int16),
        "absent_days": month["absent_days"].astype(np.int8),
        "days": month["days"].astype(np.int8),
    }
    cuts = np.sort(dice.integers(0, rows + 1, 63))
    return Grouped(parents=_tariffs(dice, 64), offsets=np.concatenate([[0], cuts, [rows]]), rows=households)


def house_heat(rows: int, seed: int = 5) -> Grouped:
    """Return buildings of 20 to 300 flats and the flats of ``house_heat.kmr``. A third of the areas are whole."""
    dice = np.random.default_rng(seed)
    sizes = dice.integers(20, 301, rows // 100 + 1)
    offsets = np.minimum(np.concatenate([[0], np.cumsum(sizes)]), rows)
    offsets = offsets[: int(np.searchsorted(offsets, rows)) + 1]
    if offsets[-1] < rows:
        offsets = np.append(offsets, rows)
    area = np.clip(dice.normal(54, 18, rows), 12, 200) * 100
    area = np.where(dice.random(rows) < 1 / 3, np.round(area, -2), np.round(area, -1)).astype(np.int64)
    living = np.add.reduceat(area, offsets[:-1])
    buildings = {
        "heat": np.round(living * dice.uniform(0.015, 0.035, living.size) * 10).astype(np.int64) * 1_000,
        "living_area": living,
        "heat_price": dice.integers(15, 36, living.size) * 10_000 + dice.integers(0, 100, living.size) * 100,
    }
    return Grouped(parents=buildings, offsets=offsets, rows={"area": area})


DEBTS = 12
#: the day from which on :data:`work` counts: 1 January 2023, as a day number
FIRST_DAY = 738_521


def penalty(rows: int, seed: int = 9) -> Grouped:
    """Return the debts of each debtor of ``penalty.kmr``: twelve months, each paid from 9 days before to 410 after."""
    dice = np.random.default_rng(seed)
    due = FIRST_DAY + 205 + np.round(np.arange(DEBTS) * 365 / 12).astype(np.int64)
    amount = np.where(dice.random((rows, DEBTS)) < 0.35, 0, dice.lognormal(np.log(3_000), 0.7, (rows, DEBTS)) * KOPECKS)
    debts = {
        "due": np.ascontiguousarray(np.broadcast_to(due, (rows, DEBTS)), np.int32).reshape(-1),
        "paid_on": (due + dice.integers(-9, 411, (rows, DEBTS))).astype(np.int32).reshape(-1),
        "amount": amount.astype(np.int64).reshape(-1),
    }
    return Grouped(parents={}, offsets=np.arange(rows + 1, dtype=np.int64) * DEBTS, rows=debts)


def _tariffs(dice: np.random.Generator, count: int) -> dict[str, Cells]:
    """Return tiers in kWh a person and prices of two digits, dearer from tier to tier."""
    first = dice.integers(250, 651, count)
    second = first * dice.integers(115, 150, count) // 100
    third = second * dice.integers(120, 180, count) // 100
    return {
        "first_tier": dice.choice([50, 75, 100, 130], count),
        "second_tier": dice.choice([50, 100, 150], count),
        "first_price": first * (PRICE // 100),
        "second_price": second * (PRICE // 100),
        "third_price": third * (PRICE // 100),
    }


def _month(dice: np.random.Generator, rows: int) -> dict[str, Cells]:
    """Return days of supply, hours of bad quality (one in seven households), days of absence (one in ten)."""
    days = dice.choice([28, 30, 31], rows, p=[0.02, 0.48, 0.5])
    return {
        "bad_hours": np.where(dice.random(rows) < 0.15, dice.integers(1, 300, rows), 0),
        "absent_days": np.where(dice.random(rows) < 0.1, dice.integers(5, 28, rows), 0),
        "days": days,
    }


# --- hours ---------------------------------------------------------------------------------------------------

#: a year that begins on a Monday, as the years of PySAM do
YEAR = 2018
HOURS = 8_760
#: where it begins, and an hour, in seconds since 1970
YEAR_STARTS = int(np.datetime64(f"{YEAR}-01-01", "s").astype(np.int64))
HOUR = 3_600
NIGHT, DAY, PEAK = range(3)


def zones() -> Cells:
    """Return the zone of each hour: peak on weekdays 7 to 10 and 17 to 21, night 23 to 7."""
    hour, weekday = np.arange(HOURS) % 24, np.arange(HOURS) // 24 % 7 < 5
    night = (hour >= 23) | (hour < 7)
    peak = weekday & (((hour >= 7) & (hour < 10)) | ((hour >= 17) & (hour < 21)))
    return np.select([night, peak], [NIGHT, PEAK], DAY)


def month_starts() -> Cells:
    """Return the first hour of each month, and the end of the last."""
    days = np.diff(np.arange(f"{YEAR}-01", f"{YEAR + 1}-02", dtype="datetime64[M]").astype("datetime64[D]"))
    return np.concatenate([[0], np.cumsum(days.astype(np.int64) * 24)])


def hourly(rows: int, seed: int = 3) -> Cells:
    """Return the energy of each hour in Wh, an account a row: its own level, a daily shape, noise."""
    dice = np.random.default_rng(seed)
    level = dice.lognormal(0, 0.6, (rows, 1)).astype(np.float32)
    shape = (0.5 + np.exp(-(((np.arange(HOURS) % 24 - 19) / 5.0) ** 2))).astype(np.float32)
    noise = dice.standard_exponential((rows, HOURS), dtype=np.float32)
    return np.minimum(level * shape * noise * 400, 2_000_000).astype(np.int32)
