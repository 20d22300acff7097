"""What a city is made of, as a TOML file says it: all names of inputs, places and services stand there."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

import attrs
from attrs import field, frozen

from kommres.errors import UsageError
from kommres.synth.dice import MILLION

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from importlib.resources.abc import Traversable

_T = TypeVar("_T")


def _weights(table: Mapping[str, int]) -> dict[int, int]:
    return {int(count): weight for count, weight in table.items()}


def _millionths(share: Decimal | int) -> int:
    if not 0 <= share <= 1:
        raise ValueError(f"{share} is no share, 0 to 1")
    return int(share * MILLION)


def _spans(seasons: Sequence[Sequence[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((start, end) for start, end in seasons)


@frozen(kw_only=True)
class Households:
    """Who lives behind a door.

    ``sizes`` and ``owners``: persons -> weight. ``change``: share of flats where somebody moves in or out in a month.
    ``absence``: share of flats where somebody leaves for a while in a month; ``absence_days``: longest absence [day].
    ``shared``: share of accounts that are a room of a shared flat.
    """

    sizes: dict[int, int] = field(converter=_weights)
    owners: dict[int, int] = field(converter=_weights)
    change: int = field(converter=_millionths)
    absence: int = field(converter=_millionths)
    absence_days: int
    shared: int = field(converter=_millionths, default=0)


@frozen(kw_only=True)
class Silence:
    """Nobody sends readings. ``share``: of the months of flats that sent them, those in which it begins.

    ``months``: duration -> weight [month]. The next reading brings what was used meanwhile.
    """

    share: int = field(converter=_millionths)
    months: dict[int, int] = field(converter=_weights)


@frozen(kw_only=True)
class Mishap:
    """What keeps readings from counting from a day on.

    ``share``: of the months of sound meters, those in which it begins. ``months``: duration ->
    weight [month]. ``replaced``: the meter is another one afterwards.
    """

    share: int = field(converter=_millionths)
    months: dict[int, int] = field(converter=_weights)
    replaced: bool = False


@frozen(kw_only=True)
class Misdeed:
    """What a check finds and an act writes down. ``share``: of the flats of a month, those where it is found.

    ``days``: how long before it is found it may have begun [day]. ``services``: those it is about. ``metered``: it is
    done to a meter, so there has to be one.
    """

    share: int = field(converter=_millionths)
    days: int
    services: tuple[str, ...] = field(converter=tuple)
    metered: bool = False


@frozen(kw_only=True)
class Use:
    """Use of a service in thousandths of its unit, ``middle`` give or take ``spread``: of a person in a day.

    ``by_area``: of 10 m2 in a day instead. ``seasons``: what each calendar month takes of it [%].
    """

    middle: int
    spread: int
    by_area: bool = False
    seasons: tuple[int, ...] = field(converter=tuple, default=(100,) * 12)


@frozen(kw_only=True)
class HouseMeter:
    """Meters of whole buildings. ``services``: what they measure; ``share``: of the buildings of ``quarters`` have one.

    ``over``: by how much it shows more than the flats use, from .. to [%].
    """

    services: tuple[str, ...] = field(converter=tuple)
    quarters: tuple[str, ...] = field(converter=tuple)
    share: int = field(converter=_millionths)
    over: tuple[int, int] = field(converter=tuple)


@frozen(kw_only=True)
class Quarter:
    """Buildings of one kind in one place.

    ``share``: weight among the accounts. ``account``: the first account's number. ``flats``: fewest and most in a
    building. ``building`` and ``premises``: column -> value, or value -> weight.
    """

    prefix: str
    share: int
    flats: tuple[int, int] = field(converter=tuple)
    account: int
    building: dict[str, Any] = field(factory=dict)
    premises: dict[str, Any] = field(factory=dict)


@frozen(kw_only=True)
class Supply:
    """Services that come to quarters together.

    ``quarters``: their prefixes. ``metered``: share of flats with meters, which have them for all these services;
    ``possible``: share of the others where meters could stand. ``silence``, ``mishaps`` and ``misdeeds``: names of what
    happens here. ``fresh``: share of metered flats whose meters are installed in the eighteen months from the window's
    start on. ``dials``: the month's volume comes as readings of each meter, and some flats have two for a service.
    ``seasons``: first day and day after the last one of each season in which the services are provided.
    ``building`` and ``premises``: more columns, as those of :class:`Quarter`.
    """

    quarters: tuple[str, ...] = field(converter=tuple)
    services: tuple[str, ...] = field(converter=tuple)
    metered: int = field(converter=_millionths, default=0)
    possible: int = field(converter=_millionths, default=0)
    fresh: int = field(converter=_millionths, default=0)
    dials: bool = False
    seasons: tuple[tuple[str, str], ...] = field(converter=_spans, default=())
    silence: str = ""
    mishaps: tuple[str, ...] = field(converter=tuple, default=())
    misdeeds: tuple[str, ...] = field(converter=tuple, default=())
    building: dict[str, Any] = field(factory=dict)
    premises: dict[str, Any] = field(factory=dict)


@frozen(kw_only=True)
class Flaw:
    """A way in which a column is spoiled.

    ``owner``: the column that names the account (or the building) of a row. ``where``: column -> cells, only such rows.
    ``code``: the code with which a run refuses it, if it is used; empty where nothing can be seen in the data.
    """

    table: str
    column: str
    kind: str
    owner: str = "id"
    where: dict[str, list[str]] = field(factory=dict)
    code: str = ""
    table_of_buildings: bool = False


@frozen(kw_only=True)
class Profile:
    """A city.

    ``history``: past months supplied [month]. ``houses``: meters of buildings by what they are called.
    ``tables``: table -> how facts become columns, as :mod:`kommres.synth.tables` says.
    ``spoiled_building``: most flats of a building that may get a flaw of the building itself.
    """

    title: str
    history: int
    households: Households
    uses: dict[str, Use]
    houses: dict[str, HouseMeter]
    silences: dict[str, Silence]
    mishaps: dict[str, Mishap]
    misdeeds: dict[str, Misdeed]
    quarters: tuple[Quarter, ...]
    supplies: tuple[Supply, ...]
    tables: dict[str, Any]
    dirt: tuple[Flaw, ...]
    spoiled_building: int

    @property
    def services(self) -> tuple[str, ...]:
        """All services."""
        return tuple(dict.fromkeys(service for supply in self.supplies for service in supply.services))


def read_profile(*sources: Traversable) -> Profile:
    """Read a profile; the parts that several files bring are put together.

    Raises
    ------
    UsageError
        U0401 where a file is not TOML, two of them say different things, or they do not say what a city needs.
    """
    table: dict[str, Any] = {}
    for source in sources:
        _join(table, _toml(source), str(source), ())
    place = ", ".join(map(str, sources))
    profile = Profile(
        title=_get(table, "title", place),
        history=_get(table, "history", place),
        households=_build(Households, _get(table, "households", place), f"{place} [households]"),
        uses=_named(Use, _get(table, "uses", place), f"{place} [uses."),
        houses=_named(HouseMeter, table.get("houses", {}), f"{place} [houses."),
        silences=_named(Silence, table.get("silences", {}), f"{place} [silences."),
        mishaps=_named(Mishap, table.get("mishaps", {}), f"{place} [mishaps."),
        misdeeds=_named(Misdeed, table.get("misdeeds", {}), f"{place} [misdeeds."),
        quarters=_listed(Quarter, _get(table, "quarters", place), f"{place} [[quarters]]"),
        supplies=_listed(Supply, _get(table, "supplies", place), f"{place} [[supplies]]"),
        tables=_get(table, "tables", place),
        dirt=_listed(Flaw, table.get("dirt", []), f"{place} [[dirt]]"),
        spoiled_building=table.get("spoiled_building", 4),
    )
    _check_names(profile, place)
    return profile


def _check_names(profile: Profile, place: str) -> None:
    prefixes = tuple(quarter.prefix for quarter in profile.quarters)
    for name, house in profile.houses.items():
        for part, names, known in (
            ("quarters", set(house.quarters), prefixes),
            ("services", set(house.services), tuple(profile.uses)),
        ):
            if strange := sorted(names - set(known)):
                raise _bad(f"{place} [houses.{name}]", f"{part} {strange[0]!r}", f"there are {', '.join(known)}")
    for number, supply in enumerate(profile.supplies, start=1):
        for part, names, known in (
            ("quarters", set(supply.quarters), prefixes),
            ("silence", {supply.silence} - {""}, tuple(profile.silences)),
            ("mishaps", set(supply.mishaps), tuple(profile.mishaps)),
            ("misdeeds", set(supply.misdeeds), tuple(profile.misdeeds)),
        ):
            if strange := sorted(names - set(known)):
                raise _bad(f"{place} [[supplies]] {number}", f"{part} {strange[0]!r}", f"there are {', '.join(known)}")
    served = [(prefix, service) for s in profile.supplies for prefix in s.quarters for service in s.services]
    for pair in served:
        if served.count(pair) > 1:
            raise _bad(f"{place} [[supplies]]", f"{pair[1]} comes to {pair[0]} twice", "a service comes in one supply")


def _toml(source: Traversable) -> dict[str, Any]:
    try:
        return tomllib.loads(source.read_text("utf-8"), parse_float=Decimal)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as cause:
        raise _bad(str(source), "the profile cannot be read", str(cause)) from cause


def _join(table: dict[str, Any], part: dict[str, Any], place: str, path: tuple[str, ...]) -> None:
    """Add a part: tables are joined, lists are strung together, single values stand in one part only."""
    for name, value in part.items():
        old = table.get(name)
        if old is None:
            table[name] = value
        elif isinstance(old, dict) and isinstance(value, dict):
            _join(old, value, place, (*path, name))
        elif isinstance(old, list) and isinstance(value, list):
            table[name] = old + value
        elif old != value:
            raise _bad(place, f"{'.'.join((*path, name))} = {value!r}", f"another part of the profile says {old!r}")


def _named(kind: type[_T], tables: Mapping[str, Any], place: str) -> dict[str, _T]:
    return {name: _build(kind, part, f"{place}{name}]") for name, part in tables.items()}


def _listed(kind: type[_T], tables: Sequence[Mapping[str, Any]], place: str) -> tuple[_T, ...]:
    return tuple(_build(kind, part, f"{place} {number}") for number, part in enumerate(tables, start=1))


def _get(table: Mapping[str, Any], name: str, place: str) -> Any:  # noqa: ANN401 - TOML holds anything
    if name not in table:
        raise _bad(place, f"no {name!r}", "a city needs it")
    return table[name]


def _build(kind: type[_T], table: Mapping[str, Any], place: str) -> _T:
    known = {part.name for part in attrs.fields(kind)}  # type: ignore[arg-type]
    if strange := sorted(set(table) - known):
        raise _bad(place, f"{strange[0]!r} is not a part of it", f"the parts are {', '.join(sorted(known))}")
    try:
        return kind(**table)
    except (TypeError, ValueError) as cause:
        raise _bad(place, "a part is missing or wrong", str(cause)) from cause


def _bad(place: str, found: str, why: str) -> UsageError:
    return UsageError(found, code="U0401", where=place, why=why, todo="correct the profile of the city")
