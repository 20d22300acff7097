import subprocess
import sys

import click
import pytest

from kommres.cli import app, main

HEAVY = {"numpy", "numba", "llvmlite", "pyarrow", "pendulum"}


def test_help_names_every_verb(run):
    code, out, _ = run("--help")
    assert code == 0
    for verb in ("check", "fmt", "describe", "eval", "explain", "test", "run", "synth"):
        assert f"  {verb} " in out


@pytest.mark.parametrize("verb", sorted(app.VERBS))
def test_every_verb_shows_an_example(run, verb):
    code, out, _ = run(verb, "--help")
    assert code == 0
    assert f"kommres {verb}" in out


def test_version(run):
    code, out, _ = run("--version")
    assert code == 0
    assert out.startswith("kommres")


def test_wrong_verb_is_usage_and_says_what_is_like_it(run):
    code, _, err = run("chek")
    assert code == 2
    assert "Did you mean check?" in err


def test_wrong_option_is_usage(run):
    assert run("check", "--nosuch")[0] == 2


def test_a_path_that_is_not_there_is_usage(run, tmp_path):
    code, _, err = run("check", tmp_path / "nothing")
    assert code == 2
    assert err.startswith("error: U0201")


def test_interrupt_has_its_code_and_a_clear_word(run, monkeypatch):
    def stop(*_arguments, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr("kommres.dsl.program.check", stop)
    code, _, err = run("check")
    assert code == 130
    assert "stopped by Ctrl-C" in err
    assert "Traceback" not in err


def test_missing_extra_names_the_command(run, monkeypatch):
    def missing(*_arguments, **_options):
        raise ModuleNotFoundError("No module named 'pyarrow'", name="pyarrow")

    monkeypatch.setattr("kommres.dsl.program.check", missing)
    code, _, err = run("check")
    assert code == 1
    assert 'pip install "kommres[arrow]"' in err


def test_missing_click_names_the_command(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "click", None)
    assert main(["check"]) == 1
    assert 'pip install "kommres[cli]"' in capsys.readouterr().err


def test_commands_are_click_commands():
    context = click.Context(app.app)
    assert all(app.app.get_command(context, verb).name == verb for verb in app.VERBS)


@pytest.mark.parametrize("arguments", ["['--help']", "['check', sys.argv[1]]"])
def test_loads_nothing_heavy(rules, arguments):
    code = f"import sys; from kommres.cli import main; main({arguments}); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code, str(rules)], capture_output=True, text=True, check=True)
    assert {name.split(".")[0] for name in done.stderr.split()} & HEAVY == set()
