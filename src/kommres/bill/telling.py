"""Traced evaluations told as steps of a bill: in words, in numbers, with their grounds; trivial ones stay inside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from attrs import define, field

from kommres.bill.clauses import Notes
from kommres.bill.document import Data, Step
from kommres.bill.formulas import PLAIN, Numbers, Phrases, adding, followed, single_slice
from kommres.bill.names import Names, spaced
from kommres.bill.words import Words
from kommres.dsl.backends.grids import Interval
from kommres.dsl.backends.rows import Row
from kommres.dsl.formula import counted, leaves, pieced
from kommres.dsl.plan.nodes import Gather, Op, SourcePlan
from kommres.dsl.quantity import day, plain
from kommres.period import Month

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kommres.dsl.bound.nodes import Citation, Param
    from kommres.dsl.trace import Call, Computed, Piece, Summary, Tested

#: Items of an aggregate that are told one by one.
_LISTED: Final = 12
#: Items that are no detail.
_FEW: Final = 4
#: Steps below a line that a reader needs first; deeper ones are details.
_DEPTH: Final = 3


@define(kw_only=True)
class Teller:
    """Tells calls as steps. What was told once is not told again."""

    names: Names
    words: Words
    notes: Notes
    month: int
    phrases: Phrases = field(init=False)
    numbers: Numbers = field(init=False)
    _told: set[object] = field(factory=set)

    def __attrs_post_init__(self) -> None:
        """Make the two kinds of formulas."""
        self.phrases = Phrases(words=self.words, names=self.names)
        self.numbers = Numbers(words=self.words, names=self.names)

    # --- quantities ------------------------------------------------------------------------------------------

    def line(self, call: Call, title: str) -> Step:
        """Tell a charge. What reads it later need not tell it again."""
        self._told.add(_line_of(call))
        return self._computed(call, title, self.cited(call), 0)

    def cited(self, call: Call) -> tuple[int, ...]:
        """Return the numbers of a call's grounds."""
        return self.notes.number(_citations(call))

    def _computed(self, call: Call, title: str, notes: tuple[int, ...], depth: int) -> Step:
        """Tell an evaluation with a formula: the formula, the periods, what it read, why it is so."""
        rule, body = call.definition.rule, call.body
        facts: Data = {
            "name": rule.name,
            "module": rule.module,
            "value": plain(call.outcome, rule.type.kind),
            "unit": str(rule.type.unit) if rule.type.kind == "number" else None,
        }
        way = self._way(call)
        name = _with_way(title, way)
        if body is None:
            return Step(text=f"{name} = {self._outcome(call)}", notes=notes, facts=facts)
        text, below = self._formula(name, body, depth)
        notes = (*notes, *(number for number in self._inside(body) if number not in notes))
        below = (*below, *self._read(self._conditions(call), depth, only_enums=True), *self._why(call))
        return Step(text=text, notes=notes, steps=below, folded=depth > _DEPTH, facts=facts)

    def _formula(self, name: str, body: Computed, depth: int) -> tuple[str, tuple[Step, ...]]:
        """Return ``name = in words = in numbers = value`` and the steps below it."""
        inner = single_slice(body)
        phrase = self.phrases.formula(inner)
        text = f"{name} = {phrase}" if phrase != name else name
        written = self.numbers.equation(inner)
        if inner.step.op is Op.MEAN_DAYS or written == self.names.value(inner):
            written = self.names.value(inner)
        if not text.endswith(f" = {written}"):
            text += f" = {written}"
        below = [step for node in pieced(inner) for step in self._pieces(node, depth, alone=node is inner)]
        return text, (*below, *self._read([inner], depth))

    def _inside(self, body: Computed) -> tuple[int, ...]:
        """Return the grounds of rules that the formula tells by their value alone."""
        found: list[Citation] = []
        for leaf in leaves(single_slice(body), into_pieces=False):
            end, calls = followed(leaf)
            if end.step.op in PLAIN:
                found += [item for call in calls for item in _citations(call)]
        return self.notes.number(found)

    def _read(self, nodes: Iterable[Computed], depth: int, *, only_enums: bool = False) -> tuple[Step, ...]:
        """Tell what steps read, each once."""
        found: list[Step] = []
        for node in nodes:
            for leaf in leaves(node, into_pieces=False):
                if only_enums and not (leaf.step.op is Op.RULE and leaf.step.kind == "enum"):
                    continue
                step = self._leaf(leaf, depth)
                if step is not None:
                    found.append(step)
        return tuple(found)

    def _leaf(self, node: Computed, depth: int) -> Step | None:
        """Tell a value that a formula reads; None where the formula says it all."""
        title = self.names.leaf(node)
        if node.step.op is Op.RULE and node.call is not None and node.call.key[3] != self.month:
            title += f" {self.words('in_month', month=self.words.month(node.call.key[3]))}"
        end, calls = followed(node)
        key = (title, self.names.value(node))
        if key in self._told or (end.call is not None and {_told_as(end.call), _line_of(end.call)} & self._told):
            return None
        grounds = [item for call in calls for item in _citations(call)]
        if end.step.op in {Op.PARAM, Op.TIERS, Op.SERIES, Op.FUNCTION}:
            self._told.add(key)
            return self._looked_up(title, node, end, self.notes.number(grounds), depth)
        if end.step.op is Op.RULE and end.call is not None and end.call.problem is None:
            self._told |= {key, _told_as(end.call)}
            return self._computed(end.call, title, self.notes.number(grounds), depth + 1)
        if node.step.op is Op.RULE and node.step.kind == "enum" and node.call is not None:
            self._told.add(key)
            way = self._way(node.call)
            text = _with_way(f"{title}: {self.names.value(node)}", way)
            facts: Data = {"name": node.call.definition.rule.name, "value": plain(node.value, "enum")}
            notes = self.notes.number(grounds)
            return Step(text=text, notes=notes, steps=self._why(node.call), facts=facts, folded=depth > _DEPTH)
        return None

    def _looked_up(self, title: str, node: Computed, end: Computed, notes: tuple[int, ...], depth: int) -> Step | None:
        """Tell a value of a table: which row, since when; its source is a detail."""
        facts: Data = {"name": title, "value": plain(node.value, node.step.kind), "unit": node.step.unit or None}
        parts: list[str] = []
        sources: tuple[Step, ...] = ()
        if end.step.op in {Op.PARAM, Op.TIERS}:
            param: Param = self.names.plan.params[_number(end)]
            facts["param"] = param.id
            notes = (*notes, *(n for n in self.notes.number(param.citations) if n not in notes))
            parts = list(dict.fromkeys(text for text in self._rows(end, param) if text))
            sources = self._sources(end)
        written = self.numbers.formula(end)
        value = self.names.value(node)
        text = f"{title} = {written} = {value}" if written != value else f"{title} = {value}"
        if end.step.op is Op.TIERS and end is node:
            text = title  # the formula above shows the parts
        below = self._read([argument for argument in end.args if argument is not None], depth + 1)
        told_above = not (parts or notes or below) and text == f"{title} = {value}"
        if told_above and not sources:
            return None
        text = ": ".join(filter(None, (text, "; ".join(parts))))
        return Step(text=text, notes=notes, steps=(*below, *sources), folded=told_above, facts=facts)

    def _sources(self, node: Computed) -> tuple[Step, ...]:
        """Tell where the rows of a table were read, as a detail."""
        sources = dict.fromkeys(entry.source for entry in node.entries if entry is not None and entry.source)
        below = tuple(Step(text=source) for source in sources)
        return (Step(text=self.words("read_in"), steps=below, folded=True),) if below else ()

    def _rows(self, node: Computed, param: Param) -> Iterator[str]:
        words = self.words
        named = self.names.keys(node.args, [k.type.enum for k in param.keys]) if node.step.op is Op.PARAM else ""
        for entry in node.entries:
            if entry is None:
                yield words("set_here")
                continue
            parts = [words("from_table")] if param.keys or entry.start is not None else []
            parts += [words("table_key", keys=named)] if named else []
            parts += [words("table_row", start=words.day(entry.start))] if entry.start is not None else []
            parts += [words("table_until", until=words.day(entry.until))] if entry.until is not None else []
            yield ", ".join(parts)

    # --- periods and items -----------------------------------------------------------------------------------

    def _pieces(self, node: Computed, depth: int, *, alone: bool) -> Iterator[Step]:
        """Tell the periods or the items of a step; ``alone``: the formula is nothing but this step."""
        gather = node.step.data
        if isinstance(gather, Gather):
            yield self._items(node, gather, depth, alone=alone)
            return
        if node.step.op is Op.MEAN_DAYS and len(node.pieces) == 1:
            return
        for piece in node.pieces:
            if piece.value is not None:
                yield self._slice(piece, piece.value, depth)

    def _slice(self, piece: Piece, node: Computed, depth: int) -> Step:
        words, month = self.words, Month(node.month)
        days = piece.end - piece.start
        inside = month.start <= piece.start and piece.end <= month.end
        dates = {"dates": words.span(piece.start, piece.end), "days": words.days(days)}
        name = words("slice_of", **dates, month_days=month.days) if inside else words("slice", **dates)
        facts: Data = {
            "from": day(piece.start),
            "until": day(piece.end),
            "value": plain(node.value, node.step.kind),
            "unit": node.step.unit or None,
        }
        return Step(text=f"{name}: {self.numbers.equation(node)}", steps=self._read([node], depth), facts=facts)

    def _items(self, node: Computed, gather: Gather, depth: int, *, alone: bool) -> Step:
        text = self.words("details") if alone else f"{self.phrases.formula(node)} = {self.names.value(node)}"
        if node.summary is not None:
            return self._summary(text, node.summary)
        if not node.pieces:
            return Step(text=f"{text}: {self.words('no_items')}", folded=True)
        # A few items that rules compute, such as zones of a day, are what a reader asks for first.
        added = adding(node)
        few = 0 < len(added) <= _FEW and any(p.value is not None and p.value.step.op is Op.RULE for p in added)
        pieces = added if few else list(node.pieces)
        inner = depth if few else depth + _DEPTH
        steps = [self._item(piece, gather, inner) for piece in pieces[:_LISTED]]
        if len(pieces) > _LISTED:
            steps.append(Step(text=self.words("more_items", count=len(pieces) - _LISTED)))
        if len(pieces) < len(node.pieces):
            steps.append(Step(text=self.words("no_more")))
        return Step(text=text, steps=tuple(steps), folded=not few)

    def _summary(self, text: str, summary: Summary) -> Step:
        parts = [self.words("intervals_of", counted=summary.counted, count=summary.items)]
        return Step(text=f"{text}: {', '.join(parts)}", folded=True)

    def _item(self, piece: Piece, gather: Gather, depth: int) -> Step:
        name = ", ".join(self._bound(piece.rows[slot], source) for slot, source in gather.binders)
        if not counted(piece):
            return Step(text=self.words("left_out_item", name=name))
        if piece.value is None:
            return Step(text=name)
        text = self.words("item", name=name, text=self.numbers.equation(piece.value))
        return Step(text=text, steps=self._read([piece.value], depth))

    def _bound(self, row: Any, source: SourcePlan) -> str:  # noqa: ANN401 - what a binder holds
        if isinstance(row, Row):
            return self.names.row(row)
        if isinstance(row, str):
            return self.names.member(row, self.names.enum_of(source))
        if isinstance(row, Interval):
            return row.text
        if isinstance(row, int):
            # Months are counted from the year 0, days from the year 1: months of our age have five digits.
            return self.words.month(row) if row < 100_000 else self.words.day(row)
        start, end = row.values.get("from"), row.values.get("to")
        moments = [self._moment(moment) for moment in (start, end) if isinstance(moment, int)]
        return " – ".join(moments) or spaced(row.id)

    def _moment(self, value: int) -> str:
        # Day numbers of our age have six digits, seconds since 1970 have nine and more.
        return self.words.value(value, "date" if abs(value) < 4_000_000 else "instant")

    # --- why ---------------------------------------------------------------------------------------------------

    def _way(self, call: Call) -> str:
        """Return what the exception that was taken is called."""
        way = call.alternative
        return self.names.way(way) if way is not None and way.name != "base" else ""

    @staticmethod
    def _conditions(call: Call) -> list[Computed]:
        return [node for tested in call.tested for node in tested.conditions]

    def _why(self, call: Call) -> tuple[Step, ...]:
        """Tell which definition was taken and why the others were not, as a detail."""
        way = call.alternative
        if way is None or len(call.definition.alternatives) == 1:
            return ()
        steps = [self._taken(call)]
        steps += [
            self._not_taken(tested, call)
            for tested in call.tested
            if tested.index != call.chosen and tested.alternative.name != "base"
        ]
        below = self._read(self._conditions(call), _DEPTH)
        return (Step(text=self.words("why"), steps=(*steps, *below), folded=True),)

    def _called(self, way: Any) -> str:  # noqa: ANN401 - an AlternativePlan
        if way.name == "base":
            return self.words("by_general")
        return self.words("quoted", text=self.names.way(way) or spaced(way.name))

    def _taken(self, call: Call) -> Step:
        held = next((tested for tested in call.tested if tested.index == call.chosen and tested.holds), None)
        reasons = [self.condition(node) for node in held.conditions] if held else []
        text = self.words("why_taken", name=self._called(call.alternative))
        return Step(text=f"{text}, {self.words('because', text=self.words('and').join(reasons))}" if reasons else text)

    def _not_taken(self, tested: Tested, call: Call) -> Step:
        if tested.holds:
            reason = self.words("beaten", by=self._called(call.alternative))
        else:
            false = [node for node in tested.conditions if node.value is not True]
            reason = self.unmet(false[-1]) if false else self._out_of_force(tested, call)
        return Step(text=self.words("why_not", name=self._called(tested.alternative), reason=reason))

    def _out_of_force(self, tested: Tested, call: Call) -> str:
        way = tested.alternative
        on = call.key[2] if call.key[2] is not None else Month(call.key[3]).start
        if way.start is not None and on < way.start:
            return self.words("before", day=self.words.day(way.start))
        if way.until is not None and on >= way.until:
            return self.words("after", day=self.words.day(way.until))
        by = way.suppressions[0].by if way.suppressions else way.module
        return self.words("suppressed", by=self.names.module(by))

    def condition(self, node: Computed) -> str:
        """Return a condition in words with the values that it looked at."""
        text, values = self.words("quoted", text=self.phrases.formula(node)), self._values(node)
        return f"{text} ({values})" if values else text

    def unmet(self, node: Computed) -> str:
        """Return why a condition does not hold."""
        return self.words("not_so", condition=self.condition(node))

    def _values(self, node: Computed) -> str:
        while node.step.op in {Op.NOT, Op.HAS} and node.args[0] is not None:
            node = node.args[0]
        if node.step.op in {Op.INPUT, Op.RULE, Op.OPTION}:
            return ""  # the text says it all
        found = [f"{self.names.leaf(leaf)} = {self.names.value(leaf)}" for leaf in leaves(node, into_pieces=False)]
        found += [f"{self.phrases.formula(step)} = {self.names.value(step)}" for step in pieced(node)]
        return ", ".join(dict.fromkeys(found))

    def _outcome(self, call: Call) -> str:
        kind = call.definition.rule.type
        return self.names.written(call.outcome, kind.kind, str(kind.unit) if kind.kind == "number" else "", kind.enum)


def _with_way(title: str, way: str) -> str:
    """Add which exception was taken, where its name says more than the key does."""
    if not way or title.endswith((f"({way})", f", {way})")):
        return title
    return f"{title[:-1]}; {way})" if title.endswith(")") else f"{title} ({way})"


def _told_as(call: Call) -> tuple[object, ...]:
    """Return what is the same of evaluations on several days that come to the same."""
    return call.definition.number, id(call.row), call.key[1], call.key[3], call.outcome


def _line_of(call: Call) -> tuple[int, int]:
    return call.definition.number, id(call.row)


def _citations(call: Call) -> tuple[Citation, ...]:
    way = call.alternative
    return (way.citations if way else ()) or call.definition.rule.citations


def _number(node: Computed) -> int:
    data: Any = node.step.data
    found: int = data[0]
    return found
