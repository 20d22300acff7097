"""What was written: one node per construct of the surface, each with its span.

Names are not resolved, units are still text, dates are values. Keyword spelling is gone: the English and the
Russian text of one program give equal trees (spans and sources do not take part in comparison).
"""

from __future__ import annotations

import datetime
from fractions import Fraction

from attrs import field, frozen

from kommres.dsl.source import Span


@frozen(kw_only=True)
class Node:
    """Base of all syntax nodes."""

    span: Span = field(eq=False, repr=False)


# --- small parts ---------------------------------------------------------------------------------------------


@frozen(kw_only=True)
class Name(Node):
    """A possibly qualified name: ``residents``, ``building.region``, ``cold_water.volume``."""

    parts: tuple[str, ...]

    @property
    def text(self) -> str:
        return ".".join(self.parts)


@frozen(kw_only=True)
class UnitText(Node):
    """A unit as written, without blanks: ``m3/person/month``. Resolved by the bound stage."""

    text: str


# --- expressions ---------------------------------------------------------------------------------------------


@frozen(kw_only=True)
class Expr(Node):
    """Base of expressions."""


@frozen(kw_only=True)
class Number(Expr):
    value: Fraction
    unit: UnitText | None = None
    text: str = field(default="", eq=False)


@frozen(kw_only=True)
class Text(Expr):
    value: str


@frozen(kw_only=True)
class YesNo(Expr):
    value: bool


@frozen(kw_only=True)
class DateLit(Expr):
    value: datetime.date


@frozen(kw_only=True)
class MonthLit(Expr):
    """``2025-12``; allowed in examples only."""

    year: int
    month: int


@frozen(kw_only=True)
class InstantLit(Expr):
    """Wall-clock time, with the offset in minutes where one was written."""

    value: datetime.datetime
    offset_minutes: int | None

    @property
    def wall(self) -> datetime.datetime:
        """The time as it is written, aware only where an offset was."""
        if self.offset_minutes is None:
            return self.value
        return self.value.replace(tzinfo=datetime.timezone(datetime.timedelta(minutes=self.offset_minutes)))


@frozen(kw_only=True)
class TimeLit(Expr):
    """Daily time ``05:00`` in minutes after midnight (``24:00`` is 1440)."""

    minutes: int


@frozen(kw_only=True)
class Absent(Expr):
    pass


@frozen(kw_only=True)
class Hole(Expr):
    """``_``: the key left open in ``tiers(volume, price[zone, _])``."""


@frozen(kw_only=True)
class Ref(Expr):
    """A name used as a value. ``period.days`` and ``slice.months`` are also refs (first part
    ``period``/``slice``).
    """

    name: Name


@frozen(kw_only=True)
class Index(Expr):
    """``tariff[municipality, supplier]``."""

    base: Name
    keys: tuple[Expr, ...]


@frozen(kw_only=True)
class Call(Expr):
    """``round(x, 0.01)``, ``volume(day)``. ``by`` holds the names after ``by`` in ``merge(e, by f, g)``."""

    name: Name
    args: tuple[Expr, ...]
    by: tuple[Name, ...] = ()


@frozen(kw_only=True)
class OnDate(Expr):
    """``key_rate on paid_on``."""

    value: Expr
    date: Expr


@frozen(kw_only=True)
class AsUnit(Expr):
    value: Expr
    unit: UnitText


@frozen(kw_only=True)
class AtEdge(Expr):
    """``x at start`` / ``x at end``."""

    value: Expr
    edge: str  # "start" | "end"


@frozen(kw_only=True)
class Spread(Expr):
    """``x spread by days``."""

    value: Expr


@frozen(kw_only=True)
class Else(Expr):
    """``x else e``."""

    value: Expr
    fallback: Expr


@frozen(kw_only=True)
class Unary(Expr):
    op: str  # "-" | "not"
    value: Expr


@frozen(kw_only=True)
class Chain(Expr):
    """An n-ary left-associative chain of one precedence level: ``a + b - c`` is first=a, rest=(("+", b), ("-", c)).

    Levels: ``+ -``; ``* /``; ``and``; ``or``. Chains are flat so that long sums do not nest.
    """

    first: Expr
    rest: tuple[tuple[str, Expr], ...]


@frozen(kw_only=True)
class Compare(Expr):
    op: str  # "=", "!=", "<", "<=", ">", ">="
    left: Expr
    right: Expr


@frozen(kw_only=True)
class Member(Expr):
    """``x in (a, b)``."""

    value: Expr
    members: tuple[Expr, ...]


@frozen(kw_only=True)
class InRange(Expr):
    """``x in 1..3`` (closed); an open end is None."""

    value: Expr
    low: Expr | None
    high: Expr | None


@frozen(kw_only=True)
class Has(Expr):
    value: Expr


@frozen(kw_only=True)
class If(Expr):
    condition: Expr
    then: Expr
    otherwise: Expr


@frozen(kw_only=True)
class Months(Node):
    """``last 6 months``, or ``first 3 of last 36 months where c`` (``take`` = 3, ``where`` = c)."""

    count: int
    take: int | None = None
    where: Expr | None = None


@frozen(kw_only=True)
class OnDay(Node):
    """``load on d``: what of a source lies on a day."""

    source: Name | Call
    day: Expr


@frozen(kw_only=True)
class Binder(Node):
    """``v in S``.

    ``source`` is a Name (child entity, event, enumeration, series), a Call of a source function, Months, or OnDay.
    """

    variable: str
    variable_span: Span = field(eq=False, repr=False)
    source: Name | Call | Months | OnDay


@frozen(kw_only=True)
class Aggregate(Expr):
    """``sum of x by k for v in S, w in T where c``; ``function``: sum count min max mean any all first last."""

    function: str
    value: Expr | None
    by: Expr | None
    binders: tuple[Binder, ...]
    where: Expr | None


@frozen(kw_only=True)
class OverSlices(Expr):
    """``sum over slices [from a until b] x``."""

    value: Expr
    start: Expr | None
    end: Expr | None


@frozen(kw_only=True)
class MeanOverDays(Expr):
    value: Expr


@frozen(kw_only=True)
class Charged(Expr):
    """``charged cold_water``: the closed result of a past month."""

    name: Name


# --- parts of items ------------------------------------------------------------------------------------------


@frozen(kw_only=True)
class Citation(Node):
    """``cites ACT annex 2 formula "4" checked 2026-11-20 "where"``. ``checked`` None and ``unchecked`` False: not
    said.
    """

    act: Name
    parts: tuple[tuple[str, str], ...]  # canonical English word, text
    checked: datetime.date | None = None
    unchecked: bool = False
    note: str = ""


@frozen(kw_only=True)
class Called(Node):
    """What something is called in a language.

    ``part``: a member, a choice, a field, a service … of it; None: it itself.
    """

    language: Name
    text: str
    part: str | None = None
    kind: str = ""  # of an item ``called``: service line unit


@frozen(kw_only=True)
class Dates(Node):
    """``from D [until D] [known from D]``; half-open."""

    start: datetime.date | None
    until: datetime.date | None = None
    known_from: datetime.date | None = None


@frozen(kw_only=True)
class TypeText(Node):
    """What stands after ``:``. ``kind``: unit number yes_no date instant id name (enumeration)."""

    kind: str
    text: str  # the unit text, or the enumeration's name


@frozen(kw_only=True)
class Grid(Node):
    """``every 1 h, label at end, over year, zone "Europe/Berlin"``; None: not said."""

    every: Number | None = None
    label: str | None = None  # "start" | "end"
    over: str | None = None  # "month" | "year"
    zone: str | None = None

    @property
    def words(self) -> str:
        """The attributes that are there, for messages."""
        return ", ".join(name for name in ("every", "label", "over", "zone") if getattr(self, name) is not None)


@frozen(kw_only=True)
class Rounding(Node):
    """``round 0.001 by half_even``."""

    step: Number
    mode: str = ""


@frozen(kw_only=True)
class Attributes(Node):
    low: Expr | None = None
    high: Expr | None = None
    step: Number | None = None
    optional: bool = False
    varies: bool = False
    history: bool = False
    signed: bool = False
    grid: Grid | None = None  # of a series
    rounding: Rounding | None = None  # of a function


@frozen(kw_only=True)
class EventField(Node):
    name: str
    type: TypeText
    attributes: Attributes
    doc: str = ""


@frozen(kw_only=True)
class Alternative(Node):
    """The base (``kind="base"``), an exception (``"except"``), a ``"replace"`` or a ``"repeal"``."""

    kind: str
    name: str  # "base" for the base; the exception's own name; the target of replace/repeal
    name_span: Span = field(eq=False, repr=False)
    over: tuple[Name, ...] = ()
    when: Expr | None = None
    dates: Dates | None = None
    body: Expr | None = None
    citations: tuple[Citation, ...] = ()
    doc: str = ""
    called: tuple[Called, ...] = ()


@frozen(kw_only=True)
class Parameter(Node):
    """An argument of a plugin's function (``t: degC``), or a key of a rule that says its type (``d: date``)."""

    name: str
    type: TypeText


@frozen(kw_only=True)
class KeyDecl(Node):
    """A key of a parameter: ``municipality`` or ``(storeys: number)``."""

    name: str
    type: TypeText | None = None


@frozen(kw_only=True)
class KeyValue(Node):
    """A cell of a key: ``value`` is str (name or text), Fraction, date, or a bracket (low, high) with None for
    open.
    """

    value: str | Fraction | datetime.date | tuple[Fraction | None, Fraction | None]


@frozen(kw_only=True)
class ParamEntry(Node):
    """One value under its dates; ``keys`` is empty for a plain parameter."""

    dates: Dates
    keys: tuple[KeyValue, ...]
    value: Expr  # constant: number, fraction, text, yes/no, date


@frozen(kw_only=True)
class Assignment(Node):
    """``x = 2 then 3 from 2026-01-16``; ``metered in 2025-12 = 4.1``; ``metered in last 3 months = 3.8, 4.1,
    absent``; ``load from 2026-01-16T08:00 = 1.5, 1.7`` (``start``: one value an interval from there on).
    """

    name: Name
    keys: tuple[Expr, ...] = ()
    month: MonthLit | None = None
    last_months: int | None = None
    values: tuple[Expr, ...] = ()
    steps: tuple[tuple[Expr, DateLit | InstantLit], ...] = ()  # the values after ``then``
    start: DateLit | InstantLit | None = None


@frozen(kw_only=True)
class Given(Node):
    """``given [entity-or-event ["id"] [of entity "id"]:] assignments``."""

    target: Name | None
    row: str | None
    owner: Name | None
    owner_row: str | None
    assignments: tuple[Assignment, ...]


@frozen(kw_only=True)
class Expectation(Node):
    """``x = 1``; ``x refused D0201``; ``x none``. ``kind``: value refused none."""

    target: Name | None
    row: str | None
    name: Name
    keys: tuple[Expr, ...] = ()
    kind: str = "value"
    value: Expr | None = None
    code: str | None = None


# --- items ---------------------------------------------------------------------------------------------------


@frozen(kw_only=True)
class Item(Node):
    doc: str = ""
    called: tuple[Called, ...] = ()


@frozen(kw_only=True)
class ModuleHeader(Item):
    name: Name
    is_spec: bool = False


@frozen(kw_only=True)
class Use(Item):
    module: Name
    alias: str | None = None


@frozen(kw_only=True)
class AppliesWhen(Item):
    condition: Expr


@frozen(kw_only=True)
class ActDecl(Item):
    name: str
    title: str


@frozen(kw_only=True)
class UnitDecl(Item):
    """``unit Mcal = 1/1000 Gcal``; a base unit has no factor."""

    name: str
    factor: Fraction | None = None
    of: UnitText | None = None


@frozen(kw_only=True)
class EntityDecl(Item):
    name: str
    parent: Name | None = None


@frozen(kw_only=True)
class EnumDecl(Item):
    name: str
    members: tuple[Name, ...]


@frozen(kw_only=True)
class InputDecl(Item):
    name: str
    keys: tuple[Name, ...]  # enumerations
    entity: Name
    type: TypeText
    attributes: Attributes


@frozen(kw_only=True)
class EventDecl(Item):
    name: str
    entity: Name
    fields: tuple[EventField, ...]


@frozen(kw_only=True)
class SeriesDecl(Item):
    """A value for each interval of a month or a year: of an entity, or from a table that stands beside the rules."""

    name: str
    entity: Name | None
    type: TypeText
    attributes: Attributes
    file: str | None = None
    citations: tuple[Citation, ...] = ()


@frozen(kw_only=True)
class FunctionDecl(Item):
    """``function enthalpy(t: degC): kJ/kg, round 0.001 from "steam.enthalpy"``."""

    name: str
    name_span: Span = field(eq=False, repr=False)
    parameters: tuple[Parameter, ...]
    type: TypeText
    attributes: Attributes
    origin: str | None
    citations: tuple[Citation, ...] = ()


@frozen(kw_only=True)
class CalendarDecl(Item):
    name: str
    file: str
    complete: Dates | None = None
    citations: tuple[Citation, ...] = ()


@frozen(kw_only=True)
class OptionDecl(Item):
    name: str
    choices: tuple[Name, ...]
    default: Name
    citations: tuple[Citation, ...] = ()


@frozen(kw_only=True)
class OptionBinding(Item):
    """``option december_2025 = by_days when building.region = "x"``."""

    name: Name
    choice: Name
    when: Expr | None = None
    citations: tuple[Citation, ...] = ()


@frozen(kw_only=True)
class ParamDecl(Item):
    name: str
    keys: tuple[KeyDecl, ...]
    type: TypeText
    attributes: Attributes
    file: str | None = None
    undated: Expr | None = None
    entries: tuple[ParamEntry, ...] = ()
    complete_until: datetime.date | None = None
    citations: tuple[Citation, ...] = ()


@frozen(kw_only=True)
class RuleDecl(Item):
    name: str
    name_span: Span = field(eq=False, repr=False)
    keys: tuple[Name | Parameter, ...]  # enumerations; days and intervals by a type
    entity: Name
    type: TypeText
    attributes: Attributes
    dates: Dates | None = None
    citations: tuple[Citation, ...] = ()
    alternatives: tuple[Alternative, ...] = ()


@frozen(kw_only=True)
class ChargeDecl(RuleDecl):
    when: Expr | None = None
    service: str | None = None
    line: str | None = None
    volume: Expr | None = None
    price: Expr | None = None


@frozen(kw_only=True)
class CalledThings(Item):
    """``called ru`` in column 1: names of services, bill lines and units."""


@frozen(kw_only=True)
class Amendment(Item):
    """``in cold_water.volume of premises`` with its exceptions, replacements and repeals."""

    rule: Name
    entity: Name | None
    alternatives: tuple[Alternative, ...]


@frozen(kw_only=True)
class ExampleDecl(Item):
    title: str
    on: MonthLit
    known: datetime.date | None = None
    options: tuple[tuple[Name, Name], ...] = ()
    givens: tuple[Given, ...] = ()
    expectations: tuple[Expectation, ...] = ()
    citations: tuple[Citation, ...] = ()


@frozen(kw_only=True)
class ModuleTree(Node):
    """One file: its items in order. ``lost``: names of items that are in error and left out."""

    header: ModuleHeader | None
    items: tuple[Item, ...]
    lost: tuple[str, ...] = ()
