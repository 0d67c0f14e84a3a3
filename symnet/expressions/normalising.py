"""Layer norm, batch norm, and their relatives: composites of what is normalised, and of a gain and a bias.

In: a matrix expression, the axis along which mean and variance are taken, a gain and a bias for each line across it.
Out: a matrix expression of the same shape.
"""

from __future__ import annotations

from typing import Any

from sympy import Integer, MatAdd, MatrixExpr, OneMatrix
from sympy.matrices.exceptions import ShapeError

from symnet.expressions.algebra import hadamard, scaled, spread, transpose
from symnet.expressions.axes import as_axis, axis_of_outputs, one_hot_of
from symnet.expressions.normalised import RootMeanSquared, Standardised
from symnet.expressions.operands import as_matrix, raw
from symnet.expressions.ranges import NOT_NEGATIVE, SHARE, as_entries, as_number
from symnet.expressions.sizes import same_shape, shape_text
from symnet.expressions.table import brief


def layer_norm(
    X: MatrixExpr, axis: int | None = None, gain: Any = None, bias: Any = None, epsilon: Any = 1e-5
) -> MatrixExpr:
    """Give (X − μ) ⊘ √(σ² + epsilon), each sample of mean 0 and variance 1, times a gain, plus a bias.

    X: one sample a column (axis 0, which is meant where nothing is said) or a row (axis 1); μ and σ² are the mean and
    the variance of its entries. gain, bias: a number for each entry of a sample, (entries, 1), or (1, entries) for
    axis 1, or one for all; None: there is none. epsilon: a number from 0 on. Raises `ShapeError` for a gain or bias of
    another shape, `ValueError` for another axis or epsilon. See J. Ba, J. Kiros, G. Hinton, "Layer normalization"
    (2016).

    >>> import symnet as sn
    >>> X, Y = sn.matrix("X", 4, "n"), sn.matrix("Y", 4, "n")
    >>> print(sn.derive(sn.squared_error(sn.layer_norm(X), Y), X))
    Forward
      X̂₁ = (X − mean(X)) ⊘ sqrt(var(X) + 10⁻⁵)
      T₁ = X̂₁ − Y
      L  = ‖T₁‖²/(2n)
    Backward
      ∂L/∂X = ((T₁ − mean(T₁) − X̂₁∘mean(X̂₁∘T₁)) ⊘ sqrt(var(X) + 10⁻⁵))/n
    """
    X = as_matrix("layer_norm", X)
    axis = axis_of_outputs("layer_norm", X, axis)
    normal = Standardised(X, Integer(axis), _epsilon("layer_norm", epsilon))
    return _with_gain("layer_norm", normal, X, axis, gain, bias)


def batch_norm(
    X: MatrixExpr, axis: int | None = None, gain: Any = None, bias: Any = None, epsilon: Any = 1e-5
) -> MatrixExpr:
    """Give (X − μ) ⊘ √(σ² + epsilon), each feature of mean 0 and variance 1 in the batch, times a gain, plus a bias.

    X: one sample a column; axis: along which mean and variance are taken, 1, which is meant where nothing is said, or
    0 where samples are rows. gain, bias: a number for each feature, (features, 1), or (1, features) for axis 0, or one
    for all; None: there is none. epsilon: a number from 0 on. The batch is what the kernel is called with. Raises what
    `layer_norm` raises. See S. Ioffe, C. Szegedy, "Batch normalization" (2015).

    Of images, columns of C·H·W, each pixel is a feature; where each channel is to be one, as in the paper's section
    3.2, its pixels are made a row for it: `sn.reshape(X, (C, H*W*n))`, and back with `(C*H*W, n)`.

    >>> import symnet as sn
    >>> X = sn.matrix("X", 1, 2)
    >>> sn.evaluate(sn.batch_norm(X, gain=2, bias=1, epsilon=1e-12), {X: [[3, 5]]}).round(6).tolist()
    [[-1.0, 3.0]]
    >>> images = sn.matrix("images", 2 * 2, 3)  # two channels of two pixels
    >>> channels = sn.batch_norm(sn.reshape(images, (2, 2 * 3)), axis=1, epsilon=1e-12)
    >>> found = sn.evaluate(sn.reshape(channels, (2 * 2, 3)), {images: [[1, 2, 3], [4, 5, 6], [7, 7, 7], [9, 9, 9]]})
    >>> found[2:].round(6).tolist(), bool(abs(found[:2].mean()) < 1e-12)
    ([[-1.0, -1.0, -1.0], [1.0, 1.0, 1.0]], True)
    """
    X = as_matrix("batch_norm", X)
    samples = axis_of_outputs("batch_norm", X, None) if axis is None else 1 - as_axis(axis)
    normal = Standardised(X, Integer(1 - samples), _epsilon("batch_norm", epsilon))
    return _with_gain("batch_norm", normal, X, samples, gain, bias)


def rms_norm(X: MatrixExpr, axis: int | None = None, gain: Any = None, epsilon: Any = 1e-5) -> MatrixExpr:
    """Give X ⊘ √(mean of X∘X + epsilon), the mean being of the entries of a sample, times a gain.

    X, axis, gain, epsilon: as in `layer_norm`. See B. Zhang, R. Sennrich, "Root mean square layer normalization"
    (2019).

    >>> import symnet as sn
    >>> sn.evaluate(sn.rms_norm(sn.matrix("X", 2, 1), epsilon=1e-12), {"X": [[3], [3]]}).round(6).tolist()
    [[1.0], [1.0]]
    """
    X = as_matrix("rms_norm", X)
    axis = axis_of_outputs("rms_norm", X, axis)
    normal = RootMeanSquared(X, Integer(axis), _epsilon("rms_norm", epsilon))
    return _with_gain("rms_norm", normal, X, axis, gain, None)


def dropout(X: MatrixExpr, mask: Any, keep: Any) -> MatrixExpr:
    """Give mask∘X/keep: the entries that a mask keeps, made larger so that the mean stays.

    X: a matrix expression; mask: a matrix of its shape, 1 for what is kept and 0 for what is dropped: data, drawn by
    whoever calls the kernel, `rng.random(shape) < keep`. keep: the share that is kept, a number above 0 and at most 1,
    or a Symbol. Raises `ShapeError` for a mask of another shape, `ValueError` for another share. See N. Srivastava and
    others, "Dropout" (2014), section 10, where weights are made smaller instead.

    >>> import symnet as sn
    >>> X, M = sn.matrix("X", 1, 2), sn.matrix("M", 1, 2)
    >>> sn.evaluate(sn.dropout(X, M, 0.8), {X: [[4, 8]], M: [[1, 0]]}).tolist()
    [[5.0, 0.0]]
    """
    X, mask = as_matrix("dropout", X), as_matrix("dropout: the mask", mask)
    share = as_number("dropout", "keep, the share of entries that stay,", keep, SHARE)
    if not same_shape(X.shape, mask.shape):
        raise ShapeError(f"dropout: the mask {brief(mask)} is {shape_text(mask.shape)}, but {brief(X)} is "
                         f"{shape_text(X.shape)}; it needs a 0 or 1 for each entry")  # fmt: skip
    return scaled(1 / share, hadamard(mask, X))


def embedding(E: MatrixExpr, one_hot: Any, axis: int | None = None) -> MatrixExpr:
    """Give E·one_hot, the columns of a table that the labels of a batch choose.

    E: the table, (size, words), one word a column; one_hot: (words, samples), data such as `sn.one_hot(labels, words)`.
    With `axis=1` both are turned: E is (words, size), one_hot (samples, words), and the result one_hot·E. Raises
    `ShapeError` where the numbers of words differ.

    >>> import symnet as sn
    >>> E, O = sn.matrix("E", 2, 3), sn.matrix("O", 3, "n")
    >>> sn.evaluate(sn.embedding(E, O), {E: [[1, 2, 3], [4, 5, 6]], O: sn.one_hot([2, 0], 3)}).tolist()
    [[3.0, 1.0], [6.0, 4.0]]
    """
    E, chosen = as_matrix("embedding", E), as_matrix("embedding: the labels", one_hot)
    rows = as_axis(0 if axis is None else axis)
    left, right = (chosen, E) if rows else (E, chosen)
    if not same_shape((left.shape[1], 1), (right.shape[0], 1)):
        words = E.shape[1 - rows]
        raise ShapeError(f"embedding: the table {brief(E)} is {shape_text(E.shape)}, with {words} words, but "
                         f"{brief(chosen)} is {shape_text(chosen.shape)}, for {chosen.shape[rows]}; give labels as "
                         f"{one_hot_of('labels', words, rows)}")  # fmt: skip
    return left * right


def _epsilon(who: str, epsilon: Any) -> Any:
    return as_number(who, "epsilon", epsilon, NOT_NEGATIVE, symbols=False)


def _with_gain(who: str, A: Any, X: Any, axis: int, gain: Any, bias: Any) -> Any:
    # `axis`: along which a sample lies
    if gain is not None:
        g = _for_each(who, "gain", gain, X, axis)
        A = hadamard(spread(g, X.shape, 1 - axis), A) if g.is_Matrix else scaled(g, A)
    if bias is not None:
        b = _for_each(who, "bias", bias, X, axis)
        A = raw(MatAdd, A, spread(b, X.shape, 1 - axis) if b.is_Matrix else scaled(b, OneMatrix(*X.shape)))
    return A


def _for_each(who: str, what: str, given: Any, X: Any, axis: int) -> Any:
    v = as_entries(who, f"the {what}", given)
    wanted = (X.shape[0], 1) if axis == 0 else (1, X.shape[1])
    if not v.is_Matrix or same_shape(v.shape, wanted):
        return v
    if same_shape(v.shape, wanted[::-1]):
        return transpose(v)
    raise ShapeError(f"{who}: the {what} {brief(v)} is {shape_text(v.shape)}, but {brief(X)} is {shape_text(X.shape)}; "
                     f"make it {shape_text(wanted)}, or a number")  # fmt: skip
