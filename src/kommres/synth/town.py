"""Some buildings of a city with their flats, the people in them and their meters, over all months of its window."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from attrs import frozen

from kommres.period import Month
from kommres.synth.dice import Dice, Marks, Numbers
from kommres.synth.meters import Fitting, Meters, meters_of, silent_months
from kommres.synth.people import Residents, person_days, residents_of
from kommres.synth.profile import Quarter, Supply
from kommres.synth.window import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kommres.synth.profile import Profile, Use

#: accounts that are drawn at a time; more need more memory
_AT_A_TIME: Final = 50_000


@frozen(kw_only=True, eq=False)
class Drawn:
    """A column of a profile: one of some values for each row."""

    values: tuple[Any, ...]
    places: Numbers


@frozen(kw_only=True, eq=False)
class Acts:
    """Misdeeds that checks found; ``since``, ``found`` and ``removed`` are days."""

    flats: Numbers
    misdeeds: tuple[str, ...]
    services: tuple[str, ...]
    misdeed: Numbers
    service: Numbers
    since: Numbers
    found: Numbers
    removed: Numbers


@frozen(kw_only=True, eq=False)
class Supplied:
    """What a supply comes to. ``possible``: a meter can stand; ``silent``: as ``silent_months`` says, by flat.

    ``used``: by service, flat and month [thousandths of the unit].
    """

    supply: Supply
    possible: Marks
    silent: Numbers
    meters: dict[str, Meters]
    used: dict[str, Numbers]
    acts: Acts


@frozen(kw_only=True, eq=False)
class Town:
    """Buildings of one quarter with all their flats, in order of accounts.

    ``first``: number of the first building in the city. ``bounds``: place of the first flat of each building, one more
    than buildings. ``area`` in tenths of m2. ``building`` and ``premises``: columns of the profile.
    """

    quarter: Quarter
    window: tuple[Span, ...]
    first: int
    bounds: Numbers
    accounts: Numbers
    area: Numbers
    rooms: Numbers
    owners: Numbers
    residents: Residents
    building: dict[str, Drawn]
    premises: dict[str, Drawn]
    supplied: tuple[Supplied, ...]

    @property
    def houses(self) -> Numbers:
        """Place of each flat's building."""
        return np.repeat(np.arange(len(self.bounds) - 1), np.diff(self.bounds))


def towns(profile: Profile, accounts: int, seed: int, months: tuple[Span, ...]) -> Iterator[Town]:
    """Yield a city in pieces, in order of quarters, with ``accounts`` flats in all."""
    window = tuple(Span.of(Month(n)) for n in range(months[0].number - profile.history, months[-1].number + 1))
    number = 1
    for quarter, flats in zip(profile.quarters, _split(accounts, profile.quarters), strict=True):
        for sizes, before in _pieces(quarter, flats, number, seed):
            yield _town(profile, quarter, sizes, (number, quarter.account + before), seed, window)
            number += len(sizes)


def _split(accounts: int, quarters: tuple[Quarter, ...]) -> list[int]:
    """Whole numbers in proportion to the shares that add up to ``accounts``."""
    whole = sum(quarter.share for quarter in quarters)
    bounds = [0, *(accounts * mark // whole for mark in itertools.accumulate(quarter.share for quarter in quarters))]
    return [high - low for low, high in itertools.pairwise(bounds)]


def _pieces(quarter: Quarter, flats: int, number: int, seed: int) -> Iterator[tuple[Numbers, int]]:
    """Yield how many flats the next buildings have, and how many stand before them."""
    before = 0
    while before < flats:
        most = min(flats - before, _AT_A_TIME) // max(1, quarter.flats[0]) + 1
        sizes = Dice(np.arange(number, number + most), seed, "size").between(*quarter.flats)
        ends = np.cumsum(sizes)
        here = int(np.searchsorted(ends, min(flats - before, _AT_A_TIME))) + 1
        sizes = sizes[:here]
        sizes[-1] -= max(0, before + int(ends[len(sizes) - 1]) - flats)
        yield sizes, before
        before += int(sizes.sum())
        number += len(sizes)


def _town(
    profile: Profile, quarter: Quarter, sizes: Numbers, begins: tuple[int, int], seed: int, window: tuple[Span, ...]
) -> Town:
    first, account = begins
    bounds = np.concatenate([[0], np.cumsum(sizes)])
    accounts = np.arange(account, account + bounds[-1])
    houses = np.arange(first, first + len(sizes))
    people = profile.households
    dice = Dice(accounts, seed, "flat")
    neighbours = np.where(dice.chance(people.shared), dice.between(2, 6), 0)
    residents = residents_of(accounts, people, neighbours, seed, window)
    rooms = np.clip(1 + dice.below(3) + residents.before[:, 0] // 4, 1, 5)
    area = 150 + rooms * 160 + dice.below(90)
    here = [supply for supply in profile.supplies if quarter.prefix in supply.quarters]
    days = person_days(residents, window)
    flats = _Flats(accounts=accounts, area=area, days=days, first=window[0].start)
    return Town(
        quarter=quarter,
        window=window,
        first=first,
        bounds=bounds,
        accounts=accounts,
        area=area,
        rooms=rooms,
        owners=dice.weighted(people.owners),
        residents=residents,
        building=_columns([quarter.building, *(s.building for s in here)], houses, seed, "building"),
        premises=_columns([quarter.premises, *(s.premises for s in here)], accounts, seed, "premises"),
        supplied=tuple(_supplied(profile, supply, flats, seed, window) for supply in here),
    )


def _columns(parts: list[dict[str, Any]], keys: Numbers, seed: int, of: str) -> dict[str, Drawn]:
    drawn = {}
    for name, value in itertools.chain.from_iterable(part.items() for part in parts):
        if isinstance(value, dict):
            places = Dice(keys, seed, of, name).place(list(value.values()))
            drawn[name] = Drawn(values=tuple(value), places=places)
        else:
            drawn[name] = Drawn(values=(value,), places=np.zeros(len(keys), np.int64))
    return drawn


@frozen(kw_only=True, eq=False)
class _Flats:
    """``days``: use of people by month; ``first``: first day of the window."""

    accounts: Numbers
    area: Numbers
    days: Numbers
    first: int


def _supplied(profile: Profile, supply: Supply, flats: _Flats, seed: int, window: tuple[Span, ...]) -> Supplied:
    """Draw meters; a flat has them for all services of a supply or for none, as they are installed together."""
    name = supply.services[0]
    dice = Dice(flats.accounts, seed, "supply", name)
    metered = dice.chance(supply.metered)
    possible = metered | dice.chance(supply.possible)
    two = np.where(supply.dials & (dice.below(6) == 0), 2, 1)
    step = np.where(dice.below(100) < 40, 1000, 1)
    fresh, after, before = dice.chance(supply.fresh), dice.below(540), dice.between(60, 3000)
    installed = np.where(metered, flats.first + np.where(fresh, after, -before), window[-1].end)
    own = np.flatnonzero(installed < window[-1].end)
    accounts = flats.accounts[own]
    silent = np.zeros((len(accounts), len(window)), np.int64)
    if supply.silence:
        silent = silent_months(accounts, profile.silences[supply.silence], seed, name, window)
    fitting = Fitting(
        flats=own, accounts=accounts, installed=installed[own], dials=two[own], step=step[own], silent=silent > 0
    )
    used = {
        service: _used(profile.uses[service], flats, seed, service, window)
        for service in supply.services
        if service in profile.uses
    }
    mishaps = {mishap: profile.mishaps[mishap] for mishap in supply.mishaps}
    everywhere = np.zeros((len(flats.accounts), len(window)), np.int64)
    everywhere[own] = silent
    return Supplied(
        supply=supply,
        possible=possible,
        silent=everywhere,
        meters={service: meters_of(fitting, used[service][own], mishaps, seed, service, window) for service in used},
        used=used,
        acts=_acts(profile, supply, flats.accounts, installed, seed, window),
    )


def _used(use: Use, flats: _Flats, seed: int, service: str, window: tuple[Span, ...]) -> Numbers:
    dice = Dice(flats.accounts, seed, "use", service)
    amount = np.maximum(use.middle // 5, dice.bell(use.middle, use.spread))[:, None]
    season = np.array([use.seasons[month.number % 12] for month in window])
    used: Numbers = amount * flats.days // 100
    if use.by_area:
        used = amount * flats.area[:, None] // 100 * np.array([month.days for month in window])
    seasonal: Numbers = used * season // 100
    return seasonal


def _acts(
    profile: Profile, supply: Supply, accounts: Numbers, installed: Numbers, seed: int, window: tuple[Span, ...]
) -> Acts:
    services = tuple(dict.fromkeys(service for name in supply.misdeeds for service in profile.misdeeds[name].services))
    found: list[tuple[Numbers, ...]] = []
    for month in window:
        for place, name in enumerate(supply.misdeeds):
            misdeed = profile.misdeeds[name]
            dice = Dice(accounts, seed, "acts", supply.services[0], name, month.number)
            day = month.start + dice.below(month.days)
            since = day - dice.between(5, misdeed.days)
            own = np.array([services.index(service) for service in misdeed.services])
            service = own[dice.below(len(own))]
            removed = day + dice.below(6)
            done = dice.chance(misdeed.share) & (True if not misdeed.metered else installed < since)
            flats = np.flatnonzero(done)
            found.append((flats, np.full(len(flats), place), service[flats], since[flats], day[flats], removed[flats]))
    none = np.zeros(0, np.int64)
    parts = [np.concatenate([none, *(part[i] for part in found)]) for i in range(6)]
    order = np.argsort(parts[0], kind="stable")
    flats, which, about, since, day, removed = (part[order] for part in parts)
    return Acts(
        flats=flats,
        misdeeds=supply.misdeeds,
        services=services,
        misdeed=which,
        service=about,
        since=since,
        found=day,
        removed=removed,
    )


def house_volume(town: Town, profile: Profile, name: str, seed: int) -> Numbers | None:
    """Return what the meters of buildings show by month [thousandths], -1 where there is none; None without meters."""
    meter = profile.houses[name]
    used = [part.used[service] for part in town.supplied for service in meter.services if service in part.used]
    if not used or town.quarter.prefix not in meter.quarters:
        return None
    numbers = np.arange(town.first, town.first + len(town.bounds) - 1)
    there = Dice(numbers, seed, "house", name).chance(meter.share)
    over = np.stack([Dice(numbers, seed, "over", name, m.number).between(*meter.over) for m in town.window], axis=1)
    whole = np.add.reduceat(np.sum(used, axis=0), town.bounds[:-1], axis=0) * (100 + over) // 100
    return np.where(there[:, None], whole, -1)
