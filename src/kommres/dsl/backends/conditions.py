"""Conditions and choice: and, or, not, has, if, else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kommres.dsl.backends.closures import Compiler, Scope, absent
from kommres.dsl.backends.tables import Miss
from kommres.dsl.plan.nodes import Op, Step

if TYPE_CHECKING:
    from kommres.dsl.backends.frame import Datum, Evaluate, Frame


def _and(scope: Scope, step: Step) -> Evaluate:
    parts = scope.args(step)
    if len(parts) == 2:
        first, second = parts

        def both(f: Frame) -> bool:
            value = first(f)
            if value:
                value = second(f)
                if value:
                    return True
            return absent(step) if value is None else False

        return both

    def every(f: Frame) -> bool:
        for part in parts:
            value = part(f)
            if not value:
                return absent(step) if value is None else False
        return True

    return every


def _or(scope: Scope, step: Step) -> Evaluate:
    parts = scope.args(step)

    def some(f: Frame) -> bool:
        for part in parts:
            value = part(f)
            if value:
                return True
            if value is None:
                absent(step)
        return False

    return some


def _not(scope: Scope, step: Step) -> Evaluate:
    (part,) = scope.args(step)

    def negated(f: Frame) -> bool:
        value = part(f)
        return absent(step) if value is None else not value

    return negated


def _has(scope: Scope, step: Step) -> Evaluate:
    (part,) = scope.args(step)
    return lambda f: part(f) is not None


def _if(scope: Scope, step: Step) -> Evaluate:
    condition, then, otherwise = scope.args(step)
    hook, definition, place = scope.hook, scope.definition, scope.number
    if hook is None or definition is None:

        def choose(f: Frame) -> Datum:
            value = condition(f)
            if value:
                return then(f)
            return absent(step) if value is None else otherwise(f)

        return choose

    def choose_told(f: Frame) -> Datum:
        value = condition(f)
        if value is None:
            absent(step)
        hook.branch(definition, place, 0 if value else 1)
        return then(f) if value else otherwise(f)

    return choose_told


def _else(scope: Scope, step: Step) -> Evaluate:
    value, fallback = scope.args(step)
    hook, definition, place = scope.hook, scope.definition, scope.number

    def own(f: Frame) -> Datum:
        try:
            return value(f)
        except Miss:
            return None

    if hook is None or definition is None:

        def value_or(f: Frame) -> Datum:
            found = own(f)
            return fallback(f) if found is None else found

        return value_or

    def value_or_told(f: Frame) -> Datum:
        found = own(f)
        hook.branch(definition, place, 0 if found is not None else 1)
        return fallback(f) if found is None else found

    return value_or_told


CONDITIONS: dict[Op, Compiler] = {
    Op.AND: _and,
    Op.OR: _or,
    Op.NOT: _not,
    Op.HAS: _has,
    Op.IF: _if,
    Op.ELSE: _else,
}
