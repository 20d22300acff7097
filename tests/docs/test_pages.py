"""README, tutorials, how-to pages and some of the reference run as a newcomer runs them.

A fence with ``file=NAME`` is a file that the reader writes; a ``console`` fence is typed (``$ ``) and its output
compared to the letter (a line ``…`` stands for any lines, and how much stands in checked rules may differ, because
shipped modules come along); a ``python`` fence is executed, and what it prints is compared with the ``text`` fence
directly after it.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from tests.pages import FENCE, ROOT

from kommres import cli

PAGES = [
    *sorted(ROOT.glob("README*.md")),
    *sorted((ROOT / "docs" / "tutorials").glob("*.md")),
    *sorted((ROOT / "docs" / "how-to").glob("*.md")),
    ROOT / "docs" / "reference" / "api.md",
    ROOT / "docs" / "reference" / "units.md",
]

#: What ``kommres check`` counts.
COUNTS = re.compile(r"(?<=^fine: ).*", re.MULTILINE)

#: A command without anything of the shell but quotes and lines that go on.
OWN = re.compile(r"kommres(?: |\\\n|\w|[-./=:,@+'\"])+", re.ASCII)


def shim(folder: Path) -> None:
    """A ``kommres`` command that runs this Python's kommres."""
    folder.mkdir()
    command = folder / "kommres"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m kommres "$@"\n')
    command.chmod(0o755)


def session(text: str, folder: Path, *, here: bool) -> str:
    """Type the commands of a console fence; the text with what was printed.

    ``here``: what is kommres alone runs in this process, which spares its start.
    """
    settings = {"NO_COLOR": "1", "COLUMNS": "120", "LC_ALL": "C.UTF-8"}
    environment = {**os.environ, **settings, "PATH": f"{folder.parent / 'bin'}:{os.environ['PATH']}"}
    lines = []
    for command in re.findall(r"^\$ (.*(?:\\\n.*)*)", text, re.MULTILINE):
        if here and OWN.fullmatch(command):
            with pytest.MonkeyPatch.context() as patch:
                for name, value in settings.items():
                    patch.setenv(name, value)
                printed = called(shlex.split(command)[1:])
        else:
            done = subprocess.run(
                ["bash", "-c", command],
                cwd=folder,
                env=environment,
                capture_output=True,
                text=True,
                timeout=300,
                check=False,
            )
            printed = done.stdout + done.stderr
        lines.append(f"$ {command}\n{printed}")
    return "".join(lines)


def called(words: list[str]) -> str:
    """What a kommres command prints, errors last."""
    out, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
        cli.main(words)
    return out.getvalue() + errors.getvalue()


def same(expected: str, actual: str) -> bool:
    expected, actual = (
        COUNTS.sub(lambda found: re.sub(r"\d+ (\w+?)s?\b", r"N \1", found[0]), text) for text in (expected, actual)
    )
    pattern = re.escape(expected.rstrip("\n")).replace(re.escape("…\n"), "(?:.*\n)*")
    return re.fullmatch(pattern.replace(re.escape("…"), ".*"), actual.rstrip("\n")) is not None


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_page(page: Path, tmp_path: Path, reset: bool) -> None:
    shim(tmp_path / "bin")
    folder = tmp_path / "work"
    folder.mkdir()
    text = page.read_text(encoding="utf-8")
    names: dict[str, object] = {}
    printed = ""
    renewed = text
    before = Path.cwd()
    os.chdir(folder)
    try:
        for language, info, body in FENCE.findall(text):
            wanted = re.search(r"file=(\S+)", info)
            if wanted:
                target = folder / wanted[1]
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(body, encoding="utf-8")
                continue
            actual = None
            if language == "console" and "no-run" not in info:
                actual = session(body, folder, here=not page.name.startswith("README"))
            elif language == "python":
                out = io.StringIO()
                with contextlib.redirect_stdout(out):
                    exec(compile(body, str(page), "exec"), names)
                printed = out.getvalue()
            elif language == "text" and "output" in info:
                actual = printed
            if actual is None or same(body, actual):
                continue
            assert reset, f"{page.name} shows\n{body}\nbut it prints\n{actual}"
            fence = f"```{language}{info}\n%s```"
            renewed = renewed.replace(fence % body, fence % (actual.rstrip("\n") + "\n"), 1)
    finally:
        os.chdir(before)
    if reset and renewed != text:
        page.write_text(renewed, encoding="utf-8")


def test_a_wrong_page_fails() -> None:
    assert not same("$ echo a\nb\n", "$ echo a\na\n")
    assert same("$ echo a\n…\nend\n", "$ echo a\n1\n2\nend\n")
    counts = "$ kommres check rules\nfine: {}\n"
    assert same(counts.format("1 module, 12 rules, 1 charge"), counts.format("2 modules, 13 rules, 1 charge"))
    assert not same(counts.format("1 module, 12 rules"), counts.format("1 module, 12 charges"))
    assert not same("3 examples: 3 passed\n", "4 examples: 4 passed\n")
