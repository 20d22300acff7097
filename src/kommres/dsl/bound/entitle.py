"""``called`` lines and items to titles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, field

from kommres.dsl.bound.scope import ModuleScope, ProgramScope
from kommres.dsl.bound.titles import LANGUAGES, Thing, Titles
from kommres.dsl.diagnostics import closest
from kommres.dsl.source import Span
from kommres.dsl.syntax import nodes as syn

if TYPE_CHECKING:
    from collections.abc import Iterable

#: How an act reads behind "clause 42 of": the only part of an act.
OF = "of"


def entitle(scope: ProgramScope) -> Titles:
    """Collect the titles of a program; findings go to its diagnostics."""
    entitler = _Entitler(scope=scope)
    for module in scope.modules.values():
        for item in module.tree.items:
            entitler.item(module, item)
    return Titles(entitler.texts)


@define(kw_only=True)
class _Entitler:
    scope: ProgramScope
    texts: dict[tuple[str, str, Thing], str] = field(factory=dict)
    _first: dict[tuple[str, str, Thing], tuple[str, Span]] = field(factory=dict)

    def item(self, module: ModuleScope, item: syn.Item) -> None:
        if isinstance(item, syn.CalledThings):
            for name in item.called:
                self._thing(module, name)
            return
        key, parts = _key(module.name, item)
        for name in item.called:
            self._add(module, name, key, parts)
        for way in item.alternatives if isinstance(item, syn.RuleDecl | syn.Amendment) else ():
            for name in way.called:
                self._add(module, name, ("way", way.name_span.source.name, str(way.name_span.start)), ())

    def _thing(self, module: ModuleScope, name: syn.Called) -> None:
        part = name.part or ""
        if name.kind == "unit" and part not in self.scope.units.atoms:
            self.scope.unknown("K0301", "unit", part, name.span, self.scope.units.atoms, todo="declare it with `unit`")
            return
        self._put(module, name, (name.kind, part), "")

    def _add(self, module: ModuleScope, name: syn.Called, key: Thing, parts: Iterable[str]) -> None:
        if name.part is not None and name.part not in parts:
            near = closest(name.part, parts)
            known = ", ".join(f"`{part}`" for part in parts)
            self.scope.out.add(
                "K0215",
                f"`{name.part}` is no part of what is named here",
                name.span,
                note=f"its parts are {known}" if known else "it has no parts",
                help=f"did you mean `{near}`?" if near else '`called ru "…"` names the thing itself',
            )
            return
        self._put(module, name, key, name.part or "")

    def _put(self, module: ModuleScope, name: syn.Called, key: Thing, part: str) -> None:
        language = name.language.text
        if language not in LANGUAGES:
            near = closest(language, LANGUAGES) if len(language) > 1 else None
            self.scope.out.add(
                "K0214",
                f"`{language}` is no language",
                name.language.span,
                note="two letters of ISO 639-1",
                help=f"did you mean `{near}`?" if near else "`ru` is Russian, `en` English, `de` German",
            )
            return
        if not name.text.strip():
            self.scope.out.add(
                "K0215", "a name without letters", name.span, help="write the name, or leave the line out"
            )
            return
        place = (language, part, key)
        said, first = self._first.setdefault(place, (module.name, name.span))
        # Two modules may say the same of a service or a unit that both use.
        if first is not name.span and (said == module.name or self.texts[place] != name.text):
            self.scope.twice(f"called {language}", name.span, first)
            return
        self.texts[place] = name.text


def _key(module: str, item: syn.Item) -> tuple[Thing, tuple[str, ...]]:
    """Return what identifies an item, as :func:`kommres.dsl.bound.titles.key_of` does, and its parts."""
    match item:
        case syn.ModuleHeader():
            return ("module", item.name.text), ()
        case syn.ActDecl():
            return ("act", item.name), (OF,)
        case syn.UnitDecl():
            return ("unit", item.name), ()
        case syn.EntityDecl():
            return ("entity", item.name), ()
        case syn.EnumDecl():
            return ("enum", module, item.name), tuple(member.text for member in item.members)
        case syn.OptionDecl():
            return ("option", module, item.name), tuple(choice.text for choice in item.choices)
        case syn.EventDecl():
            return ("event", module, item.name), tuple(entry.name for entry in item.fields)
        case syn.InputDecl():
            return ("input", item.entity.text, item.name), ()
        case syn.SeriesDecl() if item.entity is not None:
            return ("input", item.entity.text, item.name), ()
        case syn.RuleDecl():
            return ("rule", module, item.entity.text, item.name), ()
        case syn.ParamDecl():
            return ("param", module, item.name), ()
        case syn.SeriesDecl():
            return ("series", module, item.name), ()
        case syn.FunctionDecl():
            return ("function", module, item.name), ()
        case syn.CalendarDecl():
            return ("calendar", module, item.name), ()
        case _:  # nothing of its own is named there
            return ("", module), ()
