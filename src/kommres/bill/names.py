"""What a bill calls things: services, lines, inputs, rules, rows and values, in its language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, field

from kommres.bill.words import Words
from kommres.dsl.backends.rows import Row
from kommres.dsl.bound.nodes import Enum, Option, Rule, Titles
from kommres.dsl.plan.nodes import AlternativePlan, Op, Plan, SourcePlan
from kommres.dsl.plan.payload import payload

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kommres.dsl.bound.nodes import Input, Param, TimeKey
    from kommres.dsl.bound.titles import Titled
    from kommres.dsl.trace import Computed


def spaced(name: str) -> str:
    """Return an identifier as words."""
    return name.replace("_", " ")


@define(kw_only=True)
class Names:
    """Names things as the rules do in a language; by their identifiers where the rules do not."""

    plan: Plan
    words: Words
    titles: Titles = field(init=False)
    _members: dict[str, str] = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Gather what members are called: values of enumerations come without their enumeration."""
        self.titles = self.plan.program.titles
        self._members = {}
        clashing: set[str] = set()
        program = self.plan.program
        parts: list[tuple[Enum | Option, tuple[str, ...]]] = [(enum, enum.members) for enum in program.enums]
        parts += [(option, option.choices) for option in program.options]
        for item, members in parts:
            for member in members:
                title = self.titles.of(item, self.words.language, member)
                if title and self._members.setdefault(member, title) != title:
                    clashing.add(member)
        for member in clashing:
            del self._members[member]

    def service(self, name: str) -> str:
        """Return what a service is called."""
        return self.titles.find(self.words.language, ("service", name)) or spaced(name)

    def line(self, name: str) -> str:
        """Return what a line of a service is called."""
        known = self.titles.find(self.words.language, ("line", name))
        return known or (self.words("base_line") if name == "base" else spaced(name))

    def of(self, item: Titled) -> str:
        """Return what a declaration is called; a charge by its service and line."""
        title = self.titles.of(item, self.words.language)
        if not title and isinstance(item, Rule) and item.is_charge:
            line = f"{self.service(item.service or item.name)}, {self.line(item.line or 'base')}"
            return self.words("quoted", text=line)
        return title or spaced(item.name)

    def way(self, way: AlternativePlan) -> str:
        """Return what an exception is called; ``""`` where the rules do not say."""
        return self.titles.of_way(way, self.words.language)

    def module(self, origin: str) -> str:
        """Return what the module of an exception, or a module, is called; its name where the rules do not say."""
        names = [module.name for module in self.plan.program.modules]
        name = max((name for name in names if f"{origin}.".startswith(f"{name}.")), key=len, default="")
        title = self.titles.find(self.words.language, ("module", name))
        return self.words("quoted", text=title) if title else origin

    def row(self, row: Row) -> str:
        """Return a row: ``помещение 12``."""
        entity = next(e for e in self.plan.program.entities if e.name == row.entity)
        return f"{self.of(entity)} {row.id}".rstrip()

    def member(self, name: str, owner: Enum | Option | None = None) -> str:
        """Return a member of an enumeration or a choice of an option; without its owner where only one has it."""
        title = self.titles.of(owner, self.words.language, name) if owner is not None else ""
        return title or self._members.get(name, "") or spaced(name)

    def enum_of(self, source: SourcePlan) -> Enum | None:
        """Return the enumeration whose members a source goes through."""
        return next((enum for enum in self.plan.program.enums if enum.members == source.data), None)

    def value(self, node: Computed, like: Computed | None = None) -> str:
        """Return the value of a step; ``like``: a step of the same kind, where this one is a bare member."""
        owner = self._owner(node) or (self._owner(like) if like is not None else None)
        return self.written(node.value, node.step.kind, node.step.unit, owner)

    def written(self, value: object, kind: str, unit: str = "", owner: Enum | Option | None = None) -> str:
        """Return any value; members of enumerations as they are called."""
        if kind == "enum" and isinstance(value, str):
            return self.member(value, owner)
        return self.words.value(value, kind, unit)

    def _owner(self, node: Computed) -> Enum | Option | None:
        """Return the enumeration or the option of which a step reads a member."""
        match node.step.op:
            case Op.INPUT:
                item: Input = payload(node.step)[0]
                return item.type.enum
            case Op.RULE | Op.CHARGED:
                rule: Rule = self.plan.definitions[payload(node.step)[0]].rule
                return rule.type.enum
            case Op.PARAM:
                param: Param = self.plan.params[payload(node.step)[0]]
                return param.type.enum
            case Op.OPTION:
                return self.option(node)
            case _:
                return None

    def leaf(self, node: Computed) -> str:
        """Return what a value is called that a formula reads."""
        match node.step.op:
            case Op.INPUT:
                item, slot, up, _ = payload(node.step)
                return self._owned(self._keyed(self.of(item), node, item.keys), node, slot, up)
            case Op.SERIES:
                item, slot, up, _, _ = payload(node.step)
                return self.of(item) if slot is None else self._owned(self.of(item), node, slot, up)
            case Op.RULE | Op.CHARGED:
                number, slot, up, _ = payload(node.step)
                rule: Rule = self.plan.definitions[number].rule
                text = self._owned(self._keyed(self.of(rule), node, rule.keys), node, slot, up)
                return text if node.step.op is Op.RULE else self.words("charged_before", text=text)
            case Op.PARAM | Op.TIERS:
                return self.of(self.plan.params[payload(node.step)[0]])
            case Op.OPTION:
                return self.of(self.option(node))
            case Op.SLICE:
                return self.words(f"slice_{payload(node.step)}")
            case Op.PERIOD:
                return self.words(f"period_{payload(node.step)[0]}")
            case Op.FIELD:
                return self._field(str(payload(node.step)[1]))
            case _:
                return self.value(node)

    def _field(self, name: str) -> str:
        """Return a field of an event: a step does not say of which."""
        events = [event for event in self.plan.events if event.field(name) is not None]
        titles = {self.titles.of(event, self.words.language, name) for event in events}
        if len(titles) == 1 and (title := titles.pop()):
            return title
        return self.words(f"field_{name}") if name in {"from", "to"} else spaced(name)

    def option(self, node: Computed) -> Option:
        """Return the option that a step reads."""
        option: Option = self.plan.options[payload(node.step)[0]].option
        return option

    def _keyed(self, text: str, node: Computed, declared: tuple[Enum | TimeKey, ...]) -> str:
        keys = self.keys(node.args, [key if isinstance(key, Enum) else None for key in declared])
        return f"{text} ({keys})" if keys else text

    def keys(self, keys: Sequence[Computed | None], owners: Sequence[Enum | None]) -> str:
        """Return the values of keys; ``owners``: the enumerations of those whose members they are."""
        return ", ".join(
            self.written(key.value, key.step.kind, key.step.unit, owner)
            for key, owner in zip(keys, owners, strict=False)
            if key is not None
        )

    def _owned(self, text: str, node: Computed, slot: int, up: int) -> str:
        """Add whose it is where it belongs to another row than the own one or one above it."""
        row = node.rows[slot]
        if slot == 0 or not isinstance(row, Row):
            return text
        for _ in range(up):
            assert row.parent is not None  # noqa: S101 - the binder climbed as far
            row = row.parent
        return self.words("of_row", text=text, row=self.row(row))
