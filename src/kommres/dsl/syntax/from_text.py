"""Text to syntax tree. Findings are values: nothing is raised for any text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kommres.dsl.limits import CODES, DEFAULT, Limits
from kommres.dsl.source import Source, Span
from kommres.dsl.syntax import nodes
from kommres.dsl.syntax.build_base import Abandon
from kommres.dsl.syntax.lexer import ItemTokens, lex
from kommres.dsl.syntax.messages import explain
from kommres.dsl.syntax.parser import LOCK, Parser, Unexpected, parser
from kommres.dsl.syntax.scan import GiveUp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kommres.dsl.diagnostics import Diagnostics


def parse(source: Source, out: Diagnostics, limits: Limits = DEFAULT) -> nodes.ModuleTree:
    """Parse a file.

    Each item is parsed on its own, so one file gives several findings and the items after a wrong one survive; a wrong
    item is left out of the tree.

    Parameters
    ----------
    source
        The text and its name.
    out
        Collects what is wrong (K01xx) or too much (K09xx).
    limits
        How much a file may hold.
    """
    try:
        items = lex(source, out, limits)
    except GiveUp:
        return _tree(source, [])
    found: list[nodes.Item] = []
    lost: list[str] = []
    errors = len(out.errors)
    with LOCK:
        made = parser()
        made.builder.begin(source, out, limits)
        for item in items:
            if len(out.errors) - errors >= limits.errors:
                message = f"more than {limits.errors} syntax errors; the rest of the file is not read"
                out.add(CODES["errors"], message, Span(source, item.tokens[0].start, item.tokens[0].end))
                break
            node = _parse_item(made, item, source, out)
            if node is not None:
                found.append(node)
            elif len(item.tokens) > 1:
                name = item.tokens[1]
                lost.append(source.text[name.start : name.end].rpartition(".")[2])
        made.builder.forget()
    _check_headers(found, out)
    return _tree(source, found, lost)


def parse_bytes(data: bytes, name: str, out: Diagnostics, limits: Limits = DEFAULT) -> nodes.ModuleTree:
    """Parse the bytes of a file; text that is not UTF-8 is reported."""
    if len(data) > limits.bytes:
        source = Source(name=name, text="")
        out.add(CODES["bytes"], f"the file is too long; the limit is {limits.bytes} bytes", Span(source, 0, 0))
        return _tree(source, [])
    try:
        return parse(Source(name=name, text=data.decode("utf-8")), out, limits)
    except UnicodeDecodeError as error:
        start = error.start
        source = Source(name=name, text=data.decode("utf-8", "replace"))
        at = len(data[:start].decode("utf-8"))
        out.add(
            "K0118",
            f"the file is not UTF-8: byte 0x{data[start]:02x} cannot stand there",
            Span(source, at, at + 1),
            help="save the file as UTF-8; older Russian files are often in windows-1251",
        )
        return _tree(source, [])


def parse_expression(text: str, out: Diagnostics, limits: Limits = DEFAULT) -> nodes.Expr | None:
    """Parse one expression (for tests and tools); None where it is wrong."""
    lead = "= "
    source = Source(name="<expression>", text=lead + text)
    try:
        items = lex(source, out, limits)
    except GiveUp:
        return None
    if len(items) != 1 or items[0].broken:
        return None
    tokens = items[0].tokens[1:]
    with LOCK:
        made = parser()
        made.builder.begin(source, out, limits)
        try:
            node: nodes.Expr = made.parse(tokens, "whole")
        except Unexpected as error:
            whole = ItemTokens(kind="RULE", tokens=items[0].tokens)
            explain(source, whole, Unexpected(error.index + 1, error.accepts), out)
            return None
        except Abandon:
            return None
        finally:
            made.builder.forget()
        return node


def _parse_item(made: Parser, item: ItemTokens, source: Source, out: Diagnostics) -> nodes.Item | None:
    if item.broken:
        return None
    made.builder.forget()
    try:
        node: nodes.Item = made.parse(item.tokens, "item")
    except Unexpected as error:
        explain(source, item, error, out)
        return None
    except Abandon:
        return None
    return node


def _tree(source: Source, items: list[nodes.Item], lost: Sequence[str] = ()) -> nodes.ModuleTree:
    header = next((item for item in items if isinstance(item, nodes.ModuleHeader)), None)
    return nodes.ModuleTree(header=header, items=tuple(items), lost=tuple(lost), span=Span(source, 0, len(source.text)))


def _check_headers(items: list[nodes.Item], out: Diagnostics) -> None:
    headers = [item for item in items if isinstance(item, nodes.ModuleHeader)]
    for header in headers[1:]:
        out.add("K0121", "a second module in one file", header.span, help="one file is one module")
    if headers and items[0] is not headers[0]:
        word = "spec for" if headers[0].is_spec else "module"
        out.add("K0121", f"`{word}` is not the first item of the file", headers[0].span, help="move it to the top")
