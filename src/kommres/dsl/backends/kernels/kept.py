"""Drawings of a plan that hold for every month: made once for all months that a process charges."""

from __future__ import annotations

from threading import Lock
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
_lock: Final = Lock()
#: So many drawings of a plan are kept, the latest ones: a process may ask for what was known on any number of days.
_MOST: Final = 8
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
        Codes of texts: gets those of the drawing. One that was kept can be had only as long as there are none.
    draw
        Makes the drawing.
    """
    with _lock:
        found = _known.get(plan, {}).get(key)
    if found is not None and names.begin(found.texts):
        return found.drawing
    fresh = not names.texts
    drawing = draw()
    if fresh and not any(a.path[0] in _OF_A_MONTH for kernel in drawing.kernels for a in kernel.arguments):
        with _lock:
            drawings = _known.setdefault(plan, {})
            drawings.pop(key, None)
            if len(drawings) >= _MOST:
                del drawings[next(iter(drawings))]
            drawings[key] = _Kept(drawing, tuple(names.texts))
    return drawing
