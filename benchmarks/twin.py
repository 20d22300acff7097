"""The water of an ordinary account in plain Python: what hand-written exact code costs, as a bound for the interpreter.

It knows accounts whose month has one state: metered with a reading, or without meters. Prices and norms are given.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from attrs import frozen

if TYPE_CHECKING:
    from kommres.dsl.backends.rows import Row

WATERS = ("cold", "hot")
#: What it charges: these lines of these services.
SERVICES = ("cold_water", "hot_water", "sewerage")
LINES = ("base", "raising", "water", "heat")


@frozen(kw_only=True)
class Prices:
    """What holds for a building in the month; None where it is not known."""

    price: dict[str, Any]
    norm: dict[str, Any]
    coefficient: dict[str, Any]
    carrier: Any
    heat: Any
    heat_norm: Any


def ordinary(row: Row) -> bool:
    """Say whether the twin knows how to charge an account."""
    values = row.values
    if not isinstance(values.get(("residents", ())), int) or ("flat_residents", ()) in values:
        return False
    if row.events.get("meter_outage") or row.events.get("absence") or row.children.get("water_meter"):
        return False
    for water in WATERS:
        if values["connected", (water,)] and (
            not isinstance(metered := values.get(("has_meter", (water,))), bool)
            or (metered and ("metered", (water,)) not in values)
        ):
            return False
    return True


def bill(row: Row, prices: Prices) -> list[tuple[str, str, Fraction]]:
    """Return service, line and amount of each line."""
    values = row.values
    scheme = row.parent.values.get(("hot_water_scheme", ())) if row.parent else None
    people = values["residents", ()] or values["owners", ()]
    lines: list[tuple[str, str, Fraction]] = []
    volumes: dict[str, Fraction] = {}
    counted = False
    for water in WATERS:
        if not values["connected", (water,)]:
            continue
        service = f"{water}_water"
        metered = values["has_meter", (water,)]
        counted = counted or bool(metered)
        volume = Fraction(values["metered", (water,)]) if metered else Fraction(people * prices.norm[water])
        volumes[water] = volume
        if water == "hot" and scheme == "two_component":
            lines.append((service, "water", _kopecks(volume * prices.carrier)))
            lines.append((service, "heat", _kopecks(volume * prices.heat_norm * prices.heat)))
            raised = prices.carrier
        else:
            lines.append((service, "base", _kopecks(volume * prices.price[water])))
            raised = prices.price[water]
        if not metered and values["can_install", (water,)]:
            lines.append((service, "raising", _kopecks(volume * raised * (prices.coefficient[water] - 1))))
    if values["sewerage_connected", ()]:
        volume = sum(volumes.values(), Fraction(0)) if counted else Fraction(people * prices.norm["sewage"])
        lines.append(("sewerage", "base", _kopecks(volume * prices.price["sewage"])))
    return lines


def _kopecks(amount: Fraction) -> Fraction:
    """Round half up to hundredths."""
    scaled = amount * 100
    return Fraction((2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator), 100)
