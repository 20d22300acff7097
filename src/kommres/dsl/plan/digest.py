"""One number for all text that a plan came from: rule files, tables and calendars.

Their order and their place on a disk do not count.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kommres.dsl.bound.nodes import BoundProgram, Calendar, Param
    from kommres.dsl.source import Source, Span


class _Written(Protocol):
    @property
    def module(self) -> str: ...
    @property
    def span(self) -> Span: ...


def digest(program: BoundProgram) -> str:
    """Return the SHA-256 of a program's content in hexadecimal digits."""
    total = hashlib.sha256()
    for part in sorted({_hash(part) for part in _parts(program)}):
        total.update(part.encode())
    return total.hexdigest()


def _parts(program: BoundProgram) -> Iterator[Iterable[str]]:
    for module, source in sorted(_sources(program), key=lambda pair: (pair[0], pair[1].text)):
        yield ("text", module, source.text)
    for param in program.params:
        yield ("param", param.id, *_rows(param))
    for calendar in program.calendars:
        yield ("calendar", calendar.id, *_days(calendar))
    for function in program.functions:
        yield ("function", function.id, function.origin, function.provider)
    for series in program.series:
        yield ("series", series.id, *(f"{row.start} {row.known_from} {row.value}" for row in series.rows))


def _sources(program: BoundProgram) -> set[tuple[str, Source]]:
    """Return each text with the module that it belongs to."""
    declared: list[_Written] = [*program.enums, *program.inputs, *program.events, *program.calendars]
    declared += [*program.series, *program.functions]
    declared += [*program.options, *program.option_bindings, *program.params, *program.entities]
    declared += [*program.rules, *program.amendments, *program.examples]
    return {(item.module, item.span.source) for item in declared}


def _rows(param: Param) -> list[str]:
    """Return the rows of a table as text; a row's place in a file does not count."""
    return [
        *sorted(
            repr(
                (
                    tuple(map(str, row.keys)),
                    row.start,
                    row.until,
                    row.known_from,
                    str(row.value),
                    row.complete_until,
                    row.source,
                    row.status,
                )
            )
            for row in param.rows
        ),
        str(param.complete_until),
    ]


def _days(calendar: Calendar) -> list[str]:
    return [f"{calendar.start} {calendar.until}", *(f"{day} {calendar.days[day]}" for day in sorted(calendar.days))]


def _hash(parts: Iterable[str]) -> str:
    total = hashlib.sha256()
    for part in parts:
        data = part.encode()
        total.update(b"%d:" % len(data) + data)
    return total.hexdigest()
