"""Bounds on rule text that may come from strangers, each with its own code, so that a host can tell them apart."""

from __future__ import annotations

from attrs import frozen


@frozen(kw_only=True)
class Limits:
    """How much of what a program may have; see ``CODES`` for the code of each field.

    Examples
    --------
    >>> Limits(tokens=1000).tokens
    1000
    """

    bytes: int = 1_048_576  # of one file
    program_bytes: int = 4_194_304  # of all rule files of one program
    tokens: int = 32_000  # of one file
    nesting: int = 64  # of expressions and parentheses
    digits: int = 40  # of one number
    text: int = 4_000  # characters of one quoted text
    line: int = 4_000  # characters of one line
    name: int = 200  # characters of one name, dots included
    items: int = 20_000  # of one file
    errors: int = 50  # syntax errors of one file that are reported, and half of what is reported of a program
    modules: int = 1_000  # of one program
    table_bytes: int = 8_388_608  # of one table
    table_rows: int = 80_000  # of all tables of one program
    plan_steps: int = 1_000_000  # of one compiled program
    alternatives: int = 300  # of one rule, with what overlays add


DEFAULT = Limits()

#: Field -> code of the diagnostic that refuses more.
CODES: dict[str, str] = {
    "bytes": "K0901",
    "tokens": "K0902",
    "nesting": "K0903",
    "digits": "K0904",
    "text": "K0905",
    "line": "K0906",
    "name": "K0907",
    "items": "K0908",
    "modules": "K0909",
    "table_rows": "K0910",
    "plan_steps": "K0911",
    "errors": "K0912",
    "alternatives": "K0913",
    "program_bytes": "K0914",
    "table_bytes": "K0915",
}
