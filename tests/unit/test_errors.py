import copy
import pickle

import pytest

from kommres.errors import DataError, KommresError, PluginError, RulesError, UsageError


@pytest.fixture
def error():
    return DataError("a volume of -3 m3", code="D0007", where="row 7", why="none is negative", todo="mend it", row=7)


def test_says_everything_in_one_line(error):
    assert str(error) == "D0007: a volume of -3 m3 (row 7): none is negative. What to do: mend it."


def test_says_only_what_is_known():
    assert str(UsageError("nothing to run")) == "U0000: nothing to run"


def test_facts_are_attributes(error):
    assert error.row == 7
    with pytest.raises(AttributeError, match="column"):
        _ = error.column


class OwnConstructorError(DataError):
    def __init__(self, code, row):
        super().__init__("something", code=code)
        self.row = row


@pytest.mark.parametrize("travel", [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))])
def test_survives_the_way_between_processes(error, travel):
    arrived = travel(error)
    assert type(arrived) is DataError
    assert str(arrived) == str(error)
    assert arrived.to_dict() == error.to_dict()
    assert travel(OwnConstructorError("D0008", 3)).row == 3


def test_families_share_the_base_and_no_code():
    families = (RulesError, DataError, UsageError, PluginError)
    assert all(issubclass(family, KommresError) for family in families)
    assert len({family.family_code for family in families}) == len(families)
