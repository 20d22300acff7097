"""Batches of one data set by both ways, compared by what their codes mean."""

from itertools import pairwise

import numpy as np

from kommres.columns.dense import Dense
from kommres.columns.ingest import open_data
from kommres.columns.rows import Rows
from kommres.dsl.backends.kernels.batch import Names
from kommres.dsl.backends.kernels.from_rows import batch_of, rows_by_entity
from kommres.dsl.backends.kernels.layout import layout_of
from kommres.dsl.plan.proofs import Assumptions
from kommres.period import Month

UNUSABLE = "unusable"


def both_ways(plan, data, month, root, start=0, stop=None, layout=None):
    """Return the pictures of the batch from rows and of the batch from columns."""
    dataset = open_data(plan, data)
    return both_ways_of(dataset, layout or layout_of(plan, Assumptions()), month, root, start, stop)


def both_ways_of(dataset, layout, month, root, start=0, stop=None):
    month = Month.parse(month)
    stop = len(dataset.entities[root].order) if stop is None else stop
    roots = Rows(dataset, month).trees(root, start, stop)
    slow, fast = Names(), Names()
    # Codes of texts are compared by the texts, so they must not agree by chance.
    fast.code("another text")
    by_rows = batch_of(layout, roots, month, slow)
    dense = Dense(dataset, layout, month, fast)
    by_columns = dense.batch(root, start, stop)
    for entity, (first, last) in dense.ranks(root, start, stop).items():
        ids = [row.id for row in rows_by_entity(roots).get(entity, [])]
        assert [id_ or "(no id)" for id_ in dense.ids(entity, first, last).to_pylist()] == ids
    return picture(layout, by_rows, slow), picture(layout, by_columns, fast)


def picture(layout, batch, names):
    """Say what a batch holds; what is missing from it holds nothing."""
    return {entity: _table(layout, batch.tables[entity], names) for entity in layout.inputs}


def _table(layout, table, names):
    codings, events, past = (part.get(table.entity, {}) for part in (layout.inputs, layout.events, layout.past))
    return {
        "count": table.count,
        "usable": [1] * table.count if table.usable is None else table.usable.tolist(),
        "parent": None if table.parent is None or not table.count else table.parent.tolist(),
        "children": {
            name: offsets.tolist()
            for name, offsets in table.children.items()
            if name in layout.inputs and len(offsets) and offsets[-1]
        },
        "columns": {
            key: _column(table.columns.get(key), coding, table.count, names) for key, coding in codings.items()
        },
        "events": {name: _events(table.events.get(name), fields, names) for name, fields in events.items()},
        "past": {key: _past(table.past.get(key), coding, names) for key, coding in past.items()},
        "series": {
            name: _series(table.series.get(name), series.coding, table.count)
            for name, series in layout.series.get(table.entity, {}).items()
        },
    }


def _column(column, coding, count, names):
    if column is None:
        return [[None if coding.optional else UNUSABLE] for _ in range(count)]
    assert column.values.dtype == coding.dtype
    assert len(column.values) == count
    found = [[cell] for cell in meanings(column.values, coding, names)]
    for what, changes in (("", column.changes), ("always", column.always)):
        if changes is not None:
            assert len(changes.offsets) == count + 1
            assert changes.values.dtype == coding.dtype
            assert changes.days.dtype == np.int32
            later = list(zip(changes.days.tolist(), meanings(changes.values, coding, names), strict=True))
            for number in range(count):
                days = later[changes.offsets[number] : changes.offsets[number + 1]]
                found[number] += [(what, *days)] if what and days else days
    return found


def _events(events, fields, names):
    if events is None or not events.offsets[-1]:
        return None
    assert all(found.dtype == fields[name].dtype for name, found in events.fields.items())
    found = {name: meanings(codes, fields[name], names) for name, codes in events.fields.items()}
    return {"offsets": events.offsets.tolist(), **found}


def _past(past, coding, names):
    if past is None or not past.offsets[-1]:
        return None
    assert past.values.dtype == coding.dtype
    assert past.months.dtype == np.int32
    found = list(zip(past.months.tolist(), meanings(past.values, coding, names), strict=True))
    return [found[start:stop] for start, stop in pairwise(past.offsets.tolist())]


def _series(cells, coding, count):
    """What each row holds: lists with all that is alike at their ends left out."""
    if cells is None:
        return [[None]] * count
    assert cells.dtype == coding.dtype
    assert cells.flags.c_contiguous
    assert cells.shape[0] == count
    found = np.where(cells == coding.absent, coding.low - 1, cells)
    found = np.where((cells < coding.absent) | (cells > coding.high), coding.low - 2, found)
    pictures = {coding.low - 1: None, coding.low - 2: UNUSABLE}
    return [_shortened([pictures.get(cell, cell) for cell in row]) for row in found.tolist()]


def _shortened(cells):
    while len(cells) > 1 and cells[-1] == cells[-2]:
        cells.pop()
    return cells


def meanings(codes, coding, names):
    """Return what codes mean, row by row."""
    return [_meaning(code, coding, names) for code in codes.tolist()]


def _meaning(code, coding, names):
    if coding.optional and code == coding.absent:
        return None
    if not coding.low <= code <= coding.high:
        return UNUSABLE
    return names.texts[code] if coding.kind == "id" else code
