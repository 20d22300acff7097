"""Which ids of a table stand more than once, found while its rows pass by, without keeping them.

Where ids ascend, equal ones stand side by side. Where they do not, a number of 64 bits is kept of each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from attrs import define, field
from numpy.typing import NDArray

from kommres.columns.arrow import require_arrow
from kommres.columns.clustered import ascends

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import pyarrow as pa

_WORD: Final = 8
_FACTORS: Final = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F))
_SHIFT: Final = np.uint64(29)


@define(eq=False)
class Passing:
    """Ids of an entity in the order in which they are read.

    ``ascending``: they are taken to ascend; it becomes False where they do not. ``twice``: ids that stand more than
    once, as far as that is known.
    """

    ascending: bool = True
    twice: set[str] = field(factory=set)
    _last: str | None = None
    _seen: list[NDArray[np.uint64]] = field(factory=list)

    def see(self, ids: pa.Array) -> bool:
        """Take the next ids, trimmed; say whether they are as they were taken to be. Missing ones do not count."""
        ids = ids.drop_null()
        if not len(ids):
            return True
        if self.ascending:
            first = ids[0].as_py()
            if first == self._last and first not in self.twice:
                self.twice.add(first)  # the other one may be used already
                return False
            if not self._ascend(ids):
                self.ascending = False
                if self._last is not None:
                    return False
        if self.ascending:
            self._last = ids[len(ids) - 1].as_py()
        else:
            self._seen.append(fingerprints(ids))
        return True

    def _ascend(self, ids: pa.Array) -> bool:
        """Say whether ids ascend, and note equal ones."""
        pa = require_arrow()
        if self._last is not None and self._last > ids[0].as_py():
            return False
        neighbours = np.flatnonzero(~ascends(ids))
        before = ids.take(pa.array(neighbours))
        equal = pa.compute.equal(before, ids.take(pa.array(neighbours + 1)))
        self.twice.update(before.filter(equal).to_pylist())
        return len(equal) == pa.compute.sum(equal).as_py() if len(equal) else True

    @property
    def to_know(self) -> Passing:
        """What the next reading of the table starts with."""
        return Passing(ascending=self.ascending, twice=set(self.twice))

    def found(self, again: Callable[[], Iterable[pa.Array]]) -> set[str]:
        """Return all ids that stand more than once. ``again``: reads all ids once more."""
        if self.ascending or not self._seen:
            return self.twice
        pa = require_arrow()
        seen = np.sort(np.concatenate(self._seen))
        alike = np.unique(seen[1:][seen[1:] == seen[:-1]])
        if not len(alike):
            return self.twice
        suspected = [
            ids.filter(pa.array(np.isin(fingerprints(ids), alike))) for ids in (found.drop_null() for found in again())
        ]
        counted = pa.concat_arrays(suspected).value_counts()
        many = pa.compute.greater(counted.field("counts"), 1)
        return {*self.twice, *counted.field("values").filter(many).to_pylist()}


def fingerprints(texts: pa.Array) -> NDArray[np.uint64]:
    """Return a number for each text (``large_string``, none missing); equal texts have equal numbers."""
    pa = require_arrow()
    texts = texts.cast(pa.large_string())
    _, offsets, data = texts.buffers()
    ends = np.frombuffer(offsets, np.int64, len(texts) + 1, texts.offset * _WORD)
    letters = np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8)
    letters = np.concatenate([letters[ends[0] : ends[-1]], np.zeros(_WORD, np.uint8)])
    starts, lengths = ends[:-1] - ends[0], np.diff(ends)
    # Eight letters from each place on, as one number.
    words = np.ndarray(len(letters) - _WORD + 1, "<u8", letters, strides=(1,))
    found = lengths.astype(np.uint64) * _FACTORS[0]
    for at in range(0, int(lengths.max(initial=0)), _WORD):
        left = np.clip(lengths - at, 0, _WORD)
        word = words[np.minimum(starts + at, len(words) - 1)]
        letters_kept = (np.uint64(1) << (8 * (left % _WORD)).astype(np.uint64)) - np.uint64(1)
        kept = np.where(left == _WORD, ~np.uint64(0), letters_kept)
        mixed = (found ^ word & kept) * _FACTORS[1]
        mixed ^= mixed >> _SHIFT
        found = np.where(left > 0, mixed * _FACTORS[0] + np.uint64(at), found)
    return found
