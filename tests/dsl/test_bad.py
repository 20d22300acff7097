"""Bad programs and what is said about them.

After a wanted change of words: ``pytest tests/dsl/test_bad.py --reset -k K01``. Name the programs that are
meant, because a reset takes whatever is found now as right. A program may begin with ``# limits: tokens=8 nesting=3``.
Its ``.out`` file holds the plain lines, then the pictures.
"""

from __future__ import annotations

import re
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

from kommres.dsl import render
from kommres.dsl.diagnostics import Diagnostics
from kommres.dsl.limits import CODES, DEFAULT, Limits
from kommres.dsl.syntax.from_text import parse_bytes

BAD = sorted((Path(__file__).parent / "bad").glob("*.kmr"))
PAGES = sorted((Path(render.__file__).parent / "codes").glob("K*.md"))
# Limits that a later stage keeps.
LATER = {CODES[name] for name in ("modules", "plan_steps", "alternatives", "program_bytes", "table_bytes")}


def limits_of(text: str) -> Limits | None:
    found = re.match(r"# limits: (.*)", text)
    return Limits(**{key: int(value) for key, value in re.findall(r"(\w+)=(\d+)", found.group(1))}) if found else None


def check(data: bytes, name: str) -> Diagnostics:
    text = data.decode("utf-8", "replace")
    limits = limits_of(text)
    out = Diagnostics()
    parse_bytes(data, name, out, limits or DEFAULT)
    if limits is None and not out.errors and find_spec("kommres.dsl.pipeline"):
        checked: Diagnostics = import_module("kommres.dsl.pipeline").check_text(text, name)
        return checked
    return out


def block(page: Path, kind: str) -> bytes:
    found = re.search(rf"^```kommres-{kind}\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert found, f"{page.name} has no {kind} program"
    text = found.group(1)
    encoding = re.match(r"# encoding: (.*)", text)
    return text.encode(encoding.group(1) if encoding else "utf-8")


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_bad_program(path: Path, reset: bool) -> None:
    found = check(path.read_bytes(), path.name).sorted()
    assert found, "nothing is wrong with it"
    text = "".join(f"{render.plain(d)}\n" for d in found) + "\n" + render.pictures(found)
    expected = path.with_suffix(".out")
    if reset:
        expected.write_text(text, encoding="utf-8")
    assert text == expected.read_text(encoding="utf-8")
    named = re.match(r"[A-Z]\d{4}", path.stem)
    if named:
        assert named.group() in {d.code for d in found}


@pytest.mark.parametrize(
    "page", [p for p in PAGES if p.stem[:3] in {"K01", "K09"} and p.stem not in LATER], ids=lambda p: p.stem
)
def test_page_of_a_syntax_code(page: Path) -> None:
    assert page.read_text(encoding="utf-8").startswith(f"# {page.stem}: ")
    out = Diagnostics()
    wrong = block(page, "wrong")
    parse_bytes(wrong, page.name, out, limits_of(wrong.decode("utf-8", "replace")) or DEFAULT)
    assert page.stem in {d.code for d in out.items}
    right = Diagnostics()
    parse_bytes(block(page, "right"), page.name, right)
    assert right.items == []


def test_each_syntax_code_has_a_page_and_a_bad_program() -> None:
    folder = Path(render.__file__).parent
    used = set(CODES.values())
    for path in (folder / "syntax").glob("*.py"):
        used.update(re.findall(r'"(K01\d\d)"', path.read_text(encoding="utf-8")))
    assert used == {page.stem for page in PAGES if page.stem[:3] in {"K01", "K09"}}
    assert used - LATER <= {path.stem[:5] for path in BAD}
