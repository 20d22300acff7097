"""The smallest program and tree for which interpreter and kernels still differ."""

from __future__ import annotations

import re
import time
from fractions import Fraction

from attrs import evolve, frozen
from tests.kernel_cases import Difference, Sides
from tests.kernel_programs import compiled
from tests.kernel_ties import copied, plain

from kommres.dsl.backends.rows import Dense, Steps


@frozen
class Case:
    """What both sides are made with, and a tree.

    ``texts``: of modules; None where ``plan`` is not to be made smaller.
    """

    texts: tuple[str, ...] | None
    plan: object
    month: object
    terms: dict
    root: object
    tables: dict | None = None

    def fails(self):
        """Return what is wrong, or None: a difference, or an error of the kernels."""
        try:
            Sides(self.plan, self.month, **self.terms).compare([copied(self.root)])
        except Difference as difference:
            return difference
        except Exception as error:  # noqa: BLE001 - whatever a kernel raises is wrong
            return error
        return None

    def with_texts(self, texts):
        plan, _ = compiled(texts, self.tables)
        return None if plan is None else evolve(self, texts=texts, plan=plan)

    def show(self, problem):
        parts = []
        if self.texts is not None:
            parts += ["```text", *(text.strip() + "\n" for text in self.texts), "```"]
        parts += [f"month {self.month}, {self.terms}", *shown(self.root, ""), f"{type(problem).__name__}: {problem}"]
        return "\n".join(parts)


def shown(row, indent):
    """A tree as lines of text."""
    yield f"{indent}{row.entity} {row.id}" + (f" ({row.problem})" if row.problem else "")
    for (name, members), value in row.values.items():
        yield f"{indent}  {name}{'(' + ', '.join(members) + ')' if members else ''} = {value}"
    for (name, members), months in row.history.items():
        if months:
            yield f"{indent}  history of {name}{members or ''}: {months}"
    for name, events in row.events.items():
        for event in events:
            yield f"{indent}  {name}: " + ", ".join(f"{field} = {value}" for field, value in event.values.items())
    for name, dense in row.series.items():
        cells = dense.cells if isinstance(dense, Dense) else dense
        same = isinstance(cells, list) and len(set(cells)) == 1
        yield f"{indent}  {name} = " + (f"{cells[0]} in all {len(cells)} intervals" if same else str(cells))
    for children in row.children.values():
        for child in children:
            yield from shown(child, indent + "    ")


def shrunk(case, seconds=120.0):
    """Return a smaller case that fails in the same way, and its problem; None where it does not fail at all."""
    until = time.monotonic() + seconds
    problem = case.fails()
    if problem is None:
        return None
    kind = _kind(problem)

    def better(other):
        nonlocal case, problem
        if other is None or time.monotonic() > until:
            return False
        found = other.fails()
        if found is None or _kind(found) != kind:
            return False
        case, problem = other, found
        return True

    changed = True
    while changed and time.monotonic() < until:
        changed = False
        if case.texts is not None:
            changed |= _fewer_items(lambda: case, better)
        changed |= _smaller_tree(lambda: case, better)
    return case, problem


def _kind(problem):
    sides = (problem.expected, problem.got) if isinstance(problem, Difference) else ()
    return type(problem), *(type(side) for side in sides)


# --- programs --------------------------------------------------------------------------------------------------


def _fewer_items(case, better):
    """Drop items and parts of blocks, the last first: nothing earlier reads what stands later."""
    changed = False
    for number in reversed(range(len(case().texts))):
        for pattern in (r"^(?=\S)", r"^(?=    \S)"):
            places = len(_blocks(case().texts[number], pattern))
            for place in reversed(range(places)):
                texts = list(case().texts)
                blocks = _blocks(texts[number], pattern)
                if place >= len(blocks) or blocks[place].startswith("module"):
                    continue
                texts[number] = "".join(blocks[:place] + blocks[place + 1 :])
                changed |= better(case().with_texts(tuple(texts)))
    if len(case().texts) > 1:
        changed |= better(case().with_texts(case().texts[:-1]))
    return changed


def _blocks(text, pattern):
    return [block for block in re.split(pattern, text, flags=re.MULTILINE) if block]


# --- trees -----------------------------------------------------------------------------------------------------


def _smaller_tree(case, better):
    changed = False
    for path in reversed(list(_paths(case().root))):
        if path:
            changed |= better(_edited(case(), path[:-1], _without_child(*path[-1])))
    for path in _paths(case().root):
        row = _at(case().root, path)
        for name in list(row.events):
            for place in reversed(range(len(row.events[name]))):
                changed |= better(_edited(case(), path, _without_event(name, place)))
        for key in list(row.history):
            changed |= better(_edited(case(), path, _without(key, "history")))
        for key in list(row.values):
            changed |= better(_edited(case(), path, _without(key, "values")))
        for name, dense in list(row.series.items()):
            if isinstance(dense, Dense) and len(set(dense.cells)) > 1:
                changed |= any(
                    better(_edited(case(), path, _level(name, cell))) for cell in dict.fromkeys(dense.cells[:3])
                )
        for key, value in list(_at(case().root, path).values.items()):
            for simpler in _simpler(value):
                if better(_edited(case(), path, _with(key, simpler))):
                    changed = True
                    break
    return changed


def _paths(row, path=()):
    yield path
    for entity, children in row.children.items():
        for place, child in enumerate(children):
            yield from _paths(child, (*path, (entity, place)))


def _at(row, path):
    for entity, place in path:
        if place >= len(row.children.get(entity, ())):
            return row
        row = row.children[entity][place]
    return row


def _edited(case, path, edit):
    root = copied(case.root)
    row = _at(root, path)
    row.values, row.history = dict(row.values), dict(row.history)
    row.events = {name: list(events) for name, events in row.events.items()}
    edit(row)
    return evolve(case, root=root)


def _without_child(entity, place):
    def edit(row):
        if place < len(row.children.get(entity, ())):
            del row.children[entity][place]

    return edit


def _without_event(name, place):
    def edit(row):
        if place < len(row.events[name]):
            del row.events[name][place]

    return edit


def _without(key, what):
    return lambda row: getattr(row, what).pop(key, None)


def _with(key, value):
    return lambda row: row.values.__setitem__(key, value)


def _level(name, cell):
    def edit(row):
        dense = row.series[name]
        row.series = {**row.series, name: Dense(dense.first, dense.every, [cell] * len(dense.cells))}

    return edit


def _simpler(value):
    if isinstance(value, Steps):
        yield from value.values
    elif isinstance(value, int | Fraction) and not isinstance(value, bool):
        for other in (0, 1, int(value), plain(round(value * 10), 10), plain(int(value) // 2, 1)):
            if other != value and abs(other) <= abs(value):
                yield other
