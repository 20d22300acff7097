"""Proofs of a plan, which say nothing of a month: made once for all months that a process charges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

from attrs import asdict

from kommres.dsl.plan import prove as proving

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kommres.dsl.bound.nodes import Param, Value
    from kommres.dsl.plan.nodes import Plan
    from kommres.dsl.plan.proofs import Assumptions, Proofs

_known: Final[WeakKeyDictionary[Plan, dict[tuple[Any, ...], Proofs]]] = WeakKeyDictionary()


def prove(
    plan: Plan, assumed: Assumptions, *, overrides: Sequence[tuple[Param, tuple[object, ...] | None, Value]] = ()
) -> Proofs:
    """Return what is proved of a plan, see :func:`kommres.dsl.plan.prove.prove`."""
    if overrides or assumed.inputs:
        return proving.prove(plan, assumed, overrides=overrides)
    key = key_of(assumed)
    proofs = _known.setdefault(plan, {})
    if key not in proofs:
        proofs[key] = proving.prove(plan, assumed)
    return proofs[key]


def key_of(assumed: Assumptions) -> tuple[Any, ...]:
    """Return what is assumed beside inputs, as a key."""
    return tuple(asdict(assumed, recurse=False, filter=lambda one, _: one.name != "inputs").values())
