import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from tests.run_sample import RULES, city, program, write_csv

from kommres.errors import UsageError
from kommres.run import journal, partition
from kommres.run.api import run
from kommres.run.workspace import workspace

FILES = ("charges.parquet", "quarantine.parquet", "manifest.json")


class Killed(BaseException):
    """Stands for a kill: nothing in the code catches it."""


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    """Each building is a chunk, and each chunk is safe as soon as it is written."""
    monkeypatch.setattr(partition, "CHUNK_ROWS", 1)
    monkeypatch.setattr(journal, "SETTLE_SECONDS", 0)


@pytest.fixture
def data(tmp_path):
    tables = city()
    tables["premises"]["metered"][0] = "broken"
    tables["absence"]["premises"][1] = "nobody"
    return write_csv(tmp_path / "data", tables)


def go(data, out, **how):
    return run(program(), data, "2026-01", out=out, batch_rows=1, **how)


def same(a, b):
    return all((a / name).read_bytes() == (b / name).read_bytes() for name in FILES)


# --- killed and resumed --------------------------------------------------------------------------------------

STEPS = ("replace", "fsync", "rename", "unlink", "mkdir", "rmdir", "open")


class Fuse:
    """Kills the run at its n-th call of the system that changes or opens a file."""

    def __init__(self, monkeypatch, calls):
        self.left = calls
        for name in STEPS:
            self.wrap(monkeypatch, name, getattr(os, name))

    def wrap(self, monkeypatch, name, real):
        def guarded(*args, **kwargs):
            if self.left == 0:
                raise Killed
            self.left -= 1
            return real(*args, **kwargs)

        monkeypatch.setattr(os, name, guarded)


def test_killed_at_every_step_and_resumed(tmp_path, data, monkeypatch):
    whole = tmp_path / "whole"
    go(data, whole)
    out = tmp_path / "out"
    for calls in range(1000):
        with monkeypatch.context() as patch:
            Fuse(patch, calls)
            try:
                go(data, out)
            except Killed:
                killed = True
            else:
                killed = False
        if not killed:
            break
        if out.exists():
            assert same(whole, out), "a result is there as a whole or not at all"
        result = go(data, out, resume=True)
        assert same(whole, out), calls
        assert result.charges.num_rows
        assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "out", "whole"]
        shutil.rmtree(out)
    assert calls > 20


def test_killed_while_overwriting(tmp_path, data, monkeypatch):
    out, whole = tmp_path / "out", tmp_path / "whole"
    go(data, whole)
    for calls in range(1000):
        shutil.copytree(whole, out)
        (out / "manifest.json").write_text('{"old": true}')
        with monkeypatch.context() as patch:
            Fuse(patch, calls)
            try:
                go(data, out, overwrite=True)
            except Killed:
                killed = True
            else:
                killed = False
        if killed:
            go(data, out, overwrite=True, resume=True)
        assert same(whole, out), calls
        assert not out.with_name("out.partial").exists()
        shutil.rmtree(out)
        if not killed:
            break


def test_killed_by_the_system_at_any_moment(tmp_path, data):
    script = textwrap.dedent(
        """
        import sys
        from kommres.run import journal, partition
        from kommres.run.api import run
        from kommres.dsl.program import load
        from kommres.run.stream import Charger
        import time
        real = Charger.part
        def slow(self, part):
            time.sleep(0.02)
            return real(self, part)
        Charger.part = slow
        partition.CHUNK_ROWS, journal.SETTLE_SECONDS = 1, 0
        rules, data, out = sys.argv[1:]
        program = load(rules)
        run(program, data, "2026-01")
        print("ready", flush=True)
        run(program, data, "2026-01", out=out, batch_rows=1, resume=True)
        """
    )
    whole, out, rules = tmp_path / "whole", tmp_path / "out", tmp_path / "sample.kmr"
    rules.write_text(RULES, encoding="utf-8")
    run(rules, data, "2026-01", out=whole)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    for moment in range(30):
        process = subprocess.Popen(
            [sys.executable, "-c", script, str(rules), str(data), str(out)],
            stdout=subprocess.PIPE,
            env=environment,
            cwd=Path(__file__).parents[3],
        )
        process.stdout.readline()
        time.sleep(0.03 * (1 + moment % 5))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        if out.exists():
            break
    assert same(whole, out)


def test_finished_parts_are_not_computed_again(tmp_path, data, monkeypatch):
    out = tmp_path / "out"
    told = []

    def stop(done, _total, _held):
        told.append(done)
        if len(told) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        go(data, out, progress=stop)
    written = []
    real = journal.Journal.put
    monkeypatch.setattr(
        journal.Journal, "put", lambda self, chunk, *rest: (written.append(chunk), real(self, chunk, *rest))
    )
    go(data, out, resume=True)
    assert written == [1, 2]


def test_a_damaged_part_is_computed_again(tmp_path, data):
    whole, out = tmp_path / "whole", tmp_path / "out"
    go(data, whole)

    def stop(done, total, _held):
        if done == total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        go(data, out, progress=stop)
    partial = tmp_path / "out.partial"
    (partial / "result" / "charges.parquet").write_bytes(b"nonsense")
    with (partial / "journal.jsonl").open("a") as lines:
        lines.write('{"part": 7, "fil')  # torn by a kill
    go(data, out, resume=True)
    assert same(whole, out)


# --- what must not be mixed ----------------------------------------------------------------------------------


def unfinished(data, out):
    def stop(*_numbers):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        go(data, out, progress=stop)


def test_an_unfinished_run_is_not_dropped_unasked(tmp_path, data):
    unfinished(data, tmp_path / "out")
    with pytest.raises(UsageError, match="unfinished run") as caught:
        go(data, tmp_path / "out")
    assert caught.value.code == "U0313"
    go(data, tmp_path / "out", overwrite=True)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda data: (data / "building.csv").write_text("id,tariff\nB1,1\nB2,2\n"), "data"),
        (lambda data: (data / "outage.csv").write_text("building,from,to\n"), "data"),
    ],
)
def test_other_data_are_another_run(tmp_path, data, change, words):
    unfinished(data, tmp_path / "out")
    change(data)
    with pytest.raises(UsageError, match=f"began with other {words}") as caught:
        go(data, tmp_path / "out", resume=True)
    assert caught.value.code == "U0314"


def test_another_period_is_another_run(tmp_path, data):
    unfinished(data, tmp_path / "out")
    with pytest.raises(UsageError, match="began with other known_at and period"):
        run(program(), data, "2026-02", out=tmp_path / "out", resume=True, known_at="2026-01-01")


def test_a_result_is_not_replaced_unasked(tmp_path, data):
    out = tmp_path / "out"
    go(data, out)
    before = (out / "charges.parquet").stat().st_mtime_ns
    with pytest.raises(UsageError, match="there already") as caught:
        go(data, out)
    assert caught.value.code == "U0311"
    go(data, out, resume=True)  # the same run: it ended already
    assert (out / "charges.parquet").stat().st_mtime_ns == before
    with pytest.raises(UsageError, match="there already"):
        run(program(), data, "2026-02", out=out, resume=True)
    run(program(), data, "2026-02", out=out, overwrite=True)
    assert json.loads((out / "manifest.json").read_text())["period"] == "2026-02"


def test_other_things_are_never_replaced(tmp_path, data):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "letter.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    for name in ("out", "file"):
        with pytest.raises(UsageError, match="no result of a run"):
            go(data, tmp_path / name, overwrite=True)
    (tmp_path / "empty").mkdir()
    go(data, tmp_path / "empty")


def test_two_runs_into_one_place(tmp_path):
    how = {"charges": "charges.parquet", "identity": {}, "way": None, "resume": False, "overwrite": False}
    with workspace(tmp_path / "out", **how) as space:
        assert space.folder.is_dir()
        with pytest.raises(UsageError, match=f"process {os.getpid()}") as caught, workspace(tmp_path / "out", **how):
            pass
        assert caught.value.code == "U0312"
    with workspace(tmp_path / "out", **{**how, "resume": True}):
        pass  # the lock went with its holder
