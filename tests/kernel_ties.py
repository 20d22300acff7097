"""Ties: which quotients the interpreter rounds, and inputs for which one of them lies on a tie or right beside it.

What is rounded is, between two conditions, mostly linear in any one input: ``q(x) = (A * x + B) / L``. Three values of
the input tell A, B and L; ``A * x + B = L / 2`` modulo L is solved with whole numbers then.
"""

from __future__ import annotations

from contextlib import contextmanager
from fractions import Fraction
from itertools import count
from math import ceil, floor, gcd, lcm

from attrs import evolve, frozen

from kommres.dsl.backends.arithmetic import MODES
from kommres.dsl.backends.rows import Dense, EventRow, Row, Steps
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


# --- one input as an unknown -----------------------------------------------------------------------------------


@frozen
class Knob:
    """A number of a tree: of an input, of its first piece where it varies, of a field of an event, of a series."""

    path: tuple  # (entity, place) from the root down
    kind: str  # value, steps, event, series
    name: object
    low: int
    high: int
    grid: int

    def row(self, root):
        for entity, place in self.path:
            root = root.children[entity][place]
        return root

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


def knobs(plan, root, assumed):
    """All numbers of a tree that can be turned."""
    fields = {
        event.name: {f.name: (f, f"{event.id}.{f.name}") for f in event.fields if f.type.kind == "number"}
        for event in plan.events
    }
    numbers = {(source.entity.name, source.name): source for source in plan.inputs if source.type.kind == "number"}

    steps = {(s.entity.name, s.name): s for s in plan.series if s.entity is not None and s.step is not None}

    def turn(row, path):
        for key, value in row.values.items():
            source = numbers.get((row.entity, key[0]))
            if source is not None:
                first = value.values[0] if isinstance(value, Steps) else value
                if isinstance(first, int | Fraction):
                    kind = "steps" if isinstance(value, Steps) else "value"
                    yield Knob(path, kind, key, *units(source, assumed, source.id))
        for event, rows in row.events.items():
            for place, found in enumerate(rows):
                for name, (field, label) in fields[event].items():
                    if isinstance(found.values.get(name), int | Fraction):
                        yield Knob(path, "event", (event, place, name), *units(field, assumed, label))
        for name, dense in row.series.items():
            series = steps.get((row.entity, name))
            filled = [n for n, cell in enumerate(dense.cells) if cell is not None] if isinstance(dense, Dense) else []
            if series is not None and filled:
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
    """
    span = knob.high - knob.low
    if span < 3:
        return []
    x = pick.randint(knob.low, knob.high - 2)
    found = [roundings(seen, lambda i=i: charge(knob.set(root, x + i))) for i in range(3)]
    if any(f is None or [m for m, _, _ in f] != [m for m, _, _ in found[0]] for f in found):
        return []
    places = list(range(len(found[0])))
    pick.shuffle(places)
    for place in places:
        q = [Fraction(n, d) for _, n, d in (f[place] for f in found)]
        slope = q[1] - q[0]
        if slope == 0 or q[2] - q[1] != slope:
            continue
        edge = Fraction(int(found[0][place][0] in HALVES), 2)
        trees = []
        for is_exact, first, period in solutions(slope, q[0], edge):
            wanted = int(most * exact) if is_exact else most // 4
            trees += [knob.set(root, value) for value in spread(pick, x + first, period, knob, wanted)]
        if trees:
            return trees[:most]
    return []


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
    entity = definition.rule.entity.name

    def charge_of(tree):
        return interpreter.charge(definition, tree.descendants(entity)[0])

    for attempt in count():
        if len(found) >= wanted or (tries is not None and attempt >= tries):
            return found
        root = trees()
        if not root.descendants(entity) or not roundings(seen, lambda root=root: charge_of(root)):
            continue
        turned = knobs(plan, root, assumed)
        pick.shuffle(turned)
        for knob in turned[:6]:
            got = seek(root, knob, charge_of, pick, each, seen)
            if got:
                found += got
                break
    return found
