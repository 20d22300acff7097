"""Python looks for cycles as before, whatever happened meanwhile."""

import gc

import pytest

from kommres.collecting import undisturbed


def test_cycles_are_looked_for_afterwards():
    assert gc.isenabled()
    seen = {}
    with pytest.raises(KeyError), undisturbed():
        seen[gc.isenabled()]
    with undisturbed():
        assert not gc.isenabled()
    assert gc.isenabled()
    gc.disable()
    try:
        with undisturbed():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
