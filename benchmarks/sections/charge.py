"""The benchmark rule: ours, the touch of its columns, and every peer on the same ten million accounts."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from benchmarks import batches, workloads
from benchmarks.bandwidth import add, bound
from benchmarks.contest import Contest, significant
from benchmarks.ours import Ours
from benchmarks.outcome import Outcome
from benchmarks.peers import (
    charge_decimal,
    charge_duckdb,
    charge_numba_float,
    charge_numpy,
    charge_openfisca,
    charge_polars,
)
from benchmarks.peers.peer import wrong_rows
from benchmarks.touch import Touch

if TYPE_CHECKING:
    from benchmarks.peers.peer import Peer
    from benchmarks.workloads import Cells


def measure(*, quick: bool) -> Outcome:
    """Run the contest."""
    rows, few, rounds = (400_000, 2_000, 3) if quick else (10_000_000, 20_000, 5)
    columns = workloads.charge(rows)
    ours = Ours.of("charge", batches.flat("account", columns), "account")
    contest = Contest()
    contest.add("ours", ours.work, rows)
    right = ours.amounts()
    touch = Touch(columns=list(columns.values()), outputs=ours.outputs)
    contest.add("touch", touch.kernel(), rows)
    add(contest, "triad")
    wrong = {"ours": 0}
    with ThreadPoolExecutor(2) as pool:
        contest.add("ours, two threads", ours.on(pool), rows)
        for peer in _peers(columns, few):
            contest.add(peer.name, peer.work, peer.rows, peer.before)
            wrong[peer.name] = wrong_rows(peer.amounts(), right)
        contest.run(rounds)
    differing, compared = ours.differing(few)
    ratios = {
        "charge.time_vs_touch": contest.time_ratio("ours", "touch"),
        "charge.vs_decimal": contest.speed_ratio("ours", "decimal"),
        "charge.vs_openfisca": contest.speed_ratio("ours", "openfisca"),
        "charge.vs_polars_int64": contest.speed_ratio("ours, two threads", "polars_int64"),
        "charge.vs_duckdb_decimal": contest.speed_ratio("ours, two threads", "duckdb_decimal"),
        "charge.vs_numba_float": contest.speed_ratio("ours", "numba_float"),
        "charge.vs_numpy_float": contest.speed_ratio("ours", "numpy_float"),
        "charge.vs_numpy_int64": contest.speed_ratio("ours", "numpy_int64"),
        "scaling.threads_2_vs_1": contest.speed_ratio("ours, two threads", "ours"),
    }
    return Outcome(
        figures={key: significant(value) for key, value in ratios.items()},
        bounds={"charge.time_vs_touch": bound(contest, "ours", touch.bytes / rows)},
        engines={"charge": contest.card(wrong)},
        mismatches=differing,
        compared=compared,
    )


def _peers(columns: dict[str, Cells], few: int) -> list[Peer]:
    return [
        charge_numba_float.prepare(columns),
        charge_numpy.prepare_float(columns),
        charge_numpy.prepare_int(columns),
        charge_polars.prepare(columns),
        charge_duckdb.prepare(columns),
        charge_openfisca.prepare(columns),
        charge_decimal.prepare(columns, few),
    ]
