"""What to compute: flat steps without units, names or sugar. Back ends read this and nothing before it.

A definition owns a list of steps; a step's arguments are numbers of earlier steps. Evaluation is by need: an argument
that a step does not use is not computed (so a branch that is not taken cannot fail). Row variables are slots of a
frame: slot 0 holds the definition's own row; keys and binders hold the numbers that the bound stage gave them.
"""

from __future__ import annotations

from enum import StrEnum

from attrs import field, frozen

from kommres.dsl.bound.nodes import (
    BoundProgram,
    Calendar,
    Citation,
    Event,
    Function,
    Input,
    Option,
    OptionBinding,
    Param,
    Rule,
    Series,
)
from kommres.dsl.rules.nodes import Cuts
from kommres.dsl.source import Span


class Op(StrEnum):
    """Operations. Arguments in brackets are step numbers; what follows ``|`` is the payload (``Step.data``)."""

    CONST = "const"  # | value
    ABSENT = "absent"
    INPUT = "input"  # [*keys] | (Input, slot, up, months_slot or None)
    SERIES = "series"  # | (Series, slot of the row or None for the program's, up, slot of the interval, its Grid)
    RULE = "rule"  # [*keys] | (definition number, slot, up, months_slot or None)
    CHARGED = "charged"  # | (definition number, slot, up, months_slot)
    PARAM = "param"  # [*keys, on?] | (param number, has_on, months_slot or None)
    OPTION = "option"  # | (option number, slot)
    VAR = "var"  # | slot
    FIELD = "field"  # | (slot, name)
    INTERVAL = "interval"  # | (slot, from/to, Grid): the instant of an edge of the interval in the slot
    PERIOD = "period"  # | (member, months_slot or None)
    SLICE = "slice"  # | member
    SCALE = "scale"  # [x] | Fraction
    ADD = "add"  # [*terms] | signs
    MUL = "mul"  # [first, *rest]
    DIV = "div"  # [a, b]
    COMPARE = "compare"  # [a, b] | op
    AND = "and"  # [*parts]
    OR = "or"
    NOT = "not"
    HAS = "has"
    IF = "if"  # [condition, then, otherwise]
    ELSE = "else"  # [value, fallback]
    CALL = "call"  # [*args] | (function, mode, Calendar or None)
    FUNCTION = "function"  # [*args] | Function: of a plugin, rounded as declared
    TIERS = "tiers"  # [volume, scale?, *keys without the bracket] | (param number, has_scale, bracket position)
    TABLE = "table"  # [*keys without the bracket] | (param number, bracket position): a name of OVER_SLICES only
    EDGE = "edge"  # [x] | start / end
    MEAN_DAYS = "mean_days"  # [x] | None
    OVER_SLICES = "over_slices"  # [x, start?, end?, *names] | (has_span, number of names)
    AGGREGATE = "aggregate"  # [value?, by?, where?, *source arguments] | Gather


@frozen(kw_only=True, eq=False)
class SourcePlan:
    """``kind``: children events members months intervals days, or an interval function over ``of``.

    ``data``: children -> entity name; events -> Event; members -> tuple of member names; months -> (count, take);
    intervals -> Grid; days -> (month or year, day or month). ``args``: steps of an interval function's arguments;
    ``where``: step of a months filter. Intervals are kept by ``on`` [day], ``clip`` [two dates or instants] and
    ``daily`` [two constants, minutes of the day]. A slot of ``intervals`` holds the place of an interval in its grid, a
    slot of ``days`` a day number (VAR). Behind either of these binders the current day is the local day in which the
    interval begins, or the day.
    """

    kind: str
    slot: int = 0
    up: int = 0
    data: object = None
    of: SourcePlan | None = None
    args: tuple[int, ...] = ()
    by: tuple[str, ...] = ()
    where: int | None = None


@frozen(kw_only=True, eq=False)
class Gather:
    """Payload of AGGREGATE. Steps are None where absent. Binders nest from the left."""

    function: str
    value: int | None
    by: int | None
    where: int | None
    binders: tuple[tuple[int, SourcePlan], ...]  # (slot, source)


@frozen(kw_only=True, eq=False)
class Step:
    """One operation; ``data`` is its payload, ``unit`` is for people.

    ``varies``: its value may differ between days of a period even where its arguments do not.
    """

    op: Op
    args: tuple[int, ...] = ()
    data: object = None
    kind: str = "number"  # number yes_no date instant id enum
    unit: str = ""  # for people: explanations and `--show plan`
    varies: bool = False
    span: Span = field(repr=False)


@frozen(kw_only=True, eq=False)
class SuppressionPlan:
    """Takes an alternative out on these days where the conditions hold. ``by``: what does, for people."""

    start: int | None
    until: int | None
    conditions: tuple[int, ...]
    by: str = ""


@frozen(kw_only=True, eq=False)
class AlternativePlan:
    """One way to compute a rule; ``conditions`` and ``body`` are steps."""

    name: str
    module: str
    start: int | None
    until: int | None
    conditions: tuple[int, ...]
    suppressions: tuple[SuppressionPlan, ...]
    body: int
    citations: tuple[Citation, ...]
    doc: str
    span: Span = field(repr=False)


@frozen(kw_only=True, eq=False)
class DefinitionPlan:
    """``skip[i]``: alternatives that need not be tested once alternative i holds (beaten by it or exclusive with it).

    ``order``: alternatives to test, the strongest first, the base last. ``varies``: its value may change inside the
    period.
    """

    number: int
    rule: Rule
    steps: tuple[Step, ...]
    key_slots: tuple[int, ...]
    slots: int  # size of the frame
    alternatives: tuple[AlternativePlan, ...]
    order: tuple[int, ...]
    skip: tuple[frozenset[int], ...]
    beats: frozenset[tuple[int, int]]
    base: int | None  # index of the base alternative
    when: int | None
    applies: int | None
    volume: int | None
    price: int | None
    varies: bool
    cuts: Cuts
    options: tuple[str, ...]

    @property
    def id(self) -> str:
        """The rule's id."""
        return self.rule.id


@frozen(kw_only=True, eq=False)
class OptionPlan:
    """The bindings of an option, those with a condition first.

    Each with its steps and the condition's step; the own row is in slot 0.
    """

    option: Option
    bindings: tuple[
        tuple[OptionBinding, tuple[Step, ...], int | None], ...
    ]  # steps and the condition's step, own row in slot 0


@frozen(kw_only=True, eq=False)
class Plan:
    """A program ready to run. ``digest`` is the hash of all rule and table text that it came from."""

    program: BoundProgram
    inputs: tuple[Input, ...]
    events: tuple[Event, ...]
    params: tuple[Param, ...]
    calendars: tuple[Calendar, ...]
    options: tuple[OptionPlan, ...]
    definitions: tuple[DefinitionPlan, ...]
    digest: str
    series: tuple[Series, ...] = ()
    functions: tuple[Function, ...] = ()

    @property
    def charges(self) -> tuple[DefinitionPlan, ...]:
        """The definitions that make bill lines."""
        return tuple(d for d in self.definitions if d.rule.is_charge)
