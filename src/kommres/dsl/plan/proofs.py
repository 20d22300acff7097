"""What is proved of a plan, and under which assumptions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from attrs import field, frozen

from kommres.dsl.plan.forms import Shape
from kommres.dsl.plan.ranges import Range
from kommres.dsl.plan.tiers import RoundProof

if TYPE_CHECKING:
    from fractions import Fraction


@frozen(kw_only=True)
class Assumptions:
    """What a proof takes for granted where rules declare nothing. A machine tests it for every row.

    ``items``: an aggregate goes through no more children, or pieces of events. ``number``: an input without a declared
    end is no greater, in its unit. ``grid``: an input without a step is a whole multiple of one over this. ``result``:
    the value of a rule without a declared end, and the sum of the absolute values of its terms, is no greater, in its
    unit. ``inputs``: what is known of supplied values, by the id of an input or of an event and its field
    (``my.water.absence.people``); it counts before ``number`` and ``grid``, within what is declared. ``still``: nothing
    changes inside the month, so that it is one slice. ``partial``: a choice between values, of which some have no
    quotient, is taken for the others; rows that take one of those are the interpreter's.
    """

    items: int = 1_000_000
    number: int = 100_000
    grid: int = 1_000_000
    result: int = 10_000_000
    inputs: Mapping[str, Range] = field(factory=dict)
    still: bool = False
    partial: bool = False


@frozen(kw_only=True)
class Guard:
    """A test of each row on which proofs rest; a row that fails it is the interpreter's.

    ``kind``: ``declared`` or ``assumed`` (the step's value lies in ``range`` and on its grid), ``items`` (the number of
    an aggregate's items), ``divisor`` (not zero), ``share`` (0 <= part <= whole), ``outcome`` (the interpreter refuses
    what lies outside), ``result`` and ``rounded`` (the sum of absolute terms is assumed to be no more than
    ``range.hi``, of the definition's value or of what a step rounds). ``step`` is None for ``outcome`` and ``result``:
    they are about the definition's value.
    """

    step: int | None
    kind: str
    range: Range


@frozen(kw_only=True, eq=False)
class Proof:
    """What is proved of a definition.

    ``ranges`` and ``shapes`` go by step: where its value lies whenever it is computed, and the value as a quotient of
    whole numbers. Both are None for what is no number, date or instant, and for what never has a value.
    ``comparisons``: bits that an exact comparison needs (of both sides, multiplied out) by step: comparisons, ``min``,
    ``max``, ``clamp`` and ``share``; None where one side has no such quotient. ``outcome``: the definition's value.
    """

    ranges: tuple[Range | None, ...]
    shapes: tuple[Shape | None, ...] = field(repr=False)
    rounds: tuple[RoundProof, ...]
    comparisons: dict[int, int | None]
    guards: tuple[Guard, ...]
    outcome: Range | None
    shape: Shape | None

    def guarded(self, step: int, value: int | Fraction) -> bool:
        """Whether a value of a step passes the tests of what was declared or assumed of it."""
        tests = ("declared", "assumed")
        return all(guard.range.holds(value) for guard in self.guards if guard.step == step and guard.kind in tests)


@frozen(kw_only=True, eq=False)
class Proofs:
    """Proofs of a plan: by definition number, and of each option's bindings in their order."""

    assumptions: Assumptions
    definitions: tuple[Proof, ...]
    options: tuple[tuple[Proof, ...], ...]

    @property
    def rounds(self) -> tuple[RoundProof, ...]:
        """All roundings of all definitions."""
        return tuple(r for proof in self.definitions for r in proof.rounds)
