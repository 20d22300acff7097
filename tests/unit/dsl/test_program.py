"""Rule files are read from where they were said to lie, and from nowhere else."""

import pytest

from kommres.dsl.limits import Limits
from kommres.dsl.program import check
from kommres.errors import UsageError

RULES = """module m
entity premises
input k of premises: id
param p by k: number from "t.csv"
"""
TABLE = "k,from,value\na,2020-01-01,1\n"


@pytest.fixture
def folder(tmp_path):
    """Rules, and a table beside their folder that they must not read."""
    inside = tmp_path / "rules"
    inside.mkdir()
    (inside / "m.kmr").write_text(RULES, encoding="utf-8")
    (tmp_path / "secret.csv").write_text(TABLE, encoding="utf-8")
    return inside


def codes(*rules, **limits):
    return [d.code for d in check(*rules, limits=Limits(**limits)).out.errors]


def test_a_table_beside_the_rules(folder):
    (folder / "t.csv").write_text(TABLE, encoding="utf-8")
    assert codes(folder) == []


@pytest.mark.parametrize("name", ["../secret.csv", "../rules/../secret.csv", "t.csv"])
def test_a_table_outside_is_not_read(folder, name):
    (folder / "t.csv").symlink_to(folder.parent / "secret.csv")
    (folder / "m.kmr").write_text(RULES.replace("t.csv", name), encoding="utf-8")
    assert codes(folder) == ["K0504"]


def test_links_that_go_round(folder):
    (folder / "t.csv").symlink_to(folder / "t.csv")
    assert codes(folder) == ["K0504"]


def test_a_rule_file_that_is_a_link_out_of_its_folder(folder):
    (folder / "x.kmr").symlink_to(folder.parent / "secret.csv")
    with pytest.raises(UsageError, match="leads out"):
        check(folder)


def test_what_all_files_have_together_is_bounded(folder):
    assert codes(folder, program_bytes=50) == ["K0914"]
    (folder / "n.kmr").write_text("module n\n", encoding="utf-8")
    assert codes(folder, modules=1) == ["K0909"]


def test_a_table_that_is_too_long(folder):
    (folder / "t.csv").write_text(TABLE + "b,2020-01-01,1\n", encoding="utf-8")
    assert codes(folder, table_bytes=20) == ["K0915"]
    assert codes(folder, table_rows=1) == ["K0910"]


def test_errors_of_a_program_are_bounded(tmp_path):
    rules = "".join(f"rule x{i} of premises: number\n    = nothing{i}\n" for i in range(9))
    (tmp_path / "m.kmr").write_text("module m\nentity premises\n" + rules, encoding="utf-8")
    found = codes(tmp_path / "m.kmr", errors=3)
    assert found.count("K0205") == 6
    assert found[-1] == "K0912"


def test_entities_are_not_nested_without_end(tmp_path):
    chain = "".join(f"entity e{i + 1} of e{i}\n" for i in range(4))
    (tmp_path / "m.kmr").write_text("module m\nentity e0\n" + chain, encoding="utf-8")
    assert codes(tmp_path / "m.kmr", nesting=5) == []
    assert codes(tmp_path / "m.kmr", nesting=3)[0] == "K0903"
