"""Penalties of twelve debts an account over eleven key rates, rounded once a debt and once a row of the calculation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks import batches, workloads
from benchmarks.bandwidth import add, bound
from benchmarks.contest import Contest, significant
from benchmarks.ours import Ours
from benchmarks.outcome import Outcome
from benchmarks.peers import penalty
from benchmarks.peers.peer import wrong_rows
from benchmarks.touch import Below, Touch

if TYPE_CHECKING:
    from benchmarks.workloads import Grouped

#: rows of the loop in float64, a twentieth as fast as ours
FLOATS = 200_000


def measure(*, quick: bool) -> Outcome:
    """Run both ways of rounding."""
    rows, few, compared, rounds = (50_000, 200, 20, 3) if quick else (1_000_000, 1_000, 1_000, 9)
    data = workloads.penalty(rows)
    by_debt = _one("penalty", data, few, compared, rounds, by_row=False)
    return by_debt.joined(_one("penalty_by_row", data, few, compared, rounds, by_row=True))


def _one(key: str, data: Grouped, few: int, compared: int, rounds: int, *, by_row: bool) -> Outcome:
    choice = "by_row" if by_row else "by_debt"
    ours = Ours.of("penalty", batches.with_events("debtor", "debt", data), "debtor", options={"rounding": choice})
    touch = Touch(
        columns=[], outputs=ours.outputs, below=[Below(offsets=data.offsets, columns=list(data.rows.values()))]
    )
    contest = Contest()
    contest.add("ours", ours.work, ours.rows)
    right = ours.amounts()
    contest.add("touch", touch.kernel(), ours.rows)
    add(contest, "triad")
    wrong = {"ours": 0}
    peers = (
        penalty.prepare_float(data, min(ours.rows, FLOATS), by_row=by_row),
        penalty.prepare_decimal(data, few, by_row=by_row),
    )
    for peer in peers:
        contest.add(peer.name, peer.work, peer.rows)
        wrong[peer.name] = wrong_rows(peer.amounts(), right)
    contest.run(rounds)
    differing, compared = ours.differing(compared)
    ratios = {
        f"{key}.time_vs_touch": contest.time_ratio("ours", "touch"),
        f"{key}.vs_decimal": contest.speed_ratio("ours", "decimal"),
        f"{key}.vs_numba_float": contest.speed_ratio("ours", "numba_float"),
    }
    return Outcome(
        figures={name: significant(value) for name, value in ratios.items()},
        bounds={f"{key}.time_vs_touch": bound(contest, "ours", touch.bytes / ours.rows)},
        engines={key: contest.card(wrong)},
        mismatches=differing,
        compared=compared,
    )
