"""Functions that a plugin offers to rules: exact values in, an exact value out, with units on both sides."""

import re
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Final, TypeAlias

from attrs import define, field

from kommres.errors import PluginError

API_VERSION: Final = 1
"""Version of this contract. A change that breaks plugins raises it; :mod:`kommres.plugins` refuses others."""

_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")

Exact: TypeAlias = int | Fraction | Decimal


def _bad(where: str, found: str, why: str, todo: str) -> PluginError:
    return PluginError(found, code="P0107", where=where, why=why, todo=todo)


def _check_name(owner: object, _attribute: object, value: str) -> None:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise _bad(
            f"{type(owner).__name__}.name",
            f"name {value!r}",
            "a name is lower-case Latin letters, digits and _, and begins with a letter",
            "write it like enthalpy",
        )


@define(frozen=True, slots=True, kw_only=True)
class PluginFunction:
    """A function of numbers.

    The rules that use it write its signature once more and say how its result is rounded; both signatures have to be
    the same, so whoever reads a rule file sees units and rounding without the plugin.

    Parameters
    ----------
    name
        How rules ask for it, behind the library's name: ``from "steam.enthalpy"``.
    parameters
        Units of its arguments as the rules language writes them: ``("MPa", "degC")``.
    result
        Unit of its value.
    call
        Takes an ``int`` or ``Fraction`` an argument and returns an ``int``, ``Fraction`` or ``Decimal``. It promises to
        return the same for the same arguments, whenever and wherever it is called, and to do nothing else; it raises
        :class:`ValueError` where it has no value. What has infinitely many digits is returned with so many that the
        rounding which rules declare cannot be wrong.
    doc
        What it is, in one sentence.

    Examples
    --------
    >>> PluginFunction(name="twice", parameters=("kWh",), result="kWh", call=lambda x: 2 * x).call(21)
    42
    """

    name: str = field(validator=_check_name)
    parameters: tuple[str, ...] = field()
    result: str
    call: Callable[..., Exact]
    doc: str = ""

    @parameters.validator
    def _check_parameters(self, _attribute: object, value: tuple[str, ...]) -> None:
        if not value or not all(isinstance(unit, str) for unit in value):
            raise _bad(
                f"PluginFunction {self.name!r}",
                f"parameters {value!r}",
                "a function has at least one argument, and each has a unit",
                'list their units: ("MPa", "degC"); a number without unit is "number"',
            )


@define(frozen=True, slots=True, kw_only=True)
class FunctionLibrary:
    """Functions under one name; the entry point in the group ``kommres.functions`` has the same one.

    Parameters
    ----------
    api_version
        The :data:`API_VERSION` that the plugin was written for.
    name
        Name of the library.
    functions
        What it offers.

    Raises
    ------
    PluginError
        P0107 when a part of the declaration cannot be.
    """

    api_version: int
    name: str = field(validator=_check_name)
    functions: tuple[PluginFunction, ...] = field()

    @functions.validator
    def _check_functions(self, _attribute: object, value: tuple[PluginFunction, ...]) -> None:
        names = [function.name for function in value]
        if not names or len(set(names)) != len(names):
            raise _bad(
                f"FunctionLibrary {self.name!r}",
                f"functions {', '.join(names) or 'none'}",
                "a library has at least one function, and each name once",
                "rename one of them",
            )

    def find(self, name: str) -> PluginFunction | None:
        """Return a function by its name."""
        return next((function for function in self.functions if function.name == name), None)
