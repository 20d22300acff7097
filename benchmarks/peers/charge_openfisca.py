"""The benchmark rule as a country model of openfisca-core: a household, its supplied variables, three formulas.

Numbers are float32 there. What was computed is forgotten before each run; supplying the data is outside the clock.
"""

# The engine takes the names of classes as they are, and calls formulas with a household.
# ruff: noqa: N801, N805

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from benchmarks.peers.peer import Amounts, Peer
from openfisca_core.entities import build_entity
from openfisca_core.model_api import MONTH, Variable, max_, min_
from openfisca_core.simulations import SimulationBuilder
from openfisca_core.taxbenefitsystems import TaxBenefitSystem

if TYPE_CHECKING:
    from benchmarks.workloads import Cells
    from openfisca_core.periods import Period
    from openfisca_core.populations import Population

PERIOD = "2025-12"
STEPS = {"volume": 1_000, "first_price": 100_000, "second_price": 100_000, "third_price": 100_000, "debt": 100}

Household = build_entity(key="household", plural="households", label="Household", is_person=True)


class by_tiers(Variable):
    value_type = float
    entity = Household
    definition_period = MONTH
    label = "The volume at the prices of its tiers"

    def formula(household: Population, period: Period) -> Cells:
        volume = household("volume", period)
        first = household("first_tier", period) * household("residents", period)
        second = household("second_tier", period) * household("residents", period)
        return (
            min_(volume, first) * household("first_price", period)
            + min_(max_(volume - first, 0), second) * household("second_price", period)
            + max_(volume - first - second, 0) * household("third_price", period)
        )


class energy(Variable):
    value_type = float
    entity = Household
    definition_period = MONTH
    label = "Energy, less for bad quality and absence"

    def formula(household: Population, period: Period) -> Cells:
        days = household("days", period)
        present = (days - household("absent_days", period)) / days
        amount = household("by_tiers", period) * (1 - 0.0015 * household("bad_hours", period)) * present
        return np.floor(amount * 100 + 0.5) / 100


class penalty(Variable):
    value_type = float
    entity = Household
    definition_period = MONTH
    label = "Penalty for late payment"

    def formula(household: Population, period: Period) -> Cells:
        late = household("days_late", period)
        part = min_(max_(late - 30, 0), 60) / 300 + max_(late - 90, 0) / 130
        return np.floor(household("debt", period) * 0.16 * part * 100 + 0.5) / 100


def prepare(columns: dict[str, Cells]) -> Peer:
    """Return the engine over all rows, on one thread."""
    rows = columns["volume"].size
    system = TaxBenefitSystem([Household])
    for name in columns:
        system.add_variable(_supplied(name))
    for variable in (by_tiers, energy, penalty):
        system.add_variable(variable)
    simulation = SimulationBuilder().build_default_simulation(system, rows)
    for name, column in columns.items():
        simulation.set_input(name, PERIOD, column / STEPS[name] if name in STEPS else column)
    kept: dict[str, Any] = {}

    def forget() -> None:
        for name in ("by_tiers", "energy", "penalty"):
            simulation.delete_arrays(name)

    def work() -> None:
        kept.update({name: simulation.calculate(name, PERIOD) for name in ("energy", "penalty")})

    def amounts() -> Amounts:
        return [np.round(kept[name].astype(float) * 100).astype(np.int64) for name in ("energy", "penalty")]

    return Peer(name="openfisca", rows=rows, work=work, amounts=amounts, before=forget)


def _supplied(name: str) -> type[Variable]:
    kind = float if name in STEPS else int
    return type(name, (Variable,), {"value_type": kind, "entity": Household, "definition_period": MONTH, "label": name})
