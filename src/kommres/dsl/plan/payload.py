"""What a step carries besides its arguments: its shape is that of the operation, see :class:`Op`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kommres.dsl.plan.nodes import Step


def payload(step: Step) -> Any:  # noqa: ANN401 - by operation
    """Return what a step carries."""
    return step.data
