"""Flat text to LLVM: statements of a small part of Python, with whole numbers that wrap around, nothing undefined.

The text is what :mod:`kommres.dsl.backends.kernels.placing` writes, and helpers written the same way: names,
arithmetic, comparisons, cells of arrays, branches, loops, calls of helpers. It is plain Python that numba compiles as
well; without the search for types, and with code that is in its last form already, this takes a tenth of the time, and
a process that finds its kernels in the cache needs no compiler at all. Numba's results are the same where nothing
overflows: there it promises nothing, so tests compare with it and nobody else calls it.

Whole numbers have 64 bits and wrap around. A name has the type of what it is first given. Every name is a cell of
memory here; LLVM makes values of them.
"""

from __future__ import annotations

import ast
import inspect
import platform
import re
import textwrap
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
from attrs import define, frozen
from llvmlite import ir

from kommres.collecting import undisturbed
from kommres.dsl.backends.kernels.ahead import MARK, STREAMED, hurried
from kommres.dsl.backends.kernels.emit import FEW, REGISTRY, Primitive
from kommres.dsl.backends.kernels.origins import parsed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

I1, I8, I64, I128, F64 = ir.IntType(1), ir.IntType(8), ir.IntType(64), ir.IntType(128), ir.DoubleType()
#: Lines of a text whose loops are not worth all that LLVM can do.
_LONG: Final = 600
#: The same, of a text with loops over the cells of series.
_LONGER: Final = 4_000
#: What suits loops with few turns: short vectors, and cells of tables that are read one by one.
_FOR_FEW: Final = "+prefer-256-bit,+prefer-no-gather"
_TYPES: Final = {"i": I64, "u": I64, "f": F64, "w": I128, "b": I1, "s": ir.IntType(32)}

#: dtype and number of dimensions of an array; None for a whole number.
Argument: TypeAlias = "tuple[Any, int] | None"


class NotFlat(Exception):  # noqa: N818 - a mistake in generated text, no error of a user
    """The text holds what no kernel's text holds."""


@frozen(eq=False)
class Value:
    """A value and its kind: i (signed), u (unsigned), f, w (128 bits), b."""

    kind: str
    value: Any


@frozen(eq=False)
class Cells:
    """An array: the address of its cells and its lengths."""

    dtype: Any
    data: Any
    shape: tuple[Any, ...]

    @property
    def cell(self) -> Any:  # noqa: ANN401 - a type of LLVM
        """The type of a cell."""
        return _cell_type(self.dtype)


def _cell_type(dtype: Any) -> Any:  # noqa: ANN401
    return F64 if dtype.kind == "f" else ir.IntType(8 * dtype.itemsize)


def module_of(text: str, function: str, arguments: Sequence[Argument], entry: str) -> ir.Module:
    """Return a module with an entry that takes the address of its words.

    The first word is for the result; of each argument follow a number, or the address and the lengths of an array.

    Parameters
    ----------
    text
        Functions and what they import.
    function
        Which one to call.
    arguments
        What it takes. All arrays lie apart.
    entry
        Name of the entry.
    """
    module = ir.Module(name=entry)
    module.triple = ""
    space = _Space(module, text)
    main = space.function(function, [_spread(a) for a in arguments], apart=True)
    outer = ir.Function(module, ir.FunctionType(I64, [I64.as_pointer()]), entry)
    build = ir.IRBuilder(outer.append_basic_block())
    given: list[Any] = []
    place = 1
    for argument in arguments:
        for number, kind in enumerate(_spread(argument).types):
            word = build.load(build.gep(outer.args[0], [ir.Constant(I64, place)]))
            given.append(build.inttoptr(word, kind) if argument is not None and number == 0 else word)
            place += 1
    result = build.call(main.code, given)
    if main.result is not None:
        build.store(result, outer.args[0])
    build.ret(ir.Constant(I64, 0))
    return module


@frozen
class Taken:
    """What a parameter is in machine code. ``dtype`` None: a number of a kind."""

    kind: str
    dtype: str | None = None
    dimensions: int = 0

    @property
    def types(self) -> list[Any]:
        """Types of the words that hold it."""
        if self.dtype is None:
            return [_TYPES[self.kind]]
        return [_cell_type(np.dtype(self.dtype)).as_pointer(), *([I64] * self.dimensions)]


def _spread(argument: Argument) -> Taken:
    if argument is None:
        return Taken("i")
    dtype, dimensions = argument
    return Taken("a", np.dtype(dtype).str, dimensions)


@frozen(eq=False)
class Compiled:
    """A function in the module. ``result`` is the kind of what it returns."""

    code: Any
    result: str | None


class _Space:
    """The functions of a module, each for the types that it is called with."""

    def __init__(self, module: ir.Module, text: str) -> None:
        self._module = module
        self._trees: dict[str, ast.FunctionDef] = {}
        self._made: dict[tuple[str, tuple[Taken, ...]], Compiled] = {}
        self.constants: dict[str, int] = {}
        self.primitives: dict[str, Primitive] = {}
        self._read(parsed(text))

    def _read(self, tree: ast.Module) -> None:
        for item in tree.body:
            match item:
                case ast.FunctionDef(name=name):
                    self._trees[name] = item
                case ast.ImportFrom(module=str(source), names=names):
                    for one in names:
                        self._import(source, one.name)
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    self.constants[name] = ast.literal_eval(value)
                case _:
                    raise NotFlat(ast.unparse(item)[:80])

    def _import(self, source: str, name: str) -> None:
        if source == "numba":
            return
        found = primitives(source).get(name)
        if found is not None:
            self.primitives[name] = found
            return
        for one, tree in _functions(source).items():
            self._trees.setdefault(one, tree)
        self.primitives.update({k: v for k, v in _imported(source).items() if k not in self.primitives})

    def few(self) -> ir.MDValue:
        """Return what LLVM is told of a loop with few turns."""
        told = self._module.add_metadata(["llvm.loop.interleave.count", ir.Constant(ir.IntType(32), 1)])
        found = ir.MDValue(self._module, [told], name=str(len(self._module.metadata)))
        found.operands = (found, *found.operands)  # as each loop has one of its own
        return found

    def knows(self, name: str) -> bool:
        """Whether there is a function of a name."""
        return name in self._trees

    def function(self, name: str, takes: Sequence[Taken], *, apart: bool = False) -> Compiled:
        """Return a function for some types of arguments. Raises :class:`NotFlat`."""
        key = name, tuple(takes)
        found = self._made.get(key)
        if found is None:
            found = self._made[key] = self._write(name, takes, apart=apart)
        return found

    def _write(self, name: str, takes: Sequence[Taken], *, apart: bool) -> Compiled:
        tree = self._trees[name]
        result = "i" if any(isinstance(n, ast.Return) and n.value is not None for n in ast.walk(tree)) else None
        if isinstance(tree.returns, ast.Name) and tree.returns.id == "bool":
            result = "b"
        types = [kind for taken in takes for kind in taken.types]
        returned = ir.VoidType() if result is None else _TYPES[result]
        code = ir.Function(self._module, ir.FunctionType(returned, types), f"{name}_{len(self._made)}")
        code.linkage = "internal"
        if apart:
            code.attributes.add("noinline")
            for argument in code.args:
                if isinstance(argument.type, ir.PointerType):
                    argument.add_attribute("noalias")
        body = _Body(self, code, result)
        words = iter(code.args)
        for parameter, taken in zip(tree.args.args, takes, strict=True):
            if taken.dtype is None:
                body.assign(parameter.arg, Value(taken.kind, next(words)))
            else:
                data = next(words)
                shape = tuple([next(words) for _ in range(taken.dimensions)])
                body.arrays[parameter.arg] = Cells(np.dtype(taken.dtype), data, shape)
        body.block(tree.body)
        body.finish()
        return Compiled(code, result)


@cache
def primitives(source: str) -> Mapping[str, Primitive]:
    """Return the helpers of a module that write machine code."""
    import_module(source)
    return {name: found for (module, name), found in REGISTRY.items() if module == source}


@cache
def _tree(source: str) -> ast.Module:
    return parsed(textwrap.dedent(inspect.getsource(import_module(source))))


@cache
def _functions(source: str) -> Mapping[str, ast.FunctionDef]:
    return {item.name: item for item in _tree(source).body if isinstance(item, ast.FunctionDef)}


@cache
def _imported(source: str) -> Mapping[str, Primitive]:
    """Return the helpers that a module of functions imports."""
    found = {}
    for item in _tree(source).body:
        if isinstance(item, ast.ImportFrom) and item.module is not None and item.module.startswith("kommres."):
            known = primitives(item.module)
            found.update({one.name: known[one.name] for one in item.names if one.name in known})
    return found


@define(eq=False)
class _Loop:
    following: Any
    end: Any


class _Body:
    """Writes the statements of one function."""

    def __init__(self, space: _Space, code: Any, result: str | None) -> None:  # noqa: ANN401
        self._space = space
        self._code = code
        self._result = result
        self.arrays: dict[str, Cells] = {}
        self._names: dict[str, tuple[str, Any]] = {}
        self._loops: list[_Loop] = []
        self._first = code.append_basic_block("names")
        self._build = ir.IRBuilder(code.append_basic_block("body"))
        self._cells = ir.IRBuilder(self._first)

    def finish(self) -> None:
        """End the function."""
        if not self._build.block.is_terminated:
            if self._result is None:
                self._build.ret_void()
            else:
                self._build.unreachable()
        self._cells.branch(self._code.blocks[1])

    def assign(self, name: str, value: Value) -> None:
        """Give a name a value."""
        known = self._names.get(name)
        if known is None:
            known = self._names[name] = value.kind, self._cells.alloca(_TYPES[value.kind], name=name)
        kind, cell = known
        self._build.store(self._as(value, kind).value, cell)

    # statements ------------------------------------------------------------------------------------------

    def block(self, statements: Sequence[ast.stmt]) -> None:
        """Write statements."""
        for statement in statements:
            if self._build.block.is_terminated:
                return
            self._statement(statement)

    def _statement(self, statement: ast.stmt) -> None:
        build = self._build
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Attribute() | ast.expr() as value):
                self.assign(name, self._value(value))
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)):
                found = [self._value(v) for v in values]
                for target, one in zip(targets, found, strict=True):
                    self._store(target, one)
            case ast.Assign(targets=[ast.Subscript() as target], value=value):
                self._store(target, self._value(value))
            case ast.AugAssign(target=target, op=op, value=value):
                self._store(target, self._binary(ast.BinOp(_loaded(target), op, value)))
            case ast.If(test=test, body=body, orelse=other):
                self._if(test, body, other)
            case ast.For(target=ast.Name(id=name), iter=ast.Call(func=ast.Name(id="range"), args=bounds), body=body):
                self._range(name, bounds, body)
            case ast.While(test=test, body=body):
                self._while(test, body)
            case ast.Break():
                build.branch(self._loops[-1].end)
            case ast.Continue():
                build.branch(self._loops[-1].following)
            case ast.Return(value=None):
                build.ret_void()
            case ast.Return(value=value) if value is not None and self._result is not None:
                build.ret(self._as(self._value(value), self._result).value)
            case ast.Pass() | ast.Expr(value=ast.Constant()):
                pass
            case _:
                raise NotFlat(ast.unparse(statement)[:80])

    def _store(self, target: ast.expr, value: Value) -> None:
        if isinstance(target, ast.Name):
            self.assign(target.id, value)
            return
        cells, place = self._cell(target)
        if cells.dtype.kind == "f":
            found = self._as(value, "f").value
        else:
            found = self._as(value, "i").value
            found = self._build.trunc(found, cells.cell) if cells.cell.width < 64 else found
        self._build.store(found, place)

    def _if(self, test: ast.expr, body: Sequence[ast.stmt], other: Sequence[ast.stmt]) -> None:
        build = self._build
        then, after = (self._code.append_basic_block() for _ in range(2))
        otherwise = self._code.append_basic_block() if other else after
        build.cbranch(self._truth(test), then, otherwise)
        for block, statements in ((then, body), (otherwise, other)):
            if block is after:
                continue
            build.position_at_end(block)
            self.block(statements)
            if not build.block.is_terminated:
                build.branch(after)
        build.position_at_end(after)

    def _range(self, name: str, bounds: Sequence[ast.expr], body: Sequence[ast.stmt]) -> None:
        build = self._build
        values = [self._as(self._value(b), "i").value for b in bounds]
        first, last = (ir.Constant(I64, 0), values[0]) if len(values) == 1 else values
        counter = self._cells.alloca(I64)
        build.store(first, counter)
        head, inside, following, after = (self._code.append_basic_block() for _ in range(4))
        build.branch(head)
        build.position_at_end(head)
        at = build.load(counter)
        build.cbranch(build.icmp_signed("<", at, last), inside, after)
        build.position_at_end(inside)
        self.assign(name, Value("i", at))
        self._turn(body, following, after)
        build.position_at_end(following)
        # Below the last one, so it cannot overflow.
        build.store(build.add(build.load(counter), ir.Constant(I64, 1), flags=("nsw", "nuw")), counter)
        back = build.branch(head)
        if name.startswith(FEW):
            back.set_metadata("llvm.loop", self._space.few())
        build.position_at_end(after)

    def _while(self, test: ast.expr, body: Sequence[ast.stmt]) -> None:
        build = self._build
        head, inside, after = (self._code.append_basic_block() for _ in range(3))
        build.branch(head)
        build.position_at_end(head)
        build.cbranch(self._truth(test), inside, after)
        build.position_at_end(inside)
        self._turn(body, head, after)
        build.position_at_end(after)

    def _turn(self, body: Sequence[ast.stmt], following: Any, after: Any) -> None:  # noqa: ANN401
        self._loops.append(_Loop(following, after))
        self.block(body)
        self._loops.pop()
        if not self._build.block.is_terminated:
            self._build.branch(following)

    # expressions -----------------------------------------------------------------------------------------

    def _value(self, node: ast.expr) -> Value:
        match node:
            case ast.Constant(value=bool() as value):
                return Value("b", ir.Constant(I1, int(value)))
            case ast.Constant(value=int() as value):
                return Value("i", ir.Constant(I64, value))
            case ast.Constant(value=float() as value):
                return Value("f", ir.Constant(F64, value))
            case ast.Name(id=name):
                return self._named(name)
            case ast.Attribute(value=ast.Name(id=name), attr="size") if name in self.arrays:
                return Value("i", self._size(self.arrays[name]))
            case ast.Subscript():
                return self._read(node)
            case ast.BinOp():
                return self._binary(node)
            case ast.UnaryOp():
                return self._unary(node)
            case ast.Compare(left=left, ops=ops, comparators=others):
                return self._compare(left, ops, others)
            case ast.BoolOp(op=op, values=values):
                return self._joined(values, everything=isinstance(op, ast.And))
            case ast.IfExp(test=test, body=body, orelse=other):
                return self._choice(test, body, other)
            case ast.Call(func=ast.Name(id=name), args=args):
                return self._call(name, args)
        raise NotFlat(ast.unparse(node)[:80])

    def _named(self, name: str) -> Value:
        if name in self._names:
            kind, cell = self._names[name]
            return Value(kind, self._build.load(cell))
        if name in self._space.constants:
            return Value("i", ir.Constant(I64, self._space.constants[name]))
        raise NotFlat(f"the name {name}")

    def _size(self, cells: Cells) -> Any:  # noqa: ANN401
        size = cells.shape[0]
        for length in cells.shape[1:]:
            size = self._build.mul(size, length)
        return size

    def _cell(self, node: ast.expr) -> tuple[Cells, Any]:
        if not isinstance(node, ast.Subscript) or not isinstance(node.value, ast.Name):
            raise NotFlat(ast.unparse(node)[:80])
        cells = self.arrays[node.value.id]
        places = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        at = self._as(self._value(places[0]), "i").value
        for length, place in zip(cells.shape[1:], places[1:], strict=True):
            at = self._build.add(self._build.mul(at, length), self._as(self._value(place), "i").value)
        return cells, self._build.gep(cells.data, [at], inbounds=True)

    def _read(self, node: ast.expr, *, streamed: bool = False) -> Value:
        cells, place = self._cell(node)
        found = self._build.load(place)
        if streamed:
            found.set_metadata(MARK, self._code.module.add_metadata([]))
        if cells.dtype.kind == "f":
            return Value("f", found)
        if cells.cell.width == 64:
            return Value("i", found)
        widen = self._build.sext if cells.dtype.kind == "i" else self._build.zext
        return Value("i", widen(found, I64))

    def _binary(self, node: ast.BinOp) -> Value:
        one, other = self._value(node.left), self._value(node.right)
        if one.kind != other.kind:
            raise NotFlat(f"{ast.unparse(node)[:80]}: {one.kind} and {other.kind}")
        build, a, b = self._build, one.value, other.value
        if one.kind == "f":
            code = {ast.Add: build.fadd, ast.Sub: build.fsub, ast.Mult: build.fmul, ast.Div: build.fdiv}
        else:
            code = {ast.Add: build.add, ast.Sub: build.sub, ast.Mult: build.mul, ast.BitAnd: build.and_}
            code |= {ast.BitOr: build.or_, ast.BitXor: build.xor}
            if one.kind == "i":
                code |= {ast.FloorDiv: self._floor_div, ast.Mod: self._modulo}
        return Value(one.kind, code[type(node.op)](a, b))

    def _floor_div(self, a: Any, b: Any) -> Any:  # noqa: ANN401
        build = self._build
        quotient = build.sdiv(a, b)
        rest = build.sub(a, build.mul(quotient, b))
        zero = ir.Constant(I64, 0)
        off = build.and_(build.icmp_signed("!=", rest, zero), build.icmp_signed("<", build.xor(rest, b), zero))
        return build.sub(quotient, build.zext(off, I64))

    def _modulo(self, a: Any, b: Any) -> Any:  # noqa: ANN401
        return self._build.sub(a, self._build.mul(self._floor_div(a, b), b))

    def _unary(self, node: ast.UnaryOp) -> Value:
        build = self._build
        if isinstance(node.op, ast.Not):
            return Value("b", build.not_(self._truth(node.operand)))
        found = self._value(node.operand)
        if not isinstance(node.op, ast.USub):
            raise NotFlat(ast.unparse(node)[:80])
        if isinstance(found.value, ir.Constant):
            return Value(found.kind, ir.Constant(found.value.type, -found.value.constant))
        return Value(found.kind, build.fneg(found.value) if found.kind == "f" else build.neg(found.value))

    def _compare(self, left: ast.expr, ops: Sequence[ast.cmpop], others: Sequence[ast.expr]) -> Value:
        build = self._build
        one = self._value(left)
        found: Any = None
        for op, other in zip(ops, others, strict=True):
            two = self._value(other)
            if one.kind != two.kind:
                one, two = (self._as(v, "i") if v.kind == "b" else v for v in (one, two))
            sign = _SIGNS[type(op)]
            if one.kind == "f":
                test = build.fcmp_ordered(sign, one.value, two.value)
            elif one.kind in {"u", "b"}:
                test = build.icmp_unsigned(sign, one.value, two.value)
            else:
                test = build.icmp_signed(sign, one.value, two.value)
            found = test if found is None else build.and_(found, test)
            one = two
        return Value("b", found)

    def _joined(self, values: Sequence[ast.expr], *, everything: bool) -> Value:
        """Write `and` and `or`: what follows is computed only where it is asked for."""
        build = self._build
        cell = self._cells.alloca(I1)
        after = self._code.append_basic_block()
        for value in values:
            truth = self._truth(value)
            build.store(truth, cell)
            following = self._code.append_basic_block()
            build.cbranch(truth, following if everything else after, after if everything else following)
            build.position_at_end(following)
        build.branch(after)
        build.position_at_end(after)
        return Value("b", build.load(cell))

    def _choice(self, test: ast.expr, body: ast.expr, other: ast.expr) -> Value:
        truth, build = self._truth(test), self._build
        if not any(isinstance(n, ast.Subscript) for side in (body, other) for n in ast.walk(side)):
            one, two = self._value(body), self._value(other)
            return Value(one.kind, build.select(truth, one.value, self._as(two, one.kind).value))
        then, otherwise, after = (self._code.append_basic_block() for _ in range(3))
        build.cbranch(truth, then, otherwise)
        build.position_at_end(then)
        one = self._value(body)
        cell = self._cells.alloca(_TYPES[one.kind])
        build.store(one.value, cell)
        build.branch(after)
        build.position_at_end(otherwise)
        build.store(self._as(self._value(other), one.kind).value, cell)
        build.branch(after)
        build.position_at_end(after)
        return Value(one.kind, build.load(cell))

    def _truth(self, node: ast.expr) -> Any:  # noqa: ANN401
        found = self._value(node)
        if found.kind == "b":
            return found.value
        return self._build.icmp_signed("!=", found.value, ir.Constant(found.value.type, 0))

    # calls -----------------------------------------------------------------------------------------------

    def _call(self, name: str, args: Sequence[ast.expr]) -> Value:
        if name in {"int64", "uint64", "float64"}:
            return self._as(self._value(args[0]), {"int64": "i", "uint64": "u", "float64": "f"}[name])
        if name == STREAMED:
            return self._read(args[0], streamed=True)
        if name in {"min", "max", "abs"}:
            return self._built_in(name, [self._value(a) for a in args])
        primitive = self._space.primitives.get(name)
        if primitive is not None:
            given = [self._as(self._value(a), k).value for a, k in zip(args, primitive.takes, strict=True)]
            return Value(primitive.result, primitive.write(self._build, *given))
        if not self._space.knows(name):
            raise NotFlat(f"the function {name}")
        takes, words = [], []
        for arg in args:
            if isinstance(arg, ast.Name) and arg.id in self.arrays:
                cells = self.arrays[arg.id]
                takes.append(Taken("a", cells.dtype.str, len(cells.shape)))
                words += [cells.data, *cells.shape]
            else:
                value = self._value(arg)
                takes.append(Taken(value.kind))
                words.append(value.value)
        found = self._space.function(name, takes)
        result = self._build.call(found.code, words)
        return Value(found.result or "i", result)

    def _built_in(self, name: str, values: Sequence[Value]) -> Value:
        build, kind = self._build, values[0].kind
        if name == "abs":
            (found,) = values
            zero = ir.Constant(_TYPES[kind], 0)
            if kind == "f":
                bits = build.and_(build.bitcast(found.value, I64), ir.Constant(I64, (1 << 63) - 1))
                return Value("f", build.bitcast(bits, F64))
            return Value(
                kind, build.select(build.icmp_signed("<", found.value, zero), build.neg(found.value), found.value)
            )
        best = values[0]
        for other in values[1:]:
            other = self._as(other, kind)  # noqa: PLW2901
            compare = build.fcmp_ordered if kind == "f" else build.icmp_unsigned if kind == "u" else build.icmp_signed
            test = compare("<" if name == "min" else ">", other.value, best.value)
            best = Value(kind, build.select(test, other.value, best.value))
        return best

    def _as(self, value: Value, kind: str) -> Value:
        """Return a value as one of another kind."""
        if value.kind == kind or {value.kind, kind} == {"i", "u"}:
            return Value(kind, value.value)
        build = self._build
        if value.kind == "b" and kind in {"i", "u"}:
            return Value(kind, build.zext(value.value, I64))
        if kind == "f" and value.kind in {"i", "u"}:
            if isinstance(value.value, ir.Constant):
                return Value("f", ir.Constant(F64, float(value.value.constant)))
            return Value("f", (build.sitofp if value.kind == "i" else build.uitofp)(value.value, F64))
        if kind == "b":
            return Value("b", build.icmp_signed("!=", value.value, ir.Constant(value.value.type, 0)))
        raise NotFlat(f"{value.kind} as {kind}")


_SIGNS: Final = {ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}


def _loaded(target: ast.expr) -> ast.expr:
    return target


def machine_code(text: str, function: str, arguments: Sequence[Argument], entry: str, *, quick: bool = False) -> bytes:
    """Return an object file with an entry, see :func:`module_of`; ``quick``: sooner, and slower.

    Raises
    ------
    NotFlat
        The text holds what no kernel's text holds.
    """
    import llvmlite.binding as llvm

    from kommres.dsl.backends.kernels.loading import target

    # Vector instructions are for short loops; of a long one LLVM makes four times the code in four times the time.
    # Cells of series are gone through in short loops, whatever stands around them.
    series = any(argument is not None and argument[1] > 1 for argument in arguments)
    long = quick or text.count("\n") > (_LONGER if series else _LONG)
    few = re.search(rf"\bfor {FEW}\d", text) is not None and platform.machine() in {"x86_64", "AMD64"}
    machine = target(0 if quick else 2 if long else 3, _FOR_FEW if few else "")
    with undisturbed():
        written = str(module_of(text, function, arguments, entry))
    module = llvm.parse_assembly(written)
    module.verify()
    tuning = llvm.create_pipeline_tuning_options(speed_level=3)
    tuning.slp_vectorization = False
    builder = llvm.create_pass_builder(machine, tuning)
    passes = llvm.create_new_module_pass_manager() if long else builder.getModulePassManager()
    if long:  # what placing leaves to be done; the time of all other passes would not come back
        passes.add_sroa_pass()
        passes.add_instruction_combine_pass()
        passes.add_simplify_cfg_pass()
    passes.run(module, builder)
    if series:
        module = llvm.parse_assembly(hurried(str(module)))
    code: bytes = machine.emit_object(module)
    return code
