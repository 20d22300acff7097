"""A bill as Markdown with tables, nested lists and footnotes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kommres.bill.document import Document, Step, Table

_SIGNS = re.compile(r"([\\`*_{}\[\]<>|#~$&])")
#: What would begin a list, a quotation or a number of a list.
_BEGINNING = re.compile(r"^(\d+)([.)])(\s)|^([-+=])")


def escaped(text: str) -> str:
    """Return text in which no sign means anything to Markdown."""
    one_line = _SIGNS.sub(r"\\\1", " ".join(text.split()))
    return _BEGINNING.sub(lambda found: f"{found[1]}\\{found[2]}{found[3]}" if found[1] else f"\\{found[4]}", one_line)


def markdown(bill: Document) -> str:
    """Return a bill as Markdown."""
    return "\n".join(_lines(bill)).rstrip() + "\n"


def _lines(bill: Document) -> Iterator[str]:
    yield f"# {escaped(bill.title)}"
    yield ""
    for line in bill.heading:
        yield f"{escaped(line)}  "
    yield ""
    if bill.table is not None:
        yield from _table(bill.table)
        yield ""
    if bill.remark:
        yield escaped(bill.remark)
        yield ""
    for section in bill.sections:
        yield f"## {escaped(section.title)}"
        yield ""
        for step in section.steps:
            yield from _step(step, 0)
        if section.closing:
            yield ""
            yield f"**{escaped(section.closing)}**"
        yield ""
    if bill.total:
        yield f"**{escaped(bill.total)}**"
        yield ""
    for note in bill.notes:
        yield f"[^{note.number}]: {escaped(note.text)}"
    if bill.acts:
        yield ""
        yield f"## {escaped(bill.words['acts'])}"
        yield ""
        for act in bill.acts:
            yield f"- {escaped(act.text)}"


def _step(step: Step, level: int) -> Iterator[str]:
    marks = "".join(f"[^{number}]" for number in step.notes)
    yield f"{'  ' * level}- {escaped(step.text)}{marks}"
    for below in step.steps:
        yield from _step(below, level + 1)


def _table(table: Table) -> Iterator[str]:
    first_figure = len(table.head) - table.figures
    yield _row(table.head)
    yield _row(tuple("---:" if column >= first_figure else "---" for column in range(len(table.head))), plain=True)
    for row in table.rows:
        yield _row(row)
    if table.total:
        yield _row(tuple(f"**{escaped(cell)}**" if cell else "" for cell in table.total), plain=True)


def _row(cells: tuple[str, ...], *, plain: bool = False) -> str:
    return f"| {' | '.join(cell if plain else escaped(cell) for cell in cells)} |"
