"""Findings that only follow from others: they are left out, so that each mistake is told once."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from kommres.dsl.diagnostics import Diagnostic, Severity
from kommres.dsl.lookalike import skeleton
from kommres.dsl.syntax import nodes as syn

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kommres.dsl.source import Source

#: A wrong sign or word: whatever else is said about its line follows from it.
_WORDS = frozenset(("K0101", "K0102", "K0104", "K0106"))
#: Families of codes that a wrong word brings about: syntax, names, formulas.
_OF_TEXT = ("K01", "K02", "K03", "K04")
#: A name that is not known.
_UNKNOWN = frozenset(("K0201", "K0205", "K0206", "K0207", "K0209", "K0210", "K0403", "K0412", "K0510"))


def without_consequences(found: Sequence[Diagnostic], trees: Iterable[syn.ModuleTree]) -> list[Diagnostic]:
    """Return the findings without those that another one explains.

    Left out are errors in a line with a wrong sign or word, and unknown names whose declaration is itself in error. At
    least one error stays where there was one.

    Parameters
    ----------
    found
        Findings of all passes.
    trees
        The files as they were parsed, with the names of items that could not be.
    """
    kept = _first_of_line(found)
    if not any(item.code in _UNKNOWN for item in kept):
        return kept
    lost = _lost(kept, trees)
    left = [item for item in kept if not (item.code in _UNKNOWN and _words(item) & lost)]
    return left if any(item.severity is Severity.ERROR for item in left) else kept


def _first_of_line(found: Sequence[Diagnostic]) -> list[Diagnostic]:
    causes: dict[tuple[Source, int], str] = {}
    for item in found:
        if item.code in _WORDS and item.span is not None:
            causes.setdefault((item.span.source, item.span.line), item.code)
    kept: list[Diagnostic] = []
    for item in found:
        cause = None if item.span is None else causes.get((item.span.source, item.span.line))
        follows = item.code.startswith(_OF_TEXT) and item.severity is Severity.ERROR
        own = item.code in ("K0101", "K0102")
        again = item.code != cause or any(_touches(item, other) for other in kept)
        if cause is None or not follows or own or not again:
            kept.append(item)
    return kept


def _touches(item: Diagnostic, other: Diagnostic) -> bool:
    """Whether two findings with one code are about the same letters."""
    a, b = item.span, other.span
    if a is None or b is None or item.code != other.code or a.source is not b.source:
        return False
    return a.start < b.end and b.start < a.end


def _lost(found: Sequence[Diagnostic], trees: Iterable[syn.ModuleTree]) -> set[str]:
    """Names whose declaration is in error, as a reader sees them."""
    errors = [item for item in found if item.severity is Severity.ERROR and item.span is not None]
    names: set[str] = set()
    for tree in trees:
        names.update(skeleton(name) for name in tree.lost)
        places = sorted(item.span.start for item in errors if item.span and item.span.source is tree.span.source)
        for item in tree.items:
            name = item.alias or item.module.parts[-1] if isinstance(item, syn.Use) else getattr(item, "name", None)
            at = bisect_left(places, item.span.start)
            if isinstance(name, str) and at < len(places) and places[at] < item.span.end:
                names.add(skeleton(name))
    return names


def _words(item: Diagnostic) -> set[str]:
    return {skeleton(part) for part in item.span.text.split(".")} if item.span else set()
