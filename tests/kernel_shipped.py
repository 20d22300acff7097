"""Rows for all shipped rules: trees at random, of which those that charge something are kept and asked for again."""

from __future__ import annotations

from functools import cache

from tests.kernel_rows import Trees
from tests.kernel_ties import copied

from kommres.dsl.backends.interpreter import Interpreter
from kommres.dsl.problems import DataProblem
from kommres.dsl.program import load


@cache
def shipped():
    return load().plan


@cache
def _words():
    return Trees.words_of(shipped())


class Charged(Trees):
    """Trees that make a line of a charge: after some were found they come again, most of the time.

    ``tries``: after so many in which none was found, any tree will do.
    """

    def __init__(self, definition, pick, month, *, kept=25, tries=300):
        super().__init__(shipped(), pick, month, words=_words())
        self.definition, self.kept, self.found = definition, kept, []
        self.interpreter, self.tries = Interpreter(shipped(), month), tries

    def tree(self):
        if len(self.found) >= self.kept and self.pick.random() < 0.95:
            return copied(self.pick.choice(self.found))
        while True:
            root = super().tree()
            if self.is_charged(root):
                self.found.append(root)
                return copied(root)
            self.tries -= 1
            if self.tries < 0 and not self.found:
                return root

    def is_charged(self, root):
        """Whether the first row below makes a line."""
        rows = root.descendants(self.definition.rule.entity.name)
        try:
            return bool(rows) and self.interpreter.charge(self.definition, rows[0]) is not None
        except DataProblem:
            return False
