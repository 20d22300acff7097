"""Rows for kernels: trees at random, spoilt ones, very many small ones."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor

from tests.kernel_ties import copied, plain
from tests.proof_programs import Filler

from kommres.dsl.backends.kernels.kernels import ASSUMED
from kommres.dsl.backends.rows import Bad, Dense, EventRow, Row, Steps
from kommres.dsl.plan.sources import declared
from kommres.period import Month

BAD = Bad("D0104", "cannot be read", "x")


class Trees(Filler):
    """Trees at random whose ids are mostly known words."""

    def __init__(self, plan, pick, month, *, assumed=ASSUMED, words=("north", "south", "south", "north", "x")):
        super().__init__(plan, pick, assumed, month)
        self.words = words

    @staticmethod
    def words_of(plan):
        """Keys of tables and texts of conditions."""
        return Filler(plan, None).words

    def value(self, source, name):
        if source.type.kind == "number" and self.pick.random() < 0.2:
            return self.round_number(source, name)
        return super().value(source, name)

    def round_number(self, source, name):
        """A number with few digits, as meters and areas have them; ties come from these."""
        found, _ = declared(source, self.assumed, name)
        coarse = min(self.pick.choice((1, 2, 10)), found.grid)
        first, last = ceil(found.lo * coarse), floor(found.hi * coarse)
        if first > last or found.grid % coarse:
            return super().value(source, name)
        return plain(self.pick.randint(max(first, -200), max(first, -200, min(last, 400))), coarse)


def spoilt(plan, root, pick, assumed=ASSUMED):
    """A tree with one thing that is wrong with it, and what that is."""
    root = copied(root)
    rows = [row for entity in plan.program.entities for row in root.descendants(entity.name)]
    row = pick.choice(rows)
    row.values, row.events = dict(row.values), dict(row.events)
    inputs = [source for source in plan.inputs if source.entity.name == row.entity]
    events = [name for name, found in row.events.items() if found]
    kind = pick.choice(("value",) * 6 + ("row", "event", "event", "series", "series"))
    if kind == "series" and row.series:
        name = pick.choice(sorted(row.series))
        row.series = {**row.series, name: torn(row.series[name], pick)}
        return root, f"{name} of {row.entity} {row.id}"
    if kind == "event" and events:
        name = pick.choice(events)
        event = next(event for event in plan.events if event.name == name and event.entity.name == row.entity)
        found = list(row.events[name])
        place = pick.randrange(len(found))
        field = pick.choice(event.fields)
        values = dict(found[place].values)
        what = spoil(values, field.name, field, f"{event.id}.{field.name}", pick, assumed)
        if event.interval and pick.random() < 0.2:
            values["from"], what = BAD, "no interval"
        found[place] = EventRow(values, found[place].id)
        row.events[name] = found
        return root, f"{name}.{field.name} of {row.entity} {row.id}: {what}"
    if kind == "row" or not inputs:
        row.problem = BAD
        return root, f"{row.entity} {row.id} as a whole"
    source = pick.choice(inputs)
    key = (source.name, tuple(pick.choice(enum.members) for enum in source.keys))
    what = spoil(row.values, key, source, source.id, pick, assumed)
    if source.type.varies and pick.random() < 0.5:
        day = Month.parse("2026-01").start + pick.randint(-2, 20)
        row.values[key], what = Steps((day,), (row.values.get(key),)), f"{what}, and nothing before"
    return root, f"{key} of {row.entity} {row.id}: {what}"


def torn(dense, pick):
    """A series with a gap, a cell that cannot be read or is far out of range; too short; in another hour; or none."""
    cells = list(dense.cells)
    place = pick.randrange(len(cells))
    bad = dict(dense.bad)
    match pick.choice(("gap", "bad", "far", "short", "moved", "none")):
        case "gap":
            cells[place] = None
        case "bad":
            cells[place], bad[place] = None, BAD
        case "far":
            cells[place] = cells[place] if isinstance(cells[place], str) else 10 ** pick.choice((7, 12, 20))
        case "short":
            del cells[-1]
        case "moved":
            return Dense(dense.first + 3600, dense.every, cells)
        case _:
            return BAD
    return Dense(dense.first, dense.every, cells, bad)


def spoil(values, key, source, name, pick, assumed):
    kind = source.type.kind
    what = pick.choice(("bad", "missing", *(("beyond", "below", "between", "huge") if kind == "number" else ())))
    found = declared(source, assumed, name)[0] if kind == "number" else None
    match what:
        case "bad":
            values[key] = BAD
        case "missing":
            values.pop(key, None)
        case "beyond":
            values[key] = plain(floor(found.hi * found.grid) + 1, found.grid)
        case "below":
            values[key] = plain(ceil(found.lo * found.grid) - 1, found.grid)
        case "between":
            values[key] = Fraction(floor(found.lo * found.grid) * 7 + 1, found.grid * 7)
        case _:
            values[key] = pick.choice((1, -1)) * 2 ** pick.choice((31, 53, 62, 63, 64, 70))
    return what


def plenty(plan, pick, count, month, *, assumed=ASSUMED, per_root=25):
    """About ``count`` rows of the entity below the root, ``per_root`` side by side; all in trees of two levels."""
    filler = Trees(plan, pick, month, assumed=assumed)
    top, below = plan.program.entities[:2]
    columns = {entity: _columns(filler, entity, pick) for entity in (top, below)}
    roots = []
    for number in range(-(-count // per_root)):
        (values,) = _cells(columns[top], pick, 1)
        root = Row(top.name, str(number), None, values)
        rows = [
            Row(below.name, f"{number}-{place}", root, found)
            for place, found in enumerate(_cells(columns[below], pick, per_root))
        ]
        for event in plan.events:
            for row in rows:
                row.events[event.name] = filler.events(event)
        root.children[below.name] = rows
        roots.append(root)
    return roots


def _columns(filler, entity, pick, size=300):
    """Values of each input that stand for many, absent ones among them."""
    found = {}
    for source in filler.plan.inputs:
        if source.entity is entity:
            pool = []
            for _ in range(size):
                row = Row(entity.name, "")
                filler.fill(row, source, (source.name, ()))
                pool.append(row.values.get((source.name, ())))
            found[source.name, ()] = pool
    return found


def _cells(columns, pick, count):
    picked = zip(*(pick.choices(pool, k=count) for pool in columns.values()), strict=True)
    for cells in picked:
        yield {key: cell for key, cell in zip(columns, cells, strict=True) if cell is not None}
