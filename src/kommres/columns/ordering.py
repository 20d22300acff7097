"""The order of a row's events: by id, then by the text of their values, so that the order of supply never shows.

The order is that of :meth:`kommres.columns.rows.Rows.trees`. Texts of values are compared without being written where
numbers tell how their texts compare.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from kommres.columns.arrow import require_arrow
from kommres.columns.cells import column_texts
from kommres.columns.reader import read_cell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from kommres.columns.schema import Column
    from kommres.columns.tree import Places
    from kommres.columns.zoning import Zones
    from kommres.dsl.backends.kernels.batch import Cells, Coding

#: What sorts rows, the most significant first; made only when asked for.
Keys: TypeAlias = "Iterable[NDArray[np.int64]]"

#: Comes after all others: a field that is not there.
_LAST: Final = np.iinfo(np.int64).max
_DIGITS: Final = 15
_TENS: Final = 10 ** np.arange(_DIGITS + 1, dtype=np.int64)
#: Scales whose common divisors are looked up.
_LISTED: Final = 1 << 20


def sort_groups(group: Places, sources: Iterable[Callable[[Places], Keys]]) -> Places:
    """Sort rows inside their groups.

    Parameters
    ----------
    group
        A number for each row; rows of one group stand side by side, in ascending order.
    sources
        Each returns what sorts some rows; a later one is asked only for rows that the earlier ones do not tell apart.

    Returns
    -------
    The rows in their order.
    """
    order = np.arange(len(group))
    begins = np.insert(group[1:] != group[:-1], 0, np.True_)[: len(group)]
    for source in sources:
        alone = begins & np.append(begins[1:], np.True_)[: len(group)]
        tied = np.flatnonzero(~alone)
        if not len(tied):
            break
        sorted_, runs = np.arange(len(tied)), begins[tied]
        for key in source(order[tied]):
            sorted_ = sorted_[_inside(runs, key[sorted_])]
            runs[1:] |= key[sorted_[1:]] != key[sorted_[:-1]]
            if runs.all():
                break
        order[tied], begins[tied] = order[tied[sorted_]], runs
    return order


def _inside(begins: NDArray[np.bool_], key: NDArray[np.int64]) -> Places:
    """Sort the rows of each run by a key. Runs of one length are sorted at once, as lines of a square."""
    order = np.arange(len(key))
    starts = np.flatnonzero(begins)
    sizes = np.diff(starts, append=len(key))
    for size in np.unique(sizes[sizes > 1]).tolist():
        rows = starts[sizes == size, np.newaxis] + np.arange(size)
        order[rows] = np.take_along_axis(rows, np.argsort(key[rows], axis=1), axis=1)
    return order


def of_ids(ids: pa.Array) -> Keys:
    """Return what sorts ids: by code points, missing ones first."""
    ranks = require_arrow().compute.rank(ids.fill_null(""), sort_keys="ascending", tiebreaker="min")
    return [ranks.to_numpy().astype(np.int64)]


def of_codes(codes: Cells, coding: Coding) -> Keys | None:
    """Return what sorts cells by the text of their values; None where codes do not tell."""
    present = codes != coding.absent
    if coding.kind == "id" or ((codes < coding.low) & present).any() or (codes > coding.high).any():
        return None
    values = np.where(present, codes, max(coding.low, 0)).astype(np.int64)
    keys: Keys
    if coding.kind == "enum":
        keys = [_rank([repr(member) for member in coding.members])[values]] if coding.members else [values]
    elif coding.kind == "yes_no":
        keys = [values]
    elif max(int(np.abs(values).max(initial=0)), coding.scale) < _TENS[_DIGITS]:
        keys = _of_numbers(values, coding.scale)
    else:
        return None
    return keys if present.all() else (np.where(present, key, _LAST) for key in keys)


def of_texts(cells: pa.Array, column: Column, zones: Zones) -> Keys:
    """Return what sorts cells by the text of their values, after reading them."""
    words, places = column_texts(cells, column)
    zones = zones.of_column(column)
    at = np.array(places, np.int64)
    if zones.at is not None:
        at += zones.at * len(words)
    used = np.unique(at).tolist()
    texts: list[str] = []
    for number in used:
        word = words[number % len(words)]
        texts.append("" if word is None else repr(read_cell(word, column, zones.names[number // len(words)])))
    rank = _rank(texts)
    rank[[text == "" for text in texts]] = _LAST
    return [rank[np.searchsorted(used, at)]]


def _of_numbers(values: NDArray[np.int64], scale: int) -> Iterator[NDArray[np.int64]]:
    """Yield what sorts ``values / scale`` by its text: ``12)``, ``-5)`` or ``Fraction(25, 2))``."""
    if scale == 1:
        yield _as_text(values)
        return
    shared = _divisors(scale)[values % scale] if scale <= _LISTED else np.gcd(values, scale)
    above, is_whole = _as_text(values // shared), shared == scale
    # Digits and the minus sign come before the F of Fraction.
    yield np.where(is_whole, above, above + (1 << 61))
    yield np.where(is_whole, 0, _as_text(scale // shared))


@lru_cache(maxsize=8)
def _divisors(scale: int) -> NDArray[np.int64]:
    """Return the common divisors of a scale and each number below it."""
    return np.gcd(np.arange(scale), scale)


def _as_text(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return numbers that sort as the digits of whole numbers do, whatever ends them: 1, 10, 12, 2."""
    size = np.abs(values)
    # 1233 / 4096 is the decimal logarithm of 2, a little less: the guess is right or one too few.
    guess = np.frexp(size.astype(np.float64))[1] * 1233 >> 12
    digits = np.maximum(guess + (size >= _TENS[guess]), 1)
    found: NDArray[np.int64] = (size * _TENS[_DIGITS - digits] << 5) + digits
    return np.where(values < 0, found, found + (1 << 60))


def _rank(texts: Sequence[str]) -> NDArray[np.int64]:
    """Return the place of each text among all of them; equal ones share it."""
    place = {text: number for number, text in enumerate(sorted(set(texts)))}
    return np.array([place[text] for text in texts], np.int64)
