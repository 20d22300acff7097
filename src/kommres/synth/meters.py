"""Meters of many flats through the months: what they show, which readings are sent, and what keeps others from
counting.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from attrs import frozen

from kommres.synth.dice import Dice, Marks, Numbers

if TYPE_CHECKING:
    from kommres.synth.profile import Mishap, Silence
    from kommres.synth.window import Span

#: whole digits of a dial -> weight
_DIGITS: Final = {5: 91, 4: 8, 8: 1}
#: no reading, no volume
NONE: Final = -1


@frozen(kw_only=True, eq=False)
class Troubles:
    """Days on which readings of flats do not count: from ``start`` until ``end``, which may lie after the window.

    ``flats``: places among the metered ones. ``mishaps``: places among those that can happen.
    """

    flats: Numbers
    mishaps: Numbers
    start: Numbers
    end: Numbers


@frozen(kw_only=True, eq=False)
class Dials:
    """The n-th meters of flats [thousandths of the unit]; ``there``: who has one. First axis flats, second months.

    ``before`` closed the last month with a reading, ``now`` is -1 where none is sent.
    """

    there: Marks
    digits: Numbers
    before: Numbers
    now: Numbers
    rolled: Marks


@frozen(kw_only=True, eq=False)
class Meters:
    """Meters of one service in the flats that have any.

    ``flats``: their places. ``installed``: day. ``works``: they hang there in the month. ``volume``: of the month, -1
    where it is not known [thousandths of the unit].
    """

    flats: Numbers
    installed: Numbers
    works: Marks
    volume: Numbers
    dials: tuple[Dials, ...]
    troubles: Troubles


def silent_months(accounts: Numbers, silence: Silence, seed: int, name: str, window: tuple[Span, ...]) -> Numbers:
    """Return the first day of the silence that each month of each flat lies in, 0 where readings are sent."""
    free = np.zeros(len(accounts), np.int64)
    since = np.zeros(len(accounts), np.int64)
    found = []
    for month in window:
        dice = Dice(accounts, seed, "silence", name, month.number)
        begins = dice.chance(silence.share) & (month.number > free)
        free = np.where(begins, month.number + dice.weighted(silence.months), free)
        since = np.where(begins, month.start, since)
        found.append(np.where(month.number < free, since, 0))
    return np.stack(found, axis=1)


@frozen(kw_only=True, eq=False)
class Fitting:
    """How flats are metered: the day of installation, how many meters a service has, in which steps people read."""

    flats: Numbers
    accounts: Numbers
    installed: Numbers
    dials: Numbers
    step: Numbers
    silent: Marks


def meters_of(
    fitting: Fitting, used: Numbers, mishaps: dict[str, Mishap], seed: int, service: str, window: tuple[Span, ...]
) -> Meters:
    """Draw the life of the meters of a service.

    Parameters
    ----------
    fitting
        Flats with meters.
    used
        What they use in each month [thousandths of the unit].
    mishaps
        What may happen to the meters.
    seed
        Seed of the city.
    service
        Its name.
    window
        Months.
    """
    accounts, installed = fitting.accounts, fitting.installed
    new = installed >= window[0].start
    count = int(fitting.dials.max(initial=1))
    wheels = [_Wheels(accounts, new, seed, service, number) for number in range(count)]
    troubles = _Course(accounts, mishaps)
    works, volumes = [], []
    for index, month in enumerate(window):
        here = month.end > installed
        dice = Dice(accounts, seed, "month", service, month.number)
        troubles.begin(dice, month, here)
        sound = np.where(here, month.end - np.maximum(month.start, installed) - troubles.days(month, installed), 0)
        volume = used[:, index] * dice.bell(100, 35) // 100 // fitting.dials * sound // month.days
        sent = here & ~fitting.silent[:, index] & (sound > 0)
        total = np.zeros(len(accounts), np.int64)
        for number, wheel in enumerate(wheels):
            has = here & (fitting.dials > number)
            total += wheel.turn(np.where(has, volume, 0), has & sent, fitting.step)
        works.append(here)
        volumes.append(np.where(sent, total, NONE))
        replaced = troubles.finish(month)
        for wheel in wheels:
            wheel.renew(replaced)
    return Meters(
        flats=fitting.flats,
        installed=installed,
        works=np.stack(works, axis=1),
        volume=np.stack(volumes, axis=1),
        dials=tuple(wheel.dials(fitting.dials > number) for number, wheel in enumerate(wheels)),
        troubles=troubles.all(),
    )


class _Wheels:
    """One meter of each flat."""

    def __init__(self, accounts: Numbers, new: Marks, seed: int, service: str, number: int) -> None:
        dice = Dice(accounts, seed, "dial", service, number)
        self._digits = dice.weighted(_DIGITS)
        self._capacity = 10**self._digits * 1000
        # Small dials often stand close before their last number.
        small = self._capacity - dice.below(30_000)
        shows = np.where(new, 0, np.where(self._digits > 4, dice.below(400_000), small)) // 1000 * 1000
        self._shows, self._sent = shows, shows
        self._before: list[Numbers] = []
        self._now: list[Numbers] = []
        self._rolled: list[Marks] = []

    def turn(self, volume: Numbers, read: Marks, step: Numbers) -> Numbers:
        """Go on by a month's volume; return what the readings say that was used, 0 where none is sent."""
        self._shows = self._shows + volume
        shown = np.where(read, self._shows // step * step, self._sent)
        self._before.append(self._sent % self._capacity)
        self._now.append(np.where(read, shown % self._capacity, NONE))
        self._rolled.append(shown // self._capacity > self._sent // self._capacity)
        told: Numbers = shown - self._sent
        self._sent = shown
        return told

    def renew(self, replaced: Marks) -> None:
        """Put new meters in place of some."""
        self._shows, self._sent = (np.where(replaced, 0, reading) for reading in (self._shows, self._sent))

    def dials(self, there: Marks) -> Dials:
        """Return all that happened."""
        return Dials(
            there=there,
            digits=self._digits,
            before=np.stack(self._before, axis=1),
            now=np.stack(self._now, axis=1),
            rolled=np.stack(self._rolled, axis=1),
        )


class _Course:
    """What happens to the meters of each flat, one thing at a time."""

    def __init__(self, accounts: Numbers, mishaps: dict[str, Mishap]) -> None:
        self._mishaps = list(mishaps.values())
        self._replaced = np.array([mishap.replaced for mishap in self._mishaps] or [False])
        self._which = np.full(len(accounts), NONE)
        self._start, self._end = np.zeros(len(accounts), np.int64), np.zeros(len(accounts), np.int64)
        self._begun: list[tuple[Numbers, Numbers, Numbers, Numbers]] = []

    def begin(self, dice: Dice, month: Span, here: Marks) -> None:
        """Draw what begins in a month."""
        for place, mishap in enumerate(self._mishaps):
            starts = dice.chance(mishap.share) & (self._which == NONE) & here
            months = dice.weighted(mishap.months)
            first = month.start + dice.below(month.days)
            last = first + dice.between(months * 30 - 24, months * 30)
            self._which = np.where(starts, place, self._which)
            self._start = np.where(starts, first, self._start)
            self._end = np.where(starts, last, self._end)
            flats = np.flatnonzero(starts)
            self._begun.append((flats, np.full(len(flats), place), first[flats], last[flats]))

    def days(self, month: Span, installed: Numbers) -> Numbers:
        """Return the days of the month on which the meters hang there and do not count."""
        lost = np.minimum(month.end, self._end) - np.maximum(np.maximum(month.start, installed), self._start)
        return np.where(self._which == NONE, 0, np.maximum(0, lost))

    def finish(self, month: Span) -> Marks:
        """Say which meters are replaced, as what happened to them ends with the month at the latest."""
        over = (self._which != NONE) & (self._end <= month.end)
        replaced: Marks = over & self._replaced[self._which]
        self._which = np.where(over, NONE, self._which)
        return replaced

    def all(self) -> Troubles:
        """Return what happened, in order of flats and days."""
        none = np.zeros(0, np.int64)
        parts = [np.concatenate([none, *(begun[i] for begun in self._begun)]) for i in range(4)]
        order = np.lexsort((parts[2], parts[0]))
        flats, which, start, end = (part[order] for part in parts)
        return Troubles(flats=flats, mishaps=which, start=start, end=end)
