"""Cells that a kernel reads once from end to end: memory is asked for them before they are needed.

A loop that computes something of each cell keeps a processor too busy to look far ahead by itself. LLVM makes no vector
instructions of a loop that asks memory, so the asking is put in afterwards, where vectors of such cells are read.
"""

from __future__ import annotations

import re
from typing import Final

#: What marks a cell in flat text, and its load in LLVM's: nothing writes there while the kernel runs.
STREAMED: Final = "streamed"
MARK: Final = "invariant.load"
#: So many bytes ahead; half a page.
_BYTES: Final = 2048
#: Bytes that memory gives at once.
_LINE: Final = 64
_LOAD: Final = re.compile(rf" *%\S+ = load <[^>]+>, ptr (%[\w.]+),.*!{re.escape(MARK)} ")
_FURTHER: Final = re.compile(r" *(%[\w.]+) = getelementptr .*i8, ptr %[\w.]+, i64 (\d+)$")
_ASK: Final = "declare void @llvm.prefetch.p0(ptr, i32, i32, i32)"


def hurried(text: str) -> str:
    """Return a module of LLVM, after all passes, that asks for marked cells ahead where it reads vectors of them."""
    lines: list[str] = []
    further: dict[str, int] = {}
    count = 0
    for line in text.splitlines():
        if line.startswith("define "):
            further = {}
        if step := _FURTHER.match(line):
            further[step[1]] = int(step[2])
        # Of several loads in one turn of a loop, those that begin a line.
        if (load := _LOAD.match(line)) and further.get(load[1], 0) % _LINE == 0:
            place = f"%ahead.{count}"
            lines.append(f"  {place} = getelementptr i8, ptr {load[1]}, i64 {_BYTES}")
            lines.append(f"  call void @llvm.prefetch.p0(ptr {place}, i32 0, i32 3, i32 1)")
            count += 1
        lines.append(line)
    return "\n".join([*lines, _ASK, ""]) if count else text
