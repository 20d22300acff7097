"""Declarations of bound programs: types, vocabulary, tables, rules. See :mod:`kommres.dsl.bound.nodes` for the rest.

Dates are proleptic Gregorian day numbers (``date.toordinal()``), instants are seconds since 1970-01-01T00:00Z, numbers
are ``int`` or ``Fraction`` in the unit that their type says.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any, TypeAlias

from attrs import define, field, frozen

from kommres.dsl.source import Span
from kommres.units import Unit

Value: TypeAlias = int | Fraction | str | bool | None


# --- types ---------------------------------------------------------------------------------------------------


@frozen(kw_only=True)
class Type:
    """``kind``: number yes_no date instant id enum; of keys also interval.

    ``unit`` is set for numbers, ``enum`` for enumerations.

    ``optional``: may be absent. ``varies``: a step function over the days of the period.
    """

    kind: str
    unit: Unit | None = None
    enum: Enum | None = None
    optional: bool = False
    varies: bool = False

    def __str__(self) -> str:
        match self.kind:
            case "number":
                return str(self.unit)
            case "enum":
                return self.enum.name if self.enum else "enum"
            case "yes_no":
                return "yes/no"
            case other:
                return other


@frozen(kw_only=True)
class Expr:
    """Base of expressions: what conditions, bodies and arguments are made of."""

    type: Type
    span: Span = field(eq=False, repr=False)


# --- declarations --------------------------------------------------------------------------------------------


@frozen(kw_only=True)
class Citation:
    """``text`` is ready to print: ``annex 2 formula 4(1)``; ``status``: checked, unchecked or unsaid."""

    act: str
    act_title: str
    parts: tuple[tuple[str, str], ...]
    status: str
    checked: str = ""  # ISO date
    note: str = ""

    @property
    def text(self) -> str:
        return " ".join(f"{word} {value}" for word, value in self.parts)


@frozen(kw_only=True)
class Declared:
    """Base of declarations. ``module`` is the full module name; ``id`` is unique in a program."""

    name: str
    module: str
    doc: str = ""
    span: Span = field(eq=False, repr=False)

    @property
    def id(self) -> str:
        return f"{self.module}.{self.name}"


@frozen(kw_only=True)
class Enum(Declared):
    """An enumeration with its members in order."""

    members: tuple[str, ...]


@define(kw_only=True, eq=False)
class Entity:
    """A kind of row. Identity counts; ``children`` is filled while binding."""

    name: str
    module: str
    parent: Entity | None
    doc: str = ""
    span: Span = field(repr=False)
    children: list[Entity] = field(factory=list, repr=False)

    @property
    def ancestors(self) -> tuple[Entity, ...]:
        """Self first, then parent, and so on to the root."""
        chain: list[Entity] = []
        entity: Entity | None = self
        while entity is not None:
            chain.append(entity)
            entity = entity.parent
        return tuple(chain)


@frozen(kw_only=True, eq=False)
class Input(Declared):
    """A supplied value of an entity. ``keys`` are enumerations: one value per member combination."""

    entity: Entity
    keys: tuple[Enum, ...]
    type: Type
    low: int | Fraction | None
    high: int | Fraction | None
    step: Fraction | None
    history: bool
    signed: bool

    @property
    def varies(self) -> bool:
        return self.type.varies

    @property
    def optional(self) -> bool:
        return self.type.optional


@frozen(kw_only=True, eq=False)
class EventField:
    """A field of an event."""

    name: str
    type: Type
    low: int | Fraction | None
    high: int | Fraction | None
    step: Fraction | None
    doc: str = ""


@frozen(kw_only=True, eq=False)
class Event(Declared):
    """``interval``: "date", "instant" or "" (no ``from``/``to`` pair)."""

    entity: Entity
    fields: tuple[EventField, ...]
    interval: str

    def field(self, name: str) -> EventField | None:
        return next((f for f in self.fields if f.name == name), None)


@frozen
class Grid:
    """Intervals of ``every`` seconds, side by side over the local month or year (``over``) of the period.

    The first begins with the first local day; there are as many as the span is long, so a day on which clocks change
    has 23 or 25 hours.
    """

    every: int
    over: str  # month year

    def __str__(self) -> str:
        hours, seconds = divmod(self.every, 3600)
        return f"every {f'{hours} h' if not seconds else f'{self.every // 60} min'} of the {self.over}"


@frozen(kw_only=True)
class TimeKey:
    """A key of a rule that is a day, or an interval of a grid."""

    name: str
    grid: Grid | None = None
    members: tuple[str, ...] = ()  # there are none to go through without a period

    @property
    def type(self) -> Type:
        """What it holds."""
        return Type(kind="date" if self.grid is None else "interval")


@frozen(kw_only=True)
class SeriesRow:
    """A value of a program's series: of the interval that begins at the instant ``start``."""

    start: int
    value: Value
    known_from: int | None = None
    source: str = ""
    status: str = "unsaid"
    place: str = ""  # file:line


@frozen(kw_only=True, eq=False)
class Series(Declared):
    """A value for each interval of a grid, supplied for rows of ``entity``.

    Without an entity it belongs to the program: ``rows`` are its values in order of their instants, and an interval of
    a finer grid has the value of the one that it lies in. ``label``: the edge by which data name an interval, start or
    end. ``zone``: of local times in a program's table; those of an entity are local to its root. Values of numbers are
    whole multiples of ``step``.
    """

    entity: Entity | None
    type: Type
    low: int | Fraction | None
    high: int | Fraction | None
    step: Fraction | None
    signed: bool
    grid: Grid
    label: str
    zone: str = ""
    rows: tuple[SeriesRow, ...] = field(default=(), repr=False)
    citations: tuple[Citation, ...] = ()
    file: str = ""

    @property
    def optional(self) -> bool:
        return self.type.optional


@frozen(kw_only=True, eq=False)
class Function(Declared):
    """A function that a plugin offers, with the signature and the rounding that the rules declare.

    ``call`` takes exact numbers in the units of ``parameters`` and is deterministic; its value in ``type`` is rounded
    to ``step`` by ``mode``. ``origin`` is its name in the plugin (``steam.enthalpy``), ``provider`` the distribution
    and its version.
    """

    parameters: tuple[tuple[str, Type], ...]
    type: Type
    low: int | Fraction | None
    high: int | Fraction | None
    step: Fraction
    mode: str
    origin: str
    provider: str
    call: Callable[..., object] = field(repr=False)
    citations: tuple[Citation, ...] = ()


@frozen(kw_only=True, eq=False)
class Calendar(Declared):
    """Exceptions to the five-day week; ``days`` maps a day number to working or not; known in ``start .. until``."""

    days: dict[int, bool] = field(repr=False)
    start: int
    until: int
    sources: tuple[str, ...] = ()


@frozen(kw_only=True, eq=False)
class Option(Declared):
    """A reading of the law that is chosen when a program runs."""

    choices: tuple[str, ...]
    default: str
    citations: tuple[Citation, ...]


@frozen(kw_only=True, eq=False)
class OptionBinding:
    """A module's choice; where ``when`` (own row, slot 0, of ``entity``) holds."""

    option: Option
    choice: str
    entity: Entity | None
    when: Expr | None
    module: str
    citations: tuple[Citation, ...]
    span: Span = field(repr=False)


@frozen(kw_only=True)
class Key:
    """``bracket``: looked up by value inside ``low..high`` (at most one key of a parameter)."""

    name: str
    type: Type
    bracket: bool = False


@frozen(kw_only=True)
class ParamRow:
    """One value: ``keys`` hold str (id, enum member), number, day, or for a bracket key (low, high) with None for
    open.

    ``start`` None: undated. ``until``/``known_from``/``complete_until`` None: not said. ``source`` and ``status``
    (checked, unchecked, unsaid) are carried to explanations.
    """

    keys: tuple[object, ...]
    start: int | None
    until: int | None
    known_from: int | None
    value: Value
    source: str = ""
    status: str = "unsaid"
    complete_until: int | None = None
    place: str = ""  # file:line


@frozen(kw_only=True, eq=False)
class Param(Declared):
    """A table of values by keys and dates."""

    keys: tuple[Key, ...]
    type: Type
    rows: tuple[ParamRow, ...] = field(repr=False)
    complete_until: int | None
    citations: tuple[Citation, ...]
    file: str = ""

    @property
    def dated(self) -> bool:
        return any(row.start is not None for row in self.rows)


@frozen(kw_only=True, eq=False)
class Alternative:
    """``kind``: base, except, replace, repeal. ``name`` is the own name, or the target's for replace and repeal.

    ``over`` are names of alternatives of the same rule. ``applies`` is the module's ``applies when`` bound to the
    rule's entity.
    Expressions read the rule's own row in slot 0 and its keys as variables.
    """

    kind: str
    name: str
    module: str
    over: tuple[tuple[str, Span], ...]
    when: Expr | None
    applies: Expr | None
    start: int | None
    until: int | None
    body: Expr | None
    citations: tuple[Citation, ...]
    doc: str
    span: Span = field(repr=False)


@define(kw_only=True, eq=False)
class Rule:
    """A rule or a charge. Mutable while binding (bodies refer to each other); not afterwards.

    ``alternatives`` are those of the own module; ``varies`` is inferred by the fixpoint in ``bound/vary.py``.
    """

    name: str
    module: str
    entity: Entity
    keys: tuple[Enum | TimeKey, ...]
    type: Type
    signed: bool
    low: int | Fraction | None
    high: int | Fraction | None
    start: int | None
    until: int | None
    citations: tuple[Citation, ...]
    doc: str
    span: Span = field(repr=False)
    is_charge: bool = False
    history: bool = False  # a charge whose closed results are read with ``charged``
    service: str = ""
    line: str = ""
    when: Expr | None = None
    applies: Expr | None = None
    volume: Expr | None = None
    price: Expr | None = None
    alternatives: list[Alternative] = field(factory=list, repr=False)

    @property
    def id(self) -> str:
        return f"{self.module}.{self.name}"


@frozen(kw_only=True, eq=False)
class Amendment:
    """What an overlay module says about a rule of another module."""

    rule: Rule
    module: str
    alternatives: tuple[Alternative, ...]
    span: Span = field(repr=False)


#: What an example or a run puts in place of a table: ``(parameter, keys or None for all, value)``, or ``(series, None,
#: parts)`` with parts ``(moment or None for all before it, values one by one, whether the last one holds on)``.
Override: TypeAlias = "tuple[Param | Series, tuple[object, ...] | None, Any]"
