"""Plugins, resources and libraries of functions: found by entry point, loaded only when asked for, refused where the
host says so.

Loading a plugin runs its code. A host therefore may name what it allows, in the call or in the environment
variable ``KOMMRES_PLUGINS``: ``none`` refuses all, ``water,heat`` allows these two, unset allows all.
"""

import os
from collections.abc import Collection, Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import Final

from kommres import functions
from kommres.errors import PluginError
from kommres.functions import FunctionLibrary, PluginFunction
from kommres.resource import API_VERSION, ResourceSpec

GROUP: Final = "kommres.resources"
LIBRARIES: Final = "kommres.functions"
SWITCH: Final = "KOMMRES_PLUGINS"


def names() -> tuple[str, ...]:
    """Return the names of the installed and allowed resources, sorted; runs no plugin code."""
    allowed = _allowed()
    return tuple(name for name in _installed() if allowed is None or name in allowed)


def load(*, only: Collection[str] | None = None) -> Mapping[str, ResourceSpec]:
    """Load resource plugins, once each for the life of the process.

    Parameters
    ----------
    only
        Names to load; no other plugin's code runs. Without it, all that are installed and allowed.

    Returns
    -------
    Mapping
        Name of the resource to its specification, sorted by name, read-only.

    Raises
    ------
    PluginError
        P0101 two distributions provide one name; P0102 a plugin fails to load; P0103 its object is not a
        :class:`~kommres.resource.ResourceSpec`; P0104 a name that nobody provides; P0105 a name that
        ``KOMMRES_PLUGINS`` refuses; P0106 made for another version of kommres; P0108 the specification has
        another name than the entry point.

    Examples
    --------
    >>> load(only=())
    mappingproxy({})
    """
    if isinstance(only, str):
        only = (only,)
    wanted = names() if only is None else tuple(sorted(set(only)))
    return MappingProxyType({name: get(name) for name in wanted})


def get(name: str) -> ResourceSpec:
    """Load one resource plugin by name; see :func:`load` for the errors."""
    allowed = _allowed()
    if allowed is not None and name not in allowed:
        raise _refused("resource", name)
    return _load(name)


def function(name: str) -> tuple[PluginFunction, str]:
    """Return a function by the names of its library and its own (``steam.enthalpy``), with who provides it.

    Only what is installed and allowed is loaded: no text can name code. Raises :class:`PluginError`, with the codes of
    :func:`load` for the library, and P0109 for a function that it does not have.
    """
    of, _, own = name.partition(".")
    allowed = _allowed()
    if allowed is not None and of not in allowed:
        raise _refused("library", of)
    library, owner = _load_library(of)
    found = library.find(own)
    if found is None:
        raise PluginError(
            f"the library {of!r} has no function {own!r}",
            code="P0109",
            where=f"entry point group {LIBRARIES}",
            why=f"it has {', '.join(each.name for each in library.functions)}",
            todo="correct the name",
            name=name,
        )
    return found, owner


def refresh() -> None:
    """Forget what was found and loaded, after an installation in the running process."""
    _installed.cache_clear()
    _load.cache_clear()
    _load_library.cache_clear()


def _allowed() -> frozenset[str] | None:
    """Return the names that the environment allows, or None where it allows all."""
    value = os.environ.get(SWITCH)
    if value is None:
        return None
    listed = frozenset(filter(None, (name.strip() for name in value.split(","))))
    if listed <= {"none"}:
        return frozenset()
    for name in sorted(listed):
        if name not in _installed() and name not in _installed(LIBRARIES):
            raise _unknown(name, where=f"{SWITCH}={value}")
    return listed


def _refused(kind: str, name: str) -> PluginError:
    return PluginError(
        f"{kind} {name!r} is refused",
        code="P0105",
        where=f"{SWITCH}={os.environ[SWITCH]}",
        why="the environment does not list it",
        todo=f"add {name} to {SWITCH}, or unset it to allow all",
        name=name,
    )


@cache
def _installed(group: str = GROUP) -> Mapping[str, tuple[EntryPoint, ...]]:
    found: dict[str, list[EntryPoint]] = {}
    for entry in entry_points(group=group):
        found.setdefault(entry.name, []).append(entry)
    return MappingProxyType({name: tuple(found[name]) for name in sorted(found)})


@cache
def _load(name: str) -> ResourceSpec:
    entry = _only("resource", name, GROUP)
    spec = _loaded("resource", entry)
    if not isinstance(spec, ResourceSpec):
        raise _no_spec("resource", entry, spec, "kommres.ResourceSpec", 'water = "kommres_water:RESOURCE"')
    _check_spec("resource", entry, spec.name, spec.api_version, API_VERSION)
    return spec


@cache
def _load_library(name: str) -> tuple[FunctionLibrary, str]:
    entry = _only("library", name, LIBRARIES)
    library = _loaded("library", entry)
    if not isinstance(library, FunctionLibrary):
        raise _no_spec("library", entry, library, "kommres.FunctionLibrary", 'steam = "kommres_steam:FUNCTIONS"')
    _check_spec("library", entry, library.name, library.api_version, functions.API_VERSION)
    return library, _owner(entry)


def _only(kind: str, name: str, group: str) -> EntryPoint:
    entries = _installed(group).get(name, ())
    if not entries:
        raise _unknown(name, where=f"entry point group {group}", kind=kind, group=group)
    if len(entries) > 1:
        owners = tuple(sorted(_owner(entry) for entry in entries))
        raise PluginError(
            f"{kind} {name!r} is provided by {' and '.join(owners)}",
            code="P0101",
            where=f"entry point group {group}",
            why="one name has one provider",
            todo="uninstall all but one of them",
            name=name,
            distributions=owners,
        )
    return entries[0]


def _loaded(kind: str, entry: EntryPoint) -> object:
    owner = _owner(entry)
    try:
        return entry.load()
    except Exception as cause:
        # Anything may come out of foreign code; what matters is whose it is.
        raise PluginError(
            f"{kind} {entry.name!r} does not load",
            code="P0102",
            where=_place(entry),
            why=f"{type(cause).__name__}: {cause}",
            todo=f"repair or reinstall {owner}, or leave it out with only= or {SWITCH}",
            cause=cause,
            **_facts(entry),
        ) from cause


def _no_spec(kind: str, entry: EntryPoint, found: object, wanted: str, example: str) -> PluginError:
    return PluginError(
        f"{kind} {entry.name!r} is a {type(found).__name__}",
        code="P0103",
        where=_place(entry),
        why=f"the entry point has to name a {wanted}",
        todo=f"let it name the declaration, like {example}",
        **_facts(entry),
    )


def _check_spec(kind: str, entry: EntryPoint, name: str, version: int, ours: int) -> None:
    if version != ours:
        raise PluginError(
            f"{kind} {entry.name!r} is made for plugin API {version}",
            code="P0106",
            where=_place(entry),
            why=f"this kommres has plugin API {ours}",
            todo=f"install a newer {_owner(entry).split()[0]}" if version < ours else "install a newer kommres",
            api_version=version,
            **_facts(entry),
        )
    if name != entry.name:
        raise PluginError(
            f"{kind} {entry.name!r} calls itself {name!r}",
            code="P0108",
            where=_place(entry),
            why="the name of the entry point and of the specification are one",
            todo="use the same name in pyproject.toml and in the declaration",
            **_facts(entry),
        )


def _place(entry: EntryPoint) -> str:
    return f"{entry.value} of {_owner(entry)}"


def _facts(entry: EntryPoint) -> dict[str, str]:
    return {"name": entry.name, "distribution": _owner(entry)}


def _owner(entry: EntryPoint) -> str:
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist else "an unnamed distribution"


def _unknown(name: str, *, where: str, kind: str = "resource", group: str = GROUP) -> PluginError:
    installed = tuple(_installed(group))
    return PluginError(
        f"no {kind} {name!r}",
        code="P0104",
        where=where,
        why=f"installed are: {', '.join(installed) or 'none'}",
        todo="correct the name, or install the distribution that provides it",
        name=name,
        installed=installed,
    )
