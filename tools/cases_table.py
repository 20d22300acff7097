"""Write docs/reference/cases.md from the golden cases and verdicts; ``--check`` only says whether it is fresh."""

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
GOLDEN = ROOT / "tests/golden"
PAGE = ROOT / "docs/reference/cases.md"

COLLECTIONS = {
    "charges_354": ("Rules 354", "Ids beginning with P were published by others, those with C were computed."),
    "electricity": ("Electricity", "Households and businesses, grids, quality of supply."),
    "water_heat": ("Water and heat of businesses and buildings", "Decrees 776, 644, 1034, norms and published prices."),
}

HEAD = """\
# Worked cases

Every case of three collections, what the shipped rules give, and why a case is not computed. The collections with
inputs and sources stand in `tests/golden/cases`, the verdicts in `tests/golden/verdicts`, one file a service; the tests
are `tests/golden/test_cases.py`. This page is made by `tools/cases_table.py`.

| status | meaning |
|---|---|
| `pass` | the rules give the figure to the kopeck |
| `off` | the published figure does not follow from its own inputs; the rules give the right one |
| `against the law` | the case contradicts the act |
| `not a computation` | there is nothing to compute, or no charge |
| `not of households` | a business, a grid, a contract: other acts |
| `not shipped` | the formula is too weakly known, or its data are |

A result with ~ is rounded half up to the digits shown, as the case prints it.
"""

MENTIONED = """
### From the text

The reference names these cases, works them out in its text, or gives the formula or the table that they follow; their
inputs are not in the collection. They are computed from the reference's text by hand or by a program that knows nothing
of the rules; what the text does not give is made up.

| id | what | from the text | made up | result | status | remark |
|---|---|---|---|---|---|---|"""


def _cell(text: str) -> str:
    return " ".join(str(text).split()).replace("|", "\\|")


def _source(text: str) -> str:
    """Return a source with its first address as a link named by its host."""
    found = re.search(r"https?://([^/\s]+)[^\s;)]*", text)
    if found is None:
        return _cell(text)
    rest = " ".join((text[: found.start()] + text[found.end() :]).split())
    return _cell(f"[{found[1]}]({found[0]}) {rest}".rstrip())


def _names(names: str) -> str:
    return " + ".join(f"`{name}`" for name in names.split(" + "))


def _results(verdict: dict) -> str:
    found = []
    for run in verdict.get("runs", ()):
        values = "; ".join(f"{_names(names)} = {value}" for names, value in run["expect"].items())
        title = f"{run['title']}: " if "title" in run else ""
        found.append(f"{title}{values}")
    return _cell("<br>".join(found))


def page() -> str:
    """Return the text of the page."""
    files = [json.loads(p.read_text(encoding="utf-8")) for p in sorted((GOLDEN / "verdicts").glob("*.json"))]
    verdicts = [verdict for file in files for verdict in file["verdicts"]]
    by_id = {verdict["id"]: verdict for verdict in verdicts if "collection" not in verdict}
    lines = [HEAD]
    for name, (title, about) in COLLECTIONS.items():
        cases = json.loads((GOLDEN / "cases" / f"{name}.json").read_text(encoding="utf-8"))
        lines += [
            f"## {title}\n",
            f"{about}\n",
            "| id | what | clause | source | result | status | remark |",
            "|---|---|---|---|---|---|---|",
        ]
        for case in cases:
            verdict = by_id[case["id"]]
            cells = (_cell(case["situation"]), _cell(case["legal_ref"]), _source(case["source"]), _results(verdict))
            lines.append(
                f"| {case['id']} | {' | '.join(cells)} | {verdict['status']} | {_cell(verdict.get('note', ''))} |"
            )
        mentioned = [verdict for verdict in verdicts if verdict.get("collection") == name]
        if mentioned:
            lines.append(MENTIONED)
        lines += [
            f"| {v['id']} | {_cell(v['situation'])} | {_cell(v['text'])} | {_cell(v['made_up'])} | {_results(v)} "
            f"| {v['status']} | {_cell(v.get('note', ''))} |"
            for v in mentioned
        ]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def main() -> int:
    """Write or check the page."""
    text = page()
    if "--check" in sys.argv[1:]:
        fresh = PAGE.is_file() and PAGE.read_text(encoding="utf-8") == text
        if not fresh:
            print(f"{PAGE.relative_to(ROOT)} is not fresh; run python tools/cases_table.py")
        return 0 if fresh else 1
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
