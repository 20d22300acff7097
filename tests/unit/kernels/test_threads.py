"""Work in threads gives what work in one thread gives, and leaves nothing behind."""

import gc
import signal
import threading
import time

import numpy as np
import pytest

from kommres.dsl.backends.kernels.cache import compiled
from kommres.dsl.backends.kernels.threads import available_threads, in_threads
from kommres.errors import UsageError


@pytest.fixture(autouse=True)
def _nothing_left():
    yield
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("kommres")]


@pytest.mark.parametrize("threads", [None, 1, 2, 7])
def test_results_come_in_the_order_of_chunks(threads):
    def late_if_early(chunk):
        time.sleep(0.002 * (9 - chunk) / 9)
        return chunk * chunk

    assert in_threads(late_if_early, iter(range(10)), threads=threads) == [i * i for i in range(10)]


def test_nothing_to_do():
    assert in_threads(str, []) == []


def test_one_thread_is_the_callers():
    assert in_threads(lambda _: threading.current_thread(), range(3), threads=1) == [threading.current_thread()] * 3
    assert in_threads(lambda _: threading.current_thread(), [0], threads=5) == [threading.current_thread()]


def test_threads_are_needed():
    with pytest.raises(UsageError, match="threads=0"):
        in_threads(str, [1], threads=0)
    assert available_threads() >= 1


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_the_first_failure_by_order_is_raised_and_the_rest_dropped(threads):
    begun = []

    def failing(chunk):
        begun.append(chunk)
        if chunk == 3:
            time.sleep(0.05)
        if chunk in {3, 4}:
            raise ValueError(chunk)
        return chunk

    with pytest.raises(ValueError, match="3"):
        in_threads(failing, range(1000), threads=threads)
    assert len(begun) < 20 + threads


def test_ctrl_c_drops_what_was_not_begun():
    begun = []

    def slow(chunk):
        begun.append(chunk)
        time.sleep(0.02)

    def interrupt(*_):
        raise KeyboardInterrupt

    gc.collect()
    gc.disable()  # Python loses an interrupt that comes while it clears away old threads
    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        started = time.perf_counter()
        with pytest.raises(KeyboardInterrupt):
            in_threads(slow, range(300), threads=2)
        assert time.perf_counter() - started < 2
    finally:
        gc.enable()
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert len(begun) < 150


def test_kernels_let_each_other_run(monkeypatch, tmp_path):
    monkeypatch.setenv("KOMMRES_CACHE", str(tmp_path))
    kernel = compiled("def f(cells, out):\n    for i in range(out.size):\n        out[i] = cells[i] * 3 + 1\n", "f")
    cells = np.arange(100_000)
    results = []
    for threads in (1, 2, 3):
        out = np.zeros_like(cells)

        def work(at, out=out):
            return kernel(cells[at : at + 1000], out[at : at + 1000])

        in_threads(work, range(0, len(cells), 1000), threads=threads)
        results.append(out)
    assert all((result == cells * 3 + 1).all() for result in results)


def test_python_goes_on_while_a_kernel_works(monkeypatch, tmp_path):
    monkeypatch.setenv("KOMMRES_CACHE", str(tmp_path))
    text = "def f(n):\n    x = 1\n    for i in range(n):\n        x = (x * 5 + i) % 8191\n    return x\n"
    kernel = compiled(text, "f")
    kernel(1)
    busy = threading.Thread(target=kernel, args=[50_000_000])
    busy.start()
    steps = 0
    while busy.is_alive():
        time.sleep(0.001)
        steps += 1
    busy.join()
    assert steps > 10
