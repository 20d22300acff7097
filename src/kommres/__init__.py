"""kommres: a rules language and exact, fast charging for utility billing.

Every public name stands in ``_LAZY`` with the module that holds it and is imported at its first use, so that
``import kommres`` costs nothing that the program does not need.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from kommres.errors import DataError, KommresError, PluginError, RulesError, UsageError
    from kommres.functions import FunctionLibrary, PluginFunction
    from kommres.resource import MeterKind, ResourceSpec

_LAZY: Final = {
    "DataError": "kommres.errors",
    "Diagnostic": "kommres.dsl.diagnostics",
    "FunctionLibrary": "kommres.functions",
    "KommresError": "kommres.errors",
    "MeterKind": "kommres.resource",
    "Month": "kommres.period",
    "Period": "kommres.period",
    "PluginError": "kommres.errors",
    "PluginFunction": "kommres.functions",
    "Program": "kommres.dsl.program",
    "ResourceSpec": "kommres.resource",
    "RulesError": "kommres.errors",
    "UsageError": "kommres.errors",
    "check": "kommres.dsl.program",
    "evaluate": "kommres.dsl.evaluate",
    "explain": "kommres.dsl.explain",
    "explain_bill": "kommres.bill.making",
    "load": "kommres.dsl.program",
    "run": "kommres.run",
}

# Written out a second time for type checkers and editors, which read no tables; a test keeps the two equal.
__all__ = [
    "DataError",
    "Diagnostic",
    "FunctionLibrary",
    "KommresError",
    "MeterKind",
    "Month",
    "Period",
    "PluginError",
    "PluginFunction",
    "Program",
    "ResourceSpec",
    "RulesError",
    "UsageError",
    "__version__",
    "check",
    "evaluate",
    "explain",
    "explain_bill",
    "load",
    "run",
]


def __getattr__(name: str) -> object:
    if name == "__version__":
        from importlib.metadata import version

        value: object = version("kommres")
    elif name in _LAZY:
        value = getattr(import_module(_LAZY[name]), name)
    else:
        message = f"module 'kommres' has no attribute {name!r}"
        raise AttributeError(message, name=name, obj=sys.modules[__name__])
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


class _Package(ModuleType):
    """Keeps `kommres.run` the function: importing the package of that name would put the package in its place."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _LAZY and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
