"""Computed steps as formulas with numbers (``2 person × 4.745 m3/person/month``), and the leaves below them."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from kommres.dsl.bound.nodes import Input
from kommres.dsl.diagnostics import DiagnosticError
from kommres.dsl.keywords import MODE
from kommres.dsl.plan.nodes import Gather, Op
from kommres.dsl.plan.payload import payload
from kommres.dsl.quantity import exact
from kommres.dsl.source import Source, Span
from kommres.dsl.syntax.format import format_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kommres.dsl.trace import Computed, Piece
    from kommres.dsl.wording import Wording

LEAVES: Final = frozenset({Op.INPUT, Op.SERIES, Op.RULE, Op.CHARGED, Op.PARAM, Op.OPTION, Op.TIERS, Op.FUNCTION})
"""Steps that an explanation lists under a formula."""

_QUIET: Final = frozenset({Op.CONST, Op.ABSENT, Op.PERIOD, Op.SLICE, Op.VAR, Op.FIELD, Op.INTERVAL})
_MOST: Final = 8

# How tightly a formula binds, loosest first.
_CHOICE, _OR, _AND, _COMPARE, _SUM, _PRODUCT, _TIGHT = range(7)


def source_text(span: Span) -> str:
    """Return the rule text of a span on one line, without comments."""
    lines = (line.partition("#")[0] if '"' not in line else line for line in span.text.splitlines())
    text = " ".join(" ".join(lines).split())
    return text[1:-1].strip() if _wrapped(text) else text


def _wrapped(text: str) -> bool:
    """Say whether one pair of parentheses holds a whole text."""
    depth = 0
    for place, sign in enumerate(text):
        depth += (sign == "(") - (sign == ")")
        if depth == 0:
            return sign == ")" and place == len(text) - 1
    return False


@lru_cache(maxsize=4096)
def rule_text(text: str, language: str) -> str:
    """Return an expression with the keywords of a language; as it is where it is no expression by itself."""
    before = "rule x of y: number\n    = "
    try:
        made = format_text(Source(name="<expression>", text=f"{before}{text}\n"), "ru" if language == "ru" else "en")
    except DiagnosticError:
        return text
    return " ".join(made.partition("=")[2].split())


def formula(node: Computed, words: Wording) -> str:
    """Return a step with the values of its leaves in place of their names."""
    return _written(node, words)[0]


def equation(node: Computed, words: Wording) -> str:
    """Return a step as ``formula = value``; a rounding says what it rounded and to which step."""
    value = value_text(node, words)
    while node.step.op in {Op.IF, Op.ELSE} and (taken := _taken(node)) is not None:
        node = taken
    if node.step.op is Op.CALL and isinstance(node.step.data, tuple) and node.step.data[0] == "round":
        inner, step = node.args[0], node.args[1]
        if inner is not None and step is not None:
            mode = node.step.data[1] if node.step.data[1] not in {"", "half_up"} else ""
            how = words("rounded", step=value_text(step, words)) + (f" ({words.keyword(mode, MODE)})" if mode else "")
            return f"{equation(inner, words)}, {how} = {value}"
    written = formula(node, words)
    return value if written == value else f"{written} = {value}"


def is_leaf(node: Computed) -> bool:
    """Say whether a step has no formula of its own."""
    return node.step.op in LEAVES or node.step.op in _QUIET


def value_text(node: Computed, words: Wording) -> str:
    """Return the value of a step with its unit."""
    step = node.step
    # A part of a month reads best as the fraction that it is.
    if isinstance(node.value, Fraction) and step.op in {Op.SLICE, Op.PERIOD}:
        return f"{exact(node.value)} {words.unit(step.unit)}".strip()
    return words.value(node.value, step.kind, step.unit)


def children(node: Computed) -> Iterator[Computed]:
    """Yield what a step was computed from, in the order of the text; pieces after arguments."""
    for argument in node.args:
        if argument is not None:
            yield argument
    for piece in node.pieces:
        for part in (piece.where, piece.by, piece.value):
            if part is not None:
                yield part


def leaves(node: Computed, *, into_pieces: bool = True) -> Iterator[Computed]:
    """Yield the leaves below a step; with ``into_pieces`` False, not those of slices and items.

    The keys of a look-up are its own business, except where they were computed by rules or are inputs.
    """
    step = node.step
    if step.op is Op.OVER_SLICES:
        if into_pieces:
            yield from (leaf for piece in node.pieces if piece.value for leaf in leaves(piece.value))
        return
    if step.op in LEAVES:
        yield node
        for argument in node.args:
            if argument is not None:
                yield from leaves(argument, into_pieces=into_pieces)
        return
    for child in children(node) if into_pieces else (a for a in node.args if a is not None):
        yield from leaves(child, into_pieces=into_pieces)


def pieced(node: Computed) -> Iterator[Computed]:
    """Yield the outermost steps below (or at) a step that were computed in pieces: slices, days, items."""
    if node.step.op in {Op.OVER_SLICES, Op.MEAN_DAYS, Op.AGGREGATE}:
        yield node
    elif node.step.op not in LEAVES:
        for child in children(node):
            yield from pieced(child)


def counted(piece: Piece) -> bool:
    """Say whether an aggregate took an item: its ``where`` held."""
    return piece.where is None or piece.where.value is True


# --- writing -------------------------------------------------------------------------------------------------


def _written(node: Computed, words: Wording) -> tuple[str, int]:
    """Return the text and how tightly it binds."""
    step, args = node.step, node.args
    match step.op:
        case Op.ADD:
            return _added(node, words), _SUM
        case Op.MUL:
            return " × ".join(_inside(a, _PRODUCT, words) for a in args if a is not None), _PRODUCT
        case Op.DIV if args[0] and args[1]:
            return f"{_inside(args[0], _PRODUCT, words)} / {_inside(args[1], _TIGHT, words)}", _PRODUCT
        case Op.SCALE if args[0] and args[0].step.unit == "%":
            return _written(args[0], words)
        case Op.COMPARE if args[0] and args[1]:
            return f"{_inside(args[0], _SUM, words)} {step.data} {_inside(args[1], _SUM, words)}", _COMPARE
        case Op.AND | Op.OR:
            binds = _AND if step.op is Op.AND else _OR
            sign = f" {step.op} " if words.language != "ru" else (" и " if step.op is Op.AND else " или ")
            return sign.join(_inside(a, binds, words) for a in args if a is not None), binds
        case Op.NOT if args[0]:
            return f"{'не' if words.language == 'ru' else 'not'} {_inside(args[0], _TIGHT, words)}", _AND
        case Op.IF | Op.ELSE:
            taken = _taken(node)
            return _written(taken, words) if taken else (value_text(node, words), _TIGHT)
        case Op.EDGE if args[0]:
            return _written(args[0], words)
        case Op.CALL:
            return _called(node, words), _TIGHT
        case Op.FUNCTION:
            separator = "; " if words.language == "ru" else ", "
            inside = separator.join(formula(a, words) for a in args if a is not None)
            return f"{payload(step).name}({inside})", _TIGHT
        case Op.OVER_SLICES:
            parts = [value_text(p.value, words) for p in node.pieces if p.value]
            return _short(parts, " + ", node, words)
        case Op.AGGREGATE:
            return _aggregated(node, words)
        case _:
            return value_text(node, words), _TIGHT


def _inside(node: Computed, binds: int, words: Wording) -> str:
    text, own = _written(node, words)
    negative = text.startswith("-") and binds >= _PRODUCT
    return f"({text})" if own < binds or (own == binds == _TIGHT and own != _TIGHT) or negative else text


def _taken(node: Computed) -> Computed | None:
    if node.step.op is Op.IF:
        return node.args[2 if node.branch else 1]
    return node.args[1 if node.branch else 0]


def _added(node: Computed, words: Wording) -> str:
    signs = node.step.data
    assert isinstance(signs, tuple)  # noqa: S101 - the payload of ADD
    text = ""
    for sign, argument in zip(signs, node.args, strict=True):
        if argument is None:
            continue
        part = _inside(argument, _PRODUCT if sign < 0 or text else _SUM, words)
        if text:
            text += f" {'-' if sign < 0 else '+'} {part}"
        else:
            text = f"-{part}" if sign < 0 else part
    return text


def _called(node: Computed, words: Wording) -> str:
    data = node.step.data
    name = data[0] if isinstance(data, tuple) else ""
    separator = "; " if words.language == "ru" else ", "
    return f"{words.function(name)}({separator.join(formula(a, words) for a in node.args if a is not None)})"


def _aggregated(node: Computed, words: Wording) -> tuple[str, int]:
    gather = node.step.data
    assert isinstance(gather, Gather)  # noqa: S101 - the payload of AGGREGATE
    if node.summary is not None:
        return value_text(node, words), _TIGHT
    taken = [piece.value for piece in node.pieces if counted(piece) and piece.value is not None]
    if gather.function == "sum" and len(taken) == 1:
        return _written(taken[0], words)
    if gather.function == "sum" and taken:
        return _short([_inside(value, _PRODUCT, words) for value in taken], " + ", node, words)
    if gather.function == "count" or not taken:
        return value_text(node, words), _TIGHT
    separator = "; " if words.language == "ru" else ", "
    inside, _ = _short([formula(value, words) for value in taken], separator, node, words)
    return f"{words.function(gather.function)}({inside})", _TIGHT


def _short(parts: list[str], sign: str, node: Computed, words: Wording) -> tuple[str, int]:
    if not parts:
        return value_text(node, words), _TIGHT
    if len(parts) > _MOST:
        parts = [*parts[: _MOST - 1], "…", parts[-1]]
    return sign.join(parts), _SUM if len(parts) > 1 else _TIGHT


def label(node: Computed, words: Wording) -> str:
    """Return what a leaf is called: its name with keys, and whose it is where that is not the own row."""
    step = node.step
    keys = [_key(a, words) for a in node.args if a is not None]
    match step.op:
        case Op.SERIES:
            item, slot, up, at, _ = payload(step)
            name = f"{item.name}[{node.rows[at].text}]"
            return name if slot is None else owned(name, [], "()", node, slot, up)
        case Op.INPUT:
            item, slot, up = step.data[0], step.data[1], step.data[2]  # type: ignore[index] # the payload of INPUT
            assert isinstance(item, Input)  # noqa: S101
            return owned(item.name, keys, "()", node, slot, up)
        case Op.RULE | Op.CHARGED:
            slot, up = step.data[1], step.data[2]  # type: ignore[index] # the payload of RULE and CHARGED
            name = node.call.definition.rule.name if node.call else step.span.text
            return owned(name, keys, "()", node, slot, up)
        case _:
            return rule_text(source_text(step.span), words.language)


def _key(node: Computed, words: Wording) -> str:
    """Return a key as its reader names it; an interval by its beginning."""
    if node.step.kind == "interval":
        return str(node.rows[payload(node.step)].text)
    return words.value(node.value, node.step.kind, node.step.unit)


def owned(name: str, keys: list[str], marks: str, node: Computed, slot: int, up: int) -> str:
    """Return a name with its keys, before it the row that it belongs to where that is another than the own one."""
    text = f"{name}{marks[0]}{', '.join(keys)}{marks[1]}" if keys else name
    row = node.rows[slot]
    for _ in range(up):
        row = row.parent
    own = node.rows[0]
    if row is own:
        return text
    return f"{row.entity} {row.id}: {text}" if slot else f"{row.entity}.{text}"
