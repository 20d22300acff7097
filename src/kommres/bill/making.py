"""The bill of one case."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kommres.bill.compose import compose
from kommres.bill.document import Document, Section, Step
from kommres.bill.words import Words
from kommres.dsl.diagnostics import closest
from kommres.dsl.evaluate import Case, Rules
from kommres.dsl.explain import traced_charges
from kommres.dsl.trace import Trace
from kommres.errors import UsageError

if TYPE_CHECKING:
    import datetime
    from collections.abc import Mapping
    from typing import Any

    from kommres.dsl.backends.rows import Row
    from kommres.dsl.explanation import Entry, Explanation
    from kommres.period import Month


def explain_bill(
    rules: Rules,
    case: str | Mapping[str, Any],
    on: Month | str,
    *,
    row: str | None = None,
    module: str | None = None,
    service: str | None = None,
    line: str | None = None,
    language: str = "en",
    known_at: datetime.date | str | None = None,
    options: Mapping[str, str] | None = None,
) -> Document:
    """Explain the bill of one row of a case to those who pay it.

    Parameters
    ----------
    rules, case, on, module, known_at, options
        As for :func:`kommres.evaluate`.
    row
        Id of the row; where only one row is charged, that one.
    service, line
        Only the lines of this service; only this line.
    language
        ``en`` or ``ru``: of the words of the bill, and of the names that the rules give things.

    Returns
    -------
    Document
        The bill as ``text``, ``markdown``, ``html`` and ``data``.

    Raises
    ------
    UsageError
        U0306 no such row, or several; U0307 nothing is charged to it, or not this service or line.
    """
    made = Case.of(rules, case, on, module=module, known_at=known_at, options=options)
    trace = Trace(made.month.number)
    interpreter = made.interpreter(trace)
    charged = {d.rule.entity.name for d in made.definitions if d.rule.is_charge}
    found = _row([candidate for candidate in made.rows if candidate.entity in charged], row)
    calls = traced_charges(interpreter, trace, found, service=service, line=line, only=made.modules)
    return compose(calls, made.program.plan, found, month=made.month, language=language, chosen=made.options)


def pages(explanation: Explanation, language: str) -> Document:
    """Return an explanation step by step as a document, to lay it out as Markdown or HTML."""
    words = Words(language)
    sections = tuple(Section(title=entry.line, steps=tuple(map(_step, entry.entries))) for entry in explanation.entries)
    return Document(
        language=language,
        title=words("steps"),
        heading=(),
        table=None,
        remark="",
        sections=sections,
        total="",
        notes=(),
        acts=(),
        words={},
        facts={"steps": explanation.data},
    )


def _step(entry: Entry) -> Step:
    return Step(text=entry.line, steps=tuple(_step(below) for below in entry.entries if not below.hidden))


def _row(rows: list[Row], wanted: str | None) -> Row:
    """Return the wanted one of the rows that are charged."""
    found = [row for row in rows if wanted in {None, row.id}]
    if len(found) == 1:
        return found[0]
    ids = ", ".join(row.id for row in rows)
    if found:
        raise UsageError(
            "several rows of the case are charged", code="U0306", why=f"they are {ids}", todo="name one of them"
        )
    near = closest(wanted or "", [row.id for row in rows])
    raise UsageError(
        f"no row {wanted!r} is charged" if wanted else "no row of the case is charged",
        code="U0306",
        why=f"the case has {ids}" if ids else "charges are made to rows that the case does not have",
        todo=f"did you mean {near!r}?" if near else "",
    )
