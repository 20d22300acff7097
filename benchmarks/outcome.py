"""What a section of the suite hands back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from attrs import asdict, field, frozen

if TYPE_CHECKING:
    from pathlib import Path


@frozen(kw_only=True)
class Outcome:
    """``figures``: key -> value. ``bounds``: key -> what limits it. ``engines``: contest -> engine -> its card.

    ``micro``: micro benchmark -> median in microseconds. ``mismatches``: rows of ours that differ from the
    interpreter's; ``compared``: of how many.
    """

    figures: dict[str, float] = field(factory=dict)
    bounds: dict[str, str] = field(factory=dict)
    engines: dict[str, dict[str, dict[str, Any]]] = field(factory=dict)
    micro: dict[str, float] = field(factory=dict)
    mismatches: int = 0
    compared: int = 0

    def joined(self, other: Outcome) -> Outcome:
        """Return both as one."""
        return Outcome(
            figures=self.figures | other.figures,
            bounds=self.bounds | other.bounds,
            engines=self.engines | other.engines,
            micro=self.micro | other.micro,
            mismatches=self.mismatches + other.mismatches,
            compared=self.compared + other.compared,
        )

    def write(self, path: Path) -> None:
        """Write it for the process that asked."""
        path.write_text(json.dumps(asdict(self)), "utf-8")

    @classmethod
    def read(cls, path: Path) -> Outcome:
        """Read what a section wrote."""
        return cls(**json.loads(path.read_text("utf-8")))
