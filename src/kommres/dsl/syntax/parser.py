"""The LALR parser of ``grammar.lark``: built on first use, one per process."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from threading import Lock
from typing import TYPE_CHECKING, Any

from attrs import field, frozen
from lark import Lark

from kommres.dsl.syntax.build_rules import Builder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lark import Token
    from lark.parsers.lalr_interactive_parser import InteractiveParser

    from kommres.dsl.syntax.words import Tok

#: Held while a file is parsed: the builder of the one parser belongs to one file at a time.
LOCK = Lock()


class Unexpected(Exception):  # noqa: N818
    """The token at ``index`` (the count of tokens: the end) cannot stand there; ``accepts`` names those that can."""

    def __init__(self, index: int, accepts: frozenset[str]) -> None:
        super().__init__(index)
        self.index = index
        self.accepts = accepts


@frozen
class Parser:
    """Feeds tokens to lark and returns what the builder made of them."""

    lark: Lark = field(repr=False)
    builder: Builder = field(repr=False)

    def parse(self, tokens: Sequence[Tok], start: str) -> Any:  # noqa: ANN401
        """Build the node; raises ``Unexpected``."""
        from lark import Token, UnexpectedInput  # late: importing kommres must not import lark

        run = self.lark.parse_interactive(start=start)
        for index, tok in enumerate(tokens):
            kind = "_COMMA" if tok.type == "COMMA" else tok.type
            token = Token(kind, tok.value, start_pos=tok.start, end_pos=tok.end)
            try:
                run.feed_token(token)
            except UnexpectedInput:
                raise Unexpected(index, _accepted(run)) from None
        try:
            return run.feed_eof()  # type: ignore[no-untyped-call]  # lark annotates a part of itself
        except UnexpectedInput:
            raise Unexpected(len(tokens), _accepted(run)) from None


def _accepted(run: InteractiveParser) -> frozenset[str]:
    return frozenset(run.accepts())  # type: ignore[no-untyped-call]  # lark annotates a part of itself


@cache
def parser(*, strict: bool = False) -> Parser:
    """Return the parser; ``strict`` refuses a grammar with conflicts (for tests)."""
    from lark import Lark
    from lark.lexer import Lexer

    class Fed(Lexer):
        """Tokens are fed one by one, so lark lexes nothing itself."""

        def __init__(self, conf: object) -> None:
            """Take no notice of the configuration."""

        def lex(self, *_: object) -> Iterator[Token]:
            yield from ()

    builder = Builder()
    grammar = files("kommres.dsl").joinpath("grammar.lark").read_text(encoding="utf-8")
    lark = Lark(
        grammar,
        parser="lalr",
        lexer=Fed,
        start=["item", "whole"],
        transformer=builder,
        maybe_placeholders=False,
        strict=strict,
    )
    return Parser(lark, builder)
