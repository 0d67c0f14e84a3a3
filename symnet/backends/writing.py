"""How NumPy writes the value of one operation into an array that is there: `multiply(A, B, out)` for `A*B`.

In: an instruction and the values that it reads. Out: lines of code that write into the array of the instruction's name,
and which operands that array may be. Products of matrices, entrywise functions and operators, conditions, sums and
maxima along an axis can be written so; any other operation (a convolution, an inverse, what an index picks out) gives
an array of its own, or a view. A number becomes an array, made once, since NumPy would make one in each call; beside a
maximum it has the other's shape; a short sum along an axis is a product with ones, which takes a quarter of the time.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from symnet.backends.instructions import Instruction

OPERATORS: dict[type, str] = {
    ast.Add: "add", ast.Sub: "subtract", ast.Mult: "multiply", ast.Div: "divide", ast.BitAnd: "bitwise_and",
    ast.BitOr: "bitwise_or", ast.USub: "negative", ast.Invert: "invert", ast.Lt: "less", ast.LtE: "less_equal",
    ast.Gt: "greater", ast.GtE: "greater_equal", ast.Eq: "equal", ast.NotEq: "not_equal",
}  # fmt: skip
POWERS: dict[Any, str] = {2: "square", 0.5: "sqrt", -1: "reciprocal"}  # as arrays do it themselves
BY_KEYWORD = {"maximum", "minimum"}  # a third positional argument is deprecated
ALIKE = 2**16  # numbers up to which a maximum is taken of two arrays alike, in a third of the time
SHORT = 1024  # numbers that a product with ones sums as precisely as one needs
REDUCED = {"sum": "add", "max": "maximum", "min": "minimum"}


@dataclass(frozen=True)
class Written:
    """`lines` write a value with the functions `uses` of NumPy; `over`: the operands that may be written over."""

    lines: tuple[str, ...]
    uses: tuple[str, ...]
    over: tuple[str, ...] = ()


class Constants:
    """Arrays that code needs beside the values, each under a name that is not `taken`."""

    def __init__(self, taken: Collection[str]) -> None:
        self.taken, self.arrays, self._names = taken, dict[str, Any](), dict[Any, str]()

    def name(self, shape: tuple[int, ...], value: float, dtype: Any) -> str:
        """Give the name of an array whose entries are all the same."""
        key = shape, repr(value), dtype
        if key not in self._names:
            name = f"c{len(self._names)}"
            while name in self.taken:
                name += "_"
            self._names[key], self.arrays[name] = name, np.full(shape, value, dtype)
            self.arrays[name].flags.writeable = False
        return self._names[key]


class Writer:
    """Writes one instruction after another. `namespace`: what functions are called; `constants`: the values that never
    change."""

    def __init__(self, namespace: Mapping[str, Any], constants: Mapping[str, Any], own: Constants) -> None:
        self.namespace, self.constants, self.own = namespace, constants, own

    def written(self, i: Instruction, values: Mapping[str, Any]) -> Written | None:
        """Give the code that writes the value of an instruction into an array, or None where NumPy has none."""
        match i.code:
            case ast.BinOp(left, ast.MatMult(), right):
                pair: list[Any] = [values.get(ast.unparse(side)) for side in (left, right)]
                flat = all(isinstance(a, np.ndarray) and a.ndim == 2 for a in pair) and pair[0].dtype == pair[1].dtype
                function, texts = "dot" if flat else "matmul", map(ast.unparse, (left, right))
                return Written((f"{function}({', '.join([*texts, i.name])})",), (function,))
            case ast.BinOp(left, ast.Pow(), right):
                exponent = right.value if isinstance(right, ast.Constant) else None
                base: Any = values.get(ast.unparse(left))
                if exponent in POWERS and isinstance(base, np.ndarray) and base.dtype.kind == "f":
                    return self._call(i, POWERS[exponent], [left], values)
                return self._call(i, "power", [left, right], values)
            case ast.BinOp(left, sign, right) if type(sign) in OPERATORS:
                return self._call(i, OPERATORS[type(sign)], [left, right], values)
            case ast.UnaryOp(sign, operand) if type(sign) in OPERATORS:
                return self._call(i, OPERATORS[type(sign)], [operand], values)
            case ast.Compare(left, [sign], [right]) if type(sign) in OPERATORS:
                return self._call(i, OPERATORS[type(sign)], [left, right], values)
            case ast.Call(ast.Name(function), arguments, []):
                return self._of_function(i, function, arguments, values)
            case ast.Call(ast.Attribute(A, method), arguments, keywords):
                told = {k.arg or "": ast.unparse(k.value) for k in keywords}
                return self._of_method(i, ast.unparse(A), method, list(map(ast.unparse, arguments)), told, values)
        return None

    def _call(self, i: Instruction, function: str, operands: list[Any], values: Mapping[str, Any]) -> Written:
        texts = [ast.unparse(a) for a in operands]
        arrays = [values[t] for t in texts if isinstance(values.get(t), np.ndarray)]
        dtypes = {a.dtype for a in arrays}
        if len(dtypes) == 1 and arrays[0].dtype.kind == "f":
            alike = function in BY_KEYWORD and arrays[0].size <= ALIKE
            texts = [self._number(text, arrays[0].shape if alike else (), arrays[0].dtype) for text in texts]
        out = f"out={i.name}" if function in BY_KEYWORD else i.name
        return Written((f"{function}({', '.join([*texts, out])})",), (function,), tuple(texts))

    def _number(self, text: str, shape: tuple[int, ...], dtype: Any) -> str:
        # a number of Python takes the dtype of the array beside it
        try:
            value = self.constants[text] if text in self.constants else ast.literal_eval(text)
        except ValueError:
            return text
        return self.own.name(shape, value, dtype) if type(value) in (int, float) else text

    def _of_function(
        self, i: Instruction, function: str, arguments: list[Any], values: Mapping[str, Any]
    ) -> Written | None:
        known = self.namespace.get(function)
        if isinstance(known, np.ufunc) and known.nin == len(arguments) and known.nout == 1 and known.signature is None:
            return self._call(i, function, arguments, values)
        if known is np.where and len(arguments) == 3:
            condition, then, other = map(ast.unparse, arguments)
            lines = f"copyto({i.name}, {other})", f"copyto({i.name}, {then}, where={condition})"
            return Written(lines, ("copyto",), (other,) if other not in (condition, then) else ())
        return None

    def _of_method(
        self, i: Instruction, A: str, method: str, arguments: list[str], told: dict[str, str],
        values: Mapping[str, Any],
    ) -> Written | None:  # fmt: skip
        if method == "astype" and len(arguments) == 1 and not told:
            return Written((f"copyto({i.name}, {A}, 'unsafe')",), ("copyto",))
        if method not in REDUCED or arguments or told.keys() != {"axis", "keepdims"}:
            return None
        array: Any = values.get(A)
        axis = told["axis"]
        if method == "sum" and axis in ("0", "1") and array.ndim == 2 and array.dtype.kind == "f":
            length = array.shape[int(axis)]
            if 0 < length <= SHORT and told["keepdims"] == "True":
                ones = self.own.name((length, 1) if axis == "1" else (1, length), 1, array.dtype)
                factors = f"{A}, {ones}" if axis == "1" else f"{ones}, {A}"
                return Written((f"dot({factors}, {i.name})",), ("dot",))
        function = REDUCED[method]
        return Written((f"{function}.reduce({A}, {axis}, None, {i.name}, {told['keepdims']})",), (function,))


def removed(lines: tuple[str, ...], name: str, over: str) -> tuple[str, ...]:
    """Give the lines without those that copy an array onto itself, where `name` is the array of `over`."""
    return tuple(line for line in lines if line != f"copyto({name}, {over})")
