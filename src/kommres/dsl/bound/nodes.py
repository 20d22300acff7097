"""What was meant: names resolved, types and units checked, dates as day numbers.

Declarations are shared by all later stages. Dates are proleptic Gregorian day numbers (``date.toordinal()``),
instants are
seconds since 1970-01-01T00:00Z, numbers are ``int`` or ``Fraction`` in the unit that their type says.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TypeAlias

from attrs import define, field, frozen

from kommres.dsl.source import Span
from kommres.units import Unit

Value: TypeAlias = int | Fraction | str | bool | None


# --- types ---------------------------------------------------------------------------------------------------


@frozen(kw_only=True)
class Type:
    """``kind``: number yes_no date instant id enum; of keys also interval. ``unit`` is set for numbers, ``enum`` for enumerations.

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


# --- expressions ---------------------------------------------------------------------------------------------
# Row variables are numbered slots of a frame: slot 0 is the definition's own row; each binder and each key of the
# definition gets the next free number. ``up`` climbs parents. ``months`` is the slot of the innermost months binder
# around
# the reference (None outside): the reference is then evaluated in that past month.


@frozen(kw_only=True)
class Expr:
    type: Type
    span: Span = field(eq=False, repr=False)


@frozen(kw_only=True)
class Lit(Expr):
    value: Value


@frozen(kw_only=True)
class AbsentLit(Expr):
    pass


@frozen(kw_only=True)
class InputRef(Expr):
    input: Input
    slot: int
    up: int
    keys: tuple[Expr, ...] = ()
    months: int | None = None


@frozen(kw_only=True)
class SeriesRef(Expr):
    """The value of a series in the interval that slot ``at`` holds, one of ``grid``.

    ``slot`` is that of the row (None: the program's), ``up`` climbs parents. An interval without a value is a miss: see
    :class:`ElseValue`.
    """

    series: Series
    slot: int | None
    up: int
    at: int
    grid: Grid


@frozen(kw_only=True)
class RuleRef(Expr):
    rule: Rule
    slot: int
    up: int
    keys: tuple[Expr, ...] = ()
    months: int | None = None


@frozen(kw_only=True)
class ChargedRef(Expr):
    """The closed result of a charge in the month of binder ``months``."""

    rule: Rule
    slot: int
    up: int
    months: int


@frozen(kw_only=True)
class ParamRef(Expr):
    """``keys`` follow the parameter's keys; ``on`` None: the current day."""

    param: Param
    keys: tuple[Expr, ...]
    on: Expr | None = None
    months: int | None = None


@frozen(kw_only=True)
class OptionRef(Expr):
    """The chosen reading for the row in ``slot`` (bindings may depend on the row)."""

    option: Option
    slot: int


@frozen(kw_only=True)
class VarRef(Expr):
    """The member held by an enumeration binder or by a key of the definition; a day or an interval likewise."""

    slot: int


@frozen(kw_only=True)
class FieldRef(Expr):
    """A field of the event row in ``slot`` (``from``, ``to``, declared fields, ``inside`` after split)."""

    slot: int
    name: str


@frozen(kw_only=True)
class IntervalEdge(Expr):
    """The instant at which the interval of a grid in ``slot`` begins or ends."""

    slot: int
    edge: str  # from to
    grid: Grid


@frozen(kw_only=True)
class PeriodRef(Expr):
    """``day`` is the day for which a varying expression is asked; the others belong to the whole period."""

    member: str  # start end days months day
    months: int | None = None


@frozen(kw_only=True)
class SliceRef(Expr):
    member: str  # start end days months


@frozen(kw_only=True)
class Scale(Expr):
    """``value`` x ``factor``: a unit conversion (also % to number)."""

    value: Expr
    factor: Fraction


@frozen(kw_only=True)
class Sum(Expr):
    """n-ary: each term with its sign +1/-1. Dates: first term a date, the rest days; or date - date."""

    terms: tuple[tuple[int, Expr], ...]


@frozen(kw_only=True)
class Product(Expr):
    """n-ary from the left; op is "*" or "/". A division by zero refuses the row (see Else)."""

    first: Expr
    rest: tuple[tuple[str, Expr], ...]


@frozen(kw_only=True)
class Compare(Expr):
    op: str  # = != < <= > >=
    left: Expr
    right: Expr


@frozen(kw_only=True)
class Logic(Expr):
    op: str  # and or
    parts: tuple[Expr, ...]


@frozen(kw_only=True)
class Not(Expr):
    value: Expr


@frozen(kw_only=True)
class Has(Expr):
    value: Expr


@frozen(kw_only=True)
class IfElse(Expr):
    condition: Expr
    then: Expr
    otherwise: Expr


@frozen(kw_only=True)
class ElseValue(Expr):
    """``value``, or ``fallback`` where value is absent, its own look-up misses or its own division is by zero."""

    value: Expr
    fallback: Expr


@frozen(kw_only=True)
class Call(Expr):
    """A function of the language (``bound/functions.py``); ``mode`` is a rounding mode, ``calendar`` for working
    days.
    """

    function: str
    args: tuple[Expr, ...]
    mode: str = ""
    calendar: Calendar | None = None


@frozen(kw_only=True)
class FunctionCall(Expr):
    """A function of a plugin. Where it has no value it is a miss: see :class:`ElseValue`."""

    function: Function
    args: tuple[Expr, ...]


@frozen(kw_only=True)
class Tiers(Expr):
    """``tiers(volume, param[.., _, ..], scale)``; the bracket key's place in ``lookup.keys`` is ``None``."""

    volume: Expr
    param: Param
    keys: tuple[Expr | None, ...]
    scale: Expr | None


@frozen(kw_only=True)
class TableRef(Expr):
    """The whole bracket table of a parameter on the current day: what ``tiers`` reads, so that its change cuts a
    slice.

    It is never a value of a rule; it stands only in ``OverSlices.names``.
    """

    param: Param
    keys: tuple[Expr | None, ...]


@frozen(kw_only=True)
class AtEdge(Expr):
    value: Expr
    edge: str  # start end


@frozen(kw_only=True)
class MeanOverDays(Expr):
    value: Expr


@frozen(kw_only=True)
class OverSlices(Expr):
    """``start``/``end`` None: the period. ``names``: the varying references read directly in ``value`` (the cut
    rule).
    """

    value: Expr
    start: Expr | None
    end: Expr | None
    names: tuple[Expr, ...] = ()


# sources


@frozen(kw_only=True)
class Source:
    span: Span = field(eq=False, repr=False)


@frozen(kw_only=True)
class Children(Source):
    entity: Entity
    slot: int
    up: int


@frozen(kw_only=True)
class Events(Source):
    event: Event
    slot: int
    up: int


@frozen(kw_only=True)
class Members(Source):
    enum: Enum


@frozen(kw_only=True)
class GridIntervals(Source):
    """The intervals of a grid, in order. Inside, the current day is the local day in which the interval begins."""

    grid: Grid


@frozen(kw_only=True)
class GridDays(Source):
    """The local days of the month or year of the period, or the first days of its months (``unit``: day, month).

    Inside, the current day is that day.
    """

    over: str
    unit: str


@frozen(kw_only=True)
class PastMonths(Source):
    count: int
    take: int | None
    where: Expr | None


@frozen(kw_only=True)
class Intervals(Source):
    """``function``: clip union merge daily split worst apart covering. ``args``: dates, instants or minutes of the
    day.

    Over intervals of a grid: ``on`` (those that begin on a day), ``clip`` and ``daily``.
    """

    function: str
    of: Source
    args: tuple[Expr, ...] = ()
    by: tuple[str, ...] = ()


@frozen(kw_only=True)
class Binder:
    slot: int
    variable: str
    source: Source


@frozen(kw_only=True)
class Aggregate(Expr):
    function: str  # sum count min max mean any all first last
    value: Expr | None
    by: Expr | None
    binders: tuple[Binder, ...]
    where: Expr | None


# --- examples ------------------------------------------------------------------------------------------------


@frozen(kw_only=True)
class Example:
    """An example as data: a case in the form that ``eval --json`` takes, and what is expected.

    ``case``: see ``kommres.dsl.case``; ``overrides``: (param id, keys or None, value). ``expected``: (row or None,
    rule, keys, kind, value, code).
    """

    title: str
    module: str
    month: tuple[int, int]
    known: int | None
    options: tuple[tuple[str, str], ...]
    rows: tuple[ExampleRow, ...]
    overrides: tuple[tuple[Param, tuple[object, ...] | None, Value], ...]
    expected: tuple[Expected, ...]
    span: Span = field(repr=False)


@frozen(kw_only=True)
class ExampleRow:
    """One row of an entity or an event. ``values``: (input or field name, key members, value).

    value: plain; or ("steps", ((day or None, value), ...)); or ("months", ((month, value), ...)) where the month is an
    absolute month number ``year * 12 + month - 1``; or ("intervals", ((moment or None, values, from there on), ...)) of a
    series. Instants are ``datetime``, aware where an offset was written: the
    others are local to the row.
    """

    entity: Entity | None
    event: Event | None
    row: str
    owner: str
    values: tuple[tuple[str, tuple[str, ...], object], ...]


@frozen(kw_only=True)
class Expected:
    row: str | None
    rule: Rule
    keys: tuple[object, ...]  # members; a day; the moment at which an interval begins
    kind: str  # value refused none
    value: Value
    code: str | None
    span: Span = field(repr=False)


# --- a bound program -----------------------------------------------------------------------------------------


@frozen(kw_only=True, eq=False)
class Module:
    name: str
    doc: str
    uses: tuple[str, ...]
    acts: tuple[str, ...]
    source: str  # the file's name


@frozen(kw_only=True, eq=False)
class BoundProgram:
    """All modules of a program together, in order of their names."""

    modules: tuple[Module, ...]
    entities: tuple[Entity, ...]
    enums: tuple[Enum, ...]
    inputs: tuple[Input, ...]
    events: tuple[Event, ...]
    calendars: tuple[Calendar, ...]
    options: tuple[Option, ...]
    option_bindings: tuple[OptionBinding, ...]
    params: tuple[Param, ...]
    rules: tuple[Rule, ...]
    amendments: tuple[Amendment, ...]
    examples: tuple[Example, ...]
    series: tuple[Series, ...] = ()
    functions: tuple[Function, ...] = ()
