"""A year of hours an account: zones, tiers, demand; against PySAM, numpy, and what memory gives to a reader."""

from __future__ import annotations

from benchmarks import batches, workloads
from benchmarks.bandwidth import add, share
from benchmarks.contest import Contest, significant
from benchmarks.ours import Ours
from benchmarks.outcome import Outcome
from benchmarks.peers import hourly
from benchmarks.peers.peer import wrong_rows


def measure(*, quick: bool) -> Outcome:
    """Run the contest."""
    rows, few, compared, rounds = (1_500, 30, 5, 3) if quick else (20_000, 200, 50, 9)
    load = workloads.hourly(rows)
    ours = Ours.of(
        "hourly",
        batches.with_series("consumer", "load", load),
        "consumer",
        month=f"{workloads.YEAR}-12",
    )
    contest = Contest()
    contest.add("ours", ours.work, rows)
    right = ours.amounts()
    add(contest, "read")
    wrong = {"ours": 0}
    peers = (
        hourly.prepare_numpy(load),
        hourly.prepare_numpy_chunked(load),
        hourly.prepare_pysam(load, few),
    )
    for peer in peers:
        contest.add(peer.name, peer.work, peer.rows)
        wrong[peer.name] = wrong_rows(peer.amounts(), right)
    contest.run(rounds)
    part = share(contest, "ours", load[0].nbytes, "read")
    differing, compared = ours.differing(compared)
    figures = {
        "hourly.vs_pysam": contest.speed_ratio("ours", "pysam"),
        "hourly.vs_numpy": contest.speed_ratio("ours", "numpy"),
        "hourly.vs_numpy_chunked": contest.speed_ratio("ours", "numpy_chunked"),
        "hourly.read_bandwidth_share": part,
    }
    what = "memory" if part >= 0.7 else "arithmetic"
    return Outcome(
        figures={key: significant(value) for key, value in figures.items()},
        bounds={"hourly.read_bandwidth_share": f"{what}: {load[0].nbytes:,} B an account"},
        engines={"hourly": contest.card(wrong)},
        mismatches=differing,
        compared=compared,
    )
