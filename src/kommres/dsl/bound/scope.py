"""What names mean: the declarations of all modules, and what one module may see of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, field

from kommres.dsl.bound.nodes import Calendar, Entity, Enum, Event, Function, Input, Option, Param, Rule, Series
from kommres.dsl.diagnostics import Diagnostics, Label, Suggestion, closest
from kommres.dsl.syntax import nodes as syn
from kommres.units import Units

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kommres.dsl.source import Span

Vocabulary = Entity | Enum | Event | Calendar | Option | Series | Function


@define(kw_only=True, eq=False)
class ModuleScope:
    """One module while it is bound."""

    name: str
    tree: syn.ModuleTree
    doc: str = ""
    aliases: dict[str, str] = field(factory=dict)  # qualifier -> module name
    used: list[str] = field(factory=list)
    vocabulary: dict[str, Vocabulary] = field(factory=dict)
    inputs: dict[tuple[Entity, str], Input] = field(factory=dict)
    series: dict[tuple[Entity, str], Series] = field(factory=dict)
    params: dict[str, Param] = field(factory=dict)
    rules: dict[tuple[Entity, str], Rule] = field(factory=dict)
    acts: dict[str, str] = field(factory=dict)
    applies: syn.AppliesWhen | None = None

    def rules_named(self, name: str) -> list[Rule]:
        return [rule for (_, own), rule in self.rules.items() if own == name]


@define(kw_only=True, eq=False)
class ProgramScope:
    """All modules together. Units and acts are common to a program; other vocabulary is seen through ``use``."""

    out: Diagnostics
    units: Units = field(factory=Units.standard)
    money: set[str] = field(factory=set)  # base units declared by modules
    acts: dict[str, str] = field(factory=dict)
    modules: dict[str, ModuleScope] = field(factory=dict)
    _visible: dict[str, list[ModuleScope]] = field(factory=dict)

    def visible(self, module: ModuleScope) -> list[ModuleScope]:
        """The module itself and, transitively, what it uses: where bare vocabulary is looked up.

        To be asked once all ``use`` lines are read.
        """
        if module.name in self._visible:
            return self._visible[module.name]
        seen: dict[str, ModuleScope] = {module.name: module}
        queue = [module]
        while queue:
            for name in queue.pop().used:
                if name in self.modules and name not in seen:
                    seen[name] = self.modules[name]
                    queue.append(self.modules[name])
        found = self._visible[module.name] = list(seen.values())
        return found

    def vocabulary(self, module: ModuleScope, name: str) -> Vocabulary | None:
        for scope in self.visible(module):
            if name in scope.vocabulary:
                return scope.vocabulary[name]
        return None

    def words(self, module: ModuleScope, kind: type | tuple[type, ...]) -> list[str]:
        """Names of a kind that the module sees (for suggestions)."""
        return [n for scope in self.visible(module) for n, item in scope.vocabulary.items() if isinstance(item, kind)]

    def entity(self, module: ModuleScope, name: syn.Name) -> Entity | None:
        found = self.vocabulary(module, name.text)
        if isinstance(found, Entity):
            return found
        self.unknown(
            "K0206", "entity", name.text, name.span, self.words(module, Entity), todo="declare it with `entity`"
        )
        return None

    def enum(self, module: ModuleScope, name: syn.Name) -> Enum | None:
        found = self.vocabulary(module, name.text)
        if isinstance(found, Enum):
            return found
        self.unknown(
            "K0207", "enumeration", name.text, name.span, self.words(module, Enum), todo="declare it with `enum`"
        )
        return None

    def input(self, module: ModuleScope, entity: Entity, name: str) -> Input | None:
        for scope in self.visible(module):
            if (entity, name) in scope.inputs:
                return scope.inputs[entity, name]
        return None

    def series(self, module: ModuleScope, entity: Entity, name: str) -> Series | None:
        for scope in self.visible(module):
            if (entity, name) in scope.series:
                return scope.series[entity, name]
        return None

    def unknown(
        self, code: str, what: str, word: str, span: Span, candidates: Iterable[str], *, todo: str = ""
    ) -> None:
        """Report an unknown name, with the nearest known one if there is one."""
        near = closest(word, candidates)
        self.out.add(
            code,
            f"unknown {what} `{word}`",
            span,
            note="not declared here nor in a used module",
            help=f"did you mean `{near}`?" if near else todo,
            suggestion=Suggestion(span=span, replacement=near) if near else None,
        )

    def twice(self, word: str, span: Span, first: Span) -> None:
        self.out.add(
            "K0203",
            f"`{word}` is declared twice",
            span,
            note="second declaration",
            labels=[Label(span=first, text="first declaration")],
            help="rename one of the two, or take one away",
        )
