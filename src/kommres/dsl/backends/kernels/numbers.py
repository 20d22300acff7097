"""Whole numbers of proofs as nodes: as exact words, as rests modulo 2^64 beside an estimate, or in 128 bits.

What fits a machine word is computed there once, and the other readings are taken from it. A wider sum or product is
computed in each reading that is asked for: the rest and the 128 bits wrap around, the estimate is rounded as often as
the proof counted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import inf, nextafter, prod
from typing import TYPE_CHECKING, TypeAlias

from attrs import define, field

from kommres.dsl.backends.kernels.graph import BOOL, FLOAT, INT, REST, TERMS, WIDE, Graph, Kind, Node, loops_around
from kommres.dsl.plan.forms import Leaf, Whole, const, mul
from kommres.dsl.plan.tiers import RoundProof, Tier

if TYPE_CHECKING:
    from kommres.dsl.plan.forms import Form

#: Gives a leaf in a reading.
Leaves: TypeAlias = Callable[[Leaf, Kind], Node]

_WIDE_BITS = 127
#: Words that are made of wider numbers are no greater.
MOST_WORD = (1 << 62) - 1
_MODES = {"half_up", "half_even", "up", "down", "ceiling", "floor"}


class NotCompiled(Exception):  # noqa: N818 - no error: the interpreter computes it
    """Why something is no kernel's; the interpreter computes it."""


@define(kw_only=True)
class Numbers:
    """Writes whole numbers whose leaves ``leaves`` gives."""

    graph: Graph
    leaves: Leaves
    _made: dict[tuple[int, Kind], Node] = field(factory=dict)
    _grouped: dict[int, tuple[Whole, ...]] = field(factory=dict)
    _held: list[Whole] = field(factory=list)  # keeps ids of parts unique

    def of(self, part: Whole, kind: Kind) -> Node:
        """Return a whole number in a reading. Raises :class:`NotCompiled`."""
        key = id(part), kind
        found = self._made.get(key)
        if found is None:
            self._held.append(part)
            found = self._made[key] = self._read(part, kind)
        return found

    def _read(self, part: Whole, kind: Kind) -> Node:
        if part.op == "const" and isinstance(part.data, int):
            return self._const(part.data, kind)
        if part.op == "leaf" and isinstance(part.data, Leaf):
            if part.fits and kind != INT:
                return self.turned(self.leaves(part.data, INT), kind)
            return self.leaves(part.data, kind)
        if part.fits and kind != INT:
            return self.turned(self.of(part, INT), kind)
        if part.fits and all(a.fits for a in part.args):
            return self._words(part)
        if kind == INT:
            return self.graph.node(INT, "int64({0})", self._made_of(part, REST))
        return self._made_of(part, kind)

    def _const(self, value: int, kind: Kind) -> Node:
        graph = self.graph
        match kind:
            case "i":
                return graph.int(value)
            case "u":
                return graph.plain(REST, f"uint64({value % (1 << 64)})")
            case "f" | "t":
                return graph.plain(FLOAT, repr(float(value if kind == FLOAT else abs(value))))
        if -(1 << 63) < value < 1 << 63:
            return graph.node(WIDE, "wide({0})", graph.int(value))
        if value.bit_length() >= _WIDE_BITS:
            raise NotCompiled(f"a number of {value.bit_length()} bits")
        low = graph.plain(REST, f"uint64({value % (1 << 64)})")
        return graph.node(WIDE, "wide_of({0}, {1})", graph.int(value >> 64), low)

    def turned(self, word: Node, kind: Kind) -> Node:
        """Return an exact word in another reading."""
        if kind == INT:
            return word
        code = {REST: "uint64({0})", FLOAT: "float64({0})", WIDE: "wide({0})", TERMS: "abs(float64({0}))"}[kind]
        return self.graph.node(kind, code, word)

    def _words(self, part: Whole) -> Node:
        if part.op == "add":
            return self._difference(*self._split(part))
        args = [self.of(a, INT) for a in part.args]
        match part.op:
            case "mul":
                return self.graph.node(INT, "({0} * {1})", *args)
            case "neg":
                return self.graph.node(INT, "(-{0})", *args)
            case "size":
                return self.graph.node(INT, "abs({0})", *args)
            case "sign":
                return self.graph.node(INT, "(1 if {0} >= 0 else -1)", *args)
        raise NotCompiled(part.op)

    def _split(self, part: Whole) -> tuple[list[Node], list[Node]]:
        """Return the terms of a sum of words that are added, and those that are taken away."""
        terms = [self._unsigned(a) for a in part.args]
        return [node for node, minus in terms if not minus], [node for node, minus in terms if minus]

    def _unsigned(self, part: Whole) -> tuple[Node, bool]:
        """Return a word or its opposite, whichever takes fewer steps, and whether it is the opposite."""
        if part.op == "neg" and part.args[0].fits:
            node, minus = self._unsigned(part.args[0])
            return node, not minus
        if part.op == "mul" and all(a.fits for a in part.args):
            factors = [self._unsigned(a) for a in part.args]
            if any(minus for _, minus in factors):
                product = self.graph.node(INT, "({0} * {1})", *(node for node, _ in factors))
                return product, sum(minus for _, minus in factors) % 2 == 1
        return self.of(part, INT), False

    def _difference(self, plus: Sequence[Node], minus: Sequence[Node]) -> Node:
        if not plus:
            return self.graph.node(INT, "(-{0})", self._sum(INT, minus))
        places = iter(range(len(plus) + len(minus)))
        code = " + ".join(f"{{{next(places)}}}" for _ in plus) + "".join(f" - {{{next(places)}}}" for _ in minus)
        return self.graph.node(INT, f"({code})", *plus, *minus)

    def _sum(self, kind: Kind, args: Sequence[Node]) -> Node:
        if len(args) == 1:
            return args[0]
        return self.graph.node(kind, f"({' + '.join(f'{{{n}}}' for n in range(len(args)))})", *args)

    def _made_of(self, part: Whole, kind: Kind) -> Node:
        """Compute what does not fit a word, or whose parts do not."""
        graph = self.graph
        if kind == TERMS and part.op in {"neg", "size"}:
            return self.of(part.args[0], TERMS)
        if kind == TERMS and part.op == "sign":
            return graph.plain(FLOAT, "1.0")
        if part.op == "sign":
            code = "(uint64(1) if {0} else uint64(18446744073709551615))" if kind == REST else "(1.0 if {0} else -1.0)"
            return graph.node(kind, code, self.positive(part.args[0]))
        if part.op == "size" and kind == REST:
            return graph.node(REST, "wide_rest({0})", self._made_of(part, WIDE))
        if kind == WIDE and part.op == "mul" and all(a.fits for a in part.args):
            return graph.node(WIDE, "wide_product({0}, {1})", *(self.of(a, INT) for a in part.args))
        factors = self._factors(part) if part.op == "mul" and kind in {REST, FLOAT} else part.args
        args = [self.of(a, kind) for a in factors]
        if kind == WIDE:
            if part.op == "add":
                found = args[0]
                for other in args[1:]:
                    found = graph.node(WIDE, "wide_add({0}, {1})", found, other)
                return found
            return graph.node(
                WIDE, {"mul": "wide_mul({0}, {1})", "neg": "wide_neg({0})", "size": "wide_abs({0})"}[part.op], *args
            )
        match part.op:
            case "add":
                return self._sum(kind, args)
            case "mul":
                return graph.node(kind, f"({' * '.join(f'{{{n}}}' for n in range(len(args)))})", *args)
            case "neg":
                return graph.node(kind, "(uint64(0) - {0})" if kind == REST else "(-{0})", *args)
        return graph.node(kind, "abs({0})", *args)

    def _factors(self, part: Whole) -> tuple[Whole, ...]:
        """Return factors of a product that does not fit a word, as few as words can hold.

        Those come first that stand further outside: their product is computed there. The estimate of a product that
        is a word is rounded once, of other products more often.
        """
        found = self._grouped.get(id(part))
        if found is None:
            self._held.append(part)
            words: list[Whole] = []
            others: list[Whole] = []
            for factor in (factor for arg in part.args for factor in _flat(arg)):
                (words if factor.fits else others).append(factor)
            words.sort(key=lambda word: (loops_around(self.of(word, INT)), word.most))
            joined: list[Whole] = []
            for word in words:
                both = mul(joined[-1], word) if joined else None
                if both is not None and both.fits:
                    joined[-1] = both
                else:
                    joined.append(word)
            found = self._grouped[id(part)] = (*joined, *others)
        return found

    # questions -------------------------------------------------------------------------------------------

    def exact(self, part: Whole) -> tuple[Node, Kind]:
        """Return a number exactly: as a word, or in 128 bits. Raises :class:`NotCompiled`."""
        if part.fits:
            return self.of(part, INT), INT
        if not is_exact(part):
            raise NotCompiled(f"a number of {part.most.bit_length()} bits")
        return self.of(part, WIDE), WIDE

    def positive(self, part: Whole) -> Node:
        """Return whether a number is not below zero."""
        if part.lo >= 0:
            return self.graph.true
        if part.op == "add" and part.fits and all(a.fits for a in part.args):
            plus, minus = self._split(part)
            if plus and minus:
                return self.graph.node(BOOL, "({0} >= {1})", self._sum(INT, plus), self._sum(INT, minus))
        node, kind = self.exact(part)
        code = "({0} >= 0)" if kind == INT else "wide_not_negative({0})"
        return self.graph.node(BOOL, code, node)

    def compared(self, one: Whole, op: str, other: Whole) -> Node:
        """Return whether ``one op other`` holds, op as in Python."""
        if one.fits and other.fits:
            return self.graph.node(BOOL, f"({{0}} {op} {{1}})", self.of(one, INT), self.of(other, INT))
        if max(one.most, other.most).bit_length() >= _WIDE_BITS:
            raise NotCompiled(f"a comparison of numbers of {max(one.most, other.most).bit_length()} bits")
        code = f"(wide_compare({{0}}, {{1}}) {op} 0)"
        return self.graph.node(BOOL, code, self.of(one, WIDE), self.of(other, WIDE))

    def rounded(self, proof: RoundProof) -> Node:
        """Return the whole number near a quotient, as a word. Raises :class:`NotCompiled`."""
        above, below, mode = proof.numerator, proof.denominator, proof.rounding.mode
        if proof.tier is Tier.INTERPRETER or above is None or below is None:
            raise NotCompiled(f"a rounding that no arithmetic takes: {proof.why}")
        graph = self.graph
        if below.op == "const" and below.data == 1 and above.fits:
            return self.of(above, INT)
        suffix = "half_up_pos" if mode == "half_up" and proof.positive else mode
        if proof.tier is Tier.REST_FAR and proof.off is not None:
            args = (
                *(self.of(part, kind) for part in (above, below) for kind in (REST, FLOAT)),
                self._at_least(proof.off),
            )
            return graph.node(INT, f"rest_far_{suffix}({{0}}, {{1}}, {{2}}, {{3}}, {{4}})", *args)
        divisor = self._divisor(below, INT if proof.tier in _NARROW else WIDE)
        match proof.tier:
            case Tier.WORD:
                return graph.node(INT, f"word_{suffix}({{0}}, {{1}})", self.of(above, INT), divisor)
            case Tier.REST | Tier.REST_TWICE:
                name = "rest" if proof.tier is Tier.REST else "rest_twice"
                suffix = suffix if proof.tier is Tier.REST else mode
                args = self.of(above, REST), self.of(above, FLOAT), divisor
                return graph.node(INT, f"{name}_{suffix}({{0}}, {{1}}, {{2}})", *args)
        name = "wide_round" if proof.tier is Tier.WIDE else "wide_round_twice"
        args = self.of(above, WIDE), self.of(above, FLOAT), divisor
        return graph.node(INT, f"{name}_{mode}({{0}}, {{1}}, {{2}})", *args)

    def _divisor(self, below: Whole, kind: Kind) -> Node:
        if below.op == "const" and isinstance(below.data, int) and kind == INT:
            return self.graph.plain(INT, str(below.data))  # a literal: the quotient becomes a product
        return self.of(below, kind)

    def _at_least(self, bound: Fraction) -> Node:
        return self.graph.plain(FLOAT, repr(nextafter(float(bound), inf)))

    def word(self, part: Whole, most: int = MOST_WORD) -> tuple[Node, Node | None]:
        """Return a number as a word, and whether it is none in a row, or greater than ``most``."""
        if part.most <= most:
            return self.of(part, INT), None
        graph = self.graph
        if part.fits or not is_exact(part):
            # A sum of terms that is below the bound by more than its estimate is off.
            bound = graph.plain(FLOAT, repr(most * (1 - 2.0**-20)))
            lost = graph.node(BOOL, "(not ({0} <= {1}))", self.of(part, TERMS), bound)
            return graph.node(INT, "int64({0})", self.of(part, REST)), lost
        node = self.of(part, WIDE)
        word = graph.node(INT, "wide_word({0})", node)
        beyond = graph.node(BOOL, "(wide_gt({0}, {1}) | wide_lt({0}, {2}))", node, *map(self._wide, (most, -most)))
        return word, beyond

    def _wide(self, value: int) -> Node:
        return self._const(value, WIDE)


def _flat(part: Whole) -> list[Whole]:
    """Return the factors of a product."""
    # What is known of a product beyond its factors would be lost.
    if part.op == "mul" and part.most == prod(arg.most for arg in part.args):
        return [factor for arg in part.args for factor in _flat(arg)]
    return [part]


def is_exact(part: Whole) -> bool:
    """Whether a number is read exactly: as a word, or in 128 bits."""
    return part.most.bit_length() < _WIDE_BITS


_NARROW = frozenset({Tier.WORD, Tier.REST, Tier.REST_TWICE})


def crossed(one: Form, other: Form) -> tuple[Whole, Whole]:
    """Return two whole numbers that compare as two quotients do."""
    left, right = Fraction(1, one.scale), Fraction(1, other.scale)
    common = left / right
    return (
        mul(const(common.numerator), mul(one.above, other.below)),
        mul(const(common.denominator), mul(other.above, one.below)),
    )
