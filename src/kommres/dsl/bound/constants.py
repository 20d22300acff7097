"""Values that stand in the text: numbers with units, dates, members. Used by ranges, parameters and examples."""

from __future__ import annotations

import datetime
import re
from fractions import Fraction
from typing import TYPE_CHECKING

from kommres.dsl.syntax import nodes as syn
from kommres.units import NUMBER, Unit, UnitError

if TYPE_CHECKING:
    from kommres.dsl.bound.nodes import Type, Value
    from kommres.dsl.bound.scope import ProgramScope

_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_EPOCH = datetime.datetime(1970, 1, 1)  # noqa: DTZ001 - wall-clock seconds; offsets are applied by the caller


def plain(value: Fraction) -> int | Fraction:
    """An integral fraction as int."""
    return value.numerator if value.denominator == 1 else value


def percent_factor(have: Unit, want: Unit) -> Fraction | None:
    """The factor between units that differ in powers of ``%`` only; None if they differ otherwise."""
    rest, percents = have.without("%")
    wanted, wanted_percents = want.without("%")
    if rest != wanted:
        return None
    return Fraction(1, 100) ** (percents - wanted_percents)


class Constants:
    """Reads constant expressions; reports what is not constant or has another type."""

    def __init__(self, scope: ProgramScope) -> None:
        self.scope = scope

    @staticmethod
    def day(text: str) -> int | None:
        """An ISO date as day number."""
        if not _ISO_DAY.fullmatch(text.strip()):
            return None
        try:
            return datetime.date.fromisoformat(text.strip()).toordinal()
        except ValueError:
            return None

    def number(self, expr: syn.Expr, unit: Unit) -> int | Fraction | None:
        """A constant number in ``unit``. A number without unit is taken to be in ``unit``."""
        found = self._fraction(expr)
        if found is None:
            self.scope.out.add(
                "K0401", "a number is needed here", expr.span, help="write a number such as `5`, `1/300` or `-2.5`"
            )
            return None
        value, text = found
        if text is None:
            return plain(value)
        try:
            own = self.scope.units.parse(text.text)
        except UnitError as error:
            self.scope.out.add("K0301", error.message, text.span, help="write a known unit, or none")
            return None
        factor = percent_factor(own, unit)
        if factor is None:
            self.scope.out.add(
                "K0303", f"the value is in {own}, but {unit} is declared", text.span, help=f"write it in {unit}"
            )
            return None
        return plain(value * factor)

    def _fraction(self, expr: syn.Expr) -> tuple[Fraction, syn.UnitText | None] | None:
        if isinstance(expr, syn.Number):
            return expr.value, expr.unit
        if isinstance(expr, syn.Unary) and expr.op == "-":
            inner = self._fraction(expr.value)
            return None if inner is None else (-inner[0], inner[1])
        if isinstance(expr, syn.Chain) and len(expr.rest) == 1 and expr.rest[0][0] == "/":
            above, below = self._fraction(expr.first), self._fraction(expr.rest[0][1])
            if above and below and below[0] and above[1] is None:
                return above[0] / below[0], below[1]
        return None

    def value(self, expr: syn.Expr, type_: Type) -> Value:
        """A constant of a type; None (and a diagnostic) if it is not one. ``absent`` is None without a diagnostic."""
        if isinstance(expr, syn.Absent):
            return None
        match type_.kind:
            case "number":
                return self.number(expr, type_.unit or NUMBER)
            case "yes_no" if isinstance(expr, syn.YesNo):
                return expr.value
            case "date" if isinstance(expr, syn.DateLit):
                return expr.value.toordinal()
            case "instant" if isinstance(expr, syn.InstantLit):
                offset = expr.offset_minutes or 0
                return (expr.value - _EPOCH) // datetime.timedelta(seconds=1) - offset * 60
            case "id" if isinstance(expr, syn.Text):
                return expr.value
            case "id" if isinstance(expr, syn.Ref):
                return expr.name.text
            case "enum" if isinstance(expr, syn.Ref | syn.Text) and type_.enum is not None:
                word = expr.value if isinstance(expr, syn.Text) else expr.name.parts[-1]
                if word in type_.enum.members:
                    return word
                self.scope.unknown("K0205", f"member of `{type_.enum.name}`", word, expr.span, type_.enum.members)
                return None
        self.scope.out.add(
            "K0401", f"a value of type {type_} is needed here", expr.span, help=HINTS.get(type_.kind, "")
        )
        return None


HINTS = {
    "yes_no": "write `yes` or `no`",
    "date": "write a date such as `2026-01-15`",
    "instant": "write a time such as `2026-01-15T10:30`",
    "id": 'write text in quotes, such as `"north"`',
    "enum": "write one of its members",
    "number": "write a number",
}
