"""A trace computed again from its leaves: the slow, obvious twin of the interpreter's arithmetic.

Leaves keep the value that the trace recorded (supplied data, table rows, options, dates); everything above them is
computed here from what stands below, so a trace that leaves a step out does not give the amount.
"""

from fractions import Fraction
from math import floor

from kommres.dsl.plan.nodes import Op

LEAVES = {
    Op.CONST, Op.ABSENT, Op.INPUT, Op.CHARGED, Op.PARAM, Op.OPTION, Op.VAR, Op.FIELD, Op.PERIOD, Op.SLICE, Op.TIERS,
}  # fmt: skip
COMPARE = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def replay_call(call):
    """The value of a definition, from its body."""
    if call.applies is False and call.definition.rule.is_charge:
        return 0
    return replay(call.body)


def replay(node):
    """The value of a step, from its arguments and pieces."""
    step, args = node.step, node.args
    if step.op in LEAVES:
        return node.value
    match step.op:
        case Op.RULE:
            return replay_call(node.call)
        case Op.SCALE:
            return replay(args[0]) * step.data
        case Op.ADD:
            return sum(sign * replay(a) for sign, a in zip(step.data, args, strict=True))
        case Op.MUL:
            product = Fraction(1)
            for argument in args:
                product *= replay(argument)
            return product
        case Op.DIV:
            return Fraction(replay(args[0])) / replay(args[1])
        case Op.COMPARE:
            return COMPARE[step.data](replay(args[0]), replay(args[1]))
        case Op.AND:
            return all(replay(a) for a in args if a is not None)
        case Op.OR:
            return any(replay(a) for a in args if a is not None)
        case Op.NOT:
            return not replay(args[0])
        case Op.HAS:
            return replay(args[0]) is not None
        case Op.IF:
            taken = replay(args[0])
            assert node.branch == (0 if taken else 1)
            return replay(args[1] if taken else args[2])
        case Op.ELSE:
            return replay(args[node.branch])
        case Op.EDGE:
            return replay(args[0])
        case Op.OVER_SLICES:
            return sum((replay(piece.value) for piece in node.pieces), Fraction(0))
        case Op.MEAN_DAYS:
            days = sum(piece.end - piece.start for piece in node.pieces)
            return sum(replay(p.value) * (p.end - p.start) for p in node.pieces) / Fraction(days)
        case Op.AGGREGATE:
            return aggregate(node)
        case _:
            return function(node)


def aggregate(node):
    values = [
        replay(piece.value) if piece.value is not None else None
        for piece in node.pieces
        if piece.where is None or replay(piece.where)
    ]
    match node.step.data.function:
        case "sum":
            return sum(values, Fraction(0))
        case "count":
            return len(values)
        case "min":
            return min(values, default=None)
        case "max":
            return max(values, default=None)
        case "mean":
            return sum(values, Fraction(0)) / len(values) if values else None
        case "any":
            return any(values)
        case "all":
            return all(values)
        case _:
            return node.value


def function(node):
    name, mode, _calendar = node.step.data
    args = [replay(a) for a in node.args if a is not None]
    match name:
        case "round" if mode in {"", "half_up"}:
            x, step = args
            steps = floor(abs(Fraction(x)) / step + Fraction(1, 2))
            return steps * step if x >= 0 else -steps * step
        case "min":
            return min(args)
        case "max":
            return max(args)
        case "abs":
            return abs(args[0])
        case "clamp":
            return max(args[1], min(args[0], args[2]))
        case "share":
            return Fraction(args[0]) / args[1]
        case _:
            return node.value
