"""Traced charges of a row to a bill: one section a service, what was not charged and why, the grounds."""

from __future__ import annotations

from fractions import Fraction
from itertools import groupby, zip_longest
from typing import TYPE_CHECKING

from attrs import define, field

from kommres.bill.clauses import Notes
from kommres.bill.document import Data, Document, Section, Step, Table
from kommres.bill.names import Names
from kommres.bill.telling import Teller
from kommres.bill.words import Words
from kommres.dsl.bound.nodes import Enum
from kommres.dsl.plan.written import bill_order
from kommres.dsl.quantity import money, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kommres.dsl.backends.rows import Row
    from kommres.dsl.plan.nodes import Plan
    from kommres.dsl.trace import Call, Computed
    from kommres.period import Month

#: Titles of parts that layouts write themselves.
_PARTS = ("notes", "acts", "details", "steps", "total")


def compose(
    calls: Iterable[Call],
    plan: Plan,
    row: Row,
    *,
    month: Month,
    language: str = "en",
    chosen: Mapping[str, str] | None = None,
) -> Document:
    """Compose the bill of a row.

    Parameters
    ----------
    calls
        The traced charges of the row; those that make no line and those that are refused are told as such.
    plan
        The plan that was evaluated.
    row
        The charged row.
    month
        The month of the bill.
    language
        ``en`` or ``ru``.
    chosen
        Options that the run was given.
    """
    words = Words(language, plan.program.titles.units(language))
    names = Names(plan=plan, words=words)
    notes = Notes(words=words, titles=names.titles)
    teller = Teller(names=names, words=words, notes=notes, month=month.number)
    places = {charge.number: place for place, charge in enumerate(bill_order(plan))}
    ordered = sorted(calls, key=lambda call: places.get(call.definition.number, len(places)))
    return _Composer(names=names, words=words, notes=notes, teller=teller).bill(ordered, row, month, dict(chosen or {}))


def _service(call: Call) -> str:
    return call.definition.rule.service or call.definition.rule.name


def _unit(call: Call) -> str:
    return str(call.definition.rule.type.unit)


@define(kw_only=True)
class _Composer:
    names: Names
    words: Words
    notes: Notes
    teller: Teller
    _table: list[tuple[str, ...]] = field(factory=list)
    _facts: list[Data] = field(factory=list)

    def bill(self, calls: Sequence[Call], row: Row, month: Month, chosen: dict[str, str]) -> Document:
        words = self.words
        services = [(service, list(group)) for service, group in groupby(calls, key=_service)]
        refused = {service for service, group in services if any(call.problem for call in group)}
        sections: list[Section] = []
        totals: dict[str, Fraction] = {}
        for service, group in services:
            lines = [call for call in group if call.applies is not False]
            if service in refused or not lines:
                continue
            sections.append(self._service(service, lines))
            for call in lines:
                totals[_unit(call)] = totals.get(_unit(call), Fraction(0)) + self._amount(call)
        total = " + ".join(words.number(value, unit) for unit, value in totals.items())
        withheld = [self._withheld(service, group) for service, group in services if service in refused]
        none = [self._without_line(call) for service, group in services for call in group if call.applies is False]
        table = None
        if self._table:
            head = tuple(words(f"col_{name}") for name in ("service", "line", "volume", "price", "amount"))
            table = Table(head=head, rows=tuple(self._table), figures=3, total=(words("total"), "", "", "", total))
        if withheld:
            sections.append(Section(title=words("withheld"), steps=tuple(withheld)))
        if none:
            sections.append(Section(title=words("no_line"), steps=tuple(none), folded=bool(self._table)))
        facts: Data = {
            "entity": row.entity,
            "row": row.id,
            "month": str(month),
            "language": words.language,
            "total": [{"amount": money(value), "unit": unit} for unit, value in totals.items()],
            "services": self._facts,
            "withheld": [step.data() for step in withheld],
            "not_charged": [step.data() for step in none],
            "options": chosen,
            "notes": [note.facts | {"place": note.text} for note in self.notes.notes],
        }
        return Document(
            language=words.language,
            title=words("title", month=words.month_of(month.number)),
            heading=self._heading(row, chosen),
            table=table,
            remark="" if self._table else words("nothing_charged"),
            sections=tuple(sections),
            total=f"{words('total')}: {total}" if total else "",
            notes=self.notes.notes,
            acts=self.notes.acts,
            words={part: words(part) for part in _PARTS},
            facts=facts,
        )

    def _heading(self, row: Row, chosen: dict[str, str]) -> tuple[str, ...]:
        rows: list[str] = []
        above: Row | None = row
        while above is not None:
            rows.append(self.names.row(above))
            above = above.parent
        lines = [", ".join(rows)]
        options = {option.option.name: option.option for option in self.names.plan.options}
        told = [
            f"{self.names.of(options[name])} = {self.names.member(choice, options[name])}"
            for name, choice in chosen.items()
            if name in options
        ]
        return (*lines, f"{self.words('options')}: {'; '.join(told)}") if told else tuple(lines)

    @staticmethod
    def _amount(call: Call) -> Fraction:
        assert isinstance(call.outcome, int | Fraction)  # noqa: S101 - a charge that is neither refused nor without line
        return Fraction(call.outcome)

    def _service(self, service: str, calls: Sequence[Call]) -> Section:
        words, title = self.words, self.names.service(service)
        steps: list[Step] = []
        amounts: dict[str, list[Fraction]] = {}
        lines: list[Data] = []
        for place, call in enumerate(calls):
            rule = call.definition.rule
            name = self.names.line(rule.line or "base")
            step = self.teller.line(call, name)
            steps.append(step)
            amounts.setdefault(_unit(call), []).append(self._amount(call))
            cells = (self._shown(call.definition.volume, call.volume), self._shown(call.definition.price, call.price))
            amount = words.number(self._amount(call), _unit(call))
            self._table.append((title if not place else "", name, *cells, amount))
            lines.append(self._line_facts(call, name, step))
        sums = {unit: sum(values, Fraction(0)) for unit, values in amounts.items()}
        amount = " + ".join(words.number(value, unit) for unit, value in sums.items())
        closing = ""
        if len(calls) > 1:
            added = [" + ".join(words.number(v, unit) for v in values) for unit, values in amounts.items()]
            closing = words("sum_of_lines", sum=f"{' + '.join(added)} = {amount}".replace("+ -", "- "))
        self._facts.append(
            {
                "service": service,
                "name": title,
                "total": [{"amount": money(value), "unit": unit} for unit, value in sums.items()],
                "lines": lines,
            }
        )
        return Section(title=f"{title}: {amount}", steps=tuple(steps), closing=closing)

    def _shown(self, number: int | None, node: Computed | None) -> str:
        """Return the volume or the price of a line; what differs between days has none."""
        if number is None:
            return ""
        return self.words("by_periods") if node is None else self.names.value(node)

    def _line_facts(self, call: Call, name: str, step: Step) -> Data:
        rule = call.definition.rule
        shown: Data = {}
        for key, node in (("volume", call.volume), ("price", call.price)):
            shown[key] = plain(node.value, node.step.kind) if node is not None else None
            shown[f"{key}_unit"] = node.step.unit if node is not None else None
        return {
            "line": rule.line or "base",
            "called": name,
            "charge": rule.name,
            "module": rule.module,
            "amount": money(self._amount(call)),
            "unit": _unit(call),
            **shown,
            "calculation": step.data(),
        }

    # --- what is not charged ---------------------------------------------------------------------------------

    def _withheld(self, service: str, calls: Sequence[Call]) -> Step:
        words = self.words
        below: list[Step] = []
        reasons: list[str] = []
        facts: list[Data] = []
        for call in calls:
            problem = call.problem
            if problem is None:
                continue
            cause = call
            while cause.cause is not None:
                cause = cause.cause
            reason = words.problem(problem.code) or problem.message
            named = self._field(problem.field)
            if named or cause is not call:
                reason = f"{reason}: {named or self.names.of(cause.definition.rule)}"
            if reason not in reasons:
                reasons.append(reason)
                own = f"{call.row.entity} {call.row.id}"
                if problem.caused_by not in {"", own}:
                    below.append(Step(text=words("withheld_cause", row=self._row_named(problem.caused_by))))
                below.append(Step(text=words("message", code=problem.code, message=problem.message), folded=True))
            facts.append(
                {
                    "charge": call.definition.rule.name,
                    "code": problem.code,
                    "message": problem.message,
                    "field": problem.field or None,
                    "caused_by": problem.caused_by or None,
                }
            )
        text = words("withheld_why", service=self.names.service(service), reason="; ".join(reasons))
        return Step(text=text, steps=tuple(below), facts={"service": service, "refused": facts})

    def _row_named(self, text: str) -> str:
        """Return a row that a problem names, such as ``premises 12``, as the rules call it."""
        entity, _, id_ = text.partition(" ")
        found = next((e for e in self.names.plan.program.entities if e.name == entity), None)
        return f"{self.names.of(found)} {id_}" if found is not None else text

    def _field(self, name: str) -> str:
        """Return what is called at which a line was refused: ``metered(hot)`` of rules, ``metered.hot`` of tables."""
        program = self.names.plan.program
        path, _, members = name.partition("(")
        parts = path.split(".")
        declared = {item.name: item for item in (*program.series, *program.params, *program.inputs)}
        for place, part in enumerate(parts):
            if (item := declared.get(part)) is not None:
                found = [*parts[place + 1 :], *(key.strip() for key in members.rstrip(")").split(",") if key)]
                kinds = [key if isinstance(key, Enum) else key.type.enum for key in getattr(item, "keys", ())]
                keys = ", ".join(self.names.member(k, enum) for k, enum in zip_longest(found, kinds[: len(found)]))
                return f"{self.names.of(item)} ({keys})" if keys else self.names.of(item)
        entity = next((e for e in program.entities if e.name == name), None)
        if entity is not None:
            return self.names.of(entity)
        return "" if name == "id" else name

    def _without_line(self, call: Call) -> Step:
        words, rule = self.words, call.definition.rule
        unmet = [self.teller.unmet(node) for node in call.when if node.value is not True]
        reason = words("and").join(unmet) or words("not_in_force")
        service = self.names.service(_service(call))
        name = f"{service}, {self.names.line(rule.line or 'base')}"
        facts: Data = {"service": _service(call), "line": rule.line or "base", "charge": rule.name}
        return Step(text=words("no_service", service=name, reason=reason), facts=facts)
