"""What a plugin provides: one frozen :class:`ResourceSpec`, declared once in its package."""

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from importlib.resources.abc import Traversable
from typing import Final

from attrs import define, field

from kommres.errors import PluginError

API_VERSION: Final = 1
"""Version of this contract. A change that breaks plugins raises it; :mod:`kommres.plugins` refuses others."""

_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")


def _bad(where: str, found: str, why: str, todo: str) -> PluginError:
    return PluginError(found, code="P0107", where=where, why=why, todo=todo)


def _check_name(owner: object, attribute: object, value: str) -> None:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise _bad(
            f"{type(owner).__name__}.{getattr(attribute, 'name', '')}",
            f"name {value!r}",
            "a name is lower-case Latin letters, digits and _, and begins with a letter",
            "write it like cold_water",
        )


def _to_step(value: Decimal | str | int) -> Decimal:
    # A binary float has already lost what the maker printed on the dial.
    try:
        step = Decimal(value) if isinstance(value, Decimal | str | int) else None
    except InvalidOperation:
        step = None
    if step is None or not step.is_finite() or step <= 0:
        raise _bad(
            "MeterKind.step",
            f"step {value!r}",
            "a step is an exact positive decimal number",
            'write it as text, like "0.001"',
        )
    return step


@define(frozen=True, slots=True, kw_only=True)
class MeterKind:
    """A kind of meter that measures a service.

    Parameters
    ----------
    service
        Service whose volume it measures, one of the services of the resource.
    unit
        Unit of its readings, as the rules language writes it: ``m3``, ``kWh``, ``Gcal``.
    digits
        Whole digits of the dial; after ``10**digits`` units it starts from zero again.
    step
        Smallest step of a reading [unit].

    Examples
    --------
    >>> MeterKind(service="cold_water", unit="m3", digits=5, step="0.001").capacity
    100000
    """

    service: str = field(validator=_check_name)
    unit: str = field()
    digits: int = field()
    step: Decimal = field(converter=_to_step)

    @digits.validator
    def _check_digits(self, _attribute: object, value: int) -> None:
        if not 1 <= value <= 12:
            raise _bad("MeterKind.digits", f"{value} digits", "a dial has 1 to 12 whole digits", "count them")

    @property
    def capacity(self) -> int:
        """Reading at which the dial starts from zero again [unit]."""
        return int(10**self.digits)


@define(frozen=True, slots=True, kw_only=True)
class ResourceSpec:
    """A resource (коммунальный ресурс): its services, its meters and its rules.

    Parameters
    ----------
    api_version
        The :data:`API_VERSION` that the plugin was written for.
    name
        Name of the resource; the entry point in the group ``kommres.resources`` has the same one.
    title_en, title_ru
        What people call it.
    services
        Services charged with it, as bills list them: ``("cold_water", "hot_water", "sewerage")``.
    meters
        Kinds of meters that measure the services.
    rules
        Folder with the ``.kmr`` files, given as ``importlib.resources.files(__name__) / "rules"``.
    city
        What this resource brings to a synthetic city: a TOML file, a part of the profile for ``kommres synth``.

    Raises
    ------
    PluginError
        P0107 when a part of the declaration cannot be.
    """

    api_version: int
    name: str = field(validator=_check_name)
    title_en: str
    title_ru: str
    services: tuple[str, ...] = field()
    meters: tuple[MeterKind, ...] = field()
    rules: Traversable
    city: Traversable | None = None

    @services.validator
    def _check_services(self, attribute: object, value: tuple[str, ...]) -> None:
        for service in value:
            _check_name(self, attribute, service)
        if not value or len(set(value)) != len(value):
            raise _bad(
                f"ResourceSpec {self.name!r}",
                f"services {value!r}",
                "a resource has at least one service, and each one once",
                "list the services of the bill",
            )

    @meters.validator
    def _check_meters(self, _attribute: object, value: tuple[MeterKind, ...]) -> None:
        for meter in value:
            if meter.service not in self.services:
                raise _bad(
                    f"ResourceSpec {self.name!r}",
                    f"a meter of {meter.service!r}",
                    f"the services are {', '.join(self.services)}",
                    "name one of them in MeterKind.service, or add the service",
                )

    def rule_files(self) -> tuple[Traversable, ...]:
        """Return all ``.kmr`` files below :attr:`rules`, sorted by folder and name."""
        return tuple(_walk(self.rules))


def _walk(folder: Traversable) -> Iterator[Traversable]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            yield from _walk(entry)
        elif entry.name.endswith(".kmr"):
            yield entry
