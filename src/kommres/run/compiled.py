"""A part charged by kernels; the services that they leave are charged by the interpreter, and the lines are merged."""

from __future__ import annotations

from collections import Counter
from operator import itemgetter
from typing import TYPE_CHECKING, Final

import numpy as np
from attrs import evolve, frozen

from kommres.collecting import undisturbed
from kommres.columns.arrow import require_arrow
from kommres.columns.charged import tabled
from kommres.columns.export import refused_batch
from kommres.columns.lines import coded_from, joined
from kommres.columns.picking import Pick
from kommres.columns.tree import SOUND, Places
from kommres.dsl.plan.written import bill_order
from kommres.run.batch import Ledger, PartResult
from kommres.run.partition import cuts
from kommres.run.positions import Span, spans_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa  # noqa: TC004 - loaded when it is needed

    from kommres.columns.charged import Tabled
    from kommres.columns.decimals import Flags
    from kommres.dsl.backends.rows import Row
    from kommres.run.batch import Counts
    from kommres.run.partition import Part
    from kommres.run.stream import Charger

#: a row makes fewer lines
_MOST_LINES: Final = 1 << 14
#: so many rows of data are made into rows of the interpreter at a time
_AT_A_TIME: Final = 8_192


@frozen(kw_only=True, eq=False)
class _Piece:
    """Lines in ascending order of ``keys``: of their rows among all rows of the part, then of a bill."""

    lines: pa.Table
    keys: Places


@frozen(kw_only=True, eq=False)
class _Odd:
    """Rows of a span of which kernels did not charge everything.

    ``rows``: counted from its first one. ``roots``: the root of each, counted from the part's first. ``sound``: whether
    they can be charged. ``services``: what is wanted of each, as a number of ``sets``; ``given``: how many other
    services of it are charged already.
    """

    span: Span
    rows: Places
    roots: Places
    sound: bool
    services: Places
    sets: tuple[frozenset[str] | None, ...]
    given: Places

    @classmethod
    def all_of(cls, span: Span, rows: Places, *, sound: bool) -> _Odd:
        """Return rows of which all services are wanted."""
        none = np.zeros(len(rows), np.int64)
        return cls(span=span, rows=rows, roots=_roots(span, rows), sound=sound, services=none, sets=(None,), given=none)

    @classmethod
    def left_of(cls, span: Span, found: Tabled, barred: Flags | None) -> _Odd:
        """Return rows of which kernels left some services."""
        names = list(found.left)
        marks = np.zeros(len(span.places), np.int64)
        for place, flags in enumerate(found.left.values()):
            marks |= flags.astype(np.int64) << place
        if barred is not None:
            marks[barred] = 0
        rows = np.flatnonzero(marks)
        different, services = np.unique(marks[rows], return_inverse=True)
        sets = (frozenset(n for i, n in enumerate(names) if mark >> i & 1) for mark in different.tolist())
        given = np.zeros(len(rows), np.int64) if found.given is None else found.given[rows].astype(np.int64)
        return cls(
            span=span, rows=rows, roots=_roots(span, rows), sound=True, services=services, sets=tuple(sets), given=given
        )

    def between(self, start: int, stop: int) -> _Odd:
        """Return the rows of some roots."""
        here = (self.roots >= start) & (self.roots < stop)
        parts = {name: getattr(self, name)[here] for name in ("rows", "roots", "services", "given")}
        return evolve(self, **parts)


def _roots(span: Span, rows: Places) -> Places:
    return np.searchsorted(span.bounds, span.first + rows, side="right") - 1


def charge_compiled(charger: Charger, part: Part) -> PartResult:
    """Charge a part of trees."""
    data, office = charger.data, charger.office
    terms = office.terms
    charged = charger.by_kernels(part)
    spans = spans_of(data, part.table, part.start, part.stop)
    counts: Counts = Counter()
    pieces: list[_Piece] = []
    odd: list[_Odd] = []
    orders = {charge.id: order for order, charge in enumerate(bill_order(office.interpreter.plan))}
    for entity, span in spans.items():
        order = data.entities[entity]
        places = order.order[span.first : span.end]
        broken = None if order.plain else order.flags[places] != SOUND
        if broken is not None:
            odd.append(_Odd.all_of(span, np.flatnonzero(broken), sound=False))
        if entity not in terms.services:
            continue
        if entity in charged:
            ids = order.ids.slice(span.first, len(places)) if order.plain else Pick.of(places).cells(order.ids)
            found = tabled(charged[entity], ids, broken, office.kinds, terms.period, terms.digits)
            bill = np.array([orders[lines.charge.id] for lines in charged[entity].lines], np.int64)
            keys = span.places[found.rows] * _MOST_LINES + bill[found.orders]
            pieces.append(_Piece(lines=found.lines, keys=keys))
            counts.update(found.counts)
            if found.left:
                odd.append(_Odd.left_of(span, found, broken))
        else:
            sound = np.arange(len(places)) if broken is None else np.flatnonzero(~broken)
            odd.append(_Odd.all_of(span, sound, sound=True))
    ledger = Ledger(terms)
    if any(len(item.rows) for item in odd):
        with office.lock:
            keys = _interpret(charger, part, odd, ledger, orders)
        pieces.append(_Piece(lines=coded_from(ledger.lines, office.kinds, terms.digits), keys=keys))
        counts.update(dict(ledger.counts))
    return PartResult(lines=_merged(pieces, terms.digits), refused=refused_batch(ledger.refused), counts=counts)


def _merged(pieces: list[_Piece], digits: int) -> pa.Table:
    pieces = [piece for piece in pieces if piece.lines.num_rows]
    table = joined([piece.lines for piece in pieces], digits)
    if len(pieces) > 1:
        keys = np.concatenate([piece.keys for piece in pieces])
        table = table.take(require_arrow().array(np.argsort(keys, kind="stable"))).combine_chunks()
    return table


# --- what is left --------------------------------------------------------------------------------------------


def _interpret(charger: Charger, part: Part, odd: list[_Odd], ledger: Ledger, orders: Mapping[str, int]) -> Places:
    """Charge or set aside what no kernel charged; return the key of each line. Only some rows exist at a time."""
    keys: list[int] = []
    sizes = np.zeros(part.stop - part.start, np.int64)
    for item in odd:
        np.add.at(sizes, item.roots, 1)
    for start, stop in cuts(np.concatenate([[0], np.cumsum(sizes)]), _AT_A_TIME):
        with undisturbed():
            for place, row, services, given in _in_order(charger, [item.between(start, stop) for item in odd]):
                before = len(ledger.lines)
                ledger.take(charger.office.interpreter, row, services, given)
                keys.extend(place * _MOST_LINES + orders[line.kind.charge] for line in ledger.lines[before:])
    return np.array(keys, np.int64)


def _in_order(charger: Charger, odd: list[_Odd]) -> list[tuple[int, Row, frozenset[str] | None, int]]:
    """Return rows with their places in ascending order, what is wanted of them, and what is charged already."""
    standing = charger.rows.standing({i.span.entity: i.span.first + i.rows for i in odd if i.sound})
    found: list[tuple[int, Row, frozenset[str] | None, int]] = []
    for item in odd:
        if not len(item.rows):
            continue
        entity = item.span.entity
        made = standing[entity] if item.sound else charger.rows.alone(entity, item.span.first + item.rows)
        places, given = item.span.places[item.rows].tolist(), item.given.tolist()
        found.extend(zip(places, made, (item.sets[n] for n in item.services.tolist()), given, strict=True))
    return sorted(found, key=itemgetter(0))
