"""The one style of ``.kmr`` text, and its keywords in the wanted language.

Works on tokens: line breaks, blank lines (two at most) and comments stay the author's; indentation, blanks inside
lines and, where asked, the language of the keywords are ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, field

from kommres.dsl.diagnostics import Diagnostics
from kommres.dsl.keywords import MEMBER, ROOT, Language, lookup
from kommres.dsl.limits import DEFAULT, Limits
from kommres.dsl.syntax.from_text import parse
from kommres.dsl.syntax.layout import Logical, arrange
from kommres.dsl.syntax.scan import Line, Scanner
from kommres.dsl.syntax.words import Classifier, Tok

if TYPE_CHECKING:
    from kommres.dsl.source import Source

_INDENT = 4
_TIGHT_BEFORE = frozenset(("COMMA", "RPAR", "RSQB", "COLON", "LSQB"))
_TIGHT_AFTER = frozenset(("LPAR", "LSQB"))
_OPERAND_END = frozenset(
    (
        "NAME",
        "DOTTED",
        "NUMBER",
        "UNIT",
        "STRING",
        "DATE",
        "INSTANT",
        "TIME",
        "RPAR",
        "RSQB",
        "YES",
        "NO",
        "ABSENT",
        "HOLE",
        "START",
        "END",
        "DAYS",
        "TYPE",
        "PERCENT",
    )
)
_RANGE_START = frozenset(("NUMBER", "MINUS", "DATE", "INSTANT", "NAME", "DOTTED"))
_KEY_WORDS = frozenset(("NAME", "DOTTED", "STRING", "DATE"))


def format_text(source: Source, keywords: Language | None = None, limits: Limits = DEFAULT) -> str:
    """Return the text in the one style; raises ``DiagnosticError`` for text that does not parse.

    Parameters
    ----------
    source
        The text.
    keywords
        ``"en"`` or ``"ru"`` to spell all keywords so, None to keep them.
    """
    out = Diagnostics()
    parse(source, out, limits)
    out.raise_errors()
    scanner = Scanner(source=source, out=Diagnostics(), limits=limits)
    return _Formatter(scanner=scanner, keywords=keywords).run()


@define(kw_only=True)
class _Formatter:
    scanner: Scanner
    keywords: Language | None
    done: dict[int, tuple[int, str]] = field(factory=dict)  # line number -> indent, text

    def run(self) -> str:
        lines = self.scanner.scan()
        for item in arrange(self.scanner):
            for logical in item.lines:
                self._logical(logical, item.kind)
        indents = self._comment_indents(lines)
        result: list[str] = []
        last = -1
        for line in lines:
            if result:
                result.extend([""] * min(line.number - last - 1, 2))
            last = line.number
            comment = line.comment.text if line.comment else ""
            if line.number in self.done:
                indent, text = self.done[line.number]
                result.append(" " * indent + text + (f"  {comment}" if comment else ""))
            else:
                result.append(" " * indents[line.number] + comment)
        return "".join(f"{line}\n" for line in result)

    def _comment_indents(self, lines: list[Line]) -> dict[int, int]:
        """Indent a comment of its own line as the line below, or, at the end of a block, as the lines above."""
        found: dict[int, int] = {}
        below: Line | None = None
        following: dict[int, Line | None] = {}
        for line in reversed(lines):
            if line.tokens:
                below = line
            else:
                following[line.number] = below
        stack: list[tuple[int, int]] = []  # written and wanted indents of the lines above, growing
        for line in lines:
            if line.tokens:
                while stack and stack[-1][0] >= line.indent:
                    stack.pop()
                stack.append((line.indent, self.done[line.number][0]))
                continue
            after = following[line.number]
            if after is not None and line.indent <= after.indent:
                found[line.number] = self.done[after.number][0]
            else:
                above = [wanted for written, wanted in stack if written <= line.indent]
                found[line.number] = above[-1] if above else 0
        return found

    def _logical(self, logical: Logical, item_kind: str | None) -> None:
        toks = Classifier(logical, item_kind).run()
        raws = logical.tokens
        cells = _cell_starts(toks) if item_kind == "PARAM" and logical.head in {"FROM", "ALWAYS"} else frozenset()
        base = logical.level * _INDENT
        deeper = 2 * _INDENT if logical.is_header else _INDENT
        open_count = 0
        at = 0
        first = True
        while at < len(toks):
            number = raws[toks[at].raw].line
            start = at
            indent = (
                base
                if first
                else base + deeper + max(0, open_count - (toks[at].type in {"RPAR", "RSQB"}) - 1) * _INDENT
            )
            text = ""
            while at < len(toks) and raws[toks[at].raw].line == number:
                gap = "" if at == start else self._gap(toks, at, cells)
                text += gap + self._spell(toks[at])
                open_count += (toks[at].type in {"LPAR", "LSQB"}) - (toks[at].type in {"RPAR", "RSQB"})
                at += 1
            self.done[number] = (indent, text)
            first = False

    def _spell(self, tok: Tok) -> str:
        written = self.scanner.source.text[tok.start : tok.end]
        if self.keywords is None or tok.keyword is None:
            return written
        if tok.keyword.kind == ROOT:
            member = lookup(MEMBER, written.partition(".")[2])
            if member is not None:
                return f"{tok.keyword.spelling(self.keywords)}.{member.spelling(self.keywords)}"
        return tok.keyword.spelling(self.keywords)

    @staticmethod
    def _gap(toks: list[Tok], at: int, cells: frozenset[int]) -> str:
        before, here = toks[at - 1], toks[at]
        if at in cells:
            return "  "
        if here.type in _TIGHT_BEFORE or before.type in _TIGHT_AFTER:
            return ""
        if here.type == "LPAR":
            return "" if before.type in {"NAME", "DOTTED"} else " "
        if here.type == "DOTDOT":
            return "" if before.type in _OPERAND_END else " "
        if before.type == "DOTDOT":
            return "" if here.type in _RANGE_START else " "
        if before.type == "MINUS":
            return " " if at > 1 and toks[at - 2].type in _OPERAND_END else ""
        if _is_fraction(toks, at):
            return ""
        return " "


def _is_fraction(toks: list[Tok], at: int) -> bool:
    """Whether the place before ``at`` is inside a fraction of two numbers: ``1/300``."""
    slash = at if toks[at].type == "SLASH" else at - 1
    if toks[slash].type != "SLASH" or slash < 1 or slash + 1 >= len(toks):
        return False
    if toks[slash - 1].type != "NUMBER" or toks[slash + 1].type != "NUMBER":
        return False
    return slash < 2 or toks[slash - 2].type not in {"SLASH", "STAR"}


def _cell_starts(toks: list[Tok]) -> frozenset[int]:
    """Where the keys of a parameter's row begin."""
    found: set[int] = set()
    for at, tok in enumerate(toks):
        if tok.type != "EQ" or at < 2:
            continue
        start = at - 1
        kind = toks[start].type
        if kind == "RPAR":
            while start and toks[start].type != "LPAR":
                start -= 1
        elif kind in {"NUMBER", "DOTDOT"}:
            start = _range_start(toks, start)
        elif kind not in _KEY_WORDS or toks[start - 1].type in {"FROM", "UNTIL"}:
            continue
        found.add(start)
    return frozenset(found)


def _range_start(toks: list[Tok], at: int) -> int:
    def number(index: int) -> int:
        """Return the start of a number that ends at ``index`` and is a key, not the value before."""
        signed = toks[index - 1].type == "MINUS" and toks[index - 2].type != "EQ"
        start = index - 1 if signed else index
        return -1 if toks[start - 1].type in {"EQ", "SLASH"} else start

    if toks[at].type == "NUMBER":
        at = at - 1 if toks[at - 1].type == "MINUS" else at
        if toks[at - 1].type != "DOTDOT":
            return at
        at -= 1
    if toks[at - 1].type != "NUMBER":
        return at
    low = number(at - 1)
    return at if low < 0 else low
