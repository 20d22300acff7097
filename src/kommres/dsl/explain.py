"""Why an amount is what it is: the steps of a case, in English or Russian, as text and as data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kommres.dsl.evaluate import Case, Rules
from kommres.dsl.explanation import Explanation
from kommres.dsl.narrate import Narrator
from kommres.dsl.origins import Origins
from kommres.dsl.plan.written import bill_order
from kommres.dsl.problems import DataProblem
from kommres.dsl.trace import Call, Trace
from kommres.dsl.wording import Wording
from kommres.errors import UsageError

if TYPE_CHECKING:
    import datetime
    from collections.abc import Container, Iterable, Mapping
    from typing import Any

    from kommres.dsl.backends.interpreter import Interpreter
    from kommres.dsl.backends.rows import Row
    from kommres.dsl.plan.nodes import DefinitionPlan, Plan
    from kommres.period import Month


def explain(
    rules: Rules,
    case: str | Mapping[str, Any],
    on: Month | str,
    *,
    module: str | None = None,
    service: str | None = None,
    line: str | None = None,
    language: str = "en",
    known_at: datetime.date | str | None = None,
    options: Mapping[str, str] | None = None,
) -> Explanation:
    """Explain the charges of one case; the parameters are those of :func:`evaluate`.

    Parameters
    ----------
    rules, case, on, module, known_at, options
        As for :func:`evaluate`.
    service, line
        Only the lines of this service; only this line.
    language
        ``en`` or ``ru``.
    """
    made = Case.of(rules, case, on, module=module, known_at=known_at, options=options)
    trace = Trace(made.month.number)
    interpreter = made.interpreter(trace)
    charges = [definition for definition in made.definitions if definition.rule.is_charge]
    charged = {c.rule.entity.name for c in charges if service in {None, c.rule.service or c.rule.name}}
    if not charged:
        services = ", ".join(dict.fromkeys(c.rule.service or c.rule.name for c in charges)) or "none"
        raise UsageError(
            f"no charge of the service {service!r}" if service else "no charges in these rules",
            code="U0307",
            why=f"services are {services}",
            todo="name one of them",
        )
    parts = [
        explain_row(
            interpreter,
            trace,
            row,
            service=service,
            line=line,
            language=language,
            chosen=made.options,
            only=made.modules,
        )
        for row in made.rows
        if row.entity in charged
    ]
    return Explanation(entries=tuple(entry for part in parts for entry in part.entries))


def explain_calls(
    calls: Iterable[Call], plan: Plan, *, language: str = "en", chosen: Mapping[str, str] | None = None
) -> Explanation:
    """Explain traced evaluations.

    Parameters
    ----------
    calls
        What a :class:`~kommres.dsl.trace.Trace` kept, usually the calls of charges.
    plan
        The plan that was evaluated.
    language
        ``en`` or ``ru``.
    chosen
        Options that the run was given, to tell them from defaults.
    """
    words, calls = Wording(language, plan.program.titles.units(language)), list(calls)
    month = calls[0].key[3] if calls else 0
    narrator = Narrator(words=words, origins=Origins(plan=plan, words=words, chosen=dict(chosen or {}), month=month))
    refused = {_service(call.definition) for call in calls if call.definition.rule.is_charge and call.problem}
    places = {charge.number: place for place, charge in enumerate(bill_order(plan))}
    # First what the bill shows, in its order, then what it does not.
    calls.sort(key=lambda call: (call.applies is False, places.get(call.definition.number, len(places))))
    return Explanation(
        entries=tuple(narrator.charge(call, withheld=_service(call.definition) in refused) for call in calls)
    )


def explain_row(
    interpreter: Interpreter,
    trace: Trace,
    row: Row,
    *,
    service: str | None = None,
    line: str | None = None,
    language: str = "en",
    chosen: Mapping[str, str] | None = None,
    only: Container[str] | None = None,
) -> Explanation:
    """Compute the charges of a row and explain them.

    Parameters
    ----------
    interpreter
        An interpreter whose hook is ``trace``.
    trace
        Keeps the steps.
    row
        The row with all that it reads.
    service, line
        Only the lines of this service; only this line.
    language, chosen
        As in :func:`explain_calls`.
    only
        Modules whose charges are wanted; by default all.

    Raises
    ------
    UsageError
        U0307 where nothing is charged to such a row, or not this service, or not this line.
    """
    calls = traced_charges(interpreter, trace, row, service=service, line=line, only=only)
    return explain_calls(calls, interpreter.plan, language=language, chosen=chosen)


def traced_charges(
    interpreter: Interpreter,
    trace: Trace,
    row: Row,
    *,
    service: str | None = None,
    line: str | None = None,
    only: Container[str] | None = None,
) -> list[Call]:
    """Compute the charges of a row and return their calls. The parameters are those of :func:`explain_row`."""
    charges = [
        c
        for c in bill_order(interpreter.plan)
        if c.rule.entity.name == row.entity and (only is None or c.rule.module in only)
    ]
    of_service = [c for c in charges if service is None or _service(c) == service]
    if not of_service:
        services = ", ".join(dict.fromkeys(map(_service, charges)))
        raise UsageError(
            f"no charge of the service {service!r}" if service else f"nothing is charged to a row of {row.entity}",
            code="U0307",
            why=f"services of {row.entity} are {services}" if services else "",
            todo="name one of them with --service" if services else "",
        )
    wanted = [c for c in of_service if line is None or (c.rule.line or "base") == line]
    if not wanted:
        lines = ", ".join(dict.fromkeys(c.rule.line or "base" for c in of_service))
        raise UsageError(
            f"no line {line!r}{f' of the service {service!r}' if service else ''}",
            code="U0307",
            why=f"the lines are {lines}",
            todo="name one of them with --line",
        )
    return [traced_charge(interpreter, trace, charge, row) for charge in wanted]


def traced_charge(interpreter: Interpreter, trace: Trace, charge: DefinitionPlan, row: Row) -> Call:
    """Compute a charge and return its call; a refused one carries its problem."""
    problem: DataProblem | None = None
    try:
        interpreter.charge(charge, row)
    except DataProblem as found:
        problem = found
    call = next((c for c in trace.roots if c.definition is charge and c.row is row), None)
    if call is None:
        call = Call(definition=charge, row=row, key=(charge.number, (), None, trace.month))
    if problem is not None:
        call.outcome = problem
    return call


def _service(definition: DefinitionPlan) -> str:
    return definition.rule.service or definition.rule.name
