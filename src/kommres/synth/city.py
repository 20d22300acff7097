"""Buildings, flats and the people behind each door, over all months of a city's window."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from attrs import define, field, frozen

from kommres.period import Month
from kommres.synth.dice import Dice
from kommres.synth.meters import Meters, meters_of
from kommres.synth.profile import Households, Profile, Quarter, Silence
from kommres.synth.window import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

#: persons -> what they use together, in hundredths of what one alone uses
_TOGETHER = (0, 100, 185, 258, 322, 380, 432, 480)


@frozen(kw_only=True)
class Absence:
    """Persons away from the day ``start`` until they are back on the day ``end``; ``applied``: day of asking."""

    start: int
    end: int
    people: int
    applied: int
    proven: bool


@frozen(kw_only=True)
class Silent:
    """Numbers of months without readings; ``since``: their first day."""

    months: range
    since: int


@frozen(kw_only=True)
class Act:
    """A misdeed that a check found; ``since``, ``found`` and ``removed`` are days."""

    misdeed: str
    service: str
    since: int
    found: int
    removed: int


@define(kw_only=True)
class Flat:
    """A flat, a room of a shared flat or a small house: an account.

    ``area`` in tenths of m2. ``residents``: first day -> persons. ``neighbours``: persons in the other rooms of a
    shared flat, 0 elsewhere. ``meters`` and ``possible`` (can meters be installed) by service. ``silences``: spans of
    months without readings.
    """

    id: str
    number: str
    area: int
    rooms: int
    owners: int
    residents: dict[int, int]
    neighbours: int
    absences: list[Absence]
    silences: list[Silent] = field(factory=list)
    acts: list[Act] = field(factory=list)
    meters: dict[str, Meters] = field(factory=dict)
    possible: dict[str, bool] = field(factory=dict)
    columns: dict[str, Any] = field(factory=dict)

    def living(self, month: Span) -> dict[int, int]:
        """First day -> persons, from the month's first day on."""
        start = max(day for day in self.residents if day <= month.start)
        inside = {day: count for day, count in self.residents.items() if month.start < day < month.end}
        return {month.start: self.residents[start], **inside}


@define(kw_only=True)
class Building:
    """A building with its flats."""

    id: str
    quarter: Quarter
    columns: dict[str, Any]
    flats: list[Flat]


def buildings(profile: Profile, accounts: int, seed: int, months: tuple[Span, ...]) -> Iterator[Building]:
    """Yield the city's buildings, in order of their quarters, with ``accounts`` flats in all."""
    numbers = range(months[0].number - profile.history, months[-1].number + 1)
    window = tuple(Span.of(Month(number)) for number in numbers)
    number = 0
    for quarter, flats in zip(profile.quarters, _split(accounts, profile.quarters), strict=True):
        left = flats
        while left:
            number += 1
            dice = Dice(seed, "building", number)
            size = min(left, dice.between(*quarter.flats))
            yield Building(
                id=f"{quarter.prefix}-{number:05}",
                quarter=quarter,
                columns={name: _drawn(value, dice) for name, value in quarter.building.items()},
                flats=[
                    _flat(profile, quarter, f"{quarter.account + flats - left + place:010}", place + 1, seed, window)
                    for place in range(size)
                ],
            )
            left -= size


def _split(accounts: int, quarters: tuple[Quarter, ...]) -> list[int]:
    """Whole numbers in proportion to the shares that add up to ``accounts``."""
    whole = sum(quarter.share for quarter in quarters)
    bounds, mark = [0], 0
    for quarter in quarters:
        mark += quarter.share
        bounds.append(accounts * mark // whole)
    return [high - low for low, high in itertools.pairwise(bounds)]


def _drawn(value: Any, dice: Dice) -> Any:  # noqa: ANN401 - a profile's cell is text, number or yes/no
    return dice.weighted(value) if isinstance(value, dict) else value


def _flat(profile: Profile, quarter: Quarter, account: str, place: int, seed: int, window: tuple[Span, ...]) -> Flat:
    dice = Dice(seed, "flat", account)
    people = profile.households
    residents, absences = _life(people, Dice(seed, "life", account), window)
    rooms = min(5, max(1, 1 + dice.below(3) + residents[window[0].start] // 4))
    flat = Flat(
        id=account,
        number=str(place),
        area=150 + rooms * 160 + dice.below(90),
        rooms=rooms,
        owners=dice.weighted(people.owners),
        residents=residents,
        neighbours=dice.between(2, 6) if dice.chance(people.shared) else 0,
        absences=absences,
        columns={name: _drawn(value, dice) for name, value in quarter.premises.items()},
    )
    _meter(flat, profile, quarter, dice, window, seed)
    flat.acts.extend(_acts(flat, profile, quarter, Dice(seed, "acts", account), window))
    return flat


def _meter(flat: Flat, profile: Profile, quarter: Quarter, dice: Dice, window: tuple[Span, ...], seed: int) -> None:
    """Give a flat its meters; it has them for all services or for none, as they are installed together."""
    metered = dice.chance(quarter.metered)
    possible = metered or dice.chance(quarter.possible)
    dials = 2 if quarter.dials and dice.below(6) == 0 else 1
    step = 1000 if dice.below(100) < 40 else 1
    fresh = dice.chance(quarter.fresh)
    installed = window[0].start + (dice.below(540) if fresh else -dice.between(60, 3000))
    flat.possible.update(dict.fromkeys(quarter.services, possible))
    if not metered or installed >= window[-1].end:
        return
    days = [_person_days(flat, month) for month in window]
    if quarter.silence:
        silence = profile.silences[quarter.silence]
        flat.silences.extend(_silences(silence, Dice(seed, "silence", flat.id), window))
    silent = [place for place, month in enumerate(window) if any(month.number in s.months for s in flat.silences)]
    for service in quarter.services:
        if use := profile.uses.get(service):
            own = Dice(seed, "meter", flat.id, service)
            amount = max(use.middle // 5, own.bell(use.middle, use.spread))
            flat.meters[service] = meters_of(
                [amount * count // 100 for count in days],
                silent,
                {name: profile.mishaps[name] for name in quarter.mishaps},
                own,
                window,
                installed=installed,
                dials=dials,
                step=step,
            )


def _acts(flat: Flat, profile: Profile, quarter: Quarter, dice: Dice, window: tuple[Span, ...]) -> Iterator[Act]:
    for month in window:
        for name in quarter.misdeeds:
            misdeed = profile.misdeeds[name]
            if dice.chance(misdeed.share):
                found = month.start + dice.below(month.days)
                act = Act(
                    misdeed=name,
                    service=dice.one_of(misdeed.services),
                    since=found - dice.between(5, misdeed.days),
                    found=found,
                    removed=found + dice.below(6),
                )
                meters = flat.meters.get(act.service)
                if not misdeed.metered or (meters is not None and meters.installed < act.since):
                    yield act


def _silences(silence: Silence, dice: Dice, window: tuple[Span, ...]) -> Iterator[Silent]:
    free = 0
    for month in window:
        if dice.chance(silence.share) and month.number > free:
            free = month.number + dice.weighted(silence.months)
            yield Silent(months=range(month.number, free), since=month.start)


def _life(people: Households, dice: Dice, window: tuple[Span, ...]) -> tuple[dict[int, int], list[Absence]]:
    """Draw month by month who lives in a flat and who is away; nobody moves while somebody is away."""
    count = dice.weighted(people.sizes)
    residents, absences = {window[0].start: count}, list[Absence]()
    free = window[0].start + 1
    for month in window:
        if dice.chance(people.change):
            day = month.start + dice.between(1, month.days - 1)
            after = dice.weighted(people.sizes) if dice.below(3) == 0 else max(0, count + (1 if dice.below(2) else -1))
            if after != count and day >= free:
                residents[day] = count = after
                free = day
        if dice.chance(people.absence):
            absence = _absence(people, dice, month, count)
            if count and absence.start >= free:
                free = absence.end + 1
                absences.append(absence)
    return residents, absences


def _absence(people: Households, dice: Dice, month: Span, count: int) -> Absence:
    start = month.start + dice.below(month.days)
    # A week or two mostly; a few stay away for months.
    end = start + dice.between(2, people.absence_days if dice.below(8) == 0 else 24)
    return Absence(
        start=start,
        end=end,
        people=count if dice.below(3) else dice.between(1, max(1, count)),
        applied=start - dice.below(10) if dice.below(4) else end + dice.below(25),
        proven=dice.below(10) > 0,
    )


def _person_days(flat: Flat, month: Span) -> int:
    """Return what a household uses in a month, in hundredths of what somebody who lives alone uses in a day."""
    steps = flat.living(month)
    others = flat.neighbours
    total = 0
    for day, count in steps.items():
        until = min((other for other in steps if other > day), default=month.end)
        for absence in flat.absences:
            gone = min(until, absence.end) - max(day, absence.start)
            if gone > 0:
                total -= gone * (_together(count + others) - _together(max(0, count - absence.people) + others))
        total += (until - day) * _together(count + others)
    return max(0, total)


def _together(count: int) -> int:
    return _TOGETHER[count] if count < len(_TOGETHER) else _TOGETHER[-1] + 45 * (count - len(_TOGETHER) + 1)
