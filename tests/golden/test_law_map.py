"""The law map: fresh, complete, and the same list as ``kommres check --unchecked``."""

import importlib.util
import json
import re
import sys
from collections import Counter
from pathlib import Path

import pytest
from tests.shipped import shipped

from kommres.cli import main
from kommres.dsl.bound.nodes import Citation
from kommres.dsl.citing import cited

pytest.importorskip("click")

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| (.+?) \| (.*?) \| (.*?) \| (.*?) \| (.*?) \|$")


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("law_map", ROOT / "tools/law_map.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def page(tool):
    return tool.PAGE.read_text(encoding="utf-8")


def test_the_page_is_fresh(tool, page):
    assert tool.page() == page, "run python tools/law_map.py"


def test_check_lists_what_the_map_marks_as_open(page, capsys):
    assert main(["check", "--unchecked", "--format", "json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    debt = Counter(
        (item["module"], item["of"], f"{item['act']} {item['text']}".strip()) for item in listed if "act" in item
    )
    bare = {(item["module"], item["of"]) for item in listed if item["status"] == "nothing cited"}
    shown, silent, module = Counter(), set(), ""
    for line in page.partition("## Definitions")[2].splitlines():
        if line.startswith("### "):
            module = line.strip("# `")
        row = ROW.match(line)
        if row is None or row[1] in {"definition", "---"}:
            continue
        owner, cites, states = row[1], row[2].split("<br>"), row[4].split("<br>")
        if cites == ["cites nothing"]:
            silent.add((module, owner))
            continue
        shown.update((module, owner, text) for text, state in zip(cites, states, strict=True) if state == "open")
    assert shown == debt
    assert bare <= silent


def test_each_clause_has_a_rule_or_a_reason(tool):
    uses = [use.citation for use in cited(shipped().bound)]
    named = {(citation.act, place) for citation in uses for place in tool.places(citation)}
    acts = {citation.act for citation in uses}
    silent = [
        clause
        for clause in tool.clauses()
        if not clause.remark and not ((clause.act, clause.place) in named if clause.place else clause.act in acts)
    ]
    assert silent == []


def test_what_the_rules_cite_is_on_the_list(tool):
    listed = {(clause.act, clause.place) for clause in tool.clauses()}
    acts = {act for act, _ in listed}
    in_parts = {act for act, place in listed if place}
    uses = [use.citation for use in cited(shipped().bound)]
    assert {citation.act for citation in uses} <= acts
    places = {(c.act, place) for c in uses if c.act in in_parts for place in tool.places(c)}
    assert places <= listed


@pytest.mark.parametrize(
    ("parts", "places"),
    [
        (
            (("clause", "42"), ("annex", "2"), ("formula", "1"), ("formula", "4")),
            ["clause 42", "annex 2 formula 1", "annex 2 formula 4"],
        ),
        ((("clause", "56"), ("clause", "57")), ["clause 56", "clause 57"]),
        ((("article", "155"), ("part", "14")), ["article 155 part 14"]),
        ((("annex", "1"),), ["annex 1"]),
        ((), []),
    ],
)  # fmt: skip
def test_places_of_a_citation(tool, parts, places):
    citation = Citation(act="x", act_title="", parts=parts, status="unchecked")
    assert tool.places(citation) == places
