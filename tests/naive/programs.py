"""Random small programs with a slow, obvious evaluator: what a program means, said a second time.

A program is built twice at once: as text of the language, and as values of Python that say what each expression is on
each day. Nothing here knows how the compiler or the interpreter work. Every expression has a value on every day.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from fractions import Fraction
from itertools import groupby
from random import Random

from attrs import define, field, frozen

MONTH = "2026-01"
FIRST = dt.date(2026, 1, 1).toordinal()
DAYS = tuple(range(FIRST, FIRST + 31))

NUMBERS = ("0", "1", "-1", "2.5", "-0.5", "3", "0.005", "-0.015", "7.25", "1000.125", "-12.345")
STEPS = ("0.01", "1", "0.5", "0.003", "10")
MODES = ("half_up", "half_even", "up", "down", "ceiling", "floor")


def iso(day: int) -> str:
    return dt.date.fromordinal(day).isoformat()


# --- arithmetic, said again ------------------------------------------------------------------------------------


def rounded(x: Fraction, step: Fraction, mode: str = "half_up") -> Fraction:
    """Round by looking at the two multiples around ``x``."""
    below = step * ((x / step).numerator // (x / step).denominator)
    if below == x:
        return x
    above = below + step
    near_zero, far = (below, above) if x > 0 else (above, below)
    match mode:
        case "floor":
            return below
        case "ceiling":
            return above
        case "down":
            return near_zero
        case "up":
            return far
    if x - below != above - x:
        return below if x - below < above - x else above
    if mode == "half_up":
        return far
    return below if (below / step) % 2 == 0 else above


# --- expressions -----------------------------------------------------------------------------------------------


@frozen
class Days:
    """A span for which an expression is asked: its days, and the day on which varying names are read."""

    day: int
    length: int


@frozen
class Node:
    """An expression: its text, its value on a day, and the varying names that it reads directly."""

    text: str
    value: Callable[[Days], object] = field(eq=False)
    varies: bool = False
    reads: tuple[Callable[[int], object], ...] = field(default=(), eq=False)


def combined(text: str, value: Callable[[Days], object], *parts: Node) -> Node:
    return Node(text, value, any(p.varies for p in parts), tuple(r for p in parts for r in p.reads))


@define
class Maker:
    """Draws programs."""

    random: Random
    inputs: dict[str, object] = field(factory=dict)
    names: list[Node] = field(factory=list)
    flags: list[Node] = field(factory=list)
    lines: list[str] = field(factory=list)
    overlays: list[str] = field(factory=list)

    # leaves -------------------------------------------------------------------------------------------------

    def number(self) -> str:
        return self.random.choice(NUMBERS)

    def day(self) -> int:
        return FIRST + self.random.randrange(-5, 36)

    def leaf(self, *, varying: bool) -> Node:
        names = [n for n in self.names if varying or not n.varies]
        if names and self.random.random() < 0.8:
            return self.random.choice(names)
        text = self.number()
        value = Fraction(text)
        return Node(f"({text})", lambda _: value)

    def expression(self, depth: int, *, varying: bool) -> Node:
        if depth == 0 or self.random.random() < 0.1:
            return self.leaf(varying=varying)
        kinds = ["sum", "product", "quotient", "if", "least", "clamp", "abs", "mean", "at"]
        if not varying:
            kinds += ["round", "round", "whole", "steps", "floor", "ceil"]
        kind = self.random.choice(kinds)
        if kind in {"mean", "at"}:
            return self.over_days(kind, depth)
        a = self.expression(depth - 1, varying=varying)
        b = self.expression(depth - 1, varying=varying)
        match kind:
            case "sum":
                sign = self.random.choice("+-")
                return combined(
                    f"({a.text} {sign} {b.text})",
                    lambda d: a.value(d) + b.value(d) if sign == "+" else a.value(d) - b.value(d),
                    a,
                    b,
                )
            case "product":
                return combined(f"({a.text} * {b.text})", lambda d: a.value(d) * b.value(d), a, b)
            case "quotient":
                # A divisor that is proved not to be zero must not have an `else`; of a supplied one nothing is proved.
                b = self.random.choice(
                    [n for n in self.names if n.text in {"a", "b", "p"} and (varying or not n.varies)]
                )
                c = self.leaf(varying=varying)
                return combined(
                    f"({a.text} / {b.text} else {c.text})",
                    lambda d: a.value(d) / b.value(d) if b.value(d) else c.value(d),
                    a,
                    b,
                    c,
                )
            case "if":
                c = self.condition(depth - 1, varying=varying)
                return combined(
                    f"(if {c.text} then {a.text} otherwise {b.text})",
                    lambda d: a.value(d) if c.value(d) else b.value(d),
                    a,
                    b,
                    c,
                )
            case "least":
                name, take = self.random.choice([("min", min), ("max", max)])
                return combined(f"{name}({a.text}, {b.text})", lambda d: take(a.value(d), b.value(d)), a, b)
            case "clamp":
                return combined(
                    f"clamp({a.text}, -1, 2.5)", lambda d: max(Fraction(-1), min(Fraction("2.5"), a.value(d))), a
                )
            case "abs":
                return combined(f"abs({a.text})", lambda d: a.value(d) if a.value(d) >= 0 else -a.value(d), a)
        return self.to_step(kind, a)

    def to_step(self, kind: str, a: Node) -> Node:
        text = self.random.choice(STEPS)
        step, mode = Fraction(text), self.random.choice(MODES)
        match kind:
            case "round":
                return combined(f"round({a.text}, {text}, {mode})", lambda d: rounded(a.value(d), step, mode), a)
            case "whole":
                return combined(f"whole({a.text}, {text})", lambda d: rounded(a.value(d), step, "down"), a)
            case "steps":
                return combined(f"steps({a.text}, {text})", lambda d: rounded(a.value(d), step, "down") / step, a)
            case "floor":
                return combined(f"floor({a.text}, {text})", lambda d: rounded(a.value(d), step, "floor"), a)
            case _:
                return combined(f"ceil({a.text}, {text})", lambda d: rounded(a.value(d), step, "ceiling"), a)

    def over_days(self, kind: str, depth: int) -> Node:
        names = [n for n in self.names if n.varies]
        inner = self.random.choice(names)
        if depth > 1:
            other = self.expression(depth - 1, varying=True)
            inner = combined(
                f"({inner.text} + {other.text})", lambda d, i=inner: i.value(d) + other.value(d), inner, other
            )
        if kind == "mean":
            return Node(
                f"(mean over days {inner.text})",
                lambda _: sum((inner.value(Days(day, 1)) for day in DAYS), Fraction()) / len(DAYS),
            )
        where, day = self.random.choice([("start", DAYS[0]), ("end", DAYS[-1])])
        return Node(f"({inner.text} at {where})", lambda _: inner.value(Days(day, 1)))

    def condition(self, depth: int, *, varying: bool) -> Node:
        kind = self.random.choice(
            ["compare", "compare", "flag", "in"] if depth <= 0 else ["and", "or", "not", "compare"]
        )
        match kind:
            case "flag":
                return self.random.choice(self.flags)
            case "in":
                a = self.leaf(varying=varying)
                return combined(f"({a.text} in -1..2.5)", lambda d: Fraction(-1) <= a.value(d) <= Fraction("2.5"), a)
            case "compare":
                a, b = self.leaf(varying=varying), self.leaf(varying=varying)
                op, holds = self.random.choice(
                    [
                        ("=", lambda x, y: x == y),
                        ("!=", lambda x, y: x != y),
                        ("<", lambda x, y: x < y),
                        ("<=", lambda x, y: x <= y),
                        (">", lambda x, y: x > y),
                        (">=", lambda x, y: x >= y),
                    ]
                )
                return combined(f"({a.text} {op} {b.text})", lambda d: holds(a.value(d), b.value(d)), a, b)
            case "not":
                a = self.condition(depth - 1, varying=varying)
                return combined(f"(not {a.text})", lambda d: not a.value(d), a)
        a, b = (self.condition(depth - 1, varying=varying) for _ in range(2))
        if kind == "and":
            return combined(f"({a.text} and {b.text})", lambda d: a.value(d) and b.value(d), a, b)
        return combined(f"({a.text} or {b.text})", lambda d: a.value(d) or b.value(d), a, b)

    # what a program declares --------------------------------------------------------------------------------

    def named(self, text: str, on: Callable[[int], object], *, varies: bool) -> Node:
        """A name: its value changes with the day only, so slices are cut where it does."""
        node = Node(text, lambda d: on(d.day), varies, (on,) if varies else ())
        self.names.append(node)
        return node

    def vocabulary(self) -> None:
        self.lines += [
            "module m",
            "entity building",
            "entity premises of building",
            "input k of building: id",
            "input a of premises: number, signed",
            "input o of premises: number, signed, optional",
            "input b of premises: number, signed, varies",
            "input f of premises: yes/no",
        ]
        self.inputs["k"] = key = self.random.choice(["x", "y", "z"])
        a, missing, other = Fraction(self.number()), self.random.random() < 0.5, Fraction(self.number())
        self.inputs["a"] = str(a) if a.denominator == 1 else f"{float(a)}"
        self.inputs["o"] = None if missing else f"{float(other)}"
        self.named("a", lambda _: a, varies=False)
        self.named("(o else 4)", lambda _: Fraction(4) if missing else other, varies=False)
        flag = self.random.random() < 0.5
        self.inputs["f"] = flag
        self.flags = [
            Node("f", lambda _: flag),
            Node("(has o)", lambda _: not missing),
            Node('(building.k = "x")', lambda _: key == "x"),
        ]
        self.varying_input()
        self.dated_param()
        self.keyed_param(key)

    def varying_input(self) -> None:
        changes = sorted({self.day() for _ in range(self.random.randrange(4))})
        values = [Fraction(self.number()) for _ in range(len(changes) + 1)]
        self.inputs["b"] = [{"value": f"{float(values[0])}"}] + [
            {"from": iso(day), "value": f"{float(value)}"} for day, value in zip(changes, values[1:], strict=True)
        ]
        self.named("b", lambda day: values[sum(change <= day for change in changes)], varies=True)

    def dated_param(self) -> None:
        rows = {FIRST - 40: Fraction(self.number())} | {self.day(): Fraction(self.number()) for _ in range(2)}
        self.lines.append("param p: number")
        self.lines += [f"    from {iso(day)} = {float(value)}" for day, value in sorted(rows.items())]
        self.named("p", lambda day: rows[max(start for start in rows if start <= day)], varies=True)

    def keyed_param(self, key: str) -> None:
        starts = {"x": FIRST - 9, "y": FIRST - 5, "z": FIRST}
        values = {name: self.number() for name in starts}
        self.lines.append("param q by k: number")
        self.lines += [f"    from {iso(start)}  {name} = {values[name]}" for name, start in sorted(starts.items())]
        self.named("(q[building.k] else 6)", lambda _: Fraction(values[key]), varies=True)

    # rules --------------------------------------------------------------------------------------------------

    def dates(self, *, varying: bool) -> tuple[str, int | None, int | None]:
        if not varying or self.random.random() < 0.5:
            return "", None, None
        start = self.day()
        if self.random.random() < 0.5:
            return f" from {iso(start)}", start, None
        until = start + self.random.randrange(1, 40)
        return f" from {iso(start)} until {iso(until)}", start, until

    def rule(self, name: str) -> None:
        """A rule with exceptions one over the other; an overlay may replace or repeal one of them."""
        varying = self.random.random() < 0.6
        base = self.expression(3, varying=varying)
        self.lines += [f"rule {name} of premises: number, signed", f"    = {base.text}"]
        alternatives: list[Alternative] = []
        for number in range(self.random.randrange(4)):
            when, body = self.condition(1, varying=varying), self.expression(2, varying=varying)
            dates, start, until = self.dates(varying=varying)
            over = f" over e{number - 1}" if number else ""
            self.lines += [f"    except e{number}{over} when {when.text}{dates}", f"        = {body.text}"]
            alternatives.append(Alternative(when, body, start, until))
        overlay = self.overlay(name, alternatives, varying=varying)

        def on(day: int) -> object:
            chosen = base
            for number, alternative in enumerate(alternatives):  # the later ones stand over the earlier ones
                if overlay is not None and overlay.target == number and overlay.holds(day):
                    if overlay.body is not None and overlay.replaces(alternative, day):
                        chosen = overlay.body
                elif alternative.applies(day):
                    chosen = alternative.body
            return chosen.value(Days(day, 1))

        parts = [base, *(part for a in alternatives for part in (a.when, a.body))]
        dated = any(a.start is not None for a in alternatives)
        if overlay is not None:
            parts += [part for part in (overlay.when, overlay.body) if part is not None]
            dated = dated or overlay.start is not None
        self.named(name, on, varies=dated or any(part.varies for part in parts))

    def overlay(self, rule: str, alternatives: list[Alternative], *, varying: bool) -> Overlay | None:
        """A module that takes an exception out where ``building.k`` is x, and may put another text in its place."""
        if not alternatives or self.random.random() < 0.5:
            return None
        target = self.random.randrange(len(alternatives))
        # The names that an overlay sees bare are inputs; rules and parameters it writes with their module.
        bare = Maker(self.random, names=[n for n in self.names if n.text in {"a", "b"}], flags=self.flags[:1])
        when = bare.condition(1, varying=varying) if self.random.random() < 0.5 else None
        dates, start, until = self.dates(varying=varying)
        said = f" when {when.text}" if when else ""
        body = None
        lines = [f"module o_{rule}", "use m", 'applies when building.k = "x"', f"in m.{rule} of premises"]
        if self.random.random() < 0.5:
            lines.append(f"    repeal e{target}{said}{dates}")
        else:
            text = bare.leaf(varying=varying)
            lines += [f"    replace e{target}{said}{dates}", f"        = {text.text} + 100"]
            body = combined("", lambda d: text.value(d) + 100, text)
        self.overlays.append("\n".join(lines) + "\n")
        here = self.inputs["k"] == "x"
        return Overlay(here=here, target=target, when=when, body=body, start=start, until=until)

    def charge(self) -> Callable[[], Fraction]:
        """A charge of the month, rounded slice by slice or as a whole; returns how to compute it."""
        mode = self.random.choice(MODES)
        self.lines.append("charge c of premises: RUB, signed")
        if self.random.random() < 0.3:
            body = self.expression(3, varying=False)
            self.lines.append(f"    = round({body.text} * 1 RUB, 0.01, {mode})")
            return lambda: rounded(body.value(Days(FIRST, 31)), Fraction("0.01"), mode)
        names = self.random.sample(self.names, k=min(3, len(self.names)))
        body = self.expression(2, varying=True)
        for name in names:
            body = combined(
                f"({body.text} + {name.text})", lambda d, b=body, n=name: b.value(d) + n.value(d), body, name
            )
        self.lines.append(f"    = sum over slices round({body.text} * (slice.days / 31 day) * 1 RUB, 0.01, {mode})")

        def amount() -> Fraction:
            total = Fraction()
            for _, group in groupby(DAYS, key=lambda day: [read(day) for read in body.reads]):
                days = list(group)
                value = body.value(Days(days[0], len(days)))
                total += rounded(value * Fraction(len(days), 31), Fraction("0.01"), mode)
            return total

        return amount


@frozen
class Alternative:
    when: Node
    body: Node
    start: int | None
    until: int | None

    def applies(self, day: int) -> bool:
        return lies(day, self.start, self.until) and bool(self.when.value(Days(day, 1)))


@frozen
class Overlay:
    """``here``: it applies to the case at all; ``body`` is None where it repeals."""

    here: bool
    target: int
    when: Node | None
    body: Node | None
    start: int | None
    until: int | None

    def holds(self, day: int) -> bool:
        said = self.when is None or bool(self.when.value(Days(day, 1)))
        return self.here and said and lies(day, self.start, self.until)

    def replaces(self, origin: Alternative, day: int) -> bool:
        """Whether its text applies: inside the dates of what it replaces, and under that one's condition or its own."""
        return lies(day, origin.start, origin.until) and (
            self.when is not None or bool(origin.when.value(Days(day, 1)))
        )


def lies(day: int, start: int | None, until: int | None) -> bool:
    return (start is None or start <= day) and (until is None or day < until)


@frozen
class Program:
    """``texts`` of its modules; ``rules``: name -> value on a day; ``amount``: of the charge."""

    texts: tuple[str, ...]
    case: dict[str, object]
    rules: dict[str, Node]
    amount: Callable[[], Fraction]


def draw(random: Random) -> Program:
    maker = Maker(random)
    maker.vocabulary()
    names = [f"r{number}" for number in range(random.randrange(1, 5))]
    for name in names:
        maker.rule(name)
    amount = maker.charge()
    building = {"k": maker.inputs.pop("k")}
    premises = {name: value for name, value in maker.inputs.items() if value is not None}
    return Program(
        texts=("\n".join(maker.lines) + "\n", *maker.overlays),
        case={"building": building, "premises": [premises]},
        rules={node.text: node for node in maker.names if node.text in names},
        amount=amount,
    )
