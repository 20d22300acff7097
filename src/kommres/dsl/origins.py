"""Where the values under a formula come from: inputs, table rows, options, closed months, and their citations."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from attrs import define, field

from kommres.dsl.backends.rows import Steps
from kommres.dsl.citing import citation
from kommres.dsl.formula import label
from kommres.dsl.keywords import CITE, MODE
from kommres.dsl.plan.nodes import Op, Plan
from kommres.dsl.quantity import day, plain
from kommres.dsl.wording import Wording
from kommres.period import Month

if TYPE_CHECKING:
    from fractions import Fraction

    from kommres.dsl.bound.nodes import Citation, Option, Param, ParamRow
    from kommres.dsl.bound.titles import Titled
    from kommres.dsl.explanation import Data
    from kommres.dsl.trace import Computed


def _payload(node: Computed) -> Any:  # noqa: ANN401 - each operation carries its own
    return node.step.data


@define
class Origins:
    """Names leaves and says where their values come from.

    ``chosen``: options that the run was given; ``month``: number of the month of the run.
    """

    plan: Plan
    words: Wording
    chosen: dict[str, str]
    month: int
    _titled: set[str] = field(factory=set, init=False)

    def name(self, node: Computed) -> str:
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

    def text(self, item: Titled) -> str:
        """Return what a declaration is called in the language; else its description."""
        return self.plan.program.titles.of(item, self.words.language) or item.doc

    def about(self, node: Computed) -> tuple[str, Data]:
        """Return where a leaf's value comes from, in words and as facts."""
        match node.step.op:
            case Op.INPUT:
                return self._about_input(node)
            case Op.SERIES:
                return self._about_series(node)
            case Op.FUNCTION:
                return self._about_function(node)
            case Op.CHARGED:
                return self.words("charged", month=self.words.month(node.month)), {}
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
        item, slot, up, _ = _payload(node)
        if node.value is None:
            text = words("not_supplied")
        elif node.month != self.month:
            text = words("input_month", month=words.month(node.month))
        else:
            text = words("input")
        row = node.rows[slot]
        for _ in range(up):
            row = row.parent
        held = row.values.get((item.name, tuple(str(a.value) for a in node.args if a is not None)))
        facts: Data = {"entity": row.entity, "row": row.id}
        if node.month == self.month and node.value is not None and isinstance(held, Steps):
            since = [start for start in held.starts if start is not None and start <= node.day]
            if since and since[-1] > Month(node.month).start:
                text = words("input_from", day=words.day(since[-1]))
                facts["from"] = day(since[-1])
        return ", ".join(filter(None, (self.text(item), text))), facts

    def _about_series(self, node: Computed) -> tuple[str, Data]:
        series, slot, up, _, _ = _payload(node)
        if node.value is None:
            return self.words("not_supplied"), {}
        if slot is None:
            parts = [self.text(series), series.file, *(self.cite(citation) for citation in series.citations)]
            return ", ".join(filter(None, parts)), {"series": series.id, "file": series.file}
        row = node.rows[slot]
        for _ in range(up):
            row = row.parent
        text = ", ".join(filter(None, (self.text(series), self.words("input"))))
        return text, {"series": series.id, "entity": row.entity, "row": row.id}

    def _about_function(self, node: Computed) -> tuple[str, Data]:
        function = _payload(node)
        step = self.words.number(function.step, str(function.type.unit))
        how = f" ({self.words.keyword(function.mode, MODE)})" if function.mode != "half_up" else ""
        parts = [self.text(function), self.words("plugin", origin=function.origin, provider=function.provider)]
        parts += [self.words("rounded", step=step) + how, *(self.cite(citation) for citation in function.citations)]
        facts: Data = {"function": function.id, "from": function.origin, "provider": function.provider}
        return ", ".join(filter(None, parts)), facts

    def _param(self, node: Computed) -> Param:
        param: Param = self.plan.params[_payload(node)[0]]
        return param

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
        parts += [self.cite(citation) for citation in param.citations]
        facts: Data = {
            "param": param.id,
            "from": plain(entry.start, "date"),
            "until": plain(entry.until, "date"),
            "known_from": plain(entry.known_from, "date"),
            "place": entry.place,
            "source": entry.source,
            "status": entry.status,
            "citations": [citation(item) for item in param.citations],
        }
        return ", ".join(parts), facts

    def _about_tiers(self, node: Computed) -> tuple[str, Data]:
        param = self._param(node)
        about = [self._about_entry(param, entry) for entry in node.entries]
        rows = "; ".join(dict.fromkeys(text for text, _ in about))
        parts = self._tiers(node, param)
        written = " + ".join(f"{part} × {price}" for part, price in parts)
        facts: Data = {"entries": [facts for _, facts in about]}
        return ": ".join(filter(None, (written, rows))), facts

    def _tiers(self, node: Computed, param: Param) -> list[tuple[str, str]]:
        """Return the part of the volume in each bracket and its value; nothing where they do not add up."""
        _, has_scale, position = _payload(node)
        volume = node.args[0]
        size = node.args[1].value if has_scale and node.args[1] is not None else 1
        parts: list[tuple[str, str]] = []
        total: int | Fraction = 0
        for entry in node.entries:
            if entry is None or volume is None:
                return []
            bracket: Any = entry.keys[position]
            low, high = (None if bound is None else bound * size for bound in bracket)
            part = (volume.value if high is None else min(volume.value, high)) - (low or 0)
            value: Any = entry.value
            total += part * value
            price = self.words.number(value, str(param.type.unit))
            parts.append((self.words.number(part, volume.step.unit), price))
        return parts if total == node.value else []

    def _option(self, node: Computed) -> Option:
        option: Option = self.plan.options[_payload(node)[0]].option
        return option

    def _about_option(self, node: Computed) -> tuple[str, Data]:
        option = self._option(node)
        if self.chosen.get(option.name) == node.value:
            how = "option_run"
        else:
            how = "option_default" if node.value == option.default else "option_module"
        bound = next((b.module for b, _, _ in self._bindings(option) if b.choice == node.value), "")
        facts: Data = {"choices": list(option.choices), "default": option.default}
        return ", ".join(filter(None, (self.words(how, module=bound), self.text(option)))), facts

    def _bindings(self, option: Option) -> tuple[Any, ...]:
        return next(item.bindings for item in self.plan.options if item.option is option)

    # --- citations -------------------------------------------------------------------------------------------

    def cite(self, item: Citation) -> str:
        words = self.words
        # The title of an act is long; it is written once.
        title = self.plan.program.titles.find(words.language, ("act", item.act)) or item.act_title
        first = title and item.act not in self._titled
        self._titled.add(item.act)
        parts = [words("act", title=title, name=item.act) if first else item.act]
        parts += [f"{words.keyword(word, CITE)} {text}" for word, text in item.parts]
        match item.status:
            case "checked" if item.checked:
                on = words.day(datetime.date.fromisoformat(item.checked).toordinal())
                parts.append(
                    words("checked_where", day=on, note=item.note) if item.note else words("checked_on", day=on)
                )
            case "checked":
                parts.append(words("checked"))
            case "unchecked":
                parts.append(words("unchecked_why", note=item.note) if item.note else words("unchecked"))
            case _:
                parts.append(words("unsaid"))
        return ", ".join(parts)
