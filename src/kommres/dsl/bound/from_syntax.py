"""syntax -> bound: resolves the names, units, types and dates of all modules of a program together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kommres import plugins
from kommres.dsl.bound.declare import Declarer
from kommres.dsl.bound.entitle import entitle
from kommres.dsl.bound.examples import ExampleBinder
from kommres.dsl.bound.foreign import FunctionBinder
from kommres.dsl.bound.nodes import (
    BoundProgram,
    Calendar,
    Entity,
    Enum,
    Event,
    Example,
    Function,
    Module,
    Option,
    Series,
)
from kommres.dsl.bound.params import ParamBinder
from kommres.dsl.bound.rules import RuleBinder
from kommres.dsl.bound.scope import ProgramScope
from kommres.dsl.bound.series import SeriesBinder
from kommres.dsl.bound.tables import Tables
from kommres.dsl.bound.varying import infer
from kommres.dsl.limits import DEFAULT, Limits
from kommres.dsl.syntax import nodes as syn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kommres.dsl.bound.foreign import FindFunction
    from kommres.dsl.bound.tables import ReadTable
    from kommres.dsl.diagnostics import Diagnostics


def bind(
    trees: Sequence[syn.ModuleTree],
    read_table: ReadTable,
    out: Diagnostics,
    limits: Limits = DEFAULT,
    find_function: FindFunction = plugins.function,
) -> BoundProgram:
    """Bind the modules of a program.

    ``read_table(source, name)`` returns the text of a table that stands beside a rule file, or None;
    ``find_function(name)`` a function of a plugin. Findings go to ``out``; what could not
    be bound is left out of the result. The order of ``trees`` does not matter.
    """
    trees = sorted(trees, key=lambda t: (t.header.name.text if t.header else "", t.span.source.name))
    scope = ProgramScope(out=out)
    declarer = Declarer(scope, Tables(read=read_table, out=out, limits=limits), limits)
    declarer.modules(trees)
    declarer.vocabulary()
    declarer.data()
    params = ParamBinder(declarer)
    rules = RuleBinder(declarer)
    modules = list(scope.modules.values())
    series = SeriesBinder(declarer)
    functions = FunctionBinder(declarer, find_function)
    for module in modules:
        series.bind(module)
        functions.bind(module)
        params.bind(module)
    for module in modules:
        rules.header(module)
    rules.bodies()
    infer([rule for _, _, rule in rules.pending], rules.amendments, out)
    examples = _examples(trees, scope, rules)
    vocabulary = [item for module in modules for item in module.vocabulary.values()]
    return BoundProgram(
        modules=tuple(
            Module(name=m.name, doc=m.doc, uses=tuple(m.used), acts=tuple(m.acts), source=m.tree.span.source.name)
            for m in modules
        ),
        entities=tuple(
            sorted((i for i in vocabulary if isinstance(i, Entity)), key=lambda e: (len(e.ancestors), e.name))
        ),
        enums=tuple(i for i in vocabulary if isinstance(i, Enum)),
        inputs=tuple(i for m in modules for i in m.inputs.values()),
        events=tuple(i for i in vocabulary if isinstance(i, Event)),
        calendars=tuple(i for i in vocabulary if isinstance(i, Calendar)),
        options=tuple(i for i in vocabulary if isinstance(i, Option)),
        option_bindings=tuple(rules.option_bindings),
        params=tuple(p for m in modules for p in m.params.values()),
        rules=tuple(r for m in modules for r in m.rules.values()),
        amendments=tuple(rules.amendments),
        examples=tuple(examples),
        series=(
            *(s for m in modules for s in m.series.values()),
            *(i for i in vocabulary if isinstance(i, Series)),
        ),
        functions=tuple(i for i in vocabulary if isinstance(i, Function)),
        titles=entitle(scope),
    )


def _examples(trees: Sequence[syn.ModuleTree], scope: ProgramScope, rules: RuleBinder) -> list[Example]:
    binder = ExampleBinder(rules)
    found: list[Example] = []
    for tree in trees:
        items = [i for i in tree.items if isinstance(i, syn.ExampleDecl)]
        if tree.header is None:
            if tree.items:
                scope.out.add(
                    "K0202",
                    "a file begins with `module name`",
                    tree.items[0].span,
                    help="name the module in the first line",
                )
            continue
        module = scope.modules.get(tree.header.name.text)
        if module is None:
            scope.unknown(
                "K0201",
                "module",
                tree.header.name.text,
                tree.header.name.span,
                scope.modules,
                todo="the spec's module must be loaded too",
            )
            continue
        if tree.header.is_spec:
            for item in tree.items:
                if not isinstance(item, syn.ExampleDecl | syn.ModuleHeader):
                    scope.out.add(
                        "K0411", "a spec file holds examples only", item.span, help="move this into the module"
                    )
        found += binder.bind(module, items)
    return found
