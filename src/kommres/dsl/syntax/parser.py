"""The LALR parser of ``grammar.lark``: built on first use, one per process.

Lark makes the tables; running them is ours, since lark's own loop costs more than all else that is done with a file.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeAlias

from attrs import field, frozen

from kommres.dsl.syntax.build_rules import Builder
from kommres.dsl.syntax.words import Tok

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from lark import Token
    from lark.grammar import Rule

#: Held while a file is parsed: the builder of the one parser belongs to one file at a time.
LOCK = Lock()
END = "$END"
_THE_END = Tok(END, "", 0, 0)
_COMMA = "COMMA"  # the grammar has it with the underscore of what is no child
_STARTS = ("item", "whole")

#: What a state does with a terminal: go on to a state, or reduce first. A reduction is the number of values, what they
#: become, and how they are made that; without "how" a single value stays what it is.
Make: TypeAlias = "Callable[[list[Any]], Any]"
Reduction: TypeAlias = "tuple[int, str, Make | None]"
Action: TypeAlias = "int | Reduction"


class Unexpected(Exception):  # noqa: N818
    """The token at ``index`` (the count of tokens: the end) cannot stand there; ``accepts`` names those that can."""

    def __init__(self, index: int, accepts: frozenset[str]) -> None:
        super().__init__(index)
        self.index = index
        self.accepts = accepts


@frozen(eq=False)
class Parser:
    """Runs tokens through the tables and returns what the builder made of them."""

    builder: Builder = field(repr=False)
    starts: Mapping[str, int] = field(repr=False)
    actions: Mapping[int, Mapping[str, Action]] = field(repr=False)
    goto: Mapping[int, Mapping[str, int]] = field(repr=False)

    def parse(self, tokens: Sequence[Tok], start: str) -> Any:  # noqa: ANN401
        """Build the node; raises ``Unexpected``."""
        actions, goto = self.actions, self.goto
        states = [self.starts[start]]
        values: list[Any] = []
        for index, tok in enumerate((*tokens, _THE_END)):
            kind = tok.type
            while isinstance(action := actions[states[-1]].get(kind), tuple):
                size, name, make = action
                if make is None:
                    states[-1] = goto[states[-2]][name]
                    continue
                if size:
                    made = make(values[-size:])
                    del states[-size:], values[-size:]
                else:
                    made = make([])
                values.append(made)
                states.append(goto[states[-1]][name])
            if action is None:
                raise Unexpected(index, self._accepted(states))
            states.append(action)
            values.append(tok)
        return values[-2]

    def _accepted(self, states: Sequence[int]) -> frozenset[str]:
        kinds = self.actions[states[-1]].keys() - {_COMMA}
        return frozenset(kind for kind in kinds if self._goes_on(states, kind))

    def _goes_on(self, before: Sequence[int], kind: str) -> bool:
        states = list(before)
        while isinstance(action := self.actions[states[-1]].get(kind), tuple):
            del states[len(states) - action[0] :]
            states.append(self.goto[states[-1]][action[1]])
        return action is not None


@cache
def parser(*, strict: bool = False) -> Parser:
    """Return the parser; ``strict`` refuses a grammar with conflicts (for tests)."""
    from lark import Lark  # late: importing kommres must not import lark
    from lark.lexer import Lexer

    class Fed(Lexer):
        """Tokens come from our lexer, so lark lexes nothing itself."""

        def __init__(self, conf: object) -> None:
            """Take no notice of the configuration."""

        def lex(self, *_: object) -> Iterator[Token]:
            yield from ()

    builder = Builder()
    grammar = files("kommres.dsl").joinpath("grammar.lark").read_text(encoding="utf-8")
    lark = Lark(
        grammar,
        parser="lalr",
        lexer=Fed,
        start=list(_STARTS),
        maybe_placeholders=False,
        strict=strict,
    )
    confs = {start: lark.parse_interactive(start=start).parser_state.parse_conf for start in _STARTS}
    conf = confs[_STARTS[0]]  # they differ in where to start and end
    reductions = {rule: (len(rule.expansion), str(rule.origin.name), _maker(rule, builder)) for rule in lark.rules}
    actions: dict[int, dict[str, Action]] = {}
    goto: dict[int, dict[str, int]] = {}
    for state, row in conf.states.items():
        actions[state], goto[state] = {}, {}
        for symbol, (_, target) in row.items():
            name = str(symbol)  # some are lark's own kind of text, whose comparison is slow
            if not isinstance(target, int):
                actions[state][name] = reductions[target]
            elif name.isupper():
                actions[state][name] = target
            else:
                goto[state][name] = target
        if f"_{_COMMA}" in actions[state]:
            actions[state][_COMMA] = actions[state][f"_{_COMMA}"]
    for conf in confs.values():
        actions[conf.end_state][END] = conf.end_state
    return Parser(builder, {start: conf.start_state for start, conf in confs.items()}, actions, goto)


def _maker(rule: Rule, builder: Builder) -> Make | None:
    """How the values of a rule become one; None for one value that stays what it is.

    Terminals with an underscore are no children. Rules with an underscore (lark's for ``*`` and ``+``) become lists,
    whose members are children of the rule above.
    """
    from lark.grammar import Terminal

    kept = [
        (index, symbol.name.startswith("_"))
        for index, symbol in enumerate(rule.expansion)
        if not (isinstance(symbol, Terminal) and symbol.filter_out)
    ]
    alone = bool(rule.options.expand1 and not rule.alias)
    if alone and kept == [(0, False)] and len(rule.expansion) == 1:
        return None
    name = str(rule.alias or rule.origin.name)
    build: Make = (lambda children: children) if name.startswith("_") else getattr(builder, name)
    if len(kept) == len(rule.expansion) and not any(nested for _, nested in kept):
        return build

    def make(values: list[Any]) -> Any:  # noqa: ANN401
        children: list[Any] = []
        for index, nested in kept:
            if not nested:
                children.append(values[index])
            elif children:
                children += values[index]
            else:
                children = values[index]  # a list that grows by one is not copied each time
        return children[0] if alone and len(children) == 1 else build(children)

    return make
