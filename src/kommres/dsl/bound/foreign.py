"""Functions of plugins: found by name among what is installed, checked against the signature that the rules write."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from kommres.dsl.bound import nodes as b
from kommres.dsl.bound.functions import MODES, NAMES
from kommres.dsl.syntax import nodes as syn
from kommres.errors import PluginError
from kommres.units import UnitError

if TYPE_CHECKING:
    from collections.abc import Callable

    from kommres.dsl.bound.base import BinderBase as _Base
    from kommres.dsl.bound.context import Context
    from kommres.dsl.bound.declare import Declarer
    from kommres.dsl.bound.scope import ModuleScope
    from kommres.functions import PluginFunction
else:
    _Base = object

#: Name in a plugin -> function and who provides it; raises :class:`PluginError`.
FindFunction: TypeAlias = "Callable[[str], tuple[PluginFunction, str]]"


class FunctionBinder:
    """Binds the functions of a program that plugins offer."""

    def __init__(self, declarer: Declarer, find: FindFunction) -> None:
        self.declarer = declarer
        self.scope = declarer.scope
        self.out = declarer.out
        self._find = find

    def bind(self, module: ModuleScope) -> None:
        """Declare the functions of a module."""
        for item in (i for i in module.tree.items if isinstance(i, syn.FunctionDecl)):
            function = self._function(module, item)
            if function is not None:
                self.declarer.declare(module, item.name, function)

    def _function(self, module: ModuleScope, item: syn.FunctionDecl) -> b.Function | None:
        type_ = self.declarer.type(module, item.type)
        types = [self.declarer.type(module, parameter.type) for parameter in item.parameters]
        if type_ is None or any(t is None for t in types) or not self._numbers(item, type_, types):
            return None
        if item.name in {*NAMES, "period", "slice"}:
            self.out.add(
                "K0211",
                f"`{item.name}` is a word of the language and cannot be declared",
                item.name_span,
                help="choose another name",
            )
            return None
        rounding = item.attributes.rounding
        if rounding is None or rounding.step.value <= 0 or (rounding.mode and rounding.mode not in MODES):
            self._no_rounding(item)
            return None
        found = self._found(item)
        if found is None:
            return None
        offered, provider = found
        if not self._same(item, offered, type_, [t for t in types if t is not None]):
            return None
        low, high = self.declarer.bounds(item.attributes, type_)
        return b.Function(
            name=item.name,
            module=module.name,
            doc=item.doc or offered.doc,
            span=item.name_span,
            parameters=tuple(
                (parameter.name, t) for parameter, t in zip(item.parameters, types, strict=True) if t is not None
            ),
            type=type_,
            low=low,
            high=high,
            step=rounding.step.value,
            mode=rounding.mode or "half_up",
            origin=item.origin or "",
            provider=provider,
            call=offered.call,
            citations=self.declarer.citations(item.citations),
        )

    def _numbers(self, item: syn.FunctionDecl, type_: b.Type, types: list[b.Type | None]) -> bool:
        written = [*zip((p.type for p in item.parameters), types, strict=True), (item.type, type_)]
        for text, found in written:
            if found is not None and found.kind != "number":
                self.out.add(
                    "K0401", f"functions of plugins are of numbers, this is {found}", text.span, help="write a unit"
                )
                return False
        return True

    def _no_rounding(self, item: syn.FunctionDecl) -> None:
        written = item.attributes.rounding
        self.out.add(
            "K0514",
            f"the function `{item.name}` does not say how its value is rounded"
            if written is None
            else f"`{written.span.text}` is no rounding",
            item.name_span if written is None else written.span,
            help=f"add a step and, if it is not half_up, a mode ({', '.join(MODES)}): "
            "`round 0.001`, `round 0.01 by half_even`",
        )

    def _found(self, item: syn.FunctionDecl) -> tuple[PluginFunction, str] | None:
        if not item.origin:
            self.out.add(
                "K0512",
                f"the function `{item.name}` does not say which plugin offers it",
                item.name_span,
                help='end with the name in the plugin: `… from "steam.enthalpy"`',
            )
            return None
        try:
            return self._find(item.origin)
        except PluginError as error:
            self.out.add("K0512", f"no function `{item.origin}`: {error.found}", item.span, help=_help(error))
            return None

    def _same(self, item: syn.FunctionDecl, offered: PluginFunction, type_: b.Type, types: list[b.Type]) -> bool:
        """Whether the rules write the units that the plugin computes in."""
        try:
            parameters = [self.scope.units.parse(unit) for unit in offered.parameters]
            result = self.scope.units.parse(offered.result)
        except UnitError as error:
            self.out.add(
                "K0513",
                f"the plugin's function `{item.origin}` has units that these rules do not know: {error.message}",
                item.span,
                help="declare that unit with `unit`",
            )
            return False
        if [t.unit for t in types] == parameters and type_.unit == result:
            return True
        names = [p.name for p in item.parameters] + ["x"] * len(parameters)
        right = ", ".join(f"{name}: {unit}" for name, unit in zip(names, parameters, strict=False))
        self.out.add(
            "K0513",
            f"`{item.origin}` takes and gives other units or another number of values than written here",
            item.span,
            help=f"it is `({right}): {result}`",
        )
        return False


def _help(error: PluginError) -> str:
    todo = error.todo or "install the plugin that offers it"
    return f"{error.why}; {todo}" if error.why else todo


class ForeignMixin(_Base):
    """Calls of such functions."""

    def foreign_call(self, expr: syn.Call, context: Context) -> b.Expr | None:
        """Bind a call; None where the name is no function of a plugin."""
        function = self.scope.vocabulary(context.module, expr.name.text)
        if not isinstance(function, b.Function):
            return None
        if len(expr.args) != len(function.parameters) or expr.by:
            shape = ", ".join(f"{name}: {type_}" for name, type_ in function.parameters)
            raise self.problem(
                "K0402",
                f"`{function.name}` takes {len(function.parameters)} values, {len(expr.args)} stand here",
                expr.span,
                help=f"it is declared as `{function.name}({shape})`",
            )
        args = tuple(
            self.coerce(self.number(arg, context), type_, code="K0302", what=f"is the unit of `{name}`")
            for arg, (name, type_) in zip(expr.args, function.parameters, strict=True)
        )
        return b.FunctionCall(type=function.type, span=expr.span, function=function, args=args)
