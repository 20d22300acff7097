"""Cells that are read once are asked of memory ahead, and nothing else is."""

from __future__ import annotations

import llvmlite.binding as llvm
import numpy as np

from kommres.dsl.backends.kernels import lowering
from kommres.dsl.backends.kernels.ahead import hurried
from kommres.dsl.backends.kernels.cache import compiled

LOADS = """define i32 @first(ptr %a) {
  %p = getelementptr inbounds i8, ptr %a, i64 32
  %q = getelementptr inbounds i8, ptr %a, i64 64
  %x = load <8 x i32>, ptr %a, align 4, !invariant.load !0
  %y = load <8 x i32>, ptr %p, align 4, !invariant.load !0
  %z = load <8 x i32>, ptr %q, align 4, !invariant.load !0
  %own = load <8 x i32>, ptr %q, align 4
  %one = load i32, ptr %q, align 4, !invariant.load !0
  ret i32 %one
}

define i32 @second(ptr %p) {
  %x = load <8 x i32>, ptr %p, align 4, !invariant.load !0
  ret i32 0
}

!0 = !{}
"""

TEXT = """
from kommres.dsl.backends.kernels.moving import streamed


def total(cells, row):
    found = int64(0)
    for j in range(int64(1000)):
        found = found + int64(CELL)
    return found
"""


def text_of(cell):
    return TEXT.replace("CELL", cell)


def test_vectors_of_marked_cells_are_asked_for_once_a_line():
    text = hurried(LOADS)
    llvm.parse_assembly(text).verify()
    asked = [line for line in text.splitlines() if "getelementptr i8" in line and "ahead" in line]
    assert [line.split(", ptr ")[1] for line in asked] == ["%a, i64 2048", "%q, i64 2048", "%p, i64 2048"]


def test_without_them_nothing_changes():
    text = LOADS.replace("!invariant.load", "!nothing")
    assert hurried(text) is text


def test_only_streamed_cells_are_marked():
    arguments = [(np.dtype("i4"), 2), None]
    marked, plain = (
        str(lowering.module_of(text_of(cell), "total", arguments, "entry"))
        for cell in ("streamed(cells[row, j])", "cells[row, j]")
    )
    assert "invariant.load" in marked
    assert "invariant.load" not in plain


def test_the_last_cells_of_an_array_have_none_ahead(tmp_path):
    cells = np.arange(3_000, dtype=np.int32).reshape(3, 1_000)
    total = compiled(text_of("streamed(cells[row, j])"), "total", folder=tmp_path)
    assert [total(cells, row) for row in range(3)] == cells.sum(1).tolist()
