"""What users write networks with: matrices, entrywise functions, softmax, sums and norms.

Each function takes and gives SymPy expressions and is a line or two over `nodes`. Samples are columns; `axis` turns
that round.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy
from sympy import Expr, Integer, MatAdd, MatMul, MatrixExpr, OneMatrix, sympify
from sympy.matrices.exceptions import ShapeError

from symnet.expressions import algebra, curves, scalars
from symnet.expressions.activations import (
    celu, clip, elu, gelu, hardsigmoid, hardswish, hardtanh, log_sigmoid, mish, relu6, selu, softsign,
)  # fmt: skip
from symnet.expressions.algebra import elementwise, inner_product, scaled, total, transpose
from symnet.expressions.axes import as_axis, axis_of_outputs
from symnet.expressions.beside import check_scalar, check_shapes, to_one_shape
from symnet.expressions.attention import attention, causal_mask, masked_softmax
from symnet.expressions.entering import given
from symnet.expressions.nodes import LogSoftmax, LogSumExp, Softmax
from symnet.expressions.normalising import batch_norm, dropout, embedding, layer_norm, rms_norm
from symnet.expressions.operands import as_expression, as_matrix, raw
from symnet.expressions.ranges import as_entries
from symnet.expressions.reductions import max, min, prod, reduced, std, var
from symnet.expressions.spectral import norm_of
from symnet.expressions.symbols import entry, matrix, unit, vector
from symnet.expressions.table import brief
from symnet.expressions.sizes import same_shape, same_size, shape_text


def affine(W: MatrixExpr, X: MatrixExpr, b: Any, axis: int = 0) -> MatrixExpr:
    """Give W·X + b·1ᵀ, a layer before its activation, one sample a column.

    W: (outputs, inputs); X: (inputs, samples); b: (outputs, 1), or a scalar for all outputs. With `axis=1` samples are
    rows and it is X·W + 1·b with W: (inputs, outputs), X: (samples, inputs), b: (1, outputs). A row stands for a column
    and a column for a row where only that fits. Raises `ShapeError` where sizes do not match.

    >>> import symnet as sn
    >>> sn.affine(sn.matrix("W", 2, 3), sn.matrix("X", 3, "n"), sn.vector("b", 2)).shape
    (2, n)
    """
    W, X, b, axis = as_matrix("affine", W), as_matrix("affine", X), as_entries("affine", "the bias", b), as_axis(axis)
    written = (W, X) if axis == 0 else (X, W)
    left, right = _turned(*written) or written
    if (left, right) == written and not same_size(left.shape[1], right.shape[0]):
        if axis == 0 and given(X.shape[0]).is_Symbol and given(X.shape[1]).is_Integer:
            raise ShapeError(f"affine: {brief(X)} is {shape_text(X.shape)}, so its samples are the {X.shape[0]} rows: "
                             f"write axis=1, with weights of {X.shape[1]} rows, or {brief(transpose(X))}")  # fmt: skip
        check_shapes(left, right, "__mul__")
    shape = left.shape[0], right.shape[1]
    product = raw(MatMul, left, right)
    if b == 0:
        return product
    if not b.is_Matrix:
        return raw(MatAdd, product, scaled(b, OneMatrix(*shape)))
    wanted = (shape[0], Integer(1)) if axis == 0 else (Integer(1), shape[1])
    if same_shape(b.shape, wanted[::-1]) and not same_shape(b.shape, wanted):
        b = transpose(b)
    if not same_shape(b.shape, wanted):
        raise ShapeError(
            f"affine: the bias {brief(b)} is {shape_text(b.shape)} but must be {shape_text(wanted)}, "
            f"{'a column' if axis == 0 else 'a row'} with one entry for each output of {brief(W)}"
        )
    ones = OneMatrix(1, shape[1]) if axis == 0 else OneMatrix(shape[0], 1)
    return raw(MatAdd, product, raw(MatMul, *((b, ones) if axis == 0 else (ones, b))))


def _turned(left: Any, right: Any) -> tuple[Any, Any] | None:
    # vectors, turned where the inner sizes match only then
    for a, b in ((left, right), (transpose(left), right), (left, transpose(right))):
        turned = left if a is not left else right if b is not right else None
        if same_size(a.shape[1], b.shape[0]) and (turned is None or 1 in turned.shape):
            return a, b
    return None


def relu_dot(W: MatrixExpr, X: MatrixExpr) -> MatrixExpr:
    """Give relu(W·X), so that `functools.reduce` mirrors Mathematica's Fold.

    W: (outputs, inputs); X: (inputs, samples). Raises `ShapeError` where they do not fit.

    >>> import symnet as sn
    >>> sn.relu_dot(sn.matrix("W", 2, 3), sn.matrix("X", 3, "n")).shape
    (2, n)
    """
    W, X = as_matrix("relu_dot", W), as_matrix("relu_dot", X)
    check_shapes(W, X, "__mul__")
    return relu(raw(MatMul, W, X))


_ENTRYWISE = """Give {text}, entry by entry.

    A: a matrix or scalar expression; the result has its shape. Raises `TypeError` for what is no expression.

    >>> import symnet as sn
    >>> sn.evaluate(sn.{name}(sn.matrix("A", 1, 2)), {{"A": [{at}]}}).round(4).tolist()
    [{values}]
    """


def entrywise(f: Any, name: str, text: str, at: str, values: str) -> Callable[[Any], Any]:
    """Give a public function that applies f entry by entry; `text`: what it gives, with an example of its values."""

    def apply(A: Any) -> Any:
        return elementwise(f, A)

    apply.__name__ = apply.__qualname__ = name
    apply.__doc__ = _ENTRYWISE.format(text=text, name=name, at=at, values=values)
    return apply


sigmoid = entrywise(scalars.sigmoid, "sigmoid", "the logistic function 1/(1 + exp(-A))", "[0.0, 1.0]", "[0.5, 0.7311]")
relu = entrywise(scalars.relu, "relu", "max(A, 0), with the derivative 0 at 0", "[-1.0, 2.0]", "[0.0, 2.0]")
softplus = entrywise(scalars.softplus, "softplus", "log(1 + exp(A))", "[0.0, 1.0]", "[0.6931, 1.3133]")
tanh = entrywise(sympy.tanh, "tanh", "the hyperbolic tangent", "[0.0, 1.0]", "[0.0, 0.7616]")
normal_cdf = entrywise(
    curves.normal_cdf, "normal_cdf", "Φ(A), the distribution function of the normal one", "[0.0, 1.0]", "[0.5, 0.8413]"
)
normal_pdf = entrywise(
    curves.normal_pdf, "normal_pdf", "φ(A), the density of the normal distribution", "[0.0, 1.0]", "[0.3989, 0.242]"
)
exp = entrywise(sympy.exp, "exp", "the exponential", "[0.0, 1.0]", "[1.0, 2.7183]")
log = entrywise(sympy.log, "log", "the natural logarithm", "[1.0, 2.0]", "[0.0, 0.6931]")
sqrt = entrywise(sympy.sqrt, "sqrt", "the square root", "[4.0, 2.0]", "[2.0, 1.4142]")
abs = entrywise(sympy.Abs, "abs", "the absolute value, with the derivative 0 at 0", "[-1.0, 2.0]", "[1.0, 2.0]")
sign = entrywise(sympy.sign, "sign", "the sign: -1, 0 or 1; its derivative is taken as 0", "[-3.0, 2.0]", "[-1.0, 1.0]")
sin = entrywise(sympy.sin, "sin", "the sine", "[0.0, 1.0]", "[0.0, 0.8415]")
cos = entrywise(sympy.cos, "cos", "the cosine", "[0.0, 1.0]", "[1.0, 0.5403]")
silu = entrywise(
    lambda x: x * scalars.sigmoid(x), "silu", "A∘sigmoid(A), also called swish", "[0.0, 1.0]", "[0.0, 0.7311]"
)


def leaky_relu(A: Any, slope: Any = 0.01) -> Any:
    """Give A where it is positive and slope·A elsewhere, entry by entry; for a slope up to 1 that is max(A, slope·A).

    A: a matrix or scalar expression; the result has its shape. slope: a number, or a Symbol that is trained; it may be
    a matrix of the shape of A. Raises `TypeError` for what is no number, `ValueError` for NaN and infinity.

    >>> import symnet as sn
    >>> sn.evaluate(sn.sum(sn.leaky_relu(sn.matrix("A", 1, 2))), {"A": [[-1.0, 2.0]]})
    1.99
    """
    a = as_entries("leaky_relu", "the slope", slope)
    if a.is_Matrix:
        _check_alike("leaky_relu: the slope", as_matrix("leaky_relu", A), a)
    return elementwise(lambda x, a: a * x + (1 - a) * scalars.relu(x), A, a)


def _along(who: str, Z: Any, axis: Any) -> tuple[Any, Integer]:
    # a column is one sample, whatever its size; of more columns the declared sizes tell whether they are samples
    Z = as_matrix(who, Z)
    told = axis is None and Z.shape[1] != 1
    return Z, Integer(axis_of_outputs(who, Z, None) if told else as_axis(0 if axis is None else axis))


def softmax(Z: MatrixExpr, axis: int | None = None) -> MatrixExpr:
    """Give exp(Z) divided by its sums along `axis`: probabilities, one sample a column (axis 0) or a row (axis 1).

    Z: a matrix expression; the result has its shape. Samples are columns where no axis is given, or None; that of all
    entries together is `sn.exp(Z)/sn.sum(sn.exp(Z))`. Raises `ValueError` for another axis, and where the declared
    sizes tell that samples are rows.

    >>> import symnet as sn
    >>> sn.evaluate(sn.softmax(sn.matrix("Z", 2, 1)), {"Z": [[0.0], [0.0]]}).tolist()
    [[0.5], [0.5]]
    """
    return Softmax(*_along("softmax", Z, axis))


def log_softmax(Z: MatrixExpr, axis: int | None = None) -> MatrixExpr:
    """Give the logarithm of softmax(Z, axis), of the shape of Z, without overflow.

    Z, axis: as in `softmax`.

    >>> import symnet as sn
    >>> sn.evaluate(sn.log_softmax(sn.matrix("Z", 2, 1)), {"Z": [[1000.0], [0.0]]}).tolist()
    [[0.0], [-1000.0]]
    """
    return LogSoftmax(*_along("log_softmax", Z, axis))


def logsumexp(Z: MatrixExpr, axis: int | str | None = "samples") -> Any:
    """Give log of the sums of exp(Z) along `axis`, a row (axis 0) or a column (axis 1), or of all entries (axis None).

    Z: a matrix expression. axis: None takes all entries together and gives a scalar, as in `sum`, `max` and SciPy;
    where it is left away each sample is taken by itself, as in `softmax`: of a vector all its entries, else each
    column. Never overflows. Raises `ValueError` for another axis, and without one where the declared sizes tell that
    samples are rows.

    >>> import symnet as sn
    >>> Z = sn.matrix("Z", 2, 2)
    >>> sn.evaluate(sn.logsumexp(Z), {Z: [[1000.0, 0.0], [0.0, 2000.0]]}).tolist()
    [[1000.0, 2000.0]]
    >>> sn.evaluate(sn.logsumexp(Z, axis=None), {Z: [[1000.0, 0.0], [0.0, 2000.0]]})
    2000.0
    >>> print(sn.derive(sn.logsumexp(Z, axis=None), Z))
    Forward                 Backward
      T₁ = vec(Z)             ∂L/∂Z = unvec(softmax(T₁), 2, 2)
      L  = logsumexp(T₁)
    """
    if axis is None:
        return reduced(LogSumExp, "logsumexp", Z, None)
    return LogSumExp(*_along("logsumexp", Z, None if isinstance(axis, str) and axis == "samples" else axis))


def sum(A: MatrixExpr, axis: int | None = None) -> Any:
    """Give the sum of all entries (a scalar), or the sums along `axis`: a row (axis 0) or a column (axis 1).

    `S**2` is the matrix product S·S, as in SymPy; the sum of the squares is `sn.norm(S)**2`.
    A: a matrix expression. Raises `TypeError` for a scalar, `ValueError` for another axis.

    >>> import symnet as sn
    >>> sn.sum(sn.matrix("A", 2, 3), axis=0).shape
    (1, 3)
    """
    A = as_matrix("sum", A)
    if axis is None:
        return total(A)
    rows, cols = A.shape
    if (cols if as_axis(axis) else rows) == 1:  # nothing to add
        return A
    return raw(MatMul, A, OneMatrix(cols, 1)) if as_axis(axis) else raw(MatMul, OneMatrix(1, rows), A)


def mean(A: MatrixExpr, axis: int | None = None) -> Any:
    """Give the mean of all entries (a scalar), or the means along `axis`: a row (axis 0) or a column (axis 1).

    A, axis: as in `sum`.

    >>> import symnet as sn
    >>> sn.evaluate(sn.mean(sn.matrix("A", 2, 2)), {"A": [[1, 2], [3, 6]]})
    3.0
    """
    A = as_matrix("mean", A)
    rows, cols = A.shape
    if axis is None:
        return total(A) / (sympify(rows) * cols)
    count, whole = sympify(cols if as_axis(axis) else rows), sum(A, axis)
    return raw(MatMul, 1 / count, *whole.args) if count != 1 else whole


def inner(A: MatrixExpr, B: MatrixExpr) -> Expr:
    """Give ⟨A, B⟩ = tr(AᵀB), the sum of A∘B: a scalar; A and B have one shape.

    Raises `ShapeError` where they do not.

    >>> import symnet as sn
    >>> x, y = sn.vector("x", 2), sn.vector("y", 2)
    >>> sn.evaluate(sn.inner(x, y), {x: [[1], [2]], y: [[3], [4]]})
    11.0
    """
    A, B = as_matrix("inner", A), as_matrix("inner", B)
    _check_alike("inner", A, B)
    return inner_product(A, B)


def _check_alike(who: str, A: Any, B: Any) -> None:
    if not same_shape(A.shape, B.shape):
        way = to_one_shape(A, B)
        raise ShapeError(f"{who}: {brief(A)} is {shape_text(A.shape)} but {brief(B)} is {shape_text(B.shape)}{way}")


def hadamard(*matrices: Any) -> Any:
    """Give the product entry by entry; matrices: matrices of one shape, and scalars, which multiply every entry.

    >>> import symnet as sn
    >>> sn.evaluate(sn.hadamard(2, sn.matrix("A", 1, 2), sn.matrix("A", 1, 2)), {"A": [[1, 3]]}).tolist()
    [[2.0, 18.0]]
    """
    if not matrices:
        raise TypeError("hadamard: give the matrices to multiply entry by entry")
    values = [as_expression(a, "hadamard") for a in matrices]
    wide = [a for a in values if a.is_Matrix]
    factor = sympy.Mul(*[a for a in values if not a.is_Matrix])
    if not wide:
        return factor
    check_scalar(factor)
    for other in wide[1:]:
        _check_alike("hadamard", wide[0], other)
    return scaled(factor, algebra.hadamard(*wide))


def norm(A: MatrixExpr, *, axis: int | None = None, ord: Any = 2) -> Any:
    """Give the Frobenius norm √(tr(AᵀA)), a scalar; for a column it is its length. Its gradient at 0 is not defined.

    A: a matrix expression; axis: the norms of the columns (0, a row) or of the rows (1, a column) instead; ord: 2,
    another p from 1 for (Σ|a|ᵖ)^(1/p) over the entries, infinity for the largest |a|, "nuc" and "spectral" for the
    sum of the singular values and the largest one. Raises `ValueError` for another axis or order.

    >>> import symnet as sn
    >>> sn.evaluate(sn.norm(sn.vector("x", 2)), {"x": [[3], [4]]})
    5.0
    >>> sn.evaluate(sn.norm(sn.matrix("A", 2, 2), axis=0), {"A": [[3, 5], [4, 12]]}).tolist()
    [[5.0, 13.0]]
    """
    return norm_of(as_matrix("norm", A), axis, ord)


def norm1(A: MatrixExpr) -> Expr:
    """Give the sum of the absolute values of all entries, a scalar.

    A: a matrix expression. The gradient is sign(A), 0 at 0.

    >>> import symnet as sn
    >>> sn.evaluate(sn.norm1(sn.vector("x", 2)), {"x": [[3], [-4]]})
    7.0
    """
    return total(abs(as_matrix("norm1", A)))


MatrixExpr.__abs__ = abs  # type: ignore[method-assign]


__all__ = [
    "abs", "affine", "attention", "batch_norm", "causal_mask", "celu", "clip", "cos", "dropout", "elu", "embedding",
    "entry", "exp", "gelu", "hadamard", "hardsigmoid", "hardswish", "hardtanh", "inner", "layer_norm", "leaky_relu",
    "log", "log_sigmoid", "log_softmax", "logsumexp", "masked_softmax", "matrix", "max", "mean", "min", "mish",
    "norm", "norm1", "normal_cdf", "normal_pdf", "prod", "relu", "relu6", "relu_dot", "rms_norm", "selu", "sigmoid",
    "sign", "silu", "sin", "softmax", "softplus", "softsign", "sqrt", "std", "sum", "tanh", "unit", "var", "vector",
]  # fmt: skip
