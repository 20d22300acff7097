"""The syntax stage: what each construct becomes, what mistakes are called, what is refused."""

from __future__ import annotations

import datetime as dt
import re
import time
from fractions import Fraction
from pathlib import Path

import pytest

from kommres.dsl import keywords, render
from kommres.dsl.diagnostics import DiagnosticError, Diagnostics
from kommres.dsl.limits import CODES, Limits
from kommres.dsl.source import Source
from kommres.dsl.syntax import nodes
from kommres.dsl.syntax.format import format_text
from kommres.dsl.syntax.from_text import parse, parse_bytes, parse_expression
from kommres.dsl.syntax.parser import parser
from kommres.dsl.syntax.show import show

ROOT = Path(__file__).parents[2]
SAMPLES = re.findall(r"```text\n(.*?)```", (ROOT / "docs/reference/language.md").read_text(encoding="utf-8"), re.DOTALL)


def tree(text: str) -> nodes.ModuleTree:
    out = Diagnostics()
    found = parse(Source(name="t.kmr", text=text), out)
    assert not out.items, render.pictures(out.items)
    return found


def item(text: str) -> nodes.Item:
    (found,) = tree(text).items
    return found


def codes(text: str) -> list[str]:
    out = Diagnostics()
    parse(Source(name="t.kmr", text=text), out)
    return [d.code for d in out.sorted()]


def shape(text: str) -> str:
    out = Diagnostics()
    found = parse_expression(text, out)
    assert not out.items, render.pictures(out.items)
    assert found is not None
    return short(found)


def short(node: object) -> str:
    """An expression with all its parentheses."""
    match node:
        case nodes.Number():
            return node.text + (f" {node.unit.text}" if node.unit else "")
        case nodes.Ref():
            return node.name.text
        case nodes.Chain():
            return "(" + short(node.first) + "".join(f" {op} {short(value)}" for op, value in node.rest) + ")"
        case nodes.Unary():
            return f"({node.op} {short(node.value)})"
        case nodes.Compare():
            return f"({short(node.left)} {node.op} {short(node.right)})"
        case nodes.Else():
            return f"({short(node.value)} else {short(node.fallback)})"
        case nodes.Call():
            return f"{node.name.text}({', '.join(map(short, node.args))})"
        case nodes.Has():
            return f"(has {short(node.value)})"
        case nodes.OnDate():
            return f"({short(node.value)} on {short(node.date)})"
        case nodes.AsUnit():
            return f"({short(node.value)} as {node.unit.text})"
        case nodes.AtEdge():
            return f"({short(node.value)} at {node.edge})"
        case nodes.If():
            return f"(if {short(node.condition)} then {short(node.then)} otherwise {short(node.otherwise)})"
        case nodes.Aggregate():
            value = f" of {short(node.value)}" if node.value else ""
            return f"({node.function}{value} x{len(node.binders)})"
        case _:
            return type(node).__name__


def test_the_grammar_has_no_conflicts() -> None:
    parser(strict=True)


@pytest.mark.parametrize("text", SAMPLES, ids=[s.splitlines()[0][:30] for s in SAMPLES])
def test_samples_of_the_reference(text: str) -> None:
    first = tree(text)
    formatted = format_text(Source(name="t", text=text))
    russian = format_text(Source(name="t", text=formatted), "ru")
    assert tree(formatted) == first == tree(russian)
    assert russian != formatted
    assert (
        format_text(Source(name="t", text=russian), "en") == formatted == format_text(Source(name="t", text=formatted))
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a + b * c - d", "(a + (b * c) - d)"),
        ("a / b else 0 + 1", "(((a / b) else 0) + 1)"),
        ("a else b else c", "(a else (b else c))"),
        ("a * b else c * d", "((a * b) else (c * d))"),
        ("-a as kWh", "(- (a as kWh))"),
        ("not a and b or c", "(((not a) and b) or c)"),
        ("has a and a + 1 = b", "((has a) and ((a + 1) = b))"),
        ("rate on paid_on else 100 %", "((rate on paid_on) else 100 %)"),
        ("5 m3/person * n", "(5 m3/person * n)"),
        ("5 m3 / n", "(5 m3 / n)"),
        ("0.5 1/day", "0.5 1/day"),
        ("x at start = x at end", "((x at start) = (x at end))"),
        ("if a then b otherwise if c then d otherwise e", "(if a then b otherwise (if c then d otherwise e))"),
        ("1 + (sum of a for p in s)", "(1 + (sum of a x1))"),
        ("sum of v(z, k) for z in zone for k in tier where z = k", "(sum of v(z, k) x2)"),
        ("count for v in s", "(count x1)"),
        ("max(sum of a for p in s, 3)", "max((sum of a x1), 3)"),
        ("min(a, b) + sum", "(min(a, b) + sum)"),
        ("x.from + first", "(x.from + first)"),
        ("volume + price * line", "(volume + (price * line))"),
        ("округлить(а, 0.01, вверх) + период.дней", "(round(а, 0.01, ceiling) + period.days)"),
        ("среднее от x для м в последние 6 месяцев где есть x", "(mean of x x1)"),
    ],
)
def test_expressions(text: str, expected: str) -> None:
    assert shape(text) == expected


def test_literals() -> None:
    rule = item(
        "rule a of b: date\n    = 2025-12-06\n"
        '    except c when t = 2026-01-03T10:30+03:00 and n = "a\\"\\n\\\\"\n        = absent\n'
    )
    assert isinstance(rule, nodes.RuleDecl)
    base, other = rule.alternatives
    assert isinstance(base.body, nodes.DateLit)
    assert base.body.value == dt.date(2025, 12, 6)
    when = other.when
    assert isinstance(when, nodes.Chain)
    instant, text = when.first, when.rest[0][1]
    assert isinstance(instant, nodes.Compare)
    assert isinstance(text, nodes.Compare)
    assert isinstance(instant.right, nodes.InstantLit)
    assert instant.right.offset_minutes == 180
    assert text.right == nodes.Text(value='a"\n\\', span=rule.span)


def test_param_rows() -> None:
    param = item(
        "param p by (a: number, b): 1/day\n"
        '    from 2016-01-01 until 2017-01-01 known from 2015-01-01  (..5, x) = 1/300  (-2..3, "y z") = -4.5\n'
        "    complete until 2018-01-01\n"
    )
    assert isinstance(param, nodes.ParamDecl)
    first, second = param.entries
    assert first.dates.known_from == dt.date(2015, 1, 1)
    assert [k.value for k in first.keys] == [(None, Fraction(5)), "x"]
    assert [k.value for k in second.keys] == [(Fraction(-2), Fraction(3)), "y z"]
    assert isinstance(first.value, nodes.Number)
    assert first.value.value == Fraction(1, 300)
    assert param.complete_until == dt.date(2018, 1, 1)


def test_param_rows_without_dates() -> None:
    text = "param p by zone: m3\n    always  day = 1  night = 2.5  both = 7 m3\n"
    param = item(text)
    assert isinstance(param, nodes.ParamDecl)
    assert [(e.dates.start, e.keys[0].value) for e in param.entries] == [(None, "day"), (None, "night"), (None, "both")]
    values = [entry.value for entry in param.entries if isinstance(entry.value, nodes.Number)]
    assert [(v.value, v.unit and v.unit.text) for v in values] == [(1, None), (Fraction(5, 2), None), (7, "m3")]
    narrow = "module a\nparam p by n: m3\n    always 0..3 = 1/3 3.. = 2\n"
    wide = narrow.replace("always 0..3 = 1/3 3..", "always  0..3 = 1/3  3..")
    assert format_text(Source(name="t", text=narrow)) == wide == format_text(Source(name="t", text=wide))


def test_layout_goes_on_in_deeper_lines() -> None:
    one = tree(
        "rule a of b: m3\n    = x\n        + y *\n        z\n"
        "    except c over d,\n            e when x > 1 and\n            y > 2 from 2025-01-01\n"
        "        = max(\n    1,\n        2)\n"
    )
    two = tree(
        "rule a of b: m3\n    = x + y * z\n"
        "    except c over d, e when x > 1 and y > 2 from 2025-01-01\n        = max(1, 2)\n"
    )
    assert one == two


def test_windows_line_ends_and_byte_order_mark() -> None:
    assert tree("\ufeffrule a of b: m3\r\n    = 1\r\n") == tree("rule a of b: m3\n    = 1\n")


def test_words_are_names_where_they_may_be() -> None:
    text = (
        "charge volume of premises: RUB\n    volume volume + line\n    price price\n    = service * rule\n"
        "event x of y\n    from: date\n    given: date\n    volume: m3\n"
    )
    charge, event = tree(text).items
    assert isinstance(charge, nodes.ChargeDecl)
    assert charge.price is not None
    assert isinstance(event, nodes.EventDecl)
    assert [f.name for f in event.fields] == ["from", "given", "volume"]


def test_each_item_is_parsed_on_its_own() -> None:
    out = Diagnostics()
    found = parse(Source(name="t", text="rule a of b: m3 = 1 +\nunit x\nrul y\nunit z\n"), out)
    assert [getattr(i, "name", "") for i in found.items] == ["x", "z"]
    assert len(out.errors) == 2


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("rule a of b: m3 = 1 § 2", "K0101"),
        ('act a "b\u202e"', "K0101"),
        ('act a "b\\q"', "K0102"),
        ("rule a of b: m3\n\t= 1", "K0103"),
        ("    rule a of b: m3 = 1", "K0103"),
        ("= 1", "K0103"),
        ("param p: m3\n    c 2025-01-01 = 5", "K0104"),
        ("rule a of b: m3 = [1)", "K0105"),
        ("rule a of b: m3 = 1e5", "K0106"),
        ("rule a of b: m3 = 5.", "K0106"),
        ("rule a of b: m3 = 100 000", "K0106"),
        ("param p: m3\n    from 2025-01-01 = 0,5", "K0106"),
        ("rule a of b: m3 = 2025-12 + 1", "K0107"),
        ("rule a of b: m3 = x && y", "K0108"),
        ("rule a of b: RUB = 5 RUB / m3 *", "K0111"),
        ("rule a of b: m3 = sum of x for a in b, c in d", "K0111"),
        ("rule a of b: m3 = if x then 1", "K0113"),
        ("in a.b\n", "K0114"),
        ("in a.b\n    repeal c\n        = 1", "K0122"),
        ('charge a of b: RUB\n    = 1\n    line "x"\n    line "y"', "K0115"),
        ("unit x\n    from 2025-01-01", "K0122"),
    ],
)
def test_mistakes(text: str, code: str) -> None:
    assert code in codes(text)


def test_bytes() -> None:
    out = Diagnostics()
    parse_bytes("акт".encode("cp1251"), "t", out)
    parse_bytes(b"x" * 2_000_000, "t", out)
    assert [d.code for d in out.items] == ["K0118", "K0901"]


def test_spellings_are_unique_in_their_context() -> None:
    for kind in keywords.WORDS:
        for word, found in keywords.WORDS[kind].items():
            assert len(found) == 1 or {k.token for k in found} in ({"OF", "OF_EACH"}, {"FROM", "FROM_FILE"}), (
                kind,
                word,
            )


def test_format_refuses_what_does_not_parse() -> None:
    with pytest.raises(DiagnosticError):
        format_text(Source(name="t", text="rule a of b"))


def test_format_keeps_comments_and_lines() -> None:
    text = "# top\n\n\n\n\nrule  a   of b:m3#why\n  # of the base\n  =round( x+y ,0.01 )\n  # end\n# next\nunit   x\n"
    expected = (
        "# top\n\n\nrule a of b: m3  #why\n    # of the base\n    = round(x + y, 0.01)\n    # end\n# next\nunit x\n"
    )
    assert format_text(Source(name="t", text=text)) == expected == format_text(Source(name="t", text=expected))


def test_show() -> None:
    assert show(tree("rule a of b: m3 = x * 2 m3\n")).splitlines()[:3] == [
        "ModuleTree",
        "  items:",
        "    RuleDecl name='a' entity=b",
    ]


def test_json() -> None:
    out = Diagnostics()
    parse(Source(name="t.kmr", text="rul a\n"), out)
    (found,) = render.to_json(out.items)
    assert found["code"] == "K0109"
    assert found["span"] == {
        "file": "t.kmr",
        "start": 0,
        "end": 3,
        "line": 1,
        "column": 1,
        "end_line": 1,
        "end_column": 4,
    }
    assert set(found) == {"code", "severity", "message", "span", "note", "labels", "help", "suggestion"}


HOSTILE = {
    "digits": "rule a of b: m3 = " + "1" * 10_000_000,
    "long number": "rule a of b: m3 = " + "1" * 1000,
    "parentheses": "rule a of b: m3 = " + "(" * 3000,
    "brackets over lines": "rule a of b: m3 = " + "(\n    " * 100_000,
    "a million rules": "rule a of b: m3 = 1\n" * 1_000_000,
    "many units": "unit a\n" * 140_000,
    "minus": "rule a of b: m3 = " + "-\n    " * 80_000 + "x",
    "not": "rule a of b: m3 = " + "not\n    " * 80_000 + "x",
    "else": "rule a of b: m3 = " + " else\n    ".join(["x"] * 40_000),
    "otherwise": "rule a of b: m3 = " + "if x then y otherwise\n    " * 20_000 + "x",
    "as": "rule a of b: m3 = x " + "as m3\n    " * 40_000,
    "sum": "rule a of b: m3 = " + " +\n    ".join(["x"] * 200_000),
    "bad signs": ("§" * 100 + "\n") * 5000,
    "quotes": '"' * 3000,
    "escapes": 'act a "' + "\\n" * 1900 + '"',
    "a long line": "#" * 900_000,
    "a long name": "a" * 900_000,
    "dots": "a." * 1500,
    "underscores": "rule a of b: m3 = 1" + "_1" * 1900,
    "no items": "x\n" * 90_000,
    "marks": "\u0301" * 3000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_is_refused_quickly(text: str) -> None:
    parser()
    out = Diagnostics()
    start = time.process_time()
    parse(Source(name="t", text=text), out)
    assert time.process_time() - start < 2
    if text != HOSTILE["escapes"]:
        assert out.errors
    assert len(out.items) <= Limits().errors + 1
    render.pictures(out.items)
    if len(text) > Limits().bytes:
        assert [d.code for d in out.items] == [CODES["bytes"]]
