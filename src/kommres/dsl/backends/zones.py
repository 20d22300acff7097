"""Local days and instants: where a day begins in the time zone of a building."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAY_SECONDS = 86400
_EPOCH_DAY = dt.date(1970, 1, 1).toordinal()
#: Instants and days whose local time lies in the years 1 to 9999 in every zone. Beyond them the offset stays as it is
#: there, so that an interval which ends at the end of all years can be computed with.
_INSTANTS = (-719_162 * DAY_SECONDS + 2 * DAY_SECONDS, 2_932_897 * DAY_SECONDS - 2 * DAY_SECONDS)
_DAYS = (dt.date.min.toordinal() + 2, dt.date.max.toordinal() - 2)


class Zone:
    """A time zone; UTC where nothing else is known.

    >>> Zone.named("Asia/Irkutsk").instant(Zone.UTC.day(0), 480)
    0
    """

    UTC: Zone

    def __init__(self, info: ZoneInfo | None) -> None:
        self._info = info

    def __str__(self) -> str:
        return "UTC" if self._info is None else self._info.key

    @staticmethod
    @lru_cache(maxsize=64)
    def named(name: str) -> Zone:
        """Return the zone with an IANA name. Raises :class:`ValueError` if there is none."""
        if name in {"", "UTC"}:
            return Zone.UTC
        try:
            return Zone(ZoneInfo(name))
        except (ZoneInfoNotFoundError, OSError, ValueError):
            raise ValueError(name) from None

    def instant(self, day: int, minutes: int = 0) -> int:
        """Return the instant [s since 1970, UTC] of a local time; ``minutes`` after midnight, from 1440 later days."""
        more, minute = divmod(minutes, 1440)
        day += more
        if self._info is None:
            return (day - _EPOCH_DAY) * DAY_SECONDS + minute * 60
        near = _within(day, _DAYS)
        date = dt.date.fromordinal(near)
        wall = dt.datetime(date.year, date.month, date.day, minute // 60, minute % 60, tzinfo=self._info)
        return int(wall.timestamp()) + (day - near) * DAY_SECONDS

    def of_wall(self, wall: dt.datetime) -> int:
        """Return the instant of a wall-clock time; one with an offset keeps it."""
        if wall.tzinfo is None:
            wall = wall.replace(tzinfo=self._info or dt.UTC)
        whole = wall.replace(microsecond=0) - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
        return whole.days * DAY_SECONDS + whole.seconds

    def day(self, instant: int) -> int:
        """Return the local day that an instant lies in."""
        if self._info is None:
            return instant // DAY_SECONDS + _EPOCH_DAY
        near = _within(instant, _INSTANTS)
        if near == instant:
            return dt.datetime.fromtimestamp(instant, tz=self._info).date().toordinal()
        return Zone.UTC.day(instant + self._offset(near))

    def hour(self, instant: int) -> int:
        """Return the local hour of an instant, 0 to 23."""
        return (instant + self._offset(_within(instant, _INSTANTS))) % DAY_SECONDS // 3600

    def _offset(self, instant: int) -> int:
        """Return the offset from UTC [s]."""
        offset = self.wall(instant).utcoffset()
        return 0 if offset is None else round(offset.total_seconds())

    def unclear(self, wall: dt.datetime) -> str:
        """Say whether a local time ``comes twice`` or ``does not exist``; nothing where it is one moment."""
        first = wall.replace(tzinfo=self._info or dt.UTC, fold=0)
        later = first.replace(fold=1)
        if first.utcoffset() == later.utcoffset():
            return ""
        back = first.astimezone(dt.UTC).astimezone(first.tzinfo)
        return "comes twice" if back.replace(fold=0) == first else "does not exist"

    def wall(self, instant: int) -> dt.datetime:
        """Return the local time of an instant."""
        return dt.datetime.fromtimestamp(instant, tz=self._info or dt.UTC)


def _within(value: int, span: tuple[int, int]) -> int:
    return min(max(value, span[0]), span[1])


Zone.UTC = Zone(None)
