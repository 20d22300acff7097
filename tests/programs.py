"""Small programs from text, computed for a case: what tests of the interpreter share."""

from collections.abc import Mapping
from typing import Any

from attrs import define

from kommres.dsl.backends.interpreter import AccountResult, Interpreter
from kommres.dsl.backends.rows import Row
from kommres.dsl.case import rows_from_case
from kommres.dsl.pipeline import compile_sources
from kommres.dsl.plan.nodes import DefinitionPlan, Plan
from kommres.dsl.problems import DataProblem
from kommres.dsl.source import Source
from kommres.period import Month


def plan_of(*texts: str, tables: Mapping[str, str] | None = None) -> Plan:
    """Compile module texts; warnings do not count."""
    found = tables or {}
    sources = [Source(name=f"{number}.kmr", text=text) for number, text in enumerate(texts)]
    state = compile_sources(sources, lambda _source, name: found.get(name))
    assert not state.out.errors, "\n".join(map(str, state.out.errors))
    assert state.plan is not None
    return state.plan


@define
class Run:
    """Rows of a case and the interpreter of a month."""

    plan: Plan
    interpreter: Interpreter
    rows: list[Row]

    def row(self, entity: str, id_: str = "") -> Row:
        return next(row for row in self.rows if row.entity == entity and id_ in {"", row.id})

    def definition(self, name: str) -> DefinitionPlan:
        return next(d for d in self.plan.definitions if name in {d.rule.name, d.id})

    def value(self, name: str, *keys: str, row: str = "", day: int | None = None) -> Any:
        definition = self.definition(name)
        return self.interpreter.value(definition, self.row(definition.rule.entity.name, row), keys, day)

    def code(self, name: str, *keys: str, row: str = "") -> str:
        return self.problem(name, *keys, row=row).code

    def problem(self, name: str, *keys: str, row: str = "") -> DataProblem:
        try:
            value = self.value(name, *keys, row=row)
        except DataProblem as problem:
            return problem
        raise AssertionError(f"{name} is {value}, not refused")

    def account(self, entity: str, id_: str = "") -> AccountResult:
        return self.interpreter.account(self.row(entity, id_))


def run(texts: str | tuple[str, ...] | Plan, month: str, case: object, **more: Any) -> Run:
    """Compile, read the case, and make an interpreter."""
    given = (texts,) if isinstance(texts, str) else texts
    plan = given if isinstance(given, Plan) else plan_of(*given)
    needed = [entity.name for entity in plan.program.entities]
    return Run(
        plan,
        Interpreter(plan, Month.parse(month), **more),
        rows_from_case(plan, case, needed=needed, month=Month.parse(month)),
    )
