"""Rows for the charges of all shipped rules: grown from the examples that stand in the rule files."""

from __future__ import annotations

from collections import Counter, defaultdict
from fractions import Fraction
from functools import cache
from itertools import chain
from math import ceil, floor

from attrs import frozen
from tests.kernel_rows import Trees
from tests.kernel_ties import copied, plain, reads
from tests.shipped import shipped as program

from kommres.dsl.backends.interpreter import Interpreter
from kommres.dsl.backends.rows import Bad, EventRow, Steps
from kommres.dsl.case import rows_from_example
from kommres.dsl.plan.sources import declared
from kommres.dsl.problems import DataProblem
from kommres.period import Month


def shipped():
    """The plan of all rules that are installed."""
    return program().plan


@frozen
class Terms:
    """What a program is evaluated with."""

    month: Month
    known: int | None
    options: tuple[tuple[str, str], ...]

    @property
    def named(self):
        """As back ends take them."""
        return {"known_at": self.known, "options": dict(self.options)}


@cache
def examples():
    """Terms -> examples that are evaluated with them; those that replace tables are left out."""
    found = defaultdict(list)
    for example in program().bound.examples:
        if not example.overrides:
            found[Terms(Month.of(*example.month), example.known, example.options)].append(example)
    return found


@cache
def roots(terms):
    """Trees of the examples that are evaluated with some terms."""
    rows = chain(*(rows_from_example(shipped(), example) for example in examples()[terms]))
    return [row for row in rows if row.parent is None and row.problem is None]


@cache
def interpreter(terms):
    return Interpreter(shipped(), terms.month, **terms.named)


@cache
def brought(terms):
    """Trees of all examples, those of other months brought into the month of some terms."""
    found = list(roots(terms))
    for other in examples():
        if other != terms:
            months = terms.month.number - other.month.number
            found += [later(root, terms.month.start - other.month.start, months) for root in roots(other)]
    return found


@cache
def _kinds():
    """Kinds of inputs by entity and name, and of fields of events by entity, event and name."""
    inputs = {(i.entity.name, i.name): i.type.kind for i in shipped().inputs}
    return inputs | {(e.entity.name, e.name, f.name): f.type.kind for e in shipped().events for f in e.fields}


def later(root, days, months):
    """A tree some days later, and its history some months."""
    kinds, root = _kinds(), copied(root)

    def moved_value(value, kind):
        if isinstance(value, Steps):
            starts = tuple(None if start is None else start + days for start in value.starts)
            return Steps(starts, tuple(moved(piece, kind, days) for piece in value.values))
        return moved(value, kind, days)

    for row in all_rows(root):
        row.values = {key: moved_value(value, kinds.get((row.entity, key[0]))) for key, value in row.values.items()}
        row.history = {k: {month + months: v for month, v in past.items()} for k, past in row.history.items()}
        row.events = {
            name: [
                EventRow({f: moved(v, kinds[row.entity, name, f], days) for f, v in event.values.items()}, event.id)
                for event in found
            ]
            for name, found in row.events.items()
        }
    return root


def moved(value, kind, days):
    """A value some days later, if it is a time."""
    times = {"date": 1, "instant": 86_400}
    return value + times[kind] * days if kind in times and isinstance(value, int) else value


@cache
def terms_of(service):
    """Terms -> charges of a service that are tried with them: few terms, in which many examples expect lines."""
    missing = {d.id: d for d in shipped().charges if d.rule.service == service}
    expected = {
        terms: Counter(e.rule.id for one in found for e in one.expected if e.kind not in {"none", "refused"})
        for terms, found in examples().items()
    }
    found = {}
    while missing:
        made = {terms: {name: counts[name] for name in missing if counts[name]} for terms, counts in expected.items()}
        best = max(made, key=lambda terms: (len(made[terms]), sum(made[terms].values())))
        if not made[best]:
            raise AssertionError(f"no example expects a line of {', '.join(missing)}")
        found[best] = [missing.pop(name) for name in made[best]]
    return found


def terms_for(definition):
    """The terms with which a charge is tried."""
    return next(t for t, charges in terms_of(definition.rule.service).items() if definition in charges)


# --- growing ---------------------------------------------------------------------------------------------------


@frozen
class Pool:
    """What examples supply: values of inputs by entity and key, rows of events by entity and name."""

    values: dict
    events: dict


@cache
def pool(terms):
    """What all examples supply, brought into a month."""
    values, events = defaultdict(list), defaultdict(list)
    for row in (row for root in brought(terms) for row in all_rows(root)):
        for key, value in row.values.items():
            pieces = value.values if isinstance(value, Steps) else [value]
            values[row.entity, key] += [v for v in pieces if v is not None and not isinstance(v, Bad)]
        for name, found in row.events.items():
            events[row.entity, name] += found
    return Pool(dict(values), dict(events))


def all_rows(row):
    yield row
    for children in row.children.values():
        for child in children:
            yield from all_rows(child)


@cache
def _words():
    return Trees.words_of(shipped())


class Grown(Trees):
    """Trees in which a row makes a line of a charge: those of examples, with some of what the charge reads changed."""

    def __init__(self, definition, pick, terms):
        super().__init__(shipped(), pick, terms.month, words=_words())
        self.definition, self.interpreter = definition, interpreter(terms)
        self.seeds = [root for root in brought(terms) if self.is_charged(root)]
        self.kept, self.pool = [], pool(terms)
        read = reads(self.plan, definition)
        self.inputs = {(i.entity.name, i.name): i for i in self.plan.inputs if (i.entity.name, i.name) in read}
        self.events = {(e.entity.name, e.name): e for e in self.plan.events if (e.entity.name, e.name) in read}
        self.supplied = defaultdict(list)
        for entity, key in self.pool.values:
            if (entity, key[0]) in self.inputs:
                self.supplied[entity].append(key)
        self.happen = [place for place in self.pool.events if place in self.events]

    def tree(self):
        for _ in range(50):
            root = copied(self.pick.choice(self.kept if self.kept and self.pick.random() < 0.5 else self.seeds))
            for _ in range(self.pick.choice((1, 2, 3, 5))):
                self.change(root)
            if self.is_charged(root):
                self.keep(root)
                return copied(root)
        return copied(self.pick.choice(self.seeds))

    def keep(self, root, most=60):
        if len(self.kept) < most:
            self.kept.append(root)
        else:
            self.kept[self.pick.randrange(most)] = root

    def is_charged(self, root):
        return any(self.makes_line(row) for row in root.descendants(self.definition.rule.entity.name))

    def makes_line(self, row):
        try:
            return self.interpreter.charge(self.definition, row) is not None
        except DataProblem:
            return False

    # changes ---------------------------------------------------------------------------------------------

    def change(self, root):
        """Change one thing of a tree that is nobody else's."""
        row = self.pick.choice(list(all_rows(root)))
        how = self.pick.choice((*(self.turn,) * 6, *(self.supply,) * 3, self.vary, self.vary, self.drop, self.happens))
        how(row)
        if self.pick.random() < 0.1:
            self.multiply(root)

    def turn(self, row):
        """Give an input another value."""
        keys = [key for key in row.values if (row.entity, key[0]) in self.inputs]
        if keys:
            key = self.pick.choice(keys)
            row.values = {**row.values, key: self.other(row, key)}

    def supply(self, row):
        """Give an input a value that some example gives it."""
        if self.supplied[row.entity]:
            key = self.pick.choice(self.supplied[row.entity])
            row.values = {**row.values, key: self.known(row, key)}
            if self.inputs[row.entity, key[0]].history:
                past = {self.month.number - back: self.known(row, key) for back in range(1, 13)}
                row.history = {**row.history, key: {m: v for m, v in past.items() if self.pick.random() < 0.7}}

    def vary(self, row):
        """Give an input another value in the middle of the month."""
        keys = [k for k in row.values if (row.entity, k[0]) in self.inputs and self.inputs[row.entity, k[0]].varies]
        if keys:
            key = self.pick.choice(keys)
            days = sorted(self.pick.sample(range(self.month.start - 3, self.month.end + 2), self.pick.randint(1, 2)))
            values = tuple(self.other(row, key) for _ in range(len(days) + 1))
            row.values = {**row.values, key: Steps((None, *days), values)}

    def drop(self, row):
        """Take a value or an event away."""
        if row.events and self.pick.random() < 0.3:
            row.events = {name: rows[1:] for name, rows in row.events.items()}
        elif row.values:
            gone = self.pick.choice(list(row.values))
            row.values = {key: value for key, value in row.values.items() if key != gone}

    def happens(self, row):
        """Add an event of some example, perhaps some days earlier or later, with other numbers."""
        names = [name for entity, name in self.happen if entity == row.entity]
        if names:
            name = self.pick.choice(names)
            event = self.events[row.entity, name]
            found = self.pick.choice(self.pool.events[row.entity, name])
            by = self.pick.choice((0, 0, self.pick.randint(-20, 20)))
            values = {}
            for field in event.fields:
                if field.name in found.values:
                    value = moved(found.values[field.name], field.type.kind, by)
                    if self.pick.random() < 0.2:
                        value = self.around(value, field, f"{event.id}.{field.name}")
                    values[field.name] = value
            rows = [*row.events.get(name, ()), EventRow(values, "")]
            rows = [EventRow(one.values, str(place)) for place, one in enumerate(rows[-2:], 1)]
            row.events = {**row.events, name: rows}

    def multiply(self, root):
        """Put a second row beside one of the rows below."""
        row = self.pick.choice(list(all_rows(root)))
        for name, children in row.children.items():
            if children:
                another = copied(self.pick.choice(children), row)
                another.id = f"{another.id} {self.pick.randint(0, 10**6)}"
                row.children[name] = [*children[-3:], another]

    # values ----------------------------------------------------------------------------------------------

    def known(self, row, key):
        return self.pick.choice(self.pool.values[row.entity, key])

    def other(self, row, key):
        source, value = self.inputs[row.entity, key[0]], row.values[key]
        if (row.entity, key) in self.pool.values and self.pick.random() < 0.3:
            return self.known(row, key)
        return self.around(value.values[0] if isinstance(value, Steps) else value, source, source.id)

    def around(self, value, source, name):
        """A value like another one."""
        match source.type.kind:
            case "number" if isinstance(value, int | Fraction) and self.pick.random() < 0.9:
                found, _ = declared(source, self.assumed, name)
                grid = min(self.pick.choice((1, 2, 10, found.grid)), found.grid)
                reach = 3 * abs(value) or 10
                low, high = max(found.lo, value - reach), min(found.hi, value + reach)
                first, last = ceil(low * grid), floor(high * grid)
                return plain(self.pick.randint(first, last), grid) if first <= last else value
            case "date" if isinstance(value, int):
                return value + self.pick.randint(-20, 20)
            case "id":
                return value
            case _:
                return self.value(source, name)
