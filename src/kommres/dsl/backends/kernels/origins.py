"""Which texts a kernel is made from: its own, and all that it imports, and what they import in turn."""

from __future__ import annotations

import ast
import hashlib
import sys
import time
from contextlib import suppress
from functools import cache
from importlib.machinery import PathFinder
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.machinery import ModuleSpec

#: Packages that the key of a kernel knows by their version.
_BY_VERSION: Final = frozenset({"numba", "numpy", "llvmlite"}) | sys.stdlib_module_names
_BEGUN: Final = time.time()
_parsing: Final = Lock()


@frozen(kw_only=True)
class Origin:
    """A module as it was when it was first asked for.

    ``package``: what its relative imports begin from. ``loaded``: it had been imported before that, so that its text
    may be younger than its code.
    """

    name: str
    path: Path
    content: bytes = field(repr=False)
    package: str
    loaded: bool

    @property
    def digest(self) -> str:
        """The hash of its text."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def current(self) -> bool:
        """Whether the file still holds the text that the running process has imported."""
        try:
            facts = self.path.stat()
            if self.loaded and max(facts.st_mtime, facts.st_ctime) > _BEGUN:
                return False
            return self.path.read_bytes() == self.content
        except OSError:
            return False


def origins(text: str, *, also: tuple[str, ...] = ()) -> tuple[Origin, ...]:
    """Return the modules that a text imports, directly or not, and those named without their imports; sorted by name.

    Raises
    ------
    SyntaxError
        The text is no Python.
    """
    found = {name: origin for name in also if (origin := _origin(name)) is not None}
    waiting = list(_imported(text, ""))
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        origin = _origin(name)
        if origin is not None:
            found[name] = origin
            waiting += _followed(name)
    return tuple(found[name] for name in sorted(found))


def parsed(text: str) -> ast.Module:
    """Parse Python; python counts the depth of trees for all threads together, so one is made at a time."""
    with _parsing:
        return ast.parse(text)


def _imported(text: str, package: str) -> tuple[str, ...]:
    """Return the names of all that a text may import. No more of it is parsed than may import: functions are long."""
    head, function, rest = text.partition("\ndef ")
    if function and "import" not in rest:
        with suppress(SyntaxError):  # a text inside a text
            return tuple(_imports(parsed(head), package))
    return tuple(_imports(parsed(text), package))


@cache
def _followed(name: str) -> tuple[str, ...]:
    origin = _origin(name)
    if origin is None or origin.path.suffix != ".py":
        return ()
    return _imported(origin.content.decode(), origin.package)


@cache
def _origin(name: str) -> Origin | None:
    """Return a module with a text of its own; None if there is no such module, or a version stands for it."""
    if name.partition(".")[0] in _BY_VERSION:
        return None
    loaded = name in sys.modules
    spec = _spec(name)
    if spec is None or spec.origin is None or not spec.has_location:
        return None
    path = Path(spec.origin)
    package = name if spec.submodule_search_locations is not None else name.rpartition(".")[0]
    return Origin(name=name, path=path, content=path.read_bytes(), package=package, loaded=loaded)


def _spec(name: str) -> ModuleSpec | None:
    """Find a module without importing the packages around it, which may import numba."""
    if name in sys.modules:
        return getattr(sys.modules[name], "__spec__", None)
    package = name.rpartition(".")[0]
    if not package:
        return find_spec(name)
    above = _spec(package)
    if above is None or above.submodule_search_locations is None:
        return None
    return PathFinder.find_spec(name, above.submodule_search_locations)


def _imports(node: ast.AST, package: str) -> Iterator[str]:
    """Yield all names that may be modules; what only type checkers import is none of them."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - child.level + 1] if child.level else []
            base = ".".join([*above, *([child.module] if child.module else [])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in child.names)
        elif isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING"):
            for other in child.orelse:
                yield from _imports(other, package)
        else:
            yield from _imports(child, package)
