"""Citations as the notes of a bill: ``п. 42 Правил № 354, формула 4 прил. 2``."""

from __future__ import annotations

import datetime
from itertools import groupby
from typing import TYPE_CHECKING

from attrs import define, field

from kommres.bill.document import Act, Note
from kommres.bill.words import Words
from kommres.dsl.bound.nodes import Titles
from kommres.dsl.citing import citation as citation_facts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kommres.dsl.bound.nodes import Citation

#: Parts that hold others, the widest first: an annex has clauses, an article has parts.
_WIDE = ("annex", "section", "article", "part", "clause", "item", "paragraph")


@define(kw_only=True)
class Notes:
    """Numbers the grounds of a bill in the order in which they are first named."""

    words: Words
    titles: Titles
    _numbers: dict[tuple[str, str, str], Note] = field(factory=dict)
    _acts: dict[str, str] = field(factory=dict)

    def number(self, citations: Iterable[Citation]) -> tuple[int, ...]:
        """Return the numbers of citations."""
        return tuple(dict.fromkeys(self._note(item).number for item in citations))

    @property
    def notes(self) -> tuple[Note, ...]:
        """All grounds so far."""
        return tuple(self._numbers.values())

    @property
    def acts(self) -> tuple[Act, ...]:
        """Full titles of the acts that the grounds name in short."""
        return tuple(
            Act(act=act, text=self.words("act_line", short=self._short(act), title=title))
            for act, title in self._acts.items()
        )

    def _note(self, item: Citation) -> Note:
        key = (item.act, item.text, item.status)
        if key not in self._numbers:
            title = self._title(item)
            if item.parts and title != self._short(item.act):
                self._acts.setdefault(item.act, title)
            text = f"{self.place(item)}: {self._checked(item)}"
            facts = citation_facts(item) | {"number": len(self._numbers) + 1}
            self._numbers[key] = Note(number=len(self._numbers) + 1, text=text, facts=facts)
        return self._numbers[key]

    def _short(self, act: str) -> str:
        return self.titles.find(self.words.language, ("act", act), "of") or act

    def _title(self, item: Citation) -> str:
        return self.titles.find(self.words.language, ("act", item.act)) or item.act_title or item.act

    def place(self, item: Citation) -> str:
        """Return where in the act it stands. What stands in no annex is said first, with the act."""
        parts = list(item.parts)
        first = next((at for at, (word, _) in enumerate(parts) if word == "annex"), len(parts))
        groups = [self._inner(parts[:first])] if first else []
        rest = parts[first:]
        while rest:
            end = next((at for at, (word, _) in enumerate(rest) if at and word == "annex"), len(rest))
            groups.append(self._inner(rest[:end]))
            rest = rest[end:]
        if not groups:
            return self._title(item)
        act = self._short(item.act)
        return ", ".join([self.words("of_act", place=groups[0], act=act), *groups[1:]])

    def _inner(self, parts: list[tuple[str, str]]) -> str:
        """Return parts with the narrowest first where Russian wants it so; equal words are said once."""
        named = [(word, [text for _, text in same]) for word, same in groupby(parts, key=lambda part: part[0])]
        if self.words.language == "ru":
            named.sort(key=lambda part: -_WIDE.index(part[0]) if part[0] in _WIDE else -len(_WIDE))
        return " ".join(
            f"{self.words.cite_word(word, several=len(texts) > 1)} {', '.join(texts)}" for word, texts in named
        )

    def _checked(self, item: Citation) -> str:
        if item.status == "checked" and item.checked:
            day = datetime.date.fromisoformat(item.checked).toordinal()
            return self.words("note_checked", day=self.words.day(day))
        return self.words("note_open")
