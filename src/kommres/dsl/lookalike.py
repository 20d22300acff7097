"""Values that look alike but are not the same: for "did you mean" in messages about data."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from kommres.dsl.diagnostics import closest

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Cyrillic letters that look like Latin ones, and the digits that letters are taken for.
_TWINS = str.maketrans("аеорсухкмтнвіјѕАЕОРСУХКМТНВІЈЅ", "aeopcyxkmthbijsAEOPCYXKMTHBIJS")
_MIXED = re.compile("[A-Za-z][\u0400-\u04ff]|[\u0400-\u04ff][A-Za-z]")


def skeleton(text: str) -> str:
    """Return what a reader sees: blanks around, case and look-alike letters of another alphabet do not count."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().translate(_TWINS).split())


def mixes_alphabets(text: str) -> bool:
    """Whether Latin and Cyrillic letters stand side by side in a word."""
    return _MIXED.search(text) is not None


def nearest_hint(value: object, known: Iterable[object]) -> str:
    """Return a hint at the known value most like ``value``, saying what differs; an empty text if none is like it."""
    words = [word for word in known if isinstance(word, str)]
    if not isinstance(value, str) or not words:
        return ""
    seen = skeleton(value)
    twin = next((word for word in words if skeleton(word) == seen), None)
    if twin is not None:
        return f'; it looks like "{twin}" but {_difference(value, twin)}'
    near = closest(value, words) or closest(seen, words)
    return f'; did you mean "{near}"?' if near else ""


def _difference(value: str, twin: str) -> str:
    for position, (have, want) in enumerate(zip(value, twin, strict=False), start=1):
        if have != want and have.casefold() != want.casefold():
            return f"character {position} is {_named(have)}, not {_named(want)}"
    if value.strip() != value or len(value) != len(twin):
        return "has other blanks"
    return "has other capital letters"


def _named(char: str) -> str:
    return f"{char!r} ({unicodedata.name(char, 'unnamed').capitalize()})"
