"""`import kommres` promises to cost nothing: measured in a fresh interpreter, where nothing is loaded yet."""

import subprocess
import sys
from importlib.util import find_spec

import pytest

import kommres

HEAVY = {"numpy", "numba", "llvmlite", "pyarrow", "lark", "pendulum", "attr", "attrs", "click", "rich"}


def fresh(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.split()


def loaded_by(statement):
    return set(fresh(f"import sys; {statement}; print(*{{name.split('.')[0] for name in sys.modules}})")) & HEAVY


def test_import_loads_nothing():
    assert loaded_by("import kommres") == set()


def test_errors_load_nothing():
    assert loaded_by("import kommres; kommres.KommresError") == set()


def test_listing_loads_nothing():
    assert loaded_by("import kommres; dir(kommres); hasattr(kommres, 'no_such_name')") == set()


def test_declaring_a_resource_loads_attrs_only():
    assert loaded_by("import kommres; kommres.ResourceSpec") <= {"attr", "attrs"}


def test_all_is_what_can_be_had():
    assert set(kommres.__all__) == {*kommres._LAZY, "__version__"}
    assert set(kommres.__all__) <= set(dir(kommres))
    assert kommres.__version__


@pytest.mark.parametrize("name", sorted(kommres._LAZY))
def test_every_public_name_exists(name):
    assert find_spec(kommres._LAZY[name]), f"module of {name} is missing"
    assert callable(getattr(kommres, name))


def test_unknown_name():
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = kommres.no_such_name


def test_package_of_the_same_name_does_not_hide_the_function():
    assert fresh("import kommres.run, kommres; print(callable(kommres.run))") == ["True"]
