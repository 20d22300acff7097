"""The footer of a Parquet file, taken apart as far as files of row groups need to be put together.

A footer is a structure of Thrift's compact protocol. Numbers and lists are read; everything else is kept as bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import BinaryIO

#: (number of a field, its type, its value)
Struct: TypeAlias = "list[tuple[int, int, Value]]"
#: A whole number, bytes that are kept as they are, a structure, or (type of the members, members).
Value: TypeAlias = "int | bytes | Struct | tuple[int, list[Value]]"

MAGIC: Final = b"PAR1"
_TAIL: Final = 8  # bytes of the length of the footer and the closing magic
_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(1, 13)
_WIDE: Final = 15

# Numbers of fields in parquet.thrift.
_SCHEMA: Final = 2
_NUM_ROWS: Final = 3
_ROW_GROUPS: Final = 4
_CHUNKS, _GROUP_OFFSET, _ORDINAL = 1, 5, 7
_META: Final = 3
_CHUNK_OFFSETS: Final = frozenset({2, 4, 6})
_META_OFFSETS: Final = frozenset({9, 10, 11, 14})
_GROUP_ROWS: Final = 3


def body_and_groups(file: bytes | memoryview) -> tuple[memoryview, list[Struct]]:
    """Return what a Parquet file holds between its magic and its footer, and the descriptions of its row groups."""
    view, length = _with_footer(file)
    footer = _Reader(bytes(view[-_TAIL - length : -_TAIL])).struct()
    groups = _field(footer, _ROW_GROUPS)
    found = [group for group in groups[1] if isinstance(group, list)] if isinstance(groups, tuple) else []
    return view[len(MAGIC) : -_TAIL - length], found


def moved(group: Struct, distance: int, ordinal: int) -> bytes:
    """Describe a row group that stands so many bytes later, as the one of this number."""
    struct = _shift(group, frozenset({_GROUP_OFFSET}), distance)
    chunks = _field(struct, _CHUNKS)
    if isinstance(chunks, tuple):
        chunks[1][:] = [_moved_chunk(chunk, distance) for chunk in chunks[1] if isinstance(chunk, list)]
    return written([(n, kind, ordinal if n == _ORDINAL else value) for n, kind, value in struct])


def ending(file: bytes | memoryview, groups: Sequence[bytes]) -> bytes:
    """Return the end of a file with these row groups; everything else is described as in ``file``."""
    view, length = _with_footer(file)
    footer = _Reader(bytes(view[-_TAIL - length : -_TAIL])).struct()
    structs: list[Struct] = [_Reader(group).struct() for group in groups]
    counts = [_field(group, _GROUP_ROWS) for group in structs]
    new: dict[int, Value] = {
        _NUM_ROWS: sum(number for number in counts if isinstance(number, int)),
        _ROW_GROUPS: (_STRUCT, [*structs]),
    }
    text = written([(number, kind, new.get(number, value)) for number, kind, value in footer])
    return text + len(text).to_bytes(4, "little") + MAGIC


def with_schema(footer: bytes, change: Callable[[Struct], Struct]) -> bytes:
    """Return a footer with other descriptions of its columns; the descriptions of row groups are not looked at."""
    reader = _Reader(footer)
    fields: Struct = []
    while not fields or fields[-1][0] < _SCHEMA:
        fields.append(reader.field(fields[-1][0] if fields else 0))
    number, kind, schema = fields[-1]
    if number != _SCHEMA or not isinstance(schema, tuple):
        return footer
    elements: list[Value] = [change(element) for element in schema[1] if isinstance(element, list)]
    return written([*fields[:-1], (number, kind, (schema[0], elements))])[:-1] + reader.rest()


def footer_of(file: BinaryIO) -> bytes | None:
    """Read the footer of a Parquet file; None of one that is not in plain text."""
    file.seek(-_TAIL, 2)
    tail = file.read(_TAIL)
    if tail[4:] != MAGIC:
        return None
    file.seek(-_TAIL - int.from_bytes(tail[:4], "little"), 2)
    return file.read()[:-_TAIL]


def _with_footer(file: bytes | memoryview) -> tuple[memoryview, int]:
    view = memoryview(file)
    return view, int.from_bytes(view[-_TAIL:-4], "little")


def _moved_chunk(chunk: Struct, distance: int) -> Value:
    return [
        (number, kind, _shift(value, _META_OFFSETS, distance) if number == _META and isinstance(value, list) else value)
        for number, kind, value in _shift(chunk, _CHUNK_OFFSETS, distance)
    ]


def _field(struct: Struct, wanted: int) -> Value | None:
    return next((value for number, _, value in struct if number == wanted), None)


def _shift(struct: Struct, fields: frozenset[int], distance: int) -> Struct:
    """Move offsets; one of 0 says that there is none."""
    return [
        (number, kind, value + distance if number in fields and isinstance(value, int) and value else value)
        for number, kind, value in struct
    ]


# --- compact protocol ----------------------------------------------------------------------------------------


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def struct(self) -> Struct:
        fields: Struct = []
        number = 0
        while self._data[self._at]:
            fields.append(self.field(number))
            number = fields[-1][0]
        self._at += 1
        return fields

    def field(self, before: int) -> tuple[int, int, Value]:
        head = self._byte()
        number = before + (head >> 4) if head >> 4 else self._number()
        return number, head & 15, self._value(head & 15)

    def rest(self) -> bytes:
        return self._data[self._at :]

    def _value(self, kind: int) -> Value:
        if kind in {_I16, _I32, _I64}:
            return self._number()
        if kind == _STRUCT:
            return self.struct()
        if kind in {_LIST, _SET}:
            head = self._byte()
            size = self._varint() if head >> 4 == _WIDE else head >> 4
            member = head & 15
            # Of a yes/no in a list a byte is written, of one that is a field only its type.
            return member, [self._take(1) if member in {_TRUE, _FALSE} else self._value(member) for _ in range(size)]
        if kind == _BINARY:
            return self._take(self._varint())
        if kind in {_TRUE, _FALSE}:
            return b""
        if kind in {_BYTE, _DOUBLE}:
            return self._take(1 if kind == _BYTE else 8)
        raise ValueError(f"type {kind} in the footer of a Parquet file")

    def _byte(self) -> int:
        self._at += 1
        return self._data[self._at - 1]

    def _take(self, size: int) -> bytes:
        self._at += size
        return self._data[self._at - size : self._at]

    def _varint(self) -> int:
        result = shift = 0
        while (byte := self._byte()) & 0x80:
            result |= (byte & 0x7F) << shift
            shift += 7
        return result | byte << shift

    def _number(self) -> int:
        coded = self._varint()
        return (coded >> 1) ^ -(coded & 1)


def written(struct: Struct) -> bytes:
    """Write a structure."""
    parts: list[bytes] = []
    before = 0
    for number, kind, value in struct:
        step = number - before
        parts.append(bytes([step << 4 | kind]) if 0 < step < _WIDE + 1 else bytes([kind]) + _varint(number * 2))
        _write(parts, kind, value)
        before = number
    parts.append(b"\0")
    return b"".join(parts)


def _write(parts: list[bytes], kind: int, value: Value) -> None:
    if isinstance(value, int):
        parts.append(_varint(value << 1 ^ value >> 63))
    elif isinstance(value, bytes):
        parts.append(_varint(len(value)) + value if kind == _BINARY else value)
    elif isinstance(value, tuple):
        member, members = value
        size = len(members)
        parts.append(bytes([size << 4 | member]) if size < _WIDE else bytes([_WIDE << 4 | member]) + _varint(size))
        for item in members:
            _write(parts, member, item)
    else:
        parts.append(written(value))


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    found.append(number)
    return bytes(found)
