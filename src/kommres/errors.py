"""All errors of kommres: one base, four families, stable codes, facts as attributes.

The first letter of a code names the family: ``K`` rules, ``D`` data, ``U`` usage, ``P`` plugins. A code never
changes its meaning, so a host may branch on it; the wording may change in any release.
"""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar


class KommresError(Exception):
    """Base of all errors that kommres raises on purpose.

    Parameters
    ----------
    found
        What was found.
    code
        Stable code; each family has a general one for errors without their own.
    where
        File, line, row, column, name of a distribution: where to look.
    why
        Why it cannot be.
    todo
        What to do about it.
    **data
        Facts behind the message, each readable as an attribute of the error.

    Examples
    --------
    >>> error = DataError(
    ...     "volume -3 m3", code="D0001", where="row 7", why="a volume is not negative",
    ...     todo="correct the reading", row=7,
    ... )
    >>> print(error)
    D0001: volume -3 m3 (row 7): a volume is not negative. What to do: correct the reading.
    >>> error.row
    7
    """

    family_code: ClassVar[str] = "X0000"

    def __init__(
        self,
        found: str,
        *,
        code: str | None = None,
        where: str = "",
        why: str = "",
        todo: str = "",
        **data: object,
    ) -> None:
        super().__init__(found)
        self.code = code or self.family_code
        self.found = found
        self.where = where
        self.why = why
        self.todo = todo
        self.data: Mapping[str, object] = data

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - each code has its own facts
        # `data` itself is missing while an error is being unpickled.
        data = self.__dict__.get("data", {})
        if name in data:
            return data[name]
        message = f"{type(self).__name__} {self.__dict__.get('code', '')} carries no {name!r}"
        raise AttributeError(message, name=name, obj=self)

    def __str__(self) -> str:
        text = f"{self.code}: {self.found}"
        if self.where:
            text += f" ({self.where})"
        if self.why:
            text += f": {self.why}"
        if self.todo:
            end = "" if self.todo.endswith("?") else "."
            text = f"{text.rstrip('.')}. What to do: {self.todo.rstrip('.')}{end}"
        return text

    # Errors travel between worker processes; the default way would call the constructor with too little.
    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...], dict[str, object]]:
        return _blank, (type(self), self.args), self.__dict__

    def to_dict(self) -> dict[str, object]:
        """Return the error as plain data, for logs and JSON."""
        parts = {"code": self.code, "found": self.found, "where": self.where, "why": self.why, "todo": self.todo}
        return {**parts, "data": dict(self.data)}


def _blank(kind: type[KommresError], args: tuple[object, ...]) -> KommresError:
    return kind.__new__(kind, *args)


class RulesError(KommresError):
    """Rule text that does not say what can be run; ``diagnostics`` holds each finding where there are several."""

    family_code = "K0000"


class DataError(KommresError):
    """Data that cannot be charged as a whole: a missing column, a wrong type. A bad row goes to quarantine instead."""

    family_code = "D0000"


class UsageError(KommresError):
    """A call that cannot mean anything: a wrong argument, an unknown name, an option that does not exist."""

    family_code = "U0000"


class PluginError(KommresError):
    """A resource plugin that is missing, refused, broken or made for another version."""

    family_code = "P0000"
