"""Look-ups in parameters on two time axes: valid on a day, known at a day.

One :class:`Table` a parameter and run. It holds only what was known at the run's ``known_at``, with later editions laid
over earlier ones, so that a look-up is a dictionary access and a bisection.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import date
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

from attrs import define, field

from kommres.dsl.backends.frame import Number, plain
from kommres.dsl.bound.nodes import Param, ParamRow, Value
from kommres.dsl.lookalike import nearest_hint
from kommres.dsl.problems import DataProblem
from kommres.dsl.quantity import day as show_day
from kommres.dsl.quantity import exact

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Keys: TypeAlias = tuple[object, ...]
Override: TypeAlias = tuple[tuple[object, ...] | None, Value]
Bracket: TypeAlias = tuple[Number | None, Number | None, ParamRow]

#: Before any day: the start of an undated value.
ALWAYS = -1
#: so many look-ups that missed are remembered
_MISSES = 10_000


class Miss(DataProblem):
    """A look-up that misses or a division by zero: what ``else`` may replace, inside the definition that wrote it."""


@define(eq=False)
class Series:
    """All values of one key (brackets included) in order of their first day; ``ends[i]`` None: until further notice."""

    starts: list[int] = field(factory=list)
    ends: list[int | None] = field(factory=list)
    rows: list[ParamRow] = field(factory=list)
    complete_until: int | None = None

    def at(self, day: int) -> ParamRow | None:
        """Return the row in force on a day, or None."""
        index = bisect_right(self.starts, day) - 1
        if index < 0:
            return None
        end = self.ends[index]
        return self.rows[index] if end is None or day < end else None


def timeline(rows: Sequence[ParamRow]) -> Series:
    """Lay the editions of one key over each other.

    A later edition takes away all that earlier ones say from its own first day on. Inside an edition a row holds until
    its ``until`` or the next row.
    """
    laid: list[tuple[int, int | None, ParamRow]] = []
    for known in sorted({row.known_from or ALWAYS for row in rows}):
        edition = sorted((r for r in rows if (r.known_from or ALWAYS) == known), key=_start)
        first = _start(edition[0])
        laid = [(start, first if end is None or end > first else end, row) for start, end, row in laid if start < first]
        for row, following in zip(edition, [*edition[1:], None], strict=True):
            end = row.until
            if following is not None and (end is None or end > _start(following)):
                end = _start(following)
            laid.append((_start(row), end, row))
    stated = [row.complete_until for _, _, row in laid if row.complete_until is not None]
    return Series(
        starts=[start for start, _, _ in laid],
        ends=[end for _, end, _ in laid],
        rows=[row for _, _, row in laid],
        complete_until=stated[-1] if stated else None,
    )


def _start(row: ParamRow) -> int:
    return ALWAYS if row.start is None else row.start


class Table:
    """The values of a parameter as known at a day.

    Parameters
    ----------
    param
        The parameter with all its rows.
    known_at
        Day number; rows known later do not exist. None: everything is known.
    overrides
        ``(keys, value)`` that replace every look-up of these keys; keys None: of all.
    """

    def __init__(self, param: Param, known_at: int | None = None, overrides: Sequence[Override] = ()) -> None:
        self.param = param
        self.known_at = known_at
        self.bracket = next((i for i, key in enumerate(param.keys) if key.bracket), None)
        self.everywhere = next((_given(param, value) for keys, value in overrides if keys is None), None)
        self.given = {tuple(keys): _given(param, value) for keys, value in overrides if keys is not None}
        self.rows = tuple(r for r in param.rows if known_at is None or r.known_from is None or r.known_from <= known_at)
        undated = (
            len(self.rows) == 1 and self.rows[0].start is self.rows[0].until is self.rows[0].complete_until is None
        )
        #: whether every look-up gives the same row
        self.constant = self.everywhere is not None or (not param.keys and undated and param.complete_until is None)
        self._found: dict[tuple[Keys, int], ParamRow] = {}
        self._brackets: dict[tuple[Keys, int], tuple[Bracket, ...]] = {}
        self._missed: dict[tuple[Keys, int], tuple[str, str]] = {}

    @cached_property
    def series(self) -> dict[Keys, list[Series]]:
        """All values by their keys without the bracket: laid out when they are first asked for."""
        grouped: dict[Keys, list[ParamRow]] = {}
        for row in self.rows:
            grouped.setdefault(row.keys, []).append(row)
        found: dict[Keys, list[Series]] = {}
        for keys, rows in grouped.items():
            found.setdefault(self._fixed(keys), []).append(timeline(rows))
        return found

    @cached_property
    def _changes(self) -> list[int]:
        return sorted(set(self._change_days()))

    @cached_property
    def inside_months(self) -> bool:
        """Whether it changes on a day that begins no month."""
        days = () if self.everywhere is not None else self._changes
        return any(day > 0 and date.fromordinal(day).day > 1 for day in days)

    def _fixed(self, keys: Keys) -> Keys:
        """Return the keys without the bracket."""
        return keys if self.bracket is None else keys[: self.bracket] + keys[self.bracket + 1 :]

    def _change_days(self) -> Iterator[int]:
        limits = [self.param.complete_until]
        for many in self.series.values():
            for series in many:
                yield from series.starts
                limits.extend(series.ends)
                limits.append(series.complete_until)
        yield from (day for day in limits if day is not None)

    def changes(self, start: int, end: int) -> list[int]:
        """Return the days inside ``start + 1 .. end - 1`` on which some value of the table changes."""
        if self.everywhere is not None:
            return []
        return self._changes[bisect_right(self._changes, start) : bisect_right(self._changes, end - 1)]

    def settled(self, start: int, end: int) -> bool:
        """Whether each key has one value from ``start`` until ``end``; brackets are looked up by what they hold."""
        return self.bracket is None and not self.changes(start, end)

    # look-ups --------------------------------------------------------------------------------------------

    def find(self, keys: Keys, day: int) -> ParamRow:
        """Return the row for all keys on a day. Raises :class:`Miss` (D0201, D0202, D0203)."""
        row = self._found.get((keys, day))
        if row is not None:
            return row
        if self.everywhere is not None:
            return self.everywhere
        given = self.given.get(keys)
        if given is not None:
            return given
        if None in keys:
            raise DataProblem("D0405", f"a key of {self.param.name} is absent", field=self.param.name)
        if self.bracket is not None:
            return self._in_bracket(keys, day, self.bracket)
        many = self._series_of(keys, day)
        row = self._on_day(many, keys, day)
        self._found[keys, day] = row
        return row

    def _series_of(self, keys: Keys, day: int) -> list[Series]:
        """Return the values of some keys. Raises what a look-up on this day raised before, or that there are none."""
        missed = self._missed.get((keys, day))
        if missed is not None:
            raise self._miss(*missed)
        many = self.series.get(keys)
        if many is None:
            raise self._remembered(keys, day, self._no_key(keys))
        return many

    def _in_bracket(self, keys: Keys, day: int, position: int) -> ParamRow:
        wanted: Any = keys[position]
        brackets = self.brackets(self._fixed(keys), day)
        place = _holding(brackets, wanted)
        if place is not None:
            return brackets[place][2]
        bands = ", ".join(_band(low, high) for low, high, _ in brackets)
        name = self.param.keys[position].name
        raise self._miss(
            "D0201", f"no bracket of {self._where(keys)} holds {name} = {_show(wanted)}; there are {bands}"
        )

    def brackets(self, keys: Keys, day: int) -> tuple[Bracket, ...]:
        """Return the brackets in force on a day, lowest first, for the keys without the bracket.

        Where a newer row overlaps older ones, the newer one counts. Raises :class:`Miss`.
        """
        found = self._brackets.get((keys, day))
        if found is not None:
            return found
        if self.everywhere is not None:
            return ((None, None, self.everywhere),)
        many = self._series_of(keys, day)
        self._check_complete(many, keys, day)
        rows = [row for series in many if (row := series.at(day)) is not None]
        if not rows:
            raise self._remembered(keys, day, self._no_day(many, keys, day))
        position = self.bracket or 0
        kept: list[Bracket] = []
        for row in sorted(rows, key=_start, reverse=True):
            low, high = _ends(row, position)
            if not any(_overlap((low, high), other) for other in kept if _start(other[2]) != _start(row)):
                kept.append((low, high, row))
        result = sorted(kept, key=_lowest)
        for given, row in self.given.items():
            place = _holding(result, given[position]) if self._fixed(given) == keys else None
            if place is not None:  # a value given for one quantity holds for its whole bracket
                result[place] = (*result[place][:2], row)
        self._brackets[keys, day] = tuple(result)
        return self._brackets[keys, day]

    def values_of_brackets(self, keys: Keys, day: int) -> tuple[tuple[Number | None, Number | None, Value], ...]:
        """Return the brackets in force on a day with their values: two days on which they are equal are alike."""
        return tuple([(low, high, row.value) for low, high, row in self.brackets(keys, day)])

    def tiers(self, volume: Number, keys: Keys, day: int, scale: Number | None = None) -> tuple[Number, list[ParamRow]]:
        """Return the sum of (part of ``volume`` inside a bracket) x its value, and the rows that took part.

        Raises :class:`Miss` (D0201) where the brackets leave a part of the volume out.
        """
        total: Number = 0
        covered: Number = 0
        used: list[ParamRow] = []
        for low, high, row in self.brackets(keys, day):
            bottom: Number = 0 if low is None else low if scale is None else low * scale
            top = volume if high is None else min(volume, high if scale is None else high * scale)
            if top > bottom:
                covered += top - bottom
                value: Any = row.value  # a number, as of every parameter with tiers
                total += (top - bottom) * value
                used.append(row)
        if covered != volume:
            raise self._miss("D0201", f"the brackets of {self._where(keys)} do not cover the volume {exact(volume)}")
        return plain(total), used

    def _on_day(self, many: list[Series], keys: Keys, day: int) -> ParamRow:
        self._check_complete(many, keys, day)
        row = many[0].at(day)
        if row is None:
            raise self._remembered(keys, day, self._no_day(many, keys, day))
        return row

    def _check_complete(self, many: list[Series], keys: Keys, day: int) -> None:
        stated = [s.complete_until for s in many if s.complete_until is not None]
        limit = min(filter(None, (self.param.complete_until, max(stated, default=None))), default=None)
        if limit is not None and day >= limit:
            until = show_day(limit)
            message = (
                f"{self._where(keys)} is complete until {until} only, so its value on {show_day(day)} is not known"
            )
            raise self._remembered(keys, day, self._miss("D0203", message))

    # misses ----------------------------------------------------------------------------------------------

    def _miss(self, code: str, message: str) -> Miss:
        return Miss(code, message, field=self.param.name)

    def _remembered(self, keys: Keys, day: int, miss: Miss) -> Miss:
        """Return a miss; the next look-up of the same is told the same."""
        if len(self._missed) < _MISSES:
            self._missed[keys, day] = miss.code, miss.message
        return miss

    def _where(self, keys: Keys) -> str:
        inside = ", ".join(_show(k) for k in keys)
        return f"{self.param.name}[{inside}]" if keys else self.param.name

    def _later_editions(self, keys: Keys, day: int | None = None) -> str:
        """Say that the value exists but was not known yet."""
        if self.known_at is None:
            return ""
        days = sorted(
            row.known_from
            for row in self.param.rows
            if row.known_from is not None
            and row.known_from > self.known_at
            and self._fixed(row.keys) == keys
            and (day is None or _start(row) <= day)
        )
        if not days:
            return ""
        now = show_day(self.known_at)
        return f"; it is known only from {show_day(days[0])}, and this run knows what was known on {now}"

    def _no_key(self, keys: Keys) -> Miss:
        names = [key.name for i, key in enumerate(self.param.keys) if i != self.bracket]
        fixed = keys if len(keys) == len(names) else self._fixed(keys)
        possible = list(self.series)
        for position, (name, value) in enumerate(zip(names, fixed, strict=True)):
            known = sorted({k[position] for k in possible}, key=str)
            if value in known:
                possible = [k for k in possible if k[position] == value]
                continue
            before = ", ".join(f"{n} = {_show(v)}" for n, v in zip(names[:position], fixed, strict=False))
            hint = f" with {before}" if before else ""
            later = self._later_editions(fixed)
            return self._miss(
                "D0201", f"{self.param.name} has no {name} = {_show(value)}{hint}{later or nearest_hint(value, known)}"
            )
        later = self._later_editions(fixed)
        return self._miss("D0201", f"{self.param.name} has no row at all" + later)

    def _no_day(self, many: list[Series], keys: Keys, day: int) -> Miss:
        fixed = self._fixed(keys) if len(keys) == len(self.param.keys) else keys
        spans = sorted(
            {(start, end) for s in many for start, end in zip(s.starts, s.ends, strict=True)}, key=lambda p: p[0]
        )
        known = ", ".join(_span(start, end) for start, end in spans[:6]) + (", …" if len(spans) > 6 else "")
        later = self._later_editions(fixed, day)
        return self._miss(
            "D0202", f"{self._where(fixed)} has no value on {show_day(day)}; it has values {known}{later}"
        )


class MonthValues(dict[Any, Value]):
    """The values of a settled table by key (by tuple of keys, unless there is one), looked up once each."""

    def __init__(self, table: Table, day: int) -> None:
        self._table = table
        self._day = day
        self._many = len(table.param.keys) != 1

    def __missing__(self, key: Any) -> Value:  # noqa: ANN401 - a key of the table, or a tuple of them
        value = self[key] = self._table.find(key if self._many else (key,), self._day).value
        return value


def _given(param: Param, value: Value) -> ParamRow:
    return ParamRow(keys=(), start=None, until=None, known_from=None, value=value, source=f"given for {param.name}")


def _ends(row: ParamRow, position: int) -> tuple[Number | None, Number | None]:
    pair: Any = row.keys[position]
    return pair  # type: ignore[no-any-return]


def _holding(brackets: Sequence[Bracket], wanted: Any) -> int | None:  # noqa: ANN401 - a number, by the parameter's key
    """Return the place of the bracket that holds a value; of two that meet there, the lower one."""
    for place, (low, high, _) in enumerate(brackets):
        if (low is None or wanted >= low) and (high is None or wanted <= high):
            return place
    return None


def _lowest(bracket: Bracket) -> tuple[bool, Number]:
    low = bracket[0]
    return (low is not None, 0 if low is None else low)


def _overlap(own: tuple[Number | None, Number | None], other: Bracket) -> bool:
    (low, high), (other_low, other_high, _) = own, other
    below = low is None or other_high is None or low < other_high
    return below and (high is None or other_low is None or other_low < high)


def _show(value: object) -> str:
    if isinstance(value, int | Fraction) and not isinstance(value, bool):
        return exact(value)
    return f'"{value}"' if isinstance(value, str) else str(value)


def _band(low: Number | None, high: Number | None) -> str:
    return f"{'' if low is None else exact(low)}..{'' if high is None else exact(high)}"


def _span(start: int, end: int | None) -> str:
    since = "always" if start == ALWAYS else f"from {show_day(start)}"
    return since if end is None else f"{since} until {show_day(end)}"
