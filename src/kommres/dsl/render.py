"""Diagnostics for people and machines: a picture of the line, one plain line, JSON."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from attrs import frozen

from kommres.dsl.diagnostics import Diagnostic, Severity, Suggestion

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kommres.dsl.source import Source, Span

_TAB = 4
_MARGIN = 110  # a longer line is shown in part


@frozen
class _Paint:
    on: bool

    def __call__(self, text: str, style: str) -> str:
        return f"\x1b[{style}m{text}\x1b[0m" if self.on and text else text


_STYLE = {Severity.ERROR: "1;31", Severity.WARNING: "1;33"}
_BLUE, _BOLD, _GREEN = "1;34", "1", "1;32"


def plain(diagnostic: Diagnostic) -> str:
    """``file:line:col: error[K0101]: message``, as compilers write it.

    Examples
    --------
    >>> plain(Diagnostic(code="K0101", message="a bad sign"))
    'error[K0101]: a bad sign'
    """
    where = f"{diagnostic.span}: " if diagnostic.span else ""
    return f"{where}{diagnostic.severity}[{diagnostic.code}]: {_one_line(diagnostic.message)}"


def picture(diagnostic: Diagnostic, *, color: bool = False) -> str:
    """Return the finding with the lines it is about, marked by carets."""
    paint = _Paint(color)
    style = _STYLE[diagnostic.severity]
    head = paint(f"{diagnostic.severity}[{diagnostic.code}]", style) + paint(
        f": {_one_line(diagnostic.message)}", _BOLD
    )
    lines = [head]
    marks = [(diagnostic.span, diagnostic.note, "^", style)] if diagnostic.span else []
    marks += [(label.span, label.text, "-", _BLUE) for label in diagnostic.labels]
    width = max((len(str(span.line)) for span, *_ in marks), default=1)
    bar = " " * width + " " + paint("|", _BLUE)
    if diagnostic.span:
        lines.append(" " * width + paint("-->", _BLUE) + f" {diagnostic.span}")
    sources: list[Source] = []
    for span, *_ in marks:
        if span.source not in sources:
            sources.append(span.source)
    for index, source in enumerate(sources):
        if index:
            first = next(span for span, *_ in marks if span.source is source)
            lines.append(" " * width + paint(":::", _BLUE) + f" {first}")
        lines.append(bar)
        shown = sorted((mark for mark in marks if mark[0].source is source), key=lambda mark: mark[0].start)
        last = 0
        for span, text, sign, mark_style in shown:
            if last and span.line > last + 1:
                lines.append(paint("...", _BLUE))
            if span.line != last:
                code, _ = _window(span)
                lines.append(paint(f"{span.line:>{width}} |", _BLUE) + (f" {code}" if code else ""))
            last = span.line
            _, under = _window(span, sign)
            lines.append(f"{bar} {under[0]}{paint(under[1] + (f' {_one_line(text)}' if text else ''), mark_style)}")
    if diagnostic.help:
        lines.append(bar if marks else "")
        lines.append(" " * width + paint(" = ", _BLUE) + paint("help", _BOLD) + f": {_one_line(diagnostic.help)}")
    if diagnostic.suggestion:
        lines.extend(_suggested(diagnostic.suggestion, width, paint))
    return "\n".join(line.rstrip() for line in lines if line or not marks) + "\n"


def pictures(diagnostics: Iterable[Diagnostic], *, color: bool = False) -> str:
    """All findings with a blank line between them, and their count."""
    found = list(diagnostics)
    errors = sum(d.severity is Severity.ERROR for d in found)
    warnings = len(found) - errors
    counts = [f"{n} {word}{'s' if n > 1 else ''}" for n, word in ((errors, "error"), (warnings, "warning")) if n]
    return (
        "\n".join([*(picture(d, color=color) for d in found), ", ".join(counts) + "\n" if counts else ""]).rstrip("\n")
        + "\n"
    )


def to_json(diagnostics: Iterable[Diagnostic]) -> list[dict[str, object]]:
    """Return findings as plain data with stable keys; lines and columns are counted from 1, offsets from 0."""
    return [
        {
            "code": d.code,
            "severity": str(d.severity),
            "message": d.message,
            "span": _span(d.span),
            "note": d.note,
            "labels": [{"span": _span(label.span), "text": label.text} for label in d.labels],
            "help": d.help,
            "suggestion": d.suggestion
            and {
                "span": _span(d.suggestion.span),
                "replacement": d.suggestion.replacement,
                "text": d.suggestion.text,
            },
        }
        for d in diagnostics
    ]


def _span(span: Span | None) -> dict[str, object] | None:
    if span is None:
        return None
    line, column = span.source.position(span.start)
    end_line, end_column = span.source.position(span.end)
    return {
        "file": span.source.name,
        "start": span.start,
        "end": span.end,
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
    }


def _suggested(suggestion: Suggestion, width: int, paint: _Paint) -> list[str]:
    """Show the line as it would be."""
    span = suggestion.span
    source = span.source
    start_line, end_line = span.line, source.position(span.end)[0]
    if start_line != end_line or "\n" in suggestion.replacement:
        return []
    text = source.line_text(start_line)
    start = span.column - 1
    changed = text[:start] + suggestion.replacement + text[start + span.end - span.start :]
    if len(changed) > _MARGIN:
        return []
    said = f": {suggestion.text}" if suggestion.text else ""
    return [
        " " * width + paint(" = ", _BLUE) + paint("so", _BOLD) + said,
        " " * width + " " + paint("|", _BLUE),
        paint(f"{start_line:>{width}} |", _BLUE) + " " + paint(_visible(changed), _GREEN),
    ]


def _window(span: Span, sign: str = "^") -> tuple[str, tuple[str, str]]:
    """Return the visible line of a span, and the blanks and carets below it."""
    line, column = span.source.position(span.start)
    text = span.source.line_text(line)
    start = min(column - 1, len(text))
    end = min(start + span.end - span.start, len(text))
    left = right = ""
    if len(text) > _MARGIN:
        cut = max(0, start - _MARGIN // 3)
        left = "…" if cut else ""
        right = "…" if cut + _MARGIN < len(text) else ""
        text = text[cut : cut + _MARGIN]
        start, end = start - cut, min(end - cut, len(text))
    before, marked = _visible(text[:start]), _visible(text[start:end])
    blanks = " " * (_width(left) + _width(before))
    return left + _visible(text) + right, (blanks, sign * max(1, _width(marked)))


def _visible(text: str) -> str:
    """Tabs as blanks, control characters as their pictures."""
    text = text.replace("\t", " " * _TAB)
    return "".join(c if c.isprintable() or c == " " else "\ufffd" for c in text)


def _width(text: str) -> int:
    """Columns of a terminal."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _one_line(text: str) -> str:
    return _visible(text.replace("\n", " "))
