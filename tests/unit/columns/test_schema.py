from tests.run_sample import program

from kommres.columns.schema import charged_entities, schema_of, services_of


def tables():
    return {table.name: table for table in schema_of(program().plan)}


def test_one_table_per_entity_event_and_changing_input():
    assert list(tables()) == [
        "building",
        "outage",
        "premises",
        "absence",
        "premises.residents",
        "premises.metered",
        "premises.energy",
    ]
    assert [t.kind for t in tables().values()] == ["entity", "event", "entity", "event", "values", "values", "values"]


def test_columns_of_an_entity():
    premises = tables()["premises"]
    assert premises.names == (
        "id",
        "building",
        "residents",
        "metered",
        "energy.day",
        "energy.night",
        "area",
        "stove",
        "checked",
        "verified",
        "sealed",
    )
    residents = premises.columns[2]
    assert (residents.type, residents.unit, residents.required) == ("decimal", "person", True)
    assert next(c for c in premises.columns if c.name == "stove").type == "one of gas, electric"


def test_columns_of_value_tables():
    assert tables()["premises.residents"].names == ("premises", "from", "value")
    assert tables()["premises.metered"].names == ("premises", "month", "value")
    assert tables()["premises.energy"].names == ("premises", "zone", "from", "value")


def test_only_what_charges_read_is_required():
    required = {c.name for c in tables()["premises"].columns if c.required}
    assert required == {"id", "building", "residents", "area"}
    assert tables()["building"].required
    assert not tables()["absence"].required


def test_what_is_charged():
    assert charged_entities(program().plan) == ("premises",)
    assert set(services_of(program().plan, "premises")) == {"cold_water", "heat", "stay", "rest"}
