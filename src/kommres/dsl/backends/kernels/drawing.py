"""Kernels of a program: which there are, their text, and what each of them reads and writes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from attrs import field, frozen

from kommres.dsl.backends.kernels.batch import LEFT, NOTHING
from kommres.dsl.backends.kernels.builder import Argument, Builder, Note
from kommres.dsl.backends.kernels.descent import Descent
from kommres.dsl.backends.kernels.fusing import fuse
from kommres.dsl.backends.kernels.graph import INT, Branch, Effect, Node
from kommres.dsl.backends.kernels.joining import join
from kommres.dsl.backends.kernels.numbers import NotCompiled
from kommres.dsl.backends.kernels.placing import written
from kommres.dsl.backends.kernels.results import Stored, chosen
from kommres.dsl.backends.kernels.showing import shown
from kommres.dsl.plan.forms import Form, Leaf
from kommres.dsl.plan.nodes import DefinitionPlan, Op
from kommres.dsl.plan.payload import payload
from kommres.dsl.plan.written import bill_order

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kommres.dsl.backends.kernels.batch import Layout, Names
    from kommres.dsl.backends.kernels.filling import Recipe
    from kommres.dsl.backends.kernels.graph import Loop
    from kommres.dsl.backends.kernels.hours import Hours
    from kommres.dsl.backends.kernels.instance import Instance
    from kommres.dsl.backends.kernels.scope import Made
    from kommres.dsl.backends.machine import Machine
    from kommres.dsl.plan.proofs import Proofs

#: Modules of helpers that generated text may import.
_PACKAGE: Final = "kommres.dsl.backends.kernels"
_HELPERS: Final = ("wide", "wide128", "words", "ratios", "days", "moving", "pieces", "local", "short")
_CALL: Final = re.compile(r"\b([a-z_][a-z0-9_]*)\(")
_BUILT_IN: Final = frozenset({"range", "min", "max", "abs", "int64", "uint64", "float64", "kernel"})


@frozen(kw_only=True, eq=False)
class Written:
    """What a kernel writes of a charge: arguments of its arrays; ``winner`` may be one number for all rows."""

    plan: DefinitionPlan
    scale: int
    amount: Argument
    winner: Argument | int
    volume: tuple[Argument, Argument, Argument] | None = None  # given, above, below
    price: tuple[Argument, Argument, Argument] | None = None
    options: tuple[tuple[str, tuple[str, ...], Argument | str], ...] = ()


@frozen(kw_only=True, eq=False)
class Drawn:
    """A kernel: its text, its arguments in order, and by path the kernels that fill tables of sums which it reads."""

    entity: str
    text: str = field(repr=False)
    arguments: tuple[Argument, ...]
    outputs: tuple[Argument, ...]
    charges: tuple[Written, ...] = ()
    spans: dict[tuple[object, ...], Drawn] = field(factory=dict)

    @property
    def recipes(self) -> list[Recipe]:
        """What finds the arrays that it reads and that do not depend on the data, tables of sums aside."""
        paths: list[tuple[Any, ...]] = [a.path for a in self.arguments]
        return [path[1] for path in paths if path[0] == "constant" and path not in self.spans]


@frozen(kw_only=True, eq=False)
class Drawing:
    """All kernels of a program in the order in which they run, and what none of them computes."""

    kernels: tuple[Drawn, ...]
    notes: tuple[Note, ...]


def drawn(
    machine: Machine,
    proofs: Proofs,
    layout: Layout,
    names: Names,
    hours: Hours,
    charges: Iterable[int] | None = None,
) -> Drawing:
    """Write the kernels of a program.

    Proofs of rows on which nothing changes inside the month give kernels of all rows; others give kernels that charge
    some rows, whose places they get.

    Parameters
    ----------
    machine
        Tables as known, options as chosen, the month.
    proofs
        What is proved of the plan.
    layout
        What is read of the data.
    names
        Codes of texts; gets those of the rules.
    hours
        What depends on time alone.
    charges
        Numbers of the definitions to charge; by default all charges.
    """
    levels = _Levels(machine)
    wanted = None if charges is None else set(charges)
    entities: dict[str, list[DefinitionPlan]] = {}
    for plan in bill_order(machine.plan):
        if wanted is None or plan.number in wanted:
            entities.setdefault(plan.rule.entity.name, []).append(plan)
    last: list[Drawn] = []
    notes: dict[Note, None] = {}
    waiting: dict[Stored, None] = {}
    for entity, plans in entities.items():
        sketch = _Sketch(machine, proofs, layout, names, hours, entity, some=not proofs.assumptions.still)
        last.append(sketch.charges(plans))
        waiting.update(sketch.builder.wanted)
        notes.update(sketch.builder.notes)
    before: list[Drawn] = []
    done: set[Stored] = set()
    while missing := [one for one in waiting if one not in done]:
        level = max(levels.of(one.number) for one in missing)
        first = next(one for one in missing if levels.of(one.number) == level)
        entity = machine.definition(first.number).rule.entity.name
        group = [
            one
            for one in missing
            if levels.of(one.number) == level and machine.definition(one.number).rule.entity.name == entity
        ]
        sketch = _Sketch(machine, proofs, layout, names, hours, entity)
        before.append(sketch.results(group))
        waiting.update(sketch.builder.wanted)
        notes.update(sketch.builder.notes)
        done.update(group)
    return Drawing(kernels=(*reversed(before), *last), notes=tuple(notes))


class _Levels:
    """How many rows of other entities lie between a definition and what it reads."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._known: dict[int, int] = {}

    def of(self, number: int) -> int:
        """Return the level of a definition: above that of all that it reads of other rows."""
        waiting = [number]
        while waiting:
            at = waiting[-1]
            reads = list(self._reads(at))
            missing = [n for n, _ in reads if n not in self._known and n not in waiting]
            if missing:
                waiting += missing
                continue
            self._known[at] = max((self._known.get(n, 0) + further for n, further in reads), default=0)
            waiting.pop()
        return self._known[number]

    def _reads(self, number: int) -> Iterable[tuple[int, int]]:
        plan = self._machine.plan
        for step in self._machine.definition(number).steps:
            if step.op is Op.RULE:
                target, slot, up, _ = payload(step)
                yield target, int(up > 0 or slot > 0)
            elif step.op is Op.OPTION:
                for _, steps, _ in plan.options[payload(step)[0]].bindings:
                    for inner in steps:
                        if inner.op is Op.RULE:
                            yield payload(inner)[0], 1


class _Sketch:
    """One kernel while it is made."""

    def __init__(
        self,
        machine: Machine,
        proofs: Proofs,
        layout: Layout,
        names: Names,
        hours: Hours,
        entity: str,
        *,
        some: bool = False,
    ) -> None:
        self.builder = Builder(machine, proofs, layout, names, hours)
        self.entity = entity
        # Charges of a few rows only: what is computed for other rows is computed for all.
        self.descent = Descent(self.builder, entity, some=some)
        self.row = self.descent.row
        self.outputs: list[Argument] = []

    # writing ---------------------------------------------------------------------------------------------

    def output(self, kind: str, *path: object, node: Node) -> Argument:
        """Write a value of each row into an array of a type."""
        found = Argument(f"o{len(self.outputs)}", (kind, *path))
        self.outputs.append(found)
        self.descent.effects.append(Effect(f"{found.name}[{{1}}] = {{0}}", (node, self.row.place)))
        return found

    def finished(self, charges: tuple[Written, ...] = ()) -> Drawn:
        """Return the kernel."""
        builder = self.builder
        for month in builder.months.values():
            month.settle()
        root = self.descent.finished()
        fuse(root)
        join(root)
        return finished(builder, root, self.entity, self.outputs, charges)

    # results for other rows ------------------------------------------------------------------------------

    def results(self, group: list[Stored]) -> Drawn:
        """Write the kernel that computes results which rows of other entities read."""
        for one in group:
            try:
                self._result(one)
            except NotCompiled as why:
                self._nothing(one, str(why))
        return self.finished()

    def _nothing(self, one: Stored, why: str) -> None:
        plan = self.builder.definition(one.number)
        self.builder.note(plan, plan.steps[plan.alternatives[0].body], why)
        self.output("int64", "stored", self.entity, one.number, one.members, "above", node=self._named("LEFT"))
        shape = self.builder.proofs.definitions[one.number].shape
        if isinstance(shape, Form) and not shape.is_whole:
            one_ = self.builder.graph.int(1)
            self.output("int64", "stored", self.entity, one.number, one.members, "below", node=one_)

    def _named(self, name: str) -> Node:
        return self.builder.graph.plain(INT, name)

    def _result(self, one: Stored) -> None:
        builder, graph = self.builder, self.builder.graph
        instance = builder.instance(one.number, self.row, one.members, builder.month)
        made = instance.as_rule()
        above, below = _parts(instance, made)
        absent = made.status.absent
        if absent is not None:
            above = graph.select(absent, self._named("NOTHING"), above)
        if made.status.bad is not None:
            above = graph.select(made.status.bad, self._named("LEFT"), above)
        path = (self.entity, one.number, one.members)
        self.output("int64", "stored", *path, "above", node=above)
        if below is not None:
            self.output("int64", "stored", *path, "below", node=below)

    # charges ---------------------------------------------------------------------------------------------

    def charges(self, plans: list[DefinitionPlan]) -> Drawn:
        """Write the kernel that charges the rows of an entity."""
        found = []
        for plan in plans:
            before = len(self.outputs), len(self.descent.effects)
            try:
                found.append(self._charge(plan))
            except NotCompiled as why:
                del self.outputs[before[0] :], self.descent.effects[before[1] :]
                self.builder.note(plan, plan.steps[plan.alternatives[0].body], str(why))
                amount = self.output("int64", "amount", plan.number, node=self._unless_none(plan))
                found.append(Written(plan=plan, scale=1, amount=amount, winner=0))
        return self.finished(tuple(found))

    def _unless_none(self, plan: DefinitionPlan) -> Node:
        """Leave all rows to the interpreter that have a line of a charge which no kernel computes."""
        graph = self.builder.graph
        try:
            instance = self.builder.instance(plan.number, self.row, (), self.builder.month)
        except NotCompiled:
            return self._named("LEFT")
        if instance.present is None or instance.unsure is not None:
            present = instance.present or graph.true
            return graph.select(
                graph.either(instance.unsure, present) or graph.true, self._named("LEFT"), self._named("NOTHING")
            )
        return graph.select(instance.present, self._named("LEFT"), self._named("NOTHING"))

    def _charge(self, plan: DefinitionPlan) -> Written:
        builder, graph = self.builder, self.builder.graph
        instance = builder.instance(plan.number, self.row, (), builder.month)
        word, scale = instance.word()
        printed = [None if step is None else shown(instance.scope, step) for step in (plan.volume, plan.price)]
        options = [(name, self._option(name)) for name in plan.options]
        inside = graph.either(*(p.bad for p in printed if p is not None), *(made.status.bad for _, made in options))
        left, none = self._named("LEFT"), self._named("NOTHING")
        present = instance.present or graph.true
        branch = Branch(present)
        amount = graph.select(inside, left, word) if inside is not None else word
        amount = graph.choose(branch, amount, none)
        if instance.status.absent is not None or instance.status.bad is not None:
            bad = graph.either(instance.status.absent, instance.status.bad) or graph.false
            amount = graph.select(bad, left, amount)
        where = self.output("int64", "amount", plan.number, node=amount)
        winner = instance.winner()
        if isinstance(winner, Node):
            winner_: Argument | int = self.output(
                "int16", "winner", plan.number, node=graph.choose(branch, winner, graph.int(0))
            )
        else:
            winner_ = winner
        shown_: list[Any] = []
        for name, one in zip(("volume", "price"), printed, strict=True):
            if one is None:
                shown_.append(None)
                continue
            given = graph.choose(branch, one.given, graph.false)
            both = Branch(given)
            shown_.append(
                (
                    self.output("uint8", name, plan.number, "given", node=given),
                    self.output("int64", name, plan.number, "above", node=graph.choose(both, one.above, graph.int(0))),
                    self.output("int64", name, plan.number, "below", node=graph.choose(both, one.below, graph.int(1))),
                )
            )
        chosen: list[tuple[str, tuple[str, ...], Argument | str]] = []
        for name, made in options:
            if made.text is not None:
                chosen.append((name, made.members or (), made.text))
            elif made.node is not None:
                node = graph.choose(branch, made.node, graph.int(0))
                chosen.append((name, made.members or (), self.output("int16", "option", plan.number, name, node=node)))
        return Written(
            plan=plan,
            scale=scale,
            amount=where,
            winner=winner_,
            volume=shown_[0],
            price=shown_[1],
            options=tuple(chosen),
        )

    def _option(self, name: str) -> Made:
        machine = self.builder.machine
        number = next(n for n, choice in enumerate(machine.choices) if choice.option.id == name)
        return chosen(self.builder, number, self.row)


def finished(
    builder: Builder, root: Loop, entity: str, outputs: Sequence[Argument], charges: tuple[Written, ...] = ()
) -> Drawn:
    """Write a kernel. ``root``: what it does, for each of its rows or, where it gets none, of its first output."""
    arguments = [argument for argument, _ in builder.arguments.values()]
    scalars = [a for a in arguments if a.path[0] == "scalar"]
    arrays = [a for a in arguments if a.path[0] != "scalar"]
    names = [*(a.name for a in arrays), *(a.name for a in outputs), *(a.name for a in scalars)]
    counted = next((a.name for a in arrays if a.path[0] == "rows"), outputs[0].name)
    body = written(root, "kernel", names, [f"count = {counted}.size"])
    return Drawn(
        entity=entity,
        text=_imports(body) + body,
        arguments=(*arrays, *outputs, *scalars),
        outputs=tuple(outputs),
        charges=charges,
        spans=builder.spans,
    )


def _parts(instance: Instance, made: Made) -> tuple[Node, Node | None]:
    """Return what is stored of a result: a word and, for a quotient, its divisor."""
    graph = instance.scope.graph
    if made.node is not None:
        if made.node.kind == "b":
            return graph.node(INT, "int64({0})", made.node), None
        return made.node, None
    form = instance.form
    if not (form.above.fits and form.below.fits):
        raise NotCompiled("a result for other rows of more than 63 bits")
    if form.is_whole:
        return instance.part(Leaf(-1, "value", form.scale), INT), None
    above = instance.part(Leaf(-1, "above", form.scale), INT)
    return above, instance.part(Leaf(-1, "below", form.scale), INT)


def _imports(text: str) -> str:
    """Return the head of a kernel's text: the helpers that it calls."""
    from importlib import import_module

    called = set(_CALL.findall(text)) - _BUILT_IN
    lines = ["from numba import float64, int64, uint64", ""]
    for module in _HELPERS:
        try:
            names = sorted(called & set(vars(import_module(f"{_PACKAGE}.{module}"))))
        except ModuleNotFoundError:
            continue
        if names:
            lines.insert(1, f"from {_PACKAGE}.{module} import {', '.join(names)}")
            called -= set(names)
    return "\n".join([*lines, f"LEFT = {LEFT}", f"NOTHING = {NOTHING}", "", "", ""])
