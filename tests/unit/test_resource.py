from decimal import Decimal

import pytest
from attrs.exceptions import FrozenInstanceError

from kommres.errors import PluginError
from kommres.resource import MeterKind, ResourceSpec


def meter(**changes):
    return MeterKind(**{"service": "cold_water", "unit": "m3", "digits": 5, "step": "0.001", **changes})


def spec(**changes):
    parts = {
        "api_version": 1,
        "name": "water",
        "title_en": "Water",
        "title_ru": "Вода",
        "services": ("cold_water", "hot_water"),
        "meters": (meter(),),
        "rules": None,
    }
    return ResourceSpec(**{**parts, **changes})


def test_step_is_exact():
    assert meter().step == Decimal("0.001")
    assert meter(step=1).step == 1


@pytest.mark.parametrize("step", [0.001, "0", "-1", "NaN", "Infinity", "one", None])
def test_step_that_cannot_be(step):
    with pytest.raises(PluginError, match="exact positive decimal") as caught:
        meter(step=step)
    assert caught.value.code == "P0107"


def test_dial_starts_again_at_its_capacity():
    assert meter(digits=4).capacity == 10_000


@pytest.mark.parametrize("digits", [0, 13])
def test_digits_that_cannot_be(digits):
    with pytest.raises(PluginError, match="1 to 12"):
        meter(digits=digits)


@pytest.mark.parametrize("name", ["", "Water", "вода", "cold water", "1st", None])
def test_names_that_cannot_be(name):
    with pytest.raises(PluginError, match="lower-case"):
        spec(name=name)


@pytest.mark.parametrize("services", [(), ("cold_water", "cold_water")])
def test_services_that_cannot_be(services):
    with pytest.raises(PluginError, match="at least one service"):
        spec(services=services, meters=())


def test_meter_of_a_foreign_service():
    with pytest.raises(PluginError, match="gas"):
        spec(meters=(meter(service="gas"),))


def test_is_frozen_and_by_keyword():
    with pytest.raises(FrozenInstanceError):
        spec().name = "heat"
    with pytest.raises(TypeError):
        MeterKind("cold_water", "m3", 5, "0.001")


def test_rule_files_in_order(tmp_path):
    for name in ("b/two.kmr", "a/one.kmr", "a/table.csv", "zero.kmr"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("module x\n")
    assert [file.name for file in spec(rules=tmp_path).rule_files()] == ["one.kmr", "two.kmr", "zero.kmr"]
