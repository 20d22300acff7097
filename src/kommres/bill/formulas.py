"""Formulas of a bill: in words (``объём × цена``) and in numbers (``9,49 м³ × 67,13 руб./м³``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from kommres.bill.names import Names
from kommres.bill.words import Words
from kommres.dsl.backends.writing import innermost
from kommres.dsl.formula import COMPARE, PRODUCT, SUM, TIGHT, Writer, counted, rounded, taken
from kommres.dsl.plan.nodes import Gather, Op, SourcePlan
from kommres.dsl.plan.payload import payload

if TYPE_CHECKING:
    from kommres.dsl.bound.nodes import Event, Param
    from kommres.dsl.trace import Call, Computed, Piece


#: What is read and has no formula of its own.
PLAIN: Final = frozenset({Op.CONST, Op.ABSENT, Op.INPUT, Op.OPTION, Op.VAR, Op.FIELD, Op.PERIOD, Op.SLICE})


def single_slice(node: Computed) -> Computed:
    """Return what the only slice computed, where a sum over slices has only one, and whole branches likewise."""
    while True:
        if node.step.op in {Op.IF, Op.ELSE} and (branch := taken(node)) is not None:
            node = branch
        elif node.step.op is Op.EDGE and node.args[0] is not None:
            node = node.args[0]
        elif node.step.op is Op.OVER_SLICES and len(node.pieces) == 1 and node.pieces[0].value is not None:
            node = node.pieces[0].value
        elif (only := _only_item(node)) is not None:
            node = only
        else:
            return node


def adding(node: Computed) -> list[Piece]:
    """Return the items of an aggregate that count; of a sum those that add something, if any does."""
    assert isinstance(node.step.data, Gather)  # noqa: S101 - the payload of AGGREGATE
    items = [piece for piece in node.pieces if counted(piece) and piece.value is not None]
    if node.step.data.function != "sum":
        return items
    return [piece for piece in items if piece.value is not None and piece.value.value != 0] or items


def _only_item(node: Computed) -> Computed | None:
    """Return what the only item of a sum adds, where nothing else adds anything."""
    if not isinstance(node.step.data, Gather) or node.step.data.function != "sum" or node.summary is not None:
        return None
    items = adding(node)
    return items[0].value if len(items) == 1 else None


def followed(node: Computed) -> tuple[Computed, list[Call]]:
    """Follow rules that only hand on what another rule, an input or a table says; return the end and the rules."""
    calls: list[Call] = []
    while node.step.op is Op.RULE and node.call is not None and node.call.problem is None:
        calls.append(node.call)
        body = node.call.body
        if body is None:
            break
        body = single_slice(body)
        if body.step.op not in PLAIN | {Op.RULE, Op.PARAM, Op.TIERS, Op.SERIES, Op.FUNCTION, Op.CHARGED}:
            break
        node = body
    return node, calls


def _factors(node: Computed) -> list[Computed]:
    """Return the factors of a product without rules that are nothing but the number 1."""
    factors = [argument for argument in node.args if argument is not None]
    kept = [factor for factor in factors if not _is_one(factor)]
    return kept or factors[:1]


def _is_one(node: Computed) -> bool:
    if node.step.op is not Op.RULE or node.value != 1 or node.step.unit not in {"", "number"}:
        return False
    return followed(node)[0].step.op is Op.CONST


@frozen(kw_only=True)
class Numbers(Writer):
    """Formulas of values; a part of a whole is a quotient, tiers are their parts."""

    words: Words
    names: Names

    def leaf(self, node: Computed) -> str:
        """Return the value of a step."""
        return self.names.value(node) if node.step.kind == "enum" else super().leaf(node)

    def written(self, node: Computed) -> tuple[str, int]:
        """Return the text and how tightly it binds; tiers are the sum of their parts."""
        if node.step.op is Op.MUL and len(factors := _factors(node)) < len(node.args):
            return _product(self, factors)
        if node.step.op is Op.COMPARE and node.args[0] and node.args[0].step.kind == "enum":
            return _members_compared(self, node)
        parts = self.tiers(node) if node.step.op is Op.TIERS else []
        if parts:
            return " + ".join(f"{volume} × {price}" for volume, price in parts), SUM if len(parts) > 1 else PRODUCT
        return super().written(node)

    def equation(self, node: Computed) -> str:
        """Return a step as ``formula = value``; a rounding that changes nothing is not told."""
        while node.step.op in {Op.IF, Op.ELSE} and (branch := taken(node)) is not None:
            node = branch
        found = rounded(node)
        if found is not None and found[0].value == node.value:
            return self.equation(found[0])
        inner = node.args[0] if node.step.op is Op.ADD and node.step.data == (-1,) else None
        found = rounded(inner) if inner is not None else None
        if found is None:
            return super().equation(node)
        exact = self.words.number(-found[0].value, node.step.unit)
        how = self.words("rounded", step=self.names.value(found[1]))
        return f"-({self.formula(found[0])}) = {exact}, {how} = {self.names.value(node)}"

    def called(self, node: Computed) -> str:
        """Return a call; shares and the smaller and greater of numbers in words."""
        return _called(self, node) or super().called(node)

    def aggregated(self, node: Computed) -> tuple[str, int]:
        """Return an aggregate with its items; a sum with those that add something."""
        gather = node.step.data
        items = adding(node) if isinstance(gather, Gather) and gather.function == "sum" and not node.summary else []
        if len(items) < 2:
            return super().aggregated(node)
        return self.short([self.inside(i.value, PRODUCT) for i in items if i.value is not None], " + ", node)

    def tiers(self, node: Computed) -> list[tuple[str, str]]:
        """Return the part of the volume in each bracket and its price; nothing where they do not add up."""
        param: Param = self.names.plan.params[payload(node.step)[0]]
        _, has_scale, position = payload(node.step)
        volume = node.args[0]
        size: Any = node.args[1].value if has_scale and node.args[1] is not None else 1
        parts: list[tuple[str, str]] = []
        total: Any = 0
        for entry in node.entries:
            if entry is None or volume is None:
                return []
            bracket: Any = entry.keys[position]
            low, high = (None if bound is None else bound * size for bound in bracket)
            part = (volume.value if high is None else min(volume.value, high)) - (low or 0)
            value: Any = entry.value
            total += part * value
            if part:
                price = self.words.number(value, str(param.type.unit))
                parts.append((self.words.number(part, volume.step.unit), price))
        return parts if total == node.value else []


@frozen(kw_only=True)
class Phrases(Writer):
    """Formulas in words: the names of what is read in place of values."""

    words: Words
    names: Names

    def leaf(self, node: Computed) -> str:
        """Return what a value is called."""
        if node.step.op is Op.TIERS and node.args[0] is not None:
            return self.words("ladder", volume=self.formula(node.args[0]))
        if node.step.op is Op.HAS and node.args[0] is not None:
            return self.words("given", text=self.formula(node.args[0]))
        if node.step.op is Op.MEAN_DAYS:
            inner = next((piece.value for piece in node.pieces if piece.value is not None), None)
            return self.words("mean", text=self.formula(inner)) if inner is not None else self.names.value(node)
        return self.names.leaf(node)

    def written(self, node: Computed) -> tuple[str, int]:
        """Return the text and how tightly it binds."""
        if node.step.op is Op.MUL and len(factors := _factors(node)) < len(node.args):
            return _product(self, factors)
        if node.step.op is Op.COMPARE and node.args[0] and node.args[0].step.kind == "enum":
            return _members_compared(self, node)
        return super().written(node)

    def scaled(self, node: Computed) -> tuple[str, int]:
        """Return what is converted: units are not words."""
        inner = node.args[0]
        return self.written(inner) if inner is not None else (self.leaf(node), TIGHT)

    def sliced(self, node: Computed) -> tuple[str, int]:
        """Return what is summed; that there are periods shows below."""
        texts = list(dict.fromkeys(self.formula(piece.value) for piece in node.pieces if piece.value is not None))
        if len(node.pieces) == 1 and node.pieces[0].value is not None:
            return self.written(node.pieces[0].value)
        return (self.words("slices_of", text="; ".join(texts)), TIGHT) if texts else (self.names.value(node), TIGHT)

    def called(self, node: Computed) -> str:
        """Return a call; a rounding is told with the numbers."""
        found = rounded(node)
        if found is not None:
            text, binds = self.written(found[0])
            return text if binds >= PRODUCT else f"({text})"
        return _called(self, node) or super().called(node)

    def aggregated(self, node: Computed) -> tuple[str, int]:
        """Return an aggregate by what it goes through."""
        gather = node.step.data
        assert isinstance(gather, Gather)  # noqa: S101 - the payload of AGGREGATE
        source = ", ".join(self._source(innermost(plan)) for _, plan in gather.binders)
        value = next((piece.value for piece in node.pieces if counted(piece) and piece.value is not None), None)
        if gather.function == "count":
            return self.words("count_of", source=source), TIGHT
        text = self._item(value) if value is not None else ""
        if not text:
            return self.words("aggregate_of", function=self.words.function(gather.function), source=source), TIGHT
        if gather.function == "sum":
            return self.words("sum_of", text=text, source=source), TIGHT
        return self.words("other_of", function=self.words.function(gather.function), text=text, source=source), TIGHT

    def _item(self, node: Computed) -> str:
        """Return what one item adds, without whose it is."""
        while node.step.op in {Op.IF, Op.ELSE} and (branch := taken(node)) is not None:
            node = branch
        if node.step.op in {Op.INPUT, Op.RULE}:
            declared = payload(node.step)[0]
            return self.names.of(declared if node.step.op is Op.INPUT else self.names.plan.definitions[declared].rule)
        return self.formula(node)

    def _source(self, source: SourcePlan) -> str:
        program = self.names.plan.program
        if source.kind == "children":
            return next(self.names.of(e) for e in program.entities if e.name == source.data)
        if source.kind == "events":
            event: Any = source.data
            found: Event = event
            return self.names.of(found)
        if isinstance(source.data, tuple) and source.kind == "members":
            owner = self.names.enum_of(source)
            return ", ".join(self.names.member(member, owner) for member in source.data)
        return self.words.keyword(source.kind, "source")


def _product(writer: Numbers | Phrases, factors: list[Computed]) -> tuple[str, int]:
    if len(factors) == 1:
        return writer.written(factors[0])
    return " × ".join(writer.inside(factor, PRODUCT) for factor in factors), PRODUCT


def _members_compared(writer: Numbers | Phrases, node: Computed) -> tuple[str, int]:
    """Return a comparison of members: a bare one is called as in the enumeration of the other side."""
    left, right = (argument for argument in node.args if argument is not None)
    texts = [
        writer.names.value(side, other) if side.step.op is Op.CONST else writer.inside(side, SUM)
        for side, other in ((left, right), (right, left))
    ]
    return f"{texts[0]} {node.step.data} {texts[1]}", COMPARE


def _called(writer: Numbers | Phrases, node: Computed) -> str:
    data: Any = node.step.data
    arguments = [argument for argument in node.args if argument is not None]
    match data[0]:
        case "share" if len(arguments) == 2:
            whole, binds = writer.written(arguments[1])
            part, own = writer.written(arguments[0])
            return f"{part if own >= PRODUCT else f'({part})'} / {whole if binds >= TIGHT else f'({whole})'}"
        case "min" | "max":
            word = writer.words("smaller" if data[0] == "min" else "greater")
            return f"{word} ({writer.listed(node)})"
    return ""
