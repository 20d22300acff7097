"""The tests of kernels notice wrong kernels: each mistake that is planted here makes a small part of them fail."""

from __future__ import annotations

import re
from random import Random

import pytest
from attrs import evolve
from tests.kernel_cases import Difference, Sides, sought
from tests.kernel_rows import Trees, plenty, spoilt
from tests.kernel_shapes import shape
from tests.kernel_shipped import Grown, shipped, terms_for

from kommres.dsl.backends.kernels import cache, emit, kernels, lowering, wide
from kommres.dsl.backends.kernels.origins import Origin
from kommres.period import Month

JANUARY = Month.parse("2026-01")
#: Shapes whose roundings need one word, a rest of 64 bits, and 128 bits.
TRIED = ("modes", "product", "share", "signed", "wide", "absent")


def differs(name, **terms):
    """Whether a small set of rows of a shape shows that the two sides are not the same."""
    plan, pick = shape(name), Random(name)
    sides = Sides(plan, JANUARY, **terms)
    trees = Trees(plan, pick, JANUARY)
    try:
        sides.compare(plenty(plan, pick, 300, JANUARY))
        sides.compare([spoilt(plan, trees.tree(), pick)[0] for _ in range(200)])
        for definition in plan.charges:
            sides.compare(sought(sides, definition, trees, wanted=150, tries=40))
    except Difference:
        return True
    return False


@pytest.fixture
def nothing_kept(monkeypatch):
    """Kernels of one test are neither read from nor written to the user's folder."""
    monkeypatch.setenv("KOMMRES_CACHE", "off")
    cache._known.clear()
    yield
    cache._known.clear()


def written(monkeypatch, pattern, by):
    """Change the text of kernels before it is compiled; how often is counted."""
    changed = []

    def compiled(text, *arguments, **more):
        other, count = re.subn(pattern, by, text)
        changed.append(count)
        return cache.compiled(f"from {wide.__name__} import word_half_up\n{other}", *arguments, **more)

    monkeypatch.setattr(kernels, "compiled", compiled)
    return changed


@pytest.mark.parametrize("name", TRIED)
@pytest.mark.usefixtures("nothing_kept")
def test_right_kernels_agree(name):
    assert not differs(name)


#: What is planted -> where it is noticed, what it replaces, and by what.
MUTANTS = {
    "floor instead of half up": (TRIED, r"_half_up(_pos)?\b", "_floor"),
    "down instead of half up, which is the same but for ties and more": (TRIED, r"_half_up(_pos)?\b", "_down"),
    "half even instead of half up: ties only": (("modes", "share"), r"_half_up(_pos)?\b", "_half_even"),
    "numerators that may be negative taken for positive": (("signed",), r"_half_up\b", "_half_up_pos"),
    "a word that overflows in place of a rest": (
        ("product", "share"),
        r"\brest_half_up(_pos)?\((\w+), \w+, ",
        r"word_half_up(int64(\2), ",
    ),
    "128 bits cut to 64": (("wide",), r"\bwide_product\((\w+), (\w+)\)", r"wide(\1 * \2)"),
    "a dropped test of the cells": (TRIED, r"\(\w+ < int64\([-\d]+\)\)|\(\w+ > int64\([-\d]+\)\)", "False"),
    "a dropped `left`": (TRIED, r"LEFT if \w+ else ", ""),
}


@pytest.mark.parametrize("name", MUTANTS)
@pytest.mark.usefixtures("nothing_kept")
def test_a_planted_mistake_is_noticed(name, monkeypatch):
    shapes, pattern, by = MUTANTS[name]
    changed = written(monkeypatch, pattern, by)
    found = {tried: differs(tried) for tried in shapes}
    assert sum(changed)
    assert any(found.values()) if shapes is TRIED else all(found.values()), found


@pytest.mark.usefixtures("nothing_kept")
def test_a_dropped_test_of_whole_rows_is_noticed(monkeypatch):
    monkeypatch.setattr(kernels, "_spoiled", lambda *_: {})
    assert any(differs(name) for name in TRIED)


@pytest.mark.usefixtures("nothing_kept")
def test_rows_of_shipped_charges_notice_it(monkeypatch):
    """Rounding of ties alone is other than it should be: rows that are grown from examples show it in each charge."""
    changed = written(monkeypatch, r"_half_up(_pos)?\b", "_half_even")
    charges = [definition for definition in shipped().charges if definition.rule.service == "gas"]
    for definition in charges:
        terms = terms_for(definition)
        sides = Sides(shipped(), terms.month, charges=[definition.id], still=False, **terms.named)
        found = sought(sides, definition, Grown(definition, Random(definition.id), terms), wanted=300, tries=300)
        with pytest.raises(Difference):
            sides.compare(found)
    assert charges
    assert all(changed)


# --- a helper that was edited ----------------------------------------------------------------------------------


def forget_helpers():
    cache._known.clear()
    lowering.primitives.cache_clear()


def with_older_helpers(name, folder, monkeypatch):
    """Fill a folder with kernels as a kommres would whose helpers were others: they round half up downwards."""
    helpers = [(module, helper) for module, helper in emit.REGISTRY if module == wide.__name__]
    older = {
        (module, helper): emit.REGISTRY[module, re.sub("half_up(_pos)?$", "floor", helper)]
        for module, helper in helpers
    }

    def origins(text, **more):
        return tuple(evolve(found, content=b"older") for found in cache_origins(text, **more))

    cache_origins = cache.origins
    with monkeypatch.context() as patch:
        patch.setattr(cache, "origins", origins)
        patch.setattr(Origin, "current", property(lambda _: True))
        for key, primitive in older.items():
            patch.setitem(emit.REGISTRY, key, primitive)
        forget_helpers()
        assert differs(name, cache=folder)
    assert list(folder.glob("*.kernel"))
    forget_helpers()


@pytest.mark.usefixtures("nothing_kept")
def test_kernels_of_older_helpers_are_not_taken(tmp_path, monkeypatch):
    with_older_helpers("product", tmp_path, monkeypatch)
    assert not differs("product", cache=tmp_path)


@pytest.mark.usefixtures("nothing_kept")
def test_a_stale_helper_is_noticed(tmp_path, monkeypatch):
    def key(self, types):
        return cache._digest(self.text, self.function, cache._named(types))

    monkeypatch.setattr(cache.Kernel, "_key", key)
    with_older_helpers("product", tmp_path, monkeypatch)
    assert differs("product", cache=tmp_path)
