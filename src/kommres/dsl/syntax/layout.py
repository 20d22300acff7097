"""Lines to items and logical lines: which line opens a block, which one goes on, where a block ends.

A line in column 1 starts an item. Below it a deeper line belongs to the block if it begins as a line of a block does
(a keyword such as ``cites``, a text, ``=``, or ``name:``); any other deeper line goes on with the line before it.
"""

from __future__ import annotations

from attrs import define, field

from kommres.dsl.keywords import CHARGE, ITEM, LINE, RESERVED, THING, lookup
from kommres.dsl.syntax.scan import Line, Raw, Scanner

# Words after which something must follow, so the next line cannot be a new one.
_OPEN_WORDS = frozenset(
    (
        "WHEN",
        "OF",
        "OF_EACH",
        "AS",
        "OR",
        "AND",
        "NOT",
        "HAS",
        "BY",
        "OVER",
        "IN",
        "IF",
        "THEN",
        "OTHERWISE",
        "ELSE",
        "FOR",
        "WHERE",
        "ON",
        "UNTIL",
    )
)
_OPEN_SIGNS = frozenset(("COMMA", "PLUS", "MINUS", "STAR", "SLASH", "EQ", "NE", "LT", "LE", "GT", "GE", "LPAR", "LSQB"))
_CLOSING = {"RPAR": "LPAR", "RSQB": "LSQB"}
_HEADERS = frozenset(("EXCEPT", "REPLACE", "REPEAL"))


@define(kw_only=True)
class Logical:
    """A logical line: its raw tokens, its block level, and the token of its first word where that is a keyword."""

    tokens: list[Raw]
    level: int
    indent: int
    head: str | None
    opens: bool = False  # the next line is one level deeper
    starts: list[int] = field(factory=list)  # indices of tokens that begin a physical line

    @property
    def is_header(self) -> bool:
        """Whether a block may follow."""
        return self.level == 0 or self.head in _HEADERS


@define(kw_only=True)
class RawItem:
    """The lines of one item. ``broken``: its layout was reported, so it is not parsed."""

    kind: str | None
    lines: list[Logical] = field(factory=list)
    broken: bool = False


def line_head(tokens: list[Raw], item_kind: str | None) -> str | None:
    """Return the keyword that makes tokens a line of a block (``TEXT``, ``EQ``, ``FIELD`` otherwise), or None."""
    first = tokens[0]
    after = tokens[1].kind if len(tokens) > 1 else ""
    if first.kind == "STRING":
        return "TEXT" if not after else None
    if first.kind == "EQ":
        return "EQ"
    if first.kind != "WORD":
        return None
    if after == "COLON":
        return "FIELD"
    if after == "EQ":
        return None
    kinds = {"CHARGE": (LINE, CHARGE), "CALLED": (THING,)}.get(item_kind or "", (LINE,))
    found = next((word for kind in kinds if (word := lookup(kind, first.text))), None)
    token = found.token if found else None
    return None if token == "CALLED" and after not in {"WORD", "STRING"} else token  # noqa: S105


def _goes_on(last: Raw, before: Raw | None) -> bool:
    if last.kind in _OPEN_SIGNS:
        return True
    word = lookup(RESERVED, last.text) if last.kind == "WORD" else None
    return word is not None and word.token in _OPEN_WORDS and (before is None or before.kind != "COLON")


def arrange(scanner: Scanner) -> list[RawItem]:
    """Cut the scanned lines into items."""
    items: list[RawItem] = []
    builder: _Builder | None = None
    for line in scanner.lines:
        if not line.tokens:
            continue
        if line.indent == 0 or builder is None:
            if builder is not None:
                builder.finish()
            first = line.tokens[0]
            if line.indent:
                scanner.error(
                    "K0103",
                    "the file begins with an indented line",
                    first.start - line.indent,
                    first.end,
                    help="an item starts in column 1",
                )
            found = lookup(ITEM, first.text) if first.kind == "WORD" else None
            item = RawItem(kind=found.token if found else None)
            items.append(item)
            if len(items) > scanner.limits.items:
                scanner.refuse("items", "the file has too many items", first.start, first.end)
            builder = _Builder(scanner=scanner, item=item)
            builder.start(line, 0, item.kind)
        else:
            builder.add(line)
    if builder is not None:
        builder.finish()
    return items


@define(kw_only=True)
class _Builder:
    """Collects the logical lines of one item."""

    scanner: Scanner
    item: RawItem
    indents: list[int] = field(factory=lambda: [0])
    open: list[Raw] = field(factory=list)
    current: Logical = field(init=False)

    def start(self, line: Line, level: int, head: str | None) -> None:
        self.current = Logical(tokens=[], level=level, indent=line.indent, head=head)
        self.item.lines.append(self.current)
        self.go_on(line)

    def go_on(self, line: Line) -> None:
        self.current.starts.append(len(self.current.tokens))
        self.current.tokens.extend(line.tokens)
        for raw in line.tokens:
            if raw.kind in {"LPAR", "LSQB"}:
                self.open.append(raw)
                if len(self.open) > self.scanner.limits.nesting:
                    self.scanner.refuse("nesting", "parentheses are nested too deep", raw.start, raw.end)
            elif raw.kind in _CLOSING:
                if self.open and self.open[-1].kind == _CLOSING[raw.kind]:
                    self.open.pop()
                else:
                    self._unmatched(raw)

    def add(self, line: Line) -> None:
        head = line_head(line.tokens, self.item.kind)
        current = self.current
        if self.open and (head is None or line.indent > current.indent):
            self.go_on(line)
            return
        self._close()
        goes_on = _goes_on(current.tokens[-1], current.tokens[-2] if len(current.tokens) > 1 else None)
        if goes_on and (head is None or line.indent > current.indent):
            self.go_on(line)
        elif line.indent > current.indent:
            if not current.is_header and head in _HEADERS and len(line.tokens) > 1 and line.tokens[1].kind == "WORD":
                self._deeper(line)
            if head is None or not current.is_header:
                self.go_on(line)
            else:
                current.opens = True
                self.indents.append(line.indent)
                self.start(line, len(self.indents) - 1, head)
        else:
            self._sibling(line, head)

    def _sibling(self, line: Line, head: str | None) -> None:
        while len(self.indents) > 1 and self.indents[-1] > line.indent:
            self.indents.pop()
        expected = self.indents[-1]
        if expected != line.indent:
            first = line.tokens[0]
            blanks = " or ".join(str(n) for n in self.indents[1:]) or "4"
            self.scanner.error(
                "K0103",
                f"this line is indented by {line.indent}, no block above is",
                first.start - line.indent,
                first.start,
                note=f"{line.indent} blanks",
                help=f"the lines of the open blocks are indented by {blanks}",
            )
            self.item.broken = True
        if len(self.indents) == 1:
            self.indents.append(line.indent)
        self.start(line, len(self.indents) - 1, head)

    def _deeper(self, line: Line) -> None:
        first = line.tokens[0]
        self.scanner.error(
            "K0103",
            f"`{first.text}` is indented by {line.indent}, the line above by {self.current.indent}",
            first.start - line.indent,
            first.start,
            note=f"{line.indent} blanks",
            help="the lines of one block stand below each other, indented by four blanks",
        )
        self.item.broken = True

    def _unmatched(self, raw: Raw) -> None:
        shown = ")" if raw.kind == "RPAR" else "]"
        self.scanner.error(
            "K0105",
            f"`{shown}` closes nothing that is open",
            raw.start,
            raw.end,
            help="delete it, or open it where it should begin",
        )
        self.item.broken = True

    def _close(self) -> None:
        if self.open:
            raw = self.open[-1]
            self.scanner.error(
                "K0105",
                f"`{raw.text or '('}` is not closed",
                raw.start,
                raw.end,
                note="opened here",
                help="close it before the next line of the block",
            )
            self.open.clear()
            self.item.broken = True

    def finish(self) -> None:
        self._close()
