"""One list of alternatives per rule: what its own module says and what overlays add, replace and repeal.

A module sees the alternatives of the rule's own module, its own and those of modules that it uses, so the result
does not depend on the order in which modules were loaded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from attrs import define, field

from kommres.dsl.bound.nodes import Alternative as Statement
from kommres.dsl.bound.nodes import Amendment, BoundProgram, Expr, Rule
from kommres.dsl.diagnostics import Diagnostics, Label, Suggestion, closest
from kommres.dsl.rules.nodes import Alternative, Suppression
from kommres.dsl.source import Span

BASE = "base"

Edges: TypeAlias = dict[tuple[int, int], Span]  # (stronger, weaker) -> where it is said


@define(kw_only=True, eq=False)
class Draft:
    """An alternative while overlays are merged; ``replaces`` are the alternatives in whose place it stands."""

    number: int
    said: Statement
    body: Expr
    conditions: tuple[Expr, ...]
    start: int | None
    until: int | None
    replaces: tuple[Draft, ...] = ()
    suppressions: list[Suppression] = field(factory=list)

    @property
    def is_base(self) -> bool:
        """The base, or what stands in its place."""
        return self.said.name == BASE

    def finished(self) -> Alternative:
        """Return the alternative as later stages know it."""
        return Alternative(
            name=self.said.name,
            module=self.said.module,
            start=self.start,
            until=self.until,
            conditions=self.conditions,
            suppressions=tuple(self.suppressions),
            body=self.body,
            citations=self.said.citations,
            doc=self.said.doc,
            span=self.said.span,
        )


@define(kw_only=True, eq=False)
class Merged:
    """All alternatives of a rule; ``edges`` say what was written ``over`` what, or stands in such a place.

    ``sound``: every name that they use was found, so that what follows from their order means something.
    """

    rule: Rule
    drafts: list[Draft]
    edges: Edges
    sound: bool


def visible_modules(program: BoundProgram) -> dict[str, frozenset[str]]:
    """Return for each module those that it uses, directly or through others, without those that also use it."""
    direct = {module.name: module.uses for module in program.modules}
    reached: dict[str, set[str]] = {}
    for name, uses in direct.items():
        seen: set[str] = set()
        queue = list(uses)
        while queue:
            used = queue.pop()
            if used not in seen:
                seen.add(used)
                queue.extend(direct.get(used, ()))
        reached[name] = seen
    return {
        name: frozenset(used for used in seen if name not in reached.get(used, ())) for name, seen in reached.items()
    }


def merge(
    rule: Rule, amendments: Iterable[Amendment], visible: Mapping[str, frozenset[str]], out: Diagnostics
) -> Merged:
    """Put the alternatives of a rule and of its amendments into one list, the base first."""
    return _Merge(rule, visible, out).merged(amendments)


@define
class _Merge:
    rule: Rule
    visible: Mapping[str, frozenset[str]]
    out: Diagnostics
    drafts: list[Draft] = field(factory=list)
    edges: Edges = field(factory=dict)
    sound: bool = True

    def merged(self, amendments: Iterable[Amendment]) -> Merged:
        ordered = sorted(amendments, key=lambda a: (a.module, a.span.source.name, a.span.start))
        statements = [*self.rule.alternatives, *(s for a in ordered for s in a.alternatives)]
        statements.sort(key=lambda s: s.kind != BASE)
        for said in statements:
            if said.kind in {BASE, "except"} and said.body is not None:
                self._check_name(said)
                self._add(said, said.body, self._own_conditions(said), (said.start, said.until))
        self._replace_and_repeal([s for s in statements if s.kind in {"replace", "repeal"}])
        self._declare_order()
        self._pass_order_on()
        return Merged(rule=self.rule, drafts=self.drafts, edges=self.edges, sound=self.sound)

    def _add(
        self, said: Statement, body: Expr, conditions: tuple[Expr, ...], dates: tuple[int | None, int | None]
    ) -> Draft:
        draft = Draft(
            number=len(self.drafts), said=said, body=body, conditions=conditions, start=dates[0], until=dates[1]
        )
        self.drafts.append(draft)
        return draft

    def _module_conditions(self, said: Statement) -> tuple[Expr, ...]:
        """Return the module's ``applies when``; that of the rule's own module already stands at the rule."""
        if said.applies is None or (said.module == self.rule.module and self.rule.applies is not None):
            return ()
        return (said.applies,)

    def _own_conditions(self, said: Statement) -> tuple[Expr, ...]:
        return (*self._module_conditions(said), *(() if said.when is None else (said.when,)))

    def _check_name(self, said: Statement) -> None:
        for other in self.drafts:
            if other.said.name != said.name or other.said.module not in {said.module, self.rule.module}:
                continue
            self.sound = False
            self.out.add(
                "K0605",
                f"the rule `{self.rule.name}` already has an alternative `{said.name}`; the name would mean two things",
                said.span,
                note=f"the second `{said.name}`",
                labels=[Label(span=other.said.span, text="the first one")],
                help=f"choose another name, or write `replace {said.name}` to put this text in the place of the first",
            )

    def _replace_and_repeal(self, statements: Sequence[Statement]) -> None:
        # A module that uses another one comes after it, so that it meets what that one has replaced.
        ordered = sorted(statements, key=lambda s: (len(self.visible.get(s.module, ())), s.module))
        for said in ordered:
            targets = self._targets(said)
            if not targets:
                continue
            conditions = self._own_conditions(said)
            by = said.module if said.kind == "repeal" else f"{said.module}.{self.rule.name}.{said.name}"
            replacing: Draft | None = None
            if said.kind == "replace" and said.body is not None:
                origin = targets[0]
                inherited = self._module_conditions(said) + origin.conditions
                replacing = self._add(
                    said,
                    said.body,
                    inherited if said.when is None else conditions,
                    _common_days((said.start, said.until), (origin.start, origin.until)),
                )
                replacing.replaces = tuple(targets)
            for target in targets:
                target.suppressions.append(
                    Suppression(by=by, start=said.start, until=said.until, conditions=conditions)
                )

    def _targets(self, said: Statement) -> list[Draft]:
        """Return the alternative that is meant, then its replacements by modules that this one uses."""
        origins = self._named(said.name, said.module, said.span)
        if not origins:
            return []
        replaced = [
            d
            for d in self.drafts
            if origins[0] in d.replaces and d.said.module in self.visible.get(said.module, frozenset())
        ]
        return [origins[0], *replaced]

    def _named(self, name: str, module: str, span: Span) -> list[Draft]:
        """Return the alternative with a name as a module sees it (at most one); report it if unknown or ambiguous."""
        sees = {module, self.rule.module, *self.visible.get(module, ())}
        origins = [d for d in self.drafts if not d.replaces and d.said.module in sees]
        found = [d for d in origins if d.said.name == name]
        own = [d for d in found if d.said.module == module] or [d for d in found if d.said.module == self.rule.module]
        if own:
            return own[:1]
        self.sound = self.sound and len(found) == 1
        if len(found) > 1:
            self.out.add(
                "K0606",
                f"`{name}` may mean an alternative of {' or of '.join(sorted(d.said.module for d in found))}",
                span,
                note="which one?",
                labels=[Label(span=d.said.span, text=f"the one of {d.said.module}") for d in found],
                help="give one of them another name",
            )
        elif not found:
            self._unknown(name, span, sorted({d.said.name for d in origins}))
        return found[:1]

    def _unknown(self, name: str, span: Span, names: list[str]) -> None:
        if name == BASE:
            self.out.add(
                "K0603",
                f"the rule `{self.rule.name}` has no base, so there is nothing to put another text in the place of",
                span,
                note="no base",
                labels=[Label(span=self.rule.span, text="the rule")],
                help="write an exception instead",
            )
            return
        near = closest(name, names)
        known = f"it has {', '.join(names)}" if names else "it has none that this module sees"
        self.out.add(
            "K0603",
            f"the rule `{self.rule.name}` has no alternative `{name}`: {known}",
            span,
            note=f"did you mean `{near}`?" if near else "unknown name",
            labels=[Label(span=self.rule.span, text="the rule")],
            help="name an exception of this rule; a module sees those of the rule's own module, its own and "
            "those of modules that it uses",
            suggestion=Suggestion(span=span, replacement=near) if near and span.text == name else None,
        )

    def _declare_order(self) -> None:
        for draft in self.drafts:
            for name, span in draft.said.over:
                for weaker in self._named(name, draft.said.module, span):
                    self.edges.setdefault((draft.number, weaker.number), span)

    def _pass_order_on(self) -> None:
        """Let a replacement beat what the replaced one beats, and be beaten by what beats that one."""
        for draft in self.drafts:
            for place in draft.replaces:
                for (stronger, weaker), span in list(self.edges.items()):
                    if stronger == place.number and weaker != draft.number:
                        self.edges.setdefault((draft.number, weaker), span)
                    if weaker == place.number and stronger != draft.number:
                        self.edges.setdefault((stronger, draft.number), span)


def _common_days(
    one: tuple[int | None, int | None], other: tuple[int | None, int | None]
) -> tuple[int | None, int | None]:
    starts = [day for day in (one[0], other[0]) if day is not None]
    untils = [day for day in (one[1], other[1]) if day is not None]
    return max(starts, default=None), min(untils, default=None)
