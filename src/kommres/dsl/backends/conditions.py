"""Conditions and choice: and, or, not, has, if, else."""

from __future__ import annotations

from attrs import evolve

from kommres.dsl.backends.writing import Place, Text, Unit, Writer, over
from kommres.dsl.plan.nodes import Op


def _joined(word: str) -> Writer:
    def write(unit: Unit, number: int, place: Place) -> Text:
        parts = unit.args(number, place)
        return over(f"({f' {word} '.join(unit.present(part, number) for part in parts)})", *parts)

    return write


def _not(unit: Unit, number: int, place: Place) -> Text:
    (part,) = unit.args(number, place)
    return over(f"(not {unit.present(part, number)})", part)


def _has(unit: Unit, number: int, place: Place) -> Text:
    (part,) = unit.args(number, place)
    return over(f"({part.code} is not None)", part)


def _if(unit: Unit, number: int, place: Place) -> Text:
    condition, then, otherwise = unit.args(number, place)
    test = unit.present(condition, number)
    if unit.watched:
        test = f"{unit.watch}.side({number}, {test})"
    return over(
        f"({then.code} if {test} else {otherwise.code})",
        condition,
        then,
        otherwise,
        optional=then.optional or otherwise.optional,
    )


def _else(unit: Unit, number: int, place: Place) -> Text:
    value, fallback = unit.args(number, place)
    text = over("", fallback, optional=fallback.optional)
    if not value.misses and not unit.watched:
        t = unit.temporary()
        code = f"({t} if ({t} := {value.code}) is not None else {fallback.code})"
        return evolve(text, code=code, depth=1 + max(value.depth, fallback.depth))
    body = ["try:", f"    found = {value.code}", "except Miss:", "    found = None"]
    if unit.watched:
        body.append(f"{unit.watch}.branch({number}, 0 if found is not None else 1)")
    body.append(f"return found if found is not None else {fallback.code}")
    return evolve(text, code=unit.function(body), depth=1)


CONDITIONS: dict[Op, Writer] = {
    Op.AND: _joined("and"),
    Op.OR: _joined("or"),
    Op.NOT: _not,
    Op.HAS: _has,
    Op.IF: _if,
    Op.ELSE: _else,
}
