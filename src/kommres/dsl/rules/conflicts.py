"""Alternatives that apply at once with no order between them: found here where their conditions are decidable."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define, field, frozen

from kommres.dsl.bound.nodes import Rule
from kommres.dsl.diagnostics import Diagnostics, Label
from kommres.dsl.rules.conditions import (
    All,
    Answer,
    Atom,
    Formula,
    Reader,
    Solver,
    State,
    Variable,
    narrow,
    negated,
    variables_of,
    within_dates,
)
from kommres.dsl.rules.domains import Domain
from kommres.dsl.rules.nodes import Alternative, Suppression

#: Alternatives that stand over both of a pair and are looked at; with more, the row decides.
_STRONGER = 40

#: Conflicts of one rule that are reported.
_FEW = 10


@frozen(kw_only=True)
class Applies:
    """When an alternative applies: as a formula, and what every such row has in common."""

    formula: Formula
    always: bool
    common: dict[Variable, Domain] = field(eq=False)
    variables: frozenset[Variable] = field(eq=False)


@define(kw_only=True)
class Conflicts:
    """Decides pairs of alternatives of one rule."""

    rule: Rule
    alternatives: Sequence[Alternative]
    beats: frozenset[tuple[int, int]]
    replacing: frozenset[int]  # those that stand in the place of another one
    reader: Reader
    solver: Solver
    gate: Formula = field(init=False)
    stronger: list[set[int]] = field(init=False)
    applies: list[Applies] = field(init=False)

    def __attrs_post_init__(self) -> None:
        gate = [within_dates(self.rule.start, self.rule.until)]
        if self.rule.applies is not None:
            gate.append(self.reader.formula(self.rule.applies))
        self.gate = All(tuple(gate))
        self.applies = [self._applies(a) for a in self.alternatives]
        self.stronger = [set() for _ in self.alternatives]
        for strong, weak in self.beats:
            self.stronger[weak].add(strong)

    def _applies(self, alternative: Alternative) -> Applies:
        parts = [self.reader.formula(c) for c in alternative.conditions]
        parts += [negated(self._suppressed(s)) for s in alternative.suppressions]
        if alternative.start is not None or alternative.until is not None:
            parts.append(within_dates(alternative.start, alternative.until))
        formula = All(tuple(parts))
        return Applies(
            formula=formula, always=not parts, common=_common(formula), variables=frozenset(variables_of(formula))
        )

    def _suppressed(self, suppression: Suppression) -> Formula:
        conditions = tuple(self.reader.formula(c) for c in suppression.conditions)
        return All((within_dates(suppression.start, suppression.until), *conditions))

    def stated(self, number: int) -> Formula:
        """Return when an alternative applies by its own conditions and dates, replaced and repealed or not."""
        alternative = self.alternatives[number]
        conditions = tuple(self.reader.formula(c) for c in alternative.conditions)
        return All((within_dates(alternative.start, alternative.until), *conditions))

    def contradicts(self, number: int) -> bool:
        """Tell whether an alternative's own conditions and dates exclude each other."""
        if self.applies[number].always:
            return False
        return self.solver.ask([self.gate, self.stated(number)]) is Answer.NEVER

    def decide(self, out: Diagnostics | None) -> frozenset[tuple[int, int]]:
        """Return the pairs without an order, smaller number first, that never apply together.

        Pairs that are proved to apply together go to ``out`` (K0601, K0602), the first few of a rule.
        """
        found: set[tuple[int, int]] = set()
        left = _FEW
        for second in range(len(self.alternatives)):
            for first in range(second):
                if first in self.stronger[second] or second in self.stronger[first]:
                    continue
                self.solver.pairs -= 1
                if self.solver.pairs < 0:
                    return frozenset(found)
                answer = self._answer(first, second)
                if answer is Answer.NEVER:
                    found.add((first, second))
                    continue
                why = self._together(first, second, answer) if out is not None else ""
                if why and out is not None:
                    self._add(first, second, why, out)
                    left -= 1
                if not left:
                    return frozenset(found)
        return frozenset(found)

    def _answer(self, first: int, second: int) -> Answer:
        one, other = self.applies[first], self.applies[second]
        for variable, domain in one.common.items():
            theirs = other.common.get(variable)
            if theirs is not None and not domain.meets(theirs):
                return Answer.NEVER
        return self.solver.ask([self.gate, one.formula, other.formula])

    def _together(self, first: int, second: int, answer: Answer) -> str:
        """Say why the pair applies at once on some row, or nothing."""
        stronger = sorted(self.stronger[first] & self.stronger[second])
        if answer is Answer.POSSIBLE and stronger:
            if len(stronger) > _STRONGER:
                return ""
            formulas = [self.gate, self.applies[first].formula, self.applies[second].formula]
            answer = self.solver.ask([*formulas, *(negated(self.applies[n].formula) for n in stronger)])
        if answer is Answer.POSSIBLE:
            return _sample(self.solver.witness)
        if answer is Answer.UNKNOWN and not stronger:
            for narrower, wider in ((first, second), (second, first)):
                if self._implies(narrower, wider):
                    return f"wherever `{self.alternatives[narrower].name}` applies"
        return ""

    def _implies(self, narrower: int, wider: int) -> bool:
        other = self.applies[wider]
        if not other.always and other.variables.isdisjoint(self.applies[narrower].variables):
            return False
        question = [self.gate, self.applies[narrower].formula, negated(self.applies[wider].formula)]
        return self.solver.ask(question) is Answer.NEVER

    def _add(self, first: int, second: int, why: str, out: Diagnostics) -> None:
        one, other = self.alternatives[first], self.alternatives[second]
        if one.name == other.name and {first, second} <= self.replacing:
            out.add(
                "K0602",
                f"two texts stand in the place of `{one.name}` of `{self.rule.name}` at once: {why}",
                other.span,
                note=f"the text of {other.module}",
                labels=[Label(span=one.span, text=f"the text of {one.module}")],
                help="give them conditions that exclude each other, or let one module `use` the other: "
                "it then replaces that one's text too",
            )
            return
        out.add(
            "K0601",
            f"`{one.name}` and `{other.name}` of `{self.rule.name}` apply at once: {why}; "
            "nothing says which of them goes first",
            other.span,
            note=f"`{other.name}` applies too",
            labels=[Label(span=one.span, text=f"`{one.name}` applies")],
            help=f"write `except {other.name} over {one.name}` (or the other way round), "
            "or make the conditions exclude each other",
        )


def _common(formula: Formula) -> dict[Variable, Domain]:
    """Return what the comparisons that must all hold leave of each variable."""
    state: dict[Variable, Domain] = {}
    pending = [formula]
    while pending:
        part = pending.pop()
        if isinstance(part, All):
            pending.extend(part.parts)
        elif isinstance(part, Atom):
            narrow(state, part)
    return state


def _sample(state: State) -> str:
    """Describe a row, such as ``where gap_months >= 1 and <= 3``."""
    words = []
    for variable, domain in sorted(state.items(), key=lambda item: item[0].text):
        if domain != variable.domain:
            words.append(_said(variable, domain))
    return "where " + ", ".join(words) if words else "always"


def _said(variable: Variable, domain: Domain) -> str:
    if domain.members == frozenset({True}):
        return variable.text
    if domain.members == frozenset({False}):
        return f"not {variable.text}"
    return f"{variable.text} {domain.text(variable.kind, variable.domain)}"
