"""A bill as one HTML page: collapsible steps, nothing from outside, every text escaped."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kommres.bill.document import Document, Section, Step, Table

_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.15rem; margin: 1.6rem 0 .4rem; }
table { border-collapse: collapse; width: 100%; }
th, td { padding: .25rem .6rem; border-bottom: 1px solid #8884; text-align: left; }
.figure { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
tfoot td, .closing, .total { font-weight: 600; }
ul { margin: .2rem 0 .2rem 1.1rem; padding: 0; list-style: none; }
li { margin: .15rem 0; overflow-wrap: anywhere; }
summary { cursor: pointer; }
.detail > summary { opacity: .75; }
sup { line-height: 0; margin-left: .15em; }
.open { opacity: .8; }
"""


def html(bill: Document) -> str:
    """Return a bill as a page that stands alone."""
    return "".join(f"{line}\n" for line in _lines(bill))


def _lines(bill: Document) -> Iterator[str]:
    yield "<!DOCTYPE html>"
    yield f'<html lang="{escape(bill.language)}">'
    yield "<head>"
    yield '<meta charset="utf-8"/>'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1"/>'
    yield f"<title>{escape(bill.title)}</title>"
    yield f"<style>{_STYLE}</style>"
    yield "</head>"
    yield "<body>"
    yield f"<h1>{escape(bill.title)}</h1>"
    for line in bill.heading:
        yield f"<p>{escape(line)}</p>"
    if bill.table is not None:
        yield from _table(bill.table)
    if bill.remark:
        yield f"<p>{escape(bill.remark)}</p>"
    for section in bill.sections:
        yield from _section(section)
    if bill.total:
        yield f'<p class="total">{escape(bill.total)}</p>'
    if bill.notes:
        yield f"<h2>{escape(bill.words['notes'])}</h2>"
        yield "<ol>"
        for note in bill.notes:
            state = "" if note.facts.get("status") == "checked" else ' class="open"'
            yield f'<li id="note-{note.number}"{state}>{escape(note.text)}</li>'
        yield "</ol>"
    if bill.acts:
        yield f"<h2>{escape(bill.words['acts'])}</h2>"
        yield "<ul>"
        for act in bill.acts:
            yield f"<li>{escape(act.text)}</li>"
        yield "</ul>"
    yield "</body>"
    yield "</html>"


def _section(section: Section) -> Iterator[str]:
    if section.folded:
        yield f'<details class="detail"><summary>{escape(section.title)}</summary>'
    else:
        yield f"<section><h2>{escape(section.title)}</h2>"
    yield from _steps(section.steps)
    if section.closing:
        yield f'<p class="closing">{escape(section.closing)}</p>'
    yield "</details>" if section.folded else "</section>"


def _steps(steps: tuple[Step, ...]) -> Iterator[str]:
    if not steps:
        return
    yield "<ul>"
    for step in steps:
        text = escape(step.text) + "".join(f'<sup><a href="#note-{number}">{number}</a></sup>' for number in step.notes)
        if step.steps:
            # What a reader needs first is open.
            kind = ' class="detail"' if step.folded else ' open="open"'
            yield f"<li><details{kind}><summary>{text}</summary>"
            yield from _steps(step.steps)
            yield "</details></li>"
        else:
            yield f"<li>{text}</li>"
    yield "</ul>"


def _table(table: Table) -> Iterator[str]:
    first_figure = len(table.head) - table.figures
    yield "<table>"
    yield f"<thead>{_row(table.head, 'th', first_figure)}</thead>"
    yield "<tbody>"
    for row in table.rows:
        yield _row(row, "td", first_figure)
    yield "</tbody>"
    if table.total:
        yield f"<tfoot>{_row(table.total, 'td', first_figure)}</tfoot>"
    yield "</table>"


def _row(cells: tuple[str, ...], tag: str, first_figure: int) -> str:
    written = [f"<{tag}>{escape(cell)}</{tag}>" for cell in cells[:first_figure]]
    written += [f'<{tag} class="figure">{escape(cell)}</{tag}>' for cell in cells[first_figure:]]
    return f"<tr>{''.join(written)}</tr>"
