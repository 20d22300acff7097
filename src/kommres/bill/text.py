"""A bill as plain text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kommres.bill.document import Document, Section, Step, Table


def text(bill: Document) -> str:
    """Return a bill as text."""
    return "\n".join(_lines(bill)).rstrip() + "\n"


def _lines(bill: Document) -> Iterator[str]:
    yield bill.title
    yield from bill.heading
    yield ""
    if bill.table is not None:
        yield from _table(bill.table)
        yield ""
    if bill.remark:
        yield bill.remark
        yield ""
    for number, section in enumerate(bill.sections, start=1):
        yield from _section(section, number)
        yield ""
    if bill.total:
        yield bill.total
        yield ""
    if bill.notes:
        yield bill.words["notes"]
        for note in bill.notes:
            yield f"  [{note.number}] {note.text}"
        for act in bill.acts:
            yield f"  {act.text}"


def _section(section: Section, number: int) -> Iterator[str]:
    yield f"{number}. {section.title}"
    for step in section.steps:
        yield from _step(step, 1)
    if section.closing:
        yield f"  {section.closing}"


def _step(step: Step, level: int) -> Iterator[str]:
    marks = "".join(f" [{number}]" for number in step.notes)
    yield f"{'  ' * level}{step.text}{marks}"
    for below in step.steps:
        yield from _step(below, level + 1)


def _table(table: Table) -> Iterator[str]:
    rows = [table.head, *table.rows, *([table.total] if table.total else [])]
    widths = [max(len(row[column]) for row in rows) for column in range(len(table.head))]
    first_figure = len(table.head) - table.figures
    for place, row in enumerate(rows):
        cells = [
            cell.rjust(width) if column >= first_figure else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        if place == 1 or (table.total and place == len(rows) - 1):
            yield "  ".join("-" * width for width in widths)
        yield "  ".join(cells).rstrip()
