"""A program with every kind of input, and random tables for it: sound, dirty, and of every type that Arrow has."""

import datetime
import functools
import math
from decimal import Context, Decimal

import pyarrow as pa
from tests.programs import plan_of

from kommres.dsl.backends.kernels.batch import Layout
from kommres.dsl.backends.kernels.layout import coding_of, layout_of

RULES = """\
module dense
entity building
entity premises of building
entity meter of premises
enum zone: day, night
enum stove: gas, electric
input time_zone of building: id, optional
input tariff of building: RUB/m3, step 0.01
input floors of building: number, step 7, -700..700, optional, signed
input supplier of building: id, optional
input residents of premises: person, 0..100, varies
input norm(zone) of premises: m3, step 0.001, 0..100, optional, varies
input metered of premises: m3, step 0.05, 0..100_000, optional, history
input energy(zone) of premises: kWh, step 2.5, -1000..100_000, optional, varies, history, signed
input area of premises: m2
input stove of premises: stove, optional
input cooks(stove, zone) of premises: yes/no, varies
input checked of premises: yes/no
input verified of premises: date, optional
input opened of premises: instant, optional, varies
input reading of meter: m3, step 0.001, optional
input serial of meter: id
event absence of premises
    from: date
    to: date, optional
    people: person, 0..20
    reason: id, optional
    proven: yes/no, optional
event debt of premises
    amount: RUB, step 0.01, signed
    share: number, optional
    due: date
    stove: stove, optional
event outage of building
    from: instant
    to: instant, optional
    depth: number, step 0.5, optional
event visit of meter
    id: id
    at: instant, optional
charge bill of premises: RUB
    service "all"
    = 1 RUB
charge again of premises: RUB
    service "again"
    = round(sum of charged bill for m in last 3 months where has charged bill, 0.01)
"""

ENTITIES = {"building": None, "premises": "building", "meter": "premises"}
MONTH = "2026-01"
ID_POOLS = {
    "building": ["B1", "B2", "B3", "Б1", "B10"],
    "premises": [f"P{number}" for number in range(1, 15)],
    "meter": [f"{number}" for number in range(1, 20)],
}
#: Separated by bars; the first three of each kind are sound.
TEXTS = {
    "number": "0|1|2.5|4.10|2|0.05|0.1|0.15|99.95|100|7.5|12.25|-2.5|1e2|15E-1|+3|-0|007|1_0|4,1|x|1.0001|0.0000001|2O"
    "|12345678901234567890123|123456789012.123456|999999999999|.5|5.|-5|−5|0x1|nan|1000000|3٠| 5 |1 000|\t2.5\n|2.5\n",
    "yes_no": "yes|no|да|Нет| TRUE|0|maybe|nо",
    "date": "2026-01-01|2026-01-15|2026-01-31|2026-02-01|2025-12-31|2026-02-30|15.01.2026|soon|2024-02-29| 2026-01-20 "
    "|0001-01-01|9999-12-31|0000-01-01",
    "instant": "2026-01-05T10:30|2026-01-05T10:30:01|2026-01-05 10:30+03:00|2026-01-05T10:30:00.5|2026-03-29T02:30"
    "|2026-01-06|2026-01-05T07:30Z|2025-12-31T23:59:59|0001-01-01T00:00|x",
    "stove": "gas|electric| gas|Gas|gаs|coal",
    "zone": "day|night|nіght|day ",
    "id": "a|b| b|ab|it's|и|é|e\u0301|7",
    "month": "2025-12|2025-11-01|2025-10|2025-13|soon| 2025-10",
    "time_zone": "Europe/Berlin|Asia/Irkutsk|UTC|Nowhere/Atlantis||Europe/Berlin ",
}
WORDS = {kind: text.split("|") for kind, text in TEXTS.items()}
BLANKS = [None, None, "", "  "]
ZERO = datetime.date(1970, 1, 1)
_WIDE = Context(prec=60)


@functools.cache
def plan():
    return plan_of(RULES)


def layout_of_all(assumed, rng=None):
    """Return a layout of all that is declared; with ``rng``, of some of it."""
    inputs = {entity: {} for entity in ENTITIES}
    varying = set()
    for item in plan().inputs:
        if rng is None or rng.random() < 0.9:
            for key in _keys(item):
                inputs[item.entity.name][key] = coding_of(item, assumed, item.id)
                if item.varies:
                    varying.add((item.entity.name, key))
    events = {}
    for event in plan().events:
        edges = {"from", "to"} if event.interval else set()
        events.setdefault(event.entity.name, {})[event.name] = {
            field.name: coding_of(field, assumed, f"{event.id}.{field.name}")
            for field in event.fields
            if field.name in edges or rng is None or rng.random() < 0.6
        }
    past = {}
    for item in plan().inputs:
        if item.history and (rng is None or rng.random() < 0.9):
            for key in _keys(item):
                past.setdefault(item.entity.name, {})[key] = coding_of(item, assumed, item.id)
    past |= {entity: {**past.get(entity, {}), **keys} for entity, keys in layout_of(plan(), assumed).past.items()}
    return Layout(inputs=inputs, varying=frozenset(varying), events=events, past=past)


def _keys(item):
    keys = [()]
    for enum in item.keys:
        keys = [(*key, member) for key in keys for member in enum.members]
    return [(item.name, key) for key in keys]


# --- tables --------------------------------------------------------------------------------------------------


def tables(rng, *, dirty=0.15, typed=True):
    """Return random tables. ``dirty``: share of cells that are wrong; ``typed``: not all columns are text."""
    make = _Maker(rng, dirty, typed)
    found = {name: make.entity(name, parent) for name, parent in ENTITIES.items()}
    for event in plan().events:
        if rng.random() < 0.9:
            found[event.name] = make.events(event)
    for item in plan().inputs:
        if (item.varies or item.history) and rng.random() < 0.7:
            found[f"{item.entity.name}.{item.name}"] = make.values(item)
    if rng.random() < 0.7:
        found["premises.bill"] = make.closed(next(charge for charge in plan().charges if charge.rule.name == "bill"))
    return {name: shuffled(rng, table) if rng.random() < 0.5 else table for name, table in found.items()}


def shuffled(rng, table):
    order = list(range(table.num_rows))
    rng.shuffle(order)
    return table.take(pa.array(order, pa.int64()))


class _Maker:
    def __init__(self, rng, dirty, typed):
        self.rng = rng
        self.dirty = dirty
        self.typed = typed

    def entity(self, name, parent):
        rng = self.rng
        ids = [id_ for id_ in ID_POOLS[name] if rng.random() < 0.9]
        ids += [rng.choice([*ids, None, " ", ids[0] + " "]) for _ in range(3) if ids and rng.random() < self.dirty]
        columns = {"id": self.texts(ids)}
        if parent is not None:
            columns[parent] = self.owners(parent, len(ids))
        for item in plan().inputs:
            if item.entity.name == name:
                for _, members in _keys(item):
                    if rng.random() < 0.9:
                        columns[".".join((item.name, *members))] = self.column(item, len(ids))
        return pa.table(columns)

    def events(self, event):
        rng = self.rng
        count = rng.choice([0, 3, 30])
        columns = {event.entity.name: self.owners(event.entity.name, count)}
        if event.field("id") is None and rng.random() < 0.5:
            columns["id"] = self.texts([rng.choice(["1", "2", "10", "é", " ", None]) for _ in range(count)])
        for field in event.fields:
            if not field.type.optional or rng.random() < 0.8:
                columns[field.name] = self.column(field, count)
        return pa.table(columns)

    def values(self, item):
        rng = self.rng
        count = rng.choice([0, 4, 30])
        columns = {item.entity.name: self.owners(item.entity.name, count)}
        for enum in item.keys:
            columns[enum.name] = self.texts([self.cell(enum.name) for _ in range(count)])
        is_day = [rng.random() < 0.8 for _ in range(count)]
        if item.varies:
            days = [self.cell("date") if day or not item.history else None for day in is_day]
            columns["from"] = self.days(days)
        if item.history:
            columns["month"] = self.texts(
                [
                    None if day and item.varies and rng.random() > self.dirty / 4 else self.cell("month")
                    for day in is_day
                ]
            )
        columns["value"] = self.column(item, count)
        return pa.table(columns)

    def closed(self, charge):
        """Closed results of a charge."""
        count = self.rng.choice([0, 4, 30])
        columns = {"premises": self.owners("premises", count)}
        columns["month"] = self.texts([self.cell("month") for _ in range(count)])
        columns["value"] = self.column(charge.rule, count)
        return pa.table(columns)

    def owners(self, entity, count):
        rng = self.rng
        few = rng.sample(ID_POOLS[entity], 3) if rng.random() < 0.5 else ID_POOLS[entity]
        wrong = ["nobody", None, "", "B1"]
        return self.texts([rng.choice(wrong if rng.random() < self.dirty / 2 else few) for _ in range(count)])

    def cell(self, kind):
        rng = self.rng
        if rng.random() < self.dirty:
            return rng.choice(BLANKS)
        words = WORDS[kind]
        return rng.choice(words) if rng.random() < 2 * self.dirty else rng.choice(words[:3])

    def texts(self, cells):
        kind = self.rng.choice([pa.string(), pa.large_string(), None]) if self.typed else pa.string()
        return pa.array(cells, kind or pa.string()).dictionary_encode() if kind is None else pa.array(cells, kind)

    def days(self, cells):
        sound = all(cell is None or cell in WORDS["date"][:5] for cell in cells)
        if not self.typed or not sound or self.rng.random() < 0.5:
            return self.texts(cells)
        days = [None if cell is None else datetime.date.fromisoformat(cell) for cell in cells]
        return pa.array(days, pa.date32()).cast(self.rng.choice([pa.date32(), pa.date64(), pa.timestamp("us")]))

    # --- columns by kind -------------------------------------------------------------------------------------

    def column(self, declared, count):
        rng, kind = self.rng, declared.type.kind
        if kind == "enum":
            kind = declared.type.enum.name
        if declared.name == "time_zone":
            kind = "time_zone"
        if not self.typed or rng.random() < 0.4:
            return self.texts([self.cell(kind) for _ in range(count)])
        if rng.random() < 0.05:
            return pa.nulls(count)
        makers = {
            "number": [self.integers, self.decimals, self.decimals, self.floats, self.texts_of_numbers],
            "yes_no": [self.bools],
            "date": [self.dates, self.moments],
            "instant": [self.moments],
            "id": [self.integers],
        }
        made = rng.choice(makers.get(kind, [None]))
        return made(declared, count) if made else self.texts([self.cell(kind) for _ in range(count)])

    def array(self, count, value, type_):
        """Return an array, sometimes with a slice's offset, sometimes in a dictionary."""
        rng = self.rng
        cells = [None if rng.random() < self.dirty / 2 else value() for _ in range(count + 3)]
        found = pa.array(cells, type_).slice(2, count)
        return found.dictionary_encode() if rng.random() < 0.1 else found

    def integers(self, declared, count):
        kind = self.rng.choice([pa.int8(), pa.uint8(), pa.int16(), pa.int32(), pa.uint32(), pa.int64(), pa.uint64()])
        bits = kind.bit_width - (str(kind)[0] != "u")
        low = 0 if str(kind)[0] == "u" else -(1 << bits)
        edges = [low, low + 1, (1 << bits) - 1, 0, 1, 5, 100]
        wild = self.rng.random() < self.dirty
        return self.array(count, lambda: self.rng.choice(edges) if wild else self.rng.randrange(120), kind)

    def decimals(self, declared, count):
        scale = self.rng.choice([0, 1, 2, 3, 6, 12, 25])
        step = getattr(declared, "step", None)
        digits = self.rng.choice([2, 5, 12, 13])
        wild = self.rng.random() < self.dirty

        def value():
            if step is not None and not wild:
                number = self.rng.randrange(2000) * step
                return Decimal(number.numerator) / Decimal(number.denominator)
            return Decimal(self.rng.randrange(-(10**digits), 10**digits)).scaleb(-min(scale, 3))

        cells = [value().quantize(Decimal(1).scaleb(-scale), context=_WIDE) for _ in range(count + 3)]
        kind = self.rng.choice([pa.decimal128(38, scale), pa.decimal128(38, scale), pa.decimal256(60, scale)])
        return self.array(count, lambda: self.rng.choice(cells), kind)

    def floats(self, declared, count):
        step = getattr(declared, "step", None)
        if step is None:
            return self.integers(declared, count)
        kind = self.rng.choice([pa.float64(), pa.float64(), pa.float32()])
        wild = self.rng.random() < 2 * self.dirty

        def value():
            found = float(self.rng.randrange(4000) * step)
            if wild and self.rng.random() < 0.3:
                odd = [math.nan, math.inf, -math.inf, -0.0, found * 1e9, found * 1e17, 1e300, 5e-324]
                return self.rng.choice([math.nextafter(found, 1e9), math.nextafter(found, 0), *odd])
            return found

        return self.array(count, value, kind)

    def texts_of_numbers(self, declared, count):
        """So many different words that they are not read one by one."""
        rng = self.rng
        words = [f"{rng.randrange(10**6)}.{rng.randrange(1000):03}" for _ in range(500)]
        return self.texts([rng.choice(WORDS["number"] if rng.random() < self.dirty else words) for _ in range(count)])

    def bools(self, declared, count):
        return self.array(count, lambda: self.rng.random() < 0.5, pa.bool_())

    def dates(self, declared, count):
        kind = self.rng.choice([pa.date32(), pa.date64()])
        wild = self.rng.random() < self.dirty
        if wild and kind == pa.date32():
            return pa.array([self.rng.choice([-800_000, -719_162, -719_163, 0, 2_932_896, 2_932_897])] * count, kind)
        return self.array(count, lambda: ZERO + datetime.timedelta(self.rng.randrange(20450, 20490)), kind)

    def moments(self, declared, count):
        unit = self.rng.choice(["s", "ms", "us", "ns"])
        per = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
        zone = self.rng.choice([None, None, "UTC", "Asia/Tokyo"])
        wild = self.rng.random() < self.dirty

        def value():
            seconds = self.rng.randrange(20450, 20490) * 86400
            if declared.type.kind == "instant" or wild:
                seconds += self.rng.randrange(86400)
            found = seconds * per
            if wild and self.rng.random() < 0.4:
                found = self.rng.choice([found + 1, -(1 << 63) + 1, (1 << 63) - 1, 253_402_300_800 * min(per, 10**6)])
            return found

        return self.array(count, value, pa.int64()).cast(pa.timestamp(unit, zone))
