"""The order of the passes, in one tuple, and the state that they hand on."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from attrs import define, field

from kommres import plugins
from kommres.dsl.bound.foreign import FindFunction
from kommres.dsl.bound.from_syntax import bind
from kommres.dsl.bound.nodes import BoundProgram
from kommres.dsl.consequences import without_consequences
from kommres.dsl.diagnostics import DiagnosticError, Diagnostics, EnoughFound
from kommres.dsl.limits import CODES, DEFAULT, Limits
from kommres.dsl.plan.from_rules import lower
from kommres.dsl.plan.nodes import Plan
from kommres.dsl.rules.from_bound import build
from kommres.dsl.rules.nodes import RuleSet
from kommres.dsl.source import Source
from kommres.dsl.syntax.from_text import parse
from kommres.dsl.syntax.nodes import ModuleTree

ReadTable = Callable[[Source, str], str | None]


@define(kw_only=True)
class State:
    """A program on its way: each pass fills the next field."""

    sources: Sequence[Source]
    read_table: ReadTable
    find_function: FindFunction = plugins.function
    limits: Limits = DEFAULT
    out: Diagnostics = field(factory=Diagnostics)
    trees: list[ModuleTree] = field(factory=list)
    bound: BoundProgram | None = None
    rules: RuleSet | None = None
    plan: Plan | None = None


def parse_pass(state: State) -> None:
    """Text -> syntax."""
    state.trees = [parse(source, state.out, state.limits) for source in state.sources]


def bind_pass(state: State) -> None:
    """Syntax -> bound."""
    state.bound = bind(state.trees, state.read_table, state.out, state.limits, state.find_function)


def rules_pass(state: State) -> None:
    """Bound -> rules."""
    if state.bound is not None and not state.out.errors:
        state.rules = build(state.bound, state.out, state.limits)


def plan_pass(state: State) -> None:
    """Rules -> plan."""
    if state.rules is not None and not state.out.errors:
        try:
            state.plan = lower(state.rules, state.limits)
        except DiagnosticError as error:  # a plan beyond the limit is given up at once
            state.out.items += error.diagnostics


#: The pipeline. No pass knows a later one.
PASSES: tuple[Callable[[State], None], ...] = (parse_pass, bind_pass, rules_pass, plan_pass)


def compile_sources(
    sources: Sequence[Source],
    read_table: ReadTable = lambda _source, _name: None,
    limits: Limits = DEFAULT,
    find_function: FindFunction = plugins.function,
) -> State:
    """Run all passes; findings are in ``out``, and ``plan`` is None if one of them is an error."""
    most = 2 * limits.errors
    state = State(
        sources=sources,
        read_table=read_table,
        find_function=find_function,
        limits=limits,
        out=Diagnostics(most=most),
    )
    try:
        for run in PASSES:
            run(state)
    except EnoughFound:
        state.out.most = None
        state.out.add(
            CODES["errors"],
            f"more than {most} errors in this program; the rest is not checked",
            help="correct the errors above first",
        )
    state.out.items[:] = without_consequences(state.out.items, state.trees)
    return state


def check_text(text: str, name: str = "<text>", limits: Limits = DEFAULT) -> Diagnostics:
    """Check one text on its own."""
    return compile_sources([Source(name=name, text=text)], limits=limits).out
