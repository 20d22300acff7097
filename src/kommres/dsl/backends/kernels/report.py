"""Which charges of a program compile for a month and what is left to the interpreter, without making machine code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve, frozen

from kommres.collecting import undisturbed
from kommres.dsl.backends.kernels.batch import Names
from kommres.dsl.backends.kernels.builder import Note
from kommres.dsl.backends.kernels.drawing import drawn
from kommres.dsl.backends.kernels.hours import Hours
from kommres.dsl.backends.kernels.kernels import ASSUMED
from kommres.dsl.backends.kernels.layout import layout_of
from kommres.dsl.backends.kernels.proved import prove
from kommres.dsl.backends.machine import Machine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kommres.dsl.plan.nodes import DefinitionPlan, Plan
    from kommres.period import Month


@frozen(kw_only=True)
class Compiles:
    """What no kernel computes of a charge: rows that need it are the interpreter's.

    ``left``: of all rows; ``changing``: beside that, of rows on which something changes inside the month.
    """

    charge: str
    left: tuple[Note, ...] = ()
    changing: tuple[Note, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether kernels compute all of it."""
        return not (self.left or self.changing)


def report(plan: Plan, month: Month, charges: Sequence[DefinitionPlan]) -> tuple[Compiles, ...]:
    """Return for each of some charges of a program what compiles."""
    # They are drawn one by one only where something is left, to learn of which of them it is.
    if not any(_notes(plan, month, charges, still=still) for still in (True, False)):
        return tuple(Compiles(charge=charge.id) for charge in charges)
    return tuple(_of(plan, month, charge) for charge in charges)


def _of(plan: Plan, month: Month, charge: DefinitionPlan) -> Compiles:
    left, changing = (_notes(plan, month, (charge,), still=still) for still in (True, False))
    return Compiles(charge=charge.id, left=left, changing=tuple(note for note in changing if note not in left))


def _notes(plan: Plan, month: Month, charges: Sequence[DefinitionPlan], *, still: bool) -> tuple[Note, ...]:
    machine = Machine(plan, month, known_at=None, options={}, overrides=(), hook=None)
    layout, names = layout_of(plan, ASSUMED), Names()
    hours = Hours(machine, layout, names)
    with undisturbed():
        proofs = prove(plan, evolve(ASSUMED, still=still, partial=True))
        return drawn(machine, proofs, layout, names, hours, [charge.number for charge in charges]).notes


def to_json(compiles: Sequence[Compiles], month: Month) -> list[dict[str, object]]:
    """Return a report as data."""
    return [
        {
            "charge": one.charge,
            "period": str(month),
            "compiled": one.is_whole,
            "left": [
                {"rows": rows, "definition": note.definition, "step": note.step, "why": note.why}
                for rows, notes in (("all", one.left), ("changing", one.changing))
                for note in notes
            ],
        }
        for one in compiles
    ]


def show(compiles: Sequence[Compiles], month: Month) -> str:
    """Write a report: one line where all charges compile, otherwise each charge with what is left of it and why."""
    whole = sum(one.is_whole for one in compiles)
    if whole == len(compiles):
        return f"{'the charge compiles' if whole == 1 else f'all {whole} charges compile'} ({month})"
    lines = [f"{whole} of {len(compiles)} charges compile ({month}); the interpreter takes rows of the others"]
    for one in compiles:
        if one.is_whole:
            lines.append(f"{one.charge}: compiled")
            continue
        lines.append(f"{one.charge}: left to the interpreter are rows that need")
        lines += [f"    {_told(note)}" for note in one.left]
        lines += [f"    {_told(note)}, where something changes inside the month" for note in one.changing]
    return "\n".join(lines)


def _told(note: Note) -> str:
    return f"`{note.step}` of {note.definition}: {note.why}"
