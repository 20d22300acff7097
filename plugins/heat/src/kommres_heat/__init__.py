"""Heating (отопление)."""

from importlib.resources import files
from typing import Final

from kommres.resource import MeterKind, ResourceSpec

RESOURCE: Final = ResourceSpec(
    api_version=1,
    name="heat",
    title_en="Heating",
    title_ru="Отопление",
    services=("heating",),
    meters=(MeterKind(service="heating", unit="Gcal", digits=6, step="0.001"),),
    rules=files(__name__) / "rules",
    city=files(__name__) / "synth" / "city.toml",
)
"""The declaration that the entry point names."""
