"""What an explanation is: lines with the facts behind them, as text and as data."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Iterator

Data: TypeAlias = dict[str, object]


@frozen(kw_only=True)
class Entry:
    """A line of an explanation, the facts behind it, and what it rests on."""

    line: str
    facts: Data = field(factory=dict)
    entries: tuple[Entry, ...] = ()
    hidden: bool = False

    def lines(self, indent: int = 0) -> Iterator[str]:
        """Yield the text, indented by two blanks a level."""
        if not self.hidden:
            yield "  " * indent + self.line
            for entry in self.entries:
                yield from entry.lines(indent + 1)

    def data(self) -> Data:
        """Return the same as JSON takes it; ``text`` is the line."""
        below = [entry.data() for entry in self.entries]
        return {**self.facts, "text": self.line, **({"steps": below} if below else {})}


@frozen(kw_only=True)
class Explanation:
    """Explained lines of one account."""

    entries: tuple[Entry, ...]

    @property
    def text(self) -> str:
        """Text for people."""
        text = before = ""
        for entry in self.entries:
            block = "\n".join(entry.lines())
            # Single lines stand together, blocks apart.
            apart = "\n\n" if "\n" in before + block else "\n"
            text += (apart if text else "") + block
            before = block
        return text

    @property
    def data(self) -> list[Data]:
        """Data for programs: exact numbers as text."""
        return [entry.data() for entry in self.entries]

    def __str__(self) -> str:
        return self.text
