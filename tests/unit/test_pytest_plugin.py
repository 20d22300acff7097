import subprocess
import sys
from importlib.metadata import entry_points

RULES = """\
module my.water
entity premises
input residents of premises: person
charge water of premises: RUB
    = round(residents * 10 RUB/person, 0.01)
example "two" on 2026-01
    given residents = 2
    expect water = 20
example "three" on 2026-01
    given residents = 3
    expect water = 31
"""


def collected(folder, ini):
    (folder / "pytest.ini").write_text(f"[pytest]\n{ini}", "utf-8")
    # An installed kommres is a plugin already.
    plugin = () if entry_points(group="pytest11", name="kommres") else ("-p", "kommres.pytest_plugin")
    command = [sys.executable, "-m", "pytest", *plugin, "-p", "no:cacheprovider", "-q", "."]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_examples_of_the_roots_are_tests(tmp_path):
    for name in ("rules", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "water.kmr").write_text(RULES, "utf-8")
    out = collected(tmp_path, "kmr_roots = rules\n")
    assert "1 failed, 1 passed" in out
    assert "water: expected 31.00 RUB, got 30.00 RUB" in out
    assert "Traceback" not in out


def test_nothing_is_collected_without_roots(tmp_path):
    (tmp_path / "water.kmr").write_text(RULES, "utf-8")
    assert "no tests ran" in collected(tmp_path, "")


def test_rules_that_cannot_be_used_are_an_error_of_collection(tmp_path):
    (tmp_path / "water.kmr").write_text(RULES.replace("residents *", "residnts *"), "utf-8")
    out = collected(tmp_path, "kmr_roots = .\n")
    assert "1 error" in out
    assert "residnts" in out
