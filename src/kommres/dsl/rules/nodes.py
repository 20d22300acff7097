"""What holds: exceptions and overlays merged into one definition per rule, in order of evaluation, slices planned."""

from __future__ import annotations

from attrs import field, frozen

from kommres.dsl.bound.nodes import BoundProgram, Citation, Entity, Event, Expr, Input, Param, Rule
from kommres.dsl.source import Span


@frozen(kw_only=True, eq=False)
class Suppression:
    """Takes an alternative out where it applies (replace, repeal)."""

    by: str  # id of the replacing alternative or of the repealing module
    start: int | None
    until: int | None
    conditions: tuple[Expr, ...]  # ANDed


@frozen(kw_only=True, eq=False)
class Alternative:
    """One way to compute a rule. Index 0 of a definition is the base, if it has one.

    ``conditions`` are ANDed (module's ``applies when``, own ``when``). It is out where any suppression applies.
    """

    name: str
    module: str
    start: int | None
    until: int | None
    conditions: tuple[Expr, ...]
    suppressions: tuple[Suppression, ...]
    body: Expr
    citations: tuple[Citation, ...]
    doc: str
    span: Span = field(repr=False)


@frozen(kw_only=True, eq=False)
class Cuts:
    """Where a definition may change inside the period: the leaves reached through every path.

    ``own``: varying inputs with the number of parents to climb; ``below``: varying inputs of descendants;
    ``params``: dated parameters looked up at the current day; ``days``: fixed dates of alternatives; ``events``:
    events read through ``covering`` (with the number of parents to climb), ``events_below`` those of descendants.
    ``around`` and ``events_around`` are those of the descendants of an ancestor (with the number of parents to climb
    to it): siblings count, as when a premises reads a total of its building.
    ``daily``: ``period.day`` is read, so every day may differ.
    """

    own: tuple[tuple[Input, int], ...] = ()
    below: tuple[Input, ...] = ()
    params: tuple[Param, ...] = ()
    days: tuple[int, ...] = ()
    events: tuple[tuple[Event, int], ...] = ()
    events_below: tuple[Event, ...] = ()
    around: tuple[tuple[Input, int], ...] = ()
    events_around: tuple[tuple[Event, int], ...] = ()
    daily: bool = False

    @property
    def size(self) -> int:
        """The number of leaves."""
        own = len(self.own) + len(self.params) + len(self.days) + len(self.events)
        return own + len(self.below) + len(self.events_below) + len(self.around) + len(self.events_around)


@frozen(kw_only=True, eq=False)
class Definition:
    """A rule with all that any module says about it.

    ``beats``: pairs (i, j) of alternative indices: i goes before j (transitive closure; every exception beats the
    base).
    ``exclusive``: pairs without an order that are proved never to hold together.
    """

    rule: Rule
    alternatives: tuple[Alternative, ...]
    beats: frozenset[tuple[int, int]]
    exclusive: frozenset[tuple[int, int]]
    cuts: Cuts
    varies: bool
    uses: tuple[Rule, ...]  # rules read in the same month
    options: tuple[str, ...]  # options reached directly or through rules


@frozen(kw_only=True, eq=False)
class RuleSet:
    """Definitions in order of evaluation: what is read stands before what reads it."""

    program: BoundProgram
    definitions: tuple[Definition, ...]
    entities: tuple[Entity, ...]
