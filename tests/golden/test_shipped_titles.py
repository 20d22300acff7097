"""Everything that a bill may name is called in Russian by the shipped rules."""

import pytest

from kommres.dsl.citing import cited
from kommres.dsl.program import load

PROGRAM = load().bound
FIND = PROGRAM.titles.find


@pytest.mark.parametrize("kind", ["entities", "enums", "inputs", "events", "options", "params", "rules"])
def test_items(kind):
    items = [item for item in getattr(PROGRAM, kind) if not getattr(item, "is_charge", False)]
    assert items
    assert [f"{item.module}.{item.name}" for item in items if not PROGRAM.titles.of(item, "ru")] == []


def test_members_of_enumerations():
    members = [(enum, member) for enum in PROGRAM.enums for member in enum.members]
    assert [f"{enum.name}.{member}" for enum, member in members if not PROGRAM.titles.of(enum, "ru", member)] == []


def test_services_and_lines_of_bills():
    charges = [rule for rule in PROGRAM.rules if rule.is_charge]
    services, lines = {rule.service for rule in charges}, {rule.line for rule in charges}
    assert {name for name in services if not FIND("ru", ("service", name))} == set()
    assert {name for name in lines if not FIND("ru", ("line", name))} == set()


def test_acts():
    acts = {use.citation.act for use in cited(PROGRAM)}
    assert {act for act in acts if not (FIND("ru", ("act", act)) and FIND("ru", ("act", act), "of"))} == set()
