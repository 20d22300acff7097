"""Steps to Python: one expression a step, a function where a step needs statements.

A definition becomes a few flat Python functions, so that reading a rule, an input or a product costs what it costs in
Python written by hand. The text is made of the checked plan alone: generated names, operators and small whole numbers.
Values, tables and names of inputs reach it as bound names, never as text.

The locals of generated functions are ``row`` (the own row), ``memo`` (what is remembered on it), ``v1``, ``v2``, …
(what the slots of the plan hold: keys and binders), ``g1``, … (the grids of slots that hold intervals), ``day``,
``term`` (the month), and ``start`` and ``end`` (the slice); ``today``, ``now``, ``since`` and ``till`` are these
outside a loop over past months.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

from attrs import evolve, frozen

from kommres.dsl.bound.nodes import Event
from kommres.dsl.plan.nodes import DefinitionPlan, Gather, Op, SourcePlan, Step
from kommres.dsl.problems import DataProblem

if TYPE_CHECKING:
    from types import CodeType

    from kommres.dsl.backends.cutting import Cutter
    from kommres.dsl.backends.frame import Datum
    from kommres.dsl.backends.machine import Machine

_LOCAL = re.compile(r"(?<![.\w])(?:row|memo|day|term|start|end|now|today|since|till|v\d+|g\d+)\b")
_INDENT = "    "
#: Python limits how deep parentheses nest; what lies deeper becomes a function of its own.
_DEEPEST = 20
#: A text of more characters that is used again becomes a function.
_LONGEST = 200
#: Whole numbers that may stand in the text; others are bound to names.
_SMALL = 1 << 62


class Mode(StrEnum):
    """For what a definition is computed; the value begins the names of its functions.

    STEADY: the month of the run, and nothing changes inside it. PRESENT: a day of the month of the run. OUTSIDE: any
    other day of a span of days. PAST: a past month.
    """

    STEADY = "s"
    PRESENT = "p"
    OUTSIDE = "o"
    PAST = "h"


@frozen(cache_hash=True)
class Place:
    """Where a step is computed: what stands for the current day, month and slice, and which slots hold something.

    ``in_months``: inside ``for m in last n months``. ``in_span``: inside a slice that may leave the month. ``grids``:
    slots that hold intervals.
    """

    mode: Mode
    slots: tuple[int, ...]
    day: str
    term: str = "TERM"
    start: str = "START"
    end: str = "END"
    in_months: bool = False
    in_span: bool = False
    grids: tuple[int, ...] = ()

    @property
    def past(self) -> bool:
        """Whether values of a past month are read."""
        return self.in_months or self.mode is Mode.PAST

    @property
    def month(self) -> tuple[str, str]:
        """The first day of the month and the day after its last one."""
        return ("START", "END") if self.term == "TERM" else (f"{self.term}.start", f"{self.term}.end")

    def with_slots(self, *slots: int) -> Place:
        """Return the place with more slots that hold something."""
        return evolve(self, slots=tuple(sorted({*self.slots, *slots})))

    def inside(self) -> Place:
        """Return the place as a function sees it that gets what is no constant as arguments."""
        return evolve(
            self,
            day=self.day if self.day.isupper() else "day",
            term=self.term if self.term.isupper() else "term",
            start=self.start if self.start.isupper() else "start",
            end=self.end if self.end.isupper() else "end",
        )

    def argument(self, name: str) -> str:
        """Return what stands here for a local name of such a function."""
        return getattr(self, name) if name in {"day", "term", "start", "end"} else name


class _Unknown:
    """The value of a text that is known only when it is computed."""


UNKNOWN = _Unknown()


@frozen
class Text:
    """A Python expression.

    ``optional``: it may give None. ``misses``: it may raise :class:`~kommres.dsl.backends.tables.Miss`. ``depth``: how
    deep its parentheses nest. ``value``: what it gives where that is known now.
    """

    code: str
    optional: bool = False
    misses: bool = False
    depth: int = 1
    value: Any = UNKNOWN

    @property
    def known(self) -> bool:
        """Whether its value is known before any row is read."""
        return self.value is not UNKNOWN


def event_of(source: SourcePlan) -> Event | None:
    """Return the event that a source draws from, through interval functions; None for other sources."""
    data = innermost(source).data
    return data if isinstance(data, Event) else None


def innermost(source: SourcePlan) -> SourcePlan:
    """Return the source that interval functions are applied to."""
    while source.of is not None:
        source = source.of
    return source


Writer: TypeAlias = Callable[["Unit", int, Place], Text]


def payload(step: Step | SourcePlan) -> Datum:
    """Return what a step or source carries besides its arguments."""
    return step.data


def over(code: str, *parts: Text, optional: bool = False, misses: bool = False) -> Text:
    """Return the text of an operation on parts."""
    return Text(
        code,
        optional=optional,
        misses=misses or any(part.misses for part in parts),
        depth=1 + max((part.depth for part in parts), default=0),
    )


def indented(lines: Sequence[str]) -> list[str]:
    """Return the lines of a block."""
    return [_INDENT + line for line in lines]


class Unit:
    """The Python of one definition in one mode: functions that share names.

    Parameters
    ----------
    machine
        Whose names the text reads.
    name
        The main function; names of all others begin with it.
    steps
        What there is to compute.
    definition
        Whose steps these are; None for the condition of an option, which no hook watches.
    cutter
        Finds where the definition may change.
    writers
        How each operation is written.

    ``watched``: whether a hook is told what happens; without one the text holds no trace of it.
    """

    def __init__(
        self,
        machine: Machine,
        name: str,
        steps: Sequence[Step],
        *,
        definition: DefinitionPlan | None = None,
        cutter: Cutter | None = None,
        writers: Mapping[Op, Writer],
    ) -> None:
        self.machine = machine
        self.name = name
        self.steps = steps
        self.definition = definition
        self.cutter = cutter
        self.watched = machine.hook is not None and definition is not None
        self._writers = writers
        self._functions: list[str] = []
        self._texts: dict[tuple[int, Place], Text] = {}
        self._bound: dict[object, str] = {}
        self._temporary = 0

    # names -----------------------------------------------------------------------------------------------

    def bind(self, value: object) -> str:
        """Return a name for a value."""
        key: object = (type(value), value) if isinstance(value, int | Fraction | str | tuple) else id(value)
        name = self._bound.get(key)
        if name is None:
            name = self._bound[key] = f"{self.name}c{len(self._bound)}"
            self.machine.names[name] = value
        return name

    def literal(self, value: object) -> str:
        """Return the text of a value."""
        if value is None or value is True or value is False:
            return str(value)
        if type(value) is int and 0 <= value < _SMALL:
            return str(value)
        return self.bind(value)

    def known(self, value: object) -> Text:
        """Return the text of a value that is known."""
        return Text(self.literal(value), optional=value is None, value=UNKNOWN if self.watched else value)

    def temporary(self) -> str:
        """Return a name for a value that is looked at twice."""
        self._temporary += 1
        return f"t{self._temporary}"

    # hooks -----------------------------------------------------------------------------------------------

    @property
    def watch(self) -> str:
        """The name of the definition's :class:`~kommres.dsl.backends.watching.Watch`."""
        if self.definition is None:
            raise ValueError(self.name)
        return self.bind(self.machine.watch(self.definition))

    def seen(self, place: Place) -> str:
        """Return the arguments that show a hook the frame."""
        slots = self.definition.slots if self.definition is not None else 1
        held = {slot: slot_name(slot) for slot in place.slots}
        held |= {slot: f"g{slot}.seen({slot_name(slot)})" for slot in place.grids}
        rows = "".join(f"{held.get(slot)}, " for slot in range(slots))
        return f"({rows}), {place.day}, {place.start}, {place.end}, {place.term}"

    def events_in(self, slot: int) -> list[Event]:
        """Return the events that a slot may hold; alternatives number their slots from the start."""
        gathers = [step.data for step in self.steps if isinstance(step.data, Gather)]
        sources = [source for gather in gathers for n, source in gather.binders if n == slot]
        return [event for source in sources if (event := event_of(source)) is not None]

    # texts -----------------------------------------------------------------------------------------------

    def text(self, number: int, place: Place) -> Text:
        """Return the expression of a step."""
        key = number, place
        found = self._texts.get(key)
        if found is None:
            found = self._shortened(self._written(number, place))
        elif len(found.code) > _LONGEST:
            found = self._apart(found)
        self._texts[key] = found
        return found

    def _written(self, number: int, place: Place) -> Text:
        step = self.steps[number]
        text = self._writers[step.op](self, number, place)
        if self.watched:
            return evolve(text, code=f"{self.watch}.step({number}, {text.code}, {self.seen(place)})", value=UNKNOWN)
        if step.op in _PURE or (step.op is Op.CALL and payload(step)[0] in _PURE_CALLS):
            return self._folded(text, step, place)
        return text

    def _folded(self, text: Text, step: Step, place: Place) -> Text:
        """Compute now what depends on known values alone."""
        args = [self._texts.get((i, place)) for i in step.args]
        if not args or not all(arg is not None and arg.known for arg in args):
            return text
        try:
            value = eval(text.code, self.machine.names, {})  # noqa: S307 - generated names and operators only
        except DataProblem:
            return text  # it is raised where the value is needed
        return self.known(value)

    def _shortened(self, text: Text) -> Text:
        return self._apart(text) if text.depth > _DEEPEST else text

    def _apart(self, text: Text) -> Text:
        return evolve(text, code=self.function([f"return {text.code}"]), depth=1)

    def args(self, number: int, place: Place) -> list[Text]:
        """Return the expressions of a step's arguments."""
        return [self.text(i, place) for i in self.steps[number].args]

    def present(self, text: Text, number: int) -> str:
        """Return the code of an argument that must not be absent; D0405 names the step ``number``."""
        if not text.optional:
            return text.code
        t = self.temporary()
        return f"({t} if ({t} := {text.code}) is not None else {self.absent(number)})"

    def absent(self, number: int) -> str:
        """Return the code that refuses a step because its argument is absent."""
        return f"absent({self.bind(self.steps[number])})"

    def function(
        self,
        body: Sequence[str],
        *,
        place: Place | None = None,
        bound: Sequence[str] = (),
        more: Mapping[str, str] | None = None,
    ) -> str:
        """Write a function and return the code that calls it.

        Its parameters are the locals that the body reads. ``place``: where it is called; the body is written for its
        :meth:`Place.inside`. None: it is written for the place itself. ``bound``: local names that the body sets.
        ``more``: further parameters with their arguments.
        """
        further = more or {}
        used = sorted(set(_LOCAL.findall("\n".join(body))) - set(bound) - set(further))
        arguments = used if place is None else [place.argument(n) for n in used]
        name = self.define([*used, *further], body)
        return f"{name}({', '.join([*arguments, *further.values()])})"

    def define(self, parameters: Sequence[str], body: Sequence[str]) -> str:
        """Write a function and return its name."""
        name = f"{self.name}_{len(self._functions)}"
        self._functions.append("\n".join([f"def {name}({', '.join(parameters)}):", *indented(body)]))
        return name

    def finish(self, parameters: Sequence[str], body: Sequence[str]) -> None:
        """Write the main function and make all functions known to the machine."""
        main = "\n".join([f"def {self.name}({', '.join(parameters)}):", *indented(body)])
        exec(compiled("\n".join([*self._functions, main])), self.machine.names)  # noqa: S102 - see the module's docstring


@lru_cache(maxsize=4096)
def compiled(text: str) -> CodeType:
    """Compile generated text; the same definition in another month or for another account has the same text."""
    return compile(text, "<rules>", "exec")


def slot_name(slot: int) -> str:
    """Return the local name of what a slot holds."""
    return f"v{slot}" if slot else "row"


#: Operations whose value depends on their arguments alone.
_PURE = frozenset({Op.SCALE, Op.ADD, Op.MUL, Op.DIV, Op.COMPARE, Op.AND, Op.OR, Op.NOT})
_PURE_CALLS = frozenset({"round", "floor", "ceil", "whole", "steps", "min", "max", "clamp", "abs", "days_between"})
