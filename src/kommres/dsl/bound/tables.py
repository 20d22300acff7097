"""The CSV tables that stand beside the rule files of a program: read once, within limits, refused where broken."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from attrs import define, field

from kommres.dsl.bound import table_text
from kommres.dsl.diagnostics import Diagnostics
from kommres.dsl.limits import CODES, Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kommres.dsl.source import Source, Span

    ReadTable = Callable[[Source, str], str | None]


@define(kw_only=True)
class Tables:
    """Reads tables for one program. ``left``: rows that its tables may still have together."""

    read: ReadTable
    out: Diagnostics
    limits: Limits
    left: int = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.left = self.limits.table_rows

    def of_param(self, file: str, keys: Sequence[str], span: Span) -> list[table_text.Row]:
        """Return the rows of a parameter's table; none where it cannot be read, which is reported."""

        def report(code: str, message: str, todo: str) -> None:
            self.out.add(code, message, span, help=todo)

        def parse(text: str) -> list[table_text.Row]:
            return table_text.rows(file, text, keys, self.left, report) or []

        return self._parsed(file, span, parse)

    def of_series(self, file: str, edge: str, span: Span) -> list[table_text.Row]:
        """Return the rows of a series' table, whose column ``edge`` names intervals; none where it cannot be read."""

        def report(code: str, message: str, todo: str) -> None:
            self.out.add(code, message, span, help=todo)

        def parse(text: str) -> list[table_text.Row]:
            return table_text.rows(file, text, (), self.left, report, edge=edge) or []

        return self._parsed(file, span, parse)

    def of_calendar(self, file: str, span: Span) -> list[table_text.Row]:
        """Return the rows of a calendar's table; none where it cannot be read, which is reported."""

        def parse(text: str) -> list[table_text.Row]:
            reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
            return [(reader.line_num, row) for row in table_text.located(reader)]

        return self._parsed(file, span, parse)

    def _parsed(self, file: str, span: Span, parse: Callable[[str], list[table_text.Row]]) -> list[table_text.Row]:
        text = self.read(span.source, file)
        if text is None:
            self.out.add(
                "K0504", f'the table "{file}" cannot be read', span, help="put it beside the rule file, in UTF-8"
            )
            return []
        if len(text) > self.limits.table_bytes:
            message = f'the table "{file}" is too long; the limit is {self.limits.table_bytes} bytes'
            self.out.add(CODES["table_bytes"], message, span, help="leave out what is not used, or split the table")
            return []
        try:
            rows = parse(text)
        except csv.Error as error:
            self.out.add("K0504", f'the table "{file}" cannot be read: {error}', span, help="check its quotes")
            return []
        self.left -= len(rows)
        return rows
