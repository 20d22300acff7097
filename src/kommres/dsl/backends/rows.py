"""Rows as the back ends see them: an entity's values, children, events and supplied past months.

Numbers are ``int`` or ``Fraction`` in the input's unit, dates day numbers, instants seconds since 1970-01-01T00:00Z,
enumeration members and ids text. A value that could not be read is kept as :class:`Bad`: it refuses what uses it
and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any, TypeAlias

from attrs import define, field, frozen

Plain: TypeAlias = int | Fraction | str | bool
InputKey: TypeAlias = tuple[str, tuple[str, ...]]  # input name, key members


@frozen
class Bad:
    """A supplied value that cannot be used, with the reason (a code ``D01xx`` and a message)."""

    code: str
    message: str
    field: str


@frozen
class Steps:
    """A step function over days: ``starts[i]`` is the first day of ``values[i]``; ``starts[0]`` may be None
    (always).
    """

    starts: tuple[int | None, ...]
    values: tuple[Plain | Bad | None, ...]


@define(eq=False)
class Dense:
    """Values of a series: ``cells[i]`` is that of the i-th interval from the instant ``first``, ``every`` [s] long.

    A number is a whole number of its declared step. None: there is no value; ``bad`` says why where it could not be
    read. ``whole``: every interval has a value.
    """

    first: int
    every: int
    cells: list[int | str | None]
    bad: dict[int, Bad] = field(factory=dict)
    whole: bool = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Look for gaps once."""
        self.whole = None not in self.cells


@define(eq=False)
class EventRow:
    """One event of a row; ``values`` by field name (``from`` and ``to`` included; absent fields are missing)."""

    values: dict[str, Plain | Bad]
    id: str = ""


@define(eq=False)
class Row:
    """One row of an entity.

    ``values``: (input, key members) -> value, Steps or Bad; a missing key means not supplied. ``history``: the same
    key -> absolute month number
    (``year * 12 + month - 1``) -> value. ``problem``: set where the whole row is unusable (duplicate id, missing
    parent). ``series``: by name; one that is not there was not supplied at all.
    """

    entity: str
    id: str
    parent: Row | None = None
    values: dict[InputKey, Plain | Steps | Bad] = field(factory=dict)
    history: dict[InputKey, dict[int, Plain | Bad]] = field(factory=dict)
    events: dict[str, list[EventRow]] = field(factory=dict)
    _children: dict[str, list[Row]] = field(factory=dict)
    memo: dict[object, Any] = field(factory=dict, repr=False)
    problem: Bad | None = None
    series: dict[str, Dense | Bad] = field(factory=dict)
    grow: Callable[[], dict[str, list[Row]]] | None = field(default=None, repr=False)

    @property
    def children(self) -> dict[str, list[Row]]:
        """Rows below this one, by entity."""
        if self.grow is not None:
            self._children, self.grow = self.grow(), None
        return self._children

    def descendants(self, entity: str) -> list[Row]:
        """All rows of an entity below this row (itself, if it is one)."""
        if self.entity == entity:
            return [self]
        return [row for children in self.children.values() for child in children for row in child.descendants(entity)]
