"""Cold water, hot water and sewerage (холодное и горячее водоснабжение, водоотведение)."""

from importlib.resources import files
from typing import Final

from kommres.resource import MeterKind, ResourceSpec

RESOURCE: Final = ResourceSpec(
    api_version=1,
    name="water",
    title_en="Water and sewerage",
    title_ru="Водоснабжение и водоотведение",
    services=("cold_water", "hot_water", "sewerage"),
    meters=(
        MeterKind(service="cold_water", unit="m3", digits=5, step="0.001"),
        MeterKind(service="hot_water", unit="m3", digits=5, step="0.001"),
    ),
    rules=files(__name__) / "rules",
    city=files(__name__) / "synth" / "city.toml",
)
"""The declaration that the entry point names."""
