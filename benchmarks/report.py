"""Results on disk, on the screen and as a page of the documentation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks.machine import machine
from benchmarks.targets import LINES, Line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.outcome import Outcome

HERE: Final = Path(__file__).resolve().parent
LATEST: Final = HERE / "results" / "latest.json"
PAGE: Final = HERE.parent / "docs" / "reference" / "benchmarks.md"
NOTES: Final = HERE / "notes.md"

_HEAD: Final = """# Benchmarks

What `make bench` measured, written by it. The figures are ratios of what ran by turns in one process on one machine,
medians over the rounds: they repeat within about a fifth, absolute rates do not. `make bench-quick` runs the same on
small data.

* **Ours** is always compiled from a rule file (`benchmarks/rules`, or the rules that ship), never written by hand.
* **Touch** goes through the same rows, reads the same columns once, writes the same outputs and computes nothing: what
  memory allows.
* Peers compute the same rule on the same data, each as its users would write it. Their amounts are held against ours,
  and ours against the interpreter, which is the meaning of the language. An amount that differs in a kopeck is wrong.
* polars and DuckDB use two threads and are held against ours on two; everything else is one thread against one.
"""


def results(outcome: Outcome, bandwidth: dict[str, float], *, quick: bool, seconds: float) -> dict[str, Any]:
    """Return what ``latest.json`` holds: the figures by key, then where they come from."""
    figures = {**outcome.figures, "mismatches": outcome.mismatches}
    ordered = {line.key: figures[line.key] for line in LINES if line.key in figures}
    shipped = {key: value for key, value in figures.items() if key not in ordered}
    return {
        **ordered,
        **shipped,
        "rows_compared_with_the_interpreter": outcome.compared,
        "quick": quick,
        "seconds": round(seconds),
        "missed": [line.key for line in LINES if line.key in figures and line.met(figures[line.key]) is False],
        "bounds": outcome.bounds,
        "engines": outcome.engines,
        "micro_us": outcome.micro,
        "stream_gb_per_s": bandwidth,
        "machine": machine(),
    }


def page(found: dict[str, Any]) -> str:
    """Return the results as a page."""
    parts = [_HEAD, "## Results\n", _table(found)]
    if explained := _explained(found["missed"]):
        parts += ["## Targets that are missed\n", explained]
    parts += ["## Every charge that ships\n", _shipped(found), "## Engines\n", _engines(found["engines"])]
    parts += ["## Single calls\n", _micro(found["micro_us"]), "## Machine\n", _machine(found)]
    return "\n".join(parts)


def _table(found: dict[str, Any]) -> str:
    rows = ["| key | what | measured | target | met | bound |", "|---|---|---|---|---|---|"]
    for line in LINES:
        if line.key in found:
            bound = found["bounds"].get(line.key, line.bound)
            cells = (f"`{line.key}`", line.what, _value(line, found[line.key]), line.target, _met(line, found), bound)
            rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def _met(line: Line, found: dict[str, Any]) -> str:
    return {True: "yes", False: "**no**", None: ""}[line.met(found[line.key])]


def _value(line: Line, value: float) -> str:
    return f"{_number(value)} {line.unit}".rstrip()


def _number(value: float) -> str:
    return f"{value:,.0f}".replace(",", " ") if abs(value) >= 1000 else f"{value:g}"


def _explained(missed: list[str]) -> str:
    """Return the notes on missed targets: paragraphs of the notes under the key."""
    if not NOTES.is_file():
        return ""
    notes = dict(part.split("\n", 1) for part in NOTES.read_text("utf-8").split("\n## ")[1:])
    return "\n".join(f"### `{key}`\n{notes[key]}" for key in missed if key in notes)


def _shipped(found: dict[str, Any]) -> str:
    rows = [
        "| charge @ hash of its rules | time / touch | rows/s | left to the interpreter | bound |",
        "|---|---|---|---|---|",
    ]
    for key, value in found.items():
        if key.startswith("shipped."):
            name = key.removeprefix("shipped.").removesuffix(".time_vs_touch")
            ours = found["engines"][f"shipped {name.partition('@')[0]}"]["ours"]
            left = f"{ours['left_to_the_interpreter']:.1%}"
            rows.append(f"| `{name}` | {value:g} | {_number(ours['rows_per_s'])} | {left} | {found['bounds'][key]} |")
    return "\n".join(rows) + "\n"


def _engines(engines: dict[str, dict[str, dict[str, Any]]]) -> str:
    rows = ["| contest | engine | rows/s | rows | wrong rows |", "|---|---|---|---|---|"]
    for contest, entered in engines.items():
        if not contest.startswith("shipped "):
            for name, card in entered.items():
                wrong = _number(card["wrong_rows"]) if "wrong_rows" in card else ""
                rows.append(
                    f"| {contest} | {name} | {_number(card['rows_per_s'])} | {_number(card['rows'])} | {wrong} |"
                )
    return "\n".join(rows) + "\n"


def _micro(medians: dict[str, float]) -> str:
    rows = ["| call | median, us |", "|---|---|"]
    rows += [f"| {name.replace('_', ' ')} | {_number(value)} |" for name, value in medians.items()]
    return "\n".join(rows) + "\n"


def _machine(found: dict[str, Any]) -> str:
    facts = dict(found["machine"])
    versions = ", ".join(f"{name} {number}" for name, number in facts.pop("versions").items())
    lines = [f"* {name.replace('_', ' ')}: {value}" for name, value in facts.items() if value]
    stream = ", ".join(f"{name.replace('_', ' ')} {value:g}" for name, value in found["stream_gb_per_s"].items())
    return "\n".join([*lines, f"* versions: {versions}", f"* STREAM, GB/s: {stream}"]) + "\n"


def write(found: dict[str, Any]) -> None:
    """Write the results; the page only from a whole run on large data."""
    LATEST.parent.mkdir(exist_ok=True)
    LATEST.write_text(json.dumps(found, ensure_ascii=False, indent=2) + "\n", "utf-8")
    LATEST.with_suffix(".md").write_text(page(found), "utf-8")
    if not found["quick"]:
        PAGE.write_text(page(found), "utf-8")


def lines_of(found: dict[str, Any]) -> Iterator[str]:
    """Yield the figures for the screen."""
    width = max((len(key) for key in found), default=0)
    known = {line.key: line for line in LINES}
    for key, value in found.items():
        line = known.get(key)
        if line is not None or key.startswith("shipped."):
            told = f"{_value(line, value)}" if line else _number(value)
            target = f"  (target {line.target}{'' if line.met(value) else ': MISSED'})" if line and line.target else ""
            yield f"  {key:<{width}}  {told}{target}"
