"""Everything that a bill may name is called in Russian by the shipped rules."""

import pytest
from tests.shipped import shipped

from kommres.dsl.citing import cited


@pytest.fixture(scope="module")
def program():
    return shipped().bound


@pytest.mark.parametrize("kind", ["entities", "enums", "inputs", "events", "options", "params", "rules"])
def test_items(program, kind):
    items = [item for item in getattr(program, kind) if not getattr(item, "is_charge", False)]
    assert items
    assert [f"{item.module}.{item.name}" for item in items if not program.titles.of(item, "ru")] == []


def test_alternatives_with_those_of_regions(program):
    ways = [(rule.id, way) for rule in shipped().plan.definitions for way in rule.alternatives if way.name != "base"]
    assert ways
    assert [f"{rule} except {way.name}" for rule, way in ways if not program.titles.of_way(way, "ru")] == []


def test_choices_of_options_and_fields_of_events(program):
    parts = [(option, choice) for option in program.options for choice in option.choices]
    parts += [(event, field.name) for event in program.events for field in event.fields]
    assert [f"{item.name}.{part}" for item, part in parts if not program.titles.of(item, "ru", part)] == []


def test_members_of_enumerations(program):
    members = [(enum, member) for enum in program.enums for member in enum.members]
    assert [f"{enum.name}.{member}" for enum, member in members if not program.titles.of(enum, "ru", member)] == []


def test_services_and_lines_of_bills(program):
    charges = [rule for rule in program.rules if rule.is_charge]
    services, lines = {rule.service for rule in charges}, {rule.line for rule in charges}
    assert {name for name in services if not program.titles.find("ru", ("service", name))} == set()
    assert {name for name in lines if not program.titles.find("ru", ("line", name))} == set()


def test_acts(program):
    find = program.titles.find
    acts = {use.citation.act for use in cited(program)}
    assert {act for act in acts if not (find("ru", ("act", act)) and find("ru", ("act", act), "of"))} == set()
