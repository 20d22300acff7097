"""Words for syntax errors: the common mistakes by hand, the others as "expected X, found Y"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kommres.dsl.diagnostics import Diagnostics, Label, Suggestion, closest
from kommres.dsl.keywords import AGGREGATE, CHARGE, CITE, ITEM, KEYWORDS, LINE, RESERVED, THING, WORDS, lookup
from kommres.dsl.source import Source, Span
from kommres.dsl.syntax.cases import NAMED, SIGNS, Case, Finding
from kommres.dsl.syntax.scan import TO_CYRILLIC, TO_LATIN
from kommres.dsl.syntax.slips import SLIPS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kommres.dsl.syntax.lexer import ItemTokens
    from kommres.dsl.syntax.parser import Unexpected

_AGGREGATES = frozenset(k.token for k in KEYWORDS if k.kind == AGGREGATE)
_STANDALONE = _AGGREGATES | {"IF"}
_COMPARISONS = frozenset(("EQ", "NE", "LT", "LE", "GT", "GE"))
_OPERATORS = _COMPARISONS | {
    "PLUS",
    "MINUS",
    "STAR",
    "SLASH",
    "AND",
    "OR",
    "IN",
    "ELSE",
    "AS",
    "AT",
    "SPREAD",
    "ON",
    "UNIT",
}
_EXPRESSION = (
    frozenset(
        ("NAME", "DOTTED", "NUMBER", "STRING", "YES", "NO", "DATE", "INSTANT", "TIME", "ABSENT", "HOLE", "CHARGED")
    )
    | {"LPAR", "MINUS", "NOT", "HAS"}
    | _STANDALONE
)
_VALUES = frozenset(("NUMBER", "STRING", "DATE", "YES", "NO", "NAME", "DOTTED", "ABSENT"))
_HEADS = frozenset(k.token for k in KEYWORDS if k.kind in {LINE, CHARGE, THING})
_RESERVED_TOKENS = frozenset(k.token for k in KEYWORDS if k.kind == RESERVED)
_LIKE_THIS = {"DATE": "year, month, day: `2026-03-16`", "MONTH": "year and month: `2026-03`"}
_CLOSED = frozenset(("_NEWLINE", "RPAR", "_COMMA", "COMMA", "RSQB"))


def explain(source: Source, item: ItemTokens, error: Unexpected, out: Diagnostics) -> None:
    """Write the finding for a token that cannot stand where it stands."""
    case = Case(source=source, tokens=item.tokens, index=error.index, accepts=error.accepts, kind=item.kind)
    found = next((finding for check in _CHECKS if (finding := check(case)) is not None), None) or _general(case)
    suggestion = None if found.replace is None else Suggestion(span=found.span, replacement=found.replace)
    out.add(
        found.code,
        found.message,
        found.span,
        note=found.note,
        labels=found.labels,
        help=found.help,
        suggestion=suggestion,
    )


# --- hand-written checks, the first that answers wins --------------------------------------------------------


def _unknown_item(case: Case) -> Finding | None:
    if case.index or not case.tokens:
        return None
    first = case.found
    word = case.written(first)
    if first.type in SIGNS or first.type in {"STRING", "NUMBER"} or (lookup(LINE, word) and not lookup(ITEM, word)):
        return Finding(
            code="K0103",
            message=f"`{word}` cannot begin an item; it belongs to the block of the item above",
            span=case.span(first),
            note="in column 1",
            help="indent the line by four blanks",
        )
    near = closest(word, [w for k in KEYWORDS if k.kind == ITEM for w in (k.en, k.ru)])
    help_text = "an item begins with a word such as `rule`, `param`, `input`, `charge`, `example`"
    return Finding(
        code="K0109",
        message=f"`{word}` begins no item",
        span=case.span(first),
        help=f"did you mean `{near}`?" if near else help_text,
        replace=near,
    )


def _look_alike(case: Case) -> Finding | None:
    found = case.found
    if found.type != "NAME":
        return None
    word = case.written(found)
    for other in (word.translate(TO_CYRILLIC), word.translate(TO_LATIN)):
        twins = [keyword for words in WORDS.values() for keyword in words.get(other, ())]
        if other != word and any(twin.token in case.accepts or twin.kind == LINE for twin in twins):
            alphabet = "Latin" if word.isascii() else "Cyrillic"
            return Finding(
                code="K0104",
                message=f"`{word}` in {alphabet} letters is a name, not the keyword that looks the same",
                span=case.span(found),
                help="type the word in the other alphabet",
                replace=other,
            )
    return None


def _keyword_as_name(case: Case) -> Finding | None:
    found = case.found
    if "NAME" not in case.accepts or found.type not in _RESERVED_TOKENS or {"PLUS", "STAR"} & case.accepts:
        return None
    if "NUMBER" in case.accepts and found.type not in {"OF", "OF_EACH", "BY", "ON", "AS", "FROM", "UNTIL", "OVER"}:
        return None
    word = case.written(found)
    return Finding(
        code="K0110",
        message=f"`{word}` is a keyword and cannot be a name here",
        span=case.span(found),
        note="expected a name",
        help="choose another name; after a dot, and before `=` or `:`, keywords are names (`x.from`)",
    )


def _unit_with_blanks(case: Case) -> Finding | None:
    previous, found = case.previous, case.found
    if previous is None or found.type not in {"SLASH", "STAR"} or previous.type != "TYPE":
        return None
    last = found
    for tok in case.tokens[case.index :]:
        if tok.type not in {"SLASH", "STAR", "NAME", "PERCENT"}:
            break
        last = tok
    span = Span(case.source, previous.start, last.end)
    right = span.text.replace(" ", "")
    return Finding(
        code="K0112", message="a unit is written without blanks", span=span, help=f"write `{right}`", replace=right
    )


def _type(case: Case) -> Finding | None:
    if case.accepts == {"TYPE"}:
        return Finding(
            code="K0117",
            message=f"after `:` a type is expected, found {_found(case)}",
            span=case.span(case.found),
            help="a unit (`m3`, `RUB/m3`, `1/day`), `number`, `yes/no`, `date`, `instant`, `id` or an enumeration",
        )
    if "COLON" in case.accepts and case.found.type != "COLON" and not {"_COMMA", "PLUS"} & case.accepts:
        head = case.line()[0].type if case.line() else ""
        if head in {"INPUT", "PARAM", "RULE", "CHARGE"}:
            return Finding(
                code="K0117",
                message=f"the type is missing: expected `:`, found {_found(case)}",
                span=case.span(case.found),
                help="a declaration names its type: `volume of premises: m3`",
            )
    return None


def _condition(case: Case) -> Finding | None:
    closed = case.found.type in _CLOSED
    line = case.line()
    if "OTHERWISE" in case.accepts and closed:
        at = max((i for i, tok in enumerate(line) if tok.type == "THEN"), default=0)
        used = next((tok for tok in line[at:] if tok.type == "ELSE"), None)
        otherwise = case.spell("OTHERWISE")
        if used is not None:
            return Finding(
                code="K0113",
                message=f"`{case.spell('IF')}` goes with `{otherwise}`",
                span=case.span(used),
                help=f"`{case.written(used)}` gives the value where something is absent or a look-up misses",
                replace=otherwise,
            )
        return Finding(
            code="K0113",
            message=f"`{case.spell('IF')}` without `{otherwise}`",
            span=case.span(case.found),
            help=f"say what holds otherwise (`{case.spell('ABSENT')}` in an optional rule): `if c then a otherwise b`",
        )
    if "THEN" in case.accepts and (closed or case.found.type == "COLON") and any(tok.type == "IF" for tok in line):
        return Finding(
            code="K0113",
            message=f"`{case.spell('IF')}` without `{case.spell('THEN')}`",
            span=case.span(case.found),
            help="`if c then a otherwise b`",
        )
    return None


def _standalone(case: Case) -> Finding | None:
    found = case.found
    if found.type not in _STANDALONE or not {"NUMBER", "LPAR"} <= case.accepts:
        return None
    word = case.written(found)
    return Finding(
        code="K0119",
        message=f"`{word} …` is part of a longer expression and needs parentheses",
        span=case.span(found),
        help=f"`1 + ({word} …)`: it shows where the part ends",
    )


def _comparison_chain(case: Case) -> Finding | None:
    found = case.found
    if found.type not in _COMPARISONS or not {"PLUS", "AND"} & case.accepts:
        return None
    earlier = next((tok for tok in reversed(case.line()[1:]) if tok.type in _COMPARISONS), None)
    if earlier is None:
        return None
    return Finding(
        code="K0120",
        message="comparisons do not chain",
        span=case.span(found),
        labels=(Label(span=case.span(earlier), text="the first comparison"),),
        help="write `a < b and b < c`, or `b in 1..3`",
    )


def _number(case: Case) -> Finding | None:
    previous, found = case.previous, case.found
    if previous is None or previous.type != "NUMBER":
        return None
    following = case.tokens[case.index + 1] if case.index + 1 < len(case.tokens) else None
    if found.type == "COMMA" and following is not None and following.type == "NUMBER":
        right = f"{case.written(previous)}.{case.written(following)}"
        span = Span(case.source, previous.start, following.end)
        return Finding(
            code="K0106",
            message="a decimal number has a point, not a comma",
            span=span,
            help=f"write `{right}`",
            replace=right,
        )
    if found.type == "NUMBER":
        right = f"{case.written(previous)}_{case.written(found)}"
        span = Span(case.source, previous.start, found.end)
        return Finding(
            code="K0106",
            message="two numbers side by side",
            span=span,
            help=f"digits are grouped by `_`: `{right}`",
            replace=right,
        )
    return None


def _sources(case: Case) -> Finding | None:
    found = case.found
    line = case.line()
    at_comma = found.type == "COMMA" and [t.type for t in case.tokens[case.index + 1 : case.index + 3]] == [
        "NAME",
        "IN",
    ]
    if not at_comma or not any(tok.type == "FOR" for tok in line):
        return None
    return Finding(
        code="K0111",
        message="each source of an aggregate has its own `for`",
        span=case.span(found),
        help="`sum of x for a in A for b in B where c`",
    )


def _equals(case: Case) -> Finding | None:
    found = case.found
    if "EQ" not in case.accepts or {"PLUS", "STAR"} & case.accepts:
        return None
    if found.type not in _EXPRESSION | {"_NEWLINE", "PERCENT"}:
        return None
    line = case.line()
    if found.type == "_NEWLINE" and not any(tok.type in {"FROM", "OPTION", "GIVEN", "EXPECT"} for tok in line[:1]):
        return None
    if found.type == "_NEWLINE" and len(line) > 2 and line[-1].type in {"NUMBER", "STRING"} and line[-2].type == "DATE":
        value = case.written(line[-1])
        return Finding(
            code="K0116",
            message=f"`=` is missing before `{value}`",
            span=case.span(line[-1]),
            help="a value stands after `=`",
            replace=f"= {value}",
        )
    return Finding(
        code="K0116",
        message=f"`=` is missing before {_found(case)}" if found.type != "_NEWLINE" else "`=` and a value are missing",
        span=case.span(found),
        help="a definition begins with `=`",
    )


def _block(case: Case) -> Finding | None:
    found, previous = case.found, case.previous
    opens = found.type == "_INDENT"
    if not opens and (previous is None or previous.type not in {"_NEWLINE", "_INDENT", "_DEDENT"}):
        return None
    if found.type in {"_DEDENT", "$END"}:
        return None
    first = case.tokens[case.index + 1] if opens else found
    at = min(case.index + (2 if opens else 1), len(case.tokens) - 1)
    is_field = first.type == "NAME" and case.tokens[at].type == "COLON"
    owner = case.spell(case.kind) if case.kind else "this"
    lines = sorted({case.word(t) for t in case.accepts & (_HEADS | {"STRING", "EQ"})})
    what = f"a line `{case.written(first)}: …`" if is_field else f"`{case.written(first)}`"
    return Finding(
        code="K0122",
        message=f"{what} does not belong in a block of `{owner}`",
        span=case.span(first),
        help=f"lines here begin with {_either(lines)}" if lines else f"`{owner}` has only a text of its own below it",
    )


def _month(case: Case) -> Finding | None:
    if case.found.type != "MONTH" or "NUMBER" not in case.accepts:
        return None
    return Finding(
        code="K0107",
        message=f"`{case.written(case.found)}` is a month; months stand in examples only",
        span=case.span(case.found),
        help="write a whole date (`2025-12-01`); to subtract, put blanks around `-`",
    )


def _citation(case: Case) -> Finding | None:
    line = case.line()
    if not line or line[0].type != "CITES":
        return None
    word = case.written(case.found)
    if case.found.type == "NAME":
        near = closest(word, WORDS[CITE])
        return Finding(
            code="K0111",
            message=f"`{word}` is no part of a citation",
            span=case.span(case.found),
            help=f"did you mean `{near}`?"
            if near
            else "annex, section, article, part, clause, item, formula, table, paragraph",
            replace=near,
        )
    return None


_CHECKS: tuple[Callable[[Case], Finding | None], ...] = (
    _unknown_item,
    _look_alike,
    *SLIPS,
    _unit_with_blanks,
    _type,
    _condition,
    _standalone,
    _comparison_chain,
    _number,
    _sources,
    _month,
    _citation,
    _block,
    _keyword_as_name,
    _equals,
)


# --- the general case ----------------------------------------------------------------------------------------


def _found(case: Case) -> str:
    found = case.found
    if case.index >= len(case.tokens):
        return "the end of the item"
    if found.type in {"_NEWLINE", "_INDENT", "_DEDENT"}:
        return NAMED[found.type]
    return f"`{case.written(found)}`"


def _either(words: Iterable[str]) -> str:
    *rest, last = words
    return f"{', '.join(rest)} or {last}" if rest else last


def _general(case: Case) -> Finding:
    accepts = set(case.accepts) - {"_INDENT", "_DEDENT", "$END"}
    wanted: list[str] = []
    if {"NUMBER", "LPAR", "ABSENT"} <= accepts:
        wanted.append("an expression")
        accepts -= _EXPRESSION
    elif {"NUMBER", "STRING", "YES"} <= accepts:
        wanted.append("a value")
        accepts -= _VALUES | {"MINUS", "INSTANT"}
    if {"PLUS", "STAR"} <= accepts:
        wanted.append("an operator")
        accepts -= _OPERATORS
    if "NUMBER" in accepts and "MINUS" in accepts:
        accepts.discard("MINUS")
    wanted.extend(sorted({case.word(token) for token in accepts}, key=lambda w: (not w.startswith("`"), w)))
    shown = wanted if len(wanted) <= 6 else [*wanted[:5], "…"]
    span = case.span(case.found)
    if not shown:
        return Finding(code="K0111", message=f"{_found(case)} cannot stand here", span=span)
    message = f"expected {_either(shown)}, found {_found(case)}"
    word = case.written(case.found)
    words = [case.spell(t) for t in case.accepts if t not in SIGNS and t not in NAMED]
    near = closest(word, words) if case.found.type == "NAME" else None
    help_text = f"did you mean `{near}`?" if near else _LIKE_THIS.get(" ".join(case.accepts), "")
    return Finding(code="K0111", message=message, span=span, help=help_text, replace=near)
