"""What was meant: names resolved, types and units checked, dates as day numbers.

Declarations stand in :mod:`kommres.dsl.bound.declarations` and are shared by all later stages; here are expressions,
examples and the whole. Dates are proleptic Gregorian day numbers (``date.toordinal()``), instants are seconds since
1970-01-01T00:00Z, numbers are ``int`` or ``Fraction`` in the unit that their type says.
"""

from __future__ import annotations

from fractions import Fraction

from attrs import field, frozen

from kommres.dsl.bound.declarations import (
    Alternative,
    Amendment,
    Calendar,
    Citation,
    Declared,
    Entity,
    Enum,
    Event,
    EventField,
    Expr,
    Function,
    Grid,
    Input,
    Key,
    Option,
    OptionBinding,
    Override,
    Param,
    ParamRow,
    Rule,
    Series,
    SeriesRow,
    TimeKey,
    Type,
    Value,
)
from kommres.dsl.bound.titles import Titles
from kommres.dsl.source import Span

__all__ = [
    "AbsentLit",
    "Aggregate",
    "Alternative",
    "Amendment",
    "AtEdge",
    "Binder",
    "BoundProgram",
    "Calendar",
    "Call",
    "ChargedRef",
    "Children",
    "Citation",
    "Compare",
    "Declared",
    "ElseValue",
    "Entity",
    "Enum",
    "Event",
    "EventField",
    "Events",
    "Example",
    "ExampleRow",
    "Expected",
    "Expr",
    "FieldRef",
    "Function",
    "FunctionCall",
    "Grid",
    "GridDays",
    "GridIntervals",
    "Has",
    "IfElse",
    "Input",
    "InputRef",
    "IntervalEdge",
    "Intervals",
    "Key",
    "Lit",
    "Logic",
    "MeanOverDays",
    "Members",
    "Module",
    "Not",
    "Option",
    "OptionBinding",
    "OptionRef",
    "OverSlices",
    "Override",
    "Param",
    "ParamRef",
    "ParamRow",
    "PastMonths",
    "PeriodRef",
    "Product",
    "Rule",
    "RuleRef",
    "Scale",
    "Series",
    "SeriesRef",
    "SeriesRow",
    "SliceRef",
    "Source",
    "Sum",
    "TableRef",
    "Tiers",
    "TimeKey",
    "Titles",
    "Type",
    "Value",
    "VarRef",
]

# --- expressions ---------------------------------------------------------------------------------------------
# Row variables are numbered slots of a frame: slot 0 is the definition's own row; each binder and each key of the
# definition gets the next free number. ``up`` climbs parents. ``months`` is the slot of the innermost months binder
# around
# the reference (None outside): the reference is then evaluated in that past month.


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

    ``case``: see ``kommres.dsl.case``; ``overrides``: see :data:`Override`. ``expected``: (row or None,
    rule, keys, kind, value, code).
    """

    title: str
    module: str
    month: tuple[int, int]
    known: int | None
    options: tuple[tuple[str, str], ...]
    rows: tuple[ExampleRow, ...]
    overrides: tuple[Override, ...]
    expected: tuple[Expected, ...]
    span: Span = field(repr=False)


@frozen(kw_only=True)
class ExampleRow:
    """One row of an entity or an event. ``values``: (input or field name, key members, value).

    value: plain; or ("steps", ((day or None, value), ...)); or ("months", ((month, value), ...)) where the month is an
    absolute month number ``year * 12 + month - 1``; or, of a series, ("intervals", ((moment or None, values, onward),
    ...)): ``onward`` says that the last one holds to the end. Instants are ``datetime``, aware where an offset was
    written: the others are local to the row.
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
    titles: Titles = Titles()  # noqa: RUF009 - frozen
