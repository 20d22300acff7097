"""Who lives behind each door, month by month, and who is away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from attrs import frozen

from kommres.synth.dice import Dice, Marks, Numbers

if TYPE_CHECKING:
    from kommres.synth.profile import Households
    from kommres.synth.window import Span

#: persons -> what they use together, in hundredths of what one alone uses
_TOGETHER: Final = np.concatenate([[0, 100, 185, 258, 322, 380, 432, 480], 480 + 45 * np.arange(1, 200)])


@frozen(kw_only=True, eq=False)
class Absences:
    """Persons away from the day ``start`` until they are back on the day ``end``; ``applied``: day of asking.

    ``flats``: places of their flats. ``count``: how many live there at that time.
    """

    flats: Numbers
    start: Numbers
    end: Numbers
    people: Numbers
    count: Numbers
    applied: Numbers
    proven: Marks


@frozen(kw_only=True, eq=False)
class Residents:
    """Persons in each flat (first axis) and month (second): ``before`` the day ``changed``, ``after`` from it on.

    ``changed`` is 0 where nothing changes. ``neighbours``: persons in the other rooms of a shared flat, 0 elsewhere.
    """

    before: Numbers
    after: Numbers
    changed: Numbers
    neighbours: Numbers
    absences: Absences


def residents_of(
    accounts: Numbers, people: Households, neighbours: Numbers, seed: int, window: tuple[Span, ...]
) -> Residents:
    """Draw who lives in flats and who is away; nobody moves while somebody is away."""
    count = Dice(accounts, seed, "people").weighted(people.sizes)
    free = np.full(len(accounts), window[0].start + 1)
    before, after, changed, away = [], [], [], []
    for month in window:
        before.append(count)
        dice = Dice(accounts, seed, "life", month.number)
        moves = dice.chance(people.change)
        day = month.start + dice.between(1, month.days - 1)
        step = 2 * dice.below(2) - 1
        others = np.where(dice.below(3) == 0, dice.weighted(people.sizes), np.maximum(0, count + step))
        moves &= (others != count) & (day >= free)
        count = np.where(moves, others, count)
        free = np.where(moves, day, free)
        after.append(count)
        changed.append(np.where(moves, day, 0))
        absences = _absences(people, dice, month, count)
        leaves = dice.chance(people.absence) & (count > 0) & (absences["start"] >= free)
        free = np.where(leaves, absences["end"] + 1, free)
        flats = np.flatnonzero(leaves)
        away.append({"flats": flats, **{name: cells[flats] for name, cells in absences.items()}})
    parts = {name: np.concatenate([part[name] for part in away]) for name in away[0]}
    order = np.lexsort((parts["start"], parts["flats"]))
    return Residents(
        before=np.stack(before, axis=1),
        after=np.stack(after, axis=1),
        changed=np.stack(changed, axis=1),
        neighbours=neighbours,
        absences=Absences(**{name: cells[order] for name, cells in parts.items()}),
    )


def person_days(residents: Residents, window: tuple[Span, ...]) -> Numbers:
    """Return what households use in each month, in hundredths of what somebody who lives alone uses in a day."""
    away, others = residents.absences, residents.neighbours
    starts = np.array([month.start for month in window])
    ends = np.array([month.end for month in window])
    turn = np.where(residents.changed > 0, residents.changed, ends)
    first, second = (_TOGETHER[count + others[:, None]] for count in (residents.before, residents.after))
    total = (turn - starts) * first + (ends - turn) * second
    gone = np.maximum(0, np.minimum(ends, away.end[:, None]) - np.maximum(starts, away.start[:, None]))
    beside = others[away.flats]
    saved = _TOGETHER[away.count + beside] - _TOGETHER[np.maximum(0, away.count - away.people) + beside]
    np.subtract.at(total, away.flats, gone * saved[:, None])
    used: Numbers = np.maximum(0, total)
    return used


def _absences(people: Households, dice: Dice, month: Span, count: Numbers) -> dict[str, Numbers]:
    start = month.start + dice.below(month.days)
    # A week or two mostly; a few stay away for months.
    long = dice.below(8) == 0
    end = start + dice.between(2, np.where(long, people.absence_days, 24))
    everybody = dice.below(3) > 0
    some = dice.between(1, np.maximum(1, count))
    asked = np.where(dice.below(4) > 0, start - dice.below(10), end + dice.below(25))
    return {
        "start": start,
        "end": end,
        "people": np.where(everybody, count, some),
        "count": count,
        "applied": asked,
        "proven": dice.below(10) > 0,
    }
