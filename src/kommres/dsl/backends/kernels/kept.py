"""Drawings of a plan that hold for every month: made once for all months that a process charges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from kommres.dsl.backends.kernels.batch import Names
    from kommres.dsl.backends.kernels.drawing import Drawing  # noqa: TC004 - only in annotations
    from kommres.dsl.plan.nodes import Plan


@frozen(eq=False)
class _Kept:
    """A drawing, and the texts that had codes when it was finished."""

    drawing: Drawing
    texts: tuple[str, ...]


_known: Final[WeakKeyDictionary[Plan, dict[Hashable, _Kept]]] = WeakKeyDictionary()
#: What depends on time alone is found by functions of one month.
_OF_A_MONTH: Final = frozenset({"hours", "zones", "series", "series rows"})


def kept(plan: Plan, key: Hashable, names: Names, draw: Callable[[], Drawing]) -> Drawing:
    """Return a drawing of kernels for changing rows that was made before for another month, or draw.

    Parameters
    ----------
    plan
        What is charged.
    key
        What else the drawing depends on, save the month.
    names
        Codes of texts. Those of a drawing that was kept are added, which is possible as long as it has none.
    draw
        Makes the drawing.
    """
    drawings = _known.setdefault(plan, {})
    found = drawings.get(key)
    if found is not None and not names.texts:
        names.codes(found.texts)
        return found.drawing
    fresh = not names.texts
    drawing = draw()
    if fresh and not any(a.path[0] in _OF_A_MONTH for kernel in drawing.kernels for a in kernel.arguments):
        drawings[key] = _Kept(drawing, tuple(names.texts))
    return drawing
