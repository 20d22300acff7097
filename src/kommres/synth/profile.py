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
    """Use of a service: thousandths of its unit a person and day, ``middle`` give or take ``spread``."""

    middle: int
    spread: int


@frozen(kw_only=True)
class Quarter:
    """Buildings of one kind in one place.

    ``share``: weight among the accounts. ``account``: the first account's number. ``flats``: fewest and most in a
    building. ``building`` and ``premises``: column -> value, or value -> weight. ``services``: those that the buildings
    have. ``metered``: share of flats with meters; ``possible``: share of the others where a meter could stand.
    ``silence``, ``mishaps`` and ``misdeeds``: names of what happens here.
    ``fresh``: share of metered flats whose meters are installed in the eighteen months from the window's start on.
    ``dials``: the month's volume comes as readings of each meter, and some flats have two for a service.
    """

    prefix: str
    share: int
    flats: tuple[int, int] = field(converter=tuple)
    account: int
    services: tuple[str, ...] = field(converter=tuple)
    metered: int = field(converter=_millionths)
    possible: int = field(converter=_millionths, default=0)
    fresh: int = field(converter=_millionths, default=0)
    dials: bool = False
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

    ``history``: past months supplied [month]. ``tables``: table -> how facts become columns, as
    :mod:`kommres.synth.tables` says.
    ``spoiled_building``: most flats of a building that may get a flaw of the building itself.
    """

    title: str
    history: int
    households: Households
    uses: dict[str, Use]
    silences: dict[str, Silence]
    mishaps: dict[str, Mishap]
    misdeeds: dict[str, Misdeed]
    quarters: tuple[Quarter, ...]
    tables: dict[str, Any]
    dirt: tuple[Flaw, ...]
    spoiled_building: int

    @property
    def services(self) -> tuple[str, ...]:
        """All services of all quarters."""
        return tuple(dict.fromkeys(service for quarter in self.quarters for service in quarter.services))


def read_profile(source: Traversable) -> Profile:
    """Read a profile.

    Raises
    ------
    UsageError
        U0401 where it is not TOML or does not say what a city needs.
    """
    try:
        text = source.read_text("utf-8")
        table = tomllib.loads(text, parse_float=Decimal)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as cause:
        raise _bad(str(source), "the profile cannot be read", str(cause)) from cause
    place = str(source)
    profile = Profile(
        title=_get(table, "title", place),
        history=_get(table, "history", place),
        households=_build(Households, _get(table, "households", place), f"{place} [households]"),
        uses=_named(Use, _get(table, "uses", place), f"{place} [uses."),
        silences=_named(Silence, table.get("silences", {}), f"{place} [silences."),
        mishaps=_named(Mishap, table.get("mishaps", {}), f"{place} [mishaps."),
        misdeeds=_named(Misdeed, table.get("misdeeds", {}), f"{place} [misdeeds."),
        quarters=_listed(Quarter, _get(table, "quarters", place), f"{place} [[quarters]]"),
        tables=_get(table, "tables", place),
        dirt=_listed(Flaw, table.get("dirt", []), f"{place} [[dirt]]"),
        spoiled_building=table.get("spoiled_building", 4),
    )
    for number, quarter in enumerate(profile.quarters, start=1):
        for part, names, known in (
            ("silence", {quarter.silence} - {""}, tuple(profile.silences)),
            ("mishaps", set(quarter.mishaps), tuple(profile.mishaps)),
            ("misdeeds", set(quarter.misdeeds), tuple(profile.misdeeds)),
        ):
            if strange := sorted(names - set(known)):
                raise _bad(f"{place} [[quarters]] {number}", f"{part} {strange[0]!r}", f"there are {', '.join(known)}")
    return profile


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
