"""Computed steps as formulas with numbers (``2 person × 4.745 m3/person/month``), and the leaves below them."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from attrs import frozen

from kommres.dsl.bound.nodes import Input
from kommres.dsl.diagnostics import DiagnosticError
from kommres.dsl.keywords import MODE
from kommres.dsl.plan.nodes import Gather, Op
from kommres.dsl.plan.payload import payload
from kommres.dsl.quantity import exact
from kommres.dsl.source import Source, Span
from kommres.dsl.syntax.format import format_text
from kommres.dsl.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kommres.dsl.trace import Computed, Piece

LEAVES: Final = frozenset({Op.INPUT, Op.SERIES, Op.RULE, Op.CHARGED, Op.PARAM, Op.OPTION, Op.TIERS, Op.FUNCTION})
"""Steps that an explanation lists under a formula."""

_QUIET: Final = frozenset({Op.CONST, Op.ABSENT, Op.PERIOD, Op.SLICE, Op.VAR, Op.FIELD, Op.INTERVAL})
_MOST: Final = 8

# How tightly a formula binds, loosest first.
_CHOICE, _OR, _AND, COMPARE, SUM, PRODUCT, TIGHT = range(7)


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
    return Writer(words=words).formula(node)


def equation(node: Computed, words: Wording) -> str:
    """Return a step as ``formula = value``; a rounding says what it rounded and to which step."""
    return Writer(words=words).equation(node)


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


def taken(node: Computed) -> Computed | None:
    """Return the branch that a choice took."""
    if node.step.op is Op.IF:
        return node.args[2 if node.branch else 1]
    return node.args[1 if node.branch else 0]


def rounded(node: Computed) -> tuple[Computed, Computed, str] | None:
    """Return what a rounding rounded, its step and its mode (``""``: half up)."""
    if node.step.op is Op.CALL and isinstance(node.step.data, tuple) and node.step.data[0] == "round":
        inner, step = node.args[0], node.args[1]
        if inner is not None and step is not None:
            return inner, step, node.step.data[1] if node.step.data[1] not in {"", "half_up"} else ""
    return None


@frozen(kw_only=True)
class Writer:
    """Writes computed steps as formulas of the values of their leaves."""

    words: Wording

    def formula(self, node: Computed) -> str:
        """Return a step as a formula."""
        return self.written(node)[0]

    def equation(self, node: Computed) -> str:
        """Return a step as ``formula = value``."""
        words, value = self.words, value_text(node, self.words)
        while node.step.op in {Op.IF, Op.ELSE} and (branch := taken(node)) is not None:
            node = branch
        found = rounded(node)
        if found is not None:
            inner, step, mode = found
            how = words("rounded", step=value_text(step, words)) + (f" ({words.keyword(mode, MODE)})" if mode else "")
            return f"{self.equation(inner)}, {how} = {value}"
        text = self.formula(node)
        return value if text == value else f"{text} = {value}"

    def leaf(self, node: Computed) -> str:
        """Return what stands for a step without a formula of its own."""
        return value_text(node, self.words)

    def scaled(self, node: Computed) -> tuple[str, int]:
        """Return a conversion: a percentage as such, anything else as its value."""
        inner = node.args[0]
        if inner is not None and inner.step.unit == "%":
            return self.written(inner)
        return self.leaf(node), TIGHT

    def sliced(self, node: Computed) -> tuple[str, int]:
        """Return a sum over slices."""
        return self.short([value_text(p.value, self.words) for p in node.pieces if p.value], " + ", node)

    def called(self, node: Computed) -> str:
        """Return a call of a function of the language."""
        data = node.step.data
        name = data[0] if isinstance(data, tuple) else ""
        return f"{self.words.function(name)}({self.listed(node)})"

    def aggregated(self, node: Computed) -> tuple[str, int]:
        """Return an aggregate with its items."""
        gather = node.step.data
        assert isinstance(gather, Gather)  # noqa: S101 - the payload of AGGREGATE
        if node.summary is not None:
            return value_text(node, self.words), TIGHT
        items = [piece.value for piece in node.pieces if counted(piece) and piece.value is not None]
        if gather.function == "sum" and len(items) == 1:
            return self.written(items[0])
        if gather.function == "sum" and items:
            return self.short([self.inside(value, PRODUCT) for value in items], " + ", node)
        if gather.function == "count" or not items:
            return value_text(node, self.words), TIGHT
        inside, _ = self.short([self.formula(value) for value in items], self.separator, node)
        return f"{self.words.function(gather.function)}({inside})", TIGHT

    @property
    def separator(self) -> str:
        """What stands between arguments: a comma, unless numbers have one."""
        return "; " if self.words.language == "ru" else ", "

    def listed(self, node: Computed) -> str:
        """Return the arguments of a step."""
        return self.separator.join(self.formula(a) for a in node.args if a is not None)

    def written(self, node: Computed) -> tuple[str, int]:
        """Return the text and how tightly it binds: one of the numbers above."""
        step, args, russian = node.step, node.args, self.words.language == "ru"
        match step.op:
            case Op.ADD:
                return self._added(node), SUM
            case Op.MUL:
                return " × ".join(self.inside(a, PRODUCT) for a in args if a is not None), PRODUCT
            case Op.DIV if args[0] and args[1]:
                return f"{self.inside(args[0], PRODUCT)} / {self.inside(args[1], TIGHT)}", PRODUCT
            case Op.SCALE if args[0]:
                return self.scaled(node)
            case Op.COMPARE if args[0] and args[1]:
                return f"{self.inside(args[0], SUM)} {step.data} {self.inside(args[1], SUM)}", COMPARE
            case Op.AND | Op.OR:
                binds = _AND if step.op is Op.AND else _OR
                sign = f" {step.op} " if not russian else (" и " if step.op is Op.AND else " или ")
                return sign.join(self.inside(a, binds) for a in args if a is not None), binds
            case Op.NOT if args[0]:
                return f"{'не' if russian else 'not'} {self.inside(args[0], TIGHT)}", _AND
            case Op.IF | Op.ELSE:
                branch = taken(node)
                return self.written(branch) if branch else (value_text(node, self.words), TIGHT)
            case Op.EDGE if args[0]:
                return self.written(args[0])
            case Op.CALL:
                return self.called(node), TIGHT
            case Op.FUNCTION:
                return f"{payload(step).name}({self.listed(node)})", TIGHT
            case Op.OVER_SLICES:
                return self.sliced(node)
            case Op.AGGREGATE:
                return self.aggregated(node)
            case _:
                return self.leaf(node), TIGHT

    def inside(self, node: Computed, binds: int) -> str:
        """Return the text, in parentheses where it binds less."""
        text, own = self.written(node)
        negative = text.startswith("-") and binds >= PRODUCT
        return f"({text})" if own < binds or negative else text

    def _added(self, node: Computed) -> str:
        signs = node.step.data
        assert isinstance(signs, tuple)  # noqa: S101 - the payload of ADD
        text = ""
        for sign, argument in zip(signs, node.args, strict=True):
            if argument is None:
                continue
            part = self.inside(argument, PRODUCT if sign < 0 or text else SUM)
            if text:
                text += f" {'-' if sign < 0 else '+'} {part}"
            else:
                text = f"-{part}" if sign < 0 else part
        return text

    def short(self, parts: list[str], sign: str, node: Computed) -> tuple[str, int]:
        """Join parts; of many the first ones and the last."""
        if not parts:
            return value_text(node, self.words), TIGHT
        if len(parts) > _MOST:
            parts = [*parts[: _MOST - 1], "…", parts[-1]]
        return sign.join(parts), SUM if len(parts) > 1 else TIGHT


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
