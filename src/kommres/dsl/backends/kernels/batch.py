"""What kernels read and write: columns of whole numbers, a table for each entity, and the lines of charges.

A cell is a whole number of steps of 1/``scale``. What is no number is coded: yes/no as 0 and 1, members of enumerations
by their place, dates as day numbers, instants as seconds, ids and text as codes of :class:`Names`. A cell that holds
nothing is ``low - 1``; one that a kernel cannot use (it could not be read, is out of range, or off the grid) is
``low - 2`` or anything else outside ``low .. high``: rows that need it are the interpreter's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from threading import Lock
from typing import TypeAlias

import numpy as np
from attrs import define, field, frozen
from numpy.typing import NDArray

from kommres.dsl.backends.rows import InputKey
from kommres.dsl.bound.nodes import Grid
from kommres.dsl.plan.nodes import DefinitionPlan

#: Whole numbers of any width.
Cells: TypeAlias = "NDArray[np.signedinteger]"
#: Places: ``offsets[i] .. offsets[i + 1]`` are what belongs to row i. Of size 0 where nothing belongs to any row.
Offsets: TypeAlias = "NDArray[np.int64]"
#: In arrays of results: the row is the interpreter's; the value is absent.
LEFT, NOTHING = -(1 << 63), -(1 << 63) + 1
#: The latest end of an interval that has not ended.
OPEN = 1 << 62


@frozen(kw_only=True)
class Coding:
    """How the cells of an input or of an event's field are coded. ``members``: of an enumeration, in order.

    ``optional``: a cell may hold nothing; else a cell that holds nothing is coded as one that cannot be used.
    """

    kind: str  # number yes_no date instant id enum
    low: int
    high: int
    scale: int = 1
    optional: bool = False
    members: tuple[str, ...] = ()

    @property
    def absent(self) -> int:
        """The code of a cell that holds nothing."""
        return self.low - 1

    @property
    def unusable(self) -> int:
        """The code of a cell for the interpreter."""
        return self.low - 2

    @property
    def dtype(self) -> np.dtype[np.signedinteger]:
        """The narrowest type that holds all codes."""
        for width in (np.int8, np.int16, np.int32):
            if np.iinfo(width).min <= self.unusable and self.high <= np.iinfo(width).max:
                return np.dtype(width)
        return np.dtype(np.int64)


@frozen(kw_only=True)
class SeriesCoding:
    """How the cells of a series are coded, and in which intervals it has one.

    An interval without a value is coded as a cell that holds nothing, also where the series is not optional. ``times``:
    the code of one declared step of a number.
    """

    coding: Coding
    grid: Grid
    times: int = 1


@frozen(kw_only=True)
class Layout:
    """What the kernels of a program read.

    ``inputs``: entity -> (input, members of its keys) -> coding. ``varying``: which of them may change inside the
    month. ``events``: entity -> event -> field -> coding; an event with an interval has the fields ``from`` and ``to``.
    ``past``: what is read of past months: the keys of inputs, and of charges whose closed results are read (their id
    and no members). ``series``: entity -> series -> coding. ``outside``: which of the varying inputs are read on days
    before or after the month.
    """

    inputs: Mapping[str, Mapping[InputKey, Coding]]
    varying: frozenset[tuple[str, InputKey]]
    events: Mapping[str, Mapping[str, Mapping[str, Coding]]]
    past: Mapping[str, Mapping[InputKey, Coding]] = field(factory=dict)
    series: Mapping[str, Mapping[str, SeriesCoding]] = field(factory=dict)
    outside: frozenset[tuple[str, InputKey]] = frozenset()


@frozen(kw_only=True, eq=False)
class Changes:
    """Values that begin on a day: of row i from ``days[j]`` on ``values[j]``, j in order of days.

    Those of a month are the ones after its first day and before its end.
    """

    offsets: Offsets
    days: NDArray[np.int32]
    values: Cells


@frozen(kw_only=True, eq=False)
class Column:
    """Cells of an input: what holds on the first day of the month, and the changes inside it.

    ``values`` may be of any signed type that is wide enough. ``changes`` None: no row changes. ``always``: all values
    ever of rows that change before or after the month, from day 1 on; None: no row does, or nobody asks (the layout
    names who does).
    """

    values: Cells
    changes: Changes | None = None
    always: Changes | None = None


@frozen(kw_only=True, eq=False)
class Events:
    """Event rows of all rows of a table, in the order of :attr:`kommres.dsl.backends.rows.Row.events`.

    An interval that cannot be read has the codes of unusable cells.
    """

    offsets: Offsets
    fields: Mapping[str, Cells]


@frozen(kw_only=True, eq=False)
class Past:
    """Values of past months: of row i in the month ``months[j]`` ``values[j]``, j in order of months.

    Months are counted as in :attr:`kommres.dsl.backends.rows.Row.history`; each stands once. What was not supplied is
    not there.
    """

    offsets: Offsets
    months: NDArray[np.int32]
    values: Cells


@frozen(kw_only=True, eq=False)
class Table:
    """Rows of an entity. Rows of one parent lie side by side, in the order of their parents.

    ``usable``: 0 for rows that cannot be used as a whole (none are where it is None). ``parent``: the place of each
    row's parent in the parent's table. ``children``: entity directly below -> offsets. ``series``: a row of cells for
    each row, in the order of the intervals of its time zone; it is as wide as the longest of them, what lies beyond a
    row's own intervals is not read. What the layout names and the data do not have is missing from ``columns``,
    ``events``, ``past`` and ``series``.
    """

    entity: str
    count: int
    usable: NDArray[np.uint8] | None = None
    parent: NDArray[np.int64] | None = None
    children: Mapping[str, Offsets] = field(factory=dict)
    columns: Mapping[InputKey, Column] = field(factory=dict)
    events: Mapping[str, Events] = field(factory=dict)
    past: Mapping[InputKey, Past] = field(factory=dict)
    series: Mapping[str, Cells] = field(factory=dict)


@frozen(kw_only=True, eq=False)
class Batch:
    """Whole trees: tables by entity."""

    tables: Mapping[str, Table]


@define(eq=False)
class Names:
    """Texts and their codes. Equal texts have equal codes as long as it lives."""

    texts: list[str] = field(factory=list)
    _codes: dict[str, int] = field(factory=dict)
    _lock: Lock = field(factory=Lock, repr=False)

    def code(self, text: str) -> int:
        """Return the code of a text; a new one if it was never seen."""
        found = self._codes.get(text)
        if found is None:
            with self._lock:
                found = self._codes.setdefault(text, len(self.texts))
                if found == len(self.texts):
                    self.texts.append(text)
        return found

    def begin(self, texts: Iterable[str]) -> bool:
        """Give the first codes to some texts, in order. False where others have them: then nothing is done."""
        with self._lock:
            if self.texts:
                return False
            self.texts.extend(texts)
            self._codes.update(zip(self.texts, range(len(self.texts)), strict=True))
            return True

    def codes(self, texts: Iterable[str]) -> NDArray[np.int32]:
        """Return the codes of some texts."""
        return np.array([self.code(text) for text in texts], np.int32)


@frozen(kw_only=True, eq=False)
class Shown:
    """A volume or tariff that a line shows: ``above / below`` where ``given`` is not 0, else nothing.

    ``below`` is above zero; it may be one number for all rows.
    """

    given: NDArray[np.uint8]
    above: NDArray[np.int64]
    below: NDArray[np.int64] | int


@frozen(kw_only=True, eq=False)
class Lines:
    """The lines that a charge makes, row by row: ``amount[i] / scale`` where ``present[i]`` is not 0.

    ``left``: rows in which the interpreter must compute the charge; what else is said of them means nothing.
    ``winner``: index of the alternative that made the line, one number if there is only one. ``options``: option id and
    its choice for each row as an index into ``choices``, or the one choice for all rows.
    """

    charge: DefinitionPlan
    present: NDArray[np.uint8]
    amount: NDArray[np.int64]
    scale: int
    winner: NDArray[np.int16] | int
    volume: Shown | None = None
    price: Shown | None = None
    options: tuple[tuple[str, tuple[str, ...], NDArray[np.int16] | str], ...] = ()

    @property
    def left(self) -> NDArray[np.bool_]:
        """Rows of the interpreter."""
        found: NDArray[np.bool_] = self.amount == LEFT
        return found


@frozen(kw_only=True, eq=False)
class Charged:
    """All charges of an entity in the order of a bill.

    ``left``: not 0 for rows in which the interpreter must compute at least one charge; each says which.
    """

    entity: str
    left: NDArray[np.uint8]
    lines: tuple[Lines, ...]
