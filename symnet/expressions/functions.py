"""What users write networks with: matrices, entrywise functions, softmax, sums and norms, and a perceptron in one call.

Each function takes and gives SymPy expressions and is a line or two over `nodes`. Samples are columns; `axis` turns
that round.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sympy
from sympy import Expr, Integer, MatAdd, MatMul, MatrixExpr, MatrixSymbol, OneMatrix, S, sympify
from sympy.matrices.exceptions import ShapeError

from symnet.expressions import scalars
from symnet.expressions.algebra import elementwise, hadamard, inner_product, total, transpose
from symnet.expressions.entering import checked_name, given
from symnet.expressions.nodes import LogSoftmax, LogSumExp, Softmax, Unit
from symnet.expressions.operands import operands_of, raw
from symnet.expressions.table import brief
from symnet.expressions.sizes import Size, as_size, same_size, shape_text


def matrix(name: str, rows: Size, cols: Size) -> MatrixSymbol:
    """Give a symbolic matrix, a `sympy.MatrixSymbol`.

    name: what it is called in formulas; rows, cols: a whole number, a SymPy Symbol, or a name such as "n" for a size
    that is read from the arrays. Raises `ValueError` for a size that is not positive and whole, `TypeError` for a name
    that is not a string.

    >>> import symnet as sn
    >>> sn.matrix("X", 3, "n").shape
    (3, n)
    """
    checked_name(name, "matrix", "W1")
    return MatrixSymbol(name, as_size(rows, name), as_size(cols, name))


def vector(name: str, size: Size) -> MatrixSymbol:
    """Give a symbolic column, a matrix of one column.

    >>> import symnet as sn
    >>> sn.vector("b1", 3).shape
    (3, 1)
    """
    return matrix(name, size, 1)


def unit(size: Size, index: int) -> MatrixExpr:
    """Give the unit column with a 1 in row `index` (counted from 0): `unit(n, 0).T * A` is the first row of A.

    Raises `ValueError` for an index that is negative or beyond a size that is a number.
    """
    rows = as_size(size, "unit")
    if index < 0 or (rows.is_Integer and index >= rows):
        raise ValueError(f"unit: there is no row {index} in a column of {rows}")
    return Unit(rows, Integer(index))


def entry(A: MatrixExpr, row: int, column: int) -> Expr:
    """Give one entry of a matrix expression as a scalar, rows and columns counted from 0.

    >>> import symnet as sn
    >>> A = sn.matrix("A", 2, 2)
    >>> sn.evaluate(sn.entry(A * A.T, 0, 1), {A: [[1, 2], [3, 4]]})
    11.0
    """
    A = given(A)
    rows, cols = A.shape
    return total(raw(MatMul, transpose(unit(rows, row)), A, unit(cols, column)))


def affine(W: MatrixExpr, X: MatrixExpr, b: MatrixExpr, axis: int = 0) -> MatrixExpr:
    """Give W·X + b·1ᵀ, a layer before its activation, one sample a column.

    W: (outputs, inputs); X: (inputs, samples); b: (outputs, 1). With `axis=1` samples are rows and it is X·W + 1·b with
    W: (inputs, outputs), X: (samples, inputs), b: (1, outputs), or its transpose.
    Raises `ShapeError` where b is not a vector of the right length.

    >>> import symnet as sn
    >>> sn.affine(sn.matrix("W", 2, 3), sn.matrix("X", 3, "n"), sn.vector("b", 2)).shape
    (2, n)
    """
    W, X, b = map(given, (W, X, b))
    outputs, samples = (W.shape[0], X.shape[1]) if axis == 0 else (W.shape[1], X.shape[0])
    if _axis(axis) == 1 and b.shape[1] == 1 and outputs != 1:
        b = transpose(b)
    wanted = (outputs, Integer(1)) if axis == 0 else (Integer(1), outputs)
    if not (same_size(b.shape[0], wanted[0]) and same_size(b.shape[1], wanted[1])):
        way_out = f"; write {b}.T" if b.shape == wanted[::-1] else ""
        raise ShapeError(
            f"affine: the bias {brief(b)} is {shape_text(b.shape)} but must be {shape_text(wanted)}, "
            f"{'a column' if axis == 0 else 'a row'} with one entry for each output of {brief(W)}{way_out}"
        )
    if axis == 0:
        return raw(MatAdd, raw(MatMul, W, X), raw(MatMul, b, OneMatrix(1, samples)))
    return raw(MatAdd, raw(MatMul, X, W), raw(MatMul, OneMatrix(samples, 1), b))


def relu_dot(W: MatrixExpr, X: MatrixExpr) -> MatrixExpr:
    """Give relu(W·X), so that `functools.reduce` mirrors Mathematica's Fold.

    >>> import symnet as sn
    >>> sn.relu_dot(sn.matrix("W", 2, 3), sn.matrix("X", 3, "n")).shape
    (2, n)
    """
    return relu(raw(MatMul, given(W), given(X)))


def _entrywise(f: Any, name: str, text: str) -> Callable[[Any], Any]:
    def apply(A: Any) -> Any:
        return elementwise(f, A)

    apply.__name__ = apply.__qualname__ = name
    apply.__doc__ = f"Give {text}, entry by entry; A: a matrix or scalar expression. The result has its shape."
    return apply


sigmoid = _entrywise(scalars.sigmoid, "sigmoid", "the logistic function 1/(1 + exp(-A))")
relu = _entrywise(scalars.relu, "relu", "max(A, 0), with the derivative 0 at 0")
softplus = _entrywise(scalars.softplus, "softplus", "log(1 + exp(A))")
tanh = _entrywise(sympy.tanh, "tanh", "the hyperbolic tangent")
exp = _entrywise(sympy.exp, "exp", "the exponential")
log = _entrywise(sympy.log, "log", "the natural logarithm")
sqrt = _entrywise(sympy.sqrt, "sqrt", "the square root")
abs = _entrywise(sympy.Abs, "abs", "the absolute value, with the derivative 0 at 0")
sign = _entrywise(sympy.sign, "sign", "the sign: -1, 0 or 1; its derivative is taken as 0")
sin = _entrywise(sympy.sin, "sin", "the sine")
cos = _entrywise(sympy.cos, "cos", "the cosine")
silu = _entrywise(lambda x: x * scalars.sigmoid(x), "silu", "A∘sigmoid(A), also called swish")


def leaky_relu(A: Any, slope: Any = 0.01) -> Any:
    """Give max(A, slope·A) entry by entry; `slope` is a number between 0 and 1, or a Symbol that is trained.

    >>> import symnet as sn
    >>> sn.evaluate(sn.sum(sn.leaky_relu(sn.matrix("A", 1, 2))), {"A": [[-1.0, 2.0]]})
    1.99
    """
    return elementwise(lambda x, a: a * x + (1 - a) * scalars.relu(x), A, slope)


def _axis(axis: int) -> int:
    if axis not in (0, 1):
        raise ValueError(f"axis must be 0 (down the columns) or 1 (along the rows), not {axis!r}")
    return axis


def softmax(Z: MatrixExpr, axis: int = 0) -> MatrixExpr:
    """Give exp(Z) divided by its sums along `axis`: probabilities, one sample a column (axis 0) or a row (axis 1).

    >>> import symnet as sn
    >>> sn.evaluate(sn.softmax(sn.matrix("Z", 2, 1)), {"Z": [[0.0], [0.0]]}).tolist()
    [[0.5], [0.5]]
    """
    return Softmax(Z, Integer(_axis(axis)))


def log_softmax(Z: MatrixExpr, axis: int = 0) -> MatrixExpr:
    """Give the logarithm of softmax(Z, axis), of the shape of Z, without overflow."""
    return LogSoftmax(Z, Integer(_axis(axis)))


def logsumexp(Z: MatrixExpr, axis: int = 0) -> MatrixExpr:
    """Give log of the sums of exp(Z) along `axis`: a row (axis 0) or a column (axis 1), without overflow."""
    return LogSumExp(Z, Integer(_axis(axis)))


def sum(A: MatrixExpr, axis: int | None = None) -> Any:
    """Give the sum of all entries (a scalar), or the sums along `axis`: a row (axis 0) or a column (axis 1).

    >>> import symnet as sn
    >>> sn.sum(sn.matrix("A", 2, 3), axis=0).shape
    (1, 3)
    """
    A = given(A)
    if not A.is_Matrix:
        operands_of(A)  # says what a function of a whole matrix is to be written as
        raise TypeError(f"sum: {brief(A)} is a scalar already; give a matrix expression")
    if axis is None:
        return total(A)
    rows, cols = A.shape
    return raw(MatMul, A, OneMatrix(cols, 1)) if _axis(axis) else raw(MatMul, OneMatrix(1, rows), A)


def mean(A: MatrixExpr, axis: int | None = None) -> Any:
    """Give the mean of all entries (a scalar), or the means along `axis`: a row (axis 0) or a column (axis 1)."""
    A = given(A)
    rows, cols = A.shape
    if axis is None:
        return total(A) / (sympify(rows) * cols)
    return raw(MatMul, 1 / sympify(cols if _axis(axis) else rows), *sum(A, axis).args)


def inner(A: MatrixExpr, B: MatrixExpr) -> Expr:
    """Give ⟨A, B⟩ = tr(AᵀB), the sum of A∘B: a scalar; A and B have one shape."""
    return inner_product(given(A), given(B))


def norm(A: MatrixExpr) -> Expr:
    """Give the Frobenius norm √(tr(AᵀA)), a scalar; for a column it is its length. Its gradient at 0 is not defined."""
    A = given(A)
    return inner_product(A, A) ** S.Half


def norm1(A: MatrixExpr) -> Expr:
    """Give the sum of the absolute values of all entries, a scalar."""
    return total(abs(A))


@dataclass(frozen=True)
class MLP:
    """A multilayer perceptron: its output, an expression, and its parameters, symbols in order W1, b1, W2, b2, …"""

    output: MatrixExpr
    parameters: tuple[MatrixSymbol, ...]


def mlp(X: MatrixExpr, sizes: Sequence[int], activation: Callable[[Any], Any] = tanh, axis: int = 0) -> MLP:
    """Give a fully connected net with an activation after every layer but the last.

    X: (inputs, samples), or (samples, inputs) with `axis=1`; sizes: outputs of each layer; activation: any function
    from matrix expression to matrix expression of the same shape. Raises `ValueError` where `sizes` is empty.

    >>> import symnet as sn
    >>> net = sn.mlp(sn.matrix("X", 4, "n"), [16, 3])
    >>> net.parameters, net.output.shape
    ((W1, b1, W2, b2), (3, n))
    """
    if not sizes:
        raise ValueError("mlp: give the size of one layer at least, such as [16, 10]")
    H, parameters = given(X), []
    for k, outputs in enumerate(sizes, 1):
        inputs = H.shape[_axis(axis)]
        W = matrix(f"W{k}", *((outputs, inputs) if axis == 0 else (inputs, outputs)))
        b = matrix(f"b{k}", *((outputs, 1) if axis == 0 else (1, outputs)))
        parameters += [W, b]
        H = affine(W, H, b, axis)
        if k < len(sizes):
            H = activation(H)
    return MLP(H, tuple(parameters))


__all__ = [
    "MLP", "abs", "affine", "cos", "entry", "exp", "hadamard", "inner", "leaky_relu", "log", "log_softmax", "logsumexp",
    "matrix", "mean", "mlp", "norm", "norm1", "relu", "relu_dot", "sigmoid", "sign", "silu", "sin", "softmax",
    "softplus", "sqrt", "sum", "tanh", "unit", "vector",
]  # fmt: skip
