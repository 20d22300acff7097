"""The how-to "Add my municipality" yields the region that ships."""

import re

import pytest
from tests.pages import FENCE, ROOT

PAGE = ROOT / "docs" / "how-to" / "add-a-municipality.md"
REGION = {
    path.name: path
    for name in ("petropavlovsk_*", "kamchatka_electricity*")
    for path in ROOT.glob(f"plugins/*/src/*/rules/regions/{name}")
}


def shown():
    """Files of the folder ``rules`` that the page tells its reader to write."""
    found = [(re.search(r"file=rules/(\S+)", info), body) for _, info, body in FENCE.findall(PAGE.read_text("utf-8"))]
    return {at[1]: body for at, body in found if at}


def test_it_writes_each_file_of_the_region_and_no_other():
    assert shown().keys() == REGION.keys()


@pytest.mark.parametrize("name", REGION)
def test_the_file_is_the_shipped_one(name, reset):
    written, shipped = shown()[name], REGION[name].read_bytes()
    if reset:
        PAGE.write_text(PAGE.read_text("utf-8").replace(written, shipped.decode()), "utf-8")
    assert reset or written.encode() == shipped
