"""The lexer: source text to the terminals of each item, with layout."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import field, frozen

from kommres.dsl.limits import DEFAULT, Limits
from kommres.dsl.syntax.layout import RawItem, arrange
from kommres.dsl.syntax.scan import Scanner
from kommres.dsl.syntax.words import Classifier, Tok

if TYPE_CHECKING:
    from kommres.dsl.diagnostics import Diagnostics
    from kommres.dsl.source import Source


@frozen(kw_only=True)
class ItemTokens:
    """The terminals of one item, in order. ``broken``: already reported, parsing it would only repeat that."""

    kind: str | None
    tokens: tuple[Tok, ...] = field(repr=False)
    broken: bool = False


def lex(source: Source, out: Diagnostics, limits: Limits = DEFAULT) -> list[ItemTokens]:
    """Cut a text into items and classify their words; raises ``GiveUp`` where a limit is passed."""
    scanner = Scanner(source=source, out=out, limits=limits)
    scanner.scan()
    return [ItemTokens(kind=item.kind, tokens=tuple(terminals(item)), broken=item.broken) for item in arrange(scanner)]


def terminals(item: RawItem) -> list[Tok]:
    """Terminals of an item with ``_NEWLINE``, ``_INDENT`` and ``_DEDENT``."""
    result: list[Tok] = []
    level = 0
    for line in item.lines:
        start = line.tokens[0].start
        while level > line.level:
            result.append(Tok("_DEDENT", "", start, start))
            level -= 1
        while level < line.level:
            result.append(Tok("_INDENT", "", start, start))
            level += 1
        result.extend(Classifier(line, item.kind).run())
        end = line.tokens[-1].end
        result.append(Tok("_NEWLINE", "", end, end))
    end = result[-1].end if result else 0
    result.extend(Tok("_DEDENT", "", end, end) for _ in range(level))
    return result
