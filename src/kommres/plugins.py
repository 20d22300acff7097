"""Resource plugins: found by entry point, loaded only when asked for, refused where the host says so.

Loading a plugin runs its code. A host therefore may name what it allows, in the call or in the environment
variable ``KOMMRES_PLUGINS``: ``none`` refuses all, ``water,heat`` allows these two, unset allows all.
"""

import os
from collections.abc import Collection, Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import Final

from kommres.errors import PluginError
from kommres.resource import API_VERSION, ResourceSpec

GROUP: Final = "kommres.resources"
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
        raise PluginError(
            f"resource {name!r} is refused",
            code="P0105",
            where=f"{SWITCH}={os.environ[SWITCH]}",
            why="the environment does not list it",
            todo=f"add {name} to {SWITCH}, or unset it to allow all",
            name=name,
        )
    return _load(name)


def refresh() -> None:
    """Forget what was found and loaded, after an installation in the running process."""
    _installed.cache_clear()
    _load.cache_clear()


def _allowed() -> frozenset[str] | None:
    """Return the names that the environment allows, or None where it allows all."""
    value = os.environ.get(SWITCH)
    if value is None:
        return None
    listed = frozenset(filter(None, (name.strip() for name in value.split(","))))
    if listed <= {"none"}:
        return frozenset()
    for name in sorted(listed):
        if name not in _installed():
            raise _unknown(name, where=f"{SWITCH}={value}")
    return listed


@cache
def _installed() -> Mapping[str, tuple[EntryPoint, ...]]:
    found: dict[str, list[EntryPoint]] = {}
    for entry in entry_points(group=GROUP):
        found.setdefault(entry.name, []).append(entry)
    return MappingProxyType({name: tuple(found[name]) for name in sorted(found)})


@cache
def _load(name: str) -> ResourceSpec:
    entries = _installed().get(name, ())
    if not entries:
        raise _unknown(name, where=f"entry point group {GROUP}")
    if len(entries) > 1:
        owners = tuple(sorted(_owner(entry) for entry in entries))
        raise PluginError(
            f"resource {name!r} is provided by {' and '.join(owners)}",
            code="P0101",
            where=f"entry point group {GROUP}",
            why="one name has one provider",
            todo="uninstall all but one of them",
            name=name,
            distributions=owners,
        )
    return _checked(entries[0])


def _checked(entry: EntryPoint) -> ResourceSpec:
    owner = _owner(entry)
    place = f"{entry.value} of {owner}"
    facts = {"name": entry.name, "distribution": owner}
    try:
        spec = entry.load()
    except Exception as cause:
        # Anything may come out of foreign code; what matters is whose it is.
        raise PluginError(
            f"resource {entry.name!r} does not load",
            code="P0102",
            where=place,
            why=f"{type(cause).__name__}: {cause}",
            todo=f"repair or reinstall {owner}, or leave it out with only= or {SWITCH}",
            cause=cause,
            **facts,
        ) from cause
    if not isinstance(spec, ResourceSpec):
        raise PluginError(
            f"resource {entry.name!r} is a {type(spec).__name__}",
            code="P0103",
            where=place,
            why="the entry point has to name a kommres.ResourceSpec",
            todo='let it name the declaration, like water = "kommres_water:RESOURCE"',
            **facts,
        )
    if spec.api_version != API_VERSION:
        older = spec.api_version < API_VERSION
        raise PluginError(
            f"resource {entry.name!r} is made for plugin API {spec.api_version}",
            code="P0106",
            where=place,
            why=f"this kommres has plugin API {API_VERSION}",
            todo=f"install a newer {owner.split()[0]}" if older else "install a newer kommres",
            api_version=spec.api_version,
            **facts,
        )
    if spec.name != entry.name:
        raise PluginError(
            f"resource {entry.name!r} calls itself {spec.name!r}",
            code="P0108",
            where=place,
            why="the name of the entry point and of the specification are one",
            todo="use the same name in pyproject.toml and in ResourceSpec",
            **facts,
        )
    return spec


def _owner(entry: EntryPoint) -> str:
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist else "an unnamed distribution"


def _unknown(name: str, *, where: str) -> PluginError:
    installed = tuple(_installed())
    return PluginError(
        f"no resource {name!r}",
        code="P0104",
        where=where,
        why=f"installed are: {', '.join(installed) or 'none'}",
        todo="correct the name, or install the distribution that provides it",
        name=name,
        installed=installed,
    )
