"""A part charged by kernels; the rows that they leave are charged by the interpreter, and the lines are merged."""

from __future__ import annotations

from collections import Counter
from operator import itemgetter
from typing import TYPE_CHECKING, Final

import numpy as np
from attrs import frozen

from kommres.columns.arrow import require_arrow
from kommres.columns.charged import tabled
from kommres.columns.export import refused_batch
from kommres.columns.lines import coded_from, joined
from kommres.columns.picking import Pick
from kommres.columns.tree import SOUND, Places
from kommres.run.batch import Ledger, PartResult
from kommres.run.partition import cuts
from kommres.run.positions import Span, spans_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa  # noqa: TC004 - loaded when it is needed

    from kommres.dsl.backends.rows import Row
    from kommres.run.batch import Counts
    from kommres.run.partition import Part
    from kommres.run.stream import Charger

#: so many rows of data are made into rows of the interpreter at a time
_AT_A_TIME: Final = 8_192


@frozen(kw_only=True, eq=False)
class _Piece:
    """Lines in ascending order of ``places``, where their rows stand among all rows of the part."""

    lines: pa.Table
    places: Places


@frozen(kw_only=True, eq=False)
class _Odd:
    """Rows of a span that no kernel charged.

    ``rows``: counted from its first one. ``roots``: the root of each, counted from the part's first. ``sound``: whether
    they can be charged.
    """

    span: Span
    rows: Places
    roots: Places
    sound: bool

    @classmethod
    def of(cls, span: Span, rows: Places, *, sound: bool) -> _Odd:
        roots = np.searchsorted(span.bounds, span.first + rows, side="right") - 1
        return cls(span=span, rows=rows, roots=roots, sound=sound)


def charge_compiled(charger: Charger, part: Part) -> PartResult:
    """Charge a part of trees."""
    data, office = charger.data, charger.office
    terms = office.terms
    charged = charger.by_kernels(part)
    spans = spans_of(data, part.table, part.start, part.stop)
    counts: Counts = Counter()
    pieces: list[_Piece] = []
    odd: list[_Odd] = []
    for entity, span in spans.items():
        order = data.entities[entity]
        places = order.order[span.first : span.end]
        broken = None if order.plain else order.flags[places] != SOUND
        if broken is not None:
            odd.append(_Odd.of(span, np.flatnonzero(broken), sound=False))
        if entity not in terms.services:
            continue
        left = np.ones(len(places), np.bool_) if broken is None else ~broken
        if entity in charged:
            ids = order.ids.slice(span.first, len(places)) if order.plain else Pick.of(places).cells(order.ids)
            found = tabled(charged[entity], ids, broken, office.kinds, terms.period, terms.digits)
            pieces.append(_Piece(lines=found.lines, places=span.places[found.rows]))
            counts.update(found.counts)
            left &= found.left
        odd.append(_Odd.of(span, np.flatnonzero(left), sound=True))
    ledger = Ledger(terms)
    if any(len(item.rows) for item in odd):
        with office.lock:
            places = _interpret(charger, part, odd, ledger)
        pieces.append(_Piece(lines=coded_from(ledger.lines, office.kinds, terms.digits), places=places))
        counts.update(dict(ledger.counts))
    return PartResult(lines=_merged(pieces, terms.digits), refused=refused_batch(ledger.refused), counts=counts)


def _merged(pieces: list[_Piece], digits: int) -> pa.Table:
    pieces = [piece for piece in pieces if piece.lines.num_rows]
    table = joined([piece.lines for piece in pieces], digits)
    if len(pieces) > 1:
        places = np.concatenate([piece.places for piece in pieces])
        table = table.take(require_arrow().array(np.argsort(places, kind="stable"))).combine_chunks()
    return table


# --- rows that are left --------------------------------------------------------------------------------------


def _interpret(charger: Charger, part: Part, odd: list[_Odd], ledger: Ledger) -> Places:
    """Charge or set aside what no kernel charged; return the place of each line's row."""
    places: list[int] = []
    for place, row in _in_order(charger, part, odd):
        before = len(ledger.lines)
        ledger.take(charger.office.interpreter, row)
        places.extend([place] * (len(ledger.lines) - before))
    return np.array(places, np.int64)


def _in_order(charger: Charger, part: Part, odd: list[_Odd]) -> Iterator[tuple[int, Row]]:
    """Yield rows with their places in ascending order; only some of them exist at a time."""
    sizes = np.zeros(part.stop - part.start, np.int64)
    for item in odd:
        np.add.at(sizes, item.roots, 1)
    for start, stop in cuts(np.concatenate([[0], np.cumsum(sizes)]), _AT_A_TIME):
        here = [item.rows[(item.roots >= start) & (item.roots < stop)] for item in odd]
        picked = {item.span.entity: item.span.first + rows for item, rows in zip(odd, here, strict=True) if item.sound}
        standing = charger.rows.standing(picked)
        found: list[tuple[int, Row]] = []
        for item, rows in zip(odd, here, strict=True):
            if not len(rows):
                continue
            entity = item.span.entity
            made = standing[entity] if item.sound else charger.rows.alone(entity, item.span.first + rows)
            found.extend(zip(item.span.places[rows].tolist(), made, strict=True))
        yield from sorted(found, key=itemgetter(0))
