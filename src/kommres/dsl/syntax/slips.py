"""What authors leave out or shorten: ``when``, the name of an exception, an entity, quotes, digits of a date."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kommres.dsl.keywords import RESERVED, WORDS
from kommres.dsl.source import Span
from kommres.dsl.syntax.cases import Case, Finding

if TYPE_CHECKING:
    from collections.abc import Callable

_SHORT_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")


def _whole_date(case: Case) -> Finding | None:
    """A date that is not written in full where a date is needed."""
    found = case.found
    if "DATE" not in case.accepts:
        return None
    written = _SHORT_DATE.match(case.source.text, found.start) if found.type == "NUMBER" else None
    if written is None and found.type != "MONTH":
        return None
    parts = [*(written.groups() if written else case.written(found).split("-")), "1"][:3]
    right = f"{parts[0]}-{int(parts[1]):02}-{int(parts[2]):02}"
    text = written.group() if written else case.written(found)
    return Finding(
        code="K0107",
        message=f"`{text}` is not written as a date",
        span=Span(case.source, found.start, found.start + len(text)),
        help="year, month, day, with two digits each for month and day",
        replace=right,
    )


def _missing_word(case: Case) -> Finding | None:
    """A condition without ``when``, an exception without a name, a rule without its entity."""
    found, previous, line = case.found, case.previous, case.line()
    head = line[0].type if line else ""
    when = case.spell("WHEN")
    if "WHEN" in case.accepts and head in {"EXCEPT", "REPLACE"}:
        if previous is not None and previous.type == "NAME" and case.written(previous) in WORDS[RESERVED]:
            return Finding(
                code="K0111",
                message=f"`{case.written(line[0])}` needs a name before `{case.written(previous)}`",
                span=case.span(previous),
                help=f"`{case.written(line[0])} large_family {when} …`: explanations and overlays call it by its name",
            )
        if found.type in {"IF", "NAME", "DOTTED", "HAS", "NOT", "LPAR"}:
            return Finding(
                code="K0111",
                message=f"`{when}` is missing before the condition",
                span=case.span(found),
                help=f"`{case.written(line[0])} {case.written(line[1])} {when} …`" if len(line) > 1 else "",
                replace=when if found.type == "IF" else None,
            )
    if found.type == "COLON" and "OF" in case.accepts and head in {"RULE", "CHARGE", "INPUT", "EVENT"}:
        text = " ".join(case.written(tok) for tok in line)
        return Finding(
            code="K0111",
            message=f"`{text}` does not say of what",
            span=case.span(found),
            help=f"name its entity: `{text} {case.spell('OF')} premises: …`",
        )
    return None


def _table_name(case: Case) -> Finding | None:
    """A table whose name stands without quotes."""
    found = case.found
    if found.type != "FROM" or "FROM_FILE" not in case.accepts:
        return None
    return Finding(
        code="K0111",
        message=f"after `{case.written(found)}` the name of a table stands in quotes",
        span=case.span(found),
        help=f'`{case.written(found)} "tariffs.csv"`; dated values stand in lines of their own below',
    )


#: The first that answers wins.
SLIPS: tuple[Callable[[Case], Finding | None], ...] = (_missing_word, _table_name, _whole_date)
