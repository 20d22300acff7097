"""Examples of rule files: evaluated, and compared exactly with what they expect."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from typing import TYPE_CHECKING

from attrs import frozen

from kommres.dsl.backends.interpreter import Interpreter
from kommres.dsl.bound.nodes import TimeKey, Value
from kommres.dsl.case import rows_from_example
from kommres.dsl.explain import explain_calls, traced_charge
from kommres.dsl.problems import DataProblem
from kommres.dsl.quantity import day
from kommres.dsl.trace import Trace
from kommres.dsl.wording import Wording
from kommres.errors import KommresError
from kommres.period import Month

if TYPE_CHECKING:
    from collections.abc import Container

    from kommres.dsl.backends.hooks import Hook
    from kommres.dsl.backends.rows import Row
    from kommres.dsl.bound.nodes import Example, Expected
    from kommres.dsl.plan.nodes import DefinitionPlan, Plan
    from kommres.dsl.program import Program

_EN = Wording("en")
_LINES = 16


@frozen(kw_only=True)
class Failure:
    """What an example expected and did not get. ``explanation``: the first steps of the actual value."""

    place: str
    name: str
    expected: str
    actual: str
    explanation: str = ""


@frozen(kw_only=True)
class ExampleResult:
    """How an example went."""

    title: str
    module: str
    place: str
    failures: tuple[Failure, ...]

    @property
    def passed(self) -> bool:
        """Whether everything came out as expected."""
        return not self.failures

    @property
    def text(self) -> str:
        """What failed, for people."""
        lines = [f"{self.place}: {self.title}"]
        for failure in self.failures:
            lines.append(f"  {failure.place}: {failure.name}: expected {failure.expected}, got {failure.actual}")
            lines += [f"    {line}" for line in failure.explanation.splitlines()]
        return "\n".join(lines)


def run_examples(
    program: Program, *, hook: Hook | None = None, files: Container[str] | None = None
) -> list[ExampleResult]:
    """Run the examples of a program.

    Parameters
    ----------
    program
        The rules with their examples.
    hook
        Watches the evaluations, such as a :class:`~kommres.dsl.coverage.Coverage`.
    files
        Names of source files; only examples written there run. Default: all.
    """
    examples = [e for e in program.bound.examples if files is None or e.span.source.name in files]
    return [run_example(program, example, hook=hook) for example in examples]


def run_example(program: Program, example: Example, *, hook: Hook | None = None) -> ExampleResult:
    """Run one example."""
    try:
        rows = rows_from_example(program.plan, example)
        interpreter = _interpreter(program.plan, example, hook)
        checks = [_check(interpreter, program.plan, example, expected, rows) for expected in example.expected]
        failures = tuple(failure for failure in checks if failure is not None)
    except KommresError as error:
        failures = (
            Failure(place=_place(example), name="the example", expected="a case that can be", actual=str(error)),
        )
    return ExampleResult(title=example.title, module=example.module, place=_place(example), failures=failures)


def _interpreter(plan: Plan, example: Example, hook: Hook | None) -> Interpreter:
    return Interpreter(
        plan,
        Month.of(*example.month),
        known_at=example.known,
        options=dict(example.options),
        overrides=example.overrides,
        hook=hook,
    )


def _place(item: Example | Expected) -> str:
    return f"{item.span.source.name}:{item.span.line}"


def _check(
    interpreter: Interpreter, plan: Plan, example: Example, expected: Expected, rows: list[Row]
) -> Failure | None:
    definition = next(d for d in plan.definitions if d.rule is expected.rule)
    found = [row for row in rows if row.entity == expected.rule.entity.name and expected.row in {None, row.id}]
    shown = [_key_text(key) for key in expected.keys]
    name = f"{expected.rule.name}({', '.join(shown)})" if shown else expected.rule.name
    if len(found) != 1:
        why = f"{len(found)} rows of {expected.rule.entity.name}"
        return Failure(place=_place(expected), name=name, expected="one row", actual=f"{why}; say of which row it is")
    (row,) = found
    if expected.row is not None:
        name = f"{row.entity} {row.id}: {name}"
    actual = _actual(interpreter, definition, row, expected)
    if _fits(actual, expected):
        return None
    return Failure(
        place=_place(expected),
        name=name,
        expected=_expected_text(expected),
        actual=_actual_text(actual, expected),
        explanation=_explained(plan, example, definition, row, expected),
    )


def _key_text(key: object) -> str:
    if isinstance(key, dt.datetime):
        return key.isoformat(timespec="minutes")
    return day(key) if isinstance(key, int) else str(key)


def _keys(interpreter: Interpreter, row: Row, expected: Expected) -> tuple[str | int, ...]:
    """Return keys as rules hold them: an interval by its place."""
    found: list[str | int] = []
    for key, declared in zip(expected.keys, expected.rule.keys, strict=True):
        if isinstance(key, dt.datetime) and isinstance(declared, TimeKey) and declared.grid is not None:
            intervals = interpreter.machine.grids(declared.grid)(row)
            at = intervals.place(intervals.zone.of_wall(key))
            if not 0 <= at < intervals.count:
                raise DataProblem("D0109", f"{_key_text(key)} lies outside the {declared.grid.over}")
            found.append(at)
        else:
            found.append(key if isinstance(key, int) else str(key))
    return tuple(found)


class _NoLine:
    """A charge that makes no line."""


@frozen
class _Pieces:
    """Values that differ inside the month."""

    values: tuple[Value, ...]


def _actual(
    interpreter: Interpreter, definition: DefinitionPlan, row: Row, expected: Expected
) -> Value | _NoLine | _Pieces | DataProblem:
    try:
        if definition.rule.is_charge and not expected.keys:
            line = interpreter.charge(definition, row)
            return _NoLine() if line is None else line.amount
        if expected.keys or not definition.varies:
            return interpreter.value(definition, row, _keys(interpreter, row, expected))
        values = tuple(value for _, _, value in interpreter.pieces(definition, row))
        return values[0] if len(values) == 1 else _Pieces(values)
    except DataProblem as problem:
        return problem


def _fits(actual: Value | _NoLine | _Pieces | DataProblem, expected: Expected) -> bool:
    match actual:
        case DataProblem():
            return expected.kind == "refused" and expected.code in {None, actual.code}
        case _NoLine():
            return expected.kind == "none"
        case _Pieces():
            return False
        case None:
            return (expected.kind == "value" and expected.value is None) or expected.kind == "none"
        case _:
            # True equals 1 in Python, not in the language.
            same = isinstance(actual, bool) == isinstance(expected.value, bool)
            return expected.kind == "value" and same and actual == expected.value


def _expected_text(expected: Expected) -> str:
    match expected.kind:
        case "refused":
            return f"refused {expected.code or ''}".rstrip()
        case "none":
            return "no line" if expected.rule.is_charge else "absent"
        case _:
            return _value_text(expected.value, expected)


def _actual_text(actual: Value | _NoLine | _Pieces | DataProblem, expected: Expected) -> str:
    match actual:
        case DataProblem():
            return f"refused {actual.code}: {actual.message}"
        case _NoLine():
            return "no line"
        case _Pieces():
            return "values that change inside the month: " + ", ".join(_value_text(v, expected) for v in actual.values)
        case _:
            return _value_text(actual, expected)


def _value_text(value: Value, expected: Expected) -> str:
    kind = expected.rule.type
    return _EN.value(value, kind.kind, str(kind.unit) if kind.kind == "number" else "")


def _explained(plan: Plan, example: Example, definition: DefinitionPlan, row: Row, expected: Expected) -> str:
    """Compute again with a trace; only what failed pays for it."""
    trace = Trace(Month.of(*example.month).number)
    interpreter = _interpreter(plan, example, trace)
    if definition.rule.is_charge:
        calls = [traced_charge(interpreter, trace, definition, row)]
    else:
        with suppress(DataProblem):
            interpreter.value(definition, row, _keys(interpreter, row, expected))
        calls = trace.roots[-1:]
    lines = explain_calls(calls, plan, chosen=dict(example.options)).text.splitlines()
    return "\n".join(lines if len(lines) <= _LINES else [*lines[:_LINES], "…"])
