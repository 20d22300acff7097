"""Whole numbers of 32 bits inside kernels: extremes of narrow cells, of which a register holds twice as many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kommres.dsl.backends.kernels.emit import I32, I64, INT, SHORT, helper

if TYPE_CHECKING:
    from llvmlite import ir

#: No narrow number that is looked at is further from 0.
FURTHEST: Final = 1 << 30


def _greatest(build: ir.IRBuilder, a: ir.Value, b: ir.Value) -> ir.Value:
    return build.select(build.icmp_signed(">", a, b), a, b)


def _least(build: ir.IRBuilder, a: ir.Value, b: ir.Value) -> ir.Value:
    return build.select(build.icmp_signed("<", a, b), a, b)


def _beyond(build: ir.IRBuilder, a: ir.Value, b: ir.Value) -> ir.Value:
    return build.select(build.icmp_unsigned(">", a, b), a, b)


#: Without the upper half: of a number that fits it is the same one.
short = helper("short", SHORT, (INT,), lambda build, a: build.trunc(a, I32))
long = helper("long", INT, (SHORT,), lambda build, a: build.sext(a, I64))
#: The number that it is without a sign.
long_pos = helper("long_pos", INT, (SHORT,), lambda build, a: build.zext(a, I64))
short_max = helper("short_max", SHORT, (SHORT, SHORT), _greatest)
short_min = helper("short_min", SHORT, (SHORT, SHORT), _least)
#: The greater one of two numbers without sign: those below 0 are beyond all others.
short_beyond = helper("short_beyond", SHORT, (SHORT, SHORT), _beyond)
