"""What the parts of the expression binder may ask of each other (for type checkers)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from kommres.dsl.bound import nodes as b
    from kommres.dsl.bound.constants import Constants
    from kommres.dsl.bound.context import Context
    from kommres.dsl.bound.problem import Unbound
    from kommres.dsl.bound.scope import ProgramScope
    from kommres.dsl.diagnostics import Diagnostics
    from kommres.dsl.source import Span
    from kommres.dsl.syntax import nodes as syn


class BinderBase(Protocol):
    """The common surface of the mixins."""

    scope: ProgramScope
    out: Diagnostics
    constants: Constants

    def bind(self, expr: syn.Expr, context: Context, wanted: b.Type | None = None) -> b.Expr: ...
    def present(self, expr: syn.Expr, context: Context, wanted: b.Type | None = None) -> b.Expr: ...
    def need(self, bound: b.Expr, context: Context) -> b.Expr: ...
    def number(self, expr: syn.Expr, context: Context) -> b.Expr: ...
    def condition(self, expr: syn.Expr, context: Context) -> b.Expr: ...
    def problem(self, code: str, message: str, span: Span, **more: Any) -> Unbound: ...  # noqa: ANN401 - forwarded
    def silent(self) -> Unbound: ...
    def coerce(self, bound: b.Expr, wanted: b.Type, *, code: str = ..., what: str = ...) -> b.Expr: ...
    def find_param(self, name: syn.Name, context: Context) -> b.Param | None: ...
    def param_keys(
        self, param: b.Param, keys: tuple[syn.Expr, ...], context: Context, at: syn.Expr, *, hole: bool
    ) -> tuple[b.Expr | None, ...]: ...
    def _resolve(
        self, name: syn.Name, keys: tuple[syn.Expr, ...], context: Context, wanted: b.Type | None, at: syn.Expr
    ) -> b.Expr: ...
