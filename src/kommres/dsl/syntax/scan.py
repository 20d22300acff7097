"""Text to raw tokens: one linear regular expression, no context. Comments are kept for the formatter."""

from __future__ import annotations

import re
import unicodedata

from attrs import define, field

from kommres.dsl.diagnostics import Diagnostics, Suggestion
from kommres.dsl.limits import CODES, Limits
from kommres.dsl.source import Source, Span


class GiveUp(Exception):  # noqa: N818
    """The text is refused; the reason is already among the diagnostics."""


class Raw:
    """A raw token: what it looks like and where it stands. ``line`` is counted from 0."""

    __slots__ = ("end", "kind", "line", "start", "text")

    def __init__(self, kind: str, text: str, start: int, end: int, line: int) -> None:
        self.kind = kind
        self.text = text
        self.start = start
        self.end = end
        self.line = line

    def __repr__(self) -> str:
        return f"{self.kind} {self.text!r}"


@define(kw_only=True)
class Line:
    """A physical line with at least one token or a comment."""

    number: int
    indent: int
    tokens: list[Raw] = field(factory=list)
    comment: Raw | None = None


PUNCTUATION = {
    "..": "DOTDOT",
    "<=": "LE",
    ">=": "GE",
    "!=": "NE",
    "=": "EQ",
    "<": "LT",
    ">": "GT",
    "+": "PLUS",
    "-": "MINUS",
    "*": "STAR",
    "/": "SLASH",
    "(": "LPAR",
    ")": "RPAR",
    "[": "LSQB",
    "]": "RSQB",
    ",": "COMMA",
    ":": "COLON",
    "%": "PERCENT",
}

_RAW = re.compile(
    r"""(?P<SPACE>[ ]+)
      | (?P<NL>\r?\n)
      | (?P<COMMENT>\#[^\n]*)
      | (?P<WORD>[^\W\d]\w*(?:\.[^\W\d]\w*)*)
      | (?P<INSTANT>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2})?(?:Z|[+-][0-9]{2}:[0-9]{2})?)
      | (?P<DATE>[0-9]{4}-[0-9]{2}-[0-9]{2}(?!\w))
      | (?P<MONTH>[0-9]{4}-[0-9]{2}(?![\w-]|\.[0-9]))
      | (?P<DOTDATE>[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{4}(?!\w))
      | (?P<TIME>[0-9]{2}:[0-9]{2}(?![0-9]))
      | (?P<NUMBER>[0-9]+(?:_[0-9]+)*(?:\.[0-9]+(?:_[0-9]+)*)?)
      | (?P<STRING>"(?:[^"\\\n]|\\[^\n])*")
      | (?P<OPEN>"[^\n]*)
      | (?P<WRONG>==|&&|\|\||<>|\*\*|=>|=<|\^)
      | (?P<OP>\.\.|<=|>=|!=|[-+*/=<>(),:\[\]%])
      | (?P<TAB>\t+)
      | (?P<BAD>.|\r)""",
    re.VERBOSE,
)

_WRONG = {"==": "=", "&&": "and", "||": "or", "<>": "!=", "=>": ">=", "=<": "<=", "**": "*", "^": ""}
_WRONG_TOKEN = {"==": "EQ", "<>": "NE", "=>": "GE", "=<": "LE", "**": "STAR", "^": "STAR"}
# Characters that word processors put in place of ours: what to write, and the raw token to go on with.
_LIKE = {
    "\u00a0": (" ", ""),
    "\u202f": (" ", ""),
    "\u2009": (" ", ""),
    "−": ("-", "MINUS"),
    "–": ("-", "MINUS"),
    "—": ("-", "MINUS"),
    "×": ("*", "STAR"),
    "·": ("*", "STAR"),
    "÷": ("/", "SLASH"),
    "≤": ("<=", "LE"),
    "≥": (">=", "GE"),
    "≠": ("!=", "NE"),
    "«": ('"', ""),
    "»": ('"', ""),
    "“": ('"', ""),
    "”": ('"', ""),
    "„": ('"', ""),
    "'": ('"', ""),
    "…": ("..", "DOTDOT"),
    ";": ("", "NL"),
    "!": ("not", ""),
    "№": ("", ""),
}
_HIDDEN = re.compile(
    "[\u0000-\u0008\u000b-\u000c\u000e-\u001f\u007f\u200b-\u200f\u202a-\u202e\u2028\u2029\u2060-\u2069\ufeff]"
)
TO_LATIN = str.maketrans("асеорхуАВСЕНКМОРТХУ", "aceopxyABCEHKMOPTXY")
TO_CYRILLIC = str.maketrans("aceopxyABCEHKMOPTXY", "асеорхуАВСЕНКМОРТХУ")
_MIXED = re.compile("[A-Za-z]+[\u0400-\u04ff]|[\u0400-\u04ff]+[A-Za-z]")
_NUMBER_TAIL = re.compile(r"[eE][+-]?[0-9]|\.(?![.0-9A-Za-z_])|\.[0-9]|_")


@define
class Scanner:
    """One pass over a source. Errors go to ``out``; the scan goes on with the likeliest reading."""

    source: Source
    out: Diagnostics
    limits: Limits
    lines: list[Line] = field(factory=list)
    _count: int = 0
    _errors: int = 0

    def span(self, start: int, end: int) -> Span:
        """Return a span of this source."""
        return Span(self.source, start, end)

    def error(
        self,
        code: str,
        message: str,
        start: int,
        end: int,
        *,
        note: str = "",
        help: str = "",  # noqa: A002
        replace: str | None = None,
    ) -> None:
        """Write a finding; after too many of them give the file up."""
        self._errors += 1
        if self._errors > self.limits.errors:
            self.out.add(
                CODES["errors"],
                f"more than {self.limits.errors} syntax errors; the rest of the file is not read",
                self.span(start, end),
                help="correct the errors above first",
            )
            raise GiveUp
        span = self.span(start, end)
        suggestion = None if replace is None else Suggestion(span=span, replacement=replace)
        self.out.add(code, message, span, note=note, help=help, suggestion=suggestion)

    def refuse(self, limit: str, message: str, start: int, end: int) -> None:
        """Say that a limit is passed, and stop."""
        bound = getattr(self.limits, limit)
        self.out.add(
            CODES[limit], f"{message}; the limit is {bound}", self.span(start, end), note="here the limit is passed"
        )
        raise GiveUp

    def scan(self) -> list[Line]:
        """All lines that hold a token or a comment."""
        text = self.source.text
        limits = self.limits
        # A character has at least one byte: the cheap test first, so that a huge text is not encoded.
        if len(text) > limits.bytes or len(text.encode("utf-8", "surrogatepass")) > limits.bytes:
            self.refuse("bytes", "the file is too long", 0, 0)
        position = 1 if text.startswith("\ufeff") else 0
        number = 0
        line = Line(number=0, indent=0)
        fresh, line_start = True, position
        match_at = _RAW.match
        size = len(text)
        while position < size:
            match = match_at(text, position)
            assert match is not None  # noqa: S101
            kind = match.lastgroup
            start, position = position, match.end()
            if kind == "SPACE":
                if fresh:
                    line.indent += position - start
                continue
            if kind == "NL":
                if start - line_start > limits.line:
                    self.refuse("line", "a line is too long", line_start, start)
                if line.tokens or line.comment:
                    self.lines.append(line)
                number += 1
                line = Line(number=number, indent=0)
                fresh, line_start = True, position
                continue
            if kind == "TAB":
                if fresh:
                    self.error(
                        "K0103",
                        "a tab in the indentation",
                        start,
                        position,
                        note="a tab",
                        help="indent by four blanks; how wide a tab is depends on the editor",
                        replace="    " * (position - start),
                    )
                    line.indent = (line.indent // 4 + position - start) * 4
                continue
            if kind == "COMMENT":
                self._hidden(start, position)
                line.comment = Raw("COMMENT", match.group().rstrip(), start, position, number)
                continue
            fresh = False
            token = self._token(str(kind), match.group(), start, position, number, line.tokens)
            if token is not None:
                position = token.end
                line.tokens.append(token)
                self._count += 1
                if self._count > limits.tokens:
                    self.refuse("tokens", "the file has too many words and signs", start, position)
            if text.startswith(" ", position):  # the one blank behind most tokens
                position += 1
        if size - line_start > limits.line:
            self.refuse("line", "a line is too long", line_start, size)
        if line.tokens or line.comment:
            self.lines.append(line)
        return self.lines

    def _token(self, kind: str, text: str, start: int, end: int, line: int, before: list[Raw]) -> Raw | None:
        if kind == "WORD":
            if end - start > self.limits.name:
                self.refuse("name", "a name is too long", start, end)
            if not text.isascii():
                self._letters(text, start, end)
            return Raw(kind, text, start, end, line)
        if kind == "OP":
            return Raw(PUNCTUATION[text], text, start, end, line)
        if kind == "NUMBER":
            return self._number(text, start, end, line, before)
        if kind == "STRING":
            if end - start - 2 > self.limits.text:
                self.refuse("text", "a quoted text is too long", start, end)
            self._hidden(start, end)
            self._escapes(text, start)
            return Raw(kind, text, start, end, line)
        if kind in {"DATE", "MONTH", "TIME", "INSTANT"}:
            return Raw(kind, text, start, end, line)
        return self._wrong(kind, text, start, end, line)

    def _number(self, text: str, start: int, end: int, line: int, before: list[Raw]) -> Raw:
        if end - start > self.limits.digits and len(text.replace("_", "").replace(".", "")) > self.limits.digits:
            self.refuse("digits", "a number has too many digits", start, end)
        tail = _NUMBER_TAIL.match(self.source.text, end)
        if tail:
            end = tail.end()
            digits = re.compile(r"[0-9_.]*").match(self.source.text, end)
            end = min(digits.end() if digits else end, end + self.limits.digits)
            text = self.source.text[start:end]
            helps = {"e": "write all digits: `0.001` for `1e-3`", "E": "write all digits: `0.001` for `1e-3`"}
            self.error(
                "K0106",
                f"`{text}` is not a number",
                start,
                end,
                help=helps.get(
                    tail.group()[0], "digits before and after the point, `_` only between digits: `1_000.5`"
                ),
            )
            return Raw("NUMBER", "0", start, end, line)
        if len(before) > 1 and before[-1].kind == "COMMA" and before[-2].kind == "NUMBER":
            comma, whole = before[-1], before[-2]
            if whole.end == comma.start and comma.end == start:
                self.error(
                    "K0106",
                    f"`{whole.text},{text}`: a decimal comma, or two numbers?",
                    whole.start,
                    end,
                    help="a decimal number has a point; two numbers have a blank after the comma",
                    replace=f"{whole.text}.{text}",
                )
        return Raw("NUMBER", text, start, end, line)

    def _wrong(self, kind: str, text: str, start: int, end: int, line: int) -> Raw | None:
        if kind == "OPEN":
            self.error(
                "K0102",
                "a quoted text without its closing quote",
                start,
                start + len(text.rstrip()),
                note="opened here",
                help='a text ends on its line with `"`; a quote inside is written `\\"`, a line break `\\n`',
            )
            return Raw("STRING", '""', start, end, line)
        if kind == "DOTDATE":
            day, month, year = text.split(".")
            right = f"{year}-{int(month):02}-{int(day):02}"
            self.error(
                "K0107", f"`{text}` is not written as a date", start, end, help="year, month, day", replace=right
            )
            return Raw("DATE", "2000-01-01", start, end, line)
        if kind == "WRONG":
            right = _WRONG[text]
            helps = {
                "==": "both a definition and a comparison are written `=`",
                "^": "there are no powers: multiply",
                "**": "there are no powers: multiply",
            }
            self.error(
                "K0108",
                f"`{text}` is not an operator",
                start,
                end,
                help=helps.get(text, f"write `{right}`"),
                replace=right if text in {"==", "<>", "=>", "=<", "&&", "||"} else None,
            )
            return Raw(_WRONG_TOKEN.get(text, "WORD"), right or text, start, end, line)
        return self._bad(text, start, end, line)

    def _bad(self, text: str, start: int, end: int, line: int) -> Raw | None:
        right, token = _LIKE.get(text, (None, ""))
        name = unicodedata.name(text, f"U+{ord(text):04X}").lower()
        shown = f"`{text}` ({name})" if text.isprintable() and not text.isspace() else name
        helps = {
            '"': 'texts stand in straight double quotes: `"…"`',
            " ": "write an ordinary blank",
            "": "leave it out; a line holds one statement",
            None: "names are letters, digits and `_`; anything else belongs in a quoted text or a comment",
        }
        # One quote is half of a pair: putting only it right would not help.
        replace = None if right == '"' else right
        self.error(
            "K0101",
            f"{shown} has no meaning here",
            start,
            end,
            help=helps.get(right, f"write `{right}`"),
            replace=replace,
        )
        return Raw(token, right or "", start, end, line) if token and token != "NL" else None  # noqa: S105

    def _hidden(self, start: int, end: int) -> None:
        found = _HIDDEN.search(self.source.text, start, end)
        if found:
            name = unicodedata.name(found.group(), f"U+{ord(found.group()):04X}").lower()
            self.error(
                "K0101",
                f"a character that cannot be seen: {name}",
                found.start(),
                found.end(),
                help="delete it; such characters make text look different from what it is",
                replace="",
            )

    def _escapes(self, text: str, start: int) -> None:
        at = text.find("\\")
        while at >= 0:
            if text[at + 1] not in '"\\n':
                self.error(
                    "K0102",
                    f"`{text[at : at + 2]}` means nothing in a quoted text",
                    start + at,
                    start + at + 2,
                    help='there are `\\"`, `\\\\` and `\\n`',
                )
                return
            at = text.find("\\", at + 2)

    def _letters(self, text: str, start: int, end: int) -> None:
        mixed = _MIXED.search(text)
        if mixed:
            latin, cyrillic = text.translate(TO_LATIN), text.translate(TO_CYRILLIC)
            likely = next((word for word in (latin, cyrillic) if not _MIXED.search(word)), None)
            self.error(
                "K0104",
                f"`{text}` mixes Latin and Cyrillic letters in one word",
                start + mixed.start(),
                start + mixed.end(),
                help=f"write `{likely}` in one alphabet" if likely else "keep to one alphabet between `_`",
            )
        elif unicodedata.normalize("NFC", text) != text:
            right = unicodedata.normalize("NFC", text)
            self.error(
                "K0101", f"`{text}` is written with decomposed letters", start, end, help="retype it", replace=right
            )
