"""Why an amount is what it is: the steps of a trace as text (English or Russian) and as data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from attrs import define, field, frozen

from kommres.dsl.backends.rows import Row, Steps
from kommres.dsl.bound.nodes import Citation, Input, Option, Param, ParamRow
from kommres.dsl.formula import (
    counted,
    formula,
    is_leaf,
    label,
    leaves,
    pieced,
    source_text,
    value_text,
)
from kommres.dsl.keywords import CITE
from kommres.dsl.plan.nodes import AlternativePlan, Gather, Op
from kommres.dsl.quantity import day, exact, plain
from kommres.dsl.trace import Call, Computed, Piece, Tested
from kommres.dsl.wording import Wording
from kommres.period import Month

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kommres.dsl.plan.nodes import Plan

Data: TypeAlias = dict[str, object]

#: Items of an aggregate that the text lists; the data hold all.
_LISTED: Final = 12


@frozen(kw_only=True)
class Entry:
    """A line of an explanation, the facts behind it, and what it rests on."""

    line: str
    facts: Data = field(factory=dict)
    entries: tuple[Entry, ...] = ()
    hidden: bool = False

    def lines(self, indent: int = 0) -> Iterator[str]:
        """Yield the text, indented by two blanks a level."""
        if not self.hidden:
            yield "  " * indent + self.line
            for entry in self.entries:
                yield from entry.lines(indent + 1)

    def data(self) -> Data:
        """Return the same as JSON takes it; ``text`` is the line."""
        below = [entry.data() for entry in self.entries]
        return {**self.facts, "text": self.line, **({"steps": below} if below else {})}


@frozen(kw_only=True)
class Explanation:
    """Explained lines of one account."""

    entries: tuple[Entry, ...]

    @property
    def text(self) -> str:
        """Text for people."""
        return "\n\n".join("\n".join(entry.lines()) for entry in self.entries)

    @property
    def data(self) -> list[Data]:
        """Data for programs: exact numbers as text."""
        return [entry.data() for entry in self.entries]

    def __str__(self) -> str:
        return self.text


def explain_calls(
    calls: Iterable[Call], plan: Plan, *, language: str = "en", chosen: Mapping[str, str] | None = None
) -> Explanation:
    """Explain traced evaluations.

    Parameters
    ----------
    calls
        What a :class:`~kommres.dsl.trace.Trace` kept, usually the calls of charges.
    plan
        The plan that was evaluated.
    language
        ``en`` or ``ru``.
    chosen
        Options that the run was given, to tell them from defaults.
    """
    explainer = _Explainer(plan=plan, words=Wording(language), chosen=dict(chosen or {}))
    return Explanation(entries=tuple(explainer.charge(call) for call in calls))


@define
class _Explainer:
    plan: Plan
    words: Wording
    chosen: dict[str, str]
    _shown: set[object] = field(factory=set)

    # --- charges and rules -----------------------------------------------------------------------------------

    def charge(self, call: Call) -> Entry:
        """Explain a charge (or a rule asked for by itself)."""
        words, rule = self.words, call.definition.rule
        name = f"{call.row.entity} {call.row.id}: {rule.name}" if call.row.id else rule.name
        facts = self._facts(call)
        about = []
        if rule.is_charge:
            about.append(Entry(line=words("service", service=rule.service, line=rule.line)))
        if call.problem is not None:
            return self._refusal(call, name, facts, about)
        if call.applies is False:
            return Entry(line=words("no_line", name=name, reason=self._why_no_line(call)), facts=facts)
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
            facts |= {"service": rule.service, "line": rule.line, "charged": call.applies is not False}
        if call.key[1]:
            facts["keys"] = list(call.key[1])
        if problem is not None:
            facts["refused"] = {"code": problem.code, "message": problem.message, "caused_by": problem.caused_by or None}
        else:
            facts["value"] = plain(call.outcome, rule.type.kind)
        if call.alternative is not None:
            facts["alternative"] = {"name": call.alternative.name, "module": call.alternative.module}
            facts["formula"] = source_text(call.definition.steps[call.alternative.body].span)
            facts["citations"] = [self._citation_facts(item) for item in self._citations(call)]
        return facts

    def _outcome(self, call: Call) -> str:
        kind = call.definition.rule.type
        return self.words.value(call.outcome, kind.kind, str(kind.unit) if kind.kind == "number" else "")

    def _refusal(self, call: Call, name: str, facts: Data, about: list[Entry]) -> Entry:
        problem = call.problem
        assert problem is not None  # noqa: S101 - the caller asked
        if problem.caused_by:
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
        if call.definition.rule.doc:
            line += f" ({call.definition.rule.doc})"
        return Entry(line=line, facts=facts, entries=tuple(self._steps(call)))

    def _steps(self, call: Call) -> Iterator[Entry]:
        """Yield what leads to the value of a definition: the choice, the basis, the formula, its leaves."""
        yield from self._choice(call)
        for citation in self._citations(call):
            yield Entry(line=self.words("cites", text=self._cite(citation)), facts={"kind": "citation", "hidden": True})
        if call.body is not None:
            yield from self._body(call.body, call)
        for tested in call.tested:
            for condition in tested.conditions:
                yield from self._leaves(condition, only_rules=True)

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
                yield Entry(line=line, facts={"kind": "not_taken", "name": tested.alternative.name, "holds": tested.holds})

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

    def _true(self, node: Computed) -> str:
        text, values = source_text(node.step.span), self._values(node)
        return f"{text} ({values})" if values else text

    def _false(self, node: Computed) -> str:
        text, values = source_text(node.step.span), self._values(node)
        return self.words("false", text=text, values=values) if values else self.words("false_bare", text=text)

    def _values(self, node: Computed) -> str:
        """Return the values that a condition looked at: ``gap_months = 5``."""
        words = self.words
        found = {
            f"{label(leaf, words)} = {value_text(leaf, words)}": None
            for leaf in leaves(node)
            if leaf.step.op is not Op.OPTION or leaf.value is not None
        }
        return ", ".join(found)

    # --- formulas --------------------------------------------------------------------------------------------

    def _body(self, body: Computed, call: Call) -> Iterator[Entry]:
        words = self.words
        text = source_text(body.step.span)
        yield Entry(line=words("formula", text=text), facts={"kind": "formula"})
        if not is_leaf(body):
            written = formula(body, words)
            if written not in {text, self._outcome(call)}:
                yield Entry(line=words("formula", text=written), facts={"kind": "numbers"})
        yield from self._leaves(body)

    def _leaves(self, node: Computed, *, only_rules: bool = False) -> Iterator[Entry]:
        """Yield the pieces and leaves below a step, each once in an explanation."""
        for step in pieced(node):
            if not only_rules:
                yield from self._pieces(step)
        for leaf in leaves(node, into_pieces=False):
            if not only_rules or leaf.step.op is Op.RULE:
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
        dates = {"start": words.day(piece.start), "end": words.day(piece.end - 1), "days": words.days(days)}
        whole = (piece.start, piece.end) == (month.start, month.end)
        inside = month.start <= piece.start and piece.end <= month.end
        line = words("slice_of", **dates, month_days=month.days) if inside and not whole else words("slice", **dates)
        written, value = formula(node, words), value_text(node, words)
        line += f": {written} = {value}" if written != value else f": {value}"
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
        if not node.pieces:
            yield Entry(line=f"{source_text(node.step.span)}: {words('nothing')}", facts={"kind": "items", "count": 0})
            return
        below = tuple(self._item(piece, gather, place) for place, piece in enumerate(node.pieces))
        line = f"{source_text(node.step.span)} = {value_text(node, words)}"
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

    def _item(self, piece: Piece, gather: Gather, place: int) -> Entry:
        words = self.words
        name = ", ".join(self._bound(piece.rows[slot], source.kind) for slot, source in gather.binders)
        taken, node = counted(piece), piece.value
        facts: Data = {"kind": "item", "name": name, "counted": taken}
        entries: tuple[Entry, ...] = ()
        if not taken:
            line = f"{name}: {words('left_out')}"
        elif node is None:
            line = name
        else:
            written, value = formula(node, words), value_text(node, words)
            line = f"{name}: {written} = {value}" if written != value else f"{name}: {value}"
            facts |= {"value": plain(node.value, node.step.kind), "unit": node.step.unit}
            entries = tuple(self._leaves(node)) if place < _LISTED else ()
        return Entry(line=line, facts=facts, entries=entries, hidden=place >= _LISTED)

    def _bound(self, row: Any, kind: str) -> str:  # noqa: ANN401 - what a binder holds
        if kind == "months":
            return self.words("past", month=self.words.month(row))
        if isinstance(row, str):
            return row
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
            entry = self._call(node.call, label(node, words))
            if not entry.hidden:
                yield entry
            return
        name, value = self._name(node), value_text(node, words)
        if (name, value) in self._shown:
            return
        self._shown.add((name, value))
        about, facts = self._about(node)
        line = f"{name} = {value}" + (f": {about}" if about else "")
        common: Data = {"kind": str(step.op), "name": name, "value": plain(node.value, step.kind), "unit": step.unit or None}
        yield Entry(line=line, facts=common | facts)

    def _name(self, node: Computed) -> str:
        if node.step.op is Op.PARAM:
            param = self._param(node)
            keys = [
                self.words.value(a.value, a.step.kind, a.step.unit)
                for a in node.args[: len(param.keys)]
                if a is not None
            ]
            return f"{param.name}[{', '.join(keys)}]" if keys else param.name
        if node.step.op is Op.OPTION:
            return self._option(node).name
        return label(node, self.words)

    def _about(self, node: Computed) -> tuple[str, Data]:
        """Return where a leaf's value comes from, in words and as facts."""
        match node.step.op:
            case Op.INPUT:
                return self._about_input(node)
            case Op.CHARGED:
                months = node.step.data[3]  # type: ignore[index] # the payload of CHARGED
                return self.words("charged", month=self.words.month(node.rows[months])), {}
            case Op.PARAM:
                entry = node.entries[0] if node.entries else None
                return self._about_entry(self._param(node), entry)
            case Op.TIERS:
                return self._about_tiers(node)
            case Op.OPTION:
                return self._about_option(node)
            case _:
                return "", {}

    def _about_input(self, node: Computed) -> tuple[str, Data]:
        words = self.words
        item, slot, up, months = node.step.data  # type: ignore[misc] # the payload of INPUT
        assert isinstance(item, Input)  # noqa: S101
        text = words("input") if months is None else words("input_month", month=words.month(node.rows[months]))
        row = node.rows[slot]
        for _ in range(up):
            row = row.parent
        held = row.values.get((item.name, tuple(str(a.value) for a in node.args if a is not None)))
        facts: Data = {"entity": row.entity, "row": row.id}
        if months is None and isinstance(held, Steps):
            since = [start for start in held.starts if start is not None and start <= node.day]
            if since and since[-1] > Month(node.month).start:
                text = words("input_from", day=words.day(since[-1]))
                facts["from"] = day(since[-1])
        return ", ".join(filter(None, (item.doc, text))), facts

    def _param(self, node: Computed) -> Param:
        return self.plan.params[node.step.data[0]]  # type: ignore[index] # the payload of PARAM and TIERS

    def _about_entry(self, param: Param, entry: ParamRow | None) -> tuple[str, Data]:
        words = self.words
        if entry is None:
            return words("override"), {"param": param.id, "overridden": True}
        parts = [words("row_from", day=words.day(entry.start))] if entry.start is not None else []
        parts += [words("row_until", day=words.day(entry.until))] if entry.until is not None else []
        parts += [words("row_known", day=words.day(entry.known_from))] if entry.known_from is not None else []
        parts += [entry.place] if entry.place else []
        parts += [words("source", source=entry.source)] if entry.source else []
        parts += [words(entry.status)] if entry.status in {"checked", "unchecked"} else []
        parts += [self._cite(citation) for citation in param.citations]
        facts: Data = {
            "param": param.id,
            "from": plain(entry.start, "date"),
            "until": plain(entry.until, "date"),
            "known_from": plain(entry.known_from, "date"),
            "place": entry.place,
            "source": entry.source,
            "status": entry.status,
            "citations": [self._citation_facts(item) for item in param.citations],
        }
        return ", ".join(parts), facts

    def _about_tiers(self, node: Computed) -> tuple[str, Data]:
        param = self._param(node)
        about = [self._about_entry(param, entry) for entry in node.entries]
        values = [exact(e.value) for e in node.entries if e is not None and not isinstance(e.value, str | None)]
        text = "; ".join(dict.fromkeys(text for text, _ in about))
        return f"{', '.join(values)}; {text}" if values else text, {"entries": [facts for _, facts in about]}

    def _option(self, node: Computed) -> Option:
        return self.plan.options[node.step.data[0]].option  # type: ignore[index] # the payload of OPTION

    def _about_option(self, node: Computed) -> tuple[str, Data]:
        option = self._option(node)
        if self.chosen.get(option.name) == node.value:
            how = "option_run"
        else:
            how = "option_default" if node.value == option.default else "option_module"
        bound = next((b.module for b, _, _ in self._bindings(option) if b.choice == node.value), "")
        facts: Data = {"choices": list(option.choices), "default": option.default}
        return ", ".join(filter(None, (self.words(how, module=bound), option.doc))), facts

    def _bindings(self, option: Option) -> tuple[Any, ...]:
        return next(item.bindings for item in self.plan.options if item.option is option)

    # --- citations -------------------------------------------------------------------------------------------

    def _cite(self, item: Citation) -> str:
        words = self.words
        parts = [item.act_title or item.act]
        parts += [f"{words.keyword(word, CITE)} {text}" for word, text in item.parts]
        match item.status:
            case "checked" if item.checked:
                on = words.day(_ordinal(item.checked))
                parts.append(words("checked_where", day=on, note=item.note) if item.note else words("checked_on", day=on))
            case "checked":
                parts.append(words("checked"))
            case "unchecked":
                parts.append(words("unchecked_why", note=item.note) if item.note else words("unchecked"))
            case _:
                parts.append(words("unsaid"))
        return ", ".join(parts)

    @staticmethod
    def _citation_facts(item: Citation) -> Data:
        return {
            "act": item.act,
            "title": item.act_title,
            "text": item.text,
            "status": item.status,
            "checked": item.checked or None,
            "note": item.note,
        }


def _ordinal(date: str) -> int:
    import datetime

    return datetime.date.fromisoformat(date).toordinal()
