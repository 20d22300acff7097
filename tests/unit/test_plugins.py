import importlib
from importlib.metadata import EntryPoint
from types import SimpleNamespace

import pytest
from attrs import evolve

from kommres import plugins
from kommres.errors import PluginError
from kommres.functions import FunctionLibrary, PluginFunction
from kommres.plugins import GROUP, SWITCH
from kommres.resource import ResourceSpec

WATER = ResourceSpec(
    api_version=1, name="water", title_en="Water", title_ru="Вода", services=("cold_water",), meters=(), rules=None
)
HEAT = ResourceSpec(
    api_version=1, name="heat", title_en="Heat", title_ru="Тепло", services=("heating",), meters=(), rules=None
)


def entry(name, target, distribution="kommres-water", version="0.1.0"):
    def load(_self):
        if isinstance(target, Exception):
            raise target
        return target

    kind = type("Entry", (EntryPoint,), {"load": load, "dist": SimpleNamespace(name=distribution, version=version)})
    return kind(name, f"{distribution.replace('-', '_')}:RESOURCE", GROUP)


@pytest.fixture
def install(monkeypatch):
    monkeypatch.delenv(SWITCH, raising=False)

    def put(*entries):
        monkeypatch.setattr(plugins, "entry_points", lambda *, group: entries if group == GROUP else ())
        plugins.refresh()

    yield put
    plugins.refresh()


def refused(code, call=plugins.load, **keywords):
    with pytest.raises(PluginError) as caught:
        call(**keywords)
    assert caught.value.code == code
    assert caught.value.todo
    return caught.value


def test_loads_all_sorted_by_name(install):
    install(entry("water", WATER), entry("heat", HEAT, "kommres-heat"))
    assert plugins.names() == ("heat", "water")
    assert list(plugins.load().items()) == [("heat", HEAT), ("water", WATER)]


def test_only_runs_no_other_code(install):
    install(entry("water", WATER), entry("heat", RuntimeError("must not run"), "kommres-heat"))
    assert dict(plugins.load(only={"water"})) == {"water": WATER}
    assert dict(plugins.load(only="water")) == {"water": WATER}
    assert dict(plugins.load(only=())) == {}


def test_loads_once(install, monkeypatch):
    install(entry("water", WATER))
    first = plugins.get("water")
    monkeypatch.setattr(plugins, "entry_points", None)
    assert plugins.get("water") is first


def test_two_providers_are_both_named(install):
    install(entry("water", WATER), entry("water", WATER, "other-water", "3.2"), entry("heat", HEAT, "kommres-heat"))
    error = refused("P0101")
    assert error.distributions == ("kommres-water 0.1.0", "other-water 3.2")
    assert all(owner in str(error) for owner in error.distributions)
    assert plugins.load(only={"heat"}), "a clash elsewhere does no harm"


def test_failure_names_distribution_and_cause(install):
    install(entry("water", ImportError("no module named tables")))
    error = refused("P0102")
    assert "kommres-water 0.1.0" in str(error)
    assert "no module named tables" in str(error)
    assert isinstance(error.__cause__, ImportError)


def test_object_of_another_kind(install):
    install(entry("water", {"name": "water"}))
    assert "dict" in str(refused("P0103"))


@pytest.mark.parametrize(("version", "todo"), [(0, "kommres-water"), (2, "newer kommres")])
def test_other_api_version(install, version, todo):
    spec = ResourceSpec(
        api_version=version, name="water", title_en="W", title_ru="В", services=("w",), meters=(), rules=None
    )
    install(entry("water", spec))
    assert todo in refused("P0106").todo


def test_other_name_than_entry_point(install):
    install(entry("vodokanal", WATER))
    assert "vodokanal" in str(refused("P0108"))


def test_unknown_name_lists_installed(install):
    install(entry("water", WATER))
    assert "water" in refused("P0104", only={"gas"}).why


@pytest.mark.parametrize("value", ["none", "", " none ", ","])
def test_environment_refuses_all(install, monkeypatch, value):
    install(entry("water", RuntimeError("must not run")))
    monkeypatch.setenv(SWITCH, value)
    assert plugins.names() == ()
    assert dict(plugins.load()) == {}
    assert "unset" in refused("P0105", only={"water"}).todo


def test_environment_allows_some(install, monkeypatch):
    install(entry("water", WATER), entry("heat", RuntimeError("must not run"), "kommres-heat"))
    monkeypatch.setenv(SWITCH, "water, ")
    assert dict(plugins.load()) == {"water": WATER}
    refused("P0105", only={"heat"})


def test_environment_with_a_misspelt_name(install, monkeypatch):
    install(entry("water", WATER))
    monkeypatch.setenv(SWITCH, "watr")
    assert refused("P0104").where == "KOMMRES_PLUGINS=watr"


@pytest.mark.parametrize("name", ["water", "heat", "electricity"])
def test_shipped_plugins_are_found(name, monkeypatch):
    monkeypatch.delenv(SWITCH, raising=False)
    plugins.refresh()
    assert plugins.get(name) is importlib.import_module(f"kommres_{name}").RESOURCE


# --- libraries of functions ------------------------------------------------------------------------------------------

STEAM = FunctionLibrary(
    api_version=1,
    name="steam",
    functions=(PluginFunction(name="enthalpy", parameters=("degC",), result="kJ/kg", call=lambda t: 4 * t),),
)


@pytest.fixture
def offer(monkeypatch):
    monkeypatch.delenv(SWITCH, raising=False)

    def put(*entries):
        monkeypatch.setattr(plugins, "entry_points", lambda *, group: entries if group == plugins.LIBRARIES else ())
        plugins.refresh()

    yield put
    plugins.refresh()


def test_a_function_is_found_with_who_provides_it(offer):
    offer(entry("steam", STEAM, "kommres-steam", "1.2"))
    found, provider = plugins.function("steam.enthalpy")
    assert found.call(20) == 80
    assert provider == "kommres-steam 1.2"


@pytest.mark.parametrize(
    ("name", "target", "code"),
    [
        ("steam.entropy", STEAM, "P0109"),
        ("steam", STEAM, "P0109"),
        ("water.enthalpy", STEAM, "P0104"),
        ("steam.enthalpy", ImportError("gone"), "P0102"),
        ("steam.enthalpy", WATER, "P0103"),
        ("steam.enthalpy", evolve(STEAM, api_version=2), "P0106"),
        ("steam.enthalpy", evolve(STEAM, name="vapour"), "P0108"),
    ],
)
def test_functions_that_cannot_be_had(offer, name, target, code):
    offer(entry("steam", target, "kommres-steam"))
    refused(code, plugins.function, name=name)


def test_two_providers_of_a_library(offer):
    offer(entry("steam", STEAM, "one"), entry("steam", STEAM, "other"))
    refused("P0101", plugins.function, name="steam.enthalpy")


def test_the_host_may_refuse_libraries(offer, monkeypatch):
    offer(entry("steam", STEAM, "kommres-steam"), entry("ice", RuntimeError("must not run"), "kommres-ice"))
    monkeypatch.setenv(SWITCH, "steam")
    assert plugins.function("steam.enthalpy")[0].name == "enthalpy"
    refused("P0105", plugins.function, name="ice.enthalpy")
    monkeypatch.setenv(SWITCH, "none")
    refused("P0105", plugins.function, name="steam.enthalpy")
