"""Diagnostics as values: what was found, where, why it cannot be, what to do.

A diagnostic is data. ``kommres.dsl.render`` turns it into a terminal picture, a plain line or JSON;
``codes/<code>.md`` explains
each code with a wrong and a right example.
"""

from __future__ import annotations

from difflib import SequenceMatcher, get_close_matches
from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING

from attrs import define, field, frozen

from kommres.dsl.source import Span
from kommres.errors import RulesError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: How many words are compared for "did you mean", if they have about so many letters, and how far these may differ.
_FEW = 300
_LONG = 20
_SLIP = 2


class Severity(StrEnum):
    """Whether a finding stops the program."""

    ERROR = "error"
    WARNING = "warning"


@frozen(kw_only=True)
class Label:
    """A second place that matters, with a word about it."""

    span: Span
    text: str


@frozen(kw_only=True)
class Suggestion:
    """An edit that would help: replace the span's text by ``replacement``."""

    span: Span
    replacement: str
    text: str = ""


@frozen(kw_only=True)
class Diagnostic:
    """One finding about rule text.

    ``code`` is stable (``K0203``); ``message`` says what was found and why it cannot be, ``note`` marks the span in
    a few words,
    ``help`` says what to do.
    """

    code: str
    message: str
    span: Span | None = None
    note: str = ""
    labels: tuple[Label, ...] = ()
    help: str = ""
    suggestion: Suggestion | None = None
    severity: Severity = Severity.ERROR

    @property
    def sort_key(self) -> tuple[str, int, str]:
        return (self.span.source.name if self.span else "", self.span.start if self.span else 0, self.code)

    def __str__(self) -> str:
        where = f"{self.span}: " if self.span else ""
        return f"{where}{self.severity} {self.code}: {self.message}"


@define
class Diagnostics:
    """A collector that the passes write to; several findings per run, the same finding once.

    ``most``: errors after which nobody reads on; one more raises :class:`EnoughFound` (None: no bound).
    """

    items: list[Diagnostic] = field(factory=list)
    most: int | None = field(default=None, kw_only=True)
    _known: set[Diagnostic] = field(factory=set, init=False, repr=False)
    _errors: int = field(default=0, init=False, repr=False)

    def add(
        self,
        code: str,
        message: str,
        span: Span | None = None,
        *,
        note: str = "",
        labels: Sequence[Label] = (),
        help: str = "",  # noqa: A002 - the reader's word
        suggestion: Suggestion | None = None,
        severity: Severity = Severity.ERROR,
    ) -> None:
        item = Diagnostic(
            code=code,
            message=message,
            span=span,
            note=note,
            labels=tuple(labels),
            help=help,
            suggestion=suggestion,
            severity=severity,
        )
        if item in self._known:
            return
        if severity is Severity.ERROR:
            if self.most is not None and self._errors >= self.most:
                raise EnoughFound
            self._errors += 1
        self._known.add(item)
        self.items.append(item)

    def warn(self, code: str, message: str, span: Span | None = None, *, help: str = "") -> None:  # noqa: A002
        self.add(code, message, span, help=help, severity=Severity.WARNING)

    @property
    def errors(self) -> list[Diagnostic]:
        return [d for d in self.items if d.severity is Severity.ERROR]

    def sorted(self) -> list[Diagnostic]:
        return sorted(self.items, key=lambda d: d.sort_key)

    def raise_errors(self) -> None:
        """Raise :class:`DiagnosticError` if there is an error."""
        if self.errors:
            raise DiagnosticError(self.sorted())


class EnoughFound(Exception):  # noqa: N818 - no error of its own: the passes end here
    """As many errors were found as anybody wants to see at once."""


class DiagnosticError(RulesError):
    """Rule text cannot be used; ``diagnostics`` holds every finding."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        first = next((d for d in diagnostics if d.severity is Severity.ERROR), None)
        super().__init__(first.message if first else "no error", code=first.code if first else None)
        self.diagnostics = tuple(diagnostics)

    def __str__(self) -> str:
        return "\n".join(str(d) for d in self.diagnostics)


def closest(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate most like ``word``, if one is like it: for "did you mean"."""
    found = get_close_matches(word, _compared(word, list(candidates)), n=3, cutoff=0.65)
    return next((near for near in found if _last_parts_alike(word, near)), None)


def _compared(word: str, words: list[str]) -> list[str]:
    """Return the words that are compared: of very many, or very long ones, those that begin and end like the word."""
    few = min(_FEW, _FEW * _LONG**2 // (len(word) + 1) ** 2)
    if len(words) <= few:
        return words
    near = (w for w in words if abs(len(w) - len(word)) <= _SLIP and (w[:1] == word[:1] or w[-1:] == word[-1:]))
    return list(islice(near, few))


def _last_parts_alike(word: str, near: str) -> bool:
    """Whether more is alike than the dotted path before the last part."""
    path, _, last = word.rpartition(".")
    other_path, _, other_last = near.rpartition(".")
    return path != other_path or not path or SequenceMatcher(None, last, other_last).ratio() >= 0.6
