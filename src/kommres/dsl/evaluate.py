"""One case evaluated: every charge and every rule value, as exact text."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from itertools import product
from os import PathLike
from typing import TYPE_CHECKING, Any, TypeAlias

from attrs import frozen

from kommres.dsl.backends.interpreter import Interpreter, Line, Refusal
from kommres.dsl.backends.rows import Row
from kommres.dsl.case import loads_exact, rows_from_case
from kommres.dsl.problems import DataProblem
from kommres.dsl.program import Program
from kommres.dsl.quantity import SHOWN_DIGITS, day, decimals, exact, fixed, money, plain
from kommres.errors import UsageError
from kommres.period import Month

if TYPE_CHECKING:
    from kommres.dsl.plan.nodes import DefinitionPlan
    from kommres.dsl.trace import Trace

Rules: TypeAlias = "Program | str | PathLike[str] | Iterable[str | PathLike[str]]"
Data: TypeAlias = dict[str, object]


@frozen(kw_only=True)
class Case:
    """A case ready to compute. ``modules``: those whose charges and rules are wanted."""

    program: Program
    month: Month
    rows: tuple[Row, ...]
    known_at: int | None
    options: Mapping[str, str]
    modules: frozenset[str]

    @classmethod
    def of(
        cls,
        rules: Rules,
        case: str | Mapping[str, Any],
        on: Month | str,
        *,
        module: str | None,
        known_at: datetime.date | str | None,
        options: Mapping[str, str] | None,
    ) -> Case:
        """Load the rules and read the case."""
        program = _program(rules)
        month = on if isinstance(on, Month) else Month.parse(on)
        modules = _modules(program, module)
        charged = {d.rule.entity.name for d in program.plan.charges if d.rule.module in modules}
        read = loads_exact(case) if isinstance(case, str) else case
        rows = rows_from_case(program.plan, read, needed=sorted(charged), month=month)
        known = _date(known_at) if isinstance(known_at, str) else known_at
        return cls(
            program=program,
            month=month,
            rows=tuple(rows),
            known_at=known.toordinal() if known else None,
            options=dict(options or {}),
            modules=modules,
        )

    def interpreter(self, trace: Trace | None = None) -> Interpreter:
        """Return an interpreter for the case."""
        return Interpreter(self.program.plan, self.month, known_at=self.known_at, options=self.options, hook=trace)

    @property
    def definitions(self) -> list[DefinitionPlan]:
        """The definitions of the modules that were asked for, as they are written."""
        wanted = [d for d in self.program.plan.definitions if d.rule.module in self.modules]
        return sorted(wanted, key=written)

    def rows_of(self, definition: DefinitionPlan) -> Iterator[Row]:
        """Yield the rows that a definition is computed for."""
        return (row for row in self.rows if row.entity == definition.rule.entity.name)


def _date(text: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        todo = "write it as YYYY-MM-DD, such as 2026-01-31"
        raise UsageError(f"known_at {text!r} is not a date", code="U0304", todo=todo) from None


def evaluate(
    rules: Rules,
    case: str | Mapping[str, Any],
    on: Month | str,
    *,
    module: str | None = None,
    known_at: datetime.date | str | None = None,
    options: Mapping[str, str] | None = None,
) -> Data:
    """Evaluate one case.

    Parameters
    ----------
    rules
        A loaded program, or what :func:`kommres.load` takes.
    case
        Entities with their values: JSON text, or the same as a mapping (numbers as int, Decimal or text).
    on
        The month.
    module
        Only charges and rules of this module and of those that it uses.
    known_at
        Use only parameter values known at this day.
    options
        Chosen readings of the law by option name.

    Returns
    -------
    dict
        ``charges``; ``refused`` charges; ``withheld``, the lines that would stand beside them in their service; and
        ``rules``. Numbers are text: amounts exact; volumes and prices to nine digits, with the exact value beside
        where it is another; values of rules exact (``12.5``, or ``37/3`` where no decimal ends, with a decimal beside).

    Raises
    ------
    UsageError
        For a case, an option or a module that cannot be.
    """
    made = Case.of(rules, case, on, module=module, known_at=known_at, options=options)
    interpreter = made.interpreter()
    wanted = {d.id: d for d in made.definitions}
    charges: list[Data] = []
    refused: list[Data] = []
    withheld: list[Data] = []
    for row in made.rows:
        result = interpreter.account(row)
        charges += [_line(line, wanted[line.charge]) for line in result.lines if line.charge in wanted]
        refused += [_refusal(item, row) for item in result.refusals if item.charge in wanted]
        withheld += _withheld(interpreter, result.refusals, row, wanted)
    values = [
        _value(interpreter, definition, row, keys)
        for definition in wanted.values()
        if not definition.rule.is_charge
        for row in made.rows_of(definition)
        for keys in product(*(key.members for key in definition.rule.keys))
    ]
    return {"month": str(made.month), "charges": charges, "refused": refused, "withheld": withheld, "rules": values}


def _program(rules: Rules) -> Program:
    from kommres.dsl.program import Program, load

    if isinstance(rules, Program):
        return rules
    if isinstance(rules, str | PathLike):
        return load(rules)
    return load(*rules)


def _modules(program: Program, module: str | None) -> frozenset[str]:
    """Return a module (or those below its name) with all that it uses; without a name all."""
    if module is None:
        return frozenset(program.modules)
    uses = {m.name: m.uses for m in program.bound.modules}
    waiting = [name for name in uses if name == module or name.startswith(f"{module}.")]
    if not waiting:
        raise UsageError(
            f"no module {module!r} in the rules",
            code="U0202",
            why=f"they hold {', '.join(uses)}",
            todo="name one of these",
        )
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(uses.get(name, ()))
    return frozenset(found)


def written(definition: DefinitionPlan) -> tuple[str, int]:
    """Sort key: module, then place in its text."""
    return definition.rule.module, definition.rule.span.start


def _refusal(item: Refusal, row: Row) -> Data:
    return {
        "entity": row.entity,
        "row": row.id,
        "service": item.service,
        "charge": item.charge,
        "code": item.code,
        "message": item.message,
        "field": item.field or None,
        "caused_by": item.caused_by or None,
    }


def _withheld(
    interpreter: Interpreter, refusals: Iterable[Refusal], row: Row, wanted: Mapping[str, DefinitionPlan]
) -> list[Data]:
    """Return the lines that a row would have, if no other line of their service were refused."""
    refused: dict[str, list[str]] = {}
    for item in refusals:
        refused.setdefault(item.service, []).append(item.charge)
    found = []
    for charge in wanted.values():
        service = charge.rule.service or charge.rule.name
        if not charge.rule.is_charge or charge.rule.entity.name != row.entity or charge.id in refused.get(service, ()):
            continue
        if service in refused and (line := interpreter.charge(charge, row)) is not None:
            found.append({**_line(line, charge), "because": refused[service]})
    return found


def _line(line: Line, charge: DefinitionPlan) -> Data:
    return {
        "entity": line.entity,
        "row": line.account,
        "service": line.service,
        "line": line.line,
        "charge": line.charge,
        "amount": money(line.amount),
        "unit": line.unit,
        **_shown("volume", charge, charge.volume, line.volume),
        "volume_unit": line.volume_unit or None,
        **_shown("price", charge, charge.price, line.price),
        "price_unit": line.price_unit or None,
        "rule": line.rule,
        "options": dict(line.options),
    }


def _shown(name: str, charge: DefinitionPlan, step: int | None, value: object) -> Data:
    """Return a volume or a price as a bill shows it, and exactly where that is another number."""
    if step is None:
        return {name: None}
    kind = charge.steps[step].kind
    if kind != "number" or not isinstance(value, int | Fraction):
        return {name: plain(value, kind)}
    digits = decimals(value)
    if digits is not None and digits <= SHOWN_DIGITS:
        return {name: exact(value)}
    return {name: fixed(value, SHOWN_DIGITS), f"{name}_exact": exact(value)}


def _text(value: object, kind: str) -> Data:
    """Return the value of a rule, with a decimal beside a fraction."""
    data: Data = {"value": plain(value, kind)}
    if kind == "number" and isinstance(value, Fraction) and decimals(value) is None:
        data["decimal"] = fixed(value, SHOWN_DIGITS)
    return data


def _value(interpreter: Interpreter, definition: DefinitionPlan, row: Row, keys: tuple[str, ...]) -> Data:
    rule = definition.rule
    kind = rule.type.kind
    data: Data = {
        "entity": row.entity,
        "row": row.id,
        "rule": rule.id,
        **({"keys": list(keys)} if keys else {}),
        "unit": str(rule.type.unit) if kind == "number" else None,
    }
    try:
        if keys or not definition.varies:
            return {**data, **_text(interpreter.value(definition, row, keys), kind)}
        pieces = interpreter.pieces(definition, row)
    except DataProblem as problem:
        return {**data, "refused": {"code": problem.code, "message": problem.message}}
    if len(pieces) == 1:
        return {**data, **_text(pieces[0][2], kind)}
    parts = [{"from": day(start), "until": day(end), **_text(value, kind)} for start, end, value in pieces]
    return {**data, "pieces": parts}
