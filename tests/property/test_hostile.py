"""Hostile and heavy rule text: ``kommres check`` answers with findings, in little time and memory, and no traceback."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest
from attrs import frozen

from kommres.dsl import program

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SECONDS = 2.0
MEGABYTES = 500
USUAL = 0.6  # seconds of a check of nearly nothing, where the bounds above were set

HEAD = """module m
entity premises
input a of premises: number
input k of premises: id
"""
RULE = "rule x of premises: number\n"


def formula(text: str) -> str:
    return f"{HEAD}{RULE}    = {text}\n"


def repeated(line: Callable[[int], str], times: int) -> str:
    return "".join(line(i) for i in range(times))


def table(rows: Callable[[int], str], times: int) -> dict[str, str]:
    return {
        "m.kmr": f'{HEAD}param p by k: number from "t.csv"\n',
        "t.csv": "k,from,value\n" + repeated(rows, times),
    }


#: Refused: name -> files (or the text of one) and the codes of which one must be found.
REFUSED: dict[str, tuple[Callable[[], str | bytes | dict[str, str]], set[str]]] = {
    "parentheses": (lambda: formula("(" * 100_000), {"K0902", "K0903", "K0906"}),
    "closed parentheses": (lambda: formula("(" * 1_900 + "a" + ")" * 1_900), {"K0903"}),
    "signs": (lambda: formula("-" * 3_900 + "a"), {"K0903"}),
    "else": (lambda: formula(" else\n        ".join(["a"] * 15_000)), {"K0903"}),
    "if": (lambda: formula("if a = 1 then a otherwise\n        " * 4_000 + "a"), {"K0903"}),
    "aggregates": (lambda: formula("(sum of " * 120 + "a" + " for v in last 1 months)" * 120), {"K0903"}),
    "ten megabytes of digits": (lambda: formula("1" * 10_000_000), {"K0901"}),
    "a million rules": (
        lambda: HEAD + repeated(lambda i: f"rule x{i} of premises: number\n    = a\n", 1_000_000),
        {"K0901"},
    ),
    "a million rules in files": (
        lambda: {f"m{n}.kmr": HEAD + "# nothing\n" * 90_000 for n in range(6)},
        {"K0914"},
    ),
    "a long name": (lambda: formula("a" * 3_000), {"K0907"}),
    "nul": (lambda: formula("a\0b"), {"K0101"}),
    "look-alike": (lambda: formula("\N{CYRILLIC SMALL LETTER A}"), {"K0205"}),
    "surrogates": (lambda: formula("a").encode() + b"\xed\xa0\x80", {"K0118"}),
    "utf-16": (lambda: formula("a").encode("utf-16"), {"K0118"}),
    "noise": (lambda: bytes(range(256)) * 2_000, {"K0118"}),
    "tabs": (lambda: f"{HEAD}{RULE}\t= a\n", {"K0103"}),
    "carriage returns": (lambda: formula("a").replace("\n", "\r"), {"K0101"}),
    "unknown names": (
        lambda: HEAD + repeated(lambda i: f"rule x{i} of premises: number\n    = nope{i}\n", 2_500),
        {"K0912"},
    ),
    "unknown long names": (
        lambda: HEAD + repeated(lambda i: f"rule {'x' * 150}{i} of premises: number\n    = {'x' * 149}y{i}\n", 1_500),
        {"K0912"},
    ),
    "the same name": (lambda: HEAD + f"{RULE}    = a\n" * 2_500, {"K0912"}),
    "unknown modules": (lambda: "module m\n" + repeated(lambda i: f"use x{i}\n", 10_000), {"K0912"}),
    "a ring of rules": (
        lambda: HEAD + repeated(lambda i: f"rule x{i} of premises: number\n    = x{(i + 1) % 3_000}\n", 3_000),
        {"K0701"},
    ),
    "modules that use each other": (
        lambda: {"a.kmr": "module a\nuse b\nentity e of f\n", "b.kmr": "module b\nuse a\nentity f of e\n"},
        {"K0213"},
    ),
    "entities": (
        lambda: "module m\nentity e0\n" + repeated(lambda i: f"entity e{i + 1} of e{i}\n", 5_000),
        {"K0903", "K0912"},
    ),
    "a unit of itself": (lambda: "module m\nunit u = 2 v\nunit v = 2 u\n", {"K0301"}),
    "a thousand exceptions": (
        lambda: f"{HEAD}{RULE}    = a\n" + repeated(lambda i: f"    except e{i} when a = {i}\n        = {i}\n", 2_000),
        {"K0913"},
    ),
    "months": (lambda: formula("mean of a for m in last 999999999 months"), {"K0413"}),
    "brackets that overlap": (
        lambda: (
            f"{HEAD}param p by (d: number): number\n    from 2020-01-01"
            + repeated(lambda i: f"\n        0..{i + 1} = {i}", 5_000)
            + "\n"
        ),
        {"K0912"},
    ),
    "a table of a million rows": (lambda: table(lambda i: f"k{i},2020-01-01,{i}.5\n", 1_000_000), {"K0910", "K0915"}),
    "a table of short rows": (lambda: table(lambda i: f"{i},2020-01-01,1\n", 90_000), {"K0910"}),
    "a table of wrong rows": (lambda: table(lambda i: f"k{i},nope,x\n", 50_000), {"K0912"}),
    "one table many times": (
        lambda: {
            **table(lambda i: f"k{i},2020-01-01,{i}.5\n", 20_000),
            "m.kmr": HEAD + repeated(lambda i: f'param p{i} by k: number from "t.csv"\n', 200),
        },
        {"K0910"},
    ),
    "a quote without its end": (
        lambda: table(lambda i: ('"' if i == 0 else "") + f"k{i},2020-01-01,1\n", 20_000),
        {"K0504"},
    ),
    "digits in a table": (lambda: table(lambda _: f"k,2020-01-01,{'1' * 10_000}\n", 1), {"K0506"}),
    "digits of another script": (lambda: table(lambda _: "k,2020-01-01,\u0661\u0662\n", 1), {"K0506"}),
    "a decimal comma in a table": (lambda: table(lambda _: "k,2020-01-01,59,94\n", 1), {"K0506"}),
    "a table elsewhere": (lambda: f'{HEAD}param p by k: number from "../../../../etc/passwd"\n', {"K0504"}),
    "a table by its path": (lambda: f'{HEAD}param p by k: number from "/etc/passwd"\n', {"K0504"}),
    "a table that cannot be": (lambda: f'{HEAD}param p by k: number from "a\0b.csv"\n', {"K0101", "K0504"}),
    "a table with a long name": (lambda: f'{HEAD}param p by k: number from "{"a" * 3_000}.csv"\n', {"K0504"}),
    "a calendar of one cell": (
        lambda: {
            "m.kmr": 'module m\ncalendar w from "t.csv"\n    complete from 2020-01-01 until 2021-01-01\n',
            "t.csv": f'date,working,source\n2020-01-01,"{"x" * 200_000}",x\n',
        },
        {"K0504"},
    ),
}

#: Refused for what they say, not for how much it is: these are not measured.
LIGHT = {
    "a long name",
    "nul",
    "look-alike",
    "surrogates",
    "utf-16",
    "noise",
    "tabs",
    "carriage returns",
    "modules that use each other",
    "a unit of itself",
    "months",
    "digits in a table",
    "digits of another script",
    "a decimal comma in a table",
    "a table elsewhere",
    "a table by its path",
    "a table that cannot be",
    "a table with a long name",
    "a calendar of one cell",
    "parentheses",
    "closed parentheses",
    "signs",
    "aggregates",
    "a quote without its end",
}

#: Allowed, but as heavy as the limits let it be.
HEAVY: dict[str, Callable[[], str | dict[str, str]]] = {
    "a sum": lambda: formula(" +\n        ".join(["a"] * 15_000)),
    "a product of digits": lambda: formula(" *\n        ".join(["9" * 40] * 15_000)),
    "alternatives of a condition": lambda: (
        f"{HEAD}rule x of premises: yes/no\n    = " + " or\n        ".join(["a = 1"] * 7_500) + "\n"
    ),
    "a list": lambda: (
        f"{HEAD}rule x of premises: yes/no\n    = a in (" + ",\n        ".join(map(str, range(15_000))) + ")\n"
    ),
    "a chain of rules": lambda: (
        HEAD
        + "rule x0 of premises: number\n    = a\n"
        + repeated(lambda i: f"rule x{i + 1} of premises: number\n    = x{i} + x{i}\n", 3_000)
    ),
    "exceptions one over the other": lambda: (
        f"{HEAD}{RULE}    = a\n    except e0 when a > 0\n        = 1\n"
        + repeated(lambda i: f"    except e{i + 1} over e{i} when a > {i}\n        = {i}\n", 290)
    ),
    "exceptions side by side": lambda: (
        HEAD
        + repeated(
            lambda n: (
                f"rule x{n} of premises: number\n    = a\n"
                + repeated(lambda i: f"    except e{i} when a = {i}\n        = {i}\n", 290)
            ),
            12,
        )
    ),
    "conditions of many inputs": lambda: (
        HEAD
        + repeated(lambda i: f"input b{i} of premises: yes/no\n", 60)
        + f"{RULE}    = a\n"
        + repeated(
            lambda i: (
                f"    except e{i} when a = {i} and "
                + " and ".join(f"(b{(i + j) % 60} or b{(i * 7 + j) % 60})" for j in range(30))
                + f"\n        = {i}\n"
            ),
            60,
        )
    ),
    "overlays": lambda: {
        "m.kmr": f"{HEAD}{RULE}    = a\n" + repeated(lambda i: f"    except e{i} when a = {i}\n        = {i}\n", 20),
        **{
            f"o{n}.kmr": f'module o{n}\nuse m\napplies when k = "{n}"\nin m.x of premises\n'
            + repeated(lambda i: f"    replace e{i}\n        = a + {i}\n", 13)
            + "    repeal e19\n"
            for n in range(20)
        },
    },
    "options": lambda: HEAD + repeated(lambda i: f"option o{i}: a{i} or b{i}, default a{i}\n", 3_000),
    "units": lambda: (
        HEAD
        + "unit u0 = 1000000000000000000000000000000000000000 m3\n"
        + repeated(lambda i: f"unit u{i + 1} = 1000000000000000000000000000000000000000 u{i}\n", 3_000)
    ),
    "a long unit": lambda: f"{HEAD}rule y of premises: 1/m3\n    = 1 m3" + "/m3" * 2 + "\n",
    "comments": lambda: HEAD + "# x\n" * 200_000,
    "a table": lambda: table(lambda i: f"{i},2020-01-01,{i % 100}.5\n", 60_000),
    "windows lines with a mark": lambda: "\ufeff" + formula("a").replace("\n", "\r\n"),
}


#: The peak that the system tells of a child counts what its parent had when it began.
MEASURED = """
import sys
from pathlib import Path
from kommres import cli
try:
    code = cli.main(sys.argv[2:])
finally:
    status = Path("/proc/self/status").read_text()
    Path(sys.argv[1]).write_text(status.split("VmHWM:")[1].split()[0])
sys.exit(code)
"""


@frozen
class Outcome:
    """``seconds`` of the processor and peak ``megabytes`` of a check in a process of its own."""

    code: int
    said: str
    seconds: float
    megabytes: float


def write(folder: Path, files: str | bytes | dict[str, str]) -> None:
    for name, text in (files if isinstance(files, dict) else {"m.kmr": files}).items():
        (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())


def check(folder: Path) -> Outcome:
    said = folder / "said.txt"
    with said.open("wb") as out:
        command = [
            sys.executable,
            "-c",
            MEASURED,
            str(folder / "peak.txt"),
            "check",
            "--format",
            "plain",
            *map(str, sorted(folder.glob("*.kmr"))),
        ]
        moves = [(os.POSIX_SPAWN_DUP2, out.fileno(), 1), (os.POSIX_SPAWN_DUP2, out.fileno(), 2)]
        child = os.posix_spawn(sys.executable, command, os.environ, file_actions=moves)
        _, status, used = os.wait4(child, 0)
    return Outcome(
        code=os.waitstatus_to_exitcode(status),
        said=said.read_text("utf-8"),
        seconds=used.ru_utime + used.ru_stime,
        megabytes=int((folder / "peak.txt").read_text("utf-8")) / 1024,
    )


def assert_quick(seconds: float, folder: Path) -> None:
    """Compare with the bound, on a machine that may be slow or busy: then the same check is measured again."""
    if seconds < SECONDS:
        return
    nothing = folder / "nothing"
    nothing.mkdir()
    write(nothing, formula("a"))
    for _ in range(3):
        if seconds < SECONDS * max(1.0, check(nothing).seconds / USUAL):
            return
        seconds = min(seconds, check(folder).seconds)
    raise AssertionError(f"the check took {seconds:.1f} s of the processor")


@pytest.mark.parametrize("name", sorted(LIGHT))
def test_wrong_text_is_refused(name: str, tmp_path: Path) -> None:
    make, codes = REFUSED[name]
    write(tmp_path, make())
    found = program.check(*sorted(tmp_path.glob("*.kmr")))
    assert {d.code for d in found.out.errors} & codes, found.out.errors


@pytest.mark.skipif(sys.platform == "win32", reason="os.wait4 is needed to measure")
class TestCheck:
    @pytest.mark.parametrize("name", sorted({*REFUSED} - LIGHT))
    def test_hostile_text_is_refused(self, name: str, tmp_path: Path) -> None:
        make, codes = REFUSED[name]
        write(tmp_path, make())
        found = check(tmp_path)
        assert "Traceback" not in found.said
        assert found.code == 1
        assert any(f"[{expected}]" in found.said for expected in codes), found.said[:2000]
        assert found.megabytes < MEGABYTES
        assert_quick(found.seconds, tmp_path)

    @pytest.mark.parametrize("name", HEAVY)
    def test_heavy_rules_are_checked(self, name: str, tmp_path: Path) -> None:
        write(tmp_path, HEAVY[name]())
        found = check(tmp_path)
        assert "Traceback" not in found.said
        assert found.code == 0, found.said[:2000]
        assert found.megabytes < MEGABYTES
        assert_quick(found.seconds, tmp_path)
