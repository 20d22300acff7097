"""Bad programs of several files, and the pages of codes that need a whole program.

A folder ``bad/K0602_…`` is one program; ``bad/K0602_….out`` is what is said about it (``--reset`` writes it).
In a page, a line ``# file: name.kmr`` begins the next file of its program.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kommres.dsl import render
from kommres.dsl.pipeline import compile_sources
from kommres.dsl.source import Source

if TYPE_CHECKING:
    from kommres.dsl.diagnostics import Diagnostics

BAD = Path(__file__).parent / "bad"
PROGRAMS = sorted(path for path in BAD.iterdir() if path.is_dir())
PAGES = sorted(path for path in (Path(render.__file__).parent / "codes").glob("K0[2-7]*.md"))
STAGE = re.compile(r"\"(K0[2-7]\d\d)\"")


def check(files: dict[str, str]) -> Diagnostics:
    sources = [Source(name=name, text=text) for name, text in sorted(files.items()) if name.endswith(".kmr")]
    return compile_sources(sources, lambda _source, name: files.get(name)).out


def page_files(page: Path, kind: str) -> dict[str, str]:
    found = re.search(rf"^```kommres-{kind}\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert found, f"{page.name} has no {kind} program"
    first, *others = re.split(r"^# file: (\S+)\n", found.group(1), flags=re.MULTILINE)
    return dict(zip(others[::2], others[1::2], strict=True)) if others else {f"{page.stem}.kmr": first}


@pytest.mark.parametrize("folder", PROGRAMS, ids=lambda path: path.name)
def test_bad_program(folder: Path, reset: bool) -> None:
    found = check({path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}).sorted()
    text = "".join(f"{render.plain(d)}\n" for d in found) + "\n" + render.pictures(found)
    expected = folder.with_suffix(".out")
    if reset:
        expected.write_text(text, encoding="utf-8")
    assert text == expected.read_text(encoding="utf-8")
    assert folder.name[:5] in {d.code for d in found}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_page(page: Path) -> None:
    assert page.read_text(encoding="utf-8").startswith(f"# {page.stem}: ")
    wrong, right = check(page_files(page, "wrong")), check(page_files(page, "right"))
    if page.stem < "K06":  # samples of one construct: what no charge reads is only warned about
        wrong.items, right.items = wrong.errors, right.errors
    assert {d.code for d in wrong.items} == {page.stem}, wrong.items
    assert right.items == []


def test_each_code_of_the_stage_has_a_page_and_a_bad_program() -> None:
    folder = Path(render.__file__).parent
    stages = [*folder.glob("bound/*.py"), *folder.glob("rules/*.py"), folder.parent / "units.py"]
    used = {code for path in stages for code in STAGE.findall(path.read_text(encoding="utf-8"))}
    assert used == {page.stem for page in PAGES}
    assert used <= {path.stem[:5] for path in BAD.iterdir()}
