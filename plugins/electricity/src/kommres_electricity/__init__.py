"""Electricity (электроснабжение)."""

from importlib.resources import files
from typing import Final

from kommres.resource import MeterKind, ResourceSpec

RESOURCE: Final = ResourceSpec(
    api_version=1,
    name="electricity",
    title_en="Electricity",
    title_ru="Электроснабжение",
    services=("electricity",),
    meters=(MeterKind(service="electricity", unit="kWh", digits=6, step="0.01"),),
    rules=files(__name__) / "rules",
    city=files(__name__) / "synth" / "city.toml",
)
"""The declaration that the entry point names."""
