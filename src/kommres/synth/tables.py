"""Facts of a city become rows of tables, with the names that the profile gives them.

A profile says for each table which facts its rows are made of (``rows``) and which column holds which (``columns``):

* ``buildings``: ``id``, and the columns of its quarter;
* ``flats``: ``id building number area rooms owners residents everybody``, the columns of its quarter, and for each
  service, written ``service.fact``: ``connected metered possible volume silent_since``. ``residents``, ``everybody``
  (of a shared flat, else empty) and ``metered`` are those of the month's first day;
* ``residents``: ``flat day residents everybody``, changes of their number inside the month;
* ``fittings``: ``flat service day metered``, meters installed inside the month;
* ``meters``: ``id flat service digits before now rolled``, where the month's volume comes as readings;
* ``absences``: ``flat start end people applied proven``, those that touch the month, applied for by its end;
* ``troubles``: ``flat service mishap start end``, those that touch the month;
* ``acts``: ``flat service misdeed since found removed``, those of the month;
* ``history``: ``flat service month volume``, past months.

A column is a fact's name, or a table with ``fact`` and ``words`` (value -> cell; a value not listed gives an empty
cell). ``need`` names facts without which a row is left out; ``only`` gives facts and the values that rows are kept for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from kommres.errors import UsageError

if TYPE_CHECKING:
    from kommres.synth.city import Building, Flat
    from kommres.synth.profile import Profile, Quarter
    from kommres.synth.window import Span

Facts: TypeAlias = Mapping[str, Any]
Cells: TypeAlias = dict[str, str]


def rows_of(building: Building, month: Span, profile: Profile) -> Iterator[tuple[str, Cells]]:
    """Yield the rows that a building brings to a month's tables: name of the table and cells by column."""
    for name, table in profile.tables.items():
        need, only = table.get("need", ()), table.get("only", {})
        for facts in _ROWS[table["rows"]](building, month, profile):
            if all(facts.get(fact) is not None for fact in need) and all(facts.get(f) in only[f] for f in only):
                yield name, _cells(facts, table["columns"])


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


def _buildings(building: Building, _month: Span, _profile: Profile) -> Iterator[Facts]:
    yield {**building.columns, "id": building.id}


def _flats(building: Building, month: Span, profile: Profile) -> Iterator[Facts]:
    for flat in building.flats:
        here = flat.living(month)[month.start]
        facts: dict[str, Any] = {
            **flat.columns,
            "id": flat.id,
            "building": building.id,
            "number": flat.number,
            "area": _tenths(flat.area),
            "rooms": flat.rooms,
            "owners": flat.owners,
            "residents": here,
            "everybody": here + flat.neighbours if flat.neighbours else None,
        }
        for service in profile.services:
            facts.update(_service(flat, service, month, building.quarter))
        yield facts


def _service(flat: Flat, service: str, month: Span, quarter: Quarter) -> Facts:
    facts: dict[str, Any] = {"connected": service in flat.possible, "possible": flat.possible.get(service, False)}
    meters = flat.meters.get(service)
    facts["metered"] = meters is not None and meters.installed <= month.start
    if meters is not None:
        state = meters.states.get(month.number)
        if state is not None and state.volume is not None and not quarter.dials:
            facts["volume"] = _thousandths(state.volume)
        for silent in flat.silences:
            if month.number in silent.months:
                facts["silent_since"] = _iso(silent.since)
    return {f"{service}.{name}": value for name, value in facts.items()}


def _residents(building: Building, month: Span, _profile: Profile) -> Iterator[Facts]:
    for flat in building.flats:
        for day, count in flat.living(month).items():
            if day > month.start:
                everybody = count + flat.neighbours if flat.neighbours else None
                yield {"flat": flat.id, "day": _iso(day), "residents": count, "everybody": everybody}


def _fittings(building: Building, month: Span, _profile: Profile) -> Iterator[Facts]:
    for flat in building.flats:
        for service, meters in flat.meters.items():
            if month.start < meters.installed < month.end:
                yield {"flat": flat.id, "service": service, "day": _iso(meters.installed), "metered": True}


def _meters(building: Building, month: Span, _profile: Profile) -> Iterator[Facts]:
    if not building.quarter.dials:
        return
    for flat in building.flats:
        for service, meters in flat.meters.items():
            state = meters.states.get(month.number)
            readings = state.readings if state is not None else ()
            for number, (reading, digits) in enumerate(zip(readings, meters.digits, strict=False), start=1):
                yield {
                    "id": f"{flat.id}-{service[0]}{number}",
                    "flat": flat.id,
                    "service": service,
                    "digits": digits,
                    "before": _thousandths(reading.before),
                    "now": None if reading.now is None else _thousandths(reading.now),
                    "rolled": reading.rolled,
                }


def _absences(building: Building, month: Span, _profile: Profile) -> Iterator[Facts]:
    for flat in building.flats:
        for absence in flat.absences:
            if absence.start < month.end and absence.end > month.start and absence.applied < month.end:
                yield {
                    "flat": flat.id,
                    "start": _iso(absence.start),
                    "end": _iso(absence.end),
                    "people": absence.people,
                    "applied": _iso(absence.applied),
                    "proven": absence.proven,
                }


def _troubles(building: Building, month: Span, _profile: Profile) -> Iterator[Facts]:
    for flat in building.flats:
        for service, meters in flat.meters.items():
            for trouble in meters.troubles:
                if trouble.start < month.end and (trouble.end or month.end) > month.start:
                    # What ends next month is not known to have ended.
                    ended = trouble.end is not None and trouble.end < month.end
                    yield {
                        "flat": flat.id,
                        "service": service,
                        "mishap": trouble.mishap,
                        "start": _iso(trouble.start),
                        "end": _iso(trouble.end) if trouble.end is not None and ended else None,
                    }


def _acts(building: Building, month: Span, _profile: Profile) -> Iterator[Facts]:
    for flat in building.flats:
        for act in flat.acts:
            if month.start <= act.found < month.end:
                yield {
                    "flat": flat.id,
                    "service": act.service,
                    "misdeed": act.misdeed,
                    "since": _iso(act.since),
                    "found": _iso(act.found),
                    "removed": _iso(act.removed),
                }


def _history(building: Building, month: Span, profile: Profile) -> Iterator[Facts]:
    for flat in building.flats:
        for service, meters in flat.meters.items():
            for number in range(month.number - profile.history, month.number):
                state = meters.states.get(number)
                if state is not None and state.volume is not None:
                    yield {
                        "flat": flat.id,
                        "service": service,
                        "month": state.month,
                        "volume": _thousandths(state.volume),
                    }


_ROWS: Final = {
    "buildings": _buildings,
    "flats": _flats,
    "residents": _residents,
    "fittings": _fittings,
    "meters": _meters,
    "absences": _absences,
    "troubles": _troubles,
    "acts": _acts,
    "history": _history,
}


# --- cells ---------------------------------------------------------------------------------------------------


def _cells(facts: Facts, columns: Mapping[str, str | Mapping[str, Any]]) -> Cells:
    cells = {}
    for column, spec in columns.items():
        if isinstance(spec, str):
            value = facts.get(spec)
            cells[column] = value if isinstance(value, str) else _text(value)
        else:
            cells[column] = _text(spec["words"].get(_text(facts.get(spec["fact"]))))
    return cells


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _iso(day: int) -> str:
    return date.fromordinal(day).isoformat()


def _tenths(number: int) -> str:
    return f"{number // 10}.{number % 10}"


def _thousandths(number: int) -> str:
    return f"{number // 1000}.{number % 1000:03}"
