"""Gas (газоснабжение)."""

from importlib.resources import files
from typing import Final

from kommres.resource import MeterKind, ResourceSpec

RESOURCE: Final = ResourceSpec(
    api_version=1,
    name="gas",
    title_en="Gas",
    title_ru="Газоснабжение",
    services=("gas",),
    meters=(MeterKind(service="gas", unit="m3", digits=5, step="0.001"),),
    rules=files(__name__) / "rules",
    city=files(__name__) / "synth" / "city.toml",
)
"""The declaration that the entry point names."""
