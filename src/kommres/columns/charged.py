"""What kernels give back as lines of bills: all rows at once, in the order of rows and, within a row, of the bill."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from kommres.columns.arrow import require_arrow
from kommres.columns.decimals import DecimalColumn, Flags, Wholes, rescaled
from kommres.columns.lines import Kind, Kinds, coded_lines
from kommres.dsl.backends.kernels.batch import Lines
from kommres.dsl.quantity import SHOWN_DIGITS

if TYPE_CHECKING:
    import pyarrow as pa  # noqa: TC004 - loaded when it is needed
    from numpy.typing import NDArray

    from kommres.dsl.backends.kernels.batch import Charged, Shown


@frozen(kw_only=True, eq=False)
class Tabled:
    """Lines of the rows of an entity.

    ``rows``: the row of each line; ``orders``: the place of its charge among those of the entity. ``left``: services,
    each with the rows in which something else must see to it; they have no lines of it here. ``given``: how many
    services of each row have lines here; None where nothing is left. ``counts``: as in
    :class:`kommres.run.batch.PartResult`, without what is left, and without the fates of accounts of which a part is.
    """

    lines: pa.Table
    rows: Wholes
    orders: Wholes
    left: dict[str, Flags]
    given: Wholes | None
    counts: Counter[tuple[str, ...]]


@frozen(kw_only=True, eq=False)
class _Found:
    """The lines of a charge. ``rows``: which have one; ``amounts``: of all rows, counted in the last digit."""

    service: str
    lines: Lines
    rows: Wholes
    amounts: Wholes


def tabled(charged: Charged, ids: pa.Array, barred: Flags | None, kinds: Kinds, period: str, digits: int) -> Tabled:
    """Write the lines that kernels found.

    Parameters
    ----------
    charged
        All charges of an entity.
    ids
        Ids of its rows, as text.
    barred
        Rows that must have no lines here, whatever the kernels say; None: there are none.
    kinds
        Numbers of kinds of lines.
    period
        As results write it.
    digits
        After the point of amounts. A service with an amount that they cannot write is left.
    """
    left: dict[str, Flags] = {}
    amounts, services = [], [lines.charge.rule.service or lines.charge.rule.name for lines in charged.lines]
    some = bool(charged.left.any())
    for service, lines in zip(services, charged.lines, strict=True):
        values, good = rescaled(lines.amount, lines.scale, digits)
        flags = [lines.left] if some else []
        flags += [(lines.present != 0) & ~good] if good is not None else []
        flags += [barred] if barred is not None else []
        for marked in flags:
            left[service] = left[service] | marked if service in left else marked
        amounts.append(values)
    left = {service: flags for service, flags in left.items() if flags.any()}
    found = [
        _Found(service=service, lines=lines, rows=_rows(lines.present, left.get(service)), amounts=values)
        for service, lines, values in zip(services, charged.lines, amounts, strict=True)
    ]
    count = len(charged.left)
    if all(len(item.rows) == count for item in found):
        # Each row has all lines: those of a charge stand at equal distances.
        per_row, every = np.full(count, len(found)), len(found)
        places: list[Wholes | slice] = [slice(place, None, every) for place in range(every)]
    else:
        per_row = np.zeros(count, np.int64)
        for item in found:
            per_row[item.rows] += 1
        following = np.cumsum(per_row) - per_row  # the place of each row's next line
        places = []
        for item in found:
            places.append(following[item.rows])
            following[item.rows] += 1
    rows = np.repeat(np.arange(count), per_row)
    orders = np.zeros(len(rows), np.int64)
    for order, here in enumerate(places):
        orders[here] = order
    counts, given = _counts(charged.entity, found, count, left)
    return Tabled(
        lines=_table(found, places, repeated(ids, per_row), charged.entity, kinds, period, digits),
        rows=rows,
        orders=orders,
        left=left,
        given=given,
        counts=counts,
    )


def repeated(texts: pa.Array, times: Wholes) -> pa.Array:
    """Return each text so many times, as ``string``."""
    pa = require_arrow()
    if (times == 1).all():
        return texts.cast(pa.string())
    texts = texts.cast(pa.large_string())
    _, offsets, data = texts.buffers()
    ends = np.frombuffer(offsets, np.int64, len(texts) + 1, texts.offset * 8)
    width = int(ends[1] - ends[0]) if len(texts) else 0
    if data is None or not width or (np.diff(ends) != width).any():
        return texts.take(pa.array(np.repeat(np.arange(len(texts)), times))).cast(pa.string())
    letters = np.frombuffer(data, f"V{width}", len(texts), int(ends[0]))
    found = np.repeat(letters, times)
    kind, size = (pa.string(), np.int32) if found.nbytes <= np.iinfo(np.int32).max else (pa.large_string(), np.int64)
    bounds = np.arange(0, found.nbytes + 1, width, dtype=size)
    buffers = [None, pa.py_buffer(bounds), pa.py_buffer(found)]
    return pa.Array.from_buffers(kind, len(found), buffers).cast(pa.string())


def _rows(present: NDArray[np.uint8], left: Flags | None) -> Wholes:
    rows: Wholes = np.flatnonzero(present if left is None else (present != 0) & ~left)
    return rows


def _table(
    found: list[_Found],
    places: list[Wholes | slice],
    accounts: pa.Array,
    entity: str,
    kinds: Kinds,
    period: str,
    digits: int,
) -> pa.Table:
    size = len(accounts)
    codes = np.empty(size, np.int32)
    volume, tariff = DecimalColumn(size, SHOWN_DIGITS), DecimalColumn(size, SHOWN_DIGITS)
    amount = DecimalColumn(size, digits)
    for item, here in zip(found, places, strict=True):
        codes[here] = _codes(item, entity, kinds, period)
        amount.put(here, item.amounts if len(item.rows) == len(item.amounts) else item.amounts[item.rows])
        _show(volume, item.lines.volume, item.rows, here)
        _show(tariff, item.lines.price, item.rows, here)
    return coded_lines(codes, accounts, volume, tariff, amount, digits)


def _show(column: DecimalColumn, shown: Shown | None, rows: Wholes, places: Wholes | slice) -> None:
    if shown is None:
        return
    if isinstance(places, slice):
        places = np.arange(len(column))[places]
    given = shown.given[rows] != 0
    if not given.all():
        rows, places = rows[given], places[given]
    below = shown.below[rows] if isinstance(shown.below, np.ndarray) else shown.below
    column.put_ratios(places, shown.above[rows], below)  # type: ignore[arg-type]


def _codes(item: _Found, entity: str, kinds: Kinds, period: str) -> NDArray[np.int32] | int:
    """Return the number of the kind of each line, or the one number of all."""
    lines, rows = item.lines, item.rows
    parts = [lines.winner, *(chosen for _, _, chosen in lines.options)]
    varying = [part for part in parts if isinstance(part, np.ndarray)]
    if not len(rows):
        return 0
    if not varying:
        return kinds.code(_kind(lines, entity, period, parts))  # type: ignore[arg-type]
    cells = np.stack([part[rows].astype(np.int64) for part in varying])
    sizes = cells.max(axis=1) + 1
    together = np.ravel_multi_index(tuple(cells), tuple(sizes))
    different, which = np.unique(together, return_inverse=True)
    numbers = np.empty(len(different), np.int32)
    for place, values in enumerate(zip(*np.unravel_index(different, tuple(sizes)), strict=True)):
        here = iter(values)
        numbers[place] = kinds.code(
            _kind(lines, entity, period, [int(next(here)) if isinstance(part, np.ndarray) else part for part in parts])
        )
    codes: NDArray[np.int32] = numbers[which]
    return codes


def _kind(lines: Lines, entity: str, period: str, parts: list[int | str]) -> Kind:
    """``parts``: the alternative that made the line and the choice of each option, as they are or as their index."""
    plan = lines.charge
    winner, *chosen = parts
    choices = [
        f"{name}={choices[choice] if isinstance(choice, int) else choice}"
        for (name, choices, _), choice in zip(lines.options, chosen, strict=True)
    ]
    return Kind(
        entity=entity,
        service=plan.rule.service or plan.rule.name,
        line=plan.rule.line or "base",
        charge=plan.id,
        period=period,
        volume_unit="" if plan.volume is None else plan.steps[plan.volume].unit,
        tariff_unit="" if plan.price is None else plan.steps[plan.price].unit,
        unit=str(plan.rule.type.unit or ""),
        rule=f"{plan.id}/{plan.alternatives[int(winner)].name}",
        options=", ".join(choices),
    )


def _counts(
    entity: str, found: list[_Found], count: int, left: dict[str, Flags]
) -> tuple[Counter[tuple[str, ...]], Wholes | None]:
    """Return what is counted, and how many services of each row have lines where some are left."""
    counts: Counter[tuple[str, ...]] = Counter()
    by_service: dict[str, list[_Found]] = {}
    for item in found:
        rule = item.lines.charge.rule
        by_service.setdefault(item.service, []).append(item)
        if len(item.rows):
            key = (item.service, rule.line or "base", str(rule.type.unit or ""))
            counts["lines", *key] += len(item.rows)
            counts["amount", *key] += _total(item.amounts[item.rows])
    given = np.zeros(count, np.int64)
    for items in by_service.values():
        if len(items) == 1:
            given[items[0].rows] += 1
            continue
        charged = np.zeros(count, np.bool_)
        for item in items:
            charged[item.rows] = True
        given += charged
    whole = np.ones(count, np.bool_)
    kept = count * len(by_service)
    for flags in left.values():
        whole &= ~flags
        kept -= int(np.count_nonzero(flags))
    services, rows = int(given.sum(dtype=np.int64)), int(np.count_nonzero(whole))
    accounts = int(np.count_nonzero(given[whole])) if left else int(np.count_nonzero(given))
    for key, number in (
        (("accounts", entity, "charged"), accounts),
        (("accounts", entity, "nothing"), rows - accounts),
        (("services", entity, "charged"), services),
        (("services", entity, "nothing"), kept - services),
    ):
        if number:
            counts[key] = number
    return counts, given if left else None


def _total(values: Wholes) -> int:
    """Return an exact sum."""
    if len(values) and max(abs(int(values.min())), abs(int(values.max()))) * len(values) <= np.iinfo(np.int64).max:
        return int(values.sum())
    return (int((values >> 32).sum()) << 32) + int((values & 0xFFFFFFFF).sum())
