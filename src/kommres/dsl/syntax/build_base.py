"""What all builders share: spans, findings, literals."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeAlias

from attrs import define, field, frozen

from kommres.dsl.diagnostics import Diagnostics, Label
from kommres.dsl.limits import CODES, DEFAULT, Limits
from kommres.dsl.source import Source, Span
from kommres.dsl.syntax import build_values, nodes
from kommres.dsl.syntax.words import Tok

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Children: TypeAlias = list[Any]


class Abandon(Exception):  # noqa: N818
    """The item cannot be built; the reason is already among the diagnostics."""


@frozen
class Part:
    """A piece of a line or item on its way to a node."""

    kind: str
    value: Any
    start: int
    end: int


def extent(children: Iterable[object]) -> tuple[int, int]:
    """From the first to the last of the tokens, parts and nodes that stand somewhere; (0, 0) if none does."""
    first, last = -1, 0
    for child in children:
        if isinstance(child, (Tok, Part)):
            start, end = child.start, child.end
        elif isinstance(child, nodes.Node):
            start, end = child.span.start, child.span.end
        else:
            continue
        if end > start:
            if first < 0:
                first = start
            last = max(last, end)
    return (first, last) if first > 0 else (0, last)


@define(slots=False, eq=False)
class BuilderBase:
    """State of one parse; the callbacks of the grammar are methods of the subclasses."""

    on_source: Source = field(default=Source(name="<text>", text=""))
    findings: Diagnostics = field(factory=Diagnostics)
    limits: Limits = DEFAULT
    # By id, for speed; the node is kept so that its id stays its own.
    _depth: dict[int, tuple[int, nodes.Expr]] = field(factory=dict)

    def begin(self, source: Source, findings: Diagnostics, limits: Limits) -> None:
        """Prepare for a file."""
        self.on_source, self.findings, self.limits = source, findings, limits

    def forget(self) -> None:
        """Prepare for the next item."""
        self._depth.clear()

    # --- spans and findings ---

    def at(self, *children: object) -> Span:
        """From the first to the last of these that stands somewhere."""
        return Span(self.on_source, *extent(children))

    def part(self, kind: str, value: object, children: Sequence[object]) -> Part:
        return Part(kind, value, *extent(children))

    def report(self, code: str, message: str, where: object, help: str = "", *, first: object = None) -> None:  # noqa: A002
        """Write a finding about a token, part or node; ``first`` is the earlier one it clashes with."""
        labels = () if first is None else (Label(span=self.at(first), text="first said here"),)
        self.findings.add(code, message, self.at(where), labels=labels, help=help)

    def deep(self, node: nodes.Expr, *children: object) -> nodes.Expr:
        """Count the nesting of an expression; too deep a one is refused."""
        depth = self._depth
        level = 1 + max((depth[id(child)][0] if id(child) in depth else 1 for child in children), default=0)
        if level > self.limits.nesting:
            message = f"the expression is nested too deep; the limit is {self.limits.nesting}"
            self.findings.add(CODES["nesting"], message, node.span, help="give parts of it names of their own (`rule`)")
            raise Abandon
        depth[id(node)] = (level, node)
        return node

    # --- literals ---

    def name(self, children: Children) -> nodes.Name:
        token: Tok = children[0]
        return nodes.Name(parts=tuple(token.value.split(".")), span=Span(self.on_source, token.start, token.end))

    def unit_text(self, token: Tok) -> nodes.UnitText:
        return nodes.UnitText(text=str(token.value), span=self.at(token))

    def day(self, token: Tok) -> dt.date:
        value = build_values.date(token)
        if value is None:
            self._no_such("day", token)
            return dt.date(2000, 1, 1)
        return value

    def month_of(self, token: Tok) -> nodes.MonthLit:
        value = build_values.month(token)
        if value is None:
            self._no_such("month", token)
            value = (2000, 1)
        return nodes.MonthLit(year=value[0], month=value[1], span=self.at(token))

    def _no_such(self, what: str, token: Tok) -> None:
        self.report("K0107", f"the calendar has no {what} `{token}`", token, help="year, month, day: `2025-12-31`")

    def whole_number(self, token: Tok, what: str) -> int:
        value = build_values.number(token)
        if value.denominator != 1 or value < 1:
            self.report("K0106", f"{what} is a whole number from 1, not {token}", token)
            return 1
        return int(value)

    def signed(self, children: Children) -> nodes.Number:
        minus = children[0].type == "MINUS"
        number, *unit = children[1:] if minus else children
        value = build_values.number(number)
        return nodes.Number(
            value=-value if minus else value,
            unit=self.unit_text(unit[0]) if unit else None,
            text=("-" if minus else "") + str(number),
            span=self.at(*children),
        )

    def bound_number(self, children: Children) -> nodes.Expr:
        return children[0]  # type: ignore[no-any-return]  # made by signed()

    constant_number = bound_number

    def fraction(self, children: Children) -> nodes.Expr:
        numbers = [child for child in children if child.type == "NUMBER"]
        top, bottom = (build_values.number(token) for token in numbers)
        if bottom == 0:
            self.report("K0106", "a fraction over zero", numbers[1])
            bottom = Fraction(1)
        value = top / bottom
        unit = self.unit_text(children[-1]) if children[-1].type == "UNIT" else None
        text = "".join(str(child) for child in children if child.type != "UNIT")
        return nodes.Number(
            value=-value if children[0].type == "MINUS" else value, unit=unit, text=text, span=self.at(*children)
        )

    def text(self, children: Children) -> nodes.Expr:
        return nodes.Text(value=build_values.quoted(children[0]), span=self.at(children[0]))

    def yes_no(self, children: Children) -> nodes.Expr:
        return nodes.YesNo(value=children[0].type == "YES", span=self.at(children[0]))

    def date(self, children: Children) -> nodes.Expr:
        return nodes.DateLit(value=self.day(children[0]), span=self.at(children[0]))

    def instant(self, children: Children) -> nodes.Expr:
        found = build_values.instant(children[0])
        if found is None:
            self.report(
                "K0107",
                f"there is no such time as `{children[0]}`",
                children[0],
                help="`2026-01-03T10:30`, with `+03:00` behind it or not",
            )
            found = (dt.datetime(2000, 1, 1), None)  # noqa: DTZ001
        return nodes.InstantLit(value=found[0], offset_minutes=found[1], span=self.at(children[0]))

    def time(self, children: Children) -> nodes.Expr:
        minutes = build_values.time(children[0])
        if minutes is None:
            self.report("K0107", f"the day has no time `{children[0]}`", children[0], help="from `00:00` to `24:00`")
        return nodes.TimeLit(minutes=minutes or 0, span=self.at(children[0]))

    def absent(self, children: Children) -> nodes.Expr:
        return nodes.Absent(span=self.at(children[0]))

    def ref(self, children: Children) -> nodes.Expr:
        return nodes.Ref(name=children[0], span=children[0].span)

    def once(self, parts: Iterable[Part], kind: str, what: str) -> Part | None:
        """Return the only part of a kind; more are reported."""
        found: Part | None = None
        for part in parts:
            if part.kind != kind:
                continue
            if found is None:
                found = part
            else:
                self.report("K0115", f"{what} is said twice", part, help="keep one of them", first=found)
        return found
