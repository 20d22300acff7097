"""Reading rows: ancestors, supplied values of the month and of past months, fields of events."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, NoReturn

from kommres.dsl.backends.rows import Bad, EventRow, InputKey, Row
from kommres.dsl.problems import DataProblem
from kommres.dsl.quantity import day as show_day

if TYPE_CHECKING:
    from kommres.dsl.backends.frame import Datum, Term
    from kommres.dsl.bound.nodes import Input
    from kommres.dsl.plan.nodes import Step

#: Classes of supplied values that are what they are; others are step functions, unreadable, or missing.
_READY = frozenset({int, Fraction, str, bool})


def at_row(code: str, message: str, row: Row, name: str) -> DataProblem:
    """Return a problem of a value of a row."""
    return DataProblem(code, message, row=row.id, field=name, caused_by=f"{row.entity} {row.id}")


def problem_of(bad: Bad, row: Row) -> DataProblem:
    """Return the problem of a value that could not be read."""
    return DataProblem(bad.code, bad.message, row=row.id, field=bad.field, caused_by=f"{row.entity} {row.id}")


def check_row(row: Row) -> None:
    """Raise :class:`DataProblem` where the whole row is unusable."""
    if row.problem is not None:
        raise problem_of(row.problem, row)


def climb(row: Row, up: int) -> Row:
    """Return the ancestor ``up`` steps above. Raises :class:`DataProblem` where it does not exist or is unusable."""
    for _ in range(up):
        if row.parent is None:
            raise at_row("D0503", f"{row.entity} {row.id} has no parent row", row, "")
        row = row.parent
        check_row(row)
    return row


def children(base: Row, entity: str) -> list[Row]:
    """Return the rows of an entity below a row. Raises :class:`DataProblem` where one of them is unusable."""
    found = base.children.get(entity)
    if found is None:
        found = [row for row in base.descendants(entity) if row is not base]
    for row in found:
        if row.problem is not None:
            raise problem_of(row.problem, row)
    return found


def absent(step: Step) -> NoReturn:
    """Raise D0405 for a step whose argument is absent."""
    text = " ".join(step.span.text.split()) if step.span is not None else step.op.value
    raise DataProblem("D0405", f"a value in `{text[:80]}` is absent, and nothing says what holds then")


def show_input(key: InputKey) -> str:
    """Return an input as a bill's reader writes it: ``metered(day)``."""
    name, members = key
    return f"{name}({', '.join(members)})" if members else name


def settle(value: Datum, row: Row, declared: Input, key: InputKey, day: int) -> Datum:
    """Return the usable value of what was supplied on a day. Raises :class:`DataProblem` (D01xx)."""
    if value.__class__ in _READY:
        return value
    name = show_input(key)
    if value is None:
        if declared.optional:
            return None
        raise at_row("D0101", f"{name} is missing", row, name)
    if value.__class__ is Bad:
        raise problem_of(value, row)
    for start, piece in zip(reversed(value.starts), reversed(value.values), strict=True):
        if start is None or start <= day:
            return settle(piece, row, declared, key, day)
    if declared.optional:
        return None
    raise at_row("D0106", f"{name} says nothing about {show_day(day)}", row, name)


def past_value(row: Row, declared: Input, key: InputKey, day: int, term: Term) -> Datum:
    """Return what was supplied for a past month. Raises :class:`DataProblem` (D0108)."""
    months = row.history.get(key)
    value = None if months is None else months.get(term.number)
    if value.__class__ in _READY and declared.history:
        return value
    name = show_input(key)
    if not declared.history:
        raise at_row("D0108", f"{name} is read in {term} but has no history; mark the input `history`", row, name)
    if value is None and not declared.optional:
        raise at_row("D0108", f"{name} of {term} was not supplied", row, name)
    return settle(value, row, declared, key, day)


def charged(row: Row, key: InputKey, term: Term) -> Datum:
    """Return the closed result of a past month; None: no line, or not supplied. Raises :class:`DataProblem`."""
    value = row.history.get(key, {}).get(term.number)
    if value.__class__ is Bad:
        raise problem_of(value, row)
    return value


def event_field(row: EventRow, value: Datum, label: str, required: bool) -> Datum:
    """Return a field of an event that is no plain value. Raises :class:`DataProblem`."""
    if value.__class__ in _READY:
        return value
    if value is not None:
        raise DataProblem(value.code, value.message, row=row.id, field=label)
    if required:
        raise DataProblem("D0101", f"{label} is missing", row=row.id, field=label)
    return None
