"""The page of units and the table of units say the same."""

import re
from fractions import Fraction
from pathlib import Path

from kommres.units import ALIASES, CURRENCIES, Units

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "units.md"
ROW = re.compile(r"^\| `([^`]+)` \| ([^|]+) \| (base unit|`[^`]+`) \| ([^|]*) \|$", re.MULTILINE)
UNITS = Units.standard()


def magnitude(text):
    factor, _, unit = text.strip("`").partition(" ")
    if not unit and not factor[0].isdigit():
        return UNITS.magnitude(UNITS.parse(factor))
    scale, dimension = UNITS.magnitude(UNITS.parse(unit))
    return scale * Fraction(factor), dimension


def test_each_unit_stands_on_the_page_with_its_factor_and_spellings():
    rows = {
        name: (exactly, set(re.findall(r"`([^`]+)`", spellings)))
        for name, _, exactly, spellings in ROW.findall(PAGE.read_text("utf-8"))
    }
    assert rows.keys() == UNITS.atoms.keys() - CURRENCIES
    for name, (exactly, spellings) in rows.items():
        have = UNITS.magnitude(UNITS.parse(name))
        assert have == ((1, ((name, 1),)) if exactly == "base unit" else magnitude(exactly)), name
        assert spellings == {alias for alias, of in ALIASES.items() if of == name}, name
