"""The footer of a Parquet file, as far as files of row groups need to be put together or read in another way."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final

from kommres.columns.thrift import Edit, each, edited, number, struct, structs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import BinaryIO

MAGIC: Final = b"PAR1"
#: physical types
INT32, INT64, FIXED = 1, 2, 7
_TAIL: Final = 8  # bytes of the length of the footer and the closing magic

# Numbers of fields in parquet.thrift.
_SCHEMA: Final = 2
_NUM_ROWS: Final = 3
_ROW_GROUPS: Final = 4
_TYPE: Final = 1
#: length of the values of a column, and what makes numbers of them
_LENGTH, _MEANING = (2,), (6, 7, 8, 10)
_CHUNKS, _GROUP_ROWS, _GROUP_OFFSET, _ORDINAL = 1, 3, 5, 7
_META: Final = 3
_CHUNK_OFFSETS: Final = (2, 4, 6)
_META_OFFSETS: Final = (9, 10, 11, 14)
_SAME: Final = struct({})


def body_and_groups(file: bytes | memoryview, distance: int, ordinal: int) -> tuple[memoryview, list[bytes]]:
    """Return what a Parquet file holds between its magic and its footer, and the descriptions of its row groups.

    Row groups are described as they are in a file in which they stand so many bytes later and the first of them has
    this number.
    """
    later = number(lambda offset: offset + distance if offset else 0)  # 0 says that there is none
    chunk = struct({**dict.fromkeys(_CHUNK_OFFSETS, later), _META: struct(dict.fromkeys(_META_OFFSETS, later))})
    found: list[bytes] = []

    def group(place: int) -> Edit:
        moved = struct(
            {_CHUNKS: each(lambda _: chunk), _GROUP_OFFSET: later, _ORDINAL: number(lambda _: ordinal + place)}
        )

        def edit(data: bytes, at: int, _: list[bytes]) -> int:
            parts: list[bytes] = []
            end = moved(data, at, parts)
            found.append(b"".join(parts))
            return end

        return edit

    view, start = _taken_apart(file)
    edited(bytes(view[start:-_TAIL]), struct({_ROW_GROUPS: each(group)}))
    return view[len(MAGIC) : start], found


def ending(file: bytes | memoryview, groups: Sequence[bytes]) -> bytes:
    """Return the end of a file with these row groups; everything else is described as in ``file``."""
    rows = sum(map(_rows_of, groups))
    view, start = _taken_apart(file)
    fields = {_NUM_ROWS: number(lambda _: rows), _ROW_GROUPS: structs([*groups])}
    return closed(edited(bytes(view[start:-_TAIL]), struct(fields)))


def closed(footer: bytes) -> bytes:
    """Return what a file ends with."""
    return footer + len(footer).to_bytes(4, "little") + MAGIC


def with_types(footer: bytes, types: Mapping[int, int]) -> bytes:
    """Return a footer in which some columns are of a physical type and mean nothing else.

    ``types``: number of the column -> number of the type in parquet.thrift. It must be stored as the old one is.
    """
    columns = itertools.count()

    def element(_: int) -> Edit:
        fields: dict[int, Edit | None] = {}

        def retyped(kind: int) -> int:  # only columns have a type; it is their first field
            new = types.get(next(columns))
            if new is None:
                return kind
            fields.update(dict.fromkeys((*_MEANING, *(() if new == FIXED else _LENGTH))))
            return new

        fields[_TYPE] = number(retyped)
        return struct(fields)

    def chunk(column: int) -> Edit:
        kind = types.get(column)
        return _SAME if kind is None else struct({_META: struct({_TYPE: number(lambda _: kind)})})

    group = struct({_CHUNKS: each(chunk)})
    return edited(footer, struct({_SCHEMA: each(element), _ROW_GROUPS: each(lambda _: group)}))


def footer_of(file: BinaryIO) -> bytes | None:
    """Read the footer of a Parquet file; None of one that is not in plain text."""
    file.seek(-_TAIL, 2)
    tail = file.read(_TAIL)
    if tail[4:] != MAGIC:
        return None
    file.seek(-_TAIL - int.from_bytes(tail[:4], "little"), 2)
    return file.read()[:-_TAIL]


def _taken_apart(file: bytes | memoryview) -> tuple[memoryview, int]:
    """Return a file and where its footer begins."""
    view = memoryview(file)
    return view, len(view) - _TAIL - int.from_bytes(view[-_TAIL:-4], "little")


def _rows_of(group: bytes) -> int:
    rows: list[int] = []

    def note(count: int) -> int:
        rows.append(count)
        return count

    edited(group, struct({_GROUP_ROWS: number(note)}))
    return rows[0]
