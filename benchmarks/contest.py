"""Timing by turns: every contestant once a round, so that a disturbance of the machine meets all of them."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from random import Random
from statistics import median
from typing import Any, Final

from attrs import define, field, frozen

#: a turn lasts about so many seconds: a short work is repeated, and its best span counts
TURN: Final = 0.02
MOST: Final = 5


@frozen(kw_only=True, eq=False)
class Contestant:
    """``work``: one whole run over ``rows`` rows. ``before``: made ready outside the clock, before each run."""

    name: str
    work: Callable[[], object]
    rows: int
    before: Callable[[], object] | None = None
    spans: list[float] = field(factory=list)

    def turn(self) -> float:
        """Return the seconds of one run."""
        first = self._run()
        repeats = min(MOST, int(TURN / first))
        return min([first, *(self._run() for _ in range(repeats - 1))])

    def _run(self) -> float:
        if self.before is not None:
            self.before()
        start = time.perf_counter()
        self.work()
        return time.perf_counter() - start


@define(eq=False)
class Contest:
    """Contestants and their spans."""

    contestants: dict[str, Contestant] = field(factory=dict)

    def add(self, name: str, work: Callable[[], object], rows: int, before: Callable[[], object] | None = None) -> None:
        """Enter a contestant; it is run once to be warm."""
        entered = self.contestants[name] = Contestant(name=name, work=work, rows=rows, before=before)
        entered.turn()

    def run(self, rounds: int) -> None:
        """Run everybody by turns, in another order each round."""
        dice = Random(1)
        order = list(self.contestants.values())
        gc.collect()
        gc.disable()
        try:
            for _ in range(rounds):
                dice.shuffle(order)
                for contestant in order:
                    contestant.spans.append(contestant.turn())
        finally:
            gc.enable()

    def time_ratio(self, name: str, other: str) -> float:
        """Return the median over the rounds of how many times longer one takes for a row than another."""
        one, two = self.contestants[name], self.contestants[other]
        return median(a * two.rows / (b * one.rows) for a, b in zip(one.spans, two.spans, strict=True))

    def speed_ratio(self, name: str, other: str) -> float:
        """Return how many times more rows a second one makes than another."""
        return self.time_ratio(other, name)

    def rate(self, name: str) -> float:
        """Return rows a second."""
        one = self.contestants[name]
        return one.rows / median(one.spans)

    def seconds(self, name: str) -> float:
        """Return the median span."""
        return median(self.contestants[name].spans)

    def card(self, wrong: dict[str, int] | None = None) -> dict[str, dict[str, Any]]:
        """Return of each contestant rows, rows a second, and wrong rows where they were counted."""
        counted = wrong or {}
        return {
            name: {
                "rows": one.rows,
                "rows_per_s": significant(self.rate(name)),
                **({"wrong_rows": counted[name]} if name in counted else {}),
            }
            for name, one in self.contestants.items()
        }


def significant(value: float, digits: int = 3) -> float:
    """Return a figure with as many digits as noise leaves meaning to."""
    return float(f"{value:.{digits}g}")
