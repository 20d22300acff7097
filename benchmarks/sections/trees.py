"""Two rules over rows below others: the charge in narrow columns grouped by tariff, and heat of buildings by share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks import batches, workloads
from benchmarks.bandwidth import add, bound
from benchmarks.contest import Contest, significant
from benchmarks.ours import Ours
from benchmarks.outcome import Outcome
from benchmarks.touch import Below, Touch

if TYPE_CHECKING:
    from benchmarks.workloads import Grouped


def measure(*, quick: bool) -> Outcome:
    """Run both rules against the touch of their columns."""
    rows, few, rounds = (2_000_000, 2_000, 5) if quick else (10_000_000, 20_000, 31)
    return _one("charge_narrow", "tariff", "household", workloads.charge_narrow(rows), few, rounds).joined(
        _one("house_heat", "building", "flat", workloads.house_heat(rows), few, rounds)
    )


def _one(rule: str, parent: str, entity: str, data: Grouped, few: int, rounds: int) -> Outcome:
    ours = Ours.of(rule, batches.grouped(parent, entity, data), entity)
    touch = Touch(
        columns=list(data.rows.values()),
        outputs=ours.outputs,
        parents=Below(offsets=data.offsets, columns=list(data.parents.values())),
    )
    contest = Contest()
    contest.add("ours", ours.work, ours.rows)
    contest.add("touch", touch.kernel(), ours.rows)
    add(contest, "triad")
    differing, compared = ours.differing(few)
    contest.run(rounds)
    key = f"{rule}.time_vs_touch"
    return Outcome(
        figures={key: significant(contest.time_ratio("ours", "touch"))},
        bounds={key: bound(contest, "ours", touch.bytes / ours.rows)},
        engines={rule: contest.card({"ours": 0})},
        mismatches=differing,
        compared=compared,
    )
