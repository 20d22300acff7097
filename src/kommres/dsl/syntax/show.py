"""A readable dump of a syntax tree: one node a line, indented; no recursion, so any tree can be shown."""

from __future__ import annotations

import attrs

from kommres.dsl.syntax.nodes import Name, Node, UnitText

_SILENT = frozenset(("span", "name_span", "variable_span"))


def show(node: Node, *, spans: bool = False) -> str:
    """Return the dump; ``spans`` adds ``line:column`` to each node.

    Empty and default values are left out.
    """
    lines: list[str] = []
    work: list[tuple[int, str, object]] = [(0, "", node)]
    while work:
        level, label, value = work.pop()
        lead = "  " * level + (f"{label}: " if label else "")
        if isinstance(value, (Name, UnitText)):
            lines.append(lead + value.text)
        elif isinstance(value, Node):
            plain, deeper = _fields(value)
            place = f" @{value.span.line}:{value.span.column}" if spans else ""
            lines.append(lead + type(value).__name__ + place + "".join(f" {key}={text}" for key, text in plain))
            work.extend((level + 1, key, child) for key, child in reversed(deeper))
        elif isinstance(value, tuple):
            lines.append(lead.rstrip())
            work.extend((level + 1, "", child) for child in reversed(value))
        else:
            lines.append(lead + _plain(value))
    return "\n".join(lines) + "\n"


def _fields(node: Node) -> tuple[list[tuple[str, str]], list[tuple[str, object]]]:
    plain: list[tuple[str, str]] = []
    deeper: list[tuple[str, object]] = []
    for attribute in attrs.fields(type(node)):
        value = getattr(node, attribute.name)
        if attribute.name in _SILENT or value is None or value is False or value in ((), ""):
            continue
        if isinstance(value, (Name, UnitText)):
            plain.append((attribute.name, value.text))
        elif isinstance(value, (Node, tuple)):
            deeper.append((attribute.name, value))
        else:
            plain.append((attribute.name, _plain(value)))
    return plain, deeper


def _plain(value: object) -> str:
    return repr(value) if isinstance(value, str) else str(value)
