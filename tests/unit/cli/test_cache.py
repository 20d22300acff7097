import pytest

from kommres.dsl.backends.kernels.cache import compiled

TEXT = "def kernel(o):\n    for i in range(o.size):\n        o[i] = i\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    folder = tmp_path / "kernels"
    monkeypatch.setenv("KOMMRES_CACHE", str(folder))
    return folder


def test_shows_and_clears(run, folder):
    import numpy as np

    assert run("cache")[1].startswith("0 kernels, 0.0 MiB in ")
    compiled(TEXT, "kernel")(np.zeros(3, np.int64))
    assert run("cache")[1] == f"1 kernel, 0.0 MiB in {folder}\n"
    assert run("cache", "path") == (0, f"{folder}\n", "")
    assert run("cache", "clear") == (0, "", "1 kernel removed\n")
    assert run("cache")[1].startswith("0 kernels")


def test_switched_off(run, monkeypatch):
    monkeypatch.setenv("KOMMRES_CACHE", "off")
    code, out, err = run("cache", "clear")
    assert (code, out) == (0, "")
    assert "no kernels are kept" in err


def test_unknown_action(run):
    code, _, err = run("cache", "empty")
    assert code == 2
    assert "'show', 'path', 'clear'" in err
