"""What things are called in the languages of those who read bills and explanations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, TypeAlias

from attrs import field, frozen

from kommres.dsl.bound.declarations import Declared, Entity, Input, Rule, Series

if TYPE_CHECKING:
    from typing import Protocol

    from kommres.dsl.source import Span

    class Way(Protocol):
        """A way to compute a rule: an exception, a replacement."""

        @property
        def span(self) -> Span: ...

    Titled: TypeAlias = Declared | Entity | Rule

_CODES: Final = """
aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en
eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja
jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb
nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq
sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
"""

#: Languages by ISO 639-1.
LANGUAGES: Final = frozenset(_CODES.split())

#: What identifies a thing: ``("service", "cold_water")``, ``("input", "premises", "area")``.
Thing: TypeAlias = tuple[str, ...]


def key_of(item: Titled) -> Thing:
    """Return what identifies a declaration among the titles of a program."""
    match item:
        case Entity():
            return ("entity", item.name)
        case Input():
            return ("input", item.entity.name, item.name)
        case Rule():
            return ("rule", item.module, item.entity.name, item.name)
        case Series() if item.entity is not None:
            return ("input", item.entity.name, item.name)
        case _:
            return (type(item).__name__.lower(), item.module, item.name)


def key_of_way(way: Way) -> Thing:
    """Return what identifies an exception or a replacement: names of them are not unique."""
    return ("way", way.span.source.name, str(way.span.start))


@frozen
class Titles:
    """Titles by language and thing. What has none has the title ``""``.

    ``texts``: (language, part, what identifies the thing) -> title; the part ``""`` is the thing itself.
    """

    texts: Mapping[tuple[str, str, Thing], str] = field(factory=dict, repr=False)

    def find(self, language: str, key: Thing, part: str = "") -> str:
        """Return the title of what has a key: ``("service", "cold_water")``, ``("line", "base")``, ``("act", "x")``."""
        return self.texts.get((language, part, key), "")

    def of(self, item: Titled, language: str, part: str = "") -> str:
        """Return the title of a declaration, or of a member, choice or field of it."""
        return self.find(language, key_of(item), part)

    def of_way(self, way: Way, language: str) -> str:
        """Return the title of an exception or a replacement."""
        return self.find(language, key_of_way(way))

    def units(self, language: str) -> dict[str, str]:
        """Return what units are called in a language."""
        return {key[1]: text for (own, _, key), text in self.texts.items() if own == language and key[0] == "unit"}

    def by_thing(self) -> dict[Thing, dict[str, dict[str, str]]]:
        """Return key -> part -> language -> title, sorted."""
        found: dict[Thing, dict[str, dict[str, str]]] = {}
        for (language, part, key), text in sorted(self.texts.items()):
            found.setdefault(key, {}).setdefault(part, {})[language] = text
        return found
