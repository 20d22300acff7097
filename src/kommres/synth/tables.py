"""Facts of a city become tables, with the names that the profile gives them.

A profile says for each table which facts its rows are made of (``rows``) and which column holds which (``columns``):

* ``buildings``: ``id``, ``area`` (of all flats), ``common_area``, the columns of its quarter, and for each kind of
  meters of buildings ``kind.house``, the volume of the month, ``kind.house_mean``, that of a month of the last year,
  and ``kind.house_metered``;
* ``flats``: ``id building number area rooms owners residents everybody living everybody_living everybody_area``, the
  columns of its quarter, and for each service, written ``service.fact``: ``connected metered possible volume
  silent_since``.
  ``residents``, ``everybody`` (of a shared flat, else empty) and ``metered`` are those of the month's first day;
  ``living`` is the living area of a room of a shared flat, ``everybody_living`` that of all its rooms,
  ``everybody_area`` the area of the flat;
* ``residents``: ``flat day residents everybody``, changes of their number inside the month;
* ``fittings``: ``flat service day metered``, meters installed inside the month;
* ``meters``: ``id flat service digits before now rolled``, where the month's volume comes as readings;
* ``absences``: ``flat start end people applied proven``, those that touch the month, applied for by its end;
* ``troubles``: ``flat service mishap start end``, those that touch the month;
* ``acts``: ``flat service misdeed since found removed``, those of the month;
* ``history``: ``flat service month volume``, past months;
* ``house_history``: ``building service month volume``, past months of the meters of buildings, ``service`` their kind;
* ``seasons``: ``building service start end``, the seasons of a supply; ``service`` is its first one.

A column is a fact's name, a table with ``fact`` and ``words`` (value -> cell; a value not listed gives an empty cell),
or one with ``any``, a list of facts of which the first counts that is there and not no. ``need`` names facts without
which a row is left out; ``only`` gives facts and the values that rows are kept for. Rows may be kept for some services
with ``services``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
from attrs import frozen

from kommres.columns.arrow import require_arrow
from kommres.errors import UsageError
from kommres.synth import texts
from kommres.synth.dice import Numbers
from kommres.synth.profile import Profile
from kommres.synth.town import Drawn, Town, house_volume
from kommres.synth.window import Span

if TYPE_CHECKING:
    import pyarrow as pa  # noqa: TC004 - loaded when it is needed

    from kommres.synth.dice import Marks
    from kommres.synth.meters import Meters
    from kommres.synth.town import Supplied

Fact: TypeAlias = Callable[[], "pa.Array"]


@frozen(kw_only=True, eq=False)
class Facts:
    """Rows of one kind. ``owners``: place of each row's flat, or building, in ascending order. ``found``: by name."""

    owners: Numbers
    found: dict[str, Fact]


@frozen(kw_only=True, eq=False)
class Made:
    """A table of a month, all cells text. ``owners``: as those of :class:`Facts`."""

    owners: Numbers
    columns: dict[str, pa.Array]


@frozen(kw_only=True, eq=False)
class View:
    """A town in one month. ``at``: its place in the window."""

    town: Town
    profile: Profile
    seed: int
    month: Span
    at: int

    def flats(self, places: Numbers) -> pa.Array:
        """Return ids of flats."""
        return texts.whole(self.town.accounts[places])

    def buildings(self, places: Numbers) -> pa.Array:
        """Return ids of buildings."""
        return self.ids.take(require_arrow().array(places))

    @property
    def ids(self) -> pa.Array:
        """Ids of all buildings."""
        first = self.town.first
        numbers = range(first, first + len(self.town.bounds) - 1)
        return require_arrow().array([f"{self.town.quarter.prefix}-{number:05}" for number in numbers])


def table_of(view: View, name: str) -> Made:
    """Return the rows that a town brings to a month's table."""
    table = view.profile.tables[name]
    facts = _ROWS[table["rows"]](view)
    kept = _kept(facts, table)
    columns = {column: _cells(facts, spec) for column, spec in table["columns"].items()}
    if kept is not None:
        columns = {column: cells.filter(kept) for column, cells in columns.items()}
        return Made(owners=facts.owners[kept.to_numpy(zero_copy_only=False)], columns=columns)
    return Made(owners=facts.owners, columns=columns)


def check_tables(profile: Profile, place: str) -> None:
    """Refuse a profile whose tables cannot be made. Raises :class:`UsageError` (U0401)."""
    for name, table in profile.tables.items():
        rows, columns = table.get("rows"), table.get("columns")
        if rows not in _ROWS:
            found, why = f"rows = {rows!r}", f"rows are one of {', '.join(_ROWS)}"
        elif not isinstance(columns, dict) or not columns:
            found, why = "no columns", "a table has at least one"
        else:
            continue
        raise UsageError(
            found, code="U0401", where=f"{place} [tables.{name}]", why=why, todo="correct the profile of the city"
        )


def _kept(facts: Facts, table: dict[str, Any]) -> pa.Array | None:
    pa = require_arrow()
    only = {**table.get("only", {}), **({"service": table["services"]} if "services" in table else {})}
    masks = [_fact(facts, fact).is_valid() for fact in table.get("need", ())]
    masks += [
        pa.compute.is_in(_fact(facts, fact), pa.array([texts.shown(value) for value in values], "string"))
        for fact, values in only.items()
    ]
    kept = None
    for mask in masks:
        kept = mask if kept is None else pa.compute.and_(kept, mask)
    return kept


def _cells(facts: Facts, spec: str | dict[str, Any]) -> pa.Array:
    if isinstance(spec, str):
        return _fact(facts, spec)
    pa = require_arrow()
    if "any" in spec:
        return _any([_fact(facts, name) for name in spec["any"]])
    known = pa.array([texts.shown(value) for value in spec["words"]], "string")
    cells = pa.array([texts.shown(value) for value in spec["words"].values()], "string")
    return cells.take(pa.compute.index_in(_fact(facts, spec["fact"]), known))


def _any(several: list[pa.Array]) -> pa.Array:
    compute = require_arrow().compute
    found = several[0]
    for other in several[1:]:
        kept = compute.fill_null(compute.not_equal(found, "no"), fill_value=False)
        found = compute.if_else(kept, found, compute.coalesce(other, found))
    return found


def _fact(facts: Facts, name: str) -> pa.Array:
    pa = require_arrow()
    return facts.found[name]() if name in facts.found else pa.nulls(len(facts.owners), "string")


# --- kinds of rows -------------------------------------------------------------------------------------------


def _buildings(view: View) -> Facts:
    town = view.town
    area = np.add.reduceat(town.area, town.bounds[:-1])
    found: dict[str, Fact] = {name: partial(_drawn, drawn) for name, drawn in town.building.items()}
    found |= {
        "id": lambda: view.ids,
        "area": lambda: texts.tenths(area),
        "common_area": lambda: texts.tenths(area * 12 // 100),
    }
    for name in view.profile.houses:
        found |= {f"{name}.{fact}": cells for fact, cells in _house(view, name).items()}
    return Facts(owners=np.arange(len(area)), found=found)


def _drawn(drawn: Drawn) -> pa.Array:
    return texts.words(drawn.values, drawn.places)


def _house(view: View, name: str) -> dict[str, Fact]:
    volume = house_volume(view.town, view.profile, name, view.seed)
    if volume is None:
        volume = np.full((len(view.town.bounds) - 1, len(view.town.window)), -1)
    now = volume[:, view.at]
    year = [at for at, month in enumerate(view.town.window) if month.name[:4] < view.month.name[:4]][-12:]
    mean = volume[:, year].mean(axis=1).astype(np.int64) if year else now
    return {
        "house": lambda: texts.thousandths(now, now >= 0),
        "house_mean": lambda: texts.thousandths(mean, mean >= 0),
        "house_metered": lambda: texts.yes(now >= 0),
    }


def _flats(view: View) -> Facts:
    town, people = view.town, view.town.residents
    places = np.arange(len(town.accounts))
    here = people.before[:, view.at]
    shared = people.neighbours > 0
    living = town.area * 65 // 100
    found: dict[str, Fact] = {name: partial(_drawn, drawn) for name, drawn in town.premises.items()}
    found |= {
        "id": lambda: view.flats(places),
        "building": lambda: view.buildings(town.houses),
        "number": lambda: texts.whole(places - town.bounds[town.houses] + 1),
        "area": lambda: texts.tenths(town.area),
        "rooms": lambda: texts.whole(town.rooms),
        "owners": lambda: texts.whole(town.owners),
        "residents": lambda: texts.whole(here),
        "everybody": lambda: texts.whole(here + people.neighbours, shared),
        "living": lambda: _shared(texts.tenths(living), shared),
        "everybody_area": lambda: _shared(texts.tenths(town.area * (2 + people.neighbours // 2)), shared),
        "everybody_living": lambda: _shared(texts.tenths(living * (2 + people.neighbours // 2)), shared),
    }
    for supplied in town.supplied:
        for service in supplied.supply.services:
            found |= {f"{service}.{name}": fact for name, fact in _service(view, supplied, service).items()}
    nowhere = np.zeros(len(places), np.bool_)
    for service in view.profile.services:
        for name in ("connected", "possible", "metered"):
            found.setdefault(f"{service}.{name}", lambda: texts.yes(nowhere))
    return Facts(owners=places, found=found)


def _shared(cells: pa.Array, shared: Marks) -> pa.Array:
    pa = require_arrow()
    return pa.compute.if_else(pa.array(shared), cells, pa.scalar(None, cells.type))


def _service(view: View, supplied: Supplied, service: str) -> dict[str, Fact]:
    count, at = len(view.town.accounts), view.at
    metered = np.zeros(count, np.bool_)
    volume = np.full(count, -1)
    silent = np.zeros(count, np.int64)
    meters = supplied.meters.get(service)
    if meters is not None:
        metered[meters.flats] = meters.installed <= view.month.start
        silent = supplied.silent[:, at]
        if not supplied.supply.dials:
            volume[meters.flats] = meters.volume[:, at]
    return {
        "connected": lambda: texts.yes(np.ones(count, np.bool_)),
        "possible": lambda: texts.yes(supplied.possible),
        "metered": lambda: texts.yes(metered),
        "volume": lambda: texts.thousandths(volume, volume >= 0),
        "silent_since": lambda: texts.days(silent, silent > 0),
    }


def _residents(view: View) -> Facts:
    people = view.town.residents
    places = np.flatnonzero(people.changed[:, view.at])
    count, beside = people.after[places, view.at], people.neighbours[places]
    return Facts(
        owners=places,
        found={
            "flat": lambda: view.flats(places),
            "day": lambda: texts.days(people.changed[places, view.at]),
            "residents": lambda: texts.whole(count),
            "everybody": lambda: texts.whole(count + beside, beside > 0),
        },
    )


def _metered(view: View) -> Iterator[tuple[int, str, Supplied, Meters]]:
    """Yield all services with meters and their numbers among the services of the city."""
    for supplied in view.town.supplied:
        for service, meters in supplied.meters.items():
            yield view.profile.services.index(service), service, supplied, meters


def _sorted(parts: list[dict[str, Numbers]]) -> dict[str, Numbers]:
    """Put rows of services together, in order of flats and services; each part has ``flats``."""
    names = list(parts[0]) if parts else ["flats", "service"]
    none = np.zeros(0, np.int64)
    cells = {name: np.concatenate([none, *(part[name] for part in parts)]) for name in names}
    order = np.lexsort((cells["service"], cells["flats"]))
    return {name: column[order] for name, column in cells.items()}


def _fittings(view: View) -> Facts:
    parts = []
    for number, _, _, meters in _metered(view):
        new = (meters.installed > view.month.start) & (meters.installed < view.month.end)
        flats = meters.flats[new]
        parts.append({"flats": flats, "service": np.full(len(flats), number), "day": meters.installed[new]})
    rows = _sorted(parts or [_none("day")])
    return Facts(
        owners=rows["flats"],
        found={
            "flat": lambda: view.flats(rows["flats"]),
            "service": lambda: texts.words(view.profile.services, rows["service"]),
            "day": lambda: texts.days(rows["day"]),
            "metered": lambda: texts.words(("yes",), rows["service"] * 0),
        },
    )


def _meters(view: View) -> Facts:
    parts = []
    for number, _, supplied, meters in _metered(view):
        if not supplied.supply.dials:
            continue
        for which, dials in enumerate(meters.dials, start=1):
            there = dials.there & meters.works[:, view.at]
            flats = meters.flats[there]
            parts.append(
                {
                    "flats": flats,
                    "service": np.full(len(flats), number),
                    "which": np.full(len(flats), which),
                    "digits": dials.digits[there],
                    "before": dials.before[there, view.at],
                    "now": dials.now[there, view.at],
                    "rolled": dials.rolled[there, view.at].astype(np.int64),
                }
            )
    rows = _sorted(parts or [_none("which", "digits", "before", "now", "rolled")])
    return Facts(
        owners=rows["flats"],
        found={
            "id": lambda: _dial_ids(view, rows),
            "flat": lambda: view.flats(rows["flats"]),
            "service": lambda: texts.words(view.profile.services, rows["service"]),
            "digits": lambda: texts.whole(rows["digits"]),
            "before": lambda: texts.thousandths(rows["before"]),
            "now": lambda: texts.thousandths(rows["now"], rows["now"] >= 0),
            "rolled": lambda: texts.yes(rows["rolled"] > 0),
        },
    )


def _dial_ids(view: View, rows: dict[str, Numbers]) -> pa.Array:
    join = require_arrow().compute.binary_join_element_wise
    initials = [service[0] for service in view.profile.services]
    kinds = join(texts.words(initials, rows["service"]), texts.whole(rows["which"]), "")
    return join(view.flats(rows["flats"]), kinds, "-")


def _absences(view: View) -> Facts:
    away, month = view.town.residents.absences, view.month
    here = np.flatnonzero((away.start < month.end) & (away.end > month.start) & (away.applied < month.end))
    return Facts(
        owners=away.flats[here],
        found={
            "flat": lambda: view.flats(away.flats[here]),
            "start": lambda: texts.days(away.start[here]),
            "end": lambda: texts.days(away.end[here]),
            "people": lambda: texts.whole(away.people[here]),
            "applied": lambda: texts.days(away.applied[here]),
            "proven": lambda: texts.yes(away.proven[here]),
        },
    )


def _troubles(view: View) -> Facts:
    month, parts = view.month, []
    names = list(view.profile.mishaps)
    for number, _, supplied, meters in _metered(view):
        found = meters.troubles
        here = (found.start < month.end) & (found.end > month.start)
        flats = meters.flats[found.flats[here]]
        own = np.array([names.index(name) for name in supplied.supply.mishaps] or [0])
        parts.append(
            {
                "flats": flats,
                "service": np.full(len(flats), number),
                "mishap": own[found.mishaps[here]],
                "start": found.start[here],
                "end": found.end[here],
            }
        )
    rows = _sorted(parts or [_none("mishap", "start", "end")])
    return Facts(
        owners=rows["flats"],
        found={
            "flat": lambda: view.flats(rows["flats"]),
            "service": lambda: texts.words(view.profile.services, rows["service"]),
            "mishap": lambda: texts.words(names, rows["mishap"]),
            "start": lambda: texts.days(rows["start"]),
            # What ends next month is not known to have ended.
            "end": lambda: texts.days(rows["end"], rows["end"] < month.end),
        },
    )


def _acts(view: View) -> Facts:
    month, parts = view.month, []
    names, services = list(view.profile.misdeeds), view.profile.services
    for supplied in view.town.supplied:
        acts = supplied.acts
        here = (acts.found >= month.start) & (acts.found < month.end)
        kinds = np.array([names.index(name) for name in acts.misdeeds] or [0])
        about = np.array([services.index(service) for service in acts.services] or [0])
        parts.append(
            {
                "flats": acts.flats[here],
                "service": about[acts.service[here]],
                "misdeed": kinds[acts.misdeed[here]],
                "since": acts.since[here],
                "found": acts.found[here],
                "removed": acts.removed[here],
            }
        )
    rows = _sorted(parts or [_none("misdeed", "since", "found", "removed")])
    return Facts(
        owners=rows["flats"],
        found={
            "flat": lambda: view.flats(rows["flats"]),
            "service": lambda: texts.words(services, rows["service"]),
            "misdeed": lambda: texts.words(names, rows["misdeed"]),
            "since": lambda: texts.days(rows["since"]),
            "found": lambda: texts.days(rows["found"]),
            "removed": lambda: texts.days(rows["removed"]),
        },
    )


def _history(view: View) -> Facts:
    past = range(view.at - view.profile.history, view.at)
    parts = []
    for number, _, _, meters in _metered(view):
        volumes = meters.volume[:, past.start : past.stop]
        flats, months = np.nonzero(volumes >= 0)
        parts.append(
            {
                "flats": meters.flats[flats],
                "service": np.full(len(flats), number),
                "month": months,
                "volume": volumes[flats, months],
            }
        )
    rows = _sorted(parts or [_none("month", "volume")])
    names = [str(view.town.window[at]) for at in past]
    return Facts(
        owners=rows["flats"],
        found={
            "flat": lambda: view.flats(rows["flats"]),
            "service": lambda: texts.words(view.profile.services, rows["service"]),
            "month": lambda: texts.words(names, rows["month"]),
            "volume": lambda: texts.thousandths(rows["volume"]),
        },
    )


def _house_history(view: View) -> Facts:
    past = range(view.at - view.profile.history, view.at)
    kinds = list(view.profile.houses)
    parts = []
    for number, name in enumerate(kinds):
        volumes = house_volume(view.town, view.profile, name, view.seed)
        if volumes is None:
            continue
        houses, months = np.nonzero(volumes[:, past.start : past.stop] >= 0)
        parts.append(
            {
                "flats": houses,
                "service": np.full(len(houses), number),
                "month": months,
                "volume": volumes[houses, months + past.start],
            }
        )
    rows = _sorted(parts or [_none("month", "volume")])
    names = [str(view.town.window[at]) for at in past]
    return Facts(
        owners=rows["flats"],
        found={
            "building": lambda: view.buildings(rows["flats"]),
            "service": lambda: texts.words(kinds, rows["service"]),
            "month": lambda: texts.words(names, rows["month"]),
            "volume": lambda: texts.thousandths(rows["volume"]),
        },
    )


def _seasons(view: View) -> Facts:
    here = [(part.supply.services[0], *season) for part in view.town.supplied for season in part.supply.seasons]
    houses = np.repeat(np.arange(len(view.town.bounds) - 1), len(here))
    places = np.tile(np.arange(len(here)), len(view.town.bounds) - 1)
    services, starts, ends = zip(*here, strict=True) if here else ((), (), ())
    return Facts(
        owners=houses,
        found={
            "building": lambda: view.buildings(houses),
            "service": lambda: texts.words(services, places),
            "start": lambda: texts.words(starts, places),
            "end": lambda: texts.words(ends, places),
        },
    )


def _none(*names: str) -> dict[str, Numbers]:
    return {name: np.zeros(0, np.int64) for name in ("flats", "service", *names)}


_ROWS: Final[dict[str, Callable[[View], Facts]]] = {
    "buildings": _buildings,
    "flats": _flats,
    "residents": _residents,
    "fittings": _fittings,
    "meters": _meters,
    "absences": _absences,
    "troubles": _troubles,
    "acts": _acts,
    "history": _history,
    "house_history": _house_history,
    "seasons": _seasons,
}
