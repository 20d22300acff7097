"""What values a name may still have: members, numbers between bounds, days, ids."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction

from attrs import evolve, frozen

from kommres.dsl.bound.nodes import Expr, InputRef, OptionRef, RuleRef, Value


@frozen(kw_only=True)
class Domain:
    """``members``: the values that are left, or None where there are endlessly many.

    Numbers lie between ``low`` and ``high`` (None: open; ``low_out``: the bound itself is out) on multiples of
    ``step``; ``without`` are single values that are out.
    """

    members: frozenset[Value] | None = None
    low: Fraction | None = None
    low_out: bool = False
    high: Fraction | None = None
    high_out: bool = False
    step: Fraction | None = None
    without: frozenset[Value] = frozenset()

    def narrowed(self, op: str, value: Value) -> Domain:
        """Return what is left where ``x op value`` holds."""
        if self.members is not None:
            return evolve(self, members=frozenset(m for m in self.members if _holds(m, op, value)))
        if op == "!=":
            return evolve(self, without=self.without | {value})
        if isinstance(value, str | bool) or value is None:
            gone = op != "=" or value in self.without
            return evolve(self, members=frozenset() if gone else frozenset({value}))
        bound = Fraction(value)
        domain = self
        if op in {"=", ">=", ">"}:
            domain = domain.above(bound, out=op == ">")
        if op in {"=", "<=", "<"}:
            domain = domain.below(bound, out=op == "<")
        return domain

    def above(self, bound: Fraction, *, out: bool) -> Domain:
        """Return what is left above a bound; ``out``: the bound itself is not."""
        if self.low is not None and (self.low, self.low_out) >= (bound, out):
            return self
        return evolve(self, low=bound, low_out=out)

    def below(self, bound: Fraction, *, out: bool) -> Domain:
        """Return what is left below a bound; ``out``: the bound itself is not."""
        if self.high is not None and (self.high, not self.high_out) <= (bound, not out):
            return self
        return evolve(self, high=bound, high_out=out)

    @property
    def is_empty(self) -> bool:
        """Whether no value is left."""
        if self.members is not None:
            return not self.members
        if self.low is None or self.high is None:
            return False
        if self.step is not None:
            first, last = self._grid(self.step)
            # Past this many points the few values left out cannot be all of them.
            if last - first >= len(self.without):
                return last < first
            return all(k * self.step in self.without for k in range(first, last + 1))
        if self.low == self.high:
            return self.low_out or self.high_out or self.low in self.without
        return self.low > self.high

    def _grid(self, step: Fraction) -> tuple[int, int]:
        """First and last multiple of the step inside the bounds."""
        low, high = self.low or Fraction(), self.high or Fraction()
        first, last = -((-low) // step), high // step
        if self.low_out and first * step == low:
            first += 1
        if self.high_out and last * step == high:
            last -= 1
        return first, last

    def meets(self, other: Domain) -> bool:
        """Whether some value lies in both; both narrow the same full domain."""
        if self.members is not None or other.members is not None:
            mine, theirs = (self, other) if self.members is not None else (other, self)
            left = mine.members or frozenset()
            if theirs.members is not None:
                return bool(left & theirs.members)
            return bool(left - theirs.without)
        for one, two in ((self, other), (other, self)):
            if one.high is not None and two.low is not None and one.high < two.low:
                return False
        both = evolve(self, without=self.without | other.without)
        if other.low is not None:
            both = both.above(other.low, out=other.low_out)
        if other.high is not None:
            both = both.below(other.high, out=other.high_out)
        return not both.is_empty

    def text(self, kind: str, full: Domain) -> str:
        """Say what is left of the ``full`` domain; ``kind`` is that of the type."""
        if self.members is not None:
            members = sorted(_written(m, kind) for m in self.members)
            return f"= {members[0]}" if len(members) == 1 else f"in ({', '.join(members)})"
        parts = []
        if self.low is not None and self.low == self.high:
            parts.append(f"= {_written(self.low, kind)}")
        else:
            if self.low is not None and (self.low, self.low_out) != (full.low, full.low_out):
                parts.append(f"{'>' if self.low_out else '>='} {_written(self.low, kind)}")
            if self.high is not None and (self.high, self.high_out) != (full.high, full.high_out):
                parts.append(f"{'<' if self.high_out else '<='} {_written(self.high, kind)}")
        parts += [f"!= {word}" for word in sorted(_written(v, kind) for v in self.without)]
        return " and ".join(parts) or "is anything"


def full_domain(expr: Expr) -> Domain:
    """Return all values that a name may have by its declaration."""
    match expr:
        case OptionRef(option=option):
            return Domain(members=frozenset(option.choices))
        case InputRef(input=source):
            return _of_type(expr, low=source.low, high=source.high, step=source.step)
        case RuleRef(rule=rule):
            return _of_type(expr, low=rule.low, high=rule.high, step=None)
        case _:
            return _of_type(expr, low=None, high=None, step=None)


def _of_type(expr: Expr, *, low: int | Fraction | None, high: int | Fraction | None, step: Fraction | None) -> Domain:
    match expr.type.kind:
        case "yes_no":
            return Domain(members=frozenset({True, False}))
        case "enum" if expr.type.enum is not None:
            return Domain(members=frozenset(expr.type.enum.members))
        case "date" | "instant":
            return Domain(step=Fraction(1))
        case "number":
            return Domain(
                low=None if low is None else Fraction(low), high=None if high is None else Fraction(high), step=step
            )
        case _:
            return Domain()


def _written(value: Value, kind: str) -> str:
    if kind == "date" and isinstance(value, int | Fraction):
        return dt.date.fromordinal(int(value)).isoformat()
    return f'"{value}"' if kind == "id" else str(value)


def _holds(member: Value, op: str, value: Value) -> bool:
    if op == "=":
        return member == value
    if op == "!=":
        return member != value
    if isinstance(member, str) or isinstance(value, str) or member is None or value is None:
        return False
    return {"<": member < value, "<=": member <= value, ">": member > value, ">=": member >= value}[op]
