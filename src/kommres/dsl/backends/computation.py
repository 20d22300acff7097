"""One definition as a Python function of a row: choice of the alternative, checks, one result a row, keys and piece."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NoReturn, TypeAlias

from kommres.dsl.backends.aggregates import AGGREGATES
from kommres.dsl.backends.arithmetic import ARITHMETIC
from kommres.dsl.backends.choices import Choices, condition
from kommres.dsl.backends.conditions import CONDITIONS
from kommres.dsl.backends.cutting import Cutter
from kommres.dsl.backends.foreign import FOREIGN
from kommres.dsl.backends.functions import FUNCTIONS
from kommres.dsl.backends.references import REFERENCES
from kommres.dsl.backends.slicing import SLICING
from kommres.dsl.backends.writing import Mode, Place, Unit, indented
from kommres.dsl.bound.nodes import TimeKey
from kommres.dsl.problems import DataProblem
from kommres.dsl.quantity import day as show_day
from kommres.dsl.quantity import exact

if TYPE_CHECKING:
    from kommres.dsl.backends.frame import Datum
    from kommres.dsl.backends.grids import Grids
    from kommres.dsl.backends.machine import Machine
    from kommres.dsl.backends.rows import Row
    from kommres.dsl.plan.nodes import DefinitionPlan

WRITERS = {**REFERENCES, **CONDITIONS, **ARITHMETIC, **FUNCTIONS, **FOREIGN, **AGGREGATES, **SLICING}

#: Under it a row remembers the problems of definitions.
FAILED = object()

#: Bits of the numerator and of the denominator of a rule's value. A sum of quotients over a thousand rows stays far
#: below; rules that multiply each other double the bits with each step.
MOST_BITS: Final = 1 << 16
#: The first number of more bits.
HUGE: Final = 1 << MOST_BITS

#: A key of a rule: a member, a day, the place of an interval.
Key: TypeAlias = str | int


class Token:
    """A definition with the members of its keys: under it a row remembers the outcome of the month."""

    __slots__ = ()


class Tokens(dict["Key | tuple[Key, ...]", Token]):
    """Keys (members, days, places of intervals) -> token; one key stands without its tuple."""

    def __missing__(self, members: Key | tuple[Key, ...]) -> Token:
        found = self[members] = Token()
        return found


class Computation:
    """A definition for one run. Its functions are written when they are first needed."""

    def __init__(self, machine: Machine, definition: DefinitionPlan) -> None:
        rule = definition.rule
        self.machine = machine
        self.definition = definition
        self.cutter = Cutter(machine, definition.cuts)
        self.is_charge = rule.is_charge
        self.varies = definition.varies or (not rule.is_charge and (rule.start is not None or rule.until is not None))
        #: whether nothing can change inside the month for a steady row
        self.calm = self.cutter.calm and machine.hook is None
        self.optional = rule.type.optional
        self.tokens = Tokens()
        #: the name under which a row remembers which alternative made a charge's line
        self.won = Token()
        self._single = len(definition.alternatives) == 1
        unit = rule.type.unit.powers if rule.type.unit is not None else ()
        # A temperature is negative whenever it is cold.
        self._signed = rule.signed or any(name in {"degC", "deltaC"} for name, _ in unit)

    def token(self, members: tuple[Key, ...]) -> Token:
        """Return the token of key members."""
        return self.tokens[members[0] if len(members) == 1 else members]

    @property
    def keys(self) -> list[str]:
        """The parameters that hold the keys."""
        return [f"v{slot}" for slot in self.definition.key_slots]

    @property
    def grids(self) -> dict[int, Grids]:
        """The grids of keys that are intervals, by slot."""
        keys = zip(self.definition.key_slots, self.definition.rule.keys, strict=True)
        return {slot: self.machine.grids(key.grid) for slot, key in keys if isinstance(key, TimeKey) and key.grid}

    # functions -------------------------------------------------------------------------------------------

    def function(self, mode: Mode) -> str:
        """Return the name of the function that computes the definition in a mode.

        Its parameters are the row, the keys, and what the mode leaves open: the day where the value varies, the month.
        """
        name = f"{mode}{self.definition.number}"
        self.machine.promise(name, self._parameters(mode), lambda: self._write(name, mode))
        return name

    def entry(self) -> str:
        """Return the name of the function that computes it on a day of the month for whatever row."""
        if not self.calm:
            return self.function(Mode.PRESENT)
        name = f"e{self.definition.number}"
        self.machine.promise(name, self._parameters(Mode.PRESENT), lambda: self._write_entry(name))
        return name

    def shown(self, mode: Mode, step: int) -> str:
        """Return the name of the function that computes a step of a charge which is only printed."""
        name = f"{mode}{self.definition.number}shown{step}"
        parameters = ["row"] if mode is Mode.STEADY else ["row", "day"]
        self.machine.promise(name, parameters, lambda: self._write_shown(name, parameters, mode, step))
        return name

    def _parameters(self, mode: Mode) -> list[str]:
        when = {
            Mode.STEADY: [],
            Mode.PRESENT: ["day"] if self.varies else [],
            Mode.OUTSIDE: ["day"],
            Mode.PAST: ["day", "term"],
        }
        return ["row", *self.keys, *when[mode]]

    def _unit(self, name: str) -> Unit:
        plan = self.definition
        return Unit(self.machine, name, plan.steps, definition=plan, cutter=self.cutter, writers=WRITERS)

    def _place(self, mode: Mode) -> Place:
        day = "START" if mode is Mode.STEADY or (mode is Mode.PRESENT and not self.varies) else "day"
        term = "term" if mode is Mode.PAST else "TERM"
        slots = (0, *self.definition.key_slots)
        grids = tuple(self.grids)
        if self.machine.hook is not None:
            return Place(mode=mode, slots=slots, day=day, term=term, start=day, end=day, grids=grids)
        return Place(mode=mode, slots=slots, day=day, term=term, grids=grids)

    # texts -----------------------------------------------------------------------------------------------

    def _write_entry(self, name: str) -> None:
        parameters = self._parameters(Mode.PRESENT)
        steady, present = self.function(Mode.STEADY), self.function(Mode.PRESENT)
        row = ", ".join(["row", *self.keys])
        self._unit(name).finish(
            parameters, [f"return {steady}({row}) if steady(row) else {present}({', '.join(parameters)})"]
        )

    def _write_shown(self, name: str, parameters: list[str], mode: Mode, step: int) -> None:
        unit = self._unit(name)
        place = Place(mode=mode, slots=(0,), day="START" if mode is Mode.STEADY else "day")
        unit.finish(parameters, ["memo = row.memo", f"return {unit.text(step, place).code}"])

    def _write(self, name: str, mode: Mode) -> None:
        unit, place = self._unit(name), self._place(mode)
        seen = f"({''.join(f'{key}, ' for key in self.keys)})"
        recalled, refused, failed, left = "memo[key]", "memo[FAILED][key]", "problem", "value"
        entered: list[str] = []
        if unit.watched:
            recalled, refused = (
                f"{unit.watch}.recall(row, {seen}, {place.day}, {place.term}, {x})" for x in (recalled, refused)
            )
            entered = [f"{unit.watch}.enter({seen}, {unit.seen(place)})"]
            failed, left = (f"{unit.watch}.leave({x}, {unit.seen(place)})" for x in (failed, left))
        unit.finish(
            self._parameters(mode),
            [
                "memo = row.memo",
                *(f"g{slot} = {unit.bind(grid)}(row)" for slot, grid in self.grids.items()),
                *self._key_lines(unit, mode),
                "if key in memo:",
                f"    return {recalled}",
                "if FAILED in memo and key in memo[FAILED]:",
                f"    raise {refused}.with_traceback(None)",
                *entered,
                "try:",
                *indented(self._guarded(unit, place)),
                "except DataProblem as found:",
                "    problem = memo.setdefault(FAILED, {})[key] = settled(found, row)",
                f"    raise {failed} from None",
                "memo[key] = value",
                f"return {left}",
            ],
        )

    def _key_lines(self, unit: Unit, mode: Mode) -> list[str]:
        """Return the lines that set ``key``, under which the row remembers, and ``day``, the first of its piece."""
        members = ", ".join(self.keys)
        token = f"{unit.bind(self.tokens)}[{members}]" if members else unit.bind(self.token(()))
        cutter, month = self.cutter, self.cutter.month
        varies = self.varies
        match mode:
            case Mode.STEADY:
                return [f"key = {token}"]
            case Mode.OUTSIDE:
                entry = f"{self.entry()}({', '.join(['row', *self.keys, 'day'])})"
                return ["if START <= day < END:", f"    return {entry}", f"key = ({token}, day)"]
            case Mode.PAST:
                first = f"{unit.bind(cutter)}.first_day(row, day, term)" if varies else "term.start"
                return [f"day = {first}", f"key = ({token}, day, term)"]
        if not varies:
            return [f"key = {token}"]
        if not month.daily and not month.by_row and len(month.fixed) == 1:
            return ["day = START", f"key = {token}"]
        return [
            f"starts = memo[{unit.bind(month)}] if {unit.bind(month)} in memo else {unit.bind(month)}.in_month(row)",
            "if len(starts) == 1:",
            "    day = START",
            f"    key = {token}",
            "else:",
            "    day = starts[bisect_right(starts, day) - 1]",
            f"    key = ({token}, day)",
        ]

    # the body --------------------------------------------------------------------------------------------

    def _guarded(self, unit: Unit, place: Place) -> list[str]:
        """Return the lines that set ``value``, :data:`NO_LINE` for a charge that does not apply."""
        plan, rule = self.definition, self.definition.rule
        if not rule.is_charge:
            return [*self._in_force(unit, place), *self._body(unit, place)]
        start, end = place.month
        tests = [] if rule.start is None else [f"({rule.start} < {end})"]
        tests += [] if rule.until is None else [f"({start} < {rule.until})"]
        tests += [condition(unit, n, place) for n in (plan.applies, plan.when) if n is not None]
        test = " and ".join(tests)
        if unit.watched:
            test = f"{unit.watch}.applies(row, ({test or True}))"
        if not test:
            return self._body(unit, place)
        return [f"if {test}:", *indented(self._body(unit, place)), "else:", "    value = NO_LINE"]

    def _in_force(self, unit: Unit, place: Place) -> list[str]:
        """Return the lines that refuse a rule that has no value on a day (D0303)."""
        plan, rule = self.definition, self.definition.rule
        lines = []
        if rule.start is not None or rule.until is not None:
            first = "" if rule.start is None else f"{rule.start} <= "
            last = "" if rule.until is None else f" < {rule.until}"
            lines += [f"if not {first}{place.day}{last}:", f"    {unit.bind(self.not_in_force)}({place.day})"]
        if plan.applies is not None:
            lines += [f"if not {condition(unit, plan.applies, place)}:", f"    {unit.bind(self.not_applying)}()"]
        return lines

    def _body(self, unit: Unit, place: Place) -> list[str]:
        """Return the lines that choose, compute and check the value."""
        plan, rule = self.definition, self.definition.rule
        won = unit.bind(self.won) if rule.is_charge and not self._single else None
        choices = Choices(unit, plan, place, won)
        lines = choices.lines()
        suspicious = ["value is None"] if choices.optional else []
        if rule.type.kind == "number":
            ranged = rule.low is not None or rule.high is not None
            suspicious.append("True" if ranged else "not 0 <= value.numerator < HUGE or value.denominator >= HUGE")
        if suspicious:
            lines += [f"if {' or '.join(suspicious)}:", f"    {unit.bind(self.check)}(value)"]
        return lines

    # what the functions call -----------------------------------------------------------------------------

    def not_in_force(self, day: int) -> NoReturn:
        """Raise D0303 for a day outside the rule's dates."""
        raise DataProblem("D0303", f"{self.definition.rule.name} is not in force on {show_day(day)}")

    def not_applying(self) -> NoReturn:
        """Raise D0303 for a row to which the rule's module does not apply."""
        rule = self.definition.rule
        raise DataProblem("D0303", f"the module {rule.module} does not apply here, so {rule.name} has no value")

    def check(self, value: Datum) -> None:
        """Raise :class:`DataProblem` (D0401, D0405, D0406, D0409) for a value that the rule may not have."""
        rule = self.definition.rule
        if value is None:
            if not rule.type.optional:
                raise DataProblem("D0405", f"{rule.name} is absent, but it is not declared optional")
            return
        bits = max(value.numerator.bit_length(), value.denominator.bit_length())
        if bits > MOST_BITS:
            raise DataProblem(
                "D0409",
                f"{rule.name} would be a number of {bits:_} bits; exact numbers have {MOST_BITS:_} at most: "
                "round what is multiplied or divided again and again",
            )
        if not self._signed and value.numerator < 0:
            about = f" ({rule.doc})" if rule.doc else ""
            raise DataProblem(
                "D0401",
                f"{rule.name}{about} would be {exact(value)}; it may be negative only if it is declared `signed`",
            )
        if (rule.low is not None and value < rule.low) or (rule.high is not None and value > rule.high):
            low, high = ("" if bound is None else exact(bound) for bound in (rule.low, rule.high))
            raise DataProblem("D0406", f"{rule.name} would be {exact(value)}, outside {low}..{high}")

    def winner(self, row: Row) -> int:
        """Return the index of the alternative that made a charge's line."""
        return 0 if self._single else row.memo[self.won]


def settled(problem: DataProblem, row: Row) -> DataProblem:
    """Return a problem that leaves a definition: it names its row, and no ``else`` catches it any more."""
    where = f"{row.entity} {row.id}"
    return DataProblem(
        problem.code,
        problem.message,
        row=problem.row or row.id,
        field=problem.field,
        caused_by=problem.caused_by or where,
    )
