"""The footer of a Parquet file, taken apart as far as files of row groups need to be put together.

A footer is a structure of Thrift's compact protocol. Numbers and lists are read; everything else is kept as bytes.
"""

from __future__ import annotations

from typing import Final, TypeAlias

#: (number of a field, its type, its value)
Struct: TypeAlias = "list[tuple[int, int, Value]]"
#: A whole number, bytes that are kept as they are, a structure, or (type of the members, members).
Value: TypeAlias = "int | bytes | Struct | tuple[int, list[Value]]"

MAGIC: Final = b"PAR1"
_TAIL: Final = 8  # bytes of the length of the footer and the closing magic
_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(1, 13)
_WIDE: Final = 15

# Numbers of fields in parquet.thrift.
_NUM_ROWS: Final = 3
_ROW_GROUPS: Final = 4
_CHUNKS, _GROUP_OFFSET, _ORDINAL = 1, 5, 7
_CHUNK_META: Final = 3
_CHUNK_OFFSETS: Final = frozenset({2, 4, 6})
_META_OFFSETS: Final = frozenset({9, 10, 11, 14})
_GROUP_ROWS: Final = 3


def body_and_groups(file: bytes | memoryview) -> tuple[memoryview, list[bytes]]:
    """Return what a Parquet file holds between its magic and its footer, and the descriptions of its row groups."""
    view = memoryview(file)
    length = int.from_bytes(view[-_TAIL:-4], "little")
    footer = _Reader(bytes(view[-_TAIL - length : -_TAIL])).struct()
    groups = _field(footer, _ROW_GROUPS)
    found = [written(group) for group in groups[1]] if isinstance(groups, tuple) else []  # type: ignore[arg-type]
    return view[len(MAGIC) : -_TAIL - length], found


def moved(group: bytes, distance: int, ordinal: int) -> bytes:
    """Describe a row group that stands so many bytes later, as the one of this number."""
    struct = _shift(_Reader(group).struct(), frozenset({_GROUP_OFFSET}), distance)
    chunks = _field(struct, _CHUNKS)
    if isinstance(chunks, tuple):
        for place, chunk in enumerate(chunks[1]):
            chunks[1][place] = [
                (number, kind, _shift(value, _META_OFFSETS, distance) if number == _CHUNK_META else value)  # type: ignore[arg-type]
                for number, kind, value in _shift(chunk, _CHUNK_OFFSETS, distance)  # type: ignore[arg-type]
            ]
    return written([(n, kind, ordinal if n == _ORDINAL else value) for n, kind, value in struct])


def ending(file: bytes | memoryview, groups: list[bytes]) -> bytes:
    """Return the end of a file with these row groups; everything else is described as in ``file``."""
    view = memoryview(file)
    length = int.from_bytes(view[-_TAIL:-4], "little")
    footer = _Reader(bytes(view[-_TAIL - length : -_TAIL])).struct()
    structs: list[Value] = [_Reader(group).struct() for group in groups]
    rows = sum(number for group in structs if isinstance(number := _field(group, _GROUP_ROWS), int))  # type: ignore[arg-type]
    new: dict[int, Value] = {_NUM_ROWS: rows, _ROW_GROUPS: (_STRUCT, structs)}
    text = written([(number, kind, new.get(number, value)) for number, kind, value in footer])
    return text + len(text).to_bytes(4, "little") + MAGIC


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
        while (head := self._byte()) != 0:
            number = number + (head >> 4) if head >> 4 else self._number()
            fields.append((number, head & 15, self._value(head & 15)))
        return fields

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
