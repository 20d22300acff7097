"""Write docs/reference/law-map.md: every rule with its law, every clause with its rule or the reason why it has none.

The clauses stand in ``tools/law_clauses.csv``; the rest is read from the shipped rules. ``--check`` only says whether
the page is fresh.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import define, field, frozen

from kommres.dsl.backends.hooks import Hook
from kommres.dsl.bound.nodes import Citation
from kommres.dsl.citing import uncited
from kommres.dsl.examples import run_example
from kommres.dsl.program import load
from kommres.dsl.quantity import day
from kommres.dsl.source import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kommres.dsl.backends.frame import Frame
    from kommres.dsl.bound.nodes import Alternative, BoundProgram, Param
    from kommres.dsl.plan.nodes import DefinitionPlan
    from kommres.dsl.program import Program

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/reference/law-map.md"
CLAUSES = ROOT / "tools/law_clauses.csv"

HEAD = """\
# Law map

Which rule says what of the law, and which part of the law has no rule, and why. This page is made by
`tools/law_map.py` from the shipped rules and from the list of clauses in `tools/law_clauses.csv`.

A citation is *checked* where somebody compared the rule with the text of the act, and *open* everywhere else; the open
ones are those that `kommres check --unchecked` lists. An example is one of those that take the definition.

"""

#: How deep a part of a citation lies.
RANKS = {"annex": 0, "section": 1, "article": 2, "part": 3, "clause": 4, "formula": 4, "table": 4, "item": 5}
_DEEPEST = 6
#: Dates of a parameter that are written one by one.
_FEW = 4
_KINDS = {"except": "exception", "replace": "replacement of", "repeal": "repeal of"}


@frozen(kw_only=True)
class Said:
    """What a definition of the rules cites; ``owner`` as ``kommres check --unchecked`` names it."""

    module: str
    owner: str
    span: Span
    dates: str
    citations: tuple[Citation, ...]
    example: str


@frozen(kw_only=True)
class Clause:
    """A part of an act in our own words; ``remark``: why it has no rule, or what of it has none."""

    act: str
    place: str
    about: str
    remark: str


@define
class _Takers(Hook):
    """Notes the first example that takes each definition."""

    title: str = ""
    found: dict[tuple[str, int], str] = field(factory=dict)

    def alternative(self, definition: DefinitionPlan, index: int, frame: Frame) -> None:  # noqa: ARG002 - the hook's shape
        """Note the definition that was taken."""
        span = definition.alternatives[index].span
        self.found.setdefault((span.source.name, span.start), self.title)


def clauses() -> list[Clause]:
    """Read the list of clauses."""
    with CLAUSES.open(encoding="utf-8", newline="") as file:
        return [Clause(**row) for row in csv.DictReader(file)]


def places(citation: Citation) -> list[str]:
    """Return the single places that a citation names: ``clause 42``, ``annex 2 formula 4(1)``."""
    found: list[str] = []
    path: list[tuple[str, str]] = []
    last = -1
    for word, text in citation.parts:
        rank = RANKS.get(word, _DEEPEST)
        if path and rank <= last:
            found.append(_joined(path))
            path = [part for part in path if RANKS.get(part[0], _DEEPEST) < rank]
        path.append((word, text))
        last = rank
    return [*found, _joined(path)] if path else found


def _joined(path: Iterable[tuple[str, str]]) -> str:
    return " ".join(f"{word} {text}" for word, text in path)


def said(program: Program) -> list[Said]:
    """Return all definitions of the rules in order of modules and texts."""
    takers = _Takers()
    for example in program.bound.examples:
        takers.title = example.title
        run_example(program, example, hook=takers)
    return sorted(_said(program.bound, takers.found), key=lambda item: (item.module, item.span.start))


def _said(bound: BoundProgram, examples: dict[tuple[str, int], str]) -> Iterator[Said]:
    def example(span: Span) -> str:
        return examples.get((span.source.name, span.start), "")

    for option in bound.options:
        yield _one(option, f"option {option.name}", f"default {option.default}")
    for binding in bound.option_bindings:
        yield _one(binding, f"option {binding.option.name}", f"{binding.choice}")
    for param in bound.params:
        yield _one(param, f"param {param.name}", _rows(param))
    for series in bound.series:
        yield _one(series, f"series {series.name}")
    for function in bound.functions:
        yield _one(function, f"function {function.name}")
    for rule in bound.rules:
        owner = f"{'charge' if rule.is_charge else 'rule'} {rule.name}"
        base = next((way for way in rule.alternatives if way.kind == "base"), None)
        taken = example(base.span) if base is not None else ""
        yield _one(rule, owner, _dates(rule.start, rule.until), taken)
        yield from _ways(owner, rule.alternatives, examples)
    for amendment in bound.amendments:
        yield from _ways(f"in {amendment.rule.name}", amendment.alternatives, examples)


def _ways(owner: str, ways: Iterable[Alternative], examples: dict[tuple[str, int], str]) -> Iterator[Said]:
    for way in ways:
        taken = examples.get((way.span.source.name, way.span.start), "")
        if way.kind != "base":
            yield _one(way, f"{owner}, {_KINDS[way.kind]} {way.name}", _dates(way.start, way.until), taken)
        elif way.citations:
            yield _one(way, owner, _dates(way.start, way.until), taken)


def _one(item: object, owner: str, dates: str = "", example: str = "") -> Said:
    span: Span = item.span  # type: ignore[attr-defined]  # every declaration has these
    module: str = item.module  # type: ignore[attr-defined]
    citations: tuple[Citation, ...] = item.citations  # type: ignore[attr-defined]
    return Said(module=module, owner=owner, span=span, dates=dates, citations=citations, example=example)


def _dates(start: int | None, until: int | None) -> str:
    parts = [f"from {day(start)}"] if start is not None else []
    return " ".join([*parts, f"until {day(until)}"] if until is not None else parts)


def _rows(param: Param) -> str:
    """Return since when a parameter has which editions."""
    dates = sorted({(row.start, row.known_from) for row in param.rows if row.start is not None}, key=str)
    if not dates:
        return "not dated"
    if len(dates) > _FEW:
        return f"{len(dates)} dates from {day(dates[0][0] or 0)} to {day(dates[-1][0] or 0)}"
    return ", ".join(
        f"from {day(start or 0)}" + (f" (known from {day(known)})" if known is not None else "")
        for start, known in dates
    )


# --- the page ------------------------------------------------------------------------------------------------


def _row(*cells: str) -> str:
    return f"| {' | '.join(' '.join(cell.split()).replace('|', '/') for cell in cells)} |"


def _state(citation: Citation) -> str:
    return f"checked {citation.checked}" if citation.status == "checked" else "open"


def _clauses(items: list[Said]) -> Iterator[str]:
    """Yield a table for each act with clauses, and one for the acts that are listed as a whole."""
    by_place: dict[tuple[str, str], list[Said]] = {}
    modules: dict[str, dict[str, None]] = {}
    for item in items:
        for citation in item.citations:
            modules.setdefault(citation.act, {}).setdefault(_short(item.module))
            for place in places(citation):
                by_place.setdefault((citation.act, place), []).append(item)
    listed = clauses()
    for act in dict.fromkeys(clause.act for clause in listed if clause.place):
        yield from ("", f"### `{act}`", "", "| clause, formula | what it says | rules | remark |", "|---|---|---|---|")
        for clause in listed:
            if clause.act == act and clause.place:
                rules = _grouped(by_place.get((act, clause.place), []))
                yield _row(clause.place, clause.about, rules or "none", clause.remark)
    yield from ("", "### Acts as a whole", "", "| act | what it is about | cited in | remark |", "|---|---|---|---|")
    for clause in listed:
        if not clause.place:
            found = ", ".join(modules.get(clause.act, {}))
            yield _row(f"`{clause.act}`", clause.about, found or "none", clause.remark)


def _short(module: str) -> str:
    return f"`{module.rpartition('.')[2]}`"


def _grouped(items: list[Said]) -> str:
    """Return definitions by module: `heating`: net, net except room."""
    found: dict[str, dict[str, None]] = {}
    for item in items:
        _, _, name = item.owner.partition(" ")
        found.setdefault(_short(item.module), {}).setdefault(name.replace(", exception ", " except "))
    return "; ".join(f"{module}: {', '.join(names)}" for module, names in found.items())


def _definitions(items: list[Said]) -> Iterator[str]:
    module = ""
    for item in items:
        if item.module != module:
            module = item.module
            yield from ("", f"### `{module}`", "", f"In `{item.span.source.name}`.", "")
            yield from ("| definition | act and clause | in force | text | example |", "|---|---|---|---|---|")
        cites = "<br>".join(f"{c.act} {c.text}".strip() for c in item.citations) or "cites nothing"
        states = "<br>".join(_state(c) for c in item.citations)
        yield _row(item.owner, cites, item.dates, states, item.example)


def page() -> str:
    """Return the text of the page."""
    program = load()
    items = said(program)
    uses = [citation for item in items for citation in item.citations]
    open_ = sum(citation.status != "checked" for citation in uses)
    bare = len(uncited(program.bound))
    figures = (
        f"{len(items)} definitions in {len(program.modules)} modules; {len(uses)} citations, {open_} of them open; "
        f"{bare} rules and charges cite nothing: they combine what others say."
    )
    parts = [
        HEAD + figures,
        "",
        "## Clauses and formulas",
        *_clauses(items),
        "",
        "## Definitions",
        *_definitions(items),
    ]
    return "\n".join(parts).rstrip() + "\n"


def main() -> int:
    """Write or check the page."""
    text = page()
    if "--check" in sys.argv[1:]:
        fresh = PAGE.is_file() and PAGE.read_text(encoding="utf-8") == text
        if not fresh:
            print(f"{PAGE.relative_to(ROOT)} is not fresh; run python tools/law_map.py")
        return 0 if fresh else 1
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
