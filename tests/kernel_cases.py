"""Interpreter and kernels side by side: every row that a kernel charges has the interpreter's lines, bit by bit."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from fractions import Fraction

from attrs import define, field, frozen
from tests.kernel_ties import is_close, is_tie, ties, watched_roundings

from kommres.dsl.backends.interpreter import Interpreter
from kommres.dsl.backends.kernels import kernels
from kommres.dsl.backends.kernels.from_rows import batch_of
from kommres.dsl.backends.kernels.kernels import ASSUMED, Kernels
from kommres.dsl.problems import DataProblem


@frozen
class Found:
    """A line as both sides can be asked for it."""

    amount: object
    rule: str
    volume: object
    price: object
    options: tuple


class Difference(AssertionError):  # noqa: N818 - what it is, not how it is reported
    """A row on which the two sides are not the same."""

    def __init__(self, row, charge, expected, got):
        super().__init__(f"{row.entity} {row.id}, {charge}\n  interpreter: {expected}\n  kernel:      {got}")
        self.row, self.charge, self.expected, self.got = row, charge, expected, got

    @property
    def root(self):
        row = self.row
        while row.parent is not None:
            row = row.parent
        return row


@define
class Tally:
    """What was compared.

    ``left``: rows that kernels handed over, ``fine``: those of them that the interpreter does not refuse. ``lines`` and
    ``ties`` by charge: lines that both sides made, and those of them for which something on a tie was rounded;
    ``close``: on a tie or right beside one.
    """

    rows: int = 0
    left: int = 0
    fine: int = 0
    refused: int = 0
    lines: Counter = field(factory=Counter)
    ties: Counter = field(factory=Counter)
    close: Counter = field(factory=Counter)

    def add(self, other):
        self.rows += other.rows
        self.left += other.left
        self.fine += other.fine
        self.refused += other.refused
        self.lines.update(other.lines)
        self.ties.update(other.ties)
        self.close.update(other.close)

    @property
    def share(self):
        """Share of rows that the interpreter can charge and a kernel did not."""
        return self.fine / max(1, self.rows - self.refused)


class Sides:
    """Both back ends of a plan for a month.

    ``charges``: ids of those that kernels compute; None for all. A row that one of them hands over is not compared.
    ``few``: kernels for rows on which something changes are made at once here, for any number of them.
    ``still`` and ``quick``: as kernels take them.
    """

    def __init__(
        self, plan, month, *, assumed=ASSUMED, charges=None, few=0, still=True, quick=False, cache=None, **terms
    ):
        self.plan, self.month, self.assumed, self.terms = plan, month, assumed, terms
        self.interpreter, self.seen = Interpreter(plan, month, **terms), []
        self.kernels = Kernels(
            plan, month, assumed=assumed, charges=charges, few=few, still=still, quick=quick, cache=cache, **terms
        )

    def charged(self, roots):
        """What the kernels say of whole trees."""
        batch = batch_of(self.kernels.layout, roots, self.month, self.kernels.names)
        return self.kernels.charge(batch)

    def read(self, roots):
        """What the kernels say, by entity and row: None for a row that was left, else lines by charge."""
        charged = self.charged(roots)
        return {
            entity: [None if left else found for left, found in zip(charged[entity].left.tolist(), rows, strict=True)]
            for entity, rows in self.given(charged).items()
        }

    @staticmethod
    def given(charged):
        """What the kernels say, by entity and row: lines by charge, without those that were left."""
        found = {}
        for entity, one in charged.items():
            readers = [(lines.charge.id, lines.left.tolist(), reader(lines)) for lines in one.lines]
            found[entity] = [
                {name: read(place) for name, left, read in readers if not left[place]} for place in range(len(one.left))
            ]
        return found

    def compare(self, roots, only=None):
        """Charge whole trees with both sides, one charge or all. Raises :class:`Difference`."""
        with watched_roundings(self.seen):
            return self._compared(roots, only)

    def _compared(self, roots, only):
        tally = Tally()
        for entity, charged in self.charged(roots).items():
            rows = [row for root in roots for row in root.descendants(entity)]
            assert len(rows) == len(charged.left), (entity, len(rows), len(charged.left))
            readers = [
                (lines.charge, lines.left.tolist(), reader(lines))
                for lines in charged.lines
                if only in {None, lines.charge}
            ]
            tally.rows += len(rows)
            for place, row in enumerate(rows):
                refused = left = False
                for definition, handed, read in readers:
                    self.seen.clear()
                    expected = self.expected(definition, row)
                    refused |= isinstance(expected, DataProblem)
                    left |= handed[place]
                    if handed[place]:
                        continue
                    got = read(place)
                    if expected != got:
                        raise Difference(row, definition.id, expected, got)
                    if got is not None:
                        tally.lines[definition.id] += 1
                        tally.ties[definition.id] += any(is_tie(*rounding) for rounding in self.seen)
                        tally.close[definition.id] += any(is_close(*rounding) for rounding in self.seen)
                tally.refused += refused
                tally.left += left
                tally.fine += left and not refused
        return tally

    def expected(self, definition, row):
        """The interpreter's line, None, or why it refuses."""
        try:
            line = self.interpreter.charge(definition, row)
        except DataProblem as problem:
            return problem
        return None if line is None else Found(line.amount, line.rule, line.volume, line.price, line.options)


def reader(lines):
    """A function that reads a charge's line in a row from the columns of a kernel."""
    present, amounts, scale = lines.present.tolist(), lines.amount.tolist(), lines.scale
    names = [f"{lines.charge.id}/{alternative.name}" for alternative in lines.charge.alternatives]
    winner = column(lines.winner)
    volume, price = (quotients(shown) for shown in (lines.volume, lines.price))
    options = [
        (option, choices, None if isinstance(found, str) else found.tolist(), found)
        for option, choices, found in lines.options
    ]

    def read(place):
        if not present[place]:
            return None
        chosen = tuple(
            (option, fixed if codes is None else choices[codes[place]]) for option, choices, codes, fixed in options
        )
        amount = Fraction(amounts[place], scale)
        return Found(amount, names[winner(place)], volume(place), price(place), chosen)

    return read


def column(values):
    """Cells as a function of the place; one number stands for all."""
    if isinstance(values, int):
        return lambda _: values
    cells = values.tolist()
    return cells.__getitem__


def quotients(shown):
    """Shown numbers as a function of the place; None where nothing is shown."""
    if shown is None:
        return lambda _: None
    given, above, below = shown.given.tolist(), column(shown.above), column(shown.below)
    return lambda place: Fraction(above(place), below(place)) if given[place] else None


def sought(sides, definition, trees, *, wanted, tries):
    """Trees for a charge with one number sought so that it rounds a tie, or almost one."""
    with watched_roundings(sides.seen):
        return ties(
            *(trees.plan, sides.interpreter, definition, trees.tree, trees.pick),
            wanted=wanted,
            seen=sides.seen,
            assumed=trees.assumed,
            tries=tries,
        )


@contextmanager
def proofs_are_found_once():
    """Inside, what is proved of a program is kept: it does not depend on the month, and takes longer than the rest."""
    found, before = {}, kernels.prove

    def prove(plan, assumed, *, overrides):
        key = id(plan), repr(assumed), tuple((id(param), keys, value) for param, keys, value in overrides)
        if key not in found:
            found[key] = plan, before(plan, assumed, overrides=overrides)  # the plan must keep its id
        return found[key][1]

    kernels.prove = prove
    try:
        yield
    finally:
        kernels.prove = before
