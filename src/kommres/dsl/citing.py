"""What cites the law, and what of it nobody compared with the act."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from attrs import frozen

from kommres.dsl.bound.nodes import Alternative, BoundProgram, Citation
from kommres.dsl.source import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Data: TypeAlias = dict[str, object]


@frozen(kw_only=True)
class Cited:
    """A citation with what carries it: ``rule volume``, ``rule volume, exception by_meter``, ``param norm``."""

    citation: Citation
    owner: str
    module: str
    span: Span


def cited(program: BoundProgram) -> Iterator[Cited]:
    """Yield every citation of a program in order of its modules and texts."""
    yield from sorted(_cited_anywhere(program), key=lambda use: (use.module, use.span.start))


def debt(program: BoundProgram) -> list[Cited]:
    """Return the citations whose text nobody compared with the act, or does not say so."""
    return [use for use in cited(program) if use.citation.status != "checked"]


def uncited(program: BoundProgram) -> list[tuple[str, str, Span]]:
    """Return (what, module, place) of rules and charges that cite nothing at all."""
    return [
        (f"{'charge' if rule.is_charge else 'rule'} {rule.name}", rule.module, rule.span)
        for rule in program.rules
        if not rule.citations and not any(alternative.citations for alternative in rule.alternatives)
    ]


def _cited_anywhere(program: BoundProgram) -> Iterator[Cited]:
    for option in program.options:
        yield from _uses(option.citations, f"option {option.name}", option.module, option.span)
    for binding in program.option_bindings:
        yield from _uses(binding.citations, f"option {binding.option.name}", binding.module, binding.span)
    for param in program.params:
        yield from _uses(param.citations, f"param {param.name}", param.module, param.span)
    for series in program.series:
        yield from _uses(series.citations, f"series {series.name}", series.module, series.span)
    for function in program.functions:
        yield from _uses(function.citations, f"function {function.name}", function.module, function.span)
    for rule in program.rules:
        owner = f"{'charge' if rule.is_charge else 'rule'} {rule.name}"
        yield from _uses(rule.citations, owner, rule.module, rule.span)
        yield from _alternatives_cited(owner, rule.alternatives)
    for amendment in program.amendments:
        yield from _alternatives_cited(f"in {amendment.rule.name}", amendment.alternatives)


def _alternatives_cited(owner: str, alternatives: Iterable[Alternative]) -> Iterator[Cited]:
    for alternative in alternatives:
        name = owner if alternative.kind == "base" else f"{owner}, {_KINDS[alternative.kind]} {alternative.name}"
        yield from _uses(alternative.citations, name, alternative.module, alternative.span)


def _uses(citations: Iterable[Citation], owner: str, module: str, span: Span) -> Iterator[Cited]:
    for citation in citations:
        yield Cited(citation=citation, owner=owner, module=module, span=span)


_KINDS = {"except": "exception", "replace": "replacement of", "repeal": "repeal of"}


def citation(item: Citation) -> Data:
    """Return a citation as plain data."""
    return {
        "act": item.act,
        "title": item.act_title,
        "text": item.text,
        "status": item.status,
        "checked": item.checked or None,
        "note": item.note,
    }
