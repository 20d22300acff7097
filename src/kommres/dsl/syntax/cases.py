"""A syntax error as the checks see it, and what they answer."""

from __future__ import annotations

from attrs import field, frozen

from kommres.dsl.diagnostics import Label
from kommres.dsl.keywords import KEYWORDS, Language
from kommres.dsl.source import Source, Span
from kommres.dsl.syntax.scan import PUNCTUATION
from kommres.dsl.syntax.words import Tok

SIGNS = {token: sign for sign, token in PUNCTUATION.items()} | {"_COMMA": ","}
NAMED = {
    "NAME": "a name",
    "DOTTED": "a name",
    "NUMBER": "a number",
    "STRING": "a quoted text",
    "DATE": "a date",
    "MONTH": "a month",
    "INSTANT": "an instant",
    "TIME": "a time",
    "TYPE": "a type",
    "UNIT": "a unit",
    "HOLE": "`_`",
    "_NEWLINE": "the end of the line",
    "_INDENT": "an indented block",
    "_DEDENT": "the end of the block",
    "$END": "the end of the item",
    "CITE": "a part of the act (`annex`, `clause`, …)",
}


@frozen(kw_only=True)
class Case:
    """A syntax error with what the hand-written checks look at."""

    source: Source
    tokens: tuple[Tok, ...] = field(repr=False)
    index: int
    accepts: frozenset[str]
    kind: str | None

    @property
    def found(self) -> Tok:
        """The token that cannot stand where it stands."""
        return self.tokens[min(self.index, len(self.tokens) - 1)]

    @property
    def previous(self) -> Tok | None:
        """The token before it."""
        return self.tokens[self.index - 1] if self.index else None

    def line(self) -> tuple[Tok, ...]:
        """Return the tokens of the logical line before the found one."""
        start = self.index
        while start and self.tokens[start - 1].type not in {"_NEWLINE", "_INDENT", "_DEDENT"}:
            start -= 1
        return self.tokens[start : self.index]

    def span(self, tok: Tok) -> Span:
        """Return where a token stands."""
        return Span(self.source, tok.start, tok.end)

    def written(self, tok: Tok) -> str:
        """Return a token as the author wrote it."""
        return self.source.text[tok.start : tok.end]

    @property
    def language(self) -> Language:
        """The language of the item's own keywords."""
        first = next((tok for tok in self.tokens if tok.keyword), None)
        return "en" if first is None or first.keyword is None or self.written(first).isascii() else "ru"

    def word(self, token: str) -> str:
        """Return a terminal in the words of the author."""
        if token in NAMED:
            return NAMED[token]
        if token in SIGNS:
            return f"`{SIGNS[token]}`"
        keyword = next((k for k in KEYWORDS if k.token == token), None)
        return f"`{keyword.spelling(self.language)}`" if keyword else token.lower()

    def spell(self, token: str) -> str:
        """Return the word of a terminal without marks around it."""
        return self.word(token).strip("`")


@frozen(kw_only=True)
class Finding:
    """What to write about a case."""

    code: str
    message: str
    span: Span
    help: str = ""
    note: str = ""
    replace: str | None = None
    labels: tuple[Label, ...] = ()
