"""Traced calls told as lines: the choice among definitions, the basis, the formula with numbers, slices and items."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from attrs import define, field

from kommres.dsl.backends.grids import Interval
from kommres.dsl.backends.rows import Row
from kommres.dsl.backends.writing import innermost
from kommres.dsl.citing import citation as citation_facts
from kommres.dsl.explanation import Data, Entry
from kommres.dsl.formula import (
    counted,
    equation,
    is_leaf,
    label,
    leaves,
    pieced,
    rule_text,
    source_text,
    value_text,
)
from kommres.dsl.origins import Origins
from kommres.dsl.plan.nodes import AlternativePlan, Gather, Op
from kommres.dsl.quantity import day, plain
from kommres.dsl.wording import Wording
from kommres.period import Month

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from kommres.dsl.bound.nodes import Citation
    from kommres.dsl.trace import Call, Computed, Piece, Summary, Tested

#: Items of an aggregate that the text lists; the data hold all.
_LISTED: Final = 12
#: The extreme that says nothing of an aggregate over intervals.
_UNASKED: Final = {"max": "least", "min": "greatest"}


@define
class Narrator:
    """Turns traced calls into lines. What was told once is not told again."""

    words: Wording
    origins: Origins
    _shown: set[object] = field(factory=set)

    # --- charges and rules -----------------------------------------------------------------------------------

    def charge(self, call: Call, *, withheld: bool = False) -> Entry:
        """Explain a charge, or a rule asked for by itself. ``withheld``: another line of its service is refused."""
        words, rule = self.words, call.definition.rule
        name = words("of_row", row=f"{call.row.entity} {call.row.id}", month=words.month(call.key[3]), name=rule.name)
        facts = self._facts(call)
        about = []
        if rule.is_charge:
            about.append(Entry(line=words("service", service=rule.service or rule.name, line=rule.line or "base")))
        if call.problem is not None:
            return self._refusal(call, name, facts, about)
        if call.applies is False:
            return Entry(line=words("no_line", name=name, reason=self._why_no_line(call)), facts=facts)
        if withheld:
            about.append(Entry(line=words("withheld"), facts={"kind": "withheld"}))
        for key, node in (("volume", call.volume), ("price", call.price)):
            if node is not None:
                facts[key] = {"value": plain(node.value, node.step.kind), "unit": node.step.unit}
                about.append(Entry(line=words(key, value=value_text(node, words))))
        line = words("charge", name=name, value=self._outcome(call))
        return Entry(line=line, facts=facts, entries=(*about, *self._steps(call)))

    def _facts(self, call: Call) -> Data:
        rule, problem = call.definition.rule, call.problem
        facts: Data = {
            "kind": "charge" if rule.is_charge else "rule",
            "name": rule.name,
            "module": rule.module,
            "entity": call.row.entity,
            "row": call.row.id,
            "month": str(Month(call.key[3])),
            "unit": str(rule.type.unit) if rule.type.kind == "number" else None,
        }
        if rule.is_charge:
            facts |= {
                "service": rule.service or rule.name,
                "line": rule.line or "base",
                "charged": call.applies is not False,
            }
        if call.key[1]:
            facts["keys"] = list(call.key[1])
        if problem is not None:
            facts["refused"] = {
                "code": problem.code,
                "message": problem.message,
                "caused_by": problem.caused_by or None,
            }
        else:
            facts["value"] = plain(call.outcome, rule.type.kind)
        if call.alternative is not None:
            facts["alternative"] = {"name": call.alternative.name, "module": call.alternative.module}
            facts["formula"] = source_text(call.definition.steps[call.alternative.body].span)
            facts["citations"] = [citation_facts(item) for item in self._citations(call)]
        return facts

    def _outcome(self, call: Call) -> str:
        kind = call.definition.rule.type
        return self.words.value(call.outcome, kind.kind, str(kind.unit) if kind.kind == "number" else "")

    def _refusal(self, call: Call, name: str, facts: Data, about: list[Entry]) -> Entry:
        problem = call.problem
        assert problem is not None  # noqa: S101 - the caller asked
        if call.cause is not None:
            about.append(self._call(call.cause, call.cause.definition.rule.name))
        elif problem.caused_by not in {"", f"{call.row.entity} {call.row.id}"}:
            about.append(Entry(line=self.words("caused_by", row=problem.caused_by)))
        line = self.words("refused", name=name, code=problem.code, message=problem.message)
        return Entry(line=line, facts=facts, entries=(*about, *self._choice(call)))

    def _why_no_line(self, call: Call) -> str:
        reasons = [self._false(node) for node in call.when if node.value is not True]
        return self.words("and").join(reasons) or self.words("not_in_force")

    def _call(self, call: Call, name: str) -> Entry:
        """Explain a rule that a formula read."""
        facts = self._facts(call)
        if call.problem is not None:
            return self._refusal(call, name, facts, [])
        line = f"{name} = {self._outcome(call)}"
        if id(call) in self._shown:
            return Entry(line=f"{line} ({self.words('see_above')})", facts=facts, hidden=True)
        self._shown.add(id(call))
        about = self.origins.text(call.definition.rule)
        if about:
            line += f" ({about})"
        return Entry(line=line, facts=facts, entries=tuple(self._steps(call)))

    def _steps(self, call: Call) -> Iterator[Entry]:
        """Yield what leads to the value of a definition: the choice, the basis, the formula, its leaves."""
        yield from self._choice(call)
        for citation in self._citations(call):
            yield Entry(line=self.words("cites", text=self.origins.cite(citation)), facts={"kind": "citation"})
        if call.body is not None:
            yield from self._body(call.body)
        for tested in call.tested:
            # What an exception not taken looked at stands beside its reason; only options are told apart.
            wanted = {Op.RULE, Op.OPTION} if tested.index == call.chosen else {Op.OPTION}
            for condition in tested.conditions:
                yield from self._leaves(condition, only=wanted)

    def _citations(self, call: Call) -> tuple[Citation, ...]:
        alternative = call.alternative
        return (alternative.citations if alternative else ()) or call.definition.rule.citations

    # --- the choice among definitions ------------------------------------------------------------------------

    def _choice(self, call: Call) -> Iterator[Entry]:
        taken = call.alternative
        if taken is None or len(call.definition.alternatives) == 1:
            return
        words = self.words
        name = words("base") if taken.name == "base" else words("exception", name=taken.name)
        if taken.module != call.definition.rule.module:
            name += f", {words('of_module', module=taken.module)}"
        held = next((tested for tested in call.tested if tested.index == call.chosen and tested.holds), None)
        reasons = [self._true(node) for node in held.conditions] if held else []
        if reasons:
            name += f", {words('because', text=words('and').join(reasons))}"
        facts: Data = {"kind": "choice", "name": taken.name, "module": taken.module, "line": taken.span.line}
        yield Entry(line=name, facts=facts)
        for tested in call.tested:
            if tested.index != call.chosen and tested.alternative.name != "base":
                reason = self._why_not(tested, call)
                line = words("not_taken", name=tested.alternative.name, reason=reason)
                yield Entry(
                    line=line, facts={"kind": "not_taken", "name": tested.alternative.name, "holds": tested.holds}
                )

    def _why_not(self, tested: Tested, call: Call) -> str:
        alternative = tested.alternative
        if tested.holds:
            return self.words("beaten", by=call.alternative.name if call.alternative else "")
        false = [self._false(node) for node in tested.conditions if node.value is not True]
        return false[-1] if false else self._out_of_force(alternative, call)

    def _out_of_force(self, alternative: AlternativePlan, call: Call) -> str:
        on = call.key[2] if call.key[2] is not None else Month(call.key[3]).start
        if alternative.start is not None and on < alternative.start:
            return self.words("before", day=self.words.day(alternative.start))
        if alternative.until is not None and on >= alternative.until:
            return self.words("after", day=self.words.day(alternative.until))
        by = alternative.suppressions[0].by if alternative.suppressions else alternative.module
        return self.words("suppressed", by=by)

    def _text(self, node: Computed) -> str:
        return rule_text(source_text(node.step.span), self.words.language)

    def _true(self, node: Computed) -> str:
        text, values = self.words("quoted", text=self._text(node)), self._values(node)
        return f"{text} ({values})" if values else text

    def _false(self, node: Computed) -> str:
        text, values = self._text(node), self._values(node)
        return self.words("false", text=text, values=values) if values else self.words("false_bare", text=text)

    def _values(self, node: Computed) -> str:
        """Return the values that a condition looked at: ``gap_months = 5``."""
        words = self.words
        if is_leaf(node):
            return ""  # the text says it all
        found = [f"{self.origins.name(leaf)} = {value_text(leaf, words)}" for leaf in leaves(node, into_pieces=False)]
        found += [f"{self._text(step)} = {value_text(step, words)}" for step in pieced(node)]
        return ", ".join(dict.fromkeys(found))

    # --- formulas --------------------------------------------------------------------------------------------

    def _body(self, body: Computed) -> Iterator[Entry]:
        words = self.words
        text = self._text(body)
        yield Entry(line=words("formula", text=text), facts={"kind": "formula"})
        if not is_leaf(body):
            written = equation(body, words)
            if written != value_text(body, words):
                yield Entry(line=words("formula", text=written), facts={"kind": "numbers"})
        yield from self._leaves(body)

    def _leaves(self, node: Computed, *, only: Container[Op] | None = None) -> Iterator[Entry]:
        """Yield the pieces and leaves below a step, each once in an explanation."""
        if only is None:
            for step in pieced(node):
                yield from self._pieces(step)
        for leaf in leaves(node, into_pieces=False):
            if only is None or leaf.step.op in only:
                yield from self._leaf(leaf)

    def _pieces(self, node: Computed) -> Iterator[Entry]:
        if node.step.op is Op.AGGREGATE:
            yield from self._items(node)
            return
        if node.step.op is Op.MEAN_DAYS:
            yield Entry(line=self.words("mean_days"), facts={"kind": "mean_over_days"})
        for piece in node.pieces:
            if piece.value is not None:
                yield self._slice(piece, piece.value)

    def _slice(self, piece: Piece, node: Computed) -> Entry:
        words, month = self.words, Month(node.month)
        days = piece.end - piece.start
        whole = (piece.start, piece.end) == (month.start, month.end)
        inside = month.start <= piece.start and piece.end <= month.end
        dates = {"dates": words.span(piece.start, piece.end), "days": words.days(days)}
        line = words("slice_of", **dates, month_days=month.days) if inside and not whole else words("slice", **dates)
        line += f": {equation(node, words)}"
        facts: Data = {
            "kind": "slice",
            "from": day(piece.start),
            "until": day(piece.end),
            "days": days,
            "value": plain(node.value, node.step.kind),
            "unit": node.step.unit,
        }
        return Entry(line=line, facts=facts, entries=tuple(self._leaves(node)))

    def _items(self, node: Computed) -> Iterator[Entry]:
        words, gather = self.words, node.step.data
        assert isinstance(gather, Gather)  # noqa: S101 - the payload of AGGREGATE
        if node.summary is not None:
            yield self._summary(node, node.summary, gather)
            return
        if not node.pieces:
            yield Entry(line=f"{self._text(node)}: {words('nothing')}", facts={"kind": "items", "count": 0})
            return
        below = tuple(self._item(piece, gather, place) for place, piece in enumerate(node.pieces))
        line = f"{self._text(node)} = {value_text(node, words)}"
        if len(below) > _LISTED:
            below = (*below, Entry(line=words("more", count=len(below) - _LISTED)))
        facts: Data = {
            "kind": "items",
            "function": gather.function,
            "count": len(node.pieces),
            "value": plain(node.value, node.step.kind),
            "unit": node.step.unit,
        }
        yield Entry(line=line, facts=facts, entries=below)

    def _summary(self, node: Computed, summary: Summary, gather: Gather) -> Entry:
        """Tell an aggregate over intervals: how many count, their sum, the least and the greatest."""
        words = self.words
        below = [Entry(line=words("intervals", counted=summary.counted, count=summary.items))]
        facts: Data = {
            "kind": "intervals",
            "function": gather.function,
            "count": summary.items,
            "counted": summary.counted,
            "value": plain(node.value, node.step.kind),
            "unit": node.step.unit,
        }
        if summary.total is not None:
            facts["total"] = plain(summary.total, "number")
        if summary.total is not None and gather.function == "mean":
            total = words.number(summary.total, node.step.unit)
            below.append(Entry(line=words("total", value=total), facts={"kind": "total", "value": facts["total"]}))
        for word, piece in (("least", summary.least), ("greatest", summary.greatest)):
            if (
                piece is None
                or _UNASKED.get(gather.function) == word
                or (word == "least" and piece is summary.greatest)
            ):
                continue
            told = self._item(piece, gather, 0)
            facts[word] = told.facts
            below.append(Entry(line=words(word, item=told.line), facts=told.facts, entries=told.entries))
        if not any(entry.entries for entry in below):
            below = [Entry(line="; ".join(entry.line for entry in below))]
        return Entry(line=f"{self._text(node)} = {value_text(node, words)}", facts=facts, entries=tuple(below))

    def _item(self, piece: Piece, gather: Gather, place: int) -> Entry:
        words = self.words
        name = ", ".join(self._bound(piece.rows[slot], innermost(source).kind) for slot, source in gather.binders)
        taken, node = counted(piece), piece.value
        facts: Data = {"kind": "item", "name": name, "counted": taken}
        entries: tuple[Entry, ...] = ()
        if not taken:
            line = f"{name}: {words('left_out')}"
        elif node is None:
            line = name
        else:
            line = f"{name}: {equation(node, words)}"
            facts |= {"value": plain(node.value, node.step.kind), "unit": node.step.unit}
            entries = tuple(self._leaves(node)) if place < _LISTED else ()
        return Entry(line=line, facts=facts, entries=entries, hidden=place >= _LISTED)

    def _bound(self, row: Any, kind: str) -> str:  # noqa: ANN401 - what a binder holds
        if kind == "months":
            return self.words("past", month=self.words.month(row))
        if kind == "days":
            return self.words.day(row)
        if isinstance(row, str):
            return row
        if isinstance(row, Interval):
            return row.text
        if isinstance(row, Row):
            return f"{row.entity} {row.id}".rstrip()
        start, end = row.values.get("from"), row.values.get("to")
        dates = [self._moment(moment) for moment in (start, end) if isinstance(moment, int)]
        return " .. ".join(dates) or row.id

    def _moment(self, value: int) -> str:
        # Day numbers of our age have six digits, seconds since 1970 have nine and more.
        return day(value) if abs(value) < 4_000_000 else str(plain(value, "instant"))

    # --- leaves ----------------------------------------------------------------------------------------------

    def _leaf(self, node: Computed) -> Iterator[Entry]:
        words, step = self.words, node.step
        if step.op is Op.RULE and node.call is not None:
            name, month = label(node, words), node.call.key[3]
            if month != self.origins.month:
                name += f" {words('past', month=words.month(month))}"
            entry = self._call(node.call, name)
            if not entry.hidden:
                yield entry
            return
        name, value = self.origins.name(node), value_text(node, words)
        if (name, value) in self._shown:
            return
        self._shown.add((name, value))
        about, facts = self.origins.about(node)
        line = f"{name} = {value}" + (f": {about}" if about else "")
        common: Data = {
            "kind": str(step.op),
            "name": name,
            "value": plain(node.value, step.kind),
            "unit": step.unit or None,
        }
        yield Entry(line=line, facts=common | facts)
