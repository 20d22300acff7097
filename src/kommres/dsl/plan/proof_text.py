"""Proofs as text, for `kommres check --show plan`."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from kommres.dsl.plan.tiers import Tier
from kommres.dsl.quantity import exact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kommres.dsl.plan.proofs import Assumptions, Proof, Proofs
    from kommres.dsl.plan.ranges import Range
    from kommres.dsl.plan.tiers import RoundProof


def assumptions(assumed: Assumptions) -> list[str]:
    """Say what proofs take for granted; rows that do not keep to it are the interpreter's."""
    inputs = f"inputs within {assumed.number} in steps of 1/{assumed.grid}"
    rest = f"results within {assumed.result}, at most {assumed.items} rows in an aggregate"
    return [f"assumed where nothing is declared: {inputs}, {rest}"]


def tally(proofs: Proofs) -> str:
    """Count roundings by their tier."""
    found = [proved.tier for proved in proofs.rounds]
    counts = [f"{found.count(tier)} {tier}" for tier in Tier if tier in found]
    noun = "rounding" if len(found) == 1 else "roundings"
    return f"{len(found)} {noun}: {', '.join(counts)}" if found else "no roundings"


def of_step(proof: Proof, number: int, kind: str) -> str:
    """Write `` in [0..5] /100`` for a step, nothing for what is no number."""
    found = proof.ranges[number]
    if found is None:
        return ""
    mark = " assumed" if any(g.step == number and g.kind == "assumed" for g in proof.guards) else ""
    if kind in {"date", "instant"}:
        return _since(found)
    return f" in {interval(found)}{mark}"


def interval(found: Range) -> str:
    """Write a range with its grid: ``[13.51..65.77] /100``; long fractions are rounded outwards, with a ``~``."""
    grid = "" if found.grid in {None, 1} else f" /{found.grid}"
    whole = " whole" if found.grid == 1 else ""
    return f"[{_end(found.lo, up=False)}..{_end(found.hi, up=True)}]{grid}{whole}"


def _end(value: Fraction | None, *, up: bool) -> str:
    if value is None:
        return ""
    text = exact(value)
    if len(text) <= 20:
        return text
    places = 4 if abs(value) < 10**12 else 0
    near = value * 10**places
    rounded = Fraction(-(-near.numerator // near.denominator) if up else near.numerator // near.denominator)
    text = exact(rounded / 10**places)
    return (
        f"~{text}"
        if len(text) <= 24
        else f"~{'-' if value < 0 else ''}10^{len(str(abs(value.numerator // value.denominator)))}"
    )


def _since(found: Range) -> str:
    low, high = found.since
    if low is None and high is None:
        return ""
    return f" in month start [{'' if low is None else f'{low:+}'}..{'' if high is None else f'{high:+}'}] days"


def of_rounds(proof: Proof, number: int) -> Iterator[str]:
    """Write the lines below a step that rounds."""
    for proved in proof.rounds:
        if proved.step == number:
            yield f"        {_round(proved)}"


def _round(proved: RoundProof) -> str:
    parts = []
    if proved.numerator_bits is not None and proved.quotient is not None:
        parts.append(
            f"numerator {proved.numerator_bits} bits, divisor {proved.denominator_bits} bits,"
            f" quotient <= {_short(proved.quotient)}"
        )
    parts += [part for part in (proved.why, proved.advice) if part]
    word = "interpreter only" if proved.tier is Tier.INTERPRETER else str(proved.tier)
    return f"{word}: {'; '.join(parts)}"


def _short(value: int) -> str:
    return str(value) if value < 10**15 else f"10^{len(str(value))}"
