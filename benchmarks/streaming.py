"""One process of the stream benchmark: ``python -m benchmarks.streaming make|run|codec FOLDER [ROWS]``.

``make`` writes accounts of the benchmark rule as Parquet; ``run`` charges them, Parquet to Parquet; ``codec`` decodes
the same input and encodes the same result with the same settings, on as many threads, and computes nothing. Both print
a line of JSON.
"""

from __future__ import annotations

import json
import resource
import shutil
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from benchmarks import workloads

import kommres
from kommres.columns.parquet import encoded

RULES: Final = Path(__file__).resolve().parent / "rules"
#: column -> digits before and after the point
DECIMALS: Final = {
    "volume": (9, 3),
    "first_price": (9, 5),
    "second_price": (9, 5),
    "third_price": (9, 5),
    "debt": (10, 2),
}
GROUP: Final = 1 << 17
#: The result is encoded from so many of its row groups over and over, so that it need not be held in memory.
HELD: Final = 64
THREADS: Final = 2


def make(folder: Path, rows: int) -> None:
    """Write the accounts; ids in order, ten digits."""
    (folder / "data").mkdir(parents=True)
    writer = None
    for number, start in enumerate(range(0, rows, 1 << 20)):
        count = min(1 << 20, rows - start)
        table = pa.table(
            {
                "id": pa.array(np.char.mod("%010d", np.arange(start, start + count))),
                **{name: _column(name, cells) for name, cells in workloads.charge(count, seed=100 + number).items()},
            }
        )
        writer = writer or pq.ParquetWriter(folder / "data" / "account.parquet", table.schema)
        writer.write_table(table, row_group_size=GROUP)
    if writer is not None:
        writer.close()


def _column(name: str, cells: workloads.Cells) -> pa.Array:
    if name not in DECIMALS:
        return pa.array(cells.astype(np.int16))
    words = np.stack([cells, np.zeros_like(cells)], axis=1)  # none is negative
    return pa.Array.from_buffers(pa.decimal128(*DECIMALS[name]), cells.size, [None, pa.py_buffer(words)])


def run(folder: Path) -> dict[str, float]:
    """Charge; kernels are loaded before the clock starts."""
    program = kommres.load(RULES / "charge.kmr")
    warm = {"account": pq.ParquetFile(folder / "data" / "account.parquet").read_row_group(0).slice(0, 20_000)}
    kommres.run(program, warm, workloads.MONTH, backend="numba", threads=THREADS)
    out = folder / "out"
    shutil.rmtree(out, ignore_errors=True)
    start = time.perf_counter()
    result = kommres.run(program, folder / "data", workloads.MONTH, out=out, backend="numba", threads=THREADS)
    seconds = time.perf_counter() - start
    refused = sum(result.manifest["results"].get("quarantine", {}).values())
    return {"seconds": seconds, "refused": refused, "peak_rss_mib": _peak_rss_mib()}


def codec(folder: Path) -> dict[str, float]:
    """Decode the input and encode the result, each row group as a task of its own."""
    source, result = folder / "data" / "account.parquet", folder / "out" / "charges.parquet"
    meta = pq.ParquetFile(result).metadata
    columns = [meta.row_group(0).column(i) for i in range(meta.num_columns)]
    texts = [c.path_in_schema for c in columns if c.physical_type == "BYTE_ARRAY"]
    plain = [c.path_in_schema for c in columns if not c.has_dictionary_page]
    ranged = [c.path_in_schema for c in columns if c.is_stats_set]
    file = pq.ParquetFile(result, read_dictionary=[name for name in texts if name not in plain])
    held = [file.read_row_group(i, use_threads=False) for i in range(min(HELD, meta.num_row_groups))]

    def decode(number: int) -> int:
        return pq.ParquetFile(source, metadata=known).read_row_group(number, use_threads=False).num_rows

    def encode(number: int) -> int:
        return sink.write(encoded(held[number % len(held)], plain=plain, statistics=ranged))

    known = pq.ParquetFile(source).metadata
    groups = known.num_row_groups
    # Both kinds of work side by side all the time, as in a run.
    work = sorted(
        [((i + 0.5) / groups, decode, i) for i in range(groups)]
        + [((i + 0.5) / meta.num_row_groups, encode, i) for i in range(meta.num_row_groups)],
        key=lambda task: task[0],
    )
    with (folder / "codec.parquet").open("wb") as sink, ThreadPoolExecutor(THREADS) as pool:
        start = time.perf_counter()
        for _ in pool.map(lambda task: task[1](task[2]), work):
            pass
        seconds = time.perf_counter() - start
    return {"seconds": seconds, "bytes": (folder / "codec.parquet").stat().st_size}


def _peak_rss_mib() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20) if sys.platform == "darwin" else peak / 1024


def main(task: str, folder: str, rows: str = "0") -> None:
    """Do one of the three."""
    if task == "make":
        make(Path(folder), int(rows))
    else:
        print(json.dumps({"run": run, "codec": codec}[task](Path(folder))))


if __name__ == "__main__":
    main(*sys.argv[1:])
