"""Functions of plugins as the interpreter calls them: exact numbers in, an exact number out, rounded as declared."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from kommres.dsl.backends.arithmetic import MODES, round_to
from kommres.dsl.backends.frame import Number, plain
from kommres.dsl.backends.tables import Miss
from kommres.dsl.backends.writing import Place, Text, Unit, Writer, over, payload
from kommres.dsl.plan.nodes import Op
from kommres.dsl.problems import DataProblem
from kommres.dsl.quantity import exact

if TYPE_CHECKING:
    from kommres.dsl.bound.nodes import Function

#: Values of one function that are remembered: arguments such as temperatures come again and again.
_REMEMBERED = 100_000


class Foreign:
    """One function. Equal arguments have equal values: it promises so."""

    def __init__(self, function: Function) -> None:
        self._function = function
        self._round = MODES[function.mode]
        self._known: dict[tuple[Number, ...], Number] = {}

    def __call__(self, *args: Number) -> Number:
        """Return the rounded value.

        Raises :class:`Miss` (D0206) where the function has none, :class:`DataProblem` where it fails (D0408) or leaves
        its declared range (D0406).
        """
        found = self._known.get(args)
        if found is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            found = self._known[args] = self._checked(args)
        return found

    def _checked(self, args: tuple[Number, ...]) -> Number:
        function = self._function
        value = plain(round_to(self._exact(args), function.step, self._round))
        if (function.low is not None and value < function.low) or (function.high is not None and value > function.high):
            low, high = ("" if bound is None else exact(bound) for bound in (function.low, function.high))
            raise DataProblem(
                "D0406", f"{self._shown(args)} would be {exact(value)}, outside {low}..{high}", field=function.name
            )
        return value

    def _exact(self, args: tuple[Number, ...]) -> Number:
        name = self._function.name
        try:
            value: Any = self._function.call(*args)
        except (ValueError, ArithmeticError) as problem:
            why = f": {problem}" if str(problem) else ""
            raise Miss("D0206", f"{self._shown(args)} has no value{why}", field=name) from None
        except Exception as problem:  # noqa: BLE001 - anything may come out of foreign code
            what = f"{type(problem).__name__}: {problem}"
            raise DataProblem("D0408", f"{self._shown(args)} failed in {self._function.provider}: {what}") from None
        if isinstance(value, Decimal) and value.is_finite():
            value = Fraction(value)
        if isinstance(value, bool) or not isinstance(value, int | Fraction):
            raise DataProblem("D0408", f"{self._shown(args)} gave {value!r}, which is no exact number", field=name)
        return value

    def _shown(self, args: tuple[Number, ...]) -> str:
        return f"{self._function.name}({', '.join(map(exact, args))})"


def _function(unit: Unit, number: int, place: Place) -> Text:
    foreign = unit.machine.foreign(payload(unit.steps[number]))
    args = unit.args(number, place)
    codes = ", ".join(unit.present(arg, number) for arg in args)
    return over(f"{unit.bind(foreign)}({codes})", *args, misses=True)


FOREIGN: dict[Op, Writer] = {Op.FUNCTION: _function}
