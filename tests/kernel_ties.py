"""Ties: which quotients the interpreter rounds, and inputs for which one of them lies on a tie or right beside it.

What is rounded is, between two conditions, mostly linear in any one input: ``q(x) = (A * x + B) / L``. Three values of
the input tell A, B and L; ``A * x + B = L / 2`` modulo L is solved with whole numbers then.
"""

from __future__ import annotations

from contextlib import contextmanager
from fractions import Fraction
from functools import cache, partial
from itertools import count
from math import ceil, floor, gcd, lcm

from attrs import evolve, frozen

from kommres.dsl.backends.arithmetic import MODES
from kommres.dsl.backends.rows import Dense, EventRow, Row, Steps
from kommres.dsl.plan.nodes import Op
from kommres.dsl.plan.sources import declared
from kommres.dsl.problems import DataProblem

HALVES = frozenset({"half_up", "half_even"})


@contextmanager
def watched_roundings(seen):
    """What interpreters write inside appends ``(mode, n, d)`` to a list whenever it rounds ``n / d``.

    They write a function when it is first called, so all of their work belongs inside.
    """
    before = dict(MODES)

    def watch(mode, near):
        def watching(n, d):
            seen.append((mode, n, d))
            return near(n, d)

        return watching

    MODES.update({mode: watch(mode, near) for mode, near in before.items()})
    try:
        yield
    finally:
        MODES.update(before)


def is_tie(mode, n, d):
    """Whether the next number beside ``n / d`` rounds to another whole number."""
    return 2 * n % (2 * d) == d if mode in HALVES else n % d == 0


def is_close(mode, n, d):
    """Whether ``n / d`` is a tie, or would be one if ``n`` were greater or less by 1."""
    rest = (2 * n - (d if mode in HALVES else 0)) % (2 * d) if mode in HALVES else 2 * (n % d)
    return d > 2 and min(rest, 2 * d - rest) <= 2


# --- one input as an unknown -----------------------------------------------------------------------------------


@frozen
class Knob:
    """A number of a tree: of an input, of its first piece where it varies, of a field of an event, of a series."""

    path: tuple  # (entity, place) from the root down
    kind: str  # value, steps, event, series
    name: object
    low: int
    high: int
    grid: int | Fraction
    now: int | Fraction = 0

    def narrowed(self, pick):
        """The same number, mostly near to what it is, often with fewer digits: others are round then, and ties come."""
        if self.kind == "series":
            return self
        coarse = pick.choice((1, 1, 1, 10, 100, 1000))
        grid = Fraction(self.grid, coarse)
        low, high = -(-self.low // coarse), self.high // coarse
        if pick.random() < 0.8:
            reach = 4 * abs(self.now) or 10
            low, high = max(low, ceil((self.now - reach) * grid)), min(high, floor((self.now + reach) * grid))
        return evolve(self, low=low, high=high, grid=grid) if high - low >= 3 else self

    def set(self, root, units):
        """Return the tree with another number; what it does not touch is shared."""
        return self._turned(root, None, self.path, units)

    def _turned(self, row, parent, path, units):
        made = alone(row, parent)
        if not path:
            self._put(made, units)
        made.children.update(
            {
                name: [
                    self._turned(child, made, path[1:], units)
                    if path and (name, place) == path[0]
                    else copied(child, made)
                    for place, child in enumerate(children)
                ]
                for name, children in row.children.items()
            }
        )
        return made

    def _put(self, row, units):
        value = plain(units, self.grid)
        match self.kind:
            case "value":
                row.values = {**row.values, self.name: value}
            case "steps":
                steps = row.values[self.name]
                row.values = {**row.values, self.name: evolve(steps, values=(value, *steps.values[1:]))}
            case "series":
                series, place = self.name
                dense = row.series[series]
                cells = [*dense.cells[:place], units, *dense.cells[place + 1 :]]
                row.series = {**row.series, series: Dense(dense.first, dense.every, cells, dense.bad)}
            case _:
                event, place, field = self.name
                events = list(row.events[event])
                events[place] = EventRow({**events[place].values, field: value}, events[place].id)
                row.events = {**row.events, event: events}


def plain(units, grid):
    value = Fraction(units, grid)
    return value.numerator if value.denominator == 1 else value


def alone(row, parent):
    """A row without children and without what was remembered; values are shared."""
    return Row(
        *(row.entity, row.id, parent, row.values, row.history, row.events), problem=row.problem, series=row.series
    )


def copied(row, parent=None):
    """A tree of its own, without what was remembered; values are shared."""
    made = alone(row, parent)
    made.children.update({name: [copied(child, made) for child in rows] for name, rows in row.children.items()})
    return made


@cache
def reads(plan, definition):
    """What a definition may read, itself or through others: inputs and events, by entity and name."""
    waiting, seen, found = [definition.number], {definition.number}, set()
    steps = [step for option in plan.options for _, bound, _ in option.bindings for step in bound]
    while waiting or steps:
        for step in steps:
            match step.op, step.data:
                case Op.INPUT, (source, *_):
                    found.add((source.entity.name, source.name))
                case Op.SERIES, (series, *_) if series.entity is not None:
                    found.add((series.entity.name, series.name))
                case Op.RULE, (number, *_) if number not in seen:
                    seen.add(number)
                    waiting.append(number)
                case Op.AGGREGATE, gather:
                    for source in map(innermost, gather.binders):
                        if source.kind == "events":
                            found.add((source.data.entity.name, source.data.name))
        steps = plan.definitions[waiting.pop()].steps if waiting else ()
    return frozenset(found)


def innermost(binder):
    """The rows that a binder of an aggregate goes through in the end."""
    _, source = binder
    while source.of is not None:
        source = source.of
    return source


@cache
def _numbers(plan):
    """Numbers that rows may have: inputs and series by entity and name, fields of events by entity, event and name."""
    inputs = {(i.entity.name, i.name): i for i in plan.inputs if i.type.kind == "number"}
    steps = {(s.entity.name, s.name): s for s in plan.series if s.entity is not None and s.step is not None}
    fields = {(e.entity.name, e.name, f.name): (f, f"{e.id}.{f.name}") for e in plan.events for f in e.fields}
    return inputs, steps, {key: found for key, found in fields.items() if found[0].type.kind == "number"}


def knobs(plan, root, assumed, read):
    """All numbers of a tree that can be turned, of what is ``read``."""
    inputs, steps, fields = _numbers(plan)

    def turn(row, path):
        for key, value in row.values.items():
            source = inputs.get((row.entity, key[0]))
            if source is not None and (row.entity, key[0]) in read:
                first = value.values[0] if isinstance(value, Steps) else value
                if isinstance(first, int | Fraction):
                    kind = "steps" if isinstance(value, Steps) else "value"
                    yield Knob(path, kind, key, *units(source, assumed, source.id), first)
        for event, rows in row.events.items():
            for place, found in enumerate(rows if (row.entity, event) in read else ()):
                for name, value in found.values.items():
                    field, label = fields.get((row.entity, event, name), (None, ""))
                    if field is not None and isinstance(value, int | Fraction):
                        yield Knob(path, "event", (event, place, name), *units(field, assumed, label), value)
        for name, dense in row.series.items():
            series = steps.get((row.entity, name))
            filled = [n for n, cell in enumerate(dense.cells) if cell is not None] if isinstance(dense, Dense) else []
            if series is not None and filled and (row.entity, name) in read:
                ends = [int(Fraction(end) / series.step) for end in (series.low or 0, series.high or 1000)]
                yield Knob(path, "series", (name, filled[len(filled) // 2]), *ends, 1)
        for entity, children in row.children.items():
            for place, child in enumerate(children):
                yield from turn(child, (*path, (entity, place)))

    return list(turn(root, ()))


def units(source, assumed, label):
    found, _ = declared(source, assumed, label)
    return ceil(found.lo * found.grid), floor(found.hi * found.grid), found.grid


# --- solving ---------------------------------------------------------------------------------------------------


def solutions(slope, start, edge):
    """Where ``slope * x + start`` has the rest ``edge`` modulo 1, and where it is nearest to that.

    Yields ``(whether it is exactly that, first x >= 0, distance between two)``.
    """
    common = lcm(slope.denominator, start.denominator, edge.denominator)
    a, b = int(slope * common) % common, int((edge - start) * common)
    step = gcd(a, common)
    rest, period = b % step, common // step
    if rest and period == 1:
        return  # the quotients are a whole number apart, and off the edge
    for off in (0, step, -step) if rest == 0 else (-rest, step - rest):
        yield off == rest == 0, (b + off) // step * pow(a // step, -1, period) % period, period


def roundings(seen, charge):
    """What ``charge`` rounds, or None where it refuses or makes no line."""
    seen.clear()
    try:
        line = charge()
    except DataProblem:
        return None
    return None if line is None else list(seen)


def seek(root, knob, charge, pick, most, seen, exact=0.7):
    """Trees like ``root`` with ``knob`` turned so that something which ``charge(tree)`` rounds is a tie or almost one.

    ``seen``: the list of :func:`watched_roundings`. At most ``most``; ``exact``: share of ties, where there are any.
    Returns whether there are, too.
    """
    span = knob.high - knob.low
    if span < 3:
        return [], False
    x = pick.randint(knob.low, knob.high - 2)
    found = [roundings(seen, lambda i=i: charge(knob.set(root, x + i))) for i in range(3)]
    if any(f is None or [m for m, _, _ in f] != [m for m, _, _ in found[0]] for f in found):
        return [], False
    places = list(range(len(found[0])))
    pick.shuffle(places)
    for place in places:
        q = [Fraction(n, d) for _, n, d in (f[place] for f in found)]
        slope = q[1] - q[0]
        if slope == 0 or q[2] - q[1] != slope:
            continue
        edge = Fraction(int(found[0][place][0] in HALVES), 2)
        trees, ties_ = [], False
        for is_exact, first, period in solutions(slope, q[0], edge):
            wanted = int(most * exact) if is_exact else most // 4
            values = spread(pick, x + first, period, knob, wanted)
            ties_ |= is_exact and bool(values)
            trees += [knob.set(root, value) for value in values]
        if trees:
            return trees[:most], ties_
    return [], False


def spread(pick, first, period, knob, wanted):
    """Some of the values ``first`` modulo ``period`` inside the range, its first and its last among them."""
    start = knob.low + (first - knob.low) % period
    if start > knob.high:
        return []
    last = (knob.high - start) // period
    if last < wanted:
        return [start + k * period for k in range(last + 1)]
    return [start + k * period for k in {0, last, *(pick.randint(0, last) for _ in range(max(0, wanted - 2)))}]


def ties(plan, interpreter, definition, trees, pick, *, wanted, seen, assumed, each=40, tries=None):
    """Trees for a charge: those that ``trees()`` makes, each with one number sought for a tie.

    ``tries``: how many trees to ask for at most.
    """
    found = []
    read = reads(plan, definition)
    for attempt in count():
        if len(found) >= wanted or (tries is not None and attempt >= tries):
            break
        root = trees()
        for number in range(len(root.descendants(definition.rule.entity.name))):
            charge = Charge(interpreter, definition, number)
            if roundings(seen, partial(charge, root)):
                found += _sought(root, knobs(plan, root, assumed, read), charge, pick, each, seen)
                break
    return found


@frozen
class Charge:
    """A charge of one of the rows of a tree, the ``number``-th of its entity."""

    interpreter: object
    definition: object
    number: int

    def __call__(self, tree):
        row = tree.descendants(self.definition.rule.entity.name)[self.number]
        return self.interpreter.charge(self.definition, row)


def _sought(root, turned, charge, pick, each, seen):
    """Trees like one: with the first number that makes ties of something, or else with the first that almost does."""
    pick.shuffle(turned)
    almost = []
    for knob in turned[:8]:
        got, exact = seek(root, knob.narrowed(pick), charge, pick, each, seen)
        if exact:
            return got
        almost = almost or got
    return almost
