"""Write docs/reference/cases-354-water.md from the golden cases; ``--check`` only says whether it is fresh."""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
CASES = ROOT / "tests/golden/cases/charges_354.json"
MENTIONED = ROOT / "tests/golden/cases/charges_354_mentioned.json"
PAGE = ROOT / "docs/reference/cases-354-water.md"

HEAD = """\
# Worked cases of Rules 354

Every case of the collection, what the shipped rules give, and why a case is not computed here. The cases with their
inputs and sources stand in `tests/golden/cases/charges_354.json`, the tests in `tests/golden/test_charges_354.py`; this
page is made by `tools/cases_table.py`. Ids beginning with P were published by others, those with C were computed for
the collection.

`pass`: the rules give the figure to the kopeck. `off`: the published figure does not follow from its own inputs; the
rules give the right one.
"""


APART = """
## Cases that the collection only mentions

The reference names these cases or works them out in its text; their inputs are not in the collection. They are computed
from the reference's text (`tests/golden/cases/charges_354_mentioned.json`); what the text does not give is made up.

| id | what | from the text | made up | result | status | remark |
|---|---|---|---|---|---|---|"""


def _cell(text: str) -> str:
    return " ".join(str(text).split()).replace("|", "\\|")


def _names(names: str) -> str:
    return " + ".join(f"`{name}`" for name in names.split(" + "))


def _results(case: dict) -> str:
    found = []
    for run in case["runs"]:
        values = "; ".join(f"{_names(names)} = {value}" for names, value in run["expect"].items())
        title = f"{run['title']}: " if "title" in run else ""
        found.append(f"{title}{values}")
    return "<br>".join(found)


def page() -> str:
    """Return the text of the page."""
    cases = json.loads(CASES.read_text(encoding="utf-8"))
    lines = [
        HEAD,
        "## Water and temporary absence\n",
        "| id | what | result | status | remark |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {c['id']} | {_cell(c['situation'])} | {_results(c)} | {c['status']} | {_cell(c.get('note', ''))} |"
        for c in cases
        if "runs" in c
    ]
    lines.append(APART)
    lines += [
        f"| {c['id']} | {_cell(c['situation'])} | {_cell(c['text'])} | {_cell(c['made_up'])} | {_results(c)} "
        f"| {c['status']} | {_cell(c.get('note', ''))} |"
        for c in json.loads(MENTIONED.read_text(encoding="utf-8"))
    ]
    lines += ["\n## Other cases\n", "| id | what | why it is not computed by water rules |", "|---|---|---|"]
    lines += [f"| {c['id']} | {_cell(c['situation'])} | {_cell(c['note'])} |" for c in cases if "runs" not in c]
    return "\n".join(lines) + "\n"


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
