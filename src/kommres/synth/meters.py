"""The life of a flat's meters: what the dials show, which readings are sent, and what keeps others from counting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, field, frozen

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from kommres.synth.dice import Dice
    from kommres.synth.profile import Mishap
    from kommres.synth.window import Span

#: whole digits of a dial -> weight
_DIGITS = {5: 97, 4: 2, 8: 1}


@frozen(kw_only=True)
class Reading:
    """What a dial showed at the month's ends [thousandths of the unit].

    ``now`` None: not sent. ``rolled``: the dial went past its last number.
    """

    before: int
    now: int | None
    rolled: bool


@frozen(kw_only=True)
class State:
    """A flat's meters of a service in one month.

    ``month``: its name. ``volume`` of all readings [thousandths of the unit]; None where one is missing.
    """

    month: str
    volume: int | None
    readings: tuple[Reading, ...]


@define(kw_only=True)
class Trouble:
    """Days on which readings do not count: from the day ``start`` until ``end`` (None: not ended in the window)."""

    mishap: str
    start: int
    end: int | None = None


@define(kw_only=True)
class _Dial:
    shows: int
    sent: int
    capacity: int

    def read(self, step: int) -> Reading:
        shown = self.shows // step * step
        reading = Reading(
            before=self.sent % self.capacity,
            now=shown % self.capacity,
            rolled=self._laps(shown) > self._laps(self.sent),
        )
        self.sent = shown
        return reading

    def unread(self) -> Reading:
        return Reading(before=self.sent % self.capacity, now=None, rolled=False)

    def _laps(self, shown: int) -> int:
        return shown // self.capacity


@define(kw_only=True)
class Meters:
    """Meters of one service. ``installed``: day. ``digits``: of each dial. ``states``: by month number."""

    installed: int
    digits: tuple[int, ...]
    states: dict[int, State] = field(factory=dict)
    troubles: list[Trouble] = field(factory=list)


def meters_of(
    used: Sequence[int],
    silent: Collection[int],
    mishaps: Mapping[str, Mishap],
    dice: Dice,
    window: Sequence[Span],
    *,
    installed: int,
    dials: int,
    step: int,
) -> Meters:
    """Draw the life of a flat's meters.

    Parameters
    ----------
    used
        What is used in each month of the window [thousandths of the unit].
    silent
        Places of the months in which nobody sends a reading.
    mishaps
        What may happen to the meters.
    dice
        Draws.
    window
        Months.
    installed
        Day on which they are installed.
    dials
        How many meters there are.
    step
        People send readings in whole steps [thousandths of the unit].
    """
    meters = Meters(installed=installed, digits=tuple(dice.weighted(_DIGITS) for _ in range(dials)))
    wheels = [_dial(digits, dice, new=installed >= window[0].start) for digits in meters.digits]
    trouble: Trouble | None = None
    end = 0
    for index, month in enumerate(window):
        if month.end <= installed:
            continue
        if trouble is None and (mishap := _begins(mishaps, dice)):
            trouble, end = _trouble(mishap, mishaps[mishap], dice, month)
            meters.troubles.append(trouble)
        sound = _sound_days(month, installed, trouble, end)
        volume = used[index] * dice.bell(100, 35) // 100 // dials
        for wheel in wheels:
            wheel.shows += volume * sound // month.days
        if index in silent or not sound:
            readings = tuple(wheel.unread() for wheel in wheels)
        else:
            readings = tuple(wheel.read(step) for wheel in wheels)
        meters.states[month.number] = _state(month.name, readings, meters.digits)
        if trouble is not None and end <= month.end:
            trouble.end = end
            if mishaps[trouble.mishap].replaced:
                wheels = [_dial(digits, dice, new=True) for digits in meters.digits]
            trouble = None
    return meters


def _dial(digits: int, dice: Dice, *, new: bool) -> _Dial:
    capacity = 10**digits * 1000
    # Small dials often stand close before their last number.
    shows = 0 if new else dice.below(400_000) if digits > 4 else capacity - dice.below(150_000)
    shows = shows // 1000 * 1000
    return _Dial(shows=shows, sent=shows, capacity=capacity)


def _begins(mishaps: Mapping[str, Mishap], dice: Dice) -> str:
    return next((name for name, mishap in mishaps.items() if dice.chance(mishap.share)), "")


def _trouble(name: str, mishap: Mishap, dice: Dice, month: Span) -> tuple[Trouble, int]:
    """Return a trouble that begins in a month, and the day on which it will end."""
    start = month.start + dice.below(month.days)
    months = dice.weighted(mishap.months)
    return Trouble(mishap=name, start=start), start + dice.between(months * 30 - 24, months * 30)


def _sound_days(month: Span, installed: int, trouble: Trouble | None, end: int) -> int:
    start = max(month.start, installed)
    lost = max(0, min(month.end, end) - max(start, trouble.start)) if trouble else 0
    return month.end - start - lost


def _state(month: str, readings: tuple[Reading, ...], digits: tuple[int, ...]) -> State:
    total = 0
    for reading, size in zip(readings, digits, strict=True):
        if reading.now is None:
            return State(month=month, volume=None, readings=readings)
        total += reading.now - reading.before + (10**size * 1000 if reading.rolled else 0)
    return State(month=month, volume=total, readings=readings)
