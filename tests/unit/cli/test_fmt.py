import io
import sys
from types import SimpleNamespace

import pytest

UGLY = "module   my.water\nentity premises\ninput residents   of premises: person,0..100  # who lives here\n"


@pytest.fixture
def ugly(tmp_path):
    path = tmp_path / "ugly.kmr"
    path.write_text(UGLY, "utf-8")
    return path


def test_writes_in_place_once(run, ugly):
    assert run("fmt", ugly)[0] == 0
    once = ugly.read_text("utf-8")
    assert "input residents of premises: person, 0..100" in once
    assert "# who lives here" in once
    assert run("fmt", ugly) == (0, "", "nothing to change\n")
    assert ugly.read_text("utf-8") == once
    assert list(ugly.parent.iterdir()) == [ugly]


def test_check_changes_nothing(run, ugly):
    code, _, err = run("fmt", "--check", ugly)
    assert code == 1
    assert f"would format {ugly}" in err
    assert ugly.read_text("utf-8") == UGLY


def test_diff_changes_nothing(run, ugly):
    code, out, _ = run("fmt", "--diff", ugly)
    assert code == 0
    assert "-module   my.water" in out
    assert "+module my.water" in out
    assert ugly.read_text("utf-8") == UGLY


def test_there_and_back(run, rules):
    path = rules / "water.kmr"
    before = path.read_bytes()
    assert run("fmt", rules)[0] == 0
    formatted = path.read_bytes()
    assert run("fmt", "--keywords", "ru", rules)[0] == 0
    assert "правило volume у premises" in path.read_text("utf-8")
    assert run("fmt", "--keywords", "en", rules)[0] == 0
    assert path.read_bytes() == formatted == before


def test_stdin(run, monkeypatch):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(UGLY.encode())))
    code, out, _ = run("fmt", "-")
    assert code == 0
    assert out.startswith("module my.water\n")


def test_text_that_does_not_parse_stays(run, tmp_path):
    path = tmp_path / "bad.kmr"
    path.write_text("module my.water\nrule = = \n", "utf-8")
    code, _, err = run("fmt", path)
    assert code == 1
    assert "error[K" in err
    assert path.read_text("utf-8") == "module my.water\nrule = = \n"


def test_bytes_that_are_not_utf8(run, tmp_path):
    path = tmp_path / "old.kmr"
    path.write_bytes("module вода\n".encode("cp1251"))
    code, _, err = run("fmt", path)
    assert code == 1
    assert "not UTF-8" in err
