"""Roundings of the language as the proofs see them: a step, a mode, and the exact result for a bound."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor
from typing import TYPE_CHECKING

from attrs import frozen

from kommres.dsl.plan.nodes import Op

if TYPE_CHECKING:
    from kommres.dsl.plan.nodes import Step

#: functions that round -> the mode that they stand for; `steps` counts what `whole` keeps
_FIXED = {"floor": "floor", "ceil": "ceiling", "whole": "down", "steps": "down"}


@frozen(kw_only=True)
class Rounding:
    """To whole multiples of ``step`` in one of the six modes; ``counts``: the value is their number (`steps`)."""

    step: Fraction
    mode: str
    counts: bool = False

    def count(self, value: Fraction) -> int:
        """Return how many steps a value is, rounded. Grows with the value, in every mode."""
        x = value / self.step
        match self.mode:
            case "floor":
                return floor(x)
            case "ceiling":
                return ceil(x)
            case "half_even":
                return round(x)
            case "down":
                return floor(x) if x > 0 else ceil(x)
            case "up":
                return ceil(x) if x > 0 else floor(x)
        half = floor(abs(x) + Fraction(1, 2))
        return half if x > 0 else -half

    def apply(self, value: Fraction) -> Fraction:
        """Round a value."""
        return self.count(value) * (Fraction(1) if self.counts else self.step)

    @property
    def error(self) -> tuple[Fraction, Fraction]:
        """How far the rounded value may lie below and above what is rounded."""
        match self.mode:
            case "floor":
                return -self.step, Fraction()
            case "ceiling":
                return Fraction(), self.step
            case "half_up" | "half_even":
                return -self.step / 2, self.step / 2
            case _:
                return -self.step, self.step


def rounding_of(step: Step, size: Fraction | None) -> Rounding | None:
    """Return how a step of a plan rounds, or None if it does not; ``size`` is the constant to which it rounds."""
    if step.op is not Op.CALL or not isinstance(step.data, tuple):
        return None
    function, mode, _ = step.data
    if function != "round" and function not in _FIXED:
        return None
    if size is None or size <= 0:
        return None
    return Rounding(step=size, mode=_FIXED.get(function, mode or "half_up"), counts=function == "steps")
