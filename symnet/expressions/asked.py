"""What Python and NumPy ask of a matrix or a loss: its length, its entries, an array, a comparison, a function of it.

In: SymPy's matrix expressions and scalars. Out: the same with the methods that are asked for, which give what there is
or say what to write instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from sympy import Expr, MatrixExpr
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.matrices.matrixbase import MatrixBase

from symnet.expressions.beside import OURS, written
from symnet.expressions.elsewhere import FUNCTIONS
from symnet.expressions.entering import given
from symnet.expressions.members import MATRIX, SCALAR, Hint, hints
from symnet.expressions.sizes import shape_text
from symnet.expressions.table import brief


def _remainder(self: Any, other: Any) -> Any:
    raise TypeError(f"//, % and divmod make steps, and beside the matrix {brief(self)} they have no meaning here; "
                    "divide with /, or write it with sn.elementwise and functions of SymPy's")  # fmt: skip


def _no_bits(self: Any, *other: Any) -> Any:
    raise TypeError(
        f"^, &, |, ~, << and >> are of bits; a power of {brief(self)} is A**2, or sn.power(A, 2) entry by entry"
    )


def _no_number(self: Any, *digits: Any) -> Any:
    raise TypeError(f"{brief(self)} is a matrix and no number; sn.evaluate({brief(self)}, {{…}}) gives its value")


def _no_length(self: Any) -> Any:
    raise TypeError(
        f"len of {brief(self)}: NumPy counts the rows and SymPy the entries; write A.shape[0] for the rows, A.shape[1] "
        "for the columns"
    )


def _no_place(self: Any, *place: Any) -> Any:
    raise TypeError(
        f"entries of {brief(self)} cannot be set, it is a formula; put parts together with sn.vstack and sn.hstack, "
        "or multiply by a mask with sn.hadamard"
    )


# -- what NumPy asks a matrix for

_OPERATORS = {
    np.add: ("__add__", "__radd__"), np.subtract: ("__sub__", "__rsub__"), np.multiply: ("__mul__", "__rmul__"),
    np.matmul: ("__matmul__", "__rmatmul__"), np.true_divide: ("__truediv__", "__rtruediv__"),
}  # fmt: skip
_WAYS = {
    ("add", "reduce"): "sn.sum(…)", ("multiply", "__call__"): "sn.hadamard(A, B)", ("divide", "__call__"):
    "sn.divide(A, B)", ("square", "__call__"): "sn.hadamard(A, A)", ("power", "__call__"): "sn.power(A, p)",
    ("maximum", "__call__"): "sn.relu(A) or sn.elementwise(sympy.Max, A, B)", ("minimum", "__call__"):
    "sn.elementwise(sympy.Min, A, B)",
}  # fmt: skip


def _of_numpy(self: Any, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
    by_entries = ufunc in (np.multiply, np.true_divide) and all(isinstance(a, MatrixExpr) for a in inputs)
    if ufunc in _OPERATORS and not by_entries and method == "__call__" and "out" not in options:
        left, right = inputs
        forward, reflected = _OPERATORS[ufunc]
        found = getattr(left, forward)(right) if left is self else getattr(self, reflected)(left)
        if found is not NotImplemented:
            return found
    name = "abs" if ufunc is np.absolute else ufunc.__name__
    ours = f"sn.{name}(…)" if name in OURS else FUNCTIONS.get(name, "sn.elementwise(f, …), f of SymPy")
    ours = _WAYS.get((name, method), ours)
    if "out" in options:
        ours = "a new name for the result: an array cannot hold symbols"
    raise TypeError(f"NumPy's {ufunc.__name__} computes with numbers, and {brief(self)} has symbols; write {ours}")


_FUNCTIONS: dict[str, str] = {
    "dot": "A*B", "matmul": "A*B", "linalg.multi_dot": "A*B*C", "inner": "A*B.T", "vdot": "sn.inner(A, B)",
    "outer": "x*y.T", "linalg.slogdet": "sn.logdet(A)", "linalg.matrix_power": "A**k",
    "concatenate": "sn.vstack(A, B), or sn.hstack(A, B) for axis=1", "amax": "sn.max(A)", "amin": "sn.min(A)", "where":
    "sn.elementwise(lambda a: Piecewise((a, a > 0), (0, True)), A)", "zeros_like": "ZeroMatrix(*A.shape)",
    "ones_like": "OneMatrix(*A.shape)",
}  # fmt: skip
_SAME = (
    "trace det inv pinv solve norm sum mean transpose reshape hstack vstack roll cumsum kron diag diagonal max min var "
    "std prod clip"
).split()
_OTHERS = "the formula with sn.sum, sn.mean, sn.norm, *, .T and sn.elementwise"
_OF_SHAPES = (np.shape, np.ndim, np.size)


def _of_numpys_functions(self: Any, function: Any, types: Any, inputs: Any, options: Any) -> Any:
    if function in _OF_SHAPES:
        return function._implementation(*inputs, **options)
    name = f"{function.__module__}.{function.__name__}".removeprefix("numpy.")
    ours = f"sn.{function.__name__}(…)" if function.__name__ in _SAME else _FUNCTIONS.get(name, _OTHERS)
    raise TypeError(f"NumPy's {name} computes with numbers, and {brief(self)} has symbols; write {ours}")


def _as_array(self: Any, *options: Any, **named: Any) -> Any:
    if all(given(size).is_Integer for size in self.shape):
        return MatrixExpr.__array__(self, *options, **named)
    raise TypeError(
        f"{brief(self)} is {shape_text(self.shape)} and no array of numbers; sn.evaluate({brief(self)}, {{…}}) gives "
        "its value, and sn.sum, sn.mean, sn.norm, *, .T are what NumPy calls sum, mean, linalg.norm, dot, transpose"
    )


def _entries(self: Any) -> Iterator[Any]:
    if not all(given(size).is_Integer for size in self.shape):
        raise TypeError(f"{brief(self)} is {shape_text(self.shape)}: its entries cannot be listed; write sn.sum(…)")
    rows, cols = map(int, self.shape)
    yield from (self[i, j] for i in range(rows) for j in range(cols))


def _compared(sign: str) -> Callable[[Any, Any], Any]:
    def compare(self: Any, other: Any) -> Any:
        b = written(other)
        raise TypeError(
            f"{brief(self)} {sign} {b}: a matrix is not compared as a whole; for 1 where it holds, entry by entry, "
            f"write sn.elementwise(lambda a: Piecewise((1, a {sign} {b}), (0, True)), A)"
        )

    return compare


_METHODS: dict[str, Any] = {
    "__array_ufunc__": _of_numpy, "__array_function__": _of_numpys_functions,
    "__array__": _as_array, "__iter__": _entries, "__len__": _no_length, "__bool__": lambda self: True,
    "__setitem__": _no_place, "__delitem__": _no_place,
    "__lt__": _compared("<"), "__le__": _compared("<="), "__gt__": _compared(">"), "__ge__": _compared(">="),
}  # fmt: skip


def extend(kind: type) -> None:
    """Give a class of matrix expressions the methods that NumPy and Python's own functions ask for."""
    for name, method in _METHODS.items():
        if name not in vars(kind):
            setattr(kind, name, method)


# -- what they ask a scalar for

_OF_A_LOSS = {
    **{name: f"sympy.{name}(loss)" for name in "exp log sqrt sin cos tan sinh cosh tanh".split()},
    **{f"arc{name}": f"sympy.a{name}(loss)" for name in "sin cos tan sinh cosh tanh".split()},
    "exp2": "2**loss", "log2": "sympy.log(loss, 2)", "log10": "sympy.log(loss, 10)", "log1p": "sympy.log(1 + loss)",
    "expm1": "sympy.exp(loss) - 1", "fabs": "sympy.Abs(loss)", "degrees": "loss*180/sympy.pi", "radians":
    "loss*sympy.pi/180", "hypot": "sympy.sqrt(loss**2 + other**2)", "arctan2": "sympy.atan2(loss, other)", "cbrt":
    "sympy.sign(loss)*sympy.Abs(loss)**Rational(1, 3)", "rint": "it without rounding, which has no slope",
}  # fmt: skip


class _Called(Hint):
    # NumPy calls the method of the function's name
    def __get__(self, A: Any, owner: type) -> Any:
        if A is None:
            return super().__get__(A, owner)

        def refuse(*other: Any, **options: Any) -> Any:
            if A.is_number:
                raise TypeError(f"NumPy's functions do not know SymPy's numbers; write float({brief(A)})")
            raise TypeError(f"NumPy's functions compute with numbers, and loss = {brief(A)} has symbols; {self.way}")

        return refuse


def no_entries(self: Any, place: Any) -> Any:
    """Say that a scalar has no entries: `A[0][1]` for `A[0, 1]`."""
    raise TypeError(f"{brief(self)} is a number and has no entries; an entry of a matrix is A[i, j], in one bracket")


_BITS = ("xor", "and", "or", "lshift", "rshift")
_REMAINDERS = ("mod", "floordiv", "divmod")
_ANSWERS: dict[str, Any] = {
    **dict.fromkeys(("__complex__", "__float__", "__int__", "__round__", "__trunc__"), _no_number),
    **{f"__{side}{name}__": _no_bits for name in _BITS for side in ("", "r")}, "__invert__": _no_bits,
    **{f"__{side}{name}__": _remainder for name in _REMAINDERS for side in ("", "r")},
    "_eval_evalf": lambda self, precision: self,  # which SymPy's own calls without end
}  # fmt: skip


for _name, _method in _ANSWERS.items():
    setattr(MatrixExpr, _name, _method)
for _kind in {*MatrixExpr.__subclasses__(), ElementwiseApplyFunction}:
    if not issubclass(_kind, MatrixBase):  # a matrix of numbers is an array already
        extend(_kind)
MatrixElement.__getitem__, MatrixElement._iterable = no_entries, False
hints(Expr, SCALAR, "loss")
hints(Expr, _OF_A_LOSS, "loss", _Called)
hints(MatrixExpr, MATRIX, "A")
