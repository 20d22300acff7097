"""Raw tokens of a logical line to terminals of the grammar: keywords by context, units, types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from attrs import define, field

from kommres.dsl.keywords import (
    AGGREGATE,
    ALL_WORDS,
    ATTRIBUTE,
    CHARGE,
    CITE,
    FUNCTION,
    ITEM,
    LINE,
    MEMBER,
    MODE,
    PLACE,
    RESERVED,
    ROOT,
    SOURCE,
    THING,
    TYPE,
    WORDS,
    Keyword,
    is_word,
    lookup,
)
from kommres.dsl.syntax.layout import Logical

if TYPE_CHECKING:
    from kommres.dsl.syntax.scan import Raw

# Lines whose second word is a name, whatever its letters.
_NAMING = frozenset(
    (
        "MODULE",
        "USE",
        "ACT",
        "UNIT_ITEM",
        "ENTITY",
        "ENUM",
        "INPUT",
        "EVENT",
        "SERIES",
        "FUNCTION",
        "CALENDAR",
        "OPTION",
        "PARAM",
        "RULE",
        "CHARGE",
        "AMEND",
        "CITES",
        "EXCEPT",
        "REPLACE",
        "REPEAL",
        "GIVEN",
        "EXPECT",
        "CALLED",
    )
)
# Lines that say "of whom" before a colon or `=`: there `of` is `у`.
_BELONGING = frozenset(("ENTITY", "INPUT", "EVENT", "SERIES", "RULE", "CHARGE", "AMEND", "GIVEN", "EXPECT"))
_TYPED = frozenset(("INPUT", "SERIES", "FUNCTION", "PARAM", "RULE", "CHARGE"))
_ATTRIBUTES_END = frozenset(("EQ", "WHEN", "FROM", "FROM_FILE"))
_UNIT_SIGNS = frozenset(("SLASH", "STAR"))
# Tokens after which a source of months may stand.
_BEFORE_MONTHS = frozenset(("IN", "OF_EACH"))


class Tok(str):
    """A terminal of the grammar. ``value`` is the canonical (English) word, ``keyword`` its row in the table."""

    __slots__ = ("end", "keyword", "raw", "start", "type", "value")

    type: str
    value: str
    start: int
    end: int
    keyword: Keyword | None
    raw: int  #: index of its first raw token in the logical line

    def __new__(cls, kind: str, value: str, start: int, end: int, keyword: Keyword | None = None) -> Self:
        tok = str.__new__(cls, value)
        tok.type = kind
        tok.value = value
        tok.start, tok.end = start, end
        tok.keyword = keyword
        tok.raw = -1
        return tok

    def __repr__(self) -> str:
        return f"{self.type}({self.value})"


@define
class Classifier:
    """Classifies one logical line."""

    line: Logical
    item_kind: str | None
    out: list[Tok] = field(factory=list)
    _first: str = ""
    _header_open: bool = False
    _typed: bool = False
    _attributes: bool = False
    _open: list[str] = field(factory=list)  # "" or the function whose parenthesis is open

    def run(self) -> list[Tok]:
        """Return the terminals of the line."""
        raws = self.line.tokens
        at = 0
        while at < len(raws):
            before = len(self.out)
            used = self._one(raws, at)
            for index in range(before, len(self.out)):
                self.out[index].raw = at
            if at == 0 and self.out:
                self._begin(self.out[0])
            at = used
        return self.out

    def _begin(self, first: Tok) -> None:
        self._first = first.type
        self._header_open = first.type in _BELONGING
        field_line = self.item_kind == "EVENT" and self.line.level > 0
        self._typed = field_line or (self.line.level == 0 and first.type in _TYPED)

    def _put(self, kind: str, raw: Raw, keyword: Keyword | None = None, value: str | None = None) -> None:
        if value is None:
            value = keyword.en if keyword else raw.text
        self.out.append(Tok(kind, value, raw.start, raw.end, keyword))

    def _one(self, raws: list[Raw], at: int) -> int:
        raw = raws[at]
        kind = raw.kind
        if kind == "WORD":
            self._word(raws, at)
            return at + 1 if self.out[-1].type != "AS" or self._first == "USE" else self._unit(raws, at + 1)
        self._put(kind, raw)
        if kind == "NUMBER":
            return at + 1 if self._first == "CITES" else self._unit(raws, at + 1, number=raw)
        if kind in {"LPAR", "LSQB"}:
            previous = self.out[-2] if len(self.out) > 1 else None
            called = previous is not None and previous.keyword is not None and previous.keyword.kind == FUNCTION
            self._open.append(previous.value if called and previous else "")
        elif kind in {"RPAR", "RSQB"}:
            if self._open:
                self._open.pop()
        elif kind == "COLON":
            self._header_open = self._header_open and bool(self._open)
            if self._typed:
                return self._type(raws, at + 1)
        elif kind == "EQ":
            self._header_open = self._attributes = False
        return at + 1

    # --- units and types ---

    def _unit(self, raws: list[Raw], at: int, number: Raw | None = None) -> int:
        """Take the unit that may follow a number or `as`: one token without blanks inside."""
        if at >= len(raws):
            return at
        first = raws[at]
        if number is not None:
            if first.line != number.line or not self._is_unit_after_number(raws, at, number):
                return at
        elif first.kind not in {"WORD", "PERCENT", "NUMBER"}:
            return at
        end = self._unit_end(raws, at)
        if end == at:
            return at
        self._put_merged("UNIT", raws, at, end)
        return end

    def _put_merged(self, kind: str, raws: list[Raw], at: int, end: int) -> None:
        text = "".join(r.text for r in raws[at:end])
        tok = Tok(kind, text, raws[at].start, raws[end - 1].end)
        tok.raw = at
        self.out.append(tok)

    def _is_unit_after_number(self, raws: list[Raw], at: int, number: Raw) -> bool:
        first = raws[at]
        if first.kind == "NUMBER":
            return first.text == "1" and self._unit_end(raws, at) > at + 1
        if first.kind != "WORD":
            return first.kind == "PERCENT"
        touching = first.start == number.end
        after = raws[at + 1].kind if at + 1 < len(raws) else ""
        if self._first in {"FROM", "ALWAYS"} and after == "EQ" and not touching:
            return False  # the key of the next value
        if first.text in WORDS[RESERVED] or "." in first.text:
            return False
        previous = self.out[-2].type if len(self.out) > 1 else ""
        if previous == "LAST_N" and is_word("MONTHS", first.text):
            return False
        return not (is_word("AT", first.text) and self._edge_follows(raws, at))

    @staticmethod
    def _unit_end(raws: list[Raw], at: int) -> int:
        """Return the index after the unit that begins at ``at``; ``at`` itself if none does."""

        def atom(index: int) -> bool:
            if index >= len(raws):
                return False
            raw = raws[index]
            return (raw.kind == "WORD" and "." not in raw.text) or raw.kind == "PERCENT"

        start = at
        if raws[at].kind == "NUMBER":
            if raws[at].text != "1" or at + 2 >= len(raws) or raws[at + 1].kind != "SLASH":
                return start
            if raws[at + 1].start != raws[at].end or raws[at + 2].start != raws[at + 1].end or not atom(at + 2):
                return start
            at += 2
        elif not atom(at):
            return start
        at += 1
        while at + 1 < len(raws) and raws[at].kind in _UNIT_SIGNS and atom(at + 1):
            if raws[at].start != raws[at - 1].end or raws[at + 1].start != raws[at].end:
                break
            at += 2
        return at

    def _type(self, raws: list[Raw], at: int) -> int:
        if at >= len(raws) or raws[at].kind not in {"WORD", "PERCENT", "NUMBER"}:
            return at
        end = self._unit_end(raws, at)
        if end == at:
            return at
        text = "".join(r.text for r in raws[at:end])
        keyword = lookup(TYPE, text)
        tok = Tok("TYPE", keyword.en if keyword else text, raws[at].start, raws[end - 1].end, keyword)
        self.out.append(tok)
        self._attributes = True
        return end

    # --- words ---

    def _word(self, raws: list[Raw], at: int) -> None:
        raw = raws[at]
        text = raw.text
        if "." in text:
            self._dotted(raw)
            return
        if text not in ALL_WORDS:
            self._put("NAME" if text != "_" else "HOLE", raw)
            return
        if at == 0:
            found = self._opening(raws)
        else:
            found = self._placed(raws, at)
            if found is None and not self._is_name(raws, at):
                found = self._by_context(raws, at)
        if found is None:
            self._put("NAME", raw)
        else:
            self._put(found.token, raw, found)

    def _dotted(self, raw: Raw) -> None:
        root, _, member = raw.text.partition(".")
        first, second = lookup(ROOT, root), lookup(MEMBER, member)
        if first and second:
            self._put("DOTTED", raw, first, f"{first.en}.{second.en}")
        else:
            self._put("DOTTED", raw)

    def _opening(self, raws: list[Raw]) -> Keyword | None:
        """Look up the first word of a line."""
        text = raws[0].text
        if self.line.level == 0:
            return lookup(ITEM, text)
        if len(raws) > 1 and raws[1].kind in {"EQ", "COLON"}:
            return None
        if self.item_kind == "CALLED":
            return lookup(THING, text)
        found = lookup(LINE, text)
        if found is None and self.item_kind == "CHARGE":
            found = lookup(CHARGE, text)
        return found

    def _placed(self, raws: list[Raw], at: int) -> Keyword | None:
        """Words that are known by the word before them."""
        text = raws[at].text
        previous, earlier = self._previous()
        tokens: tuple[str, ...] = ()
        if previous == "AT":
            tokens = ("START", "END")
        elif previous == "OVER_EACH":
            tokens = ("SLICES", "DAYS")
        elif previous == "BY" and earlier == "SPREAD":
            tokens = ("DAYS",)
        elif previous == "NUMBER" and earlier == "LAST_N":
            tokens = ("MONTHS",)
        elif previous == "OVER_SPAN":
            tokens = ("SPAN_MONTH", "SPAN_YEAR")
        elif previous == "IN" and len(self.out) > 2 and self.out[-3].type == "FOR":
            return lookup(SOURCE, text)
        elif previous == "BY" and self._first == "FUNCTION":
            return lookup(MODE, text)
        elif previous == "COMMA" and self._first == "OPTION":
            tokens = ("DEFAULT",)
        if not tokens:
            return None
        return self._among(tokens, text)

    @staticmethod
    def _among(tokens: tuple[str, ...], text: str) -> Keyword | None:
        found = (*WORDS[PLACE].get(text, ()), *WORDS[RESERVED].get(text, ()))
        return next((k for k in found if k.token in tokens), None)

    def _previous(self) -> tuple[str, str]:
        out = self.out
        return (out[-1].type if out else "", out[-2].type if len(out) > 1 else "")

    def _is_name(self, raws: list[Raw], at: int) -> bool:
        if at == 1 and self._first in _NAMING:
            return True
        if self._first == "USE" and self.out[-1].type == "AS":
            return True
        return at + 1 < len(raws) and raws[at + 1].kind in {"EQ", "COLON"}

    def _by_context(self, raws: list[Raw], at: int) -> Keyword | None:
        text = raws[at].text
        following = raws[at + 1] if at + 1 < len(raws) else None
        if self._first == "CITES":
            return lookup(CITE, text)
        previous, _ = self._previous()
        if self._attributes and previous == "COMMA" and not self._open:
            return lookup(ATTRIBUTE, text)
        found = lookup(PLACE, text)
        if found and self._in_place(found.token, raws, at):
            return found
        if not self._header_open:
            found = lookup(AGGREGATE, text)
            if found and following is not None and self._aggregates(found.token, raws, at):
                return found
            if following is not None and following.kind == "LPAR" and text in WORDS[FUNCTION]:
                return lookup(FUNCTION, text)
            if (
                following is not None
                and following.kind == "RPAR"
                and previous == "COMMA"
                and self._open[-1:] == ["round"]
            ):
                return lookup(MODE, text)
        return self._reserved(text, following)

    def _in_place(self, token: str, raws: list[Raw], at: int) -> bool:
        following = raws[at + 1] if at + 1 < len(raws) else None
        previous, _ = self._previous()
        if token == "OVER_EACH":  # noqa: S105
            return previous in {"SUM", "MEAN"} and not self._header_open
        if token in {"NONE", "REFUSED"}:
            return self._first == "EXPECT" and previous in {"NAME", "DOTTED", "RPAR", "RSQB"}
        if following is None:
            return False
        if token in {"FIRST_N", "LAST_N"}:
            return following.kind == "NUMBER" and previous in _BEFORE_MONTHS
        if token == "KNOWN":  # noqa: S105
            return self._first in {"FROM", "EXAMPLE"} and previous in {"DATE", "MONTH"}
        if token == "AT":  # noqa: S105
            return self._edge_follows(raws, at)
        if token == "CHARGED":  # noqa: S105
            return following.kind == "WORD" and following.text not in WORDS[RESERVED]
        return False

    @staticmethod
    def _edge_follows(raws: list[Raw], at: int) -> bool:
        text = raws[at + 1].text if at + 1 < len(raws) else ""
        return is_word("START", text) or is_word("END", text)

    @staticmethod
    def _aggregates(token: str, raws: list[Raw], at: int) -> bool:
        after = raws[at + 1].text
        if token == "COUNT":  # noqa: S105
            return is_word("FOR", after)
        if is_word("OF_EACH", after) and raws[at + 1].kind == "WORD":
            return True
        if token not in {"SUM", "MEAN"} or not is_word("OVER_EACH", after):
            return False
        unit = raws[at + 2].text if at + 2 < len(raws) else ""
        return after == "over" or is_word("SLICES", unit) or is_word("DAYS", unit)

    def _reserved(self, text: str, following: Raw | None) -> Keyword | None:
        words = WORDS[RESERVED].get(text)
        if words is None:
            return None
        found = words[0]
        if len(words) > 1:
            if found.en == "of":
                found = words[0] if self._header_open else words[1]
            elif found.en == "from":
                is_file = following is not None and following.kind == "STRING"
                found = words[1] if is_file else words[0]
        if found.token in _ATTRIBUTES_END:
            self._attributes = False
        return found
