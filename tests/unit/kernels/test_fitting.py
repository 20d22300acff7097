import numpy as np
import pytest

from kommres.dsl.backends.kernels.batch import Batch, Changes, Column, Events, Past, Table
from kommres.dsl.backends.kernels.fitting import refuse_misfits

FEW = np.zeros(2, np.int8)
KEY = ("size", ())


def trees(**flat):
    """Two houses with three flats."""
    house = Table(entity="house", count=2, children={"flat": np.array([0, 1, 3])})
    return Batch(tables={"house": house, "flat": Table(entity="flat", count=3, **flat)})


def test_arrays_that_fit():
    three = np.zeros(3, np.int8)
    changes = Changes(offsets=np.array([0, 0, 2, 2]), days=FEW.astype(np.int32), values=FEW)
    refuse_misfits(
        trees(
            parent=np.array([0, 1, 1]),
            usable=three.astype(np.uint8),
            columns={KEY: Column(values=three, changes=changes)},
            events={"away": Events(offsets=np.zeros(0, np.int64), fields={"n": three[:0]})},
            series={"hours": np.zeros((3, 744), np.int8)},
        )
    )


@pytest.mark.parametrize(
    ("flat", "what"),
    [
        ({"parent": np.zeros(2, np.int64)}, "parent"),
        ({"usable": FEW.astype(np.uint8)}, "usable"),
        ({"columns": {KEY: Column(values=FEW)}}, "size"),
        ({"events": {"away": Events(offsets=np.array([0, 1, 2]), fields={"n": FEW})}}, "away"),
        ({"events": {"away": Events(offsets=np.array([0, 1, 2, 3]), fields={"n": FEW})}}, "away"),
        (
            {"past": {KEY: Past(offsets=np.array([0, 0, 0, 1]), months=np.zeros(1, np.int32), values=FEW)}},
            "past of size",
        ),
        ({"series": {"hours": np.zeros((2, 744), np.int8)}}, "hours"),
        ({"children": {"room": np.array([0, 1, 1, 1])}}, "room"),
    ],
)
def test_arrays_that_do_not(flat, what):
    with pytest.raises(ValueError, match=f"batch of flat: .*{what}.* entries where"):
        refuse_misfits(trees(**flat))
