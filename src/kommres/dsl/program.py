"""Programs: rule files from paths, installed plugins and packs, compiled together."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import resources
from pathlib import Path

from attrs import field, frozen

from kommres import plugins
from kommres.collecting import undisturbed
from kommres.dsl.bound.nodes import BoundProgram
from kommres.dsl.diagnostics import Diagnostic, DiagnosticError, Diagnostics, Severity, closest
from kommres.dsl.keywords import spellings
from kommres.dsl.limits import CODES, DEFAULT, Limits
from kommres.dsl.pipeline import State, compile_sources
from kommres.dsl.plan.nodes import Plan
from kommres.dsl.rules.nodes import RuleSet
from kommres.dsl.source import Source
from kommres.errors import UsageError

SUFFIX = ".kmr"
SPEC_SUFFIX = ".spec.kmr"
_HEADER = re.compile(rf"^(?:{'|'.join(spellings('MODULE'))})\s+(\S+)", re.MULTILINE)
_USE = re.compile(rf"^(?:{'|'.join(spellings('USE'))})\s+(\S+)", re.MULTILINE)
_SPEC = re.compile(rf"^(?:{'|'.join(spellings('SPEC'))})\s+(?:{'|'.join(spellings('FOR'))})\s+(\S+)", re.MULTILINE)


@frozen(kw_only=True, eq=False)
class Program:
    """Checked rules, ready to charge. Immutable; share it between threads and runs.

    ``given`` is what was asked for (paths and module names): a manifest writes it, so that a result can be
    explained later.
    """

    sources: tuple[Source, ...] = field(repr=False)
    bound: BoundProgram = field(repr=False)
    ruleset: RuleSet = field(repr=False)
    plan: Plan = field(repr=False)
    diagnostics: tuple[Diagnostic, ...] = ()
    given: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """Hash of all rule and table text."""
        return self.plan.digest

    @property
    def modules(self) -> tuple[str, ...]:
        return tuple(m.name for m in self.bound.modules)


def load(*rules: str | os.PathLike[str], limits: Limits = DEFAULT) -> Program:
    """Load rule files, folders or installed modules (all installed ones if none is named).

    Raises :class:`DiagnosticError` if the rules cannot be used, :class:`UsageError` if something named does not
    exist.
    """
    state = check(*rules, limits=limits)
    if state.bound is None or state.rules is None or state.plan is None or state.out.errors:
        raise DiagnosticError(state.out.sorted())
    return Program(
        sources=tuple(state.sources),
        bound=state.bound,
        ruleset=state.rules,
        plan=state.plan,
        diagnostics=tuple(state.out.sorted()),
        given=tuple(os.fspath(r) for r in rules),
    )


def named_files(rules: Sequence[str]) -> frozenset[str] | None:
    """Names of the files that paths and module names stand for, without those that they use; None for all."""
    if not rules:
        return None
    library = installed()
    return frozenset(name for given in rules for name in _given(given, library).values())


def check(*rules: str | os.PathLike[str], limits: Limits = DEFAULT) -> State:
    """Run all passes over rule files, folders or installed modules; the findings are in ``out`` of the result."""
    library = installed()
    files: dict[Path, str] = {}
    for given in rules:
        files |= _given(os.fspath(given), library)
    if not rules:
        files |= dict(library.names.items())
    out = Diagnostics()
    sources = _read_all(files, library, limits, out)
    if {d.code for d in out.items} & {CODES["modules"], CODES["program_bytes"]}:
        return State(sources=list(sources.values()), read_table=lambda _source, _name: None, limits=limits, out=out)
    homes = {id(source): path for path, source in sources.items()}
    roots = _roots(rules, library)

    def read_table(source: Source, name: str) -> str | None:
        return _table(homes.get(id(source)), name, roots, limits)

    with undisturbed():
        state = compile_sources(list(sources.values()), read_table, limits)
    named = set(files.values())
    # What is allowed but odd in a module that only comes along is for its own authors to read.
    state.out.items[:] = [
        d for d in state.out.items if d.severity is Severity.ERROR or d.span is None or d.span.source.name in named
    ]
    state.out.items += out.items
    return state


# --- what is installed ---------------------------------------------------------------------------------------


@frozen(kw_only=True)
class Library:
    """Rule files of installed plugins and of the packs: module name -> path, path -> name shown to people."""

    modules: Mapping[str, Path]
    names: Mapping[Path, str]
    specs: Mapping[str, tuple[Path, ...]]
    roots: tuple[Path, ...]


@cache
def installed() -> Library:
    """Index the rule files that come with kommres and its plugins."""
    roots = {
        f"packs/{p.name}": p
        for p in sorted(Path(str(resources.files("kommres"))).joinpath("packs").glob("*"))
        if p.is_dir()
    }
    roots |= {name: Path(str(spec.rules)).parent for name, spec in plugins.load().items()}
    modules: dict[str, Path] = {}
    names: dict[Path, str] = {}
    specs: dict[str, tuple[Path, ...]] = {}
    for label, root in roots.items():
        for path in sorted(root.rglob(f"*{SUFFIX}")):
            names[path] = f"{label}/{path.relative_to(root).as_posix()}"
            text = path.read_text(encoding="utf-8")
            if path.name.endswith(SPEC_SUFFIX):
                for module in _SPEC.findall(text):
                    specs[module] = (*specs.get(module, ()), path)
            else:
                for module in _HEADER.findall(text)[:1]:
                    modules[module] = path
    return Library(modules=modules, names=names, specs=specs, roots=tuple(roots.values()))


# --- files ---------------------------------------------------------------------------------------------------


def _given(given: str, library: Library) -> dict[Path, str]:
    path = Path(given)
    if path.is_dir():
        found = {p: p.as_posix() for p in sorted(path.rglob(f"*{SUFFIX}")) if p.is_file()}
        for outside in (p for p in found if not p.resolve().is_relative_to(path.resolve())):
            raise UsageError(
                f"{outside} is a link that leads out of {given}",
                code="U0203",
                why="rules from elsewhere must not read files that they do not bring",
                todo="name the file itself, or put a copy in its place",
            )
        if not found:
            raise UsageError(f"no rule files in {given}", code="U0202", todo=f"rule files end in {SUFFIX}")
        return found
    if path.is_file():
        beside = path.with_name(path.name.removesuffix(SUFFIX) + SPEC_SUFFIX)
        return {p: p.as_posix() for p in (path, beside) if p == path or p.is_file()}
    if given in library.modules:
        own = library.modules[given]
        return {p: library.names[p] for p in (own, *library.specs.get(given, ()))}
    family = {m: p for m, p in library.modules.items() if m.startswith(given + ".")}
    inside = {p: library.names[p] for m, own in family.items() for p in (own, *library.specs.get(m, ()))}
    inside |= {p: name for p, name in library.names.items() if name.startswith(f"{given}/")}  # a plugin by its name
    if inside:
        return inside
    if given.endswith(SUFFIX) or "/" in given:
        todo = "check the path; a relative one begins at the current folder"
    elif near := closest(given, library.modules):
        todo = f"did you mean {near}?"
    else:
        todo = f"name a file, a folder or an installed module: {', '.join(sorted(library.modules)) or 'there is none'}"
    raise UsageError(f"{given} is no file, folder, plugin or installed module", code="U0201", todo=todo)


def _read_all(files: Mapping[Path, str], library: Library, limits: Limits, out: Diagnostics) -> dict[Path, Source]:
    """The named files and, transitively, the installed modules that they use."""
    sources: dict[Path, Source] = {}
    seen = {path.resolve() for path in files}
    queue = list(files.items())
    given_modules: set[str] = set()
    size = 0
    while queue:
        path, name = queue.pop(0)
        source = _read(path, name, limits, out)
        if source is None:
            continue
        sources[path] = source
        size += min(len(source.text), limits.bytes)
        if size > limits.program_bytes:
            out.add(
                CODES["program_bytes"],
                f"the rule files of this program are too long together; the limit is {limits.program_bytes} bytes",
                help="load fewer files, or raise the limit",
            )
            break
        if len(sources) > limits.modules:
            out.add(
                CODES["modules"],
                f"more than {limits.modules} files belong to this program",
                None,
                help="load fewer files, or raise the limit",
            )
            break
        if len(source.text) > limits.bytes:
            continue  # the parser refuses it
        given_modules.update(_HEADER.findall(source.text)[:1])
        for module in (*_USE.findall(source.text), *_SPEC.findall(source.text)):
            other = library.modules.get(module)
            if other is not None and module not in given_modules and other.resolve() not in seen:
                seen.add(other.resolve())
                queue.append((other, library.names[other]))
    return sources


def _read(path: Path, name: str, limits: Limits, out: Diagnostics) -> Source | None:
    try:
        with path.open("rb") as file:
            data = file.read(4 * limits.bytes + 1)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {error.strerror}", code="U0203", todo="check the path and its rights"
        ) from None
    try:
        return Source(name=name, text=data.decode("utf-8-sig").replace("\r\n", "\n"))
    except UnicodeDecodeError as error:
        out.add("K0118", f"{name} is not UTF-8 text (byte {error.start})", None, help="save the file as UTF-8")
        return None


def _roots(rules: Sequence[str | os.PathLike[str]], library: Library) -> tuple[Path, ...]:
    named = [Path(os.fspath(r)) for r in rules]
    return (
        *(p.resolve() if p.is_dir() else p.resolve().parent for p in named if p.exists()),
        *(r.resolve() for r in library.roots),
    )


def _table(home: Path | None, name: str, roots: Iterable[Path], limits: Limits) -> str | None:
    """A table beside a rule file; it must lie inside a root, so that foreign rules cannot read other files.

    Of a table beyond the limit only so much is read that it is seen to be too long.
    """
    if home is None:
        return None
    try:
        path = (home.parent / name).resolve()
        if not any(path.is_relative_to(root) for root in roots) or not path.is_file():
            return None
        with path.open("rb") as file:
            data = file.read(4 * limits.table_bytes + 1)
        return data.decode("utf-8", "ignore" if len(data) > 4 * limits.table_bytes else "strict")
    except (OSError, ValueError, RuntimeError):  # no name of a file, not UTF-8, links that go round
        return None
