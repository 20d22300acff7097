"""Structures of Thrift's compact protocol, changed without taking apart what stays as it is.

An edit is given data and the place of a value. It appends what is to stand there to a list, and returns the place after
the value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

#: (data, place of a value, parts of what is written) -> place after it
Edit: TypeAlias = Callable[[bytes, int, list[bytes]], int]

_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(1, 13)
_SIZES: Final = {_TRUE: 0, _FALSE: 0, _BYTE: 1, _DOUBLE: 8}
_WIDE: Final = 15


def struct(fields: Mapping[int, Edit | None]) -> Edit:
    """Edit fields of a structure, by number; None drops one."""

    def edit(data: bytes, at: int, out: list[bytes]) -> int:
        before = last = 0  # numbers of the field before, and of the last one that is kept
        kept = at
        while head := data[at]:
            begin = at
            here, at = (before + (head >> 4), at + 1) if head >> 4 else _number(data, at + 1)
            kind = head & 15
            if here in fields and fields[here] is None:
                out.append(data[kept:begin])
                kept = at = _after(data, at, kind)
            else:
                if before != last:  # fields say by how much their numbers are above the last one's
                    out.append(_head(here - last, here, kind))
                    kept = at
                last = here
                change = fields.get(here)
                if change is None:
                    at = _after(data, at, kind)
                else:
                    out.append(data[kept:at])
                    kept = at = change(data, at, out)
            before = here
        out.append(data[kept : at + 1])
        return at + 1

    return edit


def each(member: Callable[[int], Edit]) -> Edit:
    """Edit the members of a list, each by what its number says."""

    def edit(data: bytes, at: int, out: list[bytes]) -> int:
        first, size, _ = _list(data, at)
        out.append(data[at:first])
        for number in range(size):
            first = member(number)(data, first, out)
        return first

    return edit


def number(change: Callable[[int], int]) -> Edit:
    """Edit a whole number."""

    def edit(data: bytes, at: int, out: list[bytes]) -> int:
        value, at = _number(data, at)
        new = change(value)
        out.append(_varint(new << 1 ^ new >> 63))
        return at

    return edit


def structs(members: list[bytes]) -> Edit:
    """Put a list of these structures in the place of another one."""

    def edit(data: bytes, at: int, out: list[bytes]) -> int:
        size = len(members)
        out.append(bytes([size << 4 | _STRUCT]) if size < _WIDE else bytes([_WIDE << 4 | _STRUCT]) + _varint(size))
        out.extend(members)
        return _after(data, at, _LIST)

    return edit


def edited(data: bytes, edit: Edit) -> bytes:
    """Return the structure that data begin with, edited."""
    parts: list[bytes] = []
    edit(data, 0, parts)
    return b"".join(parts)


def _after(data: bytes, at: int, kind: int) -> int:
    """Return the place after a value."""
    if kind in {_I16, _I32, _I64}:
        while data[at] & 0x80:
            at += 1
        return at + 1
    if kind == _BINARY:
        size, at = _unsigned(data, at)
        return at + size
    if kind == _STRUCT:
        while head := data[at]:
            at = _after(data, at + 1 if head >> 4 else _number(data, at + 1)[1], head & 15)
        return at + 1
    if kind in {_LIST, _SET}:
        at, size, member = _list(data, at)
        if member in {_TRUE, _FALSE}:  # in a list they take a byte
            return at + size
        for _ in range(size):
            at = _after(data, at, member)
        return at
    if kind in _SIZES:
        return at + _SIZES[kind]
    raise ValueError(f"type {kind} in the footer of a Parquet file")


def _list(data: bytes, at: int) -> tuple[int, int, int]:
    """Return the place of the first member, how many there are, and their type."""
    head = data[at]
    size, at = (head >> 4, at + 1) if head >> 4 < _WIDE else _unsigned(data, at + 1)
    return at, size, head & 15


def _number(data: bytes, at: int) -> tuple[int, int]:
    coded, at = _unsigned(data, at)
    return (coded >> 1) ^ -(coded & 1), at


def _unsigned(data: bytes, at: int) -> tuple[int, int]:
    result = shift = 0
    while (byte := data[at]) & 0x80:
        result |= (byte & 0x7F) << shift
        shift += 7
        at += 1
    return result | byte << shift, at + 1


def _head(step: int, number: int, kind: int) -> bytes:
    return bytes([step << 4 | kind]) if step <= _WIDE else bytes([kind]) + _varint(number << 1)


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)
