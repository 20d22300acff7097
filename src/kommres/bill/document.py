"""What a bill for people is, before it is laid out: sections of steps, a table, notes. All text is in its language."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from attrs import evolve, field, frozen

from kommres.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

Data: TypeAlias = dict[str, object]


@frozen(kw_only=True)
class Step:
    """A line of a calculation with what it rests on.

    ``notes``: numbers of the grounds. ``folded``: what a reader does not need first. ``facts``: the same as data.
    """

    text: str
    notes: tuple[int, ...] = ()
    steps: tuple[Step, ...] = ()
    folded: bool = False
    facts: Data = field(factory=dict)

    def data(self) -> Data:
        """Return the step as JSON takes it."""
        below = [step.data() for step in self.steps]
        return {
            **self.facts,
            "text": self.text,
            **({"notes": list(self.notes)} if self.notes else {}),
            **({"detail": True} if self.folded else {}),
            **({"steps": below} if below else {}),
        }

    def walk(self) -> Iterator[Step]:
        """Yield the step and all below it."""
        yield self
        for step in self.steps:
            yield from step.walk()


@frozen(kw_only=True)
class Table:
    """Rows of cells; the last columns, ``figures`` of them, hold numbers. ``total``: the last row."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    figures: int
    total: tuple[str, ...] = ()


@frozen(kw_only=True)
class Section:
    """A part of a bill: a service with its lines, or what was not charged."""

    title: str
    steps: tuple[Step, ...]
    closing: str = ""
    folded: bool = False


@frozen(kw_only=True)
class Note:
    """A ground of the calculation: where in an act, and whether its text was compared with the act."""

    number: int
    text: str
    facts: Data = field(factory=dict)


@frozen(kw_only=True)
class Act:
    """An act that the grounds name in short."""

    act: str
    text: str


@frozen(kw_only=True)
class Document:
    """A bill in one language.

    ``heading``: lines below the title; ``words``: titles of the parts that layouts need; ``facts``: the whole as data.
    """

    language: str
    title: str
    heading: tuple[str, ...]
    table: Table | None
    remark: str
    sections: tuple[Section, ...]
    total: str
    notes: tuple[Note, ...]
    acts: tuple[Act, ...]
    words: dict[str, str]
    facts: Data = field(factory=dict, repr=False)

    @property
    def data(self) -> Data:
        """The bill for programs: numbers are exact text."""
        return self.facts

    @property
    def text(self) -> str:
        """The bill as plain text, without details."""
        return self.written()

    @property
    def markdown(self) -> str:
        """The bill as Markdown, without details."""
        return self.written("markdown")

    @property
    def html(self) -> str:
        """The bill as a page that stands alone; details are folded."""
        return self.written("html")

    def written(self, form: str = "text", *, details: bool = False) -> str:
        """Return the bill as ``text``, ``markdown`` or ``html``; ``details``: with what a reader does not need first.

        A page always holds them.
        """
        from kommres.bill import html, markdown, text

        shown = self if details else self.trimmed()
        match form:
            case "text":
                return text.text(shown)
            case "markdown":
                return markdown.markdown(shown)
            case "html":
                return html.html(self)
            case _:
                raise UsageError(f"no form {form!r} of a bill", todo="it is text, markdown or html")

    def __str__(self) -> str:
        return self.text

    def trimmed(self) -> Document:
        """Return the bill without details; its grounds are numbered anew."""
        numbers: dict[int, int] = {}
        sections = tuple(
            evolve(section, steps=tuple(_trimmed(step, numbers) for step in section.steps if not step.folded))
            for section in self.sections
            if not section.folded
        )
        kept = [evolve(note, number=numbers[note.number]) for note in self.notes if note.number in numbers]
        notes = tuple(sorted(kept, key=lambda note: note.number))
        named = {str(note.facts["act"]) for note in notes}
        acts = tuple(act for act in self.acts if act.act in named)
        return evolve(self, sections=sections, notes=notes, acts=acts)


def _trimmed(step: Step, numbers: dict[int, int]) -> Step:
    notes = tuple(numbers.setdefault(number, len(numbers) + 1) for number in step.notes)
    below = tuple(_trimmed(inner, numbers) for inner in step.steps if not inner.folded)
    return evolve(step, notes=notes, steps=below)
