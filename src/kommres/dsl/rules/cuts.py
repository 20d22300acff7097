"""Where a definition may change inside a period: every path from it to a step function over days."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from attrs import define, evolve, field, frozen

from kommres.dsl.bound.nodes import (
    Aggregate,
    AtEdge,
    Binder,
    Children,
    Compare,
    Entity,
    Event,
    Events,
    Expr,
    FieldRef,
    Input,
    InputRef,
    Intervals,
    Lit,
    MeanOverDays,
    OptionBinding,
    OptionRef,
    OverSlices,
    Param,
    ParamRef,
    PastMonths,
    PeriodRef,
    Rule,
    RuleRef,
    Source,
    Tiers,
    Type,
)
from kommres.dsl.bound.varying import has_days
from kommres.dsl.bound.walk import children
from kommres.dsl.rules.nodes import Alternative, Cuts, Definition


@frozen(kw_only=True)
class Place:
    """A row as seen from the definition's own: ``up`` parents above it, or some row of ``entity`` below that one.

    ``event``: not the row itself, but a row of its event.
    """

    entity: Entity
    up: int = 0
    base: Entity  # the entity ``up`` parents above the own row
    below: bool = False
    event: Event | None = None

    def climbed(self, levels: int) -> Place:
        """Return the row ``levels`` parents above this one."""
        place = self
        for _ in range(levels):
            parent = place.entity.parent
            if parent is None:
                return place
            if place.below:
                place = Place(entity=parent, up=place.up, base=place.base, below=parent is not place.base)
            else:
                place = Place(entity=parent, up=place.up + 1, base=parent)
        return place

    def descended(self, entity: Entity) -> Place:
        """Return some row of a child entity of this row."""
        return Place(entity=entity, up=self.up, base=self.base, below=True)


@define
class Leaves:
    """Collects the leaves of a definition; ``known`` holds the definitions that were done before it."""

    entity: Entity
    known: Mapping[Rule, Definition]
    bindings: Mapping[str, tuple[OptionBinding, ...]]
    own: dict[tuple[Input, int], None] = field(factory=dict)
    around: dict[tuple[Input, int], None] = field(factory=dict)
    events: dict[tuple[Event, int], None] = field(factory=dict)
    events_around: dict[tuple[Event, int], None] = field(factory=dict)
    params: dict[Param, None] = field(factory=dict)
    days: set[int] = field(factory=set)
    daily: bool = False

    @property
    def origin(self) -> Place:
        """The definition's own row."""
        return Place(entity=self.entity, base=self.entity)

    def read(self, expr: Expr, slots: Mapping[int, Place] | None = None) -> None:
        """Take in the leaves of an expression; ``slots`` says which rows the row variables hold."""
        places = {0: self.origin} if slots is None else slots
        match expr:
            case InputRef(input=source, slot=slot, up=up, months=None) if source.varies:
                self._input(source, places.get(slot, self.origin).climbed(up))
            case RuleRef(rule=rule, slot=slot, up=up, months=None) if rule in self.known:
                self._rule(self.known[rule].cuts, places.get(slot, self.origin).climbed(up))
            case ParamRef(param=param, on=None, months=None) if param.dated:
                self.params[param] = None
            case Tiers(param=param) if param.dated:
                self.params[param] = None
            case Compare() if self._at_edge(expr, places):
                return
            case PeriodRef(member="day", months=None):
                self.daily = True
            case OptionRef(option=option, slot=slot):
                for binding in self.bindings.get(option.id, ()):
                    if binding.when is not None and binding.entity is not None:
                        row = _ancestor(places.get(slot, self.origin), binding.entity)
                        self.read(binding.when, {0: row})
            case _:
                pass
        if isinstance(expr, Aggregate):
            self._aggregate(expr, places)
        else:
            for child in children(expr):
                self.read(child, places)

    def _at_edge(self, expr: Compare, places: Mapping[int, Place]) -> bool:
        """Take in a question whether the day lies before an edge of an interval: it is answered anew on that edge."""
        match expr:
            case (
                Compare(
                    op="<" | ">=",
                    left=PeriodRef(member="day", months=None),
                    right=FieldRef(slot=slot, name="from" | "to"),
                )
                | Compare(
                    op=">" | "<=",
                    left=FieldRef(slot=slot, name="from" | "to"),
                    right=PeriodRef(member="day", months=None),
                )
            ):
                place = places.get(slot)
                if place is None or place.event is None:
                    return False
                self._event(place.event, place)
                return True
        return False

    def _event(self, event: Event, place: Place) -> None:
        (self.events_around if place.below else self.events)[event, place.up] = None

    def _aggregate(self, expr: Aggregate, places: Mapping[int, Place]) -> None:
        inner = dict(places)
        for binder in expr.binders:
            self._binder(binder, inner)
        for part in (expr.value, expr.by, expr.where):
            if part is not None:
                self.read(part, inner)

    def _binder(self, binder: Binder, inner: dict[int, Place]) -> None:
        self._source(binder.source, inner, covering=False)
        if isinstance(binder.source, Children):
            outer = inner.get(binder.source.slot, self.origin).climbed(binder.source.up)
            inner[binder.slot] = outer.descended(binder.source.entity)
        if isinstance(binder.source, Events):
            outer = inner.get(binder.source.slot, self.origin).climbed(binder.source.up)
            inner[binder.slot] = evolve(outer, event=binder.source.event)
        if isinstance(binder.source, PastMonths) and binder.source.where is not None:
            self.read(binder.source.where, inner)

    def _source(self, source: Source, inner: Mapping[int, Place], *, covering: bool) -> None:
        if isinstance(source, Intervals):
            self._source(source.of, inner, covering=covering or source.function == "covering")
            for argument in source.args:
                self.read(argument, inner)
            if covering:
                self._bounds(source)
        elif isinstance(source, Events) and covering:
            self._event(source.event, inner.get(source.slot, self.origin).climbed(source.up))

    def _bounds(self, source: Intervals) -> None:
        """Take in where pieces of intervals begin and end that their rows do not: at bounds of `clip`, in windows.

        The period's own edges cut nothing inside it.
        """
        for bound in source.args:
            match bound:
                case Lit(type=Type(kind="date"), value=int(day)):
                    self.days.add(day)
                case PeriodRef(member="start" | "end", months=None):
                    pass
                case _:
                    self.daily = True

    def _input(self, source: Input, place: Place) -> None:
        (self.around if place.below else self.own)[source, place.up] = None

    def _rule(self, cuts: Cuts, place: Place) -> None:
        """Take in what a rule of another row (or of the own one) depends on, as seen from here."""
        for source, up in cuts.own:
            self._input(source, place.climbed(up))
        for source, up in (*((i, 0) for i in cuts.below), *cuts.around):
            self.around[source, place.climbed(up).up] = None
        for event, up in cuts.events:
            self._event(event, place.climbed(up))
        for event, up in (*((e, 0) for e in cuts.events_below), *cuts.events_around):
            self.events_around[event, place.climbed(up).up] = None
        self.params.update(dict.fromkeys(cuts.params))
        self.days.update(cuts.days)
        self.daily = self.daily or cuts.daily

    def dates(self, *days: int | None) -> None:
        """Take in fixed dates."""
        self.days.update(day for day in days if day is not None)

    def cuts(self) -> Cuts:
        """Return all that was taken in, in an order that depends on names only."""
        around = sorted(self.around, key=_by_name)
        events_around = sorted(self.events_around, key=_by_name)
        return Cuts(
            own=tuple(sorted(self.own, key=_by_name)),
            below=tuple(i for i, up in around if up == 0),
            params=tuple(sorted(self.params, key=lambda p: p.id)),
            days=tuple(sorted(self.days)),
            events=tuple(sorted(self.events, key=_by_name)),
            events_below=tuple(e for e, up in events_around if up == 0),
            around=tuple((i, up) for i, up in around if up),
            events_around=tuple((e, up) for e, up in events_around if up),
            daily=self.daily,
        )


def _by_name(leaf: tuple[Input, int] | tuple[Event, int]) -> tuple[str, str, int]:
    return leaf[0].id, leaf[0].entity.name, leaf[1]


def _ancestor(place: Place, entity: Entity) -> Place:
    """Return the row of an entity at or above a place."""
    while place.entity is not entity and place.entity.parent is not None:
        place = place.climbed(1)
    return place


def rule_cuts(
    rule: Rule,
    alternatives: Iterable[Alternative],
    known: Mapping[Rule, Definition],
    bindings: Mapping[str, tuple[OptionBinding, ...]],
) -> Cuts:
    """Return the cuts of a rule with all its alternatives."""
    leaves = Leaves(rule.entity, known, bindings)
    leaves.dates(rule.start, rule.until)
    for expr in (rule.applies, rule.when, rule.volume, rule.price):
        if expr is not None:
            leaves.read(expr)
    for alternative in alternatives:
        leaves.dates(alternative.start, alternative.until)
        for suppression in alternative.suppressions:
            leaves.dates(suppression.start, suppression.until)
            for condition in suppression.conditions:
                leaves.read(condition)
        for expr in (*alternative.conditions, alternative.body):
            leaves.read(expr)
    return leaves.cuts()


def changes(expr: Expr, known: Mapping[Rule, Definition], bindings: Mapping[str, tuple[OptionBinding, ...]]) -> bool:
    """Tell whether the value of an expression may differ between days of one period."""
    match expr:
        case AtEdge() | MeanOverDays() | OverSlices():
            return False
        case InputRef(input=source, months=None) if source.varies:
            return True
        case RuleRef(rule=rule, months=None) if rule in known and known[rule].varies:
            return True
        case ParamRef(param=param, on=None, months=None) if param.dated:
            return True
        case Tiers(param=param) if param.dated:
            return True
        case PeriodRef(member="day", months=None):
            return True
        case OptionRef(option=option):
            return any(b.when is not None and changes(b.when, known, bindings) for b in bindings.get(option.id, ()))
        case Aggregate(binders=binders) if any(has_days(b.source) for b in binders):
            first = next(n for n, b in enumerate(binders) if has_days(b.source))
            outside = [b.source for b in binders[: first + 1]]  # inside, the day is that of the interval
            read = [child for source in outside for child in children(source)]
            return any(map(_covering, outside)) or any(changes(child, known, bindings) for child in read)
        case Aggregate(binders=binders) if any(_covering(b.source) for b in binders):
            return True
        case _:
            return any(changes(child, known, bindings) for child in children(expr))


def _covering(source: Source) -> bool:
    return isinstance(source, Intervals) and (source.function == "covering" or _covering(source.of))


def rule_varies(
    rule: Rule,
    alternatives: Iterable[Alternative],
    known: Mapping[Rule, Definition],
    bindings: Mapping[str, tuple[OptionBinding, ...]],
) -> bool:
    """Tell whether a rule's value may differ between days of one period."""
    if rule.type.varies:
        return True
    for alternative in alternatives:
        if alternative.start is not None or alternative.until is not None:
            return True
        if any(s.start is not None or s.until is not None for s in alternative.suppressions):
            return True
        conditions = (*alternative.conditions, *(c for s in alternative.suppressions for c in s.conditions))
        if any(changes(expr, known, bindings) for expr in (*conditions, alternative.body)):
            return True
    return False
